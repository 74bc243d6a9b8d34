//! One layer: attention, norm, feed-forward, norm.
use cloze_checkpoint::{Activation, Config, layout};
use rayon::prelude::*;

use super::attention::{Attention, Projected, Saved};
use super::group::{Group, Scratch, sized};
use super::linear::{Around, Linear};
use super::params::{Module, TrainableEncoderParams, Tuning};
use super::{DropoutAt, LoraModule, NormIds, Reader};
use crate::kernel::{activation, add, norm};
use crate::random::derive;
use crate::{Id, Parameters, TuneError};

/// Largest number of dropout sites of a layer.
pub(super) const SITES: u64 = 16;
const AFTER_ATTENTION: u64 = 1;
const AFTER_DOWN: u64 = 2;
const LORA: u64 = 3;
/// Rows of a matrix's gradient in a piece of work: as many as share a block of the other matrix.
const PIECE_ROWS: usize = 144;

#[derive(Debug)]
pub(super) struct Layer {
    /// Linear maps, in the order of [`Module::ALL`].
    linear: [Linear; 6],
    attention: Attention,
    attention_norm: NormIds,
    output_norm: NormIds,
    activation: Activation,
    first_site: u64,
}

/// Activations of one layer saved for the backward pass.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// `[tokens, hidden]`: the input of the layer.
    pub(super) x: Vec<f32>,
    query: Vec<f32>,
    key: Vec<f32>,
    value: Vec<f32>,
    weights: Vec<f32>,
    context: Vec<f32>,
    attended: Vec<f32>,
    attended_normed: Vec<f32>,
    attended_scale: Vec<f32>,
    up: Vec<f32>,
    active: Vec<f32>,
    normed: Vec<f32>,
    scale: Vec<f32>,
    /// Adapters' activations, in the order of [`Module::ALL`].
    low: [Vec<f32>; 6],
}

/// Both of a norm's learned vectors.
pub(super) fn learned(parameters: &Parameters, norm: NormIds) -> (&[f32], &[f32]) {
    (parameters.value(norm.weight), parameters.value(norm.bias))
}

/// Turns the gradient of a norm's result into the gradient of its input.
pub(super) fn norm_backward(
    parameters: &Parameters,
    ids: NormIds,
    normed: &[f32],
    scale: &[f32],
    gradient: &mut [f32],
    partials: &mut Vec<(Id, Vec<f32>)>,
) {
    let weight = parameters.value(ids.weight);
    if ids.trained {
        let (mut of_weight, mut of_bias) = (vec![0.0; weight.len()], vec![0.0; weight.len()]);
        let learned = Some((&mut *of_weight, &mut *of_bias));
        norm::backward(normed, scale, weight, gradient, learned);
        partials.extend([(ids.weight, of_weight), (ids.bias, of_bias)]);
    } else {
        norm::backward(normed, scale, weight, gradient, None);
    }
}

/// Training of a layer.
pub(super) struct LayerPlan<'a> {
    /// Index of the layer, from 0.
    pub(super) index: usize,
    pub(super) frozen: bool,
    pub(super) params: &'a TrainableEncoderParams,
    pub(super) seed: u64,
}

impl Layer {
    pub(super) fn open(
        reader: &mut Reader<'_>,
        config: &Config,
        layer: &layout::Layer,
        plan: &LayerPlan<'_>,
        modules: &mut Vec<LoraModule>,
    ) -> Result<Self, TuneError> {
        let LayerPlan { index, frozen, params, seed } = *plan;
        let first_site = (index as u64 + 1) * SITES;
        let train = !frozen && params.tuning == Tuning::Full;
        let parts =
            [&layer.query, &layer.key, &layer.value, &layer.attention, &layer.up, &layer.down];
        let mut open = |dense| Linear::open(reader, dense, train);
        let [query, key, value, attention, up, down] = parts;
        let mut linear =
            [open(query)?, open(key)?, open(value)?, open(attention)?, open(up)?, open(down)?];
        if let (Tuning::Lora(lora), false) = (&params.tuning, frozen) {
            for (i, (module, linear)) in Module::ALL.iter().zip(&mut linear).enumerate() {
                if lora.targets.0.contains(module) {
                    let name = parts[i].weight.trim_end_matches(".weight");
                    let (seed, site) = (derive(seed, i as u64), first_site + LORA + i as u64);
                    modules.push(linear.adapt(reader.parameters, name, lora, seed, site));
                }
            }
        }
        Ok(Self {
            linear,
            attention: Attention { heads: config.heads, width: config.hidden, site: first_site },
            attention_norm: reader.norm(&layer.attention_norm, config.norm_epsilon, train)?,
            output_norm: reader.norm(&layer.output_norm, config.norm_epsilon, train)?,
            activation: config.activation,
            first_site,
        })
    }

