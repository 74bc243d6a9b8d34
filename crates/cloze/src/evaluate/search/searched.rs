//! Documents that are searched: an index, or documents that are encoded now.
use std::collections::HashSet;

use cloze_core::Matrix;
use cloze_corpus::TextChunks;
use cloze_embed::Metric;
use cloze_search::index::IndexRecord;
use cloze_search::{Engine as _, Exact, Filter, Hit, RowSet};
use serde_json::{Map, Value};

use super::ranking::{JudgedDocuments, RankedDocuments};
use crate::evaluate::EvaluateError;
use crate::{Error, SentenceEncoder, TextIndex};

/// Documents that are searched.
pub enum SearchedDocuments {
    /// An index with the model that it was built with.
    Index {
        /// Index.
        texts: Box<TextIndex>,
        /// Rows that may be found; `None` for all.
        allowed: Option<RowSet>,
        /// Whether it is searched by words, too.
        hybrid: bool,
    },
    /// Documents in memory.
    Memory {
        /// Encoder of queries.
        queries: Box<SentenceEncoder>,
        /// Rows of the documents.
        rows: Box<DocumentRows>,
        /// Search among the rows.
        engine: Box<Exact>,
    },
}

/// Text of a document.
#[derive(Clone, Copy, Debug)]
pub struct SearchedText<'a> {
    /// Name of the document.
    pub id: &'a str,
    /// Path of its file.
    pub path: &'a str,
    /// Line, counted from 1.
    pub line: u64,
    /// Text.
    pub text: &'a str,
    /// Further fields, which a filter sees.
    pub metadata: &'a Map<String, Value>,
}

/// Error of one document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// A document whose name another one had.
    #[error("document {id:?} occurs twice")]
    Twice {
        /// Name.
        id: String,
    },
    /// A part of a document that could not be encoded.
    #[error("not encoded")]
    NotEncoded(#[source] Error),
}

/// Rows of documents: one per document, or one per part of it.
#[derive(Debug)]
pub struct DocumentRows {
    chunk: TextChunks,
    filter: Option<Filter>,
    vectors: Matrix,
    documents: Vec<String>,
    /// Whether a row passes the filter.
    passes: Vec<bool>,
    known: HashSet<String>,
    allowed: Option<RowSet>,
}

impl DocumentRows {
    /// No rows yet, of `width` numbers each; documents are cut as `chunk` says, and those that do not
    /// pass the filter are not found.
    #[must_use]
    pub fn new(width: usize, chunk: TextChunks, filter: Option<Filter>) -> Self {
        let (documents, passes, known) = Default::default();
        let vectors = Matrix::with_capacity(0, width);
        Self { chunk, filter, vectors, documents, passes, known, allowed: None }
    }

    /// Encodes documents. Errors of single documents are returned with their indices.
    ///
    /// # Errors
    /// As [`SentenceEncoder::encode_batch`], for what is not of one text.
    pub fn push(
        &mut self,
        texts: &[SearchedText<'_>],
        encoder: &SentenceEncoder,
    ) -> Result<Vec<(usize, DocumentError)>, EvaluateError> {
        let mut errors = vec![];
        let mut parts: Vec<(usize, &str)> = vec![];
        for (index, input) in texts.iter().enumerate() {
            if !self.known.insert(input.id.to_owned()) {
                errors.push((index, DocumentError::Twice { id: input.id.to_owned() }));
                continue;
            }
            let spans = self.chunk.spans(input.text);
            parts.extend(spans.iter().filter_map(|span| Some((index, span.of(input.text)?))));
        }
        let passages: Vec<&str> = parts.iter().map(|(_, text)| *text).collect();
        let vectors = encoder.encode_batch(&passages)?;
        for ((index, _), vector) in parts.into_iter().zip(vectors) {
            match vector {
                Ok(vector) => {
                    let pushed = self.vectors.push_rows(&vector);
                    debug_assert!(pushed, "every vector has the encoder's width");
                    let input = &texts[index];
                    self.documents.push(input.id.to_owned());
                    let passes = |filter: &Filter| filter.passes(&record(input));
                    self.passes.push(self.filter.as_ref().is_none_or(passes));
                }
                Err(error) => errors.push((index, DocumentError::NotEncoded(error))),
            }
        }
        Ok(errors)
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Returns whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }
}

/// Record of a document, as a filter sees it.
fn record(input: &SearchedText<'_>) -> IndexRecord {
    IndexRecord {
        id: input.id.to_owned(),
        path: Some(input.path.to_owned()),
        line: Some(input.line),
        metadata: input.metadata.clone(),
        ..IndexRecord::default()
    }
}

impl SearchedDocuments {
    /// Documents in memory, searched exactly; `queries` encodes queries.
    ///
    /// # Errors
    /// As [`Exact::new`].
    pub fn in_memory(
        queries: SentenceEncoder,
        mut rows: DocumentRows,
        metric: Metric,
        threads: usize,
    ) -> Result<Self, EvaluateError> {
        if rows.filter.is_some() {
            let mut set = RowSet::none(rows.passes.len());
            for (row, _) in rows.passes.iter().enumerate().filter(|(_, passes)| **passes) {
                set.insert(row);
            }
            rows.allowed = Some(set);
        }
        let engine = Exact::new(std::mem::take(&mut rows.vectors), metric, threads)?;
        let (queries, rows) = (Box::new(queries), Box::new(rows));
        Ok(Self::Memory { queries, rows, engine: Box::new(engine) })
    }

