//! Graphs of encoder–decoders: the encoder's, which runs once for each prompt and gives the keys and values of
//! the decoder's attention to it, and the decoder's, which serves the beginning of a text and every token.
//!
//! The decoder keeps the keys and values of its own tokens as other decoders do
//! ([`build_decoder`](super::Graph::build_decoder)); those of a prompt go in, `[prompts, heads, source,
//! head_size]` for each layer, and never come out. Several texts may share a prompt: they stand one behind
//! the other, and attend to it as further rows of one text.
//!
//! Source: ONNX Runtime 1.32, docs/ContribOperators.md, `MultiHeadAttention` and `GroupQueryAttention`;
//! transformers 5.24, `models/{t5,bart,marian}/modeling_*.py`.
mod attention;
mod position;

use cloze_checkpoint::decoder::layout::{DecoderNorm, Linear};
use cloze_checkpoint::encoder_decoder::layout::{StackLayer, StackLayout};
use cloze_checkpoint::encoder_decoder::{
    EncoderDecoderCheckpoint, EncoderDecoderConfig, StackConfig,
};

use super::decoder::{CachePorts, DecoderBuildParams, POSITIONS, PRESENT_LENGTHS, TOTAL_LENGTH};
use super::linear::Feed;
use super::model::of_nodes;
use super::nodes::{Nodes, Size, value};
use super::{ASKED, Graph, Head, head_name, hidden_name};
use crate::GraphError;
use crate::check::ElementType;

/// Name of the input that says which of a prompt's places have tokens, `[prompts, source]`, 1 or 0.
pub const SOURCE_MASK: &str = "encoder_attention_mask";

/// Names of the keys and values of a layer's attention to a prompt: outputs of the encoder, inputs of the
/// decoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrossPorts {
    /// The keys.
    pub key: String,
    /// The values.
    pub value: String,
}

impl CrossPorts {
    /// Names for the decoder's layer `i`; layers count from 0.
    #[must_use]
    pub fn of_layer(i: usize) -> Self {
        Self { key: format!("cross.{i}.key"), value: format!("cross.{i}.value") }
    }
}

impl Graph {
    /// Builds the graphs of an encoder–decoder, to be loaded together: the encoder's has the weights that both
    /// take.
    ///
    /// Inputs of the encoder: `input_ids` and [`POSITIONS`], `[batch, seq]`, of texts of one length. Outputs:
    /// `last_hidden_state`, `[batch, seq, hidden]`, and [`CrossPorts`] of each of the decoder's layers,
    /// `[batch, heads, seq, head_size]`.
    ///
    /// Inputs of the decoder: `input_ids` and [`POSITIONS`], `[batch, seq]`, [`PRESENT_LENGTHS`],
    /// [`TOTAL_LENGTH`], [`ASKED`], [`SOURCE_MASK`], [`CrossPorts`] and the cache ([`CachePorts`]); `batch` is
    /// a multiple of the number of prompts. Outputs: `logits` `[asked, vocabulary]`, and the cache.
    ///
    /// # Errors
    /// Errors of [`WeightReader::read_into`](cloze_checkpoint::weights::WeightReader::read_into) for weights
    /// that cannot be read.
    pub fn build_encoder_decoder(
        checkpoint: &EncoderDecoderCheckpoint,
        params: &DecoderBuildParams,
    ) -> Result<[Self; 2], GraphError> {
        let encoder = encoder(checkpoint, params)?;
        let decoder = decoder(checkpoint, params, &encoder)?;
        Ok([encoder, decoder])
    }
}

fn encoder(
    checkpoint: &EncoderDecoderCheckpoint,
    params: &DecoderBuildParams,
) -> Result<Graph, GraphError> {
    let (config, layout) = (checkpoint.config(), checkpoint.layout());
    let nodes = Nodes::new(checkpoint.weights().reader(), params.seven_bits);
    let mut build = StackBuild { config, shape: config.encoder, nodes, bias: None };
    let mut state = build.embeddings(&layout.encoder, config.vocabulary)?;
    build.encoder_bias(&layout.encoder)?;
    for (i, layer) in layout.encoder.layers.iter().enumerate() {
        let stem = format!("layer.{i}.attention");
        let input = build.before(&layer.attention.norm, &state, &stem)?;
        let attended = build.full_attention(&layer.attention, &input, &stem)?;
        let middle = build.behind(&layer.attention.norm, &attended, &state, &stem)?;
        state = build.feed(layer, &middle, i)?;
    }
    let last = hidden_name(1, 1);
    match &layout.encoder.last_norm {
        Some(norm) => build.norm(norm, &state, &last)?,
        None => build.nodes.plain("Identity", &[&state], &last),
    };
    let [batch, seq] = [Size::Named("batch"), Size::Named("sequence")];
    let float32 = ElementType::Float32;
    let mut outputs = vec![value(&last, float32, &[batch, seq, Size::Known(config.hidden)])];
    let [heads, width] = [config.decoder.heads, config.decoder.head_size].map(Size::Known);
    for (i, layer) in layout.decoder.layers.iter().enumerate() {
        let Some(cross) = &layer.cross else { continue };
        let ports = CrossPorts::of_layer(i);
        for (projection, port) in [(&cross.key, &ports.key), (&cross.value, &ports.value)] {
            build.split_heads(projection, &last, config.decoder.heads, port)?;
            outputs.push(value(port, float32, &[batch, heads, seq, width]));
        }
    }
    let inputs = ["input_ids", POSITIONS]
        .map(|name| value(name, ElementType::Int64, &[batch, seq]))
        .into_iter()
        .filter(|input| input.name != POSITIONS || build.takes_positions());
    let inputs = inputs.collect();
    Ok(of_nodes(build.nodes, "encoder", inputs, outputs))
}

