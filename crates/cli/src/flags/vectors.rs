//! Flags of the commands that make vectors.
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use cloze::checkpoint::sentence::Modules;
use cloze::embed::correction::{FittedCorrection, Method};
use cloze::embed::{Layers, Metric, Poolings};
use cloze::{ModelFolder, SentenceEncoder, States, modules};

use crate::cli::CommonFlags;
use crate::flags::find_model;
use crate::flags::work::WorkFlags;
use crate::terminal::messages::Messages;

/// Default model of vectors.
pub(crate) const VECTOR_MODEL: &str = "minilm-l6-v2";

/// Returns the metric that was given, or else the model's own.
pub(crate) fn metric(given: Option<Metric>, model: &ModelFolder) -> anyhow::Result<Metric> {
    Ok(match given {
        Some(metric) => metric,
        None => modules::metric(model)?.unwrap_or_default(),
    })
}

/// Settings of vectors.
#[derive(Args, Clone)]
pub(crate) struct VectorFlags {
    /// Model, by name or folder
    #[arg(short, long, default_value = VECTOR_MODEL, value_name = "NAME|DIR", help_heading = "Model")]
    pub(crate) model: String,
    #[command(flatten)]
    pub(crate) work: WorkFlags,
    /// Truncate texts longer than the model takes; by default they go through several windows, whose
    /// vectors are averaged
    #[arg(long, help_heading = "Model")]
    pub(crate) truncate: bool,
    /// Prompt put before every text [default: the model's own, else none]
    #[arg(long, value_name = "TEXT", conflicts_with = "prompt_name", help_heading = "Model")]
    pub(crate) prompt: Option<String>,
    /// Prompt of this name among the model's (prompts of its `config_sentence_transformers.json`)
    #[arg(long, value_name = "NAME", help_heading = "Model")]
    pub(crate) prompt_name: Option<String>,
    /// Route of a model that has several, such as query and document [default: the model's own]
    #[arg(long, value_name = "NAME", help_heading = "Model")]
    pub(crate) route: Option<String>,

    /// Pooling of token vectors: cls, mean, max, mean-sqrt-len, weighted-mean, last-token, or
    /// several, joined [default: the model's own, else mean]
    #[arg(long, alias = "pool", value_name = "HOW", value_parser = Poolings::parse, help_heading = "Vectors")]
    pub(crate) pooling: Option<Poolings>,
    /// Hidden states to average: -1 is the last, 0 the embeddings; -1,-2,-3,-4; first+last; all
    #[arg(long, default_value = "-1", value_name = "LAYERS", value_parser = Layers::parse, allow_hyphen_values = true, help_heading = "Vectors")]
    pub(crate) layers: Layers,
    /// Use static word embeddings (the embedding matrix) in place of hidden states
    #[arg(long = "static", conflicts_with_all = ["layers", "zscore"], help_heading = "Vectors")]
    pub(crate) statics: bool,
    /// Correction saved by `cloze zscore fit`
    #[arg(long, alias = "correction-file", value_name = "FILE", help_heading = "Vectors")]
    pub(crate) zscore: Option<PathBuf>,
    /// Truncate vectors to their first N dimensions [default: the model's own, else all]
    #[arg(long, value_name = "N", help_heading = "Vectors")]
    pub(crate) truncate_dim: Option<usize>,
    /// Do not normalize vectors to length 1
    #[arg(long, help_heading = "Vectors")]
    pub(crate) no_normalize: bool,
}

