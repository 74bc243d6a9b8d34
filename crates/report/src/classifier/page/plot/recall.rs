//! Precision and recall of labels over all thresholds, in steps, as average precision sums them.
use std::collections::BTreeMap;

use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use cloze_metrics::labels::LabelRanking;

use crate::ReportError;
use crate::plot::{self, Area, DrawResult, FONT, tick};

const SIZE: (u32, u32) = (860, 520);
/// Width of the plot, right of which is the legend.
const PLOT: u32 = 560;
const HEAD: u32 = 40;
/// Most lines that can be distinguished.
const MOST: usize = 8;
/// Characters of a label in the legend.
const LABEL_CHARS: usize = 26;
/// Colours that colour-blind readers distinguish, dark enough on white (after Okabe & Ito 2008).
const COLORS: [RGBColor; MOST] = [
    RGBColor(0, 114, 178),
    RGBColor(190, 75, 0),
    RGBColor(0, 120, 88),
    RGBColor(150, 70, 120),
    RGBColor(0, 0, 0),
    RGBColor(140, 110, 0),
    RGBColor(20, 130, 200),
    RGBColor(110, 110, 110),
];
/// Lengths of dashes, and of the gaps between them.
const DASHES: [Option<(i32, i32)>; 4] = [None, Some((9, 4)), Some((3, 3)), Some((14, 7))];

/// Draws the curves of the labels with the least average precision.
pub(crate) fn draw(ranking: &BTreeMap<String, LabelRanking>) -> Result<String, ReportError> {
    let mut worst: Vec<(&str, &LabelRanking)> =
        ranking.iter().map(|(l, r)| (l.as_str(), r)).collect();
    worst.sort_by(|a, b| a.1.average_precision.total_cmp(&b.1.average_precision));
    worst.truncate(MOST);
    let title = if worst.len() < ranking.len() {
        let count = ranking.len();
        format!(
            "Precision by recall: the {MOST} of {count} labels with the least average precision"
        )
    } else {
        "Precision by recall, label by label".to_owned()
    };
    plot::svg(SIZE, &title, |root| {
        let (head, body) = root.split_vertically(HEAD);
        plot::text(&head, &title, (430, 22), 19, HPos::Center)?;
        let (curves, legend) = body.split_horizontally(PLOT);
        panel(&worst, &curves)?;
        names(&worst, &legend)
    })
}

fn panel(worst: &[(&str, &LabelRanking)], area: &Area<'_>) -> DrawResult {
    let mut chart = plot::chart(area, 12).build_cartesian_2d(0.0..1.02, 0.0..1.02)?;
    let mut mesh = chart.configure_mesh();
    plot::style_mesh(&mut mesh);
    mesh.x_label_formatter(&|x| tick(*x, 1.0))
        .y_label_formatter(&|y| tick(*y, 1.0))
        .x_desc("recall")
        .y_desc("precision")
        .draw()?;
    let style = number_style(area);
    for (i, (_, ranking)) in worst.iter().enumerate() {
        let (color, steps) = (COLORS[i % MOST], steps(&ranking.curve));
        match DASHES[i % DASHES.len()] {
            None => chart.draw_series(LineSeries::new(steps.clone(), color.stroke_width(2)))?,
            Some((dash, gap)) => chart.draw_series(DashedLineSeries::new(
                steps.clone(),
                dash,
                gap,
                color.stroke_width(2),
            ))?,
        };
        // Each at a recall of its own, so that numbers stand apart even where curves do not.
        #[expect(clippy::cast_precision_loss, reason = "at most 8")]
        let recall = 0.95 - 0.1 * i as f64;
        let flat = steps.windows(2).find(|two| two[1].0 <= recall && recall <= two[0].0);
        if let Some(point) = flat.map(|two| (recall, two[1].1)) {
            let number = EmptyElement::at(point)
                + Circle::new((0, 0), 9, color.filled())
                + Text::new((i + 1).to_string(), (0, 1), style.clone());
            chart.draw_series([number])?;
        }
    }
    Ok(())
}

/// Style of a curve's number, on a disc of its colour.
fn number_style<'a>(area: &Area<'_>) -> TextStyle<'a> {
    let style = (FONT, 12).into_text_style(area).color(&WHITE);
    style.pos(Pos::new(HPos::Center, VPos::Center))
}

/// Returns the curve in steps: each precision holds from its recall down to the next.
fn steps(curve: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut steps: Vec<(f64, f64)> = vec![];
    for &(recall, precision) in curve.iter().filter(|(r, p)| r.is_finite() && p.is_finite()) {
        if let Some(&(_, before)) = steps.last() {
            steps.push((recall, before));
        }
        steps.push((recall, precision));
    }
    steps
}

fn names(worst: &[(&str, &LabelRanking)], area: &Area<'_>) -> DrawResult {
    plot::text(area, "average precision, label", (14, 14), 15, HPos::Left)?;
    for (i, (label, ranking)) in worst.iter().enumerate() {
        let (color, y) = (COLORS[i % MOST], 42 + 27 * i32::try_from(i)?);
        let line = [(14, y), (58, y)];
        match DASHES[i % DASHES.len()] {
            None => area.draw(&PathElement::new(line, color.stroke_width(2)))?,
            Some((dash, gap)) => {
                area.draw(&DashedPathElement::new(line, dash, gap, color.stroke_width(2)))?;
            }
        }
        area.draw(&Circle::new((36, y), 9, color.filled()))?;
        area.draw(&Text::new((i + 1).to_string(), (36, y + 1), number_style(area)))?;
        // The number first: behind a label from right to left it would stand before it.
        let text = format!("{:.4} {}", ranking.average_precision, plot::label(label, LABEL_CHARS));
        plot::text(area, &text, (66, y), 14, HPos::Left)?;
    }
    Ok(())
}
