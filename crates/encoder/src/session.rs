//! The pool of ONNX Runtime sessions, and how a batch goes through one.
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use cloze_graph::check::{CheckedModel, Dim, ElementType, GraphInfo, TensorInfo};
use ort::session::{Session, SessionInputValue};
use ort::value::Tensor;

use crate::{EncoderError, Runtime};

/// Which of a graph's inputs and outputs is which, by the names it gives them.
#[derive(Debug)]
pub(crate) struct Ports {
    ids: Port,
    mask: Option<Port>,
    types: Option<Port>,
    output: String,
    /// The numbers the output has for a token, where the graph says so.
    width: Option<usize>,
}

#[derive(Clone, Debug)]
struct Port {
    name: String,
    narrow: bool,
}

impl Ports {
    /// Reads them from the graph. `token_type_ids` may be missing, as in `DistilBERT`; anything that
    /// texts do not give is refused.
    pub(crate) fn resolve(info: &GraphInfo, path: &Path) -> Result<Self, EncoderError> {
        let describe = |tensors: &[TensorInfo]| tensors.iter().map(ToString::to_string).collect();
        let input = |found: String| EncoderError::GraphInput {
            path: path.to_owned(),
            found,
            all: describe(&info.inputs),
        };
        let (mut ids, mut mask, mut types) = (None, None, None);
        for tensor in &info.inputs {
            let slot = match tensor.name.as_str() {
                "input_ids" => &mut ids,
                "attention_mask" | "input_mask" => &mut mask,
                "token_type_ids" | "segment_ids" | "input_type_ids" | "input_type" => &mut types,
                other => return Err(input(other.to_owned())),
            };
            let narrow = match tensor.element {
                ElementType::Int64 => false,
                ElementType::Int32 => true,
                _ => return Err(input(tensor.to_string())),
            };
            *slot = Some(Port { name: tensor.name.clone(), narrow });
        }
        let ids = ids.ok_or_else(|| input("input_ids, which is missing".into()))?;
        // Called by its name, or else the only one that has numbers for every token.
        let a_row_a_token =
            |t: &&TensorInfo| t.element == ElementType::Float32 && t.shape.len() == 3;
        let mut candidates = info.outputs.iter().filter(a_row_a_token);
        let named = info.outputs.iter().filter(a_row_a_token).find(|t| t.name == "logits");
        let output = match (named, candidates.next(), candidates.next()) {
            (Some(logits), _, _) => logits,
            (None, Some(only), None) => only,
            _ => {
                let all = describe(&info.outputs);
                return Err(EncoderError::GraphOutput { path: path.to_owned(), all });
            }
        };
        let width = match output.shape.last() {
            Some(Dim::Fixed(n)) => usize::try_from(*n).ok(),
            _ => None,
        };
        Ok(Self { ids, mask, types, output: output.name.clone(), width })
    }

    pub(crate) fn output(&self) -> &str {
        &self.output
    }

    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }
}

/// A batch, padded: `[batch, seq]` each.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) size: usize,
    pub(crate) seq: usize,
    pub(crate) ids: Vec<i64>,
    pub(crate) mask: Vec<i64>,
    pub(crate) types: Vec<i64>,
}

/// Sessions of one thread each, made when first needed: a single text pays for one.
#[derive(Debug)]
pub(crate) struct Pool {
    runtime: Runtime,
    model: CheckedModel,
    path: PathBuf,
    ports: Ports,
    workers: Vec<Mutex<Option<Session>>>,
}

impl Pool {
    pub(crate) fn new(
        runtime: Runtime,
        model: CheckedModel,
        path: PathBuf,
        ports: Ports,
        workers: usize,
    ) -> Self {
        let workers = (0..workers).map(|_| Mutex::new(None)).collect();
        Self { runtime, model, path, ports, workers }
    }

    pub(crate) fn workers(&self) -> usize {
        self.workers.len()
    }

    /// Runs one batch on the worker's session; `[batch, seq, width]`. Waits if it is in use.
    pub(crate) fn run(
        &self,
        worker: usize,
        batch: Batch,
    ) -> Result<(usize, Vec<f32>), EncoderError> {
        // A session that panicked half way is made anew.
        let mut slot = self.workers[worker].lock().unwrap_or_else(PoisonError::into_inner);
        let session = match &mut *slot {
            Some(session) => session,
            empty => empty.insert(self.session()?),
        };
        let (b, s) = (batch.size, batch.seq);
        let failed =
            |source| EncoderError::Run { path: self.path.clone(), batch: b, seq: s, source };
        let mut inputs: HashMap<&str, SessionInputValue<'_>> = HashMap::new();
        let ports = [
            (Some(&self.ports.ids), batch.ids),
            (self.ports.mask.as_ref(), batch.mask),
            (self.ports.types.as_ref(), batch.types),
        ];
        for (port, data) in ports {
            let Some(port) = port else { continue };
            let value = if port.narrow {
                // Ids, masks and types are small by nature; what is beyond i32 is beyond any
                // embedding, which the graph then says.
                let narrow: Vec<i32> =
                    data.into_iter().map(|v| i32::try_from(v).unwrap_or(i32::MAX)).collect();
                Tensor::from_array(([b, s], narrow)).map(SessionInputValue::from)
            } else {
                Tensor::from_array(([b, s], data)).map(SessionInputValue::from)
            };
            inputs.insert(&port.name, value.map_err(failed)?);
        }
        let outputs = session.run(inputs).map_err(failed)?;
        let output = &self.ports.output;
        let wrong = |found: Vec<i64>| EncoderError::OutputShape {
            path: self.path.clone(),
            output: output.clone(),
            found,
            batch: b,
            seq: s,
            width: self.ports.width.unwrap_or(0),
        };
        let value = outputs.get(output).ok_or_else(|| wrong(vec![]))?;
        let (shape, data) = value.try_extract_tensor::<f32>().map_err(failed)?;
        match *shape.as_ref() {
            [rows, cols, width]
                if usize::try_from(rows) == Ok(b)
                    && usize::try_from(cols) == Ok(s)
                    && width > 0
                    && self.ports.width.is_none_or(|w| usize::try_from(width) == Ok(w)) =>
            {
                Ok((usize::try_from(width).unwrap_or(0), data.to_vec()))
            }
            ref other => Err(wrong(other.to_vec())),
        }
    }

    /// A new session. Its memory arena and pattern are off: with lengths that vary, both keep what
    /// the largest batch ever took (onnxruntime issue 11627: 200 MB become 6 GB). It has one
    /// thread, since two sessions of one thread do 1.6 to 2.3 times what one of two does, and its
    /// threads do not spin while they wait.
    fn session(&self) -> Result<Session, EncoderError> {
        let refused = |source| EncoderError::Session { path: self.path.clone(), source };
        let build = || -> ort::Result<Session> {
            let mut builder = Session::builder(&self.runtime.environment)?
                .with_log_level(ort::logging::LogLevel::Fatal)?
                .with_intra_threads(1)?
                .with_inter_threads(1)?
                .with_intra_op_spinning(false)?
                .with_inter_op_spinning(false)?
                .with_memory_pattern(false)?
                .with_execution_providers([ort::ep::CPU::default()
                    .with_arena_allocator(false)
                    .build()])?;
            for file in &self.model.external {
                let bytes: Arc<[u8]> = Arc::from(file.bytes.as_ref());
                builder =
                    builder.with_external_initializer_file_in_memory(&file.location, bytes)?;
            }
            builder.commit_from_memory(&self.model.bytes)
        };
        build().map_err(refused)
    }
}
