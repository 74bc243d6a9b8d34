//! Vectors of labelled texts, each distinct text encoded once and kept on disk.
use std::collections::{HashMap, HashSet};
use std::path::Path;

use cloze_core::Matrix;

use super::{ExampleNotEncoded, FitContext, FitError, FitEvent, LabelledText};
use crate::batch::isolate;
use crate::rows::check_finite;
use cloze_search::VectorCache;

use crate::{Error, Input, PairRows, RowParams, SentenceEncoder};

/// Number of inputs that are encoded together, and lost if the run is interrupted.
const CHUNK: usize = 2048;

/// Vectors of those examples that could be encoded.
#[derive(Clone, Debug)]
pub struct EncodedExamples {
    /// Vectors, `[kept, width]`.
    pub rows: Matrix,
    /// Places of their examples, ascending.
    pub kept: Vec<usize>,
    /// Number of texts or pairs that were encoded, and not found in the cache.
    pub encoded: usize,
}

/// Encodes `examples`. Vectors that the `cache` folder has are taken from it, and the others are put
/// there as they are made. An example that cannot be encoded is an event, and left out.
///
/// # Errors
/// [`FitError::Model`] for errors that are not of one text, of the cache, and of the token of
/// `context`.
pub fn encode_examples(
    encoder: &SentenceEncoder,
    params: &RowParams,
    examples: &[LabelledText],
    cache: Option<&Path>,
    context: &FitContext<'_>,
) -> Result<EncodedExamples, FitError> {
    // Texts of pairs apart are single texts: many are there more than once, and alone.
    let apart = params.pairs == Some(PairRows::Separate);
    let params = RowParams { pairs: params.pairs.filter(|_| !apart), ..params.clone() };
    let width = encoder.pooled_width();
    let mut known = match cache {
        Some(folder) => {
            let model = encoder.model().sha256()?;
            let settings = format!("{model} {}", serde_json::to_string(&params)?);
            VectorCache::open(folder, &settings, width).map_err(Error::from)?
        }
        None => VectorCache::in_memory(width),
    };
    let mut missing: Vec<Input<'_>> = vec![];
    let mut listed: HashSet<Input<'_>> = HashSet::new();
    for input in examples.iter().flat_map(|example| inputs(example, apart)) {
        if known.get(&input.texts()).is_none() && listed.insert(input) {
            missing.push(input);
        }
    }
    drop(listed);
    let mut failed = fill(&mut known, &missing, encoder, &params, context)?;
    let rows_per_example = if apart { 2 } else { 1 };
    let mut rows = Matrix::with_capacity(examples.len(), rows_per_example * width);
    let mut kept = vec![];
    for (i, example) in examples.iter().enumerate() {
        let inputs = inputs(example, apart);
        let row: Option<Vec<&[f32]>> =
            inputs.iter().map(|input| known.get(&input.texts())).collect();
        if let Some(row) = row {
            let pushed = rows.push_rows(&row.concat());
            debug_assert!(pushed, "every row has the same width");
            kept.push(i);
        } else {
            // Of several examples with one text the first has the error.
            let source = inputs.iter().find_map(|input| failed.remove(input));
            let (path, line) = (example.path.to_string(), example.line);
            let source = source.unwrap_or(Error::Conflict("as said above of the same text"));
            context.event(&FitEvent::NotEncoded(&ExampleNotEncoded { path, line, source }));
        }
    }
    Ok(EncodedExamples { rows, kept, encoded: missing.len() })
}

/// Encodes the `missing` inputs into the cache; returns the errors of those that could not be.
fn fill<'t>(
    known: &mut VectorCache,
    missing: &[Input<'t>],
    encoder: &SentenceEncoder,
    params: &RowParams,
    context: &FitContext<'_>,
) -> Result<HashMap<Input<'t>, Error>, FitError> {
    let mut failed = HashMap::new();
    context.event(&FitEvent::EncodingStarted { inputs: missing.len() });
    for chunk in missing.chunks(CHUNK) {
        context.cancel.check()?;
        let encode = |inputs: &[Input<'t>]| {
            let rows = params.rows(encoder, inputs)?;
            rows.iter().try_for_each(|row| check_finite(row))?;
            Ok(rows)
        };
        for (input, row) in chunk.iter().zip(isolate(chunk, encode)?) {
            match row {
                Ok(row) => {
                    let fits = known.insert(&input.texts(), &row);
                    debug_assert!(fits, "every row has the encoder's width");
                }
                Err(error) => {
                    failed.insert(*input, error);
                }
            }
        }
        known.write().map_err(Error::from)?;
        context.event(&FitEvent::Encoded { inputs: chunk.len() });
    }
    context.event(&FitEvent::EncodingEnded);
    Ok(failed)
}

/// Inputs that are encoded for an example, each by itself.
fn inputs(example: &LabelledText, apart: bool) -> Vec<Input<'_>> {
    match example.input() {
        Input { text, second: Some(second) } if apart => {
            vec![Input::text(text), Input::text(second)]
        }
        input => vec![input],
    }
}
