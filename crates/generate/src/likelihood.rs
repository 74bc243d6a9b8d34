//! Probabilities that a decoder gives to a text's own tokens.
use cloze_encoder::decoder::Asked;
use cloze_heads::masked::Logits;

use crate::generator::Generator;
use crate::{GenerateError, GenerateError::EmptyPrompt};

/// A token of a text and its probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TokenLikelihood {
    /// Id.
    pub id: u32,
    /// ln P(token | tokens before it); `None` for the first of a text that no token comes before.
    pub log_probability: Option<f64>,
}

/// A text's tokens and their probabilities.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Likelihood {
    /// In text order.
    pub tokens: Vec<TokenLikelihood>,
}

impl Likelihood {
    /// Sum of the logarithms.
    #[must_use]
    pub fn log_probability(&self) -> f64 {
        self.tokens.iter().filter_map(|token| token.log_probability).sum()
    }

    /// exp(−mean of the logarithms): perplexity per token. NaN where no token has a probability.
    #[must_use]
    pub fn perplexity(&self) -> f64 {
        let counted = self.tokens.iter().filter(|token| token.log_probability.is_some()).count();
        #[expect(clippy::cast_precision_loss, reason = "texts are short")]
        let mean = self.log_probability() / counted as f64;
        (-mean).exp()
    }
}

impl Generator {
    /// Probability of each token of a text given those before it: of the first only where the tokenizer or
    /// the model has a token that begins a text. A text that is longer than the model takes goes through
    /// windows of which each begins `stride` tokens behind the one before; a token has the probability of
    /// the first window that it is in.
    ///
    /// # Errors
    /// [`GenerateError::EmptyPrompt`] for a text without tokens; [`GenerateError::Setting`] for a stride of
    /// 0 or of more than a window; [`GenerateError::Logits`]; [`GenerateError::Encoder`].
    pub fn likelihood(
        &self,
        text: &str,
        stride: Option<usize>,
    ) -> Result<Likelihood, GenerateError> {
        let ids = self.prompt(text)?;
        if ids.is_empty() {
            return Err(EmptyPrompt);
        }
        let window = self.decoder().positions();
        let stride = stride.unwrap_or(window / 2).min(window).max(1);
        let mut tokens: Vec<TokenLikelihood> =
            ids.iter().map(|&id| TokenLikelihood { id, log_probability: None }).collect();
        let (mut start, mut known) = (0, 1);
        loop {
            let end = (start + window).min(ids.len());
            let mut cache = self.decoder().cache(1, end - start)?;
            let mut failed = None;
            cache.append(&[&ids[start..end]], Asked::All, &mut |_, place, logits| {
                let next = start + place + 1;
                if next < known || next >= end {
                    return;
                }
                let found = Logits::new(logits).and_then(|l| l.log_probability(ids[next]));
                match found {
                    Ok(found) => tokens[next].log_probability = Some(found),
                    Err(source) => {
                        failed.get_or_insert(GenerateError::Logits { token: next, source });
                    }
                }
            })?;
            if let Some(error) = failed {
                return Err(error);
            }
            if end == ids.len() {
                return Ok(Likelihood { tokens });
            }
            known = end;
            start += stride;
        }
    }
}
