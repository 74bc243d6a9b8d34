//! One JSON object per line.
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use cloze_core::Span;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Map;
use serde_json::value::RawValue;

use crate::decode::{Unit, split_ending};
use crate::error::MAX_NAMES;
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

/// Lines of an input.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// Line of the first object, and its fields.
    first: Option<(u64, Vec<String>)>,
    /// Names of fields that each are a text, or are kept from that, that no object has had so far.
    unseen: Vec<String>,
    /// Whether some object was no error.
    given: bool,
}

impl Lines {
    /// Takes the names that an object has out of those that none had.
    fn see(&mut self, object: &Object<'_>, params: &ValidReadParams) -> Result<(), CorpusError> {
        if !params.is_each_field() {
            return Ok(());
        }
        if self.first.is_none() {
            self.first = Some((object.at.line, object.header.names.clone()));
            self.unseen = params.text().of_each().cloned().collect();
        }
        let mut unseen = vec![];
        for name in std::mem::take(&mut self.unseen) {
            if !object.has(&name)? {
                unseen.push(name);
            }
        }
        self.unseen = unseen;
        Ok(())
    }

    /// The error for a name that no object of the input had.
    pub(crate) fn end(&mut self, path: &Path) -> Result<(), CorpusError> {
        let Some((line, mut found)) = self.first.take().filter(|_| self.given) else {
            return Ok(());
        };
        let Some(field) = self.unseen.drain(..).next() else { return Ok(()) };
        found.truncate(MAX_NAMES);
        let path = path.to_owned();
        Err(CorpusError::MissingField { path, line, field, found, fatal: true })
    }
}

/// Pieces of a line: its record, a record of each field with the parts between them, or the line itself
/// where it is blank. `used` gets the names of the fields.
pub(crate) fn parse(
    Unit { line, raw }: Unit,
    path: &Path,
    params: &ValidReadParams,
    used: &mut Option<UsedFields>,
    lines: &mut Lines,
) -> Result<Vec<Piece>, CorpusError> {
    let content = split_ending(&raw).0;
    if is_blank(content) {
        return Ok(vec![Piece::Verbatim(raw)]);
    }
    let object = Object::parse(content, At { path, line })?;
    let names = params.text();
    lines.see(&object, params)?;
    let id = object.find_id(params.id())?;
    let taken: Vec<&RawValue> = id.iter().map(|(_, value)| *value).collect();
    let fields = match params.is_each_field() {
        true if names.is_asked() && !names.is_every() => object.each(names)?,
        // A record of each field is there to be redacted, and so the id is one, too.
        true => object.need_texts(names, &[])?,
        false => object.need_texts(names, &taken)?,
    };
    lines.given = true;
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
    let is_itself = |name: &String| {
        matches!(&fields[..], [(only, _)] if only == name) && names.asked().len() == 1
    };
    let one = !names.joins() && names.asked().first().is_none_or(is_itself);
    if params.is_each_field() && !one {
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
