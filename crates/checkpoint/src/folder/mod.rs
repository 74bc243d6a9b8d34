//! A model is a folder: what its files say before any of them is run.
mod exported;
mod files;

use std::path::Path;

use cloze_store::Location;
use serde::Deserialize;
use serde_json::Value;

use crate::card::{Card, readme};
use crate::checkpoint::CONFIG;
use crate::config::ConfigFile;
use crate::decoder::end_ids;
use crate::error::CheckpointError;
use crate::find::find_folder;
use crate::sentence::{MODULES, Modules, SentenceSettings, TransformerSettings};
use crate::source::Sources;
use crate::weights::Weights;
use crate::{adapter, casing, family};
use exported::GenaiConfig;
pub use exported::{ExportedGraphs, GENAI_CONFIG};
use files::{
    BYTE_PAIRS, TOKENIZER, WORD_PIECES, labels, max_tokens, no_tokenizer, read_or_default,
    table_rows, token_name, tokenizer_file,
};

const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
const SPECIAL_TOKENS: &str = "special_tokens_map.json";
const SENTENCE_SETTINGS: &str = "config_sentence_transformers.json";
/// Longest sequence of a table of vectors, one per token, which has no limit: several have the same mean.
const STATIC_TOKENS: usize = 4096;

/// Most layers that a model may say it has.
pub(crate) const MAX_LAYERS: usize = 1000;
/// Files that are looked for in a folder.
const FILES: [&str; 13] = [
    CONFIG,
    TOKENIZER,
    WORD_PIECES,
    BYTE_PAIRS[0],
    BYTE_PAIRS[1],
    TOKENIZER_CONFIG,
    SPECIAL_TOKENS,
    "added_tokens.json",
    "sentence_bert_config.json",
    SENTENCE_SETTINGS,
    MODULES,
    "model.safetensors",
    "model.safetensors.index.json",
];

/// The part of `tokenizer_config.json` that matters here. The length is a float for the models that
/// leave it unset: their files say 1e30.
#[derive(Default, Deserialize)]
struct TokenizerConfig {
    model_max_length: Option<f64>,
    /// The same, as it was called.
    max_len: Option<f64>,
    tokenizer_class: Option<String>,
    /// Mask token, or an object that has it as `content`.
    mask_token: Option<Value>,
}

/// The part of `special_tokens_map.json` that matters here.
#[derive(Default, Deserialize)]
struct SpecialTokens {
    mask_token: Option<Value>,
}

/// A model folder in the layout of the Hugging Face ecosystem: `config.json`, `tokenizer.json` (or
/// `vocab.txt`, or `vocab.json` with `merges.txt`), `model.safetensors` or `model.onnx` (of both, the
/// weights are taken), and perhaps `tokenizer_config.json`, sentence-transformers' settings and
/// `cloze.json`; what `modules.json` puts into a folder of its own is looked for there. A folder with an
/// adapter, `adapter_config.json` and `adapter_model.safetensors`, is a model too: what it lacks is
/// taken from its base.
#[derive(Clone, Debug)]
pub struct ModelFolder {
    sources: Sources,
    card: Card,
    labels: Vec<String>,
    layers: Option<usize>,
    max_tokens: usize,
    pad_id: i64,
    has_weights: bool,
    exported: Option<ExportedGraphs>,
    head_size: Option<usize>,
    ends: [Option<Value>; 2],
    problem: Option<String>,
    mask_token: Option<String>,
    model_type: Option<String>,
    tokenizer_class: Option<String>,
    embedding_rows: Option<usize>,
    hidden: Option<usize>,
    transformer: TransformerSettings,
    settings: SentenceSettings,
}

impl ModelFolder {
    /// Reads a folder's settings, and compares the files of the model, of its adapters and of its base with
    /// the hashes in their `cloze.json` ([`Card::check_files`]). The graph and the tokenizer are only
    /// looked for.
    ///
    /// # Errors
    /// [`CheckpointError::ChangedFile`] for a file of another hash; [`CheckpointError::ModelFile`] for a
    /// missing file; [`CheckpointError::Json`],
    /// [`CheckpointError::Config`] and [`CheckpointError::Store`] for one that cannot be used;
    /// [`CheckpointError::HeadFolder`] for a head alone; [`CheckpointError`] for an adapter without
    /// its base.
    pub fn open(folder: impl Into<Location>) -> Result<Self, CheckpointError> {
        Self::open_unchecked(folder)?.checked()
    }

