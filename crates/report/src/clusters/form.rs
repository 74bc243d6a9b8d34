//! Clusters as plain text, JSON Lines and CSV.
use std::io::{self, Write};

use serde::Serialize;

use super::ClusterReport;
use crate::cells::{Cell, Table};
use crate::plot::label;
use crate::text::{one_line, plural};
use crate::write::json_line;

/// Characters shown of a text.
const SHOWN: usize = 72;

/// A text with its cluster.
#[derive(Serialize)]
struct Placed<'a> {
    path: &'a str,
    line: u64,
    id: &'a str,
    /// Number of the cluster, from 1.
    cluster: Option<usize>,
}

fn lines<'a>(report: &'a ClusterReport<'_>) -> impl Iterator<Item = Placed<'a>> {
    report.texts.iter().map(|(text, cluster)| Placed {
        path: text.path,
        line: text.line,
        id: text.id,
        cluster: cluster.map(|cluster| cluster + 1),
    })
}

pub(super) fn jsonl(report: &ClusterReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    lines(report).try_for_each(|line| json_line(out, &line))
}

/// Writes the clusters as CSV; a text in no cluster has an empty field.
pub(super) fn csv(report: &ClusterReport<'_>, table: Table, out: &mut dyn Write) -> io::Result<()> {
    table.write_header(out, ["path", "line", "id", "cluster"])?;
    for Placed { path, line, id, cluster } in lines(report) {
        let cluster = cluster.map_or(String::new(), |cluster| cluster.to_string());
        let line = line.to_string();
        let row = [Cell::Text(path), Cell::Plain(&line), Cell::Text(id), Cell::Plain(&cluster)];
        table.write(out, row)?;
    }
    Ok(())
}

pub(super) fn text(report: &ClusterReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", report.summary())?;
    let nearest = report.clusters.iter().flat_map(|cluster| &cluster.nearest);
    let ids = nearest.map(|(i, _)| one_line(report.texts[*i].0.id).chars().count());
    let ids = ids.max().unwrap_or(0);
    for (i, cluster) in report.clusters.iter().enumerate() {
        let words: Vec<String> = cluster.words.iter().map(|word| one_line(word)).collect();
        let words = if words.is_empty() { "no words of its own".into() } else { words.join(", ") };
        writeln!(out, "\n{}  {}: {words}", i + 1, plural(cluster.size as u64, report.unit))?;
        for (index, cosine) in &cluster.nearest {
            let (text, _) = &report.texts[*index];
            let (id, shown) = (one_line(text.id), label(text.text, SHOWN));
            writeln!(out, "{}", format!("   {cosine:.4}  {id:ids$}  {shown}").trim_end())?;
        }
    }
    Ok(())
}
