//! Quality of predicted labels.
use cloze_metrics::{Averages, Counts};
use serde::{Deserialize, Serialize};

/// Two figures of predicted labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CrossScore {
    /// The share of examples whose labels are exactly the gold ones.
    pub accuracy: f64,
    /// The mean of the labels' F1, over those that are gold or predicted anywhere.
    pub macro_f1: f64,
}

/// Of pairs of gold and predicted labels; zeros of none.
#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
pub(crate) fn score(pairs: &[(&[usize], &[usize])], labels: usize) -> CrossScore {
    let mut exact = 0;
    let mut counts = vec![Counts::default(); labels];
    for (gold, predicted) in pairs {
        exact += usize::from(
            gold.len() == predicted.len() && gold.iter().all(|g| predicted.contains(g)),
        );
        predicted.iter().for_each(|&p| counts[p].predicted += 1);
        for g in *gold {
            counts[*g].gold += 1;
            counts[*g].correct += u64::from(predicted.contains(g));
        }
    }
    let present = counts.iter().filter(|c| c.gold + c.predicted > 0);
    CrossScore {
        accuracy: exact as f64 / pairs.len().max(1) as f64,
        macro_f1: Averages::of(present).r#macro.f1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gold a a b, predicted a b b: F1 of a is 2 · 1 / (1 + 2), of b 2 · 1 / (2 + 1); with a third
    /// that is predicted once and never gold, 0 and a mean of (2/3 + 1 + 0) / 3.
    #[test]
    fn scores_by_hand() {
        let scores = score(&[(&[0], &[0]), (&[0], &[1]), (&[1], &[1])], 4);
        assert!((scores.accuracy - 2.0 / 3.0).abs() < 1e-15);
        assert!((scores.macro_f1 - 2.0 / 3.0).abs() < 1e-15);
        let scores = score(&[(&[0], &[0]), (&[0], &[2]), (&[1], &[1])], 3);
        assert!((scores.macro_f1 - 5.0 / 9.0).abs() < 1e-15);
        assert_eq!(score(&[], 3), CrossScore::default());
        assert!(score(&[(&[], &[]), (&[0, 1], &[1, 0]), (&[0], &[])], 2).accuracy > 0.66);
    }
}