fn decoder(
    checkpoint: &EncoderDecoderCheckpoint,
    params: &DecoderBuildParams,
    encoder: &Graph,
) -> Result<Graph, GraphError> {
    let (config, layout) = (checkpoint.config(), checkpoint.layout());
    let mut nodes = Nodes::new(checkpoint.weights().reader(), params.seven_bits);
    nodes.elsewhere = encoder.weights.iter().map(|weight| weight.name.clone()).collect();
    let mut build = StackBuild { config, shape: config.decoder, nodes, bias: None };
    let mut state = build.embeddings(&layout.decoder, config.decoder_vocabulary)?;
    build.decoder_bias(&layout.decoder)?;
    let shape = build.shape_by_prompt();
    for (i, layer) in layout.decoder.layers.iter().enumerate() {
        let stem = format!("layer.{i}.attention");
        let input = build.before(&layer.attention.norm, &state, &stem)?;
        let attended = build.cached_attention(&layer.attention, &input, &stem, i)?;
        state = build.behind(&layer.attention.norm, &attended, &state, &stem)?;
        if let Some(cross) = &layer.cross {
            let stem = format!("layer.{i}.cross");
            let input = build.before(&cross.norm, &state, &stem)?;
            let attended = build.cross_attention(cross, &input, &shape, &stem, i)?;
            state = build.behind(&cross.norm, &attended, &state, &stem)?;
        }
        state = build.feed(layer, &state, i)?;
    }
    // The rows asked for alone go through the last norm and the head.
    let width = i64::try_from(config.hidden).unwrap_or(i64::MAX);
    let shape = build.nodes.constant("rows", &[2], ElementType::Int64, &[-1, width]);
    let rows = build.nodes.plain("Reshape", &[&state, &shape], "top.all");
    let mut top = build.nodes.plain("Gather", &[&rows, ASKED], "top.asked");
    if let Some(norm) = &layout.decoder.last_norm {
        top = build.norm(norm, &top, "top")?;
    }
    if config.scaled_head {
        #[expect(clippy::cast_precision_loss, reason = "hidden sizes are small")]
        let factor = (config.hidden as f32).sqrt().recip();
        top = build.scaled(&top, factor, "top.scaled");
    }
    let logits = head_name(Head::MaskedLm);
    let dims = [config.decoder_vocabulary, config.hidden];
    match &layout.logits_bias {
        None => build.nodes.matmul(&top, &layout.head, dims, logits)?,
        Some(bias) => {
            let product = build.nodes.matmul(&top, &layout.head, dims, "top.product")?;
            let bias = build.nodes.tensor(bias, &[1, config.decoder_vocabulary])?;
            build.nodes.plain("Add", &[&product, &bias], logits)
        }
    };
    let (inputs, outputs) = decoder_ports(config, build.takes_positions());
    Ok(of_nodes(build.nodes, "decoder", inputs, outputs))
}

/// Inputs and outputs of a decoder's graph.
fn decoder_ports(
    config: &EncoderDecoderConfig,
    takes_positions: bool,
) -> (Vec<crate::onnx::ValueInfoProto>, Vec<crate::onnx::ValueInfoProto>) {
    let [batch, seq] = [Size::Named("batch"), Size::Named("sequence")];
    let (int64, int32) = (ElementType::Int64, ElementType::Int32);
    let float32 = ElementType::Float32;
    let [prompts, source] = [Size::Named("prompts"), Size::Named("source")];
    let mut input = vec![value("input_ids", int64, &[batch, seq])];
    if takes_positions {
        input.push(value(POSITIONS, int64, &[batch, seq]));
    }
    input.push(value(PRESENT_LENGTHS, int32, &[batch]));
    input.push(value(TOTAL_LENGTH, int32, &[]));
    input.push(value(ASKED, int64, &[Size::Named(ASKED)]));
    input.push(value(SOURCE_MASK, int32, &[prompts, source]));
    let [heads, width] = [config.decoder.heads, config.decoder.head_size].map(Size::Known);
    let cache = [batch, heads, Size::Named("length"), width];
    let logits = [Size::Named(ASKED), Size::Known(config.decoder_vocabulary)];
    let mut output = vec![value(head_name(Head::MaskedLm), float32, &logits)];
    for i in 0..config.decoder.layers {
        let CachePorts { key, value: values } = CachePorts::of_layer(i);
        for [past, present] in [&key, &values] {
            input.push(value(past, float32, &cache));
            output.push(value(present, float32, &cache));
        }
        let CrossPorts { key, value: values } = CrossPorts::of_layer(i);
        for port in [&key, &values] {
            input.push(value(port, float32, &[prompts, heads, source, width]));
        }
    }
    (input, output)
}

