//! Clusters as they are written.
use std::io::{self, Write as _};

use serde::Serialize;

use super::report::Report;
use crate::terminal::messages::plural;
use crate::terminal::out::{Out, json_line};
use cloze_report::plot::label;
use cloze_report::text::one_line;

/// How much of a text is shown, in characters.
const SHOWN: usize = 72;

/// A text with its cluster.
#[derive(Serialize)]
struct Placed<'a> {
    path: &'a str,
    line: u64,
    id: &'a str,
    /// Counts from 1.
    cluster: Option<usize>,
}

fn lines<'a>(report: &'a Report<'_>) -> impl Iterator<Item = Placed<'a>> {
    report.texts.iter().enumerate().map(|(i, text)| Placed {
        path: &text.path,
        line: text.line,
        id: &text.id,
        cluster: report.cluster_of(i),
    })
}

pub(super) fn jsonl(report: &Report<'_>, out: &mut Out) -> anyhow::Result<()> {
    lines(report).try_for_each(|line| json_line(out, &line))
}

/// A text in no cluster has an empty field.
pub(super) fn csv(report: &Report<'_>, out: &mut Out) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    let failed = |error: csv::Error| match error.into_kind() {
        // Its own conversion hides that the pipe is closed.
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    };
    writer.write_record(["path", "line", "id", "cluster"]).map_err(failed)?;
    for Placed { path, line, id, cluster } in lines(report) {
        let cluster = cluster.map_or(String::new(), |cluster| cluster.to_string());
        writer.write_record([path, &line.to_string(), id, &cluster]).map_err(failed)?;
    }
    Ok(writer.flush()?)
}

pub(super) fn pretty(report: &Report<'_>, out: &mut Out) -> anyhow::Result<()> {
    writeln!(out, "{}", report.summary())?;
    let nearest = report.about.iter().flat_map(|about| &about.nearest);
    let ids =
        nearest.map(|(i, _)| one_line(&report.texts[*i].id).chars().count()).max().unwrap_or(0);
    for (i, (about, &size)) in report.about.iter().zip(&report.clusters.sizes).enumerate() {
        let words: Vec<String> = about.words.iter().map(|word| one_line(word)).collect();
        let words = if words.is_empty() { "no words of its own".into() } else { words.join(", ") };
        writeln!(out, "\n{}  {}: {words}", i + 1, plural(size as u64, report.what))?;
        for (at, cosine) in &about.nearest {
            let text = &report.texts[*at];
            let (id, shown) = (one_line(&text.id), label(&text.text, SHOWN));
            writeln!(out, "{}", format!("   {cosine:.4}  {id:ids$}  {shown}").trim_end())?;
        }
    }
    Ok(())
}
