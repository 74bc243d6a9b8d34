//! `cloze eval mlm` and `cloze eval nsp`, as typed.
use clap::Args;

use super::{MaskArgs, OutArgs, RunningTextArgs, ScorerArgs};

/// What an evaluation on running text is asked for.
#[derive(Args)]
pub(crate) struct EvalTextArgs {
    #[command(flatten)]
    pub(crate) text: RunningTextArgs,
    #[command(flatten)]
    pub(crate) scorer: ScorerArgs,
    /// The longest sequence, in tokens [default: what the model takes]
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub(crate) max_tokens: Option<usize>,
    /// What all that is drawn follows from
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Task")]
    pub(crate) seed: u64,
    /// Print the report as JSON
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutArgs,
}

/// What `cloze eval mlm` is asked for.
#[derive(Args)]
pub(crate) struct EvalMlmArgs {
    #[command(flatten)]
    pub(crate) eval: EvalTextArgs,
    #[command(flatten)]
    pub(crate) mask: MaskArgs,
}
