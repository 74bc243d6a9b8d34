//! Families of decoders: every fact in which their architectures differ, a row of [`DECODERS`] each.
//!
//! Source: transformers 5, `models/{gpt2,llama,mistral,qwen2,qwen3}/{configuration,modeling}_*.py`.

/// One of transformers' architectures of decoders.
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that are true of a family or not, each its own"
)]
#[derive(Debug, PartialEq, Eq)]
pub struct DecoderFamily {
    /// `model_type` of `config.json`.
    pub model_type: &'static str,
    /// transformers' class of the language model.
    pub class_name: &'static str,
    /// Beginning of tensor names of everything but the language model's head.
    pub prefix: &'static str,
    /// Tensor names, behind the prefix.
    pub(crate) names: &'static DecoderNames,
    /// Whether positions have embeddings of their own; else queries and keys are rotated (`RoPE`).
    pub learned_positions: bool,
    /// Whether norms subtract the mean and have a bias (layer norm); else they divide by the root mean
    /// square alone.
    pub layer_norm: bool,
    /// Whether matrices are stored as `[inputs, outputs]` (transformers' `Conv1D`).
    pub turned: bool,
    /// Whether query, key and value are one matrix.
    pub joint: bool,
    /// Whether the feed-forward network has a gate.
    pub gated: bool,
    /// Whether query, key and value have biases where `config.json` does not say.
    pub attention_bias: bool,
    /// Whether that is so whatever `config.json` says.
    pub fixed_bias: bool,
    /// Whether the attention's output has a bias where query, key and value do.
    pub output_bias: bool,
    /// Whether each head's query and key are normed.
    pub head_norms: bool,
    /// Whether the word embeddings are the head's matrix where `config.json` does not say.
    pub tied: bool,
    /// Activation where `config.json` has none.
    pub activation: &'static str,
    /// Width of a head where `config.json` has none; `None` for hidden size over heads.
    pub head_size: Option<usize>,
    /// Key and value heads where `config.json` has none; `None` for as many as query heads.
    pub key_value_heads: Option<usize>,
    /// `max_position_embeddings` where `config.json` has none.
    pub positions: usize,
    /// Sliding window where `config.json` has none.
    pub window: Option<usize>,
    /// Whether a window counts only with `use_sliding_window`.
    pub window_by_switch: bool,
}

/// Tensor names of a decoder; those of a layer stand behind its number.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DecoderNames {
    pub(crate) words: &'static str,
    pub(crate) positions: &'static str,
    pub(crate) layer: &'static str,
    pub(crate) attention_norm: &'static str,
    /// Query, key and value as one matrix.
    pub(crate) joint: &'static str,
    pub(crate) query: &'static str,
    pub(crate) key: &'static str,
    pub(crate) value: &'static str,
    pub(crate) query_norm: &'static str,
    pub(crate) key_norm: &'static str,
    pub(crate) attention: &'static str,
    pub(crate) feed_norm: &'static str,
    pub(crate) gate: &'static str,
    pub(crate) up: &'static str,
    pub(crate) down: &'static str,
    pub(crate) last_norm: &'static str,
    /// Buffers that are no weights, behind a layer's number.
    pub(crate) buffers: &'static [&'static str],
}

/// The language model's head, where it is not the word embeddings.
pub(crate) const HEAD: &str = "lm_head.weight";

static GPT2_NAMES: DecoderNames = DecoderNames {
    words: "wte.weight",
    positions: "wpe.weight",
    layer: "h",
    attention_norm: "ln_1",
    joint: "attn.c_attn",
    query: "",
    key: "",
    value: "",
    query_norm: "",
    key_norm: "",
    attention: "attn.c_proj",
    feed_norm: "ln_2",
    gate: "",
    up: "mlp.c_fc",
    down: "mlp.c_proj",
    last_norm: "ln_f",
    buffers: &["attn.bias", "attn.masked_bias"],
};

static LLAMA_NAMES: DecoderNames = DecoderNames {
    words: "embed_tokens.weight",
    positions: "",
    layer: "layers",
    attention_norm: "input_layernorm",
    joint: "",
    query: "self_attn.q_proj",
    key: "self_attn.k_proj",
    value: "self_attn.v_proj",
    query_norm: "self_attn.q_norm",
    key_norm: "self_attn.k_norm",
    attention: "self_attn.o_proj",
    feed_norm: "post_attention_layernorm",
    gate: "mlp.gate_proj",
    up: "mlp.up_proj",
    down: "mlp.down_proj",
    last_norm: "norm",
    buffers: &["self_attn.rotary_emb.inv_freq"],
};

/// GPT-2 (Radford et al. 2019).
pub const GPT2: DecoderFamily = DecoderFamily {
    model_type: "gpt2",
    class_name: "GPT2LMHeadModel",
    prefix: "transformer.",
    names: &GPT2_NAMES,
    learned_positions: true,
    layer_norm: true,
    turned: true,
    joint: true,
    gated: false,
    attention_bias: true,
    fixed_bias: true,
    output_bias: true,
    head_norms: false,
    tied: true,
    activation: "gelu_new",
    head_size: None,
    key_value_heads: None,
    positions: 1024,
    window: None,
    window_by_switch: false,
};

/// Llama (Touvron et al. 2023), and what is built like it.
pub const LLAMA: DecoderFamily = DecoderFamily {
    model_type: "llama",
    class_name: "LlamaForCausalLM",
    prefix: "model.",
    names: &LLAMA_NAMES,
    learned_positions: false,
    layer_norm: false,
    turned: false,
    joint: false,
    gated: true,
    attention_bias: false,
    fixed_bias: false,
    output_bias: true,
    head_norms: false,
    tied: false,
    activation: "silu",
    head_size: None,
    key_value_heads: None,
    positions: 2048,
    window: None,
    window_by_switch: false,
};

/// Decoders that graphs are built for.
pub static DECODERS: [DecoderFamily; 5] = [
    GPT2,
    LLAMA,
    // Mistral (Jiang et al. 2023).
    DecoderFamily {
        model_type: "mistral",
        class_name: "MistralForCausalLM",
        fixed_bias: true,
        key_value_heads: Some(8),
        positions: 4096 * 32,
        window: Some(4096),
        ..LLAMA
    },
    // Qwen2 (Yang et al. 2024).
    DecoderFamily {
        model_type: "qwen2",
        class_name: "Qwen2ForCausalLM",
        attention_bias: true,
        fixed_bias: true,
        output_bias: false,
        key_value_heads: Some(32),
        positions: 32_768,
        window: Some(4096),
        window_by_switch: true,
        ..LLAMA
    },
    // Qwen3 (Yang et al. 2025).
    DecoderFamily {
        model_type: "qwen3",
        class_name: "Qwen3ForCausalLM",
        head_norms: true,
        head_size: Some(128),
        key_value_heads: Some(32),
        positions: 32_768,
        window: Some(4096),
        window_by_switch: true,
        ..LLAMA
    },
];

impl DecoderFamily {
    /// The family of a `model_type`; `None` if no graph is built for it.
    #[must_use]
    pub fn find(model_type: &str) -> Option<&'static Self> {
        DECODERS.iter().find(|family| family.model_type == model_type)
    }
}
