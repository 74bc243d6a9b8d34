//! Figures of labels.
use cloze_metrics::Scores;
use cloze_metrics::compare::Interval;
use cloze_metrics::labels::{LabelEvaluation, LabelReport};
use serde::Serialize;

use super::Figures;
use crate::classifier::{CalibrationReport, ConfidentError, page};
use crate::text::scores_row;

/// Figures of labels, and the most confident errors.
#[derive(Clone, Debug, Serialize)]
pub struct LabelFigures {
    /// Evaluation of the labels.
    #[serde(flatten)]
    pub evaluation: LabelEvaluation,
    /// Temperature that the logits are divided by, fitted on these examples; 1 where that improves nothing,
    /// `None` where none was to be fitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Effect of the temperature, where a text has one label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CalibrationReport>,
    /// Wrong predictions, the most probable first.
    pub confident_errors: Vec<ConfidentError>,
}

impl Figures for LabelFigures {
    const METRIC: &'static str = "macro F1";
    const PIPELINE: &'static str = "text-classification";
    const METRICS: &'static [&'static str] = &["accuracy", "f1"];

    fn note(&self) -> String {
        let LabelEvaluation { intervals, probability, .. } = &self.evaluation;
        let between = |i: &Interval| format!("{:.4} ({:.4} to {:.4})", i.estimate, i.low, i.high);
        let first = match &self.evaluation.report {
            LabelReport::Single(_) => "accuracy",
            LabelReport::Multi(_) => "exact match",
        };
        let mut parts = vec![
            format!("{first} {}", between(&intervals.accuracy)),
            format!("macro F1 {}", between(&intervals.macro_f1)),
        ];
        match &self.evaluation.report {
            LabelReport::Single(report) => parts.push(format!("Matthews {:.4}", report.matthews)),
            LabelReport::Multi(report) => {
                parts.push(format!("Hamming loss {:.4}", report.hamming_loss));
            }
        }
        if let Some(p) = probability {
            parts.push(format!("log loss {:.4}", p.log_loss));
            parts.push(format!("calibration error {:.4}", p.expected_calibration_error));
        }
        match (self.temperature, &self.calibration) {
            (_, Some(c)) => parts.push(format!(
                "temperature {:.4} (calibration error {:.4} before, {:.4} after)",
                c.temperature,
                c.before.expected_calibration_error,
                c.after.expected_calibration_error
            )),
            (Some(1.0), None) => {
                parts.push("no temperature, as none improves the probabilities".into());
            }
            (Some(temperature), None) => parts.push(format!("temperature {temperature:.4}")),
            (None, None) => {}
        }
        if !self.evaluation.unknown_labels.is_empty() {
            let unknown = self.evaluation.unknown_labels.join(", ");
            parts.push(format!("labels unknown to the model, counted as errors: {unknown}"));
        }
        parts.join(", ")
    }

    fn head(&self) -> Vec<&'static str> {
        vec!["label", "precision", "recall", "F1", "support"]
    }

    /// Returns the rows of each label, then of the averages.
    fn rows(&self) -> Vec<Vec<String>> {
        let (labels, averages) = match &self.evaluation.report {
            LabelReport::Single(report) => (&report.labels, &report.averages),
            LabelReport::Multi(report) => (&report.labels, &report.averages),
        };
        let mut rows: Vec<_> =
            labels.iter().map(|(label, scores)| scores_row(label.clone(), scores)).collect();
        rows.push(scores_row("macro average".to_owned(), &averages.r#macro));
        rows.push(scores_row("micro average".to_owned(), &averages.micro));
        rows
    }

    fn by_label(&self) -> Vec<(&str, &Scores)> {
        let labels = match &self.evaluation.report {
            LabelReport::Single(report) => &report.labels,
            LabelReport::Multi(report) => &report.labels,
        };
        labels.iter().map(|(label, s)| (label.as_str(), s)).collect()
    }

    fn extra_html(&self) -> String {
        page::details(&self.evaluation, self.calibration.as_ref(), &self.confident_errors)
    }
}
