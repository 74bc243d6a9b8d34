//! Words of a text as BERT's own pre-tokenizer has them, for tokenizers that know only white space:
//! `SentencePiece` and byte-level vocabularies count the full stop into the word before it, and a
//! Chinese sentence is one word.
//!
//! Source: `BasicTokenizer` of google-research/bert, as the tokenizers library has it
//! (`normalizers/bert.rs`, `pre_tokenizers/bert.rs`): white space, every punctuation character and
//! every Chinese character part words; control characters are passed over.
use cloze_core::{Span, Token};
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{
    NormalizedString, Normalizer as _, NormalizerWrapper, OffsetReferential, OffsetType,
    PreTokenizedString, PreTokenizer as _, Tokenizer,
};
use unicode_normalization::char::is_combining_mark;

/// Returns whether a tokenizer's own words are BERT's.
pub(super) fn has_bert_words(tokenizer: &Tokenizer) -> bool {
    let by_punctuation = match tokenizer.get_pre_tokenizer() {
        Some(PreTokenizerWrapper::BertPreTokenizer(_)) => true,
        Some(PreTokenizerWrapper::Sequence(sequence)) => {
            let parts: &[PreTokenizerWrapper] = sequence.as_ref();
            parts.iter().any(|part| matches!(part, PreTokenizerWrapper::BertPreTokenizer(_)))
        }
        _ => false,
    };
    let by_character = match tokenizer.get_normalizer() {
        Some(NormalizerWrapper::BertNormalizer(bert)) => bert.handle_chinese_chars,
        Some(NormalizerWrapper::Sequence(sequence)) => {
            let parts: &[NormalizerWrapper] = sequence.as_ref();
            parts.iter().any(|part| {
                matches!(part, NormalizerWrapper::BertNormalizer(bert) if bert.handle_chinese_chars)
            })
        }
        _ => false,
    };
    by_punctuation && by_character
}

/// Returns BERT's words of a text, in order.
pub(super) fn basic_words(text: &str) -> Result<Vec<Span>, String> {
    let words = || {
        let mut normalized = NormalizedString::from(text);
        // Spaces go around Chinese characters; accents and case do not part words.
        BertNormalizer::new(true, true, Some(false), false).normalize(&mut normalized)?;
        let mut words = PreTokenizedString::from(normalized);
        BertPreTokenizer.pre_tokenize(&mut words)?;
        let splits = words.get_splits(OffsetReferential::Original, OffsetType::Byte);
        Ok(splits.into_iter().map(|(_, (start, end), _)| Span::new(start, end)).collect())
    };
    words().map_err(|error: tokenizers::Error| error.to_string())
}

/// Gives each token the number of the word that its first byte lies in, as
/// [`assign_words`](cloze_core::assign_words) does, by [BERT's words](basic_words). A piece that stands
/// for no text, such as a `▁` alone, is of the word behind it. Where a script puts no spaces between
/// words, each piece is a word.
pub(super) fn assign_basic_words(tokens: &mut [Token], text: &str) -> Result<(), String> {
    let words = basic_words(text)?;
    let mut number = 0;
    // Word and end of the last token that has one.
    let mut last: Option<(Option<usize>, usize)> = None;
    let mut without_text = 0;
    for i in 0..tokens.len() {
        tokens[i].word = None;
        let (start, end) = (tokens[i].span.start, tokens[i].span.end);
        if start == end {
            without_text += 1;
            continue;
        }
        let word = words.partition_point(|word| word.start <= start).checked_sub(1);
        let word = word.filter(|&word| start < words[word].end);
        if let Some((last_word, last_end)) = last {
            let parted = start >= last_end && parts_words(text, start);
            number += u32::from(word.is_none() || word != last_word || parted);
        }
        for token in &mut tokens[i - without_text..=i] {
            token.word = Some(number);
        }
        without_text = 0;
        last = Some((word, end.max(last.map_or(0, |(_, last_end)| last_end))));
    }
    Ok(())
}

/// Returns whether a piece that starts at this byte starts a word though no space is there.
fn parts_words(text: &str, start: usize) -> bool {
    let next = text.get(start..).and_then(|rest| rest.chars().next());
    let before = text.get(..start).and_then(|head| head.chars().next_back());
    next.is_some_and(|c| !is_combining_mark(c))
        && [before, next].into_iter().flatten().any(is_unspaced)
}

/// Returns whether a character is of a script written without spaces between words that BERT does not
/// part by character: Thai, Lao, Myanmar, Khmer, Tai, Hiragana, Katakana, later Chinese blocks.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF
        | 0x1000..=0x109F
        | 0x1780..=0x17FF
        | 0x1950..=0x19DF
        | 0x1A20..=0x1AAF
        | 0x3005..=0x3007
        | 0x3040..=0x30FF
        | 0x31F0..=0x31FF
        | 0xA9E0..=0xA9FF
        | 0xAA60..=0xAADF
        | 0xFF66..=0xFF9F
        | 0x1B000..=0x1B16F
        | 0x2B820..=0x2B91F
        | 0x2CEB0..=0x2EBEF
        | 0x30000..=0x323AF)
}

