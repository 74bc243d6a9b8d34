//! `cloze model convert`, as typed.
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use cloze_graph::checkpoint::StoredType;

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

/// How numbers are stored.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DtypeArg {
    /// 32 bits
    F32,
    /// 16 bits, half the size
    F16,
    /// 16 bits, the upper half of f32 (safetensors)
    Bf16,
}

impl DtypeArg {
    pub(crate) fn value(self) -> StoredType {
        match self {
            Self::F32 => StoredType::F32,
            Self::F16 => StoredType::F16,
            Self::Bf16 => StoredType::BF16,
        }
    }
}
