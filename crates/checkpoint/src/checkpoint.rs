//! A Hugging Face checkpoint folder: `config.json` and weights in safetensors, checked before
//! anything is built from them.
use std::path::Path;

use cloze_store::{Existing, Location};
use serde_json::{Map, Value};

use crate::adapter::{self, Merged};
use crate::casing::{self, CasingTable};
use crate::config::{self, Config};
use crate::error::CheckpointError;
use crate::layout::{self, Dense, Layout, Norm};
use crate::quantization;
use crate::source::Sources;
use crate::weights::{self, StoredType, Weights};

/// The name of a checkpoint's settings.
pub(crate) const CONFIG: &str = "config.json";

/// Head that a checkpoint can have on top of its layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// tanh of a matrix times the first token's hidden state, `[batch, hidden]`.
    Pooler,
    /// A logit for each label of each token, `[batch, seq, labels]`.
    Tokens,
    /// A logit for each label of the text, `[batch, labels]`.
    Sequence,
    /// A logit for each word of the vocabulary at each token asked for, `[asked, vocabulary]`; in a graph
    /// from elsewhere at each token, `[batch, seq, vocabulary]`.
    MaskedLm,
    /// Whether the second sentence follows the first, `[batch, 2]`: logits of yes and no.
    NextSentence,
}

impl Head {
    /// The word for it in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pooler => "pooler",
            Self::Tokens => "token classification",
            Self::Sequence => "sequence classification",
            Self::MaskedLm => "masked language model",
            Self::NextSentence => "next sentence",
        }
    }
}

/// A part of a model and the learned numbers in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelPart {
    /// Kind.
    pub name: &'static str,
    /// Number of parameters.
    pub parameters: u64,
    /// Whether the task uses them: not those of a pooler that no head is on top of, nor of heads of other tasks.
    pub used: bool,
}

/// The `config.json` at `path` with something changed, of weights that are written as floats; byte for byte as it
/// is where nothing changes.
pub(crate) fn changed_config(
    path: &Location,
    change: impl FnOnce(&mut Map<String, Value>) -> Result<(), CheckpointError>,
) -> Result<Vec<u8>, CheckpointError> {
    let bytes = config::read_bytes(path)?;
    let json = |source| CheckpointError::Json { path: path.to_path_buf(), source };
    let read: Map<String, Value> = serde_json::from_slice(&bytes).map_err(json)?;
    let mut raw = read.clone();
    raw.remove(quantization::KEY);
    change(&mut raw)?;
    if raw == read {
        return Ok(bytes);
    }
    let mut bytes = serde_json::to_vec_pretty(&raw).map_err(json)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// A checkpoint whose every tensor is known, by what it is for, and has the shape it must have.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    folder: Location,
    config_path: Location,
    config: Config,
    weights: Weights,
    layout: Layout,
    adapters: Vec<Merged>,
    casing: Option<CasingTable>,
}

impl Checkpoint {
    /// Reads `config.json` and the header of the weights in `folder`. Where the folder holds an
    /// adapter, the weights are those of its base with the adapter merged in, and what the folder
    /// lacks is the base's.
    ///
    /// # Errors
    /// Errors of [`Sources::find`] and [`of`](Self::of).
    pub fn open(folder: impl Into<Location>) -> Result<Self, CheckpointError> {
        Self::of(&Sources::find(folder)?)
    }

