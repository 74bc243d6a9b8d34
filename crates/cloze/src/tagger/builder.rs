//! Settings of a tagger, validated against the model before anything is loaded.
use cloze_checkpoint::ModelFolder;
use cloze_core::{Scheme, TagSet};
use cloze_encoder::{Encoder, EncoderParams, Runtime};
use cloze_heads::HeadError;
use cloze_heads::tag::{Aggregation, Decode, TagDecoder, TagParams, Transitions};
use cloze_recognize::{Patterns, RecognizeError};

use super::Tagger;
use super::recognition::{Recognition, RecognitionParams};
use super::scheme::{self, SchemeBasis};
use crate::opening::{self, Opening, builder_setters, window_setters};
use crate::{Error, ModelRef, Task, tasks};

/// Settings of a [`Tagger`]; [`check`](Self::check) validates them against the model.
#[derive(Clone, Debug)]
pub struct TaggerBuilder {
    opening: Opening,
    labels: Option<Vec<String>>,
    scheme: Option<Scheme>,
    aggregation: Aggregation,
    decode: Option<Decode>,
    min_score: Option<f32>,
    min_scores: Vec<(String, f32)>,
    recall_bias: Option<f32>,
    redacts: bool,
    recognition: RecognitionParams,
}

impl TaggerBuilder {
    pub(super) fn new(model: ModelRef) -> Self {
        Self {
            opening: Opening::new(model),
            labels: None,
            scheme: None,
            aggregation: Aggregation::default(),
            decode: None,
            min_score: None,
            min_scores: vec![],
            recall_bias: None,
            redacts: false,
            recognition: RecognitionParams::default(),
        }
    }

    builder_setters!();
    window_setters!();

    /// Labels wanted; entities with others are left out. Default: all.
    #[must_use]
    pub fn labels(mut self, labels: impl Into<Option<Vec<String>>>) -> Self {
        self.labels = labels.into();
        self
    }

    /// Tagging scheme. Default: the one of the model's card, or that the names of its tags show. Where
    /// these fit IOB1 and IOB2, the tagger is run on some words when it is opened: IOB2 if their
    /// entities begin with `B-`, else [`Scheme::Iob`], as the transformers library reads tags.
    /// [`Tagger::scheme_basis`] tells.
    #[must_use]
    pub fn scheme(mut self, scheme: impl Into<Option<Scheme>>) -> Self {
        self.scheme = scheme.into();
        self
    }

    /// Aggregation of the tokens of a word. Default [`Aggregation::First`].
    #[must_use]
    pub fn aggregation(mut self, aggregation: Aggregation) -> Self {
        self.aggregation = aggregation;
        self
    }

    /// Decoding of probabilities into tags. Default [`Decode::Viterbi`], and [`Decode::Argmax`] with
    /// [`Aggregation::None`].
    #[must_use]
    pub fn decode(mut self, decode: impl Into<Option<Decode>>) -> Self {
        self.decode = decode.into();
        self
    }

    /// Score, 0 to 1, below which entities are left out. Default: the model card's value, or 0
    /// if it has none or a [`recall_bias`](Self::recall_bias) is set.
    #[must_use]
    pub fn min_score(mut self, score: impl Into<Option<f32>>) -> Self {
        self.min_score = score.into();
        self
    }

    /// The same for one label, in place of the general one.
    #[must_use]
    pub fn min_score_of(mut self, label: impl Into<String>, score: f32) -> Self {
        self.min_scores.push((label.into(), score));
        self
    }

    /// Logits taken off `O`, so that what is doubtful is tagged rather than passed over: 1 multiplies
    /// the odds of an entity by 2.7. The least score of the model's card, which was chosen without it,
    /// then no longer holds. Default: none.
    #[must_use]
    pub fn recall_bias(mut self, logits: impl Into<Option<f32>>) -> Self {
        self.recall_bias = logits.into();
        self
    }

    /// Whether the entities are to be redacted: then the recall bias and the window are those that the
    /// model's card has for redaction, where none are set. Default `false`.
    #[must_use]
    pub fn redacts(mut self, redacts: bool) -> Self {
        self.redacts = redacts;
        self
    }

