//! Generated texts beside references: exact match, BLEU and chrF.
use cloze_checkpoint::ModelFolder;
use cloze_metrics::compare::{BootstrapParams, Interval};
use cloze_metrics::generation::{BleuStats, ChrfStats, normalized};
use cloze_metrics::proportion::wilson_interval;
use cloze_store::checksum;
use serde::Serialize;

use super::EvaluateError;
use crate::Error;

/// Evaluation of generated texts, of which the counts alone are kept.
#[derive(Clone, Debug, Default)]
pub struct GenerationEvaluation {
    outcomes: Vec<GenerationOutcome>,
    tokens: u64,
}

/// A generated text against its references.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GenerationOutcome {
    /// Whether it is one of them, white space at both ends left out.
    pub exact: bool,
    /// Whether it is one of them but for case, punctuation, English articles and white space.
    pub normalized: bool,
    /// Counts of BLEU.
    pub bleu: BleuStats,
    /// Counts of chrF.
    pub chrf: ChrfStats,
}

impl GenerationOutcome {
    /// Compares a text with its references.
    #[must_use]
    pub fn of(text: &str, references: &[&str]) -> Self {
        let own = normalized(text);
        Self {
            exact: references.iter().any(|reference| reference.trim() == text.trim()),
            normalized: references.iter().any(|reference| normalized(reference) == own),
            bleu: BleuStats::of(text, references),
            chrf: ChrfStats::of(text, references),
        }
    }
}

impl GenerationEvaluation {
    /// An evaluation without texts yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a generated text of so many tokens with its references.
    pub fn add(&mut self, text: &str, tokens: usize, references: &[&str]) -> GenerationOutcome {
        let outcome = GenerationOutcome::of(text, references);
        self.outcomes.push(outcome);
        self.tokens += tokens as u64;
        outcome
    }

    /// Number of texts.
    #[must_use]
    pub fn texts(&self) -> usize {
        self.outcomes.len()
    }

    /// Figures of all texts; `model` is the one that they are of. Intervals of BLEU and chrF are those of
    /// the texts resampled.
    ///
    /// # Errors
    /// [`EvaluateError::NoRecords`] without a text; [`EvaluateError::Model`] for a model whose files cannot
    /// be read; [`EvaluateError::Metrics`].
    pub fn report(&self, model: &ModelFolder) -> Result<GenerationReport, EvaluateError> {
        let texts = self.outcomes.len();
        if texts == 0 {
            return Err(EvaluateError::NoRecords);
        }
        let bootstrap = BootstrapParams::new().check()?;
        let bleu = |order: &[usize]| {
            let mut sum = BleuStats::default();
            for &i in order {
                sum.merge(&self.outcomes[i].bleu);
            }
            sum.score()
        };
        let chrf = |order: &[usize]| {
            let mut sum = ChrfStats::default();
            for &i in order {
                sum.merge(&self.outcomes[i].chrf);
            }
            sum.score()
        };
        let share = |is: fn(&GenerationOutcome) -> bool| {
            MatchShare::of(self.outcomes.iter().filter(|outcome| is(outcome)).count(), texts)
        };
        let tokenizer = checksum::sha256_file(model.tokenizer_path()).map_err(Error::from)?;
        Ok(GenerationReport {
            model: model.name(),
            model_sha256: model.sha256().map_err(Error::from)?,
            tokenizer_sha256: tokenizer,
            texts,
            tokens: self.tokens,
            exact: share(|outcome| outcome.exact),
            normalized: share(|outcome| outcome.normalized),
            bleu: bootstrap.interval(texts, bleu)?,
            chrf: bootstrap.interval(texts, chrf)?,
        })
    }
}

/// Share of texts that match.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MatchShare {
    /// Number of texts that match.
    pub matches: usize,
    /// Share of all.
    pub share: f64,
    /// Wilson's interval of 95 %.
    pub interval: (f64, f64),
}

impl MatchShare {
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    fn of(matches: usize, texts: usize) -> Self {
        let interval = wilson_interval(matches as u64, texts as u64).unwrap_or((0.0, 1.0));
        Self { matches, share: matches as f64 / texts as f64, interval }
    }
}

/// Report on generated texts.
#[derive(Clone, Debug, Serialize)]
pub struct GenerationReport {
    /// Name of the model.
    pub model: String,
    /// SHA-256 of its weights.
    pub model_sha256: String,
    /// SHA-256 of its tokenizer.
    pub tokenizer_sha256: String,
    /// Number of texts.
    pub texts: usize,
    /// Their new tokens.
    pub tokens: u64,
    /// Texts that are one of their references.
    pub exact: MatchShare,
    /// Texts that are but for case, punctuation, English articles and white space.
    pub normalized: MatchShare,
    /// BLEU of sacrebleu, 0 to 100: tokenizer `13a`, exponential smoothing.
    pub bleu: Interval,
    /// chrF of sacrebleu, 0 to 100: 6 characters, no words, β 2.
    pub chrf: Interval,
}