    /// Reads the headers of a model whose parts have been found.
    ///
    /// # Errors
    /// Errors of [`Sources::check_base`], [`Config::read`], [`Weights::open`] and
    /// [`AdapterConfig::read`](adapter::AdapterConfig::read); [`CheckpointError::Tensors`] lists every
    /// tensor that is missing, of no known use, or of another shape than the configuration says;
    /// [`CheckpointError::Adapters`] for adapters that cannot be merged together.
    pub fn of(sources: &Sources) -> Result<Self, CheckpointError> {
        sources.check_base()?;
        let folder = sources.folder();
        let config_path = sources.file(CONFIG);
        let mut config = Config::read(&config_path)?;
        let mut weights = Weights::open(sources.base())?;
        let mut adapters: Vec<Merged> = vec![];
        for (adapter, weight) in sources.adapters() {
            let merged = adapter::overlay(&mut weights, config.family, adapter, *weight)?;
            adapters.push(merged);
        }
        adapter::check_together(folder, &adapters)?;
        // A new classifier is what its adapter says it is, unless a configuration written for it
        // says so already.
        let brings = |m: &&Merged| m.saved.iter().any(|name| name.starts_with("classifier."));
        let task = adapters.iter().find(brings).and_then(|m| m.config.task_type);
        let said = sources.own_config().is_some() && config.classifier().is_some();
        if let (Some(classifier), false) = (task.and_then(adapter::TaskType::classifier), said) {
            config.set_classifier(classifier);
        }
        let layout = Layout::find(&config, &weights, folder)?;
        let table = sources.file(casing::FILE);
        let casing = table.is_file().then(|| CasingTable::read(&table, &config)).transpose()?;
        let folder = folder.to_owned();
        Ok(Self { folder, config_path, config, weights, layout, adapters, casing })
    }

    /// Folder of the checkpoint.
    #[must_use]
    pub fn folder(&self) -> &Location {
        &self.folder
    }

    /// The shape of the encoder.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The tensors.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The adapters that are merged in, in order.
    #[must_use]
    pub fn adapters(&self) -> &[Merged] {
        &self.adapters
    }

    /// The table of casings, if it has one.
    #[must_use]
    pub fn casing(&self) -> Option<&CasingTable> {
        self.casing.as_ref()
    }

    /// Names and shapes of the tensors.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The heads it has.
    #[must_use]
    pub fn heads(&self) -> Vec<Head> {
        let layout = &self.layout;
        let there = [
            (Head::Pooler, layout.pooler.is_some()),
            (Head::Tokens, layout.tokens.is_some()),
            (Head::Sequence, layout.sequence.is_some()),
            (Head::MaskedLm, layout.masked.is_some()),
            (Head::NextSentence, layout.next_sentence.is_some() && layout.pooler.is_some()),
        ];
        there.into_iter().filter_map(|(head, there)| there.then_some(head)).collect()
    }

    /// Whether the head for sequences is on top of the pooler.
    fn sequence_is_pooled(&self) -> bool {
        let Some(sequence) = &self.layout.sequence else { return false };
        self.layout.pooler.as_ref().is_some_and(|p| p.weight == sequence.dense.weight)
    }

    /// Number of parameters of the model in transformers: those that are used, and where it has no head
    /// also the pooler.
    #[must_use]
    pub fn transformers_parameters(&self) -> u64 {
        let bare = self.heads().iter().all(|head| *head == Head::Pooler);
        let counts = |part: &&ModelPart| part.used || (bare && part.name == "pooler");
        self.parts().iter().filter(counts).map(|part| part.parameters).sum()
    }

