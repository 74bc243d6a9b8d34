//! Models that score whether one text follows another.
use cloze::batch::isolate;
use cloze::encoder::PairCut;
use cloze::{Gain, NextSentence, Scorer};
use cloze_encoder::EncoderError;
use cloze_graph::GraphError;
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::next_sentence::args::{NextMethodArg, NextSentenceArgs};
use crate::flags::find_model;
use crate::terminal::messages::Messages;

pub(super) enum ContinuationModel {
    /// Next-sentence head.
    Head(Box<NextSentence>),
    /// Gain in likelihood of the second text from the first.
    Gain(Box<Scorer>, PairCut),
}

/// Prediction for a pair.
#[derive(Clone, Copy, Serialize)]
#[serde(untagged)]
pub(super) enum Continuation {
    Head {
        is_next: f64,
    },
    Gain {
        /// Gain per token; `None` if the second text has no token.
        gain: Option<f64>,
        /// Sum of the log-probabilities of the second text's tokens after the first text.
        pll_behind: f64,
        /// Sum of the log-probabilities of the second text's tokens without the first text.
        pll_alone: f64,
        /// Number of scored tokens of the second text.
        tokens: usize,
        /// Whether the pair was longer than the model's limit, and truncated.
        cut: bool,
    },
}

impl Continuation {
    fn of_gain(gain: Gain) -> Self {
        Self::Gain {
            gain: gain.per_token(),
            pll_behind: gain.behind,
            pll_alone: gain.alone,
            tokens: gain.tokens,
            cut: gain.cut,
        }
    }
}

impl ContinuationModel {
    pub(super) fn open(
        common: &CommonFlags,
        args: &NextSentenceArgs,
        messages: &Messages,
    ) -> anyhow::Result<Self> {
        let cut = args.cut.value();
        if args.method == NextMethodArg::Mlm {
            let (scorer, _) = args.scorer.open(args.masking.value(), common, messages)?;
            return Ok(Self::Gain(Box::new(scorer), cut));
        }
        if args.masking.value() != cloze::heads::score::Masking::Token {
            anyhow::bail!("--within-word is for --method mlm");
        }
        let model = find_model(&args.scorer.model, messages)?;
        let work = &args.scorer.work;
        let opened = NextSentence::builder(model)
            .threads(work.threads)
            .batch_tokens(work.batch_tokens)
            .cut(cut)
            .runtime(common.load_runtime(messages)?)
            .open();
        let hint = "hint: --method mlm scores with a masked language model instead";
        match opened {
            Err(
                error @ (cloze::Error::WrongTask { .. }
                | cloze::Error::Encoder(
                    EncoderError::Graph(GraphError::Request { .. })
                    | EncoderError::GraphOutput { .. },
                )),
            ) => {
                anyhow::bail!("{:#}\n{hint}", anyhow::Error::from(error))
            }
            opened => Ok(Self::Head(Box::new(opened?))),
        }
    }

    /// Returns the prediction for each pair.
    pub(super) fn predict(
        &self,
        pairs: &[(&str, &str)],
    ) -> Result<Vec<Result<Continuation, cloze::Error>>, cloze::Error> {
        match self {
            Self::Head(model) => {
                let continuation = model.is_next_batch(pairs)?.into_iter();
                Ok(continuation
                    .map(|is_next| Ok(Continuation::Head { is_next: is_next? }))
                    .collect())
            }
            Self::Gain(scorer, cut) => {
                let gains = isolate(pairs, |pairs| scorer.gains(pairs, *cut))?.into_iter();
                Ok(gains.map(|gain| gain.map(Continuation::of_gain)).collect())
            }
        }
    }

    /// Number of truncated pairs, if results do not have it.
    pub(super) fn cut(&self) -> Option<u64> {
        match self {
            Self::Head(model) => Some(model.counts().truncated),
            Self::Gain(..) => None,
        }
    }
}

impl Continuation {
    /// Returns the probability, or the gain per token.
    pub(super) fn figure(self) -> Option<f64> {
        match self {
            Self::Head { is_next } => Some(is_next),
            Self::Gain { gain, .. } => gain,
        }
    }

    pub(super) fn was_cut(self) -> bool {
        matches!(self, Self::Gain { cut: true, .. })
    }
}
