//! Evaluations of labels as plain tables.
use std::io::{self, Write};

use cloze_metrics::Scores;
use cloze_metrics::compare::{Interval, PairedBootstrap};
use cloze_metrics::labels::{
    Better, DifferenceVerdict, FEW_EXAMPLES, LabelComparison, LabelEvaluation, LabelReport,
};

use crate::text::one_line;

/// Writes the figures of a label or an average, whose name takes `width` characters.
fn write_row(
    name: &str,
    width: usize,
    scores: &Scores,
    ranked: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Scores { precision, recall, f1, support } = scores;
    let pad = width - name.chars().count().min(width);
    writeln!(
        out,
        "{name}{:pad$}  {precision:>9.4}  {recall:>6.4}  {f1:>6.4}  {support:>7}  {ranked:>9}",
        ""
    )
}

/// Writes the table of an evaluation.
///
/// # Errors
/// Errors of `out`.
pub fn write_evaluation(evaluation: &LabelEvaluation, out: &mut dyn Write) -> io::Result<()> {
    let (labels, averages) = match &evaluation.report {
        LabelReport::Single(report) => (&report.labels, &report.averages),
        LabelReport::Multi(report) => (&report.labels, &report.averages),
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
    for (name, label, scores) in &shown {
        let ranking = evaluation.ranking.get(*label);
        let ranked = ranking.map(|r| format!("{:.4}", r.average_precision)).unwrap_or_default();
        write_row(name, width, scores, &ranked, out)?;
    }
    writeln!(out)?;
    let kinds =
        [("micro", averages.micro), ("macro", averages.r#macro), ("weighted", averages.weighted)];
    for (name, scores) in kinds {
        write_row(name, width, &scores, "", out)?;
    }
    writeln!(out)?;
    let between = |i: &Interval| format!("{:.4} ({:.4} to {:.4})", i.estimate, i.low, i.high);
    match &evaluation.report {
        LabelReport::Single(report) => {
            writeln!(out, "accuracy           {}", between(&evaluation.intervals.accuracy))?;
            writeln!(out, "macro F1           {}", between(&evaluation.intervals.macro_f1))?;
            writeln!(out, "Matthews           {:.4}", report.matthews)?;
        }
        LabelReport::Multi(report) => {
            writeln!(out, "exact match        {}", between(&evaluation.intervals.accuracy))?;
            writeln!(out, "macro F1           {}", between(&evaluation.intervals.macro_f1))?;
            writeln!(out, "Hamming loss       {:.4}", report.hamming_loss)?;
        }
    }
    if let Some(p) = &evaluation.probability {
        writeln!(out, "log loss           {:.4}", p.log_loss)?;
        writeln!(out, "Brier              {:.4}", p.brier)?;
        writeln!(out, "calibration error  {:.4}", p.expected_calibration_error)?;
    }
    if !evaluation.unknown_labels.is_empty() {
        writeln!(
            out,
            "labels unknown to the model, counted as errors: {}",
            evaluation.unknown_labels.join(", ")
        )?;
    }
    Ok(())
}

/// Figure of two models, with a test of the difference.
pub struct ComparisonRow<'a> {
    /// Name of the figure.
    pub figure: &'a str,
    /// The figure of both models, with intervals.
    pub both: &'a PairedBootstrap,
    /// Verdict on the difference.
    pub verdict: DifferenceVerdict,
    /// p-value that decides the verdict, with the name of its test; `None` if the interval decides.
    pub test: Option<(&'a str, f64)>,
    /// Number of examples.
    pub examples: usize,
}

/// Writes the comparison of two classifiers.
///
/// # Errors
/// Errors of `out`.
pub fn write_comparison(
    comparison: &LabelComparison,
    names: [&str; 2],
    out: &mut dyn Write,
) -> io::Result<()> {
    write_rows(&comparison_rows(comparison), names, out)?;
    let (first, second) = (comparison.mcnemar.only_first, comparison.mcnemar.only_second);
    writeln!(out, "only the first correct {first}, only the second correct {second}")
}

/// Figures that two classifiers are compared by.
#[must_use]
pub fn comparison_rows(comparison: &LabelComparison) -> [ComparisonRow<'_>; 2] {
    [
        ComparisonRow {
            figure: "accuracy",
            both: &comparison.accuracy,
            verdict: comparison.accuracy_verdict,
            test: Some(("McNemar", comparison.mcnemar.p_value)),
            examples: comparison.examples,
        },
        ComparisonRow {
            figure: "macro F1",
            both: &comparison.macro_f1,
            verdict: comparison.macro_f1_verdict,
            test: None,
            examples: comparison.examples,
        },
    ]
}

/// Writes figures of two models, and the verdicts in words.
///
/// # Errors
/// Errors of `out`.
pub fn write_rows(
    rows: &[ComparisonRow<'_>],
    [first, second]: [&str; 2],
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "first {first}, second {second}")?;
    let (interval, p) = ("95 % interval", "p (bootstrap)");
    writeln!(
        out,
        "{:8}  {:>7}  {:>7}  {:>10}  {interval:>18}  {p:>13}",
        "", "first", "second", "difference"
    )?;
    for ComparisonRow { figure, both, .. } in rows {
        let d = &both.difference;
        let between = format!("{:+.4} to {:+.4}", d.low, d.high);
        writeln!(
            out,
            "{figure:8}  {:>7.4}  {:>7.4}  {:>+10.4}  {between:>18}  {:>13.4}",
            both.first, both.second, d.estimate, both.p_value
        )?;
    }
    for row in rows {
        let said = row.said([first, second]);
        writeln!(out, "{said}")?;
    }
    Ok(())
}

impl ComparisonRow<'_> {
    /// Writes the verdict: `accuracy: a is better than b, significant at 5 % (McNemar, p 0.0123)`.
    fn said(&self, [first, second]: [&str; 2]) -> String {
        let (figure, verdict) = (self.figure, self.verdict);
        let (better, worse) = match verdict.better {
            Better::First => (first, second),
            Better::Second => (second, first),
            Better::Neither => return format!("{figure}: neither is better"),
        };
        // One model beside itself, in another place.
        let (better, worse) = match verdict.better {
            _ if better != worse => (better, worse),
            Better::First => ("the first", "the second"),
            _ => ("the second", "the first"),
        };
        let by = match self.test {
            Some((test, p)) => format!("{test}, p {p:.4}"),
            None if self.examples < FEW_EXAMPLES => format!("fewer than {FEW_EXAMPLES} examples"),
            None if verdict.more_than_chance => "0 is not in the interval".to_owned(),
            None => "0 is in the interval".to_owned(),
        };
        if verdict.more_than_chance {
            format!("{figure}: {better} is better than {worse}, significant at 5 % ({by})")
        } else {
            format!("{figure}: {better} is ahead of {worse}, not significant at 5 % ({by})")
        }
    }
}
