//! The seam at which a runtime of graphs stands. [`onnxruntime`](crate::onnxruntime) is the one there is,
//! and nothing else names it.
use std::fmt::Debug;
use std::path::Path;
use std::time::Duration;

use cloze_core::Cancel;
use cloze_graph::check::CheckedModel;
use cloze_graph::construct::Graph;

/// A runtime's message of a failure.
pub(crate) type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A graph to be loaded.
#[derive(Debug)]
pub(crate) enum GraphSource {
    /// A file, as it was checked.
    File(CheckedModel),
    /// Built of weights, which go to the runtime as they are.
    Built(Graph),
}

/// Limits of a run; none by default.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunLimits {
    /// Longest time.
    pub(crate) time: Option<Duration>,
    /// Token that ends it.
    pub(crate) cancel: Option<Cancel>,
}

/// A runtime of graphs.
pub(crate) trait Engine: Debug + Send + Sync {
    /// Takes a graph, and what its sessions share. Nothing is compiled yet.
    fn load(&self, graph: GraphSource) -> Result<Box<dyn LoadedGraph>, Cause>;

    /// Takes two graphs, of which the second borrows weights of the first.
    fn load_both(&self, graphs: [Graph; 2]) -> Result<[Box<dyn LoadedGraph>; 2], Cause>;

    /// Whether a graph may leave weights in these files.
    fn reads_files(&self, files: &[&Path]) -> bool;

    /// Whether it runs [cloze's own operators](cloze_graph::construct::own).
    fn has_own_operators(&self) -> bool;

    /// The library's own text on how it was built, its version included.
    fn build_info(&self) -> &'static str;
}

/// A graph that sessions are made of; they share its weights.
pub(crate) trait LoadedGraph: Debug + Send + Sync {
    /// A session that computes on so many threads, the caller's among them. Sessions of a graph with weights in
    /// files run in turns, on as many threads as the first.
    fn session(&self, threads: usize) -> Result<Box<dyn EngineSession>, Cause>;
}

/// A graph ready to run.
pub(crate) trait EngineSession: Debug + Send {
    /// Runs the graph on `inputs`, within `limits`, and gives `read` the outputs of these names, in their order, where they
    /// lie; `None` for a name that the graph does not have.
    fn run(
        &mut self,
        inputs: Vec<Input<'_>>,
        limits: &RunLimits,
        outputs: &mut dyn Iterator<Item = &str>,
        read: &mut dyn FnMut(&[Option<OutputTensor<'_>>]),
    ) -> Result<(), Cause>;

    /// Makes buffers of zeros, which [`run_bound`](Self::run_bound) reads and writes in place, for the
    /// runs to come; those before are dropped.
    fn bind(&mut self, buffers: &[Buffer]) -> Result<(), Cause>;

    /// The buffers bound, in their order.
    fn buffers(&mut self) -> Result<Vec<&mut [f32]>, Cause>;
    /// Gives the runs to come inputs that stay, beside the buffers bound before.
    fn bind_inputs(&mut self, inputs: Vec<FixedInput>) -> Result<(), Cause>;

    /// Gives row `i` of each buffer, `[rows, heads, length, width]`, the first `len` places of what row
    /// `from[i]` holds.
    fn gather_rows(&mut self, from: &[usize], len: usize) -> Result<(), Cause>;

    /// As [`run`](Self::run) with the buffers bound, for the output `output` alone.
    fn run_bound(
        &mut self,
        inputs: Vec<Input<'_>>,
        limits: &RunLimits,
        output: &str,
        read: &mut dyn FnMut(OutputTensor<'_>),
    ) -> Result<(), Cause>;
}

/// A buffer of `f32` that a graph reads as one of its inputs and writes as one of its outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Buffer {
    pub(crate) input: String,
    pub(crate) output: String,
    pub(crate) shape: Vec<usize>,
}

/// An input of `f32` that stays from one run to the next.
#[derive(Debug)]
pub(crate) struct FixedInput {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Vec<f32>,
}

/// An input of a graph.
#[derive(Debug)]
pub(crate) struct Input<'a> {
    pub(crate) name: &'a str,
    pub(crate) shape: Vec<usize>,
    pub(crate) data: Values<'a>,
}

/// The values of an input, of the type that the graph declares.
#[derive(Debug)]
pub(crate) enum Values<'a> {
    I64(Vec<i64>),
    I32(Vec<i32>),
    Bool(Vec<bool>),
    F32(&'a [f32]),
}

/// An output of a graph, borrowed from the runtime.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutputTensor<'a> {
    pub(crate) shape: &'a [i64],
    pub(crate) data: &'a [f32],
}
