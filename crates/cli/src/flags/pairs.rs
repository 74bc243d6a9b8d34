//! Flags of reading pairs of texts.
use clap::{Args, ValueEnum};
use cloze_corpus::{Encoding, Format, PairParams, ValidPairParams};

/// Fields of pairs.
#[derive(Args)]
pub(crate) struct PairFields {
    /// Field or column of the first text [default: the first present of sentence1, text1,
    /// first, premise, text; column 1 without a header]
    #[arg(long, value_name = "NAME", help_heading = "Pairs")]
    pub(crate) first_field: Option<String>,
    /// Field or column of the second text [default: the first present of sentence2, text2,
    /// second, hypothesis; column 2 without a header]
    #[arg(long, value_name = "NAME", help_heading = "Pairs")]
    pub(crate) second_field: Option<String>,
    /// Field or column of the gold score [default: the first present of score, gold;
    /// without a header the last column, from the third on]
    #[arg(long, value_name = "NAME", help_heading = "Pairs")]
    pub(crate) score_field: Option<String>,
    /// The first row is a header, whatever is in it (csv, tsv) [default: where it names both texts,
    /// or has no number where the score would be]
    #[arg(long, conflicts_with = "no_header", help_heading = "Pairs")]
    pub(crate) header: bool,
    /// The first row is a pair, whatever is in it (csv, tsv)
    #[arg(long, conflicts_with_all = ["first_field", "second_field", "score_field"], help_heading = "Pairs")]
    pub(crate) no_header: bool,
}

impl PairFields {
    /// Returns the settings of the reader that these flags set.
    pub(crate) fn params(&self) -> PairParams {
        let header = match (self.header, self.no_header) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        PairParams::default()
            .first_field(self.first_field.clone())
            .second_field(self.second_field.clone())
            .score_field(self.score_field.clone())
            .header(header)
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
        Ok(self.fields.params().format(self.input.value()).encoding(encoding))
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
