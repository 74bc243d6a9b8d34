//! Tensors of a checkpoint: the names transformers gives them, family by family, and
//! the shapes they must have.
//!
//! Source: transformers 5, `models/{bert,roberta,distilbert,electra,mpnet,albert}/modeling_*.py`. Checkpoints
//! that were converted from TensorFlow call a norm's weight `gamma` and its bias `beta`.
use std::collections::HashSet;
use std::path::Path;

use crate::config::{ClassifierLayout, Config};
use crate::error::CheckpointError;
use crate::family::{MaskedNames, OTHER_TASKS};
use crate::weights::Weights;

/// A matrix `[outputs, inputs]`, as PyTorch's `Linear` has it, and a bias `[outputs]`.
#[derive(Clone, Debug)]
pub struct Dense {
    /// The matrix's name.
    pub weight: String,
    /// The bias's name.
    pub bias: String,
    /// Numbers it takes.
    pub inputs: usize,
    /// Numbers it gives.
    pub outputs: usize,
}

/// A layer norm's two vectors.
#[derive(Clone, Debug)]
pub struct Norm {
    /// The name of the tensor that it multiplies by.
    pub weight: String,
    /// The name of the tensor that it adds.
    pub bias: String,
    /// Number of values per row.
    pub width: usize,
}

/// One layer of the encoder.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Query projection.
    pub query: Dense,
    /// Key projection.
    pub key: Dense,
    /// Value projection.
    pub value: Dense,
    /// Attention output projection.
    pub attention: Dense,
    /// Layer norm after the attention.
    pub attention_norm: Norm,
    /// Feed-forward up-projection.
    pub up: Dense,
    /// Feed-forward down-projection.
    pub down: Dense,
    /// Layer norm after the feed-forward network.
    pub output_norm: Norm,
}

/// Layers applied to a text's first token for sequence classification.
#[derive(Clone, Debug)]
pub struct SequenceHead {
    /// Before the classifier; BERT's is its pooler.
    pub dense: Dense,
    /// A row for every label.
    pub classifier: Dense,
}

/// Dense, activation, norm, then a row for every word of the vocabulary.
#[derive(Clone, Debug)]
pub struct MaskedHead {
    /// Before the norm.
    pub dense: Dense,
    /// Before the decoder.
    pub norm: Norm,
    /// `[vocabulary, width]`: a tensor of its own, or the word table where the two are tied.
    pub decoder: String,
    /// A number for every word.
    pub bias: String,
}

/// Everything a checkpoint has.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The word table.
    pub words: String,
    /// The position table.
    pub positions: String,
    /// The token-type table, where the family has one.
    pub types: Option<String>,
    /// Behind their sum.
    pub embedding_norm: Norm,
    /// ELECTRA's, where the tables are narrower than the layers, and ALBERT's.
    pub project: Option<Dense>,
    /// Attention bias by relative position, `[rows, heads]`, where the family has one.
    pub relative: Option<String>,
    /// From the lowest.
    pub layers: Vec<Layer>,
    /// The first token's, if it has one.
    pub pooler: Option<Dense>,
    /// The token classifier, if it has one.
    pub tokens: Option<Dense>,
    /// The sequence classifier, if it has one.
    pub sequence: Option<SequenceHead>,
    /// The language model's head, if it has one.
    pub masked: Option<MaskedHead>,
    /// The next sentence's head, if it has one.
    pub next_sentence: Option<Dense>,
    /// Heads that are there and that no graph is built for, by the start of their tensors' names.
    pub unused: Vec<&'static str>,
}

/// Tensors that are not weights (buffers of positions), after the body's prefix.
const BUFFERS: [&str; 2] = ["embeddings.position_ids", "embeddings.token_type_ids"];

/// Looks tensors up and keeps what is wrong, so that all of it is said at once.
pub(crate) struct Finder<'a> {
    weights: &'a Weights,
    used: HashSet<String>,
    missing: Vec<String>,
    wrong: Vec<String>,
}

impl<'a> Finder<'a> {
    pub(crate) fn new(weights: &'a Weights) -> Self {
        Self { weights, used: HashSet::new(), missing: vec![], wrong: vec![] }
    }

