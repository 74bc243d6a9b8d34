//! Semantic textual similarity: whether similarities of texts agree with people's, without and with
//! corrections of the vectors.
use std::sync::Arc;

use cloze_corpus::Pair;
use cloze_embed::correction::{Correct as _, FittedCorrection, Method};
use cloze_embed::{Accumulator, Level, Metric, Moments, Spread};
use cloze_metrics::correlation::{pearson, pearson_interval, spearman, spearman_interval};
use serde::Serialize;

use super::EvaluateError;
use crate::distinct::{DistinctTexts, PairTextError};
use crate::similarity::compare;
use crate::{Error, SentenceEncoder, VectorVariants};

/// Evaluation of similarities; the vectors of each distinct text stay in memory.
#[derive(Debug)]
pub struct StsEvaluation<'m> {
    vectors: VectorVariants<'m>,
    metric: Metric,
    /// Vectors of each text, one for each variant.
    texts: DistinctTexts<Vec<Vec<f32>>>,
    pairs: Vec<ScoredPair>,
    /// Number of pairs added, whether they count or not.
    added: usize,
    counts: cloze_encoder::EncodingCounts,
}

/// Pair, as indices of distinct texts, and its gold score.
#[derive(Clone, Copy, Debug)]
struct ScoredPair {
    /// Number of the pair in the order of adding.
    number: usize,
    texts: [usize; 2],
    gold: f64,
}

/// Origin of a correction, for reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FittedOn {
    /// File that it was fitted on, or that it was read from.
    pub file: String,
    /// Number of texts that it was fitted on.
    pub texts: u64,
}

/// Vector that a correction cannot correct.
#[derive(Clone, Debug, thiserror::Error)]
#[error("pair {pair}: not corrected by {correction}")]
pub struct NotCorrected {
    /// Number of the pair in the order of adding, from 0.
    pub pair: usize,
    /// Name of the correction.
    pub correction: &'static str,
    /// Cause.
    pub source: Arc<Error>,
}

impl<'m> StsEvaluation<'m> {
    /// An evaluation without pairs yet.
    #[must_use]
    pub fn new(encoder: &'m SentenceEncoder, metric: Metric) -> Self {
        Self::of_variants(VectorVariants::own(encoder), metric)
    }

    /// An evaluation of several choices of layers and poolings, whose vectors are made in one run.
    #[must_use]
    pub fn of_variants(vectors: VectorVariants<'m>, metric: Metric) -> Self {
        let (texts, pairs, counts) = Default::default();
        Self { vectors, metric, texts, pairs, added: 0, counts }
    }

    /// Encodes the texts of pairs, each distinct one once. A pair counts if it has a score and both of
    /// its texts a vector.
    ///
    /// # Errors
    /// As [`SentenceEncoder::pool`], for what is not of one text.
    pub fn add(&mut self, pairs: &[Pair]) -> Result<Vec<Result<(), PairTextError>>, EvaluateError> {
        self.texts.add(pairs, |texts| self.vectors.pool(texts))?;
        self.counts = self.vectors.encoder().counts();
        let mut results = Vec::with_capacity(pairs.len());
        for (number, pair) in (self.added..).zip(pairs) {
            results.push(self.texts.indices(pair).map(|texts| {
                let scored = pair.score.map(|gold| ScoredPair { number, texts, gold });
                self.pairs.extend(scored);
            }));
        }
        self.added += pairs.len();
        Ok(results)
    }

    /// Number of pairs that count.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.pairs.len()
    }

    /// Correlations with one correction, or none. Pairs with a text that it cannot correct are left out
    /// and returned beside the report.
    ///
    /// # Errors
    /// [`EvaluateError::Metrics`] for fewer than two pairs, and for similarities or gold scores that are
    /// all equal; [`EvaluateError::Model`] for a model whose weights cannot be read.
    pub fn report(
        &self,
        correction: Option<&FittedCorrection>,
        fitted_on: Option<FittedOn>,
    ) -> Result<(StsReport, Vec<NotCorrected>), EvaluateError> {
        self.report_of(0, correction, fitted_on)
    }

    /// The same for one of several [choices](Self::of_variants), by its number.
    ///
    /// # Errors
    /// As [`report`](Self::report).
    pub fn report_of(
        &self,
        variant: usize,
        correction: Option<&FittedCorrection>,
        fitted_on: Option<FittedOn>,
    ) -> Result<(StsReport, Vec<NotCorrected>), EvaluateError> {
        let encoder = self.vectors.encoder();
        let method = correction.map(FittedCorrection::method);
        let name = method.map_or("none", Method::name);
        let finish = |vectors: &Result<Vec<Vec<f32>>, _>| {
            let vector = vectors.as_ref().ok()?.get(variant)?.clone();
            let finished = encoder.finish_with(correction, vector, Level::Sentence);
            Some(finished.map_err(Arc::new))
        };
        let finished: Vec<_> = self.texts.results().iter().map(finish).collect();
        let (mut similarities, mut gold, mut errors) = (vec![], vec![], vec![]);
        for pair in &self.pairs {
            match pair.texts.map(|text| finished[text].as_ref()) {
                [Some(Ok(a)), Some(Ok(b))] => {
                    similarities.push(compare(self.metric, a, b)?);
                    gold.push(pair.gold);
                }
                texts => {
                    for error in texts.into_iter().flatten().filter_map(|text| text.as_ref().err())
                    {
                        let (pair, source) = (pair.number, Arc::clone(error));
                        errors.push(NotCorrected { pair, correction: name, source });
                    }
                }
            }
        }
        let spearman = spearman(&similarities, &gold)?;
        let pearson = pearson(&similarities, &gold)?;
        let pairs = gold.len();
        let (model_sha256, layers) = match self.vectors.provenance(variant) {
            Ok(provenance) => (provenance.model_sha256, provenance.layers.to_string()),
            Err(_) => made_by(encoder)?,
        };
        let (dims, directions) = match method {
            Some(Method::Whitening { .. }) => {
                (correction.map(|fitted| fitted.correction().width_out()), None)
            }
            Some(Method::AllButTheTop { directions }) => (None, directions),
            _ => (None, None),
        };
        let report = StsReport {
            pairs,
            texts: self.texts.results().len(),
            long_texts: self.counts.long,
            truncated_texts: self.counts.truncated,
            spearman,
            spearman_interval: spearman_interval(spearman, pairs),
            pearson,
            pearson_interval: pearson_interval(pearson, pairs),
            model: encoder.model().name(),
            model_sha256,
            pooling: self.vectors.poolings(variant).to_string(),
            layers,
            correction: name,
            dims,
            directions,
            fitted_on,
            metric: self.metric,
        };
        Ok((report, errors))
    }
}

