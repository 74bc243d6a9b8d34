//! The pool of sessions, and how a batch goes through one.
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use cloze_checkpoint::Head;
use cloze_graph::check::{Dim, ElementType, GraphInfo, TensorInfo};
use cloze_graph::construct;

use crate::EncoderError;
use crate::decoder;
use crate::encoder::ValidEncoderParams;
use crate::engine::{EngineSession, Input, LoadedGraph, OutputTensor, RunLimits, Values};
use crate::output::Output;
use crate::threads::{SharedThreads, TakenThreads};

/// Inputs and outputs of a graph, by the names it gives them.
#[derive(Debug)]
pub(crate) struct Ports {
    ids: Port,
    mask: Option<Port>,
    types: Option<Port>,
    /// Input for the positions that a masked language model predicts.
    asked: Option<Port>,
    outputs: Vec<OutputPort>,
}

#[derive(Clone, Debug)]
struct Port {
    name: String,
    narrow: bool,
}

impl Port {
    /// Values for it, of the type that it has.
    fn input(&self, shape: Vec<usize>, data: Vec<i64>) -> Input<'_> {
        let data = if self.narrow {
            // Ids, masks and types are small by nature; what is beyond i32 is beyond any embedding,
            // which the graph then says.
            Values::I32(data.into_iter().map(|v| i32::try_from(v).unwrap_or(i32::MAX)).collect())
        } else {
            Values::I64(data)
        };
        Input { name: &self.name, shape, data }
    }
}

/// A result that is taken.
#[derive(Clone, Debug)]
pub(crate) struct OutputPort {
    pub(crate) name: String,
    /// Numbers per token or text, if the graph declares them.
    pub(crate) width: Option<usize>,
    /// Unit of a row.
    pub(crate) rows: Rows,
}

/// Unit of a result's rows.
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

fn describe(tensors: &[TensorInfo]) -> Vec<String> {
    tensors.iter().map(ToString::to_string).collect()
}

