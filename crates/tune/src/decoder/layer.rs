//! One layer: norm and attention, norm and feed-forward network, each added to its input.
use cloze_checkpoint::Activation;
use cloze_checkpoint::decoder::DecoderConfig;
use rayon::prelude::*;

use super::attention::{CausalAttention, OfProjected, Projected};
use super::group::Group;
use super::norm::{DecoderNorm, NormKept};
use crate::Parameters;
use crate::encoder::DropoutAt;
use crate::encoder::group::{Sequences, sized};
use crate::encoder::linear::{Around, Linear};
use crate::kernel::{activation, add, rotary};

/// Largest number of dropout sites of a layer.
pub(super) const SITES: u64 = 16;
const AFTER_ATTENTION: u64 = 1;
const AFTER_DOWN: u64 = 2;
/// First dropout site of adapters.
pub(super) const LORA: u64 = 3;
/// Rows of a matrix's gradient in a piece of work: as many as share a block of the other matrix.
const PIECE_ROWS: usize = 144;

/// Number of [`Kind`]s.
const KINDS: usize = 8;

/// A matrix of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Query, key and value as one.
    Joint,
    Query,
    Key,
    Value,
    Attention,
    Gate,
    Up,
    Down,
}

/// Query, key and value.
#[derive(Debug)]
pub(super) enum Projections {
    /// As one matrix: query, key and value one behind the other.
    Joint(Linear),
    /// A matrix each.
    Apart([Linear; 3]),
}

#[derive(Debug)]
pub(super) struct Layer {
    pub(super) projections: Projections,
    /// Norms of each head's query and key.
    pub(super) head_norms: Option<[DecoderNorm; 2]>,
    pub(super) attention: CausalAttention,
    pub(super) output: Linear,
    pub(super) gate: Option<Linear>,
    pub(super) up: Linear,
    pub(super) down: Linear,
    pub(super) attention_norm: DecoderNorm,
    pub(super) feed_norm: DecoderNorm,
    pub(super) activation: Activation,
    pub(super) first_site: u64,
}

/// Activations of one layer saved for the backward pass.
#[derive(Debug, Default)]
pub(super) struct Kept {
    attention_norm: NormKept,
    attention_in: Vec<f32>,
    head_norms: [NormKept; 2],
    query: Vec<f32>,
    key: Vec<f32>,
    value: Vec<f32>,
    context: Vec<f32>,
    feed_norm: NormKept,
    feed_in: Vec<f32>,
    gate: Vec<f32>,
    up: Vec<f32>,
    active: Vec<f32>,
    /// Adapters' activations, by [`Kind`].
    low: [Vec<f32>; KINDS],
}

/// Scratch buffers, and in the backward pass gradients of matrix products.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    narrow: Vec<f32>,
    context: Vec<f32>,
    joint: Vec<f32>,
    query: Vec<f32>,
    key: Vec<f32>,
    value: Vec<f32>,
    attention: Vec<f32>,
    gate: Vec<f32>,
    up: Vec<f32>,
    down: Vec<f32>,
    squares: [Vec<f32>; 3],
    low: Vec<f32>,
    dropped: Vec<f32>,
}

/// Numbers that every layer needs.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) config: &'a DecoderConfig,
    pub(super) parameters: &'a Parameters,
    pub(super) dropout: Option<DropoutAt>,
    /// Cosines and sines of rotary positions, `[positions, head_size / 2]`.
    pub(super) angles: [&'a [f32]; 2],
}

impl Pass<'_> {
    /// Widths of query, key and value.
    fn widths(self) -> [usize; 3] {
        let DecoderConfig { heads, key_value_heads, head_size, .. } = *self.config;
        [heads, key_value_heads, key_value_heads].map(|heads| heads * head_size)
    }

    /// Turns queries or keys by their positions, or their gradients back.
    fn rotate(self, sequences: Sequences<'_>, rows: &mut [f32], width: usize, back: bool) {
        let half = self.config.head_size / 2;
        let [cosines, sines] = self.angles;
        if cosines.is_empty() {
            return;
        }
        for (_, tokens, _) in sequences.iter() {
            let rows = &mut rows[tokens.start * width..tokens.end * width];
            let angles = [cosines, sines].map(|angles| &angles[..tokens.len() * half]);
            rotary::turn(rows, width, half, angles, back);
        }
    }
}

