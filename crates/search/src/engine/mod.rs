//! Two ways to find the rows most like a query.
mod exact;
pub(crate) mod hnsw;

use std::borrow::Cow;

use cloze_core::Matrix;
use cloze_embed::{Metric, l2_normalize};
use serde::{Deserialize, Serialize};

use crate::{Hit, RowSet, SearchError};
pub use exact::Exact;
pub use hnsw::Hnsw;

/// Search for the rows most similar to a query.
pub trait Engine: Send + Sync {
    /// Number of rows.
    fn rows(&self) -> usize;

    /// For each of `queries`, `[queries, width]`, the `k` rows most like it, best first, among those
    /// of `allowed`, or among all. Fewer than `k` only if no more are allowed, or if an approximate
    /// engine finds no more.
    ///
    /// # Errors
    /// [`SearchError::Width`] and [`SearchError::Vector`] for a query; [`SearchError::Read`] and
    /// [`SearchError::Graph`] if what the engine reads from the disk cannot be.
    fn search(
        &self,
        queries: &Matrix,
        k: usize,
        allowed: Option<&RowSet>,
    ) -> Result<Vec<Vec<Hit>>, SearchError>;
}

/// Engine that an index is searched with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Exact up to 100,000 rows, from there on approximate.
    #[default]
    Auto,
    /// Every row is compared with.
    Exact,
    /// A graph is followed: hierarchical navigable small worlds (Malkov & Yashunin 2018).
    Hnsw,
}

/// From so many rows on, [`EngineKind::Auto`] is approximate.
pub const AUTO_HNSW_ROWS: usize = 100_000;

/// The longest vector: products of two such, and their sums, stay in the range of f32.
const MAX_LENGTH: f64 = 1e18;

/// Whether a vector can be compared; `what` is its name in the error.
pub(crate) fn check_vector(
    vector: &[f32],
    width: usize,
    what: impl Fn() -> String,
) -> Result<(), SearchError> {
    if vector.len() != width {
        return Err(SearchError::Width { what: what(), expected: width, found: vector.len() });
    }
    if let Some(x) = vector.iter().find(|x| !x.is_finite()) {
        return Err(SearchError::Vector { what: what(), found: f64::from(*x) });
    }
    let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    if length > MAX_LENGTH {
        return Err(SearchError::Vector { what: what(), found: length });
    }
    Ok(())
}

/// The rows, if all can be compared, and of length 1 where the metric is the cosine; `what` is the
/// name of one in the error.
pub(crate) fn comparable<'a>(
    rows: &'a Matrix,
    width: usize,
    metric: Metric,
    what: &str,
) -> Result<Cow<'a, Matrix>, SearchError> {
    for (i, row) in rows.iter().enumerate() {
        check_vector(row, width, || format!("{what} {i}"))?;
    }
    if metric != Metric::Cosine {
        return Ok(Cow::Borrowed(rows));
    }
    let mut numbers = rows.as_slice().to_vec();
    for row in numbers.chunks_exact_mut(rows.cols().max(1)) {
        l2_normalize(row);
    }
    Ok(Cow::Owned(Matrix::from_vec(rows.cols(), numbers).unwrap_or_default()))
}
