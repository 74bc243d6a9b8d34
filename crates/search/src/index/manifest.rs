//! `index.json`: the parts of an index. It is written last and replaced as a whole, so that it is
//! the one place where a change becomes part of the index.
use std::path::{Path, PathBuf};

use cloze_embed::Metric;
use cloze_embed::correction::Provenance;
use cloze_store::{Existing, StoreError, checksum, envelope};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::params::IndexParams;
use crate::files::{Part, sync_folder};
use crate::rows::Dtype;
use crate::{EngineKind, HnswParams, SearchError};

/// The kind of file that an index is described in.
pub const KIND: &str = "search-index";
/// The newest version of it.
pub const FORMAT_VERSION: u32 = 1;
/// Name.
pub const FILE: &str = "index.json";

/// Settings that turned texts into the vectors of an index; queries have to be made the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncoderCard {
    /// Model, pooling and layers.
    pub provenance: Provenance,
    /// The model's folder as it was named.
    pub folder: String,
    /// Whether vectors were brought to length 1 before any correction.
    pub normalize: bool,
    /// Number of dimensions kept of a vector, if it was truncated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dims: Option<usize>,
    /// Prompt put before every text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prompt: String,
    /// Prompt to put before every query.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub query_prompt: String,
    /// Route of texts through a model that has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Route of queries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query_route: Option<String>,
    /// Chunking of texts into records, as it was given.
    pub chunk: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Counts changes.
    pub(crate) generation: u64,
    pub(crate) width: usize,
    pub(crate) metric: Metric,
    pub(crate) dtype: Dtype,
    /// Whether the exact engine compares in 8 bits first.
    pub(crate) quantize: bool,
    pub(crate) engine: EngineKind,
    pub(crate) hnsw: HnswParams,
    /// Whether the words of texts are kept.
    #[serde(default)]
    pub(crate) keywords: bool,
    pub(crate) encoder: Option<EncoderCard>,
    /// Of the file `correction.json`.
    pub(crate) correction: Option<NamedPart>,
    /// The number of the next segment, none of which has been there before.
    pub(crate) next_segment: u64,
    /// The id of the next row that comes without one.
    pub(crate) next_number: u64,
    pub(crate) segments: Vec<SegmentCard>,
}

/// A part whose name changes from one commit to the next.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NamedPart {
    pub(crate) number: u64,
    #[serde(flatten)]
    pub(crate) part: Part,
}

/// Some of the rows, in files that do not change.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SegmentCard {
    pub(crate) number: u64,
    pub(crate) rows: usize,
    pub(crate) vectors: Part,
    pub(crate) ids: Ids,
    pub(crate) graph: Option<GraphCard>,
    /// The words of the rows, where they are kept and any row has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) keywords: Option<KeywordsCard>,
    pub(crate) deleted: Option<DeletedCard>,
}

