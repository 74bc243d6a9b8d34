//! `cloze score-tags`, as typed.
use std::path::PathBuf;

use clap::Args;
use cloze::metrics::entity::TagScheme;

use crate::commands::short_help;
use crate::flags::format::{FormatFlags, ReportFormat};
use crate::flags::out::OutFlags;

/// Flags of the short help of `cloze score-tags`.
const SHOWN: &[&str] = &[
    "gold_column",
    "predicted_column",
    "scheme",
    "strict",
    "labels",
    "partial",
    "format",
    "json",
    "output",
    "force",
];

const EXAMPLES: &str = "\
Examples:
  cloze score-tags gold.conll predicted.conll
  cloze score-tags gold.conll predicted.conll --strict --scheme iob2 --labels PER,LOC
  cloze score-tags all.conll all.conll --gold-column 2 --predicted-column 3 --partial --json";

/// Arguments of `cloze score-tags`.
#[derive(Args)]
#[command(after_help = EXAMPLES, mut_args(|arg| short_help::only(SHOWN, arg)))]
pub(crate) struct ScoreTagsArgs {
    /// CoNLL file with the gold tags
    #[arg(value_name = "GOLD")]
    pub(crate) gold: PathBuf,
    /// CoNLL file with the same words and the predicted tags
    #[arg(value_name = "PREDICTED")]
    pub(crate) predicted: PathBuf,
    /// Column of the words in both files, counted from 1 [default: 1; in .conllu files 2, FORM]
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub(crate) token_column: Option<usize>,
    /// Column of the gold tags, counted from 1 [default: the last]
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub(crate) gold_column: Option<usize>,
    /// Column of the predicted tags, counted from 1 [default: the last]
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub(crate) predicted_column: Option<usize>,
    /// Tagging scheme: iob1, iob2, ioe1, ioe2, iobes, bilou. Only reported, except with --strict
    /// [default with --strict: detected from the gold tags]
    #[arg(long, value_name = "SCHEME", value_parser = scheme, help_heading = "Entities")]
    pub(crate) scheme: Option<TagScheme>,
    /// Count only entities that follow the scheme exactly, as seqeval's strict mode does; without this,
    /// every sequence of tags is read as entities, as conlleval does
    #[arg(long, help_heading = "Entities")]
    pub(crate) strict: bool,
    /// Only entities with these labels
    #[arg(long, value_delimiter = ',', value_name = "A,B", help_heading = "Entities")]
    pub(crate) labels: Option<Vec<String>>,
    /// Also count partial matches of entities, as SemEval-2013 does
    #[arg(long, help_heading = "Output")]
    pub(crate) partial: bool,
    #[command(flatten)]
    pub(crate) format: FormatFlags<ReportFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

/// Parses the name of a scheme.
pub(crate) fn scheme(name: &str) -> Result<TagScheme, String> {
    TagScheme::parse(name).ok_or_else(|| {
        let names = TagScheme::ALL.map(|scheme| scheme.name().to_ascii_lowercase());
        format!("expected one of {}", names.join(", "))
    })
}
