//! A decoder's layers and its head, forwards and backwards: the loss of the next token.
//!
//! - [`CausalExample`]: texts of a row, and their next tokens; [`pack`]: rows of documents;
//! - `open`: numbers of a checkpoint, and [`initial_tensors`] of a new one;
//! - `layer` with `attention` and `norm`: the parts, each both ways;
//! - `group`: the texts that one thread takes through all layers;
//! - `head`: from the last hidden states to the loss, some tokens at a time;
//! - [`CausalLearner`]: all of it as something that can be trained.
//!
//! Texts lie end to end and each sees itself alone, so that several in a row cost no padding and no
//! mask.
//!
//! Sources: Radford et al. 2019 and Touvron et al. 2023; transformers 5,
//! `models/{gpt2,llama,mistral,qwen2,qwen3}/modeling_*.py`, for what is computed.
mod attention;
mod group;
mod head;
mod layer;
mod learner;
mod norm;
mod open;
mod pack;

pub use learner::CausalLearner;
pub use open::{Drawn, initial_tensors};
pub use pack::{CausalExample, pack};

use cloze_checkpoint::decoder::DecoderConfig;
use rayon::prelude::*;

use crate::encoder::group::{deal, sized};
use crate::encoder::{DropoutAt, LoraModule};
use crate::kernel::{self};
use crate::{Id, Parameters, TuneError};
use group::Group;
use head::LossHead;
use layer::{Layer, Pass};
use norm::DecoderNorm;

/// Dropout site of the embeddings.
const SITE: u64 = 0;

/// A checkpoint's decoder that can be trained. Its numbers lie among [`Parameters`].
#[derive(Debug)]
pub struct TrainableDecoder {
    config: DecoderConfig,
    words: Id,
    positions: Option<Id>,
    head: LossHead,
    layers: Vec<Layer>,
    last_norm: DecoderNorm,
    /// Cosines and sines of rotary positions, `[positions, head_size / 2]`; empty where there are none.
    angles: [Vec<f32>; 2],
    /// The lowest layer that has anything to train; as many as there are layers if none has.
    lowest: usize,
    /// Whether the word and position embeddings are trained.
    embeddings: bool,
    modules: Vec<LoraModule>,
    /// Tensors of the checkpoint, and whether it stores each as `[inputs, outputs]`.
    stored: Vec<(Id, bool)>,
}

/// Activations saved for the backward pass; kept from step to step, so that memory is allocated once.
#[derive(Debug, Default)]
pub struct DecoderTape {
    groups: Vec<Group>,
    /// Number of groups that this step uses.
    used: usize,
    dropout: Option<DropoutAt>,
    /// Whether there will be no way back, so that no layer keeps anything.
    one_way: bool,
    /// `[tokens, hidden]`: the input of the head, text after text.
    top: Vec<f32>,
    /// Gradient of `top`.
    of_top: Vec<f32>,
    logits: Vec<f32>,
    /// Start of each text's tokens, and the end of the last one's.
    starts: Vec<usize>,
    targets: Vec<u32>,
}

impl DecoderTape {
    /// For losses alone, which takes a fraction of the memory.
    #[must_use]
    pub fn one_way() -> Self {
        Self { one_way: true, ..Self::default() }
    }
}

impl TrainableDecoder {
    /// The shape of the decoder.
    #[must_use]
    pub fn config(&self) -> &DecoderConfig {
        &self.config
    }

    /// The matrices that have an adapter.
    #[must_use]
    pub fn modules(&self) -> &[LoraModule] {
        &self.modules
    }

    /// −ln of the probability of each text's tokens but the first, summed over all of `texts`; each
    /// number is the same whatever texts stand beside it, on any number of threads.
    ///
    /// # Errors
    /// [`TuneError::Sequence`] for a text of fewer than two tokens, more than one beyond the model's
    /// positions, or with unknown ids.
    pub fn loss(
        &self,
        parameters: &Parameters,
        texts: &[&[u32]],
        tape: &mut DecoderTape,
    ) -> Result<f64, TuneError> {
        self.forward(parameters, texts, None, tape)?;
        let (top, targets) = (&tape.top, &tape.targets);
        Ok(self.head.loss(parameters, top, targets, &mut tape.logits))
    }

