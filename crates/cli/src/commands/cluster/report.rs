//! What there is to say of clusters.
use cloze::{Matrix, Metric};
use cloze_train::Clusters;
use cloze_train::cluster::silhouette::Distances;

use super::words::top_words;
use crate::input::texts::Input;
use crate::terminal::messages::plural;

/// So many words say what a cluster is about.
const WORDS: usize = 8;
/// So many of its texts are shown.
const NEAREST: usize = 3;
/// The distances of more texts than this take too much memory for one figure.
const MAX_SILHOUETTE: usize = 5_000;

pub(super) struct Report<'a> {
    /// What is put together: a text, an occurrence.
    pub(super) what: &'static str,
    pub(super) texts: &'a [Input],
    pub(super) clusters: Clusters,
    pub(super) about: Vec<About>,
    silhouette: Option<f64>,
    how: String,
}

/// A cluster.
pub(super) struct About {
    pub(super) words: Vec<String>,
    /// The places of the texts most like its centre, the most alike first, with their cosines.
    pub(super) nearest: Vec<(usize, f64)>,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        what: &'static str,
        texts: &'a [Input],
        vectors: &Matrix,
        clusters: Clusters,
        how: String,
    ) -> Self {
        let members: Vec<Vec<usize>> =
            (0..clusters.count()).map(|cluster| clusters.members(cluster)).collect();
        let of = |members: &Vec<usize>| members.iter().map(|&i| texts[i].text.as_str()).collect();
        let words = top_words(&members.iter().map(of).collect::<Vec<_>>(), WORDS);
        let about =
            members.iter().zip(&clusters.centres).zip(words).map(|((members, centre), words)| {
                let cosine = |&i: &usize| {
                    let vector = vectors.row(i).unwrap_or_default();
                    // A vector of another width, or of no number, there is none of.
                    (i, Metric::Cosine.similarity(vector, centre).unwrap_or(0.0))
                };
                let mut nearest: Vec<(usize, f64)> = members.iter().map(cosine).collect();
                nearest.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                nearest.truncate(NEAREST);
                About { words, nearest }
            });
        let about = about.collect();
        let silhouette = Some(vectors)
            .filter(|vectors| vectors.rows() <= MAX_SILHOUETTE)
            .and_then(|vectors| Distances::of(vectors).silhouette(&clusters.of));
        Self { what, texts, clusters, about, silhouette, how }
    }

    /// The cluster of a text; counts from 1.
    pub(super) fn cluster_of(&self, text: usize) -> Option<usize> {
        self.clusters.of[text].map(|cluster| cluster + 1)
    }

    /// How many texts are in none.
    pub(super) fn in_none(&self) -> usize {
        self.clusters.of.iter().filter(|cluster| cluster.is_none()).count()
    }

    /// `126 texts in 12 clusters, silhouette 0.1234 (k-means)`.
    pub(super) fn summary(&self) -> String {
        let texts = plural(self.texts.len() as u64, self.what);
        let clusters = plural(self.clusters.count() as u64, "cluster");
        let none = match self.in_none() {
            0 => String::new(),
            none => format!(", {none} of them in none"),
        };
        let silhouette =
            self.silhouette.map_or(String::new(), |s| format!(", mean silhouette {s:.4}"));
        format!("{texts} in {clusters}{none}{silhouette} ({})", self.how)
    }
}
