//! Tiny decoders of every family against transformers (`crates/testkit/decoders/make_decoders.py`).
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::path::Path;

use cloze_checkpoint::decoder::DecoderCheckpoint;
use cloze_checkpoint::quantize::quantize_decoder;
use cloze_checkpoint::{CheckpointError, ModelFolder};
use cloze_encoder::decoder::{Asked, Decoder, DecoderParams, is_language_model};
use cloze_encoder::{Runtime, RuntimeParams};
use cloze_generate::{Finish, GenerateError, GenerateParams, Generation, Generator};
use cloze_heads::masked::SampleParams;
use cloze_store::{Existing, MemoryFolder};
use cloze_testkit::{EXPORTED_DECODERS, exported_decoder, exported_of};
use serde::Deserialize;

const NAMES: [&str; 7] =
    ["gpt2", "gpt2-untied", "llama", "llama-tied", "mistral", "qwen2", "qwen3"];

#[derive(Deserialize)]
struct Case {
    prompt: String,
    ids: Vec<u32>,
    /// Of the last two positions.
    logits: Vec<Vec<f32>>,
    /// Of the first three new tokens.
    steps: Vec<Vec<f32>>,
    greedy: Vec<u32>,
    ended: Vec<u32>,
}

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/decoders").join(name)
}

fn names() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().chain(EXPORTED_DECODERS)
}

