//! The pool of ONNX Runtime sessions, and how a batch goes through one.
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use cloze_checkpoint::Head;
use cloze_graph::check::{CheckedModel, Dim, ElementType, GraphInfo, TensorInfo};
use cloze_graph::construct::{self, Graph, Numbers, Weight};
use cloze_graph::onnx::ModelProto;
use ort::session::builder::{GraphOptimizationLevel, PrepackedWeights};
use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, Tensor};
use prost::Message as _;

use crate::output::Output;
use crate::{EncoderError, Runtime};

/// The setting that says in which folder the files are that a graph without one names.
const WEIGHTS_FOLDER: &str = "session.model_external_initializers_file_folder_path";
/// The longest value a setting may have (`onnxruntime_session_options_config_keys.h` says 2048).
const MAX_SETTING: usize = 2047;

/// Which of a graph's inputs and outputs is which, by the names it gives them.
#[derive(Debug)]
pub(crate) struct Ports {
    ids: Port,
    mask: Option<Port>,
    types: Option<Port>,
    /// Where a graph takes the places that a masked language model is asked at.
    asked: Option<Port>,
    outputs: Vec<OutputPort>,
}

#[derive(Clone, Debug)]
struct Port {
    name: String,
    narrow: bool,
}

/// A result that is taken.
#[derive(Clone, Debug)]
pub(crate) struct OutputPort {
    pub(crate) name: String,
    /// Its numbers for a token or text, where the graph says so.
    pub(crate) width: Option<usize>,
    /// What its rows are of.
    pub(crate) rows: Rows,
}

/// What the rows of a result are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Every token: `[batch, seq, width]`.
    Tokens,
    /// A text: `[batch, width]`.
    Texts,
    /// The tokens asked for: `[asked, width]`.
    Asked,
    /// Every token, of which those asked for are taken: `[batch, seq, width]`.
    Picked,
    /// Every token, of which the first of each text is taken: `[batch, seq, width]`.
    First,
}

impl OutputPort {
    fn new(tensor: &TensorInfo, wanted: Output) -> Self {
        let width = match tensor.shape.last() {
            Some(Dim::Fixed(n)) => usize::try_from(*n).ok(),
            _ => None,
        };
        let rows = match (tensor.shape.len(), wanted) {
            (3, Output::Head(Head::MaskedLm)) => Rows::Picked,
            (3, Output::First(_)) => Rows::First,
            (3, _) => Rows::Tokens,
            (_, Output::Head(Head::MaskedLm)) => Rows::Asked,
            (_, _) => Rows::Texts,
        };
        Self { name: tensor.name.clone(), width, rows }
    }
}

