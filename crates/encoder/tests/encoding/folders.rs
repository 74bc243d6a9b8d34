//! Faults of a folder or a setting, and their errors. Each text is compared in full.
use cloze_encoder::check_model;
use std::error::Error;
use std::path::Path;

use cloze_checkpoint::ModelFolder;
use cloze_core::Encode as _;
use cloze_encoder::{Checked, EncoderError, EncoderParams};
use cloze_testkit::{graph, model, model_copy};
use tempfile::TempDir;

/// An error with its causes, a line each, as the command prints it; `folder` is left out.
fn said(error: &EncoderError, folder: &Path) -> String {
    let mut lines = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        lines.push(error.to_string());
        cause = error.source();
    }
    lines.join("\n").replace(&folder.display().to_string(), "FOLDER")
}

/// Error of opening a folder, which checking it must give too.
fn refusal(folder: &Path) -> String {
    let opened = super::try_open(folder, EncoderParams::new()).expect_err("it is broken");
    let checked =
        ModelFolder::open(folder).map_err(EncoderError::from).and_then(|model| check_model(&model));
    let (opened, checked) = (said(&opened, folder), said(&checked.unwrap_err(), folder));
    assert_eq!(opened, checked);
    opened
}

/// A copy of `tiny` with `from` in one of its files replaced by `to`.
fn with(file: &str, from: &str, to: &str) -> TempDir {
    let copy = model_copy("tiny");
    let path = copy.path().join(file);
    let before = fs_err::read_to_string(&path).unwrap();
    assert_eq!(before.matches(from).count(), 1, "{from:?} is once in {file}");
    fs_err::write(&path, before.replace(from, to)).unwrap();
    copy
}

fn with_graph(name: &str) -> TempDir {
    let copy = model_copy("tiny");
    fs_err::copy(graph(name), copy.path().join("model.onnx")).unwrap();
    copy
}

#[test]
fn a_missing_file_is_named() {
    for (file, said) in [
        ("config.json", "config.json"),
        ("tokenizer.json", "tokenizer.json, vocab.txt, or vocab.json with merges.txt"),
        ("model.onnx", "model.safetensors or model.onnx"),
    ] {
        let copy = model_copy("tiny");
        fs_err::remove_file(copy.path().join(file)).unwrap();
        assert_eq!(refusal(copy.path()), format!("FOLDER: no {said} in this model folder"));
    }
    let none = tempfile::tempdir().unwrap();
    assert_eq!(refusal(none.path()), "FOLDER: no config.json in this model folder");
    let looked = ModelFolder::find("./no-such-folder").unwrap_err();
    assert_eq!(looked.to_string(), "no model \"./no-such-folder\"; looked in that folder");
}

#[test]
fn a_config_that_makes_no_sense_is_refused() {
    for (from, to, expected) in [
        (
            "\"4\": \"I-LOC\"",
            "\"5\": \"I-LOC\"",
            "FOLDER/config.json: id2label has 5 labels, so ids 0 to 4; found \"5\"",
        ),
        ("\"4\": \"I-LOC\"", "\"03\": \"I-LOC\"", "FOLDER/config.json: id2label has an id twice"),
        (
            ",\n    \"4\": \"I-LOC\"",
            "",
            "FOLDER/model.onnx: 4 labels in config.json, but the graph's output \"logits\" is 5 wide",
        ),
        (
            "\"max_position_embeddings\": 32,",
            "",
            "FOLDER/config.json: no max_position_embeddings, and no model_max_length in \
             tokenizer_config.json: the longest sequence is unknown",
        ),
        (
            "\"max_position_embeddings\": 32,",
            "\"max_position_embeddings\": 2,",
            "the model's limit is 2: expected more than its 2 special tokens",
        ),
        (
            "\"max_position_embeddings\": 32,",
            "\"max_position_embeddings\": -1,",
            "FOLDER/config.json: not the JSON expected\n\
             invalid value: integer `-1`, expected usize at line 20 column 31",
        ),
        (
            "\"model_type\"",
            "model_type",
            "FOLDER/config.json: not the JSON expected\nkey must be a string at line 2 column 3",
        ),
    ] {
        assert_eq!(refusal(with("config.json", from, to).path()), expected);
    }
}

#[test]
fn a_broken_tokenizer_is_refused() {
    let copy =
        with("tokenizer.json", "\"WordPiece\",\n    \"unk_token\"", "\"Runes\",\n    \"unk\"");
    assert_eq!(
        refusal(copy.path()),
        "FOLDER/tokenizer.json: not a usable tokenizer: model: type \"Runes\" is not one of BPE, \
         WordPiece, WordLevel, Unigram"
    );
    let path = copy.path().join("tokenizer.json");
    fs_err::write(&path, "{\"version\": \"1.0\"").unwrap();
    assert_eq!(
        refusal(copy.path()),
        "FOLDER/tokenizer.json: not a usable tokenizer: not the JSON expected: EOF while parsing an object at line 1 \
         column 17"
    );
    fs_err::write(&path, [0xff, 0xfe]).unwrap();
    assert_eq!(
        refusal(copy.path()),
        "FOLDER/tokenizer.json: not a usable tokenizer: not the JSON expected: expected value at line 1 column 1"
    );
}

#[test]
fn a_card_of_another_kind_or_time_is_refused() {
    let copy = model_copy("tiny");
    for (card, expected) in [
        (
            "{\"kind\": \"head\", \"format_version\": 1}",
            "FOLDER/cloze.json: expected a file of kind \"model\", found \"head\"",
        ),
        (
            "{\"kind\": \"model\", \"format_version\": 2}",
            "FOLDER/cloze.json: expected \"model\" of format version 1 or older, found 2",
        ),
    ] {
        fs_err::write(copy.path().join("cloze.json"), card).unwrap();
        assert_eq!(refusal(copy.path()), expected);
    }
}

