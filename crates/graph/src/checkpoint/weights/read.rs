//! One tensor after the other as `f32`, adapters merged in.
use std::io::{Read as _, Seek as _, SeekFrom};

use half::slice::{HalfBitsSliceExt as _, HalfFloatSliceExt as _};

use super::{Place, StoredType, Update, Weights, stored};
use crate::GraphError;
use crate::adapter::merge::{self, LowRank};

/// Reads tensors as `f32`, each straight to where it stays.
///
/// Files are read and not mapped into memory: a file that is changed or cut off under a running
/// process would change its results or end it, and mapping is no safe code. Each number is copied
/// once, from the system's cache.
#[derive(Debug)]
pub struct WeightReader<'a> {
    weights: &'a Weights,
    open: Option<(usize, fs_err::File)>,
    /// The halves that are being converted.
    raw: Vec<u16>,
}

impl<'a> WeightReader<'a> {
    pub(super) fn new(weights: &'a Weights) -> Self {
        Self { weights, open: None, raw: vec![] }
    }

    /// The numbers of a tensor, row after row, added to the end of `out`: as they are stored, or as
    /// adapters make them.
    ///
    /// # Errors
    /// [`GraphError::Read`] if the file cannot be read or ends early; [`GraphError::TensorType`] if
    /// it holds no `F32`, `F16` or `BF16`; [`GraphError::Tensors`] if there is none of that name;
    /// [`GraphError::NotFinite`] and [`GraphError::ZeroRow`] for an adapter that cannot be merged.
    pub fn read_into(&mut self, name: &str, out: &mut Vec<f32>) -> Result<(), GraphError> {
        let weights = self.weights;
        let Some(tensor) = weights.tensors.get(name) else {
            let path = weights.files.first().cloned().unwrap_or_default();
            let missing = vec![name.to_owned()];
            return Err(GraphError::Tensors { path, missing, extra: vec![], wrong: vec![] });
        };
        let at = out.len();
        self.read_place(name, &tensor.place, out)?;
        let Some(last) = tensor.updates.last() else { return Ok(()) };
        let path = &weights.files[last.b.file];
        let updates = tensor.updates.iter().map(|update| self.low_rank(name, update));
        let updates = updates.collect::<Result<Vec<_>, _>>()?;
        let inputs = tensor.place.shape.get(1).copied().unwrap_or(0);
        merge::merge(&mut out[at..], inputs, &updates).map_err(|row| GraphError::ZeroRow {
            path: path.clone(),
            tensor: name.to_owned(),
            row,
        })
    }

    /// An adapter's numbers for a matrix.
    fn low_rank(&mut self, name: &str, update: &Update) -> Result<LowRank, GraphError> {
        let mut read = |place: &Place| {
            let mut numbers = vec![];
            self.read_place(name, place, &mut numbers)?;
            if numbers.iter().all(|x| x.is_finite()) {
                return Ok(numbers);
            }
            let path = self.weights.files[place.file].clone();
            Err(GraphError::NotFinite { path, tensor: name.to_owned() })
        };
        Ok(LowRank {
            a: read(&update.a)?,
            b: read(&update.b)?,
            magnitude: update.magnitude.as_ref().map(read).transpose()?,
            scale: update.scale,
        })
    }

    /// The numbers at a place, as they are stored.
    fn read_place(
        &mut self,
        name: &str,
        place: &Place,
        out: &mut Vec<f32>,
    ) -> Result<(), GraphError> {
        let weights = self.weights;
        let path = &weights.files[place.file];
        let file = match &mut self.open {
            Some((open, file)) if *open == place.file => file,
            open => &mut open.insert((place.file, fs_err::File::open(path)?)).1,
        };
        file.seek(SeekFrom::Start(place.offset))?;
        let at = out.len();
        match stored(place.dtype) {
            Some(StoredType::F32) => {
                out.resize(at + place.bytes / 4, 0.0);
                file.read_exact(bytemuck::cast_slice_mut(&mut out[at..]))?;
                if cfg!(target_endian = "big") {
                    for x in &mut out[at..] {
                        *x = f32::from_bits(x.to_bits().swap_bytes());
                    }
                }
            }
            Some(halves) => {
                self.raw.resize(place.bytes / 2, 0);
                file.read_exact(bytemuck::cast_slice_mut(&mut self.raw))?;
                for x in &mut self.raw {
                    *x = u16::from_le(*x);
                }
                out.resize(at + self.raw.len(), 0.0);
                if halves == StoredType::F16 {
                    self.raw.reinterpret_cast::<half::f16>().convert_to_f32_slice(&mut out[at..]);
                } else {
                    self.raw.reinterpret_cast::<half::bf16>().convert_to_f32_slice(&mut out[at..]);
                }
            }
            None => {
                return Err(GraphError::TensorType {
                    path: path.clone(),
                    tensor: name.to_owned(),
                    found: format!("{:?}", place.dtype),
                });
            }
        }
        Ok(())
    }

    /// The numbers of a tensor, row after row.
    ///
    /// # Errors
    /// As [`read_into`](Self::read_into).
    pub fn read(&mut self, name: &str) -> Result<Vec<f32>, GraphError> {
        let mut out = vec![];
        self.read_into(name, &mut out)?;
        Ok(out)
    }
}
