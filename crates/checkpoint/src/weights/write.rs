//! Weights as one safetensors file.
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use cloze_store::{AtomicFile, Existing, StoreError};
use safetensors::tensor::{Dtype, Metadata, TensorInfo, TensorView};

use super::{StoredType, Tensor, Weights};
use crate::error::CheckpointError;

/// Writes the checkpoint's tensors as one safetensors file, floats and 8-bit matrices as `to`; others, such as
/// position ids, stay as they are. What adapters change is written as it is with them. Memory: one
/// tensor. Values that `to` cannot hold are an error,
/// since they would become infinite.
///
/// # Errors
/// As [`WeightReader::read_into`](super::WeightReader::read_into); [`CheckpointError::Overflow`] names a tensor with a number that does not
/// fit; [`CheckpointError::Store`] if the file cannot be written.
pub fn write(
    weights: &Weights,
    to: StoredType,
    path: &Path,
    existing: Existing,
) -> Result<(), CheckpointError> {
    // The reference implementation sorts by width, then by name, so that all are aligned.
    let dtype_of =
        |tensor: &Tensor| if tensor.is_float() { to.dtype() } else { tensor.stored.dtype };
    let width = |tensor: &Tensor| dtype_of(tensor).bitsize();
    let mut order: Vec<(&String, &Tensor)> = weights.tensors.iter().collect();
    order.sort_by_key(|(name, tensor)| (std::cmp::Reverse(width(tensor)), *name));
    let mut offset = 0;
    let mut infos = vec![];
    for (name, tensor) in &order {
        let stored = &tensor.stored;
        let bytes = if tensor.is_float() {
            stored.shape.iter().product::<usize>() * width(tensor) / 8
        } else {
            stored.bytes
        };
        let info = TensorInfo {
            dtype: dtype_of(tensor),
            shape: stored.shape.clone(),
            data_offsets: (offset, offset + bytes),
        };
        infos.push(((*name).clone(), info));
        offset += bytes;
    }
    let damaged = |what: String| CheckpointError::Safetensors { path: path.to_owned(), what };
    // As PyTorch's files have it; transformers refuses a file without.
    let about = [("format".to_owned(), "pt".to_owned())].into_iter().collect();
    let header = Metadata::new(Some(about), infos).map_err(|error| damaged(error.to_string()))?;
    let mut header = serde_json::to_vec(&header).map_err(|error| damaged(error.to_string()))?;
    header.resize(header.len().next_multiple_of(8), b' ');

    let failed =
        |source| CheckpointError::Store(StoreError::Write { path: path.to_owned(), source });
    let mut file = AtomicFile::create(path, existing)?;
    file.write_all(&(header.len() as u64).to_le_bytes()).map_err(failed)?;
    file.write_all(&header).map_err(failed)?;
    let (mut reader, mut numbers, mut bytes) = (weights.reader(), vec![], vec![]);
    for (name, tensor) in order {
        let stored = &tensor.stored;
        bytes.clear();
        if tensor.is_float() {
            numbers.clear();
            reader.read_into(name, &mut numbers)?;
            if !encode(&numbers, to, &mut bytes) {
                let from = &weights.files[stored.file];
                return Err(CheckpointError::Overflow {
                    path: from.to_path_buf(),
                    tensor: name.clone(),
                });
            }
        } else {
            let mut source = weights.files[stored.file].open()?;
            source.seek(SeekFrom::Start(stored.offset))?;
            bytes.resize(stored.bytes, 0);
            source.read_exact(&mut bytes)?;
        }
        file.write_all(&bytes).map_err(failed)?;
    }
    Ok(file.commit()?)
}

/// A tensor that is in memory: its name, its shape from outer to inner, its numbers row after row.
pub type InMemory<'a> = (String, &'a [usize], &'a [f32]);

/// Writes tensors as one safetensors file, their numbers as `to`. Memory: the file's size.
///
/// # Errors
/// [`CheckpointError::NotFinite`] and [`CheckpointError::Overflow`] name a tensor with a number that cannot be
/// written; [`CheckpointError::Safetensors`] for a shape that is not that of its numbers;
/// [`CheckpointError::Store`] if the file cannot be written.
pub fn write_tensors(
    tensors: &[InMemory<'_>],
    to: StoredType,
    path: &Path,
    existing: Existing,
) -> Result<(), CheckpointError> {
    let mut encoded = vec![];
    for (name, shape, data) in tensors {
        let (path, tensor) = (path.to_owned(), name.clone());
        if data.iter().any(|x| !x.is_finite()) {
            return Err(CheckpointError::NotFinite { path, tensor });
        }
        let mut bytes = vec![];
        if !encode(data, to, &mut bytes) {
            return Err(CheckpointError::Overflow { path, tensor });
        }
        encoded.push(Encoded { name: tensor, dtype: to.dtype(), shape: shape.to_vec(), bytes });
    }
    write_encoded(&encoded, path, existing)
}

/// A tensor as it is written.
pub(crate) struct Encoded {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

/// Writes tensors of any types as one safetensors file.
pub(crate) fn write_encoded(
    tensors: &[Encoded],
    path: &Path,
    existing: Existing,
) -> Result<(), CheckpointError> {
    let damaged = |error: safetensors::SafeTensorError| CheckpointError::Safetensors {
        path: path.to_owned(),
        what: error.to_string(),
    };
    let mut views = vec![];
    for Encoded { name, dtype, shape, bytes } in tensors {
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

/// Adds `numbers` as little-endian bytes of type `to`, rounded to the nearest; false if a finite
/// number became infinite.
#[must_use]
pub fn encode(numbers: &[f32], to: StoredType, bytes: &mut Vec<u8>) -> bool {
    let mut fits = true;
    match to {
        StoredType::F32 => bytes.extend(numbers.iter().flat_map(|x| x.to_le_bytes())),
        StoredType::F16 => bytes.extend(numbers.iter().flat_map(|&x| {
            let half = half::f16::from_f32(x);
            fits &= half.is_finite() || !x.is_finite();
            half.to_le_bytes()
        })),
        StoredType::BF16 => bytes.extend(numbers.iter().flat_map(|&x| {
            let half = half::bf16::from_f32(x);
            fits &= half.is_finite() || !x.is_finite();
            half.to_le_bytes()
        })),
    }
    fits
}
