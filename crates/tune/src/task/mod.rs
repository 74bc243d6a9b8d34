//! From hidden states to a loss, and its gradient.
//!
//! - [`TokenTask`]: a label for each word, [`CrfTask`]: with a score for neighbouring labels,
//!   [`TagTask`]: one of both;
//! - [`SequenceTask`]: labels for a text or a pair;
//! - [`MaskedTask`]: masked words, and whether a text follows another;
//! - [`RankingTask`]: vectors, near to those of texts that belong together, [`CosineTask`]: as near
//!   as somebody says.
mod activation;
mod cosine;
mod crf;
mod dense;
mod dropout;
mod entropy;
mod masked;
mod pool;
mod ranking;
mod rows;
mod sequence;
mod tag;
mod tagged;
mod tokens;

pub use cosine::{CosineTask, ScoredExample};
pub use crf::CrfTask;
pub use dense::DenseLayer;
pub use masked::{
    MaskGuess, MaskParams, MaskedExample, MaskedLmHead, MaskedTask, NextHead, Part, ValidMaskParams,
};
pub use pool::TaskPooling;
pub use ranking::{RankedExample, RankingParams, RankingTask};
pub use sequence::{LabelledExample, SequenceParams, SequenceTask, stems};
pub use tag::TagTask;
pub use tagged::TaggedExample;
pub use tokens::TokenTask;

use crate::encoder::DropoutAt;
use crate::{Hidden, Parameters, TrainingSequence, TuneError};

/// Task to train: the loss and its gradient. The task's own parameters (a classifier) lie among
/// [`Parameters`]; it keeps their [`Id`](crate::Id)s from when it was made.
pub trait Task: Sync {
    /// A labelled text, or pair of texts.
    type Example: Sync;

    /// Sequences of an example for the encoder, in order: one, or one for each text.
    fn sequences<'e>(&self, example: &'e Self::Example) -> Vec<&'e TrainingSequence>;

    /// Weight of the example: its number of labelled tokens, or 1. A step's loss is the sum of its
    /// examples' losses divided by the sum of their weights.
    fn weight(&self, example: &Self::Example) -> f64;

    /// Draws the training input in place of an example, anew by `seed` each time that it is seen;
    /// it must be as long, and have the same weight. The default, `None`, is the example itself.
    fn draw(&self, _example: &Self::Example, _seed: u64) -> Option<Self::Example> {
        None
    }

    /// The loss of `examples`, summed. `hidden` has their sequences, in order.
    ///
    /// With `gradient`, of the same shape and zero, also adds `scale` times the gradient of that sum:
    /// with respect to `hidden` to `gradient`, with respect to the task's parameters to theirs.
    /// `dropout` says where the task's own dropout stands (none in evaluation).
    ///
    /// # Errors
    /// [`TuneError::Sequence`] for an example whose labels do not go with its sequence.
    fn loss(
        &self,
        parameters: &mut Parameters,
        examples: &[&Self::Example],
        hidden: &Hidden,
        dropout: Option<DropoutAt>,
        gradient: Option<(&mut Hidden, f32)>,
    ) -> Result<f64, TuneError>;
}
