use std::path::Path;

use cloze_store::{Existing, Location, envelope};
use serde::{Deserialize, Serialize};

use super::{Correct, Correction, Method};
use crate::moments::Moments;
use crate::{EmbedError, Layers, Level, Poolings};

/// The kind of file that a [`FittedCorrection`] is saved as.
pub const KIND: &str = "correction";
/// The newest version of it.
pub const FORMAT_VERSION: u32 = 1;

/// Origin of the vectors that a correction was fitted on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The model's name, for people.
    pub model: String,
    /// The SHA-256 of the model's weights, by which two models are the same.
    pub model_sha256: String,
    /// Unit that a vector represents.
    #[serde(default)]
    pub level: Level,
    /// The poolings.
    pub pooling: Poolings,
    /// The layers.
    pub layers: Layers,
    /// The width of a vector.
    pub width: usize,
}

impl Provenance {
    /// Whether vectors made as `other` says are of the same kind. A model is checked by its hash
    /// alone: a renamed folder is the same model.
    fn check_same(&self, other: &Self) -> Result<(), EmbedError> {
        let model = |p: &Self| format!("{} (SHA-256 {})", p.model, p.model_sha256);
        differs("model", &self.model_sha256, &other.model_sha256, model(self), model(other))?;
        for ((field, expected), (_, actual)) in self.settings().into_iter().zip(other.settings()) {
            differs(field, &expected.clone(), &actual.clone(), expected, actual)?;
        }
        Ok(())
    }

    /// Settings that must be the same, by name.
    fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("level", self.level.to_string()),
            ("pooling", self.pooling.to_string()),
            ("layers", self.layers.to_string()),
            ("width", self.width.to_string()),
        ]
    }
}

fn differs<T: PartialEq>(
    field: &'static str,
    a: &T,
    b: &T,
    expected: String,
    found: String,
) -> Result<(), EmbedError> {
    if a == b { Ok(()) } else { Err(EmbedError::Differs { field, expected, found }) }
}

fn check_equal(field: &'static str, expected: String, found: String) -> Result<(), EmbedError> {
    if expected == found { Ok(()) } else { Err(EmbedError::Malformed { field, expected, found }) }
}

/// A correction with what it was fitted on: how the vectors were made, and their moments, so that
/// corrections fitted on parts of a corpus can be put together.
///
/// Saved as JSON of at most 64 MiB (whitening up to about 1,300 dimensions).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct FittedCorrection {
    fitted: Provenance,
    method: Method,
    correction: Correction,
    moments: Moments,
}

#[derive(Deserialize)]
struct Raw {
    fitted: Provenance,
    method: Method,
    correction: Correction,
    moments: Moments,
}

impl TryFrom<Raw> for FittedCorrection {
    type Error = EmbedError;

    fn try_from(Raw { fitted, method, correction, moments }: Raw) -> Result<Self, EmbedError> {
        let width = fitted.width.to_string();
        check_equal("moments", width.clone(), moments.dims().to_string())?;
        check_equal("correction", width, correction.width_in().to_string())?;
        check_equal("correction", method.name().into(), correction.name().into())?;
        if moments.spread() != method.spread() {
            return Err(EmbedError::NoCovariance { method: method.name() });
        }
        Ok(Self { fitted, method, correction, moments })
    }
}

impl FittedCorrection {
    /// Learns a correction from the moments of vectors that were made as `fitted` says.
    ///
    /// # Errors
    /// [`EmbedError::Width`] if the moments are not of that width; else as [`Method::fit`].
    pub fn fit(method: Method, fitted: Provenance, moments: Moments) -> Result<Self, EmbedError> {
        if fitted.width != moments.dims() {
            return Err(EmbedError::Width { expected: fitted.width, found: moments.dims() });
        }
        let method = method.effective(fitted.width);
        let correction = method.fit(&moments)?;
        Ok(Self { fitted, method, correction, moments })
    }

    /// The correction in the file `path`.
    ///
    /// # Errors
    /// [`EmbedError::Store`], whose [`StoreError`](cloze_store::StoreError) says whether the file
    /// cannot be read, is not JSON, cut off or contradicts itself, is of another kind, or of a
    /// later version.
    pub fn open(path: impl Into<Location>) -> Result<Self, EmbedError> {
        Ok(envelope::read_json(path, KIND, FORMAT_VERSION)?)
    }

    /// Writes the correction to the file `path`.
    ///
    /// # Errors
    /// [`EmbedError::Store`] if it exists and is not to be replaced, cannot be written, or would be
    /// too large to be read again.
    pub fn save(&self, path: &Path, existing: Existing) -> Result<(), EmbedError> {
        Ok(envelope::write_json(path, KIND, FORMAT_VERSION, self, existing)?)
    }

    /// Whether vectors made as `provenance` says may be corrected by this.
    ///
    /// # Errors
    /// [`EmbedError::Differs`] names the first of model, level, pooling, layers and width that is another.
    /// A model is the same if its hash is.
    pub fn check_fits(&self, provenance: &Provenance) -> Result<(), EmbedError> {
        self.fitted.check_same(provenance)
    }

    /// Returns the correction fitted on the vectors of both.
    ///
    /// # Errors
    /// [`EmbedError::Differs`] names the first of model, level, pooling, layers, width and method (with its
    /// settings) in which they differ; else as [`Method::fit`].
    pub fn merge(&self, other: &Self) -> Result<Self, EmbedError> {
        self.check_fits(&other.fitted)?;
        let text = |method| format!("{method:?}");
        differs("method", &self.method, &other.method, text(self.method), text(other.method))?;
        let mut moments = self.moments.clone();
        moments.merge(&other.moments)?;
        Self::fit(self.method, self.fitted.clone(), moments)
    }

    /// Origin of the vectors that it was fitted on.
    #[must_use]
    pub fn fitted(&self) -> &Provenance {
        &self.fitted
    }

    /// Number of vectors that it was fitted on.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.moments.count()
    }

    /// The method with its settings, as [`Method::effective`].
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The correction alone.
    #[must_use]
    pub fn correction(&self) -> &Correction {
        &self.correction
    }

    /// The moments of the vectors.
    #[must_use]
    pub fn moments(&self) -> &Moments {
        &self.moments
    }
}

impl Correct for FittedCorrection {
    fn width_in(&self) -> usize {
        self.correction.width_in()
    }

    fn width_out(&self) -> usize {
        self.correction.width_out()
    }

    fn apply(&self, row: &[f32]) -> Result<Vec<f32>, EmbedError> {
        self.correction.apply(row)
    }
}