/// Ids of the rows of a segment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ids {
    /// Their numbers, from this on.
    Numbers(u64),
    /// Their records.
    Records { records: Part, offsets: Part },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GraphCard {
    #[serde(flatten)]
    pub(crate) part: Part,
    /// The expansion that searches start with.
    pub(crate) expansion_search: usize,
    /// Recall of the 10 nearest, measured when it was built; none where it was not measured.
    pub(crate) recall: Option<f64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeywordsCard {
    /// Number of distinct words.
    pub(crate) count: usize,
    pub(crate) terms: Part,
    pub(crate) postings: Part,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DeletedCard {
    pub(crate) count: usize,
    #[serde(flatten)]
    pub(crate) part: NamedPart,
}

/// The manifest as it stands in the file, with the hash of its text.
#[derive(Serialize, Deserialize)]
struct Sealed {
    sha256: String,
    index: Box<RawValue>,
}

impl Manifest {
    pub(crate) fn new(params: &IndexParams, generation: u64, next_segment: u64) -> Self {
        Self {
            generation,
            width: 0,
            metric: params.metric,
            dtype: params.dtype,
            quantize: params.quantize,
            engine: params.engine,
            hnsw: params.hnsw,
            keywords: params.keywords,
            encoder: params.encoder.clone(),
            correction: None,
            next_segment,
            next_number: 0,
            segments: vec![],
        }
    }

    pub(crate) fn path(folder: &Path) -> PathBuf {
        folder.join(FILE)
    }

    pub(crate) fn open(folder: &Path) -> Result<Self, SearchError> {
        let path = Self::path(folder);
        if fs_err::symlink_metadata(&path).is_err() {
            return Err(SearchError::NoIndex { folder: folder.to_owned() });
        }
        let Sealed { sha256, index } = envelope::read_json(&path, KIND, FORMAT_VERSION)?;
        let actual = checksum::sha256(index.get().as_bytes());
        let damaged = |expected: String, actual: String| SearchError::Damaged {
            path: path.clone(),
            expected,
            found: actual,
        };
        if actual != sha256 {
            return Err(damaged(format!("an index of SHA-256 {sha256}"), actual));
        }
        let manifest: Self = serde_json::from_str(index.get()).map_err(|source| {
            SearchError::Store(StoreError::Json {
                path: path.clone(),
                kind: KIND.to_owned(),
                line: source.line(),
                column: source.column(),
                source,
            })
        })?;
        manifest.judge().map_err(|(expected, actual)| damaged(expected, actual))?;
        Ok(manifest)
    }

    /// Whether its numbers can be worked with: lengths of files follow from rows and widths.
    fn judge(&self) -> Result<(), (String, String)> {
        let bytes = |rows: usize| {
            let numbers = rows.checked_mul(self.width)?.checked_mul(self.dtype.bytes())?;
            (numbers as u64).checked_add(crate::vectors::HEADER as u64)
        };
        let mut rows = 0_usize;
        for segment in &self.segments {
            let number = segment.number;
            if self.width == 0 || segment.rows == 0 {
                return Err((format!("rows in segment {number}"), "none".into()));
            }
            if bytes(segment.rows) != Some(segment.vectors.bytes) {
                let actual = format!("{} rows, {} bytes", segment.rows, segment.vectors.bytes);
                return Err((format!("bytes for the rows of segment {number}"), actual));
            }
            rows = rows
                .checked_add(segment.rows)
                .ok_or_else(|| (format!("up to {} rows", usize::MAX), "more".to_owned()))?;
        }
        Ok(())
    }

    /// Makes it the state of the index.
    pub(crate) fn commit(&self, folder: &Path) -> Result<(), SearchError> {
        let path = Self::path(folder);
        let unwritable = |source| {
            let (path, kind) = (path.clone(), KIND.to_owned());
            SearchError::Store(StoreError::Serialize { path, kind, source })
        };
        let text = serde_json::to_string_pretty(self).map_err(unwritable)?;
        let sha256 = checksum::sha256(text.as_bytes());
        let index = RawValue::from_string(text).map_err(unwritable)?;
        let sealed = Sealed { sha256, index };
        envelope::write_json(&path, KIND, FORMAT_VERSION, &sealed, Existing::Replace)?;
        sync_folder(folder)
    }

    pub(crate) fn rows(&self) -> usize {
        self.segments.iter().map(|segment| segment.rows).sum()
    }

    pub(crate) fn live(&self) -> usize {
        let deleted = |s: &SegmentCard| s.deleted.as_ref().map_or(0, |deleted| deleted.count);
        self.segments.iter().map(|s| s.rows.saturating_sub(deleted(s))).sum()
    }
}

/// The files of a segment.
pub(crate) struct SegmentFiles(pub(crate) PathBuf);

impl SegmentFiles {
    pub(crate) fn of(folder: &Path, number: u64) -> Self {
        Self(folder.join(Self::name(number)))
    }

    pub(crate) fn name(number: u64) -> String {
        format!("segment-{number:06}")
    }

    pub(crate) fn vectors(&self) -> PathBuf {
        self.0.join("vectors.npy")
    }

    pub(crate) fn records(&self) -> PathBuf {
        self.0.join("records.jsonl")
    }

    pub(crate) fn offsets(&self) -> PathBuf {
        self.0.join("records.offsets")
    }

    pub(crate) fn graph(&self) -> PathBuf {
        self.0.join("graph.usearch")
    }

    pub(crate) fn terms(&self) -> PathBuf {
        self.0.join("keywords.terms")
    }

    pub(crate) fn postings(&self) -> PathBuf {
        self.0.join("keywords.postings")
    }

    pub(crate) fn deleted(&self, number: u64) -> PathBuf {
        self.0.join(format!("deleted-{number:06}.bits"))
    }
}

pub(crate) fn correction_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("correction-{number:06}.json"))
}
