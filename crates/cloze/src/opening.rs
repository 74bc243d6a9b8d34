//! Opening a model: which one, on which runtime, and the settings that all builders share.
use std::path::{Path, PathBuf};

use cloze_checkpoint::ModelFolder;
use cloze_core::Cancel;
use cloze_encoder::{EncoderParams, Runtime, RuntimeParams};

use crate::Error;

/// Model to open: a name, a folder, or one that was opened before.
///
/// Every `open` and `builder` takes one from a `&str`, a path or a [`ModelFolder`]. Names are looked
/// for as [`ModelFolder::find`] does.
#[derive(Clone, Debug)]
pub struct ModelRef(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Name(String),
    Opened(Box<ModelFolder>),
}

impl ModelRef {
    /// Finds the model.
    ///
    /// # Errors
    /// As [`ModelFolder::find`].
    pub fn find(self) -> Result<ModelFolder, Error> {
        match self.0 {
            Kind::Name(name) => Ok(ModelFolder::find(&name)?),
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

impl From<ModelFolder> for ModelRef {
    fn from(model: ModelFolder) -> Self {
        Self(Kind::Opened(model.into()))
    }
}

/// The settings that every builder has: [`builder_setters`] sets them.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) model: ModelRef,
    pub(crate) runtime: Option<Runtime>,
    pub(crate) encoder: EncoderParams,
    pub(crate) cancel: Cancel,
}

impl Opening {
    pub(crate) fn new(model: impl Into<ModelRef>) -> Self {
        let (encoder, cancel) = (EncoderParams::new(), Cancel::new());
        Self { model: model.into(), runtime: None, encoder, cancel }
    }
}

/// The runtime that was given, or else the one of the process.
pub(crate) fn runtime(given: Option<Runtime>) -> Result<Runtime, Error> {
    match given {
        Some(runtime) => Ok(runtime),
        None => Ok(Runtime::load(&RuntimeParams::default().offline(true), &mut |_| {})?),
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
            self.opening.encoder = self.opening.encoder.threads(threads.into());
            self
        }

        /// Most tokens in a batch, as
        /// [`EncoderParams::batch_tokens`](cloze_encoder::EncoderParams::batch_tokens). Default `512`.
        #[must_use]
        pub fn batch_tokens(mut self, tokens: usize) -> Self {
            self.opening.encoder = self.opening.encoder.batch_tokens(tokens);
            self
        }

        /// Token that stops calls with many texts; they look at it between chunks of 1 MiB of text.
        /// Default: none.
        #[must_use]
        pub fn cancel(mut self, cancel: cloze_core::Cancel) -> Self {
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
            self.opening.encoder = self.opening.encoder.window(tokens.into());
            self
        }

        /// Tokens that neighbouring windows share, as
        /// [`EncoderParams::stride`](cloze_encoder::EncoderParams::stride).
        #[must_use]
        pub fn stride(mut self, tokens: impl Into<Option<usize>>) -> Self {
            self.opening.encoder = self.opening.encoder.stride(tokens.into());
            self
        }

        /// Where texts longer than a window are cut.
        #[must_use]
        pub fn cut(mut self, cut: cloze_encoder::Cut) -> Self {
            self.opening.encoder = self.opening.encoder.cut(cut);
            self
        }
    };
}

pub(crate) use {builder_setters, window_setters};
