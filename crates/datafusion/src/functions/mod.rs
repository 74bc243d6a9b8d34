//! SQL functions of one text each, over one implementation of [`ScalarUDFImpl`].
//!
//! - `embed`, `tag`, `redact`, `classify`, `fill_mask`: what each makes of a text;
//! - `similarity`: two texts or vectors.
mod classify;
mod embed;
mod fill_mask;
mod redact;
mod similarity;
mod tag;

use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{ScalarValue, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

use crate::cancel::cancel_of;
use crate::rows::{Call, result_type, with_errors};
use crate::text::{is_text, texts_of};
use crate::{Error, ModelName, Models};

/// Function of one text with a model.
pub(crate) trait OfText: Debug + PartialEq + Eq + Hash + Send + Sync + 'static {
    /// Name in SQL.
    const NAME: &'static str;
    /// Calls that there are, for errors.
    const CALL: &'static str;
    /// Most arguments; behind the text and the model they are settings, which may be left out.
    const MOST: usize;
    /// Model as it is opened, with the settings.
    type Opened;
    /// Result of a text.
    type Value;

    /// Opens the model; `settings` are the literals behind it.
    fn open(
        models: &Models,
        model: &ModelName,
        settings: &[&ScalarValue],
    ) -> Result<Self::Opened, Error>;

    /// Type of a value.
    fn value_type(models: &Models, opened: &Self::Opened) -> DataType;

    /// Values of texts: one result per text.
    fn run(
        models: &Models,
        opened: &Self::Opened,
        texts: &[&str],
    ) -> Result<Vec<Result<Self::Value, cloze::Error>>, cloze::Error>;

    /// Array of values, of the [type](Self::value_type) that `opened` has.
    fn array(
        models: &Models,
        opened: &Self::Opened,
        values: &[Option<&Self::Value>],
    ) -> Result<ArrayRef>;
}

/// SQL function of one text, on the models of a registry.
#[derive(Debug, PartialEq, Eq, Hash)]
struct TextUdf<F> {
    models: Models,
    signature: Signature,
    function: PhantomData<F>,
}

/// All scalar functions on the models of a registry.
pub(crate) fn all(models: &Models) -> Vec<ScalarUDF> {
    vec![
        of_text::<classify::Classify>(models),
        of_text::<embed::Embed>(models),
        of_text::<fill_mask::FillMask>(models),
        of_text::<redact::Redact>(models),
        of_text::<tag::Tag>(models),
        similarity::udf(models),
    ]
}

fn of_text<F: OfText>(models: &Models) -> ScalarUDF {
    // Any types: what is not text is refused with the name of its column, which coercion does not know.
    let signature = Signature::variadic_any(Volatility::Immutable);
    ScalarUDF::new_from_impl(TextUdf::<F> {
        models: models.clone(),
        signature,
        function: PhantomData,
    })
}

impl<F: OfText> TextUdf<F> {
    /// The model of a call, opened.
    fn open(&self, literals: &[Option<&ScalarValue>]) -> Result<(ModelName, F::Opened), Error> {
        let found = literals.len();
        if found < 2 || found > F::MOST {
            return Err(Error::ArgumentCount { function: F::NAME, expected: F::CALL, found });
        }
        let model = model_of(F::NAME, literals[1])?;
        let settings = literals[2..].iter().map(|literal| {
            literal.ok_or(Error::NotLiteral { function: F::NAME, argument: "a setting" })
        });
        let settings = settings.collect::<Result<Vec<_>, _>>()?;
        let opened = F::open(&self.models, &model, &settings)?;
        Ok((model, opened))
    }
}

