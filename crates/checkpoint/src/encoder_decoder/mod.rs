//! Encoder–decoders: an encoder reads a prompt, a decoder writes a text by it.
//!
//! - [`family`]: every fact in which architectures differ;
//! - [`EncoderDecoderConfig`]: the shape, from `config.json`;
//! - [`RelativeBias`]: attention biases by relative position;
//! - [`layout`]: tensors by what they are for;
//! - [`EncoderDecoderCheckpoint`]: weights, of which every tensor is known.
mod config;
pub mod family;
pub mod layout;
mod relative;

use crate::checkpoint::CONFIG;
use crate::error::CheckpointError;
use crate::source::Sources;
use crate::weights::Weights;

pub use config::{EncoderDecoderConfig, StackConfig};
pub(crate) use family::has_relative_positions;
pub use family::{Positions, is_encoder_decoder};
pub use layout::EncoderDecoderLayout;
pub use relative::RelativeBias;

/// An encoder–decoder's checkpoint, every tensor of which is known and has the shape it must have.
#[derive(Clone, Debug)]
pub struct EncoderDecoderCheckpoint {
    config: EncoderDecoderConfig,
    weights: Weights,
    layout: EncoderDecoderLayout,
}

impl EncoderDecoderCheckpoint {
    /// Reads the headers of a model whose parts have been found.
    ///
    /// # Errors
    /// [`CheckpointError::Adapters`] for an adapter; those of [`EncoderDecoderConfig::read`] and
    /// [`Weights::open`]; [`CheckpointError::Tensors`] lists every tensor that is missing, of no known use,
    /// or of another shape than the configuration says.
    pub fn of(sources: &Sources) -> Result<Self, CheckpointError> {
        sources.check_base()?;
        if let Some((adapter, _)) = sources.adapters().first() {
            let what = "an adapter of an encoder–decoder; expected one of an encoder".to_owned();
            return Err(CheckpointError::Adapters { path: adapter.to_path_buf(), what });
        }
        let config = EncoderDecoderConfig::read(sources.file(CONFIG))?;
        let weights = Weights::open(sources.base())?;
        let layout = EncoderDecoderLayout::find(&config, &weights, sources.folder())?;
        Ok(Self { config, weights, layout })
    }

    /// The shape of the model.
    #[must_use]
    pub fn config(&self) -> &EncoderDecoderConfig {
        &self.config
    }

    /// The tensors.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Names of the tensors.
    #[must_use]
    pub fn layout(&self) -> &EncoderDecoderLayout {
        &self.layout
    }
}
