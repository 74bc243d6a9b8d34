//! Sessions of ONNX Runtime, and the weights that they share.
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cloze_checkpoint::weights::Stretch;
use cloze_graph::check::CheckedModel;
use cloze_graph::construct::{Graph, Numbers, StoredWeight, Weight, own};
use cloze_graph::onnx::ModelProto;
use cloze_store::recorded::Stamp;
use ort::environment::Environment;
use ort::memory::Allocator;
use ort::session::builder::{GraphOptimizationLevel, PrepackedWeights, SessionBuilder};
use ort::session::{IoBinding, RunOptions, Session, SessionInputValue};
use ort::value::{DynValue, Tensor, TensorRef};
use prost::Message as _;

use crate::engine::{
    Buffer, Cause, EngineSession, FixedInput, GraphSource, Input, LoadedGraph, OutputTensor,
    RunLimits, Values,
};
use crate::onnxruntime::limits::within;
use crate::onnxruntime::{operators, rows};

/// The setting that says in which folder the files are that a graph without one names.
const WEIGHTS_FOLDER: &str = "session.model_external_initializers_file_folder_path";
/// The longest value a setting may have (`onnxruntime_session_options_config_keys.h` says 2048).
const MAX_SETTING: usize = 2047;

/// Name of a weight, and its tensor.
type NamedValue = (String, Arc<DynValue>);

fn named_value(weight: Weight) -> ort::Result<NamedValue> {
    let tensor = match weight.data {
        Numbers::F32(data) => Tensor::from_array((weight.dims, data))?.into_dyn(),
        Numbers::I8(data) => Tensor::from_array((weight.dims, data))?.into_dyn(),
        Numbers::F16(data) => Tensor::from_array((weight.dims, data))?.into_dyn(),
    };
    Ok((weight.name, Arc::new(tensor)))
}

/// Source that sessions are made from.
#[derive(Debug)]
enum Plan {
    /// A file, as it was checked.
    File(CheckedModel),
    /// A graph built here, and its weights, which all sessions share.
    Built {
        /// The graph as a file, but without weights.
        graph: Vec<u8>,
        /// Whether it has operators of cloze's own.
        own_operators: bool,
        /// The folder in which the graph says that they lie; `None` if it says nothing of use.
        folder: Option<String>,
        weights: Vec<NamedValue>,
        /// Files with further weights, as they were when their headers were read.
        files: Vec<(PathBuf, Stamp)>,
        /// The matrices as ONNX Runtime's kernels want them: packed by the first session.
        packed: PrepackedWeights,
    },
}

impl Plan {
    /// Of a graph that was built: its weights go to ONNX Runtime as they are, and are not copied; of those that
    /// stay in files it gets the places. `others` are weights of another graph that it may borrow.
    fn built(graph: Graph, library: &Path, others: &[NamedValue]) -> ort::Result<Self> {
        let Graph { mut model, weights, stored, borrowed, .. } = graph;
        let folder = say_where(&mut model, &stored, library);
        if folder.is_none() && !stored.is_empty() {
            return Err(ort::Error::new("the folder of the weights was moved"));
        }
        let mut files: Vec<(PathBuf, Stamp)> = vec![];
        for StoredWeight { stretch: Stretch { file, stamp, .. }, .. } in stored {
            if !files.iter().any(|(known, _)| *known == file) {
                files.push((file, stamp));
            }
        }
        let mut weights =
            weights.into_iter().map(named_value).collect::<ort::Result<Vec<NamedValue>>>()?;
        weights.extend(others.iter().filter(|(name, _)| borrowed.contains(name)).cloned());
        let own_operators = model.opset_import.iter().any(|opset| opset.domain == own::DOMAIN);
        let packed = PrepackedWeights::new();
        let graph = model.encode_to_vec();
        Ok(Self::Built { graph, own_operators, folder, weights, files, packed })
    }
}