    /// Whether anything of it is trained.
    pub(super) fn is_trained(&self) -> bool {
        self.attention_norm.trained || self.linear.iter().any(Linear::is_trained)
    }

    /// Takes `kept.x` through the layer, into the group's state.
    pub(super) fn forward(
        &self,
        parameters: &Parameters,
        dropout: Option<DropoutAt>,
        group: &mut Group,
        kept: &mut Kept,
    ) {
        let (tokens, squares) = (group.tokens(), group.squares());
        let mut scratch = std::mem::take(&mut group.scratch);
        let Scratch { narrow, wide, square, low, dropped, .. } = &mut scratch;
        let sequences = group.sequences();
        let mut partials = vec![];
        let mut around = Around { sequences, dropout, dropped, low, partials: &mut partials };
        let width = self.attention.width;
        let [query, key, value, attention, up, down] = &self.linear;
        let [low_query, low_key, low_value, low_attention, low_up, low_down] = &mut kept.low;

        let x = &kept.x;
        for (linear, y, low) in [
            (query, &mut kept.query, low_query),
            (key, &mut kept.key, low_key),
            (value, &mut kept.value, low_value),
        ] {
            linear.forward(parameters, &mut around, x, sized(y, tokens * width), low);
        }
        let projected = Projected { query: &kept.query, key: &kept.key, value: &kept.value };
        let weights = sized(&mut kept.weights, squares);
        let context = sized(&mut kept.context, tokens * width);
        self.attention.forward(sequences, dropout, projected, weights, context, square);

        let sum = sized(narrow, tokens * width);
        attention.forward(parameters, &mut around, context, sum, low_attention);
        if let Some(dropout) = dropout {
            sequences.drop_out(dropout, self.first_site + AFTER_ATTENTION, sum, width);
        }
        add(sum, x);
        let attended = sized(&mut kept.attended, tokens * width);
        let normed = sized(&mut kept.attended_normed, tokens * width);
        let scale = sized(&mut kept.attended_scale, tokens);
        let ids = self.attention_norm;
        let (weight, bias) = learned(parameters, ids);
        norm::forward(sum, weight, bias, ids.epsilon, normed, scale, attended);

        let inner = sized(&mut kept.up, tokens * up.outputs);
        up.forward(parameters, &mut around, attended, inner, low_up);
        // Only the matrix behind it needs it on the way back.
        let active = if down.is_trained() { &mut kept.active } else { wide };
        let active = sized(active, tokens * up.outputs);
        activation::forward(self.activation, inner, active);
        down.forward(parameters, &mut around, active, sum, low_down);
        if let Some(dropout) = dropout {
            sequences.drop_out(dropout, self.first_site + AFTER_DOWN, sum, width);
        }
        add(sum, attended);
        let normed = sized(&mut kept.normed, tokens * width);
        let scale = sized(&mut kept.scale, tokens);
        let ids = self.output_norm;
        let mut state = std::mem::take(&mut group.state);
        let out = sized(&mut state, tokens * width);
        let (weight, bias) = learned(parameters, ids);
        norm::forward(sum, weight, bias, ids.epsilon, normed, scale, out);
        group.state = state;
        group.scratch = scratch;
    }

