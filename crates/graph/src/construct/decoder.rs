//! Graphs of decoders: one serves a prompt, a part of one and a single token.
//!
//! Keys and values of the tokens so far lie in buffers of fixed length, `[batch, key_value_heads, length,
//! head_size]` for each layer, that go in and come out; a runtime that is given one buffer for both has
//! nothing copied. A text's new tokens stand at the left of its row, padded on the right.
//!
//! Source: ONNX Runtime 1.32, docs/ContribOperators.md, `GroupQueryAttention`; transformers 5,
//! `models/{gpt2,llama,mistral,qwen2,qwen3}/modeling_*.py`.
use cloze_checkpoint::decoder::layout::{DecoderLayer, DecoderNorm, Projections};
use cloze_checkpoint::decoder::{DecoderCheckpoint, DecoderConfig};

use super::linear::Feed;
use super::nodes::{MICROSOFT, Nodes, Size, int, value};
use super::{ASKED, Graph, Head, head_name, of_nodes};
use crate::GraphError;
use crate::check::ElementType;

/// Name of the input of positions, `[batch, seq]`, of decoders that have embeddings for them.
pub const POSITIONS: &str = "position_ids";
/// Name of the input that says for each text how many tokens it has, cache and new ones together, less one:
/// `[batch]`.
pub const PRESENT_LENGTHS: &str = "seqlens_k";
/// Name of the input that says how many tokens the longest text has, cache and new ones together.
pub const TOTAL_LENGTH: &str = "total_sequence_length";

/// Most numbers in the tables of rotary angles: the context of a configuration is no size of its weights.
const MAX_ANGLES: usize = 1 << 25;

/// Names of a layer's cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachePorts {
    /// Input and output of the keys.
    pub key: [String; 2],
    /// Input and output of the values.
    pub value: [String; 2],
}

impl CachePorts {
    /// The names that other exporters give layer `i`; layers count from 0.
    #[must_use]
    pub fn of_layer(i: usize) -> Self {
        let both =
            |part: &str| [format!("past_key_values.{i}.{part}"), format!("present.{i}.{part}")];
        Self { key: both("key"), value: both("value") }
    }
}

/// Settings of a decoder's graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct DecoderBuildParams {
    positions: Option<usize>,
    pub(super) seven_bits: bool,
    in_files: bool,
}

impl DecoderBuildParams {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Longest text in tokens, of rotary positions, whose angles are worked out beforehand. Default: the
    /// model's longest.
    pub fn positions(mut self, positions: Option<usize>) -> Self {
        self.positions = positions;
        self
    }

    /// As [`BuildParams::seven_bits`](super::BuildParams::seven_bits).
    pub fn seven_bits(mut self, seven: bool) -> Self {
        self.seven_bits = seven;
        self
    }

    /// Leaves matrices of `f32` in their files, for the runtime to read: it makes copies in an order of its
    /// own, so that no other copy is ever in memory. Default: every weight is read.
    pub fn in_files(mut self, in_files: bool) -> Self {
        self.in_files = in_files;
        self
    }
}

