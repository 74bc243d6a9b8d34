//! `cloze model merge`, as typed.
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use cloze_encoder::{ModelFolder, model};

use super::DtypeArg;

/// What `cloze model merge` is asked for.
#[derive(Args)]
pub(crate) struct ModelMergeArgs {
    /// A model's name or folder: with an adapter, or with --adapter any that has model.safetensors
    pub(crate) model: String,
    /// An adapter's folder, to be merged into a model without one (repeatable)
    #[arg(long, value_name = "DIR")]
    pub(crate) adapter: Vec<PathBuf>,
    /// What the changes of each --adapter are multiplied with, in their order [default: 1]
    #[arg(long, value_name = "W", requires = "adapter", allow_negative_numbers = true)]
    pub(crate) weight: Vec<f64>,
    /// How numbers are stored [default: as the base has them]
    #[arg(long, value_enum, value_name = "TYPE")]
    pub(crate) dtype: Option<DtypeArg>,
    /// The model folder to write
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Replace a folder that is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl ModelMergeArgs {
    /// The model that is to be merged.
    pub(crate) fn open(&self) -> anyhow::Result<ModelFolder> {
        if self.adapter.is_empty() {
            return super::find_model(&self.model);
        }
        let (adapters, weights) = (self.adapter.len(), self.weight.len());
        if weights != 0 && weights != adapters {
            bail!("{weights} --weight for {adapters} --adapter; expected one for each, or none");
        }
        let weights = self.weight.iter().copied().chain(std::iter::repeat(1.0));
        let adapters: Vec<(PathBuf, f64)> = self.adapter.iter().cloned().zip(weights).collect();
        Ok(ModelFolder::with_adapters(&model::find_folder(&self.model)?, &adapters)?)
    }
}
