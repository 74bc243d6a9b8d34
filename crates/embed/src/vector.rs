//! Vectors made comparable, and compared.
use serde::{Deserialize, Serialize};

use crate::EmbedError;

/// Keeps the first `dims` numbers, for models trained so that these are a smaller embedding
/// (Kusupati et al. 2022, Matryoshka). To be done before [`l2_normalize`]: the length of what is
/// kept is another.
///
/// # Errors
/// [`EmbedError::Setting`] if `dims` is 0 or more than there are; nothing is done then.
pub fn truncate(vector: &mut Vec<f32>, dims: usize) -> Result<(), EmbedError> {
    if dims == 0 || dims > vector.len() {
        let expected = format!("1 to {}", vector.len());
        return Err(EmbedError::Setting { setting: "truncate_dim", found: dims, expected });
    }
    vector.truncate(dims);
    Ok(())
}

/// Scales `vector` to length 1; a zero vector stays zero.
#[expect(clippy::cast_possible_truncation, reason = "as narrow as what came in")]
pub fn l2_normalize(vector: &mut [f32]) {
    let norm = dot(vector, vector).sqrt();
    if norm > 0.0 {
        for x in vector {
            *x = (f64::from(*x) / norm) as f32;
        }
    }
}

/// Similarity of two vectors, and of the same two after a correction.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CorrectedSimilarity {
    /// Similarity of the vectors as they are.
    pub similarity: f64,
    /// Similarity of the corrected vectors; `None` without a correction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<f64>,
}

impl CorrectedSimilarity {
    /// Similarity to rank by: the corrected one where there is one.
    #[must_use]
    pub fn key(self) -> f64 {
        self.corrected.unwrap_or(self.similarity)
    }
}

/// Similarity measure of two vectors: higher is more similar. Source: sentence-transformers 6.2.0,
/// `util/similarity.py`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// The cosine of the angle between them, −1 to 1; 0 if one of them is zero.
    #[default]
    Cosine,
    /// Their dot product.
    Dot,
    /// Their Euclidean distance, negated: 0 for equal ones, otherwise below.
    Euclid,
}

impl Metric {
    const NAMES: [&str; 3] = ["cosine", "dot", "euclid"];

    /// Name, as [`parse`](Self::parse) takes it: `cosine`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::Dot => "dot",
            Self::Euclid => "euclid",
        }
    }

    /// The metric of this name.
    ///
    /// # Errors
    /// [`EmbedError::UnknownName`].
    pub fn parse(name: &str) -> Result<Self, EmbedError> {
        let metrics = [Self::Cosine, Self::Dot, Self::Euclid];
        metrics.into_iter().find(|m| m.name() == name).ok_or_else(|| EmbedError::UnknownName {
            what: "metric",
            found: name.to_owned(),
            known: &Self::NAMES,
        })
    }

    /// The metric of a `similarity_fn_name`, as sentence-transformers calls them.
    ///
    /// # Errors
    /// [`EmbedError::UnknownName`]; so for `manhattan`, which is not built.
    pub fn of_config(name: &str) -> Result<Self, EmbedError> {
        let known = &["cosine", "dot", "euclidean"];
        let metrics = known.iter().zip([Self::Cosine, Self::Dot, Self::Euclid]);
        let metric = metrics.into_iter().find(|(known, _)| **known == name);
        metric.map(|(_, metric)| metric).ok_or_else(|| EmbedError::UnknownName {
            what: "similarity_fn_name",
            found: name.to_owned(),
            known,
        })
    }

    /// Similarity of `a` and `b`, computed in f64.
    ///
    /// # Errors
    /// [`EmbedError::Width`] if `b` is not as wide as `a`.
    pub fn similarity(self, a: &[f32], b: &[f32]) -> Result<f64, EmbedError> {
        if a.len() != b.len() {
            return Err(EmbedError::Width { expected: a.len(), found: b.len() });
        }
        Ok(match self {
            Self::Cosine => {
                // The root of each by itself, so that equal vectors give exactly 1 or next to it.
                let norms = dot(a, a).sqrt() * dot(b, b).sqrt();
                if norms == 0.0 { 0.0 } else { (dot(a, b) / norms).clamp(-1.0, 1.0) }
            }
            Self::Dot => dot(a, b),
            Self::Euclid => {
                let squares = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
                -squares.sum::<f64>().sqrt()
            }
        })
    }
}

/// The dot product; of f32 it cannot leave the range of f64.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}
