//! Settings of a sentence encoder, and opening it with them.
use std::sync::OnceLock;

use cloze_embed::{Layers, Pooling, Poolings, truncate};
use cloze_encoder::{Cut, Encoder, EncoderParams, Output};

use super::{DeferredEncoder, SentenceEncoder};
use crate::opening::{self, Opening, builder_setters, truncate_setter, window_setters};
use crate::{Error, modules};

/// Rows of the model that a vector is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum States {
    /// Hidden states, averaged where there are several.
    Layers(Layers),
    /// Rows of the embedding matrix: the same for a token in any text. Special tokens are left out,
    /// since they are the same in every text.
    Static,
}

/// Settings of a [`SentenceEncoder`]. Those that do not fit the model are refused when it is opened.
#[derive(Clone, Debug)]
pub struct SentenceEncoderBuilder {
    opening: Opening,
    pooling: Option<Poolings>,
    states: States,
    normalize: bool,
    dims: Option<usize>,
    prompt: String,
}

impl SentenceEncoderBuilder {
    pub(crate) fn new(opening: Opening) -> Self {
        Self {
            opening,
            pooling: None,
            states: States::Layers(Layers::default()),
            normalize: true,
            dims: None,
            prompt: String::new(),
        }
    }

    builder_setters!();
    window_setters!();
    truncate_setter!();

    /// Pooling of token rows into one vector. Default: that of the folder's `1_Pooling/config.json`,
    /// else the mean.
    #[must_use]
    pub fn pooling(mut self, pooling: impl Into<Option<Poolings>>) -> Self {
        self.pooling = pooling.into();
        self
    }

    /// Rows of the model to pool. Default: the last hidden state.
    #[must_use]
    pub fn states(mut self, states: States) -> Self {
        self.states = states;
        self
    }

    /// Brings vectors to length 1. Default `true`.
    #[must_use]
    pub fn normalize(mut self, normalize: bool) -> Self {
        self.normalize = normalize;
        self
    }

    /// Keeps only the first so many numbers of a vector (`truncate_dim`), for models that were
    /// trained to have the most there; cut before the length is set. Default: all.
    #[must_use]
    pub fn dims(mut self, dims: impl Into<Option<usize>>) -> Self {
        self.dims = dims.into();
        self
    }

    /// Text put before every text, for models that were trained with one (`query: `); it counts into
    /// pooling, but has no token or word vectors. Default: none.
    #[must_use]
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = prompt.into();
        self
    }

    /// Takes runtime, token, threads and batches of another builder.
    pub(crate) fn work_of(mut self, other: Opening) -> Self {
        let Opening { runtime, cancel, work, .. } = other;
        (self.opening.runtime, self.opening.cancel) = (runtime, cancel);
        self.opening.work.threads = work.threads;
        self.opening.work.batch_tokens = work.batch_tokens;
        self
    }

    /// Opens the model with these settings.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a model that is not found, a folder or settings that the encoder cannot
    /// use, and where no runtime is given and there is none; [`Error::Model`] and
    /// [`Error::Settings`] for files of sentence-transformers that cannot be followed;
    /// [`Error::Embed`] for layers that the model does not have, or more `dims` than a vector has.
    pub fn open(self) -> Result<SentenceEncoder, Error> {
        let Self { opening, pooling, states, normalize, dims, prompt } = self;
        let Opening { model, runtime, cancel, work } = opening;
        let model = model.find()?;
        // A long text is as many windows as it fills, and each token counts once.
        let encoder = work.over(EncoderParams::new().cut(Cut::Anywhere).stride(Some(0)));
        let poolings = match pooling {
            Some(poolings) => poolings,
            None => modules::poolings(&model)?,
        };
        let runtime = opening::runtime(runtime)?;
        let (outputs, resolved) = match &states {
            States::Static => (vec![Output::Words], None),
            States::Layers(layers) => {
                let path = || model.folder().join("config.json");
                let count = model.layers().ok_or_else(|| Error::Model {
                    path: path().to_path_buf(),
                    what: "no num_hidden_layers, so layers cannot be counted".into(),
                })?;
                let numbers = layers.resolve(count)?;
                let text = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
                let outputs: Vec<_> = numbers.into_iter().map(Output::Hidden).collect();
                (outputs, Some(Layers::parse(&text)?))
            }
        };
        let first = |output: &Output| match output {
            Output::Hidden(layer) => Output::First(*layer),
            other => *other,
        };
        let cls_alone = poolings == Pooling::Cls.into() && states != States::Static;
        let whole = cls_alone.then(|| DeferredEncoder {
            runtime: runtime.clone(),
            outputs: outputs.clone(),
            params: encoder.clone(),
            opened: OnceLock::new(),
        });
        let read = if cls_alone { outputs.iter().map(first).collect() } else { outputs.clone() };
        let encoder = Encoder::open_for(&runtime, &model, &read, encoder)?;
        let hidden = encoder.width(0).ok_or_else(|| Error::Model {
            path: model.graph_path().to_path_buf(),
            what: "the graph does not say how wide its rows are".into(),
        })?;
        let mut this = SentenceEncoder {
            encoder,
            whole,
            model,
            poolings,
            states,
            layers: outputs.len(),
            resolved,
            normalize,
            dims: None,
            prompt,
            correction: None,
            hidden,
            hash: OnceLock::new(),
            cancel,
        };
        // Validated on a vector of zeros: an error now is better than one for every text.
        if let Some(dims) = dims {
            truncate(&mut vec![0.0; this.width()], dims)?;
            this.dims = Some(dims);
        }
        Ok(this)
    }
}