impl VectorFlags {
    /// Opens the encoder that these flags choose.
    pub(crate) fn open(
        &self,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<SentenceEncoder> {
        let encoder = self.open_uncorrected(common, messages)?;
        Ok(match &self.zscore {
            Some(path) => {
                let correction = FittedCorrection::open(path)?;
                let refused = || format!("{}: not for these vectors", path.display());
                encoder.with_correction(correction).with_context(refused)?
            }
            None => encoder,
        })
    }

    /// Opens the encoder without the correction: to fit one, or to compare several.
    pub(crate) fn open_uncorrected(
        &self,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<SentenceEncoder> {
        let states =
            if self.statics { States::Static } else { States::Layers(self.layers.clone()) };
        self.open_states(states, common, messages)
    }

    /// Returns these flags for texts and for queries of a search. Where no prompt or route is chosen, the
    /// model's own count, as sentence-transformers' `encode_document` and `encode_query` take them.
    pub(crate) fn of_search(
        &self,
        query_prompt: Option<&String>,
        messages: &Messages,
    ) -> anyhow::Result<(Self, Self)> {
        let model = ModelFolder::find(&self.model)?;
        let (mut texts, mut queries) = (self.clone(), self.clone());
        let routes = model.modules().map(Modules::routes).unwrap_or_default();
        let settings = model.sentence_settings();
        let prompt = |task| settings.prompt(task).unwrap_or_default();
        let prompts = ["document", "query"].map(prompt);
        let named = self.prompt.is_none() && self.prompt_name.is_none() && prompts != ["", ""];
        for (flags, task, prompt) in
            [(&mut texts, "document", prompts[0]), (&mut queries, "query", prompts[1])]
        {
            if self.route.is_none() && routes.iter().any(|route| route == task) {
                flags.route = Some(task.to_owned());
            }
            if named {
                flags.prompt = Some(prompt.to_owned());
            }
        }
        if named {
            let [document, query] = prompts;
            messages.note(&format!(
                "prompts of the model: {document:?} before texts, {query:?} before queries"
            ));
        }
        if let Some(prompt) = query_prompt {
            (queries.prompt, queries.prompt_name) = (Some(prompt.clone()), None);
        }
        Ok((texts, queries))
    }

    /// Returns the prompt that these flags choose for a model.
    pub(crate) fn prompt_of(&self, model: &ModelFolder) -> anyhow::Result<String> {
        Ok(match (&self.prompt, &self.prompt_name) {
            (Some(prompt), _) => prompt.clone(),
            (None, Some(name)) => modules::prompt(model, name)?.to_owned(),
            (None, None) => model.sentence_settings().default_prompt_text().to_owned(),
        })
    }

    /// Opens the encoder for other layers than `--layers`.
    pub(crate) fn open_states(
        &self,
        states: States,
        common: &CommonFlags,
        messages: &Messages,
    ) -> anyhow::Result<SentenceEncoder> {
        let model = find_model(&self.model, messages)?;
        let builder = SentenceEncoder::builder(model)
            .threads(self.work.threads)
            .batch_tokens(self.work.batch_tokens)
            .truncate(self.truncate)
            .pooling(self.pooling.clone())
            .states(states)
            .normalize(self.no_normalize.then_some(false))
            .dims(self.truncate_dim)
            .route(self.route.clone());
        let builder = match (&self.prompt, &self.prompt_name) {
            (Some(prompt), _) => builder.prompt(prompt.clone()),
            (None, Some(name)) => builder.prompt_name(name.clone()),
            (None, None) => builder,
        };
        Ok(builder.runtime(common.load_runtime(messages)?).open()?)
    }
}

/// A correction to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CorrectionArg {
    /// No correction
    None,
    /// Z-score: each dimension to mean 0 and variance 1
    Zscore,
    /// Whitening: the covariance becomes the identity
    Whitening,
    /// All-but-the-top: without the directions of largest variance
    AllButTheTop,
}

impl CorrectionArg {
    /// Returns the method, with these settings.
    pub(crate) fn method(self, dims: Option<usize>, directions: Option<usize>) -> Option<Method> {
        Some(match self {
            Self::None => return None,
            Self::Zscore => Method::ZScore,
            Self::Whitening => Method::Whitening { dims },
            Self::AllButTheTop => Method::AllButTheTop { directions },
        })
    }
}
