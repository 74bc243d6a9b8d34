//! Classes against gold: which is taken for which, and the figures that follow.
mod multi_label;

pub use multi_label::{MultiLabelCounts, MultiLabelReport};

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::counts::{Averages, Counts, Scores, as_f64, quotient, ratio};
use crate::{MetricsError, Origin};

/// A confusion matrix: how often each label is taken for each. Counts made apart are put together by
/// [`merge`](Self::merge).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    labels: Vec<String>,
    /// `[labels, labels]`, rows gold, columns predicted.
    counts: Vec<u64>,
}

impl Confusion {
    /// An empty matrix over these labels, in this order.
    ///
    /// # Errors
    /// [`MetricsError::LabelTwice`] at the first that occurs twice.
    pub fn new(labels: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, MetricsError> {
        let labels = distinct(labels)?;
        let counts = vec![0; labels.len() * labels.len()];
        Ok(Self { labels, counts })
    }

    /// The matrix of these examples, over the labels that are in either list, in the order of their
    /// names.
    ///
    /// # Errors
    /// [`MetricsError::GoldPredicted`] if the lists are not as long.
    pub fn of(
        gold: &[impl AsRef<str>],
        predicted: &[impl AsRef<str>],
    ) -> Result<Self, MetricsError> {
        if gold.len() != predicted.len() {
            let (gold, predicted) = (gold.len(), predicted.len());
            return Err(MetricsError::GoldPredicted { gold, predicted });
        }
        let gold: Vec<&str> = gold.iter().map(AsRef::as_ref).collect();
        let predicted: Vec<&str> = predicted.iter().map(AsRef::as_ref).collect();
        let labels: BTreeSet<&str> = gold.iter().chain(&predicted).copied().collect();
        let index: BTreeMap<&str, usize> = labels.iter().copied().zip(0..).collect();
        let mut matrix = Self::new(labels)?;
        let width = matrix.labels.len();
        for (gold, predicted) in gold.into_iter().zip(predicted) {
            matrix.counts[index[gold] * width + index[predicted]] += 1;
        }
        Ok(matrix)
    }

    /// Adds an example.
    ///
    /// # Errors
    /// [`MetricsError::UnknownLabel`] if either is none of the labels.
    pub fn add(&mut self, gold: &str, predicted: &str) -> Result<(), MetricsError> {
        let gold = place(&self.labels, gold, Origin::Gold)?;
        let predicted = place(&self.labels, predicted, Origin::Predicted)?;
        self.counts[gold * self.labels.len() + predicted] += 1;
        Ok(())
    }

    /// Adds the counts of other examples.
    ///
    /// # Errors
    /// [`MetricsError::Unlike`] if the labels or their order differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), MetricsError> {
        same_labels(&self.labels, &other.labels)?;
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        Ok(())
    }

    /// The labels, in the order of rows and columns.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The counts, `[labels, labels]`, rows gold, columns predicted.
    #[must_use]
    pub fn rows(&self) -> Vec<&[u64]> {
        // A chunk of 0 is not allowed.
        self.counts.chunks(self.labels.len().max(1)).collect()
    }

    /// The counts of each label, in their order.
    #[must_use]
    pub fn by_label(&self) -> Vec<Counts> {
        let rows = self.rows();
        let counts = |i: usize| Counts {
            correct: rows[i][i],
            gold: rows[i].iter().sum(),
            predicted: rows.iter().map(|row| row[i]).sum(),
        };
        (0..self.labels.len()).map(counts).collect()
    }

    /// The figures; what would be divided by 0 is 0.
    #[must_use]
    pub fn report(&self) -> ClassificationReport {
        let by_label = self.by_label();
        let total: u64 = self.counts.iter().sum();
        let correct: u64 = by_label.iter().map(|c| c.correct).sum();
        let recalls = by_label.iter().filter(|c| c.gold > 0).map(|c| c.scores().recall);
        let met = recalls.clone().count() as u64;
        let scores = by_label.iter().map(|c| c.scores());
        ClassificationReport {
            examples: total,
            accuracy: ratio(correct, total),
            balanced_accuracy: quotient(recalls.sum(), as_f64(met)),
            matthews: matthews(&by_label),
            kappa: kappa(&by_label),
            averages: Averages::of(&by_label),
            labels: self.labels.iter().cloned().zip(scores).collect(),
            confusion: ConfusionTable {
                labels: self.labels.clone(),
                counts: self.rows().into_iter().map(<[u64]>::to_vec).collect(),
            },
        }
    }
}

