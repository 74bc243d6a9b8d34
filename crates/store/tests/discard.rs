//! `discard_pending` reaches every file of the process: a binary of its own.
use std::io::Write as _;

use cloze_store::{AtomicFile, AtomicFolder, Existing, StoreError, discard_pending};

#[test]
fn an_interrupted_run_leaves_only_what_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let start = |name: &str| {
        let path = folder.path().join(name);
        let mut file = AtomicFile::create(&path, Existing::Replace).unwrap();
        file.write_all(b"new").unwrap();
        (file, path)
    };
    let (done, done_path) = start("done");
    done.commit().unwrap();
    let (half, half_path) = start("half");
    let (dropped, _) = start("dropped");
    let half_folder = AtomicFolder::create(&folder.path().join("f"), Existing::Refuse).unwrap();
    fs_err::write(half_folder.path().join("in"), "x").unwrap();

    discard_pending();
    let left: Vec<_> =
        fs_err::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(left, [done_path]);

    let error = half.commit().unwrap_err();
    assert!(matches!(error, StoreError::Discarded { .. }), "{error}");
    let expected = format!("{}: not written, because the run was interrupted", half_path.display());
    assert_eq!(error.to_string(), expected);
    let error = half_folder.commit().unwrap_err();
    assert!(matches!(error, StoreError::Discarded { .. }), "{error}");
    drop(dropped);
    discard_pending();

    let (after, after_path) = start("after");
    after.commit().unwrap();
    assert_eq!(fs_err::read(after_path).unwrap(), b"new");
}
