//! Flags of reading files of text.
use anyhow::bail;
use clap::Args;
use cloze_corpus::{Encoding, Format, ReadParams, ValidReadParams};

use crate::flags::values;

/// Reading of texts.
#[derive(Args, Clone)]
pub(crate) struct ReadFlags {
    /// Input format; auto goes by file extension, and reads standard input as lines
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", help_heading = "Input")]
    pub(crate) input: InputArg,
    /// Field or column of the text (jsonl, csv, tsv)
    #[arg(long, default_value = "text", value_name = "NAME", help_heading = "Input")]
    pub(crate) text_field: String,
    /// Field or column of the record's id (jsonl, csv, tsv)
    #[arg(long, default_value = "id", value_name = "NAME", help_heading = "Input")]
    pub(crate) id_field: String,
    /// Column of the token, from 1 (conll)
    #[arg(long, default_value_t = 1, value_name = "N", help_heading = "Input")]
    pub(crate) token_column: usize,
    /// Encoding of the files: utf-8, latin1, utf-16, gbk, … or auto; a byte order mark decides
    #[arg(long, default_value = "utf-8", value_name = "NAME", help_heading = "Input")]
    pub(crate) encoding: String,
    /// Maximum length of a text, in MiB; memory grows with the longest
    #[arg(long, default_value_t = 16, value_name = "N", help_heading = "Input")]
    pub(crate) max_text: usize,
    /// Whether records carry the fields beside text and id; set by the command.
    #[arg(skip)]
    pub(crate) metadata: bool,
}

impl ReadFlags {
    /// Returns the settings of the reader.
    pub(crate) fn params(&self) -> anyhow::Result<ValidReadParams> {
        Ok(self.reader()?.check()?)
    }

    /// Returns the settings of the reader, not checked yet.
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
    /// By file extension
    #[default]
    Auto => None,
    /// One text per file
    Text => Some(Format::Text),
    /// One text per line
    Lines => Some(Format::Lines),
    /// One JSON object per line
    Jsonl => Some(Format::Jsonl),
    /// Comma-separated, with a header
    Csv => Some(Format::Csv),
    /// Tab-separated, with a header
    Tsv => Some(Format::Tsv),
    /// One token per line, a blank line between sentences
    Conll => Some(Format::Conll),
    /// A web page
    Html => Some(Format::Html),
    /// A mail
    Eml => Some(Format::Eml),
    /// A document of Word
    Docx => Some(Format::Docx),
    /// A text of OpenDocument
    Odt => Some(Format::Odt),
    /// A workbook of Excel
    Xlsx => Some(Format::Xlsx),
    /// The text layer of a PDF
    Pdf => Some(Format::Pdf),
} }
