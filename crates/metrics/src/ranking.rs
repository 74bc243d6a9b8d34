//! Scores that should put positive examples above negative ones. Definitions are scikit-learn's (1.9.1).
use crate::{MetricsError, Side};

/// The area under the ROC curve, 0 to 1: how likely a positive example has a higher score than a
/// negative one, where equal scores are half (Mann & Whitney 1947).
///
/// # Errors
/// [`MetricsError::Lengths`], [`MetricsError::NotFinite`] at the first such score, and
/// [`MetricsError::OneClass`] without a positive or without a negative example.
pub fn roc_auc(gold: &[bool], scores: &[f64]) -> Result<f64, MetricsError> {
    let steps = steps(gold, scores)?;
    let (positive, negative) =
        (steps.last().map_or(0, |s| s.positive), steps.last().map_or(0, |s| s.negative));
    if positive == 0 || negative == 0 {
        return Err(MetricsError::OneClass { class: None, positive, negative });
    }
    // Twice the pairs in order, in whole numbers.
    let (mut twice, mut above) = (0_u128, Step::default());
    for step in &steps {
        let tied = u128::from(step.positive - above.positive);
        twice +=
            u128::from(step.negative - above.negative) * (2 * u128::from(above.positive) + tied);
        above = *step;
    }
    Ok(float(twice) / float(2 * u128::from(positive) * u128::from(negative)))
}

/// The mean over all classes of the area under each one's curve against the rest.
/// `gold` are places of classes; `scores` is `[examples, classes]`.
///
/// # Errors
/// As [`roc_auc`], with the class in [`MetricsError::OneClass`];
/// [`MetricsError::Row`] at the first row that has another width than the first, and
/// [`MetricsError::Class`] at the first gold class beyond it.
pub fn roc_auc_one_vs_rest(
    gold: &[usize],
    scores: &[impl AsRef<[f64]>],
) -> Result<f64, MetricsError> {
    let classes = scores.first().map_or(0, |row| row.as_ref().len());
    if gold.len() != scores.len() {
        return Err(MetricsError::Lengths { first: gold.len(), second: scores.len() });
    }
    if classes == 0 {
        return Err(MetricsError::OneClass { class: None, positive: 0, negative: 0 });
    }
    for (row, (class, scores)) in gold.iter().zip(scores).enumerate() {
        let columns = scores.as_ref().len();
        if columns != classes {
            return Err(MetricsError::Row { row, expected: classes, found: columns });
        }
        if *class >= classes {
            return Err(MetricsError::Class { row, classes, found: *class });
        }
    }
    let mut sum = 0.0;
    for class in 0..classes {
        let is_class: Vec<bool> = gold.iter().map(|g| *g == class).collect();
        let column: Vec<f64> = scores.iter().map(|row| row.as_ref()[class]).collect();
        sum += roc_auc(&is_class, &column).map_err(|error| match error {
            MetricsError::OneClass { positive, negative, .. } => {
                MetricsError::OneClass { class: Some(class), positive, negative }
            }
            other => other,
        })?;
    }
    Ok(sum / float(classes as u128))
}

/// Precision and recall at each threshold.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct PrecisionRecallCurve {
    /// At each threshold, and 1 at the end, where nothing is predicted.
    pub precision: Vec<f64>,
    /// At each threshold, falling, and 0 at the end.
    pub recall: Vec<f64>,
    /// Every score there is, rising: predicted is what scores as much or more.
    pub thresholds: Vec<f64>,
}

/// Precision and recall at each score taken as the threshold.
///
/// # Errors
/// [`MetricsError::Lengths`], [`MetricsError::NotFinite`] at the first such score, and
/// [`MetricsError::OneClass`] without a positive example.
pub fn precision_recall_curve(
    gold: &[bool],
    scores: &[f64],
) -> Result<PrecisionRecallCurve, MetricsError> {
    let steps = steps(gold, scores)?;
    let last = steps.last().copied().unwrap_or_default();
    if last.positive == 0 {
        let (positive, negative) = (0, last.negative);
        return Err(MetricsError::OneClass { class: None, positive, negative });
    }
    let divide = |part: u64, whole: u64| float(part.into()) / float(whole.into());
    let rising = || steps.iter().rev();
    let precision = rising().map(|s| divide(s.positive, s.positive + s.negative));
    let recall = rising().map(|s| divide(s.positive, last.positive));
    Ok(PrecisionRecallCurve {
        precision: precision.chain([1.0]).collect(),
        recall: recall.chain([0.0]).collect(),
        thresholds: rising().map(|s| s.score).collect(),
    })
}

/// Average precision, 0 to 1: the sum over thresholds of (Rₙ − Rₙ₋₁) · Pₙ, the area under the curve of
/// precision over recall without any interpolation.
///
/// # Errors
/// As [`precision_recall_curve`].
pub fn average_precision(gold: &[bool], scores: &[f64]) -> Result<f64, MetricsError> {
    let PrecisionRecallCurve { precision, recall, .. } = precision_recall_curve(gold, scores)?;
    Ok(recall.windows(2).zip(&precision).map(|(r, p)| (r[0] - r[1]) * p).sum())
}

/// Counts of the examples that score at least `score`.
#[derive(Clone, Copy, Default)]
struct Step {
    score: f64,
    positive: u64,
    negative: u64,
}

/// A step for each distinct score, falling.
fn steps(gold: &[bool], scores: &[f64]) -> Result<Vec<Step>, MetricsError> {
    if gold.len() != scores.len() {
        return Err(MetricsError::Lengths { first: gold.len(), second: scores.len() });
    }
    if let Some(index) = scores.iter().position(|score| !score.is_finite()) {
        let (side, value) = (Side::Second, scores[index]);
        return Err(MetricsError::NotFinite { side, index, value });
    }
    // 0 and −0 are one score.
    let mut pairs: Vec<(f64, bool)> =
        scores.iter().map(|score| score + 0.0).zip(gold.iter().copied()).collect();
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut steps, mut step) = (vec![], Step::default());
    #[expect(clippy::float_cmp, reason = "ties are equal scores")]
    for tied in pairs.chunk_by(|a, b| a.0 == b.0) {
        let positive = tied.iter().filter(|(_, is_positive)| *is_positive).count() as u64;
        step.score = tied[0].0;
        step.positive += positive;
        step.negative += tied.len() as u64 - positive;
        steps.push(step);
    }
    Ok(steps)
}

#[expect(clippy::cast_precision_loss, reason = "the figure is rounded anyway")]
fn float(n: u128) -> f64 {
    n as f64
}
