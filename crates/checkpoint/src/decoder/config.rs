//! `config.json` of a decoder, as far as the forward pass depends on it.
use std::path::Path;

use cloze_store::Location;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::family::{DECODERS, DecoderFamily};
use super::rotary::Rotary;
use crate::config::{self, Activation, activation, size};
use crate::error::CheckpointError;
use crate::folder::MAX_LAYERS;

/// The shape of a decoder.
#[derive(Clone, Debug, PartialEq)]
pub struct DecoderConfig {
    /// Family: tensor names, norms, positions.
    pub family: &'static DecoderFamily,
    /// Hidden size.
    pub hidden: usize,
    /// Number of layers.
    pub layers: usize,
    /// Number of query heads of a layer.
    pub heads: usize,
    /// Number of key and value heads of a layer; each serves `heads / key_value_heads` query heads (Ainslie
    /// et al. 2023).
    pub key_value_heads: usize,
    /// Width of a head.
    pub head_size: usize,
    /// Width of the feed-forward network.
    pub intermediate: usize,
    /// Number of rows of the word embedding matrix.
    pub vocabulary: usize,
    /// Longest text, in tokens.
    pub positions: usize,
    /// Activation of the feed-forward network.
    pub activation: Activation,
    /// Epsilon of the norms.
    pub norm_epsilon: f32,
    /// Rotary positions; `None` where positions have embeddings.
    pub rotary: Option<Rotary>,
    /// Number of tokens that a token sees, itself included, if not all before it.
    pub window: Option<usize>,
    /// Whether query, key and value have biases.
    pub attention_bias: bool,
    /// Whether the feed-forward network has biases.
    pub feed_bias: bool,
    /// Whether the word embeddings are the head's matrix.
    pub tied: bool,
    /// Ids of tokens that end a text.
    pub eos: Vec<u32>,
    /// Id of the token that begins a text, if there is one.
    pub bos: Option<u32>,
}

#[derive(Deserialize)]
struct DecoderFile {
    model_type: Option<String>,
    #[serde(alias = "n_embd")]
    hidden_size: Option<usize>,
    #[serde(alias = "n_layer")]
    num_hidden_layers: Option<usize>,
    #[serde(alias = "n_head")]
    num_attention_heads: Option<usize>,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    #[serde(alias = "n_inner")]
    intermediate_size: Option<usize>,
    vocab_size: Option<usize>,
    #[serde(alias = "n_positions")]
    max_position_embeddings: Option<usize>,
    #[serde(alias = "activation_function")]
    hidden_act: Option<String>,
    #[serde(alias = "layer_norm_epsilon")]
    rms_norm_eps: Option<f32>,
    rope_theta: Option<f64>,
    rope_scaling: Option<Value>,
    rope_parameters: Option<Value>,
    #[serde(default)]
    sliding_window: SlidingWindow,
    use_sliding_window: Option<bool>,
    max_window_layers: Option<usize>,
    layer_types: Option<Vec<String>>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    tie_word_embeddings: Option<bool>,
    scale_attn_weights: Option<bool>,
    scale_attn_by_inverse_layer_idx: Option<bool>,
    add_cross_attention: Option<bool>,
    quantization_config: Option<Value>,
    eos_token_id: Option<Value>,
    bos_token_id: Option<u32>,
}

/// `sliding_window`, of which `null` says something else than nothing at all.
#[derive(Default)]
enum SlidingWindow {
    #[default]
    Unset,
    Set(Option<usize>),
}

impl<'de> Deserialize<'de> for SlidingWindow {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Option::deserialize(from).map(Self::Set)
    }
}

/// Ids of tokens that end a text: one, or several.
pub(crate) fn end_ids(value: Option<&Value>) -> Result<Vec<u32>, String> {
    let id = |value: &Value| {
        let id = value.as_u64().and_then(|id| u32::try_from(id).ok());
        id.ok_or_else(|| format!("eos_token_id: expected an id or several, found {value}"))
    };
    match value {
        None | Some(Value::Null) => Ok(vec![]),
        Some(Value::Array(ids)) => ids.iter().map(id).collect(),
        Some(one) => Ok(vec![id(one)?]),
    }
}

/// Whether a `config.json` is that of a decoder that graphs are built for.
#[must_use]
pub fn is_decoder(model_type: Option<&str>) -> bool {
    model_type.is_some_and(|model_type| DecoderFamily::find(model_type).is_some())
}

impl DecoderConfig {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// [`CheckpointError::Store`] if it cannot be read; [`CheckpointError::Json`] if it is not such JSON;
    /// [`CheckpointError::Config`] for a model that cannot be built, with the setting at fault.
    pub fn read(path: impl Into<Location>) -> Result<Self, CheckpointError> {
        let path = &path.into();
        let file = serde_json::from_slice(&config::read_bytes(path)?)
            .map_err(|source| CheckpointError::Json { path: path.to_path_buf(), source })?;
        Self::of(&file).map_err(|what| CheckpointError::Config { path: path.to_path_buf(), what })
    }

