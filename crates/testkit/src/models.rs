//! Folders of small models that run; `models/make_tiny.py` makes them and says what each is for.
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// The folder of a model: `tiny`, `tiny-int32-types` or `tiny-dynamic`.
///
/// # Panics
/// If there is no such model.
#[must_use]
pub fn model(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name);
    assert!(folder.is_dir(), "{name:?} is not a model of the testkit");
    folder
}

/// The folder of a tiny checkpoint, with what transformers makes of it; `checkpoints/README.md` lists
/// them.
///
/// # Panics
/// If there is no such checkpoint.
#[must_use]
pub fn checkpoint(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("checkpoints").join(name);
    assert!(folder.is_dir(), "{name:?} is not a checkpoint of the testkit");
    folder
}

/// The folder of a tiny adapter over one of the checkpoints, with what PEFT makes of both;
/// `adapters/README.md` lists them.
///
/// # Panics
/// If there is no such adapter.
#[must_use]
pub fn adapter(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("adapters").join(name);
    assert!(folder.is_dir(), "{name:?} is not an adapter of the testkit");
    folder
}

/// The names of all checkpoints, sorted.
///
/// # Panics
/// If their folder cannot be read.
#[must_use]
pub fn checkpoints() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("checkpoints");
    let entries = fs_err::read_dir(folder).expect("the checkpoints' folder");
    let entries = entries.map(|e| e.expect("an entry of the checkpoints' folder"));
    let folders = entries.filter(|e| e.path().is_dir());
    let mut names: Vec<_> = folders.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A copy of a model's folder, to be changed, removed when dropped.
///
/// # Panics
/// If there is no such model, or no room for it.
#[must_use]
pub fn model_copy(name: &str) -> TempDir {
    copy_of(&model(name))
}

/// A copy of a checkpoint's folder, to be changed, removed when dropped.
///
/// # Panics
/// If there is no such checkpoint, or no room for it.
#[must_use]
pub fn checkpoint_copy(name: &str) -> TempDir {
    copy_of(&checkpoint(name))
}

fn copy_of(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().expect("a folder for the copy of a model");
    for entry in fs_err::read_dir(folder).expect("a model's folder") {
        let from = entry.expect("a file of a model's folder").path();
        let to = copy.path().join(from.file_name().unwrap_or_default());
        fs_err::copy(from, to).expect("a copy of a model's file");
    }
    copy
}

/// A graph to put in the place of the one in a copy of `tiny`, most of them wrong in one way:
/// `no-ids`. `external.bin` belongs to `external`.
///
/// # Panics
/// If there is no such graph.
#[must_use]
pub fn graph(name: &str) -> PathBuf {
    let file = model("graphs").join(format!("{name}.onnx"));
    assert!(file.is_file(), "{name:?} is not a graph of the testkit");
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_the_files_of_its_model() {
        for name in ["tiny", "tiny-int32-types", "tiny-dynamic"] {
            let copy = model_copy(name);
            for file in ["config.json", "tokenizer.json", "model.onnx"] {
                let [original, copied] =
                    [&model(name), copy.path()].map(|f| fs_err::read(f.join(file)).unwrap());
                assert_eq!(original, copied, "{name}/{file}");
            }
        }
    }
}
