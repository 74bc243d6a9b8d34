//! A text's numbers do not depend on the batch: design §5, 1.
use std::sync::OnceLock;

use cloze_encoder::{Encoder, EncoderParams, Order};
use cloze_testkit::{Random, model, texts};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

/// Settings that are about speed and memory, and so must not show in a result.
fn settings() -> Vec<EncoderParams> {
    let p = EncoderParams::new;
    vec![
        p().threads(Some(1)),
        p().threads(Some(2)),
        p().threads(Some(3)).batch_tokens(64),
        p().threads(Some(1)).batch_tokens(8),
        p().threads(Some(2)).batch_tokens(64).order(Order::AsGiven),
        p().threads(Some(1)).batch_tokens(1024).order(Order::AsGiven),
    ]
}

/// A model under each of the [`settings`].
fn small(name: &'static str, made: &'static OnceLock<Vec<Encoder>>) -> &'static [Encoder] {
    made.get_or_init(|| settings().into_iter().map(|p| super::open(&model(name), p)).collect())
}

/// Each text alone, under the first settings; then all together under all of them, in the order
/// given and the other way round.
fn same_in_any_company(encoders: &[Encoder], texts: &[&str]) -> Result<(), TestCaseError> {
    let alone: Vec<_> = texts.iter().map(|text| super::encode_one(&encoders[0], text)).collect();
    let reversed: Vec<&str> = texts.iter().rev().copied().collect();
    for (s, encoder) in encoders.iter().enumerate() {
        let forwards = super::encode(encoder, texts);
        let mut backwards = super::encode(encoder, &reversed);
        backwards.reverse();
        for (way, together) in [("given", forwards), ("reversed", backwards)] {
            prop_assert_eq!(together.len(), texts.len());
            for ((text, alone), together) in texts.iter().zip(&alone).zip(&together) {
                prop_assert_eq!(&alone.tokens, &together.tokens);
                let same = super::bits(alone) == super::bits(together);
                prop_assert!(same, "settings {}, {} order: {:?} changed", s, way, text);
            }
        }
    }
    Ok(())
}

/// Hard strings, words, and the same text twice now and then.
fn any_texts() -> impl Strategy<Value = Vec<String>> {
    let hard: Vec<String> = texts::hard_strings().into_iter().map(|(_, text)| text).collect();
    let words = prop::collection::vec("[a-zA-Z]{1,8}|ann|kassel|[0-9.,!?]", 0..60);
    let text = prop_oneof![
        1 => prop::sample::select(hard),
        3 => words.prop_map(|words| words.join(" ")),
        1 => Just("ann lives".to_owned()),
    ];
    prop::collection::vec(text, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn company_does_not_matter_to_a_plain_graph(texts in any_texts()) {
        static ENCODERS: OnceLock<Vec<Encoder>> = OnceLock::new();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        same_in_any_company(small("tiny", &ENCODERS), &texts)?;
    }

    #[test]
    fn company_does_not_matter_with_narrow_inputs_and_types(texts in any_texts()) {
        static ENCODERS: OnceLock<Vec<Encoder>> = OnceLock::new();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        same_in_any_company(small("tiny-int32-types", &ENCODERS), &texts)?;
    }

    /// Here it would, so that windows are run one at a time.
    #[test]
    fn company_does_not_matter_to_a_graph_that_quantises_by_the_batch(texts in any_texts()) {
        static ENCODERS: OnceLock<Vec<Encoder>> = OnceLock::new();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let encoders = small("tiny-dynamic", &ENCODERS);
        same_in_any_company(encoders, &texts)?;
        for encoder in encoders {
            let counts = encoder.counts();
            prop_assert_eq!(counts.batches, counts.windows);
            prop_assert_eq!(counts.padded, counts.tokens);
        }
    }
}

/// Real kernels on a real model, whose sums are not exact: texts of 1 to 420 words, the longest in
/// two windows.
#[test]
fn company_does_not_matter_to_a_real_model() {
    let mut random = Random::new(5);
    let lengths = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 5, 420];
    let texts: Vec<String> =
        lengths.iter().map(|&words| texts::prose(&mut random, words)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let p = EncoderParams::new;
    let encoders = [
        p().threads(Some(1)),
        p().threads(Some(2)),
        p().threads(Some(1)).batch_tokens(200).order(Order::AsGiven),
    ]
    .map(|p| super::open(&super::pii(), p));
    same_in_any_company(&encoders, &texts).unwrap();
    let counts = encoders[0].counts();
    assert!(counts.windows > counts.texts && counts.batches < counts.windows, "{counts:?}");
}
