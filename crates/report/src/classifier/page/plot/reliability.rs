//! Reliability diagram: share of correct predictions by probability, and their number (Guo et al. 2017).
use cloze_metrics::probability::{ProbabilityReport, ReliabilityBin};
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::ReportError;
use crate::classifier::page::figures::{mean, share};
use crate::plot::{self, Area, DrawResult, FONT, Series, tick};

const SIZE: (u32, u32) = (760, 640);
const HEAD: u32 = 64;
const ABOVE: u32 = 400;
const TITLE: &str = "Reliability diagram: share of correct predictions by probability";
/// Largest count written on a bar: longer numbers have no room; the table has them.
const MOST_NUMBERED: u64 = 999;

type Named<'a> = (&'a str, &'a ProbabilityReport);

/// Returns the style of the series at `index`.
fn marks(index: usize) -> Series {
    if index == 0 { Series::First } else { Series::Second }
}

/// Draws one or two series.
pub(crate) fn draw(series: &[Named<'_>]) -> Result<String, ReportError> {
    plot::svg(SIZE, TITLE, |root| {
        let (head, body) = root.split_vertically(HEAD);
        let (above, below) = body.split_vertically(ABOVE);
        legend(series, &head)?;
        diagram(series, &above)?;
        counts(series, &below)
    })
}

fn legend(series: &[Named<'_>], head: &Area<'_>) -> DrawResult {
    plot::text(head, TITLE, (380, 18), 19, HPos::Center)?;
    let y = 48;
    for (i, (name, _)) in series.iter().enumerate() {
        marks(i).legend(head, 150 + 180 * i32::try_from(i)?, y, name)?;
    }
    let line = [(510, y), (550, y)];
    head.draw(&DashedPathElement::new(line, 2, 4, BLACK.stroke_width(1)))?;
    plot::text(head, "perfect", (558, y), 16, HPos::Left)
}

fn diagram(series: &[Named<'_>], area: &Area<'_>) -> DrawResult {
    let mut chart = plot::chart(area, 25).build_cartesian_2d(0.0..1.0, 0.0..1.02)?;
    let mut mesh = chart.configure_mesh();
    plot::style_mesh(&mut mesh);
    mesh.x_label_formatter(&|x| tick(*x, 1.0))
        .y_label_formatter(&|y| tick(*y, 1.0))
        .x_desc("mean of the top probabilities in a bin")
        .y_desc("share that is right")
        .draw()?;
    let perfect = [(0.0, 0.0), (1.0, 1.0)];
    chart.draw_series(DashedLineSeries::new(perfect, 2, 4, BLACK.stroke_width(1)))?;
    for (i, (_, report)) in series.iter().enumerate() {
        let point = |bin: &ReliabilityBin| {
            (mean(bin.confidence, bin.examples), share(bin.correct, bin.examples))
        };
        let filled = report.bins.iter().filter(|bin| bin.examples > 0);
        let points: Vec<(f64, f64)> =
            filled.map(point).filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
        marks(i).draw(&mut chart, points, 7)?;
    }
    Ok(())
}

/// Draws one bar per bin and series: the first series hollow, the second filled.
fn counts(series: &[Named<'_>], area: &Area<'_>) -> DrawResult {
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    let float = |n: u64| n as f64;
    let bins = || series.iter().flat_map(|(_, report)| &report.bins);
    let most = bins().map(|bin| bin.examples).max().unwrap_or(0);
    let mut chart =
        plot::chart(area, 25).build_cartesian_2d(0.0..1.0, 0.0..1.2 * float(most.max(1)))?;
    let mut mesh = chart.configure_mesh();
    plot::style_mesh(&mut mesh);
    mesh.disable_x_mesh()
        .y_labels(4)
        .x_label_formatter(&|x| tick(*x, 1.0))
        .y_label_formatter(&|y| tick(*y, 1.0))
        .x_desc("top probability")
        .y_desc("examples")
        .draw()?;
    let style = (FONT, 11).into_text_style(area).pos(Pos::new(HPos::Center, VPos::Bottom));
    for (i, (_, report)) in series.iter().enumerate() {
        let color = marks(i).color();
        let width = 1.0 / float(report.bins.len().max(1) as u64);
        let bar = 0.9 * width / float(series.len() as u64);
        for (index, bin) in (0u64..).zip(&report.bins).filter(|(_, bin)| bin.examples > 0) {
            let left = width * (float(index) + 0.05) + bar * float(i as u64);
            let (right, top) = (left + 0.95 * bar, float(bin.examples));
            let filled = if i == 0 { color.stroke_width(2) } else { color.filled() };
            chart.draw_series([Rectangle::new([(left, 0.0), (right, top)], filled)])?;
            if most <= MOST_NUMBERED {
                let middle = (f64::midpoint(left, right), top);
                let number = EmptyElement::at(middle)
                    + Text::new(bin.examples.to_string(), (0, -2), style.clone());
                chart.draw_series([number])?;
            }
        }
    }
    Ok(())
}
