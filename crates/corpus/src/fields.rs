//! Rows of tables and lines of JSON whose fields are found by name: what pairs and labelled texts
//! have in common.
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::value::RawValue;

use crate::decode::{Decoded, Unit, split_ending};
use crate::dialect::Dialect;
use crate::params::Opened;
use crate::source::SourceParams;
use crate::{CorpusError, Format, error::MAX_NAMES, jsonl};

/// The names a field goes by.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    names: Vec<String>,
    /// Whether the one name was asked for.
    pub(crate) asked: bool,
}

impl Names {
    /// The name asked for, or else those that are known.
    pub(crate) fn new(asked: Option<&str>, known: &[&str]) -> Self {
        let names = asked.map_or_else(|| known.to_vec(), |name| vec![name]);
        let names = names.into_iter().map(str::to_owned).collect();
        Self { names, asked: asked.is_some() }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// Fewer of them: those that are not `taken`. A name asked for stays.
    pub(crate) fn without(mut self, taken: &[&str]) -> Self {
        let asked = self.asked;
        self.names.retain(|name| asked || !taken.contains(&name.as_str()));
        self
    }

    fn missing(&self, location: At<'_>, field_names: Vec<String>, fatal: bool) -> CorpusError {
        let (path, line, field) = (location.path.to_owned(), location.line, self.names.join("|"));
        CorpusError::MissingField { path, line, field, found: field_names, fatal }
    }
}

/// Position in an input, for errors.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) path: &'a Path,
    pub(crate) line: u64,
}

/// An input of rows, or of objects.
pub(crate) struct Rows {
    decoded: Decoded,
    /// `None` where lines are objects.
    pub(crate) dialect: Option<Dialect>,
    max: usize,
    started: bool,
}

impl Rows {
    /// `None` for a format without fields.
    pub(crate) fn new(opened: Opened, source: SourceParams) -> Option<Self> {
        let SourceParams { encoding, quotes, max_text_bytes: max, .. } = source;
        let Opened { path, format, raw } = opened;
        let dialect = quotes.dialect(format);
        let decoded = Decoded::new(raw, path, encoding);
        (dialect.is_some() || format == Format::Jsonl).then_some(Self {
            decoded,
            dialect,
            max,
            started: false,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        self.decoded.path()
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.decoded.bytes_read()
    }

    /// The next row or line that is not blank, without its line end. Until the columns are
    /// `settled`, one that is too long is fatal: no other means anything.
    pub(crate) fn next(&mut self, settled: bool) -> Result<Option<Unit>, CorpusError> {
        if !std::mem::replace(&mut self.started, true) {
            self.decoded.take('\u{feff}')?;
        }
        loop {
            let unit = match self.dialect {
                None => self.decoded.line_unit(self.max)?,
                Some(dialect) => match dialect.row(&mut self.decoded, self.max) {
                    Err(CorpusError::TooLong { path, line, max, .. }) if !settled => {
                        return Err(CorpusError::TooLong { path, line, max, fatal: true });
                    }
                    row => row?,
                },
            };
            let Some(Unit { line, mut raw }) = unit else { return Ok(None) };
            raw.truncate(split_ending(&raw).0.len());
            let blank = if self.dialect.is_some() { raw.is_empty() } else { jsonl::is_blank(&raw) };
            if !blank {
                return Ok(Some(Unit { line, raw }));
            }
        }
    }
}

/// A row of a table.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    pub(crate) content: &'a str,
    pub(crate) dialect: Dialect,
    pub(crate) at: At<'a>,
}

impl Row<'_> {
    pub(crate) fn columns(&self) -> usize {
        self.dialect.fields(self.content).count()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = String> {
        self.dialect.fields(self.content).map(|range| self.dialect.value(&self.content[range]))
    }

    /// The value of a column, counted from 0; empty where there is none.
    pub(crate) fn value(&self, column: usize) -> String {
        let range = self.dialect.fields(self.content).nth(column);
        range.map(|range| self.dialect.value(&self.content[range])).unwrap_or_default()
    }

    pub(crate) fn check_columns(&self, expected: usize) -> Result<(), CorpusError> {
        match self.columns() {
            columns if columns == expected => Ok(()),
            columns => Err(self.bad_columns(expected, columns)),
        }
    }

    pub(crate) fn bad_columns(&self, expected: usize, columns: usize) -> CorpusError {
        let At { path, line } = self.at;
        CorpusError::Columns { path: path.to_owned(), line, expected, found: columns }
    }

    /// In a header the column of the first name that is there.
    pub(crate) fn find(&self, names: &Names) -> Result<Option<usize>, CorpusError> {
        for name in &names.names {
            let mut same = (0..).zip(self.values()).filter(|(_, value)| value == name);
            match (same.next(), same.next()) {
                (Some(_), Some(_)) => {
                    return Err(CorpusError::DuplicateField {
                        path: self.at.path.to_owned(),
                        line: self.at.line,
                        field: name.clone(),
                    });
                }
                (Some((column, _)), None) => return Ok(Some(column)),
                (None, _) => {}
            }
        }
        Ok(None)
    }

    /// As [`find`](Self::find), but an error if the field is missing.
    pub(crate) fn need(&self, names: &Names) -> Result<usize, CorpusError> {
        let field_names = || self.values().take(MAX_NAMES).collect();
        self.find(names)?.ok_or_else(|| names.missing(self.at, field_names(), true))
    }
}

/// A line of JSON.
pub(crate) struct Object<'a> {
    fields: BTreeMap<String, &'a RawValue>,
    pub(crate) at: At<'a>,
}

