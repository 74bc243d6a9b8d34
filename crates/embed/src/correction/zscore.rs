use serde::{Deserialize, Serialize};

use super::{Correct, Mean, check_finite, narrow};
use crate::EmbedError;
use crate::moments::Moments;
use crate::spectrum::at_least_two;

/// Each dimension to mean 0 and variance 1 over the corpus: (x − mean) / std.
/// Source: Timkey & van Schijndel, EMNLP 2021 (arXiv 2109.04404: a few dimensions decide every
/// cosine); Sajjad et al. 2021 (arXiv 2104.07456).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct ZScore {
    /// `[width]`.
    mean: Mean,
    /// `[width]`; 0 drops the dimension.
    inv_std: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
struct Raw {
    mean: Vec<f32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mean_rest: Vec<f32>,
    inv_std: Vec<f32>,
}

impl From<ZScore> for Raw {
    fn from(ZScore { mean: Mean { mean, rest: mean_rest }, inv_std }: ZScore) -> Self {
        Self { mean, mean_rest, inv_std }
    }
}

impl TryFrom<Raw> for ZScore {
    type Error = EmbedError;

    fn try_from(Raw { mean, mean_rest, inv_std }: Raw) -> Result<Self, EmbedError> {
        let mean = Mean::read(mean, mean_rest)?;
        check_finite("inv_std", &inv_std)?;
        let malformed = |expected: String, found: String| {
            Err(EmbedError::Malformed { field: "inv_std", expected, found })
        };
        if mean.width() != inv_std.len() {
            let expected = format!("{} numbers, as many as mean", mean.width());
            return malformed(expected, inv_std.len().to_string());
        }
        if let Some(value) = inv_std.iter().find(|v| **v < 0.0) {
            return malformed("no negative number".into(), value.to_string());
        }
        Ok(Self { mean, inv_std })
    }
}

impl ZScore {
    /// Learns from a corpus' vectors; population variance (divided by n). A dimension whose spread
    /// is below the resolution of f32 is dropped: it becomes 0 everywhere. Below it is a std of at
    /// most 2⁻²³ times its own mean or the largest std: all-MiniLM-L6-v2 has three dimensions that
    /// its last norm scales by 1e-33 to 1e-9, and dividing by their std makes them as loud as all
    /// others.
    ///
    /// # Errors
    /// [`EmbedError::TooFew`] below two vectors; [`EmbedError::NoSpread`] if every dimension would
    /// be dropped; [`EmbedError::OutOfRange`] for a mean beyond f32, which no vectors have.
    #[expect(clippy::cast_possible_truncation, reason = "a factor, whose 24 bits are enough")]
    pub fn fit(moments: &Moments) -> Result<Self, EmbedError> {
        at_least_two(moments)?;
        let largest = moments.variance().into_iter().fold(0.0, f64::max).sqrt();
        let mut inv_std = Vec::with_capacity(moments.dims());
        for (variance, mean) in moments.variance().into_iter().zip(moments.mean()) {
            let std = variance.sqrt();
            // Rounding, not signal: 0 drops the dimension, where 1/std would blow it up.
            let scale = mean.abs().max(largest);
            let least = (f64::from(f32::EPSILON) * scale).max(f32::MIN_POSITIVE.into());
            inv_std.push(if std > least { (1.0 / std) as f32 } else { 0.0 });
        }
        if inv_std.iter().all(|inv| *inv == 0.0) {
            return Err(EmbedError::NoSpread { count: moments.count() });
        }
        Ok(Self { mean: Mean::of(moments.mean())?, inv_std })
    }

    /// The dimensions that are dropped, in order.
    #[must_use]
    pub fn dropped(&self) -> Vec<usize> {
        (0..self.inv_std.len()).filter(|&dim| self.inv_std[dim] == 0.0).collect()
    }
}

impl Correct for ZScore {
    fn width_in(&self) -> usize {
        self.mean.width()
    }

    fn width_out(&self) -> usize {
        self.mean.width()
    }

    fn apply(&self, row: &[f32]) -> Result<Vec<f32>, EmbedError> {
        let centred = self.mean.centre(row)?;
        narrow(centred.iter().zip(&self.inv_std).map(|(x, inv)| x * f64::from(*inv)))
    }
}
