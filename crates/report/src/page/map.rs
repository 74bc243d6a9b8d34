//! Map of points in a plane as SVG.
use std::fmt::Write as _;

use cloze_core::Matrix;

use crate::{ReportError, page};

const SIZE: (f64, f64) = (960.0, 640.0);
const MARGIN: f64 = 24.0;
/// Colours that colour-blind readers distinguish (Okabe & Ito 2008), without the yellow, which is hardly
/// visible on white. From the eighth group on they repeat: groups have numbers or names, and do not
/// rest on colour.
const COLORS: [&str; 7] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5a5a5a"];
/// Colour of points in no group.
const NONE: &str = "#b8b8b8";

/// Style of [`key`].
pub const STYLE: &str = "\
.key { display: inline-block; width: .8em; height: .8em; border-radius: 50%; margin-right: .4em; }
";

/// A point.
pub struct Point {
    /// Position in the plane.
    pub at: (f64, f64),
    /// Group, from 0; `None` for a point in no group.
    pub group: Option<usize>,
    /// Text shown under the pointer.
    pub title: String,
    /// Whether the point has the mark of another kind than the others.
    pub marked: bool,
}

fn color(group: Option<usize>) -> &'static str {
    group.map_or(NONE, |group| COLORS[group % COLORS.len()])
}

/// Returns the colour of a group, from 0, as HTML.
#[must_use]
pub fn key(group: usize) -> String {
    format!("<span class=\"key\" style=\"background: {}\"></span>", color(Some(group)))
}

/// Draws the points, and labels above them.
///
/// # Errors
/// [`ReportError::Format`] if the text cannot be formatted.
pub fn draw(
    title: &str,
    points: &[Point],
    labels: &[((f64, f64), String)],
) -> Result<String, ReportError> {
    let mut svg = format!(
        "<svg role=\"img\" viewBox=\"0 0 {} {}\" width=\"{0}\" height=\"{1}\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n<title>{}</title>\n",
        SIZE.0,
        SIZE.1,
        page::text(title)
    );
    for Point { at: (x, y), group, title, marked } in points {
        let title = page::text(title);
        if *marked {
            writeln!(
                svg,
                "<path d=\"M{x:.1} {:.1}l11 11l-11 11l-11-11z\" fill=\"#000\" stroke=\"#fff\" \
                 stroke-width=\"2\"><title>{title}</title></path>",
                y - 11.0
            )?;
            continue;
        }
        writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"{}\" fill-opacity=\".75\">\
             <title>{title}</title></circle>",
            color(*group)
        )?;
    }
    for ((x, y), label) in labels {
        writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" dy=\".35em\" text-anchor=\"middle\" font-size=\"22\" \
             font-family=\"sans-serif\" font-weight=\"700\" stroke=\"#fff\" stroke-width=\"4\" \
             paint-order=\"stroke\" pointer-events=\"none\">{}</text>",
            page::text(label)
        )?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// Scales rows of one or two numbers to positions in the picture; each number fills it. `None` if no two
/// rows differ.
#[must_use]
pub fn places(rows: &Matrix) -> Option<Vec<(f64, f64)>> {
    let axis = |d: usize| -> Vec<f64> {
        rows.iter().map(|row| f64::from(row.get(d).copied().unwrap_or(0.0))).collect()
    };
    let (x, y) = (axis(0), axis(1));
    let spread = |axis: &[f64]| axis.iter().any(|value| value.total_cmp(&axis[0]).is_ne());
    if !spread(&x) && !spread(&y) {
        return None;
    }
    // Up is more.
    let y = framed(&y, SIZE.1).into_iter().map(|y| SIZE.1 - y);
    Some(framed(&x, SIZE.0).into_iter().zip(y).collect())
}

/// Scales numbers to positions within the margins of so many pixels; to the middle if all are the same.
fn framed(numbers: &[f64], pixels: f64) -> Vec<f64> {
    let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let room = pixels - 2.0 * MARGIN;
    let share = |x: f64| if high > low { (x - low) / (high - low) } else { 0.5 };
    numbers.iter().map(|x| MARGIN + room * share(*x)).collect()
}

/// Returns the centre of some points: the median on each axis.
#[must_use]
pub fn middle(points: &[(f64, f64)]) -> (f64, f64) {
    let of = |axis: fn(&(f64, f64)) -> f64| {
        let mut numbers: Vec<f64> = points.iter().map(axis).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
    };
    (of(|point| point.0), of(|point| point.1))
}
