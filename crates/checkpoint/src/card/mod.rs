//! `cloze.json`, the card of a model folder.
//!
//! - [`readme`]: the model card for people.
pub mod readme;

use std::collections::BTreeMap;
use std::path::{Component, Path};

use cloze_store::checksum::sha256_file;
use cloze_store::recorded::{record_in_cache, sha256_recorded};
use cloze_store::{Location, StoreError, envelope};
use serde::{Deserialize, Serialize};

use crate::error::CheckpointError;
use crate::find;

/// Ours, optional: what the folder is.
pub const CARD: &str = "cloze.json";
/// The kind of file that `cloze.json` is.
pub const KIND: &str = "model";
/// The newest `cloze.json` that this version understands.
pub const CARD_VERSION: u32 = 1;

/// The words of headings in `README.md` below which a model's limits stand.
pub const LIMITS: [&str; 4] = ["limit", "limits", "limitation", "limitations"];

/// Contents of `cloze.json`: all of it may be missing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Card {
    /// Task of the model: `tag`, …
    pub task: Option<String>,
    /// One sentence on it.
    pub description: Option<String>,
    /// The licence's SPDX name.
    pub license: Option<String>,
    /// Whom the licence wants named.
    pub attribution: Option<String>,
    /// Origin of the model.
    pub source: Option<String>,
    /// The SHA-256 of each file, by name.
    pub sha256: BTreeMap<String, String>,
    /// The model that it goes on top of, where the folder holds a head or adapters alone.
    pub base: Option<BaseRef>,
    /// The adapters that change the base, where it is not the folder's own with weight 1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub adapters: Vec<AdapterRef>,
    /// Transition scores of a tagger's CRF, as they were saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crf: Option<serde_json::Value>,
    /// Tagging scheme of a tagger whose tags' names fit several: `iob1`, `iob2`, `iob` for both at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// The least score of an entity that is taken, where nobody says otherwise: 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_score: Option<f32>,
    /// Deterministic recognisers that run beside a tagger, by name or group: `["all", "-date"]`. None
    /// run where this is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recognizers: Option<Vec<String>>,
    /// Settings of a tagger where it redacts and nobody says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redaction: Option<RedactionDefaults>,
    /// Training of the model: settings, data, seed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training: Option<serde_json::Value>,
}

/// Facts that users of a model must be told, and that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// Origin of the model.
    Source,
    /// Permitted use.
    License,
    /// Known weaknesses, and people they may hurt.
    Limits,
}

impl Missing {
    /// A word for it: `source`, `license`, `limits`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::License => "license",
            Self::Limits => "limits",
        }
    }
}

/// Names the missing fact, the file it belongs to, and its purpose.
impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Source => {
                "no source: neither cloze.json nor a section \"Source\" of README.md says where the \
                 model and its data come from"
            }
            Self::License => {
                "no licence: neither cloze.json nor the front matter of README.md says what may be \
                 done with the model"
            }
            Self::Limits => {
                "no limits: no section \"Limits\" or \"Limitations\" of README.md says what the model \
                 does not do well, and whom that may hurt"
            }
        })
    }
}

/// Settings of a tagger that redacts: chosen so that more is found, at the price of wrong spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RedactionDefaults {
    /// Logits taken off `O`.
    pub recall_bias: f32,
    /// Most tokens of a window; `None` for the model's limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
}

/// The model that a head or an adapter goes on top of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseRef {
    /// Name, used to search for it if it is not at `folder`.
    pub name: String,
    /// Location, relative to the folder that names it.
    pub folder: String,
    /// The SHA-256 that it is known by ([`Sources::sha256`](crate::Sources::sha256)).
    pub sha256: String,
}

/// One of several adapters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdapterRef {
    /// Location, relative to the folder that names it; `.` is that folder.
    pub folder: String,
    /// Factor of its changes. Default `1`.
    #[serde(default = "one")]
    pub weight: f64,
}

fn one() -> f64 {
    1.0
}

