//! A new decoder: the shape of a `config.json`, drawn weights, and a tokenizer, trained from the texts or
//! given.
use std::path::{Path, PathBuf};

use cloze_checkpoint::ModelFolder;
use cloze_checkpoint::decoder::DecoderConfig;
use cloze_checkpoint::weights::{StoredType, write_tensors};
use cloze_encoder::train_tokenizer;
use cloze_store::Existing;
use cloze_tune::decoder::{Drawn, initial_tensors};
use serde_json::{Value, json};

use super::super::FineTuneError;
use super::NewDecoderParams;
use super::data::Corpus;
use super::start::StartDecoder;
use crate::companions::GENERATION;

/// Token that begins and ends a text, by GPT-2's name.
const END: &str = "<|endoftext|>";
const MAX_CONFIG_BYTES: u64 = 1 << 20;
const MAX_TOKENIZER_BYTES: u64 = 64 << 20;
/// Most parameters of a new model: with gradients and moments they take 16 bytes each.
const MAX_PARAMETERS: usize = 1 << 31;

/// Settings that transformers writes for any model, and that have no part in its shape or are checked
/// where the shape is read.
const COMMON: [&str; 21] = [
    "_name_or_path",
    "add_cross_attention",
    "architectures",
    "bos_token_id",
    "dtype",
    "eos_token_id",
    "id2label",
    "initializer_range",
    "is_decoder",
    "label2id",
    "model_type",
    "pad_token_id",
    "quantization_config",
    "task_specific_params",
    "tie_word_embeddings",
    "torch_dtype",
    "transformers_version",
    "use_cache",
    "use_return_dict",
    "vocab_size",
    "return_dict",
];
const GPT2: [&str; 19] = [
    "activation_function",
    "attn_pdrop",
    "embd_pdrop",
    "layer_norm_epsilon",
    "n_ctx",
    "n_embd",
    "n_head",
    "n_inner",
    "n_layer",
    "n_positions",
    "reorder_and_upcast_attn",
    "resid_pdrop",
    "scale_attn_by_inverse_layer_idx",
    "scale_attn_weights",
    "summary_activation",
    "summary_first_dropout",
    "summary_proj_to_labels",
    "summary_type",
    "summary_use_proj",
];
const LLAMA: [&str; 20] = [
    "attention_bias",
    "attention_dropout",
    "head_dim",
    "hidden_act",
    "hidden_size",
    "intermediate_size",
    "layer_types",
    "max_position_embeddings",
    "max_window_layers",
    "mlp_bias",
    "num_attention_heads",
    "num_hidden_layers",
    "num_key_value_heads",
    "pretraining_tp",
    "rms_norm_eps",
    "rope_parameters",
    "rope_scaling",
    "rope_theta",
    "sliding_window",
    "use_sliding_window",
];

fn json_error(path: &Path) -> impl Fn(serde_json::Error) -> FineTuneError + '_ {
    |source| FineTuneError::Json { path: path.to_owned(), source }
}

fn wrong(path: &Path, what: String) -> FineTuneError {
    FineTuneError::NewModel { path: path.to_owned(), what }
}

impl StartDecoder {
    /// Makes a new model in a folder of its own; the same for the same texts, files and seed.
    pub(super) fn make(
        new: &NewDecoderParams,
        texts: &Corpus,
        seed: u64,
    ) -> Result<Self, FineTuneError> {
        let path = &new.config;
        let bytes = cloze_store::read::read_capped(path.as_path(), MAX_CONFIG_BYTES)?;
        let mut config: Value = serde_json::from_slice(&bytes).map_err(json_error(path))?;
        // Else settings could not be put into it.
        if !config.is_object() {
            return Err(wrong(path, "expected an object of settings".to_owned()));
        }
        let wanted = vocabulary(new, &config)?;
        // Checked with the largest vocabulary before a tokenizer is trained for it.
        config["vocab_size"] = json!(wanted.unwrap_or(1));
        let shape = shape(&config, path)?;
        let (tokenizer, size, end) = match (&new.tokenizer, wanted) {
            (Some(file), _) => given_tokenizer(file, &config)?,
            (None, Some(wanted)) => {
                let (json, size) = train_tokenizer(&texts.texts, wanted, END)?;
                (json, size, 0)
            }
            (None, None) => {
                let what = "no vocab_size; expected one, or --vocabulary".to_owned();
                return Err(wrong(path, what));
            }
        };
        config["vocab_size"] = json!(size);
        config["eos_token_id"] = json!(end);
        config["bos_token_id"] = json!(end);
        config["architectures"] = json!([shape.family.class_name]);
        if let Some(settings) = config.as_object_mut() {
            // It may name a token of another vocabulary.
            settings.remove("pad_token_id");
        }
        let shape = self::shape(&config, path)?;
        let spread = &config["initializer_range"];
        let spread = if spread.is_null() { Some(0.02) } else { spread.as_f64() };
        let Some(spread) = spread.filter(|spread| *spread > 0.0 && *spread <= 1.0) else {
            let what = format!(
                "initializer_range is {}: expected a number above 0 and at most 1",
                config["initializer_range"]
            );
            return Err(wrong(path, what));
        };
        let folder = tempfile::tempdir()?;
        let write = |name: &str, bytes: &[u8]| fs_err::write(folder.path().join(name), bytes);
        write("config.json", &serde_json::to_vec_pretty(&config)?)?;
        write("tokenizer.json", tokenizer.as_bytes())?;
        let generation = json!({ "bos_token_id": end, "eos_token_id": end });
        write(GENERATION, &serde_json::to_vec_pretty(&generation)?)?;
        if new.tokenizer.is_none() {
            let settings = json!({
                "bos_token": END,
                "eos_token": END,
                "clean_up_tokenization_spaces": false,
                "model_max_length": shape.positions,
                "tokenizer_class": "PreTrainedTokenizerFast",
            });
            write("tokenizer_config.json", &serde_json::to_vec_pretty(&settings)?)?;
        }
        let tensors = initial_tensors(&shape, Drawn { seed, spread });
        let tensors: Vec<_> = tensors
            .iter()
            .map(|(name, shape, value)| (name.clone(), &shape[..], &value[..]))
            .collect();
        let weights = folder.path().join("model.safetensors");
        write_tensors(&tensors, StoredType::F32, &weights, Existing::Refuse)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let model = ModelFolder::open(PathBuf::from(folder.path()))?;
        Self::of(model, name, Some(folder))
    }
}

