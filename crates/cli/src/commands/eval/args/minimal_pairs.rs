//! `cloze eval minimal-pairs`, as typed.
use clap::Args;

use crate::flags::out::OutFlags;
use crate::flags::read::{InputArg, ReadFlags};
use crate::flags::scorer::{MaskingFlags, ScorerFlags};

/// What `cloze eval minimal-pairs` is asked for.
#[derive(Args)]
pub(crate) struct MinimalPairsArgs {
    /// Pairs of sentences of which one is acceptable: files, folders or patterns in BLiMP's form, a JSON
    /// object a line with `sentence_good` and `sentence_bad`, and perhaps `UID`, `linguistics_term` and `field`;
    /// also tables with such columns
    #[arg(required = true, value_name = "PATHS")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) scorer: ScorerFlags,
    #[command(flatten)]
    pub(crate) masking: MaskingFlags,
    /// Only the first N pairs of each file
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Input")]
    pub(crate) limit: Option<u64>,
    /// What the files are; auto goes by their endings, and takes standard input as JSON lines
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", help_heading = "Input")]
    input: InputArg,
    /// The field or column of the acceptable sentence
    #[arg(long, default_value = "sentence_good", value_name = "NAME", help_heading = "Input")]
    good_field: String,
    /// The field or column of the other
    #[arg(long, default_value = "sentence_bad", value_name = "NAME", help_heading = "Input")]
    pub(crate) bad_field: String,
    /// The files' encoding: utf-8, latin1, utf-16, gbk, …
    #[arg(long, default_value = "utf-8", value_name = "NAME", help_heading = "Input")]
    encoding: String,
    /// Print the report as JSON
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) out: OutFlags,
}

impl MinimalPairsArgs {
    /// How the files are read.
    pub(crate) fn read(&self) -> ReadFlags {
        let lines_alone = self.input == InputArg::Auto && self.paths.iter().all(|path| path == "-");
        ReadFlags {
            input: if lines_alone { InputArg::Jsonl } else { self.input },
            text_field: self.good_field.clone(),
            id_field: "pairID".into(),
            token_column: 1,
            encoding: self.encoding.clone(),
            max_text: 16,
            metadata: true,
        }
    }
}
