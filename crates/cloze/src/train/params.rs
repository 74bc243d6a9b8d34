//! Settings that every training by steps has.
use std::path::PathBuf;

use cloze_checkpoint::weights::StoredType;
use cloze_report::tuning::CardWords;
use cloze_tune::encoder::{TrainableEncoderParams, Tuning};
use cloze_tune::training::{TrainingParams, ValidTrainingParams};

use super::FineTuneError;

/// Settings that every training by steps has; [`check`](Self::check) makes them usable.
#[derive(Clone, Debug)]
pub struct FineTuneParams {
    pub(super) model: String,
    pub(super) output: PathBuf,
    pub(super) replace: bool,
    pub(super) resume: bool,
    pub(super) max_tokens: Option<usize>,
    pub(super) hold_out: f64,
    pub(super) encoder: TrainableEncoderParams,
    pub(super) steps: TrainingParams,
    pub(super) dtype: StoredType,
    pub(super) card: CardWords,
    pub(super) texts: bool,
    pub(super) command: Vec<String>,
}

impl FineTuneParams {
    /// Settings for a training that begins with `model`, a name or folder, and saves the new model in
    /// the folder `output`.
    #[must_use]
    pub fn new(model: &str, output: impl Into<PathBuf>) -> Self {
        let encoder = TrainableEncoderParams::default();
        let rate = learning_rate(&encoder.tuning);
        let steps = TrainingParams::new().batch(16).learning_rate(rate);
        Self {
            model: model.to_owned(),
            output: output.into(),
            replace: false,
            resume: false,
            max_tokens: None,
            hold_out: 0.1,
            steps,
            encoder,
            dtype: StoredType::F32,
            card: CardWords::default(),
            texts: true,
            command: vec![],
        }
    }

    /// Replaces a trained model that is in the output folder. Default no.
    #[must_use]
    pub fn replace(self, replace: bool) -> Self {
        Self { replace, ..self }
    }

    /// Goes on where a training into the same folder was stopped. Default no.
    #[must_use]
    pub fn resume(self, resume: bool) -> Self {
        Self { resume, ..self }
    }

    /// Maximum length of a training sequence, in tokens. Default: the model's, at most 256.
    #[must_use]
    pub fn max_tokens(self, max_tokens: Option<usize>) -> Self {
        Self { max_tokens, ..self }
    }

    /// Share of the training data that is held out for validation where no validation data is given.
    /// Default `0.1`; `0` for none.
    #[must_use]
    pub fn hold_out(self, hold_out: f64) -> Self {
        Self { hold_out, ..self }
    }

    /// Trained part of the encoder. Default low-rank adapters, as [`TrainableEncoderParams`] has them.
    #[must_use]
    pub fn encoder(self, encoder: TrainableEncoderParams) -> Self {
        Self { encoder, ..self }
    }

    /// Settings of the steps. Default those of [`TrainingParams`], but a batch size of 16 and the
    /// learning rate of [`learning_rate`]. Without a learning rate of the head, a new head of labels or
    /// tags has one by the spread of the hidden states, `2e-2` at most; a head for masks `1e-3` at least.
    #[must_use]
    pub fn steps(self, steps: TrainingParams) -> Self {
        Self { steps, ..self }
    }

    /// Maximum number of steps, in those of [`steps`](Self::steps). Default none.
    #[must_use]
    pub fn max_steps(self, max_steps: Option<u64>) -> Self {
        Self { steps: self.steps.max_steps(max_steps), ..self }
    }

    /// Storage type of the weights. Default `f32`.
    #[must_use]
    pub fn dtype(self, dtype: StoredType) -> Self {
        Self { dtype, ..self }
    }

    /// Words of the model card. Default none.
    #[must_use]
    pub fn card(self, card: CardWords) -> Self {
        Self { card, ..self }
    }

    /// Shows texts that were predicted wrongly in the report. Default yes.
    #[must_use]
    pub fn texts(self, texts: bool) -> Self {
        Self { texts, ..self }
    }

    /// Arguments of the command that trains the model again, for the report. Default none.
    #[must_use]
    pub fn command(self, command: Vec<String>) -> Self {
        Self { command, ..self }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`FineTuneError::Setting`] for a share to hold out that is not from 0 to below 1;
    /// [`FineTuneError::Tune`] for settings of the steps that are out of bounds.
    pub fn check(self) -> Result<ValidFineTuneParams, FineTuneError> {
        share("hold_out", self.hold_out)?;
        let steps = self.steps.clone().check()?;
        Ok(ValidFineTuneParams { params: self, steps })
    }
}

/// Learning rate that suits what is trained: `5e-4` for adapters, `2e-4` for the encoder, `1e-3` for
/// a head alone.
#[must_use]
pub fn learning_rate(tuning: &Tuning) -> f64 {
    match tuning {
        Tuning::Lora(_) => 5e-4,
        Tuning::Full => 2e-4,
        Tuning::Head => 1e-3,
    }
}

/// Refuses a share that is not from 0 to below 1.
pub(super) fn share(setting: &'static str, share: f64) -> Result<(), FineTuneError> {
    if (0.0..1.0).contains(&share) {
        return Ok(());
    }
    let (value, expected) = (share.to_string(), "0 to below 1".to_owned());
    Err(FineTuneError::Setting { setting, found: value, expected })
}

/// [`FineTuneParams`] that were checked.
#[derive(Clone, Debug)]
pub struct ValidFineTuneParams {
    pub(super) params: FineTuneParams,
    pub(super) steps: ValidTrainingParams,
}

impl ValidFineTuneParams {
    /// Random seed.
    pub(super) fn seed(&self) -> u64 {
        self.steps.seed()
    }

    /// Name of the storage type.
    pub(super) fn dtype_name(&self) -> String {
        format!("{:?}", self.params.dtype).to_lowercase()
    }
}
