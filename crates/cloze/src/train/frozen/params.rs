//! Settings of a classifier whose head is fitted on the vectors of an encoder.
use std::path::PathBuf;

use cloze_embed::correction::Method;
use cloze_embed::{Layers, Pooling, Poolings};
use cloze_heads::classify::{Combine, FeatureParams};
use cloze_report::tuning::CardWords;
use cloze_train::search::Strategy;
use cloze_train::{ClassWeights, HeadParams, Kind};

use super::FitError;
use crate::{PairRows, RowParams};

/// Goal of a label's threshold.
#[derive(Clone, Debug, PartialEq)]
pub enum ThresholdGoal {
    /// The least probability from which the label is right so often.
    Precision {
        /// Label.
        label: String,
        /// Share of its predictions that are right, above 0 and up to 1.
        share: f64,
    },
    /// The greatest probability from which so many of the label's texts are found.
    Recall {
        /// Label.
        label: String,
        /// Share of its texts that are found, above 0 and up to 1.
        share: f64,
    },
}

impl ThresholdGoal {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Precision { .. } => "precision",
            Self::Recall { .. } => "recall",
        }
    }

    pub(super) fn label(&self) -> &str {
        match self {
            Self::Precision { label, .. } | Self::Recall { label, .. } => label,
        }
    }

    pub(super) fn share(&self) -> f64 {
        match self {
            Self::Precision { share, .. } | Self::Recall { share, .. } => *share,
        }
    }
}

/// Settings of a classifier of texts or pairs: a head fitted on the vectors of an encoder that stays
/// as it is. [`check`](Self::check) makes them usable.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "settings that do not depend on each other")]
pub struct ClassifierTrainParams {
    pub(super) pairs: Option<PairRows>,
    pub(super) pooling: Poolings,
    pub(super) layers: Option<Layers>,
    pub(super) prompt: String,
    pub(super) truncate: bool,
    pub(super) threads: Option<usize>,
    pub(super) batch_tokens: usize,
    pub(super) cache: Option<PathBuf>,
    pub(super) correction: Option<Method>,
    pub(super) normalize: bool,
    pub(super) head: Kind,
    pub(super) c: Option<f64>,
    pub(super) max_iterations: Option<u64>,
    pub(super) class_weights: ClassWeights,
    pub(super) search: Option<Strategy>,
    pub(super) trials: usize,
    pub(super) patience: Option<usize>,
    pub(super) multi_label: bool,
    pub(super) folds: Option<usize>,
    pub(super) hold_out: Option<f64>,
    pub(super) calibrate: bool,
    pub(super) threshold: Option<ThresholdGoal>,
    pub(super) shots: Option<usize>,
    pub(super) draws: usize,
    pub(super) curve: bool,
    pub(super) seed: u64,
    pub(super) card: CardWords,
    pub(super) command: Vec<String>,
    pub(super) texts: bool,
}

impl Default for ClassifierTrainParams {
    fn default() -> Self {
        Self {
            pairs: None,
            pooling: Poolings::from(Pooling::Cls).and(Pooling::Mean),
            layers: None,
            prompt: String::new(),
            truncate: false,
            threads: None,
            batch_tokens: 512,
            cache: None,
            correction: Some(Method::ZScore),
            normalize: false,
            head: Kind::Logistic,
            c: None,
            max_iterations: None,
            class_weights: ClassWeights::None,
            search: None,
            trials: 20,
            patience: None,
            multi_label: false,
            folds: None,
            hold_out: None,
            calibrate: true,
            threshold: None,
            shots: None,
            draws: 1,
            curve: false,
            seed: 0,
            card: CardWords::default(),
            command: vec![],
            texts: true,
        }
    }
}

