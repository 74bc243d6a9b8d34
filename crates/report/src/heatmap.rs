//! A matrix of similarities as a picture (SVG): a square per pair, a legend of values, and numbers
//! where they fit.
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

use crate::ReportError;
use crate::plot::{Area, DrawResult, canvas, coloured_text, label, text};
use crate::text::{rounded, shown};

/// Maximum number of texts of a heat map: with more squares on a side it is not readable, and a file of
/// many megabytes.
pub const MAX_TEXTS: usize = 300;
/// Most texts with numbers in their squares.
const MAX_NUMBERED: usize = 20;
/// Characters of a text in its label.
const LABEL_CHARS: usize = 32;
/// Steps of the legend.
const STEPS: i32 = 64;
/// Margin, in pixels.
const MARGIN: i32 = 16;
const LABEL_WIDTH: i32 = 250;
const TITLE_HEIGHT: i32 = 28;
const LEGEND_WIDTH: i32 = 110;

/// One matrix of a heat map.
#[derive(Clone, Debug)]
pub struct HeatMapPanel {
    /// Name of the measure.
    pub title: String,
    /// Values, `[texts, texts]`.
    pub rows: Vec<Vec<f64>>,
}

/// Draws matrices of the same texts beside each other.
///
/// # Errors
/// [`ReportError::HeatMapSize`] for more than [`MAX_TEXTS`] texts; [`ReportError::Plot`] if drawing
/// fails.
pub fn draw(texts: &[&str], panels: &[HeatMapPanel]) -> Result<String, ReportError> {
    if texts.len() > MAX_TEXTS {
        return Err(ReportError::HeatMapSize { most: MAX_TEXTS, found: texts.len() });
    }
    let plot = |error: std::num::TryFromIntError| ReportError::Plot { what: error.to_string() };
    let side = match texts.len() {
        0..=MAX_NUMBERED => 52,
        21..=80 => 16,
        _ => 8,
    };
    let grid = side * i32::try_from(texts.len()).map_err(plot)?;
    let panel_width = LABEL_WIDTH + grid + LEGEND_WIDTH;
    let width = 2 * MARGIN + panel_width * i32::try_from(panels.len()).map_err(plot)?;
    // Room for the numbers of columns, and for the legend's.
    let height = 2 * MARGIN + 2 * TITLE_HEIGHT + grid.max(120);
    let pixels = (u32::try_from(width).map_err(plot)?, u32::try_from(height).map_err(plot)?);
    canvas(pixels, |root| {
        for (i, panel) in (0..).zip(panels) {
            draw_panel(root, texts, panel, MARGIN + i * panel_width, MARGIN, side)?;
        }
        Ok(())
    })
}

fn draw_panel(
    root: &Area<'_>,
    texts: &[&str],
    HeatMapPanel { title, rows }: &HeatMapPanel,
    left: i32,
    top: i32,
    side: i32,
) -> DrawResult {
    let values = || rows.iter().flatten().copied();
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    let (grid_left, grid_top) = (left + LABEL_WIDTH, top + 2 * TITLE_HEIGHT);
    text(root, title, (grid_left, top + 10), 16, HPos::Left)?;
    let font = side.min(13);
    for (i, input) in (0..).zip(texts) {
        let middle = i * side + side / 2;
        let name = format!("{} {}", i + 1, label(input, LABEL_CHARS));
        text(root, &name, (grid_left - 6, grid_top + middle), font, HPos::Right)?;
        // Numbers alone above the columns, as many as have room.
        if side >= 16 || i % 5 == 4 {
            let position = (grid_left + middle, grid_top - 8);
            text(root, &(i + 1).to_string(), position, font, HPos::Center)?;
        }
    }
    for (i, row) in (0..).zip(rows) {
        for (j, &value) in (0..).zip(row) {
            let (x, y) = (grid_left + j * side, grid_top + i * side);
            let share = share(value, low, high);
            rectangle(root, (x, y), (x + side, y + side), shade(share))?;
            if rows.len() <= MAX_NUMBERED {
                let ink = if share > 0.55 { WHITE } else { BLACK };
                let middle = (x + side / 2, y + side / 2);
                coloured_text(root, &rounded(value, 2), middle, 12, HPos::Center, ink)?;
            }
        }
    }
    let grid = side * i32::try_from(rows.len())?;
    let legend_left = grid_left + grid + 20;
    let height = grid.clamp(96, 240);
    for step in 0..STEPS {
        // From the top, the highest, down.
        let (from, to) = (height * step / STEPS, height * (step + 1) / STEPS);
        let share = 1.0 - f64::from(step) / f64::from(STEPS - 1);
        let corners = ((legend_left, grid_top + from), (legend_left + 16, grid_top + to));
        rectangle(root, corners.0, corners.1, shade(share))?;
    }
    for (value, y) in [(high, 0), (f64::midpoint(low, high), height / 2), (low, height)] {
        text(root, &shown(value), (legend_left + 22, grid_top + y), 12, HPos::Left)?;
    }
    Ok(())
}

/// Returns the position of a value between the lowest and the highest, 0 to 1; 1 if all are the same.
fn share(value: f64, low: f64, high: f64) -> f64 {
    if high > low { (value - low) / (high - low) } else { 1.0 }
}

/// Returns the colour of a share: from nearly white to dark blue, evenly darker, so that it reads in grey.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
fn shade(share: f64) -> RGBColor {
    let between = |from: f64, to: f64| (from + (to - from) * share).round() as u8;
    RGBColor(between(247.0, 8.0), between(251.0, 48.0), between(255.0, 107.0))
}

fn rectangle(root: &Area<'_>, from: (i32, i32), to: (i32, i32), color: RGBColor) -> DrawResult {
    Ok(root.draw(&Rectangle::new([from, to], color.filled()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_value_is_darkest_and_texts_are_counted() {
        let rows = vec![vec![1.0, 0.25], vec![0.25, 1.0]];
        let panel = HeatMapPanel { title: "cosine".into(), rows };
        let svg = draw(&["a<b", "c"], &[panel]).unwrap();
        assert!(svg.contains("1 a&lt;b") && svg.contains("cosine"), "{svg}");
        // (8, 48, 107) twice in the grid and once in the legend; (247, 251, 255) likewise.
        assert_eq!(svg.matches("fill=\"#08306B\"").count(), 3, "{svg}");
        assert_eq!(svg.matches("fill=\"#F7FBFF\"").count(), 3, "{svg}");
        let many = vec!["x"; MAX_TEXTS + 1];
        let error = draw(&many, &[]).unwrap_err();
        assert_eq!(error.to_string(), "a heat map has room for at most 300 texts, found 301");
    }
}
