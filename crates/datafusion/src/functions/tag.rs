//! `cloze_tag`: entities of texts.
use std::sync::Arc;

use cloze::core::{OffsetConverter, OffsetUnit};
use cloze::{Entity, Tagger};
use cloze_report::columns::{ArrowEntity, entity_array, entity_type};
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::OfText;
use crate::{Error, ModelName, Models};

/// `cloze_tag(text, 'MODEL') -> List<Struct<label, start, end, text, score>>`: entities by reading order, as
/// [`Tagger::tag`] has them. Offsets count from 0 in the unit of the registry, half-open.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Tag;

impl OfText for Tag {
    const NAME: &'static str = "cloze_tag";
    const CALL: &'static str = "cloze_tag(text, 'MODEL')";
    const MOST: usize = 2;
    type Opened = Arc<Tagger>;
    type Value = Vec<ArrowEntity>;

    fn open(models: &Models, model: &ModelName, _: &[&ScalarValue]) -> Result<Self::Opened, Error> {
        models.tagger(Self::NAME, model)
    }

    fn value_type(models: &Models, _: &Self::Opened) -> DataType {
        entity_type(models.offsets())
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
        Ok(Arc::new(entity_array(models.offsets(), rows)?))
    }
}

fn with_offsets(text: &str, entities: &[Entity], unit: OffsetUnit) -> Vec<ArrowEntity> {
    let mut converter = OffsetConverter::new(text, unit);
    let mut offset = |byte: usize| {
        let offset = converter.convert(byte).expect("spans are on character boundaries");
        i64::try_from(offset).expect("a text has fewer than 2^63 characters")
    };
    let tagged = |entity: &Entity| ArrowEntity {
        label: entity.shown_label().to_owned(),
        start: offset(entity.span.start),
        end: offset(entity.span.end),
        text: text[entity.span.start..entity.span.end].to_owned(),
        score: entity.score,
    };
    entities.iter().map(tagged).collect()
}
