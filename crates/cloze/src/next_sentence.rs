//! Whether a text goes on from another, by a checkpoint's own head for it.
use cloze_checkpoint::{Head, ModelFolder};
use cloze_encoder::{
    Counts, Encoder, EncoderParams, Output, PairCut, Runtime, RuntimeParams, Sequence,
};
use cloze_heads::next_sentence::is_next;

use crate::Error;

/// A checkpoint with a head for next-sentence prediction, such as BERT's of pre-training. RoBERTa and
/// what came of it have none; [`Scorer::gains`](crate::Scorer::gains) asks a masked language model.
#[derive(Debug)]
pub struct NextSentence {
    encoder: Encoder,
    cut: PairCut,
    name: String,
}

impl NextSentence {
    /// Opens the model in a folder, or of that name, with default settings.
    ///
    /// # Errors
    /// As [`open_with`](Self::open_with); and from finding ONNX Runtime, the `Runtime…` errors of
    /// [`EncoderError`](cloze_encoder::EncoderError).
    pub fn open(name: &str) -> Result<Self, Error> {
        let runtime = Runtime::load(&RuntimeParams::default(), &mut |_| {})?;
        let model = ModelFolder::find(name)?;
        Self::open_with(&runtime, &model, PairCut::default(), EncoderParams::new())
    }

    /// Opens a model with these settings; `cut` is for pairs longer than it takes.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a folder or settings that the encoder cannot use, and for a model without
    /// such a head, by its name.
    pub fn open_with(
        runtime: &Runtime,
        model: &ModelFolder,
        cut: PairCut,
        params: EncoderParams,
    ) -> Result<Self, Error> {
        let outputs = [Output::Head(Head::NextSentence)];
        let encoder = Encoder::open_for(runtime, model, &outputs, params)?;
        Ok(Self { encoder, cut, name: model.name() })
    }

    /// The model's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The work done so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.encoder.counts()
    }

    /// The probability of each pair that its second text follows the first.
    ///
    /// # Errors
    /// As [`Encoder::map_pairs`]; [`Error::Head`] where the model gives no numbers. Then no pair has a
    /// result.
    pub fn is_next(&self, pairs: &[(&str, &str)]) -> Result<Vec<f64>, Error> {
        let found = self.encoder.map_pairs(pairs, self.cut, |window| is_next(window.rows(0)))?;
        found.into_iter().map(|probability| Ok(probability?)).collect()
    }

    /// Likewise of pairs that are put together already.
    ///
    /// # Errors
    /// As [`Encoder::map_sequences`]; else as [`is_next`](Self::is_next).
    pub fn is_next_of(&self, pairs: &[Sequence]) -> Result<Vec<f64>, Error> {
        let found = self.encoder.map_sequences(pairs, |window| is_next(window.rows(0)))?;
        found.into_iter().map(|probability| Ok(probability?)).collect()
    }
}
