//! `cloze anisotropy`, as typed.
use clap::Args;

use super::VectorArgs;

/// What `cloze anisotropy` is asked for.
#[derive(Args)]
pub(crate) struct AnisotropyArgs {
    #[command(flatten)]
    pub(crate) vectors: VectorArgs,
}
