//! Labels of texts and pairs against gold labels, by one classifier or two on the same examples.
//!
//! - [`ConfidentErrors`]: wrongly labelled examples, the most confident first.
mod errors;

use cloze_heads::classify::Prediction;
use cloze_metrics::labels::{
    LabelComparison, LabelEvaluation, LabelOutcome, compare_labels, evaluate_labels,
};
use serde::Serialize;

use super::EvaluateError;
use crate::{Error, Input, InputClassifier};

pub use errors::{ConfidentErrors, SourceExample};

/// Most labels that an error lists.
const LISTED_LABELS: usize = 30;

/// Text or pair with its gold labels.
#[derive(Clone, Copy, Debug)]
pub struct GoldExample<'a> {
    /// Text or pair.
    pub input: Input<'a>,
    /// Gold labels; a label twice counts once.
    pub labels: &'a [String],
}

/// Predictions for one example.
#[derive(Debug)]
pub struct ClassifiedExample {
    /// Prediction of each model; the example counts if no model has failed.
    pub predictions: Vec<Result<Prediction, Error>>,
    /// Whether the first model predicts exactly the gold labels; `None` for an example that does not
    /// count.
    pub right: Option<bool>,
}

/// Evaluation of one classifier, or of two that are compared; of each example the outcome alone is
/// kept.
#[derive(Debug)]
pub struct ClassifierEvaluation<'m> {
    models: Vec<Evaluated<'m>>,
}

#[derive(Debug)]
struct Evaluated<'m> {
    classifier: &'m InputClassifier,
    outcomes: Vec<LabelOutcome>,
}

impl Evaluated<'_> {
    fn multi_label(&self) -> bool {
        self.classifier.classifier().head().multi_label()
    }

    /// Returns whether any gold label so far is one of the model's.
    fn shares_labels(&self) -> bool {
        let known = |label: &String| self.classifier.labels().contains(label);
        self.outcomes.iter().any(|outcome| outcome.gold.iter().any(known))
    }

    fn check(&self) -> Result<(), EvaluateError> {
        if self.outcomes.is_empty() {
            return Err(EvaluateError::NoRecords);
        }
        if self.shares_labels() {
            return Ok(());
        }
        let mut gold: Vec<&str> =
            self.outcomes.iter().flat_map(|o| &o.gold).map(String::as_str).collect();
        gold.sort_unstable();
        gold.dedup();
        let labels: Vec<&str> = self.classifier.labels().iter().map(String::as_str).collect();
        Err(EvaluateError::OtherLabels {
            model: self.classifier.name().to_owned(),
            expected: listed(&labels),
            found: listed(&gold),
        })
    }

    fn evaluate(&self, seed: u64) -> Result<LabelEvaluation, EvaluateError> {
        let labels = self.classifier.labels();
        Ok(evaluate_labels(labels, self.multi_label(), &self.outcomes, seed)?)
    }

    fn model(&self) -> EvaluatedModel {
        let counts = self.classifier.counts();
        EvaluatedModel {
            name: self.classifier.name().to_owned(),
            long_texts: counts.long,
            truncated_texts: counts.truncated,
        }
    }
}

fn listed(labels: &[&str]) -> String {
    match labels.len() {
        0 => "none".to_owned(),
        n if n > LISTED_LABELS => {
            format!("{} and {} more", labels[..LISTED_LABELS].join(", "), n - LISTED_LABELS)
        }
        _ => labels.join(", "),
    }
}

impl<'m> ClassifierEvaluation<'m> {
    /// An evaluation of one classifier, without examples yet.
    #[must_use]
    pub fn new(classifier: &'m InputClassifier) -> Self {
        Self { models: vec![Evaluated { classifier, outcomes: vec![] }] }
    }

    /// An evaluation of two classifiers on the same examples.
    ///
    /// # Errors
    /// [`EvaluateError::Incomparable`] if one chooses a single label and the other any number.
    pub fn compare(
        first: &'m InputClassifier,
        second: &'m InputClassifier,
    ) -> Result<Self, EvaluateError> {
        let [first, second] =
            [first, second].map(|classifier| Evaluated { classifier, outcomes: vec![] });
        if first.multi_label() != second.multi_label() {
            let [single, multi] =
                if first.multi_label() { [&second, &first] } else { [&first, &second] };
            return Err(EvaluateError::Incomparable {
                single: single.classifier.name().to_owned(),
                multi: multi.classifier.name().to_owned(),
            });
        }
        Ok(Self { models: vec![first, second] })
    }

