//! Similarity of texts, uncorrected and corrected beside each other.
//!
//! - [`word`]: one word in several texts, in context and without.
pub mod word;

use cloze_embed::correction::FittedCorrection;
use cloze_embed::{CorrectedSimilarity, Level, Metric};

use crate::{Error, SentenceEncoder};

/// Encoder, metric and correction that similarities are measured with.
pub struct SimilarityMeasure {
    encoder: SentenceEncoder,
    metric: Metric,
    correction: Option<FittedCorrection>,
}

/// Vector of a text or word, without and with the correction.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparableVectors {
    plain: Vec<f32>,
    corrected: Option<Vec<f32>>,
}

impl SimilarityMeasure {
    /// Returns a measure without correction.
    #[must_use]
    pub fn new(encoder: SentenceEncoder, metric: Metric) -> Self {
        Self { encoder, metric, correction: None }
    }

    /// Adds a correction to compare with, of sentences or of words.
    ///
    /// # Errors
    /// [`Error::Embed`] for one that was fitted on vectors made another way.
    pub fn correction(mut self, correction: FittedCorrection) -> Result<Self, Error> {
        correction.check_fits(&self.encoder.provenance(correction.fitted().level)?)?;
        self.correction = Some(correction);
        Ok(self)
    }

    /// Encoder of the vectors.
    #[must_use]
    pub fn encoder(&self) -> &SentenceEncoder {
        &self.encoder
    }

    /// Metric of the similarities.
    #[must_use]
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// Name of the correction's method, or `none`.
    #[must_use]
    pub fn correction_name(&self) -> &'static str {
        self.correction.as_ref().map_or("none", |correction| correction.method().name())
    }

    /// Returns `true` if there is a correction of this level.
    #[must_use]
    pub fn corrects(&self, level: Level) -> bool {
        self.correction.as_ref().is_some_and(|c| c.fitted().level == level)
    }

    /// Encodes texts.
    ///
    /// # Errors
    /// As [`SentenceEncoder::encode`]; [`crate::batch::isolate`] gives each text its own result.
    pub fn vectors(&self, texts: &[&str]) -> Result<Vec<ComparableVectors>, Error> {
        let pooled = self.encoder.pool(texts)?;
        pooled.into_iter().map(|vector| self.finish(vector, Level::Sentence)).collect()
    }

    /// Finishes a pooled vector, or a word's.
    fn finish(&self, vector: Vec<f32>, level: Level) -> Result<ComparableVectors, Error> {
        let correction = self.correction.as_ref().filter(|_| self.corrects(level));
        let corrected = correction
            .map(|correction| self.encoder.finish_with(Some(correction), vector.clone(), level))
            .transpose()?;
        let plain = self.encoder.finish_with(None, vector, level)?;
        Ok(ComparableVectors { plain, corrected })
    }

    /// Compares two vectors.
    ///
    /// # Errors
    /// [`Error::Embed`] for vectors of different widths.
    pub fn similarity(
        &self,
        a: &ComparableVectors,
        b: &ComparableVectors,
    ) -> Result<CorrectedSimilarity, Error> {
        let corrected = match (&a.corrected, &b.corrected) {
            (Some(a), Some(b)) => Some(compare(self.metric, a, b)?),
            _ => None,
        };
        Ok(CorrectedSimilarity { similarity: compare(self.metric, &a.plain, &b.plain)?, corrected })
    }
}

/// Compares two vectors. The distance of equal ones, which is negated, is 0, not −0.
///
/// # Errors
/// [`Error::Embed`] for vectors of different widths.
pub fn compare(metric: Metric, a: &[f32], b: &[f32]) -> Result<f64, Error> {
    Ok(metric.similarity(a, b)? + 0.0)
}
