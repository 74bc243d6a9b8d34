//! Model card of a classifier.
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use cloze_metrics::Scores;
use cloze_metrics::compare::Interval;

use crate::card::command_line::{self, quoted};
use crate::card::limits::{ByLabel, Limits};
use crate::card::markdown::{code_block, escaped, table};
use crate::card::{FrontMatter, files, labels, rights};
use crate::classifier::ClassifierReport;
use crate::classifier::text::settings;
use crate::text::{plural, scores_row};
use cloze_metrics::labels::{LabelEvaluation, LabelReport};

/// Writes the `README.md` of a model in a folder of this name.
#[must_use]
pub fn card(name: &str, report: &ClassifierReport) -> String {
    let mut parts = vec![front_matter(report), format!("# {}\n\n", escaped(name))];
    let description = report.description.as_deref().map(|text| escaped(text) + "\n\n");
    parts.extend(description);
    parts.push(what(report));
    parts.push(usage(name, report));
    parts.push(labels(&report.labels, "examples"));
    parts.push(data(report));
    parts.push(quality(report));
    parts.push(format!(
        "## Settings\n\n- Features: {}\n- Head: {}\n\n",
        escaped(&settings(&report.features)),
        escaped(&settings(&report.head))
    ));
    parts.push(own_limits(report));
    parts.push(command_line::section(&report.command));
    parts.push(rights(
        report.license.as_deref(),
        report.attribution.as_deref(),
        report.source.as_deref(),
    ));
    parts.concat()
}

fn front_matter(report: &ClassifierReport) -> String {
    let pairs = ["sentence-pair-classification"];
    let tags = if report.task == "pair" { &pairs[..] } else { &[] };
    let front = FrontMatter {
        license: report.license.as_deref(),
        language: report.language.as_deref(),
        pipeline: "text-classification",
        base: &report.model.name,
        tags,
        metrics: &["accuracy", "f1"],
    };
    front.write()
}

fn what(report: &ClassifierReport) -> String {
    let to = if report.task == "pair" { "a pair of texts" } else { "a text" };
    let given = match report.multi_label() {
        Some(true) => format!("none, one or several of {} labels", report.labels.len()),
        Some(false) => format!("one of {} labels", report.labels.len()),
        None => format!("labels ({} in all)", report.labels.len()),
    };
    format!(
        "Assigns {given} to {to}: a classification head on the encoder {}, trained by cloze {}.\n\n",
        escaped(&report.model.name),
        escaped(report.cloze)
    )
}

fn usage(name: &str, report: &ClassifierReport) -> String {
    let command = if report.task == "pair" { "pair" } else { "classify" };
    let call = format!("cloze {command} FILE --model {}", quoted(&format!("./{name}")));
    format!(
        "## Use\n\n{}\nThe encoder is not in this folder: `cloze.json` has its path, and its SHA-256, {}, identifies \
         it.\n\n",
        code_block("sh", &call),
        escaped(&report.model.sha256)
    )
}

fn data(report: &ClassifierReport) -> String {
    let n = plural(report.examples as u64, "example");
    format!("## Training data\n\n{n}.\n\n{}\n", files(&report.data, "examples"))
}

