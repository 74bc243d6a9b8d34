//! `cloze score`, as typed.
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use cloze_report::cells::Table;

use crate::commands::short_help;
use crate::flags::format::{FormatFlags, OutputFormat};
use crate::flags::formulas::FormulaFlags;
use crate::flags::out::OutFilesFlags;
use crate::flags::read::ReadFlags;
use crate::flags::scorer::{MaskingFlags, ScorerFlags};
use crate::flags::texts::TextsFlags;

/// Flags of the short help of `cloze score`.
const SHOWN: &[&str] = &[
    "text",
    "model",
    "within_word",
    "stride",
    "corpus",
    "summary",
    "compare",
    "format",
    "json",
    "output",
];

const EXAMPLES: &str = "\
Examples:
  cloze score --text 'The cat sat on the mat.'
  cloze score --model ./gpt2 novel.txt --input text --stride 256
  cloze score test.txt --corpus --compare earlier.json --by word";

/// Arguments of `cloze score`.
#[derive(Args)]
#[command(
    after_help = EXAMPLES,
    mut_args(|arg| short_help::only(SHOWN, arg)),
    mut_arg("model", |arg| arg.help("Language model, masked or causal, by name or folder")),
    mut_arg("json", |arg| arg.help(
        "Short for --format jsonl: one object per text, with every token; with --corpus one for all"
    )),
    mut_arg("stride", |arg| short_help::brief(
        "Distance of windows over texts longer than a causal model takes",
        arg
    )),
    mut_arg("within_word", |arg| short_help::brief(
        "Mask the later tokens of the same word, too",
        arg
    ))
)]
pub(crate) struct ScoreArgs {
    #[command(flatten)]
    pub(crate) texts: TextsFlags,
    #[command(flatten)]
    pub(crate) scorer: ScorerFlags,
    #[command(flatten)]
    pub(crate) masking: MaskingFlags,
    /// Tokens from one window to the next of a text longer than a causal model takes; fewer give each
    /// token more context and take more time [default: half of the positions]
    #[arg(long, value_name = "N", help_heading = "Score")]
    pub(crate) stride: Option<usize>,
    /// Perplexity of all texts together, as one corpus, instead of each text
    #[arg(long, help_heading = "Score")]
    pub(crate) corpus: bool,
    /// Save the corpus scores, for a later --compare
    #[arg(long, value_name = "FILE", help_heading = "Score")]
    pub(crate) summary: Option<PathBuf>,
    /// Compare with the saved --summary of another run, if both are comparable
    #[arg(long, value_name = "FILE", requires = "corpus", help_heading = "Score")]
    pub(crate) compare: Option<PathBuf>,
    /// Unit of the compared perplexity: per token needs the same tokenizer for both, per word and per byte
    /// do not
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "UNIT",
        requires = "compare",
        help_heading = "Score"
    )]
    pub(crate) by: UnitArg,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    #[command(flatten)]
    pub(crate) format: FormatFlags<ScoreFormat>,
    #[command(flatten)]
    pub(crate) out: OutFilesFlags,
    #[command(flatten)]
    pub(crate) formulas: FormulaFlags,
}

/// Output formats of scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScoreFormat {
    /// Text, for reading
    Text,
    /// One JSON object per text
    #[value(alias = "json")]
    Jsonl,
    /// One row per text: all columns of the input, then the scores
    Csv,
    /// The same, tab-separated
    Tsv,
}

impl OutputFormat for ScoreFormat {
    const JSON: Self = Self::Jsonl;
    const HELP: &'static str = "Output format [default: by the ending of --output, else text]";
}

impl ScoreArgs {
    /// Table with the columns of the input, if one is asked for.
    pub(crate) fn table(&self) -> Option<Table> {
        match self.format.given()? {
            ScoreFormat::Csv => Some(self.formulas.csv()),
            ScoreFormat::Tsv => Some(self.formulas.tsv()),
            ScoreFormat::Text | ScoreFormat::Jsonl => None,
        }
    }
}

/// Unit of a perplexity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum UnitArg {
    /// Token of the tokenizer
    #[default]
    Token,
    /// Word between white space
    Word,
    /// Byte of UTF-8
    Byte,
}
