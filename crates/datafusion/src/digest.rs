//! Hash of everything that a model's results come from.
use std::path::{Path, PathBuf};

use cloze::checkpoint::card::Card;
use cloze::store::StoreError;
use cloze::store::checksum::{sha256, sha256_file};
use cloze::{Error, HeadCard, ModelFolder};

/// Folders deep below a model that are looked at: modules of sentence-transformers have one.
const MAX_DEPTH: usize = 4;
/// Endings of files for people, which no result depends on.
const FOR_PEOPLE: [&str; 5] = ["md", "html", "svg", "png", "txt~"];

/// The SHA-256 of a model: of the names and hashes of the files in its folder, in those of its adapters and
/// of the model beneath it. Two folders with the same hash give the same results with the same version of
/// cloze, wherever they lie and whatever they are called. Hidden files, licences and files for people
/// (`README.md`, `report.html`) do not count; a vocabulary does (`vocab.txt`).
///
/// # Errors
/// [`Error::Checkpoint`] and [`Error::Encoder`] for a folder that is no model or cannot be read.
pub fn folder_sha256(folder: &Path) -> Result<String, Error> {
    let mut lines = vec![];
    for (i, part) in parts(folder)?.iter().enumerate() {
        for file in files(part)? {
            let name = file.strip_prefix(part).unwrap_or(&file);
            let name = name.to_string_lossy().replace('\\', "/");
            lines.push(format!("{i} {} {name}", sha256_file(&file)?));
        }
    }
    Ok(sha256(lines.join("\n").as_bytes()))
}

/// The model's folder, then those of its adapters and of the weights beneath.
fn parts(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut parts = vec![folder.to_owned()];
    let model = if Card::open(folder)?.is_head(folder) {
        HeadCard::open(folder)?.base(folder)?
    } else {
        ModelFolder::open(folder)?
    };
    let sources = model.sources();
    let adapters = sources.adapters().iter().map(|(adapter, _)| adapter);
    let below = [sources.folder()].into_iter().chain(adapters).chain([sources.base()]);
    for part in below {
        let part = part.to_path_buf();
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    Ok(parts)
}

/// Files below a folder that results may come from, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = vec![];
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let read = |source| StoreError::Read(source);
        for entry in fs_err::read_dir(&folder).map_err(read)? {
            let path = entry.map_err(read)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
            let counts = !name.starts_with('.')
                && !name.starts_with("LICENSE")
                && !FOR_PEOPLE.contains(&ending.as_str());
            if counts && path.is_dir() && depth < MAX_DEPTH {
                folders.push((path, depth + 1));
            } else if counts && path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_its_files_wherever_they_lie() {
        let original = cloze_testkit::checkpoint("bert-token");
        let copy = cloze_testkit::checkpoint_copy("bert-token");
        let hash = folder_sha256(&original).unwrap();
        assert_eq!(folder_sha256(copy.path()).unwrap(), hash);
        fs_err::write(copy.path().join("README.md"), "for people").unwrap();
        fs_err::write(copy.path().join(".lock"), "").unwrap();
        assert_eq!(folder_sha256(copy.path()).unwrap(), hash);
        // Every other file counts, if only by a space.
        let config = copy.path().join("config.json");
        let text = fs_err::read_to_string(&config).unwrap();
        fs_err::write(&config, text + " ").unwrap();
        assert_ne!(folder_sha256(copy.path()).unwrap(), hash);
    }

    /// `sentiment-en` is an adapter of `minilm-l6-v2`.
    #[test]
    fn an_adapter_has_its_base_in_its_hash() {
        let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
        let folders = parts(&Path::new(models).join("sentiment-en")).unwrap();
        assert_eq!(folders.len(), 2, "{folders:?}");
        assert!(folders[1].join("model.safetensors").is_file());
    }
}
