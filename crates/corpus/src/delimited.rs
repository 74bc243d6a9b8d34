//! Rows of fields below a header row. Source: RFC 4180; fields it has no rule for are read as
//! Python's `csv` and the `csv` crate do: a quote inside an unquoted field is itself, and what
//! follows a closing quote belongs to the field.
//!
//! Not on `csv-core`: to write a row back byte for byte takes the places of its fields.
use std::ops::Range;

use crate::decode::{Decoded, Unit, split_ending};
use crate::record::Frame;
use crate::{CorpusError, Piece, Record, ValidReadParams, error::MAX_NAMES};

/// Where in a row a byte is.
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
    fn step(&mut self, byte: u8, delimiter: u8) -> Step {
        let (next, step) = match (*self, byte) {
            (Self::Quoted, b'"') => (Self::QuoteInQuoted, Step::Inside),
            (Self::Quoted, _) | (Self::FieldStart | Self::QuoteInQuoted, b'"') => {
                (Self::Quoted, Step::Inside)
            }
            (_, b'\n') => (Self::FieldStart, Step::RowEnd),
            (_, byte) if byte == delimiter => (Self::FieldStart, Step::FieldEnd),
            _ => (Self::Plain, Step::Inside),
        };
        *self = next;
        step
    }
}

/// A file of rows.
pub(crate) struct Table {
    delimiter: u8,
    header: Option<Header>,
}

struct Header {
    columns: usize,
    text: usize,
    id: Option<usize>,
}

impl Table {
    pub(crate) fn new(delimiter: u8) -> Self {
        Self { delimiter, header: None }
    }

    pub(crate) fn next(
        &mut self,
        decoded: &mut Decoded,
        params: &ValidReadParams,
    ) -> Result<Option<Piece>, CorpusError> {
        let delimiter = self.delimiter;
        let row = row(decoded, delimiter, params.max_text_bytes());
        let path = decoded.path();
        let row = match (row, &self.header) {
            // Without a header no row means anything.
            (Err(CorpusError::TooLong { path, line, max, .. }), None) => {
                return Err(CorpusError::TooLong { path, line, max, fatal: true });
            }
            // A file with nothing in it has no records; one with blank lines alone lacks its header.
            (Ok(None), None) if decoded.bytes_read() == 0 => return Ok(None),
            (Ok(None), None) => {
                return Err(CorpusError::MissingField {
                    path: path.to_owned(),
                    line: decoded.line(),
                    field: params.text_field().to_owned(),
                    found: vec![],
                    fatal: true,
                });
            }
            (row, _) => row?,
        };
        let Some(row) = row else { return Ok(None) };
        let content = split_ending(&row.raw).0;
        if content.is_empty() {
            return Ok(Some(Piece::Verbatim(row.raw)));
        }
        let Some(header) = &self.header else {
            let column = |field: &str| {
                let mut columns = (0..).zip(fields(content, delimiter));
                let mut same =
                    columns.by_ref().filter(|(_, r)| unquoted(&content[r.clone()]) == field);
                match (same.next(), same.next()) {
                    (Some(_), Some(_)) => Err(CorpusError::DuplicateField {
                        path: path.to_owned(),
                        line: row.line,
                        field: field.to_owned(),
                    }),
                    (column, _) => Ok(column.map(|(i, _)| i)),
                }
            };
            let field = params.text_field();
            let text = column(field)?.ok_or_else(|| CorpusError::MissingField {
                path: path.to_owned(),
                line: row.line,
                field: field.to_owned(),
                found: fields(content, delimiter)
                    .take(MAX_NAMES)
                    .map(|range| unquoted(&content[range]))
                    .collect(),
                fatal: true,
            })?;
            let id = column(params.id_field())?;
            self.header = Some(Header { columns: fields(content, delimiter).count(), text, id });
            return Ok(Some(Piece::Verbatim(row.raw)));
        };

        let (mut found, mut text, mut id) = (0, None, None);
        for range in fields(content, delimiter) {
            if found == header.text {
                text = Some(range.clone());
            }
            if Some(found) == header.id {
                id = Some(unquoted(&content[range]));
            }
            found += 1;
        }
        match text {
            Some(field) if found == header.columns => Ok(Some(Piece::Record(Record {
                line: row.line,
                id,
                text: unquoted(&content[field.clone()]),
                words: None,
                frame: Frame::Row { field, delimiter, raw: row.raw },
            }))),
            _ => Err(CorpusError::Columns {
                path: path.to_owned(),
                line: row.line,
                expected: header.columns,
                found,
            }),
        }
    }
}

/// The next row, with its line end.
pub(crate) fn row(
    decoded: &mut Decoded,
    delimiter: u8,
    max: usize,
) -> Result<Option<Unit>, CorpusError> {
    let mut place = Place::FieldStart;
    match decoded.unit(max, |byte| place.step(byte, delimiter) == Step::RowEnd)? {
        Some(row) if place == Place::Quoted => {
            Err(CorpusError::Unclosed { path: decoded.path().to_owned(), line: row.line })
        }
        row => Ok(row),
    }
}

/// Where the fields of a row without its line end are. Not collected: a row may be all delimiters,
/// and sixteen times its length is no bound.
pub(crate) fn fields(row: &str, delimiter: u8) -> impl Iterator<Item = Range<usize>> {
    let mut bytes = row.bytes().enumerate();
    let mut place = Place::FieldStart;
    let mut start = Some(0);
    std::iter::from_fn(move || {
        let from = start?;
        let end = bytes.find(|&(_, byte)| place.step(byte, delimiter) == Step::FieldEnd);
        start = end.map(|(i, _)| i + 1);
        Some(from..end.map_or(row.len(), |(i, _)| i))
    })
}

/// What a field means.
pub(crate) fn unquoted(field: &str) -> String {
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

/// `text` as the field that stands at `place` of `row`: as it is written there, if that means the
/// same, and otherwise quoted if it is quoted there or has to be.
pub(crate) fn field(text: &str, row: &str, place: &Range<usize>, delimiter: u8) -> String {
    let old = &row[place.clone()];
    if unquoted(old) == text {
        return old.to_owned();
    }
    // A row that is but one empty field would be a blank line.
    let alone = place.len() == split_ending(row).0.len();
    let special = |byte| byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
    if old.starts_with('"') || text.bytes().any(special) || (alone && text.is_empty()) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}
