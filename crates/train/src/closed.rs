//! Heads that take one pass and no solver.
use cloze_core::Matrix;
use cloze_embed::{Accumulator, Moments, Spread};
use cloze_heads::HeadError;
use cloze_heads::classify::ClassifyHead;

use crate::TrainError;
use crate::labels::Labels;
use crate::params::{Fitted, Kind};

/// Smoothing added to variances, as a share of the largest of all rows: scikit-learn's
/// `var_smoothing`.
const SMOOTHING: f64 = 1e-9;

/// The moments of all rows, and of those of each label.
fn moments(
    rows: &Matrix,
    labels: &Labels,
    gold: &[usize],
) -> Result<(Moments, Vec<Moments>), TrainError> {
    let none = Accumulator::new(rows.cols(), Spread::Variance);
    let (mut overall, mut each) = (none.clone(), vec![none; labels.names().len()]);
    for (row, &label) in rows.iter().zip(gold) {
        overall.push(row).map_err(HeadError::from)?;
        each[label].push(row).map_err(HeadError::from)?;
    }
    Ok((overall.finish(), each.into_iter().map(Accumulator::finish).collect()))
}

fn fitted(head: ClassifyHead) -> Fitted {
    Fitted { head, iterations: 0, converged: true, loss: None }
}

/// ln prior − ½ Σ ln 2πσ² − ½ Σ (x − μ)² / σ², sorted by powers of x.
/// Source: scikit-learn 1.9.1's `GaussianNB`. linfa-bayes keeps its means and variances to itself, so
/// that no head could be made of them.
#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
pub(crate) fn naive_bayes(
    rows: &Matrix,
    labels: &Labels,
    gold: &[usize],
) -> Result<Fitted, TrainError> {
    let (overall, each) = moments(rows, labels, gold)?;
    let largest = overall.variance().into_iter().fold(0.0, f64::max);
    if largest == 0.0 {
        return Err(TrainError::Solver { what: "all rows are the same".into() });
    }
    let (mut weight, mut square, mut bias) = (vec![], vec![], vec![]);
    for moments in &each {
        let mut constant = (moments.count() as f64 / gold.len() as f64).ln();
        for (mean, variance) in moments.mean().iter().zip(moments.variance()) {
            let variance = variance + SMOOTHING * largest;
            square.push(-0.5 / variance);
            weight.push(mean / variance);
            constant -= 0.5 * ((std::f64::consts::TAU * variance).ln() + mean * mean / variance);
        }
        bias.push(constant);
    }
    let head = ClassifyHead::new(Kind::NaiveBayes.name(), labels.names().to_vec(), weight, bias)?;
    Ok(fitted(head.with_square(square)?))
}

/// −½ ‖x − μ‖² without −½ ‖x‖², which all labels have: μ · x − ½ ‖μ‖².
/// Source: scikit-learn 1.9.1's `NearestCentroid`, whose choice is the same.
pub(crate) fn nearest_centroid(
    rows: &Matrix,
    labels: &Labels,
    gold: &[usize],
) -> Result<Fitted, TrainError> {
    let (_, each) = moments(rows, labels, gold)?;
    let weight = each.iter().flat_map(|m| m.mean().to_vec()).collect();
    let length = |m: &Moments| m.mean().iter().map(|x| x * x).sum::<f64>();
    let bias = each.iter().map(|m| -0.5 * length(m)).collect();
    let kind = Kind::NearestCentroid.name();
    Ok(fitted(ClassifyHead::new(kind, labels.names().to_vec(), weight, bias)?))
}