/// Results of transformers for a checkpoint, or for the one that an export was made of.
fn cases(name: &str) -> Vec<Case> {
    let text = fs_err::read(folder(exported_of(name)).join("expected.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn runtime() -> Runtime {
    Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap()
}

/// Result of `open` for a model's folder.
fn with_model<T>(name: &str, open: impl Fn(&ModelFolder) -> T) -> T {
    let export = EXPORTED_DECODERS.contains(&name).then(|| exported_decoder(name));
    let path = export.as_ref().map_or_else(|| folder(name), |export| export.path().to_owned());
    let model = ModelFolder::open(path).unwrap();
    assert!(is_language_model(&model).unwrap(), "{name}");
    open(&model)
}

fn open(name: &str) -> Decoder {
    let params = DecoderParams::new().threads(Some(1));
    with_model(name, |model| Decoder::open(&runtime(), model, params.clone()).unwrap())
}

fn generator(name: &str) -> Generator {
    let params = DecoderParams::new().threads(Some(1));
    with_model(name, |model| Generator::open(&runtime(), model, params.clone()).unwrap())
}

fn assert_near(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let allowed = 1e-5 * expected.abs().max(1.0) + 2e-6;
        assert!((found - expected).abs() <= allowed, "{what}, {i}: {found}, expected {expected}");
    }
}

/// Logits of new tokens, `[new, vocabulary]`.
fn logits(cache: &mut cloze_encoder::decoder::Cache<'_>, ids: &[u32]) -> Vec<Vec<f32>> {
    let mut rows = vec![];
    cache.append(&[ids], Asked::All, &mut |_, _, logits| rows.push(logits.to_vec())).unwrap();
    rows
}

#[test]
fn logits_are_those_of_transformers_at_prompt_chunk_and_step() {
    for name in names() {
        let decoder = open(name);
        for case in cases(name) {
            let what = format!("{name}, {:?}", case.prompt);
            let prompt = decoder.encode(&case.prompt).unwrap();
            assert_eq!(prompt.ids, case.ids, "{what}");
            let mut cache = decoder.cache(1, 96).unwrap();
            let whole = logits(&mut cache, &case.ids);
            for (found, expected) in whole.iter().rev().zip(case.logits.iter().rev()) {
                assert_near(found, expected, &what);
            }
            for (i, expected) in case.steps.iter().enumerate().skip(1) {
                let found = logits(&mut cache, &case.greedy[i - 1..i]);
                assert_near(&found[0], expected, &format!("{what}, step {i}"));
            }
            // One by one, and in parts of three.
            for size in [1, 3] {
                let mut cache = decoder.cache(1, 96).unwrap();
                let parts = case.ids.chunks(size).flat_map(|part| logits(&mut cache, part));
                let parts: Vec<_> = parts.collect();
                // And once more, what was forgotten.
                cache.truncate(1);
                let again = [&parts[..1], &logits(&mut cache, &case.ids[1..])].concat();
                for (place, expected) in whole.iter().enumerate() {
                    assert_near(&parts[place], expected, &format!("{what}, by {size}, {place}"));
                    assert_near(&again[place], expected, &format!("{what}, again, {place}"));
                }
            }
        }
    }
}

fn greedy(tokens: usize) -> cloze_generate::ValidGenerateParams {
    GenerateParams::new().max_new_tokens(tokens).check().unwrap()
}

fn ids(generation: &Generation) -> Vec<u32> {
    generation.tokens.iter().map(|token| token.id).collect()
}

#[test]
fn greedy_texts_are_those_of_transformers() {
    for name in names() {
        let generator = generator(name);
        for case in cases(name) {
            let what = format!("{name}, {:?}", case.prompt);
            let text = generator.generate(&case.prompt, &greedy(64)).unwrap();
            let ended = case.ended.iter().position(|&id| id == 0);
            let expected = &case.ended[..ended.unwrap_or(case.ended.len())];
            assert_eq!(ids(&text), expected, "{what}");
            let finish = if ended.is_some() { Finish::End } else { Finish::Length };
            assert_eq!(text.finish, finish, "{what}");
            let parts: String = text.tokens.iter().map(|token| token.text.as_str()).collect();
            assert_eq!(parts, text.text, "{what}");
        }
    }
}

/// Bit for bit: tokens, and the probabilities that were found on the way.
#[test]
fn prompts_together_give_what_each_gives_alone() {
    for name in names() {
        let generator = generator(name);
        let prompts: Vec<String> = cases(name).into_iter().map(|case| case.prompt).collect();
        let sample = SampleParams::new().temperature(0.8).top_p(0.9).repetition_penalty(1.1);
        let drawn = GenerateParams::new().max_new_tokens(40).sample(sample).seed(7);
        for params in [greedy(40), drawn.check().unwrap()] {
            let together = generator.generate_batch(&prompts, &params).unwrap();
            for (prompt, together) in prompts.iter().zip(together) {
                let alone = generator.generate(prompt, &params).unwrap();
                assert_eq!(together.unwrap(), alone, "{name}, {prompt:?}");
            }
        }
    }
}

/// A token costs one run of one token, however long the text is.
#[test]
fn work_of_a_token_does_not_grow_with_the_text() {
    let generator = generator("llama");
    let params = GenerateParams::new().max_new_tokens(50).min_new_tokens(50).check().unwrap();
    let mut tokens = generator.generate_iter("The lamp", &params).unwrap();
    let prompt = cases("llama")[0].ids.len() as u64;
    let mut made = 0;
    while tokens.next().transpose().unwrap().is_some() {
        made += 1;
        let counts = tokens.counts();
        assert_eq!((counts.runs, counts.tokens), (made, prompt + made - 1));
    }
    assert_eq!(made, 50);
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let generator = generator("gpt2");
    let long = "The lamp on the quay. ".repeat(30);
    let error = generator.generate(&long, &greedy(5)).unwrap_err();
    assert!(matches!(error, GenerateError::LongPrompt { most: 96, .. }), "{error}");
    let cut = GenerateParams::new().max_new_tokens(5).truncate_left(true).check().unwrap();
    let text = generator.generate(&long, &cut).unwrap();
    assert!(text.truncated > 0 && text.tokens.len() == 5, "{text:?}");
    // A prompt without tokens is the token that begins texts.
    assert_eq!(generator.generate("", &greedy(3)).unwrap().tokens.len(), 3);
    let decoder = open("gpt2");
    let error = decoder.cache(1, 97).unwrap_err().to_string();
    assert!(error.contains("97 tokens; expected at most 96"), "{error}");
    let model = ModelFolder::open(folder("gpt2")).unwrap();
    let small = DecoderParams::new().max_cache_mib(1);
    let small = Decoder::open(&runtime(), &model, small).unwrap();
    // 2 layers · 2 · 96 tokens · 32 numbers · 4 bytes are 48 KiB for a text.
    let error = small.cache(22, 96).unwrap_err().to_string();
    assert!(error.contains("takes 2 MiB; expected at most 1 MiB"), "{error}");
    assert!(small.cache(21, 96).is_ok());
    let mut cache = decoder.cache(1, 4).unwrap();
    let error = cache.append(&[&[320]], Asked::Last, &mut |_, _, _| {}).unwrap_err().to_string();
    assert!(error.contains("320 rows"), "{error}");
}

/// A copy of a decoder's folder with a number in place of another of two of its files.
fn longer(name: &str, positions: u64) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in fs_err::read_dir(folder(name)).unwrap() {
        let file = file.unwrap();
        let target = copy.path().join(file.file_name());
        let key = match file.file_name().to_str() {
            Some("config.json") => "max_position_embeddings",
            Some("tokenizer_config.json") => "model_max_length",
            _ => {
                fs_err::copy(file.path(), target).unwrap();
                continue;
            }
        };
        let mut whole: serde_json::Value =
            serde_json::from_slice(&fs_err::read(file.path()).unwrap()).unwrap();
        whole[key] = positions.into();
        fs_err::write(target, whole.to_string()).unwrap();
    }
    copy
}

