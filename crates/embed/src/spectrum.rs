//! The directions in which rows spread.
use nalgebra::{DMatrix, SymmetricEigen};

use crate::EmbedError;
use crate::moments::{Moments, as_f64};

/// The eigenvectors of a covariance matrix.
#[derive(Debug)]
pub(crate) struct Spectrum {
    /// The variance in each direction, `[dims]`, falling; none below 0.
    pub(crate) variances: Vec<f64>,
    /// The directions, `[dims, dims]`, of length 1, each with its largest number positive, so that
    /// they do not depend on how they were computed.
    pub(crate) directions: Vec<Vec<f64>>,
    /// Number of directions whose variance is more than rounding.
    pub(crate) rank: usize,
}

impl Spectrum {
    /// The spectrum of at least two rows; `method` is who asks.
    pub(crate) fn of(moments: &Moments, method: &'static str) -> Result<Self, EmbedError> {
        let dims = moments.dims();
        at_least_two(moments)?;
        let mut matrix = DMatrix::zeros(dims, dims);
        for i in 0..dims {
            for j in 0..=i {
                let value = moments.covariance(i, j).ok_or(EmbedError::NoCovariance { method })?;
                if !value.is_finite() {
                    return Err(EmbedError::OutOfRange { dim: i });
                }
                (matrix[(i, j)], matrix[(j, i)]) = (value, value);
            }
        }
        if dims == 0 {
            return Err(EmbedError::NoSpread { count: moments.count() });
        }
        // Each eigenvalue takes two or three steps; a bound at all, because a file may hold any
        // matrix.
        let eigen = SymmetricEigen::try_new(matrix, f64::EPSILON, 100 * dims)
            .ok_or(EmbedError::NoConvergence { dims })?;
        let mut order: Vec<usize> = (0..dims).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        let variances: Vec<f64> = order.iter().map(|&i| eigen.eigenvalues[i].max(0.0)).collect();
        let directions: Vec<_> =
            order.iter().map(|&i| signed(eigen.eigenvectors.column(i).as_slice())).collect();
        if let Some(dim) = variances.iter().position(|v| !v.is_finite()) {
            return Err(EmbedError::OutOfRange { dim });
        }
        // Two kinds of rounding: that of the rows, which were f32 and are long where the mean is,
        // and that of the eigenvalues, as numpy's `matrix_rank` has it.
        let mean_square: f64 = moments.mean().iter().map(|m| m * m).sum();
        let of_rows = f64::from(f32::EPSILON).powi(2) * (mean_square + variances[0]);
        let of_values = as_f64(dims as u64) * f64::EPSILON * variances[0];
        let resolution = of_rows.max(of_values).max(f64::from(f32::MIN_POSITIVE).powi(2));
        let rank = variances.iter().take_while(|v| **v > resolution).count();
        Ok(Self { variances, directions, rank })
    }
}

pub(crate) fn at_least_two(moments: &Moments) -> Result<(), EmbedError> {
    match moments.count() {
        0 | 1 => Err(EmbedError::TooFew { expected: 2, found: moments.count() }),
        _ => Ok(()),
    }
}

/// `vector` with its largest number positive; of numbers as good as equal the first counts.
fn signed(vector: &[f64]) -> Vec<f64> {
    let max = vector.iter().fold(0.0, |max: f64, x| max.max(x.abs()));
    let largest = vector.iter().find(|x| x.abs() >= max * (1.0 - 1e-9));
    let sign = if largest.is_some_and(|x| *x < 0.0) { -1.0 } else { 1.0 };
    // No −0, which a file would show.
    vector.iter().map(|x| sign * x + 0.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_do_not_depend_on_rounding() {
        assert_eq!(signed(&[0.1, -0.9, 0.2]), [-0.1, 0.9, -0.2]);
        assert_eq!(signed(&[0.1, 0.9, -0.2]), [0.1, 0.9, -0.2]);
        // The second is larger by rounding alone.
        let half = 0.5_f64.sqrt();
        assert!(signed(&[-half, half * (1.0 + 1e-15)])[0] > 0.0);
        assert_eq!(signed(&[0.0, 0.0]), [0.0, 0.0]);
    }
}
