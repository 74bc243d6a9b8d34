//! Figures by the number of training examples, on a logarithmic axis.
use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::style::text_anchor::HPos;

use crate::ReportError;
use crate::classifier::{ClassifierReport, LearningPoint};
use crate::plot::{self, Area, DrawResult, Series, tick};
use crate::text::visible;

const SIZE: (u32, u32) = (760, 420);
const HEAD: u32 = 64;

/// Draws the curve.
pub(crate) fn draw(report: &ClassifierReport) -> Result<String, ReportError> {
    let title = format!("Learning curve of a head on {}", visible(&report.model.name));
    plot::svg(SIZE, &title, |root| panel(&report.curve, &title, root))
}

/// Axis of logarithms to base 2, with ticks at the points, labelled by their values.
/// The logarithmic axis of plotters chooses powers of 10, and the range may contain none.
struct Logarithm {
    range: RangedCoordf64,
    ticks: Vec<f64>,
}

impl Ranged for Logarithm {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        self.range.map(value, limit)
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.range()
    }
}

impl ValueFormatter<f64> for Logarithm {
    fn format(value: &f64) -> String {
        format!("{:.0}", value.exp2())
    }
}

fn panel(points: &[LearningPoint], title: &str, root: &Area<'_>) -> DrawResult {
    let (head, body) = root.split_vertically(HEAD);
    plot::text(&head, &plot::label(title, 80), (380, 18), 19, HPos::Center)?;
    Series::First.legend(&head, 230, 48, "accuracy")?;
    Series::Second.legend(&head, 400, 48, "macro F1")?;

    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    let x_of = |p: &LearningPoint| (p.examples.max(1) as f64).log2();
    let values = || points.iter().flat_map(|p| [p.accuracy, p.macro_f1]);
    let (first, last) = points
        .iter()
        .map(x_of)
        .fold((f64::INFINITY, 0.0), |(low, high), x| (f64::min(low, x), f64::max(high, x)));
    let first = first.min(last);
    let lowest = values().filter(|y| y.is_finite()).fold(1.0, f64::min);
    let low = ((lowest * 10.0).floor() / 10.0 - 0.05).clamp(-0.02, 0.95);
    let margin = 0.04 * (last - first).max(1.0);
    let ticks: Vec<f64> = points.iter().map(x_of).collect();
    let logarithm = Logarithm { range: (first - margin..last + margin).into(), ticks };
    let mut chart = plot::chart(&body, 25).build_cartesian_2d(logarithm, low..1.02)?;
    let mut mesh = chart.configure_mesh();
    plot::style_mesh(&mut mesh);
    mesh.y_labels(6)
        .y_label_formatter(&|y| tick(*y, 1.0))
        .x_desc("training examples (logarithmic)")
        .y_desc("on held-out examples")
        .draw()?;
    let finite = |of: fn(&LearningPoint) -> f64| -> Vec<(f64, f64)> {
        points.iter().map(|p| (x_of(p), of(p))).filter(|(_, y)| y.is_finite()).collect()
    };
    Series::First.draw(&mut chart, finite(|p| p.accuracy), 6)?;
    Series::Second.draw(&mut chart, finite(|p| p.macro_f1), 6)
}
