//! Files that belong to a model folder beside its graph or weights.
use cloze_checkpoint::ModelFolder;
use cloze_checkpoint::{adapter, casing};
use cloze_store::{AtomicFolder, Location};

use crate::classifier::HEAD_FILE;

/// Names of files that go along with a model. Not `cloze.json`: its hashes are of other files.
pub const COMPANIONS: [&str; 12] = [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    casing::FILE,
    "README.md",
    "LICENSE",
    "NOTICE",
];

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
    folder.without(&PARTS).without(&COMPANIONS)
}

/// Files that go along with a model: their names in its folder, and their locations.
#[must_use]
pub fn companions(model: &ModelFolder) -> Vec<(&'static str, Location)> {
    let locate = |name: &'static str| {
        // A base's card is not that of what an adapter makes of it.
        let in_folder = || model.folder().join(name);
        (name, if name == "README.md" { in_folder() } else { model.file(name) })
    };
    COMPANIONS.into_iter().map(locate).filter(|(_, from)| from.is_file()).collect()
}