/// Has the graph say in which files its weights lie; the folder of the files. Weights that do not stay in files
/// are said to lie in a file that is there for certain: ONNX Runtime sees to it that it is, though it opens
/// none for weights it is given as initializers of the user's. That is a file of other weights, or its own
/// library. Weights that it is given as external data instead, for which no file need be, it copies, all of
/// them at once. `None` where the folder cannot be said.
fn say_where(model: &mut ModelProto, stored: &[StoredWeight], library: &Path) -> Option<String> {
    let mut files: Vec<&Path> = stored.iter().map(|weight| weight.stretch.file.as_path()).collect();
    if files.is_empty() {
        files.push(library);
    }
    let (folder, names) = in_one_folder(&files)?;
    let mut of_stored: HashMap<&str, &String> = HashMap::new();
    of_stored.extend(stored.iter().map(|weight| weight.name.as_str()).zip(&names));
    for tensor in model.graph.iter_mut().flat_map(|graph| &mut graph.initializer) {
        let name = of_stored.get(tensor.name.as_str()).copied().or(names.first())?;
        for entry in tensor.external_data.iter_mut().filter(|entry| entry.key == "location") {
            name.clone_into(&mut entry.value);
        }
    }
    Some(folder)
}

/// The folder that files lie in, behind links, and their names in it, as ONNX Runtime can be told them; `None`
/// if they are in several or it cannot be told.
pub(super) fn in_one_folder(files: &[&Path]) -> Option<(String, Vec<String>)> {
    // On Windows absolute paths begin with `\\?\`, which is not known to pass.
    if cfg!(windows) {
        return None;
    }
    let (mut folder, mut names) = (None, vec![]);
    for file in files {
        let file = fs_err::canonicalize(file).ok()?;
        let parent = file.parent()?.to_str()?;
        if *folder.get_or_insert_with(|| parent.to_owned()) != parent {
            return None;
        }
        names.push(file.file_name()?.to_str()?.to_owned());
    }
    let folder = folder.filter(|folder| folder.len() <= MAX_SETTING)?;
    Some((folder, names))
}

/// Refuses files that have changed: what is in them now is not what was checked.
fn check_unchanged(files: &[(PathBuf, Stamp)]) -> ort::Result<()> {
    for (file, stamp) in files {
        let now = fs_err::metadata(file).map_err(|error| ort::Error::new(error.to_string()))?;
        if Stamp::of(&now) != *stamp {
            let file = file.display();
            let text = format!("{file}: changed since the model was opened; open it again");
            return Err(ort::Error::new(text));
        }
    }
    Ok(())
}

/// Makes the session of a graph with operators of cloze's own. ONNX Runtime adds their domain to a list of the process, with
/// an error for whoever comes second while the first is about it: the first session of a process is made alone.
fn commit_with_operators(
    builder: SessionBuilder,
    threads: usize,
    graph: &[u8],
) -> ort::Result<Session> {
    static KNOWN: Mutex<bool> = Mutex::new(false);

    let mut known = lock(&KNOWN);
    let mut builder = builder.with_operators(operators::domain(threads)?)?;
    if *known {
        drop(known);
        return builder.commit_from_memory(graph);
    }
    let session = builder.commit_from_memory(graph)?;
    *known = true;
    Ok(session)
}

/// A graph that sessions of ONNX Runtime are made of.
#[derive(Debug)]
pub(super) struct OnnxGraph {
    environment: Environment,
    plan: Plan,
    /// The only session of a graph with weights in files.
    only: Mutex<Option<SharedSession>>,
}