impl OutputPort {
    /// Port of the output that gives what is wanted, of a graph of so many `layers`. With `asked`, the
    /// graph has an input for the tokens that are asked for.
    fn find(
        outputs: &[TensorInfo],
        wanted: Output,
        layers: Option<usize>,
        asked: bool,
    ) -> Option<Self> {
        // What a graph gives of the first tokens alone, else what it gives of all.
        if let Output::First(layer) = wanted {
            let name = construct::first_name(layer);
            if let Some(tensor) = outputs.iter().find(|tensor| tensor.name == name) {
                return Some(Self::new(tensor, wanted));
            }
        }
        let names = wanted.names(layers);
        let in_rows = asked && wanted == Output::Head(Head::MaskedLm);
        let rank = if wanted.by_token() && !in_rows { 3 } else { 2 };
        let fitting = |t: &&TensorInfo| t.element == ElementType::Float32 && t.shape.len() == rank;
        let candidates = || outputs.iter().filter(fitting);
        let by_name = |name: &String| candidates().find(|t| t.name == *name);
        // A state that is not the last has no name but its own, and a hidden state is not taken for
        // the words of a language model.
        let any_name =
            wanted.by_token() && (names.len() > 1 || matches!(wanted, Output::Head(Head::Tokens)));
        // Logits are no hidden state, even where there is nothing else.
        let fits = |t: &&TensorInfo| matches!(wanted, Output::Head(_)) || t.name != "logits";
        let only =
            candidates().next().filter(|_| any_name && candidates().count() == 1).filter(fits);
        let tensor = names.iter().find_map(by_name).or(only)?;
        Some(Self::new(tensor, wanted))
    }

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
        if decoder::takes_cache(info) {
            return Err(EncoderError::GraphOfDecoder { path: path.to_owned() });
        }
        let input = |tensor: String| EncoderError::GraphInput {
            path: path.to_owned(),
            found: tensor,
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
        let mut outputs = Vec::with_capacity(wanted.len());
        for &wanted in wanted {
            let port = OutputPort::find(&info.outputs, wanted, layers, asked.is_some());
            outputs.push(port.ok_or_else(|| EncoderError::GraphOutput {
                path: path.to_owned(),
                wanted: wanted.names(layers).first().cloned().unwrap_or_default(),
                all: describe(&info.outputs),
            })?);
        }
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

/// Session that a batch goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Session of a worker, on one thread: batches of others go through the other workers'.
    Worker(usize),
    /// It is the only batch: one on all threads, or one of one thread that nobody uses.
    Alone,
}

/// Slot of a session, filled or not.
type Place = Mutex<Option<Box<dyn EngineSession>>>;
type HeldPlace<'p> = MutexGuard<'p, Option<Box<dyn EngineSession>>>;

fn wait(mutex: &Place) -> HeldPlace<'_> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn free(mutex: &Place) -> Option<HeldPlace<'_>> {
    match mutex.try_lock() {
        Ok(held) => Some(held),
        Err(TryLockError::Poisoned(held)) => Some(held.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// A place for a session that nobody else uses now, and the threads to use it with.
struct Taken<'p> {
    held: HeldPlace<'p>,
    threads: usize,
    /// Errors of the threads that are shared with other encoders.
    _shared: Option<TakenThreads<'p>>,
}

/// Sessions of one thread each, and one of as many threads for a batch that comes alone; made when
/// first needed: a single text pays for one.
#[derive(Debug)]
pub(crate) struct Pool {
    graph: Box<dyn LoadedGraph>,
    path: PathBuf,
    ports: Ports,
    workers: Vec<Place>,
    /// Of as many threads as there are workers; never made for one.
    wide: Place,
    /// Threads shared with other encoders. They are taken behind a place, never before it, so that who
    /// waits for a place waits for one that computes or will.
    shared: Option<SharedThreads>,
    /// Limits of each run; none for a graph that was built here.
    limits: RunLimits,
    /// Held while a session is made: ONNX Runtime copies weights for that time, and one such copy is
    /// enough.
    making: Mutex<()>,
}

impl Pool {
    /// A pool for a graph, of as many workers as `params` has threads; a run has these `limits`.
    pub(crate) fn new(
        graph: Box<dyn LoadedGraph>,
        path: PathBuf,
        ports: Ports,
        params: &ValidEncoderParams,
        limits: RunLimits,
    ) -> Self {
        let shared = params.shared_threads.clone();
        let workers = (0..params.threads).map(|_| Mutex::new(None)).collect();
        let (wide, making) = (Mutex::default(), Mutex::new(()));
        Self { graph, path, ports, workers, wide, shared, limits, making }
    }

    pub(crate) fn workers(&self) -> usize {
        self.workers.len()
    }

    pub(crate) fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Makes the session that a text by itself goes through, which is else made with the first.
    pub(crate) fn warm_up(&self) -> Result<(), EncoderError> {
        let Taken { mut held, threads, .. } = self.take(Slot::Alone);
        if held.is_none() {
            *held = Some(self.session(threads)?);
        }
        Ok(())
    }

    /// A place for a session that nobody uses now. Waits if there is none. A session that panicked half
    /// way is made anew.
    fn take(&self, slot: Slot) -> Taken<'_> {
        let threads = self.workers.len();
        match slot {
            Slot::Worker(worker) => self.narrow(wait(&self.workers[worker])),
            Slot::Alone if threads == 1 => self.narrow(wait(&self.workers[0])),
            Slot::Alone => {
                if let Some(wide) = free(&self.wide).and_then(|held| self.wide(held)) {
                    return wide;
                }
                // Others ask one by one, too.
                if let Some(held) = self.workers.iter().find_map(free) {
                    return self.narrow(held);
                }
                match self.shared {
                    None => Taken { held: wait(&self.wide), threads, _shared: None },
                    // All threads at once may never be free.
                    Some(_) => self.narrow(wait(&self.workers[0])),
                }
            }
        }
    }

    /// The place of a worker, with a thread.
    fn narrow<'p>(&'p self, held: HeldPlace<'p>) -> Taken<'p> {
        let shared = self.shared.as_ref().map(SharedThreads::take_one);
        Taken { held, threads: 1, _shared: shared }
    }

    /// The wide place, with all threads; `None` if others use some of them.
    fn wide<'p>(&'p self, held: HeldPlace<'p>) -> Option<Taken<'p>> {
        let threads = self.workers.len();
        let shared = match &self.shared {
            Some(shared) => Some(shared.try_take(threads)?),
            None => None,
        };
        Some(Taken { held, threads, _shared: shared })
    }

    /// Runs one batch, and gives its results, in the order of the ports, to `read` where they lie.
    /// Waits if the session is in use.
    pub(crate) fn run<T>(
        &self,
        slot: Slot,
        batch: Batch,
        read: impl FnOnce(&[BatchOutput<'_>]) -> T,
    ) -> Result<T, EncoderError> {
        let Taken { mut held, threads, _shared } = self.take(slot);
        let session = match &mut *held {
            Some(session) => session,
            empty => empty.insert(self.session(threads)?),
        };
        let shape = BatchShape { size: batch.size, seq: batch.seq, asked: batch.asked.len() };
        let inputs = self.inputs(batch);
        let mut names = self.ports.outputs.iter().map(|port| port.name.as_str());
        // Called once, with what the session has no way to return.
        let (mut read, mut result) = (Some(read), None);
        let ran = session.run(inputs, &self.limits, &mut names, &mut |tensors| {
            let outputs = self.ports.outputs.iter().zip(tensors);
            let outputs = outputs.map(|(port, tensor)| self.output(port, shape, *tensor));
            let outputs = outputs.collect::<Result<Vec<_>, _>>();
            result = read.take().map(|read| outputs.map(|outputs| read(&outputs)));
        });
        let (batch, seq) = (shape.size, shape.seq);
        let failed = |source| EncoderError::Run { path: self.path.clone(), batch, seq, source };
        ran.map_err(failed)?;
        result.unwrap_or_else(|| Err(failed("it gave no results".into())))
    }

    /// The inputs that the graph takes.
    fn inputs(&self, batch: Batch) -> Vec<Input<'_>> {
        let rows = || vec![batch.size, batch.seq];
        let asked = vec![batch.asked.len()];
        let ports = [
            (Some(&self.ports.ids), rows(), batch.ids),
            (self.ports.mask.as_ref(), rows(), batch.mask),
            (self.ports.types.as_ref(), rows(), batch.types),
            (self.ports.asked.as_ref(), asked, batch.asked),
        ];
        let taken = ports.into_iter().filter_map(|(port, shape, data)| Some((port?, shape, data)));
        taken.map(|(port, shape, data)| port.input(shape, data)).collect()
    }

    /// An output of a batch, of the shape that its port has.
    fn output<'r>(
        &self,
        port: &OutputPort,
        batch: BatchShape,
        tensor: Option<OutputTensor<'r>>,
    ) -> Result<BatchOutput<'r>, EncoderError> {
        let by_token = matches!(port.rows, Rows::Tokens | Rows::Picked | Rows::First);
        let expected = if port.rows == Rows::Asked { batch.asked } else { batch.size };
        let seq = if by_token { batch.seq } else { 1 };
        let wrong = |shape: &[i64]| self.shape_error(port, shape, expected, seq);
        let OutputTensor { shape, data } = tensor.ok_or_else(|| wrong(&[]))?;
        let (rows, width) = match *shape {
            [rows, cols, width] if by_token && usize::try_from(cols) == Ok(batch.seq) => {
                (rows, width)
            }
            [rows, width] if !by_token => (rows, width),
            _ => return Err(wrong(shape)),
        };
        let as_wide = port.width.is_none_or(|w| usize::try_from(width) == Ok(w));
        if usize::try_from(rows) != Ok(expected) || width <= 0 || !as_wide {
            return Err(wrong(shape));
        }
        Ok(BatchOutput { width: usize::try_from(width).unwrap_or(0), data })
    }

    /// Error of an output of another shape than `[batch, seq, width]`.
    fn shape_error(
        &self,
        port: &OutputPort,
        shape: &[i64],
        batch: usize,
        seq: usize,
    ) -> EncoderError {
        EncoderError::OutputShape {
            path: self.path.clone(),
            output: port.name.clone(),
            found: shape.to_vec(),
            batch,
            seq,
            width: port.width.unwrap_or(0),
        }
    }

    /// A new session.
    fn session(&self, threads: usize) -> Result<Box<dyn EngineSession>, EncoderError> {
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let session = self.graph.session(threads);
        session.map_err(|source| EncoderError::Session { path: self.path.clone(), source })
    }
}

/// The shape of a batch: sequences, tokens of each, and places asked for.
#[derive(Clone, Copy)]
struct BatchShape {
    size: usize,
    seq: usize,
    asked: usize,
}