/// Quality of predicted classes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassificationReport {
    /// Number of examples.
    pub examples: u64,
    /// The share that is right.
    pub accuracy: f64,
    /// The mean recall of the labels that are in gold.
    pub balanced_accuracy: f64,
    /// Matthews' correlation, −1 to 1, for any number of labels (Gorodkin 2004); 0 where gold or
    /// predicted has one label only.
    pub matthews: f64,
    /// Cohen's kappa (1960), up to 1: accuracy beyond that of chance, where both draw from their own
    /// labels; 0 where chance alone is always right.
    pub kappa: f64,
    /// Averages over all labels of the matrix, also those that are in no example.
    #[serde(flatten)]
    pub averages: Averages,
    /// Scores of each label, in the order of their names.
    pub labels: BTreeMap<String, Scores>,
    /// Confusion of gold and predicted labels.
    pub confusion: ConfusionTable,
}

/// A confusion matrix to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfusionTable {
    /// The labels of rows and columns.
    pub labels: Vec<String>,
    /// `[labels, labels]`, rows gold, columns predicted.
    pub counts: Vec<Vec<u64>>,
}

/// Products of two numbers of examples, which overflow 64 bits.
fn sum_of_products(labels: &[Counts], of: fn(&Counts) -> (u64, u64)) -> u128 {
    labels.iter().map(of).map(|(a, b)| u128::from(a) * u128::from(b)).sum()
}

/// Source: Gorodkin 2004, in the form that scikit-learn 1.9.1 has it.
#[expect(clippy::cast_precision_loss, reason = "the figure is rounded anyway")]
fn matthews(labels: &[Counts]) -> f64 {
    let n: u64 = labels.iter().map(|c| c.gold).sum();
    let correct: u64 = labels.iter().map(|c| c.correct).sum();
    let square = u128::from(n) * u128::from(n);
    let (right, by_chance) =
        (u128::from(correct) * u128::from(n), sum_of_products(labels, |c| (c.gold, c.predicted)));
    // Exactly 0 with one label alone, before anything is rounded.
    let gold = square - sum_of_products(labels, |c| (c.gold, c.gold));
    let predicted = square - sum_of_products(labels, |c| (c.predicted, c.predicted));
    let covariance =
        if right >= by_chance { (right - by_chance) as f64 } else { -((by_chance - right) as f64) };
    quotient(covariance, (gold as f64).sqrt() * (predicted as f64).sqrt()).clamp(-1.0, 1.0)
}

#[expect(clippy::cast_precision_loss, reason = "the figure is rounded anyway")]
fn kappa(labels: &[Counts]) -> f64 {
    let n: u64 = labels.iter().map(|c| c.gold).sum();
    let correct: u64 = labels.iter().map(|c| c.correct).sum();
    let square = u128::from(n) * u128::from(n);
    let by_chance = sum_of_products(labels, |c| (c.gold, c.predicted));
    if by_chance == square {
        return 0.0;
    }
    // 1 − kappa is the share that is wrong, over that which chance has wrong.
    1.0 - (u128::from(n - correct) * u128::from(n)) as f64 / (square - by_chance) as f64
}

/// The labels, if each is there once.
fn distinct(
    labels: impl IntoIterator<Item = impl Into<String>>,
) -> Result<Vec<String>, MetricsError> {
    let labels: Vec<String> = labels.into_iter().map(Into::into).collect();
    let mut met = BTreeSet::new();
    match labels.iter().find(|label| !met.insert(label.as_str())) {
        Some(label) => Err(MetricsError::LabelTwice { label: label.clone() }),
        None => Ok(labels),
    }
}

fn place(labels: &[String], label: &str, origin: Origin) -> Result<usize, MetricsError> {
    labels.iter().position(|l| l == label).ok_or_else(|| MetricsError::UnknownLabel {
        origin,
        found: label.to_owned(),
        expected: labels.to_vec(),
    })
}

fn same_labels(first: &[String], second: &[String]) -> Result<(), MetricsError> {
    if first == second {
        return Ok(());
    }
    let (first, second) = (format!("labels {first:?}"), format!("labels {second:?}"));
    Err(MetricsError::Unlike { first, second })
}
