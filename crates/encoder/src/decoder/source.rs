//! Encoders of encoder–decoders: prompts to the keys and values of the decoder's attention to them.
use std::sync::{Mutex, PoisonError};

use cloze_checkpoint::ModelFolder;
use cloze_checkpoint::encoder_decoder::{EncoderDecoderCheckpoint, EncoderDecoderConfig};
use cloze_graph::check::{CheckParams, ElementType, TensorInfo};
use cloze_graph::construct::{
    CrossPorts, DecoderBuildParams, Graph, POSITIONS, adds_in_16_bits, hidden_name,
};

use super::exported::{ReadPrompt, STATES};
use super::{Cache, Decoder, Shape, ValidDecoderParams};
use crate::engine::{
    EngineSession, FixedInput, GraphSource, Input, LoadedGraph, OutputTensor, Values,
};
use crate::tokenize::Tokenizer;
use crate::{EncoderError, Runtime};

/// Longest text that a decoder with relative positions writes, which have no end: lengths are 32-bit numbers
/// in the operator, and no cache of that size fits its bound.
const RELATIVE_TOKENS: usize = 1 << 20;

/// An encoder ready to run.
#[derive(Debug)]
pub(super) struct Source {
    graph: Box<dyn LoadedGraph>,
    config: EncoderDecoderConfig,
    /// Whether it is an exported graph, which takes tokens and a mask and gives the last hidden state alone.
    of_tokens: bool,
    /// Longest prompt in tokens.
    positions: usize,
    /// Sessions that no prompt uses now.
    idle: Mutex<Vec<Box<dyn EngineSession>>>,
}

/// Places of prompts that have tokens, 1, and those that are padding, 0: `[prompts, source]`.
#[derive(Clone, Debug)]
pub(super) struct Mask {
    pub(super) shape: [usize; 2],
    pub(super) data: Vec<i32>,
}

impl Source {
    pub(super) fn config(&self) -> &EncoderDecoderConfig {
        &self.config
    }

    pub(super) fn positions(&self) -> usize {
        self.positions
    }

    /// Longest text in tokens that the decoder writes.
    pub(super) fn written(&self) -> usize {
        self.config.positions.unwrap_or(RELATIVE_TOKENS)
    }
}

impl Source {
    /// The encoder of an exported model; `None` of a decoder alone.
    pub(super) fn open_exported(
        runtime: &Runtime,
        model: &ModelFolder,
    ) -> Result<Option<Self>, EncoderError> {
        let Some(path) = model.exported().and_then(|exported| exported.encoder.clone()) else {
            return Ok(None);
        };
        let config = EncoderDecoderConfig::read(model.file("config.json"))?;
        let checked = CheckParams::new().check()?.open(path.clone())?;
        let is_known = |tensor: &&TensorInfo| {
            ["input_ids", "attention_mask"].contains(&tensor.name.as_str())
                && tensor.element == ElementType::Int64
        };
        if let Some(tensor) = checked.info.inputs.iter().find(|tensor| !is_known(tensor)) {
            return Err(EncoderError::DecoderInput {
                path: path.to_path_buf(),
                found: tensor.to_string(),
                all: checked.info.inputs.iter().map(ToString::to_string).collect(),
            });
        }
        let positions = model.max_tokens().min(config.positions.unwrap_or(usize::MAX));
        let loaded = runtime.engine().load(GraphSource::File(checked));
        let refused = |source| EncoderError::Session { path: path.to_path_buf(), source };
        let graph = loaded.map_err(refused)?;
        Ok(Some(Self { graph, config, of_tokens: true, positions, idle: Mutex::default() }))
    }
}

