//! Model that a training begins with, and its tokenizer.
use std::fmt::{Debug, Write as _};

use cloze_checkpoint::{Checkpoint, ModelFolder};
use cloze_core::Casing;
use cloze_encoder::{Sequence, TokenCounter};
use cloze_store::checksum;
use cloze_tune::encoder::{TrainableEncoder, Tuning, ValidTrainableEncoderParams};
use cloze_tune::{Parameters, TrainingSequence};
use serde_json::Value;

use super::{FineTuneError, FineTuneParams};

/// Default limit of a sequence's length: memory goes by the square of it.
const MAX_TOKENS: usize = 256;

/// Model that a training begins with.
pub(super) struct StartModel {
    pub(super) folder: ModelFolder,
    pub(super) checkpoint: Checkpoint,
    pub(super) tokenizer: TokenCounter,
    /// The longest sequence, special tokens included.
    pub(super) max_tokens: usize,
}

impl StartModel {
    pub(super) fn open(params: &FineTuneParams) -> Result<Self, FineTuneError> {
        let folder = ModelFolder::find(&params.model)?;
        let refused = |what| FineTuneError::Base { folder: folder.folder().to_path_buf(), what };
        if !folder.has_weights() {
            return Err(refused(
                "model.onnx cannot be trained; expected weights, model.safetensors",
            ));
        }
        if folder.is_static() {
            return Err(refused("a StaticEmbedding has no layers to train; expected an encoder"));
        }
        let sources = folder.sources();
        if sources.adapters().is_empty()
            && sources.base().as_os_str() != folder.folder().as_os_str()
        {
            return Err(refused(
                "its encoder lies in a folder of its own; expected it in the model's\n\
                 hint: `cloze model convert` writes such a model",
            ));
        }
        // Their base would be a model with adapters, which none can be.
        let lora = matches!(params.encoder.tuning, Tuning::Lora(_));
        if lora && !folder.sources().adapters().is_empty() {
            return Err(FineTuneError::HasAdapters { folder: folder.folder().to_path_buf() });
        }
        let most = folder.max_tokens();
        let max_tokens = match params.max_tokens {
            None => most.min(MAX_TOKENS),
            Some(n) if (3..=most).contains(&n) => n,
            Some(n) => {
                let (setting, expected) = ("max_tokens", format!("3 to {most}"));
                return Err(FineTuneError::Setting { setting, found: n.to_string(), expected });
            }
        };
        let checkpoint = Checkpoint::open(folder.folder())?;
        let tokenizer = TokenCounter::open(&folder)?;
        Ok(Self { folder, checkpoint, tokenizer, max_tokens })
    }

    /// Hash of all that decides a result besides the settings of the steps and the parameters' shapes:
    /// the base and these parts.
    pub(super) fn fingerprint(&self, parts: &[&dyn Debug]) -> Result<String, FineTuneError> {
        let config = checksum::sha256(&self.checkpoint.config_json()?);
        let mut hash = checksum::Text::default();
        let written = write!(hash, "{}{config}", self.folder.sha256()?);
        written.expect("a hash takes any text");
        for part in parts {
            write!(hash, "{part:?}").expect("a hash takes any text");
        }
        Ok(hash.sha256())
    }

    /// Opens the encoder; its parameters are the first of `parameters`.
    pub(super) fn encoder(
        &self,
        params: &ValidTrainableEncoderParams,
        seed: u64,
        parameters: &mut Parameters,
    ) -> Result<TrainableEncoder, FineTuneError> {
        Ok(TrainableEncoder::open(&self.checkpoint, params, seed, parameters)?)
    }

    /// Returns `true` if the tokenizer lower-cases all texts.
    pub(super) fn lower_cases(&self) -> Result<bool, FineTuneError> {
        let path = self.folder.tokenizer_path();
        let tokenizer: Value = serde_json::from_slice(&fs_err::read(&path)?)
            .map_err(|source| FineTuneError::Json { path: path.to_path_buf(), source })?;
        Ok(lower_cases(&tokenizer["normalizer"]))
    }

    /// Prefix of the encoder's tensors in a model that has a head beside it.
    pub(super) fn body(&self) -> &'static str {
        self.checkpoint.config().family.prefix
    }

    /// Class that transformers has for such a model: `BertForTokenClassification`, `BertModel`.
    pub(super) fn architecture(&self, ending: &str) -> String {
        self.checkpoint.config().class_name(ending)
    }
}

/// Returns `true` if a normalizer of tokenizers, or a part of it, lower-cases.
fn lower_cases(normalizer: &Value) -> bool {
    let parts = normalizer["normalizers"].as_array();
    normalizer["type"] == "Lowercase"
        || normalizer["lowercase"] == true
        || parts.is_some_and(|parts| parts.iter().any(lower_cases))
}

/// Sequence for an encoder with so many classes of casing.
pub(super) fn sequence(pieces: &Sequence, classes: usize) -> TrainingSequence {
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let types = pieces.types.iter().copied();
    let types = if classes == Casing::COUNT {
        let cased = types.zip(&pieces.casing);
        cased.map(|(kind, casing)| kind * narrow(classes) + narrow(casing.class())).collect()
    } else {
        types.collect()
    };
    TrainingSequence { ids: pieces.ids.clone(), types }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_normalizer_lower_cases_if_a_part_of_it_does() {
        let bert = |lowercase: bool| json!({"type": "BertNormalizer", "lowercase": lowercase});
        let sequence = json!({"type": "Sequence",
                              "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]});
        let normalizers = [bert(true), bert(false), sequence, json!({"type": "NFC"}), Value::Null];
        assert_eq!(normalizers.map(|n| lower_cases(&n)), [true, false, true, false, false]);
    }
}
