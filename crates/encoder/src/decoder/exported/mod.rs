//! Decoders that other programs exported: graphs that take the keys and values of all tokens so far, and give
//! them with those of the new tokens behind. Texts go through one by one, so each is the same alone and among
//! others; a step copies the keys and values once, since such a graph makes them anew.
//!
//! Sources: optimum-onnx 0.1; transformers.js 3, `src/models/modeling_utils.js` (names of the cache, and one
//! of length 0 to begin with); onnxruntime-genai 0.18.
mod ports;

use std::sync::{Mutex, PoisonError};

use cloze_checkpoint::ModelFolder;
use cloze_graph::check::{CheckParams, CheckedModel};
use cloze_store::Location;

use super::cache::{Asked, LOGITS_BYTES};
use super::source::Source;
use super::{Cache, Decoder, Shape, ValidDecoderParams};
pub(crate) use ports::takes_cache;
use ports::{LOGITS, Ports, Role, State, shape};

use crate::engine::{
    Cause, EngineSession, GraphSource, Input, LoadedGraph, OutputTensor, RunLimits, Values,
};
use crate::tokenize::Tokenizer;
use crate::{EncoderError, Runtime};

/// Most new tokens that go through the model at once.
const CHUNK: usize = 512;
/// The encoder's output.
pub(super) const STATES: &str = "last_hidden_state";

/// A graph of a decoder, beside the one whose sessions the [`Decoder`] has.
#[derive(Debug)]
pub(super) struct Exported {
    ports: Ports,
    /// The graph for the first tokens, where the other takes later ones alone.
    first: Option<First>,
}

#[derive(Debug)]
struct First {
    graph: Box<dyn LoadedGraph>,
    ports: Ports,
    idle: Mutex<Vec<Box<dyn EngineSession>>>,
}

fn open_graph(path: &Location) -> Result<CheckedModel, EncoderError> {
    Ok(CheckParams::new().check()?.open(path.clone())?)
}

impl First {
    /// Runs it in a session that nobody uses, or a new one.
    fn run(
        &self,
        threads: usize,
        inputs: Vec<Input<'_>>,
        limits: &RunLimits,
        outputs: &mut dyn Iterator<Item = &str>,
        read: &mut dyn FnMut(&[Option<OutputTensor<'_>>]),
    ) -> Result<(), Cause> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut session = match idle {
            Some(session) => session,
            None => self.graph.session(threads)?,
        };
        let result = session.run(inputs, limits, outputs, read);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        result
    }
}

impl Exported {
    /// Graph, ports and sizes of an exported decoder.
    ///
    /// # Errors
    /// [`EncoderError::NoCache`] for a graph that takes no keys and values; [`EncoderError::DecoderInput`] and
    /// [`EncoderError::GraphOutput`] for one that does not fit.
    fn open(
        runtime: &Runtime,
        model: &ModelFolder,
    ) -> Result<(Box<dyn LoadedGraph>, Self, Shape), EncoderError> {
        let path = model.graph_path();
        let load = |checked: CheckedModel| {
            let loaded = runtime.engine().load(GraphSource::File(checked));
            loaded.map_err(|source| EncoderError::Session { path: path.to_path_buf(), source })
        };
        let checked = open_graph(&path)?;
        if !takes_cache(&checked.info) {
            return Err(EncoderError::NoCache { path: path.to_path_buf() });
        }
        let ports = Ports::resolve(&checked.info, &path)?;
        let shape = shape(model, &checked.info, &ports)?;
        let first = match model.exported().and_then(|exported| exported.first.as_ref()) {
            None => None,
            Some(path) => {
                let checked = open_graph(path)?;
                let first = Ports::resolve(&checked.info, path)?;
                let names = ports.states.iter().map(|state| state.output.as_str());
                if let Some(name) = Ports::missing_output(&checked.info, names.chain([LOGITS])) {
                    return Err(EncoderError::GraphOutput {
                        path: path.to_path_buf(),
                        wanted: name.to_owned(),
                        all: checked.info.outputs.iter().map(ToString::to_string).collect(),
                    });
                }
                Some(First { graph: load(checked)?, ports: first, idle: Mutex::default() })
            }
        };
        Ok((load(checked)?, Self { ports, first }, shape))
    }