impl Decoder {
    /// Opens an encoder–decoder.
    pub(super) fn open_with_encoder(
        runtime: &Runtime,
        model: &ModelFolder,
        params: ValidDecoderParams,
    ) -> Result<Self, EncoderError> {
        let path = model.graph_path();
        let tokenizer = Tokenizer::open(model)?;
        let checkpoint = EncoderDecoderCheckpoint::of(model.sources())?;
        let config = checkpoint.config().clone();
        let request = DecoderBuildParams::new().seven_bits(adds_in_16_bits());
        let graphs = Graph::build_encoder_decoder(&checkpoint, &request)?;
        let refused = |source| EncoderError::Session { path: path.to_path_buf(), source };
        let [encoder, graph] = runtime.engine().load_both(graphs).map_err(refused)?;
        let most = model.max_tokens().min(config.positions.unwrap_or(usize::MAX));
        let written = config.positions.unwrap_or(RELATIVE_TOKENS);
        let shape = Shape {
            layers: config.decoder.layers,
            key_value_heads: config.decoder.heads,
            head_size: config.decoder.head_size,
            vocabulary: config.decoder_vocabulary,
            takes_positions: true,
        };
        let limits = params.limits();
        Ok(Self {
            tokenizer,
            graph,
            shape,
            eos: config.eos.clone(),
            bos: None,
            positions: params.positions.map_or(written, |positions| positions.min(written)),
            source: Some(Source {
                graph: encoder,
                config,
                positions: most,
                of_tokens: false,
                idle: Mutex::default(),
            }),
            exported: None,
            path,
            params,
            limits,
            idle: Mutex::default(),
        })
    }

