//! `config.json` of a Hugging Face checkpoint, as far as the forward pass depends on it.
use std::collections::BTreeMap;

use cloze_store::Location;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::decoder;
use crate::encoder_decoder;
use crate::error::CheckpointError;
use crate::family::{self, FAMILIES, Family};
use crate::folder::MAX_LAYERS;
use crate::sharing::Sharing;

/// The largest `config.json` that is read.
const MAX_CONFIG_BYTES: u64 = 16 << 20;

/// Activation between the two matrices of the feed-forward network.
/// Source: transformers, `activations.py`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// x · Φ(x), by the error function.
    Gelu,
    /// GELU's approximation by tanh (Hendrycks & Gimpel 2016).
    GeluTanh,
    /// x · σ(1.702 x).
    QuickGelu,
    /// max(x, 0).
    Relu,
    /// x · σ(x), also called swish.
    Silu,
    /// tanh x.
    Tanh,
    /// σ(x).
    Sigmoid,
}

impl Activation {
    /// Bound of its least value: it never goes further below 0. `None` for tanh, which goes to −1.
    #[must_use]
    pub fn floor(self) -> Option<f32> {
        match self {
            // Its least value is −0.169 971 (at −0.751 79), that of the approximation −0.170 041.
            Self::Gelu | Self::GeluTanh => Some(0.1701),
            // −0.163 61: x · σ(1.702 x) is that of SiLU, −0.278 46, divided by 1.702.
            Self::QuickGelu => Some(0.1637),
            Self::Silu => Some(0.2785),
            Self::Relu | Self::Sigmoid => Some(0.0),
            Self::Tanh => None,
        }
    }
}

/// `hidden_act` values and what each means.
const ACTIVATIONS: [(&str, Activation); 12] = [
    ("gelu", Activation::Gelu),
    ("gelu_python", Activation::Gelu),
    ("gelu_new", Activation::GeluTanh),
    ("gelu_fast", Activation::GeluTanh),
    ("gelu_pytorch_tanh", Activation::GeluTanh),
    ("gelu_accurate", Activation::GeluTanh),
    ("quick_gelu", Activation::QuickGelu),
    ("relu", Activation::Relu),
    ("silu", Activation::Silu),
    ("swish", Activation::Silu),
    ("tanh", Activation::Tanh),
    ("sigmoid", Activation::Sigmoid),
];

/// Purpose of `classifier`, by the architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassifierLayout {
    /// `…ForTokenClassification`: every token.
    Tokens,
    /// `…ForSequenceClassification`: the whole text, by its first token.
    Sequence,
}

/// The shape of an encoder.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Family: tensor names, positions, heads.
    pub family: &'static Family,
    /// `architectures[0]`, if it says.
    pub architecture: Option<String>,
    /// Hidden size.
    pub hidden: usize,
    /// Width of the embedding matrices: `hidden`, but for ELECTRA and ALBERT.
    pub embedding: usize,
    /// Number of layers.
    pub layers: usize,
    /// Number of attention heads per layer.
    pub heads: usize,
    /// Width of the feed-forward network.
    pub intermediate: usize,
    /// Number of rows of the word embedding matrix.
    pub vocabulary: usize,
    /// Number of rows of the position embedding matrix.
    pub positions: usize,
    /// Number of rows of the token-type embedding matrix; 0 if the family has none.
    pub types: usize,
    /// Activation between the feed-forward matrices.
    pub activation: Activation,
    /// Epsilon added to the variance in every layer norm.
    pub norm_epsilon: f32,
    /// Id of the padding token; RoBERTa counts positions from the next number on.
    pub pad_id: i64,
    /// Number of rows of the relative position bias; 0 if the family has none.
    pub relative_rows: usize,
    /// Layers with numbers in common, where the family has such.
    pub(crate) sharing: Option<Sharing>,
}

