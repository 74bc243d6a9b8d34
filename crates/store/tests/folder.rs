//! Folders that are whole or not there.
use std::path::{Path, PathBuf};

use cloze_store::{AtomicFolder, Existing, StoreError};

/// Every file below `folder`, with its content.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = vec![];
    for entry in fs_err::read_dir(folder).expect("a folder of the test") {
        let path = entry.expect("a folder of the test").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found
                .push((path.clone(), fs_err::read_to_string(&path).expect("a folder of the test")));
        }
    }
    found.sort();
    found
}

fn write(folder: &Path, existing: Existing, names: &[&str], content: &str) -> AtomicFolder {
    let new = AtomicFolder::create(folder, existing).expect("a folder of the test");
    for name in names {
        fs_err::write(new.path().join(name), content).expect("a folder of the test");
    }
    new
}

#[test]
fn it_is_there_when_it_is_committed() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("above").join("model");
    let new = write(&path, Existing::Refuse, &["a", "b"], "1");
    assert!(!path.exists());
    new.commit().unwrap();
    assert_eq!(files(root.path()), [(path.join("a"), "1".into()), (path.join("b"), "1".into())]);
    assert_eq!(fs_err::read_dir(path.parent().unwrap()).unwrap().count(), 1);

    drop(write(&root.path().join("dropped"), Existing::Refuse, &["a"], "2"));
    assert_eq!(files(root.path()).len(), 2);
}

#[test]
fn what_is_there_is_refused_or_replaced_and_other_files_stay() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("model");
    write(&path, Existing::Refuse, &["a", "b"], "1").commit().unwrap();
    fs_err::write(path.join("notes"), "mine").unwrap();
    let error = AtomicFolder::create(&path, Existing::Refuse).unwrap_err();
    assert!(matches!(error, StoreError::Exists { .. }), "{error}");

    write(&path, Existing::Replace, &["a"], "2").commit().unwrap();
    let expected = [("a", "2"), ("b", "1"), ("notes", "mine")];
    let expected = expected.map(|(name, content)| (path.join(name), content.to_owned()));
    assert_eq!(files(root.path()), expected);
    assert_eq!(fs_err::read_dir(root.path()).unwrap().count(), 1);

    let new = write(&path, Existing::Replace, &["a"], "3").without(&["a", "b", "c"]);
    new.commit().unwrap();
    let expected = [("a", "3"), ("notes", "mine")];
    let expected = expected.map(|(name, content)| (path.join(name), content.to_owned()));
    assert_eq!(files(root.path()), expected);

    // Taken while it was filled.
    let late = write(&root.path().join("late"), Existing::Refuse, &["a"], "3");
    fs_err::create_dir(root.path().join("late")).unwrap();
    let error = late.commit().unwrap_err();
    assert!(matches!(error, StoreError::Exists { .. }), "{error}");
    assert_eq!(fs_err::read_dir(root.path().join("late")).unwrap().count(), 0);

    fs_err::write(root.path().join("file"), "").unwrap();
    for name in ["file", ".."] {
        let error = AtomicFolder::create(&root.path().join(name), Existing::Replace).unwrap_err();
        assert!(matches!(error, StoreError::NotAFolder { .. }), "{error}");
    }
}
