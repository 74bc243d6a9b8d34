//! Settings of an index.
use cloze_embed::Metric;
use cloze_embed::correction::Method;

use super::manifest::EncoderCard;
use crate::rows::Dtype;
use crate::{EngineKind, HnswParams, SearchError};

/// Settings for making an index; [`check`](Self::check) makes them usable.
#[derive(Clone, Debug, Default)]
pub struct IndexParams {
    pub(crate) metric: Metric,
    pub(crate) dtype: Dtype,
    pub(crate) quantize: bool,
    pub(crate) engine: EngineKind,
    pub(crate) hnsw: HnswParams,
    pub(crate) keywords: bool,
    pub(crate) correction: Option<Method>,
    pub(crate) encoder: Option<EncoderCard>,
}

impl IndexParams {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Measure of similarity. Default [`Metric::Cosine`].
    #[must_use]
    pub fn metric(self, metric: Metric) -> Self {
        Self { metric, ..self }
    }

    /// The numbers that vectors are kept in. Default [`Dtype::F32`].
    #[must_use]
    pub fn dtype(self, dtype: Dtype) -> Self {
        Self { dtype, ..self }
    }

    /// Whether the exact engine compares in 8 bits first, and with the vectors on the disk again the
    /// best of these: a quarter of the memory, or half of that of [`Dtype::F16`], and of the time.
    /// Default `false`.
    #[must_use]
    pub fn quantize(self, quantize: bool) -> Self {
        Self { quantize, ..self }
    }

    /// The engine. Default [`EngineKind::Auto`].
    #[must_use]
    pub fn engine(self, engine: EngineKind) -> Self {
        Self { engine, ..self }
    }

    /// The settings of graphs. Default [`HnswParams::new`].
    #[must_use]
    pub fn hnsw(self, hnsw: HnswParams) -> Self {
        Self { hnsw, ..self }
    }

    /// Whether the words of texts are kept, for [`Index::keywords`](crate::index::Index::keywords). While rows are
    /// added, those of a commit are in memory: about two bytes for each word. Default `false`.
    #[must_use]
    pub fn keywords(self, keywords: bool) -> Self {
        Self { keywords, ..self }
    }

    /// A correction that is fitted on the vectors of the first commit, applied to them, kept, and
    /// applied to all that are added and to queries. Default: none.
    #[must_use]
    pub fn correction(self, correction: Option<Method>) -> Self {
        Self { correction, ..self }
    }

    /// Settings that the vectors are made from texts with. Default: none.
    #[must_use]
    pub fn encoder(self, encoder: Option<EncoderCard>) -> Self {
        Self { encoder, ..self }
    }

    /// The settings, if they go together.
    ///
    /// # Errors
    /// [`SearchError::Setting`] for [`quantize`](Self::quantize) with distances, and as
    /// [`HnswParams::check`].
    pub fn check(self) -> Result<ValidIndexParams, SearchError> {
        if self.quantize && self.metric == Metric::Euclid {
            return Err(SearchError::Setting {
                setting: "quantize",
                expected: "the metric cosine or dot".into(),
                found: self.metric.name().into(),
            });
        }
        self.hnsw.check(self.metric)?;
        Ok(ValidIndexParams(self))
    }
}

/// Settings that were checked.
#[derive(Clone, Debug)]
pub struct ValidIndexParams(pub(crate) IndexParams);
