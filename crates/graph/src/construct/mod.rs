//! From a checkpoint to an ONNX graph, with ONNX Runtime's fused operators for BERT.
//!
//! A layer is eleven nodes: `Attention`, a matrix, its bias, the residual, a norm, a matrix,
//! `BiasGelu` (`FastGelu` for the tanh form), a matrix, its bias, the residual, a norm. The
//! embeddings are one, `EmbedLayerNormalization`. Activations that have no fused operator are
//! written with plain ones. A bias of attention by relative position is gathered once for all layers,
//! and added by the attention's operator. If only some rows of the last layer are wanted, the others go no
//! further than its attention. Decoders have `GroupQueryAttention`, which writes new keys and values into
//! the cache it is given. Encoder–decoders are two graphs, of which the first gives the keys and values of the
//! second's attention to it.
//!
//! Sources: ONNX Runtime 1.32, docs/ContribOperators.md, for the operators; transformers 5,
//! `models/{bert,roberta,distilbert,electra,mpnet,albert}/modeling_*.py`, for what is computed.
mod activation;
mod decoder;
mod encoder_decoder;
mod export;
mod head;
mod int8;
mod layer;
mod linear;
mod model;
mod nodes;
pub mod own;
mod relative;
mod table;
mod transpose;

use cloze_core::Casing;

use crate::GraphError;
use crate::check::{ElementType, GraphInfo};
use crate::onnx::ModelProto;
use cloze_checkpoint::weights::Weights;
use cloze_checkpoint::{Checkpoint, Config, Head, StaticTable};
use layer::Rows;
use model::of_nodes;
use nodes::{MICROSOFT, Nodes, Size, float, value};
use transpose::transposed;

pub use decoder::{CachePorts, DecoderBuildParams, POSITIONS, PRESENT_LENGTHS, TOTAL_LENGTH};
pub use encoder_decoder::{CrossPorts, SOURCE_MASK};
pub use nodes::{Numbers, StoredWeight, Weight};

/// Results of a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
#[expect(
    clippy::struct_excessive_bools,
    reason = "settings that have nothing to do with each other"
)]
pub struct BuildParams {
    words: bool,
    hidden: Vec<usize>,
    first: Vec<usize>,
    heads: Vec<Head>,
    inside: bool,
    every_token: bool,
    seven_bits: bool,
    own_operators: bool,
}

impl BuildParams {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the rows of the word table themselves, `[batch, seq, embedding]`: what a token is
    /// whatever stands around it, without position, type or norm.
    pub fn words(mut self) -> Self {
        self.words = true;
        self
    }

    /// Adds a hidden state: 0 is what the embeddings give, `i` what layer `i` gives. Layers that no
    /// result needs are not built.
    pub fn hidden(mut self, layer: usize) -> Self {
        if !self.hidden.contains(&layer) {
            self.hidden.push(layer);
        }
        self
    }

    /// Adds the first token's row of a hidden state, `[batch, hidden]`. Where nothing else is wanted
    /// of that layer, it is the only one that is worked out.
    pub fn first(mut self, layer: usize) -> Self {
        if !self.first.contains(&layer) {
            self.first.push(layer);
        }
        self
    }

    /// Adds a head's result.
    pub fn head(mut self, head: Head) -> Self {
        if !self.heads.contains(&head) {
            self.heads.push(head);
        }
        self
    }

    /// Adds what every layer's matrices take: for each layer the hidden state below it, and what
    /// [`inside_name`] names.
    pub fn inside(mut self) -> Self {
        self.inside = true;
        self
    }

    /// The logits of [`Head::MaskedLm`] at every token, `[batch, seq, vocabulary]`, as tools elsewhere
    /// expect them. Else they are at the tokens asked for alone, `[asked, vocabulary]`, and the graph has
    /// an input for these, [`ASKED`]: of 30,522 words all of them are 62 MB for 512
    /// tokens, and as much work as six layers of 384, where a mask needs one row.
    pub fn every_token(mut self) -> Self {
        self.every_token = true;
        self
    }

