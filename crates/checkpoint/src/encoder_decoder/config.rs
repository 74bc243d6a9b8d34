//! `config.json` of an encoder–decoder, as far as the forward pass and the beginning of a text depend on it.
use cloze_store::Location;
use serde::Deserialize;
use serde_json::Value;

use super::family::{ENCODER_DECODERS, EncoderDecoderFamily, OTHERS, Positions};
use super::relative::RelativeBias;
use crate::config::{self, Activation, activation, size};
use crate::decoder::end_ids;
use crate::error::CheckpointError;
use crate::folder::MAX_LAYERS;

/// The shape of an encoder–decoder.
#[expect(clippy::struct_excessive_bools, reason = "facts that are true of a model or not")]
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderDecoderConfig {
    /// Family: tensor names, norms, positions.
    pub family: &'static EncoderDecoderFamily,
    /// Hidden size of both halves.
    pub hidden: usize,
    /// The encoder's layers.
    pub encoder: StackConfig,
    /// The decoder's layers.
    pub decoder: StackConfig,
    /// Number of rows of the encoder's word embeddings.
    pub vocabulary: usize,
    /// Number of rows of the decoder's.
    pub decoder_vocabulary: usize,
    /// Longest text of each half, in tokens; `None` for relative positions, which have no end.
    pub positions: Option<usize>,
    /// Biases by relative position.
    pub relative: Option<RelativeBias>,
    /// Activation of the feed-forward network.
    pub activation: Activation,
    /// Whether the feed-forward network has a gate.
    pub gated: bool,
    /// Epsilon of the norms.
    pub norm_epsilon: f32,
    /// Whether word embeddings are multiplied by the square root of the hidden size.
    pub scaled_embeddings: bool,
    /// Whether the decoder's last states are divided by the square root of the hidden size.
    pub scaled_head: bool,
    /// Whether the word embeddings are the head's matrix where the checkpoint has no other.
    pub tied: bool,
    /// Id of the token that the decoder begins with.
    pub start: Option<u32>,
    /// Ids of tokens that end a text.
    pub eos: Vec<u32>,
    /// Id of the token that every text begins with, behind the one that the decoder begins with.
    pub forced_bos: Option<u32>,
    /// Id of the token that a text of the most tokens ends with.
    pub forced_eos: Option<u32>,
}

/// The shape of one half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StackConfig {
    /// Number of layers.
    pub layers: usize,
    /// Number of heads of an attention.
    pub heads: usize,
    /// Width of a head.
    pub head_size: usize,
    /// Width of the feed-forward network.
    pub intermediate: usize,
}

impl StackConfig {
    /// Width of all heads together.
    #[must_use]
    pub fn width(self) -> usize {
        self.heads.saturating_mul(self.head_size)
    }
}

#[derive(Deserialize)]
struct File {
    model_type: Option<String>,
    d_model: Option<usize>,
    d_kv: Option<usize>,
    d_ff: Option<usize>,
    num_layers: Option<usize>,
    num_decoder_layers: Option<usize>,
    num_heads: Option<usize>,
    encoder_layers: Option<usize>,
    encoder_attention_heads: Option<usize>,
    encoder_ffn_dim: Option<usize>,
    decoder_layers: Option<usize>,
    decoder_attention_heads: Option<usize>,
    decoder_ffn_dim: Option<usize>,
    vocab_size: Option<usize>,
    decoder_vocab_size: Option<usize>,
    share_encoder_decoder_embeddings: Option<bool>,
    max_position_embeddings: Option<usize>,
    relative_attention_num_buckets: Option<usize>,
    relative_attention_max_distance: Option<usize>,
    feed_forward_proj: Option<String>,
    dense_act_fn: Option<String>,
    is_gated_act: Option<Value>,
    activation_function: Option<String>,
    layer_norm_epsilon: Option<f32>,
    scale_embedding: Option<bool>,
    scale_decoder_outputs: Option<bool>,
    tie_word_embeddings: Option<bool>,
    normalize_before: Option<bool>,
    normalize_embedding: Option<bool>,
    add_final_layer_norm: Option<bool>,
    static_position_embeddings: Option<bool>,
    is_encoder_decoder: Option<bool>,
    quantization_config: Option<Value>,
    decoder_start_token_id: Option<u32>,
    bos_token_id: Option<u32>,
    eos_token_id: Option<Value>,
    forced_bos_token_id: Option<u32>,
    forced_eos_token_id: Option<u32>,
}

