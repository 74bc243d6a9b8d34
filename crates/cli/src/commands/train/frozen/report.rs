//! What a training has come to.
use std::collections::BTreeMap;
use std::io::{self, Write};

use cloze::metrics::probability::ProbabilityReport;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::terminal::messages::plural;
use cloze::metrics::labels::{LabelEvaluation, LabelReport};
use cloze_report::DataFile;
use cloze_report::text::one_line;

/// All of it, as `report.json` has it.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) cloze: &'static str,
    pub(super) task: &'static str,
    /// What was typed, without the program's name.
    pub(super) command: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) license: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attribution: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<String>,
    pub(super) model: ModelRef,
    pub(super) data: Vec<DataFile>,
    pub(super) examples: usize,
    /// How many examples have each label.
    pub(super) labels: BTreeMap<String, usize>,
    /// How rows and features are made.
    pub(super) features: Map<String, Value>,
    /// How the head was fitted.
    pub(super) head: Map<String, Value>,
    /// Steps of the solver of the last fit, on all examples.
    pub(super) iterations: u64,
    pub(super) converged: bool,
    /// Of settings that were tried, the best one first where there were several.
    pub(super) trials: Vec<Trial>,
    /// On examples held out from the fit.
    pub(super) held_out: Option<HeldOut>,
    pub(super) threshold: Option<Threshold>,
    /// On other data, by the model as it is saved.
    pub(super) test: Option<Tested>,
    pub(super) draws: Option<Draws>,
    pub(super) curve: Vec<CurvePoint>,
    /// How many labels are likely wrong.
    pub(super) likely_label_errors_found: usize,
    /// The likeliest of them.
    pub(super) likely_label_errors: Vec<LikelyError>,
    pub(super) seconds: Seconds,
}

#[derive(Serialize)]
pub(super) struct ModelRef {
    pub(super) name: String,
    pub(super) sha256: String,
}

/// Settings that were tried.
#[derive(Clone, Serialize)]
pub(super) struct Trial {
    pub(super) settings: Map<String, Value>,
    /// On how many examples.
    pub(super) examples: usize,
    /// `log loss`, the smaller the better, or `macro F1`.
    pub(super) figure: &'static str,
    /// Over the examples held out, or over folds.
    pub(super) mean: f64,
    /// Over folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) std: Option<f64>,
}

#[derive(Serialize)]
pub(super) struct HeldOut {
    /// In words: `5 folds`, or `0.1 held out`.
    pub(super) how: String,
    #[serde(flatten)]
    pub(super) judged: LabelEvaluation,
    pub(super) calibration: Option<Calibration>,
    /// Wrong with the highest probability, the surest first.
    pub(super) confident_errors: Vec<ConfidentError>,
}

/// What softening or sharpening the probabilities is worth. The temperature of each example is learned
/// from others: those of other folds, or of the other half.
#[derive(Clone, Serialize)]
pub(crate) struct Calibration {
    /// Of the saved model: learned from all examples held out.
    pub(crate) temperature: f64,
    pub(crate) before: ProbabilityReport,
    pub(crate) after: ProbabilityReport,
}

#[derive(Serialize)]
pub(super) struct Threshold {
    pub(super) label: String,
    pub(super) probability: f64,
    /// On the examples held out.
    pub(super) precision: f64,
    pub(super) recall: f64,
}

#[derive(Serialize)]
pub(super) struct Tested {
    pub(super) data: Vec<DataFile>,
    #[serde(flatten)]
    pub(super) judged: LabelEvaluation,
    pub(super) confident_errors: Vec<ConfidentError>,
}

/// Several small draws of the training examples, judged on the test data.
#[derive(Serialize)]
pub(super) struct Draws {
    pub(super) examples_a_label: usize,
    pub(super) accuracy: Vec<f64>,
    pub(super) mean: f64,
    /// Divided by one less than there are; 0 of one.
    pub(super) std: f64,
}

#[derive(Serialize)]
pub(super) struct CurvePoint {
    pub(super) examples: usize,
    pub(super) accuracy: f64,
    pub(super) macro_f1: f64,
}

/// A text whose label was not predicted.
#[derive(Serialize)]
pub(crate) struct ConfidentError {
    pub(crate) path: String,
    pub(crate) line: u64,
    /// Left out with `--no-texts`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) second: Option<String>,
    pub(crate) gold: Vec<String>,
    pub(crate) predicted: Vec<String>,
    pub(crate) probability: f64,
}

