//! Rows put into clusters, without labels to learn from.
//!
//! - [`kmeans`]: as many clusters as asked for, or as the rows are told apart best by;
//! - [`density`]: as many as there are dense places, and rows that are in none;
//! - [`principal()`]: rows in the few directions in which they differ most;
//! - [`silhouette`]: separation of clusters;
//! - [`summary`]: words and central texts of each cluster.
pub mod density;
pub mod kmeans;
mod principal;
pub mod silhouette;
pub mod summary;
mod words;

use cloze_core::Matrix;

use crate::TrainError;
pub use principal::{principal, principal_with};

/// Rows in clusters. The largest is cluster 0; of those with as many rows the one whose first row comes
/// first.
#[derive(Clone, Debug, PartialEq)]
pub struct Clusters {
    /// The cluster of each row; `None` for one that is in none.
    pub of: Vec<Option<usize>>,
    /// The mean of each cluster's rows, `[clusters, width]`.
    pub centres: Matrix,
    /// Number of rows of each cluster; none is 0.
    pub sizes: Vec<usize>,
    /// The sum of the squared distances of rows to the mean of their cluster.
    pub within: f64,
}

impl Clusters {
    /// Number of clusters.
    #[must_use]
    pub fn count(&self) -> usize {
        self.sizes.len()
    }

    /// The rows of a cluster in order.
    #[must_use]
    pub fn members(&self, cluster: usize) -> Vec<usize> {
        (0..self.of.len()).filter(|&i| self.of[i] == Some(cluster)).collect()
    }

    /// The same clusters with the centres and the sum of other rows: where they were found among shorter
    /// ones.
    ///
    /// ```
    /// # use cloze_core::Matrix;
    /// # use cloze_train::cluster::{density, principal};
    /// let rows = Matrix::from_vec(2, vec![0.0, 0.0, 0.0, 1.0, 9.0, 9.0, 9.0, 8.0]).unwrap();
    /// let clusters = density::cluster(&principal(&rows, 1)?, 2)?.with_centres_of(&rows);
    /// assert_eq!(clusters.centres.row(1), Some(&[9.0, 8.5][..]));
    /// # Ok::<(), cloze_train::TrainError>(())
    /// ```
    #[must_use]
    pub fn with_centres_of(self, rows: &Matrix) -> Self {
        Self::new(rows, &self.of)
    }

    /// From any names of clusters, as many as there are rows.
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    #[expect(clippy::cast_possible_truncation, reason = "means of f32")]
    fn new(rows: &Matrix, raw: &[Option<usize>]) -> Self {
        let names = raw.iter().flatten().max().map_or(0, |max| max + 1);
        let (mut sizes, mut first) = (vec![0_usize; names], vec![usize::MAX; names]);
        for (i, name) in raw.iter().enumerate().filter_map(|(i, name)| Some((i, (*name)?))) {
            sizes[name] += 1;
            first[name] = first[name].min(i);
        }
        let mut order: Vec<usize> = (0..names).filter(|&name| sizes[name] > 0).collect();
        order.sort_by_key(|&name| (std::cmp::Reverse(sizes[name]), first[name]));
        let mut rank = vec![0; names];
        order.iter().enumerate().for_each(|(position, &name)| rank[name] = position);
        let of: Vec<Option<usize>> = raw.iter().map(|name| name.map(|name| rank[name])).collect();
        let sizes: Vec<usize> = order.iter().map(|&name| sizes[name]).collect();

        let width = rows.cols();
        let mut means = vec![0.0_f64; sizes.len() * width];
        let placed = || rows.iter().zip(&of).filter_map(|(row, cluster)| Some((row, (*cluster)?)));
        for (row, cluster) in placed() {
            let mean = &mut means[cluster * width..][..width];
            mean.iter_mut().zip(row).for_each(|(mean, x)| *mean += f64::from(*x));
        }
        for (mean, &size) in means.chunks_exact_mut(width.max(1)).zip(&sizes) {
            for x in mean {
                *x /= size as f64;
            }
        }
        let square = |(row, cluster): (&[f32], usize)| {
            let mean = &means[cluster * width..][..width];
            row.iter().zip(mean).map(|(x, mean)| (f64::from(*x) - mean).powi(2)).sum::<f64>()
        };
        let within = placed().map(square).sum();
        let centres = means.iter().map(|x| *x as f32).collect();
        Self { of, centres: Matrix::from_vec(width, centres).unwrap_or_default(), sizes, within }
    }
}

/// Whether rows can be clustered at all.
fn check_rows(rows: &Matrix) -> Result<(), TrainError> {
    if rows.rows() == 0 {
        return Err(TrainError::NoExamples);
    }
    let width = rows.cols();
    match rows.as_slice().iter().position(|x| !x.is_finite()) {
        Some(index) => Err(TrainError::NotFinite {
            row: index / width,
            column: index % width,
            value: f64::from(rows.as_slice()[index]),
        }),
        None => Ok(()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn setting(name: &str, value: usize, expected: &'static str) -> TrainError {
    TrainError::Setting { setting: name.into(), found: value as f64, expected }
}