    /// The same without comparing hashes, for who lists models or compares all their files.
    ///
    /// # Errors
    /// As [`open`](Self::open), without [`CheckpointError::ChangedFile`].
    pub fn open_unchecked(folder: impl Into<Location>) -> Result<Self, CheckpointError> {
        let folder = &folder.into();
        let card = Card::open(folder)?;
        match &card.base {
            Some(base) if card.is_head(folder) => {
                let (folder, base) = (folder.to_owned(), base.name.clone());
                Err(CheckpointError::HeadFolder { folder: folder.to_path_buf(), base })
            }
            _ => Self::of(Sources::find(folder)?, card),
        }
    }

    /// A model with adapters over it that its folder does not know of, each with what its changes
    /// are multiplied with.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn with_adapters(
        base: impl Into<Location>,
        adapters: &[(Location, f64)],
    ) -> Result<Self, CheckpointError> {
        let base = &base.into();
        Self::of(Sources::of(base, adapters)?, Card::open(base)?)?.checked()
    }

    /// Compares the files of every part with the hashes in its card.
    fn checked(self) -> Result<Self, CheckpointError> {
        let adapters = self.sources.adapters().iter().map(|(folder, _)| folder);
        let others = adapters.chain([self.sources.base()]).filter(|other| *other != self.folder());
        self.card.check_files(self.folder())?;
        for folder in others {
            Card::open(folder)?.check_files(folder)?;
        }
        Ok(self)
    }

    fn of(sources: Sources, card: Card) -> Result<Self, CheckpointError> {
        let folder = sources.folder();
        let has_weights = Weights::are_in(sources.base());
        let missing = |file| Err(CheckpointError::ModelFile { folder: folder.to_path_buf(), file });
        // What is there in another form than a file is refused by name, not passed over.
        for part in [folder, sources.base()] {
            for file in FILES {
                part.join(file).check_file()?;
            }
            readme::check(part)?;
        }
        let is_static = sources.modules().is_some_and(Modules::is_static);
        let genai = if has_weights || is_static { None } else { GenaiConfig::read(&sources)? };
        let has_config = sources.file(CONFIG).is_file();
        if !is_static && !has_config && genai.is_none() {
            return missing(CONFIG);
        }
        if tokenizer_file(&sources).is_none() {
            return missing(no_tokenizer(&sources));
        }
        let exported =
            if has_weights { None } else { ExportedGraphs::find(&sources, genai.as_ref())? };
        if !has_weights && exported.is_none() {
            let pickled = sources.file("pytorch_model.bin").is_file();
            return missing(if pickled {
                "model.safetensors or model.onnx; pytorch_model.bin, which it has, can run code when \
                 it is read, so it is not: let transformers' save_pretrained write it again"
            } else {
                "model.safetensors or model.onnx"
            });
        }
        let table = sources.file(casing::FILE);
        if !has_weights && table.is_file() {
            let what = "a casing table for a graph; expected one for weights".to_owned();
            return Err(CheckpointError::Config { path: table.to_path_buf(), what });
        }
        let path = sources.file(CONFIG);
        // A table of vectors needs no configuration, and what it has is none of an encoder.
        let config = match &genai {
            _ if is_static => ConfigFile::default(),
            Some(genai) if !has_config => genai.config().map_err(|source| {
                CheckpointError::Json { path: sources.file(GENAI_CONFIG).to_path_buf(), source }
            })?,
            _ => ConfigFile::read(&path)?,
        };
        let wrong = |what: String| CheckpointError::Config { path: path.to_path_buf(), what };
        if let Some(layers) = config.layers().filter(|&layers| layers > MAX_LAYERS) {
            return Err(wrong(format!(
                "num_hidden_layers: expected at most {MAX_LAYERS}, found {layers}"
            )));
        }
        let labels = labels(config.id2label.clone().unwrap_or_default()).map_err(wrong)?;
        let tokenizer: TokenizerConfig = read_or_default(&sources.file(TOKENIZER_CONFIG))?;
        let special: SpecialTokens = read_or_default(&sources.file(SPECIAL_TOKENS))?;
        let transformer = TransformerSettings::read(&|name| sources.file(name))?;
        let settings = SentenceSettings::read(&sources.file(SENTENCE_SETTINGS))?;
        let max_tokens = if is_static {
            STATIC_TOKENS
        } else {
            // The length of sentences goes before that of the tokenizer.
            let sentences = transformer.max_seq_length.and_then(|n| u32::try_from(n).ok());
            let tokens = tokenizer.model_max_length.or(tokenizer.max_len);
            max_tokens(&config, sentences.map(f64::from).or(tokens)).map_err(wrong)?
        };
        let class = tokenizer.tokenizer_class.or_else(|| config.tokenizer_class.clone());
        let by_type = || Some(family::tokenizer_class(config.model_type.as_deref()?)?.to_owned());
        let mask_token = tokenizer.mask_token.as_ref().or(special.mask_token.as_ref());
        Ok(Self {
            card,
            labels,
            layers: config.layers(),
            max_tokens,
            pad_id: config.pad_id(),
            has_weights,
            exported,
            head_size: config.head_dim,
            hidden: config.hidden(),
            ends: [config.bos_token_id, config.eos_token_id],
            mask_token: mask_token.and_then(token_name),
            tokenizer_class: class.or_else(by_type),
            embedding_rows: if is_static { table_rows(&sources)? } else { config.vocab_size },

            problem: config.problem_type,
            model_type: config.model_type,
            transformer,
            settings,
            sources,
        })
    }

    /// The same model with the modules of sentence-transformers that texts of `task` go through:
    /// `query` or `document`, of a model that has routes.
    ///
    /// # Errors
    /// [`CheckpointError::Config`] for a task without a route; else as [`open`](Self::open).
    pub fn for_task(&self, task: &str) -> Result<Self, CheckpointError> {
        Self::of(Sources::find_route(self.folder(), Some(task))?, self.card.clone())
    }

    /// Finds a model by name or folder: [`find_folder`], opened.
    ///
    /// # Errors
    /// [`CheckpointError::NoModel`], and those of [`ModelFolder::open`].
    pub fn find(name: &str) -> Result<Self, CheckpointError> {
        Self::open(&find_folder(name)?)
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Location {
        self.sources.folder()
    }

    /// Folders of its parts: the base and the adapters of one with adapters.
    #[must_use]
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// One of its files: the folder's own, or of one with adapters theirs or the base's. Where none
    /// is there, where the folder's own would be.
    #[must_use]
    pub fn file(&self, name: &str) -> Location {
        self.sources.file(name)
    }

    /// The folder's name, which is the model's.
    #[must_use]
    pub fn name(&self) -> String {
        let folder = self.folder().canonical().unwrap_or_else(|_| self.folder().clone());
        folder.name().unwrap_or_else(|| "model".into())
    }

    /// Contents of `cloze.json`; empty without one.
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

    /// Whether its one output or each of several is a number as it is, not a label's logit
    /// (`problem_type` is `regression`).
    #[must_use]
    pub fn regression(&self) -> bool {
        self.problem.as_deref() == Some("regression")
    }

    /// `problem_type` of `config.json`, if it is there.
    #[must_use]
    pub fn problem_type(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// `model_type` of `config.json`, if it is there.
    #[must_use]
    pub fn model_type(&self) -> Option<&str> {
        self.model_type.as_deref()
    }

    /// Class of the tokenizer: as `tokenizer_config.json` or `config.json` has it, or else the one that
    /// transformers has for the model's type.
    #[must_use]
    pub fn tokenizer_class(&self) -> Option<&str> {
        self.tokenizer_class.as_deref()
    }

    /// Number of rows of the embedding matrix (`vocab_size`), if the configuration has it.
    #[must_use]
    pub fn embedding_rows(&self) -> Option<usize> {
        self.embedding_rows
    }

    /// Hidden size, if the configuration has it.
    #[must_use]
    pub fn hidden(&self) -> Option<usize> {
        self.hidden
    }

    /// Modules of sentence-transformers; `None` for a folder without `modules.json`.
    #[must_use]
    pub fn modules(&self) -> Option<&Modules> {
        self.sources.modules()
    }

    /// Whether it is a table of vectors, one per token, without layers (`StaticEmbedding`).
    #[must_use]
    pub fn is_static(&self) -> bool {
        self.modules().is_some_and(Modules::is_static)
    }

    /// Prompts, similarity and width that sentence-transformers takes for the model.
    #[must_use]
    pub fn sentence_settings(&self) -> &SentenceSettings {
        &self.settings
    }

    /// Whether texts are lower-cased before anything else (sentence-transformers' `do_lower_case`).
    #[must_use]
    pub fn lower_case(&self) -> bool {
        self.transformer.lower_case
    }

    /// Setting of sentence-transformers' encoder that cannot be followed, with its file.
    #[must_use]
    pub fn unfollowed(&self) -> Option<(&Path, &str)> {
        let (path, what) = self.transformer.unfollowed.as_ref()?;
        Some((path, what))
    }

    /// The token that stands for a word to be found, where `tokenizer_config.json` names one.
    #[must_use]
    pub fn mask_token(&self) -> Option<&str> {
        self.mask_token.as_deref()
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

    /// Number of layers, if the configuration has it.
    #[must_use]
    pub fn layers(&self) -> Option<usize> {
        self.layers
    }

    /// Whether its graph is built from weights; else it is read from `model.onnx`.
    #[must_use]
    pub fn has_weights(&self) -> bool {
        self.has_weights
    }

    /// Source of the graph: the weights, `model.onnx`, or an adapter merged into its base.
    #[must_use]
    pub fn graph_path(&self) -> Location {
        match self.sources.adapters() {
            [(adapter, _), ..] => adapter.join(adapter::TENSORS),
            [] => match &self.exported {
                Some(exported) => exported.graph.clone(),
                None => self.sources.base().join("model.safetensors"),
            },
        }
    }

    /// The graphs of a model that another program exported; `None` where graphs are built from weights.
    #[must_use]
    pub fn exported(&self) -> Option<&ExportedGraphs> {
        self.exported.as_ref()
    }

    /// Width of an attention head, where `config.json` says it.
    #[must_use]
    pub fn head_size(&self) -> Option<usize> {
        self.head_size
    }

    /// Id of the token that begins a text, if there is one, and of those that end it, by `config.json`.
    ///
    /// # Errors
    /// [`CheckpointError::Config`] for ends that are no ids.
    pub fn text_ends(&self) -> Result<(Option<u32>, Vec<u32>), CheckpointError> {
        let [bos, eos] = self.ends.each_ref().map(Option::as_ref);
        let bos = bos.and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
        let path = || self.file(CONFIG).to_path_buf();
        let eos = end_ids(eos).map_err(|what| CheckpointError::Config { path: path(), what })?;
        Ok((bos, eos))
    }

    /// The SHA-256 of what the graph comes from: the model's identity, whatever its folder is called;
    /// of one with adapters, of the base and of them ([`Sources::sha256`]).
    ///
    /// # Errors
    /// [`CheckpointError::Store`] if a file cannot be read, and those of [`Sources::sha256`].
    pub fn sha256(&self) -> Result<String, CheckpointError> {
        if self.has_weights {
            return self.sources.sha256();
        }
        match &self.exported {
            Some(exported) if exported.encoder.is_some() => {
                let hashes: Result<Vec<_>, _> =
                    exported.all().map(cloze_store::checksum::sha256_file).collect();
                Ok(cloze_store::checksum::sha256(hashes?.join("\n").as_bytes()))
            }
            _ => Ok(cloze_store::checksum::sha256_file(self.graph_path())?),
        }
    }

    /// The same with the weights of sentence-transformers' modules behind the encoder, where there are
    /// any: the identity of a text's vector.
    ///
    /// # Errors
    /// As [`sha256`](Self::sha256).
    pub fn vectors_sha256(&self) -> Result<String, CheckpointError> {
        let sha256 = self.sha256()?;
        let mut lines = self.sources.module_hashes()?;
        if lines.is_empty() {
            return Ok(sha256);
        }
        lines.insert(0, sha256);
        Ok(cloze_store::checksum::sha256(lines.join("\n").as_bytes()))
    }

    /// Path of the tokenizer: `tokenizer.json`, or else `vocab.txt`, or else `vocab.json`, which goes
    /// with `merges.txt`.
    #[must_use]
    pub fn tokenizer_path(&self) -> Location {
        tokenizer_file(&self.sources).unwrap_or_else(|| self.file(TOKENIZER))
    }

    /// The licence: as `cloze.json` has it, or as the front matter of the folder's `README.md` does
    /// (Hugging Face's model card). `None` if neither says.
    #[must_use]
    pub fn license(&self) -> Option<String> {
        self.card.license(self.folder())
    }
}
