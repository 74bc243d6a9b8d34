//! HDBSCAN: clusters where rows are dense, and rows that are in none. Source: Campello, Moulavi &
//! Sander 2013, as the crate hdbscan has it.
//!
//! It is kept from what it was not made for: it panics on one row, on NaN and on fewer rows than a
//! cluster takes, prints where a setting is too small, and divides by the distance of equal rows, which
//! makes clusters of them that are in no order any more.
use cloze_core::Matrix;
use hdbscan::{DistanceMetric, Hdbscan, HdbscanHyperParams};

use super::silhouette::Distances;
use super::{Clusters, check_rows, setting};
use crate::TrainError;

/// It takes each distance twice, in f32: of 5,000 rows 200 MB.
pub const MAX_ROWS: usize = 5_000;
/// Equal rows are taken to be so far apart, as a share of the farthest.
const LEAST: f32 = 1e-6;

/// Dense places of at least `min_size` rows; a place is as dense as its rows' distances to their
/// `min_size`-th nearest, themselves included, say. No clusters where nothing is denser than all the
/// rest, and for fewer rows than `min_size`.
///
/// # Errors
/// [`TrainError::NoExamples`] without rows; [`TrainError::NotFinite`]; [`TrainError::Setting`] for a
/// `min_size` below 2; [`TrainError::TooManyRows`] above [`MAX_ROWS`]; [`TrainError::Solver`] for what
/// the crate says.
pub fn cluster(rows: &Matrix, min_size: usize) -> Result<Clusters, TrainError> {
    check_rows(rows)?;
    if min_size < 2 {
        return Err(setting("min_size", min_size, "at least 2"));
    }
    let count = rows.rows();
    if count > MAX_ROWS {
        return Err(TrainError::TooManyRows { kind: "hdbscan", max: MAX_ROWS, found: count });
    }
    if count < min_size {
        return Ok(Clusters::new(rows, &vec![None; count]));
    }
    let distances = Distances::of(rows);
    let farthest = (0..count).flat_map(|i| distances.row(i)).copied().fold(0.0, f32::max);
    let least = LEAST * farthest;
    // All the same, so that nothing is denser than anything, or so small that it is 0.
    if least == 0.0 || !farthest.is_finite() {
        return Ok(Clusters::new(rows, &vec![None; count]));
    }
    let matrix: Vec<Vec<f32>> =
        (0..count).map(|i| distances.row(i).iter().map(|d| d.max(least)).collect()).collect();
    drop(distances);
    let params = HdbscanHyperParams::builder()
        .min_cluster_size(min_size)
        .min_samples(min_size)
        .dist_metric(DistanceMetric::Precalculated)
        .build();
    let labels = Hdbscan::new(&matrix, params)
        .cluster()
        .map_err(|error| TrainError::Solver { what: error.to_string() })?;
    let names: Vec<Option<usize>> = labels.iter().map(|l| usize::try_from(*l).ok()).collect();
    Ok(Clusters::new(rows, &names))
}