    /// Checks the graphs of an exported decoder without loading them.
    pub(super) fn check(model: &ModelFolder) -> Result<(), EncoderError> {
        let path = model.graph_path();
        let checked = open_graph(&path)?;
        if !takes_cache(&checked.info) {
            return Err(EncoderError::NoCache { path: path.to_path_buf() });
        }
        let ports = Ports::resolve(&checked.info, &path)?;
        shape(model, &checked.info, &ports)?;
        let others = model.exported().into_iter().flat_map(|exported| exported.all().skip(1));
        for other in others {
            open_graph(other)?;
        }
        Ok(())
    }
}

impl Decoder {
    /// Opens a decoder that another program exported.
    pub(super) fn open_exported(
        runtime: &Runtime,
        model: &ModelFolder,
        params: ValidDecoderParams,
    ) -> Result<Self, EncoderError> {
        let tokenizer = Tokenizer::open(model)?;
        let (graph, exported, shape) = Exported::open(runtime, model)?;
        let (bos, eos) = model.text_ends()?;
        let source = Source::open_exported(runtime, model)?;
        let most = source.as_ref().map_or(model.max_tokens(), Source::written);
        let limits = params.limits();
        Ok(Self {
            tokenizer,
            graph,
            shape,
            eos,
            bos,
            positions: params.positions.map_or(most, |positions| positions.min(most)),
            source,
            path: model.graph_path(),
            params,
            limits,
            exported: Some(exported),
            idle: Mutex::default(),
        })
    }
}

/// Keys and values of texts, as an exported graph gives them.
#[derive(Debug, Default)]
pub(super) struct Grown {
    /// Of each text those that its own tokens have, `[heads, tokens, width]` each, by number of the state;
    /// those of the source are empty.
    texts: Vec<Vec<Vec<f32>>>,
    /// Prompts that an encoder read, each for as many texts.
    prompts: Vec<ReadPrompt>,
}

/// A prompt that an encoder read.
#[derive(Debug)]
pub(super) struct ReadPrompt {
    /// Last hidden state, `[tokens, hidden]`.
    pub(super) states: Vec<f32>,
    /// Number of its tokens.
    pub(super) tokens: usize,
    /// Keys and values of the decoder's attention to it, `[heads, tokens, width]` each, by number of the
    /// state; empty before the decoder's first run.
    pub(super) crossed: Vec<Vec<f32>>,
}

impl Grown {
    /// Keys and values of `batch` texts without tokens.
    pub(super) fn new(exported: &Exported, batch: usize) -> Self {
        let none = vec![vec![]; exported.ports.states.len()];
        Self { texts: vec![none; batch], prompts: vec![] }
    }

    pub(super) fn set_prompts(&mut self, prompts: Vec<ReadPrompt>) {
        self.prompts = prompts;
    }

    /// Keeps the first `len` of `tokens` tokens of a text.
    pub(super) fn truncate(&mut self, text: usize, heads: usize, tokens: usize, len: usize) {
        for state in self.texts.get_mut(text).into_iter().flatten() {
            *state = beginning(state, heads, tokens, len);
        }
    }

    /// Makes a text the first `len` of `tokens` tokens of text 0 of another.
    pub(super) fn copy(
        &mut self,
        text: usize,
        from: &Self,
        heads: usize,
        [tokens, len]: [usize; 2],
    ) {
        let states = from.texts.first().into_iter().flatten();
        let copied = states.map(|state| beginning(state, heads, tokens, len)).collect();
        if let Some(text) = self.texts.get_mut(text) {
            *text = copied;
        }
    }

