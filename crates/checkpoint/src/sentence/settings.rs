//! Settings of sentence-transformers: prompts, similarity, length and case of texts.
use cloze_store::Location;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::read_json;
use crate::error::CheckpointError;

/// Names that the settings of the encoder have had, the first that is there counts.
const TRANSFORMER_FILES: [&str; 7] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
];

/// Settings of the loading of weights that decide nothing here.
const LOADING: [&str; 4] = ["torch_dtype", "dtype", "attn_implementation", "trust_remote_code"];

/// Contents of `config_sentence_transformers.json`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SentenceSettings {
    /// Prompts by name, in order.
    pub prompts: Vec<(String, String)>,
    /// Name of the prompt that is put before a text where none is named.
    pub default_prompt: Option<String>,
    /// Similarity of vectors: `cosine`, `dot`, `euclidean` or `manhattan`.
    pub similarity: Option<String>,
    /// Number of dimensions that are kept of a vector.
    pub truncate_dim: Option<usize>,
}

#[derive(Default, Deserialize)]
struct SettingsFile {
    prompts: Option<Map<String, Value>>,
    default_prompt_name: Option<String>,
    similarity_fn_name: Option<String>,
    truncate_dim: Option<usize>,
}

impl SentenceSettings {
    /// Reads the file at `path`; defaults where there is none.
    ///
    /// # Errors
    /// [`CheckpointError::Store`] and [`CheckpointError::Json`] for a file that cannot be read;
    /// [`CheckpointError::Config`] for a default prompt that is not among the prompts, a prompt that is
    /// not a text, and a width of 0.
    pub(crate) fn read(path: &Location) -> Result<Self, CheckpointError> {
        if !path.is_file() {
            return Ok(Self::default());
        }
        let wrong = |what: String| CheckpointError::Config { path: path.to_path_buf(), what };
        let file: SettingsFile = read_json(path)?;
        let mut prompts = vec![];
        for (name, prompt) in file.prompts.unwrap_or_default() {
            match prompt {
                Value::String(prompt) => prompts.push((name, prompt)),
                Value::Null => prompts.push((name, String::new())),
                other => {
                    return Err(wrong(format!("prompts.{name}: expected a text, found {other}")));
                }
            }
        }
        let settings = Self {
            prompts,
            default_prompt: file.default_prompt_name,
            similarity: file.similarity_fn_name,
            truncate_dim: file.truncate_dim,
        };
        if let Some(name) = &settings.default_prompt
            && settings.prompt(name).is_none()
        {
            return Err(wrong(format!("default_prompt_name: {}", settings.no_prompt(name))));
        }
        if settings.truncate_dim == Some(0) {
            return Err(wrong("truncate_dim: expected at least 1, found 0".into()));
        }
        Ok(settings)
    }

    /// The prompt of this name. `query` and `document` are always there, empty where the file has none.
    #[must_use]
    pub fn prompt(&self, name: &str) -> Option<&str> {
        let mut prompts = self.prompts.iter();
        let prompt = prompts.find(|(known, _)| known == name).map(|(_, prompt)| prompt.as_str());
        prompt.or_else(|| ["query", "document"].contains(&name).then_some(""))
    }

    /// Text of the prompt that is put before a text where none is named; empty without one.
    #[must_use]
    pub fn default_prompt_text(&self) -> &str {
        self.default_prompt.as_deref().and_then(|name| self.prompt(name)).unwrap_or_default()
    }

    /// Description of a prompt's name that is not there.
    #[must_use]
    pub fn no_prompt(&self, name: &str) -> String {
        let mut names: Vec<&str> = self.prompts.iter().map(|(name, _)| name.as_str()).collect();
        let always = ["query", "document"].into_iter().filter(|name| !names.contains(name));
        names.extend(always.collect::<Vec<_>>());
        let names = names.join(", ");
        format!("no prompt {name:?}; there are {names}")
    }
}

/// Settings of the encoder among the modules: `sentence_bert_config.json`, or a file of an older name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TransformerSettings {
    /// Length that texts are cut at, in place of the tokenizer's.
    pub(crate) max_seq_length: Option<usize>,
    pub(crate) lower_case: bool,
    /// Setting that cannot be followed, with its file.
    pub(crate) unfollowed: Option<(std::path::PathBuf, String)>,
}

impl TransformerSettings {
    /// Reads the first of the files that is there.
    ///
    /// # Errors
    /// [`CheckpointError::Store`], [`CheckpointError::Json`] for a file that cannot be read;
    /// [`CheckpointError::Config`] for a setting of another type.
    pub(crate) fn read(file: &dyn Fn(&str) -> Location) -> Result<Self, CheckpointError> {
        let Some(path) = TRANSFORMER_FILES.map(file).into_iter().find(Location::is_file) else {
            return Ok(Self::default());
        };
        let wrong = |what: String| CheckpointError::Config { path: path.to_path_buf(), what };
        let fields: Map<String, Value> = read_json(&path)?;
        let mut settings = Self::default();
        for (name, value) in &fields {
            let unlike = |expected| wrong(format!("{name}: expected {expected}, found {value}"));
            match name.as_str() {
                _ if value.is_null() => {}
                "max_seq_length" => {
                    let length = value.as_u64().and_then(|n| usize::try_from(n).ok());
                    let length = length.ok_or_else(|| unlike("a whole number"))?;
                    settings.max_seq_length = Some(length).filter(|&length| length > 0);
                }
                "do_lower_case" => {
                    settings.lower_case = value.as_bool().ok_or_else(|| unlike("true or false"))?;
                }
                name if followed(name, value) => {}
                name => {
                    settings.unfollowed = Some((path.to_path_buf(), format!("{name} is {value}")));
                }
            }
        }
        Ok(settings)
    }
}

