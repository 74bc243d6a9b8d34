//! Casing of words, for encoders that lower-case them: a row for each casing, added to the
//! embedding of every token of such a word, before its norm.
use std::path::{Path, PathBuf};

use cloze_core::Casing;

use crate::config::Config;
use crate::error::CheckpointError;
use crate::weights::Weights;
use cloze_store::Location;

/// The name of the file in a model folder.
pub const FILE: &str = "casing.safetensors";
/// The name of the one tensor in it.
pub const TENSOR: &str = "casing.weight";

/// A row for each [`Casing`], `[classes, embedding]`.
#[derive(Clone, Debug, PartialEq)]
pub struct CasingTable {
    path: PathBuf,
    rows: Vec<f32>,
}

impl CasingTable {
    /// Reads the file at `path` for an encoder.
    ///
    /// # Errors
    /// [`CheckpointError::Config`] for a family without token types, which casings are put into;
    /// [`CheckpointError::Tensors`] if the tensor is not there, of another shape, or not alone;
    /// [`CheckpointError::NotFinite`] for numbers that are not finite; else as [`Weights::open`].
    pub(crate) fn read(path: &Location, config: &Config) -> Result<Self, CheckpointError> {
        if config.types == 0 {
            let what = "a casing table for an encoder without token types, which it is part of";
            return Err(CheckpointError::Config { path: path.to_path_buf(), what: what.into() });
        }
        let file = Weights::open_file(path)?;
        let expected = [Casing::COUNT, config.embedding];
        let (mut missing, mut wrong) = (vec![], vec![]);
        match file.shape(TENSOR) {
            Some(shape) if shape == expected => {}
            Some(shape) => wrong.push(format!("{TENSOR}: expected {expected:?}, found {shape:?}")),
            None => missing.push(format!("{TENSOR} {expected:?}")),
        }
        let extra: Vec<String> =
            file.names().filter(|name| *name != TENSOR).map(str::to_owned).collect();
        let path = path.to_path_buf();
        if !(missing.is_empty() && wrong.is_empty() && extra.is_empty()) {
            return Err(CheckpointError::Tensors { path, missing, extra, wrong });
        }
        let rows = file.reader().read(TENSOR)?;
        if rows.iter().any(|x| !x.is_finite()) {
            return Err(CheckpointError::NotFinite { path, tensor: TENSOR.into() });
        }
        Ok(Self { path, rows })
    }

    /// Path it was read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The rows, by [`Casing::class`].
    #[must_use]
    pub fn rows(&self) -> &[f32] {
        &self.rows
    }

    /// The token-type matrix with it, `[types · classes, embedding]`: row `type · classes + class` is
    /// the sum of both rows.
    #[must_use]
    pub fn with_types(&self, types: &[f32], embedding: usize) -> Vec<f32> {
        let both = types.chunks_exact(embedding).flat_map(|of_type| {
            self.rows
                .chunks_exact(embedding)
                .flat_map(move |of_casing| of_type.iter().zip(of_casing).map(|(t, c)| t + c))
        });
        both.collect()
    }
}
