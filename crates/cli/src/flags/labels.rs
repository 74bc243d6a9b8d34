//! Flags of the output of labels.
use clap::{Args, ValueEnum};

use crate::flags::format::{FormatFlags, OutputFormat};
use crate::flags::formulas::FormulaFlags;
use crate::flags::out::OutFlags;

/// Output of labels.
#[derive(Args)]
pub(crate) struct LabelOutFlags {
    #[command(flatten)]
    pub(crate) format: FormatFlags<LabelFormat>,
    /// Number of most probable labels to write [default: all]
    #[arg(short = 'k', long, value_name = "N", help_heading = "Output")]
    pub(crate) top_k: Option<usize>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
    #[command(flatten)]
    pub(crate) formulas: FormulaFlags,
}

/// Output formats of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LabelFormat {
    /// One JSON object per text
    #[value(alias = "json")]
    Jsonl,
    /// One row per text, one column per label's probability
    Tsv,
}

impl OutputFormat for LabelFormat {
    const JSON: Self = Self::Jsonl;
    const HELP: &'static str = "Output format [default: by the ending of --output, else jsonl]";
}
