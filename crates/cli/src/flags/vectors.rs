//! Flags of the commands that make vectors.
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use cloze::embed::correction::{FittedCorrection, Method};
use cloze::embed::{Layers, Poolings};
use cloze::{SentenceEncoder, States};

use crate::cli::CommonFlags;
use crate::flags::find_model;
use crate::flags::work::WorkFlags;
use crate::terminal::messages::Messages;

/// Default model of vectors.
pub(crate) const VECTOR_MODEL: &str = "minilm-l6-v2";

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
    /// Prompt put before every text
    #[arg(
        long,
        default_value = "",
        value_name = "TEXT",
        hide_default_value = true,
        help_heading = "Model"
    )]
    pub(crate) prompt: String,

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
    /// Truncate vectors to their first N dimensions
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
            .normalize(!self.no_normalize)
            .dims(self.truncate_dim)
            .prompt(self.prompt.clone());
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
