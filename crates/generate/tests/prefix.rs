//! Prompts that begin alike: computed once, with the results of each alone.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::path::Path;

use cloze_checkpoint::ModelFolder;
use cloze_encoder::decoder::DecoderParams;
use cloze_encoder::{Runtime, RuntimeParams};
use cloze_generate::{GenerateError, GenerateParams, Generator, PromptCache};

const NAMES: [&str; 7] =
    ["gpt2", "gpt2-untied", "llama", "llama-tied", "mistral", "qwen2", "qwen3"];
const SHARED: &str = "She counted the letters twice, and put them back in the drawer. ";
const ENDS: [&str; 5] = ["", "The", "The lamp", "Nobody in the village", "€"];

fn generator(name: &str) -> Generator {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/decoders").join(name);
    let model = ModelFolder::open(folder).unwrap();
    let runtime = Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap();
    Generator::open(&runtime, &model, DecoderParams::new().threads(Some(2))).unwrap()
}

/// Bit for bit, and the work.
#[test]
fn a_shared_beginning_is_computed_once_and_changes_nothing() {
    for name in NAMES {
        let generator = generator(name);
        let len = |text: &str| generator.decoder().encode(text).unwrap().ids.len() as u64;
        let params = GenerateParams::new().max_new_tokens(12).check().unwrap();
        let prompts: Vec<String> = ENDS.iter().map(|end| format!("{SHARED}{end}")).collect();
        let mut cache = PromptCache::new(&generator);
        let found = generator.generate_batch_from(&mut cache, &prompts, &params).unwrap();
        for (prompt, found) in prompts.iter().zip(found) {
            let alone = generator.generate(prompt, &params).unwrap();
            assert_eq!(found.unwrap(), alone, "{name}, {prompt:?}");
        }
        let counts = cache.counts();
        let all: u64 = prompts.iter().map(|prompt| len(prompt)).sum();
        assert_eq!(counts.computed + counts.reused, all, "{name}");
        // All but the first find what they share, less what the space at its end goes into, two tokens,
        // and one for an even number.
        let shared = len(SHARED) - 6;
        assert!(counts.reused >= 4 * shared, "{name}: {counts:?}, {shared} shared");
        // A later call finds it, too.
        let again = format!("{SHARED}The quay");
        let found = generator.generate_batch_from(&mut cache, &[&again], &params).unwrap();
        assert_eq!(
            found.into_iter().next().unwrap().unwrap(),
            generator.generate(&again, &params).unwrap()
        );
        assert!(cache.counts().reused >= counts.reused + shared, "{name}: {:?}", cache.counts());
    }
}

/// Token by token, in turns of a chat, each of which begins with the one before: bit for bit.
#[test]
fn streams_go_on_from_the_last_prompt() {
    for name in NAMES {
        let generator = generator(name);
        let params = GenerateParams::new().max_new_tokens(6).check().unwrap();
        let mut cache = PromptCache::new(&generator);
        let mut prompt = SHARED.to_owned();
        for turn in 0..3 {
            let before = cache.counts();
            let found = generator.generate_iter_from(&mut cache, &prompt, &params).unwrap();
            let found: Vec<_> = found.map(Result::unwrap).collect();
            let alone = generator.generate_iter(&prompt, &params).unwrap();
            let alone: Vec<_> = alone.map(Result::unwrap).collect();
            assert_eq!(found, alone, "{name}, turn {turn}");
            assert_eq!(found.len(), 6);
            let len = generator.decoder().encode(&prompt).unwrap().ids.len() as u64;
            let counts = cache.counts();
            let (computed, reused) =
                (counts.computed - before.computed, counts.reused - before.reused);
            assert_eq!(computed + reused, len, "{name}, turn {turn}");
            assert_eq!(turn > 0, reused * 2 > len, "{name}, turn {turn}: {computed} + {reused}");
            prompt += "The lamp. ";
        }
        // A batch of one goes on, too.
        let before = cache.counts();
        let found = generator.generate_batch_from(&mut cache, &[&prompt], &params).unwrap();
        let found = found.into_iter().next().unwrap().unwrap();
        assert_eq!(found, generator.generate(&prompt, &params).unwrap());
        assert!(cache.counts().reused > before.reused);
        // One token is all: it comes, and no second.
        let params = GenerateParams::new().max_new_tokens(1).check().unwrap();
        let mut one = generator.generate_iter_from(&mut cache, &prompt, &params).unwrap();
        let first = generator.generate(&prompt, &params).unwrap().tokens.remove(0);
        assert_eq!(first.id, found.tokens[0].id);
        assert_eq!(one.next().unwrap().unwrap(), first);
        assert!(one.next().is_none());
    }
}

#[test]
fn prompts_that_share_little_go_together() {
    let generator = generator("gpt2");
    let params = GenerateParams::new().max_new_tokens(5).check().unwrap();
    let mut cache = PromptCache::new(&generator);
    let prompts = ["The lamp", "The quay", "The boat"];
    generator.generate_batch_from(&mut cache, &prompts, &params).unwrap();
    assert_eq!(cache.counts().computed, 0);
}

/// A text behind a prompt has the likelihood of its tokens in the whole, bit for bit.
#[test]
fn continuations_are_the_ends_of_likelihoods() {
    for name in NAMES {
        let generator = generator(name);
        let prompt = format!("{SHARED}Answer:");
        let texts = [" A", " B", " The lamp on the quay", " naïve 3 €"];
        let mut cache = PromptCache::new(&generator);
        let found = generator.continuations(&mut cache, &prompt, &texts).unwrap();
        let mut all = 0;
        for (text, found) in texts.iter().zip(&found) {
            let whole = generator.likelihood(&format!("{prompt}{text}"), None).unwrap();
            let start = whole.tokens.len() - found.tokens;
            all += whole.tokens.len() as u64 + 1;
            assert!(whole.tokens[start].span.start >= prompt.len(), "{name}, {text:?}");
            let sum = whole.tokens[start..].iter().filter_map(|token| token.log_probability);
            let sum = sum.fold(0.0, |sum, x| sum + x);
            assert_eq!(found.log_probability.to_bits(), sum.to_bits(), "{name}, {text:?}");
        }
        let counts = cache.counts();
        assert_eq!(counts.computed + counts.reused, all, "{name}");
        assert!(counts.computed < all / 2, "{name}: {counts:?} of {all}");
        let error = generator.continuations(&mut cache, &prompt, &[""]).unwrap_err();
        assert!(matches!(error, GenerateError::NoContinuation { .. }), "{error}");
        let long = " The lamp on the quay".repeat(20);
        let error = generator.continuations(&mut cache, &prompt, &[&long]).unwrap_err();
        assert!(matches!(error, GenerateError::LongText { .. }), "{error}");
    }
}