impl BaseRef {
    /// Finds its folder: at its location relative to `folder`, which names it, or else by its name.
    ///
    /// # Errors
    /// Places that were searched.
    pub fn find(&self, folder: &Location) -> Result<Location, String> {
        let beside = folder.join(&self.folder);
        // A base that is carried along with a head in memory need not lie where it did on disk.
        let named = folder.is_in_memory().then(|| folder.join(&self.name));
        let mut places = [Some(beside.clone()), named].into_iter().flatten();
        if let Some(location) = places.find(|location| location.is_dir() && location != folder) {
            return Ok(location);
        }
        let by_name = find::find(&self.name).map(Into::into);
        by_name.map_err(|looked| format!("{}; {looked}", beside.display()))
    }
}

/// The largest file without weights that is hashed.
const MAX_HASHED: u64 = 1 << 30;

impl Card {
    /// Reads the `cloze.json` of a folder; empty without one.
    ///
    /// # Errors
    /// Errors of [`envelope::read_json`], for one that cannot be used.
    pub fn open(folder: impl Into<Location>) -> Result<Self, StoreError> {
        let path = folder.into().join(CARD);
        if !path.check_file().map_err(StoreError::Read)? {
            return Ok(Self::default());
        }
        envelope::read_json(&path, KIND, CARD_VERSION)
    }

    /// Whether its `folder` holds a head alone, to go on top of another model's vectors.
    #[must_use]
    pub fn is_head(&self, folder: impl Into<Location>) -> bool {
        let folder = folder.into();
        let whole = ["config.json", crate::adapter::CONFIG].iter();
        let whole = whole.into_iter().any(|file| folder.join(file).is_file());
        self.base.is_some() && self.adapters.is_empty() && !whole
    }

    /// The licence: as the card has it, or as the front matter of the folder's `README.md` does.
    /// `None` if neither says, or the `README.md` cannot be read.
    #[must_use]
    pub fn license(&self, folder: impl Into<Location>) -> Option<String> {
        let license = self.license.clone().filter(|license| !license.trim().is_empty());
        license.or_else(|| readme::front_matter(&readme::read(folder).ok()?, "license"))
    }

    /// Facts that are neither in the card nor in the `README.md` of its `folder`.
    ///
    /// # Errors
    /// Errors of [`readme::read`].
    pub fn missing(&self, folder: impl Into<Location>) -> Result<Vec<Missing>, StoreError> {
        let folder = folder.into();
        let readme = readme::read(&folder)?;
        let says = |words: &[&str]| readme::section(&readme, words).is_some();
        let source = self.source.as_ref().is_some_and(|source| !source.trim().is_empty());
        let facts = [
            (Missing::Source, source || says(&["source", "sources"])),
            (Missing::License, self.license(&folder).is_some()),
            (Missing::Limits, says(&LIMITS)),
        ];
        Ok(facts.into_iter().filter(|(_, there)| !there).map(|(missing, _)| missing).collect())
    }

    /// The files of its `folder` whose content is not what `cloze.json` says, each with what it
    /// hashes to (`None`: it is not there). All of them are read.
    ///
    /// # Errors
    /// [`StoreError::Read`] for a file that cannot be read; [`StoreError::TooLarge`] for one of more than
    /// 1 GiB that does not hold weights.
    pub fn changed_files(
        &self,
        folder: impl Into<Location>,
    ) -> Result<Vec<(String, Option<String>)>, StoreError> {
        let folder = folder.into();
        let changed = self.sha256.iter().map(|(name, expected)| {
            let hash = found_hash(&folder, name, |path| sha256_file(path))?;
            let same = hash.as_ref().is_some_and(|hash| hash.eq_ignore_ascii_case(expected));
            Ok((!same).then(|| (name.clone(), hash)))
        });
        changed.filter_map(Result::transpose).collect()
    }

