//! `cloze eval mlm` and `nsp`, as typed.
use clap::Args;

use crate::commands::short_help;
use crate::flags::format::{FigureFormat, FormatFlags};
use crate::flags::out::OutFlags;
use crate::flags::running_text::{MaskFlags, RunningTextFlags};
use crate::flags::scorer::ScorerFlags;

/// Flags of the short help of `cloze eval mlm` and `nsp`.
const SHOWN: &[&str] = &[
    "documents",
    "model",
    "max_tokens",
    "mask_share",
    "seed",
    "format",
    "json",
    "output",
    "force",
];

const MLM_EXAMPLES: &str = "\
Examples:
  cloze eval mlm held-out.txt
  cloze eval mlm texts/ --model ./adapted --documents blank-line --json --output mlm.json";

pub(super) const NSP_EXAMPLES: &str = "\
Examples:
  cloze eval nsp held-out.txt --documents blank-line
  cloze eval nsp books/ --model ./next --json --output nsp.json";

/// Arguments of an evaluation on running text.
#[derive(Args)]
#[command(mut_args(|arg| short_help::only(SHOWN, arg)))]
pub(crate) struct EvalTextArgs {
    #[command(flatten)]
    pub(crate) text: RunningTextFlags,
    #[command(flatten)]
    pub(crate) scorer: ScorerFlags,
    /// Maximum sequence length, in tokens [default: the model's limit]
    #[arg(long, value_name = "N", help_heading = "Model")]
    pub(crate) max_tokens: Option<usize>,
    /// Random seed
    #[arg(long, default_value_t = 0, value_name = "N", help_heading = "Task")]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) format: FormatFlags<FigureFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// Arguments of `cloze eval mlm`.
#[derive(Args)]
#[command(after_help = MLM_EXAMPLES, mut_args(|arg| short_help::only(SHOWN, arg)))]
pub(crate) struct EvalMlmArgs {
    #[command(flatten)]
    pub(crate) eval: EvalTextArgs,
    #[command(flatten)]
    pub(crate) mask: MaskFlags,
}
