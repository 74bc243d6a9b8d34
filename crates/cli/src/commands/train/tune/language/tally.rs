//! What is counted of guesses.
use std::collections::HashMap;

use crate::commands::train::tune::report::language::{LanguageVerdict, Masked, Next};

/// Guesses, sequence by sequence.
#[derive(Default)]
pub(crate) struct Tally {
    sequences: usize,
    masked: Masked,
    loss: f64,
    words: HashMap<u32, usize>,
    next: Next,
}

impl Tally {
    /// Masks of a sequence: what stood there, and of each −ln of its probability and whether no other
    /// word was likelier.
    pub(crate) fn add(&mut self, words: impl Iterator<Item = u32>, guesses: &[(f64, bool)]) {
        self.sequences += 1;
        self.masked.masks += guesses.len();
        self.masked.first += guesses.iter().filter(|(_, first)| *first).count();
        self.loss += guesses.iter().map(|(loss, _)| loss).sum::<f64>();
        for word in words {
            *self.words.entry(word).or_default() += 1;
        }
    }

    /// The probability of a pair that its second text follows, and whether it does.
    pub(crate) fn add_pair(&mut self, found: f64, real: bool) {
        self.next.pairs += 1;
        self.next.real += usize::from(real);
        self.next.right += usize::from((found > 0.5) == real);
    }

    pub(crate) fn verdict(mut self) -> LanguageVerdict {
        self.masked.most_frequent = self.words.values().copied().max().unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
        let mean = self.loss / self.masked.masks.max(1) as f64;
        self.masked.loss = mean;
        LanguageVerdict {
            sequences: self.sequences.max(self.next.pairs),
            masked: Some(self.masked).filter(|masked| masked.masks > 0),
            next: Some(self.next).filter(|next| next.pairs > 0),
        }
    }
}
