//! A checkpoint whose layers' matrices have 8 bits a number, a quarter of the memory and the arithmetic
//! that processors are fastest at.
//!
//! Each row of a matrix, an output, has a scale of its own: its largest number divided by 127. Norms,
//! biases and heads stay as they are, in f16 where the checkpoint has halves, and so does the word table
//! unless it is asked for: that saves room on the disk alone.
//!
//! Sources: Jacob et al. 2018 (scales and sums in whole numbers); Yao et al. 2022, "`ZeroQuant`" (inputs by
//! token); Xiao et al. 2023, "`SmoothQuant`" (inputs evened out).
use std::collections::BTreeMap;
use std::path::Path;

use cloze_store::Existing;
use safetensors::tensor::Dtype;

use crate::checkpoint::{CONFIG, Checkpoint, changed_config};
use crate::decoder::DecoderCheckpoint;
use crate::decoder::layout::DecoderLayer;
use crate::error::CheckpointError;
use crate::layout::Dense;
use crate::quantization;
use crate::weights::{Encoded, StoredType, Weights, encode, write_encoded};

/// The largest 8-bit number that is used; with −128 the sizes would differ.
const MOST: f32 = 127.0;
/// Share of the difference between inputs that is moved to the weights: half, as in `SmoothQuant`.
const STRENGTH: f32 = 0.5;
/// Smallest maximum counted, so that an input that was never seen does not weigh everything.
const LEAST: f32 = 1e-4;

/// The largest size of each number that a layer's matrices are multiplied with, over texts that stand
/// for others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Inputs of query, key and value, `[hidden]`.
    pub layer: Vec<f32>,
    /// Inputs of the attention output projection, `[hidden]`.
    pub context: Vec<f32>,
    /// Inputs of the feed-forward up-projection, `[hidden]`.
    pub attended: Vec<f32>,
    /// Inputs of the feed-forward down-projection, `[intermediate]`.
    pub active: Vec<f32>,
}

impl Observed {
    /// Takes more texts into account.
    pub fn merge(&mut self, other: &Self) {
        let Self { layer, context, attended, active } = other;
        larger(&mut self.layer, layer);
        larger(&mut self.context, context);
        larger(&mut self.attended, attended);
        larger(&mut self.active, active);
    }
}

/// Makes each size the larger of two; none is as large as any.
fn larger(sizes: &mut Vec<f32>, other: &[f32]) {
    sizes.resize(sizes.len().max(other.len()), 0.0);
    sizes.iter_mut().zip(other).for_each(|(a, b)| *a = a.max(*b));
}

/// Observed activations: the inputs of the matrices.
#[derive(Clone, Copy, Debug)]
pub struct ActivationCalibration<'a> {
    /// One for each layer, from the lowest.
    pub observed: &'a [Observed],
    /// Whether all rows of inputs are rounded by one scale, so that numbers larger than any that were
    /// seen are cut; else each row by its own.
    pub fixed: bool,
}

/// Parts of a checkpoint that get 8 bits.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuantizeParams<'a> {
    /// Inputs that were observed; without them each row of inputs is rounded by its own largest number.
    pub calibration: Option<ActivationCalibration<'a>>,
    /// Whether the word embeddings are stored in 8 bits, too, a scale for each row.
    pub embeddings: bool,
}

/// A tensor of floats as it is written.
fn floats(name: String, shape: Vec<usize>, numbers: &[f32]) -> Encoded {
    let bytes = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    Encoded { name, dtype: Dtype::F32, shape, bytes }
}

/// Inputs of a matrix.
#[derive(Clone, Debug, Default)]
struct Inputs {
    /// Factor that each is multiplied with before it is rounded, `[inputs]`.
    factors: Option<Vec<f32>>,
    /// Value of 1 in 8 bits, if fixed.
    scale: Option<f32>,
    /// Whether the matrix is stored as `[inputs, outputs]`, as GPT-2's are.
    turned: bool,
}

