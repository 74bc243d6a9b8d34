//! Rows of tables and lines of JSON whose fields are found by name: what texts, pairs and labelled texts
//! have in common.
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::decode::{Decoded, Unit, split_ending};
use crate::dialect::Dialect;
use crate::encoding::GuessedEncoding;
use crate::names::{Header, NameError, Names, pair_columns};
use crate::params::Opened;
use crate::record::Cells;
use crate::source::{SourceParams, TableParams};
use crate::{CorpusError, Format, delimiter, error::MAX_NAMES, jsonl};

/// Joins the columns of one text.
pub(crate) const JOINT: &str = "\n";

/// Most columns of a table and fields of an object: each may become a record.
const MAX_FIELDS: usize = 100_000;

/// Position in an input, for errors.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) path: &'a Path,
    pub(crate) line: u64,
}

impl At<'_> {
    fn many_fields(self, fatal: bool) -> CorpusError {
        let (path, line) = (self.path.to_owned(), self.line);
        CorpusError::ManyFields { path, line, max: MAX_FIELDS, fatal }
    }
}

/// An input of rows, or of objects.
pub(crate) struct Rows {
    decoded: Decoded,
    /// `None` where lines are objects.
    dialect: Option<Dialect>,
    /// Dialect of the last row.
    row_dialect: Option<Dialect>,
    /// Delimiter that was asked for.
    delimiter: Option<u8>,
    format: Format,
    max: usize,
    started: bool,
}

