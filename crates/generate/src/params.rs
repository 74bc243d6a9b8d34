//! Settings of generation.
use cloze_heads::masked::{SampleParams, ValidSampleParams};

use crate::GenerateError;

/// Settings of generation.
#[derive(Clone, Debug)]
#[must_use]
pub struct GenerateParams {
    max_new_tokens: usize,
    min_new_tokens: usize,
    sample: SampleParams,
    seed: u64,
    stop: Vec<String>,
    truncate_left: bool,
    beams: usize,
    length_penalty: f64,
    early_stopping: EarlyStopping,
    no_repeat_ngram: usize,
}

/// Most beams.
const MAX_BEAMS: usize = 256;

/// End of a beam search that has found as many texts as it has beams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EarlyStopping {
    /// It ends where the best running text, by its length so far, is worse than all that were found.
    #[default]
    No,
    /// It ends at once.
    Yes,
    /// It ends where no running text, of whatever length, can be better than one that was found.
    Never,
}

impl Default for GenerateParams {
    fn default() -> Self {
        Self::new()
    }
}

impl GenerateParams {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            max_new_tokens: 128,
            min_new_tokens: 0,
            sample: SampleParams::new(),
            seed: 0,
            stop: vec![],
            truncate_left: false,
            beams: 1,
            length_penalty: 1.0,
            early_stopping: EarlyStopping::No,
            no_repeat_ngram: 0,
        }
    }

    /// Number of texts that a beam search keeps at a time; 1 is none. From 1 to 256; more than one only without
    /// drawing. Default 1.
    pub fn beams(mut self, beams: usize) -> Self {
        self.beams = beams;
        self
    }

    /// Power of a text's length by which a beam search divides its log-probability: above 0 favours long
    /// texts, below 0 short ones. Finite. Default 1.
    pub fn length_penalty(mut self, penalty: f64) -> Self {
        self.length_penalty = penalty;
        self
    }

    /// End of a beam search. Default [`EarlyStopping::No`].
    pub fn early_stopping(mut self, early_stopping: EarlyStopping) -> Self {
        self.early_stopping = early_stopping;
        self
    }

    /// Number of tokens in a row that a text has once; 0 for any. Default 0.
    pub fn no_repeat_ngram(mut self, n: usize) -> Self {
        self.no_repeat_ngram = n;
        self
    }

    /// Most new tokens of a text. At least 1. Default 128. A text also ends where the model's positions
    /// end.
    pub fn max_new_tokens(mut self, tokens: usize) -> Self {
        self.max_new_tokens = tokens;
        self
    }

    /// Fewest new tokens: those that end a text are not drawn before. At most the most. Default 0.
    pub fn min_new_tokens(mut self, tokens: usize) -> Self {
        self.min_new_tokens = tokens;
        self
    }

    /// Settings of drawing tokens. The repetition penalty is for the tokens of the prompt and the new ones.
    /// Default: greedy.
    pub fn sample(mut self, sample: SampleParams) -> Self {
        self.sample = sample;
        self
    }

    /// Random seed, for each text anew: a text is the same alone and among others. Default 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Strings at which a text ends; they are not part of it. None is empty. Default: none.
    pub fn stop(mut self, stop: Vec<String>) -> Self {
        self.stop = stop;
        self
    }

    /// Drops the beginning of prompts that leave no room for the new tokens. Default: they are errors.
    pub fn truncate_left(mut self, truncate: bool) -> Self {
        self.truncate_left = truncate;
        self
    }

    /// Validated settings.
    ///
    /// # Errors
    /// [`GenerateError::Setting`] for what is outside the ranges above, and as [`SampleParams::check`].
    pub fn check(self) -> Result<ValidGenerateParams, GenerateError> {
        let Self { beams, length_penalty, early_stopping, no_repeat_ngram, .. } = self;
        let Self { max_new_tokens, min_new_tokens, sample, seed, stop, truncate_left, .. } = self;
        let wrong = |setting, found: String, expected: String| {
            Err(GenerateError::Setting { setting, found, expected })
        };
        if max_new_tokens == 0 {
            return wrong("max-new-tokens", "0".into(), "at least 1".into());
        }
        if min_new_tokens > max_new_tokens {
            let expected = format!("at most max-new-tokens, {max_new_tokens}");
            return wrong("min-new-tokens", min_new_tokens.to_string(), expected);
        }
        if stop.iter().any(String::is_empty) {
            return wrong("stop", "an empty string".into(), "at least one character".into());
        }
        let sample = sample.check()?;
        if !(1..=MAX_BEAMS).contains(&beams) {
            return wrong("beams", beams.to_string(), format!("1 to {MAX_BEAMS}"));
        }
        if beams > 1 && !sample.is_greedy() {
            return wrong(
                "beams",
                beams.to_string(),
                "1 where tokens are drawn, or temperature 0".into(),
            );
        }
        if !length_penalty.is_finite() {
            return wrong("length-penalty", length_penalty.to_string(), "a finite number".into());
        }
        Ok(ValidGenerateParams {
            max_new_tokens,
            min_new_tokens,
            sample,
            seed,
            stop,
            truncate_left,
            beams,
            length_penalty,
            early_stopping,
            no_repeat_ngram,
        })
    }
}

/// Settings validated by [`GenerateParams::check`].
#[derive(Clone, Debug)]
pub struct ValidGenerateParams {
    pub(crate) max_new_tokens: usize,
    pub(crate) min_new_tokens: usize,
    pub(crate) sample: ValidSampleParams,
    pub(crate) seed: u64,
    pub(crate) stop: Vec<String>,
    pub(crate) truncate_left: bool,
    pub(crate) beams: usize,
    pub(crate) length_penalty: f64,
    pub(crate) early_stopping: EarlyStopping,
    pub(crate) no_repeat_ngram: usize,
}

impl ValidGenerateParams {
    /// Number of texts that a beam search keeps at a time; 1 is none.
    #[must_use]
    pub fn beams(&self) -> usize {
        self.beams
    }
}
