//! Changes of an index: rows that come, rows that go, segments that are put together.
//!
//! - `pending`: rows on their way into a segment, and what a segment is made of;
//! - `merge`: segments put together;
//! - `leftovers`: the lock, and what stopped changes have left.
mod leftovers;
mod merge;
mod pending;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use cloze_embed::correction::{Correct, Correction, Method};
use cloze_embed::{Metric, l2_normalize};
use fs_err::File;

use super::manifest::{DeletedCard, Manifest, NamedPart, SegmentFiles};
use super::open_correction;
use super::params::ValidIndexParams;
use super::records::IndexRecord;
use super::segment::Segment;
use crate::engine::check_vector;
use crate::files::{Part, sync_folder};
use crate::rows::Dtype;
use crate::{RowSet, SearchError};
use leftovers::{PENDING, free_number, is_ours, lock, remove_leftovers};
use pending::Pending;

/// Hears how many rows of how many are in a graph.
type Progress = Box<dyn Fn(u64, u64) + Send + Sync>;

/// The one who writes to an index. Nothing of what it does is part of the index before
/// [`commit`](Self::commit), and then all of it is; dropped before that, it leaves the index as it was.
pub struct Writer {
    folder: PathBuf,
    /// Unlocked when it is closed.
    _lock: File,
    manifest: Manifest,
    correction: Option<Correction>,
    /// Correction to fit on the first rows.
    fit: Option<Method>,
    pending: Option<Pending>,
    /// Segment and row of each id that can be found; read when it is first needed.
    ids: Option<HashMap<String, (usize, usize)>>,
    /// Rows that go, by segment.
    gone: BTreeMap<usize, RowSet>,
    added: usize,
    replaced: usize,
    removed: usize,
    threads: usize,
    progress: Progress,
}

/// Result of a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Rows that came, those that took the place of others among them.
    pub added: usize,
    /// Rows that went because others of their id came.
    pub replaced: usize,
    /// Rows that were deleted.
    pub removed: usize,
    /// Rows that can be found now.
    pub rows: usize,
}

impl Writer {
    /// A writer of a new index in `folder`, which is created; with `replace`, of one that takes the
    /// place of the index that is there when it is committed.
    ///
    /// # Errors
    /// [`SearchError::Exists`] if an index is there and is not to be replaced, or if there are files
    /// of others; [`SearchError::Locked`] if another process writes; [`SearchError::Write`].
    pub fn create(
        folder: &Path,
        params: &ValidIndexParams,
        replace: bool,
    ) -> Result<Self, SearchError> {
        let there = Manifest::path(folder);
        if fs_err::symlink_metadata(&there).is_ok() {
            if !replace {
                let contents = "an index";
                return Err(SearchError::Exists { folder: folder.to_owned(), found: contents });
            }
        } else if let Ok(entries) = fs_err::read_dir(folder) {
            let mut names = entries.filter_map(Result::ok).map(|entry| entry.file_name());
            if names.any(|name| !is_ours(&name.to_string_lossy())) {
                let contents = "other files";
                return Err(SearchError::Exists { folder: folder.to_owned(), found: contents });
            }
        }
        fs_err::create_dir_all(folder).map_err(SearchError::write(folder))?;
        let lock = lock(folder)?;
        // Whatever state the old one is in: the new one does not stand on it, but its files stay until
        // the new one is there, so no name is used twice.
        let (generation, next) = match Manifest::open(folder) {
            Ok(old) => {
                remove_leftovers(folder, &old)?;
                (old.generation.wrapping_add(1), old.next_segment)
            }
            Err(_) => (1, free_number(folder)?),
        };
        let manifest = Manifest::new(&params.0, generation, next);
        Self::new(folder, lock, manifest, None, params.0.correction)
    }

    /// A writer of the index in `folder`.
    ///
    /// # Errors
    /// [`SearchError::NoIndex`], [`SearchError::Locked`], and as
    /// [`Index::open`](crate::index::Index::open) for a file that is not as it was written.
    pub fn open(folder: &Path) -> Result<Self, SearchError> {
        Manifest::open(folder)?;
        let lock = lock(folder)?;
        let mut manifest = Manifest::open(folder)?;
        remove_leftovers(folder, &manifest)?;
        let correction = open_correction(folder, manifest.correction.as_ref())?;
        manifest.generation = manifest.generation.wrapping_add(1);
        Self::new(folder, lock, manifest, correction, None)
    }

