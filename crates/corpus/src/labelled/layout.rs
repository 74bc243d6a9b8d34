//! Positions of the text and the labels in a row or an object.
use serde_json::value::RawValue;

use super::{Example, ValidLabelledParams};
use crate::fields::{At, Object, Row};
use crate::names::{EVERY, Header, NameError, Names, pair_columns};
use crate::{CorpusError, UsedFields, jsonl};

/// Names of the fields.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub(super) text: Names,
    /// `None` where no pairs are wanted.
    pub(super) second: Option<Names>,
    pub(super) label: Names,
    pub(super) id: Names,
}

/// Columns of the fields, from 0.
pub(super) struct Layout {
    columns: usize,
    text: Vec<usize>,
    second: Option<Vec<usize>>,
    label: Option<usize>,
    id: Option<usize>,
    group: Option<usize>,
    /// Name of the label's column in errors.
    label_place: String,
}

impl Layout {
    /// Number of columns of each row.
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// The layout that the first row shows, and what of it is used.
    pub(super) fn of(
        row: &Row<'_>,
        params: &ValidLabelledParams,
        other_delimiter: Option<u8>,
    ) -> Result<(Self, UsedFields), CorpusError> {
        let has_header = params.header();
        let header = row.header(has_header)?;
        let failed = |error| row.not_chosen(&header, error);
        let layout = if has_header {
            Self::named(&header, params).map_err(failed)?
        } else {
            let (texts, labelled) = (if params.pairs() { 2 } else { 1 }, params.labelled());
            let least = texts + usize::from(labelled);
            if header.names.len() < least {
                return Err(row.bad_columns(least, header.names.len()));
            }
            Self::numbered(&header, params).map_err(failed)?
        };
        let used = layout.used(&header, params, other_delimiter);
        Ok((layout, used))
    }

    /// Columns by the names of a header.
    fn named(header: &Header, params: &ValidLabelledParams) -> Result<Self, NameError> {
        let Fields { text, second, label, id } = params.fields();
        let id_column = id.column(header, &[])?;
        let mut taken: Vec<usize> = id_column.into_iter().collect();
        for names in [text].into_iter().chain(second).filter(|names| !names.is_every()) {
            if names.is_asked() {
                taken.extend(names.asked_columns(header, &[])?);
            }
        }
        // A label column that is not there is no error where no label is needed, asked for or not.
        let label_column = if params.labelled() {
            Some(label.need(header, &taken)?)
        } else {
            label.column(header, &taken).or_else(|error| match error {
                NameError::Missing(_) => Ok(None),
                error => Err(error),
            })?
        };
        let taken: Vec<usize> = id_column.into_iter().chain(label_column).collect();
        let (text, second) = match second {
            Some(second) => {
                let (text, second) = pair_columns(text, second, header, &taken)?;
                (text, Some(second))
            }
            None => (text.columns(header, &taken)?.ok_or(NameError::Unknown(text.role))?, None),
        };
        let label_place = label_column.map(|column| format!("field {:?}", header.names[column]));
        let label_place = label_place.unwrap_or_default();
        let (columns, label, id) = (header.names.len(), label_column, id_column);
        let group = params.group().map(|group| group.need(header, &[])).transpose()?;
        Ok(Self { columns, text, second, label, id, group, label_place })
    }

    /// Columns by their places: the texts first, the label last.
    fn numbered(header: &Header, params: &ValidLabelledParams) -> Result<Self, NameError> {
        let Fields { text, second, label, id } = params.fields();
        let columns = header.names.len();
        let id = if id.is_asked() { id.column(header, &[])? } else { None };
        let texts = if second.is_some() { 2 } else { 1 };
        let role = label.role;
        let label = if label.is_asked() {
            label.column(header, &[])?
        } else {
            (columns > texts).then(|| columns - 1)
        };
        let taken: Vec<usize> = id.into_iter().chain(label).collect();
        let chosen = |names: &Names, place: usize| {
            let asked = names.is_asked().then(|| names.asked_columns(header, &taken));
            asked.unwrap_or_else(|| Ok(vec![place]))
        };
        let (text, second) =
            (chosen(text, 0)?, second.as_ref().map(|second| chosen(second, 1)).transpose()?);
        let is_text = |column: &usize| {
            text.contains(column) || second.iter().any(|second| second.contains(column))
        };
        if label.as_ref().is_some_and(is_text) {
            return Err(NameError::Unknown(role));
        }
        let label_place = label.map(|column| format!("column {}", column + 1)).unwrap_or_default();
        let group = params.group().map(|group| group.need(header, &[])).transpose()?;
        Ok(Self { columns, text, second, label, id, group, label_place })
    }

    fn used(
        &self,
        header: &Header,
        params: &ValidLabelledParams,
        other_delimiter: Option<u8>,
    ) -> UsedFields {
        let Fields { text, second, label, .. } = params.fields();
        let mut used = UsedFields::of_table(params.header(), other_delimiter);
        let mut add = |names: &Names, columns: &[usize]| {
            let shown = if names.is_every() {
                vec![EVERY.to_owned()]
            } else {
                columns.iter().map(|&column| header.names[column].clone()).collect()
            };
            used.add(names.role, shown, names.is_asked());
        };
        add(text, &self.text);
        if let (Some(second), Some(columns)) = (second, &self.second) {
            add(second, columns);
        }
        add(label, &self.label.into_iter().collect::<Vec<_>>());
        used
    }