    /// Takes the group's gradient back through the layer; without `deeper`, no further than its own
    /// matrices.
    pub(super) fn backward(
        &self,
        parameters: &Parameters,
        dropout: Option<DropoutAt>,
        group: &mut Group,
        kept: &Kept,
        deeper: bool,
    ) {
        let tokens = group.tokens();
        let mut scratch = std::mem::take(&mut group.scratch);
        let mut gradient = std::mem::take(&mut group.gradient);
        let mut partials = std::mem::take(&mut group.partials);
        let sequences = group.sequences();
        let width = self.attention.width;
        let [query, key, value, attention, up, down] = &self.linear;
        let [low_query, low_key, low_value, low_attention, low_up, low_down] = &kept.low;
        let Scratch {
            narrow,
            wide,
            query: of_query,
            key: of_key,
            value: of_value,
            attention: of_attention,
            down: of_down,
            square,
            other_square,
            low,
            dropped,
        } = &mut scratch;

        let ids = self.output_norm;
        norm_backward(parameters, ids, &kept.normed, &kept.scale, &mut gradient, &mut partials);
        let mut around = Around { sequences, dropout, dropped, low, partials: &mut partials };
        let of_down = sized(of_down, tokens * width);
        let site = self.first_site + AFTER_DOWN;
        sequences.copy_dropped(dropout, site, &gradient, width, of_down);
        let of_inner = sized(wide, tokens * up.outputs);
        let into = Some((&mut *of_inner, false));
        down.backward(parameters, &mut around, &kept.active, low_down, of_down, into);
        activation::backward(self.activation, &kept.up, of_inner);
        let into = Some((&mut *gradient, true));
        up.backward(parameters, &mut around, &kept.attended, low_up, of_inner, into);

        let ids = self.attention_norm;
        let (normed, scale) = (&kept.attended_normed, &kept.attended_scale);
        norm_backward(parameters, ids, normed, scale, &mut gradient, around.partials);
        let of_attention = sized(of_attention, tokens * width);
        let site = self.first_site + AFTER_ATTENTION;
        sequences.copy_dropped(dropout, site, &gradient, width, of_attention);
        let of_context = sized(narrow, tokens * width);
        let into = Some((&mut *of_context, false));
        let context = &kept.context;
        attention.backward(parameters, &mut around, context, low_attention, of_attention, into);

        let projected = Projected { query: &kept.query, key: &kept.key, value: &kept.value };
        let of_projected = [
            sized(of_query, tokens * width),
            sized(of_key, tokens * width),
            sized(of_value, tokens * width),
        ];
        let squares = [square, other_square];
        let saved = Saved { projected, weights: &kept.weights };
        self.attention.backward(sequences, dropout, saved, of_context, of_projected, squares);
        for (linear, dy, low) in
            [(query, of_query, low_query), (key, of_key, low_key), (value, of_value, low_value)]
        {
            let into = deeper.then_some((&mut *gradient, true));
            linear.backward(parameters, &mut around, &kept.x, low, dy, into);
        }
        group.partials = partials;
        group.gradient = gradient;
        group.scratch = scratch;
    }

    /// Adds the gradients of the layer's matrices, from what [`backward`](Self::backward) left in the
    /// groups, piece by piece: each piece by one thread, group after group.
    pub(super) fn add_weight_gradients(
        &self,
        parameters: &mut Parameters,
        groups: &[Group],
        slot: usize,
    ) {
        let trained = |(_, linear): &(usize, &Linear)| linear.trained;
        let linears: Vec<(usize, &Linear)> =
            self.linear.iter().enumerate().filter(trained).collect();
        let mut gradients: Vec<Vec<f32>> =
            linears.iter().map(|(_, linear)| parameters.take_gradient(linear.weight)).collect();
        let mut pieces = vec![];
        for ((part, linear), gradient) in linears.iter().zip(&mut gradients) {
            for (i, piece) in gradient.chunks_mut(PIECE_ROWS * linear.inputs).enumerate() {
                pieces.push((*part, *linear, i * PIECE_ROWS, piece));
            }
        }
        pieces.into_par_iter().for_each(|(part, linear, from, piece)| {
            for group in groups {
                let (kept, scratch) = (&group.layers[slot], &group.scratch);
                let (dy, x) = match Module::ALL[part] {
                    Module::Query => (&scratch.query, &kept.x),
                    Module::Key => (&scratch.key, &kept.x),
                    Module::Value => (&scratch.value, &kept.x),
                    Module::Attention => (&scratch.attention, &kept.context),
                    Module::Up => (&scratch.wide, &kept.attended),
                    Module::Down => (&scratch.down, &kept.active),
                };
                linear.add_weight_gradient(dy, x, from, piece);
            }
        });
        for ((_, linear), gradient) in linears.iter().zip(gradients) {
            parameters.put_gradient(linear.weight, gradient);
        }
    }
}
