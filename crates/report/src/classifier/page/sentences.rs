//! Summary of the report, in sentences.
use cloze_metrics::compare::Interval;

use crate::classifier::{ClassifierReport, HeldOutEvaluation, ThresholdReport};
use crate::page::table::label;
use crate::page::text;
use crate::text::plural;
use cloze_metrics::labels::{LabelEvaluation, LabelReport};

/// Returns the title of the page.
pub(crate) fn title(report: &ClassifierReport) -> String {
    format!("{} trained on {}", task(report), report.model.name)
}

fn task(report: &ClassifierReport) -> &'static str {
    match report.task {
        "pair" => "Classifier of pairs",
        _ => "Classifier of texts",
    }
}

/// Summarizes the quality of the model.
pub(crate) fn summary(report: &ClassifierReport) -> String {
    let mut sentences = vec![];
    if let Some(held_out) = &report.held_out {
        sentences.push(format!(
            "{}, evaluated by {}.",
            right(&held_out.evaluation),
            text(&held_out.how)
        ));
        if let Some(c) = &held_out.calibration {
            sentences.push(format!(
                "The calibration error is {} on average, and would be {} without the temperature {:.4} \
                 of the model.",
                points(c.after.expected_calibration_error),
                points(c.before.expected_calibration_error),
                c.temperature
            ));
        }
    } else {
        sentences.push("No examples were held out for evaluation.".to_owned());
    }
    if let Some(test) = &report.test {
        sentences.push(format!("On the test data {}.", right(&test.evaluation)));
    }
    if !report.converged {
        let steps = plural(report.iterations, "step");
        sentences.push(format!(
            "<strong>The head had not converged after {steps}.</strong> More steps may help."
        ));
    }
    format!("<p class=\"summary\">{}</p>\n", sentences.join(" "))
}

/// Writes the share of correct examples:
/// `82.5 % of 200 examples are correct (95 % interval 76.5 to 87.5 %)`.
fn right(evaluation: &LabelEvaluation) -> String {
    let what = match &evaluation.report {
        LabelReport::Single(_) => "are correct",
        LabelReport::Multi(_) => "have exactly the gold labels",
    };
    let Interval { low, high, level, .. } = evaluation.intervals.accuracy;
    format!(
        "{:.1} % of {} {what} ({:.0} % interval {:.1} to {:.1} %)",
        100.0 * evaluation.accuracy(),
        plural(evaluation.examples(), "example"),
        100.0 * level,
        100.0 * low,
        100.0 * high
    )
}

fn points(share: f64) -> String {
    format!("{:.1} points", 100.0 * share)
}

/// Explains the evaluation on held-out examples.
pub(crate) fn how(held_out: &HeldOutEvaluation) -> String {
    let mut how =
        "<p>Each of these examples was predicted by a head that was not fitted on it. ".to_owned();
    how += "The model itself is fitted on all examples.";
    if held_out.calibration.is_some() {
        how += " Its temperature is fitted on the same examples; in the table of calibration the \
                temperature of each example is fitted on others.";
    }
    how + "</p>\n"
}

pub(crate) fn threshold(threshold: &ThresholdReport) -> String {
    format!(
        "<p>The label {} is predicted from a probability of {:.4}. On the held-out examples, on \
         which it was chosen, its precision is then {:.4}, and its recall {:.4}; in the table above each \
         example is decided by a threshold chosen on others.</p>\n",
        label(&threshold.label),
        threshold.probability,
        threshold.precision,
        threshold.recall
    )
}

/// Names the labels unknown to the model.
pub(crate) fn unknown_labels(evaluation: &LabelEvaluation) -> String {
    if evaluation.unknown_labels.is_empty() {
        return String::new();
    }
    let names: Vec<String> = evaluation.unknown_labels.iter().map(|name| label(name)).collect();
    format!("<p>Labels unknown to the model, counted as errors: {}.</p>\n", names.join(", "))
}
