//! Anisotropy: how narrow the cone is that vectors lie in, and which dimensions make it so.
//!
//! - [`sample`]: a random choice of vectors, the same places in every layer;
//! - [`layers`]: the anisotropy of each layer, before and after a correction.
pub mod layers;
pub mod sample;

use cloze_core::Matrix;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng, SeedableRng};
use serde::Serialize;

use crate::EmbedError;
use crate::moments::{Accumulator, Spread};
use crate::pool::as_f64;
use crate::spectrum::Spectrum;
use crate::vector::dot;

/// The 97.5 % point of the normal distribution.
const Z_95: f64 = 1.959_963_984_540_054;

/// Settings of the measurement of anisotropy.
#[derive(Clone, Debug)]
#[must_use]
pub struct AnisotropyParams {
    max_pairs: usize,
    top: usize,
    components: usize,
    seed: u64,
}

impl Default for AnisotropyParams {
    fn default() -> Self {
        Self::new()
    }
}

impl AnisotropyParams {
    /// The defaults.
    pub fn new() -> Self {
        Self { max_pairs: 10_000, top: 5, components: 10, seed: 0 }
    }

    /// Pairs of vectors that are compared, if there are as many; at least 2. Default `10_000`.
    pub fn max_pairs(mut self, max_pairs: usize) -> Self {
        self.max_pairs = max_pairs;
        self
    }

    /// Dimensions named in the report; 0 for none. Default `5`.
    pub fn top(mut self, top: usize) -> Self {
        self.top = top;
        self
    }

    /// Components whose share of the variance is reported; 0 for none. Default `10`.
    pub fn components(mut self, components: usize) -> Self {
        self.components = components;
        self
    }

    /// Chooses the pairs; the same seed chooses the same on every machine. Default `0`.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Validates the settings.
    ///
    /// # Errors
    /// [`EmbedError::Setting`] if `max_pairs` is below 2.
    pub fn check(self) -> Result<ValidAnisotropyParams, EmbedError> {
        if self.max_pairs < 2 {
            let (setting, max_pairs) = ("max_pairs", self.max_pairs);
            return Err(EmbedError::Setting {
                setting,
                found: max_pairs,
                expected: "at least 2".into(),
            });
        }
        Ok(ValidAnisotropyParams(self))
    }
}

/// Validated settings.
#[derive(Clone, Debug)]
#[must_use]
pub struct ValidAnisotropyParams(AnisotropyParams);

/// Anisotropy of a sample of vectors.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Vectors in the sample.
    pub vectors: usize,
    /// Dimensions of a vector.
    pub dims: usize,
    /// Pairs compared. No vector is in two of them.
    pub pairs: usize,
    /// The seed that chose them.
    pub seed: u64,
    /// The mean cosine of a pair: near 0 for vectors in all directions, near 1 in a narrow cone. A
    /// pair with a zero vector counts as 0. Source: Ethayarajh, EMNLP 2019.
    pub mean_cosine: f64,
    /// The 95 % confidence interval of that mean: ± 1.96 standard errors, within −1 to 1. A normal
    /// approximation, over pairs that share no vector, as its independence asks for.
    pub interval: (f64, f64),
    /// The dimensions with the largest shares in the mean cosine, falling.
    pub top_dimensions: Vec<DimensionShare>,
    /// [`iso_score`] of the sample; `None` where it is not defined.
    pub iso_score: Option<f64>,
    /// The share of the variance that the first components have together: of one, of two, …;
    /// empty for vectors that are all the same.
    pub explained: Vec<f64>,
}

/// Contribution of one dimension to the mean cosine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DimensionShare {
    /// The dimension, from 0.
    pub dim: usize,
    /// The mean over pairs of `u_i · v_i / (|u| |v|)`, divided by the mean cosine. All shares
    /// sum to 1, and single ones may be negative; 0 where the mean cosine is 0 but for rounding.
    /// Source: Timkey & van Schijndel, EMNLP 2021 (arXiv 2109.04404), section 3.
    pub share: f64,
}

