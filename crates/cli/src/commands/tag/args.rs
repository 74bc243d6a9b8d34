//! `cloze tag`, as typed.
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::flags::read::ReadFlags;
use crate::flags::tagger::TaggerFlags;
use crate::flags::{OffsetsArg, SchemeArg};

#[derive(Args)]
pub(crate) struct TagArgs {
    /// Files, folders, patterns such as 'notes/*.txt', or - for standard input
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,

    #[command(flatten)]
    pub(crate) tagger: TaggerFlags,

    #[command(flatten)]
    pub(crate) read: ReadFlags,

    /// Which sequences of tags are legal; auto reads it off the model's tags
    #[arg(long, value_enum, default_value_t, value_name = "SCHEME", help_heading = "Entities")]
    pub(crate) scheme: SchemeArg,
    /// Only entities with these labels
    #[arg(long, value_delimiter = ',', value_name = "A,B", help_heading = "Entities")]
    pub(crate) labels: Option<Vec<String>>,
    /// The form of the results
    #[arg(
        short,
        long,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    pub(crate) format: OutputArg,
    /// What offsets count (jsonl, tsv)
    #[arg(long, value_enum, default_value_t, value_name = "UNIT", help_heading = "Output")]
    pub(crate) offsets: OffsetsArg,
    /// What stands in place of an entity; {label} is its label (redact) [default: [{label}]]
    #[arg(long, value_name = "TEXT", help_heading = "Output")]
    pub(crate) mask: Option<String>,
    /// Write to a file, or into a folder as a tree like the input's: PATH is a folder if it is one, if
    /// it ends in /, or if a folder is read and PATH has no ending
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long, requires = "output", help_heading = "Output")]
    pub(crate) force: bool,
}

/// The forms results are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputArg {
    /// The text with its entities marked, for reading
    #[default]
    Pretty,
    /// A JSON object a record
    Jsonl,
    /// A word and its tag a line
    Conll,
    /// A row an entity
    Tsv,
    /// The text with <LABEL>…</LABEL> around entities
    Inline,
    /// One page with a legend, counts and filters
    Html,
    /// The text with entities replaced
    Redact,
}
