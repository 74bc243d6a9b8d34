//! Smallest `ef_search` with which a search finds the rows of an exact search.
use cloze_core::Matrix;
use cloze_embed::{Metric, l2_normalize};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

use super::Hnsw;
use crate::engine::Engine as _;
use crate::kernel;
use crate::top::Top;
use crate::vectors::VectorFile;
use crate::{Hit, SearchError};

/// Recall to reach, of the nearest rows.
const RECALL: f64 = 0.97;
const NEAREST: usize = 10;
/// So many searches are compared.
const QUERIES: usize = 100;
const SEED: u128 = 7;

impl Hnsw {
    /// The least expansion, of powers of two from 32 on, with which searches find [`RECALL`] of the
    /// [`NEAREST`] rows, or the largest that was tried, and the recall there. The queries are rows of
    /// the index, moved in a random direction by as much as their nearest neighbour is away: as near to
    /// the rows as these are to each other, and none of them.
    pub(crate) fn measure(&mut self, vectors: &VectorFile) -> Result<(usize, f64), SearchError> {
        let queries = self.queries(vectors)?;
        let nearest = self.nearest(vectors, self.shape.metric, &queries, NEAREST)?;
        let total: usize = nearest.iter().map(Vec::len).sum();
        let mut expansion = 32;
        loop {
            self.expansion = expansion;
            let results = self.search(&queries, NEAREST, None)?;
            let hits: usize = nearest
                .iter()
                .zip(&results)
                .map(|(gold, result)| {
                    gold.iter().filter(|g| result.iter().any(|f| f.row == g.row)).count()
                })
                .sum();
            #[expect(clippy::cast_precision_loss, reason = "a thousand at most")]
            let recall = if total == 0 { 1.0 } else { hits as f64 / total as f64 };
            if recall >= RECALL || expansion >= 4096 || expansion >= self.shape.rows {
                return Ok((expansion, recall));
            }
            expansion *= 2;
        }
    }

    fn queries(&self, vectors: &VectorFile) -> Result<Matrix, SearchError> {
        let count = QUERIES.min(self.shape.rows);
        let mut chosen = Matrix::with_capacity(count, self.shape.width);
        for i in 0..count {
            let pushed = chosen.push_rows(&vectors.rows(i * self.shape.rows / count, 1)?);
            debug_assert!(pushed, "rows of the file's own width");
        }
        let near = self.nearest(vectors, Metric::Euclid, &chosen, 2)?;
        let mut random = Pcg64::new(SEED, 1);
        let mut queries = Matrix::with_capacity(count, self.shape.width);
        for (row, near) in chosen.iter().zip(near) {
            let away = near.last().map_or(0.0, |hit| -hit.score);
            let mut moved = direction(&mut random, self.shape.width);
            for (x, coordinate) in moved.iter_mut().zip(row) {
                *x = coordinate + *x * away;
            }
            if self.shape.metric == Metric::Cosine {
                l2_normalize(&mut moved);
            }
            let pushed = queries.push_rows(&moved);
            debug_assert!(pushed, "as wide as the row it was");
        }
        Ok(queries)
    }

    /// The rows nearest to each of `queries` for sure.
    fn nearest(
        &self,
        vectors: &VectorFile,
        metric: Metric,
        queries: &Matrix,
        k: usize,
    ) -> Result<Vec<Vec<Hit>>, SearchError> {
        let mut tops = vec![Top::new(k); queries.rows()];
        for block in vectors.blocks() {
            let (first, rows) = block?;
            let n = rows.len() / self.shape.width;
            let mut scores = vec![0.0; n * queries.rows()];
            kernel::scores(metric, queries.as_slice(), &rows, self.shape.width, &mut scores);
            for (top, scores) in tops.iter_mut().zip(scores.chunks(n)) {
                for (row, score) in (first as u64..).zip(scores) {
                    top.push(Hit { row, score: *score });
                }
            }
        }
        Ok(tops.into_iter().map(Top::into_sorted).collect())
    }
}

/// A direction, all as likely: normal numbers (Box & Muller 1958), brought to length 1.
#[expect(clippy::cast_possible_truncation, reason = "as narrow as vectors are")]
fn direction(random: &mut Pcg64, width: usize) -> Vec<f32> {
    let mut uniform = || (f64::from(random.next_u32()) + 0.5) / 4_294_967_296.0;
    let mut direction: Vec<f32> = (0..width)
        .map(|_| {
            let (radius, angle) = (uniform(), uniform());
            ((-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()) as f32
        })
        .collect();
    l2_normalize(&mut direction);
    direction
}
