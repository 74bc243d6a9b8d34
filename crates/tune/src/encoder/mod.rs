//! A checkpoint's layers, forwards and backwards.
//!
//! - [`LoraParams`]: the adapters to train, and their settings;
//! - `embedding`, `layer` with `linear`, `attention` and `relative`: the parts, each both ways;
//! - `group`: the sequences that one thread takes through all layers, and what it keeps of them.
//!
//! Sources: Vaswani et al. 2017 and Devlin et al. 2019; transformers 5,
//! `models/{bert,roberta,distilbert,electra,mpnet,albert}/modeling_*.py`, for what is computed; Hu et al. 2021 and
//! PEFT 0.18, `tuners/lora/layer.py`, for LoRA.
mod attention;
mod embedding;
pub(crate) mod group;
mod layer;
pub(crate) mod linear;
mod params;
mod relative;

pub use params::{
    LoraParams, Module, Targets, TrainableEncoderParams, Tuning, ValidTrainableEncoderParams,
};

use cloze_checkpoint::casing::CasingTable;
use cloze_checkpoint::layout::Norm;
use cloze_checkpoint::weights::WeightReader;
use cloze_checkpoint::{Checkpoint, Config};
use rayon::prelude::*;

use crate::random::derive;
use crate::{Hidden, Id, Parameters, TrainingSequence, TuneError};
use embedding::Embedding;
use group::Group;
use layer::{Layer, LayerPlan};
use relative::{ByOffset, RelativeBias};

/// Seed of dropout: the same seed drops the same numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DropoutAt {
    /// Of the step or part of a step.
    pub seed: u64,
    /// The share of numbers that become 0; the others are divided by what is left.
    pub rate: f32,
}

/// An adapter of one matrix: its update is `scale · b · a`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoraModule {
    /// The matrix, as the checkpoint names it, without `.weight`.
    pub name: String,
    /// `[rank, inputs]`.
    pub a: Id,
    /// `[outputs, rank]`.
    pub b: Id,
}

/// A checkpoint's encoder that can be trained. Its numbers lie among [`Parameters`].
#[derive(Debug)]
pub struct TrainableEncoder {
    config: Config,
    embedding: Embedding,
    relative: Option<RelativeBias>,
    layers: Vec<Layer>,
    /// The lowest layer that has anything to train; as many as there are layers if none has.
    lowest: usize,
    modules: Vec<LoraModule>,
}

/// Activations saved for the backward pass; kept from step to step, so that memory is allocated
/// once.
#[derive(Debug, Default)]
pub struct Tape {
    groups: Vec<Group>,
    /// Number of groups that this step uses.
    used: usize,
    dropout: Option<DropoutAt>,
    /// Whether there will be no way back, so that no layer keeps anything.
    one_way: bool,
}

impl Tape {
    /// For hidden states alone, which takes a fraction of the memory: there is no
    /// [`backward`](TrainableEncoder::backward) from it.
    #[must_use]
    pub fn one_way() -> Self {
        Self { one_way: true, ..Self::default() }
    }
}

/// Numbers that every layer needs in the forward pass.
#[derive(Clone, Copy)]
struct Pass<'a> {
    parameters: &'a Parameters,
    dropout: Option<DropoutAt>,
    relative: Option<&'a ByOffset>,
}

/// Reads a checkpoint's tensors into parameters.
struct Reader<'a> {
    weights: WeightReader<'a>,
    parameters: &'a mut Parameters,
}

impl Reader<'_> {
    fn add(&mut self, name: &str, shape: &[usize], train: bool) -> Result<Id, TuneError> {
        self.add_decaying(name, shape, train, shape.len() > 1)
    }

    /// Adds a tensor that weight decay leaves alone, whatever its shape.
    fn add_bias(&mut self, name: &str, shape: &[usize], train: bool) -> Result<Id, TuneError> {
        self.add_decaying(name, shape, train, false)
    }

    fn add_decaying(
        &mut self,
        name: &str,
        shape: &[usize],
        train: bool,
        decays: bool,
    ) -> Result<Id, TuneError> {
        let value = self.weights.read(name)?;
        Ok(if train {
            self.parameters.add(name, shape, value, decays)
        } else {
            self.parameters.add_frozen(name, shape, value)
        })
    }

    fn norm(&mut self, norm: &Norm, epsilon: f32, train: bool) -> Result<NormIds, TuneError> {
        let weight = self.add(&norm.weight, &[norm.width], train)?;
        let bias = self.add(&norm.bias, &[norm.width], train)?;
        Ok(NormIds { weight, bias, epsilon, trained: train })
    }
}

