//! A JSON object a record, a line each.
use std::io::Write;

use cloze_core::{OffsetConverter, OffsetUnit};
use serde::Serialize;

use super::{Form, Tagged, WriteError};

pub(super) struct Jsonl {
    offsets: OffsetUnit,
}

#[derive(Serialize)]
struct Row<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    id: Option<&'a str>,
    offsets: &'static str,
    entities: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct Found<'a> {
    label: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
    start: usize,
    end: usize,
    text: &'a str,
    score: f32,
}

impl Jsonl {
    pub(super) fn new(offsets: OffsetUnit) -> Self {
        Self { offsets }
    }
}

impl Form for Jsonl {
    fn record(&mut self, tagged: &Tagged<'_>, out: &mut dyn Write) -> Result<(), WriteError> {
        let text = &tagged.record.text;
        let mut unit = OffsetConverter::new(text, self.offsets);
        let entities = tagged.entities.iter().filter_map(|e| {
            Some(Found {
                label: &e.label,
                tag: e.tag.as_deref(),
                start: unit.convert(e.span.start)?,
                end: unit.convert(e.span.end)?,
                text: e.span.of(text)?,
                score: e.score,
            })
        });
        let row = Row {
            path: tagged.path,
            line: tagged.line(),
            id: tagged.record.id.as_deref(),
            offsets: self.offsets.name(),
            entities: entities.collect(),
        };
        serde_json::to_writer(&mut *out, &row).map_err(std::io::Error::from)?;
        Ok(writeln!(out)?)
    }
}