    /// Has text `i` go on from text `from[i]`.
    pub(super) fn gather(&mut self, from: &[usize]) {
        let texts = from.iter().map(|&i| self.texts.get(i).cloned().unwrap_or_default());
        self.texts = texts.collect();
    }
}

/// New tokens of one text, and what is known of those before them.
struct Step<'a> {
    new: &'a [u32],
    /// Number of tokens before.
    past: usize,
    shape: Shape,
    prompt: Option<&'a ReadPrompt>,
    /// Keys and values of the text, by number of the state.
    own: &'a [Vec<f32>],
    states: &'a [State],
}

impl<'a> Step<'a> {
    /// Shape and values of an input.
    fn input(&self, role: Role) -> (Vec<usize>, Values<'a>) {
        let Self { new, past, prompt, .. } = *self;
        let Shape { key_value_heads: heads, head_size: width, .. } = self.shape;
        let seq = new.len();
        let ones = |n: usize| (vec![1, n], Values::I64(vec![1; n]));
        let source_tokens = prompt.map_or(0, |prompt| prompt.tokens);
        match role {
            Role::Ids => (vec![1, seq], Values::I64(new.iter().map(|&id| i64::from(id)).collect())),
            Role::Mask => ones(past + seq),
            Role::Positions => {
                let places = (past..past + seq).map(|n| i64::try_from(n).unwrap_or(i64::MAX));
                (vec![1, seq], Values::I64(places.collect()))
            }
            Role::LogitsKept => (vec![], Values::I64(vec![0])),
            Role::CacheBranch => (vec![1], Values::Bool(vec![past > 0])),
            Role::SourceStates => {
                let states = prompt.map_or(&[][..], |prompt| &prompt.states);
                let hidden = states.len() / source_tokens.max(1);
                (vec![1, source_tokens, hidden], Values::F32(states))
            }
            Role::SourceMask => ones(source_tokens),
            // Those of a prompt come from the first run.
            Role::State(i) if self.states[i].of_source => {
                let crossed = prompt.and_then(|prompt| prompt.crossed.get(i));
                let state = crossed.filter(|_| past > 0).map_or(&[][..], Vec::as_slice);
                let tokens = if state.is_empty() { 0 } else { source_tokens };
                (vec![1, heads, tokens, width], Values::F32(state))
            }
            Role::State(i) => (vec![1, heads, past, width], Values::F32(&self.own[i])),
        }
    }
}

/// The first `len` tokens of `[heads, tokens, width]`.
fn beginning(state: &[f32], heads: usize, tokens: usize, len: usize) -> Vec<f32> {
    let head = state.len() / heads.max(1);
    let used = head / tokens.max(1) * len.min(tokens);
    state.chunks_exact(head.max(1)).flat_map(|head| &head[..used]).copied().collect()
}

