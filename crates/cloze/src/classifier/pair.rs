//! Pairs of texts to labels.
use cloze_encoder::PairCut;
use cloze_heads::classify::Prediction;

use super::InputClassifier;
use crate::opening::{Opening, builder_setters};
use crate::{Error, Input, ModelRef, batch};

/// Classifier of pairs of texts: by a head that was fitted on pairs, or by a checkpoint's own head for
/// sequences, which sees both texts at once. It can be shared between threads.
#[derive(Debug)]
pub struct PairClassifier(InputClassifier);

/// Settings of a [`PairClassifier`].
#[derive(Clone, Debug)]
pub struct PairClassifierBuilder {
    opening: Opening,
    cut: PairCut,
}

impl PairClassifierBuilder {
    builder_setters!();

    /// Most tokens of both texts of a pair, without special tokens. For checkpoints; a head that was
    /// fitted does as it was trained. Default: the model's limit.
    #[must_use]
    pub fn window(mut self, tokens: impl Into<Option<usize>>) -> Self {
        self.opening.work.window = tokens.into();
        self
    }

    /// Text that is cut of a pair longer than the model takes. For checkpoints, likewise. Default
    /// [`PairCut::Longest`].
    #[must_use]
    pub fn cut(mut self, cut: PairCut) -> Self {
        self.cut = cut;
        self
    }

    /// Opens the model with these settings.
    ///
    /// # Errors
    /// [`Error::TakesTexts`] for a head of single texts; else as
    /// [`TextClassifierBuilder::open`](super::TextClassifierBuilder::open).
    pub fn open(self) -> Result<PairClassifier, Error> {
        PairClassifier::of(self.opening, self.cut)
    }
}

impl PairClassifier {
    pub(crate) fn of(opening: Opening, cut: PairCut) -> Result<Self, Error> {
        let classifier = InputClassifier::open(opening, cut)?;
        if classifier.takes_pairs() == Some(false) {
            return Err(Error::TakesTexts { model: classifier.name().to_owned() });
        }
        Ok(Self(classifier))
    }

    /// Opens a model with default settings: [`builder`](Self::builder) has others.
    ///
    /// # Errors
    /// As [`PairClassifierBuilder::open`].
    pub fn open(model: impl Into<ModelRef>) -> Result<Self, Error> {
        Self::builder(model).open()
    }

    /// Settings of a classifier of pairs.
    #[must_use]
    pub fn builder(model: impl Into<ModelRef>) -> PairClassifierBuilder {
        PairClassifierBuilder { opening: Opening::new(model.into()), cut: PairCut::default() }
    }

    /// Labels of one pair, with the probabilities of all labels.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a text or from running; [`Error::Head`] for logits that are not finite.
    pub fn classify(&self, first: &str, second: &str) -> Result<Prediction, Error> {
        batch::only(self.0.classify_batch(&[Input::pair(first, second)])?)
    }

    /// Labels of each pair, in the order of `pairs`: the same as of [`classify`](Self::classify), bit
    /// for bit. An error in one pair affects only that pair.
    ///
    /// # Errors
    /// [`Error::Encoder`] from running; [`Error::Cancelled`].
    pub fn classify_batch<A: AsRef<str>, B: AsRef<str>>(
        &self,
        pairs: &[(A, B)],
    ) -> Result<Vec<Result<Prediction, Error>>, Error> {
        let inputs: Vec<_> = pairs
            .iter()
            .map(|(first, second)| Input::pair(first.as_ref(), second.as_ref()))
            .collect();
        self.0.classify_batch(&inputs)
    }

    /// Labels of a stream of pairs, in order, in memory that the longest pair bounds. An error that is
    /// not of one pair is the last item.
    pub fn classify_iter<'a, I, A, B>(
        &'a self,
        pairs: I,
    ) -> impl Iterator<Item = Result<Prediction, Error>> + 'a
    where
        I: IntoIterator<Item = (A, B)> + 'a,
        A: AsRef<str> + 'a,
        B: AsRef<str> + 'a,
    {
        batch::stream(pairs, batch::pair_size, |pairs| self.classify_batch(pairs))
    }

    /// Model beneath, which has labels, head and counts.
    #[must_use]
    pub fn inputs(&self) -> &InputClassifier {
        &self.0
    }

    /// Model beneath, for those who classify texts and pairs alike.
    #[must_use]
    pub fn into_inputs(self) -> InputClassifier {
        self.0
    }
}
