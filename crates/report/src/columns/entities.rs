//! Entities of texts.
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float32Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
    UInt64Array,
};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use cloze_core::{OffsetConverter, OffsetUnit};

use super::{BYTES, ColumnFile, ColumnFormat, ROWS, of_arrow};
use crate::entities::{EntityForm, TaggedText};

/// Key of the unit in the metadata of the fields `start` and `end`: `char`, `byte` or `utf16`.
pub const UNIT_KEY: &str = "cloze.unit";

/// An entity with its text, and its offsets in a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct ArrowEntity {
    /// Label.
    pub label: String,
    /// First character, byte or UTF-16 unit, from 0.
    pub start: i64,
    /// The one behind the last.
    pub end: i64,
    /// Text of the entity.
    pub text: String,
    /// Confidence, 0 to 1.
    pub score: f32,
}

/// The type of the entities of a text: `List<Struct<label, start, end, text, score>>`.
#[must_use]
pub fn entity_type(unit: OffsetUnit) -> DataType {
    DataType::List(item(unit))
}

fn item(unit: OffsetUnit) -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Struct(fields(unit)), true))
}

fn fields(unit: OffsetUnit) -> Fields {
    let metadata = HashMap::from([(UNIT_KEY.to_owned(), unit.name().to_owned())]);
    let offset = |name| Field::new(name, DataType::Int64, true).with_metadata(metadata.clone());
    let fields = [
        Field::new("label", DataType::Utf8, true),
        offset("start"),
        offset("end"),
        Field::new("text", DataType::Utf8, true),
        Field::new("score", DataType::Float32, true),
    ];
    fields.into_iter().collect()
}

/// The entities of texts as an array of [`entity_type`]; `None` is null.
///
/// # Errors
/// If there are more than 2^31 of them.
pub fn entity_array(
    unit: OffsetUnit,
    texts: &[Option<&Vec<ArrowEntity>>],
) -> Result<ListArray, ArrowError> {
    let nulls: NullBuffer = texts.iter().map(Option::is_some).collect();
    let lengths = texts.iter().map(|row| row.map_or(0, Vec::len));
    let offsets = OffsetBuffer::from_lengths(lengths);
    let entities: Vec<&ArrowEntity> = texts.iter().copied().flatten().flatten().collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(entities.iter().map(|e| &e.label))),
        Arc::new(Int64Array::from_iter_values(entities.iter().map(|e| e.start))),
        Arc::new(Int64Array::from_iter_values(entities.iter().map(|e| e.end))),
        Arc::new(StringArray::from_iter_values(entities.iter().map(|e| &e.text))),
        Arc::new(Float32Array::from_iter_values(entities.iter().map(|e| e.score))),
    ];
    let entities = Arc::new(StructArray::try_new(fields(unit), columns, None)?);
    ListArray::try_new(item(unit), offsets, entities, Some(nulls))
}

/// Columns `path`, `line`, `id`, `field` and `entities`: a row a text. `line`, `id` and `field` are null where a
/// text has none.
pub struct EntityColumns {
    format: ColumnFormat,
    schema: SchemaRef,
    unit: OffsetUnit,
    /// `None` before the first batch.
    file: Option<ColumnFile>,
    rows: Rows,
}

#[derive(Default)]
struct Rows {
    paths: Vec<String>,
    lines: Vec<Option<u64>>,
    ids: Vec<Option<String>>,
    fields: Vec<Option<String>>,
    entities: Vec<Vec<ArrowEntity>>,
    bytes: usize,
}

impl EntityColumns {
    /// A file of entities with offsets in a unit.
    #[must_use]
    pub fn new(format: ColumnFormat, unit: OffsetUnit) -> Self {
        let schema = Arc::new(Schema::new(vec![
            Field::new("path", DataType::Utf8, false),
            Field::new("line", DataType::UInt64, true),
            Field::new("id", DataType::Utf8, true),
            Field::new("field", DataType::Utf8, true),
            Field::new("entities", entity_type(unit), true),
        ]));
        Self { format, schema, unit, file: None, rows: Rows::default() }
    }

    fn file(&mut self) -> io::Result<&mut ColumnFile> {
        let file = match self.file.take() {
            Some(file) => file,
            None => ColumnFile::new(self.format, &self.schema)?,
        };
        Ok(self.file.insert(file))
    }

    fn flush(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let Rows { paths, lines, ids, fields, entities, .. } = std::mem::take(&mut self.rows);
        if paths.is_empty() {
            return Ok(());
        }
        let texts: Vec<Option<&Vec<ArrowEntity>>> = entities.iter().map(Some).collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from_iter_values(paths)),
            Arc::new(UInt64Array::from(lines)),
            Arc::new(StringArray::from(ids)),
            Arc::new(StringArray::from(fields)),
            Arc::new(entity_array(self.unit, &texts).map_err(of_arrow)?),
        ];
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(of_arrow)?;
        self.file()?.write(&batch, out)
    }
}

impl EntityForm for EntityColumns {
    fn text(&mut self, tagged: &TaggedText<'_>, out: &mut dyn Write) -> io::Result<()> {
        let mut unit = OffsetConverter::new(tagged.offset_text(), self.unit);
        let mut place = |byte| i64::try_from(unit.convert(byte)?).ok();
        let mut entities = vec![];
        for (i, entity) in tagged.entities.iter().enumerate() {
            let Some(span) = tagged.offset_span(i) else { continue };
            let (start, end) = (place(span.start), place(span.end));
            let (Some(start), Some(end), Some(text)) = (start, end, entity.span.of(tagged.text))
            else {
                continue;
            };
            let (label, text) = (entity.shown_label().to_owned(), text.to_owned());
            entities.push(ArrowEntity { label, start, end, text, score: entity.score });
        }
        let rows = &mut self.rows;
        rows.bytes += tagged.path.len() + entities.iter().map(|e| e.text.len()).sum::<usize>();
        rows.paths.push(tagged.path.to_owned());
        rows.lines.push(tagged.line);
        rows.ids.push(tagged.id.map(str::to_owned));
        rows.fields.push(tagged.field.map(str::to_owned));
        rows.entities.push(entities);
        let full = rows.paths.len() >= ROWS || rows.bytes >= BYTES;
        if full { self.flush(out) } else { Ok(()) }
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.flush(out)?;
        self.file()?.finish(out)
    }
}