/// On disk, matrices of `f32` stay in their files, of which `qwen2` has three, and ONNX Runtime reads them there;
/// in memory all are read beforehand, and behind a link the file is another.
#[test]
fn matrices_in_files_are_those_that_are_read() {
    for name in ["gpt2", "llama", "qwen2"] {
        let mut memory = MemoryFolder::new(name);
        let links = tempfile::tempdir().unwrap();
        for file in fs_err::read_dir(folder(name)).unwrap() {
            let file = file.unwrap();
            memory = memory.file(file.file_name(), fs_err::read(file.path()).unwrap());
            #[cfg(unix)]
            let link = fs_err::os::unix::fs::symlink;
            #[cfg(not(unix))]
            let link = fs_err::copy;
            link(file.path(), links.path().join(file.file_name())).unwrap();
        }
        let of = |model: ModelFolder| {
            let params = DecoderParams::new().threads(Some(1));
            let decoder = Decoder::open(&runtime(), &model, params).unwrap();
            logits(&mut decoder.cache(1, 8).unwrap(), &[5, 6, 7])
        };
        let read = of(ModelFolder::open(memory.root()).unwrap());
        assert!(of(ModelFolder::open(folder(name)).unwrap()) == read, "{name}");
        assert!(of(ModelFolder::open(links.path()).unwrap()) == read, "{name}, by links");
    }
}

/// One byte in the file of an open decoder, before its matrices are read.
#[cfg(target_os = "linux")]
#[test]
fn weights_that_change_under_a_decoder_are_refused() {
    let copy = longer("llama", 64);
    let model = ModelFolder::open(copy.path()).unwrap();
    let decoder = Decoder::open(&runtime(), &model, DecoderParams::new()).unwrap();
    let weights = copy.path().join("model.safetensors");
    let mut bytes = fs_err::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    // Times of files are those of the kernel's clock, which ticks a hundred times a second or more.
    std::thread::sleep(std::time::Duration::from_millis(20));
    fs_err::write(&weights, bytes).unwrap();
    let error = decoder.cache(1, 8).map(drop).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("model.safetensors: changed since the model was opened"), "{cause}");
}

