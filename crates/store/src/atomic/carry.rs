//! Files of a replaced folder that the new one does not have: they are in both before the exchange,
//! so that a crash at any moment leaves them in the folder that has the name.
use std::io;
use std::path::{Path, PathBuf};

/// Puts every file of `old`, and of the folders in it, into `new` that is neither there nor
/// `outdated`, which are paths below `old` with `/`: as second names of the same bytes, or as copies
/// where the file system has no second names.
pub(super) fn carry(old: &Path, new: &Path, outdated: &[String]) -> io::Result<()> {
    let outdated: Vec<PathBuf> = outdated.iter().map(|path| old.join(path)).collect();
    carry_files(old, new, &outdated)
}

fn carry_files(old: &Path, new: &Path, outdated: &[PathBuf]) -> io::Result<()> {
    for entry in fs_err::read_dir(old)? {
        let entry = entry?;
        let (from, to) = (entry.path(), new.join(entry.file_name()));
        let free = fs_err::symlink_metadata(&to).is_err();
        if outdated.contains(&from) {
            continue;
        }
        if !entry.file_type()?.is_dir() {
            if free {
                carry_file(&from, &to)?;
            }
        } else if free {
            carry_folder(&from, &to, outdated)?;
        } else if to.is_dir() {
            carry_files(&from, &to, outdated)?;
        }
    }
    Ok(())
}

fn carry_folder(from: &Path, to: &Path, outdated: &[PathBuf]) -> io::Result<()> {
    fs_err::create_dir(to)?;
    carry_files(from, to, outdated)?;
    let outdated = outdated.iter().any(|path| path.starts_with(from));
    if outdated && fs_err::read_dir(to)?.next().is_none() {
        // Nothing but outdated files was in it.
        return fs_err::remove_dir(to);
    }
    // At the end: nothing can be put into a folder that may not be written.
    fs_err::set_permissions(to, fs_err::metadata(from)?.permissions())
}

fn carry_file(from: &Path, to: &Path) -> io::Result<()> {
    if fs_err::hard_link(from, to).is_ok() {
        return Ok(());
    }
    let metadata = fs_err::symlink_metadata(from)?;
    #[cfg(unix)]
    if metadata.is_symlink() {
        return fs_err::os::unix::fs::symlink(fs_err::read_link(from)?, to);
    }
    if !metadata.is_file() {
        let text = format!("{}: not a file, so it cannot be kept", from.display());
        return Err(io::Error::new(io::ErrorKind::Unsupported, text));
    }
    fs_err::copy(from, to).map(|_| ())
}
