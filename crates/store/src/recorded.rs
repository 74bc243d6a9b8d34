//! SHA-256 of large files, recorded so that a file is read once and not at every start.
//!
//! A record holds the hash beside the file's size, times and inode. It counts as long as all of these are
//! the same and nobody but the user and root may write the record. A file's change time cannot be set
//! back by its owner, so that a change that keeps size and modification time shows, too.
use std::fs::Metadata;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::access::{create_private_folder, others_may_change};
use crate::{StoreError, checksum};

/// Age below which a file's times do not show every change: two changes may fall into one tick of the
/// file system's clock, which is two seconds for FAT.
const UNSETTLED: Duration = Duration::from_secs(2);

/// SHA-256 of the file at `path`: that of `record` if the file is as it was when that was written, else
/// computed and recorded. A record that cannot be written is none: the next call computes again.
///
/// # Errors
/// [`StoreError::Read`] if the file cannot be read.
pub fn sha256_recorded(path: &Path, record: &Path) -> Result<String, StoreError> {
    let stamp = || fs_err::metadata(path).map(|m| Stamp::of(&m)).map_err(StoreError::Read);
    let before = stamp()?;
    if let Some(sha256) = read(record, &before) {
        return Ok(sha256);
    }
    let sha256 = checksum::sha256_file(path)?;
    if stamp()? == before && is_settled(path) {
        write(record, &before, &sha256);
    }
    Ok(sha256)
}

/// Record for the file at `path` in the user's cache folder; `None` if the machine has no such folder.
#[must_use]
pub fn record_in_cache(path: &Path) -> Option<std::path::PathBuf> {
    let path = fs_err::canonicalize(path).ok()?;
    let name = checksum::sha256(path.as_os_str().as_encoded_bytes());
    Some(crate::cache_folder()?.join("checked").join(name))
}

/// Size, times and inode of a file: two stamps are equal if nobody changed it between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(String);

impl Stamp {
    /// The stamp of a file with this metadata.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok().and_then(since_epoch);
        Self(format!("{} {:?} {}", metadata.len(), modified, identity(metadata)))
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt as _;
    let changed = (metadata.ctime(), metadata.ctime_nsec());
    format!("{changed:?} {}:{}", metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> String {
    format!("{:?}", metadata.created().ok().and_then(since_epoch))
}

fn since_epoch(time: SystemTime) -> Option<Duration> {
    time.duration_since(SystemTime::UNIX_EPOCH).ok()
}

/// Whether the last change of a file is long enough ago that the next one gets another time.
fn is_settled(path: &Path) -> bool {
    let changed = fs_err::metadata(path).ok().and_then(|metadata| last_change(&metadata));
    changed.is_some_and(|changed| changed.elapsed().is_ok_and(|age| age > UNSETTLED))
}

#[cfg(unix)]
fn last_change(metadata: &Metadata) -> Option<SystemTime> {
    use std::os::unix::fs::MetadataExt as _;
    let seconds = u64::try_from(metadata.ctime()).ok()?;
    let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds + 1);
    Some(changed.max(metadata.modified().ok()?))
}

#[cfg(not(unix))]
fn last_change(metadata: &Metadata) -> Option<SystemTime> {
    metadata.modified().ok()
}

/// Hash in a record, if it is of a file with this stamp and nobody else may have written it.
fn read(record: &Path, stamp: &Stamp) -> Option<String> {
    let is_file = fs_err::symlink_metadata(record).is_ok_and(|m| m.is_file());
    if !is_file || others_may_change(record).ok()?.is_some() {
        return None;
    }
    let text = fs_err::read_to_string(record).ok()?;
    let (sha256, rest) = text.split_once('\n')?;
    (rest.trim_end() == stamp.0).then(|| sha256.to_owned())
}

/// Writes a record, where that can be done: a file that only the user may read and write.
fn write(record: &Path, stamp: &Stamp, sha256: &str) {
    let Some(folder) = record.parent() else { return };
    let written = create_private_folder(folder).and_then(|()| {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        writeln!(file, "{sha256}\n{}", stamp.0)?;
        file.persist(record).map(drop).map_err(|error| error.error)
    });
    drop(written); // in a folder that is read-only, files are read at every start
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// A file with an old modification time, and the path of its record.
    fn file(folder: &Path) -> (PathBuf, PathBuf) {
        let path = folder.join("file");
        fs_err::write(&path, "text").unwrap();
        (path, folder.join("record"))
    }

    fn record(path: &Path, record: &Path, sha256: &str) {
        write(record, &Stamp::of(&fs_err::metadata(path).unwrap()), sha256);
    }

    #[test]
    fn a_record_spares_reading_until_the_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (path, record_path) = file(folder.path());
        let text = checksum::sha256(b"text");
        record(&path, &record_path, "recorded");
        assert_eq!(sha256_recorded(&path, &record_path).unwrap(), "recorded");
        fs_err::write(&path, "longer text").unwrap();
        assert_eq!(sha256_recorded(&path, &record_path).unwrap(), checksum::sha256(b"longer text"));
        fs_err::write(&record_path, "not a record").unwrap();
        fs_err::write(&path, "text").unwrap();
        assert_eq!(sha256_recorded(&path, &record_path).unwrap(), text);
        // The file has just been written: a change in the same tick would not show.
        assert_eq!(fs_err::read_to_string(&record_path).unwrap(), "not a record");
    }

    /// The same size and modification time, in place: only the change time tells.
    #[cfg(unix)]
    #[test]
    fn a_change_with_the_old_time_shows() {
        let folder = tempfile::tempdir().unwrap();
        let (path, record_path) = file(folder.path());
        let modified = fs_err::metadata(&path).unwrap().modified().unwrap();
        record(&path, &record_path, "recorded");
        std::thread::sleep(Duration::from_millis(20));
        let mut file = fs_err::OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all(b"TEXT").unwrap();
        file.file().set_modified(modified).unwrap();
        assert_eq!(sha256_recorded(&path, &record_path).unwrap(), checksum::sha256(b"TEXT"));
    }

    #[cfg(unix)]
    #[test]
    fn a_record_that_others_may_write_is_none() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (path, record_path) = file(folder.path());
        record(&path, &record_path, "recorded");
        fs_err::set_permissions(&record_path, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(sha256_recorded(&path, &record_path).unwrap(), checksum::sha256(b"text"));
    }
}
