//! One JSON object per text, each on its line.
use std::io::{self, Write};

use cloze_core::{OffsetConverter, OffsetUnit};
use serde::Serialize;

use crate::write::json_line;

use super::{EntityForm, TaggedText};

/// One JSON object per text.
#[derive(Clone, Copy, Debug)]
pub struct EntityJsonl {
    offsets: OffsetUnit,
}

#[derive(Serialize)]
struct Row<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    offsets: &'static str,
    entities: Vec<EntityObject<'a>>,
}

#[derive(Serialize)]
struct EntityObject<'a> {
    label: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
    start: usize,
    end: usize,
    text: &'a str,
    score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    recognizer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<&'a str>,
}

impl EntityJsonl {
    /// Returns the format with offsets in a unit.
    #[must_use]
    pub fn new(offsets: OffsetUnit) -> Self {
        Self { offsets }
    }
}

impl EntityForm for EntityJsonl {
    fn text(&mut self, tagged: &TaggedText<'_>, out: &mut dyn Write) -> io::Result<()> {
        let text = tagged.text;
        let mut unit = OffsetConverter::new(tagged.offset_text(), self.offsets);
        let entities = tagged.entities.iter().enumerate().filter_map(|(i, e)| {
            let span = tagged.offset_span(i)?;
            Some(EntityObject {
                label: &e.label,
                tag: e.tag.as_deref(),
                start: unit.convert(span.start)?,
                end: unit.convert(span.end)?,
                text: e.span.of(text)?,
                score: e.score,
                recognizer: tagged.recognizers.get(i).and_then(Option::as_deref),
                part: tagged.places.get(i).and_then(|place| place.part),
            })
        });
        let row = Row {
            path: tagged.path,
            line: tagged.line,
            id: tagged.id,
            field: tagged.field,
            offsets: self.offsets.name(),
            entities: entities.collect(),
        };
        json_line(out, &row)
    }
}