/// A session that others may run too, in turns.
type SharedSession = Arc<Mutex<Session>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl OnnxGraph {
    /// Takes a graph for the library at `library`.
    pub(super) fn new(
        environment: Environment,
        library: &Path,
        graph: GraphSource,
    ) -> ort::Result<Self> {
        let plan = match graph {
            GraphSource::File(model) => Plan::File(model),
            GraphSource::Built(graph) => Plan::built(graph, library, &[])?,
        };
        Ok(Self { environment, plan, only: Mutex::default() })
    }

    /// Takes two graphs, of which the second borrows weights of the first.
    pub(super) fn both(
        environment: &Environment,
        library: &Path,
        [first, second]: [Graph; 2],
    ) -> ort::Result<[Self; 2]> {
        let first = Plan::built(first, library, &[])?;
        let others = match &first {
            Plan::Built { weights, .. } => weights.as_slice(),
            Plan::File(_) => &[],
        };
        let second = Plan::built(second, library, others)?;
        Ok([first, second].map(|plan| {
            let environment = environment.clone();
            Self { environment, plan, only: Mutex::default() }
        }))
    }

    /// Makes a session. Its memory pattern is off: with lengths that vary, it keeps what the largest batch
    /// ever took. So does its arena (onnxruntime issue 11627: 200 MB become 6 GB, without a bound
    /// on the shapes run), but batches have one, and buffers of many sizes leave more behind in an
    /// allocator that knows nothing of a run: 400 mixed texts on two threads take 200 MiB at most
    /// without an arena, 181 MiB with one. If there are batches enough it has one thread, since two
    /// sessions of one thread do 1.6 to 2.3 times the work of one of two. Threads of a batch that
    /// is alone spin until its run ends, since a thread's work between two products is too short to
    /// sleep in; between runs they sleep.
    fn make(&self, threads: usize) -> ort::Result<Session> {
        let mut builder = Session::builder(&self.environment)?
            .with_log_level(ort::logging::LogLevel::Fatal)?
            .with_intra_threads(threads)?
            .with_inter_threads(1)?
            .with_intra_op_spinning(threads > 1)?
            .with_config_entry("session.force_spinning_stop", "1")?
            .with_inter_op_spinning(false)?
            .with_memory_pattern(false)?
            .with_execution_providers([ort::ep::CPU::default()
                .with_arena_allocator(true)
                .build()])?;
        match &self.plan {
            Plan::File(model) => {
                for file in &model.external {
                    let bytes: Arc<[u8]> = Arc::from(file.bytes.as_ref());
                    builder =
                        builder.with_external_initializer_file_in_memory(&file.location, bytes)?;
                }
                builder.commit_from_memory(&model.bytes)
            }
            Plan::Built { graph, own_operators, folder, weights, files, packed } => {
                check_unchanged(files)?;
                // The graph is written with fused operators: there is nothing to look for.
                builder = builder
                    .with_optimization_level(GraphOptimizationLevel::Disable)?
                    .with_prepacked_weights(packed)?;
                if let Some(folder) = folder {
                    builder = builder.with_config_entry(WEIGHTS_FOLDER, folder)?;
                }
                for (name, weight) in weights {
                    // Initializers of the user's are what sessions share, packed or not.
                    builder = builder.with_initializer(name, weight.clone())?;
                    if folder.is_none() {
                        builder = builder.with_external_initializer(name, weight.clone())?;
                    }
                }
                let session = if *own_operators {
                    commit_with_operators(builder, threads, graph)?
                } else {
                    builder.commit_from_memory(graph)?
                };
                check_unchanged(files)?;
                Ok(session)
            }
        }
    }
}

impl OnnxGraph {
    /// A session of its own for whoever asks; but of a graph with weights in files the same for all, since
    /// ONNX Runtime shares packed matrices only where the program has given it their originals.
    fn shared(&self, threads: usize) -> ort::Result<SharedSession> {
        let new = || Ok(Arc::new(Mutex::new(self.make(threads)?)));
        match &self.plan {
            Plan::Built { files, .. } if !files.is_empty() => {
                let mut only = lock(&self.only);
                let session = only.take().map_or_else(new, Ok)?;
                *only = Some(Arc::clone(&session));
                Ok(session)
            }
            _ => new(),
        }
    }
}

impl LoadedGraph for OnnxGraph {
    fn session(&self, threads: usize) -> Result<Box<dyn EngineSession>, Cause> {
        let session = self.shared(threads)?;
        Ok(Box::new(OnnxSession { session, bound: None, buffers: vec![] }))
    }
}

#[derive(Debug)]
struct OnnxSession {
    session: SharedSession,
    /// Buffers that stay from one run to the next.
    bound: Option<IoBinding>,
    /// The buffers themselves.
    buffers: Vec<Tensor<f32>>,
}

