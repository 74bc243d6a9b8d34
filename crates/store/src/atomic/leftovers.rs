//! Repair of a replacement that a crash has stopped, and removal of files of dead processes.
//!
//! States that a replacement by renames can stop in, and their repair:
//!
//! | on the disk | the name | repair |
//! |---|---|---|
//! | `.tmp`, `.dir` | old or free | remove both |
//! | `.tmp`, `.dir`, `.old` empty | old | remove all three |
//! | `.tmp`, `.dir`, `.old` with the old folder | free | put the old folder back, remove the rest |
//! | `.tmp`, `.old` with the old folder | new | remove both |
//!
//! An exchange has only the first state, with the old or the new folder under the name. A folder that
//! another has meanwhile put under the name stays, and so does `.old` beside it.
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::replace::{discard, name};
use super::temporary::{FILE, FOLDER, OLD, Owner, ending, owner, sibling};

/// Folders that this process has cleaned.
static CLEANED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Cleans a folder unless this process has done so before: a command that writes a thousand files
/// into a folder lists it once.
pub(super) fn clean_once(folder: &Path) {
    let Ok(whole) = fs_err::canonicalize(folder) else { return };
    if CLEANED.lock().unwrap_or_else(PoisonError::into_inner).insert(whole) {
        clean(folder);
    }
}

/// Repairs what dead processes have left in a folder. A step that fails is left for the next run:
/// nobody's files depend on it.
pub(super) fn clean(folder: &Path) {
    let Ok(entries) = fs_err::read_dir(folder) else { return };
    let names = entries.filter_map(Result::ok).map(|entry| entry.file_name());
    let names = names.filter(|name| name.to_str().is_some_and(|name| ending(name).is_some()));
    // One file for each name drawn, which need not exist.
    let files: BTreeSet<PathBuf> = names.map(|name| sibling(&folder.join(name), FILE)).collect();
    for file in files {
        // Looked at after the list was made: where a folder was listed, its lock is there by now.
        let lock = owner(&file);
        if matches!(lock, Owner::Alive) {
            continue;
        }
        if settle(&file).is_ok() && matches!(lock, Owner::Dead(_)) {
            // At the end, and while it is locked: it marks the others as leftovers.
            let _ = fs_err::remove_file(&file);
        }
    }
}

/// Ends the replacement whose lock is this file, backwards or forwards.
fn settle(lock: &Path) -> io::Result<()> {
    let (new, old) = (sibling(lock, FOLDER), sibling(lock, OLD));
    if fs_err::symlink_metadata(&old).is_ok_and(|old| old.is_dir()) {
        let committed = fs_err::symlink_metadata(&new).is_err() && !is_needed(&old)?;
        if committed { discard(&old)? } else { put_back(&old)? }
    }
    if fs_err::symlink_metadata(&new).is_ok_and(|new| new.is_dir()) {
        fs_err::remove_dir_all(&new)?;
    }
    Ok(())
}

/// Returns whether the name of a folder in `old` is free.
fn is_needed(old: &Path) -> io::Result<bool> {
    let mut needed = false;
    for entry in fs_err::read_dir(old)? {
        needed |= fs_err::symlink_metadata(old.with_file_name(entry?.file_name())).is_err();
    }
    Ok(needed)
}

/// Puts the folder in `old` back under its name; fails if that is taken.
fn put_back(old: &Path) -> io::Result<()> {
    for entry in fs_err::read_dir(old)? {
        let entry = entry?;
        let target = old.with_file_name(entry.file_name());
        name(&entry.path(), &target)?;
    }
    fs_err::remove_dir(old)
}
