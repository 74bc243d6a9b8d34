//! One JSON object per line.
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use cloze_core::Span;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Map;
use serde_json::value::RawValue;

use crate::decode::{Unit, split_ending};
use crate::record::Frame;
use crate::{CorpusError, Piece, Record, ValidReadParams, error::MAX_NAMES};

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

/// The record of a line, or the line itself where it is blank.
pub(crate) fn parse(
    Unit { line, raw }: Unit,
    path: &Path,
    params: &ValidReadParams,
) -> Result<Piece, CorpusError> {
    let content = split_ending(&raw).0;
    if is_blank(content) {
        return Ok(Piece::Verbatim(raw));
    }
    let invalid = |source| CorpusError::Json { path: path.to_owned(), line, source };
    let Fields(fields) = serde_json::from_str(content).map_err(invalid)?;
    let field = params.text_field();
    let value = *fields.get(field).ok_or_else(|| CorpusError::MissingField {
        path: path.to_owned(),
        line,
        field: field.to_owned(),
        found: fields.keys().take(MAX_NAMES).cloned().collect(),
        fatal: false,
    })?;
    if type_of(value) != STRING {
        return Err(CorpusError::FieldType {
            path: path.to_owned(),
            line,
            field: field.to_owned(),
            expected: STRING,
            found: type_of(value),
        });
    }
    let text = serde_json::from_str(value.get()).map_err(invalid)?;
    let start = value.get().as_ptr().addr() - content.as_ptr().addr();
    let literal = start..start + value.get().len();

    let id = id(&fields, params.id_field(), path, line)?;
    let mut metadata = Map::new();
    if params.takes_metadata() {
        for (name, value) in &fields {
            if name != field && name != params.id_field() {
                let value = serde_json::from_str(value.get()).map_err(invalid)?;
                metadata.insert(name.clone(), value);
            }
        }
    }
    let frame = Frame::Json { raw, literal };
    Ok(Piece::Record(Record { line, id, text, words: None, metadata, origin: None, frame }))
}

/// Whether a line has no object at all.
pub(crate) fn is_blank(content: &str) -> bool {
    content.trim_matches([' ', '\t', '\r']).is_empty()
}

/// The record's name, where it has one.
pub(crate) fn id(
    fields: &BTreeMap<String, &RawValue>,
    field: &str,
    path: &Path,
    line: u64,
) -> Result<Option<String>, CorpusError> {
    let Some(value) = fields.get(field) else { return Ok(None) };
    match type_of(value) {
        NULL => Ok(None),
        STRING => {
            let invalid = |source| CorpusError::Json { path: path.to_owned(), line, source };
            serde_json::from_str(value.get()).map(Some).map_err(invalid)
        }
        NUMBER | BOOLEAN => Ok(Some(value.get().to_owned())),
        kind => Err(CorpusError::FieldType {
            path: path.to_owned(),
            line,
            field: field.to_owned(),
            expected: ID,
            found: kind,
        }),
    }
}

pub(crate) const NULL: &str = "null";
pub(crate) const STRING: &str = "a string";
pub(crate) const NUMBER: &str = "a number";
pub(crate) const ARRAY: &str = "an array";
pub(crate) const BOOLEAN: &str = "a boolean";
/// Types allowed for an id.
pub(crate) const ID: &str = "a string, a number or a boolean";

pub(crate) fn type_of(value: &RawValue) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'"') => STRING,
        Some(b'{') => "an object",
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

/// The literal `old` with spans of its text replaced. Escapes outside the spans stay as they are.
pub(crate) fn replace(old: &str, edits: &[(Span, String)]) -> String {
    let mut new = String::with_capacity(old.len());
    let mut edits = edits.iter().peekable();
    // Offsets in the text, and end of what was copied of the literal.
    let (mut offset, mut copied) = (0, 0);
    let mut rest = Characters { literal: old, place: 1 };
    loop {
        let place = rest.place;
        if let Some((span, text)) = edits.next_if(|(span, _)| span.start <= offset) {
            new.push_str(&old[copied..place]);
            let literal = serde_json::Value::from(text.as_str()).to_string();
            new.push_str(&literal[1..literal.len() - 1]);
            while offset < span.end
                && let Some(length) = rest.next()
            {
                offset += length;
            }
            copied = rest.place;
            continue;
        }
        match rest.next() {
            Some(length) => offset += length,
            None => break,
        }
    }
    new.push_str(&old[copied..]);
    new
}

/// A character as an escape, or two of its UTF-16 halves.
pub(crate) fn escape(character: char) -> String {
    let mut units = [0; 2];
    let units = character.encode_utf16(&mut units).iter();
    units.map(|unit| format!("\\u{unit:04x}")).collect::<Vec<_>>().concat()
}

/// The characters of a literal, each as its length in UTF-8.
struct Characters<'l> {
    literal: &'l str,
    /// Place of the next one in the literal.
    place: usize,
}

impl Characters<'_> {
    fn unit(&self, place: usize) -> Option<u32> {
        let hex = self.literal.get(place..place + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(hex, 16).ok()
    }
}

impl Iterator for Characters<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let c = self.literal[self.place..].chars().next().filter(|c| *c != '"')?;
        if c != '\\' {
            self.place += c.len_utf8();
            return Some(c.len_utf8());
        }
        let Some(unit) = self.unit(self.place) else {
            self.place += 2;
            return Some(1);
        };
        let is_first_half = (0xD800..0xDC00).contains(&unit);
        if is_first_half && self.unit(self.place + 6).is_some() {
            self.place += 12;
            return Some(4);
        }
        self.place += 6;
        Some(char::from_u32(unit).map_or(3, char::len_utf8))
    }
}
