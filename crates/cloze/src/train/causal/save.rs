//! Writing the folder of a trained decoder.
use std::path::Path;

use cloze_checkpoint::card::{CARD, CARD_VERSION, Card, KIND};
use cloze_checkpoint::weights::{self, StoredType};
use cloze_store::{Existing, checksum, envelope};
use cloze_tune::decoder::CausalLearner;
use serde_json::json;

use super::super::FineTuneError;
use super::start::StartDecoder;
use crate::companions::companions;

const WEIGHTS: &str = "model.safetensors";

/// Writes the weights, adapters merged, and all that a model needs besides but its card.
pub(super) fn write_model(
    start: &StartDecoder,
    learner: &CausalLearner,
    dtype: StoredType,
    folder: &Path,
) -> Result<(), FineTuneError> {
    let tensors = learner.decoder.tensors(&learner.parameters);
    let tensors: Vec<_> =
        tensors.iter().map(|(name, shape, value)| (name.clone(), &shape[..], &value[..])).collect();
    weights::write_tensors(&tensors, dtype, &folder.join(WEIGHTS), Existing::Refuse)?;
    for companion in companions(&start.folder)? {
        if !["config.json", "README.md"].contains(&companion.name.as_str()) {
            companion.write(folder)?;
        }
    }
    let mut config = start.config.clone();
    if let Some(settings) = config.as_object_mut() {
        // Weights are stored as floats.
        settings.remove("quantization_config");
        settings.remove("torch_dtype");
    }
    config["dtype"] = json!(match dtype {
        StoredType::F32 => "float32",
        StoredType::F16 => "float16",
        StoredType::BF16 => "bfloat16",
    });
    let mut config = serde_json::to_vec_pretty(&config)?;
    config.push(b'\n');
    Ok(fs_err::write(folder.join("config.json"), config)?)
}

/// Writes `cloze.json`, with the hash of the weights.
pub(super) fn write_card(folder: &Path, mut card: Card) -> Result<(), FineTuneError> {
    card.sha256.insert(WEIGHTS.to_owned(), checksum::sha256_file(folder.join(WEIGHTS))?);
    envelope::write_json(&folder.join(CARD), KIND, CARD_VERSION, &card, Existing::Refuse)
        .map_err(|source| FineTuneError::File { path: folder.display().to_string(), source })
}
