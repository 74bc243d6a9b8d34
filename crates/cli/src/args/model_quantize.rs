//! The arguments of `cloze model quantize`.
use std::path::PathBuf;

use clap::Args;

use super::ReadArgs;

/// What `cloze model quantize` is asked for.
#[derive(Args)]
pub(crate) struct ModelQuantizeArgs {
    /// A model's name or folder, one with model.safetensors; adapters are merged in
    pub(crate) model: String,
    /// Texts like those to come, files or folders: what they make of the numbers on their way fixes the
    /// scales these are rounded by. Without it each token has scales of its own, which are a little
    /// more exact and a little slower
    #[arg(long, value_name = "PATH")]
    pub(crate) calibrate: Vec<String>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
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
