//! The lock of those who write, and what stopped changes have left.
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use fs_err::File;

use crate::SearchError;
use crate::index::FILE;
use crate::index::manifest::{Manifest, SegmentFiles, correction_path};

const LOCK: &str = "lock";
/// Name of a segment's folder before the commit.
pub(super) const PENDING: &str = ".segment.tmp";

/// The lock of those who write; it goes with the process that holds it.
pub(super) fn lock(folder: &Path) -> Result<File, SearchError> {
    let path = folder.join(LOCK);
    let mut options = fs_err::OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(SearchError::write(&path))?;
    match file.file().try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(SearchError::Locked { folder: folder.to_owned() })
        }
        Err(std::fs::TryLockError::Error(error)) => Err(SearchError::write(&path)(error)),
    }
}

/// Whether a file of an index has this name.
pub(super) fn is_ours(name: &str) -> bool {
    let numbered = |name: &str, before: &str, after: &str| {
        let number = name.strip_prefix(before).and_then(|name| name.strip_suffix(after));
        number.is_some_and(|n| n.len() >= 6 && n.bytes().all(|b| b.is_ascii_digit()))
    };
    [LOCK, PENDING, FILE].contains(&name)
        || numbered(name, "segment-", "")
        || numbered(name, "correction-", ".json")
        || (name.starts_with(".cloze-") && Path::new(name).extension() == Some("tmp".as_ref()))
}

/// The number of a segment that no folder here has.
pub(super) fn free_number(folder: &Path) -> Result<u64, SearchError> {
    let mut next = 0;
    for entry in fs_err::read_dir(folder).map_err(SearchError::Read)? {
        let name = entry.map_err(SearchError::Read)?.file_name();
        let number = name.to_string_lossy().strip_prefix("segment-").map(str::parse::<u64>);
        if let Some(Ok(number)) = number {
            next = next.max(number + 1);
        }
    }
    Ok(next)
}

/// Removes what stopped changes and replaced segments have left. What cannot be removed, because
/// someone has it open where that keeps it, is left for the next time.
pub(super) fn remove_leftovers(folder: &Path, manifest: &Manifest) -> Result<(), SearchError> {
    let correction = manifest.correction.as_ref().map(|c| correction_path(folder, c.number));
    let segments: HashMap<String, Option<PathBuf>> = manifest
        .segments
        .iter()
        .map(|card| {
            let files = SegmentFiles::of(folder, card.number);
            let deleted = card.deleted.as_ref().map(|d| files.deleted(d.part.number));
            (SegmentFiles::name(card.number), deleted)
        })
        .collect();
    for entry in fs_err::read_dir(folder).map_err(SearchError::Read)? {
        let entry = entry.map_err(SearchError::Read)?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if let Some(deleted) = segments.get(&name) {
            let Ok(entries) = fs_err::read_dir(&path) else { continue };
            for file in entries.filter_map(Result::ok).map(|file| file.path()) {
                let bits = file.extension() == Some("bits".as_ref());
                if bits && Some(&file) != deleted.as_ref() {
                    let _ = fs_err::remove_file(file);
                }
            }
        } else if is_ours(&name)
            && ![LOCK, FILE].contains(&name.as_str())
            && Some(&path) != correction.as_ref()
        {
            let _ = if path.is_dir() {
                fs_err::remove_dir_all(path)
            } else {
                fs_err::remove_file(path)
            };
        }
    }
    Ok(())
}
