//! Families of models: every fact in which the architectures differ, a row of [`FAMILIES`] each.
//!
//! A family whose arithmetic is one of these is added by its row here alone. Source: transformers 5,
//! `models/{bert,roberta,xlm_roberta,camembert,data2vec,ernie,distilbert,electra,mpnet,albert}/modeling_*.py`.
use crate::config::Activation;
use crate::relative::RelativePositions;

/// One of transformers' architectures.
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that are true of a family or not, each its own"
)]
#[derive(Debug, PartialEq)]
pub struct Family {
    /// `model_type` of `config.json`.
    pub model_type: &'static str,
    /// Beginning of its classes' names: `Bert` of `BertForTokenClassification`.
    pub class: &'static str,
    /// Beginning of its encoder's tensor names, where the model has a head beside it.
    pub prefix: &'static str,
    /// Tensor names of the encoder, behind the prefix.
    pub(crate) body: &'static BodyNames,
    /// Tensor names of the masked language model's head.
    pub masked: MaskedNames,
    /// Activation of that head; `None` for the layers' own.
    pub masked_activation: Option<Activation>,
    /// Head for sequences.
    pub sequence: SequenceNames,
    /// Whether it may have a next-sentence head.
    pub next_sentence: bool,
    /// Whether positions count from behind the padding token's id and skip padding:
    /// `create_position_ids_from_input_ids`.
    pub offset_positions: bool,
    /// `pad_token_id` where `config.json` has none.
    pub pad_id: i64,
    /// Whether [`pad_id`](Self::pad_id) is that of the code, whatever `config.json` has: MPNet's
    /// `padding_idx = 1`.
    pub fixed_pad: bool,
    /// Attention bias by relative position, learned once for all layers.
    pub relative: Option<RelativePositions>,
    /// Whether tokens have types.
    pub token_types: bool,
    /// `embedding_size` where `config.json` has none, of families whose embeddings may be narrower than
    /// the layers; 0 for as wide as these. `None` where the setting has no meaning.
    pub narrow_embeddings: Option<usize>,
    /// `hidden_act` where `config.json` has none.
    pub activation: &'static str,
    /// Epsilon of layer norms where the code fixes it; `None` where `layer_norm_eps` counts.
    pub norm_epsilon: Option<f32>,
    /// Tokenizer's class where the folder names none (`TOKENIZER_MAPPING_NAMES`).
    pub tokenizer: &'static str,
}

/// Tensor names of a masked language model's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaskedNames {
    /// Dense layer, to be followed by `.weight` and `.bias`.
    pub dense: &'static str,
    /// Layer norm, likewise.
    pub norm: &'static str,
    /// Matrix of the decoder, where it is not the word embeddings.
    pub decoder: &'static str,
    /// Bias of the decoder, under up to two names; the first is the head's own.
    pub biases: [&'static str; 2],
}

/// Head for sequences: a dense layer over the first token, and the classifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequenceNames {
    /// Dense layer, to be followed by `.weight` and `.bias`; `None` for the encoder's pooler.
    pub dense: Option<&'static str>,
    /// Classifier, likewise.
    pub classifier: &'static str,
    /// Activation of the dense layer.
    pub activation: HeadActivation,
    /// Whether dropout stands before the dense layer, too.
    pub drops_first: bool,
}

/// Activation between the two layers of a head for sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadActivation {
    /// tanh x.
    Tanh,
    /// max(x, 0).
    Relu,
    /// x · Φ(x), by the error function (Hendrycks & Gimpel 2016).
    Gelu,
}

impl From<HeadActivation> for Activation {
    fn from(activation: HeadActivation) -> Self {
        match activation {
            HeadActivation::Tanh => Self::Tanh,
            HeadActivation::Relu => Self::Relu,
            HeadActivation::Gelu => Self::Gelu,
        }
    }
}

/// Tensor names of an encoder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BodyNames {
    /// Before the number of a layer; where layers share their numbers, of a group of them.
    pub(crate) layer: &'static str,
    /// Between the numbers of a group and of a layer in it, where layers share their numbers.
    pub(crate) in_group: Option<&'static str>,
    /// Between embeddings and layers of unlike widths.
    pub(crate) project: &'static str,
    /// Whether that is there for like widths, too.
    pub(crate) always_projects: bool,
    pub(crate) pooler: &'static str,
    pub(crate) query: &'static str,
    pub(crate) key: &'static str,
    pub(crate) value: &'static str,
    pub(crate) attention: &'static str,
    pub(crate) attention_norm: &'static str,
    pub(crate) up: &'static str,
    pub(crate) down: &'static str,
    pub(crate) output_norm: &'static str,
}

