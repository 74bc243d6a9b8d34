//! Classifiers of inputs, whichever they are: what those of texts and of pairs share.

use cloze_checkpoint::card::Card;
use cloze_checkpoint::{Head, ModelFolder};
use cloze_core::{Cancel, Matrix};
use cloze_encoder::{Encoder, EncoderParams, EncodingCounts, Output, PairCut};
use cloze_heads::classify::{Classifier, ClassifyHead, FeatureParams, Prediction};
use cloze_store::{Location, StoreError};

use super::{HEAD_FILE, HeadCard, ZERO_SHOT_SCALE};
use crate::opening::{self, Opening};
use crate::rows::{PairRows, input_rows};
use crate::sentence::SentenceEncoderBuilder;
use crate::{Error, Input, SentenceEncoder, Task, batch, tasks};

/// Classifier of inputs, each a text or a pair of texts: the model beneath a
/// [`TextClassifier`](crate::TextClassifier) or a [`PairClassifier`](crate::PairClassifier). It can be
/// shared between threads.
#[derive(Debug)]
pub struct InputClassifier {
    rows: Rows,
    classifier: Classifier,
    name: String,
    cancel: Cancel,
}

/// Source of a head's rows.
#[derive(Debug)]
enum Rows {
    /// Hidden states, pooled.
    Pooled { encoder: Box<SentenceEncoder>, pairs: Option<PairRows> },
    /// A checkpoint's own logits.
    Logits { encoder: Box<Encoder>, cut: PairCut },
}

impl InputClassifier {
    /// Opens a head that was fitted, with the model beneath it, or a checkpoint with a head for
    /// sequences, whose pairs are cut as `cut` says.
    pub(super) fn open(opening: Opening, cut: PairCut) -> Result<Self, Error> {
        let Opening { model, runtime, cancel, work } = opening;
        let model = match model.folder()? {
            Some(folder) => {
                if Card::open(&folder)?.is_head(&folder) {
                    return Self::open_head(&folder, Opening { model, runtime, cancel, work });
                }
                ModelFolder::open(folder)?
            }
            None => model.find()?,
        };
        let runtime = opening::runtime(runtime)?;
        let outputs = [Output::Head(Head::Sequence)];
        let params = work.over(EncoderParams::new());
        let encoder = Encoder::open_for(&runtime, &model, &outputs, params)
            .map_err(|error| tasks::explain(&model, Task::Classify, error.into()))?;
        let width = encoder.width(0).unwrap_or(model.labels().len());
        let labels = match model.labels() {
            // As transformers calls them where the folder does not.
            [] => (0..width).map(|i| format!("LABEL_{i}")).collect(),
            labels => labels.to_vec(),
        };
        // Its logits as they are; one alone is a yes or no, as in transformers.
        let multi_label = (model.multi_label() || width == 1) && !model.regression();
        check_problem(&model)?;
        let identity = |i: usize| if i.is_multiple_of(width + 1) { 1.0 } else { 0.0 };
        let weight = (0..width * width).map(identity).collect();
        let head = ClassifyHead::new("checkpoint", labels, weight, vec![0.0; width])?;
        let head = head.with_multi_label(multi_label).with_regression(model.regression());
        let classifier = plain(width, head)?;
        let rows = Rows::Logits { encoder: Box::new(encoder), cut };
        Ok(Self { rows, classifier, name: model.name(), cancel })
    }

    fn open_head(folder: &Location, opening: Opening) -> Result<Self, Error> {
        let card = HeadCard::open(folder)?;
        let classifier = Classifier::open(folder.join(HEAD_FILE), &card.head)?;
        let builder = card.rows.builder(card.base(folder)?);
        let cancel = opening.cancel.clone();
        let encoder = builder.work_of(opening).open()?;
        let name = folder.canonical().map_err(StoreError::Read)?.name().unwrap_or_default();
        let rows = Rows::Pooled { encoder: Box::new(encoder), pairs: card.rows.pairs };
        Ok(Self { rows, classifier, name, cancel })
    }

    /// Chooses among labels by the vectors of their descriptions.
    pub(super) fn zero_shot(
        opening: Opening,
        labels: Vec<(String, String)>,
    ) -> Result<Self, Error> {
        let (names, descriptions): (Vec<_>, Vec<_>) = labels.into_iter().unzip();
        if names.len() < 2 {
            return Err(Error::Conflict("to choose among labels takes at least two"));
        }
        let (count, cancel) = (names.len(), opening.cancel.clone());
        let encoder = SentenceEncoderBuilder::new(opening).open()?;
        let mut weight = Matrix::with_capacity(count, encoder.width());
        for mut vector in encoder.pool(&descriptions)? {
            cloze_embed::l2_normalize(&mut vector);
            let pushed = weight.push_rows(&vector);
            debug_assert!(pushed, "every vector has the same width");
        }
        let numbers = weight.as_slice().iter().map(|&x| f64::from(x)).collect();
        let head = ClassifyHead::new("zero-shot", names, numbers, vec![0.0; count])?
            .with_temperature(1.0 / ZERO_SHOT_SCALE)?;
        let features = FeatureParams::new().normalize(true).check()?;
        let classifier = Classifier::new(features.fit(&weight)?, head)?;
        let name = encoder.model().name();
        let rows = Rows::Pooled { encoder: Box::new(encoder), pairs: None };
        Ok(Self { rows, classifier, name, cancel })
    }

