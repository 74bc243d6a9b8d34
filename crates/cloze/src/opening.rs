//! Opening a model: which one, on which runtime, and the settings that all builders share.
use std::path::{Path, PathBuf};

use cloze_checkpoint::{ModelFolder, find_folder};
use cloze_core::Cancel;
use cloze_encoder::{Cut, EncoderParams, Runtime, SharedThreads};
use cloze_store::{Location, MemoryFolder};

use crate::Error;

/// Model to open: a name, a folder on disk or in memory, or one that was opened before.
///
/// Every `open` and `builder` takes one from a `&str`, a path, a [`MemoryFolder`] or a
/// [`ModelFolder`]. Names are looked for as [`ModelFolder::find`] does.
#[derive(Clone, Debug)]
pub struct ModelRef(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Name(String),
    Memory(Location),
    Opened(Box<ModelFolder>),
}

impl ModelRef {
    /// Folder of one that was not opened before.
    ///
    /// # Errors
    /// As [`find_folder`].
    pub(crate) fn folder(&self) -> Result<Option<Location>, Error> {
        Ok(match &self.0 {
            Kind::Name(name) => Some(find_folder(name)?.into()),
            Kind::Memory(folder) => Some(folder.clone()),
            Kind::Opened(_) => None,
        })
    }

    /// Finds the model.
    ///
    /// # Errors
    /// As [`ModelFolder::find`].
    pub fn find(self) -> Result<ModelFolder, Error> {
        match self.0 {
            Kind::Name(name) => Ok(ModelFolder::find(&name)?),
            Kind::Memory(folder) => Ok(ModelFolder::open(folder)?),
            Kind::Opened(model) => Ok(*model),
        }
    }
}

impl From<&str> for ModelRef {
    fn from(name: &str) -> Self {
        Self(Kind::Name(name.to_owned()))
    }
}

impl From<&String> for ModelRef {
    fn from(name: &String) -> Self {
        name.as_str().into()
    }
}

impl From<String> for ModelRef {
    fn from(name: String) -> Self {
        Self(Kind::Name(name))
    }
}

impl From<&Path> for ModelRef {
    fn from(folder: &Path) -> Self {
        folder.to_string_lossy().into_owned().into()
    }
}

impl From<&PathBuf> for ModelRef {
    fn from(folder: &PathBuf) -> Self {
        folder.as_path().into()
    }
}

impl From<PathBuf> for ModelRef {
    fn from(folder: PathBuf) -> Self {
        folder.as_path().into()
    }
}

impl From<Location> for ModelRef {
    fn from(folder: Location) -> Self {
        if folder.is_in_memory() { Self(Kind::Memory(folder)) } else { folder.to_path_buf().into() }
    }
}

impl From<MemoryFolder> for ModelRef {
    fn from(folder: MemoryFolder) -> Self {
        folder.root().into()
    }
}

impl From<&MemoryFolder> for ModelRef {
    fn from(folder: &MemoryFolder) -> Self {
        folder.root().into()
    }
}

impl From<ModelFolder> for ModelRef {
    fn from(model: ModelFolder) -> Self {
        Self(Kind::Opened(model.into()))
    }
}

/// The settings that builders share: [`builder_setters`] and [`window_setters`] set them.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) model: ModelRef,
    pub(crate) runtime: Option<Runtime>,
    pub(crate) cancel: Cancel,
    pub(crate) work: Work,
}

/// Settings of the encoder beneath that were asked for; the others keep the defaults of the task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Work {
    pub(crate) threads: Option<usize>,
    pub(crate) shared_threads: Option<SharedThreads>,
    pub(crate) batch_tokens: Option<usize>,
    pub(crate) window: Option<usize>,
    pub(crate) stride: Option<usize>,
    pub(crate) cut: Option<Cut>,
    pub(crate) truncate: bool,
    pub(crate) cancel: Option<Cancel>,
}

