//! Features that a head computes from a vector.
use cloze_core::Matrix;
use cloze_embed::correction::{Correct, Correction, Method};
use cloze_embed::{Accumulator, EmbedError, l2_normalize};
use serde::{Deserialize, Serialize};

use crate::HeadError;

/// Number of vectors in a row, and the features made of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Combine {
    /// One, which is taken as it is.
    #[default]
    Single,
    /// Two, `u ‖ v`, which become `u ‖ v ‖ |u − v| ‖ u · v` (by element). Source: `InferSent`,
    /// Conneau et al. 2017 (arXiv 1705.02364), section 3.1; sentence-transformers' `SoftmaxLoss`
    /// has the same, with the product optional.
    Pair,
}

impl Combine {
    /// Number of vectors in a row.
    #[must_use]
    pub fn vectors(self) -> usize {
        match self {
            Self::Single => 1,
            Self::Pair => 2,
        }
    }
}

/// Settings of making features. [`check`](Self::check) validates it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeatureParams {
    combine: Combine,
    correction: Option<Method>,
    normalize: bool,
}

impl FeatureParams {
    /// The vector as it is.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Combination of the vectors of a row. Default [`Combine::Single`].
    #[must_use]
    pub fn combine(mut self, combine: Combine) -> Self {
        self.combine = combine;
        self
    }

    /// The correction of each vector, learned in [`ValidFeatureParams::fit`]. Default none.
    #[must_use]
    pub fn correction(mut self, method: Option<Method>) -> Self {
        self.correction = method;
        self
    }

    /// Whether each vector is scaled to length 1, after the correction. Default `false`.
    #[must_use]
    pub fn normalize(mut self, normalize: bool) -> Self {
        self.normalize = normalize;
        self
    }

    /// Validated settings.
    ///
    /// # Errors
    /// [`EmbedError::Setting`], as [`HeadError::Embed`], for a correction to 0 dimensions or by 0
    /// directions. Too many for the vectors show in the fit.
    pub fn check(self) -> Result<ValidFeatureParams, HeadError> {
        let (setting, expected) = ("dims", "at least 1");
        match self.correction {
            Some(Method::Whitening { dims: Some(0) }) => {
                Err(EmbedError::Setting { setting, found: 0, expected: expected.into() }.into())
            }
            Some(Method::AllButTheTop { directions: Some(0) }) => {
                let setting = "directions";
                Err(EmbedError::Setting { setting, found: 0, expected: expected.into() }.into())
            }
            _ => Ok(ValidFeatureParams(self)),
        }
    }
}

/// Validated [`FeatureParams`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidFeatureParams(FeatureParams);

impl ValidFeatureParams {
    /// Learns the correction, if there is one, from `rows`, `[n, width]`; of pairs, from both
    /// vectors of each row. Without one only their width counts.
    ///
    /// # Errors
    /// [`HeadError::PairWidth`]; [`EmbedError::Width`] for rows of no numbers and what
    /// [`Method::fit`] says, as [`HeadError::Embed`]; [`HeadError::Row`] for a row that holds NaN
    /// or an infinity, if there is a correction.
    pub fn fit(self, rows: &Matrix) -> Result<Features, HeadError> {
        let ValidFeatureParams(params) = self;
        let width = vector_width(params.combine, rows.cols())?;
        let correction = match params.correction {
            None => None,
            Some(method) => {
                let mut gathered = Accumulator::new(width, method.spread());
                for (row, vectors) in rows.iter().enumerate() {
                    for vector in vectors.chunks_exact(width) {
                        let failed = |source| HeadError::Row { row, source };
                        gathered.push(vector).map_err(failed)?;
                    }
                }
                Some(method.fit(&gathered.finish())?)
            }
        };
        Features::new(params.combine, rows.cols(), correction, params.normalize)
    }

    /// The settings.
    #[must_use]
    pub fn params(self) -> FeatureParams {
        self.0
    }
}

fn vector_width(combine: Combine, width_in: usize) -> Result<usize, HeadError> {
    match combine {
        Combine::Single if width_in == 0 => Err(EmbedError::Width { expected: 1, found: 0 }.into()),
        Combine::Pair if width_in == 0 || !width_in.is_multiple_of(2) => {
            Err(HeadError::PairWidth { found: width_in })
        }
        _ => Ok(width_in / combine.vectors()),
    }
}

