//! One tensor after the other as `f32`, adapters merged in.
use std::io::{Read as _, Seek as _, SeekFrom};

use cloze_store::OpenFile;
use half::slice::{HalfBitsSliceExt as _, HalfFloatSliceExt as _};

/// Number of halves converted at once: they stay in the cache, and a large tensor is not in memory
/// twice.
const HALVES: usize = 1 << 15;

use super::{StoredTensor, StoredType, Stretch, Update, Weights, stored_type};
use crate::adapter::merge::{self, LowRank};
use crate::error::CheckpointError;

/// A matrix of 8-bit numbers, `[outputs, inputs]`, or by column `[inputs, outputs]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Int8Matrix {
    /// Row after row.
    pub numbers: Vec<i8>,
    /// Scale of each output, `[outputs]`.
    pub scales: Vec<f32>,
    /// Whether the outputs are its columns, as in GPT-2.
    pub by_column: bool,
    /// Scale of its 8-bit inputs, if fixed; else each row of inputs has its own.
    pub input: Option<f32>,
    /// Factors of inputs before they are rounded, `[inputs]`, so that none of them is much
    /// larger than the others; the matrix's columns are divided by it.
    pub factors: Option<Vec<f32>>,
}

impl Int8Matrix {
    /// Adds what the matrix is as floats to the end of `out`.
    fn floats(&self, out: &mut Vec<f32>) {
        if self.by_column {
            for row in self.numbers.chunks_exact(self.scales.len().max(1)) {
                out.extend(row.iter().zip(&self.scales).map(|(&q, scale)| f32::from(q) * scale));
            }
            return;
        }
        let inputs = (self.numbers.len() / self.scales.len().max(1)).max(1);
        for (row, &scale) in self.numbers.chunks_exact(inputs).zip(&self.scales) {
            let start = out.len();
            out.extend(row.iter().map(|&q| f32::from(q) * scale));
            if let Some(factors) = &self.factors {
                out[start..].iter_mut().zip(factors).for_each(|(x, factor)| *x *= factor);
            }
        }
    }
}

/// Reads tensors as `f32`, each straight to where it stays.
///
/// Files are read and not mapped into memory: a file that is changed or cut off under a running
/// process would change its results or end it, and mapping is not safe code. Each number is copied
/// once, from the system's cache. Only matrices of decoders ([`stretch`](Self::stretch)) are mapped, by
/// ONNX Runtime and for as long as it packs them.
#[derive(Debug)]
pub struct WeightReader<'a> {
    weights: &'a Weights,
    open: Option<(usize, OpenFile)>,
    /// The halves that are being converted.
    raw: Vec<u16>,
}

impl<'a> WeightReader<'a> {
    pub(super) fn new(weights: &'a Weights) -> Self {
        Self { weights, open: None, raw: vec![] }
    }

    /// Whether a matrix is stored as int8, and no adapter changes it.
    #[must_use]
    pub fn is_int8(&self, name: &str) -> bool {
        self.weights.is_int8(name)
    }

    /// The numbers of a tensor where they lie on disk, as [`Weights::stretch`].
    #[must_use]
    pub fn stretch(&self, name: &str) -> Option<Stretch> {
        self.weights.stretch(name)
    }

    /// The numbers of a tensor, row after row, added to the end of `out`: as they are stored, or as
    /// adapters make them.
    ///
    /// # Errors
    /// [`CheckpointError::Read`] if the file cannot be read or ends early; [`CheckpointError::TensorType`] if
    /// it holds no `F32`, `F16` or `BF16`; [`CheckpointError::Tensors`] if there is none of that name;
    /// [`CheckpointError::NotFinite`] and [`CheckpointError::ZeroRow`] for an adapter that cannot be merged.
    pub fn read_into(&mut self, name: &str, out: &mut Vec<f32>) -> Result<(), CheckpointError> {
        let weights = self.weights;
        let Some(tensor) = weights.tensors.get(name) else {
            let path = weights.files.first().map(|file| file.to_path_buf()).unwrap_or_default();
            let missing = vec![name.to_owned()];
            return Err(CheckpointError::Tensors { path, missing, extra: vec![], wrong: vec![] });
        };
        let start = out.len();
        if tensor.int8.is_some() {
            let matrix = self.read_stored_int8(name)?;
            reserve(weights, name, &tensor.stored, out, matrix.numbers.len())?;
            matrix.floats(out);
        } else {
            self.read_place(name, &tensor.stored, out)?;
        }
        let Some(last) = tensor.updates.last() else { return Ok(()) };
        let path = &weights.files[last.b.file];
        let updates = tensor.updates.iter().map(|update| self.low_rank(name, update));
        let updates = updates.collect::<Result<Vec<_>, _>>()?;
        let inputs = tensor.stored.shape.get(1).copied().unwrap_or(0);
        merge::merge(&mut out[start..], inputs, &updates).map_err(|row| CheckpointError::ZeroRow {
            path: path.to_path_buf(),
            tensor: name.to_owned(),
            row,
        })
    }

