//! `cloze similarity`, as typed.
use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use cloze::Metric;
use cloze_report::cells::Table;

use crate::commands::short_help;
use crate::flags::format::{FormatFlags, OutputFormat};
use crate::flags::formulas::FormulaFlags;
use crate::flags::pairs::PairFields;
use crate::flags::read::ReadFlags;
use crate::flags::vectors::VectorFlags;

/// Flags in the short help.
const SIMILARITY_SHOWN: &[&str] = &["model", "pairs", "matrix", "word", "format", "json", "output"];
const SIMILARITY_EXAMPLES: &str = "\
Examples:
  cloze similarity 'The ferry is late.' 'The boat has a delay.'
  cloze similarity --pairs pairs.csv --output scores.tsv
  cloze similarity --word bank 'The bank lent money.' 'They sat on the river bank.'";

/// Arguments of `cloze similarity`.
#[derive(Args)]
#[command(group = ArgGroup::new("inputs").args(["given", "texts", "pairs"]).multiple(true).required(true))]
#[command(group = ArgGroup::new("written").args(["output", "svg"]).multiple(true))]
#[command(mut_arg("json", |a| a.help(
    "Short for --format json; with --pairs one object per line"
)))]
#[command(after_help = SIMILARITY_EXAMPLES, mut_args(|arg| short_help::only(SIMILARITY_SHOWN, arg)))]
pub(crate) struct SimilarityArgs {
    /// Texts: of two their similarity; of more that of the first to each of the others, best first
    #[arg(value_name = "TEXTS")]
    pub(crate) given: Vec<String>,
    /// More texts, from files, folders, patterns such as 'notes/*.txt', or - for standard input;
    /// can be repeated
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub(crate) texts: Vec<String>,
    /// Pairs of texts instead (csv, tsv, jsonl), or - for standard input: one result line per pair
    #[arg(long, value_name = "FILE", conflicts_with_all = ["given", "texts", "matrix", "word", "top"], help_heading = "Input")]
    pub(crate) pairs: Option<String>,
    /// Compare each text with each other
    #[arg(long, conflicts_with_all = ["word", "top"], help_heading = "Similarity")]
    pub(crate) matrix: bool,
    /// Compare a word's vectors in each text that has it, in context and without,
    /// each occurrence against each. Upper and lower case are the same
    #[arg(long, value_name = "WORD", conflicts_with = "top", help_heading = "Similarity")]
    pub(crate) word: Option<String>,
    /// Similarity metric: cosine, dot, euclid (the distance, negated). The last two depend on
    /// the vectors' lengths, which are 1 without --no-normalize [default: the model's own, else cosine]
    #[arg(long, value_name = "METRIC", value_parser = Metric::parse, help_heading = "Similarity")]
    pub(crate) metric: Option<Metric>,
    /// Number of best results [default: all]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Similarity")]
    pub(crate) top: Option<u64>,
    #[command(flatten)]
    pub(crate) vectors: VectorFlags,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) fields: PairFields,
    #[command(flatten)]
    pub(crate) format: FormatFlags<SimilarityFormat>,
    /// Write a heat map of the matrix (SVG); long texts are shortened in its labels
    #[arg(
        long,
        value_name = "FILE",
        requires = "matrix",
        conflicts_with_all = ["pairs", "word", "top"],
        help_heading = "Output"
    )]
    pub(crate) svg: Option<PathBuf>,
    /// Output file [default: standard output]
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Replace existing files
    #[arg(long, requires = "written", help_heading = "Output")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) formulas: FormulaFlags,
}

/// Output formats of similarities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SimilarityFormat {
    /// Text, for reading
    Text,
    /// One JSON object with everything in the report
    #[value(alias = "jsonl")]
    Json,
    /// All columns of the input and the similarity (with --pairs)
    Csv,
    /// The same, tab-separated
    Tsv,
}

impl OutputFormat for SimilarityFormat {
    const JSON: Self = Self::Json;
    const HELP: &'static str = "Output format [default: by the ending of --output, else text]";
    const JSON_HELP: &'static str = "Short for --format json";
}

impl SimilarityArgs {
    /// Table with the columns of the input, if one is asked for.
    pub(crate) fn table(&self) -> Option<Table> {
        match self.format.given()? {
            SimilarityFormat::Csv => Some(self.formulas.csv()),
            SimilarityFormat::Tsv => Some(self.formulas.tsv()),
            SimilarityFormat::Text | SimilarityFormat::Json => None,
        }
    }
}