/// SHA-256 of the weights, and the layers; `static` for vectors of the embedding matrix.
pub(super) fn made_by(encoder: &SentenceEncoder) -> Result<(String, String), Error> {
    match encoder.provenance(Level::Sentence) {
        Ok(provenance) => Ok((provenance.model_sha256, provenance.layers.to_string())),
        Err(Error::Conflict(_)) => Ok((encoder.model().sha256()?, "static".into())),
        Err(error) => Err(error),
    }
}

/// Statistics of texts that corrections are fitted on: those of both texts of every pair. A text that
/// occurs twice counts twice.
#[derive(Debug)]
pub struct CorrectionFitter<'m> {
    vectors: VectorVariants<'m>,
    /// Of each variant.
    gathered: Vec<Accumulator>,
}

impl<'m> CorrectionFitter<'m> {
    /// Statistics of no texts yet, as many as `methods` need.
    ///
    /// # Errors
    /// As [`SentenceEncoder::provenance`].
    pub fn new(encoder: &'m SentenceEncoder, methods: &[Method]) -> Result<Self, EvaluateError> {
        Self::of_variants(VectorVariants::own(encoder), methods)
    }

    /// The same of several choices of layers and poolings, whose vectors are made in one run.
    ///
    /// # Errors
    /// As [`SentenceEncoder::provenance`].
    pub fn of_variants(
        vectors: VectorVariants<'m>,
        methods: &[Method],
    ) -> Result<Self, EvaluateError> {
        // Variances are among covariances, so that one pass over the texts is enough.
        let covariance = methods.iter().any(|method| method.spread() == Spread::Covariance);
        let spread = if covariance { Spread::Covariance } else { Spread::Variance };
        let width = |variant| Ok::<_, Error>(vectors.provenance(variant)?.width);
        let widths = (0..vectors.len()).map(width).collect::<Result<Vec<_>, _>>()?;
        let gathered = widths.into_iter().map(|width| Accumulator::new(width, spread)).collect();
        Ok(Self { vectors, gathered })
    }

    /// Adds both texts of each pair; a pair with a text that cannot be encoded is left out.
    ///
    /// # Errors
    /// As [`SentenceEncoder::pool`], for what is not of one text.
    pub fn add(&mut self, pairs: &[Pair]) -> Result<Vec<Result<(), PairTextError>>, EvaluateError> {
        let mut texts = DistinctTexts::<Vec<Vec<f32>>>::default();
        texts.add(pairs, |texts| self.vectors.pool(texts))?;
        let mut results = Vec::with_capacity(pairs.len());
        for pair in pairs {
            results.push(match texts.of(pair) {
                Ok(both) => {
                    for vectors in both {
                        for (gathered, vector) in self.gathered.iter_mut().zip(vectors) {
                            gathered.push(vector)?;
                        }
                    }
                    Ok(())
                }
                Err(error) => Err(error),
            });
        }
        Ok(results)
    }

    /// Statistics of all texts, which [`FittedCorrection::fit`] takes: of each choice of layers and
    /// poolings.
    #[must_use]
    pub fn finish(self) -> Vec<Moments> {
        self.gathered.into_iter().map(Accumulator::finish).collect()
    }
}

/// Report of an evaluation of similarities.
#[derive(Clone, Debug, Serialize)]
pub struct StsReport {
    /// Number of pairs.
    pub pairs: usize,
    /// Number of distinct texts.
    pub texts: usize,
    /// Number of texts longer than a window.
    pub long_texts: u64,
    /// Number of texts of which only a part was seen.
    pub truncated_texts: u64,
    /// Spearman's rank correlation of similarities and gold scores.
    pub spearman: f64,
    /// Interval of 95 %.
    pub spearman_interval: (f64, f64),
    /// Pearson's correlation.
    pub pearson: f64,
    /// Interval of 95 %.
    pub pearson_interval: (f64, f64),
    /// Name of the model.
    pub model: String,
    /// SHA-256 of its weights.
    pub model_sha256: String,
    /// Pooling.
    pub pooling: String,
    /// Layers.
    pub layers: String,
    /// Correction.
    pub correction: &'static str,
    /// Number of dimensions that whitening has kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dims: Option<usize>,
    /// Number of directions that all-but-the-top has taken away, where it was set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directions: Option<usize>,
    /// Origin of the correction.
    pub fitted_on: Option<FittedOn>,
    /// Similarity metric.
    pub metric: Metric,
}
