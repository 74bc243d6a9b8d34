//! `cloze bias`, as typed.
use std::path::PathBuf;

use clap::Args;

use crate::commands::short_help;
use crate::flags::format::{FormatFlags, ReportFormat};
use crate::flags::labelled::LabelledFlags;
use crate::flags::out::OutFilesFlags;
use crate::flags::scorer::ScorerFlags;

/// Flags of the short help of `cloze bias`.
const SHOWN: &[&str] = &[
    "model",
    "text_field",
    "pair_field",
    "label_field",
    "scores",
    "format",
    "json",
    "output",
    "force",
];

const EXAMPLES: &str = "\
Examples:
  cloze bias crows_pairs.csv
  cloze bias crows_pairs.csv --model ./adapted --scores scores.jsonl
  cloze bias pairs.tsv --text-field more --pair-field less --label-field category --json";

/// Arguments of `cloze bias`.
#[derive(Args)]
#[command(
    after_help = EXAMPLES,
    mut_args(|arg| short_help::only(SHOWN, arg)),
    mut_arg("text_field", |arg| short_help::brief(
        "Column or field of the more stereotyping text",
        arg
    )),
    mut_arg("pair_field", |arg| short_help::brief("Column or field of the second text", arg)),
    mut_arg("label_field", |arg| short_help::brief("Column or field of the category", arg))
)]
pub(crate) struct BiasArgs {
    /// Pairs of texts (csv, tsv, jsonl), or - for standard input
    ///
    /// CrowS-Pairs as published by its authors (`sent_more`, `sent_less`, `bias_type`), or any pairs with
    /// the more stereotyping text first and an optional category
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) scorer: ScorerFlags,
    #[command(flatten)]
    pub(crate) read: LabelledFlags,
    /// Also write the scores of each pair, with its line but without its texts, as JSON lines
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) scores: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: FormatFlags<ReportFormat>,
    #[command(flatten)]
    pub(crate) out: OutFilesFlags,
}
