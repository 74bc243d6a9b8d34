//! The arguments of `cloze model quantize`.
use std::path::PathBuf;

use clap::Args;

use super::ReadArgs;

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
