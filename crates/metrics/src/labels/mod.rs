//! Classifiers evaluated: predicted labels beside gold ones.
mod compare;

use std::collections::{BTreeMap, BTreeSet};

use crate::classification::{ClassificationReport, Confusion, MultiLabelCounts, MultiLabelReport};
use crate::compare::{BootstrapParams, Interval};
use crate::probability::{ProbabilityParams, ProbabilityReport};
use crate::ranking::{average_precision, precision_recall_curve, roc_auc};
use crate::{Averages, Counts, MetricsError};
use serde::Serialize;

pub use compare::{Better, DifferenceVerdict, FEW_EXAMPLES, LabelComparison, compare_labels};

/// Gold and predicted labels of one example.
#[derive(Clone, Debug)]
pub struct LabelOutcome {
    /// Gold labels.
    pub gold: Vec<String>,
    /// Predicted labels.
    pub predicted: Vec<String>,
    /// A probability for each of the model's labels, in the model's order.
    pub probabilities: Vec<f64>,
}

impl LabelOutcome {
    /// An outcome of a prediction. `ranked` has labels with their probabilities, in any order; `labels`
    /// are the model's.
    #[must_use]
    pub fn new(
        gold: Vec<String>,
        predicted: Vec<String>,
        ranked: &[(String, f64)],
        labels: &[String],
    ) -> Self {
        let of = |label: &String| ranked.iter().find(|(l, _)| l == label).map_or(0.0, |(_, p)| *p);
        Self { gold, predicted, probabilities: labels.iter().map(of).collect() }
    }

    /// Returns whether exactly the gold labels were predicted.
    #[must_use]
    pub fn is_right(&self) -> bool {
        let set = |labels: &[String]| labels.iter().cloned().collect::<BTreeSet<_>>();
        set(&self.gold) == set(&self.predicted)
    }
}

/// Evaluation over all examples. Accuracy is the share of correct examples; with several labels an
/// example, the share of exactly correct sets.
#[derive(Clone, Debug, Serialize)]
pub struct LabelEvaluation {
    #[serde(flatten)]
    /// Figures by label, and averages.
    pub report: LabelReport,
    /// Intervals of the two main figures.
    pub intervals: LabelIntervals,
    /// Calibration of the probabilities, for one label an example, over the examples whose gold label
    /// the model has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<ProbabilityReport>,
    /// Ranking by probability of the examples of each label before all others.
    pub ranking: BTreeMap<String, LabelRanking>,
    /// Labels of gold that the model does not have: their examples are counted as wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown_labels: Vec<String>,
}

/// Labels one by one, and on average.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum LabelReport {
    /// One label an example.
    Single(ClassificationReport),
    /// Sets of labels.
    Multi(MultiLabelReport),
}

/// Percentile bootstrap intervals of 95 %.
#[derive(Clone, Debug, Serialize)]
pub struct LabelIntervals {
    /// Interval of the accuracy.
    pub accuracy: Interval,
    /// Interval of the macro F1.
    pub macro_f1: Interval,
}

/// Figures over all thresholds; a label that no example has, or all have, has none.
#[derive(Clone, Debug, Serialize)]
pub struct LabelRanking {
    /// Area under the ROC curve.
    pub roc_auc: f64,
    /// Average precision.
    pub average_precision: f64,
    /// (recall, precision), thinned for a plot.
    #[serde(skip)]
    pub curve: Vec<(f64, f64)>,
}

impl LabelEvaluation {
    /// Accuracy; with several labels an example, subset accuracy.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        match &self.report {
            LabelReport::Single(report) => report.accuracy,
            LabelReport::Multi(report) => report.subset_accuracy,
        }
    }

    /// Number of examples.
    #[must_use]
    pub fn examples(&self) -> u64 {
        match &self.report {
            LabelReport::Single(report) => report.examples,
            LabelReport::Multi(report) => report.examples,
        }
    }
}

