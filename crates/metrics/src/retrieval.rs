//! Ranked documents against judgements. Definitions are those of `trec_eval` 9, as pytrec-eval-terrier
//! 0.5.11 has them.
//!
//! A judgement gives a document a grade for a query: above 0 it is relevant, the more the higher. A
//! document with a grade below 0, or without one, is not relevant.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use cloze_metrics::retrieval::{JudgedRanking, RetrievalParams};
//!
//! let grades: BTreeMap<_, _> = [("d1", 2), ("d2", 1), ("d3", 0)].map(|(d, g)| (d.to_owned(), g)).into();
//! let ranking = JudgedRanking::in_order(&["d3", "d1", "d7"], &grades)?;
//! assert_eq!((ranking.reciprocal_rank(10), ranking.recall(10)), (0.5, 0.5));
//!
//! let mut scorer = RetrievalParams::new().cutoffs([3]).check()?.scorer();
//! scorer.add("q1", &ranking)?;
//! // A query that was judged and never asked counts, too.
//! scorer.add_missing(&[("q2".to_owned(), grades)].into());
//! let report = scorer.report();
//! assert_eq!((report.queries, report.without_results), (2, 1));
//! assert_eq!(report.mean.recall[&3], 0.25);
//! # Ok::<(), cloze_metrics::MetricsError>(())
//! ```
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use crate::MetricsError;
use crate::compare::{Interval, ValidBootstrapParams};
use crate::counts::{as_f64, quotient, ratio};

/// Relevance of the documents found for one query, rank by rank.
///
/// Cutoffs count ranks from 1; a ranking shorter than the cutoff is as if documents that are not
/// relevant followed, and one at `usize::MAX` is none. Every figure is 0 to 1, and 0 where there is
/// nothing to divide by: at cutoff 0, and without a relevant document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedRanking {
    /// The gain at each rank: its grade, or 0.
    gains: Vec<u32>,
    /// The gains of all relevant documents, falling.
    ideal: Vec<u32>,
    judged: usize,
}

impl JudgedRanking {
    /// The ranking that `ranked` is, best first, with the grades of all judged documents.
    ///
    /// The order is taken as it is, also where scores are tied. `trec_eval` reads no ranks: it
    /// orders by score anew ([`by_score`](Self::by_score)). Without ties the two are the same; with
    /// ties it has these figures for a run whose scores fall with each rank, such as the rank's
    /// negative.
    ///
    /// # Errors
    /// [`MetricsError::DocumentTwice`] at the first document that is ranked again.
    pub fn in_order(
        ranked: &[impl AsRef<str>],
        grades: &BTreeMap<String, i32>,
    ) -> Result<Self, MetricsError> {
        let mut ranks = HashMap::with_capacity(ranked.len());
        let mut gains = Vec::with_capacity(ranked.len());
        for (document, rank) in ranked.iter().map(AsRef::as_ref).zip(1..) {
            if let Some(first) = ranks.insert(document, rank) {
                let document = document.to_owned();
                return Err(MetricsError::DocumentTwice { document, first, second: rank });
            }
            gains.push(grades.get(document).map_or(0, |grade| gain(*grade)));
        }
        Ok(Self::new(gains, grades))
    }

    /// The ranking by score, the highest first, and among equal scores by name, the last first, as
    /// `trec_eval` has it: names are compared byte by byte. The order of `hits` does not matter.
    ///
    /// `trec_eval` 9 reads scores as `f32`, where near ones may be tied; here they are as they are given.
    ///
    /// # Errors
    /// [`MetricsError::Score`] at the first that is NaN; [`MetricsError::DocumentTwice`] as
    /// [`in_order`](Self::in_order).
    pub fn by_score(
        hits: &[(impl AsRef<str>, f64)],
        grades: &BTreeMap<String, i32>,
    ) -> Result<Self, MetricsError> {
        if let Some((document, score)) = hits.iter().find(|(_, score)| score.is_nan()) {
            let document = document.as_ref().to_owned();
            return Err(MetricsError::Score { document, found: *score });
        }
        let mut sorted: Vec<(&str, f64)> = hits.iter().map(|(d, s)| (d.as_ref(), *s)).collect();
        // Not `total_cmp`: 0 and −0 are tied.
        let by_score = |a: f64, b: f64| a.partial_cmp(&b).unwrap_or(Ordering::Equal);
        sorted.sort_by(|a, b| by_score(b.1, a.1).then(b.0.cmp(a.0)));
        let ranked: Vec<&str> = sorted.into_iter().map(|(document, _)| document).collect();
        Self::in_order(&ranked, grades)
    }

