//! An index on the disk: a folder.
//!
//! | file | |
//! |---|---|
//! | `index.json` | what there is, with the length and CRC-32 of every other file; itself under a SHA-256 |
//! | `segment-N/vectors.npy` | rows, corrected, and of length 1 where the metric is the cosine |
//! | `segment-N/records.jsonl`, `records.offsets` | what each row stands for, where it ends, and its CRC-32 |
//! | `segment-N/graph.usearch` | the graph of approximate search |
//! | `segment-N/keywords.terms`, `keywords.postings` | the words of the texts, and which rows have each |
//! | `segment-N/deleted-M.bits` | a bit a row that is no more |
//! | `correction-N.json` | the correction of vectors and queries |
//! | `lock` | held by the one process that writes |
//!
//! No file changes once it has its name. A change writes new ones, and then takes the place of
//! `index.json`; whatever that does not name is what a stopped change left, and the next one removes it.
mod keywords;
pub(crate) mod manifest;
mod params;
mod records;
mod segment;
mod verify;
mod writer;

use std::io;
use std::path::{Path, PathBuf};

use cloze_core::Matrix;
use cloze_embed::Metric;
use cloze_embed::correction::{Correct, Correction};
use serde::Serialize;

use crate::rows::Dtype;
use crate::{Engine, EngineKind, Filter, Hit, RowSet, SearchError};
use keywords::Keywords;
pub use manifest::{EncoderCard, FILE, FORMAT_VERSION, KIND};
use manifest::{Manifest, NamedPart, correction_path};
pub use params::{IndexParams, ValidIndexParams};
pub use records::IndexRecord;
use segment::Segment;
pub use verify::{Verified, verify};
pub use writer::{Added, Writer};

/// An index, opened for searching. It can be shared between threads, and shows the state of the
/// moment in which it was opened.
pub struct Index {
    folder: PathBuf,
    manifest: Manifest,
    correction: Option<Correction>,
    segments: Vec<(Segment, Box<dyn Engine>)>,
    /// Keywords of the segment, if the index keeps them.
    keywords: Option<Keywords>,
}

/// Settings for opening an index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenParams {
    pub(crate) engine: EngineKind,
    pub(crate) expansion_search: Option<usize>,
    pub(crate) threads: usize,
}

impl OpenParams {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The engine. Default [`EngineKind::Auto`]: that which the index was built for.
    /// [`EngineKind::Exact`] reads all vectors into memory.
    #[must_use]
    pub fn engine(self, engine: EngineKind) -> Self {
        Self { engine, ..self }
    }

    /// Candidates that a search of a graph keeps (`ef_search`), 1 to 65,536. Default: the value
    /// that the index was built with, or that was measured then.
    #[must_use]
    pub fn expansion_search(self, expansion_search: Option<usize>) -> Self {
        Self { expansion_search, ..self }
    }

    /// Number of threads of a search. Default `0`: as many as rayon's pool has.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }
}

/// Properties of an index.
#[derive(Clone, Debug, Serialize)]
pub struct Info {
    /// Counts the changes.
    pub generation: u64,
    /// The rows that can be found.
    pub rows: usize,
    /// The rows that are deleted and still on the disk.
    pub deleted: usize,
    /// The numbers of a vector.
    pub width: usize,
    /// Measure of similarity.
    pub metric: Metric,
    /// The numbers that vectors are kept in.
    pub dtype: Dtype,
    /// Whether the exact engine compares in 8 bits first.
    pub quantize: bool,
    /// Whether the words of texts are kept.
    pub keywords: bool,
    /// The engine that was asked for.
    pub engine: EngineKind,
    /// The rows of each segment, and of those with a graph the expansion and the recall measured.
    pub segments: Vec<SegmentInfo>,
    /// The name of the correction.
    pub correction: Option<&'static str>,
    /// Settings that the vectors were made with.
    pub encoder: Option<EncoderCard>,
    /// The bytes of all files.
    pub bytes: u64,
}

/// Properties of a segment.
#[derive(Clone, Debug, Serialize)]
pub struct SegmentInfo {
    /// Rows of the segment.
    pub rows: usize,
    /// Deleted rows of the segment.
    pub deleted: usize,
    /// The engine it is searched with.
    pub engine: EngineKind,
    /// Candidates that a search of its graph keeps (`ef_search`).
    pub expansion_search: Option<usize>,
    /// Recall of the 10 nearest when it was measured.
    pub recall: Option<f64>,
}