    /// Compares the files of its `folder` with its hashes, as whoever opens the model does: a large file
    /// that is as it was when it was last read is not read again ([`cloze_store::recorded`]). Of a folder
    /// in memory only files that were put there are compared.
    ///
    /// # Errors
    /// [`CheckpointError::ChangedFile`] for the first that differs; [`CheckpointError::Store`] for one that
    /// cannot be read.
    pub fn check_files(&self, folder: impl Into<Location>) -> Result<(), CheckpointError> {
        check_hashes(&folder.into(), CARD, &self.sha256)
    }
}

/// Compares files of `folder` with the SHA-256 that its card of this name has of each, as
/// [`Card::check_files`] does.
///
/// # Errors
/// As [`Card::check_files`].
pub fn check_hashes(
    folder: &Location,
    card: &'static str,
    sha256: &BTreeMap<String, String>,
) -> Result<(), CheckpointError> {
    for (name, expected) in sha256 {
        let path = folder.join(name);
        if folder.is_in_memory() && !path.is_file() {
            continue;
        }
        let hash = found_hash(folder, name, hash_once)?;
        if hash.as_ref().is_none_or(|hash| !hash.eq_ignore_ascii_case(expected)) {
            let (path, expected) = (path.to_path_buf(), expected.clone());
            return Err(CheckpointError::ChangedFile { path, card, expected, found: hash });
        }
    }
    Ok(())
}

/// Hash of a file by its `name` in a card; `None` if it is not in `folder`.
fn found_hash(
    folder: &Location,
    name: &str,
    hash: impl Fn(&Location) -> Result<String, StoreError>,
) -> Result<Option<String>, StoreError> {
    let path = folder.join(name);
    // A name that leaves the folder is not looked at: it could be any file.
    let inside = Path::new(name).components().all(|c| matches!(c, Component::Normal(_)));
    if !inside || !path.check_file().map_err(StoreError::Read)? {
        return Ok(None);
    }
    let bytes = path.open().and_then(|file| file.byte_len()).map_err(StoreError::Read)?;
    let weights = Path::new(name).extension().is_some_and(|extension| {
        ["safetensors", "onnx", "onnx_data", "data"].iter().any(|known| extension == *known)
    });
    if bytes > MAX_HASHED && !weights {
        let path = path.to_path_buf();
        return Err(StoreError::TooLarge { path, bytes, max: MAX_HASHED });
    }
    hash(&path).map(Some)
}

/// Hash of a file that is read once if it is large.
fn hash_once(path: &Location) -> Result<String, StoreError> {
    const LARGE: u64 = 1 << 20;
    let is_large = |path: &Path| fs_err::metadata(path).is_ok_and(|m| m.len() >= LARGE);
    if path.is_in_memory() || !is_large(path) {
        return sha256_file(path);
    }
    match record_in_cache(path) {
        Some(record) => sha256_recorded(path, &record),
        None => sha256_file(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloze_store::MemoryFolder;
    use cloze_store::checksum::sha256;

    /// The finding on a card with one hash, for a file `name` of that content.
    fn finding(folder: impl Into<Location>, name: &str, content: &[u8]) -> String {
        let hashes = [(name.to_owned(), sha256(content).to_uppercase())];
        let card = Card { sha256: hashes.into(), ..Card::default() };
        match card.check_files(folder) {
            Ok(()) => "same".into(),
            Err(CheckpointError::ChangedFile { found, .. }) => found.unwrap_or("missing".into()),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn files_are_compared_with_their_hashes() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("a.json"), "a").unwrap();
        let inner = folder.path().join("inner");
        fs_err::create_dir(&inner).unwrap();
        assert_eq!(finding(folder.path(), "a.json", b"a"), "same");
        assert_eq!(finding(folder.path(), "a.json", b"b"), sha256(b"a"));
        assert_eq!(finding(folder.path(), "b.json", b"b"), "missing");
        // The file is there and as it should be, and outside of the folder.
        assert_eq!(finding(&*inner, "../a.json", b"a"), "missing");
        // A program carries the files that it needs.
        let memory = || MemoryFolder::new("m").file("a.json", "a").root();
        assert_eq!(finding(memory(), "a.json", b"b"), sha256(b"a"));
        assert_eq!(finding(memory(), "LICENSE", b""), "same");
    }
}