    /// Results of a whole model, as others export it: the last hidden state and every head, that of a
    /// masked language model at every token.
    pub fn all_results(checkpoint: &Checkpoint) -> Self {
        let last = Self::new().hidden(checkpoint.config().layers).every_token();
        checkpoint.heads().into_iter().fold(last, Self::head)
    }

    /// Reduces weights of 8 bits to 7, for processors that would add two of their products in 16
    /// bits, where such sums may overflow: [`adds_in_16_bits`] tells whether this one does.
    /// Default: not.
    pub fn seven_bits(mut self, seven: bool) -> Self {
        self.seven_bits = seven;
        self
    }

    /// Uses [operators of cloze's own](own) between products of 8-bit numbers, which whoever runs the graph must have.
    /// Default: not.
    pub fn own_operators(mut self, own: bool) -> Self {
        self.own_operators = own;
        self
    }

    /// Whether anything is wanted besides the word table's rows.
    fn wants_layers(&self) -> bool {
        self.inside || self.hidden.len() + self.first.len() + self.heads.len() > 0
    }

    /// The last layer that a result needs, of `layers`.
    fn last(&self, layers: usize) -> usize {
        if !self.heads.is_empty() || self.inside {
            return layers;
        }
        self.hidden.iter().chain(&self.first).copied().max().unwrap_or(0)
    }

    /// Rows of layer `last` to compute.
    fn rows(&self, last: usize) -> Rows {
        let asked = self.heads == [Head::MaskedLm] && !self.every_token;
        let reads_first = |head| matches!(head, Head::Pooler | Head::Sequence | Head::NextSentence);
        if last == 0 || self.inside || self.hidden.contains(&last) {
            Rows::All
        } else if asked && !self.first.contains(&last) {
            Rows::Asked
        } else if self.heads.iter().copied().all(reads_first) {
            Rows::First
        } else {
            Rows::All
        }
    }
}

/// Whether products of 8-bit numbers are added in 16 bits here: on x86-64 without VNNI.
#[must_use]
pub fn adds_in_16_bits() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        !(is_x86_feature_detected!("avx512vnni") || is_x86_feature_detected!("avxvnni"))
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// The name of hidden state `layer` of `layers` among a graph's outputs; the last has the name that
/// other exporters give it.
#[must_use]
pub fn hidden_name(layer: usize, layers: usize) -> String {
    if layer == layers { "last_hidden_state".into() } else { format!("hidden_states.{layer}") }
}

/// The name of the first token's row of hidden state `layer` among a graph's outputs.
#[must_use]
pub fn first_name(layer: usize) -> String {
    format!("first_token.{layer}")
}

/// Input of a matrix inside a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// The matrix behind the attention, `[batch, seq, hidden]`.
    Context,
    /// The feed-forward part, `[batch, seq, hidden]`.
    Attended,
    /// Input of the feed-forward down-projection, `[batch, seq, intermediate]`.
    Active,
}

impl Inside {
    /// All of them, in the order they are worked out.
    pub const ALL: [Self; 3] = [Self::Context, Self::Attended, Self::Active];
}

/// The name of what a matrix inside layer `layer` takes among a graph's outputs; layers count from 1.
#[must_use]
pub fn inside_name(layer: usize, inside: Inside) -> String {
    let part = match inside {
        Inside::Context => "context",
        Inside::Attended => "attended",
        Inside::Active => "active",
    };
    format!("layer.{layer}.{part}")
}

/// The name of the word table's rows among a graph's outputs.
pub const WORDS: &str = "input_embeddings";

/// The name of the input that says at which tokens a masked language model is asked for its words:
/// `[asked]`, places in `[batch · seq]`.
pub const ASKED: &str = "asked";

