//! `adapter_config.json`, as far as the result depends on it.
use std::path::Path;

use cloze_store::Location;
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::CONFIG;
use crate::config::ClassifierLayout;
use crate::error::CheckpointError;

/// The largest `adapter_config.json` that is read.
const MAX_CONFIG_BYTES: u64 = 16 << 20;
/// The largest rank: no matrix of an encoder has as many rows.
const MAX_RANK: u64 = 1 << 16;
/// Most patterns of ranks or alphas: a model of 100 layers has 700 matrices that adapters change.
const MAX_PATTERNS: usize = 1000;
/// Longest of these patterns in bytes.
const MAX_PATTERN_BYTES: usize = 256;
/// Largest that one of them may become when it is compiled.
const MAX_REGEX_BYTES: usize = 128 << 10;

/// Biases that were trained along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// None.
    None,
    /// All of the model.
    All,
    /// Biases of the matrices with an adapter.
    LoraOnly,
}

/// Task of the model that was trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskType {
    /// A label for every token.
    Tokens,
    /// A label for the text.
    Sequence,
    /// Vectors.
    Features,
}

impl TaskType {
    /// PEFT's name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tokens => "TOKEN_CLS",
            Self::Sequence => "SEQ_CLS",
            Self::Features => "FEATURE_EXTRACTION",
        }
    }

    pub(crate) fn classifier(self) -> Option<ClassifierLayout> {
        match self {
            Self::Tokens => Some(ClassifierLayout::Tokens),
            Self::Sequence => Some(ClassifierLayout::Sequence),
            Self::Features => None,
        }
    }
}

/// The settings of an adapter.
#[derive(Clone, Debug, PartialEq)]
pub struct AdapterConfig {
    /// The rank of matrices that `rank_pattern` does not name.
    pub rank: usize,
    /// Alpha that the scale is computed from, unless `alpha_pattern` has another.
    pub alpha: f64,
    /// Whether the scale is alpha / √rank, in place of alpha / rank.
    pub rslora: bool,
    /// Whether rows are brought to a learned length.
    pub dora: bool,
    /// Biases in the file.
    pub bias: Bias,
    /// The matrices that adapters are for, as the file says: their names' ends, or one pattern.
    pub target_modules: Vec<String>,
    /// The modules that were trained whole.
    pub modules_to_save: Vec<String>,
    /// Task of the model.
    pub task_type: Option<TaskType>,
    /// The model that it was trained on, as the file says.
    pub base_model: Option<String>,
    /// Ranks of matrices by pattern, in the file's order.
    ranks: Vec<(Pattern, usize)>,
    /// Alphas of matrices by pattern, in the file's order.
    alphas: Vec<(Pattern, f64)>,
}

/// Ending of a module's name, as a regular expression.
#[derive(Clone, Debug)]
struct Pattern {
    text: String,
    regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// Settings that are for training, that other settings or the tensors say again, or that are not
/// there but for notes.
const IGNORED: [&str; 22] = [
    "auto_mapping",
    "corda_config",
    "ensure_weight_tying",
    "eva_config",
    "exclude_modules",
    "inference_mode",
    "layers_pattern",
    "layers_to_transform",
    "loftq_config",
    "lora_dropout",
    "lora_ga_config",
    "megatron_core",
    "peft_version",
    "qalora_group_size",
    "revision",
    "runtime_config",
    "base_model_name_or_path",
    "bias",
    "init_lora_weights",
    "modules_to_save",
    "target_modules",
    "task_type",
];
/// Settings that are read.
const READ: [&str; 7] =
    ["alpha_pattern", "lora_alpha", "peft_type", "r", "rank_pattern", "use_dora", "use_rslora"];
/// Ways to begin that leave the base as it is; the others (`pissa`, `olora`, …) take what A and B
/// begin with off it, so that the base alone is another matrix.
const PLAIN_STARTS: [&str; 3] = ["gaussian", "eva", "orthogonal"];

impl AdapterConfig {
    /// Reads and checks the file in `folder`.
    ///
    /// # Errors
    /// [`CheckpointError::Store`] if it cannot be read; [`CheckpointError::Json`] if it is not such JSON;
    /// [`CheckpointError::AdapterSetting`] with the setting at fault: one that is missing or makes no
    /// sense, and one that would change the result in a way that is not known here.
    pub fn read(folder: impl Into<Location>) -> Result<Self, CheckpointError> {
        let path = folder.into().join(CONFIG);
        let bytes = cloze_store::read::read_capped(&path, MAX_CONFIG_BYTES)?;
        let raw: Map<String, Value> = serde_json::from_slice(&bytes)
            .map_err(|source| CheckpointError::Json { path: path.to_path_buf(), source })?;
        Settings { path: &path, raw: &raw }.config()
    }

