//! Rows of fields below a header row, as [`Dialect`] reads them, and the way back.
use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Map;

use crate::decode::{Decoded, split_ending};
use crate::dialect::Dialect;
use crate::fields::{At, Row, joined, other_delimiter, settled_dialect};
use crate::names::{EVERY, FieldRole, NameError};
use crate::record::{FieldText, Frame};
use crate::{CorpusError, Format, Piece, Record, UsedFields, ValidReadParams};

/// A file of rows.
pub(crate) struct Table {
    format: Format,
    dialect: Dialect,
    /// Whether the dialect has its delimiter.
    settled: bool,
    layout: Option<Layout>,
}

/// Columns of the fields, from 0.
struct Layout {
    columns: usize,
    text: Vec<usize>,
    /// Whether each column is one of the text.
    is_text: Vec<bool>,
    id: Option<usize>,
    names: Arc<[String]>,
}

impl Layout {
    /// Reads the first row.
    fn of(row: &Row<'_>, params: &ValidReadParams) -> Result<Self, CorpusError> {
        let header = row.header(params.has_header())?;
        let failed = |error| row.not_chosen(&header, error);
        let id = if params.has_header() || params.id().is_asked() {
            params.id().column(&header, &[]).map_err(failed)?
        } else {
            None
        };
        // A record of each field is there to be redacted, and so the id is one, too.
        let taken: Vec<usize> = id.into_iter().filter(|_| !params.is_each_field()).collect();
        let text = if params.has_header() || params.text().is_asked() {
            let text = params.text().columns(&header, &taken).map_err(failed)?;
            text.ok_or_else(|| failed(NameError::Unknown(FieldRole::Text)))?
        } else {
            vec![0]
        };
        let names = &header.names;
        let mut seen = HashSet::new();
        if params.takes_metadata()
            && let Some(twice) = names.iter().find(|name| !seen.insert(*name))
        {
            return Err(failed(NameError::Twice(twice.clone())));
        }
        let mut is_text = vec![false; names.len()];
        for column in &text {
            is_text.get_mut(*column).into_iter().for_each(|is_text| *is_text = true);
        }
        Ok(Self { columns: names.len(), text, is_text, id, names: header.names.into() })
    }

    fn used(&self, params: &ValidReadParams, other_delimiter: Option<u8>) -> UsedFields {
        let names = params.text();
        let mut used = UsedFields::of_table(params.has_header(), other_delimiter);
        let shown = if names.is_every() {
            vec![EVERY.to_owned()]
        } else {
            self.text.iter().map(|&column| self.names[column].clone()).collect()
        };
        used.add(FieldRole::Text, shown, names.is_asked());
        used.add(FieldRole::Id, self.id.iter().map(|&id| self.names[id].clone()).collect(), true);
        used
    }
}

impl Table {
    pub(crate) fn new(format: Format, params: &ValidReadParams) -> Self {
        let default = params.quotes().dialect(format).unwrap_or(Dialect::CSV);
        let (dialect, settled) = match params.delimiter() {
            Some(delimiter) => (default.delimited_by(delimiter), true),
            None => (default, false),
        };
        Self { format, dialect, settled, layout: None }
    }

    /// Pieces of the next row; none at the end.
    pub(crate) fn next(
        &mut self,
        decoded: &mut Decoded,
        params: &ValidReadParams,
        used: &mut Option<UsedFields>,
    ) -> Result<Vec<Piece>, CorpusError> {
        if !std::mem::replace(&mut self.settled, true) {
            self.dialect = settled_dialect(decoded, self.dialect, None)?;
        }
        let columns = self.layout.as_ref().map(|layout| layout.columns);
        let row = self.dialect.row(decoded, params.max_text_bytes(), columns);
        let path = decoded.path();
        let row = match (row, &self.layout) {
            // Without a header no row means anything.
            (Err(CorpusError::TooLong { path, line, max, .. }), None) => {
                return Err(CorpusError::TooLong { path, line, max, fatal: true });
            }
            // A file with nothing in it has no records; one with blank lines alone lacks its header.
            (Ok(None), None) if decoded.bytes_read() == 0 => return Ok(vec![]),
            (Ok(None), None) if params.has_header() => {
                let location = At { path, line: decoded.line() };
                return Err(NameError::Unknown(FieldRole::Text).at(location, &[], true));
            }
            (row, _) => row?,
        };
        let Some((unit, dialect)) = row else { return Ok(vec![]) };
        let content = split_ending(&unit.raw).0;
        if content.is_empty() {
            return Ok(vec![Piece::Verbatim(unit.raw)]);
        }
        let row = Row { content, dialect, at: At { path, line: unit.line } };
        let layout = if let Some(layout) = &self.layout {
            layout
        } else {
            let layout = self.layout.insert(Layout::of(&row, params)?);
            *used = Some(layout.used(params, other_delimiter(dialect, self.format)));
            if params.has_header() {
                return Ok(vec![Piece::Verbatim(unit.raw)]);
            }
            layout
        };
        layout.pieces(&row, &unit.raw, params)
    }
}

impl Layout {
    /// Pieces of a row, of which `raw` is all.
    fn pieces(
        &self,
        row: &Row<'_>,
        raw: &str,
        params: &ValidReadParams,
    ) -> Result<Vec<Piece>, CorpusError> {
        let Row { content, dialect, at } = *row;
        let value = |range: &Range<usize>| dialect.value(&content[range.clone()]);
        // Of the columns that the header has: a row may be all delimiters.
        let mut ranges: Vec<Range<usize>> = vec![0..0; self.columns];
        let (mut columns, mut id, mut metadata) = (0, None, Map::new());
        for (column, range) in dialect.fields(content).enumerate() {
            columns += 1;
            let Some(place) = ranges.get_mut(column) else { continue };
            *place = range.clone();
            if self.id == Some(column) {
                id = Some(value(&range));
            } else if !self.is_text[column] && params.takes_metadata() {
                metadata.insert(self.names[column].clone(), value(&range).into());
            }
        }
        if columns != self.columns {
            return Err(row.bad_columns(self.columns, columns));
        }
        let text: Vec<Range<usize>> =
            self.text.iter().map(|&column| ranges[column].clone()).collect();
        let cells = params.takes_cells().then(|| row.cells(&self.names));
        let record = Record { line: at.line, id, metadata, cells, ..Record::default() };
        if params.text().joins() && params.is_each_field() {
            let mut texts = vec![];
            for (&column, range) in self.text.iter().zip(text) {
                texts.push(FieldText {
                    name: self.names[column].clone(),
                    text: value(&range),
                    frame: Frame::Cell { raw: content[range.clone()].to_owned(), dialect },
                    range,
                });
            }
            return Ok(record.of_each(texts, raw));
        }
        let (text, frame) = match &text[..] {
            [field] => {
                let (raw, field) = (raw.to_owned(), field.clone());
                (value(&field), Frame::Row { field, dialect, raw })
            }
            several => {
                let joined = joined(several.iter().map(value));
                (
                    joined,
                    Frame::None(if dialect.delimiter == b'\t' { Format::Tsv } else { Format::Csv }),
                )
            }
        };
        Ok(vec![Piece::Record(Record { text, frame, ..record })])
    }
}
