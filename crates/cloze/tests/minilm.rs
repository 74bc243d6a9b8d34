//! The model that comes with the repository, against sentence-transformers;
//! `tests/minilm/make_reference.py` has made the numbers.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::path::{Path, PathBuf};

use cloze::{ModelFolder, Runtime, RuntimeParams, SentenceEncoder, SentenceParams};
use cloze_testkit::assert_close;
use safetensors::SafeTensors;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn open(params: SentenceParams) -> SentenceEncoder {
    let runtime = Runtime::load(&RuntimeParams::default(), &mut |_| {}).unwrap();
    let model = ModelFolder::open(&root().join("models/minilm-l6-v2")).unwrap();
    SentenceEncoder::open_with(&runtime, model, params).unwrap()
}

#[derive(serde::Deserialize)]
struct Reference {
    texts: Vec<Text>,
}

#[derive(serde::Deserialize)]
struct Text {
    text: String,
}

/// Half precision moves a number by less than 2e-3.
#[test]
fn sentence_vectors_are_those_of_sentence_transformers() {
    let folder = root().join("tests/minilm");
    let json = fs_err::read(folder.join("reference.json")).unwrap();
    let reference: Reference = serde_json::from_slice(&json).unwrap();
    let bytes = fs_err::read(folder.join("reference.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let number = |b: &[u8]| f32::from_le_bytes(b.try_into().unwrap());
    let expected: Vec<f32> =
        tensors.tensor("vectors").unwrap().data().chunks_exact(4).map(number).collect();
    let texts: Vec<&str> = reference.texts.iter().map(|t| t.text.as_str()).collect();
    assert_eq!(texts.len(), 50);

    let encoder = open(SentenceParams::new().encoder(|e| e.truncate(true)));
    let found = encoder.encode(&texts).unwrap();
    assert_close(found.as_slice(), &expected, 2e-3, 0.0);
    assert_eq!(encoder.counts().truncated, 1);
    // Alone each is the same, bit for bit.
    for (text, row) in texts.iter().zip(&found) {
        assert!(encoder.encode_one(text).unwrap() == row, "{text:?} changed");
    }
}
