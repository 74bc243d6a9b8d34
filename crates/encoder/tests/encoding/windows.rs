//! Nothing is cut silently: design §5, 2.
//!
//! In the model `tiny` a token's logits depend on two neighbours on each side, so that a token at
//! least two away from its window's edge has the very numbers it would have without windows.
use std::sync::OnceLock;

use cloze_core::Span;
use cloze_encoder::{Cut, Encoder, EncoderParams};
use cloze_testkit::model;
use proptest::prelude::*;

/// The tokenizer by itself, with what its file bakes in taken off.
fn plain_tokenizer() -> &'static tokenizers::Tokenizer {
    static PLAIN: OnceLock<tokenizers::Tokenizer> = OnceLock::new();
    PLAIN.get_or_init(|| {
        let mut plain =
            tokenizers::Tokenizer::from_file(model("tiny").join("tokenizer.json")).unwrap();
        plain.with_padding(None).with_truncation(None).unwrap();
        plain
    })
}

/// No window at all: the whole text at once.
fn unlimited() -> &'static Encoder {
    static WHOLE: OnceLock<Encoder> = OnceLock::new();
    WHOLE.get_or_init(|| super::open_unlimited("tiny", EncoderParams::new()))
}

/// Two hundred to two thousand words that match `word`, with something between them.
fn long_text(word: &'static str) -> impl Strategy<Value = String> {
    let gap =
        prop_oneof![8 => Just(" "), 1 => Just("\n"), 1 => Just("\n\n"), 1 => Just(" \r\n \r\n")];
    prop::collection::vec((word, gap), 200..2000)
        .prop_map(|words| words.into_iter().map(|(word, gap)| word + gap).collect())
}

/// One to three paragraphs, some longer than a window of 30 tokens, and words that are.
fn paragraph() -> impl Strategy<Value = String> {
    let word = prop_oneof![20 => "[a-z]{1,4}[.,]?", 1 => "[a-z]{20,50}"];
    prop::collection::vec((word, prop::sample::select(&[" ", " ", " ", "\n", "\r\n"][..])), 1..40)
        .prop_map(|words| {
            let text: String = words.into_iter().map(|(word, gap)| word + gap).collect();
            text.trim_end().to_owned()
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Tokens, spans and words are those of the tokenizers library, and each has one row.
    #[test]
    fn every_token_has_one_row(
        text in long_text("[a-z]{1,9}[.,!?]?"), anywhere: bool, stride in 0..30usize,
    ) {
        let cut = if anywhere { Cut::Anywhere } else { Cut::Paragraphs };
        let params = EncoderParams::new().cut(cut).stride(Some(stride));
        let found = super::encode_one(&super::open(&model("tiny"), params), &text);
        let expected = plain_tokenizer().encode(text.as_str(), false).unwrap();
        let spans: Vec<_> = found.tokens.iter().map(|t| (t.span.start, t.span.end)).collect();
        let words: Vec<_> = found.tokens.iter().map(|t| t.word).collect();
        prop_assert_eq!(&spans[..], expected.get_offsets());
        prop_assert_eq!(&words[..], expected.get_word_ids());
        prop_assert_eq!((found.rows.rows(), found.rows.cols()), (spans.len(), 5));
    }

    /// Words of one token: an overlap of four leaves two on each side of the border.
    #[test]
    fn windows_do_not_show_where_the_overlap_is_enough(
        text in long_text("[a-z]|the|ann|kassel|lives|in|[0-9]|[.,!?@]"),
        window in 9..=30usize,
        stride in 4..=8usize,
    ) {
        let params = EncoderParams::new().cut(Cut::Anywhere);
        let params = params.window(Some(window)).stride(Some(stride));
        let windowed = super::encode_one(&super::open(&model("tiny"), params), &text);
        let whole = super::encode_one(unlimited(), &text);
        prop_assert_eq!(&windowed.tokens, &whole.tokens);
        prop_assert!(super::bits(&windowed) == super::bits(&whole));
    }

    /// Words of up to four tokens, between which the border must lie: it may be three tokens off
    /// the middle, so ten leave two.
    #[test]
    fn windows_do_not_show_among_longer_words(
        text in long_text("[a-z]{1,4}"), window in 20..=30usize, stride in 10..=15usize,
    ) {
        let params = EncoderParams::new().cut(Cut::Anywhere);
        let params = params.window(Some(window)).stride(Some(stride));
        let windowed = super::encode_one(&super::open(&model("tiny"), params), &text);
        let whole = super::encode_one(unlimited(), &text);
        prop_assert_eq!(&windowed.tokens, &whole.tokens);
        prop_assert!(super::bits(&windowed) == super::bits(&whole));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// In a document that does not fit into a window, each paragraph is seen as it would be alone.
    #[test]
    fn a_paragraph_of_a_long_text_is_as_if_alone(
        paragraphs in prop::collection::vec(paragraph(), 2..8),
        gap in prop::sample::select(&["\n\n", "\r\n\r\n", "\n \t\n", "\n\n\n\n", "\r\r"][..]),
        stride in 0..30usize,
    ) {
        let encoder = super::open(&model("tiny"), EncoderParams::new().stride(Some(stride)));
        let document = paragraphs.join(gap);
        let whole = super::encode_one(&encoder, &document);
        prop_assume!(whole.tokens.len() > 30);
        let (mut offset, mut spans, mut bits) = (0, vec![], vec![]);
        for paragraph in &paragraphs {
            let alone = super::encode_one(&encoder, paragraph);
            spans.extend(
                alone.tokens.iter().map(|t| Span::new(t.span.start + offset, t.span.end + offset)),
            );
            bits.extend(super::bits(&alone));
            offset += paragraph.len() + gap.len();
        }
        prop_assert_eq!(whole.tokens.iter().map(|t| t.span).collect::<Vec<_>>(), spans);
        prop_assert!(super::bits(&whole) == bits);
    }
}

/// The two in one window know of each other: `windows_do_not_show…` would pass on a graph that
/// looks at single tokens alone.
#[test]
fn the_model_looks_at_neighbours() {
    let encoder = super::open(&model("tiny"), EncoderParams::new());
    let [with, without] = ["ann lives", "ann"].map(|text| super::encode_one(&encoder, text));
    assert_ne!(with.rows.row(0), without.rows.row(0));
}