    /// Number of documents found.
    #[must_use]
    pub fn retrieved(&self) -> usize {
        self.gains.len()
    }

    /// Number of documents with a grade.
    #[must_use]
    pub fn judged(&self) -> usize {
        self.judged
    }

    /// Number of relevant documents, found or not.
    #[must_use]
    pub fn relevant(&self) -> usize {
        self.ideal.len()
    }

    /// Normalised discounted cumulative gain of the first `k`: the sum of grade / log₂(rank + 1),
    /// over the sum of the best possible ranking of all judged documents, cut at `k` likewise. The
    /// gain is the grade itself, not 2 to its power (`ndcg_cut`; Järvelin & Kekäläinen 2002).
    #[must_use]
    pub fn ndcg(&self, k: usize) -> f64 {
        quotient(discounted(&self.gains, k), discounted(&self.ideal, k))
    }

    /// The share of the first `k` that is relevant (`P`). It is over `k`, also where fewer were found.
    #[must_use]
    pub fn precision(&self, k: usize) -> f64 {
        ratio(self.found(k), k as u64)
    }

    /// The share of the relevant documents that is among the first `k` (`recall`).
    #[must_use]
    pub fn recall(&self, k: usize) -> f64 {
        ratio(self.found(k), self.ideal.len() as u64)
    }

    /// 1 over the rank of the first relevant document, if that is at most `k`, else 0 (`recip_rank`,
    /// with a cutoff that of a run cut there).
    #[must_use]
    pub fn reciprocal_rank(&self, k: usize) -> f64 {
        let first = self.gains.iter().take(k).position(|gain| *gain > 0);
        first.map_or(0.0, |above| ratio(1, above as u64 + 1))
    }

    /// The mean over all relevant documents, found or not, of the precision at their rank, 0 for one
    /// that was not found (`map`, whose mean over queries is mean average precision).
    #[must_use]
    pub fn average_precision(&self) -> f64 {
        let relevant = (1..).zip(&self.gains).filter(|(_, gain)| **gain > 0);
        let each = (1..).zip(relevant).map(|(count, (rank, _))| ratio(count, rank));
        let sum = each.fold(0.0, |sum, precision| sum + precision); // `sum` of nothing is −0
        quotient(sum, as_f64(self.ideal.len() as u64))
    }

    fn new(gains: Vec<u32>, grades: &BTreeMap<String, i32>) -> Self {
        let mut ideal: Vec<u32> =
            grades.values().map(|grade| gain(*grade)).filter(|gain| *gain > 0).collect();
        ideal.sort_unstable_by(|a, b| b.cmp(a));
        Self { gains, ideal, judged: grades.len() }
    }

    /// Number of relevant documents among the first `k`.
    fn found(&self, k: usize) -> u64 {
        self.gains.iter().take(k).filter(|gain| **gain > 0).count() as u64
    }

    /// In the order that [`RetrievalFigures::of`] takes them in.
    fn columns(&self, cutoffs: &BTreeSet<usize>) -> Vec<f64> {
        let at_cutoffs =
            |figure: fn(&Self, usize) -> f64| cutoffs.iter().map(move |k| figure(self, *k));
        at_cutoffs(Self::ndcg)
            .chain(at_cutoffs(Self::precision))
            .chain(at_cutoffs(Self::recall))
            .chain(at_cutoffs(Self::reciprocal_rank))
            .chain([self.reciprocal_rank(usize::MAX), self.average_precision()])
            .collect()
    }
}

fn gain(grade: i32) -> u32 {
    u32::try_from(grade).unwrap_or(0)
}

fn discounted(gains: &[u32], k: usize) -> f64 {
    let each = (2..).zip(gains).take(k).map(|(n, gain)| f64::from(*gain) / as_f64(n).log2());
    each.fold(0.0, |sum, gain| sum + gain) // `sum` of nothing is −0
}

/// Settings of the evaluation of rankings.
#[derive(Clone, Debug)]
#[must_use]
pub struct RetrievalParams {
    cutoffs: BTreeSet<usize>,
}

impl Default for RetrievalParams {
    fn default() -> Self {
        Self::new()
    }
}

impl RetrievalParams {
    /// The defaults.
    pub fn new() -> Self {
        Self { cutoffs: [1, 3, 5, 10, 100].into() }
    }

