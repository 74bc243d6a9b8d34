//! BLEU (Papineni et al., ACL 2002) as sacrebleu 2.6.0 computes it: tokenizer `13a`, exponential smoothing.
//!
//! Source: sacrebleu 2.6.0, `metrics/bleu.py`, `tokenizers/tokenizer_13a.py`, `tokenizers/tokenizer_re.py`.
use std::collections::HashMap;

use serde::Serialize;

use super::is_space;
use crate::counts::as_f64;

/// Longest n-grams.
const ORDER: usize = 4;
/// Logarithm of a precision of 0, as sacrebleu has it.
const LOG_OF_ZERO: f64 = -9_999_999_999.0;

/// Counts of a text, or of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BleuStats {
    /// Words of the texts.
    pub words: u64,
    /// Words of the references that are nearest to these in length.
    pub reference_words: u64,
    /// Matching n-grams of 1 to 4 words.
    pub matches: [u64; ORDER],
    /// All n-grams of the texts.
    pub ngrams: [u64; ORDER],
}

impl BleuStats {
    /// Counts of a text against its references. Without a reference nothing matches.
    #[must_use]
    pub fn of(text: &str, references: &[&str]) -> Self {
        let text = tokenize(text);
        let references: Vec<Vec<String>> = references.iter().map(|text| tokenize(text)).collect();
        let nearest = references.iter().map(Vec::len);
        let nearest = nearest.min_by_key(|len| (len.abs_diff(text.len()), *len)).unwrap_or(0);
        let mut stats =
            Self { words: text.len() as u64, reference_words: nearest as u64, ..Self::default() };
        for n in 1..=ORDER {
            let mut most: HashMap<&[String], u64> = HashMap::new();
            for reference in &references {
                for (ngram, count) in counts(reference, n) {
                    let known = most.entry(ngram).or_default();
                    *known = count.max(*known);
                }
            }
            for (ngram, count) in counts(&text, n) {
                stats.ngrams[n - 1] += count;
                stats.matches[n - 1] += count.min(most.get(ngram).copied().unwrap_or(0));
            }
        }
        stats
    }

    /// Adds those of other texts.
    pub fn merge(&mut self, other: &Self) {
        self.words += other.words;
        self.reference_words += other.reference_words;
        for n in 0..ORDER {
            self.matches[n] += other.matches[n];
            self.ngrams[n] += other.ngrams[n];
        }
    }

    /// BLEU, 0 to 100. 0 where no word matches.
    #[must_use]
    pub fn score(&self) -> f64 {
        if self.matches == [0; ORDER] {
            return 0.0;
        }
        let mut precisions = [0.0; ORDER];
        let mut smoothing = 1.0;
        for (n, precision) in precisions.iter_mut().enumerate() {
            let ngrams = as_f64(self.ngrams[n]);
            if self.ngrams[n] == 0 {
                break;
            }
            *precision = if self.matches[n] == 0 {
                smoothing *= 2.0;
                100.0 / (smoothing * ngrams)
            } else {
                100.0 * as_f64(self.matches[n]) / ngrams
            };
        }
        let log = |p: &f64| if *p == 0.0 { LOG_OF_ZERO } else { p.ln() };
        let mean = precisions.iter().map(log).sum::<f64>() / as_f64(ORDER as u64);
        let (words, reference) = (as_f64(self.words), as_f64(self.reference_words));
        let brevity = if words < reference { (1.0 - reference / words).exp() } else { 1.0 };
        brevity * mean.exp()
    }
}

/// N-grams of `n` words and how many times they occur.
fn counts(words: &[String], n: usize) -> HashMap<&[String], u64> {
    let mut counts = HashMap::new();
    for ngram in words.windows(n) {
        *counts.entry(ngram).or_default() += 1;
    }
    counts
}

/// Words of a text by the tokenizer `13a` of WMT (mteval-v13a).
fn tokenize(text: &str) -> Vec<String> {
    let text = text.trim_end_matches(is_space);
    let mut text = text.replace("<skipped>", "").replace("-\n", "").replace('\n', " ");
    if text.contains('&') {
        for (entity, mark) in [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
            text = text.replace(entity, mark);
        }
    }
    let mut apart = String::with_capacity(text.len() * 2);
    apart.push(' ');
    for c in text.chars() {
        if is_mark(c) {
            apart.extend([' ', c, ' ']);
        } else {
            apart.push(c);
        }
    }
    apart.push(' ');
    let is_stop = |c: char| matches!(c, '.' | ',');
    let is_digit = |c: char| c.is_ascii_digit();
    // A full stop or comma stays in a number, a hyphen is taken from its end.
    let apart = pairs(&apart, |a, b| !is_digit(a) && is_stop(b), |a, b| [a, ' ', b, ' ']);
    let apart = pairs(&apart, |a, b| is_stop(a) && !is_digit(b), |a, b| [' ', a, ' ', b]);
    let apart = pairs(&apart, |a, b| is_digit(a) && b == '-', |a, b| [a, ' ', b, ' ']);
    apart.split(is_space).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Marks that are words of their own: of ASCII all but `'`, `,`, `-` and `.`.
fn is_mark(c: char) -> bool {
    matches!(c, '{'..='~' | '['..='`' | ' '..='&' | '('..='+' | ':'..='@' | '/')
}

/// Replaces the pairs of characters that `is_pair`, from left to right, each character in one at most.
fn pairs(
    text: &str,
    is_pair: impl Fn(char, char) -> bool,
    replacement: impl Fn(char, char) -> [char; 4],
) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let mut chars = text.chars().peekable();
    while let Some(first) = chars.next() {
        match chars.next_if(|&second| is_pair(first, second)) {
            Some(second) => out.extend(replacement(first, second)),
            None => out.push(first),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_13a() {
        for (text, expected) in [
            ("Hello, world!", "Hello , world !"),
            ("It cost $3,000.50 (net).", "It cost $ 3,000.50 ( net ) ."),
            ("a 1990-95 well-known", "a 1990 - 95 well-known"),
            ("Wait.. what", "Wait . . what"),
            ("&quot;A&amp;B&quot;", "\" A & B \""),
            ("don't\nstop", "don't stop"),
            ("", ""),
        ] {
            assert_eq!(tokenize(text).join(" "), expected, "{text:?}");
        }
    }

    /// `the the the` has three unigrams; two of them are in "the cat the", no bigram of two is. Of the
    /// three unigrams 2 match, of two bigrams 0, of one trigram 0, of no 4-gram: precision 0, and so BLEU.
    #[test]
    fn counts_are_clipped() {
        let stats = BleuStats::of("the the the", &["the cat the"]);
        assert_eq!((stats.matches, stats.ngrams), ([2, 0, 0, 0], [3, 2, 1, 0]));
        assert!(stats.score() < 1e-300);
        // The reference nearer in length counts, the shorter of two.
        let stats = BleuStats::of("a b c", &["a b", "a b c d", "a"]);
        assert_eq!(stats.reference_words, 2);
        assert_eq!(BleuStats::of("", &["a"]).score().to_bits(), 0.0_f64.to_bits());
        assert_eq!(BleuStats::of("a", &[]).score().to_bits(), 0.0_f64.to_bits());
    }
}
