//! Graphs that other programs exported: which of a folder's files is which.
//!
//! Sources: optimum-onnx 0.1, `optimum/onnxruntime/constants.py`; transformers.js 3,
//! `src/models/session_config.js`; onnxruntime-genai 0.18, `models/builders/base.py`.
use std::io::ErrorKind;

use cloze_store::{Location, StoreError};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::files::MAX_JSON_BYTES;
use crate::config::ConfigFile;
use crate::error::CheckpointError;
use crate::source::Sources;

/// Settings of onnxruntime-genai, in place of `config.json`, and under `search` of `generation_config.json`.
pub const GENAI_CONFIG: &str = "genai_config.json";
/// Folders that graphs are looked for in: transformers.js has one of their own.
const FOLDERS: [&str; 2] = ["", "onnx/"];
/// Ends of file names, by how the weights are stored, in the order in which they are taken.
const ENDS: [&str; 7] = ["", "_quantized", "_int8", "_uint8", "_q8", "_q4", "_bnb4"];

/// Files of an exported model's graphs.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedGraphs {
    /// The graph; of an encoder–decoder the decoder's.
    pub graph: Location,
    /// The decoder's graph for the first token, where [`graph`](Self::graph) takes later ones alone.
    pub first: Option<Location>,
    /// The encoder's graph, of an encoder–decoder.
    pub encoder: Option<Location>,
}

impl ExportedGraphs {
    /// The graphs of a folder; `None` where it has none. `genai` is its [`GENAI_CONFIG`].
    ///
    /// # Errors
    /// [`CheckpointError::Store`] for a graph that is no regular file; [`CheckpointError::Config`] for a
    /// [`GENAI_CONFIG`] that names a file which is not in the folder.
    pub(super) fn find(
        sources: &Sources,
        genai: Option<&GenaiConfig>,
    ) -> Result<Option<Self>, CheckpointError> {
        if let Some(name) = genai.map(|genai| genai.model.decoder.filename.as_str()) {
            let is_inside = !name.contains(['/', '\\', ':']) && name != "..";
            let graph = if is_inside { there(sources, name)? } else { None };
            let Some(graph) = graph else {
                let what = format!("model.decoder.filename: no file {name:?} in this folder");
                let path = sources.file(GENAI_CONFIG).to_path_buf();
                return Err(CheckpointError::Config { path, what });
            };
            return Ok(Some(Self { graph, first: None, encoder: None }));
        }
        for folder in FOLDERS {
            for end in ENDS {
                let file = |stem: &str| there(sources, &format!("{folder}{stem}{end}.onnx"));
                let (encoder, merged) = (file("encoder_model")?, file("decoder_model_merged")?);
                let (first, later) = (file("decoder_model")?, file("decoder_with_past_model")?);
                if encoder.is_some() {
                    if let Some(graph) = merged {
                        return Ok(Some(Self { graph, first: None, encoder }));
                    }
                    if let (Some(_), Some(graph)) = (&first, later) {
                        return Ok(Some(Self { graph, first, encoder }));
                    }
                }
                if let Some(graph) = file("model")?.or(merged) {
                    return Ok(Some(Self { graph, first: None, encoder: None }));
                }
            }
        }
        Ok(None)
    }

    /// All of them, in one order.
    pub fn all(&self) -> impl Iterator<Item = &Location> {
        std::iter::once(&self.graph).chain(&self.first).chain(&self.encoder)
    }
}

/// A file of the folder, if it is there.
fn there(sources: &Sources, name: &str) -> Result<Option<Location>, CheckpointError> {
    let path = sources.base().join(name);
    match path.check_file() {
        Ok(is_there) => Ok(is_there.then_some(path)),
        // `onnx` may be something else than a folder.
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(None),
        Err(error) => Err(StoreError::Read(error).into()),
    }
}

/// Settings of [`GENAI_CONFIG`] that are read.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct GenaiConfig {
    model: GenaiModel,
}

#[derive(Clone, Debug, Deserialize)]
struct GenaiModel {
    r#type: String,
    context_length: Option<usize>,
    vocab_size: Option<usize>,
    bos_token_id: Option<Value>,
    eos_token_id: Option<Value>,
    pad_token_id: Option<Value>,
    decoder: GenaiDecoder,
}

#[derive(Clone, Debug, Deserialize)]
struct GenaiDecoder {
    filename: String,
    head_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    #[serde(default)]
    inputs: Map<String, Value>,
    #[serde(default)]
    outputs: Map<String, Value>,
}

/// Names that every graph of onnxruntime-genai's builder has, as [`GENAI_CONFIG`] says them.
const NAMES: [(&str, &str); 8] = [
    ("input_ids", "input_ids"),
    ("attention_mask", "attention_mask"),
    ("position_ids", "position_ids"),
    ("past_key_names", "past_key_values.%d.key"),
    ("past_value_names", "past_key_values.%d.value"),
    ("logits", "logits"),
    ("present_key_names", "present.%d.key"),
    ("present_value_names", "present.%d.value"),
];

impl GenaiConfig {
    /// Reads the file of a folder, if it is there.
    ///
    /// # Errors
    /// [`CheckpointError::Store`] and [`CheckpointError::Json`] for a file that cannot be read;
    /// [`CheckpointError::Config`] for names of inputs or outputs that are not followed.
    pub(super) fn read(sources: &Sources) -> Result<Option<Self>, CheckpointError> {
        let path = sources.file(GENAI_CONFIG);
        if !path.check_file().map_err(StoreError::Read)? {
            return Ok(None);
        }
        let bytes = cloze_store::read::read_capped(&path, MAX_JSON_BYTES)?;
        let genai: Self = serde_json::from_slice(&bytes)
            .map_err(|source| CheckpointError::Json { path: path.to_path_buf(), source })?;
        let decoder = &genai.model.decoder;
        for (part, value) in decoder.inputs.iter().chain(&decoder.outputs) {
            let known = NAMES.iter().find(|(name, _)| name == part);
            if known.is_none_or(|(_, expected)| value.as_str() != Some(expected)) {
                let expected = known.map_or("no such entry", |(_, expected)| *expected);
                let what = format!("model.decoder: {part} is {value}; expected {expected:?}");
                return Err(CheckpointError::Config { path: path.to_path_buf(), what });
            }
        }
        Ok(Some(genai))
    }

    /// The same in the words of `config.json`.
    pub(super) fn config(&self) -> Result<ConfigFile, serde_json::Error> {
        let GenaiModel { r#type, context_length, vocab_size, .. } = &self.model;
        let decoder = &self.model.decoder;
        // Of several ids the first is one that pads.
        let pad = self.model.pad_token_id.as_ref();
        let pad = pad.and_then(|id| id.as_array().map_or(Some(id), |ids| ids.first()));
        serde_json::from_value(json!({
            "model_type": r#type,
            "max_position_embeddings": context_length,
            "vocab_size": vocab_size,
            "hidden_size": decoder.hidden_size,
            "head_dim": decoder.head_size,
            "num_hidden_layers": decoder.num_hidden_layers,
            "pad_token_id": pad,
            "bos_token_id": self.model.bos_token_id,
            "eos_token_id": self.model.eos_token_id,
        }))
    }
}