/// A layer norm's parameters.
#[derive(Clone, Copy, Debug)]
struct NormIds {
    weight: Id,
    bias: Id,
    epsilon: f32,
    trained: bool,
}

impl TrainableEncoder {
    /// Reads `checkpoint` and adds its numbers to `parameters`, and those of adapters, if `params`
    /// has any, drawn by `seed`.
    ///
    /// # Errors
    /// [`TuneError::Checkpoint`] if a tensor cannot be read; [`TuneError::Setting`] for more frozen layers
    /// than there are, and for frozen ones that share their numbers with others that are trained.
    pub fn open(
        checkpoint: &Checkpoint,
        params: &ValidTrainableEncoderParams,
        seed: u64,
        parameters: &mut Parameters,
    ) -> Result<Self, TuneError> {
        let config = checkpoint.config().clone();
        let layout = checkpoint.layout();
        let params = params.params();
        if params.frozen_layers > config.layers {
            return Err(TuneError::Setting {
                setting: "frozen_layers".into(),
                found: params.frozen_layers.to_string(),
                expected: format!("at most the {} there are", config.layers),
            });
        }
        let mut reader = Reader { weights: checkpoint.weights().reader(), parameters };
        let casing = checkpoint.casing().map(CasingTable::rows);
        let embedding = Embedding::open(&mut reader, &config, layout, casing, params)?;
        let longest = config.positions.saturating_sub(embedding.first_position());
        let relative =
            RelativeBias::open(&mut reader, &config, layout, longest, params.embeddings)?;
        let (mut layers, mut modules): (Vec<Layer>, _) = (vec![], vec![]);
        for (i, layer) in layout.layers.iter().enumerate() {
            let frozen = i < params.frozen_layers;
            let first = layout.first_like(i);
            if first < i {
                if !frozen && first < params.frozen_layers {
                    return Err(TuneError::Setting {
                        setting: "frozen_layers".into(),
                        found: params.frozen_layers.to_string(),
                        expected: format!(
                            "layers {} and {} both or neither, since they share their numbers",
                            first + 1,
                            i + 1
                        ),
                    });
                }
                layers.push(layers[first].at(i));
                continue;
            }
            let plan = LayerPlan { index: i, frozen, params, seed: derive(seed, i as u64) };
            layers.push(Layer::open(&mut reader, &config, layer, &plan, &mut modules)?);
        }
        let lowest = layers.iter().position(Layer::is_trained).unwrap_or(layers.len());
        let lowest = if embedding.is_trained() { 0 } else { lowest };
        Ok(Self { config, embedding, relative, layers, lowest, modules })
    }

    /// The shape of the encoder.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Hidden size.
    #[must_use]
    pub fn width(&self) -> usize {
        self.config.hidden
    }

    /// Largest number of tokens of a sequence.
    #[must_use]
    pub fn max_tokens(&self) -> usize {
        self.config.positions.saturating_sub(self.embedding.first_position())
    }

    /// The word embedding matrix, `[vocabulary, embedding]`.
    #[must_use]
    pub fn words(&self) -> Id {
        self.embedding.words()
    }

    /// Number of classes of casing that token types are divided by; 1 where casing is not looked
    /// at.
    #[must_use]
    pub fn casing_classes(&self) -> usize {
        self.embedding.classes()
    }

    /// The matrices that have an adapter.
    #[must_use]
    pub fn modules(&self) -> &[LoraModule] {
        &self.modules
    }

