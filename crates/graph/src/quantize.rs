//! A checkpoint whose layers' matrices have 8 bits a number, a quarter of the memory and the arithmetic
//! that processors are fastest at.
//!
//! Each row of a matrix, an output, has a scale of its own: its largest number divided by 127. The word
//! table, norms, biases and heads stay as they are, in f16 where the checkpoint has halves.
//!
//! Sources: Jacob et al. 2018 (scales and sums in whole numbers); Yao et al. 2022, "ZeroQuant" (inputs by
//! token).
use std::io::Write as _;
use std::path::Path;

use cloze_store::{AtomicFile, Existing, StoreError};
use safetensors::tensor::{Dtype, TensorView};

use crate::GraphError;
use crate::checkpoint::layout::Dense;
use crate::checkpoint::quantization::{self, Inputs};
use crate::checkpoint::weights::encode;
use crate::checkpoint::{Checkpoint, StoredType};

/// The largest 8-bit number that is used; with −128 the sizes would differ.
const MOST: f32 = 127.0;

/// The largest sizes of the numbers that a layer's matrices are multiplied with, over texts that stand for others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// What query, key and value take.
    pub layer: f32,
    /// What the matrix behind the attention takes.
    pub context: f32,
    /// What the feed-forward part takes.
    pub attended: f32,
    /// What its second matrix takes.
    pub active: f32,
}

impl Observed {
    /// Takes more texts into account.
    pub fn merge(&mut self, other: &Self) {
        let Self { layer, context, attended, active } = other;
        self.layer = self.layer.max(*layer);
        self.context = self.context.max(*context);
        self.attended = self.attended.max(*attended);
        self.active = self.active.max(*active);
    }
}