impl<'a> Object<'a> {
    pub(crate) fn parse(content: &'a str, location: At<'a>) -> Result<Self, CorpusError> {
        let jsonl::Fields(fields) =
            serde_json::from_str(content).map_err(|source| Self::invalid(location, source))?;
        Ok(Self { fields, at: location })
    }

    fn invalid(At { path, line }: At<'_>, source: serde_json::Error) -> CorpusError {
        CorpusError::Json { path: path.to_owned(), line, source }
    }

    /// The first of the names that is there, and its value.
    pub(crate) fn find(&self, names: &Names) -> Option<(&str, &'a RawValue)> {
        let entry = names.names.iter().find_map(|name| self.fields.get_key_value(name));
        entry.map(|(name, value)| (name.as_str(), *value))
    }

    /// As [`find`](Self::find), but an error if the field is missing.
    pub(crate) fn need(&self, names: &Names) -> Result<(&str, &'a RawValue), CorpusError> {
        let field_names = || self.fields.keys().take(MAX_NAMES).cloned().collect();
        self.find(names).ok_or_else(|| names.missing(self.at, field_names(), false))
    }

    /// The string that has to be there.
    pub(crate) fn string(&self, names: &Names) -> Result<String, CorpusError> {
        let (field, value) = self.need(names)?;
        if jsonl::type_of(value) != jsonl::STRING {
            return Err(self.wrong_type(field, jsonl::STRING, jsonl::type_of(value)));
        }
        self.decoded(value)
    }

    /// Decodes a value of a known type.
    pub(crate) fn decoded<'v, T: serde::Deserialize<'v>>(
        &self,
        value: &'v RawValue,
    ) -> Result<T, CorpusError> {
        serde_json::from_str(value.get()).map_err(|source| Self::invalid(self.at, source))
    }

    /// Id of the record, if it has one.
    pub(crate) fn id(&self, names: &Names) -> Result<Option<String>, CorpusError> {
        let Some((field, _)) = self.find(names) else { return Ok(None) };
        jsonl::id(&self.fields, field, self.at.path, self.at.line)
    }

    pub(crate) fn wrong_type(
        &self,
        field: &str,
        expected: &'static str,
        kind: &'static str,
    ) -> CorpusError {
        let (path, line, field) = (self.at.path.to_owned(), self.at.line, field.to_owned());
        CorpusError::FieldType { path, line, field, expected, found: kind }
    }
}
