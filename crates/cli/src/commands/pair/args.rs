//! `cloze pair`, as typed.
use clap::Args;

use crate::flags::classifier::ClassifierFlags;
use crate::flags::labels::LabelOutFlags;
use crate::flags::pairs::PairFlags;

/// What `cloze pair` is asked for.
#[derive(Args)]
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
