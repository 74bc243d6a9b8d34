//! `cloze model`, as typed.
use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use cloze_checkpoint::{ModelFolder, find_folder};
use cloze_store::Location;

use crate::flags::dtype::DtypeArg;
use crate::flags::read::ReadFlags;

#[derive(Subcommand)]
pub(crate) enum ModelCommand {
    /// The models that can be named
    List {
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Inputs, outputs, labels, limits, size, hash and licence of a model
    Info {
        /// A model's name or folder
        model: String,
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Judge a model's files without running it
    Check {
        /// A model's name or folder
        model: String,
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Install a model, so that it is found by its name
    Add(ModelAddArgs),
    /// Write a model's weights smaller, or its graph as an .onnx file
    Convert(ConvertArgs),
    /// Write a model with adapters as one that needs neither them nor its base
    Merge(ModelMergeArgs),
    /// Write a model with the matrices of its layers in 8 bits: smaller, and faster
    Quantize(ModelQuantizeArgs),
}

/// What `cloze model convert` is asked for.
#[derive(Args)]
pub(crate) struct ConvertArgs {
    /// A model's name or folder, with model.safetensors
    pub(crate) model: String,
    /// How numbers are stored [default: as they are, or f32 for onnx]
    #[arg(long, value_enum, value_name = "TYPE")]
    pub(crate) dtype: Option<DtypeArg>,
    /// The form of the result
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    pub(crate) to: ConvertTo,
    /// The folder to write: for safetensors a whole model folder, for onnx one with a graph
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Replace files that are there
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// The forms a model can be written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConvertTo {
    /// Weights
    #[default]
    Safetensors,
    /// A graph with its weights in it, for ONNX Runtime
    Onnx,
}

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

#[derive(Args)]
pub(crate) struct ModelAddArgs {
    /// Model folder, or archive of one: .zip, .tar, .tar.gz or .tgz
    #[arg(value_name = "FOLDER|ARCHIVE")]
    pub(crate) source: PathBuf,
    /// Name of the model [default: that of the folder or archive]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Replace a model of this name
    #[arg(long)]
    pub(crate) force: bool,
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
        let adapters: Vec<_> = self.adapter.iter().map(Location::from).zip(weights).collect();
        Ok(ModelFolder::with_adapters(find_folder(&self.model)?, &adapters)?)
    }
}

/// What `cloze model quantize` is asked for.
#[derive(Args)]
pub(crate) struct ModelQuantizeArgs {
    /// A model's name or folder, one with model.safetensors; adapters are merged in
    pub(crate) model: String,
    /// Texts like those to come, files or folders: where they make some numbers much larger than
    /// others, these are evened out before they are rounded, which is more exact
    #[arg(long, value_name = "PATH")]
    pub(crate) calibrate: Vec<String>,
    /// Round by scales that --calibrate finds, in place of a scale for each token: a little faster, and
    /// less exact; numbers larger than any that were seen are cut
    #[arg(long, requires = "calibrate")]
    pub(crate) fixed: bool,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
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