    pub(super) fn example(
        &self,
        row: &Row<'_>,
        params: &ValidLabelledParams,
    ) -> Result<Example, CorpusError> {
        row.check_columns(self.columns)?;
        let labels = match self.label {
            Some(column) => labels(row.value(column), || self.label_place.clone(), row.at, params)?,
            None => vec![],
        };
        Ok(Example {
            line: row.at.line,
            id: self.id.map(|column| row.value(column)),
            text: row.text(&self.text),
            second: self.second.as_ref().map(|columns| row.text(columns)),
            labels,
            group: self.group.map(|column| row.value(column)),
        })
    }
}

/// The example of a JSON object, and the fields that are used of it.
pub(super) fn object(
    object: &Object<'_>,
    params: &ValidLabelledParams,
) -> Result<(Example, UsedFields), CorpusError> {
    let Fields { text, second, label, id } = params.fields();
    let group_field = params.group().map(|group| object.need(&group, &[])).transpose()?;
    let id_field =
        if id.is_asked() { Some(object.need(id, &[])?) } else { object.find(id, &[])? };
    let mut taken: Vec<&RawValue> = id_field.iter().map(|(_, value)| *value).collect();
    for names in [text].into_iter().chain(second).filter(|names| !names.is_every()) {
        if names.is_asked() {
            let fields = object.need_texts(names, &[])?;
            taken.extend(fields.iter().map(|(_, value)| *value));
        }
    }
    let label_field = if params.labelled() {
        Some(object.need(label, &taken)?)
    } else {
        object.find(label, &taken).or_else(|error| match error {
            CorpusError::MissingField { .. } => Ok(None),
            error => Err(error),
        })?
    };
    let id_value = id_field.iter().map(|(_, value)| *value);
    let taken: Vec<_> = id_value.chain(label_field.iter().map(|(_, value)| *value)).collect();
    let (texts, seconds) = match second {
        Some(second) => {
            let (texts, seconds) = object.pair(text, second, &taken)?;
            (texts, Some(seconds))
        }
        None => (object.need_texts(text, &taken)?, None),
    };
    let labels = match &label_field {
        Some((field, value)) => labels_of_value(object, field, value, params)?,
        None => vec![],
    };
    let mut used = UsedFields::of_object();
    used.add_fields(text, &texts);
    if let (Some(second), Some(fields)) = (second, &seconds) {
        used.add_fields(second, fields);
    }
    used.add_fields(label, label_field.as_slice());
    let second = second.as_ref().zip(seconds);
    let example = Example {
        line: object.at.line,
        id: id_field.map_or(Ok(None), |(name, value)| object.id_of(&name, value))?,
        text: object.text(&texts, text.is_asked())?,
        second: second.map(|(names, fields)| object.text(&fields, names.is_asked())).transpose()?,
        labels,
        group: group_field.map(|(name, value)| object.group_of(&name, value)).transpose()?,
    };
    Ok((example, used))
}

fn labels_of_value(
    object: &Object<'_>,
    field: &str,
    value: &RawValue,
    params: &ValidLabelledParams,
) -> Result<Vec<String>, CorpusError> {
    let several = params.label_separator().is_some();
    let field_name = || format!("field {field:?}");
    let expected = if several { SEVERAL } else { ONE };
    let fraction = || value.get().contains(['.', 'e', 'E']);
    match jsonl::type_of(value) {
        jsonl::NULL if !params.labelled() => Ok(vec![]),
        jsonl::STRING => labels(object.decoded(value)?, field_name, object.at, params),
        jsonl::NUMBER if fraction() => {
            Err(object.wrong_type(field, expected, "a number with a fraction or an exponent"))
        }
        jsonl::NUMBER | jsonl::BOOLEAN => Ok(vec![value.get().to_owned()]),
        jsonl::ARRAY if several => {
            let items: Vec<&RawValue> = object.decoded(value)?;
            items.into_iter().map(|item| label_of_item(object, field, item)).collect()
        }
        kind => Err(object.wrong_type(field, expected, kind)),
    }
}

/// Label that an item of the array in `field` gives.
fn label_of_item(object: &Object<'_>, field: &str, item: &RawValue) -> Result<String, CorpusError> {
    let kind = jsonl::type_of(item);
    if kind != jsonl::STRING {
        return Err(object.wrong_type(field, "an array of strings", kind));
    }
    let label: String = object.decoded(item)?;
    if label.trim().is_empty() {
        return Err(empty(object.at, format!("field {field:?}")));
    }
    Ok(label)
}

const ONE: &str = "a string, an integer or a boolean";
const SEVERAL: &str = "a string, an integer, a boolean or an array of strings";

/// The labels that `text` names.
fn labels(
    text: String,
    field_name: impl Fn() -> String,
    location: At<'_>,
    params: &ValidLabelledParams,
) -> Result<Vec<String>, CorpusError> {
    let blank = text.trim().is_empty();
    match params.label_separator() {
        None if blank && params.labelled() => Err(empty(location, field_name())),
        _ if blank => Ok(vec![]),
        None => Ok(vec![text]),
        Some(separator) => {
            let labels = text.split(separator).map(|label| match label.trim() {
                "" => Err(empty(location, field_name())),
                label => Ok(label.to_owned()),
            });
            labels.collect()
        }
    }
}

fn empty(At { path, line }: At<'_>, field_name: String) -> CorpusError {
    CorpusError::EmptyLabel { path: path.to_owned(), line, place: field_name }
}
