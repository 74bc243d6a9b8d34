//! Means, variances and covariances of rows, in one pass, of parts that can be put together.
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use crate::EmbedError;

/// Rows that are summed as one matrix product.
const BLOCK: usize = 256;
/// As many rows as an f64 counts exactly.
const MAX_COUNT: u64 = 1 << 53;

/// Second moments gathered from rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spread {
    /// The variance of each dimension: `dims` numbers.
    Variance,
    /// The covariance of each pair of dimensions: `dims · (dims + 1) / 2` numbers.
    Covariance,
}

impl Spread {
    fn name(self) -> &'static str {
        match self {
            Self::Variance => "variance",
            Self::Covariance => "covariance",
        }
    }

    fn len(self, dims: usize) -> Option<usize> {
        match self {
            Self::Variance => Some(dims),
            Self::Covariance => Some(dims.checked_mul(dims.checked_add(1)?)? / 2),
        }
    }
}

/// Count, mean and spread of rows, in f64. Made by an [`Accumulator`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Moments {
    spread: Spread,
    count: u64,
    mean: Vec<f64>,
    /// Sums of squares and products of what is left without the mean: of each dimension, or of
    /// each pair of them as the lower triangle, row after row.
    m2: Vec<f64>,
}

#[derive(Deserialize)]
struct Raw {
    spread: Spread,
    count: u64,
    mean: Vec<f64>,
    m2: Vec<f64>,
}

impl TryFrom<Raw> for Moments {
    type Error = EmbedError;

    fn try_from(Raw { spread, count, mean, m2 }: Raw) -> Result<Self, EmbedError> {
        let malformed = |field, expected: String, found: String| {
            Err(EmbedError::Malformed { field, expected, found })
        };
        if mean.is_empty() {
            return malformed("mean", "at least 1 number".into(), "none".into());
        }
        if Some(m2.len()) != spread.len(mean.len()) {
            let expected = format!("those of {} dimensions", mean.len());
            return malformed("m2", expected, format!("{} numbers", m2.len()));
        }
        if count > MAX_COUNT {
            return malformed("count", format!("at most {MAX_COUNT}"), count.to_string());
        }
        let moments = Self { spread, count, mean, m2 };
        for (field, values) in [("mean", &moments.mean), ("m2", &moments.m2)] {
            if let Some(value) = values.iter().find(|v| !v.is_finite()) {
                return malformed(field, "finite numbers".into(), value.to_string());
            }
        }
        if let Some(value) = (0..moments.dims()).map(|d| moments.squares(d)).find(|v| *v < 0.0) {
            return malformed("m2", "no negative square".into(), value.to_string());
        }
        Ok(moments)
    }
}

impl Moments {
    fn none(dims: usize, spread: Spread) -> Self {
        let len = spread.len(dims).expect("as many covariances as memory can hold");
        Self { spread, count: 0, mean: vec![0.0; dims], m2: vec![0.0; len] }
    }

    /// Number of rows.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Number of dimensions of a row.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.mean.len()
    }

    /// Whether there are covariances.
    #[must_use]
    pub fn spread(&self) -> Spread {
        self.spread
    }

    /// The mean row, `[dims]`; zeros of no rows.
    #[must_use]
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The population variance of each dimension (divided by n), `[dims]`; zeros of no rows.
    #[must_use]
    pub fn variance(&self) -> Vec<f64> {
        (0..self.dims()).map(|d| self.squares(d) / self.divisor()).collect()
    }

    /// The population covariance (divided by n) of dimensions `i` and `j`; `None` where only
    /// variances were gathered, or past the last dimension.
    #[must_use]
    pub fn covariance(&self, i: usize, j: usize) -> Option<f64> {
        let (row, column) = (i.max(j), i.min(j));
        let known = self.spread == Spread::Covariance && row < self.dims();
        known.then(|| self.m2[row * (row + 1) / 2 + column] / self.divisor())
    }

    /// Returns the moments of the rows of both.
    /// Source: Chan, Golub & `LeVeque`, Updating formulae and a pairwise algorithm, 1979.
    ///
    /// # Errors
    /// [`EmbedError::Width`] if they have not as many dimensions; [`EmbedError::Differs`] if only
    /// one has covariances; [`EmbedError::OutOfRange`] if the result leaves the range of f64, which
    /// rows of f32 cannot do. Nothing is changed then.
    pub fn merge(&mut self, other: &Self) -> Result<(), EmbedError> {
        if self.dims() != other.dims() {
            return Err(EmbedError::Width { expected: self.dims(), found: other.dims() });
        }
        if self.spread != other.spread {
            let (expected, found) = (self.spread.name().to_owned(), other.spread.name().to_owned());
            return Err(EmbedError::Differs { field: "spread", expected, found });
        }
        let mut merged = self.clone();
        merged.add(other);
        for dim in 0..merged.dims() {
            if !merged.mean[dim].is_finite() || !merged.squares(dim).is_finite() {
                return Err(EmbedError::OutOfRange { dim });
            }
        }
        *self = merged;
        Ok(())
    }

    /// [`merge`](Self::merge) of moments known to fit.
    fn add(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let (a, b) = (as_f64(self.count), as_f64(other.count));
        let n = a + b;
        let delta: Vec<f64> = other.mean.iter().zip(&self.mean).map(|(b, a)| b - a).collect();
        self.m2.iter_mut().zip(&other.m2).for_each(|(m2, other)| *m2 += other);
        let weight = a * (b / n);
        match self.spread {
            Spread::Variance => {
                self.m2.iter_mut().zip(&delta).for_each(|(m2, d)| *m2 += d * d * weight);
            }
            Spread::Covariance => {
                let mut m2 = self.m2.iter_mut();
                for (i, x) in delta.iter().enumerate() {
                    // `zip` asks its first side first, and so must not be the one that goes on.
                    delta[..=i].iter().zip(&mut m2).for_each(|(y, m2)| *m2 += x * weight * y);
                }
            }
        }
        self.mean.iter_mut().zip(&delta).for_each(|(mean, d)| *mean += d * (b / n));
        self.count += other.count;
    }

    /// The sum of squares of dimension `dim` without its mean.
    fn squares(&self, dim: usize) -> f64 {
        match self.spread {
            Spread::Variance => self.m2[dim],
            Spread::Covariance => self.m2[dim * (dim + 3) / 2],
        }
    }

    fn divisor(&self) -> f64 {
        as_f64(self.count.max(1))
    }
}

