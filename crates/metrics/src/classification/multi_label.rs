//! Classification with any number of labels per example.
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{distinct, place, same_labels};
use crate::counts::{Averages, Counts, Scores, ratio};
use crate::{MetricsError, Origin};

/// Counts of each label. Counts made apart are put together by [`merge`](Self::merge).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiLabelCounts {
    labels: Vec<String>,
    counts: Vec<Counts>,
    examples: u64,
    /// Examples with exactly the gold labels.
    exact: u64,
}

impl MultiLabelCounts {
    /// No counts yet, over these labels.
    ///
    /// # Errors
    /// [`MetricsError::LabelTwice`] at the first that occurs twice.
    pub fn new(labels: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, MetricsError> {
        let labels = distinct(labels)?;
        let counts = vec![Counts::default(); labels.len()];
        Ok(Self { labels, counts, examples: 0, exact: 0 })
    }

    /// Adds an example: the labels that it has and those that are predicted, in any order. The same
    /// label twice is one.
    ///
    /// # Errors
    /// [`MetricsError::UnknownLabel`] at the first that is none of the labels. Nothing is counted then.
    pub fn add(
        &mut self,
        gold: &[impl AsRef<str>],
        predicted: &[impl AsRef<str>],
    ) -> Result<(), MetricsError> {
        let gold = self.places(gold, Origin::Gold)?;
        let predicted = self.places(predicted, Origin::Predicted)?;
        for index in &gold {
            self.counts[*index].gold += 1;
            self.counts[*index].correct += u64::from(predicted.contains(index));
        }
        for index in &predicted {
            self.counts[*index].predicted += 1;
        }
        self.examples += 1;
        self.exact += u64::from(gold == predicted);
        Ok(())
    }

    fn places(
        &self,
        labels: &[impl AsRef<str>],
        origin: Origin,
    ) -> Result<BTreeSet<usize>, MetricsError> {
        labels.iter().map(|label| place(&self.labels, label.as_ref(), origin)).collect()
    }

    /// Adds the counts of other examples.
    ///
    /// # Errors
    /// [`MetricsError::Unlike`] if the labels or their order differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), MetricsError> {
        same_labels(&self.labels, &other.labels)?;
        for (counts, more) in self.counts.iter_mut().zip(&other.counts) {
            *counts += *more;
        }
        self.examples += other.examples;
        self.exact += other.exact;
        Ok(())
    }

    /// The figures; what would be divided by 0 is 0.
    #[must_use]
    pub fn report(&self) -> MultiLabelReport {
        let wrong = |c: &Counts| c.gold + c.predicted - 2 * c.correct;
        let table = |c: &Counts| {
            let (missed, spurious) = (c.gold - c.correct, c.predicted - c.correct);
            [[self.examples + c.correct - c.gold - c.predicted, spurious], [missed, c.correct]]
        };
        let named = || self.labels.iter().cloned();
        MultiLabelReport {
            examples: self.examples,
            subset_accuracy: ratio(self.exact, self.examples),
            hamming_loss: ratio(
                self.counts.iter().map(wrong).sum(),
                self.examples * self.labels.len() as u64,
            ),
            averages: Averages::of(&self.counts),
            labels: named().zip(self.counts.iter().map(|c| c.scores())).collect(),
            confusion: named().zip(self.counts.iter().map(table)).collect(),
        }
    }
}

/// Quality of predicted sets of labels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MultiLabelReport {
    /// Number of examples.
    pub examples: u64,
    /// The share of examples with exactly the gold labels.
    pub subset_accuracy: f64,
    /// The share of all (example, label) that are wrong.
    pub hamming_loss: f64,
    /// Averages over all labels, also those that are in no example.
    #[serde(flatten)]
    pub averages: Averages,
    /// Scores of each label, in the order of their names.
    pub labels: BTreeMap<String, Scores>,
    /// Confusion of each label: `[[neither, predicted alone], [gold alone, both]]`.
    pub confusion: BTreeMap<String, [[u64; 2]; 2]>,
}