/// Number of times that opening begins anew when a writer changes the index meanwhile.
const TRIES: usize = 5;

impl Index {
    /// Opens the index in `folder`.
    ///
    /// # Errors
    /// [`SearchError::NoIndex`] if there is none; [`SearchError::Damaged`], [`SearchError::Read`]
    /// and [`SearchError::Store`] for a file that is not as it was written. Not every byte is looked
    /// at where vectors or graphs stay on the disk: that is what [`verify`] is for; but nothing that
    /// is not looked at can make a search leave a file.
    pub fn open(folder: &Path) -> Result<Self, SearchError> {
        Self::open_with(folder, OpenParams::new())
    }

    /// The same with settings.
    ///
    /// # Errors
    /// As [`open`](Self::open); and [`SearchError::Setting`] for the engine hnsw of an index without
    /// a graph and for an expansion out of its bounds.
    pub fn open_with(folder: &Path, params: OpenParams) -> Result<Self, SearchError> {
        let mut tries = 1;
        loop {
            let manifest = Manifest::open(folder)?;
            let generation = manifest.generation;
            match Self::of(folder, manifest, params) {
                // A writer has removed what it replaced before it could be opened.
                Err(SearchError::Read(error))
                    if error.kind() == io::ErrorKind::NotFound
                        && tries < TRIES
                        && Manifest::open(folder)?.generation != generation =>
                {
                    tries += 1;
                }
                opened => return opened,
            }
        }
    }

    fn of(folder: &Path, manifest: Manifest, params: OpenParams) -> Result<Self, SearchError> {
        if params.engine == EngineKind::Hnsw && manifest.segments.iter().all(|s| s.graph.is_none())
        {
            return Err(SearchError::Setting {
                setting: "engine",
                expected: "exact, since this index has no graph".into(),
                found: "hnsw".into(),
            });
        }
        let mut segments = vec![];
        for card in &manifest.segments {
            let segment = Segment::open(folder, &manifest, card)?;
            let engine = segment.engine(folder, &manifest, card, params)?;
            segments.push((segment, engine));
        }
        let correction = open_correction(folder, manifest.correction.as_ref())?;
        let of_keywords = segments.iter().map(|(segment, _)| segment);
        let keywords = Keywords::open(folder, &manifest, of_keywords)?;
        Ok(Self { folder: folder.to_owned(), manifest, correction, segments, keywords })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The rows there are, deleted ones among them: their numbers are below.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.manifest.rows()
    }

    /// The rows that can be found.
    #[must_use]
    pub fn len(&self) -> usize {
        self.manifest.live()
    }