impl Graph {
    /// Builds the graph of a decoder. Inputs: `input_ids` `[batch, seq]`, [`POSITIONS`] where the family has
    /// embeddings for them, [`PRESENT_LENGTHS`], [`TOTAL_LENGTH`], [`ASKED`], and the cache
    /// ([`CachePorts`]). Outputs: `logits` `[asked, vocabulary]`, and the cache.
    ///
    /// # Errors
    /// [`GraphError::Setting`] for so many positions that their angles take more than 128 MiB; errors of
    /// [`WeightReader::read_into`](cloze_checkpoint::weights::WeightReader::read_into) for weights that cannot
    /// be read.
    pub fn build_decoder(
        checkpoint: &DecoderCheckpoint,
        params: &DecoderBuildParams,
    ) -> Result<Self, GraphError> {
        let (config, layout) = (checkpoint.config(), checkpoint.layout());
        let mut nodes = Nodes::new(checkpoint.weights().reader(), params.seven_bits);
        nodes.in_files = params.in_files;
        let mut build = DecoderBuild { config, nodes, angles: None };
        let words = build.nodes.tensor(&layout.words, &[config.vocabulary, config.hidden])?;
        let embedded = build.nodes.plain("Gather", &[&words, "input_ids"], "embedded");
        let mut state = match &layout.positions {
            Some(positions) => {
                let shape = [config.positions, config.hidden];
                let table = build.nodes.tensor(positions, &shape)?;
                let places = build.nodes.plain("Gather", &[&table, POSITIONS], "placed");
                build.nodes.plain("Add", &[&embedded, &places], "hidden.0")
            }
            None => embedded,
        };
        build.angles(params.positions)?;
        for (i, layer) in layout.layers.iter().enumerate() {
            state = build.layer(layer, &state, i)?;
        }
        // The rows asked for alone go through the last norm and the head.
        let width = i64::try_from(config.hidden).unwrap_or(i64::MAX);
        let shape = build.nodes.constant("rows", &[2], ElementType::Int64, &[-1, width]);
        let rows = build.nodes.plain("Reshape", &[&state, &shape], "top.all");
        let rows = build.nodes.plain("Gather", &[&rows, ASKED], "top.asked");
        let top = build.norm(&layout.last_norm, &rows, "top")?;
        let dims = [config.vocabulary, config.hidden];
        build.nodes.matmul(&top, &layout.head, dims, head_name(Head::MaskedLm))?;
        let (input, output) = ports(config);
        Ok(of_nodes(build.nodes, "decoder", input, output))
    }
}

/// Inputs and outputs of a decoder's graph.
fn ports(
    config: &DecoderConfig,
) -> (Vec<crate::onnx::ValueInfoProto>, Vec<crate::onnx::ValueInfoProto>) {
    let [batch, seq] = [Size::Named("batch"), Size::Named("sequence")];
    let (int64, int32) = (ElementType::Int64, ElementType::Int32);
    let mut input = vec![value("input_ids", int64, &[batch, seq])];
    if config.family.learned_positions {
        input.push(value(POSITIONS, int64, &[batch, seq]));
    }
    input.push(value(PRESENT_LENGTHS, int32, &[batch]));
    input.push(value(TOTAL_LENGTH, int32, &[]));
    input.push(value(ASKED, int64, &[Size::Named(ASKED)]));
    let [heads, width] = [config.key_value_heads, config.head_size].map(Size::Known);
    let cache = [batch, heads, Size::Named("length"), width];
    let logits = [Size::Named(ASKED), Size::Known(config.vocabulary)];
    let mut output = vec![value(head_name(Head::MaskedLm), ElementType::Float32, &logits)];
    for i in 0..config.layers {
        let CachePorts { key, value: values } = CachePorts::of_layer(i);
        for [past, present] in [&key, &values] {
            input.push(value(past, ElementType::Float32, &cache));
            output.push(value(present, ElementType::Float32, &cache));
        }
    }
    (input, output)
}

struct DecoderBuild<'a> {
    config: &'a DecoderConfig,
    nodes: Nodes<'a>,
    /// Cosines and sines of rotary positions, `[positions, head_size / 2]`.
    angles: Option<[String; 2]>,
}

