//! `cloze eval redact`, as typed.
use std::path::PathBuf;

use clap::Args;

use crate::commands::short_help;
use crate::flags::format::{FigureFormat, FormatFlags};
use crate::flags::out::OutFlags;
use crate::flags::tagger::TaggerFlags;

const SHOWN: &[&str] =
    &["model", "predicted", "min_score", "prefer_recall", "format", "json", "output"];

const EXAMPLES: &str = "\
Examples:
  cloze eval redact gold.jsonl
  cloze eval redact gold.jsonl --model ./own --format markdown
  cloze eval redact gold.jsonl --predicted presidio.jsonl --json --output presidio.json";

/// Arguments of `cloze eval redact`.
#[derive(Args)]
#[command(
    after_help = EXAMPLES,
    mut_arg("model", |arg| arg.default_value("pii")),
    mut_args(|arg| short_help::only(SHOWN, arg))
)]
pub(crate) struct EvalRedactArgs {
    /// Texts with marked items: JSON lines with offsets, Presidio's evaluation data, or i2b2's XML
    ///
    /// JSON lines are {"text", "entities": [{"label", "start", "end"}]} with offsets in characters, or in
    /// bytes with "offsets": "byte". An item labelled OPTIONAL may be hidden or not. A field "kind" groups
    /// texts.
    #[arg(value_name = "GOLD")]
    pub(crate) file: PathBuf,
    /// Items that another program found, in place of a model: the same texts in the same order, in a form
    /// that GOLD has
    #[arg(long, value_name = "FILE", conflicts_with = "model", help_heading = "Evaluation")]
    pub(crate) predicted: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) tagger: TaggerFlags,
    #[command(flatten)]
    pub(crate) format: FormatFlags<FigureFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}