/// One half.
struct StackBuild<'a> {
    config: &'a EncoderDecoderConfig,
    shape: StackConfig,
    nodes: Nodes<'a>,
    /// Attention bias by relative position, `[batch, heads, queries, keys]`.
    bias: Option<String>,
}

impl StackBuild<'_> {
    fn norm(&mut self, norm: &DecoderNorm, x: &str, output: &str) -> Result<String, GraphError> {
        self.nodes.decoder_norm(norm, self.config.norm_epsilon, x, output)
    }

    /// Input of an attention or a feed-forward network: where norms come first, normed.
    fn before(&mut self, norm: &DecoderNorm, x: &str, stem: &str) -> Result<String, GraphError> {
        if self.config.family.norms_first {
            return self.norm(norm, x, &format!("{stem}.norm"));
        }
        Ok(x.to_owned())
    }

    /// The residual behind one: its result and what was there before, normed where norms come behind.
    fn behind(
        &mut self,
        norm: &DecoderNorm,
        result: &str,
        x: &str,
        stem: &str,
    ) -> Result<String, GraphError> {
        let sum = self.nodes.plain("Add", &[result, x], &format!("{stem}.sum"));
        if self.config.family.norms_first {
            return Ok(sum);
        }
        self.norm(norm, &sum, &format!("{stem}.norm"))
    }

    fn feed(&mut self, layer: &StackLayer, x: &str, i: usize) -> Result<String, GraphError> {
        let stem = format!("layer.{i}.feed");
        let input = self.before(&layer.feed_norm, x, &stem)?;
        let network = Feed {
            gate: layer.gate.as_ref(),
            up: &layer.up,
            down: &layer.down,
            activation: self.config.activation,
        };
        let fed = self.nodes.feed(network, &input, &stem)?;
        self.behind(&layer.feed_norm, &fed, x, &stem)
    }

    fn scaled(&mut self, x: &str, factor: f32, output: &str) -> String {
        let factor = self.nodes.weight(&format!("{output}.factor"), &[1], vec![factor]);
        self.nodes.plain("Mul", &[x, &factor], output)
    }

    /// A projection with its heads apart, `[batch, heads, seq, head_size]`.
    fn split_heads(
        &mut self,
        linear: &Linear,
        x: &str,
        heads: usize,
        output: &str,
    ) -> Result<String, GraphError> {
        let joined = self.nodes.linear(linear, x, &format!("{output}.joined"))?;
        let heads = i64::try_from(heads).unwrap_or(i64::MAX);
        let shape = [0, 0, heads, -1];
        let shape = self.nodes.constant("heads.apart", &[4], ElementType::Int64, &shape);
        let apart = self.nodes.plain("Reshape", &[&joined, &shape], &format!("{output}.apart"));
        Ok(self.transposed(&apart, &[0, 2, 1, 3], output))
    }

    fn transposed(&mut self, x: &str, axes: &[i64], output: &str) -> String {
        let axes = vec![super::nodes::ints("perm", axes)];
        self.nodes.node("", "Transpose", &[x], output, axes)
    }

    /// Whether the graph takes positions.
    fn takes_positions(&self) -> bool {
        self.nodes.list.iter().any(|node| node.input.iter().any(|input| input == POSITIONS))
    }

    /// Embeddings of the tokens, `[batch, seq, hidden]`.
    fn embeddings(
        &mut self,
        layout: &StackLayout,
        vocabulary: usize,
    ) -> Result<String, GraphError> {
        let config = self.config;
        let words = self.nodes.tensor(&layout.words, &[vocabulary, config.hidden])?;
        let mut state = self.nodes.plain("Gather", &[&words, "input_ids"], "embedded");
        if config.scaled_embeddings {
            #[expect(clippy::cast_precision_loss, reason = "hidden sizes are small")]
            let factor = (config.hidden as f32).sqrt();
            state = self.scaled(&state, factor, "embedded.scaled");
        }
        if let Some(table) = self.position_table(layout)? {
            let places = self.nodes.plain("Gather", &[&table, POSITIONS], "placed");
            state = self.nodes.plain("Add", &[&state, &places], "embedded.placed");
        }
        if let Some(norm) = &layout.embedding_norm {
            state = self.norm(norm, &state, "embedded.normed")?;
        }
        Ok(state)
    }
}