    /// Logits of the token behind each token of `ids`, `[tokens, vocabulary]`.
    ///
    /// # Errors
    /// As [`loss`](Self::loss), but that one token is enough.
    pub fn logits(&self, parameters: &Parameters, ids: &[u32]) -> Result<Vec<f32>, TuneError> {
        let mut tape = DecoderTape::one_way();
        // The last token is nobody's target.
        let mut text = ids.to_vec();
        text.extend(ids.last());
        self.forward(parameters, &[&text], None, &mut tape)?;
        Ok(self.head.logits(parameters, &tape.top))
    }

    /// As [`loss`](Self::loss), and adds `scale` times the gradient to that of all trained parameters.
    ///
    /// # Errors
    /// As [`loss`](Self::loss).
    ///
    /// # Panics
    /// If there is no way back on `tape`.
    pub fn accumulate(
        &self,
        parameters: &mut Parameters,
        texts: &[&[u32]],
        scale: f32,
        dropout: Option<DropoutAt>,
        tape: &mut DecoderTape,
    ) -> Result<f64, TuneError> {
        assert!(!tape.one_way, "a tape with a way back");
        self.forward(parameters, texts, dropout, tape)?;
        let DecoderTape { top, of_top, targets, logits, .. } = &mut *tape;
        let of_top = sized(of_top, top.len());
        let loss = self.head.backward(parameters, top, targets, scale, logits, of_top);
        self.backward(parameters, tape);
        Ok(loss)
    }

    fn check(&self, texts: &[&[u32]]) -> Result<(), TuneError> {
        for (sequence, text) in texts.iter().enumerate() {
            let wrong = |what: String| Err(TuneError::Sequence { sequence, what });
            let most = self.config.positions;
            if text.len() < 2 || text.len() > most.saturating_add(1) {
                let len = text.len();
                return wrong(format!("expected 2 to {} tokens, found {len}", most + 1));
            }
            let vocabulary = self.config.vocabulary;
            if let Some(id) = text.iter().find(|&&id| id as usize >= vocabulary) {
                return wrong(format!("token id {id}; the vocabulary has {vocabulary} tokens"));
            }
        }
        Ok(())
    }

    /// Fills the tape; `tape.top` is the input of the head.
    fn forward(
        &self,
        parameters: &Parameters,
        texts: &[&[u32]],
        dropout: Option<DropoutAt>,
        tape: &mut DecoderTape,
    ) -> Result<(), TuneError> {
        self.check(texts)?;
        let width = self.config.hidden;
        tape.dropout = dropout.filter(|dropout| dropout.rate > 0.0);
        tape.starts.clear();
        tape.targets.clear();
        let mut tokens = 0;
        for text in texts {
            tape.starts.push(tokens);
            tape.targets.extend(&text[1..]);
            tokens += text.len() - 1;
        }
        let lengths: Vec<usize> = texts.iter().map(|text| text.len() - 1).collect();
        let dealt = deal(&lengths);
        tape.used = dealt.len();
        tape.groups.resize_with(tape.used.max(tape.groups.len()), Group::default);
        for (group, members) in tape.groups.iter_mut().zip(dealt) {
            group.begin(members, texts);
        }
        let groups = &mut tape.groups[..tape.used];
        let lowest = if tape.one_way { self.layers.len() } else { self.lowest };
        let pass = self.pass(parameters, tape.dropout);
        groups.par_iter_mut().for_each(|group| self.forward_group(pass, lowest, group));
        let top = sized(&mut tape.top, tokens * width);
        for group in groups {
            group.scatter(&tape.starts, width, top);
        }
        Ok(())
    }

    fn pass<'a>(&'a self, parameters: &'a Parameters, dropout: Option<DropoutAt>) -> Pass<'a> {
        let [cosines, sines] = &self.angles;
        Pass { config: &self.config, parameters, dropout, angles: [cosines, sines] }
    }

