//! Multiple-choice questions answered by a causal language model, as in MMLU (Hendrycks et al., ICLR 2021).
//!
//! - [`Question`]: a question with its choices and the right one;
//! - [`QuestionColumns`]: questions in tables and in JSON.
use cloze_checkpoint::ModelFolder;
use cloze_generate::{PromptCache, PromptCounts};
use cloze_metrics::choices::{ChoiceOutcome, ChoiceReport, first_largest, probabilities};
use cloze_store::checksum;
use serde::Serialize;

use super::EvaluateError;
use crate::{Error, Generator};

pub use super::question::{Question, QuestionColumns, QuestionError};

/// Way of scoring the choices of a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChoiceScore {
    /// Log-probability of each choice's letter behind the question and all choices.
    #[default]
    Letter,
    /// Log-probability of each choice's text behind the question alone, per byte of the text: longer ones
    /// are less likely for their length.
    Text,
}

impl ChoiceScore {
    /// Name in outputs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Letter => "letter",
            Self::Text => "text",
        }
    }
}

/// Evaluation on questions, of which the outcomes alone are kept. Each is put behind the solved ones.
#[derive(Debug)]
pub struct ChoiceEvaluation<'g> {
    generator: &'g Generator,
    cache: PromptCache<'g>,
    score: ChoiceScore,
    solved: String,
    shots: usize,
    outcomes: Vec<ChoiceOutcome>,
}

impl<'g> ChoiceEvaluation<'g> {
    /// An evaluation without questions yet. `shots` are solved questions that stand before each.
    #[must_use]
    pub fn new(generator: &'g Generator, score: ChoiceScore, shots: &[Question]) -> Self {
        let solved = |question: &Question| {
            let answer = question.answers(score).swap_remove(question.gold);
            format!("{}{answer}\n\n", question.prompt(score))
        };
        Self {
            generator,
            cache: PromptCache::new(generator),
            score,
            solved: shots.iter().map(solved).collect(),
            shots: shots.len(),
            outcomes: vec![],
        }
    }

    /// Answers a question; what its prompt shares with the last one's is not computed again.
    ///
    /// # Errors
    /// [`Error::Generate`]; the question then does not count. [`Error::is_of_one_text`] tells whether others
    /// may have answers.
    pub fn add(&mut self, question: &Question) -> Result<&ChoiceOutcome, Error> {
        let prompt = format!("{}{}", self.solved, question.prompt(self.score));
        let answers = question.answers(self.score);
        let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        let found = self.generator.continuations(&mut self.cache, &prompt, &answers)?;
        let sums: Vec<f64> = found.iter().map(|found| found.log_probability).collect();
        let scores: Vec<f64> = match self.score {
            ChoiceScore::Letter => sums.clone(),
            ChoiceScore::Text => {
                let per_byte = |(sum, answer): (&f64, &&str)| sum / bytes(answer);
                sums.iter().zip(&answers).map(per_byte).collect()
            }
        };
        let lens: Vec<f64> = question.choices.iter().map(|choice| bytes(choice)).collect();
        self.outcomes.push(ChoiceOutcome {
            gold: question.gold,
            predicted: first_largest(&scores),
            likeliest: first_largest(&sums),
            probabilities: probabilities(&sums),
            longest: first_largest(&lens),
            group: question.subject.clone(),
        });
        Ok(&self.outcomes[self.outcomes.len() - 1])
    }

    /// Number of questions that count.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.outcomes.len()
    }

    /// Tokens of prompts that went through the model, and that were there from the question before.
    #[must_use]
    pub fn counts(&self) -> PromptCounts {
        self.cache.counts()
    }

    /// Accuracy and calibration; `model` is the generator's.
    ///
    /// # Errors
    /// [`EvaluateError::NoRecords`] without a question; [`EvaluateError::Model`] for a model whose files
    /// cannot be read.
    pub fn report(&self, model: &ModelFolder) -> Result<ChoicesReport, EvaluateError> {
        let figures = ChoiceReport::of(&self.outcomes)?.ok_or(EvaluateError::NoRecords)?;
        let tokenizer = checksum::sha256_file(model.tokenizer_path()).map_err(Error::from)?;
        Ok(ChoicesReport {
            model: model.name(),
            model_sha256: model.sha256().map_err(Error::from)?,
            tokenizer_sha256: tokenizer,
            score: self.score,
            shots: self.shots,
            figures,
        })
    }
}

/// Report of an evaluation on questions.
#[derive(Clone, Debug, Serialize)]
pub struct ChoicesReport {
    /// Name of the model.
    pub model: String,
    /// SHA-256 of its weights.
    pub model_sha256: String,
    /// SHA-256 of its tokenizer.
    pub tokenizer_sha256: String,
    /// Way of scoring choices.
    pub score: ChoiceScore,
    /// Solved questions before each.
    pub shots: usize,
    /// Accuracy, baselines and calibration.
    #[serde(flatten)]
    pub figures: ChoiceReport,
}

/// Bytes of a choice, at least one.
#[expect(clippy::cast_precision_loss, reason = "texts are below 2⁵³ bytes")]
fn bytes(text: &str) -> f64 {
    text.trim().len().max(1) as f64
}
