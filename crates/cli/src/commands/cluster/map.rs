//! Texts as points of a plane: their vectors' first two principal components.
use cloze::Matrix;
use cloze_train::cluster::principal;

use super::report::Report;
use cloze_report::page::map::{Point, draw as draw_points, middle, places};
use cloze_report::plot::label;

/// How much of a text its point says, in characters.
const SHOWN: usize = 160;

/// The map as SVG; `None` where all texts have one vector.
pub(super) fn draw(report: &Report<'_>, vectors: &Matrix) -> anyhow::Result<Option<String>> {
    let Some(places) = places(&principal(vectors, 2)?) else { return Ok(None) };
    let point = |(i, at): (usize, &(f64, f64))| {
        let (text, cluster) = (&report.texts[i], report.clusters.of[i]);
        let number = cluster.map_or("none".to_owned(), |cluster| (cluster + 1).to_string());
        let title =
            format!("cluster {number}: {}: {}", label(&text.id, SHOWN), label(&text.text, SHOWN));
        Point { at: *at, group: cluster, title, marked: false }
    };
    let points: Vec<Point> = places.iter().enumerate().map(point).collect();
    // A number above all points: where the middle of a cluster's points is.
    let number = |cluster: usize| {
        let members = report.clusters.members(cluster);
        let own: Vec<(f64, f64)> = members.iter().map(|&i| places[i]).collect();
        (middle(&own), (cluster + 1).to_string())
    };
    let numbers: Vec<_> = (0..report.clusters.count()).map(number).collect();
    let title = format!("Map of the {}s", report.what);
    Ok(Some(draw_points(&title, &points, &numbers)?))
}
