//! A head with its features in a file, `head.safetensors`, and the description that goes into the
//! model's own file.
//!
//! Tensors: `weight` and `square`, `[labels, width]`, `bias` and `thresholds` (NaN where there is
//! none), `[labels]`, in f64; the correction's numbers in f32, under the names of its fields:
//! `correction.mean`, `correction.inv_std` and `correction.directions`.
use std::path::Path;

use cloze_embed::EmbedError;
use cloze_embed::correction::Method;
use cloze_store::{Existing, Location};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ClassifyHead, Combine, Features, Prediction};
use crate::HeadError;
use crate::tensors::{self, Tensors, wide};

/// Description of a head, without its numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the fields of a file, not states")]
pub struct HeadSpec {
    /// Kind of the fit.
    pub kind: String,
    /// The labels, in the order of logits.
    pub labels: Vec<String>,
    /// Whether a text may have any number of them.
    pub multi_label: bool,
    /// Temperature that logits are divided by.
    pub temperature: f64,
    /// The width of a row: of pairs, of both vectors.
    pub width: usize,
    /// Combination of the vectors of a row.
    pub combine: Combine,
    /// The correction of each vector.
    pub correction: Option<Method>,
    /// Whether vectors are scaled to length 1.
    pub normalize: bool,
    /// Whether there are weights of squares.
    pub square: bool,
    /// Whether there are thresholds.
    pub thresholds: bool,
    /// The effective settings of the fit.
    pub settings: Map<String, Value>,
    /// The seed of the fit.
    pub seed: u64,
}

/// Features and a head that go together: a row to labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    features: Features,
    head: ClassifyHead,
}

impl Classifier {
    /// Classifier of `features` and `head`.
    ///
    /// # Errors
    /// [`EmbedError::Width`], as [`HeadError::Embed`], if the head expects another number of
    /// features.
    pub fn new(features: Features, head: ClassifyHead) -> Result<Self, HeadError> {
        let (expected, width) = (head.width(), features.width_out());
        if expected != width {
            return Err(EmbedError::Width { expected, found: width }.into());
        }
        Ok(Self { features, head })
    }

    /// The way from a row to features.
    #[must_use]
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// The way from features to labels.
    #[must_use]
    pub fn head(&self) -> &ClassifyHead {
        &self.head
    }

    /// The logits of `row`, `[width_in]`: `[labels]`.
    ///
    /// # Errors
    /// As [`Features::apply`] and [`ClassifyHead::predict`].
    pub fn predict(&self, row: &[f32]) -> Result<Vec<f64>, HeadError> {
        self.head.predict(&self.features.apply(row)?)
    }

    /// Prediction of the head for `row`, `[width_in]`.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn classify(&self, row: &[f32]) -> Result<Prediction, HeadError> {
        self.head.decode(&self.head.probabilities(&self.predict(row)?)?)
    }

    /// The facts that are not in the file; `settings` and `seed` are those of the fit, `correction`
    /// is the method, if there is one, with its settings.
    #[must_use]
    pub fn spec(
        &self,
        correction: Option<Method>,
        settings: Map<String, Value>,
        seed: u64,
    ) -> HeadSpec {
        HeadSpec {
            kind: self.head.kind().to_owned(),
            labels: self.head.labels().to_vec(),
            multi_label: self.head.multi_label(),
            temperature: self.head.temperature(),
            width: self.features.width_in(),
            combine: self.features.combine(),
            correction,
            normalize: self.features.normalize(),
            square: self.head.square().is_some(),
            thresholds: !self.head.thresholds().is_empty(),
            settings,
            seed,
        }
    }

    /// Writes the numbers to the file `path`: the same bytes for the same numbers.
    ///
    /// # Errors
    /// [`HeadError::Store`] if it exists and is not to be replaced, or cannot be written.
    pub fn save(&self, path: &Path, existing: Existing) -> Result<(), HeadError> {
        let head = &self.head;
        let (labels, width) = (head.labels().len(), head.width());
        let mut tensors = vec![
            wide("weight", vec![labels, width], head.weight().iter().copied()),
            wide("bias", vec![labels], head.bias().iter().copied()),
        ];
        if let Some(square) = head.square() {
            tensors.push(wide("square", vec![labels, width], square.iter().copied()));
        }
        if !head.thresholds().is_empty() {
            let values = head.thresholds().iter().map(|t| t.unwrap_or(f64::NAN));
            tensors.push(wide("thresholds", vec![labels], values));
        }
        if let Some(correction) = self.features.correction() {
            tensors.extend(tensors::of_correction(correction, path)?);
        }
        tensors::write(path, &tensors, existing)
    }

    /// The classifier whose numbers are in the file `path` and of which `spec` says the rest.
    ///
    /// # Errors
    /// [`HeadError::Store`] if it cannot be read or has more than 1 GiB;
    /// [`HeadError::Safetensors`] if it is damaged; [`HeadError::HeadVersion`];
    /// [`HeadError::Tensor`] names the first tensor that is missing, unknown, or not of the type
    /// and shape that `spec` asks for; [`HeadError::Correction`] for numbers that make none; else
    /// as [`Features::new`] and [`ClassifyHead`]'s parts.
    pub fn open(path: impl Into<Location>, spec: &HeadSpec) -> Result<Self, HeadError> {
        let path = path.into();
        let bytes = tensors::read(&path)?;
        let file = Tensors::of(&path, &bytes)?;
        let vector = spec.width / spec.combine.vectors();
        let correction = spec.correction.map(|m| file.correction(m, vector)).transpose()?;
        let features = Features::new(spec.combine, spec.width, correction, spec.normalize)?;
        let (labels, width) = (spec.labels.len(), features.width_out());
        let mut known = vec!["weight", "bias"];
        let weight = file.wide("weight", &[labels, width])?;
        let bias = file.wide("bias", &[labels])?;
        let mut head = ClassifyHead::new(&spec.kind, spec.labels.clone(), weight, bias)?
            .with_multi_label(spec.multi_label)
            .with_temperature(spec.temperature)?;
        if spec.square {
            known.push("square");
            head = head.with_square(file.wide("square", &[labels, width])?)?;
        }
        if spec.thresholds {
            known.push("thresholds");
            let values = file.wide("thresholds", &[labels])?;
            let thresholds = values.into_iter().map(|t| Some(t).filter(|t| !t.is_nan()));
            head = head.with_thresholds(thresholds.collect())?;
        }
        if let Some(method) = spec.correction {
            known.extend(tensors::names_of(method));
        }
        file.check_known(&known)?;
        Self::new(features, head)
    }
}