    /// The last hidden states of `sequences`; on rayon's current pool. The same on any number of
    /// threads.
    ///
    /// # Errors
    /// [`TuneError::Sequence`] for one that is empty, too long, or has unknown ids.
    pub fn forward(
        &self,
        parameters: &Parameters,
        sequences: &[&TrainingSequence],
        dropout: Option<DropoutAt>,
        tape: &mut Tape,
    ) -> Result<Hidden, TuneError> {
        self.check(sequences)?;
        tape.dropout = dropout.filter(|dropout| dropout.rate > 0.0);
        tape.used = group::share_out(&mut tape.groups, sequences, self.config.heads);
        let (used, dropout) = (tape.used, tape.dropout);
        let lowest = if tape.one_way { self.layers.len() } else { self.lowest };
        let relative = self.relative.as_ref().map(|relative| relative.by_offset(parameters));
        let pass = Pass { parameters, dropout, relative: relative.as_ref() };
        tape.groups[..used].par_iter_mut().for_each(|group| {
            self.forward_group(pass, sequences, lowest, group);
        });
        let lengths = sequences.iter().map(|sequence| sequence.len());
        let mut hidden = Hidden::zeros(self.width(), lengths);
        for group in &tape.groups[..used] {
            group.scatter(&mut hidden);
        }
        Ok(hidden)
    }

    fn check(&self, sequences: &[&TrainingSequence]) -> Result<(), TuneError> {
        for (i, sequence) in sequences.iter().enumerate() {
            let wrong = |what: String| Err(TuneError::Sequence { sequence: i, what });
            let (len, most) = (sequence.len(), self.max_tokens());
            if len == 0 || len > most {
                return wrong(format!("expected 1 to {most} tokens, found {len}"));
            }
            let vocabulary = self.config.vocabulary;
            if let Some(id) = sequence.ids.iter().find(|&&id| id as usize >= vocabulary) {
                return wrong(format!("token id {id}; the vocabulary has {vocabulary} words"));
            }
            if !sequence.types.is_empty() && sequence.types.len() != len {
                return wrong(format!("{len} tokens and {} types", sequence.types.len()));
            }
            let types = self.embedding.types();
            if let Some(t) = sequence.types.iter().find(|&&t| t as usize >= types) {
                return wrong(format!("token type {t}; there are {types}"));
            }
        }
        Ok(())
    }

    fn forward_group(
        &self,
        pass: Pass<'_>,
        sequences: &[&TrainingSequence],
        lowest: usize,
        group: &mut Group,
    ) {
        // Layers that nothing is learned in keep nothing: those below `lowest` share one place.
        let places = self.layers.len() - lowest + 1;
        group.layers.resize_with(places.max(group.layers.len()), Default::default);
        self.embedding.forward(pass.parameters, sequences, pass.dropout, group);
        for (i, layer) in self.layers.iter().enumerate() {
            let slot = (i + 1).saturating_sub(lowest);
            let mut kept = std::mem::take(&mut group.layers[slot]);
            std::mem::swap(&mut kept.x, &mut group.state);
            layer.forward(pass, group, &mut kept);
            group.layers[slot] = kept;
        }
    }

    /// Adds to the gradients of all trained parameters, from the gradient of the last hidden states
    /// of the [`forward`](Self::forward) that filled `tape`.
    ///
    /// # Panics
    /// If `gradient` is not of the shape that `forward` gave, or there is no way back on `tape`.
    pub fn backward(&self, parameters: &mut Parameters, tape: &mut Tape, gradient: &Hidden) {
        assert!(!tape.one_way, "a tape with a way back");
        let dropout = tape.dropout;
        let groups = &mut tape.groups[..tape.used];
        for group in &mut *groups {
            group.gather(gradient);
        }
        let below = self.embedding.is_trained();
        let relative = self.relative.as_ref();
        for (i, layer) in self.layers.iter().enumerate().skip(self.lowest).rev() {
            let slot = i + 1 - self.lowest;
            let frozen = &*parameters;
            groups.par_iter_mut().for_each(|group| {
                let kept = std::mem::take(&mut group.layers[slot]);
                let deeper = i > self.lowest || below;
                layer.backward(frozen, dropout, relative, group, &kept, deeper);
                group.layers[slot] = kept;
            });
            layer.add_weight_gradients(parameters, groups, slot);
            group::add_partials(groups, parameters);
        }
        if below {
            let frozen = &*parameters;
            groups.par_iter_mut().for_each(|group| {
                self.embedding.backward(frozen, dropout, group);
            });
            group::add_partials(groups, parameters);
            self.embedding.add_table_gradients(parameters, groups);
        }
    }
}
