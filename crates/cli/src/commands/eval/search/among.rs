//! What is searched: an index, or documents that are encoded now.
use std::path::Path;

use anyhow::bail;
use cloze::search::{Engine as _, Exact, Filter, Hit, Index, OpenParams, Record, RowSet};
use cloze::{Matrix, SentenceEncoder, TextIndex};
use cloze_corpus::Chunk;

use super::judging::{Names, Ranked};
use super::report::{Made, Source};
use crate::cli::CommonFlags;
use crate::commands::embed::note_truncated;
use crate::commands::eval::args::search::EvalSearchArgs;
use crate::flags::read::ReadFlags;
use crate::flags::vectors::VectorFlags;
use crate::input::texts::{self, Input};
use crate::terminal::messages::Messages;

/// Where queries are looked for.
pub(super) enum Among {
    /// An index, and which of its rows may be found.
    Index { texts: Box<TextIndex>, allowed: Option<RowSet>, hybrid: bool },
    /// Documents in memory: of each row its document.
    Documents {
        queries: Box<SentenceEncoder>,
        engine: Box<Exact>,
        documents: Vec<String>,
        allowed: Option<RowSet>,
        made: Made,
    },
}

/// A document whose name another one had.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: document {id:?} is there twice")]
struct DocumentTwice {
    path: String,
    line: u64,
    id: String,
}

impl Among {
    pub(super) fn index(
        common: &CommonFlags,
        folder: &Path,
        args: &EvalSearchArgs,
        messages: &Messages,
    ) -> anyhow::Result<Self> {
        let work = &args.vectors.work;
        let params = OpenParams::new()
            .engine(args.engine.value())
            .expansion_search(args.expansion_search)
            .threads(work.threads.unwrap_or(0));
        let index = Index::open_with(folder, params)?;
        let filter = args.filter.parse()?;
        let allowed = filter.map(|filter| index.rows_where(&filter)).transpose()?;
        // Said before anything is fetched for it.
        if index.encoder().is_none() {
            let error = cloze::Error::NoEncoder { folder: index.folder().to_owned() };
            return Err(error.into());
        }
        let texts = TextIndex::builder(index)
            .threads(work.threads)
            .batch_tokens(work.batch_tokens)
            .runtime(common.load_runtime(messages)?)
            .open()?;
        Ok(Self::Index { texts: Box::new(texts), allowed, hybrid: args.hybrid })
    }

    pub(super) fn documents(
        common: &CommonFlags,
        args: &EvalSearchArgs,
        messages: &Messages,
    ) -> anyhow::Result<Self> {
        let filter = args.filter.parse()?;
        let encoder = args.vectors.open(common, messages)?;
        let mut rows = Rows::new(encoder.width(), args.chunk.unwrap_or_default());
        let read = ReadFlags { metadata: true, ..args.read.clone() };
        texts::for_each_chunk(&args.paths, &read, messages, |chunk| {
            rows.push(&chunk, &encoder, filter.as_ref(), messages)
        })?;
        note_truncated(&encoder, messages);
        if rows.documents.is_empty() {
            bail!("{}: expected documents, found none", args.paths.join(", "));
        }
        let made = Made::by(&encoder, args)?;
        // Of each prompt an encoder.
        let queries = match &args.query_prompt {
            Some(prompt) => VectorFlags { prompt: prompt.clone(), ..args.vectors.clone() }
                .open(common, messages)?,
            None => encoder,
        };
        let Rows { vectors, documents, passes, .. } = rows;
        let allowed = filter.map(|_| {
            let mut set = RowSet::none(passes.len());
            for (row, _) in passes.iter().enumerate().filter(|(_, passes)| **passes) {
                set.insert(row);
            }
            set
        });
        let threads = args.vectors.work.threads.unwrap_or(0);
        let engine = Box::new(Exact::new(vectors, args.metric, threads)?);
        Ok(Self::Documents { queries: Box::new(queries), engine, documents, allowed, made })
    }

