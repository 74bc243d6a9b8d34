//! States that a crash can leave on the disk, built by hand, and the next run in that folder.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::io::Write as _;
use std::path::{Path, PathBuf};

use cloze_store::{AtomicFile, AtomicFolder, Existing, StoreError};

/// Names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let names = fs_err::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A folder with one file, which says which folder it is.
fn folder(path: &Path, content: &str) {
    fs_err::create_dir_all(path).unwrap();
    fs_err::write(path.join("weights"), content).unwrap();
}

fn content(path: &Path) -> Option<String> {
    fs_err::read_to_string(path.join("weights")).ok()
}

struct Place {
    root: tempfile::TempDir,
    target: PathBuf,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("model");
        Self { root, target }
    }

    /// Path of a hidden name with this ending.
    fn hidden(&self, ending: &str) -> PathBuf {
        self.root.path().join(format!(".cloze-aB3xY9.{ending}"))
    }

    /// Lock of a process that is dead.
    fn lock(&self) {
        fs_err::write(self.hidden("tmp"), "").unwrap();
    }
}

/// Every state between the steps of both ways of replacing a folder. After the next run, which fails
/// before its commit, the old or the new folder is there, and nothing else.
#[test]
fn after_each_step_the_next_run_finds_a_whole_folder() {
    type Build = fn(&Place);
    let states: [(&str, Build, &str); 9] = [
        ("the lock", |place| folder(&place.target, "old"), "old"),
        (
            "the lock and an empty new folder",
            |place| {
                folder(&place.target, "old");
                fs_err::create_dir(place.hidden("dir")).unwrap();
            },
            "old",
        ),
        (
            "half of the new folder",
            |place| {
                folder(&place.target, "old");
                folder(&place.hidden("dir"), "ne");
            },
            "old",
        ),
        (
            "exchanged",
            |place| {
                folder(&place.target, "new");
                folder(&place.hidden("dir"), "old");
            },
            "new",
        ),
        (
            "exchanged, and the old one half removed",
            |place| {
                folder(&place.target, "new");
                fs_err::create_dir(place.hidden("dir")).unwrap();
            },
            "new",
        ),
        (
            "by renames: a place for the old folder",
            |place| {
                folder(&place.target, "old");
                folder(&place.hidden("dir"), "new");
                fs_err::create_dir(place.hidden("old")).unwrap();
            },
            "old",
        ),
        (
            "by renames: the old folder aside",
            |place| {
                folder(&place.hidden("dir"), "new");
                folder(&place.hidden("old").join("model"), "old");
            },
            "old",
        ),
        (
            "by renames: the new folder has the name",
            |place| {
                folder(&place.target, "new");
                folder(&place.hidden("old").join("model"), "old");
            },
            "new",
        ),
        (
            "by renames: the old folder aside, the new one lost",
            |place| folder(&place.hidden("old").join("model"), "old"),
            "old",
        ),
    ];
    for (what, build, expected) in states {
        for lock in [true, false] {
            for existing in [Existing::Refuse, Existing::Replace] {
                let place = Place::new();
                build(&place);
                if lock {
                    place.lock();
                }
                match AtomicFolder::create(&place.target, existing) {
                    Ok(next) => drop(next),
                    Err(StoreError::Exists { .. }) => assert_eq!(existing, Existing::Refuse),
                    Err(error) => panic!("{what}: {error}"),
                }
                assert_eq!(content(&place.target).as_deref(), Some(expected), "{what}");
                assert_eq!(names(place.root.path()), ["model"], "{what}, lock {lock}");
            }
        }
    }
}

/// The old folder was moved aside, and then another was put in its place by hand: both stay.
#[test]
fn an_old_folder_whose_name_is_taken_stays() {
    let place = Place::new();
    place.lock();
    folder(&place.target, "of the user");
    folder(&place.hidden("dir"), "new");
    folder(&place.hidden("old").join("model"), "old");
    AtomicFolder::create(&place.target, Existing::Replace).map(drop).unwrap();
    assert_eq!(content(&place.target).as_deref(), Some("of the user"));
    assert_eq!(content(&place.hidden("old").join("model")).as_deref(), Some("old"));
}

