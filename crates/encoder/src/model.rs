//! A model is a folder: what its files say before any of them is run.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cloze_graph::check::{CheckParams, CheckedModel};
use cloze_graph::checkpoint::Weights;
use serde::{Deserialize, Serialize};

use crate::EncoderError;

/// Ours, optional: what the folder is.
pub const CARD: &str = "cloze.json";
const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";
const GRAPH: &str = "model.onnx";
/// More than any JSON of a model folder; a tokenizer with 250,000 words takes 20 MiB.
pub(crate) const JSON_MAX_BYTES: u64 = 256 << 20;
/// Models whose positions count from behind the padding token: the reference code adds
/// `padding_idx + 1` (transformers, `create_position_ids_from_input_ids`).
const OFFSET_POSITIONS: [&str; 7] =
    ["roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "longformer", "mpnet", "xmod"];

/// What `config.json` says that matters here.
#[derive(Clone, Debug, Deserialize)]
struct Config {
    model_type: Option<String>,
    id2label: Option<BTreeMap<String, String>>,
    max_position_embeddings: Option<usize>,
    pad_token_id: Option<i64>,
    #[serde(alias = "n_layers")]
    num_hidden_layers: Option<usize>,
    problem_type: Option<String>,
}

/// What `tokenizer_config.json` says that matters here. The length is a float for the models that
/// leave it unset: their files say 1e30.
#[derive(Default, Deserialize)]
struct TokenizerConfig {
    model_max_length: Option<f64>,
}

/// What `sentence_bert_config.json` says that matters here: the length sentences were trained at.
#[derive(Default, Deserialize)]
struct SentenceConfig {
    max_seq_length: Option<usize>,
}

/// What `cloze.json` says: all of it may be missing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Card {
    /// What the model does: `tag`, …
    pub task: Option<String>,
    /// One sentence on it.
    pub description: Option<String>,
    /// The licence's SPDX name.
    pub license: Option<String>,
    /// Whom the licence wants named.
    pub attribution: Option<String>,
    /// Where it comes from.
    pub source: Option<String>,
    /// The SHA-256 of each file, by name.
    pub sha256: BTreeMap<String, String>,
    /// The model that it goes on top of, where the folder holds a head alone.
    pub base: Option<Base>,
}

/// The model that a head goes on top of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Its name, which it is looked for by where it does not lie at `folder`.
    pub name: String,
    /// Where it lies, relative to the head's folder.
    pub folder: String,
    /// The SHA-256 of what its graph comes from ([`ModelFolder::sha256`]): what it is known by.
    pub sha256: String,
}

impl Card {
    /// What the `cloze.json` of a folder says; empty without one.
    ///
    /// # Errors
    /// [`EncoderError::Store`] for one that cannot be used.
    pub fn open(folder: &Path) -> Result<Self, EncoderError> {
        let path = folder.join(CARD);
        if !path.is_file() {
            return Ok(Self::default());
        }
        Ok(cloze_store::envelope::read_json(&path, KIND, CARD_VERSION)?)
    }

    /// The files of its `folder` whose content is not what `cloze.json` says, each with what it hashes to (`None`:
    /// it is not there).
    ///
    /// # Errors
    /// [`EncoderError::Store`] for a file that cannot be read.
    pub fn changed_files(
        &self,
        folder: &Path,
    ) -> Result<Vec<(String, Option<String>)>, EncoderError> {
        let mut changed = vec![];
        for (name, expected) in &self.sha256 {
            let path = folder.join(name);
            // A name that leaves the folder is not looked at: it could be any file.
            let inside =
                Path::new(name).components().all(|c| matches!(c, std::path::Component::Normal(_)));
            if !inside || !path.is_file() {
                changed.push((name.clone(), None));
                continue;
            }
            let found = cloze_store::checksum::sha256_file(&path)?;
            if !found.eq_ignore_ascii_case(expected) {
                changed.push((name.clone(), Some(found)));
            }
        }
        Ok(changed)
    }
}

/// The kind of file that `cloze.json` is.
pub const KIND: &str = "model";
/// The newest `cloze.json` that this version understands.
pub const CARD_VERSION: u32 = 1;

