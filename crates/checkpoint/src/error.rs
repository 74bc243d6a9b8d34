//! Reasons to refuse a model folder.
use std::path::PathBuf;

use crate::card::CARD;
use crate::find::is_path;

/// Every failure of this crate: of finding a model, of its files, of its adapters.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// No model of that name or folder.
    #[error("no model {name:?}; looked in {looked}{}", model_hint(name, nearest.as_deref(), *in_current_folder))]
    NoModel {
        /// Request.
        name: String,
        /// The folders looked in.
        looked: String,
        /// The name of a model there that is spelled alike.
        nearest: Option<String>,
        /// Whether the current folder has a folder of that name, which a bare name does not mean.
        in_current_folder: bool,
    },
    /// A file that is not what the card beside it says.
    #[error(
        "{}: {}\nhint: {}get the {} again, or, if the change is wanted, remove the file's line from {card}",
        path.display(), against_card(card, expected, found.as_deref()),
        if *card == CARD { "`cloze model check` names all such files; " } else { "" },
        if *card == CARD { "model" } else { "folder" }
    )]
    ChangedFile {
        /// The file.
        path: PathBuf,
        /// Name of the card: `cloze.json`, or that of another kind of folder.
        card: &'static str,
        /// The hash in the card.
        expected: String,
        /// The hash of the file; `None` if it is not there.
        found: Option<String>,
    },
    /// A model folder lacks a file.
    #[error("{}: no {file} in this model folder", folder.display())]
    ModelFile {
        /// The folder.
        folder: PathBuf,
        /// Missing part.
        file: &'static str,
    },
    /// A folder that holds a head where an encoder is asked for.
    #[error(
        "{}: expected an encoder, found a head for {base}\nhint: cloze classify, pair and eval take \
         it; else name the encoder", folder.display()
    )]
    HeadFolder {
        /// The folder.
        folder: PathBuf,
        /// The model that it goes on top of.
        base: String,
    },
    /// A file cannot be read; the text names it.
    #[error(transparent)]
    Read(#[from] std::io::Error),
    /// A tensor needs more memory than there is.
    #[error("{}: tensor {tensor:?}: no memory for its {bytes} bytes", path.display())]
    Memory {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// Size in memory.
        bytes: usize,
    },
    /// A file of a checkpoint cannot be read or written.
    #[error(transparent)]
    Store(#[from] cloze_store::StoreError),
    /// A JSON file of a checkpoint that is not valid, or not of the form expected.
    #[error("{}: not the JSON expected", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        source: serde_json::Error,
    },
    /// A setting of a checkpoint for which no graph can be built.
    #[error("{}: {what}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// Expectation and finding.
        what: String,
    },
    /// A safetensors file is damaged, or something else.
    #[error("{}: not a sound safetensors file: {what}", path.display())]
    Safetensors {
        /// The file.
        path: PathBuf,
        /// Fault.
        what: String,
    },
    /// The tensors of a checkpoint are not those that its configuration asks for.
    #[error("{}: {}", path.display(), tensors(missing, extra, wrong))]
    Tensors {
        /// The checkpoint's folder.
        path: PathBuf,
        /// Tensors that are not there, with their shapes.
        missing: Vec<String>,
        /// Tensors that are there and have no known use.
        extra: Vec<String>,
        /// Tensors of another shape: name, shape expected, shape found.
        wrong: Vec<String>,
    },
    /// A tensor's elements are of a type that weights cannot have.
    #[error("{}: tensor {tensor:?}: elements are {found}; expected F32, F16 or BF16", path.display())]
    TensorType {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// The type, as safetensors calls it.
        found: String,
    },
    /// A number of a tensor is beyond what the smaller type can hold.
    #[error("{}: tensor {tensor:?} has numbers too large for the type asked for", path.display())]
    Overflow {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
    },
    /// A number of a tensor that is NaN or infinite.
    #[error("{}: tensor {tensor:?} has a number that is not finite", path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor, of an adapter the matrix it is for.
        tensor: String,
    },
    /// A row of a matrix is to get the length that a DoRA adapter has learned, and all of it is 0.
    #[error("{}: tensor {tensor:?}: row {row} with the adapter is 0, and has no direction", path.display())]
    ZeroRow {
        /// The adapter's file.
        path: PathBuf,
        /// The matrix.
        tensor: String,
        /// The row, from 0.
        row: usize,
    },
    /// A setting of an adapter that makes no sense, or that cannot be followed.
    #[error("{}: {setting}: expected {expected}, found {found}", path.display())]
    AdapterSetting {
        /// `adapter_config.json`.
        path: PathBuf,
        /// The setting.
        setting: String,
        /// Values that can be followed.
        expected: &'static str,
        /// Message.
        found: String,
    },
    /// Adapters that do not go together, or not with their folder.
    #[error("{}: {what}", path.display())]
    Adapters {
        /// The folder.
        path: PathBuf,
        /// Expectation and finding.
        what: String,
    },
    /// The base of an adapter is nowhere.
    #[error("{}: no base model {base:?} of its adapter; looked in {looked}", folder.display())]
    NoBase {
        /// The adapter's folder.
        folder: PathBuf,
        /// The base's name.
        base: String,
        /// Places that were searched.
        looked: String,
    },
    /// The base of an adapter cannot be one.
    #[error("{}: its base {} is {what}", folder.display(), base.display())]
    NotABase {
        /// The adapter's folder.
        folder: PathBuf,
        /// The base.
        base: PathBuf,
        /// Kind.
        what: &'static str,
    },
    /// The base is another than the adapter was trained on.
    #[error(
        "{}: trained on a model of SHA-256 {expected}, but {} is of {found}",
        folder.display(), base.display()
    )]
    OtherBase {
        /// The adapter's folder.
        folder: PathBuf,
        /// The base.
        base: PathBuf,
        /// The hash of what it was trained on.
        expected: String,
        /// The hash of what was found.
        found: String,
    },
    /// Something is asked for that the checkpoint cannot give.
    #[error("{}: {what}", path.display())]
    Request {
        /// The checkpoint's folder.
        path: PathBuf,
        /// Request, and what there is.
        what: String,
    },
}

/// Faults of a checkpoint's tensors, one line each.
fn tensors(missing: &[String], extra: &[String], wrong: &[String]) -> String {
    let lists = [("missing", missing), ("of no known use", extra), ("of another shape", wrong)];
    let parts = lists.into_iter().filter(|(_, names)| !names.is_empty()).map(|(what, names)| {
        let n = names.len();
        format!("{n} tensor{} {what}:\n  {}", if n == 1 { "" } else { "s" }, names.join("\n  "))
    });
    parts.collect::<Vec<_>>().join("\n")
}

/// Hint at the end of an error's text.
fn model_hint(name: &str, nearest: Option<&str>, in_current_folder: bool) -> String {
    if in_current_folder {
        return format!("\nhint: ./{name} names the folder here");
    }
    match nearest {
        Some(name) => format!("\nhint: did you mean {name}?"),
        None if is_path(name) => String::new(),
        None => "\nhint: `cloze model add FOLDER` puts a model where names are looked up; those that come \
                 with cloze are in `models` of its archive and of its source code"
            .into(),
    }
}

/// Finding about a file of which the card has a hash.
fn against_card(card: &str, expected: &str, hash: Option<&str>) -> String {
    match hash {
        Some(hash) => format!("SHA-256 is {hash}, but {card} has {expected}"),
        None => format!("not there, but {card} has its SHA-256"),
    }
}
