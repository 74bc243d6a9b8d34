//! JSON files: read again, or refused by name.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cloze_store::envelope::{read_json, write_json};
use cloze_store::{Existing, StoreError};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Threshold {
    label: String,
    min_score: f32,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Scores {
    scores: BTreeMap<String, f64>,
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/threshold-v1.json")
}

fn strasse() -> Threshold {
    Threshold { label: "Straße".to_owned(), min_score: 0.25 }
}

/// A file of version 1 is read by this and later versions, and version 1 is still written.
#[test]
fn version_1_is_read_back() {
    for newest in [1, 2, u32::MAX] {
        assert_eq!(read_json::<Threshold>(&fixture(), "threshold", newest).unwrap(), strasse());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.json");
    write_json(&path, "threshold", 1, &strasse(), Existing::Refuse).unwrap();
    assert_eq!(fs_err::read(&path).unwrap(), fs_err::read(fixture()).unwrap());
    let again = write_json(&path, "threshold", 1, &strasse(), Existing::Refuse);
    assert!(matches!(again, Err(StoreError::Exists { .. })));
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.json");
    for (json, expected) in [
        ("", ":1:0: expected the JSON of a \"threshold\""),
        ("\u{feff}{}", ":1:1: expected the JSON of a \"threshold\""),
        ("{}", ": expected a file of kind \"threshold\", found no kind"),
        (r#"{"kind":"tagger"}"#, ": expected a file of kind \"threshold\", found \"tagger\""),
        (r#"{"kind":3}"#, ":1:9: expected the JSON of a \"threshold\""),
        (r#"{"kind":"threshold"}"#, ":1:20: expected the JSON of a \"threshold\""),
        (
            r#"{"kind":"threshold","format_version":-1}"#,
            ":1:39: expected the JSON of a \"threshold\"",
        ),
        (
            r#"{"kind":"threshold","format_version":2,"bound":0}"#,
            ": expected \"threshold\" of format version 1 or older, found 2",
        ),
        (
            r#"{"kind":"threshold","format_version":99999999999}"#,
            ": expected \"threshold\" of format version 1 or older, found 99999999999",
        ),
        // Of the right kind and version, but without its fields.
        (
            "{\"kind\":\"threshold\",\n\"format_version\":1}",
            ":2:19: expected the JSON of a \"threshold\"",
        ),
    ] {
        fs_err::write(&path, json).unwrap();
        let error = read_json::<Threshold>(&path, "threshold", 1).unwrap_err();
        assert_eq!(error.to_string(), format!("{}{expected}", path.display()), "{json}");
    }
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let whole = fs_err::read(fixture()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.json");
    // The last two bytes are `}` and the line feed.
    for len in 0..whole.len() - 1 {
        fs_err::write(&path, &whole[..len]).unwrap();
        let error = read_json::<Threshold>(&path, "threshold", 1).unwrap_err();
        assert!(matches!(error, StoreError::Json { .. }), "{len}: {error}");
    }
}

#[test]
fn only_objects_fit_an_envelope() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.json");
    let error = write_json(&path, "list", 1, &[1, 2], Existing::Refuse).unwrap_err();
    assert!(matches!(error, StoreError::Serialize { .. }), "{error}");
    assert!(!path.exists());
}

proptest! {
    #[test]
    fn any_value_is_read_back(fields in prop::collection::btree_map("[a-d]{1,3}|é|👍", any::<f64>(), 0..5)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.json");
        let written = Scores { scores: fields };
        write_json(&path, "scores", 1, &written, Existing::Refuse).unwrap();
        prop_assert_eq!(read_json::<Scores>(&path, "scores", 1).unwrap(), written);
    }

    #[test]
    fn foreign_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.json");
        fs_err::write(&path, bytes).unwrap();
        prop_assert!(read_json::<Threshold>(&path, "threshold", 1).is_err());
    }
}
