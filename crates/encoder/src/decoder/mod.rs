//! Decoders on ONNX Runtime: logits of the next token, and a cache of keys and values that makes the cost
//! of a token independent of how it was reached. A decoder with an encoder writes by a prompt that the encoder
//! reads once.
mod cache;
mod exported;
mod params;
mod source;

use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use cloze_checkpoint::ModelFolder;
use cloze_checkpoint::decoder::{DecoderCheckpoint, is_decoder};
use cloze_checkpoint::encoder_decoder::{
    EncoderDecoderCheckpoint, EncoderDecoderConfig, is_encoder_decoder,
};
use cloze_core::Span;
use cloze_graph::check::open_model;
use cloze_graph::construct::{DecoderBuildParams, Graph, adds_in_16_bits};
use cloze_store::Location;

use crate::engine::{EngineSession, GraphSource, LoadedGraph, RunLimits};
use crate::tokenize::Tokenizer;
use crate::{EncoderError, Runtime};

pub use cache::{Asked, Cache, CacheCounts};
use exported::Exported;
pub(crate) use exported::takes_cache;
pub use params::{DecoderParams, ValidDecoderParams};
use source::Source;

/// A decoder ready to run. It can be shared between threads, and all [`Cache`]s share the weights. Of matrices
/// that are stored in `f32` on disk only packed copies are in memory: ONNX Runtime reads them in their files,
/// when the first cache is made, and all caches run in one session, in turns, with all threads. Other weights
/// are in memory beside their packed copies, and each cache has a session of its own.
#[derive(Debug)]
pub struct Decoder {
    tokenizer: Tokenizer,
    graph: Box<dyn LoadedGraph>,
    shape: Shape,
    eos: Vec<u32>,
    bos: Option<u32>,
    /// Encoder, of an encoder–decoder.
    source: Option<Source>,
    /// Inputs and outputs of a graph that another program exported.
    exported: Option<Exported>,
    path: Location,
    params: ValidDecoderParams,
    limits: RunLimits,
    /// Longest text in tokens.
    positions: usize,
    /// Sessions that no cache uses now.
    idle: Mutex<Vec<Box<dyn EngineSession>>>,
}

/// Sizes that the cache and the logits depend on.
#[derive(Clone, Copy, Debug)]
struct Shape {
    layers: usize,
    key_value_heads: usize,
    head_size: usize,
    vocabulary: usize,
    /// Whether the graph takes positions.
    takes_positions: bool,
}

impl Shape {
    /// Size in bytes of a cache of keys and values for `batch` texts of up to `tokens` tokens.
    fn cache_bytes(self, batch: usize, tokens: usize) -> usize {
        let row = self.key_value_heads.saturating_mul(self.head_size).saturating_mul(4);
        let layer = row.saturating_mul(2).saturating_mul(tokens).saturating_mul(batch);
        layer.saturating_mul(self.layers)
    }
}

/// Whether a model is a decoder or an encoder–decoder: by its configuration, or where another program exported
/// it by the inputs of its graph.
///
/// # Errors
/// [`EncoderError::Graph`] for a graph that cannot be read.
pub fn is_language_model(model: &ModelFolder) -> Result<bool, EncoderError> {
    let by_type = is_decoder(model.model_type()) || is_encoder_decoder(model.model_type());
    match model.exported() {
        None => Ok(by_type),
        Some(exported) if exported.encoder.is_some() => Ok(true),
        Some(_) => Ok(by_type || takes_cache(&open_model(model)?.info)),
    }
}

/// Checks everything about a decoder or an encoder–decoder that can be checked without running it.
///
/// # Errors
/// As [`Decoder::open`].
pub fn check_decoder(model: &ModelFolder) -> Result<(), EncoderError> {
    if model.exported().is_some() {
        return Exported::check(model);
    }
    if is_encoder_decoder(model.model_type()) {
        EncoderDecoderCheckpoint::of(model.sources())?;
    } else {
        DecoderCheckpoint::of(model.sources())?;
    }
    Ok(())
}

/// A text in tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Ids, with the special tokens that the tokenizer puts around a text.
    pub ids: Vec<u32>,
    /// Bytes of the text that each token stands for; empty for special ones.
    pub spans: Vec<Span>,
    /// Places of the text's own tokens, between the special ones.
    pub text: Range<usize>,
}

