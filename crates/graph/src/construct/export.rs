//! A built graph as one `.onnx` file.
use std::io::Write as _;
use std::path::Path;

use bytes::Bytes;
use cloze_store::{AtomicFile, Existing, StoreError};
use prost::Message as _;

use super::nodes::int;
use super::{Graph, Numbers};
use crate::GraphError;
use crate::check::ElementType;
use crate::onnx::{NodeProto, TensorProto};
use cloze_checkpoint::weights::{StoredType, encode};

/// Largest size of a protobuf file.
const MAX_FILE_BYTES: usize = (2 << 30) - 1;

impl Graph {
    /// Writes the graph with its weights in it. ONNX Runtime runs it, from any language; other
    /// tools do not know its fused operators. Weights in `F16` are made `F32` again when the graph
    /// is loaded, so that only the file is smaller.
    ///
    /// # Errors
    /// [`GraphError::Request`] for `BF16`, which ONNX Runtime cannot convert on every processor, and
    /// for a graph with casings, which nobody who opens the file would know to put into
    /// `token_type_ids`;
    /// [`GraphError::Overflow`] names a weight that has a number too large for `F16`;
    /// [`GraphError::FileTooLarge`] beyond 2 GiB, the limit of the format; [`GraphError::Store`] if
    /// the file cannot be written.
    pub fn write_onnx(
        self,
        to: StoredType,
        path: &Path,
        existing: Existing,
    ) -> Result<(), GraphError> {
        if to == StoredType::BF16 {
            let (path, what) = (path.to_owned(), "bf16 is for safetensors; expected f32 or f16");
            return Err(GraphError::Request { path, what: what.into() });
        }
        if self.casing {
            let what = "a model with a casing table; expected one without, or safetensors";
            return Err(GraphError::Request { path: path.to_owned(), what: what.into() });
        }
        let width = if to == StoredType::F16 { 2 } else { 4 };
        let size = |data: &Numbers| data.floats().map_or(data.bytes(), |f| width * f.len());
        let total = self.weights.iter().map(|w| size(&w.data)).sum::<usize>();
        if total > MAX_FILE_BYTES {
            let path = path.to_owned();
            return Err(GraphError::FileTooLarge { path, found: total, max: MAX_FILE_BYTES });
        }
        let Self { mut model, weights, .. } = self;
        let mut casts = vec![];
        if let Some(graph) = &mut model.graph {
            for weight in weights {
                let mut bytes = Vec::with_capacity(size(&weight.data));
                let to = match &weight.data {
                    Numbers::F32(data) if !encode(data, to, &mut bytes) => {
                        let (path, tensor) = (path.to_owned(), weight.name);
                        return Err(GraphError::Overflow { path, tensor });
                    }
                    Numbers::F32(_) => to,
                    Numbers::I8(data) => {
                        bytes.extend(data.iter().flat_map(|q| q.to_le_bytes()));
                        StoredType::F32
                    }
                    // What the graph has as halves, its nodes take as halves.
                    Numbers::F16(data) => {
                        bytes.extend(data.iter().flat_map(|x| x.to_le_bytes()));
                        StoredType::F32
                    }
                };
                let Some(tensor) = graph.initializer.iter_mut().find(|t| t.name == weight.name)
                else {
                    continue;
                };
                *tensor = TensorProto {
                    dims: std::mem::take(&mut tensor.dims),
                    data_type: weight.data.element().number(),
                    name: weight.name.clone(),
                    raw_data: Bytes::from(bytes),
                    ..TensorProto::default()
                };
                if to == StoredType::F16 {
                    tensor.data_type = ElementType::Float16.number();
                    tensor.name = format!("{}.f16", weight.name);
                    casts.push(NodeProto {
                        input: vec![tensor.name.clone()],
                        output: vec![weight.name.clone()],
                        name: weight.name,
                        op_type: "Cast".into(),
                        attribute: vec![int("to", ElementType::Float32.number().into())],
                        ..NodeProto::default()
                    });
                }
            }
            casts.append(&mut graph.node);
            graph.node = casts;
        }
        let length = model.encoded_len();
        if length > MAX_FILE_BYTES {
            let path = path.to_owned();
            return Err(GraphError::FileTooLarge { path, found: length, max: MAX_FILE_BYTES });
        }
        let failed =
            |source| GraphError::Store(StoreError::Write { path: path.to_owned(), source });
        let mut file = AtomicFile::create(path, existing)?;
        file.write_all(&model.encode_to_vec()).map_err(failed)?;
        Ok(file.commit()?)
    }
}
