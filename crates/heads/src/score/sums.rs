//! Sums of log-probabilities, over a text and over a corpus.
use serde::{Deserialize, Serialize};

/// Scored texts, counted together. Those of two parts can be [put together](Self::merge).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    /// Number of texts.
    pub texts: u64,
    /// Their tokens, special ones not among them.
    pub tokens: u64,
    /// Their words: what stands between white space, whatever tokenizer cuts them.
    pub words: u64,
    /// Their bytes of UTF-8; 0 in sums that were saved before bytes were counted.
    #[serde(default)]
    pub bytes: u64,
    /// Number of tokens without a probability: first tokens of texts that nothing comes before, for a
    /// causal model. They, and their bytes and words, are not counted among the others.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unscored: u64,
    /// Number of tokens that stand for words the vocabulary does not have. The words themselves are
    /// not scored: too many of them flatter a perplexity.
    pub unknown: u64,
    /// The sum of the tokens' log-probabilities: the log-likelihood of a causal model, the
    /// pseudo-log-likelihood of a masked one.
    pub log_probability: f64,
}

impl Sums {
    /// Empty sums for `text`: none of its tokens is counted yet.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        let (words, bytes) = (text.split_whitespace().count() as u64, text.len() as u64);
        Self { texts: 1, words, bytes, ..Self::default() }
    }

    /// Adds a token.
    pub fn add_token(&mut self, log_probability: f64, unknown: bool) {
        self.tokens += 1;
        self.unknown += u64::from(unknown);
        self.log_probability += log_probability;
    }

    /// Adds those of other texts.
    pub fn merge(&mut self, other: &Self) {
        self.texts += other.texts;
        self.tokens += other.tokens;
        self.words += other.words;
        self.bytes += other.bytes;
        self.unscored += other.unscored;
        self.unknown += other.unknown;
        self.log_probability += other.log_probability;
    }

    /// exp(−log-probability / tokens): the perplexity of a causal model, and of a masked one the
    /// pseudo-perplexity of Salazar et al., ACL 2020, section 2.2. Two are comparable where one tokenizer cut both. `None` without a token.
    #[must_use]
    pub fn per_token(&self) -> Option<f64> {
        self.over(self.tokens)
    }

    /// The same over words, as Salazar et al. do for models of different vocabularies. `None` without a
    /// word.
    #[must_use]
    pub fn per_word(&self) -> Option<f64> {
        self.over(self.words)
    }

    /// The same over bytes. `None` without a byte.
    #[must_use]
    pub fn per_byte(&self) -> Option<f64> {
        self.over(self.bytes)
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    fn over(&self, n: u64) -> Option<f64> {
        (n > 0).then(|| (-self.log_probability / n as f64).exp())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tokens of ½, ¼ and ⅛ are e^(−6 ln 2): over three tokens 2² = 4, over two words 2³ = 8.
    #[test]
    fn perplexities_worked_by_hand() {
        let mut sums = Sums::of_text(" two\u{a0}words\n");
        for (probability, unknown) in [(0.5_f64, false), (0.25, true), (0.125, false)] {
            sums.add_token(probability.ln(), unknown);
        }
        assert_eq!((sums.texts, sums.tokens, sums.words, sums.unknown), (1, 3, 2, 1));
        assert!((sums.per_token().unwrap() - 4.0).abs() < 1e-12);
        assert!((sums.per_word().unwrap() - 8.0).abs() < 1e-12);
        // " two\u{a0}words\n" are 12 bytes: 2^(6/12).
        assert!((sums.per_byte().unwrap() - 2.0_f64.sqrt()).abs() < 1e-12);
        // A second text of one word and one certain token: 6 ln 2 over four tokens, and three words.
        let mut other = Sums::of_text("é");
        other.add_token(0.0, false);
        sums.merge(&other);
        assert_eq!((sums.texts, sums.tokens, sums.words), (2, 4, 3));
        assert!((sums.per_token().unwrap() - 2.0_f64.powf(1.5)).abs() < 1e-12);
        assert!((sums.per_word().unwrap() - 4.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_has_no_perplexity() {
        let sums = Sums::of_text("");
        assert_eq!((sums.per_token(), sums.per_word(), sums.per_byte()), (None, None, None));
    }
}
