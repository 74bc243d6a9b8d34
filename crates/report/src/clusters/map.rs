//! Map of texts as points of a plane.
use cloze_core::Matrix;

use super::ClusterReport;
use crate::ReportError;
use crate::page::map::{Point, draw as draw_points, middle, places};
use crate::plot::label;

/// Characters shown of a point's text.
const SHOWN: usize = 160;

/// Draws the map as SVG; `None` if all texts have the same vector.
pub(super) fn draw(
    report: &ClusterReport<'_>,
    plane: &Matrix,
) -> Result<Option<String>, ReportError> {
    let Some(places) = places(plane) else { return Ok(None) };
    let points = places.iter().zip(&report.texts).map(|(position, (text, cluster))| {
        let number = cluster.map_or("none".to_owned(), |cluster| (cluster + 1).to_string());
        let title =
            format!("cluster {number}: {}: {}", label(text.id, SHOWN), label(text.text, SHOWN));
        Point { at: *position, group: *cluster, title, marked: false }
    });
    let points: Vec<Point> = points.collect();
    // A number above all points: where the middle of a cluster's points is.
    let number = |cluster: usize| {
        let members = points.iter().filter(|point| point.group == Some(cluster));
        let members: Vec<(f64, f64)> = members.map(|point| point.at).collect();
        (middle(&members), (cluster + 1).to_string())
    };
    let numbers: Vec<_> = (0..report.clusters.len()).map(number).collect();
    let title = format!("Map of the {}s", report.unit);
    Ok(Some(draw_points(&title, &points, &numbers)?))
}
