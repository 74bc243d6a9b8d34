//! Tags of words, with or without a CRF.
use cloze_core::{Chain, Matrix};

use super::{CrfTask, DenseLayer, TaggedExample, Task, TokenTask};
use crate::encoder::DropoutAt;
use crate::{Hidden, Parameters, TrainingSequence, TuneError};

/// Task of tagging words.
#[derive(Clone, Copy, Debug)]
pub enum TagTask {
    /// Each word by itself.
    Token(TokenTask),
    /// With scores of neighbouring tags (CRF).
    Crf(CrfTask),
}

impl TagTask {
    /// Task with this classifier, one output per tag; with a CRF its scores, all 0, are added.
    ///
    /// # Errors
    /// Errors of [`CrfTask::add`].
    pub fn add(
        parameters: &mut Parameters,
        classifier: DenseLayer,
        crf: bool,
    ) -> Result<Self, TuneError> {
        Ok(if crf {
            Self::Crf(CrfTask::add(parameters, classifier, None)?)
        } else {
            Self::Token(TokenTask::new(classifier))
        })
    }

    /// Transition scores of the tags; `None` without a CRF.
    #[must_use]
    pub fn chain(&self, parameters: &Parameters) -> Option<Chain> {
        match self {
            Self::Token(_) => None,
            Self::Crf(task) => Some(task.chain(parameters)),
        }
    }

    /// Logits of the labelled words, `[words, tags]`.
    ///
    /// # Errors
    /// Errors of [`TokenTask::predict`].
    pub fn predict(
        &self,
        parameters: &Parameters,
        examples: &[&TaggedExample],
        hidden: &Hidden,
    ) -> Result<Matrix, TuneError> {
        match self {
            Self::Token(task) => task.predict(parameters, examples, hidden),
            Self::Crf(task) => task.predict(parameters, examples, hidden),
        }
    }
}

impl Task for TagTask {
    type Example = TaggedExample;

    fn sequences<'e>(&self, example: &'e TaggedExample) -> Vec<&'e TrainingSequence> {
        vec![&example.sequence]
    }

    fn weight(&self, example: &TaggedExample) -> f64 {
        match self {
            Self::Token(task) => task.weight(example),
            Self::Crf(task) => task.weight(example),
        }
    }

    fn loss(
        &self,
        parameters: &mut Parameters,
        examples: &[&TaggedExample],
        hidden: &Hidden,
        dropout: Option<DropoutAt>,
        gradient: Option<(&mut Hidden, f32)>,
    ) -> Result<f64, TuneError> {
        match self {
            Self::Token(task) => task.loss(parameters, examples, hidden, dropout, gradient),
            Self::Crf(task) => task.loss(parameters, examples, hidden, dropout, gradient),
        }
    }
}
