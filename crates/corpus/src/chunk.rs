//! Long texts in parts that are looked at by themselves.
use std::fmt;

use cloze_core::Span;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::CorpusError;

/// Splitting of a text into parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TextChunks {
    /// Not at all.
    #[default]
    Document,
    /// So many words a part, of which so many are those at the end of the part before. Words are what
    /// stands between white space.
    Words {
        /// The words of a part.
        words: usize,
        /// Words shared with the part before.
        overlap: usize,
    },
    /// So many sentences a part, as Unicode divides them (Unicode Standard Annex 29): an abbreviation
    /// before a capital may end one.
    Sentences(usize),
}

impl TextChunks {
    /// `document`, `words:200`, `words:200,overlap:40` or `sentences:5`.
    ///
    /// # Errors
    /// [`CorpusError::Setting`] for anything else, for parts of nothing, and for an overlap that leaves
    /// no new word in a part.
    pub fn parse(text: &str) -> Result<Self, CorpusError> {
        let failed = || CorpusError::Setting {
            setting: "chunk",
            expected: "document, words:N, words:N,overlap:M with M below N, or sentences:N",
            found: format!("{text:?}"),
        };
        let number = |text: &str| text.parse::<usize>().ok();
        let chunk = match text.split_once(':') {
            None if text == "document" => Some(Self::Document),
            Some(("sentences", n)) => number(n).map(Self::Sentences),
            Some(("words", rest)) => match rest.split_once(",overlap:") {
                None => number(rest).map(|words| Self::Words { words, overlap: 0 }),
                Some((words, overlap)) => number(words)
                    .zip(number(overlap))
                    .map(|(words, overlap)| Self::Words { words, overlap }),
            },
            _ => None,
        };
        chunk
            .filter(|chunk| match chunk {
                Self::Document => true,
                Self::Words { words, overlap } => overlap < words,
                Self::Sentences(n) => *n > 0,
            })
            .ok_or_else(failed)
    }

    /// The parts of `text`, in order, without the white space around them. Every character that is no
    /// white space is in one; a text with nothing else has no part, but as a document is one.
    #[must_use]
    pub fn spans(self, text: &str) -> Vec<Span> {
        let (size, step, pieces): (usize, usize, Vec<(usize, usize)>) = match self {
            Self::Document => return vec![Span::new(0, text.len())],
            Self::Words { words, overlap } => {
                let start = |word: &str| word.as_ptr().addr() - text.as_ptr().addr();
                let places =
                    text.split_whitespace().map(|word| (start(word), start(word) + word.len()));
                (words, words - overlap, places.collect())
            }
            Self::Sentences(n) => {
                let places = text.split_sentence_bound_indices().filter_map(|(start, sentence)| {
                    let inner = sentence.trim();
                    let start = start + (sentence.len() - sentence.trim_start().len());
                    (!inner.is_empty()).then_some((start, start + inner.len()))
                });
                (n, n, places.collect())
            }
        };
        let mut spans = vec![];
        let mut first = 0;
        while first < pieces.len() {
            let last = pieces.len().min(first + size) - 1;
            spans.push(Span::new(pieces[first].0, pieces[last].1));
            if last + 1 == pieces.len() {
                break;
            }
            first += step;
        }
        spans
    }
}

impl fmt::Display for TextChunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document => f.write_str("document"),
            Self::Words { words, overlap: 0 } => write!(f, "words:{words}"),
            Self::Words { words, overlap } => write!(f, "words:{words},overlap:{overlap}"),
            Self::Sentences(n) => write!(f, "sentences:{n}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts<'t>(chunk: &str, text: &'t str) -> Vec<&'t str> {
        let spans = TextChunks::parse(chunk).unwrap().spans(text);
        spans.iter().map(|span| span.of(text).unwrap()).collect()
    }

    #[test]
    fn parts_are_cut_at_words_and_sentences() {
        let text = " one two\r\nthree  four five ";
        assert_eq!(parts("words:2", text), ["one two", "three  four", "five"]);
        assert_eq!(
            parts("words:3,overlap:1", text),
            ["one two\r\nthree", "three  four five"],
            "the last part is not there once more as a part of one that is whole"
        );
        assert_eq!(parts("words:9", text), ["one two\r\nthree  four five"]);
        let text = "It rains. Does it? Yes! 好。是。";
        assert_eq!(parts("sentences:2", text), ["It rains. Does it?", "Yes! 好。", "是。"]);
        assert_eq!(parts("document", text), [text]);
        assert!(parts("words:3", " \n").is_empty() && parts("sentences:1", "").is_empty());
    }

    #[test]
    fn what_is_no_way_to_cut_is_refused() {
        for text in
            ["", "words", "words:0", "words:3,overlap:3", "words:-1", "sentences:0", "pages:2"]
        {
            assert!(TextChunks::parse(text).is_err(), "{text}");
        }
        for text in ["document", "words:1", "words:200,overlap:40", "sentences:5"] {
            assert_eq!(TextChunks::parse(text).unwrap().to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn no_character_is_lost(text in "[a-c .!?\n好🙂é]{0,60}", size in 1..5_usize, less in 1..5_usize) {
            let words = TextChunks::Words { words: size, overlap: size.saturating_sub(less) };
            for chunk in [words, TextChunks::Sentences(size)] {
                let mut seen = vec![false; text.len()];
                for span in chunk.spans(&text) {
                    seen[span.start..span.end].fill(true);
                    prop_assert!(span.of(&text).is_some());
                }
                for (offset, c) in text.char_indices() {
                    prop_assert!(seen[offset] || c.is_whitespace(), "{c:?} at {offset}");
                }
            }
        }
    }
}
