//! Settings of a sentence encoder, and opening it with them.
use std::sync::OnceLock;

use cloze_checkpoint::ModelFolder;
use cloze_embed::{Layers, Metric, Pooling, Poolings, truncate};
use cloze_encoder::{Cut, Encoder, EncoderParams, Output};

use super::{DeferredEncoder, SentenceEncoder};
use crate::modules::Pipeline;
use crate::opening::{self, Opening, builder_setters, truncate_setter, window_setters};
use crate::{Error, Task, modules, tasks};

/// Rows of the model that a vector is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum States {
    /// Hidden states, averaged where there are several.
    Layers(Layers),
    /// Rows of the embedding matrix: the same for a token in any text. Special tokens are left out,
    /// since they are the same in every text.
    Static,
}

/// Prompt before every text.
#[derive(Clone, Debug, Default)]
enum Prompt {
    /// Prompt of the folder (`default_prompt_name`), else none.
    #[default]
    OfModel,
    /// Of this name among the folder's.
    Named(String),
    /// This text.
    Text(String),
}

/// Dimensions kept of a vector.
#[derive(Clone, Copy, Debug, Default)]
enum Dims {
    /// As many as the folder says (`truncate_dim`), else all.
    #[default]
    OfModel,
    First(usize),
    All,
}

/// Settings of a [`SentenceEncoder`]. Those that do not fit the model are refused when it is opened.
#[derive(Clone, Debug)]
pub struct SentenceEncoderBuilder {
    opening: Opening,
    pooling: Option<Poolings>,
    states: States,
    normalize: Option<bool>,
    dims: Dims,
    prompt: Prompt,
    route: Option<String>,
    without_modules: bool,
}

impl SentenceEncoderBuilder {
    pub(crate) fn new(opening: Opening) -> Self {
        Self {
            opening,
            pooling: None,
            states: States::Layers(Layers::default()),
            normalize: None,
            dims: Dims::default(),
            prompt: Prompt::default(),
            route: None,
            without_modules: false,
        }
    }

    builder_setters!();
    window_setters!();
    truncate_setter!();

    /// Pooling of token rows into one vector. Default: that of the folder's modules or
    /// `1_Pooling/config.json`, else the mean.
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

    /// Brings vectors to length 1. Default: unless the folder compares by another similarity than the
    /// cosine, and has no `Normalize` as its last module.
    #[must_use]
    pub fn normalize(mut self, normalize: impl Into<Option<bool>>) -> Self {
        self.normalize = normalize.into();
        self
    }

    /// Keeps only the first so many numbers of a vector (`truncate_dim`), for models that were
    /// trained to have the most there; cut before the length is set. Default: as many as the folder
    /// says of a text's vector, else all.
    #[must_use]
    pub fn dims(mut self, dims: impl Into<Option<usize>>) -> Self {
        self.dims = dims.into().map_or(Dims::OfModel, Dims::First);
        self
    }

    /// Keeps all numbers of a vector, whatever the folder says.
    #[must_use]
    pub fn all_dims(mut self) -> Self {
        self.dims = Dims::All;
        self
    }