    /// A matrix of 8-bit numbers, without what adapters change of it; `by_column` if its outputs are its
    /// columns.
    ///
    /// # Errors
    /// As [`read_into`](Self::read_into); [`CheckpointError::NotFinite`] for a scale that is not;
    /// [`CheckpointError::TensorType`] for a matrix of others; [`CheckpointError::Safetensors`] for one whose
    /// scales are not those of its outputs.
    pub fn read_int8(
        &mut self,
        name: &str,
        by_column: bool,
    ) -> Result<Int8Matrix, CheckpointError> {
        let matrix = self.read_stored_int8(name)?;
        if matrix.by_column == by_column {
            return Ok(matrix);
        }
        let [expected, found] = if by_column { ["columns", "rows"] } else { ["rows", "columns"] };
        let file = self.weights.tensors.get(name).map_or(0, |tensor| tensor.stored.file);
        let path = self.weights.files.get(file).map(|file| file.to_path_buf());
        let what =
            format!("{name}_scale: expected a scale for each of the {expected}, found {found}");
        Err(CheckpointError::Safetensors { path: path.unwrap_or_default(), what })
    }

    fn read_stored_int8(&mut self, name: &str) -> Result<Int8Matrix, CheckpointError> {
        let weights = self.weights;
        let tensor = weights.tensors.get(name);
        let Some((stored, int8)) = tensor.and_then(|t| Some((&t.stored, t.int8.as_ref()?))) else {
            let path = weights.files.first().map(|file| file.to_path_buf()).unwrap_or_default();
            let dtype = tensor.map_or_else(|| "none".into(), |t| format!("{:?}", t.stored.dtype));
            return Err(CheckpointError::TensorType {
                path,
                tensor: name.to_owned(),
                found: dtype,
            });
        };
        let scales = self.finite(name, &int8.scales)?;
        let input = int8.input.as_ref().map(|stored| self.finite(name, stored)).transpose()?;
        let mut numbers = vec![];
        reserve(weights, name, stored, &mut numbers, stored.bytes)?;
        numbers.resize(stored.bytes, 0_i8);
        let file = file_at(weights, &mut self.open, stored)?;
        file.read_exact(bytemuck::cast_slice_mut(&mut numbers))?;
        let factors = int8.factors.as_ref().map(|stored| self.finite(name, stored)).transpose()?;
        let input = input.and_then(|scale| scale.first().copied());
        let by_column = int8.by_column;
        Ok(Int8Matrix { numbers, scales, by_column, input, factors })
    }

    /// The numbers of a stored tensor, which must be finite.
    fn finite(&mut self, name: &str, stored: &StoredTensor) -> Result<Vec<f32>, CheckpointError> {
        let mut numbers = vec![];
        self.read_place(name, stored, &mut numbers)?;
        if numbers.iter().all(|x| x.is_finite()) {
            return Ok(numbers);
        }
        let path = self.weights.files[stored.file].clone();
        Err(CheckpointError::NotFinite { path: path.to_path_buf(), tensor: name.to_owned() })
    }

    /// An adapter's numbers for a matrix.
    fn low_rank(&mut self, name: &str, update: &Update) -> Result<LowRank, CheckpointError> {
        Ok(LowRank {
            a: self.finite(name, &update.a)?,
            b: self.finite(name, &update.b)?,
            magnitude: update.magnitude.as_ref().map(|p| self.finite(name, p)).transpose()?,
            scale: update.scale,
        })
    }

