//! Files that belong to a model folder beside its graph or weights.
use std::path::Path;

use cloze_checkpoint::sentence::{Module, Modules};
use cloze_checkpoint::{CheckpointError, ModelFolder, adapter, casing};
use cloze_store::{AtomicFolder, Location};
use serde_json::Value;

use crate::Error;
use crate::classifier::HEAD_FILE;

/// Names of files that go along with a model. Not `cloze.json`: its hashes are of other files.
pub const COMPANIONS: [&str; 18] = [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    MODULES,
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    casing::FILE,
    GENERATION,
    "chat_template.jinja",
    "README.md",
    "LICENSE",
    "NOTICE",
];
const MODULES: &str = "modules.json";
/// Settings of generation, of decoders.
pub(crate) const GENERATION: &str = "generation_config.json";

/// Names that the settings of sentence-transformers' encoder have had besides.
const OLDER: [&str; 6] = [
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
];

/// Files of a module behind the encoder.
const MODULE_FILES: [&str; 2] = ["config.json", "model.safetensors"];

/// Parts of a model besides its companions, and what cloze writes beside them.
const PARTS: [&str; 8] = [
    HEAD_FILE,
    adapter::CONFIG,
    adapter::TENSORS,
    "model.safetensors",
    "model.safetensors.index.json",
    "model.onnx",
    "train.jsonl",
    // A report has it beside its page.
    "curve.svg",
];

/// Keeps the parts of a model that is replaced out of the new one, which would else be made of both.
/// Other files stay: they are the user's.
#[must_use]
pub fn without_parts(folder: AtomicFolder) -> AtomicFolder {
    folder.without(&PARTS).without(&COMPANIONS).without(&OLDER)
}

/// File that goes along with a model.
#[derive(Clone, Debug)]
pub struct Companion {
    /// Path in the model's folder: `1_Pooling/config.json`.
    pub name: String,
    from: Location,
    /// Content that goes in place of the file's.
    content: Option<Vec<u8>>,
}

impl Companion {
    /// Content of the file in the new folder.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] if the file cannot be read.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        match &self.content {
            Some(content) => Ok(content.clone()),
            None => Ok(cloze_store::read::read_capped(&self.from, u64::MAX)?),
        }
    }

    /// Writes the file into a folder, with the folders it lies in.
    ///
    /// # Errors
    /// As [`bytes`](Self::bytes); [`Error::Checkpoint`] if it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let to = folder.join(&self.name);
        let made = fs_err::create_dir_all(to.parent().unwrap_or(folder));
        made.map_err(CheckpointError::from)?;
        Ok(fs_err::write(&to, self.bytes()?).map_err(CheckpointError::from)?)
    }
}

/// Files that go along with a model. Where its encoder lies in a folder of its own, the new folder has
/// all files in one, and `modules.json` says so.
///
/// # Errors
/// [`Error::Model`] for a model that has several routes, and so more than one encoder or end, and for a
/// table of vectors; [`Error::Checkpoint`] if `modules.json` cannot be read.
pub fn companions(model: &ModelFolder) -> Result<Vec<Companion>, Error> {
    let (modules, path) = (model.modules(), model.file(MODULES));
    let wrong = |what: String| Error::Model { path: path.to_path_buf(), what };
    if let Some(routes) = modules.map(Modules::routes).filter(|r| !r.is_empty()) {
        let routes = routes.join(", ");
        return Err(wrong(format!("routes {routes}; expected a model of one, found a Router")));
    }
    if model.is_static() {
        return Err(wrong("a StaticEmbedding; expected an encoder with layers".into()));
    }
    // A base's card is not that of what an adapter makes of it.
    let locate = |name: &str| match name {
        "README.md" => model.folder().join(name),
        name => model.file(name),
    };
    let mut names: Vec<String> = COMPANIONS.iter().chain(&OLDER).map(ToString::to_string).collect();
    let list = modules.map(Modules::list).unwrap_or_default();
    for module in list.iter().skip(1).filter(|module| !module.path.is_empty()) {
        names.extend(MODULE_FILES.map(|name| module.file(name)));
    }
    names.sort_by_key(|name| COMPANIONS.iter().position(|known| known == name));
    names.dedup();
    let mut companions: Vec<Companion> = names
        .into_iter()
        .map(|name| Companion { from: locate(&name), name, content: None })
        .filter(|companion| companion.from.is_file())
        .collect();
    if let Some(first) = list.first().filter(|first| !first.path.is_empty()) {
        let listed = companions.iter_mut().filter(|companion| companion.name == MODULES);
        for companion in listed {
            companion.content = Some(flat_modules(&companion.bytes()?, first).map_err(wrong)?);
        }
    }
    Ok(companions)
}

/// `modules.json` whose first module lies in the model's own folder.
fn flat_modules(bytes: &[u8], first: &Module) -> Result<Vec<u8>, String> {
    let text = |error: serde_json::Error| error.to_string();
    let mut list: Vec<Value> = serde_json::from_slice(bytes).map_err(text)?;
    match list.first_mut().and_then(Value::as_object_mut) {
        Some(module) => module.insert("path".into(), "".into()),
        None => return Err(format!("expected {} as the first module", first.class)),
    };
    let mut bytes = serde_json::to_vec_pretty(&list).map_err(text)?;
    bytes.push(b'\n');
    Ok(bytes)
}
