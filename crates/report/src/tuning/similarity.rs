//! Figures of sentence vectors.
use cloze_metrics::correlation::{pearson_interval, spearman_interval};
use serde::Serialize;

use super::Figures;
use crate::text::shown;

/// Correlation of cosines with gold scores.
#[derive(Clone, Debug, Serialize)]
pub struct ScoredPairFigures {
    /// Number of pairs.
    pub pairs: usize,
    /// Spearman's rank correlation.
    pub spearman: f64,
    /// Pearson's correlation.
    pub pearson: f64,
    /// Mean squared difference of cosine and score.
    pub squared_error: f64,
}

/// Ranks of each text's partner among the partners of others.
#[derive(Clone, Debug, Serialize)]
pub struct RankedPairFigures {
    /// Number of pairs.
    pub pairs: usize,
    /// Number of texts ranked at once, at most.
    pub among: usize,
    /// Mean of 1 / rank.
    pub mrr: f64,
    /// Share of ranks that are 1.
    pub accuracy: f64,
    /// Share of ranks up to 10.
    pub recall_at_10: f64,
}

impl Figures for ScoredPairFigures {
    const METRIC: &'static str = "Spearman";
    const PIPELINE: &'static str = "sentence-similarity";
    const METRICS: &'static [&'static str] = &["spearmanr", "pearsonr"];

    fn note(&self) -> String {
        format!("cosine similarity and gold score of {} pairs", self.pairs)
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

impl Figures for RankedPairFigures {
    const METRIC: &'static str = "mean reciprocal rank";
    const PIPELINE: &'static str = "sentence-similarity";
    const METRICS: &'static [&'static str] = &["mrr", "accuracy"];

    fn note(&self) -> String {
        format!("rank of the matching text of {} texts among up to {}", self.pairs, self.among)
    }

    fn head(&self) -> Vec<&'static str> {
        vec!["figure", "value"]
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let row = |name: &str, value: f64| vec![name.to_owned(), shown(value)];
        vec![
            row("mean reciprocal rank", self.mrr),
            row("accuracy (rank 1)", self.accuracy),
            row("recall@10", self.recall_at_10),
        ]
    }
}
