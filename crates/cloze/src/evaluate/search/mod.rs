//! Documents found for queries, against relevance judgements of them, as `trec_eval` has the figures.
//!
//! - [`SearchedDocuments`]: an index, or documents in memory;
//! - [`RankedDocuments`]: documents found for a query;
//! - [`SearchEvaluation`]: their figures, query by query;
//! - [`SearchReport`]: the figures of all queries.
mod ranking;
mod report;
mod searched;

use std::collections::{BTreeMap, HashSet};

use cloze_metrics::compare::{BootstrapParams, Interval};
use cloze_metrics::retrieval::{JudgedRanking, RetrievalFigures, RetrievalReport, RetrievalScorer};

use super::EvaluateError;

pub use ranking::{JudgedDocuments, RankedDocuments, write_run};
pub use report::{SEARCH_CONVENTION, SearchReport, SearchSource, VectorOrigin};
pub use searched::{DocumentError, DocumentRows, SearchedDocuments, SearchedText};

/// Grades by query and document.
pub type Grades = BTreeMap<String, BTreeMap<String, i32>>;

/// Most names of each kind in an error.
const LISTED_NAMES: usize = 3;

/// Evaluation of a search, query by query.
#[derive(Debug)]
pub struct SearchEvaluation {
    grades: Grades,
    judged: JudgedDocuments,
    scorer: RetrievalScorer,
    depth: Option<usize>,
    asked: HashSet<String>,
    /// Whether any document that was found has judgements, for whatever query.
    met: bool,
    /// First queries and documents, for an error.
    first: [Vec<String>; 2],
    further_parts: u64,
}

/// Figures of all queries.
#[derive(Clone, Debug)]
pub struct EvaluatedSearch {
    /// Figures in the mean and by query.
    pub report: RetrievalReport,
    /// Bootstrapped intervals of the means.
    pub intervals: RetrievalFigures<Interval>,
    /// Number of queries that were asked.
    pub asked: usize,
    /// Number of queries with a relevant document that were not asked.
    pub not_asked: usize,
    /// Number of parts found beside the best one of their document.
    pub further_parts: u64,
}

/// Names of documents of which none that was found has judgements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherDocuments {
    /// Documents that were found, the first of them.
    pub found: String,
    /// Documents with judgements, the first of them.
    pub judged: String,
}

impl SearchEvaluation {
    /// An evaluation against `grades`, without queries yet; of each query the first `depth` documents
    /// count, or all.
    #[must_use]
    pub fn new(grades: Grades, scorer: RetrievalScorer, depth: Option<usize>) -> Self {
        let names = grades.values().flat_map(BTreeMap::keys).cloned().collect();
        let (asked, first) = Default::default();
        let judged = JudgedDocuments(names);
        Self { grades, judged, scorer, depth, asked, met: false, first, further_parts: 0 }
    }

    /// Number of documents that count.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth.unwrap_or(usize::MAX)
    }

    /// Documents with judgements.
    #[must_use]
    pub fn judged(&self) -> &JudgedDocuments {
        &self.judged
    }

    /// Adds the documents found for a query, and returns those that count, best first.
    ///
    /// # Errors
    /// [`EvaluateError::Metrics`] for a query that was added before, and for scores that are not
    /// numbers.
    pub fn add(
        &mut self,
        query: &str,
        ranked: RankedDocuments,
    ) -> Result<Vec<(String, f64)>, EvaluateError> {
        self.further_parts += ranked.further;
        let mut hits = ranked.into_sorted();
        hits.truncate(self.depth());
        let none = BTreeMap::new();
        let grades = self.grades.get(query).unwrap_or(&none);
        self.scorer.add(query, &JudgedRanking::by_score(&hits, grades)?)?;
        self.met |= hits.iter().any(|(document, _)| self.judged.0.contains(document));
        self.asked.insert(query.to_owned());
        let first = hits.first().map(|(document, _)| document.as_str());
        for (names, name) in self.first.iter_mut().zip([Some(query), first]) {
            let name = name.filter(|_| names.len() < LISTED_NAMES);
            names.extend(name.map(str::to_owned));
        }
        Ok(hits)
    }

    /// Adds a query that could not be searched: it counts as one without results.
    pub fn failed(&mut self, query: &str) {
        self.asked.insert(query.to_owned());
    }

    /// Checks that there is anything to evaluate. Names of documents that are nowhere judged give
    /// figures of 0, which say nothing: they are returned.
    ///
    /// # Errors
    /// [`EvaluateError::NothingRelevant`] and [`EvaluateError::OtherQueries`].
    pub fn check(&self) -> Result<Option<OtherDocuments>, EvaluateError> {
        if !self.grades.values().any(has_relevant) {
            return Err(EvaluateError::NothingRelevant);
        }
        let listed = |names: &mut dyn Iterator<Item = &String>| {
            let names: Vec<String> = names.take(LISTED_NAMES).map(|n| format!("{n:?}")).collect();
            names.join(", ")
        };
        let [queries, documents] = &self.first;
        if !self.asked.iter().any(|query| self.grades.contains_key(query)) {
            return Err(EvaluateError::OtherQueries {
                expected: listed(&mut self.grades.keys()),
                found: listed(&mut queries.iter()),
            });
        }
        let other = !self.met && !documents.is_empty();
        Ok(other.then(|| OtherDocuments {
            found: listed(&mut documents.iter()),
            judged: listed(&mut self.grades.values().flat_map(BTreeMap::keys)),
        }))
    }

    /// Figures of all queries; those with judgements that were not asked have found nothing. `seed`
    /// is the seed of resamples.
    ///
    /// # Errors
    /// [`EvaluateError::Metrics`] for intervals that cannot be computed.
    pub fn finish(mut self, seed: u64) -> Result<EvaluatedSearch, EvaluateError> {
        self.scorer.add_missing(&self.grades);
        let not_asked = |(query, grades): &(&String, &BTreeMap<String, i32>)| {
            !self.asked.contains(*query) && has_relevant(grades)
        };
        Ok(EvaluatedSearch {
            report: self.scorer.report(),
            intervals: self.scorer.intervals(&BootstrapParams::new().seed(seed).check()?)?,
            asked: self.asked.len(),
            not_asked: self.grades.iter().filter(not_asked).count(),
            further_parts: self.further_parts,
        })
    }
}

fn has_relevant(grades: &BTreeMap<String, i32>) -> bool {
    grades.values().any(|grade| *grade > 0)
}
