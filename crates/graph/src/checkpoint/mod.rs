//! A Hugging Face checkpoint folder: `config.json` and weights in safetensors, judged before
//! anything is built from them.
pub mod config;
pub(crate) mod layout;
pub mod weights;

use std::path::{Path, PathBuf};

use cloze_store::Existing;

pub use config::{Activation, Classifier, Config, Family};
use layout::{Dense, Layout, Norm};
pub use weights::{StoredType, Weights};

use crate::GraphError;

/// The name of a checkpoint's settings.
const CONFIG: &str = "config.json";

/// What a checkpoint can put on top of its layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// tanh of a matrix times the first token's hidden state, `[batch, hidden]`.
    Pooler,
    /// A logit for each label of each token, `[batch, seq, labels]`.
    Tokens,
    /// A logit for each label of the text, `[batch, labels]`.
    Sequence,
    /// A logit for each word of the vocabulary at each token, `[batch, seq, vocabulary]`.
    MaskedLm,
    /// Whether the second sentence follows the first, `[batch, 2]`: logits of yes and no.
    NextSentence,
}

impl Head {
    /// The word for it in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pooler => "pooler",
            Self::Tokens => "token classification",
            Self::Sequence => "sequence classification",
            Self::MaskedLm => "masked language model",
            Self::NextSentence => "next sentence",
        }
    }
}

/// A part of a model and the learned numbers in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub name: &'static str,
    /// How many numbers.
    pub parameters: u64,
}

/// A checkpoint whose every tensor is known, by what it is for, and has the shape it must have.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    folder: PathBuf,
    config: Config,
    weights: Weights,
    layout: Layout,
}

impl Checkpoint {
    /// Reads `config.json` and the header of the weights in `folder`.
    ///
    /// # Errors
    /// Those of [`Config::read`] and [`Weights::open`]; [`GraphError::Tensors`] lists every tensor
    /// that is missing, of no known use, or of another shape than the configuration says.
    pub fn open(folder: &Path) -> Result<Self, GraphError> {
        let config = Config::read(&folder.join(CONFIG))?;
        let weights = Weights::open(folder)?;
        let layout = Layout::find(&config, &weights, folder)?;
        Ok(Self { folder: folder.to_owned(), config, weights, layout })
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The shape of the encoder.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The tensors.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The heads it has.
    #[must_use]
    pub fn heads(&self) -> Vec<Head> {
        let layout = &self.layout;
        let there = [
            (Head::Pooler, layout.pooler.is_some()),
            (Head::Tokens, layout.tokens.is_some()),
            (Head::Sequence, layout.sequence.is_some()),
            (Head::MaskedLm, layout.masked.is_some()),
            (Head::NextSentence, layout.next_sentence.is_some() && layout.pooler.is_some()),
        ];
        there.into_iter().filter_map(|(head, there)| there.then_some(head)).collect()
    }

    /// The learned numbers, part by part; a tied decoder's are the word table's and counted there.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let config = &self.config;
        let dense = |d: &Dense| d.inputs * d.outputs + d.outputs;
        let norm = |n: &Norm| 2 * n.width;
        let layout = &self.layout;
        let width = config.embedding;
        let mut parts = vec![
            ("word embeddings", config.vocabulary * width),
            ("position embeddings", config.positions * width),
            ("token type embeddings", config.types * width),
            (
                "embedding norm and projection",
                norm(&layout.embedding_norm) + layout.project.as_ref().map_or(0, dense),
            ),
        ];
        let sum = |of: &dyn Fn(&layout::Layer) -> usize| layout.layers.iter().map(of).sum();
        parts.extend([
            (
                "attention",
                sum(&|l| dense(&l.query) + dense(&l.key) + dense(&l.value) + dense(&l.attention)),
            ),
            ("feed-forward", sum(&|l| dense(&l.up) + dense(&l.down))),
            ("layer norms", sum(&|l| norm(&l.attention_norm) + norm(&l.output_norm))),
            ("pooler", layout.pooler.as_ref().map_or(0, dense)),
        ]);
        let tokens = layout.tokens.as_ref().map_or(0, dense);
        let own = layout.sequence.as_ref().map_or(0, |s| {
            // BERT's dense is its pooler, which is counted above.
            let pooled = layout.pooler.as_ref().is_some_and(|p| p.weight == s.dense.weight);
            dense(&s.classifier) + if pooled { 0 } else { dense(&s.dense) }
        });
        let masked = layout.masked.as_ref().map_or(0, |m| {
            let decoder =
                if m.decoder == layout.words { 0 } else { config.vocabulary * m.norm.width };
            dense(&m.dense) + norm(&m.norm) + config.vocabulary + decoder
        });
        parts.extend([
            ("token classifier", tokens),
            ("sequence classifier", own),
            ("language model head", masked),
            ("next sentence head", layout.next_sentence.as_ref().map_or(0, dense)),
        ]);
        let part = |(name, n): (&'static str, usize)| Part { name, parameters: n as u64 };
        let mut parts: Vec<Part> = parts.into_iter().filter(|(_, n)| *n > 0).map(part).collect();
        let other = layout
            .unused
            .iter()
            .flat_map(|head| self.weights.names().filter(move |name| name.starts_with(head)));
        let other = other.filter_map(|name| self.weights.shape(name));
        let other: usize = other.map(|shape| shape.iter().product::<usize>()).sum();
        if other > 0 {
            parts.push(part(("heads of other tasks", other)));
        }
        parts
    }

    /// Writes the same checkpoint with its floats as `to`, in one file.
    ///
    /// # Errors
    /// Those of [`weights::write`].
    pub fn write_weights(
        &self,
        to: StoredType,
        path: &Path,
        existing: Existing,
    ) -> Result<(), GraphError> {
        weights::write(&self.weights, to, path, existing)
    }
}
