//! Counts of guesses.
use std::collections::HashMap;

use cloze_report::tuning::{LanguageFigures, MaskedWordFigures, NextSentenceFigures};

/// Counts of guesses, sequence by sequence.
#[derive(Debug, Default)]
pub struct LanguageTally {
    sequences: usize,
    masked: MaskedWordFigures,
    loss: f64,
    words: HashMap<u32, usize>,
    next: NextSentenceFigures,
}

impl LanguageTally {
    /// Adds the masks of a sequence: the masked words, and of each −ln of its probability and `true` if
    /// no other word was likelier.
    pub fn add(&mut self, words: impl Iterator<Item = u32>, guesses: &[(f64, bool)]) {
        self.sequences += 1;
        self.masked.masks += guesses.len();
        self.masked.first += guesses.iter().filter(|(_, first)| *first).count();
        self.loss += guesses.iter().map(|(loss, _)| loss).sum::<f64>();
        for word in words {
            *self.words.entry(word).or_default() += 1;
        }
    }

    /// Adds a pair: the probability that its second text follows, and `true` if it does.
    pub fn add_pair(&mut self, probability: f64, real: bool) {
        self.next.pairs += 1;
        self.next.real += usize::from(real);
        self.next.right += usize::from((probability > 0.5) == real);
    }

    /// Figures of all guesses.
    #[must_use]
    pub fn figures(mut self) -> LanguageFigures {
        self.masked.most_frequent = self.words.values().copied().max().unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
        let mean = self.loss / self.masked.masks.max(1) as f64;
        self.masked.loss = mean;
        LanguageFigures {
            sequences: self.sequences.max(self.next.pairs),
            masked: Some(self.masked).filter(|masked| masked.masks > 0),
            next: Some(self.next).filter(|next| next.pairs > 0),
        }
    }
}