/// `config.json` as far as anything here depends on it, of any model: settings that its family lets out
/// are `None`, and have the defaults of transformers' configuration classes.
#[derive(Default, Deserialize)]
pub(crate) struct ConfigFile {
    pub(crate) model_type: Option<String>,
    architectures: Option<Vec<String>>,
    hidden_size: Option<usize>,
    dim: Option<usize>,
    n_embd: Option<usize>,
    embedding_size: Option<usize>,
    num_hidden_layers: Option<usize>,
    n_layers: Option<usize>,
    n_layer: Option<usize>,
    num_attention_heads: Option<usize>,
    n_heads: Option<usize>,
    intermediate_size: Option<usize>,
    hidden_dim: Option<usize>,
    pub(crate) vocab_size: Option<usize>,
    #[serde(alias = "n_positions")]
    pub(crate) max_position_embeddings: Option<usize>,
    type_vocab_size: Option<usize>,
    hidden_act: Option<String>,
    activation: Option<String>,
    layer_norm_eps: Option<f32>,
    pub(crate) pad_token_id: Option<i64>,
    position_embedding_type: Option<String>,
    relative_attention_num_buckets: Option<usize>,
    num_hidden_groups: Option<usize>,
    inner_group_num: Option<usize>,
    quantization_config: Option<Value>,
    is_decoder: Option<bool>,
    add_cross_attention: Option<bool>,
    #[serde(default, deserialize_with = "names")]
    pub(crate) id2label: Option<BTreeMap<String, String>>,
    pub(crate) problem_type: Option<String>,
    pub(crate) tokenizer_class: Option<String>,
    /// Width of a head, where it is not the hidden size over heads.
    pub(crate) head_dim: Option<usize>,
    pub(crate) bos_token_id: Option<Value>,
    pub(crate) eos_token_id: Option<Value>,
}

/// Names of labels by id; numbers are names too, as their text.
fn names<'de, D: Deserializer<'de>>(from: D) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    let Some(names) = Option::<BTreeMap<String, Value>>::deserialize(from)? else {
        return Ok(None);
    };
    let name = |(id, name): (String, Value)| match name {
        Value::String(name) => Ok((id, name)),
        Value::Number(number) => Ok((id, number.to_string())),
        // As Python writes it.
        Value::Bool(value) => Ok((id, if value { "True" } else { "False" }.to_owned())),
        other => {
            let what = format!("id2label: expected a name for {id:?}, found {other}");
            Err(D::Error::custom(what))
        }
    };
    names.into_iter().map(name).collect::<Result<_, _>>().map(Some)
}

/// Bytes of the file at `path`.
pub(crate) fn read_bytes(path: &Location) -> Result<Vec<u8>, CheckpointError> {
    Ok(cloze_store::read::read_capped(path, MAX_CONFIG_BYTES)?)
}

impl ConfigFile {
    /// Reads the file at `path`, of whatever model.
    ///
    /// # Errors
    /// [`CheckpointError::Store`] if it cannot be read; [`CheckpointError::Json`] if it is not such
    /// JSON.
    pub(crate) fn read(path: &Location) -> Result<Self, CheckpointError> {
        serde_json::from_slice(&read_bytes(path)?)
            .map_err(|source| CheckpointError::Json { path: path.to_path_buf(), source })
    }

    /// Number of layers, if it says; inner layers of a group each count.
    pub(crate) fn layers(&self) -> Option<usize> {
        let layers = self.num_hidden_layers.or(self.n_layers).or(self.n_layer)?;
        let family = self.model_type.as_deref().and_then(Family::find);
        let grouped = family.is_some_and(|family| family.body.in_group.is_some());
        let inner = self.inner_group_num.filter(|_| grouped).unwrap_or(1);
        Some(layers.saturating_mul(inner))
    }

    /// Hidden size, if it says.
    pub(crate) fn hidden(&self) -> Option<usize> {
        self.hidden_size.or(self.dim).or(self.n_embd)
    }

    /// Id of the padding token: its own, or its family's default; always its family's where the code
    /// fixes it.
    pub(crate) fn pad_id(&self) -> i64 {
        match self.model_type.as_deref().and_then(Family::find) {
            Some(family) if family.fixed_pad => family.pad_id,
            family => self.pad_token_id.unwrap_or(family.map_or(0, |family| family.pad_id)),
        }
    }

    /// Positions that no token has: those up to the padding token's id, where the model counts from
    /// behind it.
    pub(crate) fn reserved_positions(&self) -> usize {
        match self.model_type.as_deref() {
            Some(model_type) if family::has_offset_positions(model_type) => {
                let built = Family::find(model_type).map(|_| self.pad_id());
                let pad_id = built.or(self.pad_token_id).unwrap_or(1);
                usize::try_from(pad_id).unwrap_or(0) + 1
            }
            _ => 0,
        }
    }
}