    /// The ranks that figures are cut at, each at least 1. One that occurs twice counts once, and
    /// without any there are the figures of whole rankings. Default `1, 3, 5, 10, 100`.
    pub fn cutoffs(mut self, cutoffs: impl IntoIterator<Item = usize>) -> Self {
        self.cutoffs = cutoffs.into_iter().collect();
        self
    }

    /// Validates the settings.
    ///
    /// # Errors
    /// [`MetricsError::Setting`] for a cutoff of 0.
    pub fn check(self) -> Result<ValidRetrievalParams, MetricsError> {
        if self.cutoffs.contains(&0) {
            let (value, expected) = ("0".to_owned(), "at least 1");
            return Err(MetricsError::Setting { name: "cutoffs", found: value, expected });
        }
        Ok(ValidRetrievalParams { cutoffs: self.cutoffs })
    }
}

/// Validated settings.
#[derive(Clone, Debug)]
pub struct ValidRetrievalParams {
    cutoffs: BTreeSet<usize>,
}

impl ValidRetrievalParams {
    /// A scorer that has seen nothing.
    #[must_use]
    pub fn scorer(&self) -> RetrievalScorer {
        let (queries, left_out) = (BTreeMap::new(), BTreeMap::new());
        RetrievalScorer { cutoffs: self.cutoffs.clone(), queries, left_out }
    }
}

/// Figures of queries, added up. Those made apart are put together by [`merge`](Self::merge).
///
/// The mean is over the queries that have a relevant document. Of these, one without results counts,
/// with figures of 0, as in `trec_eval` with `-c` (without it such a query is left out, which flatters).
/// A query that has grades but no relevant document cannot be answered well or badly: it is left
/// out, while `trec_eval` averages its 0 in. [`RetrievalReport`] counts both.
#[derive(Clone, Debug, PartialEq)]
pub struct RetrievalScorer {
    cutoffs: BTreeSet<usize>,
    queries: BTreeMap<String, Query>,
    /// Queries without a relevant document, and whether they are judged at all.
    left_out: BTreeMap<String, bool>,
}

#[derive(Clone, Debug, PartialEq)]
struct Query {
    relevant: u64,
    retrieved: u64,
    columns: Vec<f64>,
}

impl RetrievalScorer {
    /// Adds a query. An empty ranking is one that found nothing.
    ///
    /// # Errors
    /// [`MetricsError::QueryTwice`] if it was added before.
    pub fn add(&mut self, query: &str, ranking: &JudgedRanking) -> Result<(), MetricsError> {
        if self.has(query) {
            return Err(MetricsError::QueryTwice { query: query.to_owned() });
        }
        self.insert(query, ranking);
        Ok(())
    }

    /// Adds each query of `judgements`, grades by query and document, that was not added before, with
    /// an empty ranking: it was not asked, or nothing was found.
    pub fn add_missing(&mut self, judgements: &BTreeMap<String, BTreeMap<String, i32>>) {
        for (query, grades) in judgements {
            if !self.has(query) {
                self.insert(query, &JudgedRanking::new(vec![], grades));
            }
        }
    }

    /// Adds the queries of another.
    ///
    /// # Errors
    /// [`MetricsError::Unlike`] if the cutoffs differ, [`MetricsError::QueryTwice`] at the first query
    /// that both have; then nothing is added.
    pub fn merge(&mut self, other: Self) -> Result<(), MetricsError> {
        if self.cutoffs != other.cutoffs {
            let [first, second] = [self, &other].map(|s| format!("cutoffs {:?}", s.cutoffs));
            return Err(MetricsError::Unlike { first, second });
        }
        if let Some(query) = other.queries.keys().chain(other.left_out.keys()).find(|q| self.has(q))
        {
            return Err(MetricsError::QueryTwice { query: query.clone() });
        }
        self.queries.extend(other.queries);
        self.left_out.extend(other.left_out);
        Ok(())
    }