/// A tensor as it is written.
struct Encoded {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Writes the weights of `checkpoint` with its layers' matrices in 8 bits, and gives the
/// `config.json` that goes with them. `observed`, one for each layer, fixes the scales of the matrices'
/// inputs; without it each row of inputs has its own when it comes. Memory: the file's size.
///
/// # Errors
/// [`GraphError::Request`] for a checkpoint that has 8 bits already, or if not as many layers were observed;
/// [`GraphError::NotFinite`] for weights or observations that are not; [`GraphError::Store`] if the file
/// cannot be written.
pub fn quantize(
    checkpoint: &Checkpoint,
    observed: Option<&[Observed]>,
    path: &Path,
    existing: Existing,
) -> Result<Vec<u8>, GraphError> {
    let weights = checkpoint.weights();
    let layers = &checkpoint.layout().layers;
    let refused =
        |what: String| Err(GraphError::Request { path: checkpoint.folder().to_owned(), what });
    if weights.any_int8() {
        return refused("weights of 8 bits; expected floats".into());
    }
    if let Some(observed) = observed.filter(|o| o.len() != layers.len()) {
        let (found, n) = (observed.len(), layers.len());
        return refused(format!("{found} layers were observed; it has {n}"));
    }
    let of_layer = |i: usize| {
        let (layer, seen) = (&layers[i], observed.map(|o| &o[i]));
        [
            (&layer.query, seen.map(|s| s.layer)),
            (&layer.key, seen.map(|s| s.layer)),
            (&layer.value, seen.map(|s| s.layer)),
            (&layer.attention, seen.map(|s| s.context)),
            (&layer.up, seen.map(|s| s.attended)),
            (&layer.down, seen.map(|s| s.active)),
        ]
    };
    let dense: Vec<(&Dense, Option<f32>)> = (0..layers.len()).flat_map(of_layer).collect();
    let mut reader = weights.reader();
    let mut encoded = vec![];
    let halves = weights.stored_type().filter(|t| *t != StoredType::F32);
    for name in weights.names() {
        let shape = weights.shape(name).unwrap_or_default().to_vec();
        let mut numbers = vec![];
        if !weights.is_float(name) {
            // Position ids.
            continue;
        }
        reader.read_into(name, &mut numbers)?;
        let tensor = || (path.to_owned(), name.to_owned());
        if numbers.iter().any(|x| !x.is_finite()) {
            let (path, tensor) = tensor();
            return Err(GraphError::NotFinite { path, tensor });
        }
        let Some((_, most)) = dense.iter().find(|(dense, _)| dense.weight == name) else {
            let to = halves.unwrap_or(StoredType::F32);
            let mut bytes = vec![];
            if !encode(&numbers, to, &mut bytes) {
                let (path, tensor) = tensor();
                return Err(GraphError::Overflow { path, tensor });
            }
            let dtype = to.dtype();
            encoded.push(Encoded { name: name.to_owned(), dtype, shape, bytes });
            continue;
        };
        let inputs = shape.last().copied().unwrap_or(0).max(1);
        let (bytes, scales) = rows(&numbers, inputs);
        let floats = |numbers: &[f32]| numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        encoded.push(Encoded {
            name: format!("{name}_scale"),
            dtype: Dtype::F32,
            shape: vec![scales.len(), 1],
            bytes: floats(&scales),
        });
        if let Some(most) = *most {
            if !(most.is_finite() && most > 0.0) {
                let (path, tensor) = tensor();
                return Err(GraphError::NotFinite { path, tensor });
            }
            encoded.push(Encoded {
                name: format!("{}.input_scale", name.trim_end_matches(".weight")),
                dtype: Dtype::F32,
                shape: vec![1],
                bytes: floats(&[most / MOST]),
            });
        }
        encoded.push(Encoded { name: name.to_owned(), dtype: Dtype::I8, shape, bytes });
    }
    write(&encoded, path, existing)?;
    let inputs = if observed.is_some() { Inputs::Fixed } else { Inputs::ByRow };
    config_json(checkpoint, inputs, &dense)
}

/// `[outputs, inputs]` in 8 bits, and what each row is multiplied with, `[outputs]`.
fn rows(numbers: &[f32], inputs: usize) -> (Vec<u8>, Vec<f32>) {
    let (mut bytes, mut scales) = (Vec::with_capacity(numbers.len()), vec![]);
    for row in numbers.chunks_exact(inputs) {
        let most = row.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
        let scale = if most > 0.0 { most / MOST } else { 1.0 };
        #[expect(clippy::cast_possible_truncation, reason = "at most 127")]
        bytes.extend(row.iter().map(|x| ((x / scale).round_ties_even() as i8).to_le_bytes()[0]));
        scales.push(scale);
    }
    (bytes, scales)
}

fn write(encoded: &[Encoded], path: &Path, existing: Existing) -> Result<(), GraphError> {
    let damaged = |error: safetensors::SafeTensorError| GraphError::Safetensors {
        path: path.to_owned(),
        what: error.to_string(),
    };
    let mut views = vec![];
    for Encoded { name, dtype, shape, bytes } in encoded {
        views.push((name, TensorView::new(*dtype, shape.clone(), bytes).map_err(damaged)?));
    }
    // As PyTorch's files have it; transformers refuses a file without.
    let about = [("format".to_owned(), "pt".to_owned())].into_iter().collect();
    let bytes = safetensors::tensor::serialize(views, Some(about)).map_err(damaged)?;
    let mut file = AtomicFile::create(path, existing)?;
    let written = file.write_all(&bytes);
    written.map_err(|source| StoreError::Write { path: path.to_owned(), source })?;
    Ok(file.commit()?)
}

/// The `config.json` of the same checkpoint, with what is said of its 8-bit matrices.
fn config_json(
    checkpoint: &Checkpoint,
    inputs: Inputs,
    dense: &[(&Dense, Option<f32>)],
) -> Result<Vec<u8>, GraphError> {
    let quantized = |weight: &str| dense.iter().any(|(dense, _)| dense.weight == weight);
    let matrices = checkpoint.weights().names().filter(|name| {
        let is_matrix = checkpoint.weights().shape(name).is_some_and(|shape| shape.len() == 2);
        is_matrix && !name.contains("embeddings.") && !quantized(name)
    });
    let ignored: Vec<String> =
        matrices.filter_map(|name| Some(name.strip_suffix(".weight")?.to_owned())).collect();
    let said = quantization::config(inputs, &ignored);
    checkpoint.config_json_with(|raw| {
        raw.insert(quantization::KEY.into(), said);
    })
}

#[cfg(test)]
mod tests {
    use super::rows;

    /// The first row's largest is 2: its scale 2 / 127, and 1 is 63.5, rounded to 64, −0.5 is −31.75 to −32.
    /// A row of zeros is one.
    #[test]
    fn rows_have_their_own_scales() {
        let (bytes, scales) = rows(&[1.0, -2.0, -0.5, 0.0, 0.0, 0.0, 1e-3, 3e-3, -3e-3], 3);
        let numbers: Vec<i8> = bytes.iter().map(|b| i8::from_le_bytes([*b])).collect();
        assert_eq!(numbers, [64, -127, -32, 0, 0, 0, 42, 127, -127]);
        let expected = [2.0 / 127.0, 1.0, 3e-3 / 127.0];
        assert!(scales.iter().zip(expected).all(|(a, b): (&f32, f32)| (a - b).abs() < 1e-9));
    }
}
