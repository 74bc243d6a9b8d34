//! Settings of a tagger, validated against the model before anything is loaded.
use cloze_checkpoint::ModelFolder;
use cloze_core::{Scheme, TagSet};
use cloze_encoder::{Encoder, EncoderParams, Runtime};
use cloze_heads::HeadError;
use cloze_heads::tag::{Aggregation, Decode, TagDecoder, TagParams, Transitions};

use super::Tagger;
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

    /// Finds the model and validates the settings against it, before a runtime or weights are loaded.
    ///
    /// # Errors
    /// [`Error::Encoder`] for a model that is not found or cannot be read; [`Error::TagSettings`] for
    /// settings that do not fit it; [`Error::CardTransitions`] and [`Error::CardScheme`] for a card
    /// whose `crf` or `scheme` cannot be read.
    pub fn check(self) -> Result<ValidTagger, Error> {
        let mut opening = self.opening;
        let model = opening.model.find()?;
        let crf = model.card().crf.clone().map(serde_json::from_value::<Transitions>);
        let crf = crf.transpose().map_err(|source| {
            let model = model.folder().to_path_buf();
            Error::CardTransitions { model, source }
        })?;
        let of_card = model.card().min_score.filter(|_| self.recall_bias.is_none());
        let params = TagParams::new(model.labels().to_vec())
            .aggregation(self.aggregation)
            .decode(self.decode)
            .labels(self.labels)
            .min_score(self.min_score.or(of_card).unwrap_or(0.0))
            .recall_bias(self.recall_bias.unwrap_or(0.0))
            .transitions(crf);
        let of_label = |params: TagParams, (label, score)| params.min_score_of(label, score);
        let params = self.min_scores.into_iter().fold(params, of_label);
        let known = known_scheme(&model, self.scheme)?;
        let params = params.scheme(known.map(|(scheme, _)| scheme));
        let decoder = params
            .clone()
            .check()
            .map_err(|source| of_model(&model, source))
            .map_err(|error| tasks::explain(&model, Task::Tag, error))?;
        opening.model = model.clone().into();
        let basis = known.map(|(_, basis)| basis);
        Ok(ValidTagger { opening, model, params, decoder, basis })
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
        let Self { opening, model, params, mut decoder, basis } = self;
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
        Ok(Tagger { encoder, decoder, basis, model, cancel: opening.cancel })
    }
}
