//! `cloze_embed`: vectors of texts.
use std::sync::Arc;

use cloze::SentenceEncoder;
use datafusion::arrow::array::{ArrayRef, FixedSizeListArray, Float32Array};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::OfText;
use crate::{Error, ModelName, Models};

/// `cloze_embed(text, 'MODEL') -> FixedSizeList<Float32, width>`: the vector of a text, as
/// [`SentenceEncoder::encode`] has it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Embed;

impl OfText for Embed {
    const NAME: &'static str = "cloze_embed";
    const CALL: &'static str = "cloze_embed(text, 'MODEL')";
    const MOST: usize = 2;
    type Opened = Arc<SentenceEncoder>;
    type Value = Vec<f32>;

    fn open(models: &Models, model: &ModelName, _: &[&ScalarValue]) -> Result<Self::Opened, Error> {
        models.encoder(Self::NAME, model)
    }

    fn value_type(_: &Models, encoder: &Self::Opened) -> DataType {
        vector_type(encoder.width())
    }

    fn run(
        _: &Models,
        encoder: &Self::Opened,
        texts: &[&str],
    ) -> Result<Vec<Result<Vec<f32>, cloze::Error>>, cloze::Error> {
        encoder.encode_batch(texts)
    }

    fn array(
        _: &Models,
        encoder: &Self::Opened,
        vectors: &[Option<&Vec<f32>>],
    ) -> Result<ArrayRef> {
        let width = encoder.width();
        let mut numbers = Vec::with_capacity(width * vectors.len());
        for vector in vectors {
            match vector {
                Some(vector) => numbers.extend_from_slice(vector),
                None => numbers.resize(numbers.len() + width, 0.0),
            }
        }
        let nulls: NullBuffer = vectors.iter().map(Option::is_some).collect();
        let numbers = Arc::new(Float32Array::from(numbers));
        let (item, width) = (item(), list_size(width));
        Ok(Arc::new(FixedSizeListArray::try_new(item, width, numbers, Some(nulls))?))
    }
}

/// Type of vectors of this width.
fn vector_type(width: usize) -> DataType {
    DataType::FixedSizeList(item(), list_size(width))
}

fn item() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Float32, true))
}

fn list_size(width: usize) -> i32 {
    i32::try_from(width).expect("a model's width is a dimension of its graph")
}
