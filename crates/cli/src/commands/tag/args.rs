//! `cloze tag`, as typed.
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::commands::short_help;
use crate::flags::format::{FormatFlags, OutputFormat};
use crate::flags::formulas::FormulaFlags;
use crate::flags::read::ReadFlags;
use crate::flags::tagger::TaggerFlags;
use crate::flags::texts::TextsFlags;
use crate::flags::{OffsetsArg, SchemeArg};

/// Flags in the short help.
const TAG_SHOWN: &[&str] = &["text", "model", "labels", "min_score", "format", "mask", "output"];
const TAG_EXAMPLES: &str = "\
Examples:
  cloze tag notes/
  cloze tag notes/ --model pii --format redact --output clean/
  cloze tag tickets.csv --text-field message --format jsonl --output entities.jsonl";

#[derive(Args)]
#[command(mut_arg("output", |arg| short_help::brief(
    "Write to a file, or into a folder as a tree like the input's",
    arg
)))]
#[command(after_help = TAG_EXAMPLES, mut_args(|arg| short_help::only(TAG_SHOWN, arg)))]
pub(crate) struct TagArgs {
    #[command(flatten)]
    pub(crate) texts: TextsFlags,

    #[command(flatten)]
    pub(crate) tagger: TaggerFlags,

    #[command(flatten)]
    pub(crate) read: ReadFlags,

    /// Tagging scheme; auto reads it off the model's tags
    #[arg(long, value_enum, default_value_t, value_name = "SCHEME", help_heading = "Entities")]
    pub(crate) scheme: SchemeArg,
    /// Labels to find; entities with others are left out
    #[arg(long, value_delimiter = ',', value_name = "A,B", help_heading = "Entities")]
    pub(crate) labels: Option<Vec<String>>,
    #[command(flatten)]
    pub(crate) format: FormatFlags<OutputArg>,
    /// Unit of offsets (jsonl, csv, tsv)
    #[arg(long, value_enum, default_value_t, value_name = "UNIT", help_heading = "Output")]
    pub(crate) offsets: OffsetsArg,
    /// Replacement of an entity; {label} is its label (redact) [default: [{label}]]
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    pub(crate) mask: Option<String>,
    /// Write to a file, or into a folder as a tree like the input's: PATH is a folder if it is one, if
    /// it ends in /, or if a folder is read and PATH has no ending
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Replace existing files
    #[arg(long, requires = "output", help_heading = "Output")]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) formulas: FormulaFlags,
}

/// Output formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputArg {
    /// The text with its entities marked, for reading
    #[default]
    Pretty,
    /// One JSON object per record
    #[value(alias = "json")]
    Jsonl,
    /// One word and its tag per line
    Conll,
    /// One row per entity, behind the columns of its record
    Csv,
    /// One row per entity, tab-separated, without columns of the record
    Tsv,
    /// The text with <LABEL>…</LABEL> around entities
    Inline,
    /// One page with a legend, counts and filters
    Html,
    /// The text with entities replaced
    Redact,
    /// One row per record with a list of entities
    #[cfg(feature = "parquet")]
    Parquet,
    /// The same as an Arrow IPC file
    #[cfg(feature = "parquet")]
    Arrow,
}

impl OutputFormat for OutputArg {
    const JSON: Self = Self::Jsonl;
    const HELP: &'static str = "Output format [default: by the ending of --output, else pretty]";
}
