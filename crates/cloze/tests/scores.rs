//! Scores by masked language models and next-sentence heads, against transformers:
//! `scores/make_scores.py` has made what is expected.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::path::Path;

use cloze::encoder::PairCut;
use cloze::heads::score::Masking;
use cloze::{Error, MaskedLm, MaskedLmBuilder, NextSentence, Runtime, RuntimeParams, Scorer};
use cloze_testkit::checkpoint;
use serde_json::Value;

/// The most that a log-probability or probability may be off.
const TOLERANCE: f64 = 1e-5;

fn expected() -> Vec<(String, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scores/expected.json");
    let all: Value = serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap();
    all.as_object().unwrap().clone().into_iter().collect()
}

fn runtime() -> Runtime {
    Runtime::load(&RuntimeParams::default().fetch(true), &mut |_| {}).unwrap()
}

fn scorer(
    name: &str,
    masking: Masking,
    change: impl FnOnce(MaskedLmBuilder) -> MaskedLmBuilder,
) -> Scorer {
    let builder = change(MaskedLm::builder(checkpoint(name)).runtime(runtime()));
    Scorer::new(builder.open().unwrap(), masking)
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[track_caller]
fn assert_near(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= TOLERANCE, "{what}: {i}: {a}, expected {b}");
    }
}

#[test]
fn scores_of_tokens_are_those_of_transformers() {
    for (name, expected) in expected() {
        let texts = expected["texts"].as_array().unwrap();
        let given: Vec<&str> = texts.iter().map(|text| string(&text["text"])).collect();
        for (masking, key) in [(Masking::Token, "token"), (Masking::WithinWord, "within_word")] {
            let scorer = scorer(&name, masking, |builder| builder);
            for (found, text) in scorer.score(&given).unwrap().iter().zip(texts) {
                let what = format!("{name}, {key}: {:?}", text["text"]);
                let own: Vec<f64> = found.tokens.iter().map(|t| t.log_probability).collect();
                let expected = numbers(&text[key]);
                assert_near(&own, &expected, &what);
                let sum: f64 = expected.iter().sum();
                assert_near(&[found.sums.log_probability], &[sum], &what);
                assert_eq!((found.sums.tokens, found.sums.texts), (expected.len() as u64, 1));
            }
        }
    }
}

/// Two characters that the vocabulary does not have are one token each.
#[test]
fn unknown_words_are_counted() {
    let scorer = scorer("bert-pretraining", Masking::Token, |builder| builder);
    let found = scorer.score(&["Ann 住 met 👍.", "Ann met"]).unwrap();
    assert_eq!((found[0].sums.unknown, found[0].sums.words), (2, 4));
    assert_eq!(found[1].sums.unknown, 0);
}

#[test]
fn pairs_are_those_of_transformers() {
    for (name, expected) in expected() {
        let pairs = expected["pairs"].as_array().unwrap();
        let given: Vec<(&str, &str)> =
            pairs.iter().map(|pair| (string(&pair["first"]), string(&pair["second"]))).collect();
        let scorer = scorer(&name, Masking::Token, |builder| builder);
        for (found, pair) in scorer.score_shared(&given).unwrap().iter().zip(pairs) {
            let expected = numbers(&pair["shared"]);
            assert_eq!(Some(found.tokens as u64), pair["shared"][0].as_u64(), "{name}: {pair}");
            assert_near(&found.log_probabilities, &expected[1..], &format!("{name}: {pair}"));
        }
        for (found, pair) in scorer.gains(&given, PairCut::Longest).unwrap().iter().zip(pairs) {
            let expected = [&pair["behind"], &pair["alone"]].map(|x| x.as_f64().unwrap());
            assert_near(&[found.behind, found.alone], &expected, &format!("{name}: {pair}"));
            assert!(!found.cut);
        }
        if pairs[0]["is_next"].is_null() {
            let error = NextSentence::open(checkpoint(&name)).unwrap_err();
            let said = error.to_string();
            assert!(said.contains(&name) && said.contains("a model of next sentences"), "{said}");
            continue;
        }
        let model = NextSentence::open(checkpoint(&name)).unwrap();
        let expected: Vec<f64> = pairs.iter().map(|p| p["is_next"].as_f64().unwrap()).collect();
        let probabilities = model.is_next_batch(&given).unwrap().into_iter();
        let probabilities = probabilities.collect::<Result<Vec<f64>, _>>().unwrap();
        assert_near(&probabilities, &expected, &name);
        let (first, second) = given[0];
        assert_eq!(model.is_next(first, second).unwrap().to_bits(), probabilities[0].to_bits());
        let stream = model.is_next_iter(given.iter().copied()).collect::<Result<Vec<_>, _>>();
        assert_eq!(stream.unwrap(), probabilities);
        assert!(expected.iter().any(|p| (p - 0.5).abs() > 0.01), "a swap of labels would show");
    }
}

