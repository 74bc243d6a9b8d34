//! A verdict as a table for people.
use std::io::{self, Write};

use cloze::metrics::Scores;
use cloze::metrics::compare::Interval;

use super::{Judged, Labels};
use crate::similarity::one_line;

/// Writes the table of a verdict.
pub(crate) fn write(judged: &Judged, out: &mut dyn Write) -> io::Result<()> {
    let (labels, averages) = match &judged.report {
        Labels::Single(report) => (&report.labels, &report.averages),
        Labels::Multi(report) => (&report.labels, &report.averages),
    };
    // A label may have line ends in it.
    let shown = labels.iter().map(|(label, scores)| (one_line(label), label, scores));
    let shown: Vec<_> = shown.collect();
    let longest = shown.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
    let width = longest.max("weighted".len());
    writeln!(
        out,
        "{:width$}  {:>9}  {:>6}  {:>6}  {:>7}  {:>9}",
        "label", "precision", "recall", "f1", "support", "avg. prec."
    )?;
    let row = |name: &str, s: &Scores, ranked: String, out: &mut dyn Write| {
        let pad = width - name.chars().count().min(width);
        writeln!(
            out,
            "{name}{:pad$}  {:>9.4}  {:>6.4}  {:>6.4}  {:>7}  {ranked:>9}",
            "", s.precision, s.recall, s.f1, s.support
        )
    };
    for (name, label, scores) in &shown {
        let ranking = judged.ranking.get(*label);
        let ranked = ranking.map(|r| format!("{:.4}", r.average_precision)).unwrap_or_default();
        row(name, scores, ranked, out)?;
    }
    writeln!(out)?;
    let kinds =
        [("micro", averages.micro), ("macro", averages.r#macro), ("weighted", averages.weighted)];
    for (name, scores) in kinds {
        row(name, &scores, String::new(), out)?;
    }
    writeln!(out)?;
    let between = |i: &Interval| format!("{:.4} ({:.4} to {:.4})", i.estimate, i.low, i.high);
    match &judged.report {
        Labels::Single(report) => {
            writeln!(out, "accuracy           {}", between(&judged.intervals.accuracy))?;
            writeln!(out, "macro F1           {}", between(&judged.intervals.macro_f1))?;
            writeln!(out, "Matthews           {:.4}", report.matthews)?;
        }
        Labels::Multi(report) => {
            writeln!(out, "all labels right   {}", between(&judged.intervals.accuracy))?;
            writeln!(out, "macro F1           {}", between(&judged.intervals.macro_f1))?;
            writeln!(out, "Hamming loss       {:.4}", report.hamming_loss)?;
        }
    }
    if let Some(p) = &judged.probability {
        writeln!(out, "log loss           {:.4}", p.log_loss)?;
        writeln!(out, "Brier              {:.4}", p.brier)?;
        writeln!(out, "calibration error  {:.4}", p.expected_calibration_error)?;
    }
    if !judged.unknown_labels.is_empty() {
        writeln!(
            out,
            "not among the model's labels, so always wrong: {}",
            judged.unknown_labels.join(", ")
        )?;
    }
    Ok(())
}
