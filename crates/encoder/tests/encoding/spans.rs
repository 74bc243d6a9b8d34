//! Positions of tokens in their text: design §5, 3.
use std::sync::OnceLock;

use cloze_core::TokenRows;
use cloze_encoder::{Encoder, EncoderParams};
use cloze_testkit::{model, texts};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::{NormalizedString, Normalizer as _};

fn tiny() -> &'static Encoder {
    static TINY: OnceLock<Encoder> = OnceLock::new();
    TINY.get_or_init(|| super::open(&model("tiny"), EncoderParams::new()))
}

/// Whether BERT's normalizer makes nothing of a character: white space; NUL, U+FFFD and all of the
/// categories Cc, Cf, Cn, Co (which is `clean_text`); and marks that take no room, Mn, once they
/// are parted from their letters (`strip_accents`).
fn leaves_nothing(c: char) -> bool {
    let mut alone = NormalizedString::from(c.to_string());
    BertNormalizer::new(true, true, Some(true), true).normalize(&mut alone).unwrap();
    alone.get().trim().is_empty()
}

/// Spans lie on characters of the text, in order, and every character that the tokenizer sees
/// lies in one. Those it does not see may lie in none: see [`leaves_nothing`].
fn spans_are_sound(text: &str, rows: &TokenRows) -> Result<(), TestCaseError> {
    let mut covered = vec![false; text.len()];
    let mut last = 0;
    for token in &rows.tokens {
        let piece = token.span.of(text);
        prop_assert!(piece.is_some(), "{} is no piece of {:?}", token.span, text);
        prop_assert!(token.span.start >= last, "{} comes late in {:?}", token.span, text);
        let trimmed = piece.map(str::trim);
        prop_assert_eq!(piece, trimmed, "white space at an end in {:?}", text);
        last = token.span.start;
        covered[token.span.start..token.span.end].fill(true);
    }
    for (at, c) in text.char_indices() {
        prop_assert!(
            covered[at] || leaves_nothing(c),
            "{:?} at {} lies in no token of {:?}",
            c,
            at,
            text,
        );
    }
    prop_assert_eq!(rows.rows.rows(), rows.tokens.len());
    Ok(())
}

#[test]
fn hard_strings_have_sound_spans() {
    let pii = super::open(&super::pii(), EncoderParams::new());
    for encoder in [tiny(), &pii] {
        for (what, text) in texts::hard_strings() {
            let rows = super::encode_one(encoder, &text);
            spans_are_sound(&text, &rows).unwrap_or_else(|wrong| panic!("{what}: {wrong}"));
        }
    }
}

/// A mark that the tokenizer strips belongs to the letter before it. `Jose\u{301}` is 6 bytes;
/// without this rule, tokens would have 4.
#[test]
fn a_stripped_accent_is_not_left_behind() {
    let text = "Jose\u{301} e\u{308}\u{323}.";
    let rows = super::encode_one(tiny(), text);
    let pieces: Vec<_> = rows.tokens.iter().map(|t| t.span.of(text).unwrap()).collect();
    assert_eq!(pieces, ["J", "o", "s", "e\u{301}", "e\u{308}\u{323}", "."]);
}

/// Marks that the tokenizer puts into another order, with or without a removed character between them.
#[test]
fn marks_that_change_places_are_not_left_behind() {
    for text in [
        "\u{1d17b}\u{fffd}\u{1134d}",
        "\u{1d17b}\u{1134d}",
        "\u{1d16d}\u{94d}",
        "a \u{1d16d}\u{94d}b",
        "a\u{1d17b}\u{200d}\u{1134d} b",
    ] {
        let rows = super::encode_one(tiny(), text);
        spans_are_sound(text, &rows).unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_text_has_sound_spans(text: String) {
        spans_are_sound(&text, &super::encode_one(tiny(), &text))?;
    }

    /// `String` has no controls, and few of the neighbours that make things hard.
    #[test]
    fn any_characters_have_sound_spans(
        parts in prop::collection::vec(
            prop_oneof![
                any::<char>().prop_map(String::from),
                prop::char::range('\0', '\u{a0}').prop_map(String::from),
                prop::char::range('\u{300}', '\u{36f}').prop_map(String::from),
                prop::sample::select(texts::hard_strings()).prop_map(|(_, text)| text),
            ],
            0..20,
        ),
    ) {
        let text = parts.concat();
        spans_are_sound(&text, &super::encode_one(tiny(), &text))?;
    }
}
