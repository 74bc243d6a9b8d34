//! Examples whose label is likely wrong.
use crate::TrainError;
use crate::calibrate::check;
use crate::labels::{Gold, Labels};

/// An example whose label is likely wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LabelError {
    /// Index of the example, from 0.
    pub example: usize,
    /// Label of the example, as an index into the names.
    pub given: usize,
    /// The label it likely has.
    pub suggested: usize,
    /// By how much the probability of the suggested one is higher, −1 to 1: below 0 where labels
    /// are known with different ease.
    pub margin: f64,
}

/// Examples whose out-of-fold `probabilities`, `[n, labels]`, speak for another label, the largest
/// margin first: those off the diagonal of the confident joint. A label speaks for itself where its
/// probability is at least its mean over the examples that have it; of several the likeliest is
/// heard. Source: Northcutt, Jiang & Chuang, JAIR 70, 2021 (arXiv 1911.00068), section 3.1.
///
/// # Errors
/// [`TrainError::Unsupported`] for several labels of one example; else as
/// [`calibrate`](crate::calibrate()).
pub fn label_errors(
    probabilities: &[Vec<f64>],
    labels: &Labels,
) -> Result<Vec<LabelError>, TrainError> {
    let Gold::Single(gold) = labels.gold() else {
        let (kind, what) = ("confident learning", "several labels per example");
        return Err(TrainError::Unsupported { kind, what });
    };
    check(probabilities, labels, "probabilities")?;
    let mut thresholds = vec![0.0; labels.names().len()];
    probabilities.iter().zip(gold).for_each(|(p, &g)| thresholds[g] += p[g]);
    for (threshold, count) in thresholds.iter_mut().zip(labels.counts()) {
        #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
        let count = count as f64;
        // A label that no example has is never suggested: 0 / 0 is NaN, which nothing reaches.
        *threshold /= count;
    }
    let mut errors: Vec<_> = probabilities
        .iter()
        .zip(gold)
        .enumerate()
        .filter_map(|(example, (p, &given))| {
            let loud = (0..p.len()).filter(|&label| p[label] >= thresholds[label]);
            let suggested =
                loud.reduce(|best, label| if p[label] > p[best] { label } else { best })?;
            let margin = p[suggested] - p[given];
            (suggested != given).then_some(LabelError { example, given, suggested, margin })
        })
        .collect();
    errors.sort_by(|a, b| b.margin.total_cmp(&a.margin).then(a.example.cmp(&b.example)));
    Ok(errors)
}
