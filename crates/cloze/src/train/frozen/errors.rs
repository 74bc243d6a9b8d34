//! Examples to look at: most confident errors, and labels that are likely wrong.
use cloze_heads::classify::Classifier;
use cloze_metrics::labels::LabelOutcome;
use cloze_report::classifier::{ConfidentError, LikelyLabelError};
use cloze_train::label_errors;

use super::fit::EncodedSet;
use super::{FitError, HeldOutLogits, LabelledText};

/// Most confident errors in a report.
const MOST_ERRORS: usize = 50;
/// Most likely label errors in a report.
const MOST_LABEL_ERRORS: usize = 200;

/// The most confident errors, the most probable first; with `texts` with their texts. `outcomes`
/// belong to `examples`.
pub fn confident_errors<'e>(
    outcomes: &[LabelOutcome],
    examples: impl Iterator<Item = &'e LabelledText>,
    texts: bool,
) -> Vec<ConfidentError> {
    let top = |o: &LabelOutcome| o.probabilities.iter().copied().fold(0.0, f64::max);
    let mut wrong: Vec<(f64, &LabelOutcome, &LabelledText)> = outcomes
        .iter()
        .zip(examples)
        .filter(|(outcome, _)| !outcome.is_right())
        .map(|(outcome, example)| (top(outcome), outcome, example))
        .collect();
    wrong.sort_by(|a, b| b.0.total_cmp(&a.0));
    wrong
        .into_iter()
        .take(MOST_ERRORS)
        .map(|(probability, outcome, example)| ConfidentError {
            path: example.path.to_string(),
            line: example.line,
            text: if texts { example.text.clone() } else { String::new() },
            second: example.second.clone().filter(|_| texts),
            gold: outcome.gold.clone(),
            predicted: outcome.predicted.clone(),
            probability,
        })
        .collect()
}

/// Examples whose labels the others speak against: how many, and the likeliest.
pub(super) fn likely_label_errors(
    held_out: &HeldOutLogits,
    set: &EncodedSet,
    classifier: &Classifier,
    texts: bool,
) -> Result<(usize, Vec<LikelyLabelError>), FitError> {
    let mut probabilities = vec![];
    for logits in &held_out.logits {
        probabilities.push(classifier.head().probabilities(logits)?);
    }
    let names = set.labels.names();
    let errors = label_errors(&probabilities, &set.labels.subset(&held_out.examples))?;
    let mut likeliest = vec![];
    for error in errors.iter().take(MOST_LABEL_ERRORS) {
        let example = &set.examples[held_out.examples[error.example]];
        likeliest.push(LikelyLabelError {
            path: example.path.to_string(),
            line: example.line,
            text: if texts { example.text.clone() } else { String::new() },
            second: example.second.clone().filter(|_| texts),
            given: names[error.given].clone(),
            suggested: names[error.suggested].clone(),
            margin: error.margin,
        });
    }
    Ok((errors.len(), likeliest))
}
