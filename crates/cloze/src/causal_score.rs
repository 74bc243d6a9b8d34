//! Likelihood of texts to a causal language model, and what it shares with that to a masked one.
use std::fmt::Debug;

use cloze_heads::score::{Masking, Sums};
use serde::{Deserialize, Serialize};

use crate::score::UNKNOWN;
use crate::{Error, Generator, ScoredToken, Scorer, TextScore};

/// Tokens of a batch, padding included, by default.
const BATCH_TOKENS: usize = 512;

/// Way in which a model scores texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ScoreMethod {
    /// Each token given all others: pseudo-log-likelihood, by a masked language model.
    Masked {
        /// Other tokens masked while a token is scored.
        masking: Masking,
    },
    /// Each token given those before it: log-likelihood, by a causal language model.
    Causal {
        /// Tokens between the beginnings of two windows of a text that is longer than the model takes.
        stride: usize,
        /// Tokens of a window.
        window: usize,
        /// Token that first tokens of texts are scored behind; `None` where they are not scored.
        start_token: Option<String>,
    },
}

impl ScoreMethod {
    /// Name of the sum of log-probabilities.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Masked { .. } => "pseudo-log-likelihood",
            Self::Causal { .. } => "log-likelihood",
        }
    }
}

/// A language model that scores texts.
pub trait TextScorer: Debug + Send + Sync {
    /// The score of each text, which does not depend, bit for bit, on the texts beside it.
    ///
    /// # Errors
    /// Errors of one text and of all, told apart by [`Error::is_of_one_text`]. Then no text has a score.
    fn score(&self, texts: &[&str]) -> Result<Vec<TextScore>, Error>;

    /// Way in which texts are scored.
    fn method(&self) -> ScoreMethod;

    /// A token as the vocabulary has it.
    fn piece(&self, id: u32) -> Option<String>;
}

impl TextScorer for Scorer {
    fn score(&self, texts: &[&str]) -> Result<Vec<TextScore>, Error> {
        Self::score(self, texts)
    }

    fn method(&self) -> ScoreMethod {
        ScoreMethod::Masked { masking: self.masking() }
    }

    fn piece(&self, id: u32) -> Option<String> {
        self.model().encoder().token(id)
    }
}

/// Scores texts with a causal language model: each token given those before it.
///
/// A text's first token is scored behind the token that begins texts, and not at all where the model has
/// none: [`Sums::unscored`] counts those. A text that is longer than the model takes goes through windows,
/// and each of its tokens is scored once.
///
/// ```
/// # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../testkit/decoders");
/// # std::env::set_current_dir(models).unwrap();
/// use cloze::{CausalScorer, Generator};
///
/// let scorer = CausalScorer::new(Generator::open("./gpt2")?)?;
/// let scores = scorer.score(&["The lamp on the quay", "The quay on the lamp"])?;
/// let perplexity = scores[0].sums.per_byte().unwrap();
/// assert!(perplexity > 1.0);
/// # Ok::<(), cloze::Error>(())
/// ```
#[derive(Debug)]
pub struct CausalScorer {
    generator: Generator,
    stride: usize,
    batch_tokens: usize,
    start: Option<u32>,
    unknown: Option<u32>,
}

impl CausalScorer {
    /// A scorer with windows that overlap by half.
    ///
    /// # Errors
    /// [`Error::Generate`] where the tokenizer fails.
    pub fn new(generator: Generator) -> Result<Self, Error> {
        let start = generator.start_token()?;
        let unknown = UNKNOWN.iter().find_map(|name| generator.decoder().id(name));
        let stride = generator.stride(None)?;
        Ok(Self { generator, stride, batch_tokens: BATCH_TOKENS, start, unknown })
    }

    /// Tokens between the beginnings of two windows: 1 to the positions less one. Fewer give each token more
    /// context, and take more time. Default: half of the positions.
    ///
    /// # Errors
    /// [`Error::Generate`] for a stride outside the range.
    pub fn stride(mut self, stride: impl Into<Option<usize>>) -> Result<Self, Error> {
        self.stride = self.generator.stride(stride.into())?;
        Ok(self)
    }

    /// Most tokens of a batch, padding included; a text that is longer has a batch of its own. Default
    /// `512`.
    #[must_use]
    pub fn batch_tokens(mut self, tokens: usize) -> Self {
        self.batch_tokens = tokens;
        self
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Generator {
        &self.generator
    }

    /// The score of each text.
    ///
    /// # Errors
    /// [`Error::Generate`] for a text that the tokenizer fails on, and where the model gives no numbers.
    /// Then no text has a score.
    pub fn score(&self, texts: &[&str]) -> Result<Vec<TextScore>, Error> {
        let likelihoods =
            self.generator.likelihoods(texts, Some(self.stride), self.batch_tokens)?;
        let mut scores = Vec::with_capacity(texts.len());
        for (text, likelihood) in texts.iter().zip(likelihoods) {
            let likelihood = likelihood?;
            // Bytes and words of tokens that are not scored do not count.
            let first = likelihood.tokens.iter().find(|token| token.log_probability.is_some());
            let unscored = likelihood.tokens.len() - likelihood.scored();
            let start = match first {
                Some(first) if unscored > 0 => first.span.start,
                None if unscored > 0 => text.len(),
                _ => 0,
            };
            let mut sums = Sums::of_text(text.get(start..).unwrap_or_default());
            sums.unscored = unscored as u64;
            let mut tokens = Vec::with_capacity(likelihood.tokens.len());
            for token in &likelihood.tokens {
                if let Some(log_probability) = token.log_probability {
                    sums.add_token(log_probability, self.unknown == Some(token.id));
                    tokens.push(ScoredToken { id: token.id, span: token.span, log_probability });
                }
            }
            scores.push(TextScore { tokens, sums, windows: likelihood.windows });
        }
        Ok(scores)
    }
}

impl TextScorer for CausalScorer {
    fn score(&self, texts: &[&str]) -> Result<Vec<TextScore>, Error> {
        Self::score(self, texts)
    }

    fn method(&self) -> ScoreMethod {
        ScoreMethod::Causal {
            stride: self.stride,
            window: self.generator.decoder().positions(),
            start_token: self.start.and_then(|id| self.piece(id)),
        }
    }

    fn piece(&self, id: u32) -> Option<String> {
        self.generator.decoder().piece(id)
    }
}
