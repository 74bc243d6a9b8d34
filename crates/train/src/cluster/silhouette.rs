//! Separation of clusters: Rousseeuw, Journal of Computational and Applied Mathematics 20,
//! 1987.
use cloze_core::Matrix;
use rayon::prelude::*;

/// The distance of each row to each: 4 bytes for each pair, both ways.
#[derive(Clone, Debug)]
pub struct Distances {
    count: usize,
    values: Vec<f32>,
}

impl Distances {
    /// Euclidean distances, summed in f64. Rows of length 1 are as near as their cosine is high.
    #[must_use]
    pub fn of(rows: &Matrix) -> Self {
        let count = rows.rows();
        let mut values = vec![0.0; count * count];
        values
            .par_chunks_mut(count.max(1))
            .zip(rows.as_slice().par_chunks(rows.cols().max(1)))
            .for_each(|(distances, a)| {
                for (distance, b) in distances.iter_mut().zip(rows) {
                    *distance = euclid(a, b);
                }
            });
        Self { count, values }
    }

    /// Distances of row `i` to all rows.
    pub(super) fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.count..][..self.count]
    }

    /// The mean silhouette of the rows that are in a cluster: of each (b − a) / max(a, b), where a is
    /// its mean distance to the others of its own cluster and b that to the nearest other cluster; 0
    /// for one alone in its cluster. From −1 to 1, more is told apart better. `None` for fewer than two
    /// clusters, and unless `of` has a cluster or `None` for each row.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    pub fn silhouette(&self, of: &[Option<usize>]) -> Option<f64> {
        let clusters = of.iter().flatten().max().map_or(0, |max| max + 1);
        let mut sizes = vec![0_usize; clusters];
        of.iter().flatten().for_each(|cluster| sizes[*cluster] += 1);
        if of.len() != self.count || sizes.iter().filter(|size| **size > 0).count() < 2 {
            return None;
        }
        let rows = (0..self.count).into_par_iter();
        // Collected first, so that they are summed in one order.
        let each: Vec<Option<f64>> = rows.map(|i| self.silhouette_of_row(i, of, &sizes)).collect();
        let placed = each.iter().flatten().count();
        Some(each.iter().flatten().sum::<f64>() / placed as f64)
    }

    /// The silhouette of row `i`, of clusters of these sizes; `None` if it is in no cluster.
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    fn silhouette_of_row(&self, i: usize, of: &[Option<usize>], sizes: &[usize]) -> Option<f64> {
        let own_cluster = of[i]?;
        if sizes[own_cluster] == 1 {
            return Some(0.0);
        }
        let mut sums = vec![0.0_f64; sizes.len()];
        for (distance, cluster) in self.row(i).iter().zip(of) {
            if let Some(cluster) = cluster {
                sums[*cluster] += f64::from(*distance);
            }
        }
        let within = sums[own_cluster] / (sizes[own_cluster] - 1) as f64;
        let others = (0..sizes.len()).filter(|&other| other != own_cluster && sizes[other] > 0);
        let nearest =
            others.map(|other| sums[other] / sizes[other] as f64).fold(f64::INFINITY, f64::min);
        let wider = within.max(nearest);
        Some(if wider > 0.0 { (nearest - within) / wider } else { 0.0 })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "as exact as the rows")]
fn euclid(a: &[f32], b: &[f32]) -> f32 {
    let squares = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
    squares.sum::<f64>().sqrt() as f32
}
