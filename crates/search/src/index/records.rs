//! Records of the rows of an index: one JSON object per line, and the offset at which each ends.
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crc32fast::Hasher;
use fs_err::File;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::SearchError;
use crate::files::Part;
use crate::vectors::read_exact_at;

/// Record of a row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IndexRecord {
    /// Id, unique among the rows of the index.
    pub id: String,
    /// The text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The file it is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The line of that file it begins in; counts from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Start and end in the text of that file or record, if it is a part of it, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(usize, usize)>,
    /// Other fields of the record.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

/// The bytes of an entry: where the record ends (u64), and its CRC-32 (u32).
const ENTRY: usize = 12;

/// Writes records one after another.
pub(crate) struct RecordWriter {
    records: BufWriter<File>,
    path: PathBuf,
    crc: Hasher,
    end: u64,
    offsets: Vec<u8>,
    offsets_path: PathBuf,
}

impl RecordWriter {
    pub(crate) fn create(path: &Path, offsets_path: PathBuf) -> Result<Self, SearchError> {
        let file = File::create(path).map_err(SearchError::write(path))?;
        let (records, path) = (BufWriter::new(file), path.to_owned());
        Ok(Self { records, path, crc: Hasher::new(), end: 0, offsets: vec![], offsets_path })
    }

    pub(crate) fn push(&mut self, record: &IndexRecord) -> Result<(), SearchError> {
        let failed = SearchError::write(&self.path);
        let mut line = match serde_json::to_vec(record) {
            Ok(line) => line,
            Err(error) => return Err(failed(error.into())),
        };
        line.push(b'\n');
        self.crc.update(&line);
        self.end += line.len() as u64;
        self.offsets.extend_from_slice(&self.end.to_le_bytes());
        self.offsets.extend_from_slice(&crc32fast::hash(&line).to_le_bytes());
        self.records.write_all(&line).map_err(failed)
    }

    /// Everything is on the disk then: what the records are, and the offsets.
    pub(crate) fn finish(self) -> Result<(Part, Part), SearchError> {
        let Self { records, path, crc, end, offsets, offsets_path } = self;
        let file = records.into_inner().map_err(|e| SearchError::write(&path)(e.into_error()))?;
        file.sync_all().map_err(SearchError::write(&path))?;
        let mut file = File::create(&offsets_path).map_err(SearchError::write(&offsets_path))?;
        file.write_all(&offsets).map_err(SearchError::write(&offsets_path))?;
        file.sync_all().map_err(SearchError::write(&offsets_path))?;
        let crc32 = crc32fast::hash(&offsets);
        let offsets = Part { bytes: offsets.len() as u64, crc32 };
        Ok((Part { bytes: end, crc32: crc.finalize() }, offsets))
    }
}

/// Records where they lie on the disk.
pub(crate) struct RecordFile {
    file: File,
    offsets: Vec<u8>,
    bytes: u64,
}

impl RecordFile {
    pub(crate) fn open(
        path: &Path,
        part: Part,
        offsets_path: &Path,
        offsets: Part,
        rows: usize,
    ) -> Result<Self, SearchError> {
        part.check_len(path)?;
        let entries = offsets.read(offsets_path)?;
        if entries.len() != rows.saturating_mul(ENTRY) {
            return Err(SearchError::Damaged {
                path: offsets_path.to_owned(),
                expected: format!("{rows} entries of {ENTRY} bytes"),
                found: format!("{} bytes", entries.len()),
            });
        }
        let file = File::open(path).map_err(SearchError::Read)?;
        Ok(Self { file, offsets: entries, bytes: part.bytes })
    }

    fn end(&self, row: usize) -> (u64, u32) {
        let entry = &self.offsets[row * ENTRY..][..ENTRY];
        let (mut end, mut crc) = ([0; 8], [0; 4]);
        end.copy_from_slice(&entry[..8]);
        crc.copy_from_slice(&entry[8..]);
        (u64::from_le_bytes(end), u32::from_le_bytes(crc))
    }

    /// The record of a row that is there.
    pub(crate) fn get(&self, row: usize) -> Result<IndexRecord, SearchError> {
        let start = row.checked_sub(1).map_or(0, |before| self.end(before).0);
        let (end, crc) = self.end(row);
        let damaged = |expected: &str, actual: String| SearchError::Damaged {
            path: self.file.path().to_owned(),
            expected: format!("{expected} in row {row}"),
            found: actual,
        };
        let len = end.checked_sub(start).filter(|_| end <= self.bytes);
        let len = len.and_then(|len| usize::try_from(len).ok());
        let len = len.ok_or_else(|| damaged("a record", format!("bytes {start} to {end}")))?;
        let mut line = vec![0; len];
        read_exact_at(&self.file, &mut line, start).map_err(SearchError::Read)?;
        let actual = crc32fast::hash(&line);
        if actual != crc {
            return Err(damaged(&format!("the CRC-32 {crc:08x}"), format!("{actual:08x}")));
        }
        serde_json::from_slice(&line).map_err(|error| damaged("a record", error.to_string()))
    }
}
