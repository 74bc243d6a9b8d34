//! Parts of the encoder to train, and settings of the training.
use serde::{Deserialize, Serialize};

use crate::TuneError;

/// A matrix of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Module {
    /// Query projection.
    Query,
    /// Key projection.
    Key,
    /// Value projection.
    Value,
    /// Attention output projection.
    Attention,
    /// Feed-forward up-projection.
    Up,
    /// Feed-forward down-projection.
    Down,
}

impl Module {
    /// All modules, in the order of a layer.
    pub const ALL: [Self; 6] =
        [Self::Query, Self::Key, Self::Value, Self::Attention, Self::Up, Self::Down];
}

/// The matrices that get an adapter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets(pub Vec<Module>);

impl Targets {
    /// Query and value, as in Hu et al. 2021.
    #[must_use]
    pub fn query_value() -> Self {
        Self(vec![Module::Query, Module::Value])
    }

    /// Every matrix of every layer, as in Dettmers et al. 2023.
    #[must_use]
    pub fn all_linear() -> Self {
        Self(Module::ALL.to_vec())
    }
}

/// Settings of adapters. Fields are for reading; [`TrainableEncoderParams::check`] validates them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoraParams {
    /// Rank of each update.
    pub rank: usize,
    /// Numerator of [`scale`](Self::scale).
    pub alpha: f64,
    /// Dropout probability of an adapter's inputs.
    pub dropout: f32,
    /// Rank-stabilized: [`scale`](Self::scale) divides by the root of the rank.
    pub rslora: bool,
    /// Matrices that get an adapter.
    pub targets: Targets,
}

impl Default for LoraParams {
    fn default() -> Self {
        let targets = Targets::query_value();
        Self { rank: 16, alpha: 32.0, dropout: 0.0, rslora: false, targets }
    }
}

impl LoraParams {
    /// Rank of each update. Default `16`.
    #[must_use]
    pub fn rank(self, rank: usize) -> Self {
        Self { rank, ..self }
    }

    /// Numerator of [`scale`](Self::scale). Default `32`.
    #[must_use]
    pub fn alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// Dropout probability of an adapter's inputs. Default `0`.
    #[must_use]
    pub fn dropout(self, dropout: f32) -> Self {
        Self { dropout, ..self }
    }

    /// Divides by the rank's root in place of the rank (Kalajdzievski 2023). Default no.
    #[must_use]
    pub fn rslora(self, rslora: bool) -> Self {
        Self { rslora, ..self }
    }

    /// Matrices that get an adapter. Default query and value.
    #[must_use]
    pub fn targets(self, targets: Targets) -> Self {
        Self { targets, ..self }
    }

    /// Factor of an update: alpha over the rank, or over its root.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rank")]
    pub fn scale(&self) -> f64 {
        let rank = self.rank as f64;
        self.alpha / if self.rslora { rank.sqrt() } else { rank }
    }
}

/// Parts of the encoder to train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tuning {
    /// Every matrix, bias and norm of the layers.
    Full,
    /// Adapters of some matrices.
    Lora(LoraParams),
    /// Nothing: the task's own parameters alone.
    Head,
}

/// Settings of a [`TrainableEncoder`](super::TrainableEncoder); [`check`](Self::check) makes them usable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainableEncoderParams {
    /// Trained part of the encoder.
    pub tuning: Tuning,
    pub(crate) frozen_layers: usize,
    pub(crate) embeddings: bool,
    pub(crate) casing: Option<usize>,
}

impl Default for TrainableEncoderParams {
    fn default() -> Self {
        Self {
            tuning: Tuning::Lora(LoraParams::default()),
            frozen_layers: 0,
            embeddings: false,
            casing: None,
        }
    }
}

impl TrainableEncoderParams {
    /// Trained part of the encoder. Default adapters, as [`LoraParams`] has them.
    #[must_use]
    pub fn tuning(self, tuning: Tuning) -> Self {
        Self { tuning, ..self }
    }

    /// Number of layers, from the lowest, that stay as they are. Default `0`.
    #[must_use]
    pub fn frozen_layers(self, frozen_layers: usize) -> Self {
        Self { frozen_layers, ..self }
    }

    /// Whether the tables of words, positions (MPNet's bias of relative ones, too) and types and their
    /// norm are trained. Default no.
    #[must_use]
    pub fn embeddings(self, embeddings: bool) -> Self {
        Self { embeddings, ..self }
    }

    /// Adds a table of so many rows, zero at first, for how a token's word is cased; token types are
    /// then `type · classes + class`. Default none.
    #[must_use]
    pub fn casing(self, classes: Option<usize>) -> Self {
        Self { casing: classes, ..self }
    }

    /// The settings, if all are within their bounds.
    ///
    /// # Errors
    /// [`TuneError::Setting`] for a rank or a number of classes of 0, no matrix to adapt or one named
    /// twice, an alpha that is not above 0, a dropout below 0 or not below 1.
    pub fn check(self) -> Result<ValidTrainableEncoderParams, TuneError> {
        let wrong = |setting: &str, value: String, expected: &str| {
            Err(TuneError::Setting {
                setting: setting.into(),
                found: value,
                expected: expected.into(),
            })
        };
        if self.casing == Some(0) {
            return wrong("casing", "0".into(), "at least one class");
        }
        if let Tuning::Lora(lora) = &self.tuning {
            if lora.rank == 0 {
                return wrong("rank", "0".into(), "at least 1");
            }
            if !(lora.alpha > 0.0 && lora.alpha.is_finite()) {
                return wrong("alpha", lora.alpha.to_string(), "a number above 0");
            }
            if !(0.0..1.0).contains(&lora.dropout) {
                return wrong("dropout", lora.dropout.to_string(), "0 to below 1");
            }
            let mut targets = lora.targets.0.clone();
            targets.sort_unstable();
            targets.dedup();
            if targets.is_empty() || targets.len() < lora.targets.0.len() {
                return wrong("targets", format!("{:?}", lora.targets.0), "matrices, each once");
            }
        }
        Ok(ValidTrainableEncoderParams(self))
    }
}

/// Settings that were checked.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidTrainableEncoderParams(TrainableEncoderParams);

impl ValidTrainableEncoderParams {
    /// The settings.
    #[must_use]
    pub fn params(&self) -> &TrainableEncoderParams {
        &self.0
    }
}