/// A text whose label is likely not the right one.
#[derive(Serialize)]
pub(super) struct LikelyError {
    pub(super) path: String,
    pub(super) line: u64,
    /// Left out with `--no-texts`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) second: Option<String>,
    pub(super) given: String,
    pub(super) suggested: String,
    /// By how much the suggested one is more probable.
    pub(super) margin: f64,
}

/// Where the time went.
#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Seconds {
    pub(super) reading: f64,
    pub(super) encoding: f64,
    pub(super) fitting: f64,
    pub(super) judging: f64,
    pub(super) total: f64,
    /// Texts or pairs that were encoded, and not taken from what was kept.
    pub(super) encoded: usize,
}

impl Report {
    /// Whether an example has any number of labels; known once some were judged.
    pub(super) fn multi_label(&self) -> Option<bool> {
        let held_out = self.held_out.as_ref().map(|held_out| &held_out.judged);
        let judged = held_out.or(self.test.as_ref().map(|test| &test.judged))?;
        Some(matches!(judged.report, LabelReport::Multi(_)))
    }

    /// The report for people.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let n = plural(self.examples as u64, "example");
        writeln!(out, "{} (SHA-256 {}), {n}, labels {}", self.model.name, self.model.sha256, {
            let shown: Vec<String> =
                self.labels.iter().take(20).map(|(l, n)| format!("{} {n}", one_line(l))).collect();
            let more = if self.labels.len() > 20 { ", …" } else { "" };
            shown.join(", ") + more
        })?;
        writeln!(out, "features: {}", settings(&self.features))?;
        writeln!(out, "head: {}", settings(&self.head))?;
        if let Some(draws) = &self.draws {
            writeln!(
                out,
                "{} of {} a label: accuracy on the test data {:.4} ± {:.4}",
                plural(draws.accuracy.len() as u64, "draw"),
                plural(draws.examples_a_label as u64, "example"),
                draws.mean,
                draws.std
            )?;
        }
        if let Some(held_out) = &self.held_out {
            writeln!(out, "\njudged by {}:\n", held_out.how)?;
            cloze_report::labels::write_evaluation(&held_out.judged, out)?;
            if let Some(c) = &held_out.calibration {
                writeln!(
                    out,
                    "temperature        {:.4}: calibration error {:.4} before, {:.4} after",
                    c.temperature,
                    c.before.expected_calibration_error,
                    c.after.expected_calibration_error
                )?;
            }
        }
        if let Some(t) = &self.threshold {
            writeln!(
                out,
                "threshold of {}: {:.4}, where precision is {:.4} and recall {:.4}",
                t.label, t.probability, t.precision, t.recall
            )?;
        }
        if let Some(test) = &self.test {
            let files: Vec<&str> = test.data.iter().map(|d| d.file.as_str()).collect();
            writeln!(out, "\non {}:\n", files.join(", "))?;
            cloze_report::labels::write_evaluation(&test.judged, out)?;
        }
        if !self.curve.is_empty() {
            writeln!(out, "\n{:>8}  accuracy  macro F1", "examples")?;
            for p in &self.curve {
                writeln!(out, "{:>8}  {:>8.4}  {:>8.4}", p.examples, p.accuracy, p.macro_f1)?;
            }
        }
        if !self.likely_label_errors.is_empty() {
            let n = plural(self.likely_label_errors_found as u64, "label");
            writeln!(out, "\n{n} likely wrong, the likeliest first (more in report.html):")?;
            for e in self.likely_label_errors.iter().take(5) {
                writeln!(out, "{}:{}: {}, rather {}", e.path, e.line, e.given, e.suggested)?;
            }
        }
        Ok(())
    }
}

/// `a b, c d`: settings on a line.
pub(super) fn settings(all: &Map<String, Value>) -> String {
    let one = |(name, value): (&String, &Value)| match value {
        Value::Null | Value::Bool(false) => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(format!("{name} {text}")),
        Value::Bool(true) => Some(name.clone()),
        value => Some(format!("{name} {value}")),
    };
    all.iter().filter_map(one).collect::<Vec<_>>().join(", ")
}
