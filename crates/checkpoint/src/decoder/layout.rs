//! Tensors of a decoder, by what they are for.
use std::path::Path;

use super::config::DecoderConfig;
use super::family::HEAD;
use crate::error::CheckpointError;
use crate::layout::Finder;
use crate::weights::Weights;

/// A matrix, and perhaps a bias `[outputs]`.
#[derive(Clone, Debug)]
pub struct Linear {
    /// Name of the matrix: `[outputs, inputs]`, or if it is `turned` `[inputs, outputs]`.
    pub weight: String,
    /// Name of the bias.
    pub bias: Option<String>,
    /// Numbers it takes.
    pub inputs: usize,
    /// Numbers it gives.
    pub outputs: usize,
    /// Whether the matrix is stored as `[inputs, outputs]`.
    pub turned: bool,
}

/// Vectors of a norm.
#[derive(Clone, Debug)]
pub struct DecoderNorm {
    /// Name of the factors.
    pub weight: String,
    /// Name of the bias, of a layer norm.
    pub bias: Option<String>,
    /// Number of values per row.
    pub width: usize,
}

/// Query, key and value of a layer.
#[derive(Clone, Debug)]
pub enum Projections {
    /// As one matrix: query, key and value one behind the other.
    Joint(Linear),
    /// Each its own.
    Apart {
        /// Query projection.
        query: Linear,
        /// Key projection.
        key: Linear,
        /// Value projection.
        value: Linear,
    },
}

/// One layer of a decoder.
#[derive(Clone, Debug)]
pub struct DecoderLayer {
    /// Norm before the attention.
    pub attention_norm: DecoderNorm,
    /// Query, key and value.
    pub projections: Projections,
    /// Norms of each head's query and key, where the family has them.
    pub head_norms: Option<[DecoderNorm; 2]>,
    /// Attention output projection.
    pub attention: Linear,
    /// Norm before the feed-forward network.
    pub feed_norm: DecoderNorm,
    /// Gate projection, of a gated network.
    pub gate: Option<Linear>,
    /// Feed-forward up-projection.
    pub up: Linear,
    /// Feed-forward down-projection.
    pub down: Linear,
}

impl DecoderLayer {
    /// All its matrices.
    pub fn linears(&self) -> impl Iterator<Item = &Linear> {
        let projections = match &self.projections {
            Projections::Joint(joint) => vec![joint],
            Projections::Apart { query, key, value } => vec![query, key, value],
        };
        projections
            .into_iter()
            .chain([&self.attention])
            .chain(&self.gate)
            .chain([&self.up, &self.down])
    }
}

/// Everything a decoder has.
#[derive(Clone, Debug)]
pub struct DecoderLayout {
    /// Word embeddings, `[vocabulary, hidden]`.
    pub words: String,
    /// Position embeddings, `[positions, hidden]`, where the family has them.
    pub positions: Option<String>,
    /// From the lowest.
    pub layers: Vec<DecoderLayer>,
    /// Norm after the last layer.
    pub last_norm: DecoderNorm,
    /// Matrix of the language model's head, `[vocabulary, hidden]`: its own, or the word embeddings.
    pub head: String,
}

impl DecoderLayout {
    /// Finds every tensor of the checkpoint. `path` names it in errors.
    pub(super) fn find(
        config: &DecoderConfig,
        weights: &Weights,
        path: &Path,
    ) -> Result<Self, CheckpointError> {
        let family = config.family;
        let names = family.names;
        let prefixed = format!("{}{}", family.prefix, names.words);
        let bare = weights.shape(&prefixed).is_none() && weights.shape(names.words).is_some();
        let prefix = if bare { "" } else { family.prefix };
        let mut find = Finder::new(weights);
        let layout = Self::look_up(config, &mut find, prefix);
        let layer_start = format!("{prefix}{}.", names.layer);
        let is_unused = |name: &str| {
            let in_layer = name.strip_prefix(&layer_start);
            let part = in_layer.and_then(|rest| rest.split_once('.')).map(|(_, part)| part);
            part.is_some_and(|part| names.buffers.contains(&part)) || (config.tied && name == HEAD)
        };
        find.finish(path, is_unused)?;
        Ok(layout)
    }