impl ValidAnisotropyParams {
    /// Measures a sample of vectors, `[vectors, dims]`, all of one layer.
    ///
    /// # Errors
    /// [`EmbedError::TooFew`] below four vectors, which are two pairs; [`EmbedError::NotFinite`] at
    /// the first number that is NaN or infinite.
    pub fn measure(&self, rows: &Matrix) -> Result<Report, EmbedError> {
        let (vectors, dims) = (rows.rows(), rows.cols());
        if vectors < 4 {
            return Err(EmbedError::TooFew { expected: 4, found: vectors as u64 });
        }
        let mut gathered = Accumulator::new(dims, Spread::Covariance);
        rows.iter().try_for_each(|row| gathered.push(row))?;
        let spectrum = Spectrum::of(&gathered.finish(), "anisotropy")?;

        let pairs = disjoint_pairs(vectors, self.0.max_pairs, self.0.seed);
        let n = as_f64(pairs.len());
        let mut cosines = Vec::with_capacity(pairs.len());
        let mut shares = vec![0.0; dims];
        for (i, j) in &pairs {
            let (Some(u), Some(v)) = (rows.row(*i), rows.row(*j)) else {
                unreachable!("pairs are of rows");
            };
            let norms = dot(u, u).sqrt() * dot(v, v).sqrt();
            let scale = if norms > 0.0 { 1.0 / norms } else { 0.0 };
            cosines.push(dot(u, v) * scale);
            for ((share, u), v) in shares.iter_mut().zip(u).zip(v) {
                *share += f64::from(*u) * f64::from(*v) * scale;
            }
        }
        let sum: f64 = cosines.iter().sum();
        let mean_cosine = (sum / n).clamp(-1.0, 1.0);
        let squares: f64 = cosines.iter().map(|c| (c - mean_cosine).powi(2)).sum();
        let half = Z_95 * (squares / (n - 1.0) / n).sqrt();
        // What may be left of a sum of nothing, one rounding a term: shares of it would be noise.
        let nothing = n * as_f64(dims) * f64::EPSILON;
        let whole = |share: f64| if sum.abs() <= nothing { 0.0 } else { share / sum };
        let mut top_dimensions: Vec<_> = shares
            .into_iter()
            .enumerate()
            .map(|(dim, share)| DimensionShare { dim, share: whole(share) })
            .collect();
        top_dimensions.sort_by(|a, b| b.share.total_cmp(&a.share));
        top_dimensions.truncate(self.0.top);
        // Below the rank variances are rounding.
        let variances = if spectrum.rank == 0 { &[][..] } else { &spectrum.variances[..] };
        let total: f64 = variances.iter().sum();
        let mut so_far = 0.0;
        let explained = variances.iter().take(self.0.components).map(|variance| {
            so_far += variance;
            (so_far / total).min(1.0)
        });
        Ok(Report {
            vectors,
            dims,
            pairs: pairs.len(),
            seed: self.0.seed,
            mean_cosine,
            interval: ((mean_cosine - half).max(-1.0), (mean_cosine + half).min(1.0)),
            top_dimensions,
            iso_score: iso_score(variances),
            explained: explained.collect(),
        })
    }
}

/// Evenness of the variance over the d dimensions of a space: 1 if all principal components
/// have the same, 0 if one has all, (k − 1) / (d − 1) if k share it evenly.
///
/// `variances` are those of the d components, λ. With s = √d · λ / |λ|, the isotropy defect is
/// δ = |s − (1, …, 1)| / √(2 (d − √d)), the share of dimensions in use
/// φ = (d − δ² (d − √d))² / d², and the score (d φ − 1) / (d − 1).
/// Source: Rudman, Gillman, Rayne & Eickhoff, Findings of ACL 2022, algorithm 1.
///
/// `None` below two dimensions, and where the variances are all 0, negative or no numbers.
#[must_use]
pub fn iso_score(variances: &[f64]) -> Option<f64> {
    let max = variances.iter().copied().fold(0.0, f64::max);
    let usable = |v: &f64| v.is_finite() && *v >= 0.0;
    if variances.len() < 2 || max == 0.0 || !variances.iter().all(usable) {
        return None;
    }
    let d = as_f64(variances.len());
    // By the largest first, whose square may be beyond the range of numbers.
    let norm = variances.iter().map(|v| (v / max).powi(2)).sum::<f64>().sqrt();
    let squares = variances.iter().map(|v| (d.sqrt() * (v / max) / norm - 1.0).powi(2));
    let defect_squared = squares.sum::<f64>() / (2.0 * (d - d.sqrt()));
    let share = (d - defect_squared * (d - d.sqrt())).powi(2) / d.powi(2);
    Some(((d * share - 1.0) / (d - 1.0)).clamp(0.0, 1.0))
}

/// Up to `max` pairs of numbers below `n`, none of them twice: the first numbers of a Fisher-Yates
/// shuffle.
fn disjoint_pairs(n: usize, max: usize, seed: u64) -> Vec<(usize, usize)> {
    let mut random = Pcg64::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..n).collect();
    let pairs = max.min(n / 2);
    for i in 0..2 * pairs {
        // The high half of a product with 64 random bits: below n − i, and even enough.
        let below = (u128::from(random.next_u64()) * (n - i) as u128) >> 64;
        order.swap(i, i + usize::try_from(below).expect("less than n"));
    }
    order[..2 * pairs].chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}
