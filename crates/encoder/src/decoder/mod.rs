//! Decoders on ONNX Runtime: logits of the next token, and a cache of keys and values that makes the cost
//! of a token independent of how it was reached.
mod cache;
mod params;

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use cloze_checkpoint::ModelFolder;
use cloze_checkpoint::decoder::{DecoderCheckpoint, DecoderConfig};
use cloze_core::Span;
use cloze_graph::construct::{DecoderBuildParams, Graph, adds_in_16_bits};
use cloze_store::Location;

use crate::engine::{EngineSession, GraphSource, LoadedGraph, RunLimits};
use crate::tokenize::Tokenizer;
use crate::{EncoderError, Runtime};

pub use cache::{Asked, Cache, CacheCounts};
pub use params::{DecoderParams, ValidDecoderParams};

/// A decoder ready to run. It can be shared between threads; each [`Cache`] has a session of its own, and
/// all share the weights.
#[derive(Debug)]
pub struct Decoder {
    tokenizer: Tokenizer,
    graph: Box<dyn LoadedGraph>,
    config: DecoderConfig,
    path: Location,
    params: ValidDecoderParams,
    limits: RunLimits,
    /// Longest text in tokens.
    positions: usize,
    /// Sessions that no cache uses now.
    idle: Mutex<Vec<Box<dyn EngineSession>>>,
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
    /// Opens a decoder: the graph is built of the folder's weights.
    ///
    /// # Errors
    /// [`EncoderError::Checkpoint`] for a folder that is no decoder's, or whose tensors are not those of its
    /// configuration; [`EncoderError::Graph`] for weights that cannot be read; [`EncoderError::Tokenizer`];
    /// [`EncoderError::Setting`]; [`EncoderError::Session`] if ONNX Runtime has no memory for the weights.
    pub fn open(
        runtime: &Runtime,
        model: &ModelFolder,
        params: DecoderParams,
    ) -> Result<Self, EncoderError> {
        let params = params.check()?;
        let path = model.graph_path();
        let tokenizer = Tokenizer::open(model)?;
        let checkpoint = DecoderCheckpoint::of(model.sources())?;
        let config = checkpoint.config().clone();
        let most = model.max_tokens().min(config.positions);
        let positions = params.positions.map_or(most, |positions| positions.min(most));
        // No cache holds more tokens, so no angle of a later position is asked for.
        let cached = params.max_cache_bytes() / config.cache_bytes(1, 1).max(1);
        let request = DecoderBuildParams::new()
            .positions(Some(positions.min(cached)))
            .seven_bits(adds_in_16_bits());
        let graph = Graph::build_decoder(&checkpoint, &request)?;
        let refused = |source| EncoderError::Session { path: path.to_path_buf(), source };
        let graph = runtime.engine().load(GraphSource::Built(graph)).map_err(refused)?;
        let limits = RunLimits { time: None, cancel: params.cancel.clone() };
        let idle = Mutex::default();
        Ok(Self { tokenizer, graph, config, path, params, limits, positions, idle })
    }

    /// The shape of the model.
    #[must_use]
    pub fn config(&self) -> &DecoderConfig {
        &self.config
    }

    /// Longest text in tokens, prompt and what follows it together.
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