/// An input as ONNX Runtime takes it; floats are borrowed.
fn tensor(shape: Vec<usize>, data: Values<'_>) -> ort::Result<SessionInputValue<'_>> {
    Ok(match data {
        Values::I64(data) => Tensor::from_array((shape, data))?.into(),
        Values::I32(data) => Tensor::from_array((shape, data))?.into(),
        Values::Bool(data) => Tensor::from_array((shape, data))?.into(),
        Values::F32(data) => TensorRef::from_array_view((shape, data))?.into(),
    })
}

impl EngineSession for OnnxSession {
    fn run(
        &mut self,
        inputs: Vec<Input<'_>>,
        limits: &RunLimits,
        outputs: &mut dyn Iterator<Item = &str>,
        read: &mut dyn FnMut(&[Option<OutputTensor<'_>>]),
    ) -> Result<(), Cause> {
        let mut values: HashMap<&str, SessionInputValue<'_>> = HashMap::new();
        for Input { name, shape, data } in inputs {
            values.insert(name, tensor(shape, data)?);
        }
        let options = RunOptions::new()?;
        let mut session = lock(&self.session);
        let results = within(limits, &options, || session.run_with_options(values, &options))?;
        let mut tensors = vec![];
        for name in outputs {
            let Some(value) = results.get(name) else {
                tensors.push(None);
                continue;
            };
            let (shape, data) = value.try_extract_tensor::<f32>()?;
            tensors.push(Some(OutputTensor { shape, data }));
        }
        read(&tensors);
        Ok(())
    }

    fn bind(&mut self, buffers: &[Buffer]) -> Result<(), Cause> {
        // The old ones go first: both may not fit.
        self.bound = None;
        self.buffers.clear();
        let mut binding = lock(&self.session).create_binding()?;
        for Buffer { input, output, shape } in buffers {
            let mut zeros = Tensor::<f32>::new(&Allocator::default(), shape.clone())?;
            zeros.try_extract_tensor_mut::<f32>()?.1.fill(0.0);
            // The same memory goes in and comes out.
            binding.bind_input(input.as_str(), &zeros)?;
            binding.bind_output(output.as_str(), &mut zeros)?;
            self.buffers.push(zeros);
        }
        self.bound = Some(binding);
        Ok(())
    }

    fn buffers(&mut self) -> Result<Vec<&mut [f32]>, Cause> {
        let mut slices = vec![];
        for buffer in &mut self.buffers {
            slices.push(buffer.try_extract_tensor_mut::<f32>()?.1);
        }
        Ok(slices)
    }

    fn bind_inputs(&mut self, inputs: Vec<FixedInput>) -> Result<(), Cause> {
        let binding = self.bound.as_mut().ok_or("no buffers are bound")?;
        for FixedInput { name, shape, data } in inputs {
            binding.bind_input(name, &Tensor::from_array((shape, data))?)?;
        }
        Ok(())
    }

    fn gather_rows(&mut self, from: &[usize], len: usize) -> Result<(), Cause> {
        let mut scratch = vec![];
        for buffer in &mut self.buffers {
            let (shape, data) = buffer.try_extract_tensor_mut::<f32>()?;
            let shape: Vec<usize> =
                shape.iter().map(|&n| usize::try_from(n).unwrap_or(0)).collect();
            rows::gather(data, &shape, from, len, &mut scratch);
        }
        Ok(())
    }

    fn run_bound(
        &mut self,
        inputs: Vec<Input<'_>>,
        limits: &RunLimits,
        output: &str,
        read: &mut dyn FnMut(OutputTensor<'_>),
    ) -> Result<(), Cause> {
        let Self { session, bound, .. } = self;
        let binding = bound.as_mut().ok_or("no buffers are bound")?;
        for Input { name, shape, data } in inputs {
            binding.bind_input(name, &*tensor(shape, data)?)?;
        }
        let allocator = Allocator::default();
        binding.bind_output_to_device(output, allocator.memory_info())?;
        let options = RunOptions::new()?;
        let binding = &*binding;
        let mut session = lock(session);
        let results =
            within(limits, &options, || session.run_binding_with_options(binding, &options))?;
        let value = results.get(output).ok_or("it gave no results")?;
        let (shape, data) = value.try_extract_tensor::<f32>()?;
        read(OutputTensor { shape, data });
        Ok(())
    }
}
