//! Tensors of an encoder–decoder, by what they are for.
use std::path::Path;

use super::config::{EncoderDecoderConfig, StackConfig};
use super::family::{
    EMBEDDING_NORM, EMBEDDINGS, HEAD, LOGITS_BIAS, POSITION_OFFSET, POSITIONS, Positions, RELATIVE,
    SHARED, StackNames,
};
use crate::decoder::layout::{DecoderNorm, Linear};
use crate::error::CheckpointError;
use crate::layout::Finder;
use crate::weights::Weights;

/// Matrices of an attention.
#[derive(Clone, Debug)]
pub struct AttentionLayout {
    /// Query projection.
    pub query: Linear,
    /// Key projection.
    pub key: Linear,
    /// Value projection.
    pub value: Linear,
    /// Output projection.
    pub output: Linear,
    /// Norm that goes with it, before it or behind the residual as the family has it.
    pub norm: DecoderNorm,
}

/// One layer of a half.
#[derive(Clone, Debug)]
pub struct StackLayer {
    /// Attention of its tokens to each other.
    pub attention: AttentionLayout,
    /// Attention to the encoder's states, of decoders.
    pub cross: Option<AttentionLayout>,
    /// Gate projection, of a gated network.
    pub gate: Option<Linear>,
    /// Feed-forward up-projection.
    pub up: Linear,
    /// Feed-forward down-projection.
    pub down: Linear,
    /// Norm of the feed-forward network, before it or behind the residual.
    pub feed_norm: DecoderNorm,
}

/// One half.
#[derive(Clone, Debug)]
pub struct StackLayout {
    /// Word embeddings, `[vocabulary, hidden]`.
    pub words: String,
    /// Position embeddings, `[positions, hidden]`, with two rows more where they are learned; `None` where
    /// they are relative, and where sines are not stored.
    pub positions: Option<String>,
    /// Norm of the embeddings, where the family has one.
    pub embedding_norm: Option<DecoderNorm>,
    /// Biases by relative position, `[buckets, heads]`.
    pub relative: Option<String>,
    /// From the lowest.
    pub layers: Vec<StackLayer>,
    /// Norm behind the last layer, where the family has one.
    pub last_norm: Option<DecoderNorm>,
}

/// Everything an encoder–decoder has.
#[derive(Clone, Debug)]
pub struct EncoderDecoderLayout {
    /// The encoder.
    pub encoder: StackLayout,
    /// The decoder.
    pub decoder: StackLayout,
    /// Matrix of the language model's head, `[vocabulary, hidden]`: its own, or word embeddings.
    pub head: String,
    /// Bias of the logits, `[1, vocabulary]`; 0 where a checkpoint of a family with one has none.
    pub logits_bias: Option<String>,
}

impl EncoderDecoderLayout {
    /// Finds every tensor of the checkpoint. `path` names it in errors.
    pub(super) fn find(
        config: &EncoderDecoderConfig,
        weights: &Weights,
        path: &Path,
    ) -> Result<Self, CheckpointError> {
        let family = config.family;
        let mut find = Finder::new(weights);
        let body = |name: &str| format!("{}{name}", family.prefix);
        let words = |half: &StackNames| body(&format!("{}.{EMBEDDINGS}", half.stack));
        let (shared, own) = (body(SHARED), words(family.encoder));
        let (decoder_own, head) = (words(family.decoder), HEAD.to_owned());
        // transformers ties these, whichever of them is stored, but not those that are stored and differ
        // (`PreTrainedModel.tie_weights`).
        let first = |names: &[&String]| {
            let stored = names.iter().find(|name| weights.shape(name).is_some());
            stored.map_or_else(|| (*names[0]).clone(), |name| (*name).clone())
        };
        let one_vocabulary = config.vocabulary == config.decoder_vocabulary;
        let [encoder_words, decoder_words] = if one_vocabulary {
            [&own, &decoder_own].map(|own| first(&[own, &shared, &decoder_own, &head]))
        } else {
            [own.clone(), first(&[&decoder_own, &head])]
        };
        let stored_head = weights.shape(&head).is_some();
        let head = if config.tied && !stored_head { decoder_words.clone() } else { head };
        let embeddings = [
            (&encoder_words, config.vocabulary),
            (&decoder_words, config.decoder_vocabulary),
            (&head, config.decoder_vocabulary),
        ];
        for (name, rows) in embeddings {
            find.tensor(name, &[rows, config.hidden]);
        }
        let encoder = find.stack(config, family.encoder, config.encoder, encoder_words);
        let decoder = find.stack(config, family.decoder, config.decoder, decoder_words);
        let logits_bias = (family.biases && find.has(LOGITS_BIAS))
            .then(|| find.tensor(LOGITS_BIAS, &[1, config.decoder_vocabulary]));
        // transformers ignores this one, too; older files of T5 have it (`_keys_to_ignore_on_load_unexpected`).
        let unused = format!("{}.{}.0.", family.decoder.stack, family.decoder.layer);
        let unused = body(&format!("{unused}{}.{RELATIVE}", family.decoder.cross));
        // Word embeddings that another tensor stands for, as where each half has its own.
        let is_unused = |name: &str| {
            name == shared || (name == unused && family.positions == Positions::Relative)
        };
        find.finish(path, is_unused)?;
        Ok(Self { encoder, decoder, head, logits_bias })
    }
}

