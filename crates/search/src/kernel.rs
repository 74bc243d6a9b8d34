//! Scores of queries and rows: a tile of both at a time, each number of a pair added up in one order,
//! whatever tile it is in, so that a query's scores are the same alone and among others.
use cloze_embed::Metric;
use pulp::{Arch, Simd, WithSimd};

/// Scores of every query and every row by `metric`: `[queries, rows]` into `out`. Both have rows of
/// `width` numbers. For cosines, both must have length 1.
pub(crate) fn scores(metric: Metric, queries: &[f32], rows: &[f32], width: usize, out: &mut [f32]) {
    let arch = Arch::new();
    match metric {
        Metric::Cosine | Metric::Dot => {
            arch.dispatch(Tiles::<false> { queries, rows, width, out });
        }
        Metric::Euclid => {
            arch.dispatch(Tiles::<true> { queries, rows, width, out });
        }
    }
}

/// The product of two rows of whole numbers; there is no rounding, so no order matters.
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
pub(crate) fn dot_i8(a: &[i8], b: &[i8]) -> i32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

struct Tiles<'a, const DISTANCE: bool> {
    queries: &'a [f32],
    rows: &'a [f32],
    width: usize,
    out: &'a mut [f32],
}

impl<const DISTANCE: bool> WithSimd for Tiles<'_, DISTANCE> {
    type Output = ();

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
    fn with_simd<S: Simd>(self, simd: S) {
        // As many sums at once as registers hold beside what they are made of.
        if S::REGISTER_COUNT >= 32 {
            self.tile::<S, 4, 4>(simd);
        } else {
            self.tile::<S, 4, 2>(simd);
        }
    }
}

impl<const DISTANCE: bool> Tiles<'_, DISTANCE> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
    fn tile<S: Simd, const Q: usize, const R: usize>(self, simd: S) {
        let Self { queries, rows, width, out } = self;
        let row_count = rows.len() / width;
        for (queries, out) in queries.chunks(Q * width).zip(out.chunks_mut(Q * row_count)) {
            if queries.len() == Q * width {
                rows_of::<S, DISTANCE, Q, R>(simd, queries, rows, width, out);
            } else {
                // A query alone is as fast as memory is, and that is fastest from one row to the next:
                // with several rows in a tile it reached half of it.
                for (query, out) in queries.chunks(width).zip(out.chunks_mut(row_count)) {
                    rows_of::<S, DISTANCE, 1, 1>(simd, query, rows, width, out);
                }
            }
        }
    }
}

/// `sum` and the products of `a` and `b`, or the squares of their difference.
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
fn add_products<S: Simd, const DISTANCE: bool>(
    simd: S,
    sum: S::f32s,
    a: S::f32s,
    b: S::f32s,
) -> S::f32s {
    if DISTANCE {
        let off = simd.sub_f32s(a, b);
        simd.mul_add_f32s(off, off, sum)
    } else {
        simd.mul_add_f32s(a, b, sum)
    }
}

/// `Q` queries with all rows, `R` at a time.
#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
fn rows_of<S: Simd, const DISTANCE: bool, const Q: usize, const R: usize>(
    simd: S,
    queries: &[f32],
    rows: &[f32],
    width: usize,
    out: &mut [f32],
) {
    let row_count = rows.len() / width;
    let mut first = 0;
    let mut tiles = rows.chunks_exact(R * width);
    for tile in tiles.by_ref() {
        let sums = sums::<S, DISTANCE, Q, R>(simd, queries, tile, width);
        for (q, sums) in sums.iter().enumerate() {
            out[q * row_count + first..][..R].copy_from_slice(sums);
        }
        first += R;
    }
    for row in tiles.remainder().chunks_exact(width) {
        let sums = sums::<S, DISTANCE, Q, 1>(simd, queries, row, width);
        for (q, sums) in sums.iter().enumerate() {
            out[q * row_count + first] = sums[0];
        }
        first += 1;
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
fn sums<S: Simd, const DISTANCE: bool, const Q: usize, const R: usize>(
    simd: S,
    queries: &[f32],
    rows: &[f32],
    width: usize,
) -> [[f32; R]; Q] {
    let mut sums = [[simd.splat_f32s(0.0); R]; Q];
    let queries: [_; Q] = std::array::from_fn(|q| S::as_simd_f32s(&queries[q * width..][..width]));
    let rows: [_; R] = std::array::from_fn(|r| S::as_simd_f32s(&rows[r * width..][..width]));
    let step = |sum, a, b| add_products::<S, DISTANCE>(simd, sum, a, b);
    for i in 0..queries[0].0.len() {
        for (sums, query) in sums.iter_mut().zip(&queries) {
            for (sum, row) in sums.iter_mut().zip(&rows) {
                *sum = step(*sum, query.0[i], row.0[i]);
            }
        }
    }
    if !queries[0].1.is_empty() {
        for (sums, query) in sums.iter_mut().zip(&queries) {
            let query = simd.partial_load_f32s(query.1);
            for (sum, row) in sums.iter_mut().zip(&rows) {
                *sum = step(*sum, query, simd.partial_load_f32s(row.1));
            }
        }
    }
    sums.map(|sums| {
        sums.map(|sum| {
            let sum = simd.reduce_sum_f32s(sum);
            // Adding zero takes the sign off a zero, which would otherwise be below another zero.
            if DISTANCE { 0.0 - sum.sqrt() } else { sum + 0.0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_pcg::Pcg64;
    use rand_pcg::rand_core::Rng;

    #[expect(clippy::cast_precision_loss, reason = "24 bits")]
    fn numbers(n: usize, seed: u64) -> Vec<f32> {
        let mut random = Pcg64::new(seed.into(), 1);
        (0..n).map(|_| (random.next_u32() >> 8) as f32 / 8_388_608.0 - 1.0).collect()
    }

    /// Against sums in f64, for widths that fill registers and that do not, and every number of
    /// queries and rows around a tile.
    #[test]
    fn scores_are_those_of_the_definition_and_the_same_in_any_tile() {
        for width in [1, 7, 16, 33, 384] {
            for (queries, rows) in [(1, 1), (3, 9), (4, 8), (5, 17), (9, 3)] {
                let q = numbers(queries * width, 1);
                let r = numbers(rows * width, 2);
                for metric in [Metric::Dot, Metric::Euclid] {
                    let mut out = vec![f32::NAN; queries * rows];
                    scores(metric, &q, &r, width, &mut out);
                    for (i, query) in q.chunks(width).enumerate() {
                        for (j, row) in r.chunks(width).enumerate() {
                            let expected = metric.similarity(query, row).unwrap();
                            let score = out[i * rows + j];
                            assert!((f64::from(score) - expected).abs() < 2e-5, "{metric:?}");
                            let mut alone = [0.0];
                            scores(metric, query, row, width, &mut alone);
                            assert_eq!(alone[0].to_bits(), score.to_bits());
                        }
                    }
                }
            }
        }
    }
}