#[cfg(test)]
mod tests {
    use cloze_core::words_of_tokens;

    use super::*;

    /// Words of 2,000 generated texts equal those of the library's Python version, which differ from
    /// BERT's own code in one, by a newer table of punctuation (`tests/data/make_basic_words.py`).
    #[test]
    fn words_are_those_of_the_reference() {
        for (text, expected) in cases() {
            let words = basic_words(&text).unwrap();
            let words: Vec<_> = words.iter().map(|word| (word.start, word.end)).collect();
            assert_eq!(words, expected, "{text:?}");
        }
    }

    /// Texts, and their words as start and end.
    fn cases() -> Vec<(String, Vec<(usize, usize)>)> {
        let cases = include_str!("../../tests/data/basic_words.json");
        let cases: Vec<_> = serde_json::from_str(cases).unwrap();
        assert_eq!(cases.len(), 2000);
        cases
    }

    /// A tokenizer of BERT's own gives the same words, of texts without marks: accents, which it
    /// strips, may have no token.
    #[test]
    fn a_bert_tokenizer_has_the_same_words() {
        let model = cloze_checkpoint::ModelFolder::open(cloze_testkit::model("tiny")).unwrap();
        let tokenizer = crate::tokenize::Tokenizer::open(&model).unwrap();
        let mut same = 0;
        for (text, expected) in cases() {
            let is_plain = text.chars().all(|c| c.is_ascii() || c.is_alphanumeric());
            if !is_plain {
                continue;
            }
            let tokens = tokenizer.encode(&text, 0).unwrap().tokens;
            let words = words_of_tokens(&tokens).into_iter();
            let words: Vec<_> = words.map(|word| (word.span.start, word.span.end)).collect();
            assert_eq!(words, expected, "{text:?}");
            same += 1;
        }
        assert!(same > 200, "{same}");
    }

    /// Words of a text in these pieces.
    fn words<'t>(text: &'t str, pieces: &[&str]) -> Vec<&'t str> {
        let mut offset = 0;
        let mut tokens: Vec<Token> = vec![];
        for piece in pieces {
            let start = offset + text[offset..].find(piece).unwrap();
            offset = start + piece.len();
            tokens.push(Token { span: Span::new(start, offset), word: Some(0) });
        }
        assign_basic_words(&mut tokens, text).unwrap();
        words_of_tokens(&tokens).iter().map(|word| &text[word.span.start..word.span.end]).collect()
    }

    #[test]
    fn pieces_are_put_together_to_words() {
        for (text, pieces, expected) in [
            ("in kassel.", &["in", "kass", "el", "."][..], &["in", "kassel", "."][..]),
            ("Smith-Jones's", &["Smith", "-", "Jones", "'s"], &["Smith", "-", "Jones", "'s"]),
            (
                "a.b@c.de",
                &["a", ".", "b", "@", "c", ".", "de"],
                &["a", ".", "b", "@", "c", ".", "de"],
            ),
            // A piece of several words is one.
            ("Well...", &["Well", "..."], &["Well", "..."]),
            (
                "王小明住在北京。",
                &["王", "小明", "住在", "北京", "。"],
                &["王", "小明", "住在", "北京", "。"],
            ),
            ("the lena在北京", &["the", "lena", "在", "北京"], &["the", "lena", "在", "北京"]),
            ("Lenaさんは", &["Le", "na", "さん", "は"], &["Lena", "さん", "は"]),
            // A vowel sign above is no word's beginning.
            ("ที่ไทย", &["ท", "ี่", "ไทย"], &["ที่", "ไทย"]),
            ("안나는 서울에", &["안나", "는", "서울", "에"], &["안나는", "서울에"]),
            // Two halves of one character.
            ("ไa", &["ไ", "a"], &["ไ", "a"]),
            ("", &[], &[]),
            // What the tokenizer passes over parts words no less.
            ("ab\u{7}cd", &["ab", "cd"], &["ab\u{7}cd"]),
        ] {
            assert_eq!(words(text, pieces), expected, "{text:?}");
        }
    }

    /// The first and the fourth token are a `▁` that stands for nothing.
    #[test]
    fn marks_alone_are_of_the_next_word() {
        let token = |start, end| Token { span: Span::new(start, end), word: Some(0) };
        let mut tokens =
            [token(0, 0), token(0, 3), token(0, 3), token(4, 4), token(4, 5), token(5, 5)];
        assign_basic_words(&mut tokens, "王 a").unwrap();
        let words = tokens.map(|token| token.word);
        assert_eq!(words, [Some(0), Some(0), Some(0), Some(1), Some(1), None]);
    }
}