    fn forward_group(&self, pass: Pass<'_>, lowest: usize, group: &mut Group) {
        // Layers that nothing is learned in keep nothing: those below `lowest` share one place.
        let places = self.layers.len() - lowest + 1;
        group.layers.resize_with(places.max(group.layers.len()), Default::default);
        self.embed(pass, group);
        for (i, layer) in self.layers.iter().enumerate() {
            let slot = (i + 1).saturating_sub(lowest);
            let mut kept = std::mem::take(&mut group.layers[slot]);
            layer.forward(pass, group, &mut kept);
            group.layers[slot] = kept;
        }
        let Group { state, top, top_norm, .. } = group;
        let top = sized(top, state.len());
        self.last_norm.forward(pass.parameters, state, top_norm, top);
    }

    fn embed(&self, pass: Pass<'_>, group: &mut Group) {
        let width = self.config.hidden;
        let mut state = std::mem::take(&mut group.state);
        let rows = sized(&mut state, group.ids.len() * width);
        let words = pass.parameters.value(self.words);
        for (row, &id) in rows.chunks_exact_mut(width).zip(&group.ids) {
            row.copy_from_slice(&words[id as usize * width..][..width]);
        }
        if let Some(positions) = self.positions {
            let positions = pass.parameters.value(positions);
            for (_, tokens, _) in group.sequences().iter() {
                let rows = &mut rows[tokens.start * width..tokens.end * width];
                kernel::add(rows, &positions[..rows.len()]);
            }
        }
        if let Some(dropout) = pass.dropout {
            group.sequences().drop_out(dropout, SITE, rows, width);
        }
        group.state = state;
    }

    fn backward(&self, parameters: &mut Parameters, tape: &mut DecoderTape) {
        let width = self.config.hidden;
        let DecoderTape { groups, used, of_top, starts, dropout, .. } = tape;
        let groups = &mut groups[..*used];
        if !self.embeddings && !self.last_norm.trained() && self.lowest >= self.layers.len() {
            return;
        }
        let dropout = *dropout;
        let frozen = &*parameters;
        groups.par_iter_mut().for_each(|group| {
            group.gather(starts, width, of_top);
            let Group { gradient, top_norm, partials, .. } = group;
            self.last_norm.backward(frozen, top_norm, gradient, partials);
        });
        group::add_partials(groups, parameters);
        for (i, layer) in self.layers.iter().enumerate().skip(self.lowest).rev() {
            let slot = i + 1 - self.lowest;
            let pass = self.pass(parameters, dropout);
            let deeper = i > self.lowest || self.embeddings;
            groups.par_iter_mut().for_each(|group| {
                let kept = std::mem::take(&mut group.layers[slot]);
                layer.backward(pass, group, &kept, deeper);
                group.layers[slot] = kept;
            });
            layer.add_weight_gradients(parameters, groups, slot);
            group::add_partials(groups, parameters);
        }
        if self.embeddings {
            groups.par_iter_mut().for_each(|group| {
                let mut gradient = std::mem::take(&mut group.gradient);
                if let Some(dropout) = dropout {
                    group.sequences().drop_out(dropout, SITE, &mut gradient, width);
                }
                group.gradient = gradient;
            });
            self.add_table_gradients(parameters, groups);
        }
    }

    /// Adds the gradients of the embeddings' rows, group after group.
    fn add_table_gradients(&self, parameters: &mut Parameters, groups: &[Group]) {
        let width = self.config.hidden;
        for group in groups {
            let of_words = parameters.gradient_mut(self.words);
            for (&id, of_row) in group.ids.iter().zip(group.gradient.chunks_exact(width)) {
                kernel::add(&mut of_words[id as usize * width..][..width], of_row);
            }
            let Some(positions) = self.positions else { continue };
            let of_positions = parameters.gradient_mut(positions);
            for (_, tokens, _) in group.sequences().iter() {
                let of_rows = &group.gradient[tokens.start * width..tokens.end * width];
                kernel::add(&mut of_positions[..of_rows.len()], of_rows);
            }
        }
    }
}