/// The name of a head's result among a graph's outputs.
#[must_use]
pub fn head_name(head: Head) -> &'static str {
    match head {
        Head::Pooler => "pooler_output",
        Head::Tokens | Head::Sequence | Head::MaskedLm => "logits",
        Head::NextSentence => "seq_relationship_logits",
    }
}

/// A built graph: what is computed, and the numbers it is computed with.
#[derive(Clone, Debug)]
pub struct Graph {
    /// Nodes, inputs and outputs. The weights are named in it, with their shapes, but lie in
    /// [`weights`](Self::weights), so that each session can be given the same ones, or in
    /// [`stored`](Self::stored).
    pub model: ModelProto,
    /// The weights: `f32`, but `i8` for matrices and `f16` for a word table that the checkpoint has so.
    pub weights: Vec<Weight>,
    /// Matrices that stay in their files, if that was [asked for](DecoderBuildParams::in_files).
    pub stored: Vec<StoredWeight>,
    /// Names of weights that it takes and does not have: those of the graph that is loaded with it.
    pub borrowed: Vec<String>,
    /// Whether `token_type_ids` count casings too: a token's is its type times [`Casing::COUNT`],
    /// plus its casing's [class](Casing::class).
    pub casing: bool,
}

impl Graph {
    /// Builds the graph of a checkpoint.
    ///
    /// # Errors
    /// [`GraphError::Request`] for a layer or head that the checkpoint does not have, for nothing at
    /// all, or for two heads whose results would have one name; those of
    /// [`WeightReader::read_into`](cloze_checkpoint::weights::WeightReader::read_into) for weights
    /// that cannot be read.
    pub fn build(checkpoint: &Checkpoint, params: &BuildParams) -> Result<Self, GraphError> {
        let config = checkpoint.config();
        check_request(checkpoint, params)?;
        let last = params.last(config.layers);
        let wanted = params.rows(last);
        let layout = checkpoint.layout();
        let mut nodes = Nodes::new(checkpoint.weights().reader(), params.seven_bits);
        // What is inside a layer is to be seen, which its nodes then give as it is.
        nodes.own_operators = params.own_operators && !params.inside;
        let halves = table::stays_halves(checkpoint, params);
        let mut build = Build { config, words: &layout.words, halves, relative: None, nodes };
        let rows = |name: &str, width| {
            let [batch, seq] = [Size::Named("batch"), Size::Named("sequence")];
            value(name, ElementType::Float32, &[batch, seq, Size::Known(width)])
        };
        let ids = build.nodes.cast("input_ids", ElementType::Int32, "ids");
        let mut outputs = vec![];
        if params.words {
            build.words(&ids)?;
            outputs.push(rows(WORDS, config.embedding));
        }
        let mut states = vec![];
        if params.wants_layers() {
            let mask = build.nodes.cast("attention_mask", ElementType::Int32, "mask");
            states.push(build.embeddings(checkpoint, &ids)?);
            if let (Some(relative), true) = (&layout.relative, last > 0) {
                build.relative = build.relative_bias(relative, &ids)?;
            }
            for (i, layer) in layout.layers.iter().enumerate().take(last) {
                let rows = if i + 1 == last { wanted } else { Rows::All };
                let state = build.layer(layer, &states[i], &mask, rows, i + 1)?;
                states.push(state);
            }
        }
        for &i in &params.hidden {
            outputs.push(rows(&states[i], config.hidden));
        }
        for i in (1..=last).filter(|_| params.inside) {
            if !params.hidden.contains(&(i - 1)) {
                outputs.push(rows(&states[i - 1], config.hidden));
            }
            let width = |inside| match inside {
                Inside::Active => config.intermediate,
                Inside::Context | Inside::Attended => config.hidden,
            };
            outputs.extend(Inside::ALL.map(|part| rows(&inside_name(i, part), width(part))));
        }
        let [batch, seq] = [Size::Named("batch"), Size::Named("sequence")];
        for &i in &params.first {
            let first = build.first(&states[i], i);
            let dims = [batch, Size::Known(config.hidden)];
            outputs.push(value(&first, ElementType::Float32, &dims));
        }
        let state = states.last().cloned().unwrap_or_default();
        for &head in &params.heads {
            let top = match head {
                Head::Tokens => state.clone(),
                Head::MaskedLm if params.every_token || wanted == Rows::Asked => state.clone(),
                Head::MaskedLm => build.asked(&state, "top"),
                Head::Pooler | Head::Sequence | Head::NextSentence => build.first(&state, last),
            };
            let width = build.head(checkpoint, head, &top)?;
            let dims = match head {
                Head::MaskedLm if !params.every_token => {
                    vec![Size::Named(ASKED), Size::Known(width)]
                }
                Head::Tokens | Head::MaskedLm => vec![batch, seq, Size::Known(width)],
                _ => vec![batch, Size::Known(width)],
            };
            outputs.push(value(head_name(head), ElementType::Float32, &dims));
        }
        Ok(finish(build.nodes, outputs, checkpoint.casing().is_some()))
    }

