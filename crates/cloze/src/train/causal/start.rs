//! Decoder that a training begins with, and its tokenizer.
use cloze_checkpoint::ModelFolder;
use cloze_checkpoint::decoder::{DecoderCheckpoint, is_decoder};
use cloze_encoder::TokenCounter;
use cloze_store::checksum;
use cloze_tune::decoder::CausalExample;
use cloze_tune::encoder::TrainableEncoderParams;
use rayon::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use super::super::FineTuneError;
use super::data::{Corpus, CorpusText, EncodedCorpus};
use crate::companions::GENERATION;

/// Decoder that a training begins with.
pub(super) struct StartDecoder {
    pub(super) folder: ModelFolder,
    pub(super) checkpoint: DecoderCheckpoint,
    pub(super) tokenizer: TokenCounter,
    /// `config.json`.
    pub(super) config: Value,
    /// Name in reports: that of the model, or of the file that a new one has its shape from.
    pub(super) name: String,
    /// Tokens before and behind a text.
    begin: u32,
    end: u32,
    /// Folder of a new model, as long as it is needed.
    _made: Option<TempDir>,
}

impl StartDecoder {
    pub(super) fn open(model: &str) -> Result<Self, FineTuneError> {
        let folder = ModelFolder::find(model)?;
        let refused = |what| FineTuneError::Base { folder: folder.folder().to_path_buf(), what };
        if !is_decoder(folder.model_type()) {
            return Err(refused(
                "not a decoder that can be trained; expected one of gpt2, llama, mistral, qwen2 or qwen3\n\
                 hint: `cloze train mlm` trains encoders on running text",
            ));
        }
        if !folder.has_weights() {
            return Err(refused(
                "model.onnx cannot be trained; expected weights, model.safetensors",
            ));
        }
        let name = folder.name();
        Self::of(folder, name, None)
    }

    pub(super) fn of(
        folder: ModelFolder,
        name: String,
        made: Option<TempDir>,
    ) -> Result<Self, FineTuneError> {
        let checkpoint = DecoderCheckpoint::of(folder.sources())?;
        let tokenizer = TokenCounter::open(&folder)?;
        let config = read_json(&folder, "config.json")?.unwrap_or_default();
        let generation = read_json(&folder, GENERATION)?.unwrap_or_default();
        let shape = checkpoint.config();
        let first = |value: &Value| value.as_array().and_then(|ids| ids.first()).cloned();
        let id = |value: &Value| {
            let one = first(value).unwrap_or_else(|| value.clone());
            let id = one.as_u64().and_then(|id| u32::try_from(id).ok());
            id.filter(|&id| (id as usize) < shape.vocabulary)
        };
        let end = id(&generation["eos_token_id"]).or_else(|| id(&config["eos_token_id"]));
        let Some(end) = end else {
            let what = "no token that ends a text; expected the id of one as eos_token_id in config.json, \
                        below vocab_size";
            return Err(FineTuneError::Base { folder: folder.folder().to_path_buf(), what });
        };
        let begin = id(&generation["bos_token_id"]).or_else(|| id(&config["bos_token_id"]));
        let begin = begin.unwrap_or(end);
        Ok(Self { folder, checkpoint, tokenizer, config, name, begin, end, _made: made })
    }

    /// Texts in tokens, each between the tokens that begin and end a text.
    pub(super) fn encode(&self, corpus: Corpus) -> Result<EncodedCorpus, FineTuneError> {
        let (texts, files) = corpus.into_parts();
        let encode = |text: &CorpusText| {
            let pieces = self.tokenizer.pieces(&text.text, 0).map_err(|source| {
                let (path, line) = (text.path.clone(), text.line);
                FineTuneError::Text { path, line, source: Box::new(source) }
            })?;
            let content = pieces.before..pieces.before + pieces.tokens.len();
            let mut ids = vec![self.begin];
            ids.extend(&pieces.sequence.ids[content]);
            ids.push(self.end);
            Ok(ids)
        };
        let documents: Result<Vec<Vec<u32>>, FineTuneError> =
            texts.par_iter().map(encode).collect();
        let bytes = texts.iter().map(|text| text.text.len()).sum();
        Ok(EncodedCorpus { documents: documents?, bytes, files })
    }

    /// Hash of the weights.
    pub(super) fn sha256(&self) -> Result<String, FineTuneError> {
        Ok(self.folder.sha256()?)
    }

    /// Hash of all that decides a result besides the settings of the steps and the parameters' shapes.
    pub(super) fn fingerprint(
        &self,
        data: &[&[CausalExample]],
        tuning: &TrainableEncoderParams,
    ) -> Result<String, FineTuneError> {
        let mut bytes = format!("{}{}{tuning:?}", self.config, self.sha256()?).into_bytes();
        for rows in data {
            for text in rows.iter().flat_map(|row| &row.texts) {
                bytes.extend((text.len() as u64).to_le_bytes());
                bytes.extend(text.iter().flat_map(|id| id.to_le_bytes()));
            }
            bytes.extend((rows.len() as u64).to_le_bytes());
        }
        Ok(checksum::sha256(&bytes))
    }
}

fn read_json(folder: &ModelFolder, name: &str) -> Result<Option<Value>, FineTuneError> {
    let path = folder.file(name);
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = cloze_store::read::read_capped(&path, 1 << 20)?;
    let wrong = |source| FineTuneError::Json { path: path.to_path_buf(), source };
    serde_json::from_slice(&bytes).map(Some).map_err(wrong)
}
