//! Cross-validation: what heads say of examples that they have not seen.
use cloze_core::Matrix;
use cloze_heads::classify::{Classifier, ClassifyHead, ValidFeatureParams};

use crate::TrainError;
use crate::folds::Folds;
use crate::labels::Labels;
use crate::params::{Fitted, ValidHeadParams};
use crate::rows::take;
use crate::score::{CrossScore, score};

/// Result of one fold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoldReport {
    /// On the examples held out.
    pub score: CrossScore,
    /// Steps of the solver.
    pub iterations: u64,
    /// Whether it found the minimum.
    pub converged: bool,
}

/// Predictions of heads for examples held out from them.
#[derive(Clone, Debug, PartialEq)]
pub struct OutOfFold {
    /// Of each example, `[n, labels]`.
    pub logits: Vec<Vec<f64>>,
    /// Of each example, `[n, labels]`, at temperature 1.
    pub probabilities: Vec<Vec<f64>>,
    /// The fold of each example.
    pub folds: Vec<usize>,
    /// Result of each fold.
    pub reports: Vec<FoldReport>,
}

impl OutOfFold {
    /// Mean and standard deviation (over folds, divided by one less) of a figure.
    #[expect(clippy::cast_precision_loss, reason = "a few folds")]
    #[must_use]
    pub fn mean_std(&self, figure: impl Fn(&CrossScore) -> f64) -> (f64, f64) {
        let values: Vec<f64> = self.reports.iter().map(|r| figure(&r.score)).collect();
        let n = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        (mean, (squares / (n - 1.0).max(1.0)).sqrt())
    }
}

/// Holds each fold of `rows`, `[n, width]`, out once. The features' correction is learned from the
/// training part of each fold alone.
///
/// # Errors
/// [`TrainError::Count`] for not as many rows or places in folds as examples; else as
/// [`ValidFeatureParams::fit`], [`Features::apply_all`](cloze_heads::classify::Features::apply_all), each as
/// [`TrainError::Head`], and [`ValidHeadParams::fit`]. Rows are then counted within the part.
pub fn cross_validate(
    rows: &Matrix,
    labels: &Labels,
    features: ValidFeatureParams,
    head: &ValidHeadParams,
    folds: &Folds,
) -> Result<OutOfFold, TrainError> {
    let expected = labels.len();
    for (what, count) in [("rows", rows.rows()), ("places in folds", folds.of().len())] {
        if count != expected {
            return Err(TrainError::Count { what, expected, found: count });
        }
    }
    let mut logits = vec![vec![]; expected];
    let mut probabilities = logits.clone();
    let mut reports = vec![];
    for fold in 0..folds.count() {
        let (training, held_out) = (folds.training(fold), folds.held_out(fold));
        let outcome = evaluate(rows, labels, features, head, &training, &held_out)?;
        for (&i, (z, p)) in held_out.iter().zip(outcome.logits) {
            (logits[i], probabilities[i]) = (z, p);
        }
        reports.push(outcome.report);
    }
    Ok(OutOfFold { logits, probabilities, folds: folds.of().to_vec(), reports })
}

/// One head, fitted and evaluated.
pub(crate) struct Evaluated {
    /// Logits and probabilities of each example held out.
    pub(crate) logits: Vec<(Vec<f64>, Vec<f64>)>,
    pub(crate) report: FoldReport,
}

pub(crate) fn evaluate(
    rows: &Matrix,
    labels: &Labels,
    features: ValidFeatureParams,
    head: &ValidHeadParams,
    training: &[usize],
    held_out: &[usize],
) -> Result<Evaluated, TrainError> {
    let known = take(rows, training);
    let features = features.fit(&known)?;
    let fitted = head.fit(&features.apply_all(&known)?, &labels.subset(training), None)?;
    let classifier = Classifier::new(features, fitted.head)?;
    let head = classifier.head();
    let (mut logits, mut predicted) = (vec![], vec![]);
    for row in &take(rows, held_out) {
        let z = classifier.predict(row)?;
        let p = head.probabilities(&z)?;
        predicted.push(chosen(head, &p)?);
        logits.push((z, p));
    }
    let pairs: Vec<_> =
        held_out.iter().zip(&predicted).map(|(&i, p)| (labels.of(i), p.as_slice())).collect();
    let score = score(&pairs, labels.names().len());
    let report = FoldReport { score, iterations: fitted.iterations, converged: fitted.converged };
    Ok(Evaluated { logits, report })
}

/// The places of the labels that the head chooses, sorted.
fn chosen(head: &ClassifyHead, probabilities: &[f64]) -> Result<Vec<usize>, TrainError> {
    let labels = head.decode(probabilities)?.labels;
    Ok((0..head.labels().len()).filter(|&i| labels.contains(&head.labels()[i])).collect())
}

/// Logits of a head fitted on the `training` examples for the `held_out` ones, `[held out,
/// labels]`, in that order, and the fold's result.
///
/// # Errors
/// [`TrainError::Count`] for not as many rows as examples, and for a place past their end; else as
/// [`cross_validate`].
pub fn validate(
    rows: &Matrix,
    labels: &Labels,
    features: ValidFeatureParams,
    head: &ValidHeadParams,
    training: &[usize],
    held_out: &[usize],
) -> Result<(Vec<Vec<f64>>, FoldReport), TrainError> {
    let expected = labels.len();
    if rows.rows() != expected {
        return Err(TrainError::Count { what: "rows", expected, found: rows.rows() });
    }
    if let Some(&index) = training.iter().chain(held_out).find(|&&i| i >= expected) {
        return Err(TrainError::Count { what: "as a place", expected, found: index });
    }
    let outcome = evaluate(rows, labels, features, head, training, held_out)?;
    Ok((outcome.logits.into_iter().map(|(logits, _)| logits).collect(), outcome.report))
}

/// Features and a head, fitted on all of `rows`, `[n, width]`.
///
/// # Errors
/// As [`cross_validate`].
pub fn fit(
    rows: &Matrix,
    labels: &Labels,
    features: ValidFeatureParams,
    head: &ValidHeadParams,
) -> Result<(Classifier, Fitted), TrainError> {
    let features = features.fit(rows)?;
    let fitted = head.fit(&features.apply_all(rows)?, labels, None)?;
    Ok((Classifier::new(features, fitted.head.clone())?, fitted))
}
