//! Every row compared with every query.
use std::ops::Range;
use std::sync::Arc;

use cloze_core::Matrix;
use cloze_embed::Metric;
use rayon::prelude::*;

use super::{Engine, check_vector, comparable};
use crate::rows::{Block, Queries, Rows};
use crate::top::Top;
use crate::vectors::VectorFile;
use crate::{Hit, RowSet, SearchError};

/// The bytes of rows that are compared with all queries before the next are: they stay in the cache.
const BLOCK_BYTES: usize = 128 << 10;
/// So many queries at a time, whose numbers and scores stay in the cache, too.
const QUERY_BLOCK: usize = 64;
/// Below so many products it does not pay to wake another thread.
const ALONE: usize = 1 << 20;
/// Fewest rows beyond those asked for that are scored again where scores were rough.
const AGAIN: usize = 64;

/// The exact engine: all rows in memory.
///
/// If rows are in 8 bits, it looks again at the four times `k` (at least 64 more than `k`) best
/// with the vectors as they are on the disk; scores are then exact, and a row is missed only if rough
/// scores put it behind all of these.
pub struct Exact {
    rows: Rows,
    width: usize,
    metric: Metric,
    threads: usize,
    /// Full-precision vectors that rows in 8 bits are scored again with.
    source: Option<Arc<VectorFile>>,
}

impl Exact {
    /// The engine over `rows`, compared by `metric`; cosines are those of rows of length 1, or 0 for
    /// a row of zeros, whatever length they come with. `threads` work at once, 0 is all that rayon's
    /// pool has.
    ///
    /// # Errors
    /// [`SearchError::Vector`] names the first row that cannot be compared.
    pub fn new(rows: Matrix, metric: Metric, threads: usize) -> Result<Self, SearchError> {
        let width = rows.cols();
        let mut numbers = rows.into_vec();
        for (i, row) in numbers.chunks_exact_mut(width.max(1)).enumerate() {
            check_vector(row, width, || format!("row {i}"))?;
            if metric == Metric::Cosine {
                cloze_embed::l2_normalize(row);
            }
        }
        Ok(Self::of(Rows::F32(numbers), width, metric, threads, None))
    }

    /// Over rows that are of length 1 where cosines are asked for.
    pub(crate) fn of(
        rows: Rows,
        width: usize,
        metric: Metric,
        threads: usize,
        source: Option<Arc<VectorFile>>,
    ) -> Self {
        Self { rows, width, metric, threads, source }
    }

    /// The best of these rows.
    fn part(
        &self,
        queries: &Queries<'_>,
        count: usize,
        k: usize,
        allowed: Option<&RowSet>,
        part: Range<usize>,
    ) -> Vec<Top> {
        let block = (BLOCK_BYTES / (4 * self.width.max(1))).max(8);
        let mut tops = vec![Top::new(k); count];
        let mut scratch = vec![];
        let mut scores = vec![0.0; block * count.min(QUERY_BLOCK)];
        for start in part.clone().step_by(block) {
            let rows = start..part.end.min(start + block);
            // Where few are allowed, each by itself.
            let few = match allowed.map(|allowed| allowed.count_in(start, rows.len())) {
                Some(0) => continue,
                Some(some) => some * 4 < rows.len(),
                None => false,
            };
            for from in (0..count).step_by(QUERY_BLOCK) {
                let to = count.min(from + QUERY_BLOCK);
                let (asked, tops) = (from..to, &mut tops[from..to]);
                if few {
                    let is_allowed = |row: &usize| allowed.is_none_or(|set| set.contains(*row));
                    for row in rows.clone().filter(is_allowed) {
                        let block = Block { queries, asked: asked.clone(), rows: row..row + 1 };
                        self.take_best(&block, None, &mut scratch, &mut scores, tops);
                    }
                } else {
                    let block = Block { queries, asked, rows: rows.clone() };
                    self.take_best(&block, allowed, &mut scratch, &mut scores, tops);
                }
            }
        }
        tops
    }

    /// Adds the allowed rows of a block to the best of its queries, `tops`. `scratch` and `scores` are
    /// kept between calls; `scores` has room for a score of each pair.
    fn take_best(
        &self,
        block: &Block<'_>,
        allowed: Option<&RowSet>,
        scratch: &mut Vec<f32>,
        scores: &mut [f32],
        tops: &mut [Top],
    ) {
        let n = block.rows.len();
        let scores = &mut scores[..n * block.asked.len()];
        self.rows.scores(self.metric, block, self.width, scratch, scores);
        for (top, scores) in tops.iter_mut().zip(scores.chunks(n)) {
            for (row, &score) in block.rows.clone().zip(scores) {
                if score >= top.floor() && allowed.is_none_or(|set| set.contains(row)) {
                    top.push(Hit { row: row as u64, score });
                }
            }
        }
    }

    fn candidates(&self, queries: &Matrix, k: usize, allowed: Option<&RowSet>) -> Vec<Vec<Hit>> {
        let count = queries.rows();
        let numbers = self.rows.queries(queries.as_slice(), self.width);
        let rows = self.rows();
        let threads = match self.threads {
            0 => rayon::current_num_threads(),
            threads => threads,
        };
        let work = rows.saturating_mul(self.width).saturating_mul(count);
        let parts = if work < ALONE { 1 } else { threads.clamp(1, rows.max(1)) };
        let size = rows.div_ceil(parts).max(1);
        let part =
            |first: usize| self.part(&numbers, count, k, allowed, first..rows.min(first + size));
        let merge =
            |a: Vec<Top>, b: Vec<Top>| a.into_iter().zip(b).map(|(a, b)| a.merge(b)).collect();
        let none = || vec![Top::new(k); count];
        let firsts: Vec<usize> = (0..rows).step_by(size).collect();
        let tops = match firsts.as_slice() {
            [] => none(),
            [first] => part(*first),
            firsts => firsts.par_iter().map(|first| part(*first)).reduce(none, merge),
        };
        tops.into_iter().map(Top::into_sorted).collect()
    }
}

impl Engine for Exact {
    fn rows(&self) -> usize {
        self.rows.len(self.width.max(1))
    }

    fn search(
        &self,
        queries: &Matrix,
        k: usize,
        allowed: Option<&RowSet>,
    ) -> Result<Vec<Vec<Hit>>, SearchError> {
        let queries = &*comparable(queries, self.width, self.metric, "query")?;
        let k = k.min(self.rows());
        match &self.source {
            Some(source) if self.rows.is_rough() => {
                let wide = self.candidates(queries, (4 * k).max(k + AGAIN), allowed);
                wide.into_iter()
                    .zip(queries)
                    .map(|(hits, query)| source.score_again(self.metric, query, hits, k))
                    .collect()
            }
            _ => Ok(self.candidates(queries, k, allowed)),
        }
    }
}
