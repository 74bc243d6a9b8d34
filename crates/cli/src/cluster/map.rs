//! Texts as points of a plane: their vectors' first two principal components.
use std::fmt::Write as _;

use cloze::Matrix;
use cloze_train::cluster::principal;

use super::report::Report;
use crate::page;
use crate::plot::label;

const SIZE: (f64, f64) = (960.0, 640.0);
const MARGIN: f64 = 24.0;
/// How much of a text its point says, in characters.
const SHOWN: usize = 160;
/// Told apart by the colour-blind, too (Okabe & Ito 2008), without the yellow, which is hardly seen on
/// white. From the eighth cluster on they come again: clusters have numbers, and do not rest on colour.
const COLORS: [&str; 7] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5a5a5a"];
/// Texts in no cluster.
const NONE: &str = "#b8b8b8";

/// The colour of a cluster, from 0.
pub(super) fn color(cluster: usize) -> &'static str {
    COLORS[cluster % COLORS.len()]
}

/// The map as SVG; `None` where all texts have one vector.
pub(super) fn draw(report: &Report<'_>, vectors: &Matrix) -> anyhow::Result<Option<String>> {
    let Some(points) = plane(vectors)? else { return Ok(None) };
    let mut svg = format!(
        "<svg role=\"img\" viewBox=\"0 0 {} {}\" width=\"{0}\" height=\"{1}\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n<title>Map of the texts</title>\n",
        SIZE.0, SIZE.1
    );
    for (i, (x, y)) in points.iter().enumerate() {
        let cluster = report.clusters.of[i];
        let text = &report.texts[i];
        let number = cluster.map_or("none".to_owned(), |cluster| (cluster + 1).to_string());
        writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"{}\" fill-opacity=\".75\">\
             <title>{}</title></circle>",
            cluster.map_or(NONE, color),
            page::text(&format!(
                "cluster {number}: {}: {}",
                label(&text.id, SHOWN),
                label(&text.text, SHOWN)
            ))
        )?;
    }
    // Numbers last, above all points: where the middle of a cluster's points is.
    for cluster in 0..report.clusters.count() {
        let members = report.clusters.members(cluster);
        let of =
            |f: fn(&(f64, f64)) -> f64| median(members.iter().map(|&i| f(&points[i])).collect());
        let (x, y) = (of(|point| point.0), of(|point| point.1));
        writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" dy=\".35em\" text-anchor=\"middle\" font-size=\"22\" \
             font-family=\"sans-serif\" font-weight=\"700\" stroke=\"#fff\" stroke-width=\"4\" \
             paint-order=\"stroke\" pointer-events=\"none\">{}</text>",
            cluster + 1
        )?;
    }
    svg.push_str("</svg>\n");
    Ok(Some(svg))
}

/// A place in the picture for each row; each component fills it. `None` where no two rows differ.
fn plane(vectors: &Matrix) -> anyhow::Result<Option<Vec<(f64, f64)>>> {
    let components = principal(vectors, 2)?;
    let axis = |d: usize| -> Vec<f64> {
        components.iter().map(|c| f64::from(c.get(d).copied().unwrap_or(0.0))).collect()
    };
    let (x, y) = (axis(0), axis(1));
    let spread = |axis: &[f64]| axis.iter().any(|at| at.total_cmp(&axis[0]).is_ne());
    if !spread(&x) && !spread(&y) {
        return Ok(None);
    }
    // Up is more.
    let y = framed(&y, SIZE.1).into_iter().map(|y| SIZE.1 - y);
    Ok(Some(framed(&x, SIZE.0).into_iter().zip(y).collect()))
}

/// The numbers as places within the margins of so many pixels; in the middle where all are the same.
fn framed(numbers: &[f64], pixels: f64) -> Vec<f64> {
    let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let room = pixels - 2.0 * MARGIN;
    let share = |x: f64| if high > low { (x - low) / (high - low) } else { 0.5 };
    numbers.iter().map(|x| MARGIN + room * share(*x)).collect()
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}
