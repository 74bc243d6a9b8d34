//! Texts to labels.
use cloze_encoder::PairCut;
use cloze_heads::classify::Prediction;

use super::InputClassifier;
use crate::opening::{Opening, builder_setters, truncate_setter, window_setters};
use crate::{Error, Input, ModelRef, batch};

/// Classifier of texts: by a head that was fitted, by a checkpoint's own head for sequences, or by
/// the meaning of labels. It can be shared between threads.
///
/// ```
/// # let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models");
/// # std::env::set_current_dir(format!("{models}/..")).unwrap();
/// use cloze::TextClassifier;
///
/// let classifier = TextClassifier::open("sentiment-en")?;
/// assert_eq!(classifier.classify("What a lovely day!")?.labels, ["pos"]);
///
/// let labels = [("sport", "sport"), ("money", "banks and shares")];
/// let classifier = TextClassifier::builder("minilm-l6-v2").zero_shot(labels).open()?;
/// assert_eq!(classifier.classify("The striker scored twice.")?.labels, ["sport"]);
/// # Ok::<(), cloze::Error>(())
/// ```
#[derive(Debug)]
pub struct TextClassifier(InputClassifier);

/// Settings of a [`TextClassifier`].
#[derive(Clone, Debug)]
pub struct TextClassifierBuilder {
    opening: Opening,
    labels: Option<Vec<(String, String)>>,
}

impl TextClassifierBuilder {
    builder_setters!();
    window_setters!();
    truncate_setter!();

    /// Labels, each with a description, among which an encoder chooses without training: a text gets
    /// the label whose description's vector is nearest to its own, by cosine. Probabilities are the
    /// softmax of the cosines times [`ZERO_SHOT_SCALE`](super::ZERO_SHOT_SCALE). Default: the model's
    /// own head.
    #[must_use]
    pub fn zero_shot<L, D>(mut self, labels: impl IntoIterator<Item = (L, D)>) -> Self
    where
        L: Into<String>,
        D: Into<String>,
    {
        let labels = labels.into_iter();
        self.labels = Some(labels.map(|(label, text)| (label.into(), text.into())).collect());
        self
    }

    /// Opens the model with these settings. A head that was fitted keeps its own windows and
    /// [`truncate`](Self::truncate).
    ///
    /// # Errors
    /// [`Error::TakesPairs`] for a head of pairs; [`Error::Head`] for a head that cannot be read or
    /// does not fit, and for a label twice; [`Error::Model`] and [`Error::OtherBase`] for the model
    /// beneath; [`Error::Conflict`] for fewer than two labels; [`Error::Encoder`] for a checkpoint
    /// without such a head.
    pub fn open(self) -> Result<TextClassifier, Error> {
        let Self { opening, labels } = self;
        let classifier = match labels {
            Some(labels) => InputClassifier::zero_shot(opening, labels)?,
            None => InputClassifier::open(opening, PairCut::default())?,
        };
        if classifier.takes_pairs() == Some(true) {
            return Err(Error::TakesPairs { model: classifier.name().to_owned() });
        }
        Ok(TextClassifier(classifier))
    }
}

impl TextClassifier {
    /// Opens a model with default settings: [`builder`](Self::builder) has others.
    ///
    /// # Errors
    /// As [`TextClassifierBuilder::open`].
    pub fn open(model: impl Into<ModelRef>) -> Result<Self, Error> {
        Self::builder(model).open()
    }

    /// Settings of a classifier of texts.
    #[must_use]
    pub fn builder(model: impl Into<ModelRef>) -> TextClassifierBuilder {
        TextClassifierBuilder { opening: Opening::new(model.into()), labels: None }
    }

    /// Labels of one text, with the probabilities of all labels.
    ///
    /// # Errors
    /// [`Error::Encoder`] for the text or from running; [`Error::Head`] for logits that are not finite.
    pub fn classify(&self, text: &str) -> Result<Prediction, Error> {
        batch::only(self.0.classify_batch(&[Input::text(text)])?)
    }

    /// Labels of each text, in the order of `texts`: the same as of [`classify`](Self::classify), bit
    /// for bit. An error in one text affects only that text.
    ///
    /// # Errors
    /// [`Error::Encoder`] from running; [`Error::Cancelled`].
    pub fn classify_batch<T: AsRef<str>>(
        &self,
        texts: &[T],
    ) -> Result<Vec<Result<Prediction, Error>>, Error> {
        let inputs: Vec<_> = texts.iter().map(|text| Input::text(text.as_ref())).collect();
        self.0.classify_batch(&inputs)
    }

    /// Labels of a stream of texts, in order, in memory that the longest text bounds: texts are read
    /// and classified in chunks of up to 256 KiB. An error that is not of one text is the last item.
    pub fn classify_iter<'a, I>(
        &'a self,
        texts: I,
    ) -> impl Iterator<Item = Result<Prediction, Error>> + 'a
    where
        I: IntoIterator + 'a,
        I::Item: AsRef<str>,
    {
        batch::stream(texts, |text| text.as_ref().len(), |texts| self.classify_batch(texts))
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