    /// The learned numbers, part by part; a tied decoder's are the word table's and counted there.
    #[must_use]
    pub fn parts(&self) -> Vec<ModelPart> {
        let config = &self.config;
        let dense = |d: &Dense| d.inputs * d.outputs + d.outputs;
        let norm = |n: &Norm| 2 * n.width;
        let layout = &self.layout;
        let width = config.embedding;
        let mut parts = vec![
            ("word embeddings", config.vocabulary * width),
            ("position embeddings", config.positions * width),
            ("token type embeddings", config.types * width),
            ("relative position bias", config.relative_rows * config.heads),
            (
                "embedding norm and projection",
                norm(&layout.embedding_norm) + layout.project.as_ref().map_or(0, dense),
            ),
        ];
        let sum = |of: &dyn Fn(&layout::Layer) -> usize| layout.distinct_layers().map(of).sum();
        parts.extend([
            (
                "attention",
                sum(&|l| dense(&l.query) + dense(&l.key) + dense(&l.value) + dense(&l.attention)),
            ),
            ("feed-forward", sum(&|l| dense(&l.up) + dense(&l.down))),
            ("layer norms", sum(&|l| norm(&l.attention_norm) + norm(&l.output_norm))),
            ("pooler", layout.pooler.as_ref().map_or(0, dense)),
        ]);
        let tokens = layout.tokens.as_ref().map_or(0, dense);
        let sequence = layout.sequence.as_ref().map_or(0, |s| {
            // BERT's dense is its pooler, which is counted above.
            dense(&s.classifier) + if self.sequence_is_pooled() { 0 } else { dense(&s.dense) }
        });
        let masked = layout.masked.as_ref().map_or(0, |m| {
            let decoder =
                if m.decoder == layout.words { 0 } else { config.vocabulary * m.norm.width };
            dense(&m.dense) + norm(&m.norm) + config.vocabulary + decoder
        });
        parts.extend([
            ("token classifier", tokens),
            ("sequence classifier", sequence),
            ("language model head", masked),
            ("next sentence head", layout.next_sentence.as_ref().map_or(0, dense)),
        ]);
        let pooler_used = layout.next_sentence.is_some() || self.sequence_is_pooled();
        let part = |(name, n): (&'static str, usize)| {
            let used = name != "pooler" || pooler_used;
            ModelPart { name, parameters: n as u64, used }
        };
        let mut parts: Vec<ModelPart> =
            parts.into_iter().filter(|(_, n)| *n > 0).map(part).collect();
        let other = layout
            .unused
            .iter()
            .flat_map(|head| self.weights.names().filter(move |name| name.starts_with(head)));
        let other = other.filter_map(|name| self.weights.shape(name));
        let other: usize = other.map(|shape| shape.iter().product::<usize>()).sum();
        let casing = self.casing.as_ref().map_or(0, |table| table.rows().len());
        if casing > 0 {
            parts.push(part(("casing embeddings", casing)));
        }
        if other > 0 {
            let (name, parameters) = ("heads of other tasks", other as u64);
            parts.push(ModelPart { name, parameters, used: false });
        }
        parts
    }

    /// The `config.json` of the same checkpoint alone: as it is, but for the architecture that an
    /// adapter's classifier makes it, and for its labels where it has no names for them.
    ///
    /// # Errors
    /// Errors of [`Config::read`]; [`CheckpointError::Request`] for names of another number of labels than
    /// an adapter's classifier has.
    pub fn config_json(&self) -> Result<Vec<u8>, CheckpointError> {
        self.config_json_with(|_| {})
    }

    /// [`config_json`](Self::config_json) with something changed.
    pub(crate) fn config_json_with(
        &self,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<Vec<u8>, CheckpointError> {
        let named = |raw: &mut Map<String, Value>| {
            self.name_labels(raw)?;
            change(raw);
            Ok(())
        };
        changed_config(&self.config_path, named)
    }

    /// Puts in what an adapter's classifier makes of the model.
    fn name_labels(&self, raw: &mut Map<String, Value>) -> Result<(), CheckpointError> {
        let path = &self.config_path;
        let sequence = self.layout.sequence.as_ref().map(|s| &s.classifier);
        let classifier = self.layout.tokens.as_ref().or(sequence);
        let brought = self.adapters.iter().any(|adapter| !adapter.saved.is_empty());
        let Some(labels) = classifier.map(|dense| dense.outputs).filter(|_| brought) else {
            return Ok(());
        };
        if let Some(architecture) = &self.config.architecture {
            raw.insert("architectures".into(), [architecture.as_str()].as_slice().into());
        }
        let count = raw.get("id2label").and_then(|names| Some(names.as_object()?.len()));
        match count {
            Some(count) if count != labels => {
                let what = format!("{count} labels, and the adapter's classifier has {labels}");
                return Err(CheckpointError::Request { path: path.to_path_buf(), what });
            }
            Some(_) => {}
            None => {
                // As transformers calls them.
                let name = |i: usize| format!("LABEL_{i}");
                let names = (0..labels).map(|i| (i.to_string(), name(i).into())).collect();
                raw.insert("id2label".into(), serde_json::Value::Object(names));
                let ids = (0..labels).map(|i| (name(i), i.into())).collect();
                raw.insert("label2id".into(), serde_json::Value::Object(ids));
            }
        }
        Ok(())
    }

    /// Writes the same checkpoint with its floats as `to`, in one file; adapters are merged in. A
    /// table of casings is a file of its own.
    ///
    /// # Errors
    /// Errors of [`weights::write`].
    pub fn write_weights(
        &self,
        to: StoredType,
        path: &Path,
        existing: Existing,
    ) -> Result<(), CheckpointError> {
        weights::write(&self.weights, to, path, existing)
    }
}
