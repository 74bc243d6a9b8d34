//! `cloze redact`, as typed.
use std::path::PathBuf;

use clap::Args;

use crate::commands::short_help;
use crate::flags::read::ReadFlags;
use crate::flags::tagger::TaggerFlags;
use crate::flags::texts::TextsFlags;

const SHOWN: &[&str] = &[
    "model",
    "policy",
    "policy_file",
    "key_file",
    "text_field",
    "keep_columns",
    "as_text",
    "output",
    "in_place",
    "audit",
];

const EXAMPLES: &str = "\
Examples:
  cloze redact letters/ --output clean/
  cloze redact staff.csv --keep-columns id,team --output clean.csv
  cloze redact in/ -o out/ --policy number --policy EMAIL=partial --key-file key.jsonl";

/// Help of `--prefer-recall`, whose default favours recall here.
pub(crate) const PREFER_RECALL: &str = "Favour recall: subtract this many logits from those of `O`; 0 for the model as it is [default: the model's card]";

/// Arguments of `cloze redact`.
#[derive(Args)]
#[command(
    after_help = EXAMPLES,
    mut_arg("model", |arg| arg.default_value("pii")),
    mut_arg("text_field", |arg| short_help::brief(
        "Columns and fields to redact (csv, tsv, jsonl) [default: all]",
        arg.long("columns").alias("text-field").value_name("A,B")
    )),
    mut_arg("audit", |arg| short_help::brief(
        "Write counts by file and label, without any text (json)",
        arg
    )),
    mut_arg("policy_file", |arg| short_help::brief("Policy in TOML; --policy goes before it", arg)),
    mut_arg("key_file", |arg| short_help::brief("Keep what `cloze restore` needs in this file", arg)),
    mut_arg("prefer_recall", |arg| arg.help(PREFER_RECALL)),
    mut_arg("output", |arg| short_help::brief(
        "Write to a file, or into a folder as a tree like the input's",
        arg
    )),
    mut_arg("as_text", |arg| short_help::brief("Write the text of documents (docx, pdf, eml, …)", arg)),
    mut_args(|arg| short_help::only(SHOWN, arg))
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct RedactArgs {
    #[command(flatten)]
    pub(crate) texts: TextsFlags,
    #[command(flatten)]
    pub(crate) tagger: TaggerFlags,
    #[command(flatten)]
    pub(crate) read: ReadFlags,
    /// Columns and fields to leave as they are (csv, tsv, jsonl)
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "A,B",
        conflicts_with = "text_field",
        help_heading = "Input"
    )]
    pub(crate) keep_columns: Vec<String>,
    /// Labels to redact; entities with others stay
    #[arg(long, value_delimiter = ',', value_name = "A,B", help_heading = "Entities")]
    pub(crate) labels: Option<Vec<String>>,
    /// Action for all labels, or for one: mask, mask:TEXT, number, hash, partial, pseudonym, keep
    ///
    /// mask is the label in brackets, and in mask:TEXT {label} stands for it; number adds a number, the same
    /// for the same value in a run; hash adds a hash, the same for the same value and key file; partial shows
    /// the last four letters and digits; pseudonym is an invented value. Can be repeated [default: mask]
    #[arg(long, value_name = "[LABEL=]ACTION", help_heading = "Redaction")]
    pub(crate) policy: Vec<String>,
    /// Policy in TOML: default = "ACTION", [labels] with LABEL = "ACTION"; --policy goes before it
    #[arg(long, value_name = "FILE", help_heading = "Redaction")]
    pub(crate) policy_file: Option<PathBuf>,
    /// Keep what `cloze restore` needs in this file, and the same replacements from run to run
    #[arg(long, value_name = "FILE", help_heading = "Redaction")]
    pub(crate) key_file: Option<PathBuf>,
    /// Write the text of documents (docx, pdf, odt, xlsx, eml, html), as NAME.txt in a folder; without it pages
    /// and mails are redacted as what they are, and other documents are refused
    #[arg(long, conflicts_with = "in_place", help_heading = "Output")]
    pub(crate) as_text: bool,
    /// Leave attachments of mails out, in place of refusing a mail that has any (eml)
    #[arg(long, help_heading = "Output")]
    pub(crate) drop_attachments: bool,
    /// Write to a file, or into a folder as a tree like the input's: PATH is a folder if it is one, if
    /// it ends in /, or if a folder is read and PATH has no ending
    #[arg(short, long, value_name = "PATH", help_heading = "Output")]
    pub(crate) output: Option<PathBuf>,
    /// Replace existing files
    #[arg(long, help_heading = "Output")]
    pub(crate) force: bool,
    /// Redact files in place: with --backup, or --yes to keep no original
    #[arg(long, conflicts_with_all = ["output", "text"], help_heading = "Output")]
    pub(crate) in_place: bool,
    /// Keep the originals under their names with this ending, such as .orig (--in-place)
    #[arg(
        long,
        value_name = "SUFFIX",
        requires = "in_place",
        conflicts_with_all = ["output", "text"],
        help_heading = "Output"
    )]
    pub(crate) backup: Option<String>,
    /// Redact files in place without a backup (--in-place)
    #[arg(
        long,
        requires = "in_place",
        conflicts_with_all = ["backup", "output", "text"],
        help_heading = "Output"
    )]
    pub(crate) yes: bool,
    /// Write counts by file and label, and hashes of input and output, without any text (json)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) audit: Option<PathBuf>,
}