/// Setters that take the field's own type.
macro_rules! setters {
    ($($(#[$doc:meta])+ $name:ident: $type:ty;)+) => {
        $(
            $(#[$doc])+
            #[must_use]
            pub fn $name(mut self, $name: $type) -> Self {
                self.$name = $name;
                self
            }
        )+
    };
}

impl ClassifierTrainParams {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Form of the rows of pairs; `None` where single texts are classified. Default `None`.
        pairs: Option<PairRows>;
        /// Pooling of token rows. Default `cls,mean`.
        pooling: Poolings;
        /// Hidden states, averaged. Default `None`: the last three, of an `.onnx` file the last.
        layers: Option<Layers>;
        /// Text put before every text. Default none.
        prompt: String;
        /// Whether only the beginning of a text longer than the model takes is used. Default `false`.
        truncate: bool;
        /// Worker threads. Default `None`: the cores that the process may use.
        threads: Option<usize>;
        /// Most tokens in a batch, padding included. Default `512`.
        batch_tokens: usize;
        /// Folder where vectors are kept, so that a further training need not encode again. Default
        /// `None`.
        cache: Option<PathBuf>;
        /// Correction of vectors, fitted on the training texts. Default z-score.
        correction: Option<Method>;
        /// Whether vectors are brought to length 1, after the correction. Default `false`.
        normalize: bool;
        /// Kind of head. Default logistic.
        head: Kind;
        /// Inverse of the regularisation's strength, as scikit-learn's C. Default `None`: the best of
        /// 0.001, 0.01, … 100 on examples held out.
        c: Option<f64>;
        /// Most steps of the solver. Default `None`: 1000.
        max_iterations: Option<u64>;
        /// Weight of an example by its label. Default none.
        class_weights: ClassWeights;
        /// Search for C, class weights, pooling, layers and correction by cross-validation. Default
        /// `None`.
        search: Option<Strategy>;
        /// Number of settings that a search tries, at least 1. Default `20`.
        trials: usize;
        /// Number of settings without a better one after which a random search ends, at least 1.
        /// Default `None`.
        patience: Option<usize>;
        /// Whether a text has any number of labels. Default `false`.
        multi_label: bool;
        /// Number of folds to evaluate by, at least 2. Default `None`: 5, for more than 20,000
        /// examples a part held out.
        folds: Option<usize>;
        /// Share of the examples to hold out and evaluate by, between 0 and 1. Default `None`.
        hold_out: Option<f64>;
        /// Whether probabilities are softened or sharpened by a temperature so that they are as likely
        /// right as they say. Default `true`.
        calibrate: bool;
        /// Threshold of a label, of two or where a text has any number. Default `None`.
        threshold: Option<ThresholdGoal>;
        /// Few-shot training: number of examples of each label, at least 1, drawn at random and
        /// evaluated on test data. Default `None`.
        shots: Option<usize>;
        /// Number of such draws, at least 1; the model is that of the last. Default `1`.
        draws: usize;
        /// Whether there is a learning curve, of 1, 2, 4, … 100 % of the examples. Default `false`.
        curve: bool;
        /// Random seed. Default `0`.
        seed: u64;
        /// Words of the card and reports that no figure gives. Default none.
        card: CardWords;
        /// Command that trains the model once more, without the program's name, for the card. Default
        /// none.
        command: Vec<String>;
        /// Whether reports show texts with likely wrong labels and confident errors. Default `true`.
        texts: bool;
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`FitError::OutOfRange`]; [`FitError::Fit`] for a head that cannot be fitted so.
    pub fn check(self) -> Result<ValidClassifierTrainParams, FitError> {
        if let Some(share) = self.hold_out.filter(|share| !(*share > 0.0 && *share < 1.0)) {
            let (value, expected) = (share.to_string(), "a share between 0 and 1".to_owned());
            return Err(FitError::OutOfRange { setting: "hold_out", found: value, expected });
        }
        for (setting, value, least) in [
            ("folds", self.folds, 2),
            ("shots", self.shots, 1),
            ("draws", Some(self.draws), 1),
            ("trials", Some(self.trials), 1),
            ("patience", self.patience, 1),
        ] {
            if let Some(value) = value.filter(|&value| value < least) {
                let (value, expected) = (value.to_string(), format!("at least {least}"));
                return Err(FitError::OutOfRange { setting, found: value, expected });
            }
        }
        self.head_params().c(self.c.unwrap_or(1.0)).check()?;
        Ok(ValidClassifierTrainParams(self))
    }

    /// The settings of the head, as far as they are given.
    pub(super) fn head_params(&self) -> HeadParams {
        let params = HeadParams::new().kind(self.head).class_weights(self.class_weights.clone());
        let params = self.max_iterations.into_iter().fold(params, HeadParams::max_iterations);
        self.threads.into_iter().fold(params, HeadParams::threads)
    }

    /// The features that rows become.
    pub(super) fn feature_params(
        &self,
        rows: &RowParams,
        correction: Option<Method>,
    ) -> FeatureParams {
        let combine = match rows.pairs {
            Some(PairRows::Separate) => Combine::Pair,
            Some(PairRows::Cross(_)) | None => Combine::Single,
        };
        FeatureParams::new().combine(combine).correction(correction).normalize(self.normalize)
    }
}

/// [`ClassifierTrainParams`] that were checked.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidClassifierTrainParams(pub(super) ClassifierTrainParams);
