//! Texts with items marked by hand, to evaluate redaction on: JSON lines with offsets, Presidio's
//! evaluation data, and i2b2's XML.
mod i2b2;
mod json;

use std::io::Read as _;
use std::path::Path;

use cloze_core::Span;

use crate::CorpusError;

/// Largest file, in bytes.
const MAX_BYTES: u64 = 1 << 30;

/// Label of items that may be hidden or not.
pub const OPTIONAL_LABEL: &str = "OPTIONAL";

/// A text with its items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedText {
    /// Line in the file, from 1, at which its record begins.
    pub line: u64,
    /// Id in the file, if it has one.
    pub id: Option<String>,
    /// Kind of text, if the file says one: `letter`.
    pub kind: Option<String>,
    /// The text.
    pub text: String,
    /// Items by offset. They may overlap.
    pub items: Vec<MarkedItem>,
}

/// An item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedItem {
    /// Label: `EMAIL`.
    pub label: String,
    /// Bytes of the text.
    pub span: Span,
}

/// Reads a file with marked texts. What it holds tells its form:
///
/// - JSON lines: `{"text": …, "entities": [{"label", "start", "end", "text"?}], "offsets": "char" | "byte"}`,
///   in Unicode code points where nothing else is said;
/// - Presidio's evaluation data (presidio-research 0.2): an array of
///   `{"full_text": …, "spans": [{"entity_type", "entity_value", "start_position", "end_position"}]}`;
/// - i2b2 2014: `<TEXT>` and `<TAGS>`, whose elements have `start`, `end`, `text` and `TYPE`.
///
/// # Errors
/// [`CorpusError::Read`]; [`CorpusError::NoMarks`] for a file in no such form; [`CorpusError::Json`] and
/// [`CorpusError::Xml`] for one that is broken; [`CorpusError::MarkedSpan`] and
/// [`CorpusError::MarkedText`] for an item whose offsets are not those of its text.
pub fn read_marked(path: &Path) -> Result<Vec<MarkedText>, CorpusError> {
    let file = fs_err::File::open(path).map_err(CorpusError::Read)?;
    let mut bytes = vec![];
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(CorpusError::Read)?;
    let path = path.to_owned();
    if bytes.len() as u64 > MAX_BYTES {
        let max = usize::try_from(MAX_BYTES).unwrap_or(usize::MAX);
        return Err(CorpusError::TooLong { path, line: 1, max, fatal: true });
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let byte_offset = error.utf8_error().valid_up_to() as u64;
            return Err(CorpusError::Encoding { path, byte_offset, encoding: "UTF-8" });
        }
    };
    let content = text.trim_start_matches('\u{feff}');
    match content.trim_start().chars().next() {
        Some('<') => i2b2::read(&path, content).map(|text| vec![text]),
        Some('[' | '{') => json::read(&path, content),
        _ => Err(CorpusError::NoMarks { path }),
    }
}

/// An item as a file has it.
struct Mark {
    label: String,
    start: usize,
    end: usize,
    /// Text of the item, if the file says it.
    text: Option<String>,
}

/// Position and unit of the items of a text.
#[derive(Clone, Copy)]
struct Place<'p> {
    path: &'p Path,
    line: u64,
    /// Whether offsets count bytes in place of code points.
    bytes: bool,
}

/// Items with byte offsets, from offsets in code points or bytes, sorted.
fn items(place: Place<'_>, text: &str, marks: Vec<Mark>) -> Result<Vec<MarkedItem>, CorpusError> {
    let mut offsets: Vec<usize> = vec![];
    if !place.bytes {
        offsets = text.char_indices().map(|(offset, _)| offset).collect();
        offsets.push(text.len());
    }
    let to_byte = |offset: usize| {
        if place.bytes { Some(offset) } else { offsets.get(offset).copied() }
    };
    let item = |mark: Mark| {
        let range = to_byte(mark.start).zip(to_byte(mark.end));
        let part = range.and_then(|(start, end)| text.get(start..end));
        let (Some((start, end)), Some(part)) = (range, part.filter(|part| !part.is_empty())) else {
            return Err(CorpusError::MarkedSpan {
                path: place.path.to_owned(),
                line: place.line,
                label: mark.label,
                start: mark.start,
                end: mark.end,
                length: if place.bytes { text.len() } else { offsets.len() - 1 },
                unit: if place.bytes { "bytes" } else { "characters" },
            });
        };
        match mark.text {
            Some(expected) if expected != part => Err(CorpusError::MarkedText {
                path: place.path.to_owned(),
                line: place.line,
                label: mark.label,
                expected: crate::error::beginning(&expected),
                found: crate::error::beginning(part),
            }),
            _ => Ok(MarkedItem { label: mark.label, span: Span::new(start, end) }),
        }
    };
    let mut items = marks.into_iter().map(item).collect::<Result<Vec<_>, _>>()?;
    items.sort_by_key(|item| (item.span.start, item.span.end));
    Ok(items)
}