/// The way from a row to features, learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    combine: Combine,
    width_in: usize,
    correction: Option<Correction>,
    normalize: bool,
}

impl Features {
    /// Of known parts, for rows of `width_in` numbers.
    ///
    /// # Errors
    /// [`HeadError::PairWidth`]; [`EmbedError::Width`], as [`HeadError::Embed`], if a row has no
    /// numbers or the correction is for vectors of another width.
    pub fn new(
        combine: Combine,
        width_in: usize,
        correction: Option<Correction>,
        normalize: bool,
    ) -> Result<Self, HeadError> {
        let width = vector_width(combine, width_in)?;
        match correction.as_ref().map(Correct::width_in) {
            Some(expected) if expected != width => {
                Err(EmbedError::Width { expected, found: width }.into())
            }
            _ => Ok(Self { combine, width_in, correction, normalize }),
        }
    }

    /// Combination of the vectors of a row.
    #[must_use]
    pub fn combine(&self) -> Combine {
        self.combine
    }

    /// The correction of each vector.
    #[must_use]
    pub fn correction(&self) -> Option<&Correction> {
        self.correction.as_ref()
    }

    /// Whether vectors are scaled to length 1.
    #[must_use]
    pub fn normalize(&self) -> bool {
        self.normalize
    }

    /// The width of a row: of pairs, of both vectors.
    #[must_use]
    pub fn width_in(&self) -> usize {
        self.width_in
    }

    /// The width of the features: of pairs, four times that of a corrected vector.
    #[must_use]
    pub fn width_out(&self) -> usize {
        let vector = self.width_in / self.combine.vectors();
        let vector = self.correction.as_ref().map_or(vector, Correct::width_out);
        match self.combine {
            Combine::Single => vector,
            Combine::Pair => 4 * vector,
        }
    }

    /// The features of `row`, `[width_in]`: `[width_out]`.
    ///
    /// # Errors
    /// [`EmbedError::Width`], [`EmbedError::NotFinite`], and [`EmbedError::OutOfRange`] for a
    /// result beyond f32, all as [`HeadError::Embed`].
    pub fn apply(&self, row: &[f32]) -> Result<Vec<f32>, HeadError> {
        Ok(self.prepare(row)?)
    }

    /// The features of each of `rows`, `[n, width_in]`: `[n, width_out]`.
    ///
    /// # Errors
    /// As [`apply`](Self::apply), but [`HeadError::Row`], which says of which row.
    pub fn apply_all(&self, rows: &Matrix) -> Result<Matrix, HeadError> {
        let mut matrix = Matrix::with_capacity(rows.rows(), self.width_out());
        for (i, row) in rows.iter().enumerate() {
            let features = self.prepare(row).map_err(|source| HeadError::Row { row: i, source })?;
            let whole = matrix.push_rows(&features);
            debug_assert!(whole, "features are as wide as they say");
        }
        Ok(matrix)
    }

    fn prepare(&self, row: &[f32]) -> Result<Vec<f32>, EmbedError> {
        if row.len() != self.width_in {
            return Err(EmbedError::Width { expected: self.width_in, found: row.len() });
        }
        // Of the whole row, so that a dimension of the second vector is counted from the first.
        if let Some(dim) = row.iter().position(|x| !x.is_finite()) {
            return Err(EmbedError::NotFinite { dim, value: row[dim] });
        }
        let Combine::Pair = self.combine else { return self.corrected(row) };
        let (u, v) = row.split_at(row.len() / 2);
        let (u, v) = (self.corrected(u)?, self.corrected(v)?);
        let mut features = [u.as_slice(), v.as_slice()].concat();
        features.extend(u.iter().zip(&v).map(|(u, v)| (u - v).abs()));
        features.extend(u.iter().zip(&v).map(|(u, v)| u * v));
        match features.iter().position(|x| !x.is_finite()) {
            Some(dim) => Err(EmbedError::OutOfRange { dim }),
            None => Ok(features),
        }
    }

    /// A vector after the correction, and of length 1 where that is asked for.
    fn corrected(&self, raw: &[f32]) -> Result<Vec<f32>, EmbedError> {
        let mut vector = match &self.correction {
            Some(correction) => correction.apply(raw)?,
            None => raw.to_vec(),
        };
        if self.normalize {
            l2_normalize(&mut vector);
        }
        Ok(vector)
    }
}
