//! Whether a text follows another, by a checkpoint's own head for it.
use cloze_checkpoint::Head;
use cloze_core::Cancel;
use cloze_encoder::{Encoder, EncoderParams, EncodingCounts, Output, PairCut, Sequence};
use cloze_heads::next_sentence::is_next;

use crate::opening::{self, Opening, builder_setters};
use crate::{Error, ModelRef, Task, batch, tasks};

/// Checkpoint with a head for next-sentence prediction, such as BERT's of pre-training. RoBERTa and
/// its descendants have none; [`Scorer::gains`](crate::Scorer::gains) asks a masked language model.
/// It can be shared between threads.
#[derive(Debug)]
pub struct NextSentence {
    encoder: Encoder,
    cut: PairCut,
    name: String,
    cancel: Cancel,
}

/// Settings of a [`NextSentence`].
#[derive(Clone, Debug)]
pub struct NextSentenceBuilder {
    opening: Opening,
    cut: PairCut,
}

impl NextSentenceBuilder {
    builder_setters!();

    /// Most tokens of both texts, without special tokens. Default: the model's limit.
    #[must_use]
    pub fn window(mut self, tokens: impl Into<Option<usize>>) -> Self {
        self.opening.work.window = tokens.into();
        self
    }

    /// Text that is cut of a pair longer than the model takes. Default [`PairCut::Longest`].
    #[must_use]
    pub fn cut(mut self, cut: PairCut) -> Self {
        self.cut = cut;
        self
    }

    /// Opens the model with these settings.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a model that is not found, a folder or settings that the encoder cannot
    /// use, where no runtime is given and there is none, and for a model without such a head, by its
    /// name.
    pub fn open(self) -> Result<NextSentence, Error> {
        let Self { opening, cut } = self;
        let Opening { model, runtime, cancel, work } = opening;
        let model = model.find()?;
        let runtime = opening::runtime(runtime)?;
        let outputs = [Output::Head(Head::NextSentence)];
        let params = work.over(EncoderParams::new());
        let encoder = Encoder::open_for(&runtime, &model, &outputs, params)
            .map_err(|error| tasks::explain(&model, Task::NextSentence, error.into()))?;
        Ok(NextSentence { encoder, cut, name: model.name(), cancel })
    }
}

impl NextSentence {
    /// Opens a model with default settings: [`builder`](Self::builder) has others.
    ///
    /// # Errors
    /// As [`NextSentenceBuilder::open`].
    pub fn open(model: impl Into<ModelRef>) -> Result<Self, Error> {
        Self::builder(model).open()
    }

    /// Settings of a model for next sentences.
    #[must_use]
    pub fn builder(model: impl Into<ModelRef>) -> NextSentenceBuilder {
        NextSentenceBuilder { opening: Opening::new(model.into()), cut: PairCut::default() }
    }

    /// Name of the model.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Work done so far.
    #[must_use]
    pub fn counts(&self) -> EncodingCounts {
        self.encoder.counts()
    }

    /// Probability that `second` follows `first`.
    ///
    /// # Errors
    /// As [`Encoder::map_pairs`]; [`Error::Head`] where the model gives no numbers.
    pub fn is_next(&self, first: &str, second: &str) -> Result<f64, Error> {
        batch::only(self.is_next_batch(&[(first, second)])?)
    }

    /// Probability of each pair that its second text follows the first: the same as of
    /// [`is_next`](Self::is_next), bit for bit. An error in one pair affects only that pair.
    ///
    /// # Errors
    /// [`Error::Encoder`] from running; [`Error::Cancelled`].
    pub fn is_next_batch<A: AsRef<str>, B: AsRef<str>>(
        &self,
        pairs: &[(A, B)],
    ) -> Result<Vec<Result<f64, Error>>, Error> {
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(a, b)| (a.as_ref(), b.as_ref())).collect();
        batch::in_chunks(&pairs, &self.cancel, batch::pair_size, |pairs| {
            batch::isolate(pairs, |pairs| {
                let reduce = |window: &cloze_encoder::WindowStates<'_>| is_next(window.rows(0));
                let probabilities = self.encoder.map_pairs(pairs, self.cut, reduce)?;
                probabilities.into_iter().map(|probability| Ok(probability?)).collect()
            })
        })
    }

    /// Probabilities of a stream of pairs, in order, in memory that the longest pair bounds. An error
    /// that is not of one pair is the last item.
    pub fn is_next_iter<'a, I, A, B>(
        &'a self,
        pairs: I,
    ) -> impl Iterator<Item = Result<f64, Error>> + 'a
    where
        I: IntoIterator<Item = (A, B)> + 'a,
        A: AsRef<str> + 'a,
        B: AsRef<str> + 'a,
    {
        batch::stream(pairs, batch::pair_size, |pairs| self.is_next_batch(pairs))
    }

    /// Probabilities of pairs that are put together already.
    ///
    /// # Errors
    /// As [`Encoder::map_sequences`]; [`Error::Head`] where the model gives no numbers. Then no pair has
    /// a result.
    pub fn is_next_of(&self, pairs: &[Sequence]) -> Result<Vec<f64>, Error> {
        let probabilities = self.encoder.map_sequences(pairs, |window| is_next(window.rows(0)))?;
        probabilities.into_iter().map(|probability| Ok(probability?)).collect()
    }
}
