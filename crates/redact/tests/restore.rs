//! Redacted files come back byte for byte.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::path::Path;

use cloze_core::{Entity, Span, split_at_entities};
use cloze_redact::{Action, EditLog, Key, KeyFile, Policy, RedactError, Replacer, restore};
use cloze_store::{Existing, checksum};
use proptest::prelude::*;

/// Redacts every word with a capital, writes both files, and returns the changes.
fn redact(folder: &Path, text: &str, replacer: &mut Replacer) -> cloze_redact::FileEdits {
    let mut entities = vec![];
    let mut start = 0;
    for word in text.split_inclusive(' ') {
        let end = start + word.trim_end_matches(' ').len();
        if word.starts_with(char::is_uppercase) {
            let (span, label) = (Span::new(start, end), "PERSON".to_owned());
            entities.push(Entity { label, span, score: 1.0, tag: None });
        }
        start += word.len();
    }
    let (mut log, mut redacted) = (EditLog::default(), String::new());
    for (piece, entity) in split_at_entities(text, &entities) {
        let new = entity.map_or(piece.into(), |e| replacer.replacement(&e.label, piece));
        log.write(piece.as_bytes(), new.as_bytes());
        redacted.push_str(&new);
    }
    fs_err::write(folder.join("redacted"), &redacted).unwrap();
    let hash = |text: &str| checksum::sha256(text.as_bytes());
    log.finish("original".into(), hash(text), hash(&redacted))
}

const ACTIONS: [&str; 7] = ["mask", "mask:", "number", "hash", "partial", "pseudonym", "keep"];

proptest! {
    #[test]
    fn every_action_can_be_undone(text in "([A-Za-zÄ東\n]{0,6} ?){0,30}", action in 0..ACTIONS.len()) {
        let folder = tempfile::tempdir().unwrap();
        let policy = Policy::new(ACTIONS[action].parse().unwrap());
        let mut replacer = Replacer::new(policy, Key::with_secret([3; 32]));
        let edits = redact(folder.path(), &text, &mut replacer);
        let (redacted, output) = (folder.path().join("redacted"), folder.path().join("restored"));
        restore(&redacted, &edits, &output, Existing::Refuse).unwrap();
        prop_assert_eq!(fs_err::read_to_string(output).unwrap(), text);
    }
}

#[test]
fn a_key_file_brings_back_what_many_runs_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let mut key = Key::generate().unwrap();
    let texts = ["Ann met Bob", "Bob met Cyd"];
    for text in texts {
        let mut replacer = Replacer::new(Policy::new(Action::Number), key);
        let edits = redact(folder.path(), text, &mut replacer);
        KeyFile::write(&path, replacer.key(), [&edits]).unwrap();
        key = KeyFile::open(&path).unwrap().key().clone();
        assert_eq!(&key, replacer.key());
    }
    let file = KeyFile::open(&path).unwrap();
    // Ann and Bob are 1 and 2 in the first run, and Cyd is the third.
    for (redacted, text) in
        ["[PERSON_1] met [PERSON_2]", "[PERSON_2] met [PERSON_3]"].iter().zip(texts)
    {
        let source = folder.path().join("redacted");
        fs_err::write(&source, redacted).unwrap();
        let edits = file.changes(&checksum::sha256(redacted.as_bytes())).unwrap().remove(0);
        let output = folder.path().join("restored");
        restore(&source, &edits, &output, Existing::Replace).unwrap();
        assert_eq!(fs_err::read_to_string(&output).unwrap(), text);
    }
    assert_eq!(file.changes(&checksum::sha256(b"other")).unwrap(), []);
}

#[test]
fn a_file_that_was_changed_is_not_restored() {
    let folder = tempfile::tempdir().unwrap();
    let mut replacer = Replacer::new(Policy::default(), Key::with_secret([3; 32]));
    let edits = redact(folder.path(), "to Ann and back", &mut replacer);
    let (redacted, output) = (folder.path().join("redacted"), folder.path().join("restored"));
    for other in ["to [PERSON] and bach", "to", "", "to [PERSON] and back again"] {
        fs_err::write(&redacted, other).unwrap();
        let error = restore(&redacted, &edits, &output, Existing::Refuse).unwrap_err();
        assert!(matches!(error, RedactError::Mismatch { .. }), "{other}: {error}");
        assert!(!output.exists());
    }
}

#[cfg(unix)]
#[test]
fn keys_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    KeyFile::write(&path, &Key::generate().unwrap(), []).unwrap();
    let mode = || fs_err::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    for open in [0o640, 0o604, 0o660] {
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(open)).unwrap();
        let error = KeyFile::open(&path).unwrap_err();
        assert!(matches!(error, RedactError::Readable { mode, .. } if mode == open), "{error}");
        // Written anew it is private again.
        KeyFile::write(&path, &Key::generate().unwrap(), []).unwrap();
        assert_eq!(mode(), 0o600);
    }
}

#[test]
fn other_files_are_no_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    KeyFile::write(&path, &Key::with_secret([1; 32]), []).unwrap();
    let head = fs_err::read_to_string(&path).unwrap();
    for (content, expected) in [
        ("", "expected a redaction key"),
        ("{}\n", "expected a redaction key"),
        (&head.replace("\"format_version\":1", "\"format_version\":2"), "expected a redaction key"),
        (&head.replace("redaction key", "index"), "expected a redaction key"),
        (&(head.clone() + "{}\n"), "key:2: not a line"),
        (
            &(head.clone() + "{\"value\":{\"label\":\"A\",\"value\":\"a\",\"number\":1}}\nno\n"),
            "key:3: not a line",
        ),
    ] {
        fs_err::write(&path, content).unwrap();
        let error = KeyFile::open(&path).unwrap_err().to_string();
        assert!(error.contains(expected), "{content:?}: {error}");
    }
    // A terabyte of zeros, of which a few thousand are read.
    fs_err::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let error = KeyFile::open(&path).unwrap_err().to_string();
    assert!(error.contains("expected a redaction key"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_key_and_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let made = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&path).status();
    assert!(made.unwrap().success());
    let error = KeyFile::open(&path).unwrap_err();
    assert!(matches!(error, RedactError::Read { .. }), "{error}");
}