/// A model folder in the layout of the Hugging Face ecosystem: `config.json`, `tokenizer.json`,
/// `model.safetensors` or `model.onnx` (of both, the weights are taken), and perhaps
/// `tokenizer_config.json`, sentence-transformers' settings and `cloze.json`.
#[derive(Clone, Debug)]
pub struct ModelFolder {
    folder: PathBuf,
    card: Card,
    labels: Vec<String>,
    layers: Option<usize>,
    max_tokens: usize,
    pad_id: i64,
    has_weights: bool,
    problem: Option<String>,
}

impl ModelFolder {
    /// Reads a folder's settings. The graph and the tokenizer are only looked for.
    ///
    /// # Errors
    /// [`EncoderError::ModelFile`] for a missing file; [`EncoderError::ModelJson`],
    /// [`EncoderError::ModelContent`] and [`EncoderError::Store`] for one that cannot be used.
    pub fn open(folder: &Path) -> Result<Self, EncoderError> {
        let card = Card::open(folder)?;
        if let (Some(base), false) = (&card.base, folder.join(CONFIG).is_file()) {
            let (folder, base) = (folder.to_owned(), base.name.clone());
            return Err(EncoderError::HeadFolder { folder, base });
        }
        let has_weights = Weights::are_in(folder);
        let missing = |file| Err(EncoderError::ModelFile { folder: folder.to_owned(), file });
        for file in [CONFIG, TOKENIZER] {
            if !folder.join(file).is_file() {
                return missing(file);
            }
        }
        if !has_weights && !folder.join(GRAPH).is_file() {
            let pickled = folder.join("pytorch_model.bin").is_file();
            return missing(if pickled {
                "model.safetensors or model.onnx; pytorch_model.bin, which it has, can run code when \
                 it is read, so it is not: let transformers' save_pretrained write it again"
            } else {
                "model.safetensors or model.onnx"
            });
        }
        let path = folder.join(CONFIG);
        let config: Config = read_json(&path)?;
        let wrong = |what: String| EncoderError::ModelContent { path: path.clone(), what };
        let labels = labels(config.id2label.unwrap_or_default()).map_err(wrong)?;
        let tokenizer_config = folder.join("tokenizer_config.json");
        let tokenizer_config: TokenizerConfig = if tokenizer_config.is_file() {
            read_json(&tokenizer_config)?
        } else {
            TokenizerConfig::default()
        };
        let sentences = folder.join("sentence_bert_config.json");
        let sentences: SentenceConfig =
            if sentences.is_file() { read_json(&sentences)? } else { SentenceConfig::default() };
        let limit = max_tokens(
            config.model_type.as_deref(),
            config.max_position_embeddings,
            config.pad_token_id,
            tokenizer_config.model_max_length,
        )
        .map_err(wrong)?;
        let max_tokens =
            sentences.max_seq_length.filter(|&n| n > 0).map_or(limit, |n| n.min(limit));
        Ok(Self {
            folder: folder.to_owned(),
            card,
            labels,
            layers: config.num_hidden_layers,
            max_tokens,
            pad_id: config.pad_token_id.unwrap_or(0),
            has_weights,
            problem: config.problem_type,
        })
    }

