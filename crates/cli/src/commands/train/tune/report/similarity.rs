//! What judging has found, of vectors.
use cloze::metrics::correlation::{pearson_interval, spearman_interval};
use serde::Serialize;

use super::Verdict;
use cloze_report::text::shown;

/// How well cosines go with scores by people.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ScoredVerdict {
    pub(crate) pairs: usize,
    pub(crate) spearman: f64,
    pub(crate) pearson: f64,
    /// The mean squared difference of cosine and score.
    pub(crate) squared_error: f64,
}

/// How often a text's own partner is the nearest of those there are.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RankedVerdict {
    pub(crate) pairs: usize,
    /// How many texts are chosen from, at most.
    pub(crate) among: usize,
    /// The mean of 1 / rank.
    pub(crate) mrr: f64,
    /// The share of ranks that are 1.
    pub(crate) accuracy: f64,
    /// The share of ranks up to 10.
    pub(crate) recall_at_10: f64,
}

impl Verdict for ScoredVerdict {
    const METRIC: &'static str = "Spearman";
    const PIPELINE: &'static str = "sentence-similarity";
    const METRICS: &'static [&'static str] = &["spearmanr", "pearsonr"];

    fn note(&self) -> String {
        format!("cosines and the scores of {} pairs", self.pairs)
    }

    fn head(&self) -> Vec<&'static str> {
        vec!["correlation", "value", "95 % interval"]
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |name: &str, value: f64, (low, high): (f64, f64)| {
            vec![name.to_owned(), shown(value), format!("{} to {}", shown(low), shown(high))]
        };
        vec![
            row("Spearman", self.spearman, spearman_interval(self.spearman, self.pairs)),
            row("Pearson", self.pearson, pearson_interval(self.pearson, self.pairs)),
        ]
    }
}

impl Verdict for RankedVerdict {
    const METRIC: &'static str = "mean reciprocal rank";
    const PIPELINE: &'static str = "sentence-similarity";
    const METRICS: &'static [&'static str] = &["mrr", "accuracy"];

    fn note(&self) -> String {
        format!("the partner of each of {} texts among those of up to {}", self.pairs, self.among)
    }

    fn head(&self) -> Vec<&'static str> {
        vec!["figure", "value"]
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |name: &str, value: f64| vec![name.to_owned(), shown(value)];
        vec![
            row("mean reciprocal rank", self.mrr),
            row("nearest", self.accuracy),
            row("among the nearest 10", self.recall_at_10),
        ]
    }
}