/// Copies columns `first..` of `from`, whose rows are `stride` long, into the rows of `to`.
fn take_columns(from: &[f32], stride: usize, first: usize, to: &mut [f32], width: usize) {
    for (row, out) in from.chunks_exact(stride).zip(to.chunks_exact_mut(width)) {
        out.copy_from_slice(&row[first..first + width]);
    }
}

/// The other way round.
fn put_columns(from: &[f32], width: usize, to: &mut [f32], stride: usize, first: usize) {
    for (row, out) in from.chunks_exact(width).zip(to.chunks_exact_mut(stride)) {
        out[first..first + width].copy_from_slice(row);
    }
}

impl Layer {
    /// Linear maps, in the order of use.
    pub(super) fn linears(&self) -> impl Iterator<Item = (Kind, &Linear)> {
        let projections = match &self.projections {
            Projections::Joint(joint) => vec![(Kind::Joint, joint)],
            Projections::Apart([query, key, value]) => {
                vec![(Kind::Query, query), (Kind::Key, key), (Kind::Value, value)]
            }
        };
        let gate = self.gate.as_ref().map(|gate| (Kind::Gate, gate));
        let others = [(Kind::Up, &self.up), (Kind::Down, &self.down)];
        projections.into_iter().chain([(Kind::Attention, &self.output)]).chain(gate).chain(others)
    }

    pub(super) fn is_trained(&self) -> bool {
        self.attention_norm.is_trained || self.linears().any(|(_, linear)| linear.is_trained())
    }

    /// Replaces the group's state by the layer's output.
    pub(super) fn forward(&self, pass: Pass<'_>, group: &mut Group, kept: &mut Kept) {
        let Pass { config, parameters, dropout, .. } = pass;
        let (tokens, hidden, wide) = (group.ids.len(), config.hidden, config.intermediate);
        let mut state = std::mem::take(&mut group.state);
        let mut scratch = std::mem::take(&mut group.scratch);
        let sequences = group.sequences();
        let Scratch { narrow, joint, squares: [square, ..], low, dropped, .. } = &mut scratch;
        let mut partials = vec![];
        let mut around = Around { sequences, dropout, dropped, low, partials: &mut partials };

        let normed = sized(&mut kept.attention_in, tokens * hidden);
        self.attention_norm.forward(parameters, &state, &mut kept.attention_norm, normed);
        self.project(pass, &mut around, kept, joint, tokens);
        let [width, ..] = pass.widths();
        let context = sized(&mut kept.context, tokens * width);
        let projected = Projected { query: &kept.query, key: &kept.key, value: &kept.value };
        self.attention.forward(sequences, dropout, projected, context, square);
        let sum = sized(narrow, tokens * hidden);
        let kept_low = &mut kept.low[Kind::Attention as usize];
        self.output.forward(parameters, &mut around, context, sum, kept_low);
        if let Some(dropout) = dropout {
            sequences.drop_out(dropout, self.first_site + AFTER_ATTENTION, sum, hidden);
        }
        add(&mut state, sum);

        let normed = sized(&mut kept.feed_in, tokens * hidden);
        self.feed_norm.forward(parameters, &state, &mut kept.feed_norm, normed);
        let inner = sized(&mut kept.up, tokens * wide);
        let kept_low = &mut kept.low[Kind::Up as usize];
        self.up.forward(parameters, &mut around, normed, inner, kept_low);
        let active = sized(&mut kept.active, tokens * wide);
        if let Some(gate) = &self.gate {
            let gated = sized(&mut kept.gate, tokens * wide);
            let kept_low = &mut kept.low[Kind::Gate as usize];
            gate.forward(parameters, &mut around, normed, gated, kept_low);
            activation::gated_forward(self.activation, gated, inner, active);
        } else {
            activation::forward(self.activation, inner, active);
        }
        let kept_low = &mut kept.low[Kind::Down as usize];
        self.down.forward(parameters, &mut around, active, sum, kept_low);
        if let Some(dropout) = dropout {
            sequences.drop_out(dropout, self.first_site + AFTER_DOWN, sum, hidden);
        }
        add(&mut state, sum);
        group.state = state;
        group.scratch = scratch;
    }