    /// Deterministic recognisers that run beside the model, by name or group
    /// ([`catalogue`](cloze_recognize::catalogue)): `["all", "-date"]`; `["none"]` for the model alone.
    /// Default: those of the model's card, but none with [`Aggregation::None`].
    #[must_use]
    pub fn recognizers(mut self, names: impl Into<Option<Vec<String>>>) -> Self {
        self.recognition.names = names.into();
        self
    }

    /// Recognisers, deny-lists and an allow-list of one's own, beside the others. Default: none.
    #[must_use]
    pub fn patterns(mut self, patterns: impl Into<Option<Patterns>>) -> Self {
        self.recognition.patterns = patterns.into();
        self
    }

    /// Finds the model and validates the settings against it, before a runtime or weights are loaded.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a model that is not found or cannot be read; [`Error::TagSettings`] for
    /// settings that do not fit it; [`Error::CardTransitions`] and [`Error::CardScheme`] for a card
    /// whose `crf` or `scheme` cannot be read; [`Error::Recognizers`] for recognisers that there are
    /// not; [`Error::Conflict`] for recognisers with [`Aggregation::None`].
    pub fn check(self) -> Result<ValidTagger, Error> {
        let mut opening = self.opening;
        let model = opening.model.find()?;
        let crf = model.card().crf.clone().map(serde_json::from_value::<Transitions>);
        let crf = crf.transpose().map_err(|source| {
            let model = model.folder().to_path_buf();
            Error::CardTransitions { model, source }
        })?;
        let recognition = recognition(&model, &self.recognition, self.aggregation)?;
        let redaction = model.card().redaction.filter(|_| self.redacts);
        let recall_bias = self.recall_bias.or(redaction.map(|redaction| redaction.recall_bias));
        let window = redaction.and_then(|redaction| redaction.window);
        opening.work.window = opening.work.window.or(window);
        let of_card = model.card().min_score.filter(|_| recall_bias.is_none());
        let min_score = self.min_score.or(of_card).unwrap_or(0.0);
        let tags = TagSet::parse(model.labels().to_vec());
        // Labels that recognisers alone have; unknown ones are for the decoder to refuse.
        let is_of_model = |label: &String| {
            let of_recognizers = recognition.as_ref().is_some_and(|r| r.has_label(label));
            tags.labels().contains(label) || !of_recognizers
        };
        let model_labels: Option<Vec<String>> =
            self.labels.as_ref().map(|l| l.iter().filter(|l| is_of_model(l)).cloned().collect());
        let (model_scores, other_scores): (Vec<_>, Vec<_>) =
            self.min_scores.iter().cloned().partition(|(label, _)| is_of_model(label));
        for (label, score) in other_scores {
            if !(0.0..=1.0).contains(&score) {
                let source = HeadError::Setting {
                    setting: format!("min-score of {label}"),
                    found: score,
                    expected: "expected 0 to 1",
                };
                return Err(of_model(&model, source));
            }
        }
        let params = TagParams::new(model.labels().to_vec())
            .aggregation(self.aggregation)
            .decode(self.decode)
            .labels(model_labels)
            .min_score(min_score)
            .recall_bias(recall_bias.unwrap_or(0.0))
            .transitions(crf);
        let of_label = |params: TagParams, (label, score)| params.min_score_of(label, score);
        let params = model_scores.into_iter().fold(params, of_label);
        let known = known_scheme(&model, self.scheme)?;
        let params = params.scheme(known.map(|(scheme, _)| scheme));
        let decoder = params
            .clone()
            .check()
            .map_err(|source| of_model(&model, with_labels(source, recognition.as_ref())))
            .map_err(|error| tasks::explain(&model, Task::Tag, error))?;
        let recognition = recognition.map(|r| r.wanting(self.labels, min_score, &self.min_scores));
        opening.model = model.clone().into();
        let basis = known.map(|(_, basis)| basis);
        Ok(ValidTagger { opening, model, params, decoder, basis, recognition })
    }

    /// Opens the model with these settings.
    ///
    /// # Errors
    /// As [`check`](Self::check) and [`ValidTagger::open`].
    pub fn open(self) -> Result<Tagger, Error> {
        self.check()?.open()
    }
}

fn of_model(model: &ModelFolder, source: HeadError) -> Error {
    Error::TagSettings { model: model.folder().to_path_buf(), source }
}

