//! `cloze_classify`: labels of texts.
use std::sync::Arc;

use cloze::TextClassifier;
use datafusion::arrow::array::{ArrayRef, Float64Array, StringArray, StructArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::OfText;
use crate::{Error, ModelName, Models};

/// `cloze_classify(text, 'MODEL') -> Struct<label, probability>`: the likeliest label of a text, with its
/// probability, as [`TextClassifier::classify`] has them. Both are null for a text without anything but white
/// space, of which a model has nothing to say.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Classify;

impl OfText for Classify {
    const NAME: &'static str = "cloze_classify";
    const CALL: &'static str = "cloze_classify(text, 'MODEL')";
    const MOST: usize = 2;
    type Opened = Arc<TextClassifier>;
    /// Label and probability.
    type Value = Option<(String, f64)>;

    fn open(models: &Models, model: &ModelName, _: &[&ScalarValue]) -> Result<Self::Opened, Error> {
        let classifier = models.classifier(Self::NAME, model)?;
        if classifier.inputs().classifier().head().regression() {
            return Err(Error::Regression { function: Self::NAME, model: model.name.clone() });
        }
        Ok(classifier)
    }

    fn value_type(_: &Models, _: &Self::Opened) -> DataType {
        DataType::Struct(fields())
    }

    fn run(
        _: &Models,
        classifier: &Self::Opened,
        texts: &[&str],
    ) -> Result<Vec<Result<Self::Value, cloze::Error>>, cloze::Error> {
        let results = classifier.classify_batch(texts)?.into_iter();
        Ok(results.map(|prediction| Ok(prediction?.probabilities.into_iter().next())).collect())
    }

    fn array(_: &Models, _: &Self::Opened, rows: &[Option<&Self::Value>]) -> Result<ArrayRef> {
        let nulls: NullBuffer = rows.iter().map(Option::is_some).collect();
        let labels: Vec<_> = rows.iter().map(|row| row.and_then(Option::as_ref)).collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(labels.iter().map(|l| l.map(|(label, _)| label)).collect::<StringArray>()),
            Arc::new(labels.iter().map(|l| l.map(|(_, p)| *p)).collect::<Float64Array>()),
        ];
        Ok(Arc::new(StructArray::try_new(fields(), columns, Some(nulls))?))
    }
}

fn fields() -> Fields {
    let fields = [
        Field::new("label", DataType::Utf8, true),
        Field::new("probability", DataType::Float64, true),
    ];
    fields.into_iter().collect()
}
