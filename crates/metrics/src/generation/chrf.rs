//! chrF (Popović, WMT 2015) as sacrebleu 2.6.0 computes it: n-grams of 1 to 6 characters, recall counted
//! twice as much (β = 2), no words.
//!
//! Source: sacrebleu 2.6.0, `metrics/chrf.py`, `metrics/helpers.py`.
use std::collections::HashMap;

use serde::Serialize;

use super::is_space;
use crate::counts::as_f64;

/// Longest n-grams.
const ORDER: usize = 6;
/// β²: recall counts β times as much as precision.
const BETA_SQUARED: f64 = 4.0;

/// Counts of a text, or of several, by the length of n-grams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ChrfStats {
    /// N-grams of the texts.
    pub ngrams: [u64; ORDER],
    /// N-grams of the references.
    pub reference_ngrams: [u64; ORDER],
    /// N-grams of the texts that match.
    pub matches: [u64; ORDER],
}

impl ChrfStats {
    /// Counts of a text against the reference that gives it the highest chrF, the first of equal ones.
    #[must_use]
    pub fn of(text: &str, references: &[&str]) -> Self {
        let text = letters(text);
        let mut best: Option<(f64, Self)> = None;
        for reference in references {
            let stats = Self::against(&text, &letters(reference));
            let score = stats.score();
            if best.is_none_or(|(most, _)| score > most) {
                best = Some((score, stats));
            }
        }
        best.map_or_else(Self::default, |(_, stats)| stats)
    }

    fn against(text: &[char], reference: &[char]) -> Self {
        let mut stats = Self::default();
        for n in 1..=ORDER {
            let (of_text, of_reference) = (counts(text, n), counts(reference, n));
            // As sacrebleu: a text has no n-grams of a length that its reference has none of.
            if !of_reference.is_empty() {
                stats.ngrams[n - 1] = of_text.values().sum();
            }
            stats.reference_ngrams[n - 1] = of_reference.values().sum();
            let matches = of_text.iter().map(|(ngram, count)| {
                of_reference.get(ngram).map_or(0, |reference| *count.min(reference))
            });
            stats.matches[n - 1] = matches.sum();
        }
        stats
    }

    /// Adds those of other texts.
    pub fn merge(&mut self, other: &Self) {
        for n in 0..ORDER {
            self.ngrams[n] += other.ngrams[n];
            self.reference_ngrams[n] += other.reference_ngrams[n];
            self.matches[n] += other.matches[n];
        }
    }

    /// chrF, 0 to 100: of precision and recall, each the mean over the lengths that texts and references
    /// both have.
    #[must_use]
    pub fn score(&self) -> f64 {
        let (mut precision, mut recall, mut lengths) = (0.0, 0.0, 0.0);
        for n in 0..ORDER {
            if self.ngrams[n] > 0 && self.reference_ngrams[n] > 0 {
                precision += as_f64(self.matches[n]) / as_f64(self.ngrams[n]);
                recall += as_f64(self.matches[n]) / as_f64(self.reference_ngrams[n]);
                lengths += 1.0;
            }
        }
        if precision + recall == 0.0 {
            return 0.0;
        }
        let (precision, recall) = (precision / lengths, recall / lengths);
        let both = BETA_SQUARED * precision + recall;
        100.0 * (1.0 + BETA_SQUARED) * precision * recall / both
    }
}

/// Characters of a text but white space.
fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|c| !is_space(*c)).collect()
}

/// N-grams of `n` characters and how many times they occur.
fn counts(text: &[char], n: usize) -> HashMap<&[char], u64> {
    let mut counts = HashMap::new();
    for ngram in text.windows(n) {
        *counts.entry(ngram).or_default() += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "a b" and "abc": of 2 and 3 letters 2 match, of 1 and 2 bigrams 1; the one trigram is the
    /// reference's alone. Precision (1 + 1) / 2 = 1, recall (2/3 + 1/2) / 2 = 7/12; 5 · 7/12 / (4 + 7/12)
    /// = 35/55.
    #[test]
    fn worked_by_hand() {
        let stats = ChrfStats::of("a b", &["abc"]);
        assert_eq!(stats.matches, [2, 1, 0, 0, 0, 0]);
        assert!((stats.score() - 100.0 * 35.0 / 55.0).abs() < 1e-9);
        // The other way round precision and recall change places: 5 · 7/12 / (4 · 7/12 + 1) = 35/40.
        let other = ChrfStats::of("abc", &["xy", "a b"]);
        assert!((other.score() - 100.0 * 35.0 / 40.0).abs() < 1e-9);
        for (text, references) in [("", vec!["a"]), ("a", vec![]), ("a", vec![""])] {
            assert_eq!(ChrfStats::of(text, &references).score().to_bits(), 0.0_f64.to_bits());
        }
    }
}
