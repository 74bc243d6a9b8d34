//! Tokenizers whose files contradict or lack each other: the ids are those of transformers, of which
//! `crates/testkit/tokenizers` keeps the script and the versions.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::collections::BTreeMap;

use cloze_checkpoint::ModelFolder;
use cloze_encoder::{EncoderError, PairCut, TokenCounter};
use cloze_store::MemoryFolder;
use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    texts: Vec<String>,
    pair: [String; 2],
    shared: BTreeMap<String, String>,
    #[serde(rename = "cases")]
    folders: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    files: BTreeMap<String, FileText>,
    ids: Vec<Vec<u32>>,
    pair: Vec<u32>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum FileText {
    Text(String),
    Shared { shared: String },
}

fn cases() -> Cases {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../testkit/tokenizers/cases.json");
    serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap()
}

fn folder(name: &str, files: impl IntoIterator<Item = (String, String)>) -> MemoryFolder {
    // A graph is looked for, and not read.
    let folder = MemoryFolder::new(name).file("model.onnx", "");
    files.into_iter().fold(folder, |folder, (file, text)| folder.file(file, text))
}

fn open(folder: &MemoryFolder) -> Result<TokenCounter, EncoderError> {
    TokenCounter::open(&ModelFolder::open(folder.root())?)
}

#[test]
fn ids_are_those_of_transformers() {
    let Cases { texts, pair, shared, folders: cases } = cases();
    assert!(cases.len() > 40);
    let mut wrong = vec![];
    for case in cases {
        let files = case.files.into_iter().map(|(file, text)| match text {
            FileText::Text(text) => (file, text),
            FileText::Shared { shared: key } => (file, shared[&key].clone()),
        });
        let counter = open(&folder(&case.name, files)).unwrap_or_else(|error| {
            panic!("{}: {error}", case.name);
        });
        for (i, (text, expected)) in texts.iter().zip(&case.ids).enumerate() {
            let actual = counter.pieces(text, i).unwrap().sequence.ids;
            if actual != *expected {
                wrong.push(format!("{}: {text:?}\n  {actual:?}\n  {expected:?}", case.name));
            }
        }
        let texts = [pair[0].as_str(), pair[1].as_str()];
        let actual = counter.pair(texts, 0, PairCut::Longest, 64).unwrap().0.ids;
        if actual != case.pair {
            wrong.push(format!("{}: pair\n  {actual:?}\n  {:?}", case.name, case.pair));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Files of a case, with one of them replaced or added.
fn with(name: &str, file: &str, text: &str) -> MemoryFolder {
    let Cases { shared, folders: cases, .. } = cases();
    let case = cases.into_iter().find(|case| case.name == name).expect(name);
    let files = case.files.into_iter().map(|(file, text)| match text {
        FileText::Text(text) => (file, text),
        FileText::Shared { shared: key } => (file, shared[&key].clone()),
    });
    folder(name, files.chain([(file.to_owned(), text.to_owned())]))
}

#[test]
fn a_setting_that_cannot_be_followed_names_its_file() {
    for (name, file, text, expected) in [
        (
            "bert",
            "tokenizer_config.json",
            r#"{"do_lower_case": "no"}"#,
            "do_lower_case: expected true or false, found \"no\"",
        ),
        ("bert", "tokenizer_config.json", "[]", "not the JSON expected"),
        (
            "bert",
            "tokenizer_config.json",
            r#"{"cls_token": 1}"#,
            "cls_token: expected a token, found 1",
        ),
        (
            "bert",
            "tokenizer_config.json",
            r#"{"cls_token": ""}"#,
            "cls_token: expected a token of 1 to 1024 bytes, found 0",
        ),
        (
            "bert",
            "tokenizer_config.json",
            r#"{"truncation_side": "up"}"#,
            "truncation_side: expected left or right, found \"up\"",
        ),
        (
            "bert",
            "tokenizer_config.json",
            r#"{"added_tokens_decoder": {"x": "a"}}"#,
            "added_tokens_decoder: no id \"x\"",
        ),
        (
            "bert",
            "tokenizer_config.json",
            r#"{"added_tokens_decoder": {"1": {"special": true}}}"#,
            "expected a token's content, found none",
        ),
        (
            "bert",
            "tokenizer_config.json",
            r#"{"cls_token": null}"#,
            "cls_token: \"\" is not in the vocabulary",
        ),
        (
            "bert",
            "special_tokens_map.json",
            r#"{"additional_special_tokens": "x"}"#,
            "additional_special_tokens: expected a list, found \"x\"",
        ),
        ("bert", "added_tokens.json", r#"{"<usr>": -1}"#, "\"<usr>\": expected an id, found -1"),
        ("roberta-files", "merges.txt", "a b c", "line 1: expected two pieces, found \"a b c\""),
        ("roberta-files", "vocab.json", "[]", "not the JSON expected"),
        (
            "vocabulary",
            "config.json",
            r#"{"model_type": "xlm-roberta", "max_position_embeddings": 66}"#,
            "expected tokenizer.json beside it",
        ),
    ] {
        let error = open(&with(name, file, text)).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
        let files = [file, "tokenizer.json", "vocab.txt"];
        assert!(files.iter().any(|file| error.contains(file)), "{text}: {error}");
    }
    // Left is followed where nothing is cut.
    let left = r#"{"truncation_side": "left", "model_max_length": 64}"#;
    assert!(open(&with("bert", "tokenizer_config.json", left)).is_ok());
}

/// 130 pieces and one added token, which has id 130: the first that 130 rows do not have.
#[test]
fn a_token_beyond_the_embedding_matrix_is_named() {
    let config = |rows: usize| {
        format!(r#"{{"model_type": "bert", "max_position_embeddings": 66, "vocab_size": {rows}}}"#)
    };
    let added = |rows| open(&with("added", "config.json", &config(rows)));
    let pieces = {
        let folder = with("vocabulary", "config.json", &config(400));
        let text = folder.root().join("vocab.txt").bytes().unwrap();
        std::str::from_utf8(&text).unwrap().lines().count()
    };
    assert!(added(pieces + 1).is_ok());
    match added(pieces).unwrap_err() {
        EncoderError::TokenBeyond { token, id, rows, .. } => {
            assert_eq!((token.as_str(), id as usize, rows), ("<usr>", pieces, pieces));
        }
        other => panic!("{other}"),
    }
    // The vocabulary itself may be too large; a special token that no file adds may not.
    assert!(matches!(
        open(&with("vocabulary", "config.json", &config(pieces - 1))).unwrap_err(),
        EncoderError::TokenBeyond { .. }
    ));
    let unheard = r#"{"mask_token": "[BLANK]", "model_max_length": 64}"#;
    let folder = with("bert", "tokenizer_config.json", unheard);
    assert!(open(&folder.file("config.json", config(pieces))).is_ok());
}
