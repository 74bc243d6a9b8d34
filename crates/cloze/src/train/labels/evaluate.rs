//! Evaluation of a classifier in training.
use cloze_embed::Pooling;
use cloze_heads::HeadError;
use cloze_heads::classify::ClassifyHead;
use cloze_metrics::labels::{LabelOutcome, macro_f1, places};
use cloze_train::Labels;
use cloze_tune::task::SequenceTask;
use cloze_tune::training::{TaskLearner, ValidationScore};
use cloze_tune::{Hidden, TuneError};

use crate::train::windows::{TextWindows, as_tune_error, rows};
use crate::train::{FineTuneError, HeldOutLogits, LabelledText};

/// A probability of 0 costs no more than this one.
const LEAST: f64 = 1e-15;

/// Logits of texts, `[texts, labels]`: of several windows their mean, as in prediction.
pub(super) fn logits(
    learner: &TaskLearner<SequenceTask>,
    texts: &[TextWindows],
) -> Result<Vec<Vec<f64>>, TuneError> {
    let predict = |hidden: &Hidden| {
        let logits = learner.task.predict(&learner.parameters, hidden)?;
        Ok(logits.iter().map(<[f32]>::to_vec).collect())
    };
    let logits = rows(learner, texts, &Pooling::Mean.into(), predict)?;
    Ok(logits.into_iter().map(|row| row.into_iter().map(f64::from).collect()).collect())
}

/// Head that decides on labels by logits, as that of a checkpoint, whose own weights are elsewhere.
pub(super) fn head(names: &[String], multi_label: bool) -> Result<ClassifyHead, HeadError> {
    let none = vec![0.0; names.len()];
    let head = ClassifyHead::new("checkpoint", names.to_vec(), none.clone(), none)?;
    Ok(head.with_multi_label(multi_label))
}

/// Gold and predicted labels of each example.
pub(super) fn outcomes(
    head: &ClassifyHead,
    examples: &[LabelledText],
    logits: &[Vec<f64>],
) -> Result<Vec<LabelOutcome>, HeadError> {
    let mut outcomes = vec![];
    for (example, logits) in examples.iter().zip(logits) {
        let probabilities = head.probabilities(logits)?;
        let predicted = head.decode(&probabilities)?.labels;
        let mut gold = example.labels.clone();
        gold.sort_unstable();
        gold.dedup();
        outcomes.push(LabelOutcome { gold, predicted, probabilities });
    }
    Ok(outcomes)
}

/// The macro-averaged F1, by which the best step is chosen, and the mean log loss of the labels that
/// the model has.
pub(super) fn score(
    head: &ClassifyHead,
    examples: &[LabelledText],
    logits: &[Vec<f64>],
) -> Result<ValidationScore, TuneError> {
    let outcomes = outcomes(head, examples, logits).map_err(|error| as_tune_error(&error))?;
    let names = head.labels();
    let mut labels = names.to_vec();
    for label in outcomes.iter().flat_map(|outcome| &outcome.gold) {
        if !labels.contains(label) {
            labels.push(label.clone());
        }
    }
    let order: Vec<usize> = (0..outcomes.len()).collect();
    let metric = macro_f1(labels.len(), &places(&labels, &outcomes), &order);
    let losses: Vec<f64> =
        outcomes.iter().filter_map(|o| loss(names, head.multi_label(), o)).collect();
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    let mean = losses.iter().sum::<f64>() / losses.len() as f64;
    Ok(ValidationScore { metric, loss: Some(mean).filter(|mean| mean.is_finite()) })
}

/// The log loss of an example, of any number of labels their mean; none if its label is not there.
fn loss(names: &[String], multi_label: bool, outcome: &LabelOutcome) -> Option<f64> {
    let of = |probability: f64| -probability.max(LEAST).ln();
    if !multi_label {
        let index = names.iter().position(|name| outcome.gold.first() == Some(name))?;
        return outcome.probabilities.get(index).copied().map(of);
    }
    let labels = names.iter().zip(&outcome.probabilities);
    let each = labels.map(|(name, p)| of(if outcome.gold.contains(name) { *p } else { 1.0 - p }));
    #[expect(clippy::cast_precision_loss, reason = "there are few labels")]
    let count = names.len() as f64;
    Some(each.sum::<f64>() / count)
}

/// Logits that a temperature is fitted on, with their gold labels: those of examples whose labels the
/// model has, in the order of the training labels.
pub(super) fn calibrated_by(
    learned: &Labels,
    examples: &[LabelledText],
    logits: &[Vec<f64>],
    multi_label: bool,
) -> Result<Option<(HeldOutLogits, Labels)>, FineTuneError> {
    let names = learned.names();
    let known = |e: &LabelledText| e.labels.iter().all(|label| names.contains(label));
    let (mut kept, mut gold) = (vec![], vec![]);
    for (example, logits) in examples.iter().zip(logits).filter(|(e, _)| known(e)) {
        kept.push(logits.clone());
        gold.push(example.labels.iter().map(String::as_str).collect::<Vec<_>>());
    }
    // What is learned from one half is evaluated by the other.
    if kept.len() < 2 {
        return Ok(None);
    }
    let n = kept.len();
    // An example of each label first, so that all labels have their places.
    let mut sets: Vec<Vec<&str>> = names.iter().map(|name| vec![name.as_str()]).collect();
    sets.extend(gold);
    let labels = if multi_label {
        Labels::multi(&sets)?
    } else {
        Labels::single(&sets.iter().filter_map(|set| set.first().copied()).collect::<Vec<_>>())?
    };
    let (how, groups) = (format!("{n} examples"), (0..n).map(|i| i % 2).collect());
    let examples = (names.len()..names.len() + n).collect();
    Ok(Some((HeldOutLogits { how, examples, logits: kept, groups }, labels)))
}