    /// The numbers of a stored tensor, as they are stored.
    fn read_place(
        &mut self,
        name: &str,
        stored: &StoredTensor,
        out: &mut Vec<f32>,
    ) -> Result<(), CheckpointError> {
        let file = file_at(self.weights, &mut self.open, stored)?;
        let start = out.len();
        match stored_type(stored.dtype) {
            Some(StoredType::F32) => {
                reserve(self.weights, name, stored, out, stored.bytes / 4)?;
                out.resize(start + stored.bytes / 4, 0.0);
                file.read_exact(bytemuck::cast_slice_mut(&mut out[start..]))?;
                if cfg!(target_endian = "big") {
                    for x in &mut out[start..] {
                        *x = f32::from_bits(x.to_bits().swap_bytes());
                    }
                }
            }
            Some(halves) => {
                reserve(self.weights, name, stored, out, stored.bytes / 2)?;
                out.resize(start + stored.bytes / 2, 0.0);
                self.raw.resize(HALVES, 0);
                for part in out[start..].chunks_mut(HALVES) {
                    let raw = &mut self.raw[..part.len()];
                    file.read_exact(bytemuck::cast_slice_mut(raw))?;
                    for x in &mut *raw {
                        *x = u16::from_le(*x);
                    }
                    if halves == StoredType::F16 {
                        raw.reinterpret_cast::<half::f16>().convert_to_f32_slice(part);
                    } else {
                        raw.reinterpret_cast::<half::bf16>().convert_to_f32_slice(part);
                    }
                }
            }
            None => {
                return Err(CheckpointError::TensorType {
                    path: self.weights.files[stored.file].to_path_buf(),
                    tensor: name.to_owned(),
                    found: format!("{:?}", stored.dtype),
                });
            }
        }
        Ok(())
    }

    /// The numbers of a tensor that is stored as `f16` ([`Weights::as_stored`]), row after row.
    ///
    /// # Errors
    /// [`CheckpointError::Read`] if the file cannot be read or ends early; [`CheckpointError::TensorType`] if it
    /// holds something else, or an adapter changes it.
    pub fn read_halves(&mut self, name: &str) -> Result<Vec<half::f16>, CheckpointError> {
        let weights = self.weights;
        let stored = weights.tensors.get(name).map(|tensor| &tensor.stored);
        let (Some(stored), Some(StoredType::F16)) = (stored, weights.as_stored(name)) else {
            let path = stored.map(|stored| weights.files[stored.file].to_path_buf());
            let path = path.unwrap_or_default();
            let dtype = stored.map_or("nothing".into(), |stored| format!("{:?}", stored.dtype));
            return Err(CheckpointError::TensorType {
                path,
                tensor: name.to_owned(),
                found: dtype,
            });
        };
        let file = file_at(weights, &mut self.open, stored)?;
        let mut out = vec![];
        reserve(weights, name, stored, &mut out, stored.bytes / 2)?;
        out.resize(stored.bytes / 2, half::f16::ZERO);
        let raw = out.reinterpret_cast_mut();
        file.read_exact(bytemuck::cast_slice_mut(raw))?;
        for x in raw {
            *x = u16::from_le(*x);
        }
        Ok(out)
    }

    /// The numbers of a tensor, row after row.
    ///
    /// # Errors
    /// As [`read_into`](Self::read_into).
    pub fn read(&mut self, name: &str) -> Result<Vec<f32>, CheckpointError> {
        let mut out = vec![];
        self.read_into(name, &mut out)?;
        Ok(out)
    }
}

/// Makes room for `count` more numbers, or says that there is none: a file may promise any size.
fn reserve<T>(
    weights: &Weights,
    name: &str,
    stored: &StoredTensor,
    out: &mut Vec<T>,
    count: usize,
) -> Result<(), CheckpointError> {
    out.try_reserve(count).map_err(|_| CheckpointError::Memory {
        path: weights.files[stored.file].to_path_buf(),
        tensor: name.to_owned(),
        bytes: count.saturating_mul(size_of::<T>()),
    })
}

/// The file that a stored tensor is in, opened if need be, at its first byte.
fn file_at<'f>(
    weights: &Weights,
    open: &'f mut Option<(usize, OpenFile)>,
    stored: &StoredTensor,
) -> Result<&'f mut OpenFile, CheckpointError> {
    let (_, file) = match open.take().filter(|(file, _)| *file == stored.file) {
        Some(same) => open.insert(same),
        None => open.insert((stored.file, weights.files[stored.file].open()?)),
    };
    file.seek(SeekFrom::Start(stored.offset))?;
    Ok(file)
}