/// Writes the weights of `checkpoint` with its layers' matrices in 8 bits, and gives the
/// `config.json` that goes with them. With a calibration, inputs that are much larger than others are
/// evened out first. Memory: the file's size.
///
/// # Errors
/// [`CheckpointError::Request`] for a checkpoint that has 8 bits already, or a calibration of another model;
/// [`CheckpointError::NotFinite`] for weights or observations that are not; [`CheckpointError::Store`] if the file
/// cannot be written.
pub fn quantize(
    checkpoint: &Checkpoint,
    params: QuantizeParams<'_>,
    path: &Path,
    existing: Existing,
) -> Result<Vec<u8>, CheckpointError> {
    let (weights, folder) = (checkpoint.weights(), checkpoint.folder());
    refuse_int8(weights, folder)?;
    let mut matrices = matrices(checkpoint, params.calibration)?;
    if params.embeddings {
        matrices.insert(checkpoint.layout().words.clone(), Inputs::default());
    }
    write_matrices(weights, folder, &matrices, path, existing)?;
    let table = checkpoint.layout().relative.as_deref();
    let ignored =
        ignored(weights, &matrices, |name| table == Some(name) || name.contains("embeddings."));
    let by = match params.calibration {
        Some(ActivationCalibration { fixed: true, .. }) => quantization::Inputs::Fixed,
        _ => quantization::Inputs::ByRow,
    };
    let own = params.calibration.is_some() || params.embeddings;
    let said = quantization::config(by, own, &ignored);
    checkpoint.config_json_with(|raw| {
        raw.insert(quantization::KEY.into(), said);
    })
}

/// The same of a decoder, each row of whose inputs is rounded by its own largest number. Word embeddings of
/// 8 bits are those of a tied head, too.
///
/// # Errors
/// [`CheckpointError::Request`] for a checkpoint that has 8 bits already; [`CheckpointError::NotFinite`] for
/// weights that are not; [`CheckpointError::Store`] if the file cannot be written.
pub fn quantize_decoder(
    checkpoint: &DecoderCheckpoint,
    embeddings: bool,
    path: &Path,
    existing: Existing,
) -> Result<Vec<u8>, CheckpointError> {
    let (weights, folder) = (checkpoint.weights(), checkpoint.folder());
    refuse_int8(weights, folder)?;
    let layout = checkpoint.layout();
    let mut matrices = BTreeMap::new();
    for linear in layout.layers.iter().flat_map(DecoderLayer::linears) {
        let inputs = Inputs { turned: linear.turned, ..Inputs::default() };
        matrices.insert(linear.weight.clone(), inputs);
    }
    // Readers of compressed-tensors know neither scales of columns nor embeddings of 8 bits.
    let own = embeddings || matrices.values().any(|inputs| inputs.turned);
    if embeddings {
        matrices.insert(layout.words.clone(), Inputs::default());
    }
    write_matrices(weights, folder, &matrices, path, existing)?;
    let ignored = ignored(weights, &matrices, |name| name == layout.words);
    let said = quantization::config(quantization::Inputs::ByRow, own, &ignored);
    changed_config(&folder.join(CONFIG), |raw| {
        raw.insert(quantization::KEY.into(), said);
        Ok(())
    })
}

fn refuse_int8(weights: &Weights, folder: &Path) -> Result<(), CheckpointError> {
    if !weights.any_int8() {
        return Ok(());
    }
    let what = "weights of 8 bits; expected floats".into();
    Err(CheckpointError::Request { path: folder.to_path_buf(), what })
}

