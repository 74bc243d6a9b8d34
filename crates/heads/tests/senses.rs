//! Senses fitted, told and saved.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::path::Path;

use cloze_embed::correction::Method;
use cloze_heads::HeadError;
use cloze_heads::senses::{
    FittedSenses, Lexicon, LexiconWord, Occurrence, Sense, SenseFitter, SensePredictParams,
    SensePrediction, most_frequent,
};
use cloze_store::Existing;
use proptest::prelude::*;

type Row<'a> = (&'a str, &'a str, &'a str, &'a str, &'a [f32]);

/// Lemma, part of speech, sense, form, vector.
const BANKS: [Row<'_>; 6] = [
    ("bank", "NOUN", "money", "bank", &[4.0, 0.0]),
    ("bank", "NOUN", "money", "banks", &[2.0, 6.0]),
    ("bank", "NOUN", "river", "Bank", &[0.0, 5.0]),
    ("bank", "NOUN", "money", "bank", &[0.0, 0.0]),
    ("bank", "VERB", "trust", "banked", &[-1.0, 0.0]),
    ("shore", "NOUN", "shore", "shore", &[0.0, -2.0]),
];

fn fit(rows: &[Row<'_>], params: SensePredictParams) -> Result<FittedSenses, HeadError> {
    let params = params.check()?;
    let mut fitter = SenseFitter::new(rows[0].4.len(), params.spread());
    for (lemma, pos, sense, form, vector) in rows {
        fitter.push(&Occurrence { lemma, pos, sense, form }, vector)?;
    }
    fitter.fit(&params)
}

fn plain(prior: f64) -> SensePredictParams {
    SensePredictParams::new().correction(None).prior(prior)
}

fn told(found: &[SensePrediction<'_>]) -> Vec<(String, f64)> {
    found.iter().map(|t| (t.sense.name.clone(), t.score)).collect()
}

#[track_caller]
fn assert_told(found: &[SensePrediction<'_>], expected: &[(&str, f64)]) {
    let found = told(found);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((name, score), (expected_name, expected)) in found.iter().zip(expected) {
        assert_eq!(name, expected_name, "{found:?}");
        // Vectors are kept in f16: of numbers up to 1 that is 2⁻¹¹.
        assert!((score - expected).abs() < 1e-3, "{name}: {score} {expected}");
    }
}

/// money is the mean of (4, 0), (2, 6) and (0, 0), (2, 2), so at length 1 (0.7071, 0.7071); river is
/// (0, 1). Of (3, 4), at length 1 (0.6, 0.8), the cosines are 1.4 · 0.7071 = 0.98995 and 0.8; of
/// (1, 7), (0.14142, 0.98995), they are 0.8 and 0.98995. A mean of vectors at length 1 would be another:
/// (1, 0), (0.316, 0.949) and nothing come to (0.811, 0.585), and to 0.955 for (3, 4).
#[test]
fn the_sense_is_that_of_the_nearest_mean() {
    let senses = fit(&BANKS, plain(0.0)).unwrap();
    let words = senses.lexicon().lookup("bank", Some("NOUN"));
    let cosine = 1.4 * 0.5_f64.sqrt();
    assert_told(&senses.predict(words, &[3.0, 4.0]).unwrap(), &[("money", cosine), ("river", 0.8)]);
    assert_told(
        &senses.predict(words, &[1.0, 7.0]).unwrap(),
        &[("river", 0.98995), ("money", 0.8)],
    );
    // With the verb in question, too, whose mean is (−1, 0).
    let words = senses.lexicon().lookup("bank", None);
    let found = senses.predict(words, &[1.0, 7.0]).unwrap();
    assert_told(&found, &[("river", 0.98995), ("money", 0.8), ("trust", -0.14142)]);
    assert_eq!((found[1].share, found[2].word.pos.as_str()), (0.6, "VERB"));
    // One sense alone is that one, however far.
    let words = senses.lexicon().lookup("shore", Some("NOUN"));
    assert_told(&senses.predict(words, &[0.0, 1.0]).unwrap(), &[("shore", -1.0)]);
}

/// money is 3/4 of the noun, river 1/4: of (1, 7) money has 0.8 + w · ln 0.75 = 0.8 − 0.28768 w, river
/// 0.98995 − 1.38629 w: equal at w = 0.18995 / 1.09861 = 0.1729.
#[test]
fn frequency_counts_as_much_as_the_prior_says() {
    for (prior, expected) in [
        (0.1, [("river", 0.85132), ("money", 0.77123)]),
        (0.2, [("money", 0.74246), ("river", 0.71269)]),
    ] {
        let senses = fit(&BANKS, plain(prior)).unwrap();
        let words = senses.lexicon().lookup("bank", Some("NOUN"));
        assert_told(&senses.predict(words, &[1.0, 7.0]).unwrap(), &expected);
    }
}

/// All six: mean (5/6, 1.5), variances (21/6 − 25/36, 65/6 − 2.25) = (2.80556, 8.58333). money (2, 2) is
/// (1.16667, 0.5) without the mean, (0.69652, 0.17066) over the deviations; river (0, 5) is
/// (−0.49752, 1.19463).
#[test]
fn vectors_are_corrected_by_all_of_them_together() {
    let senses =
        fit(&BANKS, SensePredictParams::new().correction(Some(Method::ZScore)).prior(0.0)).unwrap();
    let words = senses.lexicon().lookup("bank", Some("NOUN"));
    let cosine =
        |a: (f64, f64), b: (f64, f64)| (a.0 * b.0 + a.1 * b.1) / (a.0.hypot(a.1) * b.0.hypot(b.1));
    let (money, river) = ((0.69652, 0.17066), (-0.49752, 1.19463));
    // (3, 4) is (2.16667, 2.5) without the mean.
    let query = (2.16667 / 2.80556_f64.sqrt(), 2.5 / 8.58333_f64.sqrt());
    let expected = [("money", cosine(query, money)), ("river", cosine(query, river))];
    assert_told(&senses.predict(words, &[3.0, 4.0]).unwrap(), &expected);
}

#[test]
fn words_are_found_by_lemma_and_form() {
    let senses = fit(&BANKS, plain(0.0)).unwrap();
    let lexicon = senses.lexicon();
    let shown = |words: &[LexiconWord]| -> Vec<String> {
        words.iter().map(|w| format!("{} {}", w.lemma, w.pos)).collect()
    };
    assert_eq!(shown(lexicon.lookup("bank", Some("VERB"))), ["bank VERB"]);
    // A part of speech that it did not have: all of the lemma.
    assert_eq!(shown(lexicon.lookup("bank", Some("ADJ"))), ["bank NOUN", "bank VERB"]);
    assert!(lexicon.lookup("ban", None).is_empty() && lexicon.lookup("", None).is_empty());
    let named = |name: &str| -> Vec<String> {
        lexicon.named(name).into_iter().map(|w| format!("{} {}", w.lemma, w.pos)).collect()
    };
    assert_eq!(named("bank"), ["bank NOUN", "bank VERB"]);
    assert_eq!(named("BANKED"), ["bank VERB"]);
    assert_eq!(named("Banks"), ["bank NOUN"]);
    assert!(named("banking").is_empty());
    let places = |text: &str, word: &str| -> Vec<(usize, usize)> {
        lexicon.places(text, word).iter().map(|s| (s.start, s.end)).collect()
    };
    assert_eq!(places("Bank, bank, banks", "bank"), [(6, 10)]);
    assert_eq!(places("Bank, banks", "bank"), [(0, 4)]);
    assert_eq!(places("He banked on two BANKS.", "bank"), [(3, 9), (17, 22)]);
    assert_eq!(places("He was banking.", "bank"), []);
}

#[test]
fn the_most_frequent_sense_is_the_first_of_equal_ones() {
    let sense = |name: &str, count| Sense { name: name.into(), count, gloss: None };
    let word = |pos: &str, senses| LexiconWord::new("a".into(), pos.into(), senses, [].into());
    let words = [
        word("ADJ", vec![sense("x", 2)]),
        word("NOUN", vec![sense("y", 3), sense("z", 3)]),
        word("VERB", vec![sense("w", 3)]),
    ];
    assert_eq!(most_frequent(&words).unwrap().1.name, "y");
    assert_eq!(most_frequent(&[]), None);
    // In another order, or without senses, it is no lexicon.
    assert!(Lexicon::new(words.to_vec()).is_ok());
    let bad = |words: Vec<LexiconWord>| {
        assert!(matches!(Lexicon::new(words), Err(HeadError::Lexicon { .. })));
    };
    bad(vec![words[1].clone(), words[0].clone()]);
    bad(vec![words[0].clone(), words[0].clone()]);
    bad(vec![word("", vec![])]);
    bad(vec![word("", vec![sense("x", 1), sense("y", 2)])]);
    bad(vec![word("", vec![sense("x", 1), sense("x", 1)])]);
}

#[test]
fn what_cannot_be_fitted_or_told() {
    let params = SensePredictParams::new().check().unwrap();
    let mut fitter = SenseFitter::new(2, params.spread());
    assert!(matches!(fitter.fit(&params), Err(HeadError::NoOccurrences)));
    let word = Occurrence { lemma: "a", pos: "", sense: "s", form: "a" };
    assert!(fitter.push(&word, &[1.0]).is_err());
    assert!(fitter.push(&word, &[1.0, f32::NAN]).is_err());
    fitter.push(&word, &[1.0, 2.0]).unwrap();
    // One vector has no spread.
    assert!(matches!(fitter.fit(&params), Err(HeadError::Embed(_))));
    let senses = fitter.fit(&plain(0.0).check().unwrap()).unwrap();
    for vector in [&[1.0][..], &[f32::INFINITY, 1.0]] {
        assert!(senses.predict(senses.lexicon().words(), vector).is_err());
    }
    assert!(senses.predict([], &[1.0, 2.0]).unwrap().is_empty());
    for prior in [-0.1, f64::NAN, f64::INFINITY] {
        assert!(plain(prior).check().is_err(), "{prior}");
    }
    assert!(plain(0.0).check().is_ok());
}

fn saved(senses: &FittedSenses, folder: &Path) -> Result<FittedSenses, HeadError> {
    let path = folder.join("s.safetensors");
    senses.save(&path, Existing::Replace)?;
    FittedSenses::open(
        &path,
        serde_json::from_str(&serde_json::to_string(&senses.spec()).unwrap()).unwrap(),
    )
}

#[test]
fn what_was_saved_is_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    for method in [
        None,
        Some(Method::ZScore),
        Some(Method::Whitening { dims: Some(1) }),
        Some(Method::AllButTheTop { directions: Some(1) }),
    ] {
        let senses = fit(&BANKS, SensePredictParams::new().correction(method).prior(0.07)).unwrap();
        assert_eq!(saved(&senses, folder.path()).unwrap(), senses, "{method:?}");
    }
}

#[test]
fn files_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.safetensors");
    let senses = fit(&BANKS, SensePredictParams::new().correction(Some(Method::ZScore))).unwrap();
    senses.save(&path, Existing::Refuse).unwrap();
    assert!(matches!(senses.save(&path, Existing::Refuse), Err(HeadError::Store(_))));
    let spec = senses.spec();
    let mut fewer = spec.clone();
    fewer.words.pop();
    let mut plain = spec.clone();
    plain.correction = None;
    let mut wider = spec.clone();
    wider.width = 3;
    let mut negative = spec.clone();
    negative.prior = -1.0;
    for (spec, said) in [
        (fewer, "tensor \"vectors\": expected F16 [3, 2], found F16 [4, 2]"),
        (plain, "tensor \"correction.inv_std\": expected no such tensor, found F32 [2]"),
        (wider, "tensor \"correction.mean\": expected F32 [3], found F32 [2]"),
        (negative, "prior is -1: expected a number from 0 on"),
    ] {
        let error = FittedSenses::open(&path, spec).unwrap_err().to_string();
        assert!(error.ends_with(said), "{error}");
    }
    let whole = fs_err::read(&path).unwrap();
    for end in 0..whole.len() {
        fs_err::write(&path, &whole[..end]).unwrap();
        assert!(FittedSenses::open(&path, spec.clone()).is_err(), "{end}");
    }
}

proptest! {
    /// The order in which occurrences come changes nothing but rounding, and those of other words
    /// nothing at all where vectors are not corrected.
    #[test]
    fn a_word_is_told_by_its_own_occurrences(
        rows in prop::collection::vec((0..3_usize, 0..3_usize, prop::array::uniform3(-9.0_f32..9.0)), 1..30),
        query in prop::array::uniform3(-9.0_f32..9.0),
    ) {
        let names = ["a", "b", "c"];
        let all: Vec<Row<'_>> =
            rows.iter().map(|(w, s, v)| (names[*w], "", names[*s], "f", &v[..])).collect();
        let first = all[0].0;
        let own: Vec<Row<'_>> = all.iter().filter(|row| row.0 == first).rev().copied().collect();
        let (all, own) = (fit(&all, plain(0.1)).unwrap(), fit(&own, plain(0.1)).unwrap());
        let tell = |senses: &FittedSenses| -> Vec<(String, f64)> {
            let mut told = told(&senses.predict(senses.lexicon().lookup(first, None), &query).unwrap());
            told.sort_by(|a, b| a.0.cmp(&b.0));
            told
        };
        for (a, b) in tell(&all).iter().zip(tell(&own)) {
            prop_assert_eq!(&a.0, &b.0);
            prop_assert!((a.1 - b.1).abs() < 2e-3, "{:?} {:?}", a, b);
        }
        prop_assert_eq!(tell(&all).len(), tell(&own).len());
    }
}
