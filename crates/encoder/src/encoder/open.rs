//! Opening a model folder.
use std::panic::resume_unwind;

use cloze_checkpoint::{Checkpoint, Head, ModelFolder, StaticTable};
use cloze_graph::check::{GraphInfo, open_model};
use cloze_graph::construct::{self, BuildParams, Graph};

use super::check::{check_width, room};
use super::counts::Counters;
use super::{Encoder, EncoderParams};
use crate::engine::{GraphSource, LoadedGraph, RunLimits};
use crate::output::Output;
use crate::session::{Pool, Ports};
use crate::tokenize::Tokenizer;
use crate::{EncoderError, Runtime};

impl Encoder {
    /// Opens a model for token logits: [`open_for`](Self::open_for) with [`Head::Tokens`] alone.
    ///
    /// # Errors
    /// As [`open_for`](Self::open_for).
    pub fn open(
        runtime: &Runtime,
        model: &ModelFolder,
        params: EncoderParams,
    ) -> Result<Self, EncoderError> {
        Self::open_for(runtime, model, &[Output::Head(Head::Tokens)], params)
    }

    /// Opens a model for these results. Where the folder has weights, their graph is built for just
    /// these; a graph that comes as a file is checked, and its ports and width are compared with the
    /// folder's labels, before ONNX Runtime sees it.
    ///
    /// # Errors
    /// [`EncoderError::Graph`] for a graph that is refused, and for weights that none can be built
    /// of; [`EncoderError::Tokenizer`]; [`EncoderError::GraphInput`],
    /// [`EncoderError::GraphOutput`], [`EncoderError::LabelWidth`] for a graph that does not fit;
    /// [`EncoderError::Setting`] for settings that do not fit the model; [`EncoderError::Session`]
    /// if ONNX Runtime has no memory for the weights.
    pub fn open_for(
        runtime: &Runtime,
        model: &ModelFolder,
        outputs: &[Output],
        params: EncoderParams,
    ) -> Result<Self, EncoderError> {
        let path = model.graph_path();
        // Of the time to the first result, reading the tokenizer's file takes a sixth.
        let (tokenizer, prepared) = std::thread::scope(|scope| {
            let open = || Tokenizer::open(model);
            // `scope.spawn` would panic where this is an error.
            let tokenizer = std::thread::Builder::new().spawn_scoped(scope, open);
            let prepared = prepare(runtime, model, outputs);
            let tokenizer = match tokenizer {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
                Err(_) => open(),
            };
            (tokenizer, prepared)
        });
        let tokenizer = tokenizer?;
        let room = room(model, &tokenizer)?;
        let params = params.check(room)?;
        if params.truncate && tokenizer.cuts_left() {
            let what = "truncation_side is left, which cuts the beginning of a long text; expected right \
                        for texts that are truncated";
            let path = model.file("tokenizer_config.json").to_path_buf();
            return Err(EncoderError::Tokenizer { path, what: what.into() });
        }
        let Prepared { graph, info, cased_types } = prepared?;
        let ports = Ports::resolve(&info, &path, outputs, model.layers())?;
        check_width(&ports, outputs, model.labels().len(), &path)?;
        let most = if info.dynamic_quantization { 1 } else { usize::MAX };
        let limits = if model.has_weights() {
            RunLimits::default()
        } else {
            RunLimits { time: params.run_limit, cancel: params.cancel.clone() }
        };
        let pool = Pool::new(graph, path.to_path_buf(), ports, &params, limits);
        Ok(Self {
            tokenizer,
            pool,
            params,
            pad_id: model.pad_id(),
            most,
            cased_types,
            counters: Counters::default(),
        })
    }
}

/// A model folder's graph, loaded, and its inputs and outputs.
struct Prepared {
    graph: Box<dyn LoadedGraph>,
    info: GraphInfo,
    /// As in [`Encoder`].
    cased_types: Option<i64>,
}

/// Builds a graph of a folder's weights, or reads the one it has.
fn prepare(
    runtime: &Runtime,
    model: &ModelFolder,
    outputs: &[Output],
) -> Result<Prepared, EncoderError> {
    let refused = |source| EncoderError::Session { path: model.graph_path().to_path_buf(), source };
    if !model.has_weights() {
        let checked = open_model(model)?;
        let info = checked.info.clone();
        let graph = runtime.engine().load(GraphSource::File(checked)).map_err(refused)?;
        return Ok(Prepared { graph, info, cased_types: None });
    }
    if model.is_static() {
        let graph = Graph::of_table(StaticTable::read(&model.graph_path())?);
        let info = graph.info();
        let graph = runtime.engine().load(GraphSource::Built(graph)).map_err(refused)?;
        return Ok(Prepared { graph, info, cased_types: None });
    }
    let checkpoint = Checkpoint::of(model.sources())?;
    let types = || i64::try_from(checkpoint.config().types).unwrap_or(i64::MAX);
    let cased_types = checkpoint.casing().map(|_| types());
    let own = runtime.engine().has_own_operators();
    let request = BuildParams::new().seven_bits(construct::adds_in_16_bits()).own_operators(own);
    let request = outputs.iter().fold(request, |request, output| match output {
        Output::Words => request.words(),
        Output::Hidden(layer) => request.hidden(*layer),
        Output::First(layer) => request.first(*layer),
        Output::Inside(..) => request.inside(),
        Output::Head(head) => request.head(*head),
    });
    let graph = Graph::build(&checkpoint, &request)?;
    let info = graph.info();
    let graph = runtime.engine().load(GraphSource::Built(graph)).map_err(refused)?;
    Ok(Prepared { graph, info, cased_types })
}