impl Config {
    /// Reads and checks the file at `path`.
    ///
    /// # Errors
    /// [`CheckpointError::Store`] if it cannot be read; [`CheckpointError::Json`] if it is not such JSON;
    /// [`CheckpointError::Config`] for a model that cannot be built, with the setting at fault.
    pub fn read(path: impl Into<Location>) -> Result<Self, CheckpointError> {
        let path = &path.into();
        Self::of(ConfigFile::read(path)?)
            .map_err(|what| CheckpointError::Config { path: path.to_path_buf(), what })
    }

    fn of(raw: ConfigFile) -> Result<Self, String> {
        let (pad_id, layers) = (raw.pad_id(), raw.layers());
        let model_type = raw.model_type.ok_or("no model_type")?;
        let family = Family::find(&model_type).ok_or_else(|| {
            let known: Vec<_> = FAMILIES.iter().map(|family| family.model_type).collect();
            if decoder::is_decoder(Some(&model_type)) {
                return format!("model_type is {model_type:?}, a decoder: use `cloze generate`");
            }
            if encoder_decoder::is_encoder_decoder(Some(&model_type)) {
                return format!(
                    "model_type is {model_type:?}, an encoder–decoder: use `cloze generate`"
                );
            }
            format!("model_type is {model_type:?}; graphs are built for {}", known.join(", "))
        })?;
        if raw.is_decoder == Some(true) || raw.add_cross_attention == Some(true) {
            return Err("is_decoder or add_cross_attention is true; only encoders are built".into());
        }
        if let Some(positions) = raw.position_embedding_type.filter(|p| p != "absolute") {
            return Err(format!(
                "position_embedding_type is {positions:?}; only \"absolute\" is built"
            ));
        }
        raw.quantization_config.as_ref().map_or(Ok(()), crate::quantization::check)?;
        // What a file leaves out has these values in transformers' configuration classes.
        let act = raw.hidden_act.or(raw.activation);
        let act = act.as_deref().unwrap_or(family.activation);
        let activation = activation(act)?;

        let hidden = size("hidden_size", raw.hidden_size.or(raw.dim))?;
        let heads = size("num_attention_heads", raw.num_attention_heads.or(raw.n_heads))?;
        if !hidden.is_multiple_of(heads) {
            return Err(format!(
                "hidden_size {hidden} is not a multiple of num_attention_heads {heads}"
            ));
        }
        let sharing = match family.body.in_group {
            None => None,
            Some(_) => Some(Sharing {
                passes: size("num_hidden_layers", raw.num_hidden_layers)?,
                groups: size("num_hidden_groups", Some(raw.num_hidden_groups.unwrap_or(1)))?,
                inner: size("inner_group_num", Some(raw.inner_group_num.unwrap_or(1)))?,
            }),
        };
        let layers = size("num_hidden_layers", layers)?;
        if layers > MAX_LAYERS {
            return Err(format!(
                "num_hidden_layers: expected at most {MAX_LAYERS}, found {layers}"
            ));
        }
        let norm_epsilon = match (family.norm_epsilon, raw.layer_norm_eps) {
            (Some(fixed), _) => fixed,
            (_, None) => 1e-12,
            (_, Some(eps)) if eps > 0.0 && eps < 1.0 => eps,
            (_, Some(eps)) => return Err(format!("layer_norm_eps is {eps}")),
        };
        let vocabulary = size("vocab_size", raw.vocab_size)?;
        if !usize::try_from(pad_id).is_ok_and(|id| id < vocabulary) {
            return Err(format!("pad_token_id is {pad_id}; the vocabulary has {vocabulary} words"));
        }
        Ok(Self {
            family,
            architecture: raw.architectures.and_then(|list| list.into_iter().next()),
            hidden,
            embedding: match (family.narrow_embeddings, raw.embedding_size) {
                (None, _) | (Some(0), None) => hidden,
                (Some(default), found) => size("embedding_size", Some(found.unwrap_or(default)))?,
            },
            layers,
            heads,
            intermediate: size("intermediate_size", raw.intermediate_size.or(raw.hidden_dim))?,
            vocabulary,
            positions: size("max_position_embeddings", raw.max_position_embeddings)?,
            types: if family.token_types {
                size("type_vocab_size", Some(raw.type_vocab_size.unwrap_or(2)))?
            } else {
                0
            },
            activation,
            norm_epsilon,
            pad_id,
            relative_rows: match family.relative {
                Some(relative) => relative.rows(raw.relative_attention_num_buckets)?,
                None => 0,
            },
            sharing,
        })
    }

