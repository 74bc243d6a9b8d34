//! The report as text.
use std::io::Write;

use cloze::evaluate::tags::TagReport;
use cloze::metrics::Scores;
use cloze::metrics::compare::Interval;
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
    let intervals = &report.f1_intervals;
    let label = |(label, s): (&String, &Scores)| (visible(label), *s, intervals.labels.get(label));
    let mut rows: Vec<(String, Scores, Option<&Interval>)> =
        entities.labels.iter().map(label).collect();
    rows.push(("micro average".to_owned(), averages.micro, Some(&intervals.micro)));
    rows.push(("macro average".to_owned(), averages.r#macro, None));
    rows.push(("weighted average".to_owned(), averages.weighted, None));
    let width = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
    writeln!(
        out,
        "{:width$}  {:>9}  {:>9}  {:>9}  {:^13}  {:>9}",
        "label", "precision", "recall", "f1", "95 % interval", "support"
    )?;
    for (i, (name, s, interval)) in rows.iter().enumerate() {
        if i == entities.labels.len() {
            writeln!(out)?;
        }
        let interval = interval.map(|i| format!("{:.4}-{:.4}", i.low, i.high)).unwrap_or_default();
        writeln!(
            out,
            "{name:width$}  {:>9.4}  {:>9.4}  {:>9.4}  {interval:>13}  {:>9}",
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
