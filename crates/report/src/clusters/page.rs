//! HTML page of clusters, which needs no other file: the map, and a table per cluster.
use cloze_core::Matrix;

use super::{ClusterReport, map};
use crate::ReportError;
use crate::page::map::{STYLE, key};
use crate::page::table::{Numbers, Words, label, number, row, table, words};
use crate::page::{self, report};
use crate::plot;
use crate::text::plural;

/// Characters shown of a text.
const SHOWN: usize = 300;

const MAP: &str = "is a point, at the first two principal components of its vector: near points may \
                   be far apart in the others. Numbers are those of clusters.";

pub(super) fn page(report: &ClusterReport<'_>, plane: &Matrix) -> Result<String, ReportError> {
    let mut page =
        page::head(&format!("Clusters of {}s", report.unit), &format!("{}{STYLE}", report::STYLE));
    page.extend(["<p>", &page::text(&report.summary()), ".</p>\n"]);
    let what = report.unit;
    if let Some(svg) = map::draw(report, plane)? {
        let none = if report.in_none() > 0 { " Grey points are in none." } else { "" };
        page.extend(["<figure>\n", &svg, "</figure>\n<p>Each ", what, " ", MAP, none, "</p>\n"]);
    } else {
        page.extend(["<p>There is no map: the ", what, "s have no two vectors that differ.</p>\n"]);
    }
    page += &overview(report);
    for (i, cluster) in report.clusters.iter().enumerate() {
        let rows: Vec<String> = cluster
            .nearest
            .iter()
            .map(|(index, cosine)| {
                let (text, _) = &report.texts[*index];
                let shown = plot::label(text.text, SHOWN);
                row(&[
                    number(format_args!("{cosine:.4}")),
                    words(text.id),
                    format!("<td class=\"text\" dir=\"auto\">{}</td>", page::text(&shown)),
                ])
            })
            .collect();
        let size = plural(cluster.size as u64, report.unit);
        let caption = format!("Cluster {}, {size}: nearest to its centre", i + 1);
        page += &table(&caption, &[Numbers("cosine"), Words("id"), Words("text")], &rows);
    }
    page += "</body>\n</html>\n";
    Ok(page)
}

fn overview(report: &ClusterReport<'_>) -> String {
    let rows = report.clusters.iter().enumerate();
    let rows: Vec<String> = rows
        .map(|(i, cluster)| {
            let key = key(i);
            row(&[
                format!("<th scope=\"row\" class=\"list\">{key}{}</th>", i + 1),
                number(cluster.size),
                format!("<td class=\"list long\">{}</td>", label(&cluster.words.join(", "))),
            ])
        })
        .collect();
    table(
        "Clusters",
        &[Words("cluster"), Numbers(&format!("{}s", report.unit)), Words("words")],
        &rows,
    )
}
