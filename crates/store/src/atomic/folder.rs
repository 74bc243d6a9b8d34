//! A folder of files that are there together or not at all.
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::carry::carry;
use super::file::{above, dangling};
use super::leftovers::clean;
use super::replace::{name, replace};
use super::sync::{sync_folder, sync_tree};
use super::temporary::{Entry, FOLDER, OLD, create_file, pending, sibling};
use crate::{Existing, StoreError};

/// A folder being filled. Only [`commit`](Self::commit) puts it under its name; dropped before that
/// it leaves nothing behind.
#[derive(Debug)]
pub struct AtomicFolder {
    // Dropped in this order: the folder, its entry, its lock, the lock's entry.
    folder: Filling,
    _lock: NamedTempFile,
    _lock_entry: Entry,
    path: PathBuf,
    existing: Existing,
    /// Files that do not stay of a folder that is replaced.
    outdated: Vec<String>,
}

/// The temporary folder, which is removed with everything in it when this is dropped.
#[derive(Debug)]
struct Filling(Entry);

impl Drop for Filling {
    fn drop(&mut self) {
        // After the commit it is gone. Where the replaced folder could not be put back, it stays: by it
        // the next run knows that there was no commit.
        let folder = &self.0.0;
        if fs_err::symlink_metadata(sibling(folder, OLD)).is_err() {
            let _ = fs_err::remove_dir_all(folder);
        }
    }
}

impl AtomicFolder {
    /// Starts the folder that will be `path`, and creates those above it that are missing. A
    /// replacement of `path` that a crash has stopped is repaired first, and temporary files of dead
    /// processes beside it are removed.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if it is there and `existing` refuses that; [`StoreError::NotAFolder`]
    /// if something else is; [`StoreError::DanglingLink`] if it is a link to nothing;
    /// [`StoreError::Write`] if the folder above it cannot be written.
    pub fn create(path: &Path, existing: Existing) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Write { path: path.to_owned(), source };
        clean(above(path));
        if let Some(StoreError::DanglingLink { target, .. }) = dangling(path) {
            // Of a folder that is elsewhere, what was moved aside is there, too.
            clean(above(&above(path).join(target)));
        }
        if let Some(dangling) = dangling(path) {
            return Err(dangling);
        }
        let there = fs_err::symlink_metadata(path).is_ok();
        if there && existing == Existing::Refuse {
            return Err(StoreError::Exists { path: path.to_owned() });
        }
        if path.file_name().is_none() || (there && !path.is_dir()) {
            return Err(StoreError::NotAFolder { path: path.to_owned() });
        }
        // A link is kept, and the folder it points to is replaced.
        let path =
            if there { fs_err::canonicalize(path).map_err(failed)? } else { path.to_owned() };
        let above = above(&path);
        fs_err::create_dir_all(above).map_err(failed)?;
        clean(above);
        // Before the folder, so that there is never one without a lock.
        let (lock, lock_entry) = create_file(above).map_err(failed)?;
        let folder = {
            let mut pending = pending();
            let folder = sibling(lock.path(), FOLDER);
            fs_err::create_dir(&folder).map_err(failed)?;
            Filling(Entry::new(&folder, &mut pending))
        };
        let outdated = vec![];
        Ok(Self { folder, _lock: lock, _lock_entry: lock_entry, path, existing, outdated })
    }

    /// Folder that receives the files until the commit.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder.0.0
    }

    /// Of a folder that it replaces, files of these names go, too: paths below it, with `/`.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.outdated.extend(names.iter().map(|name| (*name).to_owned()));
        self
    }

    /// Puts the folder under its name, with everything in it on the disk. Of a folder that it
    /// replaces, files of other names and its permissions stay, but for those that it is to be
    /// [`without`](Self::without): they are in the new one before it takes the name. At every moment
    /// the old or the new folder is there, whole; where the file system cannot exchange two names,
    /// there is one between them at which the old one is hidden, until the next run puts it back.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if another has taken a name that was to be free;
    /// [`StoreError::Discarded`] after [`discard_pending`](super::discard_pending);
    /// [`StoreError::Write`] if it cannot be renamed. What was under the name is then still there.
    pub fn commit(self) -> Result<(), StoreError> {
        let (path, new) = (&self.path, self.path());
        let failed = |source| StoreError::Write { path: path.clone(), source };
        let replaces = path.is_dir();
        if replaces && self.existing == Existing::Refuse {
            return Err(StoreError::Exists { path: path.clone() });
        }
        let filled = if replaces { self.carry_all() } else { Ok(()) };
        let filled = filled.and_then(|()| sync_tree(new));
        let renamed = {
            let pending = pending();
            if !pending.contains(new) {
                return Err(StoreError::Discarded { path: path.clone() });
            }
            filled.map_err(failed)?;
            if replaces { replace(new, path).map(Some) } else { name(new, path).map(|()| None) }
        };
        let old = match renamed {
            Err(error)
                if error.kind() == io::ErrorKind::AlreadyExists
                    && self.existing == Existing::Refuse =>
            {
                return Err(StoreError::Exists { path: path.clone() });
            }
            renamed => renamed.map_err(failed)?,
        };
        sync_folder(above(path)).map_err(failed)?;
        if let Some(old) = old {
            // Files that came into the old folder after the others had been carried. Neither step
            // takes back that the new folder is there; the next run removes what is left.
            let _ = carry(&old.folder, path, &self.outdated).and_then(|()| old.remove());
        }
        Ok(())
    }
    /// Takes over from the folder that is replaced: files that stay, and permissions, as files that
    /// replace another do.
    fn carry_all(&self) -> io::Result<()> {
        carry(&self.path, self.path(), &self.outdated)?;
        let permissions = fs_err::metadata(&self.path)?.permissions();
        fs_err::set_permissions(self.path(), permissions)
    }
}