    fn new(
        folder: &Path,
        lock: File,
        manifest: Manifest,
        correction: Option<Correction>,
        fit: Option<Method>,
    ) -> Result<Self, SearchError> {
        let pending = folder.join(PENDING);
        if pending.is_dir() {
            fs_err::remove_dir_all(&pending).map_err(SearchError::write(&pending))?;
        }
        Ok(Self {
            folder: folder.to_owned(),
            _lock: lock,
            manifest,
            correction,
            fit,
            pending: None,
            ids: None,
            gone: BTreeMap::new(),
            added: 0,
            replaced: 0,
            removed: 0,
            threads: 0,
            progress: Box::new(|_, _| {}),
        })
    }

    /// Number of threads that build a graph. Default `0`: as many as rayon's pool has. With one,
    /// the same rows make the same graph.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Is told how many rows of how many are in a graph that is being built. Default: nobody.
    #[must_use]
    pub fn progress(mut self, progress: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        self.progress = Box::new(progress);
        self
    }

    /// Settings that the vectors of the index are made with, if known.
    #[must_use]
    pub fn encoder(&self) -> Option<&super::EncoderCard> {
        self.manifest.encoder.as_ref()
    }

    /// Adds a row. One of the same id that is in the index goes.
    ///
    /// # Errors
    /// [`SearchError::DuplicateId`] if the id came before, since the last commit;
    /// [`SearchError::Width`], [`SearchError::Vector`] and [`SearchError::Embed`] for the vector, as
    /// it comes from the encoder; [`SearchError::Setting`] if rows without records came since then.
    /// The writer goes on without it. [`SearchError::Write`].
    pub fn push(&mut self, record: &IndexRecord, vector: &[f32]) -> Result<(), SearchError> {
        let pending = self.pending.as_ref();
        if pending.is_some_and(|pending| pending.ids.contains(&record.id)) {
            return Err(SearchError::DuplicateId { id: record.id.clone() });
        }
        self.push_vector(&record.id, vector, true)?;
        if let Some(pending) = &mut self.pending {
            pending.push_record(record)?;
            pending.ids.insert(record.id.clone());
        }
        self.added += 1;
        Ok(())
    }

    /// Adds a row whose id is its number, counted from 0 over all that were ever added to the index
    /// in this way.
    ///
    /// # Errors
    /// As [`push`](Self::push), but for ids.
    pub fn push_numbered(&mut self, vector: &[f32]) -> Result<(), SearchError> {
        let number = self.manifest.next_number.wrapping_add(self.added as u64);
        self.push_vector(&number.to_string(), vector, false)?;
        self.added += 1;
        Ok(())
    }

    fn push_vector(&mut self, id: &str, vector: &[f32], named: bool) -> Result<(), SearchError> {
        let what = || format!("the vector of {id:?}");
        if self.pending.as_ref().is_some_and(|pending| pending.records.is_some() != named) {
            return Err(SearchError::Setting {
                setting: "ids",
                expected: "records for all rows of a commit, or numbers for all".into(),
                found: "both".into(),
            });
        }
        if self.manifest.width == 0 && self.pending.is_none() {
            if vector.is_empty() {
                return Err(SearchError::Width { what: what(), expected: 1, found: 0 });
            }
            self.manifest.width = vector.len();
        }
        let width = self.correction.as_ref().map_or(self.manifest.width, Correct::width_in);
        check_vector(vector, width, what)?;
        let mut vector = match &self.correction {
            Some(correction) => correction.apply(vector)?,
            None => vector.to_vec(),
        };
        if self.fit.is_none() {
            check_vector(&vector, vector.len(), what)?;
            self.finish_vector(&mut vector);
        }
        if self.pending.is_none() {
            // As they come, where they wait for a correction.
            let dtype = if self.fit.is_some() { Dtype::F32 } else { self.manifest.dtype };
            let width = vector.len();
            self.pending =
                Some(Pending::create(&self.folder, &self.manifest, dtype, width, named)?);
        }
        match &mut self.pending {
            Some(pending) => pending.vectors.push(&vector),
            None => Ok(()),
        }
    }

    fn finish_vector(&self, vector: &mut [f32]) {
        if self.manifest.metric == Metric::Cosine {
            l2_normalize(vector);
        }
    }

    /// Segment and row of each id that can be found.
    fn ids(&mut self) -> Result<&mut HashMap<String, (usize, usize)>, SearchError> {
        if self.ids.is_none() {
            let mut ids = HashMap::new();
            for (number, card) in self.manifest.segments.iter().enumerate() {
                let segment = Segment::open(&self.folder, &self.manifest, card)?;
                for row in (0..segment.rows).filter(|row| segment.is_live(*row)) {
                    ids.insert(segment.record(row)?.id, (number, row));
                }
            }
            self.ids = Some(ids);
        }
        Ok(self.ids.get_or_insert_default())
    }