impl Cache<'_> {
    /// As [`append`](Self::append), of an exported graph.
    pub(super) fn append_exported(
        &mut self,
        exported: &Exported,
        new: &[&[u32]],
        asked: Asked,
        read: &mut dyn FnMut(usize, usize, &[f32]),
    ) -> Result<(), EncoderError> {
        let chunk = LOGITS_BYTES / (4 * self.decoder.shape.vocabulary).max(1);
        let of_source = exported.ports.states.iter().any(|state| state.of_source);
        for (text, ids) in new.iter().enumerate() {
            let mut start = 0;
            while start < ids.len() {
                // The part of an encoder–decoder's graph with a cache is made for single tokens.
                let chunk = if of_source && !self.texts[text].is_empty() {
                    1
                } else {
                    chunk.clamp(4, CHUNK)
                };
                let end = (start + chunk).min(ids.len());
                self.run_exported(exported, text, &ids[start..end], &mut |token, logits| {
                    let token = start + token;
                    let wanted = match asked {
                        Asked::All => true,
                        Asked::Last => token + 1 == ids.len(),
                        Asked::From(first) => token >= first,
                    };
                    if wanted {
                        read(text, token, logits);
                    }
                })?;
                start = end;
            }
        }
        Ok(())
    }

    /// One run of the model on one text.
    fn run_exported(
        &mut self,
        exported: &Exported,
        text: usize,
        new: &[u32],
        read: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<(), EncoderError> {
        let Shape { key_value_heads: heads, head_size: width, vocabulary, .. } = self.decoder.shape;
        let (past, seq) = (self.texts[text].len(), new.len());
        let path = self.decoder.path.to_path_buf();
        let failed = |source| EncoderError::Run { path: path.clone(), batch: 1, seq, source };
        let grown = self.grown.as_mut().ok_or_else(|| failed("it has no keys".into()))?;
        let per_prompt = grown.texts.len() / grown.prompts.len().max(1);
        let prompt = grown.prompts.get_mut(text / per_prompt.max(1));
        let first = exported.first.as_ref().filter(|_| past == 0);
        let ports = first.map_or(&exported.ports, |first| &first.ports);
        let states = &exported.ports.states;
        // The decoder's keys and values of a prompt come from its first run.
        let crossing = past == 0;
        let source_tokens = prompt.as_ref().map_or(0, |prompt| prompt.tokens);
        let step = Step {
            new,
            past,
            shape: self.decoder.shape,
            prompt: prompt.as_deref(),
            own: &grown.texts[text],
            states,
        };
        let mut inputs = vec![];
        for (name, role) in &ports.inputs {
            let (shape, data) = step.input(*role);
            inputs.push(Input { name, shape, data });
        }
        let taken: Vec<usize> =
            (0..states.len()).filter(|&i| crossing || !states[i].of_source).collect();
        let mut names =
            std::iter::once(LOGITS).chain(taken.iter().map(|&i| states[i].output.as_str()));
        let expected = |i: Option<usize>| match i {
            None => [1, seq, vocabulary],
            Some(i) if states[i].of_source => [heads, source_tokens, width],
            Some(_) => [heads, past + seq, width],
        };
        let mut given: Vec<Vec<f32>> = vec![];
        let mut other_shape = None;
        let mut take = |outputs: &[Option<OutputTensor<'_>>]| {
            for (place, output) in outputs.iter().enumerate() {
                let i = place.checked_sub(1).map(|place| taken[place]);
                let [a, b, c] = expected(i);
                let Some(OutputTensor { shape, data }) = output else { continue };
                let int64 = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
                let fits = match i {
                    None => **shape == [1, int64(b), int64(c)],
                    Some(_) => **shape == [1, int64(a), int64(b), int64(c)],
                };
                if !fits {
                    other_shape.get_or_insert((i, shape.to_vec()));
                } else if i.is_none() {
                    data.chunks_exact(vocabulary).enumerate().for_each(|(t, row)| read(t, row));
                } else {
                    given.push(data.to_vec());
                }
            }
        };
        let limits = &self.decoder.limits;
        match first {
            Some(first) => {
                first.run(self.decoder.params.threads, inputs, limits, &mut names, &mut take)
            }
            None => match self.session.as_mut() {
                Some(session) => session.run(inputs, limits, &mut names, &mut take),
                None => Err("it is closed".into()),
            },
        }
        .map_err(failed)?;
        if let Some((i, found)) = other_shape {
            let [a, b, c] = expected(i);
            let output = i.map_or(LOGITS.to_owned(), |i| states[i].output.clone());
            return Err(EncoderError::OutputShape {
                path,
                output,
                found,
                batch: a,
                seq: b,
                width: c,
            });
        }
        if given.len() != taken.len() {
            return Err(failed("it gave no keys and values".into()));
        }
        let own = &mut grown.texts[text];
        let mut prompt = prompt;
        if let Some(prompt) = prompt.as_mut().filter(|_| crossing) {
            prompt.crossed = vec![vec![]; states.len()];
        }
        for (i, state) in taken.into_iter().zip(given) {
            match prompt.as_mut().filter(|_| states[i].of_source) {
                Some(prompt) => prompt.crossed[i] = state,
                None => own[i] = state,
            }
        }
        self.texts[text].extend_from_slice(new);
        self.counts.runs += 1;
        self.counts.tokens += seq as u64;
        Ok(())
    }
}