impl DecoderBuild<'_> {
    fn angles(&mut self, positions: Option<usize>) -> Result<(), GraphError> {
        let Some(rotary) = &self.config.rotary else { return Ok(()) };
        let most = self.config.positions;
        let positions = positions.map_or(most, |positions| positions.min(most)).max(1);
        let numbers = positions.saturating_mul(self.config.head_size);
        if numbers > MAX_ANGLES {
            return Err(GraphError::Setting {
                name: "positions times head_dim",
                expected: "at most 2^25, so many are their rotary angles",
                found: numbers as u64,
            });
        }
        let (cosines, sines) = rotary.table(positions, self.config.head_size);
        let dims = [positions, self.config.head_size / 2];
        let cosines = self.nodes.weight("rotary.cosines", &dims, cosines);
        self.angles = Some([cosines, self.nodes.weight("rotary.sines", &dims, sines)]);
        Ok(())
    }

    /// Output of layer `i`; layers count from 0.
    fn layer(&mut self, layer: &DecoderLayer, x: &str, i: usize) -> Result<String, GraphError> {
        let name = |part: &str| format!("layer.{i}.{part}");
        let normed = self.norm(&layer.attention_norm, x, &name("attention.norm"))?;
        let context = self.attention(layer, &normed, i)?;
        let attended = self.nodes.linear(&layer.attention, &context, &name("attention"))?;
        let middle = self.nodes.plain("Add", &[&attended, x], &name("middle"));
        let normed = self.norm(&layer.feed_norm, &middle, &name("feed.norm"))?;
        let feed = Feed {
            gate: layer.gate.as_ref(),
            up: &layer.up,
            down: &layer.down,
            activation: self.config.activation,
        };
        let output = self.nodes.feed(feed, &normed, &format!("layer.{i}"))?;
        Ok(self.nodes.plain("Add", &[&output, &middle], &name("output")))
    }

    /// Attention of the new tokens to themselves and the cache, `[batch, seq, heads · head_size]`.
    fn attention(&mut self, layer: &DecoderLayer, x: &str, i: usize) -> Result<String, GraphError> {
        let name = |part: &str| format!("layer.{i}.{part}");
        let config = self.config;
        let [query, key, values] = match &layer.projections {
            Projections::Joint(joint) => {
                [self.nodes.linear(joint, x, &name("joint"))?, String::new(), String::new()]
            }
            Projections::Apart { query, key, value } => {
                let mut query = self.nodes.linear(query, x, &name("query"))?;
                let mut key = self.nodes.linear(key, x, &name("key"))?;
                if let Some([query_norm, key_norm]) = &layer.head_norms {
                    query = self.head_norm(query_norm, &query, &name("query"))?;
                    key = self.head_norm(key_norm, &key, &name("key"))?;
                }
                [query, key, self.nodes.linear(value, x, &name("value"))?]
            }
        };
        let narrow = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let mut settings = vec![
            int("num_heads", narrow(config.heads)),
            int("kv_num_heads", narrow(config.key_value_heads)),
        ];
        if let Some(window) = config.window {
            settings.push(int("local_window_size", narrow(window)));
        }
        let ports = CachePorts::of_layer(i);
        let [past_key, present_key] = &ports.key;
        let [past_value, present_value] = &ports.value;
        let mut inputs = vec![
            &*query,
            &*key,
            &*values,
            &**past_key,
            &**past_value,
            PRESENT_LENGTHS,
            TOTAL_LENGTH,
        ];
        if let Some([cosines, sines]) = &self.angles {
            settings.push(int("do_rotary", 1));
            inputs.extend([&**cosines, &**sines]);
        }
        let output = name("context");
        self.nodes.node(MICROSOFT, "GroupQueryAttention", &inputs, &output, settings);
        if let Some(node) = self.nodes.list.last_mut() {
            node.output.extend([present_key.clone(), present_value.clone()]);
        }
        Ok(output)
    }

    /// Norm of each head of `x`, `[batch, seq, heads · head_size]`.
    fn head_norm(
        &mut self,
        norm: &DecoderNorm,
        x: &str,
        output: &str,
    ) -> Result<String, GraphError> {
        let width = i64::try_from(norm.width).unwrap_or(i64::MAX);
        let shape = [0, 0, -1, width];
        let shape = self.nodes.constant("heads.apart", &[4], ElementType::Int64, &shape);
        let apart = self.nodes.plain("Reshape", &[x, &shape], &format!("{output}.heads"));
        let normed = self.norm(norm, &apart, &format!("{output}.heads.normed"))?;
        let shape = self.nodes.constant("heads.joined", &[3], ElementType::Int64, &[0, 0, -1]);
        Ok(self.nodes.plain("Reshape", &[&normed, &shape], &format!("{output}.normed")))
    }

    fn norm(&mut self, norm: &DecoderNorm, x: &str, output: &str) -> Result<String, GraphError> {
        self.nodes.decoder_norm(norm, self.config.norm_epsilon, x, output)
    }
}