const BERT_BODY: BodyNames = BodyNames {
    layer: "encoder.layer",
    in_group: None,
    project: "embeddings_project",
    always_projects: false,
    pooler: "pooler.dense",
    query: "attention.self.query",
    key: "attention.self.key",
    value: "attention.self.value",
    attention: "attention.output.dense",
    attention_norm: "attention.output.LayerNorm",
    up: "intermediate.dense",
    down: "output.dense",
    output_norm: "output.LayerNorm",
};
static DISTILBERT_BODY: BodyNames = BodyNames {
    layer: "transformer.layer",
    query: "attention.q_lin",
    key: "attention.k_lin",
    value: "attention.v_lin",
    attention: "attention.out_lin",
    attention_norm: "sa_layer_norm",
    up: "ffn.lin1",
    down: "ffn.lin2",
    output_norm: "output_layer_norm",
    ..BERT_BODY
};

static MPNET_BODY: BodyNames = BodyNames {
    query: "attention.attn.q",
    key: "attention.attn.k",
    value: "attention.attn.v",
    attention: "attention.attn.o",
    attention_norm: "attention.LayerNorm",
    ..BERT_BODY
};
static ALBERT_BODY: BodyNames = BodyNames {
    layer: "encoder.albert_layer_groups",
    in_group: Some("albert_layers"),
    project: "encoder.embedding_hidden_mapping_in",
    always_projects: true,
    pooler: "pooler",
    query: "attention.query",
    key: "attention.key",
    value: "attention.value",
    attention: "attention.dense",
    attention_norm: "attention.LayerNorm",
    up: "ffn",
    down: "ffn_output",
    output_norm: "full_layer_layer_norm",
};

/// BERT (Devlin et al. 2019), `MiniLM` and whatever else says `bert`.
pub const BERT: Family = Family {
    model_type: "bert",
    class: "Bert",
    prefix: "bert.",
    body: &BERT_BODY,
    masked: MaskedNames {
        dense: "cls.predictions.transform.dense",
        norm: "cls.predictions.transform.LayerNorm",
        decoder: "cls.predictions.decoder.weight",
        biases: ["cls.predictions.bias", "cls.predictions.decoder.bias"],
    },
    masked_activation: None,
    sequence: SequenceNames {
        dense: None,
        classifier: "classifier",
        activation: HeadActivation::Tanh,
        drops_first: false,
    },
    next_sentence: true,
    offset_positions: false,
    pad_id: 0,
    fixed_pad: false,
    relative: None,
    token_types: true,
    narrow_embeddings: None,
    activation: "gelu",
    norm_epsilon: None,
    tokenizer: "BertTokenizer",
};

/// RoBERTa (Liu et al. 2019).
pub const ROBERTA: Family = Family {
    model_type: "roberta",
    class: "Roberta",
    prefix: "roberta.",
    masked: MaskedNames {
        dense: "lm_head.dense",
        norm: "lm_head.layer_norm",
        decoder: "lm_head.decoder.weight",
        biases: ["lm_head.bias", "lm_head.decoder.bias"],
    },
    masked_activation: Some(Activation::Gelu),
    sequence: SequenceNames {
        dense: Some("classifier.dense"),
        classifier: "classifier.out_proj",
        activation: HeadActivation::Tanh,
        drops_first: true,
    },
    next_sentence: false,
    offset_positions: true,
    pad_id: 1,
    tokenizer: "RobertaTokenizer",
    ..BERT
};

/// DistilBERT (Sanh et al. 2019).
pub const DISTILBERT: Family = Family {
    model_type: "distilbert",
    class: "DistilBert",
    prefix: "distilbert.",
    body: &DISTILBERT_BODY,
    masked: MaskedNames {
        dense: "vocab_transform",
        norm: "vocab_layer_norm",
        decoder: "vocab_projector.weight",
        biases: ["vocab_projector.bias", "vocab_projector.bias"],
    },
    sequence: SequenceNames {
        dense: Some("pre_classifier"),
        activation: HeadActivation::Relu,
        ..BERT.sequence
    },
    next_sentence: false,
    token_types: false,
    norm_epsilon: Some(1e-12),
    ..BERT
};

/// ELECTRA (Clark et al. 2020).
pub const ELECTRA: Family = Family {
    model_type: "electra",
    class: "Electra",
    prefix: "electra.",
    masked: MaskedNames {
        dense: "generator_predictions.dense",
        norm: "generator_predictions.LayerNorm",
        decoder: "generator_lm_head.weight",
        biases: ["generator_lm_head.bias", "generator_lm_head.bias"],
    },
    masked_activation: Some(Activation::Gelu),
    sequence: SequenceNames { activation: HeadActivation::Gelu, ..ROBERTA.sequence },
    next_sentence: false,
    narrow_embeddings: Some(0),
    ..BERT
};

/// MPNet (Song et al. 2020). Its relative positions are T5's, of 32 buckets whatever the matrix has.
pub const MPNET: Family = Family {
    model_type: "mpnet",
    class: "MPNet",
    prefix: "mpnet.",
    body: &MPNET_BODY,
    fixed_pad: true,
    relative: Some(RelativePositions {
        tensor: "encoder.relative_attention_bias.weight",
        buckets: 32,
        max_distance: 128,
    }),
    token_types: false,
    tokenizer: "MPNetTokenizer",
    ..ROBERTA
};

