//! Models of a process: each opened once, all on the same threads.
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cloze::checkpoint::find_folder;
use cloze::core::OffsetUnit;
use cloze::redact::{Action, Key, Policy, Replacer};
use cloze::{
    MaskedLm, Runtime, RuntimeParams, SentenceEncoder, SharedThreads, Tagger, TextClassifier,
    TextIndex,
};

use crate::gate::Gate;
use crate::{Error, ModelName, folder_sha256};

/// Registry of models: what the functions of a process open, they open here, and once.
///
/// Clones are the same registry. A process needs one: all models of a registry share its threads and queue at
/// its gate, so that neither the number of partitions nor that of models oversubscribes the cores. A model stays
/// open until the last clone is dropped, and is the one that was opened first, even if its folder changes.
#[derive(Clone, Debug)]
pub struct Models(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: ModelsBuilder,
    threads: SharedThreads,
    gate: Gate,
    /// Hash of each folder that was named.
    hashes: Mutex<HashMap<PathBuf, String>>,
    opened: Mutex<HashMap<Slot, Arc<Mutex<Option<Opened>>>>>,
    loads: AtomicU64,
    rows: AtomicU64,
    failed: AtomicU64,
}

/// Place of a model in the registry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Slot {
    folder: PathBuf,
    sha256: String,
    use_: Use,
}

/// Use that a model is opened for: each has a graph of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Use {
    Embed,
    Tag,
    Classify,
    FillMask,
    Search,
}

#[derive(Clone, Debug)]
enum Opened {
    Embed(Arc<SentenceEncoder>),
    Tag(Arc<Tagger>),
    Classify(Arc<TextClassifier>),
    FillMask(Arc<MaskedLm>),
    Search(Arc<TextIndex>),
}

/// Folder of a model that a query names, and its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundModel {
    /// Folder, absolute.
    pub folder: PathBuf,
    /// Hash, as [`folder_sha256`] has it.
    pub sha256: String,
}

/// Work done by a registry's functions so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Number of models opened; one that is opened for two uses counts twice.
    pub loads: u64,
    /// Number of texts that went through a function; a text that stands in a batch twice counts once.
    pub texts: u64,
    /// Number of those without a result.
    pub failed: u64,
}

/// Settings of [`Models`].
#[derive(Clone, Debug)]
pub struct ModelsBuilder {
    threads: usize,
    batches_at_once: usize,
    batch_tokens: Option<usize>,
    max_text_bytes: usize,
    row_errors: bool,
    offsets: OffsetUnit,
    redact_key: Option<Key>,
    runtime: Option<Runtime>,
    fetch: bool,
}

impl Default for ModelsBuilder {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            batches_at_once: 2,
            batch_tokens: None,
            max_text_bytes: 16 << 20,
            row_errors: false,
            offsets: OffsetUnit::default(),
            redact_key: None,
            runtime: None,
            fetch: false,
        }
    }
}

impl ModelsBuilder {
    /// Threads that all models of the registry compute on together. Default: the cores that the process may use.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Batches in work at a time, over all partitions; the others wait. The second fills the cores while the
    /// first is tokenized or decoded; each holds up to 256 KiB of text with its results. Default `2`.
    #[must_use]
    pub fn batches_at_once(mut self, batches: usize) -> Self {
        self.batches_at_once = batches;
        self
    }

    /// Most tokens in a batch of a model, as [`cloze::EncoderParams::batch_tokens`]. Default: that of the model's
    /// use.
    #[must_use]
    pub fn batch_tokens(mut self, tokens: impl Into<Option<usize>>) -> Self {
        self.batch_tokens = tokens.into();
        self
    }

    /// Longest text, in bytes: a longer one fails, and its row is null. A text takes memory in proportion to its
    /// length, and time: one of 16 MiB keeps a core busy for the better part of an hour. Default 16 MiB.
    #[must_use]
    pub fn max_text_bytes(mut self, bytes: usize) -> Self {
        self.max_text_bytes = bytes;
        self
    }

    /// Whether functions return the reason why a row failed: `Struct<value, error>` in place of the value.
    /// Default `false`.
    #[must_use]
    pub fn row_errors(mut self, row_errors: bool) -> Self {
        self.row_errors = row_errors;
        self
    }

    /// Unit of the offsets of `cloze_tag`. Default: characters, as SQL's `substr` counts.
    #[must_use]
    pub fn offsets(mut self, unit: OffsetUnit) -> Self {
        self.offsets = unit;
        self
    }

    /// Key of the actions `hash` and `pseudonym` of `cloze_redact`; every process of a job needs the same.
    /// Default: none, and those actions are refused.
    #[must_use]
    pub fn redact_key(mut self, key: Key) -> Self {
        self.redact_key = Some(key);
        self
    }