    /// Deletes the row of this id; false if there is none.
    ///
    /// # Errors
    /// [`SearchError::Read`] and [`SearchError::Damaged`] if the ids cannot be read.
    pub fn delete(&mut self, id: &str) -> Result<bool, SearchError> {
        let Some((segment, row)) = self.ids()?.remove(id) else { return Ok(false) };
        self.go(segment, row);
        self.removed += 1;
        Ok(true)
    }

    /// Deletes all rows whose records pass `filter`, and says how many.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub fn delete_where(&mut self, filter: &crate::Filter) -> Result<usize, SearchError> {
        let mut ids = vec![];
        for card in &self.manifest.segments {
            let segment = Segment::open(&self.folder, &self.manifest, card)?;
            for row in (0..segment.rows).filter(|row| segment.is_live(*row)) {
                let record = segment.record(row)?;
                if filter.passes(&record) {
                    ids.push(record.id);
                }
            }
        }
        let mut count = 0;
        for id in ids {
            count += usize::from(self.delete(&id)?);
        }
        Ok(count)
    }

    fn go(&mut self, segment: usize, row: usize) {
        let rows = self.manifest.segments[segment].rows;
        self.gone.entry(segment).or_insert_with(|| RowSet::none(rows)).insert(row);
    }

    /// Makes everything since the last commit part of the index, all at once, and goes on with the
    /// next change.
    ///
    /// # Errors
    /// [`SearchError::Write`] and [`SearchError::Store`] if it cannot be written,
    /// [`SearchError::Embed`] if the correction cannot be fitted, [`SearchError::Graph`] if the
    /// graph cannot be built; the index is then as it was.
    pub fn commit(&mut self) -> Result<Added, SearchError> {
        if let Some(pending) = &mut self.pending {
            let ids = std::mem::take(&mut pending.ids);
            if !ids.is_empty() && !self.manifest.segments.is_empty() {
                let known = self.ids()?;
                let old: Vec<_> = ids.iter().filter_map(|id| known.remove(id)).collect();
                for (segment, row) in old {
                    self.go(segment, row);
                    self.replaced += 1;
                }
            }
        }
        self.write_gone()?;
        if let Some(pending) = self.pending.take() {
            let card = self.finish(pending)?;
            self.manifest.segments.push(card);
        }
        self.merge_small()?;
        self.finish_commit()
    }

    /// Puts all segments together, without the rows that are deleted, and commits.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn compact(&mut self) -> Result<Added, SearchError> {
        self.commit()?;
        let whole = self.manifest.segments.iter().all(|card| card.deleted.is_none());
        if self.manifest.segments.len() > 1 || !whole {
            self.merge(0)?;
            return self.finish_commit();
        }
        Ok(Added { rows: self.manifest.live(), ..Added::default() })
    }

    fn finish_commit(&mut self) -> Result<Added, SearchError> {
        self.manifest.commit(&self.folder)?;
        self.manifest.generation = self.manifest.generation.wrapping_add(1);
        self.ids = None;
        let (added, replaced, removed) = (self.added, self.replaced, self.removed);
        (self.added, self.replaced, self.removed) = (0, 0, 0);
        remove_leftovers(&self.folder, &self.manifest)?;
        Ok(Added { added, replaced, removed, rows: self.manifest.live() })
    }

    /// Writes which rows are deleted, beside those that were before.
    fn write_gone(&mut self) -> Result<(), SearchError> {
        for (segment, gone) in std::mem::take(&mut self.gone) {
            let card = &mut self.manifest.segments[segment];
            let files = SegmentFiles::of(&self.folder, card.number);
            let mut deleted =
                super::segment::deleted(&files, card)?.unwrap_or_else(|| RowSet::none(card.rows));
            for row in gone.iter() {
                deleted.insert(row);
            }
            let number = self.manifest.generation;
            let bytes: Vec<u8> =
                deleted.words().iter().flat_map(|word| word.to_le_bytes()).collect();
            let part = write(&files.deleted(number), &bytes)?;
            sync_folder(&files.0)?;
            card.deleted =
                Some(DeletedCard { count: deleted.count(), part: NamedPart { number, part } });
        }
        self.manifest
            .segments
            .retain(|card| card.deleted.as_ref().is_none_or(|deleted| deleted.count < card.rows));
        Ok(())
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// A small file, on the disk.
fn write(path: &Path, bytes: &[u8]) -> Result<Part, SearchError> {
    use std::io::Write as _;
    let mut file = File::create(path).map_err(SearchError::write(path))?;
    file.write_all(bytes).map_err(SearchError::write(path))?;
    file.sync_all().map_err(SearchError::write(path))?;
    Ok(Part { bytes: bytes.len() as u64, crc32: crc32fast::hash(bytes) })
}
