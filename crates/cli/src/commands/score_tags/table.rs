//! The report as text.
use std::io::Write;

use cloze::evaluate::tags::TagReport;
use cloze::metrics::Scores;
use cloze::metrics::entity::PartialScores;

use crate::terminal::messages::plural;
use cloze_report::text::visible;

/// Writes the report.
pub(crate) fn write(report: &TagReport, out: &mut impl Write) -> anyhow::Result<()> {
    let entities = &report.entities;
    let scheme = entities.scheme.map_or("not named", |scheme| scheme.name());
    write!(out, "convention {}, scheme {scheme}", entities.convention)?;
    if let Some(labels) = &report.only {
        write!(out, ", only labels {}", visible(&labels.join(", ")))?;
    }
    let sentences = plural(report.sentences, "sentence");
    writeln!(out, ": {sentences}, {}\n", plural(report.words, "word"))?;

    let averages = &entities.averages;
    let mut rows: Vec<(String, Scores)> =
        entities.labels.iter().map(|(label, s)| (visible(label), *s)).collect();
    let names = ["micro average", "macro average", "weighted average"];
    let of = [averages.micro, averages.r#macro, averages.weighted];
    rows.extend(names.map(str::to_owned).into_iter().zip(of));
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    writeln!(
        out,
        "{:width$}  {:>9}  {:>9}  {:>9}  {:>9}",
        "label", "precision", "recall", "f1", "support"
    )?;
    for (i, (name, s)) in rows.iter().enumerate() {
        if i == entities.labels.len() {
            writeln!(out)?;
        }
        writeln!(
            out,
            "{name:width$}  {:>9.4}  {:>9.4}  {:>9.4}  {:>9}",
            s.precision, s.recall, s.f1, s.support
        )?;
    }
    let Some(partial) = &report.partial else { return Ok(()) };
    let width = "partial".len();
    writeln!(
        out,
        "\n{:width$}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}",
        "match",
        "precision",
        "recall",
        "f1",
        "correct",
        "incorrect",
        "partial",
        "missed",
        "spurious"
    )?;
    for (name, PartialScores { counts, precision, recall, f1 }) in [
        ("strict", partial.strict),
        ("exact", partial.exact),
        ("partial", partial.partial),
        ("type", partial.r#type),
    ] {
        writeln!(
            out,
            "{name:width$}  {precision:>9.4}  {recall:>9.4}  {f1:>9.4}  {:>9}  {:>9}  {:>9}  {:>9}  {:>9}",
            counts.correct, counts.incorrect, counts.partial, counts.missed, counts.spurious
        )?;
    }
    Ok(())
}
