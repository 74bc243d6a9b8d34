//! Splitting of a row into fields. Source: RFC 4180; fields it has no rule for are read as
//! Python's `csv` and the `csv` crate do: a quote inside an unquoted field is itself, and what
//! follows a closing quote belongs to the field.
//!
//! Not on `csv-core`: to write a row back byte for byte takes the places of its fields.
use std::ops::Range;

use crate::decode::{Decoded, Unit, split_ending};
use crate::{CorpusError, Format};

/// Meaning of a quote (`"`) in a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Quotes {
    /// In CSV as [`Csv`](Self::Csv). In TSV, where many files have literal quotes (GLUE, AG
    /// News: `"Spam King" is fined`), a row is a line, and a field is quoted only if a quote begins
    /// it, another ends it, and all between them are doubled; in any other field they are themselves.
    /// Lines that have another number of columns than the header, and together are a row by RFC 4180 that
    /// has it, are that row.
    #[default]
    Auto,
    /// A field that a quote begins goes on to the closing one, over delimiters and line ends.
    /// Source: RFC 4180.
    Csv,
    /// Itself: a row is a line, and a delimiter always ends a field.
    None,
}

impl Quotes {
    /// Dialect of the rows of this format; `None` if it has no rows.
    pub(crate) fn dialect(self, format: Format) -> Option<Dialect> {
        let delimiter = match format {
            Format::Csv => b',',
            Format::Tsv => b'\t',
            _ => return None,
        };
        let rule = match (self, format) {
            (Self::Csv, _) | (Self::Auto, Format::Csv) => Rule::Csv,
            (Self::Auto, _) => Rule::Whole,
            (Self::None, _) => Rule::None,
        };
        Some(Dialect { delimiter, rule })
    }
}

/// A delimiter, and a rule for quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    rule: Rule,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Csv,
    /// A field is quoted as a whole or not at all.
    Whole,
    None,
}

/// Position of a byte in a row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote that closes the field, or is the first of two.
    QuoteInQuoted,
}

/// Beginning of a text, read as a row by RFC 4180.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RowScan {
    /// A row of so many bytes, line end included.
    Whole(usize),
    /// No row: characters follow a closing quote.
    Torn,
    /// The text ends in a quoted field.
    Open,
}

#[derive(PartialEq, Eq)]
enum Step {
    Inside,
    FieldEnd,
    RowEnd,
}

impl Place {
    fn step(&mut self, byte: u8, dialect: Dialect) -> Step {
        let quote = byte == b'"' && dialect.rule == Rule::Csv;
        let (next, step) = match (*self, byte) {
            (Self::Quoted, _) if quote => (Self::QuoteInQuoted, Step::Inside),
            (Self::Quoted, _) => (Self::Quoted, Step::Inside),
            (Self::FieldStart | Self::QuoteInQuoted, _) if quote => (Self::Quoted, Step::Inside),
            (_, b'\n') => (Self::FieldStart, Step::RowEnd),
            (_, byte) if byte == dialect.delimiter => (Self::FieldStart, Step::FieldEnd),
            _ => (Self::Plain, Step::Inside),
        };
        *self = next;
        step
    }
}

impl Dialect {
    /// RFC 4180's, with commas.
    pub(crate) const CSV: Self = Self { delimiter: b',', rule: Rule::Csv };

    /// The same, with another delimiter.
    pub(crate) fn delimited_by(self, delimiter: u8) -> Self {
        Self { delimiter, ..self }
    }

    /// Length of the first row of `text`, with its line end.
    pub(crate) fn row_len(self, text: &str) -> usize {
        let mut state = Place::FieldStart;
        let end = text.bytes().position(|byte| state.step(byte, self) == Step::RowEnd);
        end.map_or(text.len(), |end| end + 1)
    }

    /// The next row, with its line end, and the dialect that its fields are read in. `columns` is the
    /// number of columns that rows have, once that is known.
    pub(crate) fn row(
        self,
        decoded: &mut Decoded,
        max: usize,
        columns: Option<usize>,
    ) -> Result<Option<(Unit, Self)>, CorpusError> {
        let dialect = match columns {
            Some(columns) if self.rule == Rule::Whole => self.of_row(decoded, max, columns)?,
            _ => self,
        };
        let mut state = Place::FieldStart;
        match decoded.unit(max, |byte| state.step(byte, dialect) == Step::RowEnd)? {
            Some(row) if state == Place::Quoted => {
                Err(CorpusError::Unclosed { path: decoded.path().to_owned(), line: row.line })
            }
            row => Ok(row.map(|row| (row, dialect))),
        }
    }

