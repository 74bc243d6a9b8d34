//! `cloze eval`, as typed.
use std::path::PathBuf;

use clap::{Args, Subcommand};
use cloze::Metric;

use super::{CorrectionArg, PairArgs, VectorArgs};

/// What is evaluated.
#[derive(Subcommand)]
pub(crate) enum EvalCommand {
    /// How well similarities agree with people's, on pairs of texts with a score
    Sts(Box<StsArgs>),
}

/// What `cloze eval sts` is asked for.
#[derive(Args)]
pub(crate) struct StsArgs {
    /// Pairs of texts with a score (csv, tsv, jsonl), or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: String,
    #[command(flatten)]
    pub(crate) vectors: VectorArgs,
    /// Which corrections to try, as a list: none, zscore, whitening, all-but-the-top [default: the
    /// one of --zscore, else none]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "A,B", help_heading = "Vectors")]
    pub(crate) correction: Vec<CorrectionArg>,
    /// Learn the corrections from both texts of every pair of this file, whose scores do not matter
    #[arg(long, value_name = "FILE", conflicts_with = "zscore", help_heading = "Vectors")]
    pub(crate) fit: Option<PathBuf>,
    /// How many directions whitening keeps [default: all that have any spread]
    #[arg(long, value_name = "N", requires = "fit", help_heading = "Vectors")]
    pub(crate) dims: Option<usize>,
    /// How many directions all-but-the-top takes away [default: a hundredth of the width]
    #[arg(long, value_name = "D", requires = "fit", help_heading = "Vectors")]
    pub(crate) directions: Option<usize>,
    /// How similarity is measured: cosine, dot, euclid (the distance, negated). The last two depend on
    /// the vectors' lengths, which are 1 without --no-normalize
    #[arg(long, default_value = "cosine", value_name = "METRIC", value_parser = Metric::parse, help_heading = "Vectors")]
    pub(crate) metric: Metric,
    #[command(flatten)]
    pub(crate) pairs: PairArgs,
    /// Print the report as JSON: an object, or one a line where several corrections are tried
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    /// Write to a file
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long, requires = "output", help_heading = "Output")]
    pub(crate) force: bool,
}