    /// The `k` documents most similar to each query.
    ///
    /// # Errors
    /// As [`TextIndex::hits`] and [`SentenceEncoder::encode_batch`].
    pub fn ranked(
        &self,
        queries: &[&str],
        k: usize,
        judged: &JudgedDocuments,
    ) -> Result<Vec<RankedDocuments>, Error> {
        let mut rankings: Vec<RankedDocuments> =
            queries.iter().map(|_| RankedDocuments::default()).collect();
        let mut todo: Vec<usize> = (0..queries.len()).collect();
        let mut depth = k;
        // Parts of one document take each other's places: further down there are more documents.
        while !todo.is_empty() {
            let asked: Vec<&str> = todo.iter().map(|query| queries[*query]).collect();
            let mut short = vec![];
            for (query, hits) in todo.into_iter().zip(self.search(&asked, depth)?) {
                rankings[query] = self.documents_of(&hits, judged)?;
                if rankings[query].len() < k && hits.len() >= depth {
                    short.push(query);
                }
            }
            todo = short;
            depth = depth.saturating_mul(4);
        }
        Ok(rankings)
    }

    fn search(&self, queries: &[&str], k: usize) -> Result<Vec<Vec<Hit>>, Error> {
        match self {
            Self::Index { texts, allowed, hybrid: true } => {
                texts.hybrid(queries, k, allowed.as_ref())
            }
            Self::Index { texts, allowed, hybrid: false } => {
                texts.hits(queries, k, allowed.as_ref())
            }
            Self::Memory { queries: encoder, rows, engine } => {
                Ok(engine.search(&encoder.encode_matrix(queries)?, k, rows.allowed.as_ref())?)
            }
        }
    }

    fn documents_of(
        &self,
        hits: &[Hit],
        judged: &JudgedDocuments,
    ) -> Result<RankedDocuments, Error> {
        let mut ranked = RankedDocuments::default();
        for hit in hits {
            let score = f64::from(hit.score);
            match self {
                Self::Index { texts, .. } => {
                    let IndexRecord { id, span, .. } = texts.index().record(hit.row)?;
                    // Only parts of documents have a place in them.
                    ranked.push(if span.is_some() { judged.document(&id) } else { &id }, score);
                }
                Self::Memory { rows, .. } => {
                    let row = usize::try_from(hit.row).unwrap_or(usize::MAX);
                    ranked.push(rows.documents.get(row).map_or("", String::as_str), score);
                }
            }
        }
        Ok(ranked)
    }

    /// Number of records or rows.
    #[must_use]
    pub fn records(&self) -> usize {
        match self {
            Self::Index { texts, .. } => texts.index().info().rows,
            Self::Memory { rows, .. } => rows.len(),
        }
    }
}
