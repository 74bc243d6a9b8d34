//! `cloze score`, as typed.
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::flags::out::OutFilesFlags;
use crate::flags::read::ReadFlags;
use crate::flags::scorer::{MaskingFlags, ScorerFlags};

/// What `cloze score` is asked for.
#[derive(Args)]
pub(crate) struct ScoreArgs {
    /// Files, folders, patterns such as 'notes/*.txt', or - for standard input
    #[arg(required_unless_present = "text", value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    /// A text itself, before those of files; can be repeated
    #[arg(long, value_name = "TEXT", help_heading = "Input")]
    pub(crate) text: Vec<String>,
    #[command(flatten)]
    pub(crate) scorer: ScorerFlags,
    #[command(flatten)]
    pub(crate) masking: MaskingFlags,
    /// Of all texts together, in place of each: the pseudo-perplexity of a corpus
    #[arg(long, help_heading = "Score")]
    pub(crate) corpus: bool,
    /// Save what the texts come to together, to be compared with later
    #[arg(long, value_name = "FILE", help_heading = "Score")]
    pub(crate) summary: Option<PathBuf>,
    /// Beside the corpus of a saved summary, where both are comparable
    #[arg(long, value_name = "FILE", requires = "corpus", help_heading = "Score")]
    pub(crate) compare: Option<PathBuf>,
    /// What is compared: perplexity a token takes one tokenizer for both, a word any
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
    /// Print a JSON object a text, with every token; with --corpus, one for all
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFilesFlags,
}

/// What a perplexity is a mean over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum UnitArg {
    /// A piece of the tokenizer's
    #[default]
    Token,
    /// What stands between white space
    Word,
}