    /// Fills query, key and value.
    fn project(
        &self,
        pass: Pass<'_>,
        around: &mut Around<'_>,
        kept: &mut Kept,
        joint: &mut Vec<f32>,
        tokens: usize,
    ) {
        let Kept { attention_in, head_norms, query, key, value, low, .. } = kept;
        let widths = pass.widths();
        let outs = [query, key, value].into_iter().zip(widths);
        match &self.projections {
            Projections::Joint(linear) => {
                let stride = linear.outputs;
                let y = sized(joint, tokens * stride);
                let low = &mut low[Kind::Joint as usize];
                linear.forward(pass.parameters, around, attention_in, y, low);
                let mut first = 0;
                for (out, width) in outs {
                    take_columns(y, stride, first, sized(out, tokens * width), width);
                    first += width;
                }
            }
            Projections::Apart(linears) => {
                let kinds = [Kind::Query, Kind::Key, Kind::Value];
                for (i, ((out, width), linear)) in outs.zip(linears).enumerate() {
                    let out = sized(out, tokens * width);
                    let low = &mut low[kinds[i] as usize];
                    let norm = self.head_norms.as_ref().and_then(|norms| norms.get(i));
                    let Some(norm) = norm else {
                        linear.forward(pass.parameters, around, attention_in, out, low);
                        continue;
                    };
                    let y = sized(joint, tokens * width);
                    linear.forward(pass.parameters, around, attention_in, y, low);
                    norm.forward(pass.parameters, y, &mut head_norms[i], out);
                }
            }
        }
        pass.rotate(around.sequences, &mut kept.query, widths[0], false);
        pass.rotate(around.sequences, &mut kept.key, widths[1], false);
    }

    /// Takes the group's gradient back through the layer; without `deeper`, no further than its own
    /// parameters.
    pub(super) fn backward(&self, pass: Pass<'_>, group: &mut Group, kept: &Kept, deeper: bool) {
        let Pass { config, parameters, dropout, .. } = pass;
        let (tokens, hidden, wide) = (group.ids.len(), config.hidden, config.intermediate);
        let mut scratch = std::mem::take(&mut group.scratch);
        let mut gradient = std::mem::take(&mut group.gradient);
        let mut partials = std::mem::take(&mut group.partials);
        let sequences = group.sequences();
        let Scratch {
            narrow,
            context,
            joint,
            query,
            key,
            value,
            attention,
            gate: of_gate,
            up: of_up,
            down: of_down,
            squares: [square, other, third],
            low,
            dropped,
        } = &mut scratch;
        let mut around = Around { sequences, dropout, dropped, low, partials: &mut partials };
        let low_of = |kind: Kind| &kept.low[kind as usize][..];

        let of_down = sized(of_down, tokens * hidden);
        let site = self.first_site + AFTER_DOWN;
        sequences.copy_dropped(dropout, site, &gradient, hidden, of_down);
        let of_input = sized(narrow, tokens * hidden);
        let of_up = sized(of_up, tokens * wide);
        let (active, low) = (&kept.active, low_of(Kind::Down));
        if let Some(gate) = &self.gate {
            let of_gate = sized(of_gate, tokens * wide);
            let into = Some((&mut *of_gate, false));
            self.down.backward(parameters, &mut around, active, low, of_down, into);
            activation::gated_backward(self.activation, &kept.gate, &kept.up, of_gate, of_up);
            let into = Some((&mut *of_input, false));
            let low = low_of(Kind::Gate);
            gate.backward(parameters, &mut around, &kept.feed_in, low, of_gate, into);
        } else {
            let into = Some((&mut *of_up, false));
            self.down.backward(parameters, &mut around, active, low, of_down, into);
            activation::backward(self.activation, &kept.up, of_up);
        }
        let into = Some((&mut *of_input, self.gate.is_some()));
        let low = low_of(Kind::Up);
        self.up.backward(parameters, &mut around, &kept.feed_in, low, of_up, into);
        self.feed_norm.backward(parameters, &kept.feed_norm, of_input, around.partials);
        add(&mut gradient, of_input);

        let of_attention = sized(attention, tokens * hidden);
        let site = self.first_site + AFTER_ATTENTION;
        sequences.copy_dropped(dropout, site, &gradient, hidden, of_attention);
        let widths = pass.widths();
        let of_context = sized(context, tokens * widths[0]);
        let into = Some((&mut *of_context, false));
        let low = low_of(Kind::Attention);
        self.output.backward(parameters, &mut around, &kept.context, low, of_attention, into);
        let projected = Projected { query: &kept.query, key: &kept.key, value: &kept.value };
        let mut of = OfProjected {
            query: sized(query, tokens * widths[0]),
            key: sized(key, tokens * widths[1]),
            value: sized(value, tokens * widths[2]),
        };
        let squares = [square, other, third];
        self.attention.backward(sequences, dropout, projected, of_context, &mut of, squares);
        let of_parts = [&mut query[..], &mut key[..], &mut value[..]];
        let deeper = deeper || self.attention_norm.is_trained;
        self.unproject(pass, &mut around, kept, of_parts, joint, deeper.then_some(&mut *of_input));
        if deeper {
            self.attention_norm.backward(
                parameters,
                &kept.attention_norm,
                of_input,
                around.partials,
            );
            add(&mut gradient, of_input);
        }
        group.partials = partials;
        group.gradient = gradient;
        group.scratch = scratch;
    }