/// Files of the dead go, those of the living and of the user stay; for files, too.
#[test]
fn the_next_file_removes_what_the_dead_have_left() {
    let place = Place::new();
    let living = AtomicFile::create(&place.target, Existing::Refuse).unwrap();
    let living_folder =
        AtomicFolder::create(&place.root.path().join("f"), Existing::Refuse).unwrap();
    let hidden = names(place.root.path());
    // A folder by another path is cleaned again.
    let sub = place.root.path().join("sub");
    fs_err::create_dir(&sub).unwrap();
    for name in [".cloze-aB3xY9.tmp", ".cloze-notes.tmp", ".cloze-aB3xY9.tmp.bak", "cloze.tmp"] {
        fs_err::write(sub.join(name), "half").unwrap();
    }
    folder(&sub.join(".cloze-cD4wZ8.dir"), "half");
    let mut file = AtomicFile::create(&sub.join("out"), Existing::Refuse).unwrap();
    file.write_all(b"whole").unwrap();
    file.commit().unwrap();
    assert_eq!(names(&sub), [".cloze-aB3xY9.tmp.bak", ".cloze-notes.tmp", "cloze.tmp", "out"]);

    AtomicFolder::create(&place.root.path().join("g"), Existing::Refuse).map(drop).unwrap();
    let left: Vec<_> = names(place.root.path()).into_iter().filter(|name| name != "sub").collect();
    assert_eq!(left, hidden);
    living.commit().unwrap();
    living_folder.commit().unwrap();
}

/// One folder replaced by another that lacks some of its files, at several depths.
#[test]
fn files_of_the_user_stay_in_folders_that_are_replaced() {
    let place = Place::new();
    folder(&place.target, "old");
    for name in
        ["notes", "1_Pooling/config.json", "1_Pooling/notes", "2_Dense/config.json", "own/a/b"]
    {
        let path = place.target.join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, name).unwrap();
    }
    fs_err::create_dir(place.target.join("empty")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", place.target.join("link")).unwrap();
    let new = AtomicFolder::create(&place.target, Existing::Replace).unwrap();
    folder(new.path(), "new");
    let outdated = ["1_Pooling/config.json", "2_Dense/config.json"];
    new.without(&outdated).commit().unwrap();
    assert_eq!(content(&place.target).as_deref(), Some("new"));
    let mut expected = vec!["1_Pooling", "empty", "link", "notes", "own", "weights"];
    if !cfg!(unix) {
        expected.retain(|name| *name != "link");
    }
    assert_eq!(names(&place.target), expected);
    assert_eq!(names(&place.target.join("1_Pooling")), ["notes"]);
    assert_eq!(fs_err::read_to_string(place.target.join("own/a/b")).unwrap(), "own/a/b");
    assert_eq!(names(place.root.path()), ["model"]);
}

#[cfg(unix)]
#[test]
fn a_private_folder_stays_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    folder(&place.target, "old");
    fs_err::set_permissions(&place.target, std::fs::Permissions::from_mode(0o700)).unwrap();
    let new = AtomicFolder::create(&place.target, Existing::Replace).unwrap();
    folder(new.path(), "new");
    new.commit().unwrap();
    let mode = fs_err::metadata(&place.target).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode, content(&place.target).as_deref()), (0o700, Some("new")));
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_refused() {
    let place = Place::new();
    std::os::unix::fs::symlink("gone", &place.target).unwrap();
    for existing in [Existing::Refuse, Existing::Replace] {
        let file = AtomicFile::create(&place.target, existing).map(drop);
        let folder = AtomicFolder::create(&place.target, existing).map(drop);
        for error in [file.unwrap_err(), folder.unwrap_err()] {
            assert!(matches!(error, StoreError::DanglingLink { .. }), "{error}");
            let expected = format!(
                "{}: expected a file, a folder or a free name, found a link to gone, which is not \
                 there\nhint: remove the link, or create its target",
                place.target.display()
            );
            assert_eq!(error.to_string(), expected);
        }
    }
    assert_eq!(names(place.root.path()), ["model"]);
}