    /// Head, with what it makes of a row.
    #[must_use]
    pub fn classifier(&self) -> &Classifier {
        &self.classifier
    }

    /// Labels, in the head's order.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        self.classifier.head().labels()
    }

    /// Name of the model.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns `true` for a model that takes pairs, `false` for single texts; `None` for one that takes
    /// both.
    #[must_use]
    pub fn takes_pairs(&self) -> Option<bool> {
        match &self.rows {
            Rows::Pooled { pairs, .. } => Some(pairs.is_some()),
            Rows::Logits { .. } => None,
        }
    }

    /// Work done so far.
    #[must_use]
    pub fn counts(&self) -> EncodingCounts {
        match &self.rows {
            Rows::Pooled { encoder, .. } => encoder.counts(),
            Rows::Logits { encoder, .. } => encoder.counts(),
        }
    }

    /// Labels of each input. Of a long text's windows, a checkpoint's logits are averaged by their
    /// numbers of tokens. An error in one input affects only that input. A [blank](Input::is_blank) one
    /// has neither labels nor probabilities: whatever the model says of it, it says of nothing.
    ///
    /// # Errors
    /// As [`RowParams::rows`](crate::RowParams::rows); [`Error::Cancelled`].
    pub fn classify_batch(
        &self,
        inputs: &[Input<'_>],
    ) -> Result<Vec<Result<Prediction, Error>>, Error> {
        let texts: Vec<Input<'_>> = inputs.iter().copied().filter(|i| !i.is_blank()).collect();
        let mut predictions =
            self.each(&texts, |row| Ok(self.classifier.classify(row)?))?.into_iter();
        let next = |input: &Input<'_>| {
            let none = Prediction { labels: vec![], probabilities: vec![] };
            if input.is_blank() { Some(Ok(none)) } else { predictions.next() }
        };
        Ok(inputs.iter().filter_map(next).collect())
    }

    /// Logits of each input, `[labels]` in the order of [`labels`](Self::labels), before the
    /// temperature. Of a checkpoint with one label, a cross-encoder, it is the score itself, which
    /// probabilities near 1 hardly tell apart.
    ///
    /// # Errors
    /// As [`classify_batch`](Self::classify_batch).
    pub fn logits_batch(
        &self,
        inputs: &[Input<'_>],
    ) -> Result<Vec<Result<Vec<f64>, Error>>, Error> {
        self.each(inputs, |row| Ok(self.classifier.predict(row)?))
    }

    /// `predict` of each input's row.
    fn each<T>(
        &self,
        inputs: &[Input<'_>],
        predict: impl Fn(&[f32]) -> Result<T, Error>,
    ) -> Result<Vec<Result<T, Error>>, Error> {
        let size = |input: &Input<'_>| input.text.len() + input.second.map_or(0, str::len);
        batch::in_chunks(inputs, &self.cancel, size, |inputs| {
            batch::isolate(inputs, |inputs| {
                self.rows(inputs)?.iter().map(|row| predict(row)).collect()
            })
        })
    }

    /// Rows of the head, one per input.
    fn rows(&self, inputs: &[Input<'_>]) -> Result<Vec<Vec<f32>>, Error> {
        match &self.rows {
            Rows::Pooled { encoder, pairs } => input_rows(encoder, *pairs, inputs),
            Rows::Logits { encoder, cut } => logits(encoder, *cut, inputs),
        }
    }
}

/// Refuses a `problem_type` that is not transformers'.
fn check_problem(model: &ModelFolder) -> Result<(), Error> {
    let known = ["regression", "single_label_classification", "multi_label_classification"];
    match model.problem_type().filter(|problem| !known.contains(problem)) {
        None => Ok(()),
        Some(problem) => Err(Error::Model {
            path: model.file("config.json").to_path_buf(),
            what: format!("problem_type: expected {}, found {problem:?}", known.join(", ")),
        }),
    }
}

/// A classifier that takes rows as they are.
fn plain(width: usize, head: ClassifyHead) -> Result<Classifier, Error> {
    let zeros = Matrix::from_vec(width, vec![0.0; width]).unwrap_or_default();
    Ok(Classifier::new(FeatureParams::new().check()?.fit(&zeros)?, head)?)
}

/// A checkpoint's logits, `[labels]` each, in the order of the inputs.
fn logits(encoder: &Encoder, cut: PairCut, inputs: &[Input<'_>]) -> Result<Vec<Vec<f32>>, Error> {
    let texts: Vec<&str> =
        inputs.iter().filter(|i| i.second.is_none()).map(|input| input.text).collect();
    let pairs: Vec<(&str, &str)> =
        inputs.iter().filter_map(|input| Some((input.text, input.second?))).collect();
    let mapped = encoder.map_windows(&texts, |w| (w.rows(0).to_vec(), w.kept.len()))?;
    let averaged = mapped
        .into_iter()
        .map(|text| cloze_embed::Pooling::Mean.combine(&text.windows).map_err(Error::from));
    let mut of_texts = averaged.collect::<Result<Vec<_>, _>>()?.into_iter();
    let of_pairs = if pairs.is_empty() {
        vec![]
    } else {
        encoder.map_pairs(&pairs, cut, |w| w.rows(0).to_vec())?
    };
    let mut of_pairs = of_pairs.into_iter();
    let next = |input: &Input<'_>| {
        if input.second.is_some() { of_pairs.next() } else { of_texts.next() }
    };
    Ok(inputs.iter().filter_map(next).collect())
}
