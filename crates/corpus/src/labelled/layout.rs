//! Positions of the text and the labels in a row or an object.
use serde_json::value::RawValue;

use super::{Example, ValidLabelledParams};
use crate::fields::{At, Names, Object, Row};
use crate::{CorpusError, jsonl};

/// Names of the fields.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub(super) text: Names,
    /// `None` where no pairs are wanted.
    pub(super) second: Option<Names>,
    pub(super) label: Names,
    pub(super) id: Names,
}

impl Fields {
    /// Whether a first row is taken for a header: a field was named, or its values are names.
    fn in_header(&self, row: &Row<'_>, labelled: bool) -> bool {
        let Self { text, second, label, id } = self;
        let known = |names: &Names| row.values().any(|name| names.has(&name));
        let pair = second.as_ref();
        text.asked
            || label.asked
            || id.asked
            || pair.is_some_and(|second| second.asked)
            || (known(text) && pair.is_none_or(known) && (known(label) || !labelled))
    }
}

/// Columns of the fields, from 0.
pub(super) struct Layout {
    columns: usize,
    text: usize,
    second: Option<usize>,
    label: Option<usize>,
    id: Option<usize>,
    group: Option<usize>,
    /// Name of the label's column in errors.
    label_place: String,
}

impl Layout {
    /// The layout that the first row shows, and whether that row is a header.
    pub(super) fn of(
        row: &Row<'_>,
        params: &ValidLabelledParams,
    ) -> Result<(Self, bool), CorpusError> {
        let Fields { text, second, label, id } = params.fields();
        let labelled = params.labelled();
        let columns = row.columns();
        let header = params.header().unwrap_or_else(|| {
            params.group().is_some() || params.fields().in_header(row, labelled)
        });
        if !header {
            let texts = if second.is_some() { 2 } else { 1 };
            let least = texts + usize::from(labelled);
            if columns < least {
                return Err(row.bad_columns(least, columns));
            }
            let label = (columns > texts).then(|| columns - 1);
            let label_place = format!("column {columns}");
            let second = second.as_ref().map(|_| 1);
            let (id, group) = (None, None);
            return Ok((Self { columns, text: 0, second, label, id, group, label_place }, false));
        }
        // A label column that is not there is no error where no label is needed, asked for or not.
        let label = if labelled { Some(row.need(label)?) } else { row.find(label)? };
        let name = label.map(|column| row.value(column)).unwrap_or_default();
        let layout = Self {
            columns,
            text: row.need(text)?,
            second: second.as_ref().map(|second| row.need(second)).transpose()?,
            label,
            id: if id.asked { Some(row.need(id)?) } else { row.find(id)? },
            group: params.group().map(|group| row.need(&group)).transpose()?,
            label_place: format!("field {name:?}"),
        };
        Ok((layout, true))
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
            text: row.value(self.text),
            second: self.second.map(|column| row.value(column)),
            labels,
            group: self.group.map(|column| row.value(column)),
        })
    }
}

/// The example of a JSON object.
pub(super) fn object(
    object: &Object<'_>,
    params: &ValidLabelledParams,
) -> Result<Example, CorpusError> {
    let Fields { text, second, label, id } = params.fields();
    let label_field =
        if params.labelled() { Some(object.need(label)?) } else { object.find(label) };
    let labels = match label_field {
        Some((field, value)) => labels_of_value(object, field, value, params)?,
        None => vec![],
    };
    if id.asked {
        object.need(id)?;
    }
    Ok(Example {
        line: object.at.line,
        id: object.id(id)?,
        text: object.string(text)?,
        second: second.as_ref().map(|second| object.string(second)).transpose()?,
        labels,
        group: params.group().map(|group| group_of_object(object, &group)).transpose()?,
    })
}

/// Value of the group's field, which has to be there: a string, a number or a boolean as text; empty
/// where it is null.
fn group_of_object(object: &Object<'_>, group: &Names) -> Result<String, CorpusError> {
    let (field, value) = object.need(group)?;
    match jsonl::type_of(value) {
        jsonl::NULL => Ok(String::new()),
        jsonl::STRING => object.decoded(value),
        jsonl::NUMBER | jsonl::BOOLEAN => Ok(value.get().to_owned()),
        kind => Err(object.wrong_type(field, "a string, a number or a boolean", kind)),
    }
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
