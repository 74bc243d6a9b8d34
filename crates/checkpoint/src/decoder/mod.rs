//! Decoders: language models that predict the next token from those before it.
//!
//! - [`family`]: every fact in which architectures differ;
//! - [`DecoderConfig`]: the shape, from `config.json`;
//! - [`Rotary`]: angles of rotary positions;
//! - [`layout`]: tensors by what they are for;
//! - [`DecoderCheckpoint`]: weights, of which every tensor is known, and the learned numbers of its parts.
mod config;
pub mod family;
pub mod layout;
mod parts;
mod rotary;

use cloze_store::Location;

use crate::checkpoint::CONFIG;
use crate::error::CheckpointError;
use crate::source::Sources;
use crate::weights::Weights;

pub(crate) use config::end_ids;
pub use config::{DecoderConfig, is_decoder};
pub use layout::DecoderLayout;
pub use rotary::{Rotary, Scaling};

/// A decoder's checkpoint, every tensor of which is known and has the shape it must have.
#[derive(Clone, Debug)]
pub struct DecoderCheckpoint {
    folder: Location,
    config: DecoderConfig,
    weights: Weights,
    layout: DecoderLayout,
}

impl DecoderCheckpoint {
    /// Reads the headers of a model whose parts have been found.
    ///
    /// # Errors
    /// [`CheckpointError::Adapters`] for an adapter; those of [`DecoderConfig::read`] and [`Weights::open`];
    /// [`CheckpointError::Tensors`] lists every tensor that is missing, of no known use, or of another shape
    /// than the configuration says.
    pub fn of(sources: &Sources) -> Result<Self, CheckpointError> {
        sources.check_base()?;
        let folder = sources.folder();
        if let Some((adapter, _)) = sources.adapters().first() {
            let what = "an adapter of a decoder; expected one of an encoder".to_owned();
            return Err(CheckpointError::Adapters { path: adapter.to_path_buf(), what });
        }
        let config = DecoderConfig::read(sources.file(CONFIG))?;
        let weights = Weights::open(sources.base())?;
        let layout = DecoderLayout::find(&config, &weights, folder)?;
        Ok(Self { folder: folder.to_owned(), config, weights, layout })
    }

    /// Folder of the checkpoint.
    #[must_use]
    pub fn folder(&self) -> &Location {
        &self.folder
    }

    /// The shape of the decoder.
    #[must_use]
    pub fn config(&self) -> &DecoderConfig {
        &self.config
    }

    /// The tensors.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Names of the tensors.
    #[must_use]
    pub fn layout(&self) -> &DecoderLayout {
        &self.layout
    }
}
