//! Flags of the output of labels.
use clap::{Args, ValueEnum};

use crate::flags::out::OutFlags;

/// Output of labels.
#[derive(Args)]
pub(crate) struct LabelOutFlags {
    /// Output format [default: by the ending of --output, else jsonl]
    #[arg(short, long, value_enum, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<LabelFormat>,
    /// Number of most probable labels to write [default: all]
    #[arg(short = 'k', long, value_name = "N", help_heading = "Output")]
    pub(crate) top_k: Option<usize>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// Output formats of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LabelFormat {
    /// One JSON object per text
    Jsonl,
    /// One row per text, one column per label's probability
    Tsv,
}
