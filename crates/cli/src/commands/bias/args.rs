//! `cloze bias`, as typed.
use std::path::PathBuf;

use clap::Args;

use crate::flags::labelled::LabelledFlags;
use crate::flags::out::OutFilesFlags;
use crate::flags::scorer::ScorerFlags;

/// What `cloze bias` is asked for.
#[derive(Args)]
pub(crate) struct BiasArgs {
    /// Pairs of texts (csv, tsv, jsonl), or - for standard input: CrowS-Pairs as its authors publish it
    /// (`sent_more`, `sent_less`, `bias_type`), or any with the more stereotyping text first, and perhaps a
    /// category
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) scorer: ScorerFlags,
    #[command(flatten)]
    pub(crate) read: LabelledFlags,
    /// Also write each pair's scores, by line and without its texts, as JSON lines
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) scores: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFilesFlags,
}
