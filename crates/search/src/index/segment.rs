//! Some of the rows of an index, opened.
use std::path::Path;
use std::sync::Arc;

use super::manifest::{Ids, Manifest, SegmentCard, SegmentFiles};
use super::records::{IndexRecord, RecordFile};
use crate::engine::Exact;
use crate::engine::hnsw::{Hnsw, Shape};
use crate::index::OpenParams;
use crate::vectors::VectorFile;
use crate::{Engine, EngineKind, RowSet, SearchError};

pub(crate) struct Segment {
    pub(crate) rows: usize,
    pub(crate) vectors: Arc<VectorFile>,
    names: Names,
    /// Rows that are not deleted, if any row is deleted.
    pub(crate) live: Option<RowSet>,
}

enum Names {
    Numbers(u64),
    Records(RecordFile),
}

impl Segment {
    pub(crate) fn open(
        folder: &Path,
        manifest: &Manifest,
        card: &SegmentCard,
    ) -> Result<Self, SearchError> {
        let files = SegmentFiles::of(folder, card.number);
        card.vectors.check_len(&files.vectors())?;
        let vectors =
            VectorFile::open(&files.vectors(), manifest.dtype, card.rows, manifest.width)?;
        let names = match &card.ids {
            Ids::Numbers(first) => Names::Numbers(*first),
            Ids::Records { records, offsets } => Names::Records(RecordFile::open(
                &files.records(),
                *records,
                &files.offsets(),
                *offsets,
                card.rows,
            )?),
        };
        let deleted = deleted(&files, card)?;
        let live = deleted.map(|deleted| {
            let mut live = RowSet::all(card.rows);
            live.subtract(&deleted);
            live
        });
        Ok(Self { rows: card.rows, vectors: Arc::new(vectors), names, live })
    }

    /// The engine that is asked for, or the one it was made for.
    pub(crate) fn engine(
        &self,
        folder: &Path,
        manifest: &Manifest,
        card: &SegmentCard,
        OpenParams { engine, expansion_search, threads }: OpenParams,
    ) -> Result<Box<dyn Engine>, SearchError> {
        if let (Some(graph), EngineKind::Auto | EngineKind::Hnsw) = (&card.graph, engine) {
            let expansion_search = expansion_search.unwrap_or(graph.expansion_search);
            let params = manifest.hnsw.expansion_search(expansion_search);
            let params = params.check(manifest.metric)?;
            let files = SegmentFiles::of(folder, card.number);
            graph.part.check_len(&files.graph())?;
            let Manifest { metric, width, .. } = *manifest;
            let shape = Shape { metric, params: *params.get(), rows: card.rows, width };
            let graph = Hnsw::open(&files.graph(), self.vectors.clone(), shape, threads)?;
            return Ok(Box::new(graph));
        }
        let rows = self.vectors.load(card.vectors, manifest.quantize)?;
        let source = manifest.quantize.then(|| self.vectors.clone());
        Ok(Box::new(Exact::of(rows, manifest.width, manifest.metric, threads, source)))
    }

    /// Record of a row.
    pub(crate) fn record(&self, row: usize) -> Result<IndexRecord, SearchError> {
        match &self.names {
            Names::Numbers(first) => Ok(IndexRecord {
                id: first.wrapping_add(row as u64).to_string(),
                ..IndexRecord::default()
            }),
            Names::Records(file) => file.get(row),
        }
    }

    pub(crate) fn is_live(&self, row: usize) -> bool {
        self.live.as_ref().is_none_or(|live| live.contains(row))
    }
}

/// The rows of a segment that are deleted, where any is.
pub(crate) fn deleted(
    files: &SegmentFiles,
    card: &SegmentCard,
) -> Result<Option<RowSet>, SearchError> {
    let Some(deleted) = &card.deleted else { return Ok(None) };
    let path = files.deleted(deleted.part.number);
    let bytes = deleted.part.part.read(&path)?;
    let words = bytes.chunks_exact(8).map(|word| {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(word);
        u64::from_le_bytes(bytes)
    });
    let set = RowSet::from_words(words.collect(), card.rows);
    match set.filter(|set| bytes.len().is_multiple_of(8) && set.count() == deleted.count) {
        Some(set) => Ok(Some(set)),
        None => Err(SearchError::Damaged {
            path,
            expected: format!("{} of {} rows", deleted.count, card.rows),
            found: "another set".into(),
        }),
    }
}