/// Gathers the [`Moments`] of rows as they come. Holds `dims` numbers, or for covariances
/// `dims² / 2` and a block of 256 rows.
#[derive(Clone, Debug)]
pub struct Accumulator {
    moments: Moments,
    /// Rows that are not in the moments yet.
    block: Vec<f64>,
}

impl Accumulator {
    /// For rows of `dims` numbers.
    ///
    /// # Panics
    /// If there can be no memory for them, from 2³² dimensions on.
    #[must_use]
    pub fn new(dims: usize, spread: Spread) -> Self {
        Self { moments: Moments::none(dims, spread), block: vec![] }
    }

    /// Takes in one row, `[dims]`. A variance goes by Welford, Technometrics 4, 1962; covariances
    /// go by blocks of rows, each a matrix product without the block's mean, put together as in
    /// [`Moments::merge`].
    ///
    /// # Errors
    /// [`EmbedError::Width`] if it has not `dims` numbers; [`EmbedError::NotFinite`] at the first
    /// that is NaN or infinite. The row is left out then.
    pub fn push(&mut self, row: &[f32]) -> Result<(), EmbedError> {
        let dims = self.moments.dims();
        check_row(row, dims)?;
        match self.moments.spread {
            Spread::Variance => {
                let moments = &mut self.moments;
                moments.count += 1;
                let n = as_f64(moments.count);
                for ((mean, m2), &x) in moments.mean.iter_mut().zip(&mut moments.m2).zip(row) {
                    let delta = f64::from(x) - *mean;
                    *mean += delta / n;
                    *m2 += delta * (f64::from(x) - *mean);
                }
            }
            Spread::Covariance => {
                self.block.extend(row.iter().map(|x| f64::from(*x)));
                if self.block.len() >= BLOCK * dims {
                    self.flush();
                }
            }
        }
        Ok(())
    }

    /// The moments of all rows so far.
    #[must_use]
    pub fn finish(mut self) -> Moments {
        self.flush();
        self.moments
    }

    fn flush(&mut self) {
        let dims = self.moments.dims();
        let mut rows = std::mem::take(&mut self.block);
        let Some(n @ 1..) = rows.len().checked_div(dims) else { return };
        let mut part = Moments::none(dims, self.moments.spread);
        part.count = n as u64;
        for row in rows.chunks_exact(dims) {
            part.mean.iter_mut().zip(row).for_each(|(mean, x)| *mean += x);
        }
        part.mean.iter_mut().for_each(|mean| *mean /= as_f64(part.count));
        for row in rows.chunks_exact_mut(dims) {
            row.iter_mut().zip(&part.mean).for_each(|(x, mean)| *x -= mean);
        }
        // Column by column, so that each row is a column.
        let rows = DMatrix::from_vec(dims, n, rows);
        let products = &rows * rows.transpose();
        let mut m2 = part.m2.iter_mut();
        for i in 0..dims {
            (0..=i).zip(&mut m2).for_each(|(j, m2)| *m2 = products[(i, j)]);
        }
        self.moments.add(&part);
    }
}

/// Whether `row` has `width` numbers, all finite.
pub(crate) fn check_row(row: &[f32], width: usize) -> Result<(), EmbedError> {
    if row.len() != width {
        return Err(EmbedError::Width { expected: width, found: row.len() });
    }
    match row.iter().position(|x| !x.is_finite()) {
        Some(dim) => Err(EmbedError::NotFinite { dim, value: row[dim] }),
        None => Ok(()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
pub(crate) fn as_f64(n: u64) -> f64 {
    n as f64
}
