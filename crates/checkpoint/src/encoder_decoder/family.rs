//! Families of encoder–decoders: every fact in which their architectures differ, a row of
//! [`ENCODER_DECODERS`] each.
//!
//! Source: transformers 5.24, `models/{t5,bart,marian}/{configuration,modeling}_*.py`.

/// Positions of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Positions {
    /// Attention biases by relative position in the first layer of each half, for all of them (Raffel et al.
    /// 2020); queries are not scaled.
    Relative,
    /// Learned embeddings, of which the first two rows are no position's.
    Learned,
    /// Sines in the first half of a row and cosines in the second (Vaswani et al. 2017).
    Sinusoidal,
}

/// One of transformers' architectures of encoder–decoders.
#[derive(Debug, PartialEq, Eq)]
pub struct EncoderDecoderFamily {
    /// `model_type` of `config.json`.
    pub model_type: &'static str,
    /// Beginning of tensor names of everything but the head and the bias of logits.
    pub prefix: &'static str,
    /// Tensor names of the encoder.
    pub(crate) encoder: &'static StackNames,
    /// Tensor names of the decoder.
    pub(crate) decoder: &'static StackNames,
    /// Positions of tokens.
    pub positions: Positions,
    /// Whether norms stand before the attention and the feed-forward network, and one behind the last layer;
    /// they then divide by the root mean square alone. Else they are layer norms behind the residual.
    pub norms_first: bool,
    /// Whether matrices have biases, and logits a bias of their own.
    pub biases: bool,
    /// Whether the embeddings go through a norm.
    pub embedding_norm: bool,
    /// Activation where `config.json` has none.
    pub activation: &'static str,
    /// `max_position_embeddings` where `config.json` has none, of families whose positions have rows.
    pub longest: usize,
    /// Id of the token that the decoder begins with where no file has one.
    pub start: Option<u32>,
    /// Id of the token that a text of the most tokens ends with, where there is no `generation_config.json`
    /// and `config.json` has none.
    pub forced_eos: Option<u32>,
}

