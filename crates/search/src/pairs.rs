//! Every pair of rows that are alike, and the groups that such pairs make.
use cloze_core::Matrix;
use cloze_embed::Metric;
use rayon::prelude::*;

use crate::SearchError;
use crate::engine::comparable;
use crate::kernel;

/// So many rows are compared with a block of others at a time.
const QUERY_BLOCK: usize = 64;
/// The bytes of that block: it stays in the cache.
const BLOCK_BYTES: usize = 128 << 10;

/// Two rows that are alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimilarPair {
    /// The earlier row.
    pub first: usize,
    /// The later row.
    pub second: usize,
    /// Similarity by the metric: higher is more similar.
    pub score: f32,
}

/// All pairs of `rows` with a score of at least `threshold`, sorted by the first row and then the
/// second. Every row is compared with every later one, so that none is missed; the time goes by the
/// square of rows, and the memory by the pairs found. `threads` work at once, 0 is all that rayon's
/// pool has; the result is the same to the bit.
///
/// Cosines are those of rows of length 1, or 0 for a row of zeros; those of equal rows may be below 1
/// by some 1e-7.
///
/// # Errors
/// [`SearchError::Vector`] names the first row that cannot be compared; [`SearchError::Setting`] for
/// a threshold that is not a number.
///
/// ```
/// use cloze_core::Matrix;
/// use cloze_embed::Metric;
/// use cloze_search::pairs::{groups, pairs};
///
/// let rows = vec![1.0, 0.0, 0.0, 1.0, 1.0, 0.1, 0.0, 2.0];
/// let rows = Matrix::from_vec(2, rows).expect("four rows of two");
/// let similar = pairs(&rows, Metric::Cosine, 0.9, 0)?;
/// let indices: Vec<_> = similar.iter().map(|pair| (pair.first, pair.second)).collect();
/// assert_eq!(indices, [(0, 2), (1, 3)]);
/// assert_eq!(groups(rows.rows(), &similar), [[0, 2], [1, 3]]);
/// # Ok::<(), cloze_search::SearchError>(())
/// ```
pub fn pairs(
    rows: &Matrix,
    metric: Metric,
    threshold: f64,
    threads: usize,
) -> Result<Vec<SimilarPair>, SearchError> {
    if threshold.is_nan() {
        return Err(SearchError::Setting {
            setting: "threshold",
            expected: "a number".into(),
            found: threshold.to_string(),
        });
    }
    let width = rows.cols();
    let comparable = comparable(rows, width, metric, "row")?;
    let compared = Compared { numbers: comparable.as_slice(), width, metric, threshold };
    let blocks = rows.rows().div_ceil(QUERY_BLOCK);
    let threads = if threads == 0 { rayon::current_num_threads() } else { threads };
    let parts = threads.clamp(1, blocks.max(1));
    // The first blocks have the most later rows: dealt out in turns, parts are of one size.
    let part = |part: usize| compared.pairs_of_blocks((part..blocks).step_by(parts));
    let mut pairs = if parts == 1 {
        part(0)
    } else {
        (0..parts).into_par_iter().map(part).collect::<Vec<_>>().concat()
    };
    pairs.sort_unstable_by_key(|pair| (pair.first, pair.second));
    Ok(pairs)
}

/// Rows that are compared with each other.
struct Compared<'a> {
    numbers: &'a [f32],
    width: usize,
    metric: Metric,
    threshold: f64,
}

impl Compared<'_> {
    /// Pairs whose first row is in one of these blocks.
    fn pairs_of_blocks(&self, blocks: impl Iterator<Item = usize>) -> Vec<SimilarPair> {
        let (mut pairs, mut scores) = (vec![], vec![]);
        for block in blocks {
            self.add_pairs(block, &mut scores, &mut pairs);
        }
        pairs
    }

    /// Adds the pairs whose first row is in a block; `scores` is kept between calls.
    fn add_pairs(&self, block: usize, scores: &mut Vec<f32>, pairs: &mut Vec<SimilarPair>) {
        let Self { numbers, width, metric, threshold } = *self;
        let count = numbers.len() / width;
        let (from, to) = (block * QUERY_BLOCK, count.min((block + 1) * QUERY_BLOCK));
        let step = (BLOCK_BYTES / (4 * width)).max(8);
        // From the block's own rows on: with itself half of the products are for nothing.
        for start in (from..count).step_by(step) {
            let end = count.min(start + step);
            scores.clear();
            scores.resize((to - from) * (end - start), 0.0);
            let queries = &numbers[from * width..to * width];
            let rows = &numbers[start * width..end * width];
            kernel::scores(metric, queries, rows, width, scores);
            for (first, scores) in (from..to).zip(scores.chunks_exact(end - start)) {
                for (second, &score) in (start..end).zip(scores) {
                    if second > first && f64::from(score) >= threshold {
                        pairs.push(SimilarPair { first, second, score });
                    }
                }
            }
        }
    }
}

/// The groups of `count` things that `pairs` tie together, one by one: a thing is in the group of
/// each that it makes a pair with, though not all of a group need be alike. Each group is sorted and
/// has at least two; groups are sorted by their first. A pair of what is not there is left out.
#[must_use]
pub fn groups(count: usize, pairs: &[SimilarPair]) -> Vec<Vec<usize>> {
    let mut parent: Vec<usize> = (0..count).collect();
    for pair in pairs.iter().filter(|pair| pair.first < count && pair.second < count) {
        let (a, b) = (root(&mut parent, pair.first), root(&mut parent, pair.second));
        // The earlier is the root, so that groups come in the order of their first.
        parent[a.max(b)] = a.min(b);
    }
    let mut members = vec![vec![]; count];
    for i in 0..count {
        members[root(&mut parent, i)].push(i);
    }
    members.retain(|group| group.len() > 1);
    members
}

/// Source: union-find with path halving, Tarjan & van Leeuwen 1984.
fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}
