//! JSON lines, and arrays of JSON objects.
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Mark, MarkedText, Place, items};
use crate::CorpusError;

/// A text in either form.
#[derive(Deserialize)]
struct Record {
    #[serde(alias = "full_text")]
    text: String,
    #[serde(alias = "spans")]
    entities: Vec<Item>,
    #[serde(default)]
    offsets: Offsets,
    id: Option<Id>,
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(alias = "entity_type")]
    label: String,
    #[serde(alias = "start_position")]
    start: usize,
    #[serde(alias = "end_position")]
    end: usize,
    #[serde(alias = "entity_value")]
    text: Option<String>,
}

/// Unit of offsets.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Offsets {
    #[default]
    Char,
    Byte,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(serde_json::Number),
}

pub(super) fn read(path: &Path, content: &str) -> Result<Vec<MarkedText>, CorpusError> {
    let invalid = |line| move |source| CorpusError::Json { path: path.to_owned(), line, source };
    if content.trim_start().starts_with('[') {
        let records: Vec<&RawValue> = serde_json::from_str(content)
            .map_err(|source| invalid(u64::try_from(source.line()).unwrap_or(1))(source))?;
        let mut lines = LineNumbers { content, offset: 0, line: 1 };
        let text = |record: &RawValue| {
            let line = lines.of(record.get());
            let record = serde_json::from_str(record.get()).map_err(invalid(line))?;
            marked(path, line, record)
        };
        return records.into_iter().map(text).collect();
    }
    let lines = (1..).zip(content.lines()).filter(|(_, line)| !line.trim().is_empty());
    let text = |(line, record): (u64, &str)| {
        let record = serde_json::from_str(record).map_err(invalid(line))?;
        marked(path, line, record)
    };
    lines.map(text).collect()
}

fn marked(path: &Path, line: u64, record: Record) -> Result<MarkedText, CorpusError> {
    let place = Place { path, line, bytes: record.offsets == Offsets::Byte };
    let mark = |Item { label, start, end, text }| Mark { label, start, end, text };
    let marks = record.entities.into_iter().map(mark).collect();
    let items = items(place, &record.text, marks)?;
    let id = record.id.map(|id| match id {
        Id::Text(text) => text,
        Id::Number(number) => number.to_string(),
    });
    Ok(MarkedText { line, id, kind: record.kind, text: record.text, items })
}

/// Line numbers of parts of a text, in order.
struct LineNumbers<'t> {
    content: &'t str,
    offset: usize,
    line: u64,
}

impl LineNumbers<'_> {
    /// Line at which `part`, a slice of the content, begins.
    fn of(&mut self, part: &str) -> u64 {
        let start = part.as_ptr().addr().saturating_sub(self.content.as_ptr().addr());
        let between = self.content.get(self.offset..start).unwrap_or_default();
        self.line += between.matches('\n').count() as u64;
        self.offset = self.offset.max(start);
        self.line
    }
}
