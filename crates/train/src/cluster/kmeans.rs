//! k-means, as linfa-clustering fits it: centres drawn by k-means++ (Arthur & Vassilvitskii 2007), the
//! best of several runs; and how many clusters there had better be.
use cloze_core::Matrix;
use cloze_core::random::shuffle;
use linfa::DatasetBase;
use linfa::traits::{Fit as _, Predict as _};
use linfa_clustering::KMeans;
use ndarray::Array2;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng as _;

use super::silhouette::Distances;
use super::{Clusters, check_rows, setting};
use crate::TrainError;

/// Settings of k-means.
#[derive(Clone, Debug, PartialEq)]
pub struct KMeansParams {
    clusters: usize,
    runs: usize,
    seed: u64,
    max_iterations: u64,
    tolerance: f64,
}

/// Validated settings.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidKMeansParams(KMeansParams);

/// So many numbers of clusters, and how well each tells the rows apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// The number with the highest silhouette; of equal ones the smallest. 1 if there was nothing to
    /// choose.
    pub clusters: usize,
    /// Each number that was tried, with its mean silhouette; none for a number that came to one
    /// cluster.
    pub tried: Vec<(usize, Option<f64>)>,
    /// Number of rows used.
    pub rows: usize,
}

/// Numbers of clusters that are tried: every one up to 12, from there on about a tenth more each
/// time, since 20 clusters are hardly other than 21.
pub const CANDIDATES: [usize; 16] = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 20, 24];
/// A cluster has at least so many rows on average where their number is chosen: of fewer the silhouette
/// only finds pairs that are nearly the same, and goes up with the number.
pub const MIN_MEAN_SIZE: usize = 10;
/// As many rows are looked at where a number is chosen: a silhouette compares each with each.
pub const MAX_CHOICE_ROWS: usize = 1_000;

impl KMeansParams {
    /// The defaults, for so many clusters.
    #[must_use]
    pub fn new(clusters: usize) -> Self {
        Self { clusters, runs: 10, seed: 0, max_iterations: 300, tolerance: 1e-4 }
    }

    /// Number of runs from other centres; the best counts. Default 10.
    #[must_use]
    pub fn runs(mut self, runs: usize) -> Self {
        self.runs = runs;
        self
    }

    /// Random seed of the centres. Default 0.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The most iterations of a run. Default 300.
    #[must_use]
    pub fn max_iterations(mut self, max_iterations: u64) -> Self {
        self.max_iterations = max_iterations;
        self
    }

    /// A run ends where centres move by less than this together. Default `1e-4`.
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Validates the settings.
    ///
    /// # Errors
    /// [`TrainError::Setting`] for no clusters, runs or iterations, and for a tolerance that is not a
    /// number above 0.
    pub fn check(self) -> Result<ValidKMeansParams, TrainError> {
        let least = "at least 1";
        if self.clusters == 0 {
            return Err(setting("clusters", 0, least));
        }
        if self.runs == 0 {
            return Err(setting("runs", 0, least));
        }
        if self.max_iterations == 0 {
            return Err(setting("max_iterations", 0, least));
        }
        if !(self.tolerance > 0.0 && self.tolerance.is_finite()) {
            let (tolerance, expected) = (self.tolerance, "a number above 0");
            return Err(TrainError::Setting {
                setting: "tolerance".into(),
                found: tolerance,
                expected,
            });
        }
        Ok(ValidKMeansParams(self))
    }
}

impl ValidKMeansParams {
    /// Puts `rows` into clusters, each row into that of the nearest centre. There are fewer clusters
    /// than asked for where fewer rows differ. The same for the same rows and seed.
    ///
    /// # Errors
    /// [`TrainError::NoExamples`] without rows; [`TrainError::NotFinite`];
    /// [`TrainError::Setting`] for more clusters than rows; [`TrainError::Solver`] if no run comes to
    /// a sum, because numbers are too large to be squared.
    pub fn fit(&self, rows: &Matrix) -> Result<Clusters, TrainError> {
        check_rows(rows)?;
        if self.0.clusters > rows.rows() {
            return Err(setting("clusters", self.0.clusters, "at most the number of rows"));
        }
        let stopped = |what: String| TrainError::Solver { what };
        // Centres are drawn by squared distances, whose sum in f32 has to be a number.
        let squares: f64 = rows.as_slice().iter().map(|x| f64::from(*x).powi(2)).sum();
        if 8.0 * squares > f64::from(f32::MAX) {
            return Err(stopped("the rows are too long for their squares to be summed".into()));
        }
        let numbers = rows.as_slice().to_vec();
        let array = Array2::from_shape_vec((rows.rows(), rows.cols()), numbers)
            .map_err(|e| stopped(e.to_string()))?;
        let data = DatasetBase::from(array);
        let random = Xoshiro256Plus::seed_from_u64(self.0.seed);
        #[expect(clippy::cast_possible_truncation, reason = "as exact as the rows")]
        let model = KMeans::params_with_rng(self.0.clusters, random)
            .n_runs(self.0.runs)
            .max_n_iterations(self.0.max_iterations)
            .tolerance((self.0.tolerance as f32).max(f32::MIN_POSITIVE))
            .fit(&data)
            .map_err(|e| stopped(e.to_string()))?;
        // What it keeps of memberships is of its last run, not of its best, and its centres have the
        // last ones in them as one more row: both are made anew.
        let nearest = model.predict(&data.records);
        let nearest: Vec<Option<usize>> = nearest.iter().map(|cluster| Some(*cluster)).collect();
        Ok(Clusters::new(rows, &nearest))
    }
}

/// The number of clusters that tells `rows` apart best: of [`CANDIDATES`], up to one for
/// [`MIN_MEAN_SIZE`] rows but 2 in any case, the one with the highest mean silhouette, evaluated on at most
/// [`MAX_CHOICE_ROWS`] rows drawn by `seed`. 1 for fewer than three rows, and for rows that are all the
/// same.
///
/// # Errors
/// [`TrainError::NoExamples`] without rows; [`TrainError::NotFinite`]; [`TrainError::Solver`] as
/// [`ValidKMeansParams::fit`].
pub fn choose(rows: &Matrix, seed: u64) -> Result<Chosen, TrainError> {
    check_rows(rows)?;
    let count = rows.rows();
    let sample: Matrix;
    let rows = if rows.rows() > MAX_CHOICE_ROWS {
        let mut indices: Vec<usize> = (0..rows.rows()).collect();
        let mut random = Pcg64::seed_from_u64(seed);
        shuffle(&mut indices, || random.next_u64());
        indices.truncate(MAX_CHOICE_ROWS);
        indices.sort_unstable();
        sample = crate::rows::take(rows, &indices);
        &sample
    } else {
        rows
    };
    let distances = Distances::of(rows);
    let mut tried = vec![];
    let most = (count / MIN_MEAN_SIZE).max(2).min(rows.rows().saturating_sub(1));
    for clusters in CANDIDATES.into_iter().filter(|&clusters| clusters <= most) {
        let params = KMeansParams::new(clusters).seed(seed).check()?;
        tried.push((clusters, distances.silhouette(&params.fit(rows)?.of)));
    }
    let mut best: Option<(usize, f64)> = None;
    for &(clusters, silhouette) in &tried {
        if let Some(silhouette) = silhouette.filter(|s| best.is_none_or(|(_, best)| *s > best)) {
            best = Some((clusters, silhouette));
        }
    }
    Ok(Chosen { clusters: best.map_or(1, |(clusters, _)| clusters), tried, rows: rows.rows() })
}
