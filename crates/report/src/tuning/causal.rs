//! Figures of next tokens.
use serde::Serialize;

use super::Figures;
use crate::text::shown;

/// Figures of a causal language model: its loss over all tokens of texts, the end of each text included.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CausalFigures {
    /// Number of texts.
    pub texts: usize,
    /// Number of predicted tokens.
    pub tokens: usize,
    /// Length of the texts in bytes.
    pub bytes: usize,
    /// Mean of −ln of the probability of a token.
    pub loss: f64,
}

impl CausalFigures {
    /// Returns e to the power of the mean loss of a token.
    #[must_use]
    pub fn perplexity(&self) -> f64 {
        self.loss.exp()
    }

    /// Returns the loss of a byte of text: unlike that of a token, it compares across vocabularies.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    pub fn byte_loss(&self) -> f64 {
        self.loss * self.tokens as f64 / self.bytes.max(1) as f64
    }

    /// Returns e to the power of the loss of a byte.
    #[must_use]
    pub fn byte_perplexity(&self) -> f64 {
        self.byte_loss().exp()
    }

    /// Returns the geometric mean of the probabilities of the tokens, 1 / perplexity.
    #[must_use]
    pub fn token_probability(&self) -> f64 {
        (-self.loss).exp()
    }
}

impl Figures for CausalFigures {
    const METRIC: &'static str = "token probability";
    const PIPELINE: &'static str = "text-generation";
    const METRICS: &'static [&'static str] = &["perplexity"];

    fn note(&self) -> String {
        format!("{} tokens, {} bytes in {} texts", self.tokens, self.bytes, self.texts)
    }

    fn head(&self) -> Vec<&'static str> {
        vec!["figure", "value"]
    }

    fn rows(&self) -> Vec<Vec<String>> {
        let value = |name: &str, value: f64| vec![name.to_owned(), shown(value)];
        vec![
            value("loss", self.loss),
            value("perplexity per token", self.perplexity()),
            value("perplexity per byte", self.byte_perplexity()),
            value("bits per byte", self.byte_loss() / std::f64::consts::LN_2),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four tokens of loss ln 4 in 8 bytes: perplexity 4 a token; of a byte ln 4 · 4 / 8 = ln 2, so 2, and
    /// 1 bit.
    #[test]
    fn a_byte_has_its_share_of_the_loss() {
        let figures = CausalFigures { texts: 1, tokens: 4, bytes: 8, loss: 4_f64.ln() };
        assert!((figures.perplexity() - 4.0).abs() < 1e-12);
        assert!((figures.byte_perplexity() - 2.0).abs() < 1e-12);
        assert!((figures.token_probability() - 0.25).abs() < 1e-12);
        assert_eq!(figures.rows()[3][0], "bits per byte");
        let none = CausalFigures::default();
        assert!(none.byte_perplexity().is_finite());
    }
}
