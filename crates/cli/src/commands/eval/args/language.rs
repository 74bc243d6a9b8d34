//! `cloze eval mlm` and `nsp`, as typed.
use clap::Args;

use crate::flags::out::OutFlags;
use crate::flags::running_text::{MaskFlags, RunningTextFlags};
use crate::flags::scorer::ScorerFlags;

/// What an evaluation on running text is asked for.
#[derive(Args)]
pub(crate) struct EvalTextArgs {
    #[command(flatten)]
    pub(crate) text: RunningTextFlags,
    #[command(flatten)]
    pub(crate) scorer: ScorerFlags,
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
    pub(crate) out: OutFlags,
}

/// What `cloze eval mlm` is asked for.
#[derive(Args)]
pub(crate) struct EvalMlmArgs {
    #[command(flatten)]
    pub(crate) eval: EvalTextArgs,
    #[command(flatten)]
    pub(crate) mask: MaskFlags,
}
