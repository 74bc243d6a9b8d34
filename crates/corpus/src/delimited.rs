//! Rows of fields below a header row, as [`Dialect`] reads them, and the way back.
use std::ops::Range;
use std::path::Path;

use serde_json::Map;

use crate::decode::{Decoded, split_ending};
use crate::dialect::Dialect;
use crate::record::Frame;
use crate::{CorpusError, Piece, Record, ValidReadParams, error::MAX_NAMES};

/// A file of rows.
pub(crate) struct Table {
    dialect: Dialect,
    header: Option<Header>,
}

struct Header {
    columns: usize,
    text: usize,
    id: Option<usize>,
    /// The names of the columns, where records carry the other fields.
    names: Vec<String>,
}

impl Header {
    /// Reads the first row, which stands in `line` of the file `path`.
    fn parse(
        content: &str,
        line: u64,
        path: &Path,
        dialect: Dialect,
        params: &ValidReadParams,
    ) -> Result<Self, CorpusError> {
        let duplicate = |field: &str| {
            let (path, field) = (path.to_owned(), field.to_owned());
            CorpusError::DuplicateField { path, line, field }
        };
        let field = params.text_field();
        let text = only_column(content, dialect, field).map_err(|()| duplicate(field))?;
        let text = text.ok_or_else(|| CorpusError::MissingField {
            path: path.to_owned(),
            line,
            field: field.to_owned(),
            found: dialect
                .fields(content)
                .take(MAX_NAMES)
                .map(|range| dialect.value(&content[range]))
                .collect(),
            fatal: true,
        })?;
        let id_field = params.id_field();
        let id = only_column(content, dialect, id_field).map_err(|()| duplicate(id_field))?;
        let columns = dialect.fields(content).count();
        let names: Vec<String> = if params.takes_metadata() {
            dialect.fields(content).map(|range| dialect.value(&content[range])).collect()
        } else {
            vec![]
        };
        if let Some(twice) = (1..names.len()).find(|i| names[..*i].contains(&names[*i])) {
            return Err(duplicate(&names[twice]));
        }
        Ok(Self { columns, text, id, names })
    }
}

/// Column of a header that is called `field`, from 0; an error if several are.
fn only_column(content: &str, dialect: Dialect, field: &str) -> Result<Option<usize>, ()> {
    let columns = (0..).zip(dialect.fields(content));
    let mut same = columns.filter(|(_, range)| dialect.value(&content[range.clone()]) == field);
    match (same.next(), same.next()) {
        (Some(_), Some(_)) => Err(()),
        (column, _) => Ok(column.map(|(i, _)| i)),
    }
}

impl Table {
    pub(crate) fn new(delimiter: u8) -> Self {
        Self { dialect: Dialect::csv(delimiter), header: None }
    }

    pub(crate) fn next(
        &mut self,
        decoded: &mut Decoded,
        params: &ValidReadParams,
    ) -> Result<Option<Piece>, CorpusError> {
        let dialect = self.dialect;
        let row = dialect.row(decoded, params.max_text_bytes());
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
            self.header = Some(Header::parse(content, row.line, path, dialect, params)?);
            return Ok(Some(Piece::Verbatim(row.raw)));
        };

        let (mut column, mut text, mut id, mut metadata) = (0, None, None, Map::new());
        for range in dialect.fields(content) {
            if column == header.text {
                text = Some(range.clone());
            } else if Some(column) == header.id {
                id = Some(dialect.value(&content[range]));
            } else if let Some(name) = header.names.get(column) {
                metadata.insert(name.clone(), dialect.value(&content[range]).into());
            }
            column += 1;
        }
        match text {
            Some(field) if column == header.columns => Ok(Some(Piece::Record(Record {
                line: row.line,
                id,
                text: dialect.value(&content[field.clone()]),
                words: None,
                metadata,
                origin: None,
                frame: Frame::Row { field, delimiter: dialect.delimiter, raw: row.raw },
            }))),
            _ => Err(CorpusError::Columns {
                path: path.to_owned(),
                line: row.line,
                expected: header.columns,
                found: column,
            }),
        }
    }
}

/// `text` as the field that stands at `range` of `row`: as it is written there, if that means the
/// same, and otherwise quoted if it is quoted there or has to be.
pub(crate) fn field(text: &str, row: &str, range: &Range<usize>, delimiter: u8) -> String {
    let old = &row[range.clone()];
    if Dialect::csv(delimiter).value(old) == text {
        return old.to_owned();
    }
    // A row that is but one empty field would be a blank line.
    let alone = range.len() == split_ending(row).0.len();
    let special = |byte| byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
    if old.starts_with('"') || text.bytes().any(special) || (alone && text.is_empty()) {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text.to_owned()
}