impl Decoder {
    /// Opens a decoder, or an encoder–decoder: its graphs are built of the folder's weights, or are those that
    /// another program exported.
    ///
    /// # Errors
    /// [`EncoderError::Checkpoint`] for a folder that is no decoder's, or whose tensors are not those of its
    /// configuration; [`EncoderError::Graph`] for weights or graphs that cannot be read;
    /// [`EncoderError::NoCache`], [`EncoderError::DecoderInput`] and [`EncoderError::GraphOutput`] for exported
    /// graphs that are not such a decoder's; [`EncoderError::Tokenizer`];
    /// [`EncoderError::Setting`]; [`EncoderError::Session`] if ONNX Runtime has no memory for the weights.
    pub fn open(
        runtime: &Runtime,
        model: &ModelFolder,
        params: DecoderParams,
    ) -> Result<Self, EncoderError> {
        let params = params.check()?;
        if !model.has_weights() && !model.is_static() {
            return Self::open_exported(runtime, model, params);
        }
        if is_encoder_decoder(model.model_type()) {
            return Self::open_with_encoder(runtime, model, params);
        }
        let path = model.graph_path();
        let tokenizer = Tokenizer::open(model)?;
        let checkpoint = DecoderCheckpoint::of(model.sources())?;
        let config = checkpoint.config();
        let most = model.max_tokens().min(config.positions);
        let positions = params.positions.map_or(most, |positions| positions.min(most));
        let shape = Shape {
            layers: config.layers,
            key_value_heads: config.key_value_heads,
            head_size: config.head_size,
            vocabulary: config.vocabulary,
            takes_positions: config.family.learned_positions,
        };
        // No cache holds more tokens, so no angle of a later position is asked for.
        let cached = params.max_cache_bytes() / shape.cache_bytes(1, 1).max(1);
        let files: Vec<&Path> = checkpoint.weights().files().iter().map(AsRef::as_ref).collect();
        let request = DecoderBuildParams::new()
            .in_files(runtime.engine().reads_files(&files))
            .positions(Some(positions.min(cached)))
            .seven_bits(adds_in_16_bits());
        let graph = Graph::build_decoder(&checkpoint, &request)?;
        let refused = |source| EncoderError::Session { path: path.to_path_buf(), source };
        let graph = runtime.engine().load(GraphSource::Built(graph)).map_err(refused)?;
        let limits = params.limits();
        Ok(Self {
            tokenizer,
            graph,
            shape,
            eos: config.eos.clone(),
            bos: config.bos,
            source: None,
            exported: None,
            path,
            params,
            limits,
            positions,
            idle: Mutex::default(),
        })
    }

    /// Ids of tokens that end a text, by `config.json`.
    #[must_use]
    pub fn eos(&self) -> &[u32] {
        &self.eos
    }

    /// Id of the token that begins a text, by `config.json`, if there is one.
    #[must_use]
    pub fn bos(&self) -> Option<u32> {
        self.bos
    }

    /// Number of rows of the decoder's word embeddings, and of logits.
    #[must_use]
    pub fn vocabulary(&self) -> usize {
        self.shape.vocabulary
    }

    /// The shape of an encoder–decoder; `None` for a decoder alone.
    #[must_use]
    pub fn encoder_decoder(&self) -> Option<&EncoderDecoderConfig> {
        self.source.as_ref().map(Source::config)
    }

    /// Longest prompt in tokens that an encoder reads; `None` for a decoder alone.
    #[must_use]
    pub fn source_positions(&self) -> Option<usize> {
        self.source.as_ref().map(Source::positions)
    }

    /// Longest text in tokens: prompt and what follows it together, but of an encoder–decoder what it writes
    /// alone.
    #[must_use]
    pub fn positions(&self) -> usize {
        self.positions
    }

    /// A text in tokens.
    ///
    /// # Errors
    /// [`EncoderError::Tokenize`] for a text that the tokenizer fails on.
    pub fn encode(&self, text: &str) -> Result<Prompt, EncoderError> {
        let pieces = self.tokenizer.pieces(text, 0)?;
        let none = Span::new(0, 0);
        let text = pieces.before..pieces.before + pieces.tokens.len();
        let before = std::iter::repeat_n(none, pieces.before);
        let mut spans: Vec<Span> = before.chain(pieces.tokens.iter().map(|t| t.span)).collect();
        spans.resize(pieces.sequence.ids.len(), none);
        Ok(Prompt { ids: pieces.sequence.ids, spans, text })
    }

    /// The text of tokens, without special ones. Bytes that make no character are `U+FFFD`.
    ///
    /// # Errors
    /// [`EncoderError::Tokenizer`] for tokens that the tokenizer fails on.
    pub fn decode(&self, ids: &[u32]) -> Result<String, EncoderError> {
        let wrong = |what| EncoderError::Tokenizer { path: self.path.to_path_buf(), what };
        self.tokenizer.decode(ids).map_err(wrong)
    }

    /// Id of a token as the vocabulary has it.
    #[must_use]
    pub fn id(&self, token: &str) -> Option<u32> {
        self.tokenizer.id(token)
    }

    /// A token as the vocabulary has it.
    #[must_use]
    pub fn piece(&self, id: u32) -> Option<String> {
        self.tokenizer.piece(id)
    }

    /// Runs the model on a short text, and on one token behind it.
    ///
    /// # Errors
    /// Errors of [`cache`](Self::cache), [`cache_of`](Self::cache_of) and [`Cache::append`].
    pub fn try_out(&self, text: &str) -> Result<(), EncoderError> {
        let mut ids = self.encode(text)?.ids;
        let most = self.source_positions().unwrap_or(self.positions.saturating_sub(1));
        ids.truncate(most.max(1));
        let mut cache = if self.source.is_some() {
            let cache = self.cache_of(&[&ids], 1, self.positions.min(2))?;
            ids.truncate(1);
            cache
        } else {
            self.cache(1, ids.len() + 1)?
        };
        let last = ids.last().map_or(&[][..], std::slice::from_ref);
        cache.append(&[&ids], Asked::Last, &mut |_, _, _| {})?;
        cache.append(&[last], Asked::Last, &mut |_, _, _| {})
    }

    /// A session that nobody uses, or a new one.
    fn session(&self) -> Result<Box<dyn EngineSession>, EncoderError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(session) = idle {
            return Ok(session);
        }
        let refused = |source| EncoderError::Session { path: self.path.to_path_buf(), source };
        self.graph.session(self.params.threads).map_err(refused)
    }
}
