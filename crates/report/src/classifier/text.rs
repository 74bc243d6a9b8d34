//! Reports on a training as plain text.
use std::io::{self, Write};

use serde_json::{Map, Value};

use super::ClassifierReport;
use crate::labels::write_evaluation;
use crate::text::{one_line, plural};

impl ClassifierReport {
    /// Writes the report as plain text.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
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
                "{} of {} per label: accuracy on the test data {:.4} ± {:.4}",
                plural(draws.accuracy.len() as u64, "draw"),
                plural(draws.examples_a_label as u64, "example"),
                draws.mean,
                draws.std
            )?;
        }
        if let Some(held_out) = &self.held_out {
            writeln!(out, "\nevaluated by {}:\n", held_out.how)?;
            write_evaluation(&held_out.evaluation, out)?;
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
            write_evaluation(&test.evaluation, out)?;
        }
        if !self.curve.is_empty() {
            writeln!(out, "\n{:>8}  accuracy  macro F1", "examples")?;
            for p in &self.curve {
                writeln!(out, "{:>8}  {:>8.4}  {:>8.4}", p.examples, p.accuracy, p.macro_f1)?;
            }
        }
        if !self.likely_label_errors.is_empty() {
            let n = plural(self.likely_label_errors_found as u64, "likely label error");
            writeln!(out, "\n{n}, the most likely first (more in report.html):")?;
            for e in self.likely_label_errors.iter().take(5) {
                writeln!(out, "{}:{}: {}, suggested {}", e.path, e.line, e.given, e.suggested)?;
            }
        }
        Ok(())
    }
}

/// Joins settings on one line: `a b, c d`.
pub(crate) fn settings(settings: &Map<String, Value>) -> String {
    let shown = settings.iter().filter_map(|(name, value)| setting(name, value));
    shown.collect::<Vec<_>>().join(", ")
}

/// Name and value of a setting; `None` if it is off or empty.
fn setting(name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(format!("{name} {text}")),
        Value::Bool(true) => Some(name.to_owned()),
        value => Some(format!("{name} {value}")),
    }
}
