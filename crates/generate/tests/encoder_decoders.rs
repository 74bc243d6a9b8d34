//! Tiny encoder–decoders of every family against transformers
//! (`crates/testkit/decoders/make_encoder_decoders.py`).
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::path::{Path, PathBuf};

use cloze_checkpoint::ModelFolder;
use cloze_encoder::decoder::{Asked, Cache, DecoderParams};
use cloze_encoder::{Runtime, RuntimeParams};
use cloze_generate::{
    EarlyStopping, Finish, GenerateError, GenerateParams, Generation, Generator,
    ValidGenerateParams,
};
use cloze_heads::masked::SampleParams;
use cloze_testkit::{EXPORTED_ENCODER_DECODERS, exported_decoder, exported_of};
use serde::Deserialize;
use serde_json::Value;

const NAMES: [&str; 4] = ["t5", "t5-gated", "bart", "marian"];

#[derive(Deserialize)]
struct Case {
    prompt: String,
    ids: Vec<u32>,
    /// The encoder's last hidden state; none of the later cases.
    states: Vec<Vec<f32>>,
    /// The decoder's first token, and those that follow greedily.
    decoder: Vec<u32>,
    /// Logits behind the first three.
    steps: Vec<Vec<f32>>,
    /// Logits behind the first five.
    chunk: Vec<f32>,
    ended: Vec<u32>,
    searches: Vec<Search>,
}

#[derive(Deserialize)]
struct Search {
    settings: Settings,
    ids: Vec<u32>,
}

#[derive(Deserialize)]
struct Settings {
    num_beams: usize,
    length_penalty: Option<f64>,
    early_stopping: Option<Value>,
    no_repeat_ngram_size: Option<usize>,
    min_new_tokens: Option<usize>,
    repetition_penalty: Option<f64>,
}

impl Settings {
    fn params(&self) -> ValidGenerateParams {
        let early_stopping = match &self.early_stopping {
            Some(Value::Bool(true)) => EarlyStopping::Yes,
            Some(Value::String(_)) => EarlyStopping::Never,
            _ => EarlyStopping::No,
        };
        let penalty = self.repetition_penalty.unwrap_or(1.0);
        GenerateParams::new()
            .max_new_tokens(64)
            .beams(self.num_beams)
            .length_penalty(self.length_penalty.unwrap_or(1.0))
            .early_stopping(early_stopping)
            .no_repeat_ngram(self.no_repeat_ngram_size.unwrap_or(0))
            .min_new_tokens(self.min_new_tokens.unwrap_or(0))
            .sample(SampleParams::new().repetition_penalty(penalty))
            .check()
            .unwrap()
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/decoders").join(name)
}

fn names() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().chain(EXPORTED_ENCODER_DECODERS)
}