    /// Classifies examples and keeps the outcomes. An example that one of the models fails on counts for
    /// none, so that all are evaluated on the same ones.
    ///
    /// # Errors
    /// As [`InputClassifier::classify_batch`], for what is not of one text.
    pub fn add(
        &mut self,
        examples: &[GoldExample<'_>],
    ) -> Result<Vec<ClassifiedExample>, EvaluateError> {
        let inputs: Vec<Input<'_>> = examples.iter().map(|example| example.input).collect();
        let mut predicted = vec![];
        for model in &self.models {
            let results = model.classifier.classify_batch(&inputs)?;
            predicted.push(results.into_iter());
        }
        let classified = examples.iter().map(|example| {
            let predictions: Vec<_> = predicted.iter_mut().filter_map(Iterator::next).collect();
            let complete: Option<Vec<&Prediction>> =
                predictions.iter().map(|result| result.as_ref().ok()).collect();
            let right =
                complete.and_then(|predictions| count(&mut self.models, example, &predictions));
            ClassifiedExample { predictions, right }
        });
        Ok(classified.collect())
    }

    /// Number of examples that count.
    #[must_use]
    pub fn examples(&self) -> usize {
        self.models.first().map_or(0, |model| model.outcomes.len())
    }

    /// Names of models none of whose labels is a gold label so far.
    #[must_use]
    pub fn without_shared_labels(&self) -> Vec<&str> {
        let models = self.models.iter().filter(|m| !m.outcomes.is_empty() && !m.shares_labels());
        models.map(|model| model.classifier.name()).collect()
    }

    /// Figures with intervals, and of two models their comparison; `seed` is that of resamples.
    ///
    /// # Errors
    /// [`EvaluateError::NoRecords`] without an example; [`EvaluateError::OtherLabels`] if no gold label
    /// is one of a model's.
    pub fn report(&self, seed: u64) -> Result<ClassifierEvaluationReport, EvaluateError> {
        self.models.iter().try_for_each(Evaluated::check)?;
        let compare = match &self.models[..] {
            [first, second] => {
                let both = [first, second].map(|m| (m.classifier.labels(), &m.outcomes[..]));
                let comparison = compare_labels(both, seed)?;
                let report = second.evaluate(seed)?;
                Some(ComparedClassifier { model: second.model(), report, comparison })
            }
            _ => None,
        };
        let first = self.models.first().ok_or(EvaluateError::NoRecords)?;
        Ok(ClassifierEvaluationReport {
            model: first.model(),
            evaluation: first.evaluate(seed)?,
            compare,
        })
    }
}

/// Keeps the outcomes of an example, and returns whether that of the first model is right.
fn count(
    models: &mut [Evaluated<'_>],
    example: &GoldExample<'_>,
    predictions: &[&Prediction],
) -> Option<bool> {
    // Sets: the same label twice is one.
    let mut gold = example.labels.to_vec();
    gold.sort_unstable();
    gold.dedup();
    for (model, prediction) in models.iter_mut().zip(predictions) {
        model.outcomes.push(LabelOutcome::new(
            gold.clone(),
            prediction.labels.clone(),
            &prediction.probabilities,
            model.classifier.labels(),
        ));
    }
    models.first().and_then(|model| Some(model.outcomes.last()?.is_right()))
}

/// Report of an evaluation of labels.
#[derive(Clone, Debug, Serialize)]
pub struct ClassifierEvaluationReport {
    /// Model.
    #[serde(flatten)]
    pub model: EvaluatedModel,
    /// Figures.
    #[serde(flatten)]
    pub evaluation: LabelEvaluation,
    /// Second model, where two are compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compare: Option<ComparedClassifier>,
}

/// Model with the lengths of its texts.
#[derive(Clone, Debug, Serialize)]
pub struct EvaluatedModel {
    /// Name.
    #[serde(rename = "model")]
    pub name: String,
    /// Number of texts longer than a window, and of pairs longer than the model takes.
    pub long_texts: u64,
    /// Number of texts of which only a part was seen.
    pub truncated_texts: u64,
}

/// Second classifier, and the differences: the first less the second.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedClassifier {
    /// Model.
    #[serde(flatten)]
    pub model: EvaluatedModel,
    /// Figures.
    pub report: LabelEvaluation,
    /// Differences with their tests.
    #[serde(flatten)]
    pub comparison: LabelComparison,
}
