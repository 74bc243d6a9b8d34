//! `cloze eval`, as typed.
use clap::{Args, Subcommand};

use super::VectorArgs;

/// What is evaluated.
#[derive(Subcommand)]
pub(crate) enum EvalCommand {
    /// How well similarities agree with people's, on pairs of texts with a score
    Sts(Box<StsArgs>),
}

/// What `cloze eval sts` is asked for.
#[derive(Args)]
pub(crate) struct StsArgs {
    #[command(flatten)]
    pub(crate) vectors: VectorArgs,
}
