//! The clusters as one page that needs nothing else: the map, and a table a cluster.
use cloze::Matrix;

use super::map;
use super::report::Report;
use crate::terminal::messages::plural;
use cloze_report::page::map::{STYLE, key};
use cloze_report::page::table::{Numbers, Words, label, number, row, table, words};
use cloze_report::page::{self, report};
use cloze_report::plot;

/// How much of a text is shown, in characters.
const SHOWN: usize = 300;

const MAP: &str = "is a point, at the first two principal components of its vector: what lies near may \
                   be far in the others. Numbers are those of clusters.";

pub(super) fn page(report: &Report<'_>, vectors: &Matrix) -> anyhow::Result<String> {
    let mut page =
        page::head(&format!("Clusters of {}s", report.what), &format!("{}{STYLE}", report::STYLE));
    page.extend(["<p>", &page::text(&report.summary()), ".</p>\n"]);
    let what = report.what;
    if let Some(svg) = map::draw(report, vectors)? {
        let none = if report.in_none() > 0 { " Grey points are in none." } else { "" };
        page.extend(["<figure>\n", &svg, "</figure>\n<p>Each ", what, " ", MAP, none, "</p>\n"]);
    } else {
        page.extend(["<p>There is no map: the ", what, "s have no two vectors that differ.</p>\n"]);
    }
    page += &overview(report);
    for (i, about) in report.about.iter().enumerate() {
        let rows: Vec<String> = about
            .nearest
            .iter()
            .map(|(at, cosine)| {
                let text = &report.texts[*at];
                let shown = plot::label(&text.text, SHOWN);
                row(&[
                    number(format_args!("{cosine:.4}")),
                    words(&text.id),
                    format!("<td class=\"text\" dir=\"auto\">{}</td>", page::text(&shown)),
                ])
            })
            .collect();
        let size = plural(report.clusters.sizes[i] as u64, report.what);
        let caption = format!("Cluster {}, {size}: nearest to its centre", i + 1);
        page += &table(&caption, &[Numbers("cosine"), Words("id"), Words("text")], &rows);
    }
    page += "</body>\n</html>\n";
    Ok(page)
}

fn overview(report: &Report<'_>) -> String {
    let rows = report.about.iter().zip(&report.clusters.sizes).enumerate();
    let rows: Vec<String> = rows
        .map(|(i, (about, size))| {
            let key = key(i);
            row(&[
                format!("<th scope=\"row\" class=\"list\">{key}{}</th>", i + 1),
                number(size),
                format!("<td class=\"list long\">{}</td>", label(&about.words.join(", "))),
            ])
        })
        .collect();
    table(
        "Clusters",
        &[Words("cluster"), Numbers(&format!("{}s", report.what)), Words("words")],
        &rows,
    )
}
