//! `cloze_fill_mask`: words for masks.
use std::sync::Arc;

use cloze::{MaskPredictions, MaskedLm};
use datafusion::arrow::array::{
    ArrayRef, Float64Array, Int64Array, ListArray, StringArray, StructArray,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::OfText;
use crate::{Error, ModelName, Models};

/// Words for each mask, where the query does not say: as many as `cloze fill-mask` has.
const WORDS: usize = 5;
/// Most words for each mask.
const MOST_WORDS: i64 = 1000;

/// `cloze_fill_mask(text, 'MODEL'[, k]) -> List<Struct<mask, word, probability>>`: the `k` likeliest words for
/// each mask, as [`MaskedLm::predict`] has them; masks count from 1 in text order. A text without a mask fails.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FillMask;

/// Model, and the number of words for each mask.
#[derive(Debug)]
pub(super) struct MaskFiller {
    model: Arc<MaskedLm>,
    words: usize,
}

impl OfText for FillMask {
    const NAME: &'static str = "cloze_fill_mask";
    const CALL: &'static str =
        "cloze_fill_mask(text, 'MODEL') or cloze_fill_mask(text, 'MODEL', k)";
    const MOST: usize = 3;
    type Opened = MaskFiller;
    type Value = MaskPredictions;

    fn open(
        models: &Models,
        model: &ModelName,
        settings: &[&ScalarValue],
    ) -> Result<Self::Opened, Error> {
        let words = match settings.first() {
            None => WORDS,
            Some(ScalarValue::Int64(Some(k))) if (1..=MOST_WORDS).contains(k) => {
                usize::try_from(*k).expect("a number from 1 to 1000")
            }
            Some(other) => {
                let (expected, found) = ("a number from 1 to 1000", other.to_string());
                return Err(Error::Literal {
                    function: Self::NAME,
                    argument: "k",
                    expected,
                    found,
                });
            }
        };
        Ok(MaskFiller { model: models.masked(Self::NAME, model)?, words })
    }

    fn value_type(_: &Models, _: &Self::Opened) -> DataType {
        DataType::List(word_field())
    }

    fn run(
        _: &Models,
        filler: &Self::Opened,
        texts: &[&str],
    ) -> Result<Vec<Result<MaskPredictions, cloze::Error>>, cloze::Error> {
        filler.model.predict_batch(texts, filler.words)
    }

    fn array(_: &Models, _: &Self::Opened, rows: &[Option<&MaskPredictions>]) -> Result<ArrayRef> {
        let nulls: NullBuffer = rows.iter().map(Option::is_some).collect();
        let length = |row: Option<&MaskPredictions>| {
            row.map_or(0, |row| row.masks.iter().map(Vec::len).sum())
        };
        let offsets = OffsetBuffer::from_lengths(rows.iter().copied().map(length));
        let (mut masks, mut words, mut probabilities) = (vec![], vec![], vec![]);
        for row in rows.iter().copied().flatten() {
            for (number, mask) in (1i64..).zip(&row.masks) {
                for prediction in mask {
                    masks.push(number);
                    words.push(&prediction.word);
                    probabilities.push(prediction.probability);
                }
            }
        }
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(masks)),
            Arc::new(StringArray::from_iter_values(words)),
            Arc::new(Float64Array::from(probabilities)),
        ];
        let words = Arc::new(StructArray::try_new(word_fields(), columns, None)?);
        Ok(Arc::new(ListArray::try_new(word_field(), offsets, words, Some(nulls))?))
    }
}

fn word_field() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Struct(word_fields()), true))
}

fn word_fields() -> Fields {
    let fields = [
        Field::new("mask", DataType::Int64, true),
        Field::new("word", DataType::Utf8, true),
        Field::new("probability", DataType::Float64, true),
    ];
    fields.into_iter().collect()
}