/// Tensor names of a half; those of a layer stand behind its number.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StackNames {
    pub(crate) stack: &'static str,
    pub(crate) layer: &'static str,
    pub(crate) attention: &'static str,
    pub(crate) attention_norm: &'static str,
    /// Attention to the encoder's states, of decoders.
    pub(crate) cross: &'static str,
    pub(crate) cross_norm: &'static str,
    /// Query, key, value and output of an attention.
    pub(crate) projections: [&'static str; 4],
    /// Up-projection, or the gate's and the up-projection.
    pub(crate) up: &'static str,
    pub(crate) gated_up: [&'static str; 2],
    pub(crate) down: &'static str,
    pub(crate) feed_norm: &'static str,
    /// Norm behind the last layer, of families whose norms stand before.
    pub(crate) last_norm: &'static str,
}

/// Word embeddings of both halves.
pub(crate) const SHARED: &str = "shared.weight";
/// Word embeddings of a half, where they are its own, behind the half's name.
pub(crate) const EMBEDDINGS: &str = "embed_tokens.weight";
/// Position embeddings of a half, behind the half's name.
pub(crate) const POSITIONS: &str = "embed_positions.weight";
/// Norm of the embeddings, behind the half's name.
pub(crate) const EMBEDDING_NORM: &str = "layernorm_embedding";
/// The language model's head, where it is not the word embeddings.
pub(crate) const HEAD: &str = "lm_head.weight";
/// Bias of the logits, `[1, vocabulary]`.
pub(crate) const LOGITS_BIAS: &str = "final_logits_bias";
/// Biases by relative position, `[buckets, heads]`, behind the name of the first layer's attention.
pub(crate) const RELATIVE: &str = "relative_attention_bias.weight";
/// Rows of learned positions that are no position's (transformers, `BartLearnedPositionalEmbedding`).
pub const POSITION_OFFSET: usize = 2;

static T5_ENCODER: StackNames = StackNames {
    stack: "encoder",
    layer: "block",
    attention: "layer.0.SelfAttention",
    attention_norm: "layer.0.layer_norm",
    cross: "",
    cross_norm: "",
    projections: ["q", "k", "v", "o"],
    up: "layer.1.DenseReluDense.wi",
    gated_up: ["layer.1.DenseReluDense.wi_0", "layer.1.DenseReluDense.wi_1"],
    down: "layer.1.DenseReluDense.wo",
    feed_norm: "layer.1.layer_norm",
    last_norm: "final_layer_norm",
};

static T5_DECODER: StackNames = StackNames {
    stack: "decoder",
    cross: "layer.1.EncDecAttention",
    cross_norm: "layer.1.layer_norm",
    up: "layer.2.DenseReluDense.wi",
    gated_up: ["layer.2.DenseReluDense.wi_0", "layer.2.DenseReluDense.wi_1"],
    down: "layer.2.DenseReluDense.wo",
    feed_norm: "layer.2.layer_norm",
    ..T5_ENCODER
};

static BART_ENCODER: StackNames = StackNames {
    stack: "encoder",
    layer: "layers",
    attention: "self_attn",
    attention_norm: "self_attn_layer_norm",
    cross: "",
    cross_norm: "",
    projections: ["q_proj", "k_proj", "v_proj", "out_proj"],
    up: "fc1",
    gated_up: ["", ""],
    down: "fc2",
    feed_norm: "final_layer_norm",
    last_norm: "",
};

static BART_DECODER: StackNames = StackNames {
    stack: "decoder",
    cross: "encoder_attn",
    cross_norm: "encoder_attn_layer_norm",
    ..BART_ENCODER
};

/// BART (Lewis et al. 2020).
const BART: EncoderDecoderFamily = EncoderDecoderFamily {
    model_type: "bart",
    prefix: "model.",
    encoder: &BART_ENCODER,
    decoder: &BART_DECODER,
    positions: Positions::Learned,
    norms_first: false,
    biases: true,
    embedding_norm: true,
    activation: "gelu",
    longest: 1024,
    start: Some(2),
    forced_eos: Some(2),
};

/// Encoder–decoders that graphs are built for.
pub static ENCODER_DECODERS: [EncoderDecoderFamily; 3] = [
    // T5 (Raffel et al. 2020), its version 1.1 and Flan-T5.
    EncoderDecoderFamily {
        model_type: "t5",
        prefix: "",
        encoder: &T5_ENCODER,
        decoder: &T5_DECODER,
        positions: Positions::Relative,
        norms_first: true,
        biases: false,
        embedding_norm: false,
        activation: "relu",
        longest: 0,
        start: None,
        forced_eos: None,
    },
    BART,
    // Marian (Junczys-Dowmunt et al. 2018), of Opus-MT.
    EncoderDecoderFamily {
        model_type: "marian",
        positions: Positions::Sinusoidal,
        embedding_norm: false,
        start: Some(58_100),
        forced_eos: Some(0),
        ..BART
    },
];

/// Other encoder–decoders of transformers, each with what it has beyond the families above: they are named
/// in errors, not taken for one of those.
pub(crate) const OTHERS: [(&str, &str); 14] = [
    ("mbart", "norms before the attention, and codes of languages"),
    ("m2m_100", "codes of languages"),
    ("nllb-moe", "experts and codes of languages"),
    ("mt5", "a vocabulary of many languages"),
    ("umt5", "relative positions of its own in each layer"),
    ("longt5", "local attention"),
    ("switch_transformers", "experts"),
    ("pegasus", "norms before the attention"),
    ("pegasus_x", "attention by blocks"),
    ("led", "attention in windows"),
    ("blenderbot", "norms before the attention"),
    ("blenderbot-small", "positions without an offset"),
    ("fsmt", "two vocabularies"),
    ("prophetnet", "predictions of several tokens"),
];

impl EncoderDecoderFamily {
    /// The family of a `model_type`; `None` if no graph is built for it.
    #[must_use]
    pub fn find(model_type: &str) -> Option<&'static Self> {
        ENCODER_DECODERS.iter().find(|family| family.model_type == model_type)
    }
}

/// Whether a `config.json` is that of an encoder–decoder, of a family that graphs are built for or of
/// another that is known.
#[must_use]
pub fn is_encoder_decoder(model_type: Option<&str>) -> bool {
    let is_other = |model_type| OTHERS.iter().any(|(name, _)| *name == model_type);
    model_type.is_some_and(|name| EncoderDecoderFamily::find(name).is_some() || is_other(name))
}

/// Whether positions are relative, so that the model itself has no longest text.
pub(crate) fn has_relative_positions(model_type: Option<&str>) -> bool {
    let family = model_type.and_then(EncoderDecoderFamily::find);
    family.is_some_and(|family| family.positions == Positions::Relative)
}