    /// Text put before every text, for models that were trained with one (`query: `); it counts into
    /// pooling unless the folder says otherwise (`include_prompt`), and has no token or word vectors.
    /// Default: the folder's (`default_prompt_name`), else none.
    #[must_use]
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = Prompt::Text(prompt.into());
        self
    }

    /// Prompt of this name among those of the folder (`prompts`), in place of [`prompt`](Self::prompt).
    #[must_use]
    pub fn prompt_name(mut self, name: impl Into<String>) -> Self {
        self.prompt = Prompt::Named(name.into());
        self
    }

    /// Route of a model that has several (`Router`): `query` or `document`. Default: the model's.
    #[must_use]
    pub fn route(mut self, route: impl Into<Option<String>>) -> Self {
        self.route = route.into();
        self
    }

    /// Leaves out the folder's modules behind the pooling: rows for a head, not vectors to compare.
    pub(crate) fn without_modules(mut self) -> Self {
        self.without_modules = true;
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
    /// [`Error::Checkpoint`] for a route, and [`Error::Model`] for a prompt, that the model does not
    /// have; [`Error::Embed`] for layers that the model does not have, or more `dims` than a vector has.
    pub fn open(self) -> Result<SentenceEncoder, Error> {
        let Self { opening, pooling, states, normalize, dims, prompt, route, without_modules } =
            self;
        let Opening { model, runtime, cancel, work } = opening;
        let mut model = model.find()?;
        if let Some(route) = route {
            model = model.for_task(&route)?;
        }
        let mut states = states;
        if model.is_static() {
            states = static_states(&model, &states)?;
        }
        // A long text is as many windows as it fills, and each token counts once.
        let params = work.over(EncoderParams::new().cut(Cut::Anywhere).stride(Some(0)));
        // The mean of a table's rows has no limit.
        let params = if model.is_static() { params.truncate(false) } else { params };
        let pipeline = modules::read(&model, pooling)?;
        let prompt = prompt.text(&model)?;
        let normalize = match normalize {
            Some(normalize) => normalize,
            None => {
                pipeline.normalized
                    || modules::metric(&model)?.unwrap_or_default() == Metric::Cosine
            }
        };
        let Pipeline { poolings, include_prompt, mut modules, .. } = pipeline;
        let runtime = opening::runtime(runtime)?;
        let (outputs, resolved) = outputs(&model, &states)?;
        if (states == States::Static && !model.is_static()) || without_modules {
            modules.clear();
        }
        let skips_prompt = !include_prompt && !prompt.is_empty();
        let cls_alone =
            poolings == Pooling::Cls.into() && states != States::Static && !skips_prompt;
        let whole = cls_alone.then(|| DeferredEncoder {
            runtime: runtime.clone(),
            outputs: outputs.clone(),
            params: params.clone(),
            opened: OnceLock::new(),
        });
        let first = |output: &Output| match output {
            Output::Hidden(layer) => Output::First(*layer),
            other => *other,
        };
        let read = if cls_alone { outputs.iter().map(first).collect() } else { outputs.clone() };
        let encoder = Encoder::open_for(&runtime, &model, &read, params)
            .map_err(|error| tasks::explain(&model, Task::Embed, error.into()))?;
        let hidden = encoder.width(0).ok_or_else(|| Error::Model {
            path: model.graph_path().to_path_buf(),
            what: "the graph does not say how wide its rows are".into(),
        })?;
        let mut this = SentenceEncoder {
            skip: if skips_prompt { Some(prompt_tokens(&encoder, &prompt)?) } else { None },
            vector_width: modules::width_behind(&model, &modules, poolings.width_out(hidden))?,
            encoder,
            whole,
            poolings,
            modules,
            layers: outputs.len(),
            resolved,
            normalize,
            dims: None,
            piece_dims: None,
            prompt,
            correction: None,
            hidden,
            hash: OnceLock::new(),
            cancel,
            states,
            model,
        };
        // Validated on a vector of zeros: an error now is better than one for every text.
        match dims {
            Dims::First(dims) => {
                truncate(&mut vec![0.0; this.width()], dims)?;
                (this.dims, this.piece_dims) = (Some(dims), Some(dims));
            }
            // More than there are leaves all, as a slice does in the reference.
            Dims::OfModel if this.resolved.is_some() => {
                let dims = this.model.sentence_settings().truncate_dim;
                this.dims = dims.filter(|dims| *dims < this.width());
            }
            Dims::All | Dims::OfModel => {}
        }
        Ok(this)
    }
}

impl Prompt {
    /// Text of the prompt.
    fn text(self, model: &ModelFolder) -> Result<String, Error> {
        Ok(match self {
            Self::Text(text) => text,
            Self::OfModel => model.sentence_settings().default_prompt_text().to_owned(),
            Self::Named(name) => modules::prompt(model, &name)?.to_owned(),
        })
    }
}

/// Rows of a table of vectors: the only ones that it has.
fn static_states(model: &ModelFolder, states: &States) -> Result<States, Error> {
    let known =
        [States::Static, States::Layers(Layers::default()), States::Layers(Layers::parse("0")?)];
    if known.contains(states) {
        return Ok(States::Static);
    }
    let what = "a StaticEmbedding has no layers; expected the default ones".to_owned();
    Err(Error::Model { path: model.file("modules.json").to_path_buf(), what })
}

/// Results that are read of the model, and the layers by number.
fn outputs(model: &ModelFolder, states: &States) -> Result<(Vec<Output>, Option<Layers>), Error> {
    let States::Layers(layers) = states else {
        // Of a table of vectors the rows are all there is, as embeddings are hidden state 0.
        let layers = model.is_static().then(|| Layers::parse("0")).transpose()?;
        return Ok((vec![Output::Words], layers));
    };
    let numbers = layers.resolve(tasks::layer_count(model)?)?;
    let text = numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    Ok((numbers.into_iter().map(Output::Hidden).collect(), Some(Layers::parse(&text)?)))
}

/// Tokens of a prompt in a sequence, those before the text among them. Source:
/// `Transformer._get_prompt_length`: all tokens of the prompt as a text of its own but the last special
/// one.
fn prompt_tokens(encoder: &Encoder, prompt: &str) -> Result<usize, Error> {
    let tokens = encoder.pieces(prompt, 0)?.sequence.ids;
    Ok(tokens.len() - usize::from(tokens.last().is_some_and(|id| encoder.is_special(*id))))
}
