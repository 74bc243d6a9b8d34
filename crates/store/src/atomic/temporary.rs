//! Hidden names beside a target, each with a lock that ends with the process that holds it.
//!
//! All begin with `.cloze-` and six characters that are drawn at random:
//! - `.cloze-XXXXXX.tmp`: a file being written, or the lock of a folder; locked by its process;
//! - `.cloze-XXXXXX.dir`: a folder being filled, and after the exchange the one that it replaced;
//! - `.cloze-XXXXXX.old`: a folder with the replaced one in it, under its own name, where the file
//!   system cannot exchange two names.
use std::collections::BTreeSet;
use std::fs::TryLockError;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

const PREFIX: &str = ".cloze-";
/// Ending of files being written, and of locks.
pub(super) const FILE: &str = "tmp";
/// Ending of folders being filled.
pub(super) const FOLDER: &str = "dir";
/// Ending of folders with a replaced folder in them.
pub(super) const OLD: &str = "old";
/// Tries for a file that no other process takes for a leftover.
const TRIES: usize = 100;

/// Temporary files and folders of this process that are neither committed nor removed.
static PENDING: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

pub(super) fn pending() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    // A set of paths cannot be half-changed, so a panic elsewhere does not spoil it.
    PENDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes every temporary file and folder that is not committed; their commits then fail with
/// [`StoreError::Discarded`](crate::StoreError::Discarded). For a handler of signals that ends the
/// process right after: destructors do not run then. It waits for a commit that is just renaming.
pub fn discard_pending() {
    let mut pending = pending();
    for path in std::mem::take(&mut *pending) {
        // There is nobody left to tell.
        let _ =
            if path.is_dir() { fs_err::remove_dir_all(path) } else { fs_err::remove_file(path) };
    }
}

/// An entry of [`PENDING`], which leaves the set when it is dropped.
#[derive(Debug)]
pub(super) struct Entry(pub(super) PathBuf);

impl Entry {
    pub(super) fn new(path: &Path, pending: &mut BTreeSet<PathBuf>) -> Self {
        pending.insert(path.to_owned());
        Self(path.to_owned())
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        pending().remove(&self.0);
    }
}

/// Creates a locked file of a hidden name. The lock tells other processes that it is no leftover; on
/// a file system without locks they leave it alone, too, since they cannot lock it either.
pub(super) fn create_file(folder: &Path) -> io::Result<(NamedTempFile, Entry)> {
    let mut builder = tempfile::Builder::new();
    // Short and fixed: the file's own name may be as long as the system allows.
    builder.prefix(PREFIX).suffix(".tmp");
    #[cfg(unix)]
    {
        // As any new file: the umask takes away. The default would be 0600.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(PermissionsExt::from_mode(0o666));
    }
    for _ in 0..TRIES {
        // Locked over both, so that `discard_pending` sees every file there is.
        let mut pending = pending();
        let file = builder.tempfile_in(folder)?;
        // Between its creation and its lock another process may take it for a leftover.
        let taken = matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock));
        if !taken && file.path().exists() {
            let entry = Entry::new(file.path(), &mut pending);
            return Ok((file, entry));
        }
    }
    Err(io::Error::other("no temporary file stays where it is created"))
}

/// Returns the path beside a temporary file that has another of the three endings.
pub(super) fn sibling(file: &Path, ending: &str) -> PathBuf {
    file.with_extension(ending)
}

/// Returns the ending of a name if it is one of a temporary file or folder.
pub(super) fn ending(name: &str) -> Option<&'static str> {
    let (random, ending) = name.strip_prefix(PREFIX)?.split_once('.')?;
    let drawn = random.len() == 6 && random.bytes().all(|b| b.is_ascii_alphanumeric());
    [FILE, FOLDER, OLD].into_iter().find(|known| drawn && *known == ending)
}

/// Whether a file has a living owner.
pub(super) enum Owner {
    /// A process holds it, or nobody can know.
    Alive,
    /// Leftover of a dead process. The lock is held until this is dropped, so that nobody takes it over.
    Dead(#[expect(dead_code, reason = "held for its lock")] fs_err::File),
    /// There is no such file.
    None,
}

/// Looks for the process that holds a temporary file.
pub(super) fn owner(file: &Path) -> Owner {
    // Not followed: a link of this name is nobody's.
    match fs_err::symlink_metadata(file) {
        Ok(metadata) if !metadata.is_file() => return Owner::Alive,
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Owner::None,
        Err(_) => return Owner::Alive,
    }
    // Network file systems lock only what is open for writing; a file that replaces one which may not
    // be written may not be, either.
    let opened = fs_err::OpenOptions::new().read(true).write(true).open(file);
    let opened = opened.or_else(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => fs_err::File::open(file),
        _ => Err(error),
    });
    match opened {
        Ok(opened) => match opened.file().try_lock() {
            Ok(()) => Owner::Dead(opened),
            Err(_) => Owner::Alive,
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Owner::None,
        Err(_) => Owner::Alive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_our_own_are_temporary() {
        for (name, expected) in [
            (".cloze-aB3xY9.tmp", Some(FILE)),
            (".cloze-aB3xY9.dir", Some(FOLDER)),
            (".cloze-aB3xY9.old", Some(OLD)),
            (".cloze-notes.tmp", None),
            (".cloze-aB3xYé.tmp", None),
            (".cloze-aB3xY9.tmp.tmp", None),
            ("cloze-aB3xY9.tmp", None),
            (".cloze-aB3xY9", None),
        ] {
            assert_eq!(ending(name), expected, "{name}");
        }
    }
}