impl Ports {
    /// Reads them from the graph. `token_type_ids` may be missing, as in `DistilBERT`; anything that
    /// texts do not give is refused. A result goes by its name; the one that most graphs have but
    /// call by many names, a row for every token, is also taken where it is the only such output.
    pub(crate) fn resolve(
        info: &GraphInfo,
        path: &Path,
        wanted: &[Output],
        layers: Option<usize>,
    ) -> Result<Self, EncoderError> {
        let describe = |tensors: &[TensorInfo]| tensors.iter().map(ToString::to_string).collect();
        let input = |found: String| EncoderError::GraphInput {
            path: path.to_owned(),
            found,
            all: describe(&info.inputs),
        };
        let (mut ids, mut mask, mut types, mut asked) = (None, None, None, None);
        for tensor in &info.inputs {
            let slot = match tensor.name.as_str() {
                "input_ids" => &mut ids,
                "attention_mask" | "input_mask" => &mut mask,
                "token_type_ids" | "segment_ids" | "input_type_ids" | "input_type" => &mut types,
                construct::ASKED => &mut asked,
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
        let output = |wanted: &Output| {
            // What a graph gives of the first tokens alone, else what it gives of all.
            if let Output::First(layer) = wanted {
                let name = construct::first_name(*layer);
                if let Some(tensor) = info.outputs.iter().find(|tensor| tensor.name == name) {
                    return Ok(OutputPort::new(tensor, *wanted));
                }
            }
            let names = wanted.names(layers);
            let in_rows = asked.is_some() && *wanted == Output::Head(Head::MaskedLm);
            let rank = if wanted.by_token() && !in_rows { 3 } else { 2 };
            let fitting =
                |t: &&TensorInfo| t.element == ElementType::Float32 && t.shape.len() == rank;
            let all = || info.outputs.iter().filter(fitting);
            let by_name = |name: &String| all().find(|t| t.name == *name);
            // A state that is not the last has no name but its own, and a hidden state is not taken for
            // the words of a language model.
            let any_name = wanted.by_token()
                && (names.len() > 1 || matches!(wanted, Output::Head(Head::Tokens)));
            // Logits are no hidden state, even where there is nothing else.
            let fits = |t: &&TensorInfo| matches!(wanted, Output::Head(_)) || t.name != "logits";
            let only = all().next().filter(|_| any_name && all().count() == 1).filter(fits);
            let found = names.iter().find_map(by_name).or(only);
            found.map(|tensor| OutputPort::new(tensor, *wanted)).ok_or_else(|| {
                EncoderError::GraphOutput {
                    path: path.to_owned(),
                    wanted: names.first().cloned().unwrap_or_default(),
                    all: describe(&info.outputs),
                }
            })
        };
        let outputs = wanted.iter().map(output).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { ids, mask, types, asked, outputs })
    }

    pub(crate) fn outputs(&self) -> &[OutputPort] {
        &self.outputs
    }
}

/// A batch, padded: `[batch, seq]` each, but for the last.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) size: usize,
    pub(crate) seq: usize,
    pub(crate) ids: Vec<i64>,
    pub(crate) mask: Vec<i64>,
    pub(crate) types: Vec<i64>,
    /// `[asked]`: places in `[batch · seq]`.
    pub(crate) asked: Vec<i64>,
}

/// One result of a batch, of the shape that its [`Rows`] have.
pub(crate) struct BatchOutput<'a> {
    pub(crate) width: usize,
    pub(crate) data: &'a [f32],
}

/// What sessions are made of.
#[derive(Debug)]
pub(crate) enum Plan {
    /// A file, as it was judged.
    File(CheckedModel),
    /// A graph built here, and its weights, which all sessions share.
    Built {
        /// The graph as a file, but without weights.
        graph: Vec<u8>,
        /// The folder in which the graph says that they lie; `None` if it says nothing of use.
        folder: Option<String>,
        weights: Vec<(String, Arc<DynValue>)>,
        /// The matrices as ONNX Runtime's kernels want them: packed by the first session.
        packed: PrepackedWeights,
    },
}

impl Plan {
    /// Of a graph that was built: its weights go to ONNX Runtime as they are, and are not copied.
    pub(crate) fn built(graph: Graph, runtime: &Runtime) -> ort::Result<Self> {
        let Graph { mut model, weights, .. } = graph;
        let folder = say_where(&mut model, runtime.path());
        let value = |weight: Weight| {
            let tensor = match weight.data {
                Numbers::F32(data) => Tensor::from_array((weight.dims, data))?.into_dyn(),
                Numbers::I8(data) => Tensor::from_array((weight.dims, data))?.into_dyn(),
                Numbers::F16(data) => Tensor::from_array((weight.dims, data))?.into_dyn(),
            };
            Ok((weight.name, Arc::new(tensor)))
        };
        let weights = weights.into_iter().map(value).collect::<ort::Result<_>>()?;
        let packed = PrepackedWeights::new();
        Ok(Self::Built { graph: model.encode_to_vec(), folder, weights, packed })
    }
}