/// Evaluates the outcomes of a model with these labels. `seed` is that of the bootstrap.
///
/// # Errors
/// [`MetricsError`] for no outcomes, and for invalid probabilities.
pub fn evaluate_labels(
    labels: &[String],
    multi_label: bool,
    outcomes: &[LabelOutcome],
    seed: u64,
) -> Result<LabelEvaluation, MetricsError> {
    let all_labels: BTreeSet<&String> =
        labels.iter().chain(outcomes.iter().flat_map(|o| &o.gold)).collect();
    let unknown: Vec<String> =
        all_labels.iter().filter(|l| !labels.contains(l)).map(ToString::to_string).collect();
    let all_labels: Vec<String> = all_labels.into_iter().cloned().collect();
    let report = if multi_label {
        let mut counts = MultiLabelCounts::new(all_labels.iter().cloned())?;
        for outcome in outcomes {
            counts.add(&outcome.gold, &outcome.predicted)?;
        }
        LabelReport::Multi(counts.report())
    } else {
        let mut counts = Confusion::new(all_labels.iter().cloned())?;
        for outcome in outcomes {
            if let (Some(gold), Some(predicted)) = (outcome.gold.first(), outcome.predicted.first())
            {
                counts.add(gold, predicted)?;
            }
        }
        LabelReport::Single(counts.report())
    };
    let index_of = |label: &String| labels.iter().position(|l| l == label);
    let probability = if multi_label || labels.len() < 2 {
        None
    } else {
        let mut scorer = ProbabilityParams::new(labels.len()).check()?.scorer();
        for outcome in outcomes {
            if let Some(gold) = outcome.gold.first().and_then(index_of) {
                scorer.add(gold, &outcome.probabilities)?;
            }
        }
        Some(scorer.report())
    };
    let mut ranking = BTreeMap::new();
    for (i, label) in labels.iter().enumerate() {
        let gold: Vec<bool> = outcomes.iter().map(|o| o.gold.contains(label)).collect();
        if gold.iter().all(|g| *g) || !gold.iter().any(|g| *g) {
            continue;
        }
        let scores: Vec<f64> = outcomes.iter().map(|o| o.probabilities[i]).collect();
        let curve = precision_recall_curve(&gold, &scores)?;
        ranking.insert(
            label.clone(),
            LabelRanking {
                roc_auc: roc_auc(&gold, &scores)?,
                average_precision: average_precision(&gold, &scores)?,
                curve: thinned(curve.recall.into_iter().zip(curve.precision).collect()),
            },
        );
    }
    let intervals = intervals(&all_labels, outcomes, seed)?;
    Ok(LabelEvaluation { report, intervals, probability, ranking, unknown_labels: unknown })
}

/// The intervals, from the same resamples.
fn intervals(
    labels: &[String],
    outcomes: &[LabelOutcome],
    seed: u64,
) -> Result<LabelIntervals, MetricsError> {
    let right: Vec<bool> = outcomes.iter().map(LabelOutcome::is_right).collect();
    let places = places(labels, outcomes);
    let bootstrap = BootstrapParams::new().seed(seed).check()?;
    Ok(LabelIntervals {
        accuracy: bootstrap.interval(outcomes.len(), |order| share(&right, order))?,
        macro_f1: bootstrap
            .interval(outcomes.len(), |order| macro_f1(labels.len(), &places, order))?,
    })
}

/// The share of these examples that are right.
#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
#[must_use]
pub fn share(right: &[bool], order: &[usize]) -> f64 {
    order.iter().filter(|&&i| right[i]).count() as f64 / order.len() as f64
}

/// The places of gold and predicted labels of an example.
pub type Places = (Vec<usize>, Vec<usize>);

/// Labels as places in a list, by which resamples are counted fast.
#[must_use]
pub fn places(labels: &[String], outcomes: &[LabelOutcome]) -> Vec<Places> {
    let of = |names: &[String]| {
        names.iter().filter_map(|label| labels.iter().position(|l| l == label)).collect()
    };
    outcomes.iter().map(|o| (of(&o.gold), of(&o.predicted))).collect()
}

/// The mean of the labels' F1 over these examples.
#[must_use]
pub fn macro_f1(labels: usize, places: &[Places], order: &[usize]) -> f64 {
    let mut counts = vec![Counts::default(); labels];
    for &i in order {
        let (gold, predicted) = &places[i];
        for &label in gold {
            counts[label].gold += 1;
            counts[label].correct += u64::from(predicted.contains(&label));
        }
        for &label in predicted {
            counts[label].predicted += 1;
        }
    }
    Averages::of(&counts).r#macro.f1
}

/// As many points as a plot can show.
fn thinned(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    const MOST: usize = 400;
    let step = points.len().div_ceil(MOST).max(1);
    let last = points.len().saturating_sub(1);
    let keep = |(i, point): (usize, (f64, f64))| (i % step == 0 || i == last).then_some(point);
    points.into_iter().enumerate().filter_map(keep).collect()
}
