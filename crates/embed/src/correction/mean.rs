use super::{check_finite, narrow};
use crate::EmbedError;
use crate::moments::check_row;

/// Mean of vectors, to about 48 bits: where it is far larger than the spread, the 24 bits of an f32
/// are a visible part of the difference to it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mean {
    /// The mean in f32, `[width]`.
    pub(super) mean: Vec<f32>,
    /// What rounding to f32 has taken from it, `[width]`; empty where nothing is known of that: files
    /// of earlier versions have the mean alone.
    pub(super) rest: Vec<f32>,
}

impl Mean {
    pub(super) fn of(values: &[f64]) -> Result<Self, EmbedError> {
        let mean = narrow(values.iter().copied())?;
        let rest = values.iter().zip(&mean).map(|(value, mean)| value - f64::from(*mean));
        let rest = narrow(rest)?;
        let exact = rest.iter().all(|rest| *rest == 0.0);
        Ok(Self { mean, rest: if exact { vec![] } else { rest } })
    }

    /// Of numbers that were read.
    pub(super) fn read(mean: Vec<f32>, rest: Vec<f32>) -> Result<Self, EmbedError> {
        check_finite("mean", &mean)?;
        check_finite("mean_rest", &rest)?;
        if !rest.is_empty() && rest.len() != mean.len() {
            let (field, expected) =
                ("mean_rest", format!("{} numbers, as many as mean", mean.len()));
            return Err(EmbedError::Malformed { field, expected, found: rest.len().to_string() });
        }
        Ok(Self { mean, rest })
    }

    pub(super) fn width(&self) -> usize {
        self.mean.len()
    }

    /// `row` without the mean, in f64.
    pub(super) fn centre(&self, row: &[f32]) -> Result<Vec<f64>, EmbedError> {
        check_row(row, self.width())?;
        let mut centred: Vec<f64> =
            row.iter().zip(&self.mean).map(|(x, mean)| f64::from(*x) - f64::from(*mean)).collect();
        for (x, rest) in centred.iter_mut().zip(&self.rest) {
            *x -= f64::from(*rest);
        }
        Ok(centred)
    }
}