impl Finder<'_> {
    fn stack(
        &mut self,
        config: &EncoderDecoderConfig,
        names: &StackNames,
        shape: StackConfig,
        words: String,
    ) -> StackLayout {
        let family = config.family;
        let (hidden, biases) = (config.hidden, family.biases);
        let body = |name: &str| format!("{}{}.{name}", family.prefix, names.stack);
        let positions = match (family.positions, config.positions) {
            (Positions::Learned, Some(longest)) => {
                Some(self.tensor(&body(POSITIONS), &[longest + POSITION_OFFSET, hidden]))
            }
            // Stored sines are what transformers takes; others are computed.
            (Positions::Sinusoidal, Some(longest)) if self.has(&body(POSITIONS)) => {
                Some(self.tensor(&body(POSITIONS), &[longest, hidden]))
            }
            _ => None,
        };
        let embedding_norm =
            family.embedding_norm.then(|| self.norm_of(&body(EMBEDDING_NORM), hidden, biases));
        let relative = config.relative.map(|relative| {
            let name = body(&format!("{}.0.{}.{RELATIVE}", names.layer, names.attention));
            self.tensor(&name, &[relative.buckets, shape.heads])
        });
        let mut layers = Vec::with_capacity(shape.layers);
        for i in 0..shape.layers {
            let name = |part: &str| body(&format!("{}.{i}.{part}", names.layer));
            let mut attention = |stem: &str, norm: &str| {
                self.attention(config, names, shape, [&name(stem), &name(norm)])
            };
            let own = attention(names.attention, names.attention_norm);
            let has_cross = !names.cross.is_empty();
            let cross = has_cross.then(|| attention(names.cross, names.cross_norm));
            let wide = shape.intermediate;
            let mut linear = |part: &str, inputs, outputs| {
                self.linear(&name(part), [inputs, outputs], biases, false)
            };
            let [gate_name, gated_up] = names.gated_up;
            let gate = config.gated.then(|| linear(gate_name, hidden, wide));
            let up = linear(if config.gated { gated_up } else { names.up }, hidden, wide);
            let down = linear(names.down, wide, hidden);
            let feed_norm = self.norm_of(&name(names.feed_norm), hidden, biases);
            layers.push(StackLayer { attention: own, cross, gate, up, down, feed_norm });
        }
        let last_norm =
            family.norms_first.then(|| self.norm_of(&body(names.last_norm), hidden, biases));
        StackLayout { words, positions, embedding_norm, relative, layers, last_norm }
    }

    fn attention(
        &mut self,
        config: &EncoderDecoderConfig,
        names: &StackNames,
        shape: StackConfig,
        [stem, norm]: [&str; 2],
    ) -> AttentionLayout {
        let (hidden, width, biases) = (config.hidden, shape.width(), config.family.biases);
        let [query, key, value, output] = names.projections;
        let mut linear = |part: &str, inputs, outputs| {
            self.linear(&format!("{stem}.{part}"), [inputs, outputs], biases, false)
        };
        AttentionLayout {
            query: linear(query, hidden, width),
            key: linear(key, hidden, width),
            value: linear(value, hidden, width),
            output: linear(output, width, hidden),
            norm: self.norm_of(norm, hidden, biases),
        }
    }
}
