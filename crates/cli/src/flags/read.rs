//! Flags of reading files of text.
use anyhow::bail;
use clap::Args;
use cloze_corpus::{Encoding, Format, ReadParams, ValidReadParams};

use crate::flags::values;

/// How files of text are read.
#[derive(Args, Clone)]
pub(crate) struct ReadFlags {
    /// What the files are; auto goes by their endings, and takes standard input as lines
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", help_heading = "Input")]
    pub(crate) input: InputArg,
    /// The field or column that holds the text (jsonl, csv, tsv)
    #[arg(long, default_value = "text", value_name = "NAME", help_heading = "Input")]
    pub(crate) text_field: String,
    /// The field or column that holds the record's id (jsonl, csv, tsv)
    #[arg(long, default_value = "id", value_name = "NAME", help_heading = "Input")]
    pub(crate) id_field: String,
    /// The column that holds the token, counted from 1 (conll)
    #[arg(long, default_value_t = 1, value_name = "N", help_heading = "Input")]
    pub(crate) token_column: usize,
    /// The files' encoding: utf-8, latin1, utf-16, gbk, …
    #[arg(long, default_value = "utf-8", value_name = "NAME", help_heading = "Input")]
    pub(crate) encoding: String,
    /// Texts longer than this many MiB are refused; working memory grows with the longest
    #[arg(long, default_value_t = 16, value_name = "N", help_heading = "Input")]
    pub(crate) max_text: usize,
    /// Whether records carry the fields beside text and id, which the command decides.
    #[arg(skip)]
    pub(crate) metadata: bool,
}

impl ReadFlags {
    /// Settings of the reader.
    pub(crate) fn params(&self) -> anyhow::Result<ValidReadParams> {
        Ok(self.reader()?.check()?)
    }

    /// The same, not checked yet.
    pub(crate) fn reader(&self) -> anyhow::Result<ReadParams> {
        if self.max_text == 0 {
            bail!("--max-text is 0: expected at least 1");
        }
        Ok(ReadParams::default()
            .format(self.input.value())
            .encoding(self.encoding()?)
            .text_field(self.text_field.clone())
            .id_field(self.id_field.clone())
            .token_column(self.token_column)
            .metadata(self.metadata)
            .max_text_bytes(self.max_text.saturating_mul(1 << 20)))
    }

    pub(crate) fn encoding(&self) -> anyhow::Result<Encoding> {
        Ok(Encoding::parse(&self.encoding)?)
    }
}

values! { InputArg => Option<Format> {
    /// By the file's ending
    #[default]
    Auto => None,
    /// A file is a text
    Text => Some(Format::Text),
    /// A line is a text
    Lines => Some(Format::Lines),
    /// A line is a JSON object
    Jsonl => Some(Format::Jsonl),
    /// Comma-separated, with a header
    Csv => Some(Format::Csv),
    /// Tab-separated, with a header
    Tsv => Some(Format::Tsv),
    /// A token a line, a blank line between sentences
    Conll => Some(Format::Conll),
} }
