//! One file that is whole or not there.
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::leftovers::clean_once;
use super::sync::sync_folder;
use super::temporary::{Entry, create_file, pending};
use crate::StoreError;

/// Policy for a file of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Fail, and leave it as it is.
    Refuse,
    /// Put the new file in its place, with its permissions.
    Replace,
}

/// A file being written. Only [`commit`](Self::commit) puts it under its name; dropped before that
/// it leaves nothing behind. Writing is buffered.
#[derive(Debug)]
pub struct AtomicFile {
    // Dropped in this order: first the temporary file goes, then its entry.
    writer: BufWriter<NamedTempFile>,
    entry: Entry,
    path: PathBuf,
    target: PathBuf,
    existing: Existing,
}

impl AtomicFile {
    /// Starts the file that will be `path`, and creates the folders above it that are missing. A
    /// link is kept, and the file it points to is replaced.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if it is there and `existing` refuses that; [`StoreError::NotAFile`]
    /// if it is there and no regular file (renaming over `/dev/null` would remove the device);
    /// [`StoreError::DanglingLink`] if it is a link to nothing;
    /// [`StoreError::Write`] if its folder cannot be written.
    pub fn create(path: &Path, existing: Existing) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Write { path: path.to_owned(), source };
        if path.file_name().is_none() {
            return Err(StoreError::NotAFile { path: path.to_owned() });
        }
        if let Some(dangling) = dangling(path) {
            return Err(dangling);
        }
        if existing == Existing::Refuse && fs_err::symlink_metadata(path).is_ok() {
            return Err(StoreError::Exists { path: path.to_owned() });
        }
        let old = fs_err::metadata(path).ok();
        if old.as_ref().is_some_and(|old| !old.is_file()) {
            return Err(StoreError::NotAFile { path: path.to_owned() });
        }
        let target = match old {
            Some(_) => fs_err::canonicalize(path).map_err(failed)?,
            None => path.to_owned(),
        };
        let folder = above(&target);
        fs_err::create_dir_all(folder).map_err(failed)?;

        clean_once(folder);
        let (file, entry) = create_file(folder).map_err(failed)?;
        #[cfg(unix)]
        if let Some(old) = old {
            file.as_file().set_permissions(old.permissions()).map_err(failed)?;
        }
        Ok(Self { writer: BufWriter::new(file), entry, path: path.to_owned(), target, existing })
    }

    /// Makes the file one that only its owner may read and write, where the system has such permissions.
    ///
    /// # Errors
    /// [`StoreError::Write`].
    pub fn private(self) -> Result<Self, StoreError> {
        #[cfg(unix)]
        {
            let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            let changed = self.writer.get_ref().as_file().set_permissions(permissions);
            changed.map_err(|source| StoreError::Write { path: self.path.clone(), source })?;
        }
        Ok(self)
    }

    /// Puts the file under its name, with everything written so far on the disk.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if another file has taken a name that was to be free;
    /// [`StoreError::Discarded`] after [`discard_pending`](super::discard_pending); [`StoreError::Write`] if the bytes or
    /// the name cannot be written. What was under the name is then still there.
    pub fn commit(self) -> Result<(), StoreError> {
        let Self { writer, entry, path, target, existing } = self;
        let failed = |source| StoreError::Write { path: path.clone(), source };
        let file = writer.into_inner().map_err(|error| failed(error.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;

        let renamed = {
            let pending = pending();
            if !pending.contains(&entry.0) {
                return Err(StoreError::Discarded { path });
            }
            match existing {
                Existing::Refuse => file.persist_noclobber(&target),
                Existing::Replace => file.persist(&target),
            }
        };
        match renamed {
            // Closed first, so that its lock ends before its name is known to be safe.
            Ok(file) => {
                drop(file);
                sync_folder(above(&target)).map_err(failed)
            }
            Err(refused)
                if existing == Existing::Refuse
                    && refused.error.kind() == io::ErrorKind::AlreadyExists =>
            {
                Err(StoreError::Exists { path })
            }
            Err(refused) => Err(StoreError::Write { path, source: refused.error }),
        }
    }
}

/// Returns the folder that a path names something in.
pub(super) fn above(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Returns the error of a link whose target is missing: renamed over, it would become a file, and the
/// place that it points to would stay empty.
pub(super) fn dangling(path: &Path) -> Option<StoreError> {
    let is_link = fs_err::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
    let missing = fs_err::metadata(path).err();
    if !is_link || missing.is_none_or(|error| error.kind() != io::ErrorKind::NotFound) {
        return None;
    }
    let target = fs_err::read_link(path).unwrap_or_default();
    Some(StoreError::DanglingLink { path: path.to_owned(), target })
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
