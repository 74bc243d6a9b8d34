//! Parts of decoders and encoder–decoders, and the learned numbers in them.
use super::layout::{DecoderNorm, Linear, Projections};
use super::{DecoderCheckpoint, DecoderLayout};
use crate::checkpoint::ModelPart;
use crate::encoder_decoder::EncoderDecoderCheckpoint;
use crate::encoder_decoder::layout::{AttentionLayout, StackLayer, StackLayout};
use crate::weights::Weights;

/// Numbers of a matrix and its bias.
fn linear(linear: &Linear) -> usize {
    linear.inputs * linear.outputs + linear.bias.as_ref().map_or(0, |_| linear.outputs)
}

fn norm(norm: &DecoderNorm) -> usize {
    norm.width + norm.bias.as_ref().map_or(0, |_| norm.width)
}

/// Numbers of a tensor by itself.
fn tensor(weights: &Weights, name: &str) -> usize {
    weights.shape(name).map_or(0, |shape| shape.iter().product())
}

/// Parts that have any numbers; the task uses all of them.
fn listed(parts: Vec<(&'static str, usize)>) -> Vec<ModelPart> {
    let some = parts.into_iter().filter(|(_, numbers)| *numbers > 0);
    some.map(|(name, n)| ModelPart { name, parameters: n as u64, used: true }).collect()
}

impl DecoderCheckpoint {
    /// Parts; the head is none where its matrix is the word embeddings.
    #[must_use]
    pub fn parts(&self) -> Vec<ModelPart> {
        let DecoderLayout { words, positions, layers, last_norm, head } = self.layout();
        let one = |name: &str| tensor(self.weights(), name);
        let projections = |projections: &Projections| match projections {
            Projections::Joint(joint) => linear(joint),
            Projections::Apart { query, key, value } => {
                [query, key, value].map(linear).iter().sum()
            }
        };
        let feed = |gate: Option<&Linear>| gate.map_or(0, linear);
        listed(vec![
            ("word embeddings", one(words)),
            ("position embeddings", positions.as_deref().map_or(0, one)),
            (
                "attention",
                layers.iter().map(|l| projections(&l.projections) + linear(&l.attention)).sum(),
            ),
            (
                "feed-forward",
                layers
                    .iter()
                    .map(|l| feed(l.gate.as_ref()) + linear(&l.up) + linear(&l.down))
                    .sum(),
            ),
            (
                "layer norms",
                layers
                    .iter()
                    .map(|l| {
                        let heads = l.head_norms.iter().flatten().map(norm).sum::<usize>();
                        norm(&l.attention_norm) + norm(&l.feed_norm) + heads
                    })
                    .sum(),
            ),
            ("last norm", norm(last_norm)),
            ("language model head", if head == words { 0 } else { one(head) }),
        ])
    }
}

impl EncoderDecoderCheckpoint {
    /// Parts of both halves together; what they share counts once.
    #[must_use]
    pub fn parts(&self) -> Vec<ModelPart> {
        let layout = self.layout();
        let halves = [&layout.encoder, &layout.decoder];
        let distinct = |of: &dyn Fn(&StackLayout) -> Option<&str>| {
            let mut names: Vec<&str> = halves.iter().filter_map(|half| of(half)).collect();
            names.dedup();
            names.into_iter().map(|name| tensor(self.weights(), name)).sum::<usize>()
        };
        let layers = || halves.iter().flat_map(|half| &half.layers);
        let attentions = |layer: &StackLayer, of: &dyn Fn(&AttentionLayout) -> usize| {
            of(&layer.attention) + layer.cross.as_ref().map_or(0, of)
        };
        let matrices =
            |a: &AttentionLayout| [&a.query, &a.key, &a.value, &a.output].map(linear).iter().sum();
        let outer =
            halves.iter().flat_map(|half| half.embedding_norm.iter().chain(&half.last_norm));
        let is_own = halves.iter().all(|half| half.words != layout.head);
        listed(vec![
            ("word embeddings", distinct(&|half| Some(&half.words))),
            ("position embeddings", distinct(&|half| half.positions.as_deref())),
            ("relative position bias", distinct(&|half| half.relative.as_deref())),
            ("attention", layers().map(|l| attentions(l, &matrices)).sum()),
            (
                "feed-forward",
                layers()
                    .map(|l| l.gate.as_ref().map_or(0, linear) + linear(&l.up) + linear(&l.down))
                    .sum(),
            ),
            (
                "layer norms",
                layers().map(|l| attentions(l, &|a| norm(&a.norm)) + norm(&l.feed_norm)).sum(),
            ),
            ("embedding and last norms", outer.map(norm).sum()),
            (
                "language model head",
                if is_own { tensor(self.weights(), &layout.head) } else { 0 }
                    + layout.logits_bias.as_deref().map_or(0, |b| tensor(self.weights(), b)),
            ),
        ])
    }
}