impl<F: OfText> ScalarUDFImpl for TextUdf<F> {
    fn name(&self) -> &'static str {
        F::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("{} has a type that depends on its model", F::NAME)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let (_, opened) = self.open(args.scalar_arguments)?;
        check_text(F::NAME, &args.arg_fields[0])?;
        let value = F::value_type(&self.models, &opened);
        Ok(Arc::new(Field::new(F::NAME, result_type(&self.models, value), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let literals: Vec<_> = args.args.iter().map(literal).collect();
        let (model, opened) = self.open(&literals)?;
        let cancel = cancel_of(&args.config_options);
        let call = Call { models: &self.models, function: F::NAME, model: &model, cancel: &cancel };
        // A literal text is one row, however many the batch has.
        let scalar = matches!(args.args[0], ColumnarValue::Scalar(_));
        let column = args.args[0].to_array(if scalar { 1 } else { args.number_rows })?;
        let results =
            call.run(&texts_of(&column)?, |texts| F::run(&self.models, &opened, texts))?;
        let array = F::array(&self.models, &opened, &results.values())?;
        let array = with_errors(&self.models, array, || results.errors())?;
        if scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }

    fn simplify(&self, args: Vec<Expr>, _: &SimplifyContext) -> Result<ExprSimplifyResult> {
        pinned(&self.models, F::NAME, args, 1, || of_text::<F>(&self.models))
    }
}

/// Literal of an argument, or `None` for a column.
fn literal(value: &ColumnarValue) -> Option<&ScalarValue> {
    match value {
        ColumnarValue::Scalar(scalar) => Some(scalar),
        ColumnarValue::Array(_) => None,
    }
}

/// Name of the model in its literal.
fn model_of(function: &'static str, literal: Option<&ScalarValue>) -> Result<ModelName, Error> {
    let argument = "the model";
    let literal = literal.ok_or(Error::NotLiteral { function, argument })?;
    match literal.try_as_str() {
        Some(Some(name)) if !name.is_empty() => Ok(ModelName::parse(name)),
        _ => {
            let (expected, found) = ("a name or folder in quotes", literal.to_string());
            Err(Error::Literal { function, argument, expected, found })
        }
    }
}

fn check_text(function: &'static str, field: &FieldRef) -> Result<(), Error> {
    if is_text(field.data_type()) {
        return Ok(());
    }
    let (argument, found) = (field.name().clone(), field.data_type().clone());
    Err(Error::NotText { function, argument, found })
}

/// The call with its model, argument `place`, pinned to the hash of the folder found here.
fn pinned(
    models: &Models,
    function: &'static str,
    mut args: Vec<Expr>,
    place: usize,
    udf: impl Fn() -> ScalarUDF,
) -> Result<ExprSimplifyResult> {
    let Some(Expr::Literal(literal, _)) = args.get_mut(place) else {
        return Ok(ExprSimplifyResult::Original(args));
    };
    let name = model_of(function, Some(literal))?;
    if name.settings.is_some() {
        return Ok(ExprSimplifyResult::Original(args));
    }
    *literal = ScalarValue::Utf8(Some(models.pin(function, &name)?.to_string()));
    let call = ScalarFunction::new_udf(Arc::new(udf()), args);
    Ok(ExprSimplifyResult::Simplified(Expr::ScalarFunction(call)))
}

/// Model that a call names, pinned to the hash of its folder; `None` for another function than these, and for a
/// call without a model.
pub(crate) fn pinned_model(models: &Models, call: &ScalarFunction) -> Result<Option<ModelName>> {
    let (function, place) = match call.name() {
        classify::Classify::NAME => (classify::Classify::NAME, 1),
        embed::Embed::NAME => (embed::Embed::NAME, 1),
        fill_mask::FillMask::NAME => (fill_mask::FillMask::NAME, 1),
        redact::Redact::NAME => (redact::Redact::NAME, 1),
        tag::Tag::NAME => (tag::Tag::NAME, 1),
        similarity::NAME => (similarity::NAME, similarity::MODEL),
        _ => return Ok(None),
    };
    let Some(Expr::Literal(literal, _)) = call.args.get(place) else { return Ok(None) };
    Ok(Some(models.pin(function, &model_of(function, Some(literal))?)?))
}