    /// Takes the gradients of query, key and value back through norms and projections, into `of_input`.
    fn unproject(
        &self,
        pass: Pass<'_>,
        around: &mut Around<'_>,
        kept: &Kept,
        of_parts: [&mut [f32]; 3],
        joint: &mut Vec<f32>,
        mut of_input: Option<&mut [f32]>,
    ) {
        let widths = pass.widths();
        let low_of = |kind: Kind| &kept.low[kind as usize][..];
        let [query, key, value] = of_parts;
        pass.rotate(around.sequences, query, widths[0], true);
        pass.rotate(around.sequences, key, widths[1], true);
        if let Some(norms) = &self.head_norms {
            for ((norm, kept), of) in norms.iter().zip(&kept.head_norms).zip([&mut *query, key]) {
                norm.backward(pass.parameters, kept, of, around.partials);
            }
        }
        let input = &kept.attention_in;
        match &self.projections {
            Projections::Joint(linear) => {
                let stride = linear.outputs;
                let tokens = query.len() / widths[0];
                let of_joint = sized(joint, tokens * stride);
                let mut first = 0;
                for (part, width) in [query, key, value].into_iter().zip(widths) {
                    put_columns(part, width, of_joint, stride, first);
                    first += width;
                }
                let into = of_input.map(|of_input| (of_input, false));
                let low = low_of(Kind::Joint);
                linear.backward(pass.parameters, around, input, low, of_joint, into);
            }
            Projections::Apart(linears) => {
                let kinds = [Kind::Query, Kind::Key, Kind::Value];
                for (i, (linear, dy)) in linears.iter().zip([query, key, value]).enumerate() {
                    let into = of_input.as_deref_mut().map(|of_input| (of_input, i > 0));
                    let low = low_of(kinds[i]);
                    linear.backward(pass.parameters, around, input, low, dy, into);
                }
            }
        }
    }

    /// Adds the gradients of the layer's matrices, from what [`backward`](Self::backward) left in the
    /// groups, piece by piece: each piece by one thread, group after group.
    pub(super) fn add_weight_gradients(
        &self,
        parameters: &mut Parameters,
        groups: &[Group],
        slot: usize,
    ) {
        let linears: Vec<_> = self.linears().filter(|(_, linear)| linear.trained).collect();
        let mut gradients: Vec<Vec<f32>> =
            linears.iter().map(|(_, linear)| parameters.take_gradient(linear.weight)).collect();
        let mut pieces = vec![];
        for ((kind, linear), gradient) in linears.iter().zip(&mut gradients) {
            for (i, piece) in gradient.chunks_mut(PIECE_ROWS * linear.inputs).enumerate() {
                pieces.push((*kind, *linear, i * PIECE_ROWS, piece));
            }
        }
        pieces.into_par_iter().for_each(|(kind, linear, from, piece)| {
            for group in groups {
                let (kept, scratch) = (&group.layers[slot], &group.scratch);
                let (dy, x) = match kind {
                    Kind::Joint => (&scratch.joint, &kept.attention_in),
                    Kind::Query => (&scratch.query, &kept.attention_in),
                    Kind::Key => (&scratch.key, &kept.attention_in),
                    Kind::Value => (&scratch.value, &kept.attention_in),
                    Kind::Attention => (&scratch.attention, &kept.context),
                    Kind::Gate => (&scratch.gate, &kept.feed_in),
                    Kind::Up => (&scratch.up, &kept.feed_in),
                    Kind::Down => (&scratch.down, &kept.active),
                };
                linear.add_weight_gradient(dy, x, from, piece);
            }
        });
        for ((_, linear), gradient) in linears.iter().zip(gradients) {
            parameters.put_gradient(linear.weight, gradient);
        }
    }
}