    /// The scale of a module's product, of this rank.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "ranks are small")]
    pub fn scale(&self, module: &str, rank: usize) -> f64 {
        let matching = self.alphas.iter().find(|(pattern, _)| pattern.regex.is_match(module));
        let alpha = matching.map_or(self.alpha, |(_, alpha)| *alpha);
        let rank = rank as f64;
        alpha / if self.rslora { rank.sqrt() } else { rank }
    }

    /// The rank that a module must have.
    #[must_use]
    pub fn rank_of(&self, module: &str) -> usize {
        let matching = self.ranks.iter().find(|(pattern, _)| pattern.regex.is_match(module));
        matching.map_or(self.rank, |(_, rank)| *rank)
    }
}

/// The file, while it is checked.
struct Settings<'a> {
    path: &'a Path,
    raw: &'a Map<String, Value>,
}

impl Settings<'_> {
    fn wrong<T>(
        &self,
        name: &str,
        expected: &'static str,
        value: &Value,
    ) -> Result<T, CheckpointError> {
        let (path, setting) = (self.path.to_owned(), name.to_owned());
        let value = if value.is_null() { "nothing".to_owned() } else { value.to_string() };
        Err(CheckpointError::AdapterSetting { path, setting, expected, found: value })
    }

    /// A setting; null where it is not there.
    fn get(&self, name: &str) -> &Value {
        self.raw.get(name).unwrap_or(&Value::Null)
    }

    fn config(&self) -> Result<AdapterConfig, CheckpointError> {
        let kind = self.get("peft_type");
        if kind.as_str() != Some("LORA") {
            return self.wrong("peft_type", "\"LORA\"", kind);
        }
        self.refuse_unknown()?;
        let rank = self.rank("r", self.get("r"))?;
        let alpha = self.alpha("lora_alpha", self.get("lora_alpha"))?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Ok(AdapterConfig {
            rank,
            alpha,
            rslora: self.flag("use_rslora")?,
            dora: self.flag("use_dora")?,
            bias: match self.get("bias") {
                Value::Null => Bias::None,
                bias => match bias.as_str() {
                    Some("none") => Bias::None,
                    Some("all") => Bias::All,
                    Some("lora_only") => Bias::LoraOnly,
                    _ => return self.wrong("bias", "none, all or lora_only", bias),
                },
            },
            target_modules: self.list("target_modules")?,
            modules_to_save: self.list("modules_to_save")?,
            task_type: match self.get("task_type") {
                Value::Null => None,
                task => match task.as_str() {
                    Some("TOKEN_CLS") => Some(TaskType::Tokens),
                    Some("SEQ_CLS") => Some(TaskType::Sequence),
                    Some("FEATURE_EXTRACTION") => Some(TaskType::Features),
                    _ => {
                        let known = "TOKEN_CLS, SEQ_CLS or FEATURE_EXTRACTION";
                        return self.wrong("task_type", known, task);
                    }
                },
            },
            base_model: text(self.get("base_model_name_or_path")),
            ranks: self.patterns("rank_pattern", |value| self.rank("rank_pattern", value))?,
            alphas: self.patterns("alpha_pattern", |value| self.alpha("alpha_pattern", value))?,
        })
    }

    /// Refuses features that are on and not known, since they may change the result.
    fn refuse_unknown(&self) -> Result<(), CheckpointError> {
        for (name, value) in self.raw {
            let off = match value {
                Value::Null | Value::Bool(false) => true,
                Value::Array(list) => list.is_empty(),
                Value::Object(map) => map.is_empty(),
                _ => false,
            };
            if !off && !IGNORED.contains(&name.as_str()) && !READ.contains(&name.as_str()) {
                let expected = "it to be off, since it is not supported";
                return self.wrong(name, expected, value);
            }
        }
        match self.get("init_lora_weights") {
            Value::Null | Value::Bool(_) => Ok(()),
            start if start.as_str().is_some_and(|s| PLAIN_STARTS.contains(&s)) => Ok(()),
            start => {
                let expected =
                    "true, false, gaussian, eva or orthogonal, which leave the base as it is";
                self.wrong("init_lora_weights", expected, start)
            }
        }
    }

    fn flag(&self, name: &str) -> Result<bool, CheckpointError> {
        match self.get(name) {
            Value::Null => Ok(false),
            Value::Bool(on) => Ok(*on),
            other => self.wrong(name, "true or false", other),
        }
    }

    fn rank(&self, name: &str, value: &Value) -> Result<usize, CheckpointError> {
        let rank = value.as_u64().filter(|r| (1..=MAX_RANK).contains(r));
        match rank.and_then(|r| usize::try_from(r).ok()) {
            Some(rank) => Ok(rank),
            None => self.wrong(name, "a whole number from 1 to 65536", value),
        }
    }

    fn alpha(&self, name: &str, value: &Value) -> Result<f64, CheckpointError> {
        match value.as_f64().filter(|a| a.is_finite()) {
            Some(alpha) => Ok(alpha),
            None => self.wrong(name, "a number", value),
        }
    }

    /// A list of texts, or one.
    fn list(&self, name: &str) -> Result<Vec<String>, CheckpointError> {
        let value = self.get(name);
        let expected = "a text or a list of them";
        match value {
            Value::Null => Ok(vec![]),
            Value::String(text) => Ok(vec![text.clone()]),
            Value::Array(list) => {
                let texts = list.iter().map(|v| v.as_str().map(str::to_owned)).collect();
                let texts: Option<Vec<String>> = texts;
                texts.map_or_else(|| self.wrong(name, expected, value), Ok)
            }
            other => self.wrong(name, expected, other),
        }
    }

    /// Numbers by pattern. PEFT takes the first that fits: `re.match(rf"(.*\.)?({key})$", name)`.
    fn patterns<T>(
        &self,
        name: &str,
        number: impl Fn(&Value) -> Result<T, CheckpointError>,
    ) -> Result<Vec<(Pattern, T)>, CheckpointError> {
        let map = match self.get(name) {
            Value::Null => return Ok(vec![]),
            Value::Object(map) => map,
            other => return self.wrong(name, "numbers by pattern", other),
        };
        if map.len() > MAX_PATTERNS {
            let count = Value::from(map.len());
            return self.wrong(name, "at most 1000 patterns", &count);
        }
        let mut patterns = Vec::with_capacity(map.len());
        for (text, value) in map {
            if text.len() > MAX_PATTERN_BYTES {
                let bytes = Value::from(text.len());
                return self.wrong(name, "patterns of at most 256 bytes", &bytes);
            }
            let regex = RegexBuilder::new(&format!(r"^(.*\.)?({text})$"));
            let Ok(regex) = { regex }.size_limit(MAX_REGEX_BYTES).build() else {
                let pattern = Value::String(text.clone());
                return self.wrong(name, "regular expressions without look-around", &pattern);
            };
            patterns.push((Pattern { text: text.clone(), regex }, number(value)?));
        }
        Ok(patterns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> AdapterConfig {
        let raw = serde_json::from_str(json).unwrap();
        Settings { path: Path::new("x"), raw: &raw }.config().unwrap()
    }

    /// The first pattern that fits whole parts of the name to its end, as PEFT's `get_pattern_key`.
    #[test]
    fn patterns_name_modules_by_their_ends() {
        let config = parse(
            r#"{"peft_type": "LORA", "r": 2, "lora_alpha": 6,
                "rank_pattern": {"key": 3, "1.self.[qk].*": 4, "^key": 5},
                "alpha_pattern": {"layer.0.self.value": 1.5, "value": 9}}"#,
        );
        for (module, rank) in [
            ("layer.1.self.key", 3),
            ("key", 3),
            ("layer.1.self.query", 4),
            ("layer.11.self.query", 2),
            ("layer.1.self.monkey", 2),
            ("key.dense", 2),
        ] {
            assert_eq!(config.rank_of(module), rank, "{module}");
        }
        let scales = ["layer.0.self.value", "layer.1.self.value", "layer.0.self.query"]
            .map(|module| config.scale(module, 3));
        assert_eq!(scales.map(f64::to_bits), [0.5, 3.0, 2.0].map(f64::to_bits));
    }

    #[test]
    fn what_is_left_out_is_what_peft_takes() {
        let config = parse(r#"{"peft_type": "LORA", "r": 8, "lora_alpha": 8}"#);
        assert_eq!((config.bias, config.rslora, config.dora), (Bias::None, false, false));
        assert_eq!((config.task_type, config.base_model), (None, None));
        let config =
            parse(r#"{"peft_type": "LORA", "r": 8, "lora_alpha": 8, "target_modules": "x|y"}"#);
        assert_eq!(config.target_modules, ["x|y"]);
    }
}