    /// The figures; means over no query are 0.
    #[must_use]
    pub fn report(&self) -> RetrievalReport {
        let queries = self.queries.len() as u64;
        let judged = self.left_out.values().filter(|judged| **judged).count() as u64;
        let sum = |column| self.queries.values().map(|q| q.columns[column]).sum();
        let mean = (0..self.width()).map(|column| quotient(sum(column), as_f64(queries)));
        let of_query = |q: &Query| QueryFigures {
            relevant: q.relevant,
            retrieved: q.retrieved,
            figures: RetrievalFigures::of(&self.cutoffs, q.columns.iter().copied()),
        };
        RetrievalReport {
            queries,
            without_results: self.queries.values().filter(|q| q.retrieved == 0).count() as u64,
            without_relevant: judged,
            unjudged: self.left_out.len() as u64 - judged,
            mean: RetrievalFigures::of(&self.cutoffs, mean),
            by_query: self.queries.iter().map(|(name, q)| (name.clone(), of_query(q))).collect(),
        }
    }

    /// The intervals of the means, on the same resamples of the queries.
    ///
    /// # Errors
    /// [`MetricsError::TooFewExamples`] without a query that counts.
    pub fn intervals(
        &self,
        bootstrap: &ValidBootstrapParams,
    ) -> Result<RetrievalFigures<Interval>, MetricsError> {
        let intervals: Result<Vec<Interval>, MetricsError> = (0..self.width())
            .map(|column| {
                let figures: Vec<f64> = self.queries.values().map(|q| q.columns[column]).collect();
                bootstrap.interval(figures.len(), |order| {
                    let sum: f64 = order.iter().map(|query| figures[*query]).sum();
                    quotient(sum, as_f64(order.len() as u64))
                })
            })
            .collect();
        Ok(RetrievalFigures::of(&self.cutoffs, intervals?))
    }

    fn insert(&mut self, query: &str, ranking: &JudgedRanking) {
        let (relevant, retrieved) = (ranking.relevant() as u64, ranking.retrieved() as u64);
        if relevant == 0 {
            self.left_out.insert(query.to_owned(), ranking.judged > 0);
        } else {
            let columns = ranking.columns(&self.cutoffs);
            self.queries.insert(query.to_owned(), Query { relevant, retrieved, columns });
        }
    }

    fn has(&self, query: &str) -> bool {
        self.queries.contains_key(query) || self.left_out.contains_key(query)
    }

    /// Number of figures per query.
    fn width(&self) -> usize {
        4 * self.cutoffs.len() + 2
    }
}

/// Quality of rankings.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RetrievalReport {
    /// Number of queries with a relevant document; the means are over these.
    pub queries: u64,
    /// Number of these without results, whose figures are 0.
    pub without_results: u64,
    /// Number of further queries that are judged, but have no relevant document. They are left out.
    pub without_relevant: u64,
    /// Number of further queries that are not judged at all. They are left out.
    pub unjudged: u64,
    /// The mean of each figure.
    pub mean: RetrievalFigures,
    /// The figures of each query that counts.
    pub by_query: BTreeMap<String, QueryFigures>,
}

/// The figures of one query.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QueryFigures {
    /// Number of relevant documents, found or not.
    pub relevant: u64,
    /// Number of documents found.
    pub retrieved: u64,
    /// Mean figures of [`JudgedRanking`].
    #[serde(flatten)]
    pub figures: RetrievalFigures,
}

/// A number, or an interval, for each figure that [`JudgedRanking`] has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RetrievalFigures<T = f64> {
    /// Normalised discounted cumulative gain by cutoff.
    pub ndcg: BTreeMap<usize, T>,
    /// Precision by cutoff.
    pub precision: BTreeMap<usize, T>,
    /// Recall by cutoff.
    pub recall: BTreeMap<usize, T>,
    /// The reciprocal rank by cutoff.
    pub reciprocal_rank_at: BTreeMap<usize, T>,
    /// The reciprocal rank in the whole ranking; its mean is MRR.
    pub reciprocal_rank: T,
    /// Average precision over the whole ranking; its mean is MAP.
    pub average_precision: T,
}

impl<T> RetrievalFigures<T> {
    /// Four figures for each cutoff, one after the other, and the two of the whole ranking.
    fn of(cutoffs: &BTreeSet<usize>, columns: impl IntoIterator<Item = T>) -> Self {
        let mut columns = columns.into_iter();
        let mut by_cutoff = || cutoffs.iter().copied().zip(columns.by_ref()).collect();
        let [ndcg, precision, recall, reciprocal_rank_at] = std::array::from_fn(|_| by_cutoff());
        let mut last = || columns.next().expect("a column for each figure");
        let (reciprocal_rank, average_precision) = (last(), last());
        Self { ndcg, precision, recall, reciprocal_rank_at, reciprocal_rank, average_precision }
    }
}