impl Rows {
    /// `None` for a format without fields.
    pub(crate) fn new(opened: Opened, source: SourceParams) -> Option<Self> {
        let SourceParams { encoding, table, max_text_bytes: max, .. } = source;
        let TableParams { quotes, delimiter, .. } = table;
        let format = opened.format;
        let dialect = quotes.dialect(format);
        let decoded = opened.decoded(encoding);
        (dialect.is_some() || format == Format::Jsonl).then_some(Self {
            decoded,
            dialect,
            row_dialect: None,
            delimiter,
            format,
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

    /// The encoding, once a row was read, where it was guessed.
    pub(crate) fn guessed(&self) -> Option<GuessedEncoding> {
        self.decoded.guessed()
    }

    /// Dialect of the last row; `None` where lines are objects.
    pub(crate) fn row_dialect(&self) -> Option<Dialect> {
        self.row_dialect
    }

    /// Delimiter of the rows, where it is not that of the format.
    pub(crate) fn other_delimiter(&self) -> Option<u8> {
        other_delimiter(self.dialect?, self.format)
    }

    /// The next row or line that is not blank, without its line end. `columns` is the number of columns that
    /// rows have; until that is known, one that is too long is fatal: no other means anything.
    pub(crate) fn next(&mut self, columns: Option<usize>) -> Result<Option<Unit>, CorpusError> {
        if !std::mem::replace(&mut self.started, true) {
            self.decoded.take('\u{feff}')?;
            if let Some(dialect) = &mut self.dialect {
                *dialect = settled_dialect(&mut self.decoded, *dialect, self.delimiter)?;
            }
        }
        loop {
            let unit = match self.dialect {
                None => self.decoded.line_unit(self.max)?,
                Some(dialect) => match dialect.row(&mut self.decoded, self.max, columns) {
                    Err(CorpusError::TooLong { path, line, max, .. }) if columns.is_none() => {
                        return Err(CorpusError::TooLong { path, line, max, fatal: true });
                    }
                    row => row?.map(|(row, dialect)| {
                        self.row_dialect = Some(dialect);
                        row
                    }),
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

/// The dialect with the delimiter asked for, or with the one that the first rows have.
pub(crate) fn settled_dialect(
    decoded: &mut Decoded,
    dialect: Dialect,
    asked: Option<u8>,
) -> Result<Dialect, CorpusError> {
    match asked {
        Some(delimiter) => Ok(dialect.delimited_by(delimiter)),
        None => delimiter::recognized(decoded, dialect),
    }
}

/// Delimiter of rows, where it is not that of the format.
pub(crate) fn other_delimiter(dialect: Dialect, format: Format) -> Option<u8> {
    Some(dialect.delimiter).filter(|delimiter| *delimiter != delimiter::default_of(format))
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

    /// The names of the columns: those of this row, or numbers where it is no `header`. More than
    /// [`MAX_FIELDS`] are an error.
    pub(crate) fn header(&self, header: bool) -> Result<Header, CorpusError> {
        if self.dialect.fields(self.content).nth(MAX_FIELDS).is_some() {
            return Err(self.at.many_fields(true));
        }
        Ok(if header {
            Header::new(self.values().collect())
        } else {
            Header::numbered(self.columns())
        })
    }

    /// The value of a column, counted from 0; empty where there is none.
    pub(crate) fn value(&self, column: usize) -> String {
        let range = self.dialect.fields(self.content).nth(column);
        range.map(|range| self.dialect.value(&self.content[range])).unwrap_or_default()
    }

    /// The values of several columns as one text; empty ones are left out.
    pub(crate) fn text(&self, columns: &[usize]) -> String {
        if let [column] = columns {
            return self.value(*column);
        }
        // Once through the row: there may be as many as it has columns.
        let ranges: Vec<Range<usize>> = self.dialect.fields(self.content).collect();
        let value = |range: &Range<usize>| self.dialect.value(&self.content[range.clone()]);
        joined(columns.iter().map(|&column| ranges.get(column).map(value).unwrap_or_default()))
    }

    /// All columns, with the names that they have.
    pub(crate) fn cells(&self, names: &Arc<[String]>) -> Cells {
        Cells { names: Arc::clone(names), values: self.values().collect() }
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

    /// The error for names of a header that choose no column.
    pub(crate) fn not_chosen(&self, header: &Header, error: NameError) -> CorpusError {
        error.at(self.at, &header.names, true)
    }
}

/// Texts as one; empty ones are left out.
pub(crate) fn joined(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    texts.join(JOINT)
}

/// A line of JSON.
pub(crate) struct Object<'a> {
    fields: Vec<(String, &'a RawValue)>,
    pub(crate) header: Header,
    pub(crate) at: At<'a>,
}

/// A value of an object with its name.
pub(crate) type Field<'a> = (String, &'a RawValue);

/// Deepest object or array in an object that `*` reads.
const MAX_DEPTH: usize = 64;

impl<'a> Object<'a> {
    pub(crate) fn parse(content: &'a str, location: At<'a>) -> Result<Self, CorpusError> {
        let jsonl::Fields(fields) =
            serde_json::from_str(content).map_err(|source| Self::invalid(location, source))?;
        if fields.len() > MAX_FIELDS {
            return Err(location.many_fields(false));
        }
        let mut fields: Vec<_> = fields.into_iter().collect();
        // As they stand in the line.
        fields.sort_by_key(|(_, value)| value.get().as_ptr().addr());
        let header = Header::new(fields.iter().map(|(name, _)| name.clone()).collect());
        Ok(Self { fields, header, at: location })
    }

    pub(crate) fn invalid(At { path, line }: At<'_>, source: serde_json::Error) -> CorpusError {
        CorpusError::Json { path: path.to_owned(), line, source }
    }

    /// The error for names that choose no field.
    pub(crate) fn not_chosen(&self, error: NameError) -> CorpusError {
        let mut names: Vec<String> = self.header.names.iter().take(MAX_NAMES).cloned().collect();
        names.sort();
        error.at(self.at, &names, false)
    }

    /// Fields in the order of the line.
    pub(crate) fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// All fields as cells.
    pub(crate) fn cells(&self) -> Result<Cells, CorpusError> {
        let mut values = vec![];
        for (_, value) in &self.fields {
            values.push(match jsonl::type_of(value) {
                jsonl::STRING => self.decoded(value)?,
                jsonl::NULL => String::new(),
                _ => value.get().to_owned(),
            });
        }
        Ok(Cells { names: self.header.names.clone().into(), values })
    }

    /// The field of this name: of the object, or else with dots between the names of objects in it.
    pub(crate) fn named(&self, name: &str) -> Result<Option<&'a RawValue>, CorpusError> {
        let mut fields = self.fields.iter();
        if let Some((_, value)) = fields.find(|(own, _)| own == name) {
            return Ok(Some(value));
        }
        let Some((head, rest)) = name.split_once('.') else { return Ok(None) };
        let Some(outer) = self.fields.iter().find(|(own, _)| own == head) else { return Ok(None) };
        let mut value = outer.1;
        for part in rest.split('.') {
            let inner = self.inner(value)?.and_then(|inner| {
                inner.into_iter().find(|(name, _)| name == part).map(|(_, value)| value)
            });
            let Some(inner) = inner else { return Ok(None) };
            value = inner;
        }
        Ok(Some(value))
    }

    /// The values in an object or an array, those of an array by their numbers from 0; `None` for
    /// anything else.
    fn inner(&self, value: &'a RawValue) -> Result<Option<Vec<Field<'a>>>, CorpusError> {
        let invalid = |source| Self::invalid(self.at, source);
        match jsonl::type_of(value) {
            jsonl::OBJECT => {
                let jsonl::Fields(fields) = serde_json::from_str(value.get()).map_err(invalid)?;
                Ok(Some(fields.into_iter().collect()))
            }
            jsonl::ARRAY => {
                let items: Vec<&RawValue> = serde_json::from_str(value.get()).map_err(invalid)?;
                let named = items.into_iter().enumerate();
                Ok(Some(named.map(|(i, item)| (i.to_string(), item)).collect()))
            }
            _ => Ok(None),
        }
    }

    /// The field that has a known name, or the one asked for, which must be there.
    pub(crate) fn find(
        &self,
        names: &Names,
        taken: &[&RawValue],
    ) -> Result<Option<Field<'a>>, CorpusError> {
        if let Some(name) = names.asked().first() {
            return self.asked(name).map(Some);
        }
        let taken = self.columns_of(taken);
        let column = names.column(&self.header, &taken).map_err(|error| self.not_chosen(error))?;
        Ok(column.map(|column| self.fields[column].clone()))
    }

    /// As [`find`](Self::find), but an error if the field is missing.
    pub(crate) fn need(
        &self,
        names: &Names,
        taken: &[&RawValue],
    ) -> Result<Field<'a>, CorpusError> {
        let field = self.find(names, taken)?;
        field.ok_or_else(|| self.not_chosen(NameError::Unknown(names.role)))
    }

    fn asked(&self, name: &str) -> Result<Field<'a>, CorpusError> {
        let value = self.named(name)?;
        let value = value.ok_or_else(|| self.not_chosen(NameError::Missing(name.to_owned())))?;
        Ok((name.to_owned(), value))
    }

    /// Positions of values among the fields.
    pub(crate) fn columns_of(&self, values: &[&RawValue]) -> Vec<usize> {
        let same = |value: &RawValue| values.iter().any(|other| std::ptr::eq(*other, value));
        (0..self.fields.len()).filter(|&i| same(self.fields[i].1)).collect()
    }

    /// The fields of a text: those asked for, with `*` all strings and numbers but those that are
    /// `taken`, or else the one that has a known name; `None` if there is none.
    pub(crate) fn texts(
        &self,
        names: &Names,
        taken: &[&RawValue],
    ) -> Result<Option<Vec<Field<'a>>>, CorpusError> {
        if names.is_every() {
            let mut leaves = self.all_leaves(taken)?;
            leaves.retain(|(name, _)| !names.keeps(name));
            return Ok(Some(leaves));
        }
        if names.is_asked() {
            return names
                .asked()
                .iter()
                .map(|name| self.asked(name))
                .collect::<Result<_, _>>()
                .map(Some);
        }
        Ok(self.find(names, taken)?.map(|field| vec![field]))
    }

    /// All strings and numbers but those that are `taken`.
    pub(crate) fn all_leaves(&self, taken: &[&RawValue]) -> Result<Vec<Field<'a>>, CorpusError> {
        let mut leaves = vec![];
        for (name, value) in &self.fields {
            if !taken.iter().any(|other| std::ptr::eq(*other, *value)) {
                self.leaves(name, value, 0, &mut leaves)?;
            }
        }
        Ok(leaves)
    }

    /// As [`texts`](Self::texts), but an error if there is none.
    pub(crate) fn need_texts(
        &self,
        names: &Names,
        taken: &[&RawValue],
    ) -> Result<Vec<Field<'a>>, CorpusError> {
        let fields = self.texts(names, taken)?;
        fields.ok_or_else(|| self.not_chosen(NameError::Unknown(names.role)))
    }

    /// The fields of two texts, of which those not asked for go by names that belong together.
    pub(crate) fn pair(
        &self,
        first: &Names,
        second: &Names,
        taken: &[&RawValue],
    ) -> Result<(Vec<Field<'a>>, Vec<Field<'a>>), CorpusError> {
        let nested =
            |names: &Names| names.is_every() || names.asked().iter().any(|n| n.contains('.'));
        let both = first.is_asked() && second.is_asked();
        if both || nested(first) || nested(second) {
            return Ok((self.need_texts(first, taken)?, self.need_texts(second, taken)?));
        }
        let columns = pair_columns(first, second, &self.header, &self.columns_of(taken));
        let (first, second) = columns.map_err(|error| self.not_chosen(error))?;
        let fields = |columns: Vec<usize>| columns.into_iter().map(|i| self.fields[i].clone());
        Ok((fields(first).collect(), fields(second).collect()))
    }

    /// Adds the strings and numbers in a value.
    pub(crate) fn leaves(
        &self,
        name: &str,
        value: &'a RawValue,
        depth: usize,
        leaves: &mut Vec<Field<'a>>,
    ) -> Result<(), CorpusError> {
        match jsonl::type_of(value) {
            jsonl::STRING | jsonl::NUMBER => leaves.push((name.to_owned(), value)),
            kind @ (jsonl::OBJECT | jsonl::ARRAY) => {
                if depth == MAX_DEPTH {
                    let expected = "at most 64 objects and arrays in each other";
                    return Err(self.wrong_type(name, expected, kind));
                }
                for (inner, value) in self.inner(value)?.unwrap_or_default() {
                    self.leaves(&format!("{name}.{inner}"), value, depth + 1, leaves)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The text of a field. A number is one where the field was `asked` for.
    pub(crate) fn string(
        &self,
        (name, value): &Field<'a>,
        asked: bool,
    ) -> Result<String, CorpusError> {
        match jsonl::type_of(value) {
            jsonl::STRING => self.decoded(value),
            jsonl::NUMBER if asked => Ok(value.get().to_owned()),
            kind => {
                let expected = if asked { jsonl::TEXT } else { jsonl::STRING };
                Err(self.wrong_type(name, expected, kind))
            }
        }
    }

    /// The texts of several fields as one; `null` among several is nothing.
    pub(crate) fn text(&self, fields: &[Field<'a>], asked: bool) -> Result<String, CorpusError> {
        if let [field] = fields {
            return self.string(field, asked);
        }
        let there = fields.iter().filter(|(_, value)| jsonl::type_of(value) != jsonl::NULL);
        let texts: Vec<String> =
            there.map(|field| self.string(field, asked)).collect::<Result<_, _>>()?;
        Ok(joined(texts.into_iter()))
    }

    /// Decodes a value of a known type.
    pub(crate) fn decoded<'v, T: serde::Deserialize<'v>>(
        &self,
        value: &'v RawValue,
    ) -> Result<T, CorpusError> {
        serde_json::from_str(value.get()).map_err(|source| Self::invalid(self.at, source))
    }

    /// The field of the id, if there is one, also where a name is asked for.
    pub(crate) fn find_id(&self, names: &Names) -> Result<Option<Field<'a>>, CorpusError> {
        match names.asked().first() {
            Some(name) => Ok(self.named(name)?.map(|value| (name.clone(), value))),
            None => self.find(names, &[]),
        }
    }

    /// The field with exactly this name.
    pub(crate) fn exact(&self, name: &str) -> Option<&'a RawValue> {
        self.fields.iter().find(|(own, _)| own == name).map(|(_, value)| *value)
    }

    /// As [`exact`](Self::exact), but an error if the field is missing.
    pub(crate) fn need_exact(&self, name: &str) -> Result<&'a RawValue, CorpusError> {
        let missing = || self.not_chosen(NameError::Missing(name.to_owned()));
        self.exact(name).ok_or_else(missing)
    }

    /// The string in the field with exactly this name, which must be there.
    pub(crate) fn exact_string(&self, name: &str) -> Result<String, CorpusError> {
        self.string(&(name.to_owned(), self.need_exact(name)?), false)
    }

    /// Id that a field holds; `None` for `null`.
    pub(crate) fn id_of(
        &self,
        name: &str,
        value: &RawValue,
    ) -> Result<Option<String>, CorpusError> {
        match jsonl::type_of(value) {
            jsonl::NULL => Ok(None),
            jsonl::STRING => self.decoded(value).map(Some),
            jsonl::NUMBER | jsonl::BOOLEAN => Ok(Some(value.get().to_owned())),
            kind => Err(self.wrong_type(name, jsonl::ID, kind)),
        }
    }

    /// Value by which examples belong together: a string, a number or a boolean as text; empty where it is
    /// null.
    pub(crate) fn group_of(&self, name: &str, value: &RawValue) -> Result<String, CorpusError> {
        self.id_of(name, value).map(Option::unwrap_or_default)
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