/// Results of transformers for a checkpoint, or for the one that an export was made of.
fn cases(name: &str) -> Vec<Case> {
    let text = fs_err::read(folder(exported_of(name)).join("expected.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn runtime() -> Runtime {
    Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap()
}

fn generator_with(name: &str, params: DecoderParams) -> Generator {
    let is_exported = EXPORTED_ENCODER_DECODERS.contains(&name);
    let export = is_exported.then(|| exported_decoder(name));
    let path = export.as_ref().map_or_else(|| folder(name), |export| export.path().to_owned());
    let model = ModelFolder::open(path).unwrap();
    Generator::open(&runtime(), &model, params.threads(Some(1))).unwrap()
}

fn generator(name: &str) -> Generator {
    generator_with(name, DecoderParams::new())
}

/// The largest difference, as a share of what is allowed.
fn assert_near(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let allowed = 1e-5 * expected.abs().max(1.0) + 2e-6;
        assert!((found - expected).abs() <= allowed, "{what}, {i}: {found}, expected {expected}");
    }
}

/// Logits of new tokens, `[new, vocabulary]`.
fn logits(cache: &mut Cache<'_>, ids: &[u32]) -> Vec<Vec<f32>> {
    let mut rows = vec![];
    cache.append(&[ids], Asked::All, &mut |_, _, logits| rows.push(logits.to_vec())).unwrap();
    rows
}

#[test]
fn states_and_logits_are_those_of_transformers() {
    for name in names() {
        let generator = generator(name);
        let decoder = generator.decoder();
        for case in cases(name) {
            let what = format!("{name}, {:?}", case.prompt);
            assert_eq!(decoder.encode(&case.prompt).unwrap().ids, case.ids, "{what}");
            if case.states.is_empty() {
                continue;
            }
            let states = decoder.source_states(&case.ids).unwrap();
            assert_near(&states, &case.states.concat(), &format!("{what}, encoder"));
            let mut cache = decoder.cache_of(&[&case.ids], 1, 70).unwrap();
            for (i, expected) in case.steps.iter().enumerate() {
                let found = logits(&mut cache, &case.decoder[i..=i]);
                assert_near(&found[0], expected, &format!("{what}, step {i}"));
            }
            // At once, and in parts of two.
            for size in [5, 2] {
                let mut cache = decoder.cache_of(&[&case.ids], 1, 70).unwrap();
                let parts = case.decoder[..5].chunks(size).flat_map(|ids| logits(&mut cache, ids));
                let rows: Vec<Vec<f32>> = parts.collect();
                for (found, expected) in rows.iter().zip(&case.steps) {
                    assert_near(found, expected, &format!("{what}, by {size}"));
                }
                assert_near(&rows[4], &case.chunk, &format!("{what}, the last by {size}"));
            }
        }
    }
}

/// Ids of a text and of the token that ends it: tokens of transformers, but for one that is forced where the
/// text is as long as it may be.
fn assert_text(text: &Generation, expected: &[u32], generator: &Generator, what: &str) {
    let ids: Vec<u32> = text.tokens.iter().map(|token| token.id).collect();
    let eos = generator.decoder().eos();
    let end = expected.iter().position(|id| eos.contains(id)).unwrap_or(expected.len());
    assert_eq!(ids, expected[..end], "{what}");
    let is_whole = end < expected.len() && end < 63;
    assert_eq!(text.finish, if is_whole { Finish::End } else { Finish::Length }, "{what}");
    let parts: String = text.tokens.iter().map(|token| token.text.as_str()).collect();
    assert_eq!(parts, text.text, "{what}");
}

fn greedy(tokens: usize) -> GenerateParams {
    GenerateParams::new().max_new_tokens(tokens)
}

#[test]
fn greedy_texts_are_those_of_transformers() {
    for name in names() {
        let generator = generator(name);
        for case in cases(name) {
            let text = generator.generate(&case.prompt, &greedy(64).check().unwrap()).unwrap();
            assert_text(&text, &case.ended, &generator, &format!("{name}, {:?}", case.prompt));
        }
    }
}

#[test]
fn beam_searches_find_the_tokens_of_transformers() {
    for name in names() {
        let generator = generator(name);
        for case in cases(name) {
            for (i, search) in case.searches.iter().enumerate() {
                let what = format!("{name}, {:?}, search {i}", case.prompt);
                let text = generator.generate(&case.prompt, &search.settings.params()).unwrap();
                assert_text(&text, &search.ids, &generator, &what);
                assert!(text.tokens.iter().all(|token| token.log_probability <= 0.0), "{what}");
            }
        }
    }
}

/// Bit for bit: tokens, and the probabilities that were found on the way.
#[test]
fn prompts_together_give_what_each_gives_alone() {
    for name in names() {
        let generator = generator(name);
        let mut prompts: Vec<String> = cases(name).into_iter().map(|case| case.prompt).collect();
        prompts.push("a".into());
        let sample = SampleParams::new().temperature(0.8).top_p(0.9).repetition_penalty(1.1);
        for params in [greedy(40), greedy(40).sample(sample).seed(7), greedy(20).beams(3)] {
            let params = params.check().unwrap();
            let together = generator.generate_batch(&prompts, &params).unwrap();
            for (prompt, together) in prompts.iter().zip(together) {
                let alone = generator.generate(prompt, &params).unwrap();
                assert_eq!(together.unwrap(), alone, "{name}, {prompt:?}");
            }
        }
    }
}

/// A prompt goes through the encoder once, and a token through the decoder once, however long the text is.
#[test]
fn work_of_a_token_does_not_grow_with_the_text() {
    let generator = generator("t5");
    let params = greedy(50).min_new_tokens(50).check().unwrap();
    let mut tokens = generator.generate_iter("The lamp", &params).unwrap();
    let mut made = 0;
    while tokens.next().transpose().unwrap().is_some() {
        made += 1;
        assert_eq!((tokens.counts().runs, tokens.counts().tokens), (made, made));
    }
    assert_eq!(made, 50);
}

/// Texts of one prompt stand by themselves after they change places: each row's logits are those of a cache
/// that only ever had that row's tokens.
#[test]
fn rows_go_on_from_what_they_were_given() {
    for name in names() {
        let generator = generator(name);
        let decoder = generator.decoder();
        let prompts = [&[5_u32, 9, 3][..], &[7, 2]];
        let mut cache = decoder.cache_of(&prompts, 2, 9).unwrap();
        let rows = |cache: &mut Cache<'_>, new: &[&[u32]]| {
            let mut rows = vec![vec![]; new.len()];
            cache.append(new, Asked::Last, &mut |i, _, row| rows[i] = row.to_vec()).unwrap();
            rows
        };
        rows(&mut cache, &[&[1, 4], &[1, 5], &[1, 6], &[1, 8]]);
        cache.gather(&[1, 0, 3, 3]).unwrap();
        assert_eq!(cache.texts(), [[1, 5], [1, 4], [1, 8], [1, 8]]);
        let found = rows(&mut cache, &[&[20], &[20], &[20], &[21]]);
        let texts: [(usize, [u32; 3]); 4] =
            [(0, [1, 5, 20]), (0, [1, 4, 20]), (1, [1, 8, 20]), (1, [1, 8, 21])];
        for ((prompt, ids), found) in texts.into_iter().zip(found) {
            let mut cache = decoder.cache_of(&[prompts[prompt]], 1, 9).unwrap();
            let alone = logits(&mut cache, &ids);
            assert_near(&found, &alone[2], &format!("{name}, {ids:?}"));
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let bart = generator("bart");
    let long = "The lamp on the quay. ".repeat(30);
    let params = |tokens| greedy(tokens).check().unwrap();
    let error = bart.generate(&long, &params(5)).unwrap_err();
    assert!(matches!(error, GenerateError::LongSource { most: 80, .. }), "{error}");
    let cut = greedy(5).truncate_left(true).check().unwrap();
    let text = bart.generate(&long, &cut).unwrap();
    assert!(text.truncated > 0, "{text:?}");
    // Special tokens stay: the prompt that is left is that of its end.
    let ids = bart.decoder().encode(&long).unwrap().ids;
    assert_eq!(ids.len() - text.truncated, 80);
    // T5's own tokenizer file says 60; the other has no limit but that of memory.
    assert_eq!(generator("t5-gated").decoder().source_positions(), Some(60));
    assert_eq!(generator("t5").decoder().source_positions(), Some(4096));
    // A text of an encoder–decoder has no likelihood without a prompt.
    let error = bart.likelihood("a", None).unwrap_err().to_string();
    assert!(error.contains("writes by a prompt: use `cloze generate`"), "{error}");
    let error = bart.generate_iter("a", &greedy(5).beams(2).check().unwrap()).unwrap_err();
    assert!(error.to_string().contains("beams is 2; expected 1"), "{error}");
    // One layer of 32 numbers, keys and values, 4 bytes: 256 bytes a token, in beams and prompts.
    let small = generator_with("bart", DecoderParams::new().max_cache_mib(1));
    let prompts = [[3_u32; 80]; 2];
    let prompts = [&prompts[0][..], &prompts[1]];
    let error = small.decoder().cache_of(&prompts, 40, 80).unwrap_err().to_string();
    assert!(error.contains("80 × 80 tokens and 2 × 80 of prompts takes 2 MiB"), "{error}");
    assert!(small.decoder().cache_of(&prompts, 20, 80).is_ok());
    let error = small.decoder().cache_of(&[&[900]], 1, 8).unwrap_err().to_string();
    assert!(error.contains("288 rows"), "{error}");
    let error = small.decoder().cache_of(&[&[]], 1, 8).unwrap_err().to_string();
    assert!(error.contains("0 tokens of a prompt; expected 1 to 80"), "{error}");
}

#[test]
fn settings_out_of_range_are_refused() {
    let sampled = SampleParams::new().temperature(1.0);
    for (params, expected) in [
        (greedy(5).beams(0), "beams is 0"),
        (greedy(5).beams(257), "beams is 257"),
        (greedy(5).beams(2).sample(sampled), "1 where tokens are drawn"),
        (greedy(5).length_penalty(f64::NAN), "length-penalty is NaN"),
        (greedy(5).length_penalty(f64::INFINITY), "length-penalty is inf"),
    ] {
        let error = params.check().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(greedy(5).beams(256).length_penalty(-3.0).check().unwrap().beams(), 256);
}
