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

impl LabelOutFlags {
    /// Returns whether the output is a table, with the columns of the input.
    pub(crate) fn is_table(&self) -> bool {
        matches!(self.format.given(), Some(LabelFormat::Csv | LabelFormat::Tsv))
    }
}

/// Output formats of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LabelFormat {
    /// One JSON object per text
    #[value(alias = "json")]
    Jsonl,
    /// One row per text: all columns of the input, label, probability, and one per label's probability
    Csv,
    /// The same, tab-separated
    Tsv,
}

impl OutputFormat for LabelFormat {
    const JSON: Self = Self::Jsonl;
    const HELP: &'static str = "Output format [default: by the ending of --output, else jsonl]";
}
