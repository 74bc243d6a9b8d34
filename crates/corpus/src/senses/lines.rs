//! A JSON object a word that has a sense.
use std::path::Path;

use cloze_core::Span;

use super::{SenseText, SenseWord};
use crate::decode::Unit;
use crate::error::beginning;
use crate::fields::{At, Object, Rows};
use crate::params::Opened;
use crate::source::SourceParams;
use crate::{CorpusError, Format, jsonl};

pub(super) struct Lines {
    rows: Rows,
}

impl Lines {
    pub(super) fn new(opened: Opened, max: usize) -> Self {
        let opened = Opened { format: Format::Jsonl, ..opened };
        let source = SourceParams { max_text_bytes: max, ..SourceParams::default() };
        let rows = Rows::new(opened, source).expect("JSONL has fields");
        Self { rows }
    }

    pub(super) fn path(&self) -> &Path {
        self.rows.path()
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.rows.bytes_read()
    }

    pub(super) fn next(&mut self) -> Result<Option<SenseText>, CorpusError> {
        let Some(Unit { line, raw }) = self.rows.next(None)? else { return Ok(None) };
        let object = Object::parse(&raw, At { path: self.rows.path(), line })?;
        let text = object.exact_string("text")?;
        let [start, end] = ["start", "end"].map(|name| place(&object, name));
        let (start, end) = (start?, end?);
        let span = span(&text, start, end).ok_or_else(|| CorpusError::WordSpan {
            path: object.at.path.to_owned(),
            line,
            start,
            end,
            length: text.chars().count(),
        })?;
        let named = |field| match object.exact_string(field)? {
            value if value.trim().is_empty() => Err(empty(object.at, field)),
            value => Ok(value),
        };
        let (lemma, sense) = (named("lemma")?, named("sense")?);
        let optional = |field| match object.exact(field) {
            Some(value) if jsonl::type_of(value) != jsonl::NULL => {
                object.exact_string(field).map(Some)
            }
            _ => Ok(None),
        };
        let pos = optional("pos")?.unwrap_or_default();
        let gloss = optional("gloss")?.filter(|gloss| !gloss.trim().is_empty());
        let document = object.exact("document");
        let document = document.map_or(Ok(None), |value| object.id_of("document", value))?;
        let words = vec![SenseWord { line, span, lemma, pos, sense, gloss }];
        Ok(Some(SenseText { document, line, text, words }))
    }
}

fn empty(At { path, line }: At<'_>, field: &'static str) -> CorpusError {
    let (path, field_name) = (path.to_owned(), format!("field {field:?}"));
    CorpusError::EmptySense { path, line, place: field_name, what: field }
}

/// A place in the text, in code points.
fn place(object: &Object<'_>, field: &str) -> Result<usize, CorpusError> {
    let value = object.need_exact(field)?;
    if jsonl::type_of(value) != jsonl::NUMBER {
        return Err(object.wrong_type(field, jsonl::NUMBER, jsonl::type_of(value)));
    }
    let whole: Option<u32> = value.get().parse().ok();
    whole.and_then(|n| usize::try_from(n).ok()).ok_or_else(|| CorpusError::NotWhole {
        path: object.at.path.to_owned(),
        line: object.at.line,
        place: format!("field {field:?}"),
        found: beginning(value.get()),
    })
}

/// The bytes of the code points `start..end`; `None` for none, and past the end.
fn span(text: &str, start: usize, end: usize) -> Option<Span> {
    let mut places = text.char_indices().map(|(offset, _)| offset).chain([text.len()]);
    let first = places.nth(start)?;
    let more = end.checked_sub(start)?.checked_sub(1)?;
    Some(Span::new(first, places.nth(more)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `é` in two code points is 3 bytes, 👍 is 4.
    #[test]
    fn places_are_code_points() {
        let text = "e\u{301}👍x";
        for (start, end, expected) in [
            (0, 2, Some((0, 3))),
            (2, 3, Some((3, 7))),
            (2, 4, Some((3, 8))),
            (3, 4, Some((7, 8))),
            (0, 0, None),
            (2, 1, None),
            (3, 5, None),
            (4, 5, None),
            (9, 10, None),
        ] {
            assert_eq!(
                span(text, start, end),
                expected.map(|(a, b)| Span::new(a, b)),
                "{start}..{end}"
            );
        }
    }
}