    /// The `k` documents most like each of `queries`.
    pub(super) fn ranked(
        &self,
        queries: &[&str],
        k: usize,
        names: &Names,
    ) -> Result<Vec<Ranked>, cloze::Error> {
        let mut all: Vec<Ranked> = queries.iter().map(|_| Ranked::default()).collect();
        let mut todo: Vec<usize> = (0..queries.len()).collect();
        let mut depth = k;
        // Parts of one document take each other's places: further down there are more documents.
        while !todo.is_empty() {
            let asked: Vec<&str> = todo.iter().map(|query| queries[*query]).collect();
            let mut short = vec![];
            for (query, hits) in todo.into_iter().zip(self.search(&asked, depth)?) {
                all[query] = self.documents_of(&hits, names)?;
                if all[query].len() < k && hits.len() >= depth {
                    short.push(query);
                }
            }
            todo = short;
            depth = depth.saturating_mul(4);
        }
        Ok(all)
    }

    fn search(&self, queries: &[&str], k: usize) -> Result<Vec<Vec<Hit>>, cloze::Error> {
        match self {
            Self::Index { texts, allowed, hybrid: true } => {
                texts.hybrid(queries, k, allowed.as_ref())
            }
            Self::Index { texts, allowed, hybrid: false } => {
                texts.hits(queries, k, allowed.as_ref())
            }
            Self::Documents { queries: encoder, engine, allowed, .. } => {
                Ok(engine.search(&encoder.encode_matrix(queries)?, k, allowed.as_ref())?)
            }
        }
    }

    fn documents_of(&self, hits: &[Hit], names: &Names) -> Result<Ranked, cloze::Error> {
        let mut ranked = Ranked::default();
        for hit in hits {
            let score = f64::from(hit.score);
            match self {
                Self::Index { texts, .. } => {
                    let Record { id, span, .. } = texts.index().record(hit.row)?;
                    // Only parts of documents have a place in them.
                    ranked.push(if span.is_some() { names.document(&id) } else { &id }, score);
                }
                Self::Documents { documents, .. } => {
                    let row = usize::try_from(hit.row).unwrap_or(usize::MAX);
                    ranked.push(documents.get(row).map_or("", String::as_str), score);
                }
            }
        }
        Ok(ranked)
    }

    /// What the report says of it.
    pub(super) fn source(&self, queries: String, paths: &[String]) -> Source {
        match self {
            Self::Index { texts, hybrid, .. } => {
                let info = texts.index().info();
                Source::Index {
                    queries,
                    index: texts.index().folder().display().to_string(),
                    records: info.rows,
                    hybrid: *hybrid,
                    made: Made::of_index(&info),
                }
            }
            Self::Documents { documents, made, .. } => Source::Documents {
                queries,
                documents: paths.to_vec(),
                records: documents.len(),
                made: made.clone(),
            },
        }
    }
}

/// Documents as they are read.
struct Rows {
    chunk: Chunk,
    vectors: Matrix,
    documents: Vec<String>,
    /// Whether a row passes the filter.
    passes: Vec<bool>,
    known: std::collections::HashSet<String>,
}

impl Rows {
    fn new(width: usize, chunk: Chunk) -> Self {
        let (documents, passes, known) = Default::default();
        Self { chunk, vectors: Matrix::with_capacity(0, width), documents, passes, known }
    }

    /// What cannot be encoded is named, and the rest is done.
    fn push(
        &mut self,
        inputs: &[Input],
        encoder: &SentenceEncoder,
        filter: Option<&Filter>,
        messages: &Messages,
    ) -> anyhow::Result<()> {
        let mut parts: Vec<(&Input, &str)> = vec![];
        for input in inputs {
            if !self.known.insert(input.id.clone()) {
                let (path, line) = (input.path.clone(), input.line);
                messages.failure(&DocumentTwice { path, line, id: input.id.clone() });
                continue;
            }
            let spans = self.chunk.spans(&input.text);
            parts.extend(spans.iter().filter_map(|span| Some((input, span.of(&input.text)?))));
        }
        let all: Vec<&str> = parts.iter().map(|(_, text)| *text).collect();
        for ((input, _), vector) in parts.into_iter().zip(encoder.encode_batch(&all)?) {
            match vector {
                Ok(vector) => {
                    let pushed = self.vectors.push_rows(&vector);
                    debug_assert!(pushed, "every vector has the encoder's width");
                    self.documents.push(input.id.clone());
                    self.passes.push(filter.is_none_or(|filter| filter.passes(&record(input))));
                }
                Err(error) => messages.failure(&input.not_encoded(error)),
            }
        }
        Ok(())
    }
}

/// What a filter looks at.
fn record(input: &Input) -> Record {
    Record {
        id: input.id.clone(),
        path: Some(input.path.clone()),
        line: Some(input.line),
        metadata: input.metadata.clone(),
        ..Record::default()
    }
}