/// Writes weights with these matrices in 8 bits; `folder` names them in errors.
fn write_matrices(
    weights: &Weights,
    folder: &Path,
    matrices: &BTreeMap<String, Inputs>,
    path: &Path,
    existing: Existing,
) -> Result<(), CheckpointError> {
    let mut reader = weights.reader();
    let mut encoded = vec![];
    let halves = weights.stored_type().filter(|t| *t != StoredType::F32);
    // Position ids are no weights.
    for name in weights.names().filter(|name| weights.is_float(name)) {
        let shape = weights.shape(name).unwrap_or_default().to_vec();
        let mut numbers = reader.read(name)?;
        if numbers.iter().any(|x| !x.is_finite()) {
            let (path, tensor) = (folder.to_path_buf(), name.to_owned());
            return Err(CheckpointError::NotFinite { path, tensor });
        }
        let Some(inputs) = matrices.get(name) else {
            let to = halves.unwrap_or(StoredType::F32);
            let mut bytes = vec![];
            if !encode(&numbers, to, &mut bytes) {
                let (path, tensor) = (path.to_owned(), name.to_owned());
                return Err(CheckpointError::Overflow { path, tensor });
            }
            encoded.push(Encoded { name: name.to_owned(), dtype: to.dtype(), shape, bytes });
            continue;
        };
        let width = shape.last().copied().unwrap_or(0).max(1);
        if let Some(factors) = &inputs.factors {
            for row in numbers.chunks_exact_mut(width) {
                row.iter_mut().zip(factors).for_each(|(x, factor)| *x /= factor);
            }
        }
        let stem = name.trim_end_matches(".weight");
        let (bytes, scales) =
            if inputs.turned { columns(&numbers, width) } else { rows(&numbers, width) };
        let outputs = scales.len();
        let dims = if inputs.turned { vec![1, outputs] } else { vec![outputs, 1] };
        encoded.push(floats(format!("{name}_scale"), dims, &scales));
        if let Some(factors) = &inputs.factors {
            encoded.push(floats(format!("{stem}.input_factors"), vec![width], factors));
        }
        if let Some(scale) = inputs.scale {
            encoded.push(floats(format!("{stem}.input_scale"), vec![1], &[scale]));
        }
        encoded.push(Encoded { name: name.to_owned(), dtype: Dtype::I8, shape, bytes });
    }
    write_encoded(&encoded, path, existing)
}

/// Matrices with the same inputs, the place of these among observations, and whether they are evened out.
type InputGroup<'a> = (Vec<&'a Dense>, fn(&Observed) -> &[f32], bool);

/// The matrices that are to have 8 bits, by name, and what goes into each.
fn matrices(
    checkpoint: &Checkpoint,
    calibration: Option<ActivationCalibration<'_>>,
) -> Result<BTreeMap<String, Inputs>, CheckpointError> {
    let layout = checkpoint.layout();
    let layers = &layout.layers;
    let refused = |what: String| {
        Err(CheckpointError::Request { path: checkpoint.folder().to_path_buf(), what })
    };
    if let Some(count) = calibration.map(|c| c.observed.len()).filter(|n| *n != layers.len()) {
        return refused(format!("{count} layers were observed; it has {}", layers.len()));
    }
    let mut matrices = BTreeMap::new();
    for (i, layer) in layers.iter().enumerate().filter(|(i, _)| layout.first_like(*i) == *i) {
        // Layers that share their matrices are observed together.
        let seen = calibration.iter().flat_map(|c| c.observed).enumerate();
        let seen: Vec<&Observed> =
            seen.filter(|(j, _)| layout.first_like(*j) == i).map(|(_, seen)| seen).collect();
        // Those that take the same inputs; what comes out of a norm has a few numbers that are much
        // larger than the others in every text, and the rest has none that would be worth the work.
        let groups: [InputGroup<'_>; 4] = [
            (vec![&layer.query, &layer.key, &layer.value], |seen| &seen.layer, true),
            (vec![&layer.attention], |seen| &seen.context, false),
            (vec![&layer.up], |seen| &seen.attended, true),
            (vec![&layer.down], |seen| &seen.active, false),
        ];
        for (group, part, even) in groups {
            let mut inputs = Inputs::default();
            if let Some(ActivationCalibration { fixed, .. }) = calibration {
                let width = group[0].inputs;
                let mut sizes = vec![];
                for seen in seen.iter().copied().map(part) {
                    if seen.len() != width || seen.iter().any(|x| !x.is_finite()) {
                        let (n, name) = (seen.len(), &group[0].weight);
                        return refused(format!(
                            "{n} numbers were observed before {name}; expected {width} that are finite"
                        ));
                    }
                    larger(&mut sizes, seen);
                }
                inputs.factors = even.then(|| evened(checkpoint, &group, &sizes)).transpose()?;
                let factor = |i: usize| inputs.factors.as_ref().map_or(1.0, |f| f[i]);
                let most = |most: f32, (i, x): (usize, &f32)| most.max(x * factor(i));
                let most = sizes.iter().enumerate().fold(LEAST, most);
                inputs.scale = fixed.then_some(most / MOST);
            }
            matrices.extend(group.iter().map(|dense| (dense.weight.clone(), inputs.clone())));
        }
    }
    Ok(matrices)
}

