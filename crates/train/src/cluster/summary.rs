//! Descriptions of clusters of texts: their words, their central texts, how well they are told apart.
use cloze_core::Matrix;
use cloze_embed::Metric;

use super::Clusters;
use super::silhouette::Distances;
use super::words::top_words;

/// Words per cluster.
const WORDS: usize = 8;
/// Central texts per cluster.
const NEAREST: usize = 3;
/// The distances of more texts than this take too much memory for one figure.
const MAX_SILHOUETTE: usize = 5_000;

/// Description of one cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterSummary {
    /// Words that tell the cluster from the others, the heaviest first: class-based TF-IDF
    /// (Grootendorst 2022).
    pub words: Vec<String>,
    /// Indices of the texts nearest to the centre with their cosines, the nearest first.
    pub nearest: Vec<(usize, f64)>,
}

/// Describes each cluster of `texts`, whose vectors are the rows of `vectors`.
#[must_use]
pub fn summaries(texts: &[&str], vectors: &Matrix, clusters: &Clusters) -> Vec<ClusterSummary> {
    let members: Vec<Vec<usize>> =
        (0..clusters.count()).map(|cluster| clusters.members(cluster)).collect();
    let of = |members: &Vec<usize>| members.iter().map(|&i| texts[i]).collect();
    let words = top_words(&members.iter().map(of).collect::<Vec<_>>(), WORDS);
    let summaries = members.iter().zip(&clusters.centres).zip(words);
    let summaries = summaries.map(|((members, centre), words)| {
        let cosine = |&i: &usize| {
            let vector = vectors.row(i).unwrap_or_default();
            // A vector of another width, or with NaN, has no cosine.
            (i, Metric::Cosine.similarity(vector, centre).unwrap_or(0.0))
        };
        let mut nearest: Vec<(usize, f64)> = members.iter().map(cosine).collect();
        nearest.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        nearest.truncate(NEAREST);
        ClusterSummary { words, nearest }
    });
    summaries.collect()
}

/// Returns the mean silhouette of the clusters; `None` where it is not defined, and for more than 5,000
/// rows, whose distances take too much memory.
#[must_use]
pub fn mean_silhouette(vectors: &Matrix, clusters: &Clusters) -> Option<f64> {
    if vectors.rows() > MAX_SILHOUETTE {
        return None;
    }
    Distances::of(vectors).silhouette(&clusters.of)
}
