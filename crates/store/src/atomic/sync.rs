//! Bytes and names on the disk: a rename may else reach the disk before the bytes it names.
use std::io;
use std::io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
use std::path::Path;

/// Waits until the names in a folder are on the disk: a file that is renamed is safe only then.
///
/// # Errors
/// Errors of the operating system, with the path.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    // Elsewhere folders cannot be opened, and names are written through.
    if !cfg!(unix) {
        return Ok(());
    }
    match fs_err::File::open(folder).and_then(|folder| folder.sync_all()) {
        // Folders that may be written and not read, and file systems that have nothing to wait for.
        Err(error) if matches!(error.kind(), PermissionDenied | InvalidInput | Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
}

/// Waits until every file in a folder and below it is on the disk, and every name.
pub(super) fn sync_tree(folder: &Path) -> io::Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sync_tree(&entry.path())?;
        } else if kind.is_file() {
            sync_file(&entry.path())?;
        }
    }
    sync_folder(folder)
}

fn sync_file(path: &Path) -> io::Result<()> {
    // Windows syncs only what is open for writing.
    let opened = fs_err::OpenOptions::new().read(true).write(cfg!(windows)).open(path);
    match opened {
        Ok(file) => file.sync_all(),
        // A file of the user's that was carried over, which they may have locked away.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}