    /// ONNX Runtime to run on. Default: that of the process.
    #[must_use]
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.runtime = Some(runtime);
        self
    }

    /// Whether ONNX Runtime may be fetched where there is none, as [`RuntimeParams::fetch`]. Default `false`.
    #[must_use]
    pub fn fetch_runtime(mut self, fetch: bool) -> Self {
        self.fetch = fetch;
        self
    }

    /// Makes the registry. No model is opened yet.
    ///
    /// # Errors
    /// [`Error::Setting`] for no threads, batches or bytes, and for more than 1,024 threads or batches.
    pub fn build(self) -> Result<Models, Error> {
        const MOST: usize = 1024;
        for (setting, found) in
            [("threads", self.threads), ("batches_at_once", self.batches_at_once)]
        {
            if found == 0 || found > MOST {
                return Err(Error::Setting { setting, expected: "1 to 1024", found });
            }
        }
        for (setting, found) in [
            ("max_text_bytes", self.max_text_bytes),
            ("batch_tokens", self.batch_tokens.unwrap_or(1)),
        ] {
            if found == 0 {
                return Err(Error::Setting { setting, expected: "1 or more", found });
            }
        }
        Ok(Models(Arc::new(Inner {
            threads: SharedThreads::new(self.threads),
            gate: Gate::new(self.batches_at_once),
            settings: self,
            hashes: Mutex::default(),
            opened: Mutex::default(),
            loads: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        })))
    }
}

/// Opens a model with the settings of a registry: the builders of the façade have the same setters.
macro_rules! with_work {
    ($models:expr, $builder:expr) => {{
        let settings = &$models.0.settings;
        let builder = $builder
            .runtime($models.runtime()?)
            .threads(settings.threads)
            .shared_threads($models.0.threads.clone());
        settings.batch_tokens.into_iter().fold(builder, |builder, n| builder.batch_tokens(n)).open()
    }};
}

impl Models {
    /// Settings of a registry.
    #[must_use]
    pub fn builder() -> ModelsBuilder {
        ModelsBuilder::default()
    }

