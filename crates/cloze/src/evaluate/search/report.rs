//! Report of an evaluation of a search.
use std::collections::BTreeMap;

use cloze_embed::Metric;
use cloze_embed::correction::Provenance;
use cloze_metrics::compare::Interval;
use cloze_metrics::retrieval::{QueryFigures, RetrievalFigures};
use cloze_search::index::Info;
use serde::Serialize;

use super::EvaluatedSearch;
use crate::evaluate::sts::made_by;
use crate::{Error, SentenceEncoder};

/// Definitions of the figures, and where they differ from `trec_eval`'s.
pub const SEARCH_CONVENTION: &str = "trec_eval 9 with -c: gains are grades, of equal scores the last \
                                     name comes first, and what was not asked counts as 0; but \
                                     queries without a relevant document are left out";

/// Origin of rankings.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum SearchSource {
    /// Search in an index.
    Index {
        /// File of the queries.
        queries: String,
        /// Folder of the index.
        index: String,
        /// Number of records.
        records: usize,
        /// Whether it is searched by words, too.
        hybrid: bool,
        /// Origin of the vectors.
        #[serde(flatten)]
        made: VectorOrigin,
    },
    /// Search among documents in memory.
    Documents {
        /// File of the queries.
        queries: String,
        /// Files of the documents.
        documents: Vec<String>,
        /// Number of rows.
        records: usize,
        /// Origin of the vectors.
        #[serde(flatten)]
        made: VectorOrigin,
    },
    /// Results of a search that was done before.
    Results {
        /// File of the results.
        results: String,
    },
}

impl SearchSource {
    /// File of the queries.
    #[must_use]
    pub fn queries(&self) -> &str {
        match self {
            Self::Index { queries, .. } | Self::Documents { queries, .. } => queries,
            Self::Results { results } => results,
        }
    }
}

/// Origin of vectors, and how they are compared.
#[derive(Clone, Debug, Serialize)]
pub struct VectorOrigin {
    /// Name of the model.
    pub model: String,
    /// SHA-256 of its weights.
    pub model_sha256: String,
    /// Pooling.
    pub pooling: String,
    /// Layers.
    pub layers: String,
    /// Correction.
    pub correction: String,
    /// Similarity metric.
    pub metric: Metric,
}

impl VectorOrigin {
    /// Origin of the vectors of an encoder.
    ///
    /// # Errors
    /// [`Error::Encoder`] if the model's file cannot be read.
    pub fn of(encoder: &SentenceEncoder, metric: Metric) -> Result<Self, Error> {
        let correction = encoder.correction().map_or("none", |fitted| fitted.method().name());
        let (model_sha256, layers) = made_by(encoder)?;
        Ok(Self {
            model: encoder.model().name(),
            model_sha256,
            pooling: encoder.poolings().to_string(),
            layers,
            correction: correction.to_owned(),
            metric,
        })
    }

    /// Origin of the vectors of an index; empty where it was not built of texts.
    #[must_use]
    pub fn of_index(info: &Info) -> Self {
        let made = info.encoder.as_ref().map(|card| &card.provenance);
        let of = |text: fn(&Provenance) -> String| made.map(text).unwrap_or_default();
        Self {
            model: of(|made| made.model.clone()),
            model_sha256: of(|made| made.model_sha256.clone()),
            pooling: of(|made| made.pooling.to_string()),
            layers: of(|made| made.layers.to_string()),
            correction: info.correction.unwrap_or("none").to_owned(),
            metric: info.metric,
        }
    }
}

/// Report of an evaluation of a search.
#[derive(Clone, Debug, Serialize)]
pub struct SearchReport {
    /// Origin of the rankings.
    #[serde(flatten)]
    pub source: SearchSource,
    /// File of the relevance judgements.
    pub judgements: String,
    /// Number of documents that count of each query; `None` for all.
    pub depth: Option<usize>,
    /// Definitions of the figures.
    pub convention: &'static str,
    /// Number of queries that count.
    pub queries: u64,
    /// Number of those without results.
    pub without_results: u64,
    /// Number of those that were not asked.
    pub not_asked: usize,
    /// Number of queries without a relevant document, which are left out.
    pub without_relevant: u64,
    /// Number of queries without judgements, which are left out.
    pub unjudged: u64,
    /// Number of parts found beside the best one of their document.
    pub further_parts: u64,
    /// Means over queries.
    pub mean: RetrievalFigures,
    /// Intervals of the means, of 95 %.
    pub intervals: RetrievalFigures<Interval>,
    /// Figures of each query, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_query: Option<BTreeMap<String, QueryFigures>>,
}

impl SearchReport {
    /// A report on rankings of `source` against `judgements`, of which `depth` documents count.
    #[must_use]
    pub fn new(
        source: SearchSource,
        judgements: String,
        depth: Option<usize>,
        evaluated: EvaluatedSearch,
        per_query: bool,
    ) -> Self {
        let EvaluatedSearch { report, intervals, not_asked, further_parts, .. } = evaluated;
        Self {
            source,
            judgements,
            depth,
            convention: SEARCH_CONVENTION,
            queries: report.queries,
            without_results: report.without_results,
            not_asked,
            without_relevant: report.without_relevant,
            unjudged: report.unjudged,
            further_parts,
            mean: report.mean,
            intervals,
            by_query: per_query.then_some(report.by_query),
        }
    }
}
