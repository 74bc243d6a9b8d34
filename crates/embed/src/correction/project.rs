use cloze_core::Matrix;
use serde::{Deserialize, Serialize};

use super::{Correct, Mean, check_finite, narrow};
use crate::EmbedError;
use crate::moments::Moments;
use crate::spectrum::Spectrum;

/// To mean 0 and the identity as covariance over the corpus, along the widest directions:
/// (x − mean) · U · diag(1/√λ), with the first `dims` columns of U.
/// Source: Su et al. 2021 (arXiv 2103.15316). Its formula divides the covariance by n, as here; its
/// published code by n − 1, which scales all vectors alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct Whitening(Projection);

/// Without the mean and the widest directions u of the corpus: y − Σ (u · y) u, y = x − mean.
/// Source: Mu & Viswanath, ICLR 2018 (arXiv 1702.01417). Its algorithm 1 has u · x for u · y, which
/// moves all vectors by one constant; so moved, they would keep a common part in the directions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct AllButTheTop(Projection);

#[derive(Clone, Debug, PartialEq)]
struct Projection {
    /// `[width]`.
    mean: Mean,
    /// `[directions, width]`, scaled by 1/√λ for whitening; at least one.
    directions: Matrix,
}

#[derive(Clone, Serialize, Deserialize)]
struct Raw {
    mean: Vec<f32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    mean_rest: Vec<f32>,
    directions: Vec<f32>,
}

impl From<Projection> for Raw {
    fn from(Projection { mean, directions }: Projection) -> Self {
        let Mean { mean, rest: mean_rest } = mean;
        Self { mean, mean_rest, directions: directions.as_slice().to_vec() }
    }
}

impl TryFrom<Raw> for Projection {
    type Error = EmbedError;

    fn try_from(Raw { mean, mean_rest, directions }: Raw) -> Result<Self, EmbedError> {
        let mean = Mean::read(mean, mean_rest)?;
        check_finite("directions", &directions)?;
        let count = directions.len();
        let malformed = || EmbedError::Malformed {
            field: "directions",
            expected: format!("1 to {0} rows of {0} numbers", mean.width()),
            found: format!("{count} numbers"),
        };
        let directions = Matrix::from_vec(mean.width(), directions)
            .filter(|matrix| (1..=mean.width()).contains(&matrix.rows()))
            .ok_or_else(malformed)?;
        Ok(Self { mean, directions })
    }
}

impl From<Whitening> for Raw {
    fn from(whitening: Whitening) -> Self {
        whitening.0.into()
    }
}

impl TryFrom<Raw> for Whitening {
    type Error = EmbedError;

    fn try_from(raw: Raw) -> Result<Self, EmbedError> {
        raw.try_into().map(Self)
    }
}

impl From<AllButTheTop> for Raw {
    fn from(all_but_the_top: AllButTheTop) -> Self {
        all_but_the_top.0.into()
    }
}

impl TryFrom<Raw> for AllButTheTop {
    type Error = EmbedError;

    fn try_from(raw: Raw) -> Result<Self, EmbedError> {
        raw.try_into().map(Self)
    }
}

impl Projection {
    /// The first `count` directions, times what `scale` says for their variance.
    fn new(
        moments: &Moments,
        spectrum: &Spectrum,
        count: usize,
        scale: impl Fn(f64) -> f64,
    ) -> Result<Self, EmbedError> {
        let mut directions = Matrix::with_capacity(count, moments.dims());
        for (row, variance) in spectrum.directions.iter().zip(&spectrum.variances).take(count) {
            let whole = directions.push_rows(&narrow(row.iter().map(|x| x * scale(*variance)))?);
            assert!(whole, "a direction has as many numbers as a row");
        }
        Ok(Self { mean: Mean::of(moments.mean())?, directions })
    }
}

