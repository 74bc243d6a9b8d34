//! How good labels are: what was predicted beside what is gold.
pub(crate) mod compare;
pub(crate) mod text;

use std::collections::{BTreeMap, BTreeSet};

use cloze::heads::classify::Prediction;
use cloze::metrics::classification::{
    ClassificationReport, Confusion, MultiLabelCounts, MultiLabelReport,
};
use cloze::metrics::compare::{BootstrapParams, Interval};
use cloze::metrics::probability::{ProbabilityParams, ProbabilityReport};
use cloze::metrics::ranking::{average_precision, precision_recall_curve, roc_auc};
use cloze::metrics::{Averages, Counts, MetricsError};
use serde::Serialize;

/// What was said of one example.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) gold: Vec<String>,
    pub(crate) predicted: Vec<String>,
    /// In the order of the model's labels.
    pub(crate) probabilities: Vec<f64>,
}

impl Outcome {
    /// Of a prediction, whose probabilities are by rank.
    pub(crate) fn new(gold: Vec<String>, found: &Prediction, labels: &[String]) -> Self {
        let own = |label: &String| found.probabilities.iter().find(|(l, _)| l == label);
        let probabilities = labels.iter().map(|l| own(l).map_or(0.0, |(_, p)| *p)).collect();
        Self { gold, predicted: found.labels.clone(), probabilities }
    }

    /// Whether exactly the gold labels were predicted.
    pub(crate) fn is_right(&self) -> bool {
        let set = |labels: &[String]| labels.iter().cloned().collect::<BTreeSet<_>>();
        set(&self.gold) == set(&self.predicted)
    }
}

/// The verdict on all examples. Where one label is chosen accuracy is the share that is right, and of
/// sets of labels the share of sets that are exactly right.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Judged {
    #[serde(flatten)]
    pub(crate) report: Labels,
    pub(crate) intervals: Intervals,
    /// What the probabilities are worth; of one label alone, over the examples whose gold label the
    /// model has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) probability: Option<ProbabilityReport>,
    /// How well probabilities rank the texts of a label before all others.
    pub(crate) ranking: BTreeMap<String, Ranking>,
    /// Labels of gold that the model does not have: their examples are counted as wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) unknown_labels: Vec<String>,
}

/// Labels one by one, and on average.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Labels {
    Single(ClassificationReport),
    Multi(MultiLabelReport),
}

/// Percentile bootstrap intervals of 95 %.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Intervals {
    pub(crate) accuracy: Interval,
    pub(crate) macro_f1: Interval,
}

/// Figures over all thresholds; a label that no example has, or all have, has none.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ranking {
    pub(crate) roc_auc: f64,
    pub(crate) average_precision: f64,
    /// (recall, precision), thinned for a plot.
    #[serde(skip)]
    pub(crate) curve: Vec<(f64, f64)>,
}

impl Judged {
    pub(crate) fn accuracy(&self) -> f64 {
        match &self.report {
            Labels::Single(report) => report.accuracy,
            Labels::Multi(report) => report.subset_accuracy,
        }
    }

    pub(crate) fn examples(&self) -> u64 {
        match &self.report {
            Labels::Single(report) => report.examples,
            Labels::Multi(report) => report.examples,
        }
    }
}

/// Judges the outcomes of a model with these labels.
pub(crate) fn judge(
    labels: &[String],
    multi_label: bool,
    outcomes: &[Outcome],
    seed: u64,
) -> Result<Judged, MetricsError> {
    let all: BTreeSet<&String> =
        labels.iter().chain(outcomes.iter().flat_map(|o| &o.gold)).collect();
    let unknown: Vec<String> =
        all.iter().filter(|l| !labels.contains(l)).map(ToString::to_string).collect();
    let all: Vec<String> = all.into_iter().cloned().collect();
    let report = if multi_label {
        let mut counts = MultiLabelCounts::new(all.iter().cloned())?;
        for outcome in outcomes {
            counts.add(&outcome.gold, &outcome.predicted)?;
        }
        Labels::Multi(counts.report())
    } else {
        let mut counts = Confusion::new(all.iter().cloned())?;
        for outcome in outcomes {
            if let (Some(gold), Some(predicted)) = (outcome.gold.first(), outcome.predicted.first())
            {
                counts.add(gold, predicted)?;
            }
        }
        Labels::Single(counts.report())
    };
    let place = |label: &String| labels.iter().position(|l| l == label);
    let probability = if multi_label || labels.len() < 2 {
        None
    } else {
        let mut scorer = ProbabilityParams::new(labels.len()).check()?.scorer();
        for outcome in outcomes {
            if let Some(gold) = outcome.gold.first().and_then(place) {
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
            Ranking {
                roc_auc: roc_auc(&gold, &scores)?,
                average_precision: average_precision(&gold, &scores)?,
                curve: thinned(curve.recall.into_iter().zip(curve.precision).collect()),
            },
        );
    }
    let intervals = intervals(&all, outcomes, seed)?;
    Ok(Judged { report, intervals, probability, ranking, unknown_labels: unknown })
}

/// The intervals, from the same resamples.
fn intervals(
    labels: &[String],
    outcomes: &[Outcome],
    seed: u64,
) -> Result<Intervals, MetricsError> {
    let right: Vec<bool> = outcomes.iter().map(Outcome::is_right).collect();
    let places = places(labels, outcomes);
    let bootstrap = BootstrapParams::new().seed(seed).check()?;
    Ok(Intervals {
        accuracy: bootstrap.interval(outcomes.len(), |order| share(&right, order))?,
        macro_f1: bootstrap
            .interval(outcomes.len(), |order| macro_f1(labels.len(), &places, order))?,
    })
}

/// The share of these examples that are right.
#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
pub(crate) fn share(right: &[bool], order: &[usize]) -> f64 {
    order.iter().filter(|&&i| right[i]).count() as f64 / order.len() as f64
}

/// The places of gold and predicted labels of an example.
pub(crate) type Places = (Vec<usize>, Vec<usize>);

/// Labels as places in a list, by which resamples are counted fast.
pub(crate) fn places(labels: &[String], outcomes: &[Outcome]) -> Vec<Places> {
    let of = |own: &[String]| {
        own.iter().filter_map(|label| labels.iter().position(|l| l == label)).collect()
    };
    outcomes.iter().map(|o| (of(&o.gold), of(&o.predicted))).collect()
}

/// The mean of the labels' F1 over these examples.
pub(crate) fn macro_f1(labels: usize, places: &[Places], order: &[usize]) -> f64 {
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