/// Whether a setting says no more than what is done anyway.
fn followed(name: &str, value: &Value) -> bool {
    let is_empty = value.as_object().is_some_and(Map::is_empty);
    match name {
        "transformer_task" => value == "feature-extraction",
        "module_output_name" => value == "token_embeddings",
        "processing_kwargs" | "config_args" | "config_kwargs" | "tokenizer_args"
        | "processor_kwargs" => is_empty,
        "model_args" | "model_kwargs" => {
            let mut names = value.as_object().into_iter().flat_map(Map::keys);
            names.all(|name| LOADING.contains(&name.as_str()))
        }
        "modality_config" => {
            value["text"]["method_output_name"] == "last_hidden_state"
                && value.as_object().is_some_and(|kinds| kinds.len() == 1)
        }
        // Padding changes no result here.
        name => name == "unpad_inputs",
    }
}

#[cfg(test)]
mod tests {
    use cloze_store::MemoryFolder;

    use super::*;

    fn settings(text: &str) -> Result<SentenceSettings, String> {
        let folder = MemoryFolder::new("m").file("c.json", text.to_owned());
        SentenceSettings::read(&folder.root().join("c.json")).map_err(|error| error.to_string())
    }

    #[test]
    fn prompts_are_named_or_refused() {
        let found = settings(
            r#"{"prompts": {"query": "q: ", "document": "", "x": null}, "default_prompt_name": "query",
                "similarity_fn_name": "dot", "truncate_dim": 8, "__version__": {"pytorch": "2"}}"#,
        )
        .unwrap();
        assert_eq!(found.prompt("query"), Some("q: "));
        assert_eq!(found.prompt("document"), Some(""));
        assert_eq!((found.prompt("x"), found.default_prompt_text()), (Some(""), "q: "));
        assert_eq!(found.prompt("y"), None);
        assert_eq!(settings("{}").unwrap().prompt("document"), Some(""));
        assert_eq!((found.similarity.as_deref(), found.truncate_dim), (Some("dot"), Some(8)));
        assert_eq!(found.no_prompt("p"), "no prompt \"p\"; there are query, document, x");
        assert_eq!(settings("{}").unwrap(), SentenceSettings::default());
        for (text, expected) in [
            (r#"{"default_prompt_name": "q"}"#, "no prompt \"q\"; there are query, document"),
            (r#"{"prompts": {"query": 1}}"#, "prompts.query: expected a text, found 1"),
            (r#"{"truncate_dim": 0}"#, "truncate_dim: expected at least 1"),
        ] {
            let error = settings(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn settings_of_the_encoder_are_followed_or_named() {
        let read = |name: &str, text: &str| {
            let folder = MemoryFolder::new("m").file(name, text.to_owned());
            TransformerSettings::read(&|name| folder.root().join(name))
        };
        for name in TRANSFORMER_FILES {
            let found = read(name, r#"{"max_seq_length": 8, "do_lower_case": true}"#).unwrap();
            assert_eq!((found.max_seq_length, found.lower_case), (Some(8), true), "{name}");
            assert_eq!(found.unfollowed, None);
        }
        let none = r#"{"max_seq_length": null, "do_lower_case": false, "model_args": {"dtype": "x"},
            "transformer_task": "feature-extraction", "module_output_name": "token_embeddings",
            "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}}"#;
        assert_eq!(read(TRANSFORMER_FILES[0], none).unwrap(), TransformerSettings::default());
        for (text, expected) in [
            (r#"{"transformer_task": "fill-mask"}"#, "transformer_task is \"fill-mask\""),
            (r#"{"module_output_name": "sentence_embedding"}"#, "module_output_name is"),
            (r#"{"query_length": 32}"#, "query_length is 32"),
            (r#"{"tokenizer_args": {"do_lower_case": true}}"#, "tokenizer_args is"),
            (r#"{"model_args": {"num_hidden_layers": 1}}"#, "model_args is"),
            (r#"{"tokenizer_name_or_path": "x"}"#, "tokenizer_name_or_path is \"x\""),
        ] {
            let (_, found) = read(TRANSFORMER_FILES[0], text).unwrap().unfollowed.expect(text);
            assert!(found.contains(expected), "{found}");
        }
        assert!(read(TRANSFORMER_FILES[0], r#"{"do_lower_case": 1}"#).is_err());
        assert!(read(TRANSFORMER_FILES[0], r#"{"max_seq_length": "x"}"#).is_err());
    }
}
