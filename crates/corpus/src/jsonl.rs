//! One JSON object per line.
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Map;
use serde_json::value::RawValue;

use crate::decode::{Unit, split_ending};
use crate::fields::{At, Object};
use crate::record::{FieldText, Frame};
use crate::{CorpusError, Format, Piece, Record, UsedFields, ValidReadParams};

/// The values of an object as they stand in the line.
pub(crate) struct Fields<'a>(pub(crate) BTreeMap<String, &'a RawValue>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((key, value)) = object.next_entry::<String, &RawValue>()? {
                    // Others would take the first or the last; a rewrite might redact the other.
                    if fields.contains_key(&key) {
                        return Err(A::Error::custom(format_args!("the key {key:?} occurs twice")));
                    }
                    fields.insert(key, value);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Pieces of a line: its record, a record of each field with the parts between them, or the line itself
/// where it is blank. `used` gets the names of the fields.
pub(crate) fn parse(
    Unit { line, raw }: Unit,
    path: &Path,
    params: &ValidReadParams,
    used: &mut Option<UsedFields>,
) -> Result<Vec<Piece>, CorpusError> {
    let content = split_ending(&raw).0;
    if is_blank(content) {
        return Ok(vec![Piece::Verbatim(raw)]);
    }
    let object = Object::parse(content, At { path, line })?;
    let names = params.text();
    let id = object.find_id(params.id())?;
    let taken: Vec<&RawValue> = id.iter().map(|(_, value)| *value).collect();
    // A record of each field is there to be redacted, and so the id is one, too.
    let taken_by_text = if params.is_each_field() { &[][..] } else { &taken };
    let fields = object.need_texts(names, taken_by_text)?;
    let id = id.map_or(Ok(None), |(name, value)| object.id_of(&name, value))?;
    let mut fields_used = UsedFields::of_object();
    fields_used.add_fields(names, &fields);
    *used = Some(fields_used);
    let literal = |value: &RawValue| {
        let start = value.get().as_ptr().addr() - content.as_ptr().addr();
        start..start + value.get().len()
    };
    let mut metadata = Map::new();
    if params.takes_metadata() {
        let texts: Vec<&RawValue> = fields.iter().map(|(_, value)| *value).collect();
        let own = object.columns_of(&[&taken[..], &texts].concat());
        for (i, (name, value)) in object.fields().iter().enumerate() {
            if !own.contains(&i) {
                metadata.insert(name.clone(), object.decoded(value)?);
            }
        }
    }
    let cells = params.takes_cells().then(|| object.cells()).transpose()?;
    let record = Record { line, id, metadata, cells, ..Record::default() };
    let asked = names.is_asked();
    if names.joins() && params.is_each_field() {
        let mut texts = vec![];
        for field in &fields {
            if type_of(field.1) == NULL {
                continue;
            }
            let (text, range) = (object.string(field, asked)?, literal(field.1));
            let frame = Frame::Literal { raw: content[range.clone()].to_owned() };
            texts.push(FieldText { name: field.0.clone(), text, range, frame });
        }
        return Ok(record.of_each(texts, &raw));
    }
    let text = object.text(&fields, asked)?;
    let frame = match &fields[..] {
        [(_, value)] => Frame::Json { literal: literal(value), raw },
        _ => Frame::None(Format::Jsonl),
    };
    Ok(vec![Piece::Record(Record { text, frame, ..record })])
}

/// Whether a line has no object at all.
pub(crate) fn is_blank(content: &str) -> bool {
    content.trim_matches([' ', '\t', '\r']).is_empty()
}

pub(crate) const NULL: &str = "null";
pub(crate) const STRING: &str = "a string";
pub(crate) const NUMBER: &str = "a number";
/// Types of a text that was asked for by name.
pub(crate) const TEXT: &str = "a string or a number";
pub(crate) const OBJECT: &str = "an object";
pub(crate) const ARRAY: &str = "an array";
pub(crate) const BOOLEAN: &str = "a boolean";
/// Types allowed for an id.
pub(crate) const ID: &str = "a string, a number or a boolean";

pub(crate) fn type_of(value: &RawValue) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'"') => STRING,
        Some(b'{') => OBJECT,
        Some(b'[') => ARRAY,
        Some(b't' | b'f') => BOOLEAN,
        Some(b'n') => NULL,
        _ => NUMBER,
    }
}

/// `text` as a literal: as `old` writes it, if that is the same text.
pub(crate) fn literal(text: &str, old: &str) -> String {
    if serde_json::from_str::<String>(old).is_ok_and(|old| old == text) {
        return old.to_owned();
    }
    serde_json::Value::from(text).to_string()
}