    /// Builds the graph of a table of vectors, one per token; its one result is [`WORDS`].
    #[must_use]
    pub fn of_table(table: StaticTable) -> Self {
        let StaticTable { rows, width, values } = table;
        let none = Weights::default();
        let mut nodes = Nodes::new(none.reader(), false);
        let ids = nodes.cast("input_ids", ElementType::Int32, "ids");
        let table = nodes.numbers("table", &[rows, width], Numbers::F32(values));
        nodes.plain("Gather", &[&table, &ids], WORDS);
        let dims = [Size::Named("batch"), Size::Named("sequence"), Size::Known(width)];
        finish(nodes, vec![value(WORDS, ElementType::Float32, &dims)], false)
    }

    /// Contents of the graph, as for a file's graph.
    #[must_use]
    pub fn info(&self) -> GraphInfo {
        let given: usize = self.weights.iter().map(|w| w.data.bytes()).sum();
        let stored: usize = self.stored.iter().map(|w| w.stretch.bytes).sum();
        GraphInfo::of_built(&self.model, (given + stored) as u64)
    }
}

fn check_request(checkpoint: &Checkpoint, params: &BuildParams) -> Result<(), GraphError> {
    let wrong =
        |what: String| Err(GraphError::Request { path: checkpoint.folder().to_path_buf(), what });
    let layers = checkpoint.config().layers;
    let mut asked = params.hidden.iter().chain(&params.first);
    if let Some(layer) = asked.find(|&&layer| layer > layers) {
        return wrong(format!("no hidden state {layer}; it has 0 to {layers}"));
    }
    let there = checkpoint.heads();
    if let Some(head) = params.heads.iter().find(|head| !there.contains(head)) {
        let has: Vec<_> = there.iter().map(|h| h.name()).collect();
        let has = if has.is_empty() { "none".into() } else { has.join(", ") };
        return wrong(format!("no head for {}; it has {has}", head.name()));
    }
    let named = params.heads.iter().filter(|head| head_name(**head) == "logits").count();
    if named > 1 {
        return wrong("two heads whose result is called \"logits\"".into());
    }
    if !params.words && !params.wants_layers() {
        return wrong("no hidden state and no head asked for".into());
    }
    Ok(())
}

struct Build<'a> {
    config: &'a Config,
    /// The word table's name, and whether the graph has it in `f16`.
    words: &'a str,
    halves: bool,
    /// Attention bias by relative position, `[1, heads, seq, seq]`.
    relative: Option<String>,
    nodes: Nodes<'a>,
}