/// Factors that bring the inputs of matrices to sizes nearer each other, and the columns of the
/// matrices too: the root of the columns' largest size over the inputs'.
fn evened(
    checkpoint: &Checkpoint,
    group: &[&Dense],
    sizes: &[f32],
) -> Result<Vec<f32>, CheckpointError> {
    let mut columns = vec![];
    for dense in group {
        let numbers = checkpoint.weights().reader().read(&dense.weight)?;
        for row in numbers.chunks_exact(dense.inputs) {
            larger(&mut columns, &row.iter().map(|x| x.abs()).collect::<Vec<_>>());
        }
    }
    let factor = |(size, column): (&f32, &f32)| {
        column.max(LEAST).powf(1.0 - STRENGTH) / size.max(LEAST).powf(STRENGTH)
    };
    Ok(sizes.iter().zip(&columns).map(factor).collect())
}

/// `[outputs, inputs]` in 8 bits, and what each row is multiplied with, `[outputs]`.
fn rows(numbers: &[f32], inputs: usize) -> (Vec<u8>, Vec<f32>) {
    let (mut bytes, mut scales) = (Vec::with_capacity(numbers.len()), vec![]);
    for row in numbers.chunks_exact(inputs) {
        let scale = scale_of(row.iter().fold(0.0, |most: f32, x| most.max(x.abs())));
        bytes.extend(row.iter().map(|x| rounded(*x, scale)));
        scales.push(scale);
    }
    (bytes, scales)
}

/// `[inputs, outputs]` in 8 bits, and what each column is multiplied with, `[outputs]`.
fn columns(numbers: &[f32], outputs: usize) -> (Vec<u8>, Vec<f32>) {
    let mut scales = vec![0.0_f32; outputs];
    for row in numbers.chunks_exact(outputs) {
        scales.iter_mut().zip(row).for_each(|(most, x)| *most = most.max(x.abs()));
    }
    for most in &mut scales {
        *most = scale_of(*most);
    }
    let rows = numbers.chunks_exact(outputs);
    let bytes = rows.flat_map(|row| row.iter().zip(&scales).map(|(x, scale)| rounded(*x, *scale)));
    (bytes.collect(), scales)
}

/// Scale of 8-bit numbers, the largest of which stands for `most`.
fn scale_of(most: f32) -> f32 {
    if most > 0.0 { most / MOST } else { 1.0 }
}

#[expect(clippy::cast_possible_truncation, reason = "at most 127")]
fn rounded(x: f32, scale: f32) -> u8 {
    ((x / scale).round_ties_even() as i8).to_le_bytes()[0]
}

/// Names of the matrices that stay floats, but for embeddings.
fn ignored(
    weights: &Weights,
    matrices: &BTreeMap<String, Inputs>,
    is_embedding: impl Fn(&str) -> bool,
) -> Vec<String> {
    let stays = |name: &&str| {
        let is_matrix = weights.shape(name).is_some_and(|shape| shape.len() == 2);
        is_matrix && !is_embedding(name) && !matrices.contains_key(*name)
    };
    let names = weights.names().filter(stays);
    names.filter_map(|name| Some(name.strip_suffix(".weight")?.to_owned())).collect()
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
