//! Flags of reading pairs of texts.
use clap::{Args, ValueEnum};
use cloze_corpus::{Encoding, Format, PairParams, ValidPairParams};

use crate::flags::table::TableFlags;

/// Fields of pairs.
#[derive(Args)]
#[expect(clippy::struct_field_names, reason = "flags are called so")]
pub(crate) struct PairFields {
    /// Field or column of the first text, A,B for several [default: the one with a known name, such as
    /// sentence1, premise or question; column 1 without a header]
    #[arg(long, value_name = "NAME", help_heading = "Pairs")]
    pub(crate) first_field: Option<String>,
    /// Field or column of the second text [default: the one that belongs to the first, such as sentence2,
    /// hypothesis or answer; column 2 without a header]
    #[arg(long, value_name = "NAME", help_heading = "Pairs")]
    pub(crate) second_field: Option<String>,
    /// Field or column of the gold score [default: the one with a known name, such as score or similarity;
    /// without a header the last column, from the third on]
    #[arg(long, value_name = "NAME", help_heading = "Pairs")]
    pub(crate) score_field: Option<String>,
}

impl PairFields {
    /// Returns the settings of the reader that these flags set.
    pub(crate) fn params(&self, table: TableFlags) -> PairParams {
        PairParams::default()
            .first_field(self.first_field.clone())
            .second_field(self.second_field.clone())
            .score_field(self.score_field.clone())
            .table(table.params())
    }
}

/// Reading of files of pairs.
#[derive(Args)]
pub(crate) struct PairFlags {
    /// Input format; auto goes by file extension
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", help_heading = "Pairs")]
    pub(crate) input: PairInputArg,
    #[command(flatten)]
    pub(crate) fields: PairFields,
    #[command(flatten)]
    pub(crate) table: TableFlags,
    /// Encoding of the files: utf-8, latin1, utf-16, gbk, …
    #[arg(long, default_value = "utf-8", value_name = "NAME", help_heading = "Pairs")]
    pub(crate) encoding: String,
}

impl PairFlags {
    /// Returns the settings of a reader of pairs with scores, or of pairs with optional scores.
    pub(crate) fn params(&self, score_required: bool) -> anyhow::Result<ValidPairParams> {
        Ok(self.reader()?.score_required(score_required).check()?)
    }

    /// Returns the settings of a reader, not checked yet.
    pub(crate) fn reader(&self) -> anyhow::Result<PairParams> {
        let encoding = Encoding::parse(&self.encoding)?;
        Ok(self.fields.params(self.table).format(self.input.value()).encoding(encoding))
    }
}

/// Formats of pairs.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PairInputArg {
    /// By file extension
    #[default]
    Auto,
    /// Comma-separated
    Csv,
    /// Tab-separated
    Tsv,
    /// One JSON object per line
    Jsonl,
}

impl PairInputArg {
    pub(crate) fn value(self) -> Option<Format> {
        match self {
            Self::Auto => None,
            Self::Csv => Some(Format::Csv),
            Self::Tsv => Some(Format::Tsv),
            Self::Jsonl => Some(Format::Jsonl),
        }
    }
}
