//! The encoder to start from, and its tokenizer.
use std::fmt::{Debug, Write as _};

use anyhow::{Context as _, bail};
use cloze_checkpoint::{Checkpoint, ModelFolder};
use cloze_core::Casing;
use cloze_encoder::{Sequence as Pieces, TokenCounter};
use cloze_store::checksum;
use cloze_tune::encoder::ValidEncoderParams;
use cloze_tune::{Encoder, Parameters, Sequence};
use serde_json::Value;

use crate::commands::train::args::tune::{StepArgs, TuningArg};
use crate::flags::find_model;

/// Sequences are no longer than this where nobody says: memory goes by the square of it.
const MAX_TOKENS: usize = 256;

/// What a training starts from.
pub(crate) struct Base {
    pub(crate) folder: ModelFolder,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) tokenizer: TokenCounter,
    /// The longest sequence, special tokens included.
    pub(crate) max_tokens: usize,
}

impl Base {
    pub(crate) fn open(name: &str, steps: &StepArgs, tune: TuningArg) -> anyhow::Result<Self> {
        let folder = find_model(name)?;
        if !folder.has_weights() {
            bail!(
                "{}: model.onnx cannot be trained; expected weights, model.safetensors",
                folder.folder().display()
            );
        }
        // Their base would be a model with adapters, which none can be.
        if tune == TuningArg::Lora && !folder.sources().adapters().is_empty() {
            bail!(
                "{}: has adapters, beside which --tune lora puts no others\nhint: cloze model merge \
                 makes a model of it that can have its own",
                folder.folder().display()
            );
        }
        let most = folder.max_tokens();
        let max_tokens = match steps.max_tokens {
            None => most.min(MAX_TOKENS),
            Some(n) if (3..=most).contains(&n) => n,
            Some(n) => bail!("--max-tokens is {n}: expected 3 to {most}"),
        };
        let checkpoint = Checkpoint::open(folder.folder())?;
        let tokenizer = TokenCounter::open(&folder)?;
        Ok(Self { folder, checkpoint, tokenizer, max_tokens })
    }

    /// Stands for all that decides a result besides the settings of the steps and the parameters'
    /// shapes: the base and these parts.
    pub(crate) fn fingerprint(&self, parts: &[&dyn Debug]) -> anyhow::Result<String> {
        let config = checksum::sha256(&self.checkpoint.config_json()?);
        let mut all = checksum::Text::default();
        write!(all, "{}{config}", self.folder.sha256()?)?;
        for part in parts {
            write!(all, "{part:?}")?;
        }
        Ok(all.sha256())
    }

    /// The encoder; its numbers are the first of `parameters`.
    pub(crate) fn encoder(
        &self,
        params: &ValidEncoderParams,
        seed: u64,
        parameters: &mut Parameters,
    ) -> anyhow::Result<Encoder> {
        Ok(Encoder::open(&self.checkpoint, params, seed, parameters)?)
    }

    /// Whether the tokenizer lower-cases all texts.
    pub(crate) fn lower_cases(&self) -> anyhow::Result<bool> {
        let path = self.folder.tokenizer_path();
        let tokenizer: Value = serde_json::from_slice(&fs_err::read(&path)?)
            .with_context(|| path.display().to_string())?;
        Ok(lower_cases(&tokenizer["normalizer"]))
    }

    /// What names of the encoder begin with in a model that has a head beside it.
    pub(crate) fn body(&self) -> &'static str {
        self.checkpoint.config().family.prefix
    }

    /// The class that transformers has for such a model: `BertForTokenClassification`, `BertModel`.
    pub(crate) fn architecture(&self, ending: &str) -> String {
        self.checkpoint.config().class_name(ending)
    }
}

/// Whether a normalizer of tokenizers, or one of those it is made of, lower-cases.
fn lower_cases(normalizer: &Value) -> bool {
    let parts = normalizer["normalizers"].as_array();
    normalizer["type"] == "Lowercase"
        || normalizer["lowercase"] == true
        || parts.is_some_and(|parts| parts.iter().any(lower_cases))
}

/// A sequence as an encoder with so many classes of casing takes it.
pub(crate) fn sequence(pieces: &Pieces, classes: usize) -> Sequence {
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let types = pieces.types.iter().copied();
    let types = if classes == Casing::COUNT {
        let cased = types.zip(&pieces.casing);
        cased.map(|(kind, casing)| kind * narrow(classes) + narrow(casing.class())).collect()
    } else {
        types.collect()
    };
    Sequence { ids: pieces.ids.clone(), types }
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
        let all = [bert(true), bert(false), sequence, json!({"type": "NFC"}), Value::Null];
        assert_eq!(all.map(|n| lower_cases(&n)), [true, false, true, false, false]);
    }
}