    /// Finds a model by name or folder: [`find_folder`], opened.
    ///
    /// # Errors
    /// [`EncoderError::NoModel`], and those of [`ModelFolder::open`].
    pub fn find(name: &str) -> Result<Self, EncoderError> {
        Self::open(&find_folder(name)?)
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder's name, which is the model's.
    #[must_use]
    pub fn name(&self) -> String {
        let name = fs_err::canonicalize(&self.folder).unwrap_or_else(|_| self.folder.clone());
        name.file_name().map_or_else(|| "model".into(), |n| n.to_string_lossy().into_owned())
    }

    /// What `cloze.json` says; empty without one.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The names behind the outputs, in their order (`id2label`); empty if the model has none.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Whether its labels are decided one by one, so that a text may have several or none
    /// (`problem_type` is `multi_label_classification`).
    #[must_use]
    pub fn multi_label(&self) -> bool {
        self.problem.as_deref() == Some("multi_label_classification")
    }

    /// The longest sequence the model takes, in tokens, special tokens included.
    #[must_use]
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// The id that fills short sequences up.
    #[must_use]
    pub fn pad_id(&self) -> i64 {
        self.pad_id
    }

    /// How many layers it has, where its configuration says.
    #[must_use]
    pub fn layers(&self) -> Option<usize> {
        self.layers
    }

    /// Whether its graph is built from weights; else it is read from `model.onnx`.
    #[must_use]
    pub fn has_weights(&self) -> bool {
        self.has_weights
    }

    /// What the graph comes from: the weights, or `model.onnx`.
    #[must_use]
    pub fn graph_path(&self) -> PathBuf {
        if self.has_weights {
            self.folder.join("model.safetensors")
        } else {
            self.folder.join(GRAPH)
        }
    }

    /// The SHA-256 of what the graph comes from: the model's identity, whatever its folder is called.
    /// Of weights in several files it is that of their hashes, a line each.
    ///
    /// # Errors
    /// [`EncoderError::Store`] and [`EncoderError::Graph`] if a file cannot be read.
    pub fn sha256(&self) -> Result<String, EncoderError> {
        let path = self.graph_path();
        if !self.has_weights || path.is_file() {
            return Ok(cloze_store::checksum::sha256_file(&path)?);
        }
        let weights = Weights::open(&self.folder)?;
        let hashes = weights.files().iter().map(|f| cloze_store::checksum::sha256_file(f));
        let hashes = hashes.collect::<Result<Vec<_>, _>>()?;
        Ok(cloze_store::checksum::sha256(hashes.join("\n").as_bytes()))
    }

    /// Where the tokenizer is.
    #[must_use]
    pub fn tokenizer_path(&self) -> PathBuf {
        self.folder.join(TOKENIZER)
    }

    /// Reads the graph and judges it: nothing unjudged reaches ONNX Runtime.
    ///
    /// # Errors
    /// [`EncoderError::Graph`] with the reason.
    pub fn read_graph(&self) -> Result<CheckedModel, EncoderError> {
        Ok(CheckParams::new().check()?.open(&self.graph_path())?)
    }

    /// The licence: as `cloze.json` has it, or as the front matter of the folder's `README.md` does
    /// (Hugging Face's model card). `None` if neither says.
    #[must_use]
    pub fn license(&self) -> Option<String> {
        self.card.license.clone().or_else(|| {
            let readme = fs_err::read_to_string(self.folder.join("README.md")).ok()?;
            let (front, _) = readme.strip_prefix("---\n")?.split_once("\n---")?;
            let line = front.lines().find_map(|l| l.strip_prefix("license:"))?;
            Some(line.trim().trim_matches(['"', '\'']).to_owned())
        })
    }
}

/// The folder of a model, given by name or folder. What exists as a folder is one; a name is looked
/// for in [`roots`].
///
/// # Errors
/// [`EncoderError::NoModel`].
pub fn find_folder(name: &str) -> Result<PathBuf, EncoderError> {
    let is_path = Path::new(name).components().count() != 1 || name.starts_with('.');
    let roots = roots();
    let named = roots.iter().map(|root| root.join(name)).filter(|_| !is_path);
    let mut places = named.chain([PathBuf::from(name)]);
    match places.find(|place| place.is_dir()) {
        Some(folder) => Ok(folder),
        None => Err(EncoderError::NoModel {
            name: name.into(),
            looked: if is_path {
                "that folder".into()
            } else {
                roots.iter().map(|r| r.display().to_string()).collect::<Vec<_>>().join(", ")
            },
        }),
    }
}

/// The folders that models are looked for in by name: `$CLOZE_MODELS`; `models` in the current
/// folder; `models` beside the program or in one of the three folders above it, which is where a
/// build of this repository finds its own; `cloze/models` in the user's data folder.
#[must_use]
pub fn roots() -> Vec<PathBuf> {
    use etcetera::BaseStrategy as _;
    let named = std::env::var_os("CLOZE_MODELS").filter(|v| !v.is_empty()).map(PathBuf::from);
    let exe = std::env::current_exe().ok();
    let above =
        exe.iter().flat_map(|exe| exe.ancestors().skip(1).take(4)).map(|f| f.join("models"));
    let data =
        etcetera::choose_base_strategy().ok().map(|s| s.data_dir().join("cloze").join("models"));
    let all = named.into_iter().chain([PathBuf::from("models")]).chain(above).chain(data);
    let mut roots: Vec<PathBuf> = vec![];
    for root in all.filter(|root| root.is_dir()) {
        let same = |r: &PathBuf| fs_err::canonicalize(r).ok() == fs_err::canonicalize(&root).ok();
        if !roots.iter().any(same) {
            roots.push(root);
        }
    }
    roots
}

/// The models in [`roots`], by folder, in the order they would be found: of two with one name, the
/// first is the one that the name means.
#[must_use]
pub fn list() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = vec![];
    for root in roots() {
        let entries = fs_err::read_dir(&root).into_iter().flatten();
        let folders = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| is_model(p));
        let mut folders: Vec<_> = folders.collect();
        folders.sort();
        folders.retain(|f| !found.iter().any(|g| g.file_name() == f.file_name()));
        found.extend(folders);
    }
    found
}

