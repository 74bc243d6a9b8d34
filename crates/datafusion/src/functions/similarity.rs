//! `cloze_similarity`: two texts or vectors compared.
use std::sync::Arc;

use cloze::Metric;
use datafusion::arrow::array::{Array, ArrayRef, AsArray as _, Float64Array, ListArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float32Type};
use datafusion::common::{ScalarValue, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

use super::{literal, model_of, pinned};
use crate::cancel::cancel_of;
use crate::error::chain;
use crate::rows::{Call, RowResults, result_type, with_errors};
use crate::text::{is_text, texts_of};
use crate::{Error, Models, RowError};

pub(super) const NAME: &str = "cloze_similarity";
const CALL: &str = "cloze_similarity(vector, vector) or cloze_similarity(text, text, 'MODEL')";
/// Place of the model among the arguments.
pub(super) const MODEL: usize = 2;

/// `cloze_similarity(a, b[, 'MODEL']) -> Float64`: the cosine of two vectors, −1 to 1, 0 if one of them is zero.
/// With a model each of `a` and `b` may also be a text, whose vector is that of `cloze_embed`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Similarity {
    models: Models,
    signature: Signature,
}

pub(super) fn udf(models: &Models) -> ScalarUDF {
    let signature = Signature::variadic_any(Volatility::Immutable);
    ScalarUDF::new_from_impl(Similarity { models: models.clone(), signature })
}

/// One of the two that are compared.
enum Side {
    Texts(RowResults<Vec<f32>>),
    Vectors(ListArray),
}

impl ScalarUDFImpl for Similarity {
    fn name(&self) -> &'static str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("{NAME} has a type that depends on its arguments")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types: Vec<_> = args.arg_fields.iter().map(|field| field.data_type()).collect();
        let (left, right, model) = match types[..] {
            [left, right] => (left, right, false),
            [left, right, _] => (left, right, true),
            _ => {
                let found = types.len();
                return Err(Error::ArgumentCount { function: NAME, expected: CALL, found }.into());
            }
        };
        let mut widths = [Width::of(left), Width::of(right)];
        if model {
            let name = model_of(NAME, args.scalar_arguments[MODEL])?;
            let width = self.models.encoder(NAME, &name)?.width();
            for (side, data_type) in widths.iter_mut().zip([left, right]) {
                if is_text(data_type) {
                    *side = Some(Width::Fixed(width));
                }
            }
        }
        let comparable = match widths {
            [Some(Width::Fixed(left)), Some(Width::Fixed(right))] => left == right,
            [left, right] => left.is_some() && right.is_some(),
        };
        if !comparable {
            return Err(Error::NotComparable { left: left.clone(), right: right.clone() }.into());
        }
        Ok(Arc::new(Field::new(NAME, result_type(&self.models, DataType::Float64), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let scalars = [0, 1].map(|i| matches!(args.args[i], ColumnarValue::Scalar(_)));
        let [left, right] = [self.side(&args, 0)?, self.side(&args, 1)?];
        let rows = if scalars == [true, true] { 1 } else { args.number_rows };
        // The one row of a literal goes with every row of the other.
        let place = |side: usize, row| if scalars[side] { 0 } else { row };
        let compared: Vec<Result<Option<f64>, String>> = (0..rows)
            .map(|row| compare(left.vector(place(0, row)), right.vector(place(1, row))))
            .collect();
        let values = compared.iter().map(|result| result.as_ref().ok().copied().flatten());
        let values: ArrayRef = Arc::new(values.collect::<Float64Array>());
        let errors = || compared.iter().map(|result| result.as_ref().err().cloned()).collect();
        let array = with_errors(&self.models, values, errors)?;
        if scalars == [true, true] {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }

    fn simplify(&self, args: Vec<Expr>, _: &SimplifyContext) -> Result<ExprSimplifyResult> {
        pinned(&self.models, NAME, args, MODEL, || udf(&self.models))
    }
}

impl Similarity {
    /// One side of a call: vectors, or texts through the model.
    fn side(&self, args: &ScalarFunctionArgs, side: usize) -> Result<Side> {
        let value = &args.args[side];
        let scalar = matches!(value, ColumnarValue::Scalar(_));
        let column = value.to_array(if scalar { 1 } else { args.number_rows })?;
        if !is_text(column.data_type()) || args.args.len() == MODEL {
            let list = DataType::new_list(DataType::Float32, true);
            return Ok(Side::Vectors(cast(&column, &list)?.as_list::<i32>().clone()));
        }
        let name = model_of(NAME, literal(&args.args[MODEL]))?;
        let encoder = self.models.encoder(NAME, &name)?;
        let cancel = cancel_of(&args.config_options);
        let call = Call { models: &self.models, function: NAME, model: &name, cancel: &cancel };
        let results = call.run(&texts_of(&column)?, |texts| encoder.encode_batch(texts))?;
        Ok(Side::Texts(results))
    }
}

impl Side {
    /// Vector of a row; `None` for a null, and for a vector with nulls in it.
    fn vector(&self, row: usize) -> Result<Option<Vec<f32>>, String> {
        match self {
            Self::Texts(results) => match results.result(row) {
                None => Ok(None),
                Some(Ok(vector)) => Ok(Some(vector.clone())),
                Some(Err(error)) => Err(chain(error)),
            },
            Self::Vectors(lists) if lists.is_null(row) => Ok(None),
            Self::Vectors(lists) => {
                let numbers = lists.value(row);
                let numbers = numbers.as_primitive::<Float32Type>();
                Ok((numbers.null_count() == 0).then(|| numbers.values().to_vec()))
            }
        }
    }
}

/// Cosine of two vectors, `None` if one is null.
fn compare(
    left: Result<Option<Vec<f32>>, String>,
    right: Result<Option<Vec<f32>>, String>,
) -> Result<Option<f64>, String> {
    let (Some(left), Some(right)) = (left?, right?) else { return Ok(None) };
    let widths = RowError::Width { left: left.len(), right: right.len() };
    Metric::Cosine.similarity(&left, &right).map(Some).map_err(|_| chain(&widths))
}

/// Width of the vectors of a column.
#[derive(Clone, Copy, Debug)]
enum Width {
    Fixed(usize),
    Varies,
}

impl Width {
    /// Width of vectors of this type; `None` for anything else. Nulls alone may be vectors of any width.
    fn of(data_type: &DataType) -> Option<Self> {
        let item =
            |field: &FieldRef| matches!(field.data_type(), DataType::Float32 | DataType::Float64);
        match data_type {
            DataType::FixedSizeList(field, width) if item(field) => {
                usize::try_from(*width).ok().map(Self::Fixed)
            }
            DataType::List(field) | DataType::LargeList(field) if item(field) => Some(Self::Varies),
            DataType::Null => Some(Self::Varies),
            _ => None,
        }
    }
}
