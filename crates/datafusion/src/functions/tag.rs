//! `cloze_tag`: entities of texts.
use std::collections::HashMap;
use std::sync::Arc;

use cloze::core::{OffsetConverter, OffsetUnit};
use cloze::{Entity, Tagger};
use datafusion::arrow::array::{
    ArrayRef, Float32Array, Int64Array, ListArray, StringArray, StructArray,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::OfText;
use crate::{Error, ModelName, Models};

/// Key of the unit in the metadata of the fields `start` and `end`: `char`, `byte` or `utf16`.
pub(crate) const UNIT_KEY: &str = "cloze.unit";

/// `cloze_tag(text, 'MODEL') -> List<Struct<label, start, end, text, score>>`: entities by reading order, as
/// [`Tagger::tag`] has them. Offsets count from 0 in the unit of the registry, half-open.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Tag;

/// Entity with its text and offsets in the unit of the registry.
#[derive(Clone, Debug)]
pub(super) struct TaggedEntity {
    label: String,
    start: i64,
    end: i64,
    text: String,
    score: f32,
}

impl OfText for Tag {
    const NAME: &'static str = "cloze_tag";
    const CALL: &'static str = "cloze_tag(text, 'MODEL')";
    const MOST: usize = 2;
    type Opened = Arc<Tagger>;
    type Value = Vec<TaggedEntity>;

    fn open(models: &Models, model: &ModelName, _: &[&ScalarValue]) -> Result<Self::Opened, Error> {
        models.tagger(Self::NAME, model)
    }

    fn value_type(models: &Models, _: &Self::Opened) -> DataType {
        DataType::List(entity_field(models.offsets()))
    }

    fn run(
        models: &Models,
        tagger: &Self::Opened,
        texts: &[&str],
    ) -> Result<Vec<Result<Self::Value, cloze::Error>>, cloze::Error> {
        let results = texts.iter().zip(tagger.tag_batch(texts)?);
        let unit = models.offsets();
        Ok(results.map(|(text, entities)| Ok(with_offsets(text, &entities?, unit))).collect())
    }

    fn array(models: &Models, _: &Self::Opened, rows: &[Option<&Self::Value>]) -> Result<ArrayRef> {
        let nulls: NullBuffer = rows.iter().map(Option::is_some).collect();
        let lengths = rows.iter().map(|row| row.map_or(0, Vec::len));
        let offsets = OffsetBuffer::from_lengths(lengths);
        let entities: Vec<&TaggedEntity> = rows.iter().copied().flatten().flatten().collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from_iter_values(entities.iter().map(|e| &e.label))),
            Arc::new(Int64Array::from_iter_values(entities.iter().map(|e| e.start))),
            Arc::new(Int64Array::from_iter_values(entities.iter().map(|e| e.end))),
            Arc::new(StringArray::from_iter_values(entities.iter().map(|e| &e.text))),
            Arc::new(Float32Array::from_iter_values(entities.iter().map(|e| e.score))),
        ];
        let unit = models.offsets();
        let entities = Arc::new(StructArray::try_new(entity_fields(unit), columns, None)?);
        Ok(Arc::new(ListArray::try_new(entity_field(unit), offsets, entities, Some(nulls))?))
    }
}

fn with_offsets(text: &str, entities: &[Entity], unit: OffsetUnit) -> Vec<TaggedEntity> {
    let mut converter = OffsetConverter::new(text, unit);
    let mut offset = |byte: usize| {
        let offset = converter.convert(byte).expect("spans are on character boundaries");
        i64::try_from(offset).expect("a text has fewer than 2^63 characters")
    };
    let tagged = |entity: &Entity| TaggedEntity {
        label: entity.shown_label().to_owned(),
        start: offset(entity.span.start),
        end: offset(entity.span.end),
        text: text[entity.span.start..entity.span.end].to_owned(),
        score: entity.score,
    };
    entities.iter().map(tagged).collect()
}

fn entity_field(unit: OffsetUnit) -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Struct(entity_fields(unit)), true))
}

fn entity_fields(unit: OffsetUnit) -> Fields {
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
