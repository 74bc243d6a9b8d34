//! Files that are whole or not there: written beside their place under a hidden name, and renamed
//! at the end.
use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

use crate::StoreError;

/// The temporary files and folders of this process that are neither committed nor removed.
static PENDING: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

pub(crate) fn pending() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    // A set of paths cannot be half-changed, so a panic elsewhere does not spoil it.
    PENDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes every temporary file and folder that is not committed; their commits then fail with
/// [`StoreError::Discarded`]. For a Ctrl-C handler that ends the process right after: destructors
/// do not run then. It waits for a commit that is just renaming.
pub fn discard_pending() {
    let mut pending = pending();
    for path in std::mem::take(&mut *pending) {
        // There is nobody left to tell.
        let _ =
            if path.is_dir() { fs_err::remove_dir_all(path) } else { fs_err::remove_file(path) };
    }
}

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

/// An entry of [`PENDING`], which leaves the set with its file.
#[derive(Debug)]
pub(crate) struct Entry(pub(crate) PathBuf);

impl Drop for Entry {
    fn drop(&mut self) {
        pending().remove(&self.0);
    }
}

impl AtomicFile {
    /// Starts the file that will be `path`, and creates the folders above it that are missing. A
    /// link is kept, and the file it points to is replaced.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if it is there and `existing` refuses that; [`StoreError::NotAFile`]
    /// if it is there and no regular file (renaming over `/dev/null` would remove the device);
    /// [`StoreError::Write`] if its folder cannot be written.
    pub fn create(path: &Path, existing: Existing) -> Result<Self, StoreError> {
        let failed = |source| StoreError::Write { path: path.to_owned(), source };
        if path.file_name().is_none() {
            return Err(StoreError::NotAFile { path: path.to_owned() });
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
        let folder = match target.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        fs_err::create_dir_all(folder).map_err(failed)?;

        let mut builder = tempfile::Builder::new();
        // Short and fixed: the file's own name may be as long as the system allows.
        builder.prefix(".cloze-").suffix(".tmp");
        #[cfg(unix)]
        {
            // As any new file: the umask takes away. The default would be 0600.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(PermissionsExt::from_mode(0o666));
        }
        // Locked over both, so that `discard_pending` sees every file there is.
        let (file, entry) = {
            let mut pending = pending();
            let file = builder.tempfile_in(folder).map_err(failed)?;
            pending.insert(file.path().to_owned());
            let entry = Entry(file.path().to_owned());
            (file, entry)
        };
        #[cfg(unix)]
        if let Some(old) = old {
            file.as_file().set_permissions(old.permissions()).map_err(failed)?;
        }
        Ok(Self { writer: BufWriter::new(file), entry, path: path.to_owned(), target, existing })
    }

    /// Puts the file under its name, with everything written so far on the disk.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if another file has taken a name that was to be free;
    /// [`StoreError::Discarded`] after [`discard_pending`]; [`StoreError::Write`] if the bytes or
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
            Ok(_) => Ok(()),
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

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