    /// Checks that every tensor was looked up, but for those of no use by `is_unused`. `path` names the
    /// checkpoint in errors.
    pub(crate) fn finish(
        self,
        path: &Path,
        is_unused: impl Fn(&str) -> bool,
    ) -> Result<(), CheckpointError> {
        let Self { weights, used, missing, wrong } = self;
        let extra = weights.names().filter(|name| !used.contains(*name) && !is_unused(name));
        let extra: Vec<String> = extra.map(str::to_owned).collect();
        if missing.is_empty() && extra.is_empty() && wrong.is_empty() {
            Ok(())
        } else {
            Err(CheckpointError::Tensors { path: path.to_owned(), missing, extra, wrong })
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.weights.shape(name).is_some()
    }

    /// A tensor that must be there with this shape; one that several layers share is looked at once.
    pub(crate) fn tensor(&mut self, name: &str, shape: &[usize]) -> String {
        if !self.used.insert(name.to_owned()) {
            return name.to_owned();
        }
        match self.weights.shape(name) {
            None => self.missing.push(format!("{name} {shape:?}")),
            Some(actual) if actual != shape => {
                self.wrong.push(format!("{name}: expected {shape:?}, found {actual:?}"));
            }
            Some(_) => {}
        }
        name.to_owned()
    }

    fn dense(&mut self, stem: &str, inputs: usize, outputs: usize) -> Dense {
        let weight = self.tensor(&format!("{stem}.weight"), &[outputs, inputs]);
        let bias = self.tensor(&format!("{stem}.bias"), &[outputs]);
        Dense { weight, bias, inputs, outputs }
    }

    /// A classifier, whose number of outputs is what the tensor has.
    fn classifier(&mut self, stem: &str, inputs: usize) -> Dense {
        let outputs = self.weights.shape(&format!("{stem}.weight")).and_then(|s| s.first());
        self.dense(stem, inputs, outputs.copied().unwrap_or(0))
    }

    fn norm(&mut self, stem: &str, width: usize) -> Norm {
        let old = self.has(&format!("{stem}.gamma"));
        let (weight, bias) = if old { ("gamma", "beta") } else { ("weight", "bias") };
        let weight = self.tensor(&format!("{stem}.{weight}"), &[width]);
        let bias = self.tensor(&format!("{stem}.{bias}"), &[width]);
        Norm { weight, bias, width }
    }

    /// The head of a masked language model. Its decoder is `decoder.weight` where that is there,
    /// and else the word table; its bias is kept under up to two names.
    fn masked(&mut self, names: &MaskedNames, config: &Config, words: &str) -> MaskedHead {
        let width = config.embedding;
        let vocabulary = config.vocabulary;
        let dense = self.dense(names.dense, config.hidden, width);
        let norm = self.norm(names.norm, width);
        let decoder = if self.has(names.decoder) {
            self.tensor(names.decoder, &[vocabulary, width])
        } else {
            words.to_owned()
        };
        // Of two, transformers 5 adds the decoder's own; older files have the other alone.
        let mut bias = None;
        for name in names.biases {
            if self.has(name) || (bias.is_none() && name == names.biases[1]) {
                bias = Some(self.tensor(name, &[vocabulary]));
            }
        }
        let bias = bias.unwrap_or_default();
        MaskedHead { dense, norm, decoder, bias }
    }
}

impl Layout {
    /// Finds every tensor of the checkpoint. `path` names it in errors.
    pub(crate) fn find(
        config: &Config,
        weights: &Weights,
        path: &Path,
    ) -> Result<Self, CheckpointError> {
        let (names, family_prefix) = (config.family.body, config.family.prefix);
        let table = "embeddings.word_embeddings.weight";
        let prefixed = weights.shape(&format!("{family_prefix}{table}")).is_some();
        let prefix = if prefixed || weights.shape(table).is_none() { family_prefix } else { "" };
        let body = |name: &str| format!("{prefix}{name}");
        let mut find = Finder::new(weights);
        let (hidden, width, wide) = (config.hidden, config.embedding, config.intermediate);

        let words = find.tensor(&body(table), &[config.vocabulary, width]);
        let positions =
            find.tensor(&body("embeddings.position_embeddings.weight"), &[config.positions, width]);
        let types = (config.types > 0).then(|| {
            find.tensor(&body("embeddings.token_type_embeddings.weight"), &[config.types, width])
        });
        let embedding_norm = find.norm(&body("embeddings.LayerNorm"), width);
        let projects = width != hidden || names.always_projects;
        let project = projects.then(|| find.dense(&body(names.project), width, hidden));
        let shape = [config.relative_rows, config.heads];
        let relative =
            config.family.relative.map(|relative| find.tensor(&body(relative.tensor), &shape));
        let mut layers = Vec::with_capacity(config.layers);
        for i in 0..config.layers {
            let stem = match (config.sharing, names.in_group) {
                (Some(sharing), Some(in_group)) => {
                    let (group, inner) = sharing.place(i);
                    format!("{prefix}{}.{group}.{in_group}.{inner}", names.layer)
                }
                _ => format!("{prefix}{}.{i}", names.layer),
            };
            let name = |part: &str| format!("{stem}.{part}");
            layers.push(Layer {
                query: find.dense(&name(names.query), hidden, hidden),
                key: find.dense(&name(names.key), hidden, hidden),
                value: find.dense(&name(names.value), hidden, hidden),
                attention: find.dense(&name(names.attention), hidden, hidden),
                attention_norm: find.norm(&name(names.attention_norm), hidden),
                up: find.dense(&name(names.up), hidden, wide),
                down: find.dense(&name(names.down), wide, hidden),
                output_norm: find.norm(&name(names.output_norm), hidden),
            });
        }

        let mut layout = Self {
            words,
            positions,
            types,
            embedding_norm,
            project,
            relative,
            layers,
            pooler: None,
            tokens: None,
            sequence: None,
            masked: None,
            next_sentence: None,
            unused: OTHER_TASKS.to_vec(),
        };
        layout.find_heads(config, &body(names.pooler), &mut find);

        let buffers = BUFFERS.map(body);
        layout.unused.retain(|head| weights.names().any(|name| name.starts_with(head)));
        let is_unused = |name: &str| {
            buffers.iter().any(|buffer| buffer == name)
                || layout.unused.iter().any(|head| name.starts_with(head))
        };
        find.finish(path, is_unused)?;
        Ok(layout)
    }

