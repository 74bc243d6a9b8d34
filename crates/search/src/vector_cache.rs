//! Vectors kept on disk, so that what was encoded once need not be again.
use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use cloze_core::Matrix;
use cloze_store::{AtomicFile, Existing, StoreError, checksum, read};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};

use crate::SearchError;

/// The largest part that is read, in bytes. Parts are written far smaller.
const MAX_PART_BYTES: u64 = 1 << 30;
/// Bytes of a text's name: its SHA-256 in hexadecimal.
const NAME_BYTES: usize = 64;

/// Vectors of one width by what they were made of, in a folder of their own. What is added is on the
/// disk after [`write`](Self::write), as a further file (`0.safetensors`, `1.safetensors`, …, tensors
/// `names` and `rows`) which is there whole or not at all. A file that cannot be used, since it was
/// made with other settings or is damaged, is as if it was not there.
#[derive(Debug)]
pub struct VectorCache {
    /// `None` if nothing is kept.
    folder: Option<PathBuf>,
    /// Settings that all vectors share.
    settings: String,
    places: HashMap<String, usize>,
    rows: Matrix,
    /// Names in the order of rows; those from `written` on are not on the disk yet.
    names: Vec<String>,
    written: usize,
    next_part: usize,
}

impl VectorCache {
    /// Opens the cache for vectors of `width` numbers that were made with `settings`: any text that
    /// tells apart vectors that must not be mixed. The cache is a folder of `parent` named after
    /// them, made with the first vectors.
    ///
    /// # Errors
    /// [`SearchError::Store`] if the folder is there and cannot be listed.
    pub fn open(parent: &Path, settings: &str, width: usize) -> Result<Self, SearchError> {
        let mut cache = Self::in_memory(width);
        cache.settings = checksum::sha256(format!("{width} {settings}").as_bytes());
        let folder = parent.join(&cache.settings[..16]);
        cache.folder = Some(folder.clone());
        if !folder.is_dir() {
            return Ok(cache);
        }
        let mut parts: Vec<usize> = vec![];
        for entry in fs_err::read_dir(&folder).map_err(StoreError::Read)? {
            let name = entry.map_err(StoreError::Read)?.file_name();
            let number: Option<usize> =
                name.to_str().and_then(|n| n.strip_suffix(".safetensors")?.parse().ok());
            parts.extend(number);
        }
        parts.sort_unstable();
        cache.next_part = parts.last().map_or(0, |last| last.saturating_add(1));
        for part in parts {
            // A cache that cannot be read costs time, and no more.
            if let Ok(bytes) = read::read_capped(part_path(&folder, part), MAX_PART_BYTES) {
                cache.take(&bytes);
            }
        }
        cache.written = cache.names.len();
        Ok(cache)
    }

    /// One that keeps nothing on the disk.
    #[must_use]
    pub fn in_memory(width: usize) -> Self {
        Self {
            folder: None,
            settings: String::new(),
            places: HashMap::new(),
            rows: Matrix::with_capacity(0, width),
            names: vec![],
            written: 0,
            next_part: 0,
        }
    }

    /// Adds the vectors of a part; none if it is not of this cache.
    fn take(&mut self, bytes: &[u8]) -> Option<()> {
        let (_, header) = SafeTensors::read_metadata(bytes).ok()?;
        let made_with = header.metadata().as_ref()?.get("settings")?;
        let tensors = SafeTensors::deserialize(bytes).ok()?;
        let (names, rows) = (tensors.tensor("names").ok()?, tensors.tensor("rows").ok()?);
        let n = *names.shape().first()?;
        let fits = *made_with == self.settings
            && names.dtype() == Dtype::U8
            && names.shape() == [n, NAME_BYTES]
            && rows.dtype() == Dtype::F32
            && rows.shape() == [n, self.rows.cols()];
        let names = std::str::from_utf8(names.data()).ok().filter(|_| fits)?;
        let number = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        let numbers: Vec<f32> = rows.data().chunks_exact(4).map(number).collect();
        for (i, row) in numbers.chunks_exact(self.rows.cols()).enumerate() {
            self.push(names.get(i * NAME_BYTES..(i + 1) * NAME_BYTES)?.to_owned(), row);
        }
        Some(())
    }

    /// Folder of the cache; `None` if nothing is kept.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Number of vectors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The vector of these texts: of one, or of several together.
    #[must_use]
    pub fn get(&self, texts: &[&str]) -> Option<&[f32]> {
        self.rows.row(*self.places.get(&name(texts))?)
    }

    /// Keeps a vector; false, and nothing done, if it has another width.
    #[must_use]
    pub fn insert(&mut self, texts: &[&str], row: &[f32]) -> bool {
        let fits = row.len() == self.rows.cols();
        if fits {
            self.push(name(texts), row);
        }
        fits
    }

