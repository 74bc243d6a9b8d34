//! Folders of sentence-transformers: vectors are those of the reference, of which
//! `crates/testkit/sentence` keeps the script and the versions.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::collections::BTreeMap;
use std::path::Path;

use cloze::{Metric, SentenceEncoder, SentenceEncoderBuilder};
use cloze_testkit::{assert_close, checkpoint};
use safetensors::SafeTensors;
use serde::Deserialize;
use tempfile::TempDir;

#[derive(Deserialize)]
struct Cases {
    texts: Vec<String>,
    #[serde(rename = "cases")]
    folders: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    /// Checkpoint by the folder it lies in.
    encoders: BTreeMap<String, String>,
    arguments: Arguments,
    files: BTreeMap<String, String>,
    similarity: String,
}

#[derive(Deserialize)]
struct Arguments {
    prompt: Option<String>,
    prompt_name: Option<String>,
    task: Option<String>,
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/sentence");
    fs_err::read(folder.join(name)).unwrap()
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    fs_err::write(path, bytes).unwrap();
}

/// Folder of a case, with its weights.
fn folder(case: &Case, tensors: &SafeTensors<'_>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, name) in &case.encoders {
        for file in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
        {
            let bytes = fs_err::read(checkpoint(name).join(file)).unwrap();
            write(&folder.path().join(path).join(file), bytes);
        }
    }
    for (name, text) in &case.files {
        write(&folder.path().join(name), text);
    }
    let mut files: BTreeMap<&str, Vec<(&str, safetensors::tensor::TensorView<'_>)>> =
        BTreeMap::new();
    for name in tensors.names() {
        let Some(inside) = name.strip_prefix(&format!("{}/", case.name)) else { continue };
        if let Some((file, tensor)) = inside.rsplit_once('/') {
            files.entry(file).or_default().push((tensor, tensors.tensor(name).unwrap()));
        }
    }
    for (file, content) in files {
        write(&folder.path().join(file), safetensors::serialize(content, None).unwrap());
    }
    folder
}

fn builder(case: &Case, folder: &Path) -> SentenceEncoderBuilder {
    let builder = SentenceEncoder::builder(folder).route(case.arguments.task.clone());
    match (&case.arguments.prompt, &case.arguments.prompt_name) {
        (Some(prompt), _) => builder.prompt(prompt.clone()),
        (None, Some(name)) => builder.prompt_name(name.clone()),
        (None, None) => builder,
    }
}

/// Each case by itself fails with its name; all that fail are listed.
fn each_case(
    check: impl Fn(&Case, &Path, &[String], &SafeTensors<'_>) + std::panic::RefUnwindSafe,
) {
    let Cases { texts, folders: cases } = serde_json::from_slice(&fixture("cases.json")).unwrap();
    let bytes = fixture("weights.safetensors");
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let mut failed = vec![];
    for case in &cases {
        let folder = folder(case, &tensors);
        let run = || check(case, folder.path(), &texts, &tensors);
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err() {
            failed.push(case.name.as_str());
        }
    }
    assert!(cases.len() > 50 && failed.is_empty(), "{failed:?}");
}

fn expected(tensors: &SafeTensors<'_>, name: &str) -> Vec<f32> {
    let data = tensors.tensor(name).unwrap().data().to_vec();
    data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
}

#[test]
fn vectors_are_those_of_sentence_transformers() {
    each_case(|case, folder, texts, tensors| {
        let cut = case.name == "short";
        let open = |normalize: Option<bool>| {
            builder(case, folder).truncate(cut).normalize(normalize).open().unwrap()
        };
        let vectors = open(Some(true)).encode_matrix(texts).unwrap();
        let name = |part: &str| format!("{}/{part}", case.name);
        assert_close(vectors.as_slice(), &expected(tensors, &name("vectors")), 1e-5, 1e-5);
        let raw = expected(tensors, &name("raw"));
        let default = open(None);
        if !default.normalizes() {
            assert_eq!(case.name, "dot");
            let vectors = default.encode_matrix(texts).unwrap();
            assert_close(vectors.as_slice(), &raw, 1e-5, 1e-5);
        }
        // Scaling at the end is what --no-normalize leaves out; without it the numbers are those of
        // the modules.
        let ends = case.files.get("modules.json").is_some_and(|list| {
            let list: Vec<serde_json::Value> = serde_json::from_str(list).unwrap();
            list.last().unwrap()["type"].as_str().unwrap().ends_with("Normalize")
        });
        if !ends {
            let vectors = open(Some(false)).encode_matrix(texts).unwrap();
            assert_close(vectors.as_slice(), &raw, 1e-5, 1e-5);
        }
        let metric = cloze::modules::metric(default.model()).unwrap().unwrap_or_default();
        assert_eq!(metric, Metric::of_config(&case.similarity).unwrap());
    });
}

/// A text's vector is the same alone and in a batch, bit for bit, whatever it goes through.
#[test]
fn a_batch_is_its_texts_one_by_one() {
    each_case(|case, folder, texts, _| {
        let encoder = builder(case, folder).open().unwrap();
        let batch = encoder.encode_batch(texts).unwrap();
        for (text, vector) in texts.iter().zip(batch) {
            assert_eq!(encoder.encode(text).unwrap(), vector.unwrap(), "{text:?}");
        }
    });
}
