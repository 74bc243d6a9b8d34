//! Counts of entities found, missed and made up, and the figures that follow.
use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Serialize;

/// Numbers of gold, of predicted, and of both. Counts of parts add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Gold and predicted: true positives.
    pub correct: u64,
    /// Gold: true positives and false negatives.
    pub gold: u64,
    /// Predicted: true positives and false positives.
    pub predicted: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.correct += other.correct;
        self.gold += other.gold;
        self.predicted += other.predicted;
    }
}

impl Counts {
    /// Precision, recall, F1 and support. What would be divided by 0 is 0.
    #[must_use]
    pub fn scores(self) -> Scores {
        Scores {
            precision: ratio(self.correct, self.predicted),
            recall: ratio(self.correct, self.gold),
            f1: ratio(2 * self.correct, self.gold + self.predicted),
            support: self.gold,
        }
    }
}

/// Precision, recall and F1, each 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Scores {
    /// The share of what is predicted that is gold. 0 where nothing is predicted.
    pub precision: f64,
    /// The share of what is gold that is predicted. 0 where nothing is gold.
    pub recall: f64,
    /// The harmonic mean of the two. 0 where both are.
    pub f1: f64,
    /// Number of gold ones.
    pub support: u64,
}

/// Figures of several labels in one; all 0 where there are no labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Averages {
    /// Micro average, from the labels' counts added up: each example has one weight.
    pub micro: Scores,
    /// Macro average, the mean of the labels' figures: each label has one weight.
    pub r#macro: Scores,
    /// The mean of the labels' figures, each weighted by its support. F1 need not lie between
    /// precision and recall.
    pub weighted: Scores,
}

impl Averages {
    /// The averages over these labels' counts.
    #[must_use]
    pub fn of<'a>(labels: impl IntoIterator<Item = &'a Counts>) -> Self {
        let labels: Vec<Counts> = labels.into_iter().copied().collect();
        let mut total = Counts::default();
        for counts in &labels {
            total += *counts;
        }
        Self {
            micro: total.scores(),
            r#macro: mean(&labels, total.gold, |_| 1),
            weighted: mean(&labels, total.gold, |counts| counts.gold),
        }
    }
}

/// Mean of the labels' figures, each with a weight; all 0 if no label has a weight.
fn mean(labels: &[Counts], support: u64, weight: impl Fn(&Counts) -> u64) -> Scores {
    let weights: u64 = labels.iter().map(&weight).sum();
    let mean_of = |figure: &dyn Fn(Scores) -> f64| {
        let part = |counts: &Counts| as_f64(weight(counts)) * figure(counts.scores());
        quotient(labels.iter().map(part).sum(), as_f64(weights))
    };
    Scores {
        precision: mean_of(&|s| s.precision),
        recall: mean_of(&|s| s.recall),
        f1: mean_of(&|s| s.f1),
        support,
    }
}

/// Adds the counts of each label.
pub(crate) fn merge<T: AddAssign + Default>(
    into: &mut BTreeMap<String, T>,
    from: BTreeMap<String, T>,
) {
    for (label, counts) in from {
        *into.entry(label).or_default() += counts;
    }
}

/// 0 where there is nothing to divide by.
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    quotient(as_f64(part), as_f64(whole))
}

/// 0 where there is nothing to divide by.
pub(crate) fn quotient(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

#[expect(clippy::cast_precision_loss, reason = "no list is that long")]
pub(crate) fn as_f64(n: u64) -> f64 {
    n as f64
}
