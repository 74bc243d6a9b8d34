//! A folder of files that are there together or not at all.
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::atomic::{Entry, pending};
use crate::{Existing, StoreError};

/// A folder being filled. Only [`commit`](Self::commit) puts it under its name; dropped before that
/// it leaves nothing behind.
#[derive(Debug)]
pub struct AtomicFolder {
    // Dropped in this order: first the temporary folder goes, then its entry.
    folder: TempDir,
    entry: Entry,
    path: PathBuf,
    existing: Existing,
    /// Files that do not stay of a folder that is replaced.
    outdated: Vec<String>,
}

impl AtomicFolder {
    /// Starts the folder that will be `path`, and creates those above it that are missing.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if it is there and `existing` refuses that; [`StoreError::NotAFolder`]
    /// if something else is; [`StoreError::Write`] if the folder above it cannot be written.
    pub fn create(path: &Path, existing: Existing) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Write { path: path.to_owned(), source };
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
        let above = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        fs_err::create_dir_all(above).map_err(failed)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".cloze-").suffix(".tmp");
        #[cfg(unix)]
        {
            // As any new folder: the umask takes away. The default would be 0700.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o777));
        }
        let (folder, entry) = {
            let mut pending = pending();
            let folder = builder.tempdir_in(above).map_err(failed)?;
            pending.insert(folder.path().to_owned());
            let entry = Entry(folder.path().to_owned());
            (folder, entry)
        };
        Ok(Self { folder, entry, path, existing, outdated: vec![] })
    }

    /// Folder that receives the files until the commit.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Of a folder that it replaces, files of these names go, too.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.outdated.extend(names.iter().map(|name| (*name).to_owned()));
        self
    }

    /// Puts the folder under its name. Of a folder that it replaces, files of other names stay, but
    /// for those that it is to be [`without`](Self::without): they are moved into the new one.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if another has taken a name that was to be free;
    /// [`StoreError::Discarded`] after [`discard_pending`](crate::atomic::discard_pending);
    /// [`StoreError::Write`] if it cannot be renamed. What was under the name is then still there.
    pub fn commit(self) -> Result<(), StoreError> {
        let Self { folder, entry, path, existing, outdated } = self;
        let failed = |source| StoreError::Write { path: path.clone(), source };
        let pending = pending();
        if !pending.contains(&entry.0) {
            return Err(StoreError::Discarded { path });
        }
        if !path.is_dir() {
            fs_err::rename(folder.path(), &path).map_err(failed)?;
        } else if existing == Existing::Refuse {
            return Err(StoreError::Exists { path });
        } else {
            let above = path.parent().unwrap_or(Path::new("."));
            let old = tempfile::Builder::new().prefix(".cloze-old-").tempdir_in(above);
            let old = old.map_err(failed)?.keep();
            // A rename takes the place of an empty folder.
            fs_err::rename(&path, &old).map_err(failed)?;
            if let Err(source) = fs_err::rename(folder.path(), &path) {
                fs_err::rename(&old, &path).map_err(failed)?;
                return Err(failed(source));
            }
            for file in fs_err::read_dir(&old).map_err(failed)? {
                let file = file.map_err(failed)?;
                let name = file.file_name();
                let new = path.join(&name);
                let stays = outdated.iter().all(|outdated| name != **outdated);
                if stays && fs_err::symlink_metadata(&new).is_err() {
                    fs_err::rename(file.path(), new).map_err(failed)?;
                }
            }
            fs_err::remove_dir_all(&old).map_err(failed)?;
        }
        drop(pending);
        // Its name is gone already; only the entry is left to be taken back.
        let _ = folder.keep();
        drop(entry);
        Ok(())
    }
}
