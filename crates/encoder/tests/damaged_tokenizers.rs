//! Damaged and hostile `tokenizer.json` files: each opens or is refused by name, and no text panics.
#![expect(clippy::unwrap_used, reason = "in the helpers of tests, too")]
use std::time::{Duration, Instant};

use cloze_checkpoint::ModelFolder;
use cloze_encoder::{EncoderError, TokenCounter};
use cloze_store::MemoryFolder;
use cloze_testkit::{Random, checkpoint};
use serde_json::{Value, json};

/// Tokenizers of all three kinds: `WordPiece`, byte pairs, Unigram.
const FIXTURES: [&str; 3] = ["bert-token", "roberta-token", "xlm-roberta-token"];

fn fixture(name: &str) -> Vec<u8> {
    fs_err::read(checkpoint(name).join("tokenizer.json")).unwrap()
}

fn open(tokenizer: Vec<u8>) -> Result<TokenCounter, EncoderError> {
    let folder = MemoryFolder::new("m")
        .file("config.json", br#"{"model_type": "bert", "max_position_embeddings": 64}"#)
        .file("model.safetensors", b"")
        // Of other classes the parts are made by transformers' class, whatever the file says.
        .file("tokenizer_config.json", br#"{"tokenizer_class": "PreTrainedTokenizerFast"}"#)
        .file("tokenizer.json", tokenizer);
    TokenCounter::open(&ModelFolder::open(&folder)?)
}

/// Whether it opens; each text then has a count or an error of its own, in little time.
fn survives(tokenizer: Vec<u8>, what: &str) -> bool {
    let start = Instant::now();
    let long = "a".repeat(50_000);
    let texts = ["", "Ann lives in Kassel.", "a\u{301} \u{fdfa}我👍 \0", "[CLS]<s>▁<mask>", &long];
    let opened = open(tokenizer);
    match &opened {
        Ok(counter) => {
            for (i, counted) in counter.count(&texts).into_iter().enumerate() {
                match counted {
                    Ok(tokens) => assert!(tokens <= 120 * texts[i].len() + 8, "{what}: {tokens}"),
                    Err(EncoderError::Tokenize { index, .. }) => assert_eq!(index, i, "{what}"),
                    Err(error) => panic!("{what}: {error:?}"),
                }
            }
        }
        Err(error) => {
            let text = error.to_string();
            assert!(
                matches!(error, EncoderError::Tokenizer { .. } | EncoderError::Setting { .. }),
                "{what}: {error:?}"
            );
            let named =
                text.contains("tokenizer.json") || matches!(error, EncoderError::Setting { .. });
            assert!(named, "{what}: {text}");
        }
    }
    assert!(start.elapsed() < Duration::from_secs(20), "{what}: {:?}", start.elapsed());
    opened.is_ok()
}

#[test]
fn cuts_and_flipped_bytes_are_errors_or_harmless() {
    let mut random = Random::new(21);
    for name in FIXTURES {
        let bytes = fixture(name);
        assert!(survives(bytes.clone(), name));
        for _ in 0..30 {
            let at = random.below(bytes.len() - 1);
            assert!(!survives(bytes[..at].to_vec(), &format!("{name} cut at {at}")));
        }
        for _ in 0..60 {
            let mut bytes = bytes.clone();
            let (at, byte) = (random.below(bytes.len()), random.below(256));
            bytes[at] = u8::try_from(byte).unwrap();
            survives(bytes, &format!("{name}, byte {at} is {byte}"));
        }
        for _ in 0..10 {
            let (from, to) = (random.below(bytes.len()), random.below(bytes.len()));
            let pasted = [&bytes[..from], &bytes[to..]].concat();
            survives(pasted, &format!("{name}: to {from}, then from {to}"));
        }
    }
}

/// Paths to all values, outer before inner.
fn paths(value: &Value, path: &str, all: &mut Vec<String>) {
    all.push(path.to_owned());
    match value {
        Value::Array(list) => {
            list.iter()
                .enumerate()
                .for_each(|(i, inside)| paths(inside, &format!("{path}/{i}"), all));
        }
        Value::Object(map) => {
            for (key, inside) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                paths(inside, &format!("{path}/{key}"), all);
            }
        }
        _ => {}
    }
}

#[test]
fn edits_of_the_structure_are_errors_or_harmless() {
    let values = [
        Value::Null,
        json!(0),
        json!(-1),
        json!(u64::MAX),
        json!(1e300),
        json!(true),
        json!(""),
        json!("[NONE]"),
        json!("aa".repeat(600)),
        json!([]),
        json!({}),
        json!([["a", "a"]]),
        json!([0, 0, 0, 0]),
        json!({"Regex": "(a*)*b"}),
        json!({"SpecialToken": {"id": "[NONE]", "type_id": 0}}),
    ];
    let mut random = Random::new(22);
    for name in FIXTURES {
        let whole: Value = serde_json::from_slice(&fixture(name)).unwrap();
        let mut places = vec![];
        for (key, part) in whole.as_object().unwrap() {
            // The vocabulary's words would be most of the places.
            let few = if key == "model" { part.as_object().unwrap().len() } else { usize::MAX };
            let mut inside = vec![];
            paths(part, &format!("/{key}"), &mut inside);
            if few < usize::MAX {
                inside.retain(|path| path.matches('/').count() <= 2);
            }
            places.append(&mut inside);
        }
        for _ in 0..100 {
            let mut edited = whole.clone();
            let path = &places[random.below(places.len())];
            let value = &values[random.below(values.len())];
            *edited.pointer_mut(path).unwrap() = value.clone();
            survives(serde_json::to_vec(&edited).unwrap(), &format!("{name}{path} is {value}"));
        }
    }
}

/// A fixture with one part of another.
fn with(name: &str, part: &str, value: Value) -> Vec<u8> {
    let mut whole: Value = serde_json::from_slice(&fixture(name)).unwrap();
    whole[part] = value;
    serde_json::to_vec(&whole).unwrap()
}

#[test]
fn hostile_components_are_refused_with_their_reason() {
    let replace = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "a".repeat(32)});
    let mut nested = json!({"type": "NFC"});
    for _ in 0..40 {
        nested = json!({"type": "Sequence", "normalizers": [nested]});
    }
    let split = |regex: &str| {
        json!({"type": "Split", "pattern": {"Regex": regex},
        "behavior": "Isolated", "invert": false})
    };
    for (part, value, expected) in [
        ("normalizer", json!({"type": "Sequence", "normalizers": [replace, replace]}), "1024"),
        ("normalizer", nested, "nest more than 4"),
        ("normalizer", json!({"type": "Precompiled", "precompiled_charsmap": "AAAA"}), "too few"),
        ("pre_tokenizer", split("(x|xx)+y"), "repeated group"),
        ("pre_tokenizer", split(r"\d+$"), "unbounded"),
        ("pre_tokenizer", json!({"type": "Shell"}), "\"Shell\" is not one of"),
        (
            "post_processor",
            json!({"type": "TemplateProcessing", "pair": [], "special_tokens": {},
                "single": [{"Sequence": {"id": "A", "type_id": 0}},
                    {"SpecialToken": {"id": "[GONE]", "type_id": 0}}]}),
            "\"[GONE]\" is not in special_tokens",
        ),
        ("decoder", json!({"type": "WordPiece", "prefix": "#".repeat(5000)}), "at most 1024"),
        ("model", json!({"type": "BPE", "vocab": {"a": 0}, "merges": [["a", "b"]]}), "tokenizers"),
        ("model", json!({"type": "BPE", "vocab": {"b": 0}, "merges": [["b", "b"]]}), "tokenizers"),
        ("added_tokens", json!([{"id": 0, "content": ""}]), "1 to 1024"),
    ] {
        let error = open(with("bert-token", part, value)).expect_err(expected);
        let text = error.to_string();
        assert!(matches!(error, EncoderError::Tokenizer { .. }), "{text}");
        assert!(
            text.contains("tokenizer.json") && (text.contains(expected) || part == "model"),
            "{text}"
        );
    }
}