impl EncoderDecoderConfig {
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

    fn of(raw: &File) -> Result<Self, String> {
        let family = family(raw)?;
        raw.quantization_config.as_ref().map_or(Ok(()), crate::quantization::check)?;
        check_fixed(raw, family)?;
        let hidden = size("d_model", raw.d_model)?;
        let relative = match family.positions {
            Positions::Relative => Some(RelativeBias::of(
                raw.relative_attention_num_buckets,
                raw.relative_attention_max_distance,
            )?),
            Positions::Learned | Positions::Sinusoidal => None,
        };
        let (encoder, decoder) =
            if relative.is_some() { t5_stacks(raw)? } else { bart_stacks(raw, hidden)? };
        let (activation, gated) = feed(raw, family)?;
        let norm_epsilon = match raw.layer_norm_epsilon {
            // BART's is in the code (torch's own).
            _ if family.biases => 1e-5,
            None => 1e-6,
            Some(eps) if eps > 0.0 && eps < 1.0 => eps,
            Some(eps) => return Err(format!("layer_norm_epsilon is {eps}")),
        };
        let positions = if relative.is_some() {
            None
        } else {
            let longest = raw.max_position_embeddings.unwrap_or(family.longest);
            Some(size("max_position_embeddings", Some(longest))?)
        };
        let vocabulary = size("vocab_size", raw.vocab_size)?;
        let shares = raw.share_encoder_decoder_embeddings != Some(false);
        let decoder_vocabulary = match raw.decoder_vocab_size.filter(|_| !shares) {
            Some(found) => size("decoder_vocab_size", Some(found))?,
            None => vocabulary,
        };
        let tied = raw.tie_word_embeddings != Some(false);
        Ok(Self {
            family,
            hidden,
            encoder,
            decoder,
            vocabulary,
            decoder_vocabulary,
            positions,
            relative,
            activation,
            gated,
            norm_epsilon,
            scaled_embeddings: family.biases && raw.scale_embedding == Some(true),
            // T5 1.1 is told apart by that (transformers 5.24, `T5Config.__post_init__`).
            scaled_head: family.norms_first && raw.scale_decoder_outputs.unwrap_or(tied),
            tied,
            start: raw.decoder_start_token_id.or(family.start).or(raw.bos_token_id),
            eos: end_ids(raw.eos_token_id.as_ref())?,
            forced_bos: raw.forced_bos_token_id,
            forced_eos: raw.forced_eos_token_id.or(family.forced_eos),
        })
    }

    /// Size in bytes of a cache of keys and values: the decoder's own of `rows` texts of up to `tokens`
    /// tokens, and those of the encoder's states of `prompts` prompts of up to `source` tokens.
    #[must_use]
    pub fn cache_bytes(&self, rows: usize, tokens: usize, prompts: usize, source: usize) -> usize {
        let own = rows.saturating_mul(tokens);
        let states = prompts.saturating_mul(source);
        let row = self.decoder.width().saturating_mul(2 * 4);
        own.saturating_add(states).saturating_mul(row).saturating_mul(self.decoder.layers)
    }
}

fn family(raw: &File) -> Result<&'static EncoderDecoderFamily, String> {
    let model_type = raw.model_type.as_deref().ok_or("no model_type")?;
    let known = || {
        let known = ENCODER_DECODERS.iter().map(|family| family.model_type);
        known.collect::<Vec<_>>().join(", ")
    };
    if let Some((_, what)) = OTHERS.iter().find(|(name, _)| *name == model_type) {
        return Err(format!(
            "model_type is {model_type:?}, which has {what}; encoder–decoders are built for {}",
            known()
        ));
    }
    EncoderDecoderFamily::find(model_type).ok_or_else(|| {
        format!("model_type is {model_type:?}; encoder–decoders are built for {}", known())
    })
}

