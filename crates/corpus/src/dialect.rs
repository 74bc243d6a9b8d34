//! Splitting of a row into fields. Source: RFC 4180; fields it has no rule for are read as
//! Python's `csv` and the `csv` crate do: a quote inside an unquoted field is itself, and what
//! follows a closing quote belongs to the field.
//!
//! Not on `csv-core`: to write a row back byte for byte takes the places of its fields.
use std::ops::Range;

use crate::decode::{Decoded, Unit};
use crate::{CorpusError, Format};

/// Meaning of a quote (`"`) in a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Quotes {
    /// In CSV as [`Csv`](Self::Csv). In TSV, where many files have literal quotes (GLUE, AG
    /// News: `"Spam King" is fined`), a row is a line, and a field is quoted only if a quote begins
    /// it, another ends it, and all between them are doubled; in any other field they are themselves.
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
    /// RFC 4180's, with this delimiter.
    pub(crate) fn csv(delimiter: u8) -> Self {
        Self { delimiter, rule: Rule::Csv }
    }

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

    /// The next row, with its line end.
    pub(crate) fn row(
        self,
        decoded: &mut Decoded,
        max: usize,
    ) -> Result<Option<Unit>, CorpusError> {
        let mut state = Place::FieldStart;
        match decoded.unit(max, |byte| state.step(byte, self) == Step::RowEnd)? {
            Some(row) if state == Place::Quoted => {
                Err(CorpusError::Unclosed { path: decoded.path().to_owned(), line: row.line })
            }
            row => Ok(row),
        }
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
