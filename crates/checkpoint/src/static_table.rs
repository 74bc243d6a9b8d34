//! Table of vectors, one per token: a model without layers, as sentence-transformers' `StaticEmbedding` and
//! `Model2Vec` have it.
//!
//! Source: sentence-transformers 6.2.0, `sentence_transformer/modules/static_embedding.py`.
use cloze_store::Location;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::error::CheckpointError;

/// The largest file of such a table.
const MAX_BYTES: u64 = 4 << 30;

/// Rows of the table by token id.
#[derive(Clone, Debug, PartialEq)]
pub struct StaticTable {
    /// Number of rows.
    pub rows: usize,
    /// Width of a row.
    pub width: usize,
    /// `[rows, width]`.
    pub values: Vec<f32>,
}

impl StaticTable {
    /// Reads a `model.safetensors`: `embedding.weight`; or `Model2Vec`'s `embeddings`, with a `mapping` of
    /// token ids to its rows and `weights` of tokens, where they are there.
    ///
    /// # Errors
    /// [`CheckpointError::Store`] for a file that cannot be read; [`CheckpointError::Safetensors`] for one
    /// that is damaged, or that has not these tensors.
    pub fn read(path: &Location) -> Result<Self, CheckpointError> {
        let bytes = cloze_store::read::read_capped(path, MAX_BYTES)?;
        Self::of(&bytes)
            .map_err(|what| CheckpointError::Safetensors { path: path.to_path_buf(), what })
    }

    fn of(bytes: &[u8]) -> Result<Self, String> {
        let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let tensor = |name: &str| file.tensor(name).ok();
        let (known, table) = match tensor("embedding.weight") {
            Some(table) => (&["embedding.weight"][..], table),
            None => (
                &["embeddings", "mapping", "weights"][..],
                tensor("embeddings").ok_or("no tensor embedding.weight or embeddings")?,
            ),
        };
        if let Some(name) = file.names().iter().find(|name| !known.contains(name)) {
            return Err(format!("tensor {name:?} has no known use"));
        }
        let [rows, width] = table.shape()[..] else {
            return Err(format!("expected a matrix of embeddings, found {:?}", table.shape()));
        };
        if rows == 0 || width == 0 {
            return Err(format!("expected embeddings, found [{rows}, {width}]"));
        }
        let mut table = Self { rows, width, values: floats("embeddings", &table)? };
        if let Some(mapping) = tensor("mapping").filter(|_| known.len() > 1) {
            table = table.mapped(&mapping)?;
        }
        if let Some(weights) = tensor("weights").filter(|_| known.len() > 1) {
            let weights = floats("weights", &weights)?;
            if weights.len() != table.rows {
                return Err(format!("weights: expected {}, found {}", table.rows, weights.len()));
            }
            for (row, weight) in table.values.chunks_exact_mut(width).zip(weights) {
                for x in row {
                    *x *= weight;
                }
            }
        }
        match table.values.iter().position(|x| !x.is_finite()) {
            Some(i) => Err(format!("row {} has a number that is not finite", i / width)),
            None => Ok(table),
        }
    }

    /// The same by token ids, whose rows `mapping` names.
    fn mapped(&self, mapping: &TensorView<'_>) -> Result<Self, String> {
        let indices: Vec<i64> = match mapping.dtype() {
            Dtype::I64 => {
                mapping.data().as_chunks().0.iter().map(|b| i64::from_le_bytes(*b)).collect()
            }
            Dtype::I32 => mapping
                .data()
                .as_chunks()
                .0
                .iter()
                .map(|b| i64::from(i32::from_le_bytes(*b)))
                .collect(),
            other => return Err(format!("mapping: expected I64 or I32, found {other}")),
        };
        let mut values = Vec::with_capacity(indices.len().saturating_mul(self.width));
        for (id, index) in indices.iter().enumerate() {
            let row = usize::try_from(*index).ok().filter(|row| *row < self.rows);
            let row = row.ok_or_else(|| {
                format!("mapping of token {id}: expected a row below {}, found {index}", self.rows)
            })?;
            values.extend(&self.values[row * self.width..(row + 1) * self.width]);
        }
        Ok(Self { rows: indices.len(), width: self.width, values })
    }
}