    /// Tensors of a model that is yet to be made, by the names that transformers gives them.
    #[must_use]
    pub fn of_new(config: &DecoderConfig) -> Self {
        Self::look_up(config, &mut Finder::new(&Weights::default()), config.family.prefix)
    }

    /// Looks every tensor up whose name begins with `prefix`.
    fn look_up(config: &DecoderConfig, find: &mut Finder<'_>, prefix: &str) -> Self {
        let (family, names) = (config.family, config.family.names);
        let body = |name: &str| format!("{prefix}{name}");
        let (hidden, wide) = (config.hidden, config.intermediate);
        let words = find.tensor(&body(names.words), &[config.vocabulary, hidden]);
        let positions = family
            .learned_positions
            .then(|| find.tensor(&body(names.positions), &[config.positions, hidden]));
        let queries = config.heads * config.head_size;
        let keys = config.key_value_heads * config.head_size;
        let in_bias = config.attention_bias;
        let out_bias = in_bias && family.output_bias;
        let mut layers = Vec::with_capacity(config.layers);
        for i in 0..config.layers {
            let name = |part: &str| format!("{prefix}{}.{i}.{part}", names.layer);
            let turned = family.turned;
            let mut linear = |part: &str, inputs: usize, outputs: usize, has_bias: bool| {
                find.linear(&name(part), [inputs, outputs], has_bias, turned)
            };
            let projections = if family.joint {
                Projections::Joint(linear(names.joint, hidden, queries + 2 * keys, in_bias))
            } else {
                Projections::Apart {
                    query: linear(names.query, hidden, queries, in_bias),
                    key: linear(names.key, hidden, keys, in_bias),
                    value: linear(names.value, hidden, keys, in_bias),
                }
            };
            let attention = linear(names.attention, queries, hidden, out_bias);
            let feed = config.feed_bias;
            let gate = family.gated.then(|| linear(names.gate, hidden, wide, feed));
            let up = linear(names.up, hidden, wide, feed);
            let down = linear(names.down, wide, hidden, feed);
            let mut norm = |part: &str, width| find.decoder_norm(&name(part), width, config);
            let head = config.head_size;
            layers.push(DecoderLayer {
                attention_norm: norm(names.attention_norm, hidden),
                projections,
                head_norms: family
                    .head_norms
                    .then(|| [norm(names.query_norm, head), norm(names.key_norm, head)]),
                attention,
                feed_norm: norm(names.feed_norm, hidden),
                gate,
                up,
                down,
            });
        }
        let last_norm = find.decoder_norm(&body(names.last_norm), hidden, config);
        // A tied head may be stored, too; transformers then takes the word embeddings.
        let head = if config.tied {
            words.clone()
        } else {
            find.tensor(HEAD, &[config.vocabulary, hidden])
        };
        Self { words, positions, layers, last_norm, head }
    }
}

impl Finder<'_> {
    pub(crate) fn linear(
        &mut self,
        stem: &str,
        [inputs, outputs]: [usize; 2],
        has_bias: bool,
        turned: bool,
    ) -> Linear {
        let shape = if turned { [inputs, outputs] } else { [outputs, inputs] };
        let weight = self.tensor(&format!("{stem}.weight"), &shape);
        let bias = has_bias.then(|| self.tensor(&format!("{stem}.bias"), &[outputs]));
        Linear { weight, bias, inputs, outputs, turned }
    }

    fn decoder_norm(&mut self, stem: &str, width: usize, config: &DecoderConfig) -> DecoderNorm {
        self.norm_of(stem, width, config.family.layer_norm)
    }

    /// A norm; one with a bias is a layer norm.
    pub(crate) fn norm_of(&mut self, stem: &str, width: usize, has_bias: bool) -> DecoderNorm {
        let weight = self.tensor(&format!("{stem}.weight"), &[width]);
        let bias = has_bias.then(|| self.tensor(&format!("{stem}.bias"), &[width]));
        DecoderNorm { weight, bias, width }
    }
}