/// Recognisers that were asked for, or that a model's card names.
fn recognition(
    model: &ModelFolder,
    params: &RecognitionParams,
    aggregation: Aggregation,
) -> Result<Option<Recognition>, Error> {
    if aggregation == Aggregation::None {
        let asked = params.open(None).map_err(|source| of_recognizers(model, source))?;
        return match asked {
            None => Ok(None),
            Some(_) => Err(Error::Conflict(
                "recognizers find whole entities, which tokens (aggregation none) are not",
            )),
        };
    }
    let of_card = model.card().recognizers.as_deref();
    params.open(of_card).map_err(|source| of_recognizers(model, source))
}

fn of_recognizers(model: &ModelFolder, source: RecognizeError) -> Error {
    Error::Recognizers { model: model.folder().to_path_buf(), source }
}

/// The error of a label that there is not, with the labels of the recognisers, too.
fn with_labels(error: HeadError, recognition: Option<&Recognition>) -> HeadError {
    match (error, recognition) {
        (HeadError::UnknownLabel { found, mut known }, Some(recognition)) => {
            let labels = recognition.recognizers().labels();
            for label in labels {
                if !known.iter().any(|other| other == label) {
                    known.push(label.to_owned());
                }
            }
            HeadError::UnknownLabel { found, known }
        }
        (error, _) => error,
    }
}

/// Scheme that is asked for, or that the model's card or the names of its tags show. `None` where the
/// names fit IOB1 and IOB2, and nothing says which it is.
pub(crate) fn known_scheme(
    model: &ModelFolder,
    asked: Option<Scheme>,
) -> Result<Option<(Scheme, SchemeBasis)>, Error> {
    if let Some(scheme) = asked {
        return Ok(Some((scheme, SchemeBasis::Asked)));
    }
    let card = model.card();
    if let Some(found) = &card.scheme {
        let scheme = Scheme::parse(found).ok_or_else(|| Error::CardScheme {
            model: model.folder().to_path_buf(),
            found: found.clone(),
        })?;
        return Ok(Some((scheme, SchemeBasis::Card)));
    }
    let set = TagSet::parse(model.labels().to_vec());
    Ok(match set.scheme() {
        _ if !set.fits_iob1() => Some((set.scheme(), SchemeBasis::Names)),
        scheme if card.training.is_some() => Some((scheme, SchemeBasis::Training)),
        _ => None,
    })
}

/// Settings that [`TaggerBuilder::check`] has validated against their model.
#[derive(Clone, Debug)]
pub struct ValidTagger {
    opening: Opening,
    model: ModelFolder,
    params: TagParams,
    decoder: TagDecoder,
    /// `None` where the scheme is found out by running the model.
    basis: Option<SchemeBasis>,
    recognition: Option<Recognition>,
}

impl ValidTagger {
    /// ONNX Runtime to run on, as [`TaggerBuilder::runtime`]: for those who load it last.
    #[must_use]
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.opening.runtime = Some(runtime);
        self
    }

    /// Opens the model.
    ///
    /// # Errors
    /// The `Runtime…` errors of [`EncoderError`](cloze_encoder::EncoderError) where no runtime was
    /// given and there is none; else as [`Encoder::open`], and from running the model for its scheme.
    pub fn open(self) -> Result<Tagger, Error> {
        let Self { opening, model, params, mut decoder, basis, recognition } = self;
        let runtime = opening::runtime(opening.runtime)?;
        let encoder = Encoder::open(&runtime, &model, opening.work.over(EncoderParams::new()))
            .map_err(|error| tasks::explain(&model, Task::Tag, error.into()))?;
        let basis = if let Some(basis) = basis {
            basis
        } else {
            let (scheme, basis) = scheme::run(&encoder, model.labels())?;
            let params = params.scheme(Some(scheme));
            decoder = params.check().map_err(|source| of_model(&model, source))?;
            basis
        };
        let mut labels = decoder.tags().labels().to_vec();
        for label in recognition.iter().flat_map(|r| r.recognizers().labels()) {
            if !labels.iter().any(|other| other == label) {
                labels.push(label.to_owned());
            }
        }
        let cancel = opening.cancel;
        Ok(Tagger { encoder, decoder, basis, model, recognition, labels, cancel })
    }
}
