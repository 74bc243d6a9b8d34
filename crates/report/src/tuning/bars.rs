//! A figure of each label, 0 to 1, as bars.
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use crate::ReportError;
use crate::plot::{self, BLUE, svg};

/// Most labels of a plot that is still readable.
const MOST: usize = 30;
const ROW: i32 = 24;
const NAMES: i32 = 240;
const LONGEST: i32 = 480;
const WIDTH: u32 = 820;
const NAME_CHARS: usize = 28;

/// Draws the labels with the lowest figures, the lowest first; `None` without labels.
pub(super) fn draw(figure: &str, labels: &[(&str, f64)]) -> Result<Option<String>, ReportError> {
    let mut shown: Vec<_> = labels.iter().filter(|(_, y)| y.is_finite()).collect();
    shown.sort_by(|a, b| a.1.total_cmp(&b.1));
    shown.truncate(MOST);
    if shown.is_empty() {
        return Ok(None);
    }
    let title = if shown.len() < labels.len() {
        format!("{figure} of the {} of {} labels where it is lowest", shown.len(), labels.len())
    } else {
        format!("{figure} by label")
    };
    let rows = i32::try_from(shown.len()).unwrap_or(i32::MAX);
    let height = u32::try_from(rows * ROW + 12).unwrap_or(u32::MAX);
    let drawn = svg((WIDTH, height), &title, |area| {
        for ((name, y), i) in shown.iter().zip(0..) {
            let (top, middle) = (6 + i * ROW, 6 + i * ROW + ROW / 2);
            plot::text(area, &plot::label(name, NAME_CHARS), (NAMES - 8, middle), 14, HPos::Right)?;
            #[expect(clippy::cast_possible_truncation, reason = "0 to the longest")]
            let long = (f64::from(LONGEST) * y.clamp(0.0, 1.0)).round() as i32;
            let bar = [(NAMES, top + 4), (NAMES + long, top + ROW - 4)];
            area.draw(&Rectangle::new(bar, BLUE.filled()))?;
            plot::text(area, &format!("{y:.4}"), (NAMES + long + 8, middle), 14, HPos::Left)?;
        }
        Ok(())
    });
    Ok(Some(drawn?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_come_first_and_no_label_is_markup() {
        let scores = [("high", 0.9), ("ort|x<b>\n$", 0.25), ("none", f64::NAN), ("beyond", 7.0)];
        let svg = draw("F1", &scores).unwrap().unwrap();
        assert!(svg.contains("ort|x&lt;b&gt;\\n$") && !svg.contains("<b>"), "{svg}");
        assert!(svg.find("0.2500").unwrap() < svg.find("0.9000").unwrap(), "{svg}");
        // 480 is as long as a bar gets: 240 to 720.
        assert!(svg.contains("7.0000") && svg.contains("x=\"728\""), "{svg}");
        assert_eq!(draw("F1", &[]).unwrap(), None);
        let many: Vec<(&str, f64)> = (0..40).map(|i| ("l", f64::from(i) / 40.0)).collect();
        let svg = draw("F1", &many).unwrap().unwrap();
        assert!(svg.contains("<title>F1 of the 30 of 40 labels"), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 1 + 30);
    }
}
