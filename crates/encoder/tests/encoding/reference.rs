//! The numbers themselves. `data/make_reference.py` has them from Python.
use std::collections::BTreeMap;

use cloze_core::{OffsetConverter, OffsetUnit};
use cloze_encoder::EncoderParams;
use cloze_testkit::{assert_close, model};

#[derive(serde::Deserialize)]
struct Reference {
    texts: Vec<String>,
    models: BTreeMap<String, Vec<Rows>>,
}

#[derive(serde::Deserialize)]
struct Rows {
    starts: Vec<usize>,
    words: Vec<Option<u32>>,
    logits: Vec<Vec<f32>>,
}

#[test]
fn numbers_are_those_of_python() {
    let reference: Reference =
        serde_json::from_str(include_str!("../data/reference.json")).unwrap();
    assert_eq!(reference.models.len(), 3);
    let texts: Vec<&str> = reference.texts.iter().map(String::as_str).collect();
    for (name, expected) in &reference.models {
        let encoder = super::open(&model(name), EncoderParams::new());
        let found = super::encode(&encoder, &texts);
        assert_eq!(found.len(), expected.len());
        for ((text, found), expected) in texts.iter().zip(found).zip(expected) {
            println!("{name}: {text:?}");
            let mut chars = OffsetConverter::new(text, OffsetUnit::Char);
            let starts = found.tokens.iter().map(|t| chars.convert(t.span.start).unwrap());
            assert_eq!(starts.collect::<Vec<_>>(), expected.starts);
            let words: Vec<_> = found.tokens.iter().map(|t| t.word).collect();
            assert_eq!(words, expected.words);
            assert_close(found.rows.as_slice(), &expected.logits.concat(), 1e-5, 1e-5);
        }
    }
}
