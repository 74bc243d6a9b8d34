//! The formats of an input.
use std::fmt;
use std::path::Path;

use crate::unpack::unpacked_path;

/// Division of an input into records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// The whole file is one record, even an empty one.
    Text,
    /// One record per line; an empty line is a record, too. Lines end in `\n` or `\r\n`.
    Lines,
    /// One JSON object per line, with a text field and perhaps an id. Source:
    /// <https://jsonlines.org>.
    Jsonl,
    /// Comma-separated values below a header row. Source: RFC 4180, with `\n` or `\r\n`.
    Csv,
    /// The same, tab-separated.
    Tsv,
    /// A token a row and a blank line after each sentence. Columns are separated by tabs, or by
    /// spaces in rows without a tab. Source: CoNLL-2003 (with its `-DOCSTART-` lines) and
    /// CoNLL-U 2 (with its comments, and without its multiword and empty tokens where the token
    /// column is not the first: [`Reader::skipped_rows`](crate::Reader::skipped_rows)).
    Conll,
    /// A web page: one record, the text that a browser shows and that of attributes such as `alt`.
    Html,
    /// A mail: one record, its header fields and texts, decoded. Source: RFC 5322 and 2045.
    Eml,
    /// A document of Word 2007 or later: one record. Source: ECMA-376.
    Docx,
    /// A text of `OpenDocument`: one record. Source: ISO/IEC 26300.
    Odt,
    /// A workbook of Excel 2007 or later: one record, rows as lines and bars between cells. Source:
    /// ECMA-376.
    Xlsx,
    /// The text layer of a PDF: one record. Source: ISO 32000.
    Pdf,
    /// A Parquet file: a record per row, with columns as fields; its line is the row, from 1.
    /// Source: <https://parquet.apache.org/docs/file-format/>.
    Parquet,
    /// An Arrow IPC file or stream, likewise; Feather 2 is the same. Source:
    /// <https://arrow.apache.org/docs/format/Columnar.html>.
    Arrow,
}

impl Format {
    /// The format that files with this ending are in, in lower or upper case: `.jsonl` and
    /// `.ndjson`; `.csv`; `.tsv` and `.tab`; `.conll`, `.conllu`, `.iob`, `.iob2` and `.bio`;
    /// `.log` are lines; `.html`, `.htm` and `.xhtml`; `.eml`, `.mht` and `.mhtml`; `.docx`, `.docm`
    /// and `.dotx`; `.odt` and `.ott`; `.xlsx`, `.xlsm` and `.xltx`; `.pdf`; `.parquet` and `.pq`;
    /// `.arrow`, `.arrows`, `.ipc` and `.feather`; all else is text. A `.gz` or `.zst` behind it does not matter: such files are read as what they hold.
    #[must_use]
    pub fn of_path(path: &Path) -> Self {
        let path = unpacked_path(path);
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        match ending.as_str() {
            "jsonl" | "ndjson" => Self::Jsonl,
            "csv" => Self::Csv,
            "tsv" | "tab" => Self::Tsv,
            "conll" | "conllu" | "iob" | "iob2" | "bio" => Self::Conll,
            "log" => Self::Lines,
            "html" | "htm" | "xhtml" => Self::Html,
            "eml" | "mht" | "mhtml" => Self::Eml,
            "docx" | "docm" | "dotx" => Self::Docx,
            "odt" | "ott" => Self::Odt,
            "xlsx" | "xlsm" | "xltx" => Self::Xlsx,
            "pdf" => Self::Pdf,
            "parquet" | "pq" => Self::Parquet,
            "arrow" | "arrows" | "ipc" | "feather" => Self::Arrow,
            _ => Self::Text,
        }
    }

    /// Name in settings and messages: `text`, `lines`, `jsonl`, `csv`, `tsv`, `conll`, `html`,
    /// `eml`, `docx`, `odt`, `xlsx`, `pdf`, `parquet` or `arrow`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Lines => "lines",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Conll => "conll",
            Self::Html => "html",
            Self::Eml => "eml",
            Self::Docx => "docx",
            Self::Odt => "odt",
            Self::Xlsx => "xlsx",
            Self::Pdf => "pdf",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
        }
    }

    /// Whether it holds columns, which are read with the feature `parquet` and not written back.
    #[must_use]
    pub fn is_columns(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow)
    }

    /// Whether it is a document, which is one record and is read with the feature `documents`.
    #[must_use]
    pub fn is_document(self) -> bool {
        matches!(self, Self::Html | Self::Eml | Self::Docx | Self::Odt | Self::Xlsx | Self::Pdf)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