impl Whitening {
    /// Learns from a corpus' vectors. `dims` is the width of the result, from the widest direction
    /// on; `None` is all directions whose variance is above the rounding of f32 rows and of the
    /// computation.
    ///
    /// # Errors
    /// [`EmbedError::TooFew`] below two vectors; [`EmbedError::NoCovariance`] for variances alone;
    /// [`EmbedError::NoSpread`] if no direction is above rounding; [`EmbedError::Setting`] if `dims`
    /// is 0 or more than the width; [`EmbedError::Rank`] if it is more than there are directions;
    /// [`EmbedError::OutOfRange`] and [`EmbedError::NoConvergence`] for moments that no vectors of
    /// f32 have.
    pub fn fit(moments: &Moments, dims: Option<usize>) -> Result<Self, EmbedError> {
        let width = moments.dims();
        if let Some(dims) = dims.filter(|dims| !(1..=width).contains(dims)) {
            let expected = format!("1 to {width}");
            return Err(EmbedError::Setting { setting: "dims", found: dims, expected });
        }
        let spectrum = Spectrum::of(moments, "whitening")?;
        let count = within_rank("dims", dims, &spectrum, moments)?;
        Projection::new(moments, &spectrum, count, |variance| 1.0 / variance.sqrt()).map(Self)
    }
}

impl AllButTheTop {
    /// Learns from a corpus' vectors. `directions` is how many are taken away; `None` is a hundredth
    /// of the width, at least 1, as the paper proposes.
    ///
    /// # Errors
    /// As [`Whitening::fit`], with `directions` from 1 to one less than the width.
    pub fn fit(moments: &Moments, directions: Option<usize>) -> Result<Self, EmbedError> {
        let directions = directions.unwrap_or_else(|| Self::default_directions(moments.dims()));
        if directions == 0 || directions >= moments.dims() {
            let expected = format!("at least 1 and less than the width, {}", moments.dims());
            return Err(EmbedError::Setting { setting: "directions", found: directions, expected });
        }
        let spectrum = Spectrum::of(moments, "all-but-the-top")?;
        let count = within_rank("directions", Some(directions), &spectrum, moments)?;
        Projection::new(moments, &spectrum, count, |_| 1.0).map(Self)
    }

    /// Default number of directions removed from vectors of `width`.
    #[must_use]
    pub fn default_directions(width: usize) -> usize {
        (width / 100).max(1)
    }

    /// The directions that are taken away, `[directions, width]`, each of length 1.
    #[must_use]
    pub fn directions(&self) -> &Matrix {
        &self.0.directions
    }
}

fn within_rank(
    setting: &'static str,
    asked: Option<usize>,
    spectrum: &Spectrum,
    moments: &Moments,
) -> Result<usize, EmbedError> {
    match (spectrum.rank, asked) {
        (0, _) => Err(EmbedError::NoSpread { count: moments.count() }),
        (rank, Some(asked)) if asked > rank => {
            Err(EmbedError::Rank { setting, found: asked, rank })
        }
        (rank, asked) => Ok(asked.unwrap_or(rank)),
    }
}

fn dot(direction: &[f32], centred: &[f64]) -> f64 {
    direction.iter().zip(centred).map(|(u, x)| f64::from(*u) * x).sum()
}

impl Correct for Whitening {
    fn width_in(&self) -> usize {
        self.0.mean.width()
    }

    fn width_out(&self) -> usize {
        self.0.directions.rows()
    }

    fn apply(&self, row: &[f32]) -> Result<Vec<f32>, EmbedError> {
        let centred = self.0.mean.centre(row)?;
        narrow(self.0.directions.iter().map(|direction| dot(direction, &centred)))
    }
}

impl Correct for AllButTheTop {
    fn width_in(&self) -> usize {
        self.0.mean.width()
    }

    fn width_out(&self) -> usize {
        self.0.mean.width()
    }

    fn apply(&self, row: &[f32]) -> Result<Vec<f32>, EmbedError> {
        let mut centred = self.0.mean.centre(row)?;
        // One after the other: the directions are orthogonal, and what rounding has left of that
        // the next one takes away.
        for direction in &self.0.directions {
            let along = dot(direction, &centred);
            centred.iter_mut().zip(direction).for_each(|(x, u)| *x -= along * f64::from(*u));
        }
        narrow(centred.into_iter())
    }
}
