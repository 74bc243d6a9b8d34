//! `cloze pair`, as typed.
use clap::Args;

use crate::commands::short_help;
use crate::flags::classifier::ClassifierFlags;
use crate::flags::labels::LabelOutFlags;
use crate::flags::pairs::PairFlags;

/// Flags of the short help of `cloze pair`.
const SHOWN: &[&str] =
    &["model", "first_field", "second_field", "format", "top_k", "output", "force"];

const EXAMPLES: &str = "\
Examples:
  cloze pair claims.csv --model ./nli
  cloze pair claims.csv --model ./nli --first-field claim --second-field evidence --output labels.tsv
  cloze pair claims.jsonl --model ./nli --top-k 1";

/// Arguments of `cloze pair`.
#[derive(Args)]
#[command(
    after_help = EXAMPLES,
    mut_args(|arg| short_help::only(SHOWN, arg)),
    mut_arg("model", |arg| short_help::brief("Classifier name or folder", arg)),
    mut_arg("first_field", |arg| short_help::brief("Column or field of the first text", arg)),
    mut_arg("second_field", |arg| short_help::brief("Column or field of the second text", arg))
)]
pub(crate) struct PairClassifyArgs {
    /// Pairs of texts (csv, tsv, jsonl), or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    #[command(flatten)]
    pub(crate) classifier: ClassifierFlags,
    #[command(flatten)]
    pub(crate) pairs: PairFlags,
    #[command(flatten)]
    pub(crate) out: LabelOutFlags,
}