    /// Whether there is no row that can be found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers that a query has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.correction.as_ref().map_or(self.manifest.width, Correct::width_in)
    }

    /// Settings that queries are made from texts with, if known.
    #[must_use]
    pub fn encoder(&self) -> Option<&EncoderCard> {
        self.manifest.encoder.as_ref()
    }

    /// Properties of the index.
    #[must_use]
    pub fn info(&self) -> Info {
        let manifest = &self.manifest;
        let mut bytes = 0;
        let segments = manifest.segments.iter().map(|card| {
            let deleted = card.deleted.as_ref();
            bytes += card.vectors.bytes + deleted.map_or(0, |d| d.part.part.bytes);
            bytes += card.graph.as_ref().map_or(0, |graph| graph.part.bytes);
            if let Some(keywords) = &card.keywords {
                bytes += keywords.terms.bytes + keywords.postings.bytes;
            }
            if let manifest::Ids::Records { records, offsets } = &card.ids {
                bytes += records.bytes + offsets.bytes;
            }
            SegmentInfo {
                rows: card.rows,
                deleted: deleted.map_or(0, |d| d.count),
                engine: if card.graph.is_some() { EngineKind::Hnsw } else { EngineKind::Exact },
                expansion_search: card.graph.as_ref().map(|graph| graph.expansion_search),
                recall: card.graph.as_ref().and_then(|graph| graph.recall),
            }
        });
        let segments = segments.collect();
        Info {
            generation: manifest.generation,
            rows: self.len(),
            deleted: self.rows() - self.len(),
            width: manifest.width,
            metric: manifest.metric,
            dtype: manifest.dtype,
            quantize: manifest.quantize,
            keywords: manifest.keywords,
            engine: manifest.engine,
            segments,
            correction: self.correction.as_ref().map(Correction::name),
            encoder: manifest.encoder.clone(),
            bytes,
        }
    }

    /// For each of `queries`, `[queries, width]`, as they come from the encoder, the `k` rows most like
    /// it, best first and of equal scores the one that was added first, among those of `allowed`, or
    /// among all. Fewer than `k` where there are no more.
    ///
    /// # Errors
    /// [`SearchError::Width`], [`SearchError::Vector`] and [`SearchError::Embed`] for a query;
    /// [`SearchError::Read`] and [`SearchError::Graph`] for what is read from the disk.
    pub fn search(
        &self,
        queries: &Matrix,
        k: usize,
        allowed: Option<&RowSet>,
    ) -> Result<Vec<Vec<Hit>>, SearchError> {
        let corrected: Matrix;
        let queries = match &self.correction {
            None => queries,
            Some(correction) => {
                let mut rows = Matrix::with_capacity(queries.rows(), correction.width_out());
                for query in queries {
                    let pushed = rows.push_rows(&correction.apply(query)?);
                    debug_assert!(pushed, "as wide as the correction makes it");
                }
                corrected = rows;
                &corrected
            }
        };
        let mut hits = vec![vec![]; queries.rows()];
        let mut first = 0;
        for (segment, engine) in &self.segments {
            let set: RowSet;
            let allowed = match (allowed, &segment.live) {
                (None, None) => None,
                (None, Some(live)) => Some(live),
                (Some(allowed), live) => {
                    let mut part = allowed.part(first, segment.rows);
                    if let Some(live) = live {
                        let mut dead = RowSet::all(segment.rows);
                        dead.subtract(live);
                        part.subtract(&dead);
                    }
                    set = part;
                    Some(&set)
                }
            };
            for (hits, segment_hits) in hits.iter_mut().zip(engine.search(queries, k, allowed)?) {
                let row = |hit: Hit| Hit { row: hit.row + first as u64, ..hit };
                hits.extend(segment_hits.into_iter().map(row));
            }
            first += segment.rows;
        }
        if self.segments.len() > 1 {
            for hits in &mut hits {
                hits.sort_unstable_by(Hit::order);
                hits.truncate(k);
            }
        }
        Ok(hits)
    }

    /// The segment of a row, and its number there.
    fn place(&self, row: u64) -> Result<(&Segment, usize), SearchError> {
        let rows = self.rows() as u64;
        let mut left = usize::try_from(row).map_err(|_| SearchError::NoRow { row, rows })?;
        for (segment, _) in &self.segments {
            match left.checked_sub(segment.rows) {
                None => return Ok((segment, left)),
                Some(rest) => left = rest,
            }
        }
        Err(SearchError::NoRow { row, rows })
    }

    /// Record of a row.
    ///
    /// # Errors
    /// [`SearchError::NoRow`]; [`SearchError::Read`] and [`SearchError::Damaged`] if it cannot be
    /// read.
    pub fn record(&self, row: u64) -> Result<IndexRecord, SearchError> {
        let (segment, row) = self.place(row)?;
        segment.record(row)
    }

    /// A row's vector as it is compared with, `[width]`.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn vector(&self, row: u64) -> Result<Vec<f32>, SearchError> {
        let (segment, row) = self.place(row)?;
        segment.vectors.rows(row, 1)
    }

    /// The rows that can be found, in order.
    pub fn live(&self) -> impl Iterator<Item = u64> {
        let mut first = 0;
        self.segments.iter().flat_map(move |(segment, _)| {
            let start = first;
            first += segment.rows as u64;
            (0..segment.rows).filter(|row| segment.is_live(*row)).map(move |row| start + row as u64)
        })
    }

    /// The rows whose records pass `filter`. It reads every record, so keep it for the next query.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn rows_where(&self, filter: &Filter) -> Result<RowSet, SearchError> {
        let mut set = RowSet::none(self.rows());
        for row in self.live() {
            if filter.passes(&self.record(row)?) {
                set.insert(usize::try_from(row).unwrap_or(usize::MAX));
            }
        }
        Ok(set)
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index").field("folder", &self.folder).finish_non_exhaustive()
    }
}

pub(crate) fn open_correction(
    folder: &Path,
    part: Option<&NamedPart>,
) -> Result<Option<Correction>, SearchError> {
    let Some(NamedPart { number, part }) = part else { return Ok(None) };
    let path = correction_path(folder, *number);
    let bytes = part.read(&path)?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| SearchError::Damaged {
        path,
        expected: "a correction".into(),
        found: error.to_string(),
    })
}