    fn push(&mut self, name: String, row: &[f32]) {
        if !self.places.contains_key(&name) && self.rows.push_rows(row) {
            self.places.insert(name.clone(), self.names.len());
            self.names.push(name);
        }
    }

    /// Writes what was added since the last time.
    ///
    /// # Errors
    /// [`SearchError::Store`] if the file cannot be written; what was added stays in memory.
    pub fn write(&mut self) -> Result<(), SearchError> {
        let n = self.names.len() - self.written;
        let Some(folder) = self.folder.as_ref().filter(|_| n > 0) else { return Ok(()) };
        let path = part_path(folder, self.next_part);
        let names = self.names[self.written..].concat();
        let width = self.rows.cols();
        let rows: Vec<u8> = self.rows.as_slice()[self.written * width..]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        let unwritable = |error: safetensors::SafeTensorError| StoreError::Write {
            path: path.clone(),
            source: std::io::Error::other(error),
        };
        let names = TensorView::new(Dtype::U8, vec![n, NAME_BYTES], names.as_bytes());
        let rows = TensorView::new(Dtype::F32, vec![n, width], &rows);
        let tensors = [("names", names.map_err(unwritable)?), ("rows", rows.map_err(unwritable)?)];
        let settings = HashMap::from([("settings".to_owned(), self.settings.clone())]);
        let bytes = serialize(tensors, Some(settings)).map_err(unwritable)?;
        let mut file = AtomicFile::create(&path, Existing::Refuse)?;
        file.write_all(&bytes)
            .map_err(|source| StoreError::Write { path: path.clone(), source })?;
        file.commit()?;
        self.written = self.names.len();
        self.next_part += 1;
        Ok(())
    }
}

fn part_path(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("{number}.safetensors"))
}

/// Lengths first, so that two texts are not taken for one.
fn name(texts: &[&str]) -> String {
    let lengths: Vec<String> = texts.iter().map(|t| t.len().to_string()).collect();
    checksum::sha256(format!("{}:{}", lengths.join(","), texts.concat()).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(folder: &Path, settings: &str, width: usize) -> VectorCache {
        VectorCache::open(folder, settings, width).unwrap()
    }

    #[test]
    fn what_was_written_is_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = open(folder.path(), "mean", 2);
        assert!(cache.insert(&["a"], &[1.0, f32::NAN]) && cache.insert(&["a", ""], &[3.0, 4.0]));
        assert!(!cache.insert(&["b"], &[1.0]));
        cache.write().unwrap();
        cache.write().unwrap();
        assert!(cache.insert(&["", "a"], &[5.0, 6.0]) && cache.insert(&["a"], &[9.0, 9.0]));
        cache.write().unwrap();
        assert!(cache.insert(&["never written"], &[0.0, 0.0]));
        let again = open(folder.path(), "mean", 2);
        assert_eq!(again.len(), 3);
        let row = |texts: &[&str]| again.get(texts).map(bits);
        assert_eq!(row(&["a"]), Some(bits(&[1.0, f32::NAN])));
        assert_eq!(row(&["a", ""]), Some(bits(&[3.0, 4.0])));
        assert_eq!(row(&["", "a"]), Some(bits(&[5.0, 6.0])));
        assert_eq!(row(&["never written"]), None);
        assert_eq!(fs_err::read_dir(again.folder().unwrap()).unwrap().count(), 2);
    }

    fn first_part(cache: &VectorCache) -> PathBuf {
        part_path(cache.folder().expect("a cache on disk"), 0)
    }

    fn bits(row: &[f32]) -> Vec<u32> {
        row.iter().map(|x| x.to_bits()).collect()
    }

    #[test]
    fn other_settings_and_damaged_files_are_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = open(folder.path(), "mean", 2);
        assert!(cache.insert(&["a"], &[1.0, 2.0]));
        cache.write().unwrap();
        assert!(open(folder.path(), "cls", 2).is_empty());
        assert!(open(folder.path(), "mean", 1).is_empty());
        // A part of other settings in this one's folder.
        let other = open(folder.path(), "cls", 2);
        fs_err::create_dir(other.folder().unwrap()).unwrap();
        fs_err::copy(first_part(&cache), first_part(&other)).unwrap();
        assert!(open(folder.path(), "cls", 2).is_empty());
        // Cut off, at every place.
        let whole = fs_err::read(first_part(&cache)).unwrap();
        for end in 0..whole.len() {
            fs_err::write(first_part(&cache), &whole[..end]).unwrap();
            assert!(open(folder.path(), "mean", 2).is_empty(), "{end}");
        }
        // The next part does not take the damaged one's name.
        let mut again = open(folder.path(), "mean", 2);
        assert!(again.insert(&["b"], &[3.0, 4.0]));
        again.write().unwrap();
        assert_eq!(open(folder.path(), "mean", 2).get(&["b"]), Some(&[3.0, 4.0][..]));
    }
}