/// Has the graph say that its weights lie in `file`; the file's folder. ONNX Runtime sees to it that a
/// file that weights are said to lie in is there, though it opens none for weights it is given as
/// initializers of the user's: its own library is there for certain. Weights that it is given as
/// external data instead, for which no file need be, it copies, all of them at once. `None` where the
/// path cannot be said.
fn say_where(model: &mut ModelProto, file: &Path) -> Option<String> {
    // On Windows absolute paths begin with `\\?\`, which is not known to pass.
    let (folder, name) = (file.parent()?.to_str()?, file.file_name()?.to_str()?);
    if cfg!(windows) || folder.len() > MAX_SETTING {
        return None;
    }
    let tensors = model.graph.iter_mut().flat_map(|graph| &mut graph.initializer);
    for entry in tensors.flat_map(|tensor| &mut tensor.external_data) {
        if entry.key == "location" {
            name.clone_into(&mut entry.value);
        }
    }
    Some(folder.to_owned())
}

/// Which session a batch goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// That of a worker, on one thread: batches of others go through the other workers'.
    Worker(usize),
    /// It is the only batch: one on all threads, or one of one thread that nobody uses.
    Alone,
}

/// Where a session is, or will be.
type Place<'p> = MutexGuard<'p, Option<Session>>;

fn wait(at: &Mutex<Option<Session>>) -> Place<'_> {
    at.lock().unwrap_or_else(PoisonError::into_inner)
}

