//! `cloze data`, as typed.
use clap::{Args, Subcommand};

use crate::flags::SchemeArg;
use crate::flags::labelled::LabelledFlags;
use crate::flags::out::OutFlags;
use crate::flags::work::WorkFlags;

/// What is done with labelled data.
#[derive(Subcommand)]
pub(crate) enum DataCommand {
    /// What is in labelled data, and what may be wrong with it
    Check(Box<CheckArgs>),
}

/// What `cloze data check` is asked for.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags")]
pub(crate) struct CheckArgs {
    /// Labelled texts (csv, tsv, jsonl) or tagged sentences (conll); LABEL=FILE where every line has
    /// one label; a folder with a file or a folder a class
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<String>,
    /// Other data, whose texts should not be in these: a test file, say; may be repeated
    #[arg(long, value_name = "OTHER")]
    pub(crate) against: Vec<String>,
    #[command(flatten)]
    pub(crate) labelled: LabelledFlags,
    /// The files are CoNLL, whatever their endings
    #[arg(long, conflicts_with = "input", help_heading = "Input")]
    pub(crate) conll: bool,
    /// The column that holds the token, counted from 1 (conll)
    #[arg(long, default_value_t = 1, value_name = "N", help_heading = "Input")]
    pub(crate) token_column: usize,
    /// The column that holds the tag, counted from 1 (conll) [default: the last]
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub(crate) tag_column: Option<usize>,
    /// Which sequences of tags are legal (conll); auto reads it off the tags
    #[arg(long, value_enum, default_value_t, value_name = "SCHEME", help_heading = "Input")]
    pub(crate) scheme: SchemeArg,
    /// A model's name or folder: texts that are longer than it takes are findings, too [default with
    /// --label-errors: minilm-l6-v2]
    #[arg(short, long, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: Option<String>,
    /// Also labels that are likely wrong: those that classifiers on the model's vectors, learned from
    /// other examples, are sure are others
    #[arg(long, help_heading = "Model")]
    pub(crate) label_errors: bool,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
    /// How many findings of a kind are shown
    #[arg(long, default_value_t = 10, value_name = "N", help_heading = "Output")]
    pub(crate) show: usize,
    /// Findings are a failure: status 1
    #[arg(long, help_heading = "Output")]
    pub(crate) strict: bool,
    /// Print the report as JSON, with every finding
    #[arg(long, conflicts_with = "show", help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}