/// Whether it is the folder of a model, or of a head alone.
fn is_model(folder: &Path) -> bool {
    folder.join(CONFIG).is_file() || Card::open(folder).is_ok_and(|card| card.base.is_some())
}

fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, EncoderError> {
    let bytes = cloze_store::read::read_capped(path, JSON_MAX_BYTES)?;
    serde_json::from_slice(&bytes)
        .map_err(|source| EncoderError::ModelJson { path: path.to_owned(), source })
}

/// `id2label` as a list: its keys must be 0, 1, … without a gap.
fn labels(id2label: BTreeMap<String, String>) -> Result<Vec<String>, String> {
    let n = id2label.len();
    let mut labels = vec![None; n];
    for (id, label) in id2label {
        let slot = id.parse().ok().and_then(|i: usize| labels.get_mut(i));
        *slot.ok_or_else(|| {
            format!("id2label has {n} labels, so ids 0 to {}; found {id:?}", n - 1)
        })? = Some(label);
    }
    // As many distinct keys as places, all in range: none is left empty unless "01" stands for "1".
    labels.into_iter().collect::<Option<_>>().ok_or_else(|| "id2label has an id twice".into())
}

/// The longest sequence, from what the two configs say.
fn max_tokens(
    model_type: Option<&str>,
    positions: Option<usize>,
    pad_id: Option<i64>,
    tokenizer_max: Option<f64>,
) -> Result<usize, String> {
    let offset = match model_type {
        Some(t) if OFFSET_POSITIONS.contains(&t) => {
            usize::try_from(pad_id.unwrap_or(1)).unwrap_or(0) + 1
        }
        _ => 0,
    };
    let positions = positions.map(|p| p.saturating_sub(offset));
    // 1e30 and its like mean that nobody set it.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
    let set = tokenizer_max.filter(|&m| (1.0..1e9).contains(&m)).map(|m| m as usize);
    match positions.into_iter().chain(set).min() {
        Some(0) => Err(format!("max_position_embeddings leaves no room behind {offset} reserved")),
        Some(max) => Ok(max),
        None => {
            Err("no max_position_embeddings, and no model_max_length in tokenizer_config.json: \
                     the longest sequence is unknown"
                .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BERT: 512 positions are 512 tokens. RoBERTa: 514 less `pad_token_id` 1 + 1. `MiniLM`'s
    /// tokenizer says 256. Unset is 1e30.
    #[test]
    fn the_limit_is_the_smaller_of_what_is_said() {
        for (model_type, positions, pad, tokenizer, expected) in [
            ("bert", Some(512), Some(0), Some(1e30), Ok(512)),
            ("bert", Some(512), Some(0), Some(256.0), Ok(256)),
            ("roberta", Some(514), Some(1), Some(512.0), Ok(512)),
            ("xlm-roberta", Some(514), None, None, Ok(512)),
            ("bert", None, None, Some(128.0), Ok(128)),
            ("bert", None, None, Some(1e30), Err(())),
            ("roberta", Some(2), Some(1), None, Err(())),
            ("bert", Some(512), None, Some(f64::NAN), Ok(512)),
        ] {
            let found = max_tokens(Some(model_type), positions, pad, tokenizer).map_err(|_| ());
            assert_eq!(found, expected, "{model_type} {positions:?} {tokenizer:?}");
        }
    }

    #[test]
    fn labels_are_in_the_order_of_their_ids() {
        let map = |pairs: &[(&str, &str)]| {
            labels(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
        };
        // As text, "10" sorts before "2".
        let ids: Vec<String> = (0..11).map(|i: i32| i.to_string()).collect();
        let pairs: Vec<(&str, &str)> = ids.iter().map(|i| (i.as_str(), i.as_str())).collect();
        assert_eq!(map(&pairs).unwrap(), ids);
        assert_eq!(map(&[]).unwrap(), Vec::<String>::new());
        assert!(map(&[("0", "O"), ("2", "B")]).unwrap_err().contains("\"2\""));
        assert!(map(&[("1", "O"), ("01", "B")]).unwrap_err().contains("twice"));
        assert!(map(&[("x", "O")]).is_err());
    }
}
