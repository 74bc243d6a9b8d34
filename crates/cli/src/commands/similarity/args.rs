//! `cloze similarity`, as typed.
use std::path::PathBuf;

use clap::{ArgGroup, Args};
use cloze::Metric;

use crate::flags::pairs::PairFields;
use crate::flags::read::ReadFlags;
use crate::flags::vectors::VectorFlags;

/// What `cloze similarity` is asked for.
#[derive(Args)]
#[command(group = ArgGroup::new("inputs").args(["given", "texts", "pairs"]).multiple(true).required(true))]
#[command(group = ArgGroup::new("written").args(["output", "svg"]).multiple(true))]
pub(crate) struct SimilarityArgs {
    /// Texts: of two their similarity; of more that of the first to each of the others, best first
    #[arg(value_name = "TEXTS")]
    pub(crate) given: Vec<String>,
    /// More texts, from files, folders, patterns such as 'notes/*.txt', or - for standard input;
    /// can be repeated
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub(crate) texts: Vec<String>,
    /// Pairs of texts instead (csv, tsv, jsonl), or - for standard input: a line of results a pair
    #[arg(long, value_name = "FILE", conflicts_with_all = ["given", "texts", "matrix", "word", "top"], help_heading = "Input")]
    pub(crate) pairs: Option<String>,
    /// Each text against each
    #[arg(long, conflicts_with_all = ["word", "top"], help_heading = "Similarity")]
    pub(crate) matrix: bool,
    /// This word instead, in each text that has it: how alike its vectors are in context and without,
    /// each occurrence against each. Upper and lower case are the same
    #[arg(long, value_name = "WORD", conflicts_with = "top", help_heading = "Similarity")]
    pub(crate) word: Option<String>,
    /// How similarity is measured: cosine, dot, euclid (the distance, negated). The last two depend on
    /// the vectors' lengths, which are 1 without --no-normalize
    #[arg(long, default_value = "cosine", value_name = "METRIC", value_parser = Metric::parse, help_heading = "Similarity")]
    pub(crate) metric: Metric,
    /// Only the K best
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Similarity")]
    pub(crate) top: Option<u64>,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) fields: PairFields,
    /// Print the result as JSON, an object; with --pairs, one a line
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    /// Draw the matrix as a heat map, too (SVG); long texts are shortened in its labels
    #[arg(long, value_name = "FILE", requires = "matrix", help_heading = "Output")]
    pub(crate) svg: Option<PathBuf>,
    /// Write to a file
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long, requires = "written", help_heading = "Output")]
    pub(crate) force: bool,
}