/// Most tokens of the vocabulary, where anything says so.
fn vocabulary(new: &NewDecoderParams, config: &Value) -> Result<Option<usize>, FineTuneError> {
    let found = config["vocab_size"].as_u64().and_then(|n| usize::try_from(n).ok());
    match (found, new.vocabulary) {
        (Some(found), Some(wanted)) if found != wanted => {
            let what = format!(
                "vocab_size is {found} and --vocabulary {wanted}; expected one of them, or the same"
            );
            Err(wrong(&new.config, what))
        }
        (found, wanted) => Ok(wanted.or(found)),
    }
}

/// Shape of the model, all of whose settings are known and which fits into memory.
fn shape(config: &Value, path: &Path) -> Result<DecoderConfig, FineTuneError> {
    let shape = DecoderConfig::of_json(config.clone(), path)?;
    let own: &[&str] = if shape.family.learned_positions { &GPT2 } else { &LLAMA };
    let is_known = |name: &&String| COMMON.contains(&name.as_str()) || own.contains(&name.as_str());
    let settings = config.as_object().into_iter().flatten().map(|(name, _)| name);
    let unknown: Vec<&str> = settings.filter(|name| !is_known(name)).map(String::as_str).collect();
    if !unknown.is_empty() {
        let (names, model_type) = (unknown.join(", "), shape.family.model_type);
        return Err(wrong(path, format!("unknown settings of a {model_type}: {names}")));
    }
    let count = parameters(&shape);
    if count.is_none_or(|count| count > MAX_PARAMETERS) {
        let count = count.map_or("more than can be counted".to_owned(), |count| count.to_string());
        let what = format!("{count} parameters; expected at most {MAX_PARAMETERS}");
        return Err(wrong(path, what));
    }
    Ok(shape)
}

/// Number of parameters of the matrices; `None` beyond all bounds.
fn parameters(shape: &DecoderConfig) -> Option<usize> {
    let heads = shape.heads.checked_add(shape.key_value_heads)?.checked_mul(2)?;
    let attention = heads.checked_mul(shape.head_size)?.checked_mul(shape.hidden)?;
    let feed = shape.intermediate.checked_mul(3)?.checked_mul(shape.hidden)?;
    let layers = attention.checked_add(feed)?.checked_mul(shape.layers)?;
    let rows = if shape.family.learned_positions { shape.positions } else { 0 };
    let rows = shape.vocabulary.checked_mul(2)?.checked_add(rows)?;
    // Angles of rotary positions are kept, too.
    let angles = shape.positions.checked_mul(shape.head_size)?;
    rows.checked_mul(shape.hidden)?.checked_add(layers)?.checked_add(angles)
}

/// A tokenizer that is given: its text, the number of its tokens and the id of the one that ends a text.
fn given_tokenizer(file: &Path, config: &Value) -> Result<(String, usize, u32), FineTuneError> {
    let bytes = cloze_store::read::read_capped(file, MAX_TOKENIZER_BYTES)?;
    let json: Value = serde_json::from_slice(&bytes).map_err(json_error(file))?;
    let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
    let listed = json["model"]["vocab"].as_object();
    let added = json["added_tokens"].as_array();
    let ids = listed.into_iter().flat_map(|vocabulary| vocabulary.values().filter_map(id));
    let added = || added.into_iter().flatten();
    // Unigram models have a list, whose places are the ids.
    let pieces = json["model"]["vocab"].as_array();
    let last = pieces.and_then(|pieces| u32::try_from(pieces.len()).ok()?.checked_sub(1));
    let ids = ids.chain(last);
    let largest = ids.chain(added().filter_map(|token| id(&token["id"]))).max();
    let Some(largest) = largest else {
        let what = "no vocabulary with ids; expected a tokenizer.json with model.vocab".to_owned();
        return Err(wrong(file, what));
    };
    let named = || {
        let of_vocabulary = listed.and_then(|vocabulary| vocabulary.get(END)).and_then(id);
        let of_added = || added().find(|token| token["content"] == END);
        of_vocabulary.or_else(|| of_added().and_then(|token| id(&token["id"])))
    };
    let end = id(&config["eos_token_id"]).filter(|&end| end <= largest).or_else(named);
    let Some(end) = end else {
        let what = format!(
            "no token that ends a text; expected {END}, or the id of one as eos_token_id in the \
             configuration"
        );
        return Err(wrong(file, what));
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok((text, largest as usize + 1, end))
}
