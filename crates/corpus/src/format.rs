//! The formats of an input.
use std::fmt;
use std::path::Path;

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
}

impl Format {
    /// The format that files with this ending are in, in lower or upper case: `.jsonl` and
    /// `.ndjson`; `.csv`; `.tsv` and `.tab`; `.conll`, `.conllu`, `.iob`, `.iob2` and `.bio`;
    /// `.log` are lines; all else is text.
    #[must_use]
    pub fn of_path(path: &Path) -> Self {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        match ending.as_str() {
            "jsonl" | "ndjson" => Self::Jsonl,
            "csv" => Self::Csv,
            "tsv" | "tab" => Self::Tsv,
            "conll" | "conllu" | "iob" | "iob2" | "bio" => Self::Conll,
            "log" => Self::Lines,
            _ => Self::Text,
        }
    }

    /// Name in settings and messages: `text`, `lines`, `jsonl`, `csv`, `tsv` or `conll`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Lines => "lines",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Conll => "conll",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