    /// Checks settings that were read already; `path` names them in errors.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn of_json(settings: Value, path: &Path) -> Result<Self, CheckpointError> {
        let file = serde_json::from_value(settings)
            .map_err(|source| CheckpointError::Json { path: path.to_path_buf(), source })?;
        Self::of(&file).map_err(|what| CheckpointError::Config { path: path.to_path_buf(), what })
    }

    fn of(raw: &DecoderFile) -> Result<Self, String> {
        let model_type = raw.model_type.as_deref().ok_or("no model_type")?;
        let family = DecoderFamily::find(model_type).ok_or_else(|| {
            let known: Vec<_> = DECODERS.iter().map(|family| family.model_type).collect();
            format!("model_type is {model_type:?}; decoders are built for {}", known.join(", "))
        })?;
        raw.quantization_config.as_ref().map_or(Ok(()), crate::quantization::check)?;
        for (name, value, followed) in [
            ("scale_attn_weights", raw.scale_attn_weights, true),
            ("scale_attn_by_inverse_layer_idx", raw.scale_attn_by_inverse_layer_idx, false),
            ("add_cross_attention", raw.add_cross_attention, false),
        ] {
            if let Some(found) = value.filter(|value| *value != followed) {
                return Err(format!("{name} is {found}; only {followed} is built"));
            }
        }
        let hidden = size("hidden_size", raw.hidden_size)?;
        let heads = size("num_attention_heads", raw.num_attention_heads)?;
        let head_size = match raw.head_dim.or(family.head_size) {
            Some(found) => size("head_dim", Some(found))?,
            None if hidden.is_multiple_of(heads) => hidden / heads,
            None => {
                return Err(format!(
                    "hidden_size {hidden} is not a multiple of num_attention_heads {heads}"
                ));
            }
        };
        let own = raw.num_key_value_heads.filter(|_| !family.joint);
        let key_value_heads = own.or(family.key_value_heads).unwrap_or(heads);
        let key_value_heads = size("num_key_value_heads", Some(key_value_heads))?;
        if !heads.is_multiple_of(key_value_heads) {
            return Err(format!(
                "num_attention_heads {heads} is not a multiple of num_key_value_heads \
                 {key_value_heads}"
            ));
        }
        // ONNX Runtime 1.32 turns heads of such widths alone.
        if !family.learned_positions && !head_size.is_multiple_of(16) {
            return Err(format!("head_dim is {head_size}; expected a multiple of 16"));
        }
        let layers = size("num_hidden_layers", raw.num_hidden_layers)?;
        if layers > MAX_LAYERS {
            return Err(format!(
                "num_hidden_layers: expected at most {MAX_LAYERS}, found {layers}"
            ));
        }
        let norm_epsilon = match raw.rms_norm_eps {
            None if family.layer_norm => 1e-5,
            None => 1e-6,
            Some(eps) if eps > 0.0 && eps < 1.0 => eps,
            Some(eps) => return Err(format!("the norms' epsilon is {eps}")),
        };
        let rotary = if family.learned_positions {
            None
        } else {
            let (scaling, parameters) = (raw.rope_scaling.as_ref(), raw.rope_parameters.as_ref());
            Some(Rotary::of(raw.rope_theta, scaling, parameters)?)
        };
        let intermediate = match raw.intermediate_size {
            None if family.joint => hidden.saturating_mul(4),
            found => size("intermediate_size", found)?,
        };
        let positions = raw.max_position_embeddings.unwrap_or(family.positions);
        Ok(Self {
            family,
            hidden,
            layers,
            heads,
            key_value_heads,
            head_size,
            intermediate,
            vocabulary: size("vocab_size", raw.vocab_size)?,
            positions: size("max_position_embeddings", Some(positions))?,
            activation: activation(raw.hidden_act.as_deref().unwrap_or(family.activation))?,
            norm_epsilon,
            rotary,
            window: window(raw, family, layers)?,
            attention_bias: match raw.attention_bias {
                Some(found) if !family.fixed_bias => found,
                _ => family.attention_bias,
            },
            feed_bias: family.layer_norm || raw.mlp_bias == Some(true),
            tied: raw.tie_word_embeddings.unwrap_or(family.tied),
            eos: end_ids(raw.eos_token_id.as_ref())?,
            bos: raw.bos_token_id,
        })
    }
}

/// The sliding window, if every layer has it.
fn window(
    raw: &DecoderFile,
    family: &DecoderFamily,
    layers: usize,
) -> Result<Option<usize>, String> {
    if family.window.is_none() || (family.window_by_switch && raw.use_sliding_window != Some(true))
    {
        return Ok(None);
    }
    let window = match raw.sliding_window {
        SlidingWindow::Unset => family.window,
        SlidingWindow::Set(window) => window,
    };
    let Some(window) = window else { return Ok(None) };
    let window = size("sliding_window", Some(window))?;
    let full = |kind: &String| kind == "full_attention";
    match &raw.layer_types {
        Some(kinds) if kinds.iter().all(full) => return Ok(None),
        Some(kinds) if kinds.iter().any(full) => {
            return Err("layer_types: only layers of one kind are built".into());
        }
        _ => {}
    }
    if family.window_by_switch && raw.layer_types.is_none() {
        let first = raw.max_window_layers.unwrap_or(28);
        if first >= layers {
            return Ok(None);
        }
        if first > 0 {
            return Err(format!(
                "max_window_layers is {first} of {layers} layers; only layers of one kind are built"
            ));
        }
    }
    Ok(Some(window))
}