fn free(at: &Mutex<Option<Session>>) -> Option<Place<'_>> {
    match at.try_lock() {
        Ok(place) => Some(place),
        Err(TryLockError::Poisoned(place)) => Some(place.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Sessions of one thread each, and one of as many threads for a batch that comes alone; made when
/// first needed: a single text pays for one.
#[derive(Debug)]
pub(crate) struct Pool {
    runtime: Runtime,
    plan: Plan,
    path: PathBuf,
    ports: Ports,
    workers: Vec<Mutex<Option<Session>>>,
    /// Of as many threads as there are workers; never made for one.
    wide: Mutex<Option<Session>>,
    /// Held while a session is made: ONNX Runtime copies weights for that time, and one such copy is
    /// enough.
    making: Mutex<()>,
}

impl Pool {
    pub(crate) fn new(
        runtime: Runtime,
        plan: Plan,
        path: PathBuf,
        ports: Ports,
        workers: usize,
    ) -> Self {
        let workers = (0..workers).map(|_| Mutex::new(None)).collect();
        Self { runtime, plan, path, ports, workers, wide: Mutex::default(), making: Mutex::new(()) }
    }

    pub(crate) fn workers(&self) -> usize {
        self.workers.len()
    }

    pub(crate) fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Makes the session that a text by itself goes through, which is else made with the first.
    pub(crate) fn warm_up(&self) -> Result<(), EncoderError> {
        let (mut slot, threads) = self.slot(Slot::Alone);
        if slot.is_none() {
            *slot = Some(self.session(threads)?);
        }
        Ok(())
    }

    /// A place for a session that nobody uses now, and how many threads it has. Waits if there is none.
    /// A session that panicked half way is made anew.
    fn slot(&self, slot: Slot) -> (Place<'_>, usize) {
        let threads = self.workers.len();
        match slot {
            Slot::Worker(worker) => (wait(&self.workers[worker]), 1),
            Slot::Alone if threads == 1 => (wait(&self.workers[0]), 1),
            Slot::Alone => {
                if let Some(wide) = free(&self.wide) {
                    return (wide, threads);
                }
                // Others ask one by one, too.
                let narrow = self.workers.iter().find_map(free);
                narrow.map_or_else(|| (wait(&self.wide), threads), |slot| (slot, 1))
            }
        }
    }

    /// Runs one batch, and gives its results, in the order of the ports, to `read` where they lie.
    /// Waits if the session is in use.
    pub(crate) fn run<T>(
        &self,
        slot: Slot,
        batch: Batch,
        read: impl FnOnce(&[BatchOutput<'_>]) -> T,
    ) -> Result<T, EncoderError> {
        let (mut slot, threads) = self.slot(slot);
        let session = match &mut *slot {
            Some(session) => session,
            empty => empty.insert(self.session(threads)?),
        };
        let (b, s, asked) = (batch.size, batch.seq, batch.asked.len());
        let failed =
            |source| EncoderError::Run { path: self.path.clone(), batch: b, seq: s, source };
        let mut inputs: HashMap<&str, SessionInputValue<'_>> = HashMap::new();
        let ports = [
            (Some(&self.ports.ids), batch.ids, vec![b, s]),
            (self.ports.mask.as_ref(), batch.mask, vec![b, s]),
            (self.ports.types.as_ref(), batch.types, vec![b, s]),
            (self.ports.asked.as_ref(), batch.asked, vec![asked]),
        ];
        for (port, data, shape) in ports {
            let Some(port) = port else { continue };
            let value = if port.narrow {
                // Ids, masks and types are small by nature; what is beyond i32 is beyond any
                // embedding, which the graph then says.
                let narrow: Vec<i32> =
                    data.into_iter().map(|v| i32::try_from(v).unwrap_or(i32::MAX)).collect();
                Tensor::from_array((shape, narrow)).map(SessionInputValue::from)
            } else {
                Tensor::from_array((shape, data)).map(SessionInputValue::from)
            };
            inputs.insert(&port.name, value.map_err(failed)?);
        }
        let outputs = session.run(inputs).map_err(failed)?;
        let mut found = vec![];
        for port in &self.ports.outputs {
            let by_token = matches!(port.rows, Rows::Tokens | Rows::Picked | Rows::First);
            let expected = if port.rows == Rows::Asked { asked } else { b };
            let wrong = |found: Vec<i64>| EncoderError::OutputShape {
                path: self.path.clone(),
                output: port.name.clone(),
                found,
                batch: expected,
                seq: if by_token { s } else { 1 },
                width: port.width.unwrap_or(0),
            };
            let value = outputs.get(&port.name).ok_or_else(|| wrong(vec![]))?;
            let (shape, data) = value.try_extract_tensor::<f32>().map_err(failed)?;
            let (rows, width) = match *shape.as_ref() {
                [rows, cols, width] if by_token && usize::try_from(cols) == Ok(s) => (rows, width),
                [rows, width] if !by_token => (rows, width),
                ref other => return Err(wrong(other.to_vec())),
            };
            let as_wide = port.width.is_none_or(|w| usize::try_from(width) == Ok(w));
            if usize::try_from(rows) != Ok(expected) || width <= 0 || !as_wide {
                return Err(wrong(shape.to_vec()));
            }
            found.push(BatchOutput { width: usize::try_from(width).unwrap_or(0), data });
        }
        Ok(read(&found))
    }

    /// A new session. Its memory pattern is off: with lengths that vary, it keeps what the largest batch
    /// ever took. So does its arena (onnxruntime issue 11627: 200 MB become 6 GB, without a bound on what
    /// is run), but batches have one, and buffers of many sizes leave more behind in an allocator that
    /// knows nothing of a run: of 400 mixed texts on two threads 200 MiB at the most without an arena
    /// where 181 are with one. Where there are batches enough it has one thread, since two sessions of one
    /// thread do 1.6 to 2.3 times what one of two does. Threads of a batch that is alone spin until its run ends, since
    /// what one thread does between two products is too short to sleep in; between runs they sleep.
    fn session(&self, threads: usize) -> Result<Session, EncoderError> {
        let refused = |source| EncoderError::Session { path: self.path.clone(), source };
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || -> ort::Result<Session> {
            let mut builder = Session::builder(&self.runtime.environment)?
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
                        builder = builder
                            .with_external_initializer_file_in_memory(&file.location, bytes)?;
                    }
                    builder.commit_from_memory(&model.bytes)
                }
                Plan::Built { graph, folder, weights, packed } => {
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
                    builder.commit_from_memory(graph)
                }
            }
        };
        make().map_err(refused)
    }
}
