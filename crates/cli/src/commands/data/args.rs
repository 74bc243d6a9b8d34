//! `cloze data`, as typed.
use clap::{Args, Subcommand};

use crate::commands::short_help;
use crate::flags::SchemeArg;
use crate::flags::format::{FormatFlags, ReportFormat};
use crate::flags::labelled::LabelledFlags;
use crate::flags::out::OutFlags;
use crate::flags::work::WorkFlags;

const CHECK_SHOWN: &[&str] = &[
    "against",
    "text_field",
    "label_field",
    "conll",
    "label_errors",
    "show",
    "strict",
    "format",
    "json",
    "output",
];

const CHECK_EXAMPLES: &str = "\
Examples:
  cloze data check tickets.csv
  cloze data check train.csv --against test.csv --label-errors
  cloze data check train.conll --model ner-en --strict";

/// Commands of `cloze data`.
#[derive(Subcommand)]
pub(crate) enum DataCommand {
    /// Check labelled data for errors: duplicates, conflicting labels, leaks, and more
    Check(Box<CheckArgs>),
}

/// Arguments of `cloze data check`.
#[derive(Args)]
#[command(
    after_help = CHECK_EXAMPLES,
    mut_args(|arg| short_help::only(CHECK_SHOWN, arg)),
    mut_arg("json", |arg| arg.help("Short for --format json: with every finding")),
    mut_arg("text_field", |arg| short_help::brief("Column or field of the text", arg)),
    mut_arg("label_field", |arg| short_help::brief("Column or field of the label", arg))
)]
pub(crate) struct CheckArgs {
    /// Labelled texts (csv, tsv, jsonl) or tagged sentences (conll); LABEL=FILE with one text per line; a
    /// folder with one file, or one folder of files, per class
    #[arg(required = true, value_name = "FILE")]
    pub(crate) paths: Vec<String>,
    /// Other data whose texts must not be in FILE, such as a test set; can be repeated
    #[arg(long, value_name = "OTHER", help_heading = "Checks")]
    pub(crate) against: Vec<String>,
    #[command(flatten)]
    pub(crate) labelled: LabelledFlags,
    /// Read the files as CoNLL, whatever their extension
    #[arg(long, conflicts_with = "input", help_heading = "Input")]
    pub(crate) conll: bool,
    /// Column of the token, counted from 1 (conll) [default: 1; in .conllu files 2, FORM]
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub(crate) token_column: Option<usize>,
    /// Column of the tag, counted from 1 (conll) [default: the last]
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub(crate) tag_column: Option<usize>,
    /// Tagging scheme, which says which sequences of tags are valid (conll); auto detects it from the tags
    #[arg(long, value_enum, default_value_t, value_name = "SCHEME", help_heading = "Input")]
    pub(crate) scheme: SchemeArg,
    /// Model name or folder: texts longer than its limit are findings, too [default with
    /// --label-errors: minilm-l6-v2]
    #[arg(short, long, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: Option<String>,
    /// Also find likely label errors: examples to which classifiers trained on the model's vectors of
    /// the other examples confidently give another label
    #[arg(long, help_heading = "Checks")]
    pub(crate) label_errors: bool,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
    /// Number of findings to show per kind [default: 10]
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub(crate) show: Option<usize>,
    /// Exit with status 1 if there are findings
    #[arg(long, help_heading = "Output")]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlags<ReportFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}
