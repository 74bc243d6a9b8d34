//! The rows of labelled examples, each distinct text encoded once and kept on disk.
use std::collections::{HashMap, HashSet};
use std::path::Path;

use cloze::batch::isolate;
use cloze::embed::EmbedError;
use cloze::{Input, Matrix, PairRows, RowParams, SentenceEncoder, VectorCache};

use crate::input::examples::Example;
use crate::input::texts::NotEncoded;
use crate::terminal::messages::Messages;
use crate::terminal::progress;

/// As many inputs as are encoded at once, and lost if the run is interrupted.
const CHUNK: usize = 2048;

/// The rows of examples, and which examples they are of: all but those that could not be encoded,
/// which are named.
pub(crate) struct Rows {
    /// `[kept, width]`.
    pub(crate) matrix: Matrix,
    pub(crate) kept: Vec<usize>,
    /// How many texts or pairs were encoded, and not found in the cache.
    pub(crate) encoded: usize,
}

/// Makes the rows of `examples`. What the `cache` folder has is taken from it, and what it has not
/// is put there as it is made.
pub(crate) fn rows(
    encoder: &SentenceEncoder,
    params: &RowParams,
    examples: &[Example],
    cache: Option<&Path>,
    messages: &Messages,
) -> anyhow::Result<Rows> {
    // Texts of pairs apart are single texts: many are there more than once, and alone.
    let apart = params.pairs == Some(PairRows::Separate);
    let params = RowParams { pairs: params.pairs.filter(|_| !apart), ..params.clone() };
    let width = encoder.pooled_width();
    let mut known = match cache {
        Some(folder) => {
            let model = encoder.model().sha256()?;
            let settings = format!("{model} {}", serde_json::to_string(&params)?);
            VectorCache::open(folder, &settings, width)?
        }
        None => VectorCache::in_memory(width),
    };
    let mut todo: Vec<Input<'_>> = vec![];
    let mut listed: HashSet<Input<'_>> = HashSet::new();
    for input in examples.iter().flat_map(|example| parts(example, apart)) {
        if known.get(&input.texts()).is_none() && listed.insert(input) {
            todo.push(input);
        }
    }
    drop(listed);
    let mut failed: HashMap<Input<'_>, cloze::Error> = HashMap::new();
    progress::start_counted(todo.len() as u64, messages);
    for chunk in todo.chunks(CHUNK) {
        let encode = |inputs: &[Input<'_>]| {
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
        known.write()?;
        messages.bar.inc(chunk.len() as u64);
    }
    messages.bar.finish_and_clear();
    let n = if apart { 2 } else { 1 };
    let mut rows = Matrix::with_capacity(examples.len(), n * width);
    let mut kept = vec![];
    for (i, example) in examples.iter().enumerate() {
        let inputs = parts(example, apart);
        let found: Option<Vec<&[f32]>> = inputs.iter().map(|p| known.get(&p.texts())).collect();
        if let Some(found) = found {
            let pushed = rows.push_rows(&found.concat());
            debug_assert!(pushed, "every row has the same width");
            kept.push(i);
        } else {
            // Of several examples with one text the first has the error.
            let source = inputs.iter().find_map(|input| failed.remove(input));
            let (path, line) = (example.path.to_string(), example.line);
            let source = source.unwrap_or(cloze::Error::Conflict("as said above of the same text"));
            messages.failure(&NotEncoded { path, line, source });
        }
    }
    Ok(Rows { matrix: rows, kept, encoded: todo.len() })
}

/// Heads are fitted on numbers alone: a row that is none costs its example, not the whole fit.
pub(crate) fn check_finite(row: &[f32]) -> Result<(), cloze::Error> {
    match row.iter().position(|x| !x.is_finite()) {
        Some(dim) => Err(EmbedError::NotFinite { dim, value: row[dim] }.into()),
        None => Ok(()),
    }
}

/// What is encoded of an example by itself.
fn parts(example: &Example, apart: bool) -> Vec<Input<'_>> {
    match example.input() {
        Input { text, second: Some(second) } if apart => {
            vec![Input::text(text), Input::text(second)]
        }
        input => vec![input],
    }
}
