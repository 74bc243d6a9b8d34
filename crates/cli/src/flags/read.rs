//! Flags of reading files of text.
use anyhow::bail;
use clap::Args;
use cloze_corpus::{Encoding, Format, ReadParams, ValidReadParams};

use crate::flags::table::TableFlags;
use crate::flags::values;

/// Reading of texts.
#[derive(Args, Clone)]
pub(crate) struct ReadFlags {
    /// Input format; auto goes by file extension, and reads standard input as lines
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", help_heading = "Input")]
    pub(crate) input: InputArg,
    /// Field or column of the text; A,B for several, * for all (jsonl, csv, tsv) [default: known names]
    ///
    /// Several are joined by line breaks; a.b is a field in a JSON object. Known names are text, or else
    /// sentence, message, review, body, content and the like, or else title, subject and the like.
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub(crate) text_field: Option<String>,
    /// Field or column of the record's id (jsonl, csv, tsv) [default: id, if there is one]
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub(crate) id_field: Option<String>,
    #[command(flatten)]
    pub(crate) table: TableFlags,
    /// Column of the token, from 1 (conll) [default: 1; in .conllu files 2, FORM]
    #[arg(long, value_name = "N", help_heading = "Input")]
    pub(crate) token_column: Option<usize>,
    /// Encoding of the files: utf-8, latin1, utf-16, gbk, … or auto; a byte order mark decides
    #[arg(long, default_value = "utf-8", value_name = "NAME", help_heading = "Input")]
    pub(crate) encoding: String,
    /// Maximum length of a text, in MiB; memory grows with the longest
    #[arg(long, default_value_t = 16, value_name = "N", help_heading = "Input")]
    pub(crate) max_text: usize,
    /// Whether records carry the fields beside text and id; set by the command.
    #[arg(skip)]
    pub(crate) metadata: bool,
    /// Whether records carry all of their columns; set by the command.
    #[arg(skip)]
    pub(crate) cells: bool,
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
            .table(self.table.params())
            .cells(self.cells)
            .token_column(self.token_column)
            .metadata(self.metadata)
            .max_text_bytes(self.max_text.saturating_mul(1 << 20)))
    }

    /// Refuses several text fields, which are joined, where `offsets` count in one text.
    pub(crate) fn check_one_field(&self, offsets: &str) -> anyhow::Result<()> {
        match &self.text_field {
            Some(name) if self.params()?.joins_fields() => bail!(
                "--text-field {name} joins several fields, in which {offsets} would have no place\nhint: name one field"
            ),
            _ => Ok(()),
        }
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
    /// Comma-separated; other delimiters are recognised
    Csv => Some(Format::Csv),
    /// Tab-separated; other delimiters are recognised
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
    /// Rows of a Parquet file (in a build with the feature parquet)
    Parquet => Some(Format::Parquet),
    /// Rows of an Arrow IPC file or stream (likewise)
    Arrow => Some(Format::Arrow),
} }