impl Build<'_> {
    /// Hidden state 0.
    fn embeddings(&mut self, checkpoint: &Checkpoint, ids: &str) -> Result<String, GraphError> {
        let (config, layout) = (self.config, checkpoint.layout());
        let width = config.embedding;
        let (words, rows) = self.table(ids)?;
        let mut positions = self.nodes.read_all(&[&layout.positions])?;
        let (mut types, mut table) = (String::new(), String::new());
        if let Some(name) = &layout.types {
            if let Some(casing) = checkpoint.casing() {
                types = self.nodes.cast("token_type_ids", ElementType::Int32, "types");
                let both = casing.with_types(&self.nodes.read_all(&[name])?, width);
                let dims = [config.types * Casing::COUNT, width];
                table = self.nodes.weight(name, &dims, both);
            } else if config.types == 1 {
                // The one row is added to every token: as well to every position, once.
                let row = self.nodes.read_all(&[name])?;
                for position in positions.chunks_exact_mut(width) {
                    position.iter_mut().zip(&row).for_each(|(p, t)| *p += t);
                }
            } else {
                types = self.nodes.cast("token_type_ids", ElementType::Int32, "types");
                table = self.nodes.tensor(name, &[config.types, width])?;
            }
        }
        let positions = self.nodes.weight(&layout.positions, &[config.positions, width], positions);
        let [weight, bias] = self.nodes.norm(&layout.embedding_norm)?;
        let position_ids =
            if config.family.offset_positions { self.positions(ids) } else { String::new() };
        let output = match &layout.project {
            Some(_) => "embeddings.narrow".to_owned(),
            None => hidden_name(0, config.layers),
        };
        let mut inputs = vec![
            &*rows,
            &*types,
            &*words,
            &*positions,
            &*table,
            &*weight,
            &*bias,
            "",
            &*position_ids,
        ];
        while inputs.last().is_some_and(|name| name.is_empty()) {
            inputs.pop();
        }
        let epsilon = vec![float("epsilon", config.norm_epsilon)];
        let normed =
            self.nodes.node(MICROSOFT, "EmbedLayerNormalization", &inputs, &output, epsilon);
        // Its second result is not optional; it counts a mask that is not given to it.
        if let Some(node) = self.nodes.list.last_mut() {
            node.output.push("embeddings.mask".into());
        }
        match &layout.project {
            Some(project) => self.nodes.dense(&normed, project, &hidden_name(0, config.layers)),
            None => Ok(normed),
        }
    }

    /// Positions that count from behind the padding token, and skip padding tokens wherever they
    /// are: transformers, `create_position_ids_from_input_ids`.
    fn positions(&mut self, ids: &str) -> String {
        let int32 = ElementType::Int32;
        let nodes = &mut self.nodes;
        let pad = nodes.constant("padding", &[], int32, &[self.config.pad_id]);
        let axis = nodes.constant("sequence.axis", &[], int32, &[1]);
        let padding = nodes.plain("Equal", &[ids, &pad], "is.padding");
        let real = nodes.plain("Not", &[&padding], "is.token");
        let real = nodes.cast(&real, int32, "counted");
        let count = nodes.plain("CumSum", &[&real, &axis], "count");
        let count = nodes.plain("Mul", &[&count, &real], "count.of.tokens");
        nodes.plain("Add", &[&count, &pad], "positions")
    }
}

/// The graph of an encoder of these nodes.
fn finish(nodes: Nodes<'_>, output: Vec<crate::onnx::ValueInfoProto>, casing: bool) -> Graph {
    let input = |name: &str| {
        let dims = [Size::Named("batch"), Size::Named("sequence")];
        value(name, ElementType::Int64, &dims)
    };
    let used = |name: &str| nodes.list.iter().any(|n| n.input.iter().any(|i| i == name));
    let inputs = ["input_ids", "attention_mask", "token_type_ids"];
    let mut input: Vec<_> = inputs.into_iter().filter(|name| used(name)).map(input).collect();
    if used(ASKED) {
        input.push(value(ASKED, ElementType::Int64, &[Size::Named(ASKED)]));
    }
    Graph { casing, ..of_nodes(nodes, "encoder", input, output) }
}