#[test]
fn a_graph_that_does_not_fit_is_refused() {
    let inputs = "and texts give input_ids, attention_mask and token_type_ids";
    let batch = "int64[batch, sequence]";
    let mask = format!("attention_mask: {batch}");
    for (name, expected) in [
        (
            "position-input",
            format!(
                "unsupported input \"position_ids\"; it takes input_ids: {batch}, {mask}, \
                 position_ids: {batch}, {inputs}"
            ),
        ),
        ("no-ids", format!("unsupported input \"ids\"; it takes ids: {batch}, {mask}, {inputs}")),
        (
            "float-ids",
            format!(
                "unsupported input \"input_ids: float32[batch, sequence]\"; it takes input_ids: \
                 float32[batch, sequence], {mask}, {inputs}"
            ),
        ),
        ("no-rows", format!("no output to take logits from; the graph has best: {batch}")),
        (
            "two-outputs",
            "no output to take logits from; the graph has a: float32[batch, sequence, 5], b: \
             float32[batch, sequence, 5]"
                .into(),
        ),
    ] {
        let found = refusal(with_graph(name).path());
        assert_eq!(found, format!("FOLDER/model.onnx: {expected}"), "{name}");
    }
    let cut_off = model_copy("tiny");
    let path = cut_off.path().join("model.onnx");
    let whole = fs_err::read(&path).unwrap();
    fs_err::write(&path, &whole[..whole.len() / 2]).unwrap();
    let found = refusal(cut_off.path());
    assert!(
        found.starts_with("FOLDER/model.onnx: not an ONNX file, or cut off: at byte "),
        "{found}"
    );
}

#[test]
fn of_two_outputs_the_one_called_logits_is_taken() {
    let copy = with_graph("named-output");
    let checked = check_model(&ModelFolder::open(copy.path()).unwrap()).unwrap();
    let expected = Checked { vocabulary: 80, special_tokens: 2, outputs: vec!["logits".into()] };
    assert_eq!(checked, expected);
    let [named, plain] = [copy.path(), &model("tiny")]
        .map(|f| super::encode_one(&super::open(f, EncoderParams::new()), "ann lives"));
    assert_eq!(named, plain);
    let oddly = ModelFolder::open(model("tiny-int32-types")).unwrap();
    assert_eq!(check_model(&oddly).unwrap().outputs, ["out_7"]);
}

#[test]
fn external_data_are_used_where_they_are_plain_files() {
    let copy = with_graph("external");
    let missing = refusal(copy.path());
    assert!(missing.contains("external.bin"), "{missing}");
    let bin = graph("external").with_extension("bin");
    fs_err::copy(&bin, copy.path().join("external.bin")).unwrap();
    let [external, whole] = [copy.path(), &model("tiny")]
        .map(|f| super::encode_one(&super::open(f, EncoderParams::new()), "ann lives"));
    assert_eq!(external, whole);
}

#[cfg(unix)]
#[test]
fn external_data_behind_a_link_are_refused() {
    let copy = with_graph("external");
    let bin = graph("external").with_extension("bin");
    std::os::unix::fs::symlink(bin, copy.path().join("external.bin")).unwrap();
    assert_eq!(
        refusal(copy.path()),
        "FOLDER/model.onnx: tensor \"embedding\": the path of its external data has a symbolic \
         link, FOLDER/external.bin"
    );
}

/// Faults that only running shows: ONNX Runtime's own words come as causes.
#[test]
fn a_graph_that_fails_when_it_runs_says_how() {
    for (name, first, cause) in [
        ("unknown-op", "FOLDER/model.onnx: ONNX Runtime refuses the graph", "Transmute"),
        (
            "few-words",
            "FOLDER/model.onnx: ONNX Runtime failed on a batch of 1 × 5 tokens",
            "Gather",
        ),
        (
            "one-row",
            "FOLDER/model.onnx: output \"first\" came as [1, 1, 5]; expected [1, 5, 5]",
            "",
        ),
    ] {
        let copy = with_graph(name);
        let encoder = super::open(copy.path(), EncoderParams::new());
        let error = encoder.encode(&["ann lives in"]).unwrap_err();
        let said = said(&error, copy.path());
        let (line, causes) = said.split_once('\n').unwrap_or((&said, ""));
        assert_eq!(line, first, "{name}");
        assert!(causes.contains(cause), "{name}: {said}");
    }
}

#[test]
fn settings_out_of_their_range_are_refused() {
    let p = EncoderParams::new;
    for (params, expected) in [
        (p().threads(Some(0)), "threads is 0: expected 1 to 1024"),
        (p().batch_tokens(0), "batch-tokens is 0: expected at least 1"),
        (p().window(Some(0)), "window is 0: expected 1 to 30, the model's limit"),
        (p().window(Some(31)), "window is 31: expected 1 to 30, the model's limit"),
        (p().stride(Some(30)), "stride is 30: expected less than the window of 30"),
        (
            p().window(Some(10)).stride(Some(10)),
            "stride is 10: expected less than the window of 10",
        ),
    ] {
        let error = super::try_open(&model("tiny"), params).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert!(matches!(error, EncoderError::Setting { .. }));
    }
    // The smallest good values work: one token a window, one window a batch.
    let smallest = p().threads(Some(1)).batch_tokens(1).window(Some(1)).stride(Some(0));
    let smallest = super::open(&model("tiny"), smallest);
    let text = "ann lives in kassel";
    assert_eq!(super::encode_one(&smallest, text).rows.rows(), 4);
    assert_eq!(smallest.counts().batches, 4);
    super::open(&model("tiny"), p().window(Some(30)).stride(Some(29)));
}
