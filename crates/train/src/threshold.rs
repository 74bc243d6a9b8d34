//! Thresholds for a wanted precision or recall.
use crate::TrainError;

/// A threshold and what it gives on held-out examples: what has at least this probability is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdChoice {
    /// The probability.
    pub threshold: f64,
    /// Of what is chosen, the share that is gold.
    pub precision: f64,
    /// Of what is gold, the share that is chosen.
    pub recall: f64,
}

/// The smallest threshold whose precision is at least `wanted`, which has the most recall of such.
///
/// # Errors
/// [`TrainError::Count`] for not as many `gold` as `probabilities`; [`TrainError::NoExamples`] if
/// none is gold; [`TrainError::NotFinite`]; [`TrainError::Setting`] if `wanted` is not 0 to 1;
/// [`TrainError::Unreached`] with the best there is.
pub fn for_precision(
    probabilities: &[f64],
    gold: &[bool],
    wanted: f64,
) -> Result<ThresholdChoice, TrainError> {
    let cuts = cuts(probabilities, gold, wanted)?;
    let reached = cuts.iter().rev().find(|cut| cut.precision >= wanted);
    reached.copied().ok_or_else(|| unreached("precision", &cuts, wanted, |cut| cut.precision))
}

/// The largest threshold whose recall is at least `wanted`. A threshold as low as the lowest
/// probability chooses everything, so that there always is one.
///
/// # Errors
/// As [`for_precision`], but never [`TrainError::Unreached`].
pub fn for_recall(
    probabilities: &[f64],
    gold: &[bool],
    wanted: f64,
) -> Result<ThresholdChoice, TrainError> {
    let cuts = cuts(probabilities, gold, wanted)?;
    let reached = cuts.iter().find(|cut| cut.recall >= wanted);
    reached.copied().ok_or_else(|| unreached("recall", &cuts, wanted, |cut| cut.recall))
}

/// A cut at each probability there is, from the highest down.
#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
fn cuts(
    probabilities: &[f64],
    gold: &[bool],
    wanted: f64,
) -> Result<Vec<ThresholdChoice>, TrainError> {
    if probabilities.len() != gold.len() {
        let (expected, count) = (gold.len(), probabilities.len());
        return Err(TrainError::Count { what: "probabilities", expected, found: count });
    }
    if !(0.0..=1.0).contains(&wanted) {
        let (setting, expected) = ("wanted".into(), "0 to 1");
        return Err(TrainError::Setting { setting, found: wanted, expected });
    }
    if let Some(row) = probabilities.iter().position(|p| !p.is_finite()) {
        return Err(TrainError::NotFinite { row, column: 0, value: probabilities[row] });
    }
    let positives = gold.iter().filter(|g| **g).count();
    if positives == 0 {
        return Err(TrainError::NoExamples);
    }
    let mut order: Vec<_> = probabilities.iter().zip(gold).collect();
    order.sort_by(|a, b| b.0.total_cmp(a.0));
    let (mut right, mut cuts) = (0, vec![]);
    for (i, &(&threshold, &gold)) in order.iter().enumerate() {
        right += usize::from(gold);
        // Equal ones are chosen together.
        if order.get(i + 1).is_some_and(|(next, _)| **next >= threshold) {
            continue;
        }
        let precision = right as f64 / (i + 1) as f64;
        cuts.push(ThresholdChoice {
            threshold,
            precision,
            recall: right as f64 / positives as f64,
        });
    }
    Ok(cuts)
}

fn unreached(
    what: &'static str,
    cuts: &[ThresholdChoice],
    wanted: f64,
    figure: impl Fn(&ThresholdChoice) -> f64,
) -> TrainError {
    let better =
        |a: ThresholdChoice, b: &ThresholdChoice| if figure(b) > figure(&a) { *b } else { a };
    let best = cuts.iter().fold(cuts[0], better);
    TrainError::Unreached { what, wanted, best: figure(&best), threshold: best.threshold }
}
