//! `cloze eval minimal-pairs`, as typed.
use clap::Args;

use crate::commands::short_help;
use crate::flags::format::{FigureFormat, FormatFlags};
use crate::flags::out::OutFlags;
use crate::flags::read::{InputArg, ReadFlags};
use crate::flags::scorer::{MaskingFlags, ScorerFlags};
use crate::flags::table::TableFlags;

/// Flags of the short help of `cloze eval minimal-pairs`.
const SHOWN: &[&str] = &[
    "model",
    "within_word",
    "limit",
    "good_field",
    "bad_field",
    "format",
    "json",
    "output",
    "force",
];

const EXAMPLES: &str = "\
Examples:
  cloze eval minimal-pairs blimp/*.jsonl --within-word
  cloze eval minimal-pairs blimp/ --limit 100 --json --output blimp.json
  cloze eval minimal-pairs pairs.csv --good-field right --bad-field wrong";

/// Arguments of `cloze eval minimal-pairs`.
#[derive(Args)]
#[command(
    after_help = EXAMPLES,
    mut_args(|arg| short_help::only(SHOWN, arg)),
    mut_arg("model", |arg| arg.help("Language model, masked or causal, by name or folder")),
    mut_arg("within_word", |arg| short_help::brief(
        "Mask the later tokens of the same word, too",
        arg
    ))
)]
pub(crate) struct MinimalPairsArgs {
    /// Minimal pairs in BLiMP's format, or tables with its columns: files, folders or patterns
    ///
    /// An acceptable and an unacceptable sentence each: one JSON object per line with `sentence_good` and
    /// `sentence_bad`, optionally `UID`, `linguistics_term` and `field`; or tables with these columns
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) scorer: ScorerFlags,
    #[command(flatten)]
    pub(crate) masking: MaskingFlags,
    /// Only the first N pairs of each file
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Input")]
    pub(crate) limit: Option<u64>,
    /// Format of the files; auto goes by the file extension, and reads standard input as JSON lines
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", help_heading = "Input")]
    input: InputArg,
    /// Field or column of the acceptable sentence
    #[arg(long, default_value = "sentence_good", value_name = "NAME", help_heading = "Input")]
    good_field: String,
    /// Field or column of the unacceptable sentence
    #[arg(long, default_value = "sentence_bad", value_name = "NAME", help_heading = "Input")]
    pub(crate) bad_field: String,
    /// Encoding of the files: utf-8, latin1, utf-16, gbk, …
    #[arg(long, default_value = "utf-8", value_name = "NAME", help_heading = "Input")]
    encoding: String,
    #[command(flatten)]
    pub(crate) format: FormatFlags<FigureFormat>,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

impl MinimalPairsArgs {
    /// Flags of the reader.
    pub(crate) fn read(&self) -> ReadFlags {
        let lines_alone = self.input == InputArg::Auto && self.paths.iter().all(|path| path == "-");
        ReadFlags {
            input: if lines_alone { InputArg::Jsonl } else { self.input },
            text_field: Some(self.good_field.clone()),
            id_field: None,
            table: TableFlags::DEFAULT,
            token_column: None,
            encoding: self.encoding.clone(),
            max_text: 16,
            metadata: true,
            cells: false,
        }
    }
}
