//! `cloze similarity`, as typed.
use clap::Args;

use super::VectorArgs;

/// What `cloze similarity` is asked for.
#[derive(Args)]
pub(crate) struct SimilarityArgs {
    #[command(flatten)]
    pub(crate) vectors: VectorArgs,
}
