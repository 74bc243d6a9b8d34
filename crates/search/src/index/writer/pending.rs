//! Rows on their way into a segment, and what a segment is made of.
use std::collections::HashSet;
use std::path::Path;

use cloze_embed::Accumulator;
use cloze_embed::correction::{Correct, Method};

use super::leftovers::PENDING;
use super::{Writer, write};
use crate::engine::{AUTO_HNSW_ROWS, check_vector};
use crate::files::{Part, sync_folder};
use crate::index::keywords::KeywordWriter;
use crate::index::manifest::{
    GraphCard, Ids, Manifest, NamedPart, SegmentCard, SegmentFiles, correction_path,
};
use crate::index::records::{IndexRecord, RecordWriter};
use crate::rows::Dtype;
use crate::vectors::{VectorFile, VectorWriter};
use crate::{EngineKind, SearchError};

/// Rows on their way into a segment.
pub(super) struct Pending {
    pub(super) files: SegmentFiles,
    pub(super) vectors: VectorWriter,
    pub(super) records: Option<RecordWriter>,
    pub(super) keywords: Option<KeywordWriter>,
    pub(super) ids: HashSet<String>,
}

impl Pending {
    pub(super) fn create(
        folder: &Path,
        manifest: &Manifest,
        dtype: Dtype,
        width: usize,
        named: bool,
    ) -> Result<Self, SearchError> {
        let files = SegmentFiles(folder.join(PENDING));
        fs_err::create_dir_all(&files.0).map_err(SearchError::write(&files.0))?;
        let vectors = VectorWriter::create(&files.vectors(), dtype, width)?;
        let records =
            named.then(|| RecordWriter::create(&files.records(), files.offsets())).transpose()?;
        let keywords = (named && manifest.keywords).then(KeywordWriter::default);
        Ok(Self { files, vectors, records, keywords, ids: HashSet::new() })
    }

    /// Adds the record of the vector that came last.
    pub(super) fn push_record(&mut self, record: &IndexRecord) -> Result<(), SearchError> {
        if let Some(records) = &mut self.records {
            records.push(record)?;
        }
        if let Some(keywords) = &mut self.keywords {
            keywords.push(record.text.as_deref());
        }
        Ok(())
    }
}

impl Writer {
    /// Makes a segment of the rows that are waiting.
    pub(super) fn finish(&mut self, pending: Pending) -> Result<SegmentCard, SearchError> {
        let Pending { files, vectors, records, keywords, .. } = pending;
        let rows = vectors.rows();
        let mut part = vectors.finish()?;
        if let Some(method) = self.fit.take() {
            part = self.correct(&files, method, rows)?;
        }
        let ids = if let Some(records) = records {
            let (records, offsets) = records.finish()?;
            Ids::Records { records, offsets }
        } else {
            let first = self.manifest.next_number;
            self.manifest.next_number = first.wrapping_add(rows);
            Ids::Numbers(first)
        };
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let keywords = match keywords {
            Some(keywords) => keywords.finish(&files)?,
            None => None,
        };
        let graph = self.graph(&files, rows)?;
        sync_folder(&files.0)?;
        let number = self.manifest.next_segment;
        self.manifest.next_segment = number.wrapping_add(1);
        let named = SegmentFiles::of(&self.folder, number);
        fs_err::rename(&files.0, &named.0).map_err(SearchError::write(&named.0))?;
        sync_folder(&self.folder)?;
        Ok(SegmentCard { number, rows, vectors: part, ids, graph, keywords, deleted: None })
    }

    /// Fits the correction on the rows that are waiting, and writes them corrected.
    fn correct(
        &mut self,
        files: &SegmentFiles,
        method: Method,
        rows: u64,
    ) -> Result<Part, SearchError> {
        let raw = files.0.join("raw.npy");
        fs_err::rename(files.vectors(), &raw).map_err(SearchError::write(&raw))?;
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let source = VectorFile::open(&raw, Dtype::F32, rows, self.manifest.width)?;
        let mut moments = Accumulator::new(self.manifest.width, method.spread());
        for block in source.blocks() {
            for row in block?.1.chunks_exact(self.manifest.width) {
                moments.push(row)?;
            }
        }
        let correction = method.effective(self.manifest.width).fit(&moments.finish())?;
        let width = correction.width_out();
        let mut vectors = VectorWriter::create(&files.vectors(), self.manifest.dtype, width)?;
        for block in source.blocks() {
            let (first, numbers) = block?;
            for (row, vector) in (first..).zip(numbers.chunks_exact(self.manifest.width)) {
                let mut vector = correction.apply(vector)?;
                check_vector(&vector, width, || format!("the corrected vector of row {row}"))?;
                self.finish_vector(&mut vector);
                vectors.push(&vector)?;
            }
        }
        let part = vectors.finish()?;
        fs_err::remove_file(&raw).map_err(SearchError::write(&raw))?;
        let number = self.manifest.generation;
        let path = correction_path(&self.folder, number);
        let json = serde_json::to_vec(&correction)
            .map_err(|error| SearchError::write(&path)(error.into()))?;
        let corrected = write(&path, &json)?;
        self.manifest.correction = Some(NamedPart { number, part: corrected });
        self.manifest.width = width;
        self.correction = Some(correction);
        Ok(part)
    }

    /// The graph of a segment, if it is to have one.
    fn graph(&self, files: &SegmentFiles, rows: usize) -> Result<Option<GraphCard>, SearchError> {
        let wanted = match self.manifest.engine {
            EngineKind::Exact => false,
            EngineKind::Auto => rows >= AUTO_HNSW_ROWS,
            EngineKind::Hnsw => true,
        };
        if !wanted {
            return Ok(None);
        }
        self.build_graph(files, rows).map(Some)
    }

    fn build_graph(&self, files: &SegmentFiles, rows: usize) -> Result<GraphCard, SearchError> {
        use crate::engine::hnsw::{Hnsw, Shape, build};
        use std::sync::Arc;
        use std::sync::atomic::{AtomicU64, Ordering};
        let Manifest { metric, width, dtype, hnsw, .. } = &self.manifest;
        let params = hnsw.check(*metric)?;
        let vectors = Arc::new(VectorFile::open(&files.vectors(), *dtype, rows, *width)?);
        let path = files.graph();
        let shape = Shape { metric: *metric, params: *params.get(), rows, width: *width };
        let done = AtomicU64::new(0);
        let progress = |n| {
            let done = done.fetch_add(n, Ordering::Relaxed) + n;
            (self.progress)(done, rows as u64);
        };
        build(&path, &vectors, shape, self.threads, &progress)?;
        let part = Part::of(&path)?;
        let asked = hnsw.expansion_search;
        let (expansion_search, recall) = if asked == 0 {
            let mut graph = Hnsw::open(&path, vectors.clone(), shape, self.threads)?;
            let (expansion, recall) = graph.measure(&vectors)?;
            (expansion, Some(recall))
        } else {
            (asked, None)
        };
        Ok(GraphCard { part, expansion_search, recall })
    }
}
