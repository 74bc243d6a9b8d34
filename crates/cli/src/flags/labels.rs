//! Flags that say how labels are written.
use clap::{Args, ValueEnum};

use crate::flags::out::OutFlags;

/// How labels are written.
#[derive(Args)]
pub(crate) struct LabelOutFlags {
    /// The form of the results [default: by the ending of --output, else jsonl]
    #[arg(short, long, value_enum, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) format: Option<LabelFormat>,
    /// Only the N likeliest labels [default: all]
    #[arg(short = 'k', long, value_name = "N", help_heading = "Output")]
    pub(crate) top_k: Option<usize>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// The forms labels are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LabelFormat {
    /// A JSON object a text
    Jsonl,
    /// A row a text, a column a label's probability
    Tsv,
}