/// Matrices are packed once: the file is gone when the second cache is made, and both write in turns, each on
/// a thread of its own, what each writes alone.
#[cfg(target_os = "linux")]
#[test]
fn caches_of_a_decoder_share_packed_matrices() {
    let copy = longer("llama", 64);
    let model = ModelFolder::open(copy.path()).unwrap();
    let params = DecoderParams::new().threads(Some(1));
    let decoder = Decoder::open(&runtime(), &model, params).unwrap();
    let texts: [Vec<u32>; 2] = [(5..37).collect(), (90..122).rev().collect()];
    let steps = |cache: &mut cloze_encoder::decoder::Cache<'_>, ids: &[u32]| -> Vec<Vec<f32>> {
        ids.iter().flat_map(|&id| logits(cache, &[id])).collect()
    };
    let alone = texts.each_ref().map(|ids| steps(&mut decoder.cache(1, 32).unwrap(), ids));
    fs_err::remove_file(copy.path().join("model.safetensors")).unwrap();
    let caches = [(); 2].map(|()| decoder.cache(1, 32).unwrap());
    let rows = std::thread::scope(|scope| {
        let works = caches
            .into_iter()
            .zip(&texts)
            .map(|(mut cache, ids)| scope.spawn(move || steps(&mut cache, ids)));
        works.collect::<Vec<_>>().into_iter().map(|work| work.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(rows == alone);
}

/// 2^28 positions of 16 numbers, twice, would take 32 GiB; no cache of 1 MiB has more than 4,096.
#[test]
fn a_context_is_no_size_to_trust() {
    let folder = longer("llama", 1 << 28);
    let model = ModelFolder::open(folder.path()).unwrap();
    let error = Decoder::open(&runtime(), &model, DecoderParams::new()).unwrap_err().to_string();
    assert!(error.contains("rotary angles, found 134217728"), "{error}");
    let small = DecoderParams::new().max_cache_mib(1).threads(Some(1));
    let decoder = Decoder::open(&runtime(), &model, small).unwrap();
    let error = decoder.cache(1, 4097).unwrap_err().to_string();
    assert!(error.contains("expected at most 1 MiB"), "{error}");
    // The last position that fits has its angles.
    let mut cache = decoder.cache(1, 4096).unwrap();
    let ids: Vec<u32> = (0..4096).map(|i| i % 300).collect();
    assert!(logits(&mut cache, &ids).iter().flatten().all(|logit| logit.is_finite()));
}

#[test]
fn as_many_tokens_as_numbers_go_are_those_that_fit() {
    let generator = generator("llama");
    let (all, most) = (greedy(96), greedy(usize::MAX));
    let expected = generator.generate("The lamp", &all).unwrap();
    assert_eq!(generator.generate("The lamp", &most).unwrap(), expected);
}

/// A folder in the place of a file of settings is named, not passed over.
#[test]
fn settings_are_a_file() {
    let folder = longer("llama", 96);
    let path = folder.path().join("generation_config.json");
    fs_err::remove_file(&path).unwrap();
    fs_err::create_dir(&path).unwrap();
    let model = ModelFolder::open(folder.path()).unwrap();
    let error = cloze_generate::Defaults::read(&model).unwrap_err().to_string();
    assert!(error.contains("generation_config.json: expected a regular file"), "{error}");
}

/// `search` of onnxruntime-genai has the names of `generation_config.json`, which goes before it.
#[test]
fn settings_of_onnxruntime_genai_are_followed() {
    let export = exported_decoder("llama by onnxruntime-genai");
    let path = export.path().join("genai_config.json");
    let mut config: serde_json::Value =
        serde_json::from_slice(&fs_err::read(&path).unwrap()).unwrap();
    config["search"]["do_sample"] = true.into();
    config["search"]["temperature"] = 0.7.into();
    config["search"]["top_k"] = 5.into();
    config["search"]["repetition_penalty"] = 1.2.into();
    fs_err::write(&path, config.to_string()).unwrap();
    let read = || cloze_generate::Defaults::read(&ModelFolder::open(export.path()).unwrap());
    let found = read().unwrap();
    assert!(found.do_sample);
    assert_eq!((found.temperature, found.top_k), (Some(0.7), Some(5)));
    assert_eq!(found.repetition_penalty, Some(1.2));
    config["search"]["diversity_penalty"] = 0.5.into();
    fs_err::write(&path, config.to_string()).unwrap();
    let error = read().unwrap_err().to_string();
    assert!(error.contains("genai_config.json") && error.contains("diversity_penalty"), "{error}");
    fs_err::write(export.path().join("generation_config.json"), "{}").unwrap();
    assert!(!read().unwrap().do_sample);
    // A graph elsewhere is not looked at.
    config["model"]["decoder"]["filename"] = "../model.onnx".into();
    fs_err::write(&path, config.to_string()).unwrap();
    let error = ModelFolder::open(export.path()).unwrap_err().to_string();
    assert!(error.contains("no file \"../model.onnx\" in this folder"), "{error}");
}

/// The largest difference of logits from those of floats, as a share of the largest logit: matrices and inputs
/// are rounded to 1/127 of the largest number of a row, twice.
const EIGHT_BITS: f32 = 0.06;

/// Whether weights are brought to 7 bits here, whose steps are twice as large: on x86-64 without VNNI.
fn has_seven_bits() -> bool {
    #[cfg(target_arch = "x86_64")]
    return !(is_x86_feature_detected!("avx512vnni") || is_x86_feature_detected!("avxvnni"));
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

/// Greedy texts, and the probabilities that were found on the way, are the same alone and in batches.
#[test]
fn matrices_of_8_bits_give_nearly_the_same_logits() {
    let folder_of = |name: &str, embeddings: bool| {
        let made = tempfile::tempdir().unwrap();
        for file in ["tokenizer.json", "tokenizer_config.json", "generation_config.json"] {
            fs_err::copy(folder(name).join(file), made.path().join(file)).unwrap();
        }
        let model = ModelFolder::open(folder(name)).unwrap();
        let checkpoint = DecoderCheckpoint::of(model.sources()).unwrap();
        let path = made.path().join("model.safetensors");
        let config = quantize_decoder(&checkpoint, embeddings, &path, Existing::Refuse)?;
        fs_err::write(made.path().join("config.json"), config).unwrap();
        Ok::<_, CheckpointError>(made)
    };
    for (name, embeddings) in [
        ("gpt2", false),
        ("gpt2-untied", true),
        ("llama", false),
        ("llama-tied", true),
        ("mistral", true),
        ("qwen2", false),
        ("qwen3", true),
    ] {
        let made = folder_of(name, embeddings).unwrap();
        let model = ModelFolder::open(made.path()).unwrap();
        let params = DecoderParams::new().threads(Some(1));
        let generator = Generator::open(&runtime(), &model, params).unwrap();
        let cases = cases(name);
        let (mut most, mut largest) = (0.0_f32, 0.0_f32);
        for case in &cases {
            let mut cache = generator.decoder().cache(1, 96).unwrap();
            let found = logits(&mut cache, &case.ids);
            let last = found.iter().rev().zip(case.logits.iter().rev());
            for (found, expected) in last.flat_map(|(a, b)| a.iter().zip(b)) {
                most = most.max((found - expected).abs());
                largest = largest.max(expected.abs());
            }
        }
        let share = if has_seven_bits() { 2.0 * EIGHT_BITS } else { EIGHT_BITS };
        assert!(most > 0.0 && most <= share * largest, "{name}: {most} of {largest}");
        let prompts: Vec<&str> = cases.iter().map(|case| case.prompt.as_str()).collect();
        let together = generator.generate_batch(&prompts, &greedy(20)).unwrap();
        for (prompt, text) in prompts.iter().zip(together) {
            assert_eq!(text.unwrap(), generator.generate(prompt, &greedy(20)).unwrap(), "{name}");
        }
    }
}
