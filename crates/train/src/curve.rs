//! Learning curve: the gain from more examples.
use cloze_core::Matrix;
use cloze_heads::classify::ValidFeatureParams;

use crate::TrainError;
use crate::cross::{FoldReport, evaluate};
use crate::folds::{hold_out, sample};
use crate::labels::Labels;
use crate::params::ValidHeadParams;

/// The shares of the training part, in percent.
const PERCENTS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 100.0];

/// A head fitted on a part of the examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Number of examples.
    pub examples: usize,
    /// Quality on the held-out part, and the result of the fit.
    pub report: FoldReport,
}

/// Scores on the same `share` of examples, held out, of heads fitted on 1, 2, 4, … and 100 % of the
/// others, smallest first; of every label that part, rounded, but at least one example. A larger part
/// has all of a smaller one; sizes that come to the same are fitted once.
///
/// # Errors
/// As [`hold_out`] and [`cross_validate`](crate::cross_validate). A correction that cannot be
/// learned from the smallest part is an error, too.
pub fn curve(
    rows: &Matrix,
    labels: &Labels,
    features: ValidFeatureParams,
    head: &ValidHeadParams,
    share: f64,
    seed: u64,
) -> Result<Vec<CurvePoint>, TrainError> {
    if rows.rows() != labels.len() {
        let (expected, count) = (labels.len(), rows.rows());
        return Err(TrainError::Count { what: "rows", expected, found: count });
    }
    let (training, held_out) = hold_out(labels, share, seed)?;
    let known = labels.subset(&training);
    let mut points: Vec<CurvePoint> = vec![];
    for percent in PERCENTS {
        let part = sample(&known, percent / 100.0, 1, seed)?;
        if points.last().is_some_and(|last| last.examples == part.len()) {
            continue;
        }
        let part: Vec<usize> = part.into_iter().map(|i| training[i]).collect();
        let report = evaluate(rows, labels, features, head, &part, &held_out)?.report;
        points.push(CurvePoint { examples: part.len(), report });
    }
    Ok(points)
}
