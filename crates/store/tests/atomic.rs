//! Writing: whole or not at all.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::io::Write as _;
use std::path::Path;

use cloze_store::{AtomicFile, Existing, StoreError};

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs_err::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn write(path: &Path, existing: Existing, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = AtomicFile::create(path, existing)?;
    file.write_all(bytes).unwrap();
    file.commit()
}

#[test]
fn a_file_is_there_once_committed_and_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/deep/straße.bin");
    for bytes in [vec![], vec![0, 13, 10, 255], vec![7; 100_000]] {
        write(&path, Existing::Replace, &bytes).unwrap();
        assert_eq!(fs_err::read(&path).unwrap(), bytes);
        assert_eq!(names(path.parent().unwrap()), ["straße.bin"]);
    }
}

#[test]
fn before_the_commit_the_old_file_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.bin");
    fs_err::write(&path, "old").unwrap();
    let mut file = AtomicFile::create(&path, Existing::Replace).unwrap();
    file.write_all(b"half of the new").unwrap();
    file.flush().unwrap();
    assert_eq!(fs_err::read(&path).unwrap(), b"old");
    let names_now = names(folder.path());
    assert_eq!(names_now.len(), 2);
    assert!(names_now[0].starts_with('.'), "{names_now:?}: the temporary file is hidden");
    drop(file);
    assert_eq!(fs_err::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["model.bin"]);
}

#[test]
fn refuse_keeps_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let mut late = AtomicFile::create(&path, Existing::Refuse).unwrap();
    late.write_all(b"late").unwrap();
    write(&path, Existing::Refuse, b"first").unwrap();

    let expected = format!("{}: exists already", path.display());
    for error in [late.commit().unwrap_err(), write(&path, Existing::Refuse, b"x").unwrap_err()] {
        assert!(matches!(error, StoreError::Exists { .. }));
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(fs_err::read(&path).unwrap(), b"first");
    write(&path, Existing::Replace, b"second").unwrap();
    assert_eq!(fs_err::read(&path).unwrap(), b"second");
    assert_eq!(names(folder.path()), ["out"]);
}

#[test]
fn a_folder_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path(), Path::new("/"), Path::new("")] {
        let error = AtomicFile::create(path, Existing::Replace).unwrap_err();
        assert!(matches!(error, StoreError::NotAFile { .. }), "{error}");
    }
    let below_a_file = folder.path().join("file/x");
    fs_err::write(folder.path().join("file"), "").unwrap();
    let error = AtomicFile::create(&below_a_file, Existing::Replace).unwrap_err();
    assert!(matches!(error, StoreError::Write { .. }), "{error}");
    assert_eq!(error.to_string(), format!("{}: cannot be written", below_a_file.display()));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs_err::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn permissions_are_those_of_any_new_file_or_of_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let (plain, ours) = (folder.path().join("plain"), folder.path().join("ours"));
        fs_err::write(&plain, "").unwrap();
        write(&ours, Existing::Refuse, b"").unwrap();
        assert_eq!(mode(&ours), mode(&plain));

        fs_err::set_permissions(&ours, std::fs::Permissions::from_mode(0o600)).unwrap();
        write(&ours, Existing::Replace, b"").unwrap();
        assert_eq!(mode(&ours), 0o600);
    }

    #[test]
    fn a_link_is_kept_and_its_file_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs_err::write(&file, "old").unwrap();
        symlink("file", &link).unwrap();
        assert!(matches!(write(&link, Existing::Refuse, b"new"), Err(StoreError::Exists { .. })));
        write(&link, Existing::Replace, b"new").unwrap();
        assert_eq!(fs_err::read(&file).unwrap(), b"new");
        assert!(fs_err::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_device_is_left_alone() {
        let error = AtomicFile::create("/dev/null".as_ref(), Existing::Replace).unwrap_err();
        assert!(matches!(error, StoreError::NotAFile { .. }), "{error}");
    }
}
