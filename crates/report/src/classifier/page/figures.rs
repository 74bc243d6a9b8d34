//! Tables of figures.
use cloze_metrics::Scores;
use cloze_metrics::compare::Interval;
use cloze_metrics::probability::ProbabilityReport;

use crate::classifier::{CalibrationReport, LearningPoint};
use crate::page::table::{Numbers, Words, figure, framed, name, number, row, table, words};
use cloze_metrics::labels::{LabelEvaluation, LabelRanking, LabelReport};

/// Writes the figures over all examples.
pub(crate) fn whole(evaluation: &LabelEvaluation) -> String {
    let with = |what: &str, i: &Interval| {
        let interval = format!("{:.4} to {:.4}", i.low, i.high);
        row(&[name(what), figure(i.estimate), words(&interval)])
    };
    let without = |what: &str, value: f64| row(&[name(what), figure(value), words("")]);
    let LabelEvaluation { intervals, .. } = evaluation;
    let mut rows = match &evaluation.report {
        LabelReport::Single(report) => vec![
            with("accuracy", &intervals.accuracy),
            with("macro F1", &intervals.macro_f1),
            without("balanced accuracy", report.balanced_accuracy),
            without("Matthews’ correlation", report.matthews),
            without("Cohen’s kappa", report.kappa),
        ],
        LabelReport::Multi(report) => vec![
            with("exact match", &intervals.accuracy),
            with("macro F1", &intervals.macro_f1),
            without("Hamming loss", report.hamming_loss),
        ],
    };
    if let Some(p) = &evaluation.probability {
        rows.push(without("log loss", p.log_loss));
        rows.push(without("Brier score", p.brier));
        rows.push(without("calibration error", p.expected_calibration_error));
    }
    let interval = format!("{:.0} % interval", 100.0 * intervals.accuracy.level);
    table("Overall", &[Words("metric"), Numbers("value"), Words(&interval)], &rows)
}

/// Figures of a label or an average.
fn label_row(label: &str, scores: &Scores, ranking: Option<&LabelRanking>) -> String {
    let ranked = |of: fn(&LabelRanking) -> f64| ranking.map_or(number("–"), |r| figure(of(r)));
    row(&[
        name(label),
        figure(scores.precision),
        figure(scores.recall),
        figure(scores.f1),
        number(scores.support),
        ranked(|r| r.average_precision),
        ranked(|r| r.roc_auc),
    ])
}

/// Writes the figures by label, and their averages.
pub(crate) fn by_label(evaluation: &LabelEvaluation) -> String {
    let (labels, averages) = match &evaluation.report {
        LabelReport::Single(report) => (&report.labels, &report.averages),
        LabelReport::Multi(report) => (&report.labels, &report.averages),
    };
    let mut rows: Vec<String> = labels
        .iter()
        .map(|(label, scores)| label_row(label, scores, evaluation.ranking.get(label)))
        .collect();
    // A body of their own, so that a label named "macro" is not mistaken for an average.
    rows.push("</tbody>\n<tbody class=\"averages\">\n".to_owned());
    let kinds =
        [("micro", averages.micro), ("macro", averages.r#macro), ("weighted", averages.weighted)];
    rows.extend(kinds.iter().map(|(kind, scores)| label_row(kind, scores, None)));
    let head = [
        Words("label"),
        Numbers("precision"),
        Numbers("recall"),
        Numbers("F1"),
        Numbers("support"),
        Numbers("average precision"),
        Numbers("ROC-AUC"),
    ];
    table("By label", &head, &rows)
}

fn calibration_row(what: &str, report: &ProbabilityReport) -> String {
    row(&[
        name(what),
        figure(report.log_loss),
        figure(report.brier),
        figure(report.expected_calibration_error),
    ])
}

/// Row of the bin `i` of so many.
fn bin_row(series: &[(&str, &ProbabilityReport)], i: usize, bins: usize) -> String {
    let edge = |index: usize| format!("{:.2}", share(index as u64, bins as u64));
    let mut cells = vec![name(&format!("{} to {}", edge(i), edge(i + 1)))];
    for (_, report) in series {
        match report.bins.get(i).filter(|bin| bin.examples > 0) {
            Some(bin) => cells.extend([
                number(bin.examples),
                figure(mean(bin.confidence, bin.examples)),
                figure(share(bin.correct, bin.examples)),
            ]),
            None => cells.extend([number(0), number("–"), number("–")]),
        }
    }
    row(&cells)
}

/// Writes the effect of the temperature, and the bins of the reliability diagram.
pub(crate) fn reliability(
    calibration: Option<&CalibrationReport>,
    series: &[(&str, &ProbabilityReport)],
) -> String {
    let mut parts = vec![];
    if let Some(c) = calibration {
        let rows = [calibration_row("before", &c.before), calibration_row("after", &c.after)];
        let caption = format!("Calibration with the temperature {:.4}", c.temperature);
        let head =
            [Words(""), Numbers("log loss"), Numbers("Brier score"), Numbers("calibration error")];
        parts.push(table(&caption, &head, &rows));
    }
    let bins = series.iter().map(|(_, p)| p.bins.len()).max().unwrap_or(0);
    let filled =
        |i: &usize| series.iter().any(|(_, p)| p.bins.get(*i).is_some_and(|bin| bin.examples > 0));
    let rows: Vec<String> = (0..bins).filter(filled).map(|i| bin_row(series, i, bins)).collect();
    let group = |(kind, _): &(&str, _)| format!("<th colspan=\"3\" scope=\"colgroup\">{kind}</th>");
    let groups: Vec<String> = series.iter().map(group).collect();
    let groups = groups.concat();
    let three = "<th scope=\"col\">examples</th><th scope=\"col\">mean probability</th>\
                 <th scope=\"col\">correct</th>";
    let head = format!(
        "<tr><th rowspan=\"2\" scope=\"col\" class=\"list\">top probability</th>{groups}</tr>\n<tr>{}</tr>",
        three.repeat(series.len())
    );
    parts.push(framed("Share of correct predictions by probability", &head, &rows));
    parts.concat()
}

/// Writes the learning curve in numbers.
pub(crate) fn curve(points: &[LearningPoint]) -> String {
    let point_row =
        |p: &LearningPoint| row(&[number(p.examples), figure(p.accuracy), figure(p.macro_f1)]);
    let rows: Vec<String> = points.iter().map(point_row).collect();
    table(
        "By number of training examples",
        &[Numbers("examples"), Numbers("accuracy"), Numbers("macro F1")],
        &rows,
    )
}

/// Returns `part / whole`; 0 if `whole` is 0.
pub(crate) fn share(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    mean(part as f64, whole)
}

pub(crate) fn mean(sum: f64, of: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    if of == 0 { 0.0 } else { sum / of as f64 }
}