    /// Work done so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            loads: self.0.loads.load(Ordering::Relaxed),
            texts: self.0.rows.load(Ordering::Relaxed),
            failed: self.0.failed.load(Ordering::Relaxed),
        }
    }

    /// Finds a model by its name or folder, and hashes its files the first time. A pinned name must have its
    /// hash.
    ///
    /// # Errors
    /// [`Error::Model`] for a model that is not found or cannot be read; [`Error::OtherModel`];
    /// [`Error::OtherSettings`].
    pub fn find(&self, function: &'static str, name: &ModelName) -> Result<FoundModel, Error> {
        let failed = |source: cloze::Error| Error::Model {
            function,
            model: name.name.clone(),
            source: Box::new(source),
        };
        let folder = find_folder(&name.name).map_err(|error| failed(error.into()))?;
        let folder = fs_err::canonicalize(&folder)
            .map_err(|error| failed(cloze::store::StoreError::Read(error).into()))?;
        let known = lock(&self.0.hashes).get(&folder).cloned();
        let sha256 = if let Some(hash) = known {
            hash
        } else {
            let hash = folder_sha256(&folder).map_err(failed)?;
            lock(&self.0.hashes).entry(folder.clone()).or_insert(hash).clone()
        };
        if let Some(expected) = &name.sha256
            && *expected != sha256
        {
            return Err(Error::OtherModel { folder, expected: expected.clone(), found: sha256 });
        }
        let settings = self.settings();
        if let Some(expected) = &name.settings
            && *expected != settings
        {
            return Err(Error::OtherSettings { expected: expected.clone(), found: settings });
        }
        Ok(FoundModel { folder, sha256 })
    }

    /// The name of a model pinned to the hash of its folder and to [`settings`](Self::settings).
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn pin(&self, function: &'static str, name: &ModelName) -> Result<ModelName, Error> {
        let sha256 = Some(self.find(function, name)?.sha256);
        Ok(ModelName { name: name.name.clone(), sha256, settings: Some(self.settings()) })
    }

    /// Everything beside the model and the text that results depend on: version, unit of offsets, longest text in
    /// bytes, `errors` if reasons of failures are returned, and the hash of the key, if there is one.
    #[must_use]
    pub fn settings(&self) -> String {
        let settings = &self.0.settings;
        let version = env!("CARGO_PKG_VERSION");
        let (unit, bytes) = (settings.offsets.name(), settings.max_text_bytes);
        let errors = if settings.row_errors { ",errors" } else { "" };
        let key = settings.redact_key.as_ref().map(|key| {
            let mut replacer = Replacer::new(Policy::new(Action::Hash), key.clone());
            replacer.replacement("key", "cloze").replace('_', ":")
        });
        let key = key.map(|key| format!(",{}", key.trim_matches(['[', ']']))).unwrap_or_default();
        format!("{version},{unit},{bytes}{errors}{key}")
    }

    /// Encoder of a model, for vectors.
    pub(crate) fn encoder(
        &self,
        function: &'static str,
        name: &ModelName,
    ) -> Result<Arc<SentenceEncoder>, Error> {
        let open = |folder: PathBuf| {
            let encoder = with_work!(self, SentenceEncoder::builder(folder))?;
            Ok(Opened::Embed(Arc::new(encoder)))
        };
        match self.open(function, name, Use::Embed, open)? {
            Opened::Embed(encoder) => Ok(encoder),
            _ => unreachable!("a slot holds what its use opens"),
        }
    }

    /// Tagger of a model.
    pub(crate) fn tagger(
        &self,
        function: &'static str,
        name: &ModelName,
    ) -> Result<Arc<Tagger>, Error> {
        let open =
            |folder: PathBuf| Ok(Opened::Tag(Arc::new(with_work!(self, Tagger::builder(folder))?)));
        match self.open(function, name, Use::Tag, open)? {
            Opened::Tag(tagger) => Ok(tagger),
            _ => unreachable!("a slot holds what its use opens"),
        }
    }

    /// Classifier of a model.
    pub(crate) fn classifier(
        &self,
        function: &'static str,
        name: &ModelName,
    ) -> Result<Arc<TextClassifier>, Error> {
        let open = |folder: PathBuf| {
            let classifier = with_work!(self, TextClassifier::builder(folder))?;
            Ok(Opened::Classify(Arc::new(classifier)))
        };
        match self.open(function, name, Use::Classify, open)? {
            Opened::Classify(classifier) => Ok(classifier),
            _ => unreachable!("a slot holds what its use opens"),
        }
    }

    /// Masked language model.
    pub(crate) fn masked(
        &self,
        function: &'static str,
        name: &ModelName,
    ) -> Result<Arc<MaskedLm>, Error> {
        let open = |folder: PathBuf| {
            Ok(Opened::FillMask(Arc::new(with_work!(self, MaskedLm::builder(folder))?)))
        };
        match self.open(function, name, Use::FillMask, open)? {
            Opened::FillMask(model) => Ok(model),
            _ => unreachable!("a slot holds what its use opens"),
        }
    }

    /// Index of texts in a folder, with the encoder of its queries. An index has no hash: it is read where the
    /// query is planned, and its hits are part of the plan.
    pub(crate) fn index(&self, folder: &str) -> Result<Arc<TextIndex>, Error> {
        let failed = |source| Error::Search { index: folder.to_owned(), source: Box::new(source) };
        let path = fs_err::canonicalize(folder)
            .map_err(|error| failed(cloze::store::StoreError::Read(error).into()))?;
        let slot = Slot { folder: path.clone(), sha256: String::new(), use_: Use::Search };
        let open = || Ok(Opened::Search(Arc::new(with_work!(self, TextIndex::builder(path))?)));
        let opened = self.once(slot, || open().map_err(failed))?;
        match opened {
            Opened::Search(index) => Ok(index),
            _ => unreachable!("a slot holds what its use opens"),
        }
    }

    fn open(
        &self,
        function: &'static str,
        name: &ModelName,
        use_: Use,
        open: impl FnOnce(PathBuf) -> Result<Opened, cloze::Error>,
    ) -> Result<Opened, Error> {
        let FoundModel { folder, sha256 } = self.find(function, name)?;
        self.once(Slot { folder: folder.clone(), sha256, use_ }, || {
            open(folder).map_err(|source| Error::Model {
                function,
                model: name.name.clone(),
                source: Box::new(source),
            })
        })
    }

    /// Model of a slot; opened by the first who asks, while the others wait.
    fn once(
        &self,
        slot: Slot,
        open: impl FnOnce() -> Result<Opened, Error>,
    ) -> Result<Opened, Error> {
        let slot = lock(&self.0.opened).entry(slot).or_default().clone();
        let mut slot = lock(&slot);
        if let Some(opened) = &*slot {
            return Ok(opened.clone());
        }
        let opened = open()?;
        self.0.loads.fetch_add(1, Ordering::Relaxed);
        *slot = Some(opened.clone());
        Ok(opened)
    }

    fn runtime(&self) -> Result<Runtime, cloze::Error> {
        if let Some(runtime) = &self.0.settings.runtime {
            return Ok(runtime.clone());
        }
        let params = RuntimeParams::default().fetch(self.0.settings.fetch);
        Ok(Runtime::load(&params, &mut |_| {})?)
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.0.gate
    }

    pub(crate) fn max_text_bytes(&self) -> usize {
        self.0.settings.max_text_bytes
    }

    /// Whether functions return the reason why a row failed.
    #[must_use]
    pub fn row_errors(&self) -> bool {
        self.0.settings.row_errors
    }

    /// Unit of the offsets of entities.
    #[must_use]
    pub fn offsets(&self) -> OffsetUnit {
        self.0.settings.offsets
    }

    /// Number of threads that all models compute on.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.0.settings.threads
    }

    pub(crate) fn redact_key(&self) -> Option<&Key> {
        self.0.settings.redact_key.as_ref()
    }

    pub(crate) fn count(&self, texts: usize, failed: usize) {
        self.0.rows.fetch_add(texts as u64, Ordering::Relaxed);
        self.0.failed.fetch_add(failed as u64, Ordering::Relaxed);
    }
}

impl PartialEq for Models {
    /// Whether both are the same registry.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Models {}

impl std::hash::Hash for Models {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

/// A lock, whoever panicked with it: what it holds is replaced as a whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