impl Work {
    /// The encoder's settings over a task's `defaults`.
    pub(crate) fn over(self, defaults: EncoderParams) -> EncoderParams {
        let params = defaults.threads(self.threads).window(self.window).truncate(self.truncate);
        let params = params.shared_threads(self.shared_threads).cancel(self.cancel);
        let params = self.batch_tokens.into_iter().fold(params, EncoderParams::batch_tokens);
        let params =
            self.stride.into_iter().fold(params, |params, stride| params.stride(Some(stride)));
        self.cut.into_iter().fold(params, EncoderParams::cut)
    }
}

impl Opening {
    pub(crate) fn new(model: ModelRef) -> Self {
        Self { model, runtime: None, cancel: Cancel::new(), work: Work::default() }
    }
}

/// The runtime that was given, or else the one of the process.
pub(crate) fn runtime(given: Option<Runtime>) -> Result<Runtime, Error> {
    match given {
        Some(runtime) => Ok(runtime),
        None => Ok(Runtime::shared()?),
    }
}

/// Setters of a builder with a field `opening`, an [`Opening`].
macro_rules! builder_setters {
    () => {
        /// ONNX Runtime to run on. Default: the one of the process, found at the first use and never
        /// downloaded.
        #[must_use]
        pub fn runtime(mut self, runtime: cloze_encoder::Runtime) -> Self {
            self.opening.runtime = Some(runtime);
            self
        }

        /// Worker threads, as [`EncoderParams::threads`](cloze_encoder::EncoderParams::threads).
        /// Default: the cores that the process may use.
        #[must_use]
        pub fn threads(mut self, threads: impl Into<Option<usize>>) -> Self {
            self.opening.work.threads = threads.into();
            self
        }

        /// Threads shared with other models, as
        /// [`EncoderParams::shared_threads`](cloze_encoder::EncoderParams::shared_threads). Default:
        /// none are shared.
        #[must_use]
        pub fn shared_threads(
            mut self,
            threads: impl Into<Option<cloze_encoder::SharedThreads>>,
        ) -> Self {
            self.opening.work.shared_threads = threads.into();
            self
        }

        /// Most tokens in a batch, as
        /// [`EncoderParams::batch_tokens`](cloze_encoder::EncoderParams::batch_tokens). Default `512`.
        #[must_use]
        pub fn batch_tokens(mut self, tokens: usize) -> Self {
            self.opening.work.batch_tokens = Some(tokens);
            self
        }

        /// Token that stops calls with many texts; they look at it between chunks of 1 MiB of text.
        /// Default: none.
        #[must_use]
        pub fn cancel(mut self, cancel: cloze_core::Cancel) -> Self {
            self.opening.work.cancel = Some(cancel.clone());
            self.opening.cancel = cancel;
            self
        }
    };
}

/// Setters for texts that are longer than the model takes.
macro_rules! window_setters {
    () => {
        /// Most tokens of a window, without special tokens. Default: the model's limit.
        #[must_use]
        pub fn window(mut self, tokens: impl Into<Option<usize>>) -> Self {
            self.opening.work.window = tokens.into();
            self
        }

        /// Tokens that neighbouring windows share, as
        /// [`EncoderParams::stride`](cloze_encoder::EncoderParams::stride).
        #[must_use]
        pub fn stride(mut self, tokens: impl Into<Option<usize>>) -> Self {
            self.opening.work.stride = tokens.into();
            self
        }

        /// Cut of texts longer than a window.
        #[must_use]
        pub fn cut(mut self, cut: cloze_encoder::Cut) -> Self {
            self.opening.work.cut = Some(cut);
            self
        }
    };
}

/// Setter for texts of which only the beginning is to be seen.
macro_rules! truncate_setter {
    () => {
        /// Sees only the first window of a text that is longer than the model takes. Default `false`: a
        /// long text goes through several windows.
        #[must_use]
        pub fn truncate(mut self, truncate: bool) -> Self {
            self.opening.work.truncate = truncate;
            self
        }
    };
}

pub(crate) use {builder_setters, truncate_setter, window_setters};
