//! Each word by itself, or tags as neighbours, too.
use cloze_core::{Chain, Matrix};
use cloze_tune::encoder::DropoutAt;
use cloze_tune::random::derive;
use cloze_tune::task::{CrfTask, Dense, TaggedExample, TokenTask};
use cloze_tune::{Hidden, Parameters, Sequence, Task, TuneError};

/// The part of the seed that a new classifier is drawn by.
const CLASSIFIER: u64 = 0x0063_6c61_7373;

/// What tags are learned by.
#[derive(Clone, Copy, Debug)]
pub(super) enum TagTask {
    Token(TokenTask),
    Crf(CrfTask),
}

impl TagTask {
    /// With a new classifier.
    pub(super) fn add(
        parameters: &mut Parameters,
        hidden: usize,
        tags: usize,
        seed: u64,
        crf: bool,
    ) -> Result<Self, TuneError> {
        let seed = derive(seed, CLASSIFIER);
        let classifier = Dense::drawn(parameters, "classifier", hidden, tags, seed)?;
        Ok(if crf {
            Self::Crf(CrfTask::add(parameters, classifier, None)?)
        } else {
            Self::Token(TokenTask::new(classifier))
        })
    }

    /// What was learned of tags as neighbours.
    pub(super) fn chain(&self, parameters: &Parameters) -> Option<Chain> {
        match self {
            Self::Token(_) => None,
            Self::Crf(task) => Some(task.chain(parameters)),
        }
    }

    pub(super) fn predict(
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

    fn sequences<'e>(&self, example: &'e TaggedExample) -> Vec<&'e Sequence> {
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
