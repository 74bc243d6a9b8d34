//! `cloze zscore`, as typed.
use clap::{Args, Subcommand};

use super::VectorArgs;

/// What is done with a correction.
#[derive(Subcommand)]
pub(crate) enum ZscoreCommand {
    /// Learn a correction from texts and save it
    Fit(Box<FitArgs>),
}

/// What `cloze zscore fit` is asked for.
#[derive(Args)]
pub(crate) struct FitArgs {
    #[command(flatten)]
    pub(crate) vectors: VectorArgs,
}