/// ALBERT (Lan et al. 2020): layers of a group share their numbers.
pub const ALBERT: Family = Family {
    model_type: "albert",
    class: "Albert",
    prefix: "albert.",
    body: &ALBERT_BODY,
    masked: MaskedNames {
        dense: "predictions.dense",
        norm: "predictions.LayerNorm",
        decoder: "predictions.decoder.weight",
        biases: ["predictions.bias", "predictions.decoder.bias"],
    },
    next_sentence: false,
    narrow_embeddings: Some(128),
    activation: "gelu_new",
    tokenizer: "AlbertTokenizer",
    ..BERT
};

/// Families that graphs are built for.
pub static FAMILIES: [Family; 10] = [
    BERT,
    ROBERTA,
    Family {
        model_type: "xlm-roberta",
        class: "XLMRoberta",
        tokenizer: "XLMRobertaTokenizer",
        ..ROBERTA
    },
    Family {
        model_type: "camembert",
        class: "Camembert",
        tokenizer: "CamembertTokenizer",
        ..ROBERTA
    },
    Family {
        model_type: "data2vec-text",
        class: "Data2VecText",
        prefix: "data2vec_text.",
        ..ROBERTA
    },
    // ERNIE 2 and 3 (Sun et al. 2020, 2021); with `use_task_id` there is a tensor more, which is refused
    // by its name.
    Family { model_type: "ernie", class: "Ernie", prefix: "ernie.", ..BERT },
    DISTILBERT,
    ELECTRA,
    MPNET,
    ALBERT,
];

/// Architectures of which `model.onnx` alone can be read, whose positions count from behind the
/// padding token's id.
const OFFSET_GRAPHS: [&str; 3] = ["xlm-roberta-xl", "longformer", "xmod"];

/// Tokenizers' classes of architectures of which `model.onnx` alone can be read.
const GRAPH_TOKENIZERS: [(&str, &str); 5] = [
    ("nomic_bert", "BertTokenizer"),
    ("convbert", "BertTokenizer"),
    ("squeezebert", "BertTokenizer"),
    ("longformer", "RobertaTokenizer"),
    ("xmod", "XLMRobertaTokenizer"),
];

/// Heads of other tasks, which are read over: replaced-token detection (ELECTRA), question answering,
/// the order of sentences (ALBERT).
pub(crate) const OTHER_TASKS: [&str; 3] =
    ["discriminator_predictions.", "qa_outputs.", "sop_classifier."];

/// Heads of a base that a model with a classifier does not have, as transformers leaves them out.
pub(crate) const BASE_HEADS: [&str; 11] = [
    "cls.",
    "lm_head.",
    "vocab_transform.",
    "vocab_layer_norm.",
    "vocab_projector.",
    "generator_predictions.",
    "generator_lm_head.",
    "discriminator_predictions.",
    "qa_outputs.",
    "predictions.",
    "sop_classifier.",
];

/// Beginnings of an encoder's module names, behind the family's prefix.
pub(crate) const BODY: [&str; 5] =
    ["embeddings.", "embeddings_project.", "encoder.", "transformer.", "pooler."];

impl Family {
    /// Name of the pooler's dense layer, behind the prefix, to be followed by `.weight` and `.bias`.
    #[must_use]
    pub fn pooler(&self) -> &'static str {
        self.body.pooler
    }

    /// The family of a `model_type`; `None` if no graph is built for it.
    #[must_use]
    pub fn find(model_type: &str) -> Option<&'static Self> {
        FAMILIES.iter().find(|family| family.model_type == model_type)
    }
}

/// Whether positions of a `model_type`, be it built or not, count from behind the padding token's id.
pub(crate) fn has_offset_positions(model_type: &str) -> bool {
    Family::find(model_type)
        .map_or_else(|| OFFSET_GRAPHS.contains(&model_type), |family| family.offset_positions)
}

/// Tokenizer's class that transformers has for a `model_type`, be it built or not; `None` if it is not
/// known here.
pub(crate) fn tokenizer_class(model_type: &str) -> Option<&'static str> {
    let of_graph = || GRAPH_TOKENIZERS.iter().find(|(name, _)| *name == model_type);
    let family = Family::find(model_type).map(|family| family.tokenizer);
    family.or_else(|| of_graph().map(|(_, class)| *class))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row is found by its own name, and names no head that a new classifier would leave beside
    /// itself.
    #[test]
    fn rows_are_told_apart() {
        for family in &FAMILIES {
            assert_eq!(Family::find(family.model_type), Some(family));
            let MaskedNames { dense, norm, decoder, biases } = family.masked;
            for name in [dense, norm, decoder, biases[0], biases[1]] {
                let full = format!("{name}.");
                assert!(BASE_HEADS.iter().any(|head| full.starts_with(head)), "{name}");
            }
            assert!(BODY.iter().any(|part| family.body.layer.starts_with(part)));
            assert!(family.prefix.ends_with('.'));
        }
        assert_eq!(Family::find("longformer"), None);
        assert!(has_offset_positions("longformer") && has_offset_positions("mpnet"));
        assert!(has_offset_positions("xmod") && has_offset_positions("camembert"));
        assert!(!has_offset_positions("bert") && !has_offset_positions("gpt2"));
    }
}