    /// The dialect of the next row: RFC 4180's if that makes a row of `columns` columns out of lines that
    /// do not all have as many by this one.
    fn of_row(
        self,
        decoded: &mut Decoded,
        max: usize,
        columns: usize,
    ) -> Result<Self, CorpusError> {
        let csv = Self { rule: Rule::Csv, ..self };
        let ahead = decoded.look(max, |text| csv.scan(text) != RowScan::Open)?;
        let RowScan::Whole(len) = csv.scan(ahead) else { return Ok(self) };
        let row = split_ending(&ahead[..len]).0;
        let mut lines = row.lines().filter(|line| !line.is_empty());
        let is_csv = csv.fields(row).count() == columns
            && lines.any(|line| self.fields(line).count() != columns);
        Ok(if is_csv { csv } else { self })
    }

    fn scan(self, text: &str) -> RowScan {
        let mut state = Place::FieldStart;
        for (i, byte) in text.bytes().enumerate() {
            let closed = state == Place::QuoteInQuoted;
            if state.step(byte, self) == Step::RowEnd {
                return RowScan::Whole(i + 1);
            }
            if closed && state == Place::Plain && byte != b'\r' {
                return RowScan::Torn;
            }
        }
        if state == Place::Quoted { RowScan::Open } else { RowScan::Whole(text.len()) }
    }

    /// Positions of the fields of a row without its line end. Not collected: a row may be all
    /// delimiters, and sixteen times its length is not a bound.
    pub(crate) fn fields(self, row: &str) -> impl Iterator<Item = Range<usize>> {
        let mut bytes = row.bytes().enumerate();
        let mut state = Place::FieldStart;
        let mut start = Some(0);
        std::iter::from_fn(move || {
            let from = start?;
            let end = bytes.find(|&(_, byte)| state.step(byte, self) == Step::FieldEnd);
            start = end.map(|(i, _)| i + 1);
            Some(from..end.map_or(row.len(), |(i, _)| i))
        })
    }

    /// `text` as the field that stands at `range` of `row`: as it is written there, if that means the same,
    /// and otherwise quoted if it is quoted there or has to be.
    ///
    /// # Errors
    /// [`CorpusError::NotAField`] where no field can be read as `text`.
    pub(crate) fn field(
        self,
        text: &str,
        row: &str,
        range: &Range<usize>,
    ) -> Result<String, CorpusError> {
        let old = &row[range.clone()];
        if self.value(old) == text {
            return Ok(old.to_owned());
        }
        // A row that is but one empty field would be a blank line.
        let blank = text.is_empty() && range.len() == split_ending(row).0.len();
        let quoted = || format!("\"{}\"", text.replace('"', "\"\""));
        let divides = |byte| byte == self.delimiter || byte == b'\n';
        // The end of a line, if the field is the last.
        let ends_line = text.ends_with('\r') && !old.ends_with('\r');
        match self.rule {
            Rule::Csv => {
                let special = |byte| divides(byte) || matches!(byte, b'"' | b'\r');
                let has_to_be = blank || text.bytes().any(special);
                Ok(if old.starts_with('"') || has_to_be { quoted() } else { text.to_owned() })
            }
            _ if text.bytes().any(divides) || (ends_line && self.rule == Rule::None) => {
                Err(CorpusError::NotAField { delimiter: self.delimiter.into() })
            }
            Rule::Whole => {
                let has_to_be = blank || ends_line || wholly_unquoted(text).is_some();
                let was = wholly_unquoted(old).is_some();
                Ok(if was || has_to_be { quoted() } else { text.to_owned() })
            }
            Rule::None if blank => Err(CorpusError::NotAField { delimiter: self.delimiter.into() }),
            Rule::None => Ok(text.to_owned()),
        }
    }

    /// Value of a field, its quotes removed.
    pub(crate) fn value(self, field: &str) -> String {
        match self.rule {
            Rule::Csv => unquoted(field),
            Rule::Whole => wholly_unquoted(field).unwrap_or_else(|| field.to_owned()),
            Rule::None => field.to_owned(),
        }
    }
}

fn unquoted(field: &str) -> String {
    let Some(mut rest) = field.strip_prefix('"') else { return field.to_owned() };
    let mut value = String::with_capacity(field.len());
    while let Some((before, after)) = rest.split_once('"') {
        value.push_str(before);
        let Some(after_second) = after.strip_prefix('"') else {
            // Closed; the quotes behind it are themselves.
            return value + after;
        };
        value.push('"');
        rest = after_second;
    }
    value + rest
}

fn wholly_unquoted(field: &str) -> Option<String> {
    let inner = field.strip_prefix('"')?.strip_suffix('"')?;
    let doubled = inner.split("\"\"").all(|part| !part.contains('"'));
    doubled.then(|| inner.replace("\"\"", "\""))
}