/// Elements of a tensor of floats.
fn floats(name: &str, tensor: &TensorView<'_>) -> Result<Vec<f32>, String> {
    let data = tensor.data();
    Ok(match tensor.dtype() {
        Dtype::F32 => data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        Dtype::F16 => {
            let halves = data.as_chunks().0.iter();
            halves.map(|b| half::f16::from_le_bytes(*b).to_f32()).collect()
        }
        Dtype::BF16 => {
            let halves = data.as_chunks().0.iter();
            halves.map(|b| half::bf16::from_le_bytes(*b).to_f32()).collect()
        }
        other => return Err(format!("{name}: expected F32, F16 or BF16, found {other}")),
    })
}

#[cfg(test)]
mod tests {
    use safetensors::tensor::TensorView;

    use super::*;

    fn bytes(tensors: &[(&str, Dtype, Vec<usize>, Vec<u8>)]) -> Vec<u8> {
        let views = tensors.iter().map(|(name, dtype, shape, data)| {
            (*name, TensorView::new(*dtype, shape.clone(), data).unwrap())
        });
        safetensors::serialize(views, None).unwrap()
    }

    fn f32s(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    fn i64s(values: &[i64]) -> Vec<u8> {
        values.iter().flat_map(|x| x.to_le_bytes()).collect()
    }

    /// Rows [1, 2] and [3, 4]; tokens 0, 1, 2 have rows 1, 0, 1 and weights 1, 2, 10.
    #[test]
    fn rows_are_mapped_and_weighted() {
        let table = ("embeddings", Dtype::F32, vec![2, 2], f32s(&[1.0, 2.0, 3.0, 4.0]));
        let mapping = ("mapping", Dtype::I64, vec![3], i64s(&[1, 0, 1]));
        let weights = ("weights", Dtype::F32, vec![3], f32s(&[1.0, 2.0, 10.0]));
        let found = StaticTable::of(&bytes(&[table.clone(), mapping.clone(), weights])).unwrap();
        assert_eq!((found.rows, found.width), (3, 2));
        assert_eq!(found.values, [3.0, 4.0, 2.0, 4.0, 30.0, 40.0]);
        for (tensors, expected) in [
            (vec![("x", Dtype::F32, vec![1, 1], f32s(&[1.0]))], "no tensor embedding.weight"),
            (
                vec![table.clone(), ("x", Dtype::F32, vec![1], f32s(&[1.0]))],
                "\"x\" has no known use",
            ),
            (vec![("embeddings", Dtype::I8, vec![1, 1], vec![1])], "found I8"),
            (vec![("embeddings", Dtype::F32, vec![1], f32s(&[1.0]))], "expected a matrix"),
            (vec![("embeddings", Dtype::F32, vec![1, 1], f32s(&[f32::NAN]))], "not finite"),
            (
                vec![table.clone(), ("mapping", Dtype::I64, vec![1], i64s(&[2]))],
                "mapping of token 0: expected a row below 2, found 2",
            ),
            (vec![table.clone(), ("mapping", Dtype::U8, vec![1], vec![0])], "expected I64 or I32"),
            (
                vec![table, ("weights", Dtype::F32, vec![1], f32s(&[1.0]))],
                "weights: expected 2, found 1",
            ),
        ] {
            let error = StaticTable::of(&bytes(&tensors)).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        assert!(StaticTable::of(b"").is_err());
        // 0x3c00 is 1 in half precision, 0x3f80 in bfloat16.
        for (dtype, one) in [(Dtype::F16, [0x00, 0x3c]), (Dtype::BF16, [0x80, 0x3f])] {
            let table = ("embedding.weight", dtype, vec![1, 1], one.to_vec());
            assert_eq!(StaticTable::of(&bytes(&[table])).unwrap().values, [1.0]);
        }
    }
}