/// One copy of a text for each of its tokens, and nothing else, goes through the model.
#[test]
fn a_copy_a_token() {
    let scorer = scorer("bert-pretraining", Masking::Token, |builder| builder);
    let texts = ["Ann lives in Kassel.", "x", "", "Ann met the son."];
    let found = scorer.score(&texts).unwrap();
    // 5, 1, 0 and 5 tokens, in sequences of two more.
    let lens: Vec<u64> = found.iter().map(|text| text.sums.tokens).collect();
    assert_eq!(lens, [5, 1, 0, 5]);
    assert_eq!(scorer.model().counts().tokens, 5 * 7 + 3 + 5 * 7);
}

#[test]
fn company_and_threads_do_not_matter() {
    let texts = ["Ann lives in Kassel.", "x", "the son met Ann in Kassel i the son", ""];
    let bits = |scorer: &Scorer, texts: &[&str]| -> Vec<Vec<u64>> {
        let found = scorer.score(texts).unwrap();
        let bits =
            |t: &cloze::TextScore| t.tokens.iter().map(|t| t.log_probability.to_bits()).collect();
        found.iter().map(bits).collect()
    };
    let together = bits(&scorer("bert-mlm", Masking::Token, |builder| builder), &texts);
    let params = |builder: MaskedLmBuilder| builder.threads(1).batch_tokens(8);
    let alone = scorer("bert-mlm", Masking::Token, params);
    for (text, together) in texts.iter().zip(&together) {
        assert_eq!(&bits(&alone, &[text])[0], together, "{text:?}");
    }
}

/// A text longer than the 22 tokens that the model sees goes through windows: no token is lost, and a
/// token in the middle of the first is as it would be in that window alone.
#[test]
fn long_texts_go_through_windows() {
    let scorer = scorer("bert-mlm", Masking::Token, |builder| builder);
    let words: Vec<&str> = ["ann", "met", "the", "son", "in", "kassel"].repeat(10);
    let text = words.join(" ");
    let found = &scorer.score(&[&text]).unwrap()[0];
    assert_eq!((found.tokens.len(), found.sums.words), (60, 60));
    assert!(found.windows > 1);
    for (token, word) in found.tokens.iter().zip(&words) {
        assert_eq!(token.span.of(&text), Some(*word));
    }
    let beginning = words[..22].join(" ");
    let alone = &scorer.score(&[&beginning]).unwrap()[0];
    for i in 0..11 {
        let [long, short] = [found, alone].map(|text| text.tokens[i].log_probability.to_bits());
        assert_eq!(long, short, "{i}");
    }
}

#[test]
fn what_cannot_be_scored_is_named() {
    let scorer = scorer("bert-mlm", Masking::Token, |builder| builder);
    let error = scorer.score(&["Ann", "Ann [MASK] met"]).unwrap_err();
    assert!(matches!(error, Error::MaskInText { span } if (span.start, span.end) == (4, 10)));
    let long = "ann ".repeat(23);
    let error = scorer.score_shared(&[("Ann", &long)]).unwrap_err();
    assert!(matches!(error, Error::TooLong { found: 23, limit: 22 }), "{error}");
    // Of a pair one text is cut, and the same tokens are scored alone.
    let gain = scorer.gains(&[(&long, "Ann met")], PairCut::Longest).unwrap()[0];
    assert_eq!((gain.cut, gain.tokens), (true, 2));
    let gain = scorer.gains(&[("Ann met", &long)], PairCut::Longest).unwrap()[0];
    assert_eq!((gain.cut, gain.tokens), (true, 24 - 3 - 2));
    assert_eq!(scorer.gains(&[("Ann", "")], PairCut::Longest).unwrap()[0].per_token(), None);
}