fn quality(report: &ClassifierReport) -> String {
    let mut parts = vec!["## Evaluation\n\n".to_owned()];
    match &report.held_out {
        Some(held_out) => {
            let how = escaped(&held_out.how);
            parts.push(format!(
                "Evaluated by {how}: each example by a head that was not fitted on it.\n\n{}",
                figures(&held_out.evaluation)
            ));
            if let Some(c) = &held_out.calibration {
                parts.push(format!(
                    "Probabilities are calibrated with the temperature {:.4}. It changes the calibration \
                     error from {:.4} to {:.4} and the log loss from {:.4} to {:.4}, fitted on other \
                     examples than those it is evaluated on.\n\n",
                    c.temperature,
                    c.before.expected_calibration_error,
                    c.after.expected_calibration_error,
                    c.before.log_loss,
                    c.after.log_loss
                ));
            }
        }
        None => parts.push("No examples were held out for evaluation.\n\n".to_owned()),
    }
    if let Some(t) = &report.threshold {
        parts.push(format!(
            "The label {} is predicted from a probability of {:.4}; on the held-out examples precision is \
             then {:.4} and recall {:.4}.\n\n",
            escaped(&t.label),
            t.probability,
            t.precision,
            t.recall
        ));
    }
    if let Some(test) = &report.test {
        parts.push(format!(
            "### On test data\n\n{}\n{}",
            files(&test.data, "examples"),
            figures(&test.evaluation)
        ));
    }
    if let Some(draws) = &report.draws {
        parts.push(format!(
            "{} of {} per label gave an accuracy of {:.4} ± {:.4} on the test data (mean and standard \
             deviation); this is the last of them.\n\n",
            plural(draws.accuracy.len() as u64, "draw"),
            plural(draws.examples_a_label as u64, "example"),
            draws.mean,
            draws.std
        ));
    }
    parts
        .push("`report.html` has all metrics, plots and the most confident errors.\n\n".to_owned());
    parts.concat()
}

fn figures(evaluation: &LabelEvaluation) -> String {
    let with = |what: &str, i: &Interval| {
        let interval = format!("{:.4} to {:.4}", i.low, i.high);
        vec![what.to_owned(), format!("{:.4}", i.estimate), interval]
    };
    let without =
        |what: &str, value: f64| vec![what.to_owned(), format!("{value:.4}"), String::new()];
    let (first, other, value) = match &evaluation.report {
        LabelReport::Single(report) => ("accuracy", "Matthews’ correlation", report.matthews),
        LabelReport::Multi(report) => ("exact match", "Hamming loss", report.hamming_loss),
    };
    let mut rows = vec![
        with(first, &evaluation.intervals.accuracy),
        with("macro F1", &evaluation.intervals.macro_f1),
    ];
    rows.push(without(other, value));
    if let Some(p) = &evaluation.probability {
        rows.push(without("log loss", p.log_loss));
        rows.push(without("calibration error", p.expected_calibration_error));
    }
    let interval = format!("{:.0} % interval", 100.0 * evaluation.intervals.accuracy.level);
    let of = format!("of {}", plural(evaluation.examples(), "example"));
    let whole = table(&[&of, "value", &interval], 1, &rows);
    let labels = by_label(evaluation).iter();
    let rows: Vec<Vec<String>> =
        labels.map(|(label, scores)| scores_row(escaped(label), scores)).collect();
    let each = table(&["label", "precision", "recall", "F1", "support"], 1, &rows);
    format!("{whole}\n{each}\n")
}

/// Writes the limits of the classifier and the likely errors in its data.
fn own_limits(report: &ClassifierReport) -> String {
    let mut sentences = vec![
        "It predicts only the labels above, and cannot say that a text is about something else; a low \
         probability is the only sign."
            .to_owned(),
    ];
    if !report.converged {
        let n = plural(report.iterations, "step");
        sentences.push(format!("The head had not converged after {n}."));
    }
    if !report.likely_label_errors.is_empty() {
        let n = plural(report.likely_label_errors_found as u64, "label");
        sentences.push(format!("In the training data {n} may be wrong; `report.html` lists them."));
    }
    let test = report.test.as_ref().map(|test| ("of test data", &test.evaluation));
    let held_out = || report.held_out.as_ref().map(|held_out| ("held out", &held_out.evaluation));
    let evaluation = test.or_else(held_out).map(|(which, evaluation)| ByLabel {
        on: format!("{} {which}", plural(evaluation.examples(), "example")),
        labels: by_label(evaluation).iter().map(|(label, s)| (label.as_str(), s)).collect(),
    });
    let limits = Limits {
        learned: plural(report.examples as u64, "example"),
        data: &report.data,
        language: report.language.as_deref(),
        labels: &report.labels,
        counted: "examples",
        evaluation,
        own: sentences,
    };
    limits.section()
}

fn by_label(evaluation: &LabelEvaluation) -> &BTreeMap<String, Scores> {
    match &evaluation.report {
        LabelReport::Single(report) => &report.labels,
        LabelReport::Multi(report) => &report.labels,
    }
}