    /// A cache for `texts` texts of each of these prompts, of up to `capacity` tokens, those of a prompt one
    /// behind the other. The prompts go through the encoder now, and the keys and values of their states are
    /// kept: once for all texts of a prompt.
    ///
    /// # Errors
    /// [`EncoderError::NoEncoder`] for a decoder alone; [`EncoderError::PromptLength`],
    /// [`EncoderError::TokenBeyond`] for a prompt that the encoder cannot read;
    /// [`EncoderError::SourceCacheSize`] for more bytes than the settings allow;
    /// [`EncoderError::TooManyTokens`] for more tokens than the model takes; [`EncoderError::Run`] where ONNX
    /// Runtime fails or is cancelled; [`EncoderError::Session`] where there is no memory.
    pub fn cache_of(
        &self,
        prompts: &[&[u32]],
        texts: usize,
        capacity: usize,
    ) -> Result<Cache<'_>, EncoderError> {
        let source = self.encoder()?;
        let config = &source.config;
        for prompt in prompts {
            self.check_prompt(source, prompt)?;
        }
        let longest = prompts.iter().map(|prompt| prompt.len()).max().unwrap_or(0);
        let rows = prompts.len().saturating_mul(texts);
        let bytes = config.cache_bytes(rows, self.room(capacity), prompts.len(), longest);
        let most = self.params.max_cache_bytes();
        if bytes > most && capacity <= self.positions {
            return Err(EncoderError::SourceCacheSize {
                rows,
                tokens: capacity,
                prompts: prompts.len(),
                source_tokens: longest,
                bytes,
                most,
            });
        }
        let mut cache = self.bound_cache(rows, capacity)?;
        if let Some(grown) = &mut cache.grown {
            let mut read = vec![];
            for prompt in prompts {
                let (tokens, crossed) = (prompt.len(), vec![]);
                read.push(ReadPrompt { states: self.source_states(prompt)?, tokens, crossed });
            }
            grown.set_prompts(read);
            return Ok(cache);
        }
        cache.bind_inputs(self.cross_inputs(source, prompts, longest)?)?;
        let mask = |prompt: &&[u32]| {
            let padding = std::iter::repeat_n(0, longest - prompt.len());
            std::iter::repeat_n(1, prompt.len()).chain(padding).collect::<Vec<i32>>()
        };
        let data = prompts.iter().flat_map(mask).collect();
        Ok(cache.with_mask(Mask { shape: [prompts.len(), longest], data }))
    }

    /// The encoder's last hidden state of a prompt, `[tokens, hidden]`, row after row.
    ///
    /// # Errors
    /// As [`cache_of`](Self::cache_of).
    pub fn source_states(&self, prompt: &[u32]) -> Result<Vec<f32>, EncoderError> {
        let source = self.encoder()?;
        self.check_prompt(source, prompt)?;
        let mut states = vec![];
        let name = if source.of_tokens { STATES.to_owned() } else { hidden_name(1, 1) };
        self.run_encoder(source, prompt, &mut [&*name].into_iter(), &mut |outputs| {
            states = outputs.first().copied().flatten().map_or(vec![], |o| o.data.to_vec());
        })?;
        Ok(states)
    }

    fn encoder(&self) -> Result<&Source, EncoderError> {
        let none = || EncoderError::NoEncoder { path: self.path.to_path_buf() };
        self.source.as_ref().ok_or_else(none)
    }

    fn check_prompt(&self, source: &Source, prompt: &[u32]) -> Result<(), EncoderError> {
        let (found, most) = (prompt.len(), source.positions);
        if found == 0 || found > most {
            return Err(EncoderError::PromptLength { found, most });
        }
        let rows = source.config.vocabulary;
        let is_beyond = |id: &&u32| usize::try_from(**id).map_or(true, |id| id >= rows);
        match prompt.iter().find(is_beyond) {
            Some(&id) => Err(EncoderError::TokenBeyond {
                path: self.path.to_path_buf(),
                token: self.piece(id).unwrap_or_default(),
                id,
                rows,
            }),
            None => Ok(()),
        }
    }

    /// Keys and values of all prompts, `[prompts, heads, source, head_size]` for each layer, padded behind.
    fn cross_inputs(
        &self,
        source: &Source,
        prompts: &[&[u32]],
        longest: usize,
    ) -> Result<Vec<FixedInput>, EncoderError> {
        let shape = source.config.decoder;
        let ports: Vec<String> = (0..shape.layers)
            .flat_map(|i| {
                let CrossPorts { key, value } = CrossPorts::of_layer(i);
                [key, value]
            })
            .collect();
        let row = longest * shape.head_size;
        let one = shape.heads * row;
        let mut data = vec![vec![0.0; prompts.len() * one]; ports.len()];
        for (number, prompt) in prompts.iter().enumerate() {
            let used = prompt.len() * shape.head_size;
            let mut read = |outputs: &[Option<OutputTensor<'_>>]| {
                for (all, output) in data.iter_mut().zip(outputs) {
                    let Some(output) = output else { continue };
                    for (head, part) in output.data.chunks_exact(used).enumerate() {
                        let start = number * one + head * row;
                        all[start..start + used].copy_from_slice(part);
                    }
                }
            };
            // One by one: a prompt's states are then the same alone and among others, and none is padded.
            let mut names = ports.iter().map(String::as_str);
            self.run_encoder(source, prompt, &mut names, &mut read)?;
        }
        let shape = vec![prompts.len(), shape.heads, longest, shape.head_size];
        let input = |(name, data)| FixedInput { name, shape: shape.clone(), data };
        Ok(ports.into_iter().zip(data).map(input).collect())
    }

    /// Runs the encoder on one prompt.
    fn run_encoder(
        &self,
        source: &Source,
        prompt: &[u32],
        outputs: &mut dyn Iterator<Item = &str>,
        read: &mut dyn FnMut(&[Option<OutputTensor<'_>>]),
    ) -> Result<(), EncoderError> {
        let path = || self.path.to_path_buf();
        let idle = source.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut session = match idle {
            Some(session) => session,
            None => source
                .graph
                .session(self.params.threads)
                .map_err(|source| EncoderError::Session { path: path(), source })?,
        };
        let seq = prompt.len();
        let shape = vec![1, seq];
        let ids = Values::I64(prompt.iter().map(|&id| i64::from(id)).collect());
        let positions = (0..seq).map(|i| i64::try_from(i).unwrap_or(i64::MAX)).collect();
        let inputs = vec![
            Input { name: "input_ids", shape: shape.clone(), data: ids },
            if source.of_tokens {
                Input { name: "attention_mask", shape, data: Values::I64(vec![1; seq]) }
            } else {
                Input { name: POSITIONS, shape, data: Values::I64(positions) }
            },
        ];
        let result = session.run(inputs, &self.limits, outputs, read);
        source.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        result.map_err(|source| EncoderError::Run { path: path(), batch: 1, seq, source })
    }
}
