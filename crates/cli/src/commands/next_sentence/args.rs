//! `cloze next-sentence`, as typed.
use clap::{ArgGroup, Args, ValueEnum};
use cloze_report::cells::Table;

use crate::commands::short_help;
use crate::flags::classifier::PairCutArg;
use crate::flags::format::{FormatFlags, OutputFormat};
use crate::flags::formulas::FormulaFlags;
use crate::flags::out::OutFlags;
use crate::flags::pairs::PairFields;
use crate::flags::read::ReadFlags;
use crate::flags::scorer::{MaskingFlags, ScorerFlags};

/// Flags of the short help of `cloze next-sentence`.
const SHOWN: &[&str] =
    &["pairs", "neighbours", "model", "method", "format", "json", "output", "force"];

const EXAMPLES: &str = "\
Examples:
  cloze next-sentence 'It began to rain.' 'She opened her umbrella.'
  cloze next-sentence --pairs pairs.tsv --method mlm --json
  cloze next-sentence --neighbours chapter.txt --output coherence.tsv";

/// Arguments of `cloze next-sentence`.
#[derive(Args)]
#[command(
    group = ArgGroup::new("inputs").args(["texts", "pairs"]).required(true),
    after_help = EXAMPLES,
    mut_args(|arg| short_help::only(SHOWN, arg))
)]
pub(crate) struct NextSentenceArgs {
    /// Two texts; with --neighbours: files, folders, patterns such as 'notes/*.txt', or - for standard
    /// input
    #[arg(value_name = "TEXTS")]
    pub(crate) texts: Vec<String>,
    /// File of pairs instead (csv, tsv, jsonl), or - for standard input: one result line per pair
    #[arg(long, value_name = "FILE", conflicts_with = "neighbours", help_heading = "Input")]
    pub(crate) pairs: Option<String>,
    /// Score each sentence of a file with the next one, or each line with the next line
    #[arg(
        long,
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "sentences",
        value_name = "UNIT",
        help_heading = "Input"
    )]
    pub(crate) neighbours: Option<NeighboursArg>,
    #[command(flatten)]
    pub(crate) scorer: ScorerFlags,
    /// Scoring method: the model's next-sentence head, or the gain in likelihood of the second text from
    /// the first
    #[arg(long, value_enum, default_value_t, value_name = "METHOD", help_heading = "Model")]
    pub(crate) method: NextMethodArg,
    /// Text of a pair to truncate where both are too long
    #[arg(long, value_enum, default_value_t, value_name = "TEXT", help_heading = "Model")]
    pub(crate) cut: PairCutArg,
    #[command(flatten)]
    pub(crate) masking: MaskingFlags,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) fields: PairFields,
    #[command(flatten)]
    pub(crate) format: FormatFlags<NextFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
    #[command(flatten)]
    pub(crate) formulas: FormulaFlags,
}

/// Output formats of `cloze next-sentence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NextFormat {
    /// Text, for reading
    Text,
    /// One JSON object per pair
    #[value(alias = "json")]
    Jsonl,
    /// One row per pair: all columns of the input and the score
    Csv,
    /// The same, tab-separated
    Tsv,
}

impl OutputFormat for NextFormat {
    const JSON: Self = Self::Jsonl;
    const HELP: &'static str = "Output format [default: by the ending of --output, else text]";
}

impl NextSentenceArgs {
    /// Table asked for, if one is.
    pub(crate) fn table(&self) -> Option<Table> {
        match self.format.given() {
            Some(NextFormat::Csv) => Some(self.formulas.csv()),
            Some(NextFormat::Tsv) => Some(self.formulas.tsv()),
            _ => None,
        }
    }
}

/// Method of scoring whether a text follows another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum NextMethodArg {
    /// Next-sentence prediction head: a probability
    #[default]
    Nsp,
    /// Masked language model: the mean log-probability of the second text's tokens after the first text
    /// minus that without it; above 0 the first text helps. Each token takes two forward passes
    Mlm,
}

/// Unit of neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NeighboursArg {
    /// Sentences of a text, as Unicode divides them
    Sentences,
    /// Lines of a file, or its records with --input jsonl, csv, …
    Lines,
}