    /// The first layer with the same numbers as layer `i`: `i` itself, but where layers share them.
    ///
    /// # Panics
    /// If there is no layer `i`.
    #[must_use]
    pub fn first_like(&self, i: usize) -> usize {
        let same = |layer: &Layer| layer.query.weight == self.layers[i].query.weight;
        self.layers.iter().position(same).unwrap_or(i)
    }

    /// The layers that have numbers of their own, from the lowest.
    pub fn distinct_layers(&self) -> impl Iterator<Item = &Layer> {
        let first = |(i, _): &(usize, &Layer)| self.first_like(*i) == *i;
        self.layers.iter().enumerate().filter(first).map(|(_, layer)| layer)
    }

    fn find_heads(&mut self, config: &Config, pooler: &str, find: &mut Finder<'_>) {
        let hidden = config.hidden;
        if find.has(&format!("{pooler}.weight")) {
            self.pooler = Some(find.dense(pooler, hidden, hidden));
        }
        // RoBERTa and ELECTRA have two matrices for sequences, and one for tokens.
        let two = "classifier.out_proj";
        if find.has(&format!("{two}.weight")) {
            self.sequence = Some(SequenceHead {
                dense: find.dense("classifier.dense", hidden, hidden),
                classifier: find.classifier(two, hidden),
            });
        } else if find.has("classifier.weight") {
            let classifier = find.classifier("classifier", hidden);
            // A dense layer of its own goes with a classifier of this name alone.
            let sequence = config.family.sequence;
            let dense_stem = sequence.dense.filter(|_| sequence.classifier == "classifier");
            let before = match dense_stem {
                Some(stem) if find.has(&format!("{stem}.weight")) => {
                    Some(find.dense(stem, hidden, hidden))
                }
                None if sequence.dense.is_none() => self.pooler.clone(),
                _ => None,
            };
            // Where the architecture does not say, what only sequences need tells.
            match (config.classifier(), before) {
                (Some(ClassifierLayout::Sequence) | None, Some(dense)) => {
                    self.sequence = Some(SequenceHead { dense, classifier });
                }
                (Some(ClassifierLayout::Sequence), None) => {
                    find.dense(dense_stem.unwrap_or(pooler), hidden, hidden);
                }
                (Some(ClassifierLayout::Tokens), _) | (None, None) => {
                    self.tokens = Some(classifier);
                }
            }
        }
        let words = self.words.clone();
        let masked = config.family.masked;
        if find.has(&format!("{}.weight", masked.dense)) {
            self.masked = Some(find.masked(&masked, config, &words));
        }
        if config.family.next_sentence && find.has("cls.seq_relationship.weight") {
            self.next_sentence = Some(find.dense("cls.seq_relationship", hidden, 2));
        }
    }
}