/// Every `a` becomes 60 letters: a short text may, a long one costs itself alone.
#[test]
fn a_text_that_grows_too_much_costs_itself_alone() {
    let replace = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "b".repeat(60)});
    let counter = open(with("bert-token", "normalizer", replace)).unwrap();
    let (bad, good) = ("a".repeat(100_000), "the ".repeat(30_000));
    let counts = counter.count(&["the", &bad, &good]);
    assert!(matches!(&counts[0], Ok(1)) && matches!(&counts[2], Ok(30_000)), "{counts:?}");
    let Err(EncoderError::Tokenize { index: 1, what }) = &counts[1] else { panic!("{counts:?}") };
    assert!(what.contains("more than 12 times"), "{what}");
}

/// Words of a text meet 31 bytes of a table of characters that is no trie.
#[test]
fn a_panic_on_a_text_is_the_error_of_that_text() {
    let mut table = vec![4, 0, 0, 0];
    // A root whose offset leads behind the end.
    table.extend(0x7fff_fc00_u32.to_le_bytes());
    table.extend(b"x\0");
    let text = base64::encode(&table);
    let normalizer = json!({"type": "Precompiled", "precompiled_charsmap": text});
    // Opening encodes a letter, which already meets it.
    let error = open(with("bert-token", "normalizer", normalizer)).unwrap_err();
    assert!(error.to_string().contains("library failed"), "{error}");
}