    /// Makes the model one with such a classifier, by the name that transformers has for it.
    pub(crate) fn set_classifier(&mut self, classifier: ClassifierLayout) {
        let task = match classifier {
            ClassifierLayout::Tokens => "ForTokenClassification",
            ClassifierLayout::Sequence => "ForSequenceClassification",
        };
        self.architecture = Some(self.class_name(task));
    }

    /// Name of transformers' class for such a model and a task: `BertForTokenClassification` for
    /// `ForTokenClassification`, `BertModel` for `Model`.
    #[must_use]
    pub fn class_name(&self, task: &str) -> String {
        format!("{}{task}", self.family.class)
    }

    /// Activation of the masked language model's head.
    #[must_use]
    pub fn masked_activation(&self) -> Activation {
        self.family.masked_activation.unwrap_or(self.activation)
    }

    /// Purpose of a `classifier` in the checkpoint; `None` if the architecture does not say.
    #[must_use]
    pub fn classifier(&self) -> Option<ClassifierLayout> {
        let architecture = self.architecture.as_deref()?;
        if architecture.ends_with("ForTokenClassification") {
            Some(ClassifierLayout::Tokens)
        } else if architecture.ends_with("ForSequenceClassification") {
            Some(ClassifierLayout::Sequence)
        } else {
            None
        }
    }
}

/// Activation by its name.
pub(crate) fn activation(name: &str) -> Result<Activation, String> {
    let found = ACTIVATIONS.iter().find(|(known, _)| *known == name);
    found.map(|(_, activation)| *activation).ok_or_else(|| {
        let known: Vec<_> = ACTIVATIONS.iter().map(|(name, _)| *name).collect();
        format!("hidden_act is {name:?}; known are {}", known.join(", "))
    })
}

