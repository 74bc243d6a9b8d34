//! Reports on classifiers whose head was fitted on the vectors of an encoder: the data, and
//! plain text, a page with plots, and a model card.
//!
//! - `text`: plain text; `page`: HTML; `card`: Markdown.
pub mod card;
pub mod page;
pub(crate) mod text;

use crate::tuning::BaseModel;
use std::collections::BTreeMap;

use cloze_metrics::labels::{LabelEvaluation, LabelReport};
use cloze_metrics::probability::ProbabilityReport;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::DataFile;

/// Report on a trained classifier; `report.json` in the model's folder is its JSON.
#[derive(Clone, Debug, Serialize)]
pub struct ClassifierReport {
    /// Version of cloze that trained it.
    pub cloze: &'static str,
    /// `classify` for texts, `pair` for pairs of texts.
    pub task: &'static str,
    /// Command that trains it, without the program's name; empty where it was trained otherwise.
    pub command: Vec<String>,
    /// Purpose of the model, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Licence, as an SPDX name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Attribution required by a licence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    /// Source of the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Language code of the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Encoder beneath the head.
    pub model: BaseModel,
    /// Training data.
    pub data: Vec<DataFile>,
    /// Number of training examples.
    pub examples: usize,
    /// Number of training examples by label.
    pub labels: BTreeMap<String, usize>,
    /// Settings of rows and features.
    pub features: Map<String, Value>,
    /// Settings of the head.
    pub head: Map<String, Value>,
    /// Steps of the solver in the last fit, on all examples.
    pub iterations: u64,
    /// Convergence of that fit.
    pub converged: bool,
    /// Settings that were tried, the best first where there were several.
    pub trials: Vec<TrialReport>,
    /// Evaluation on examples held out from the fit.
    pub held_out: Option<HeldOutEvaluation>,
    /// Threshold of a label, where one was chosen.
    pub threshold: Option<ThresholdReport>,
    /// Evaluation of the saved model on other data.
    pub test: Option<TestEvaluation>,
    /// Few-shot draws of the training examples.
    pub draws: Option<FewShotReport>,
    /// Learning curve, the fewest examples first; empty where it was not asked for.
    pub curve: Vec<LearningPoint>,
    /// Number of likely label errors.
    pub likely_label_errors_found: usize,
    /// Most likely label errors.
    pub likely_label_errors: Vec<LikelyLabelError>,
    /// Duration of each stage.
    pub seconds: TrainingSeconds,
}

/// Settings that were tried.
#[derive(Clone, Debug, Serialize)]
pub struct TrialReport {
    /// The settings.
    pub settings: Map<String, Value>,
    /// Number of examples.
    pub examples: usize,
    /// `log loss`, the smaller the better, or `macro F1`.
    pub figure: &'static str,
    /// Mean over the examples held out, or over folds.
    pub mean: f64,
    /// Standard deviation over folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub std: Option<f64>,
}

/// Evaluation on examples held out. The temperature and the threshold of each example are chosen on
/// others: those of other folds, or of the other half.
#[derive(Clone, Debug, Serialize)]
pub struct HeldOutEvaluation {
    /// Method: `5-fold cross-validation`, or `a hold-out of 100 examples`.
    pub how: String,
    /// Figures.
    #[serde(flatten)]
    pub evaluation: LabelEvaluation,
    /// Effect of the temperature.
    pub calibration: Option<CalibrationReport>,
    /// Most confident errors, the most probable first.
    pub confident_errors: Vec<ConfidentError>,
}

/// Effect of the temperature on the probabilities. The temperature of each example is fitted on
/// others: those of other folds, or of the other half.
#[derive(Clone, Debug, Serialize)]
pub struct CalibrationReport {
    /// Temperature of the saved model, fitted on all examples held out.
    pub temperature: f64,
    /// Probabilities at temperature 1.
    pub before: ProbabilityReport,
    /// Probabilities with the temperature.
    pub after: ProbabilityReport,
}

/// Threshold of a label.
#[derive(Clone, Debug, Serialize)]
pub struct ThresholdReport {
    /// Label.
    pub label: String,
    /// Lowest probability at which the label is given.
    pub probability: f64,
    /// Precision on the examples held out, on which the threshold was chosen.
    pub precision: f64,
    /// Recall on the examples held out, on which the threshold was chosen.
    pub recall: f64,
}

/// Evaluation on test data.
#[derive(Clone, Debug, Serialize)]
pub struct TestEvaluation {
    /// Test data.
    pub data: Vec<DataFile>,
    /// Figures.
    #[serde(flatten)]
    pub evaluation: LabelEvaluation,
    /// Most confident errors, the most probable first.
    pub confident_errors: Vec<ConfidentError>,
}

/// Few-shot draws of the training examples, each evaluated on the test data.
#[derive(Clone, Debug, Serialize)]
pub struct FewShotReport {
    /// Number of examples drawn of each label.
    pub examples_a_label: usize,
    /// Accuracy of each draw.
    pub accuracy: Vec<f64>,
    /// Mean of the accuracies.
    pub mean: f64,
    /// Standard deviation, divided by one less than the number of draws; 0 for one draw.
    pub std: f64,
}

/// Point of a learning curve.
#[derive(Clone, Debug, Serialize)]
pub struct LearningPoint {
    /// Number of training examples.
    pub examples: usize,
    /// Accuracy on the examples held out.
    pub accuracy: f64,
    /// Macro F1 on the examples held out.
    pub macro_f1: f64,
}

/// Example whose gold labels were not predicted.
#[derive(Clone, Debug, Serialize)]
pub struct ConfidentError {
    /// File.
    pub path: String,
    /// Line, from 1.
    pub line: u64,
    /// Text; empty where reports show none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Second text of a pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
    /// Gold labels.
    pub gold: Vec<String>,
    /// Predicted labels.
    pub predicted: Vec<String>,
    /// Highest probability.
    pub probability: f64,
}

/// Example with a likely label error.
#[derive(Clone, Debug, Serialize)]
pub struct LikelyLabelError {
    /// File.
    pub path: String,
    /// Line, from 1.
    pub line: u64,
    /// Text; empty where reports show none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Second text of a pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
    /// Label in the data.
    pub given: String,
    /// More likely label.
    pub suggested: String,
    /// Difference of the two labels' probabilities.
    pub margin: f64,
}

/// Duration of each stage, in seconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct TrainingSeconds {
    /// Reading the data and opening the model.
    pub reading: f64,
    /// Encoding texts.
    pub encoding: f64,
    /// Choosing settings and fitting.
    pub fitting: f64,
    /// Evaluation.
    pub judging: f64,
    /// Whole training.
    pub total: f64,
    /// Number of texts or pairs that were encoded, not read from the cache.
    pub encoded: usize,
}

impl ClassifierReport {
    /// Returns whether an example has any number of labels; `None` where nothing was evaluated.
    #[must_use]
    pub fn multi_label(&self) -> Option<bool> {
        let held_out = self.held_out.as_ref().map(|held_out| &held_out.evaluation);
        let evaluation = held_out.or(self.test.as_ref().map(|test| &test.evaluation))?;
        Some(matches!(evaluation.report, LabelReport::Multi(_)))
    }
}