/// Checks settings that a family has one value of.
fn check_fixed(raw: &File, family: &EncoderDecoderFamily) -> Result<(), String> {
    let learned = family.positions == Positions::Learned;
    let of_bart = [
        ("normalize_before", raw.normalize_before, false),
        ("add_final_layer_norm", raw.add_final_layer_norm, false),
        ("normalize_embedding", raw.normalize_embedding, family.embedding_norm),
        ("static_position_embeddings", raw.static_position_embeddings, !learned),
    ];
    let of_bart = of_bart.into_iter().filter(|_| family.biases);
    let all = [("is_encoder_decoder", raw.is_encoder_decoder, true)];
    for (name, value, followed) in all.into_iter().chain(of_bart) {
        if let Some(found) = value.filter(|value| *value != followed) {
            return Err(format!("{name} is {found}; only {followed} is built"));
        }
    }
    Ok(())
}

fn layers(name: &str, found: Option<usize>) -> Result<usize, String> {
    match size(name, found)? {
        layers if layers > MAX_LAYERS => {
            Err(format!("{name}: expected at most {MAX_LAYERS}, found {layers}"))
        }
        layers => Ok(layers),
    }
}

fn t5_stacks(raw: &File) -> Result<(StackConfig, StackConfig), String> {
    // What a file leaves out has the values of transformers' class.
    let encoder = StackConfig {
        layers: layers("num_layers", Some(raw.num_layers.unwrap_or(6)))?,
        heads: size("num_heads", Some(raw.num_heads.unwrap_or(8)))?,
        head_size: size("d_kv", Some(raw.d_kv.unwrap_or(64)))?,
        intermediate: size("d_ff", Some(raw.d_ff.unwrap_or(2048)))?,
    };
    let own = raw.num_decoder_layers.unwrap_or(encoder.layers);
    Ok((encoder, StackConfig { layers: layers("num_decoder_layers", Some(own))?, ..encoder }))
}

fn bart_stacks(raw: &File, hidden: usize) -> Result<(StackConfig, StackConfig), String> {
    let stack = |half: &str, number: Option<usize>, heads: Option<usize>, wide: Option<usize>| {
        let name = format!("{half}_attention_heads");
        let heads = size(&name, Some(heads.unwrap_or(16)))?;
        if !hidden.is_multiple_of(heads) {
            return Err(format!("d_model {hidden} is not a multiple of {name} {heads}"));
        }
        Ok(StackConfig {
            layers: layers(&format!("{half}_layers"), Some(number.unwrap_or(12)))?,
            heads,
            head_size: hidden / heads,
            intermediate: size(&format!("{half}_ffn_dim"), Some(wide.unwrap_or(4096)))?,
        })
    };
    let encoder =
        stack("encoder", raw.encoder_layers, raw.encoder_attention_heads, raw.encoder_ffn_dim)?;
    let decoder =
        stack("decoder", raw.decoder_layers, raw.decoder_attention_heads, raw.decoder_ffn_dim)?;
    Ok((encoder, decoder))
}

/// Activation of the feed-forward network, and whether it has a gate.
fn feed(raw: &File, family: &EncoderDecoderFamily) -> Result<(Activation, bool), String> {
    if family.positions != Positions::Relative {
        let name = raw.activation_function.as_deref().unwrap_or(family.activation);
        return Ok((activation(name)?, false));
    }
    let form = raw.feed_forward_proj.as_deref().unwrap_or(family.activation);
    let (gated, name) = match form.split_once('-') {
        Some(("gated", name)) if !name.contains('-') => (true, name),
        None => (false, form),
        Some(_) => {
            return Err(format!(
                "feed_forward_proj is {form:?}; expected an activation, or gated- and one, as in \
                 \"gated-gelu\""
            ));
        }
    };
    match &raw.is_gated_act {
        None | Some(Value::Null) => {}
        Some(Value::Bool(found)) if *found == gated => {}
        Some(found) => {
            return Err(format!(
                "is_gated_act is {found}; feed_forward_proj {form:?} says {gated}"
            ));
        }
    }
    // The one name that stands for another function than elsewhere (transformers, `T5Config`).
    let name = if form == "gated-gelu" { "gelu_new" } else { name };
    let expected = activation(name).map_err(|what| format!("feed_forward_proj: {what}"))?;
    if let Some(other) = raw.dense_act_fn.as_deref() {
        let found = activation(other).map_err(|what| format!("dense_act_fn: {what}"))?;
        if found != expected {
            return Err(format!(
                "dense_act_fn is {other:?}; feed_forward_proj {form:?} says {name:?}"
            ));
        }
    }
    Ok((expected, gated))
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