/// A size that the file must have. No matrix of more rows or columns than this allows fits any
/// memory, and their product must not overflow.
pub(crate) fn size(name: &str, value: Option<usize>) -> Result<usize, String> {
    match value {
        Some(0) | None => Err(format!("{name} is missing or 0")),
        Some(n) if n > 1 << 28 => Err(format!("{name} is {n}: too large")),
        Some(n) => Ok(n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Config, String> {
        Config::of(serde_json::from_str(json).unwrap())
    }

    const BERT: &str = r#"{"model_type":"bert","hidden_size":8,"num_hidden_layers":2,
        "num_attention_heads":2,"intermediate_size":16,"vocab_size":10,"max_position_embeddings":12"#;

    #[test]
    fn what_is_left_out_is_what_transformers_takes() {
        let config = parse(&format!("{BERT}}}")).unwrap();
        assert_eq!((config.types, config.pad_id, config.activation), (2, 0, Activation::Gelu));
        assert_eq!((config.embedding, config.classifier()), (8, None));
        let distil = r#"{"model_type":"distilbert","dim":8,"n_layers":2,"n_heads":2,"hidden_dim":16,
            "vocab_size":10,"max_position_embeddings":12,"activation":"relu","layer_norm_eps":0.5}"#;
        let config = parse(distil).unwrap();
        assert_eq!((config.hidden, config.layers, config.intermediate), (8, 2, 16));
        assert_eq!((config.types, config.activation), (0, Activation::Relu));
        assert!((config.norm_epsilon - 1e-12).abs() < 1e-15);
    }

    /// Padding of batches is the id that positions count from behind.
    #[test]
    fn padding_has_one_default() {
        let file = |text: &str| serde_json::from_str::<ConfigFile>(text).unwrap();
        for (model_type, pad_id, reserved) in [
            ("bert", 0, 0),
            ("roberta", 1, 2),
            ("camembert", 1, 2),
            ("electra", 0, 0),
            ("gpt2", 0, 0),
        ] {
            let raw = file(&format!(r#"{{"model_type":"{model_type}"}}"#));
            assert_eq!(
                (raw.pad_id(), raw.reserved_positions()),
                (pad_id, reserved),
                "{model_type}"
            );
        }
        let set = file(r#"{"model_type":"roberta","pad_token_id":5,"n_layers":3}"#);
        assert_eq!((set.pad_id(), set.reserved_positions(), set.layers()), (5, 6, Some(3)));
        assert_eq!(file("{}").pad_id(), 0);
        // MPNet's is in its code: transformers reads no other.
        for pad in ["0", "1", "5", "null"] {
            let mpnet = file(&format!(r#"{{"model_type":"mpnet","pad_token_id":{pad}}}"#));
            assert_eq!((mpnet.pad_id(), mpnet.reserved_positions()), (1, 2), "{pad}");
        }
        // A graph alone has its file's.
        let graph = file(r#"{"model_type":"longformer","pad_token_id":3}"#);
        assert_eq!((graph.pad_id(), graph.reserved_positions()), (3, 4));
    }

    #[test]
    fn albert_has_defaults_of_its_own() {
        let albert = BERT.replace("bert", "albert");
        let config = parse(&format!("{albert}}}")).unwrap();
        assert_eq!((config.embedding, config.activation), (128, Activation::GeluTanh));
        assert_eq!(config.sharing, Some(Sharing { passes: 2, groups: 1, inner: 1 }));
        let config = parse(&format!("{albert},\"inner_group_num\":3}}")).unwrap();
        assert_eq!(config.layers, 6);
        for setting in ["inner_group_num", "num_hidden_groups", "embedding_size"] {
            let error = parse(&format!("{albert},\"{setting}\":0}}")).unwrap_err();
            assert!(error.contains(setting), "{error}");
        }
        // Of others these settings say nothing.
        let config =
            parse(&format!("{BERT},\"inner_group_num\":3,\"embedding_size\":4}}")).unwrap();
        assert_eq!((config.layers, config.embedding, config.sharing), (2, 8, None));
    }

    #[test]
    fn numbers_are_names_of_labels() {
        let file = |names: &str| {
            let text = format!(r#"{{"id2label": {names}}}"#);
            serde_json::from_str::<ConfigFile>(&text).map(|file| file.id2label)
        };
        let names = file(r#"{"0": 1, "1": -2.5, "2": "x", "3": true}"#).unwrap().unwrap();
        assert_eq!(names.into_values().collect::<Vec<_>>(), ["1", "-2.5", "x", "True"]);
        assert_eq!(file("null").unwrap(), None);
        let error = file(r#"{"0": null}"#).unwrap_err().to_string();
        assert!(error.contains("expected a name for \"0\", found null"), "{error}");
    }

    #[test]
    fn what_cannot_be_built_is_named() {
        for (extra, expected) in [
            (r#","hidden_act":"relu6""#, "relu6"),
            (r#","position_embedding_type":"relative_key""#, "relative_key"),
            (r#","is_decoder":true"#, "is_decoder"),
            (r#","layer_norm_eps":0"#, "layer_norm_eps"),
            (r#","pad_token_id":10"#, "pad_token_id is 10"),
            (r#","type_vocab_size":0"#, "type_vocab_size"),
        ] {
            let error = parse(&format!("{BERT}{extra}}}")).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        assert!(parse(r#"{"model_type":"opt"}"#).unwrap_err().contains("distilbert"));
        assert!(parse(r#"{"model_type":"gpt2"}"#).unwrap_err().contains("cloze generate"));
        let mpnet = BERT.replace("bert", "mpnet");
        assert_eq!(parse(&format!("{mpnet}}}")).unwrap().relative_rows, 32);
        let error = parse(&format!("{mpnet},\"relative_attention_num_buckets\":16}}"));
        assert!(error.unwrap_err().contains("relative_attention_num_buckets is 16"));
        assert!(parse("{}").is_err());
        let odd = BERT.replace("\"num_attention_heads\":2", "\"num_attention_heads\":3");
        assert!(parse(&format!("{odd}}}")).unwrap_err().contains("not a multiple"));
        let huge = BERT.replace("\"vocab_size\":10", "\"vocab_size\":18446744073709551615");
        assert!(parse(&format!("{huge}}}")).unwrap_err().contains("too large"));
    }
}
