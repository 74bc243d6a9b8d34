//! One word in several texts: its vectors in context, and without.
use cloze_core::Span;
use cloze_embed::{CorrectedSimilarity, Level};
use unicode_normalization::UnicodeNormalization as _;

use super::{ComparableVectors, SimilarityMeasure, compare};
use crate::{Error, SentenceEncoder};

/// Text with its occurrences of a word.
#[derive(Clone, Debug)]
pub struct WordText {
    /// Vector of the text.
    pub sentence: ComparableVectors,
    /// Occurrences of the word in order; empty for a text without the word.
    pub occurrences: Vec<WordVectors>,
}

/// Occurrence of a word.
#[derive(Clone, Debug)]
pub struct WordVectors {
    /// Bytes of the word.
    pub span: Span,
    /// Vector without context.
    pub statics: Vec<f32>,
    /// Vector in context.
    pub contextual: ComparableVectors,
}

/// Similarities of two occurrences of a word.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WordSimilarity {
    /// Similarity of the vectors without context.
    pub statics: f64,
    /// Similarity of the vectors in context.
    pub contextual: CorrectedSimilarity,
    /// Similarity of the texts.
    pub sentence: CorrectedSimilarity,
}

impl SimilarityMeasure {
    /// Finds a word, [`folded`], in each text and encodes it in context and, by `statics`, without.
    /// `statics` has the same tokenizer.
    ///
    /// # Errors
    /// As [`vectors`](Self::vectors).
    pub fn words(
        &self,
        statics: &SentenceEncoder,
        word: &str,
        texts: &[&str],
    ) -> Result<Vec<WordText>, Error> {
        let sentences = self.vectors(texts)?;
        let contextual = self.encoder.pieces(texts, Level::Word, false)?;
        let alone = statics.pieces(texts, Level::Word, false)?;
        let mut word_texts = vec![];
        for (i, sentence) in sentences.into_iter().enumerate() {
            let both = contextual[i].vectors.iter().zip(alone[i].vectors.iter());
            let mut occurrences = vec![];
            for (piece, (contextual, alone)) in contextual[i].pieces.iter().zip(both) {
                if folded(piece.span.of(texts[i]).unwrap_or("")) != word {
                    continue;
                }
                occurrences.push(WordVectors {
                    span: piece.span,
                    statics: statics.finish_with(None, alone.to_vec(), Level::Word)?,
                    contextual: self.finish(contextual.to_vec(), Level::Word)?,
                });
            }
            word_texts.push(WordText { sentence, occurrences });
        }
        Ok(word_texts)
    }

    /// Compares two occurrences, each with the vector of its text.
    ///
    /// # Errors
    /// As [`similarity`](Self::similarity).
    pub fn word_similarity(
        &self,
        [a, b]: [&WordVectors; 2],
        [a_text, b_text]: [&ComparableVectors; 2],
    ) -> Result<WordSimilarity, Error> {
        Ok(WordSimilarity {
            statics: compare(self.metric, &a.statics, &b.statics)?,
            contextual: self.similarity(&a.contextual, &b.contextual)?,
            sentence: self.similarity(a_text, b_text)?,
        })
    }
}

/// Returns a word in the form that words are compared in: composed (NFC), in lower case.
#[must_use]
pub fn folded(word: &str) -> String {
    let lower = word.nfc().collect::<String>().to_lowercase();
    // Lower case may be written in two characters again: İ.
    lower.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_whatever_their_case_and_composition() {
        assert_eq!(folded("E\u{301}COLE"), folded("école"));
        assert_eq!(folded("BANK"), "bank");
        assert_ne!(folded("bank"), folded("banks"));
        assert_ne!(folded("cote"), folded("côte"));
    }
}
