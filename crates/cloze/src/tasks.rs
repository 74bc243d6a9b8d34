//! Uses of a model: by its heads or outputs, with the command for each.
use std::fmt;

use cloze_checkpoint::{Checkpoint, Head, ModelFolder};
use cloze_encoder::EncoderError;
use cloze_encoder::decoder::is_language_model;
use cloze_graph::check::{Dim, ElementType, TensorInfo, open_model};
use serde::Serialize;

use crate::Error;

/// Task that a model may be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Entities of texts.
    Tag,
    /// Labels of texts and pairs.
    Classify,
    /// One score of a pair of texts.
    Rerank,
    /// Numbers of texts, without labels.
    Regression,
    /// Words for masks.
    FillMask,
    /// Whether a second sentence follows the first.
    NextSentence,
    /// Texts behind prompts.
    Generate,
    /// Vectors of texts.
    Embed,
}

impl Task {
    /// Kind of a model for it: `a tagger`.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Tag => "a tagger",
            Self::Classify => "a classifier",
            Self::Rerank => "a classifier of one label",
            Self::Regression => "a regression model",
            Self::FillMask => "a masked language model",
            Self::NextSentence => "a model of next sentences",
            Self::Generate => "a decoder or encoder–decoder",
            Self::Embed => "an encoder",
        }
    }

    /// Command that uses such a model.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Self::Tag => "cloze tag",
            Self::Classify | Self::Regression => "cloze classify",
            Self::Rerank => "cloze rerank",
            Self::FillMask => "cloze fill-mask",
            Self::NextSentence => "cloze next-sentence",
            Self::Generate => "cloze generate",
            Self::Embed => "cloze embed",
        }
    }

    /// Whether a model for it is one for `wanted`, too.
    fn serves(self, wanted: Self) -> bool {
        let labels = [Self::Classify, Self::Rerank, Self::Regression];
        self == wanted || (labels.contains(&self) && labels.contains(&wanted))
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: use `{}`", self.kind(), self.command())
    }
}

/// Tasks of a model, the most particular first: heads, then vectors.
///
/// # Errors
/// [`Error::Checkpoint`] and [`Error::Encoder`] for files that cannot be used.
pub fn tasks(model: &ModelFolder) -> Result<Vec<Task>, Error> {
    if model.is_static() {
        return Ok(vec![Task::Embed]);
    }
    if is_language_model(model)? {
        return Ok(vec![Task::Generate]);
    }
    if !model.has_weights() {
        let info = open_model(model).map_err(EncoderError::from)?.info;
        return Ok(of_outputs(model, &info.outputs));
    }
    let checkpoint = Checkpoint::of(model.sources())?;
    let mut tasks: Vec<Task> = checkpoint
        .heads()
        .into_iter()
        .filter_map(|head| match head {
            Head::Tokens => Some(Task::Tag),
            Head::Sequence => {
                let sequence = checkpoint.layout().sequence.as_ref();
                Some(of_labels(model, sequence.map(|sequence| sequence.classifier.outputs)))
            }
            Head::MaskedLm => Some(Task::FillMask),
            Head::NextSentence => Some(Task::NextSentence),
            Head::Pooler => None,
        })
        .collect();
    tasks.push(Task::Embed);
    Ok(tasks)
}

/// Task of a head for sequences of so many outputs.
fn of_labels(model: &ModelFolder, outputs: Option<usize>) -> Task {
    match outputs {
        _ if model.regression() => Task::Regression,
        Some(1) => Task::Rerank,
        _ => Task::Classify,
    }
}

/// Tasks of a graph with these outputs.
fn of_outputs(model: &ModelFolder, outputs: &[TensorInfo]) -> Vec<Task> {
    let floats = outputs.iter().filter(|tensor| tensor.element == ElementType::Float32);
    let width = |tensor: &TensorInfo| match tensor.shape.last() {
        Some(Dim::Fixed(width)) => usize::try_from(*width).ok(),
        _ => None,
    };
    let mut tasks: Vec<Task> = floats
        .filter_map(|tensor| match (tensor.name.as_str(), tensor.shape.len()) {
            ("last_hidden_state" | "token_embeddings", 3) => Some(Task::Embed),
            ("seq_relationship_logits", 2) => Some(Task::NextSentence),
            ("logits", 2) => Some(of_labels(model, width(tensor))),
            // As wide as the vocabulary, they are words.
            (_, 3) if model.labels().is_empty() && width(tensor) == model.embedding_rows() => {
                Some(Task::FillMask)
            }
            (_, 3) if !model.labels().is_empty() => Some(Task::Tag),
            _ => None,
        })
        .collect();
    tasks.sort_by_key(|task| *task == Task::Embed);
    tasks.dedup();
    tasks
}

/// Error of a model that is opened for `wanted` and is made for something else: with its own task and
/// command, and `error` as the cause. Any other error stays as it is.
pub(crate) fn explain(model: &ModelFolder, wanted: Task, error: Error) -> Error {
    match tasks(model) {
        Ok(tasks) if !tasks.iter().any(|task| task.serves(wanted)) => match tasks.first() {
            Some(task) => Error::WrongTask {
                model: model.name(),
                task: *task,
                wanted,
                source: Box::new(error),
            },
            None => error,
        },
        _ => error,
    }
}

/// Number of layers of an encoder, embeddings not counted.
///
/// # Errors
/// [`Error::WrongTask`] for a model that is no encoder, [`Error::Model`] for one whose `config.json` has no
/// number.
pub(crate) fn layer_count(model: &ModelFolder) -> Result<usize, Error> {
    model.layers().ok_or_else(|| {
        let path = model.folder().join("config.json").to_path_buf();
        let what = "no num_hidden_layers, so layers cannot be counted".into();
        explain(model, Task::Embed, Error::Model { path, what })
    })
}
