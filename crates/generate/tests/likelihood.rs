//! Likelihoods of texts against transformers (`crates/testkit/decoders/make_likelihoods.py`).
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cloze_checkpoint::ModelFolder;
use cloze_encoder::decoder::{Asked, Decoder, DecoderParams};
use cloze_encoder::{Runtime, RuntimeParams};
use cloze_generate::{GenerateError, Generator, Likelihood};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    text: String,
    stride: usize,
    windows: usize,
    logprobs: Vec<f64>,
}

fn decoders() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/decoders")
}

fn cases() -> BTreeMap<String, Vec<Case>> {
    let text = fs_err::read(decoders().join("likelihoods.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn runtime() -> Runtime {
    Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap()
}

fn generator(name: &str) -> Generator {
    let model = ModelFolder::open(decoders().join(name)).unwrap();
    Generator::open(&runtime(), &model, DecoderParams::new().threads(Some(1))).unwrap()
}

#[test]
fn likelihoods_are_those_of_transformers_in_windows_too() {
    for (name, cases) in cases() {
        let generator = generator(&name);
        for Case { text, stride, windows, logprobs } in cases {
            let what = format!("{name}, stride {stride}, {text:?}");
            let found = generator.likelihood(&text, Some(stride)).unwrap();
            assert_eq!(found.windows, windows, "{what}");
            assert_eq!(found.tokens.len(), logprobs.len(), "{what}");
            for (token, expected) in found.tokens.iter().zip(&logprobs) {
                let log_probability = token.log_probability.unwrap();
                let off = (log_probability - expected).abs();
                assert!(off <= 2e-5 + 1e-5 * expected.abs(), "{what}: {token:?}, {expected}");
            }
            let sum: f64 = logprobs.iter().sum();
            #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
            let perplexity = (-sum / logprobs.len() as f64).exp();
            assert!((found.perplexity().unwrap() / perplexity - 1.0).abs() < 1e-4, "{what}");
        }
    }
}

/// Bit for bit.
#[test]
fn texts_together_have_the_likelihoods_of_each_alone() {
    for (name, cases) in cases() {
        let generator = generator(&name);
        let mut texts: Vec<&str> = cases.iter().map(|case| case.text.as_str()).collect();
        texts.extend(["", "a", "The lamp", "é"]);
        let together = generator.likelihoods(&texts, Some(48), 512).unwrap();
        for (text, together) in texts.iter().zip(together) {
            let alone = generator.likelihood(text, Some(48)).unwrap();
            assert_eq!(together.unwrap(), alone, "{name}, {text:?}");
        }
    }
}

/// Rows of logits with the tokens in parts that end at these places.
fn bits(decoder: &Decoder, ids: &[u32], ends: &[usize]) -> Vec<Vec<u32>> {
    let mut cache = decoder.cache(1, ids.len() + 2).unwrap();
    let (mut rows, mut start) = (vec![], 0);
    for &end in ends {
        let mut read =
            |_, _, logits: &[f32]| rows.push(logits.iter().map(|x| x.to_bits()).collect());
        cache.append(&[&ids[start..end]], Asked::All, &mut read).unwrap();
        start = end;
    }
    rows
}

/// The claim of `Cache::append`.
#[test]
fn cuts_between_parts_of_two_tokens_change_no_bit() {
    for name in cases().keys() {
        let model = ModelFolder::open(decoders().join(name)).unwrap();
        let decoder = Decoder::open(&runtime(), &model, DecoderParams::new().threads(Some(2)));
        let decoder = decoder.unwrap();
        let ids: Vec<u32> = (0..90).map(|i| (i * 7919 + 13) % 320).collect();
        let whole = bits(&decoder, &ids, &[90]);
        let every = |n: usize| -> Vec<usize> {
            (1..=90_usize.div_ceil(n)).map(|i| (i * n).min(90)).collect()
        };
        let mut cuts: Vec<Vec<usize>> = (1..89).map(|cut| vec![cut, 90]).collect();
        cuts.extend([every(2), every(3), every(5), every(7), every(32)]);
        for ends in cuts {
            assert!(bits(&decoder, &ids, &ends) == whole, "{name}, {ends:?}");
        }
    }
}

#[test]
fn what_cannot_be_scored_is_empty_or_refused() {
    let generator = generator("llama");
    assert_eq!(generator.start_token().unwrap(), Some(0));
    assert_eq!(generator.likelihood("", None).unwrap(), Likelihood::default());
    assert_eq!(generator.likelihood("", None).unwrap().perplexity(), None);
    for stride in [0, 96] {
        let error = generator.likelihood("a", Some(stride)).unwrap_err();
        assert!(matches!(error, GenerateError::Setting { setting: "stride", .. }), "{error}");
        assert!(error.to_string().contains("1 to 95"), "{error}");
    }
}
