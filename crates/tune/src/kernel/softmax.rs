//! Softmax over rows, both ways.
use cloze_kernel::softmax_row;

use super::{sum2, vectorised};

/// Every row of `xs`, `[n, width]`, becomes its softmax.
pub(crate) fn forward(xs: &mut [f32], width: usize) {
    vectorised(
        #[inline(always)]
        || {
            for row in xs.chunks_exact_mut(width.max(1)) {
                softmax_row(row);
            }
        },
    );
}

/// Every row of `xs`, `[n, width]`, becomes the softmax of its numbers in `seen(row)`, and 0 elsewhere.
pub(crate) fn forward_within(
    xs: &mut [f32],
    width: usize,
    seen: impl Fn(usize) -> std::ops::Range<usize>,
) {
    vectorised(
        #[inline(always)]
        || {
            for (i, row) in xs.chunks_exact_mut(width.max(1)).enumerate() {
                let seen = seen(i);
                row[..seen.start].fill(0.0);
                row[seen.end..].fill(0.0);
                softmax_row(&mut row[seen]);
            }
        },
    );
}

/// Turns `gradient`, of the probabilities, into `factor` times that of the logits.
pub(crate) fn backward(probabilities: &[f32], gradient: &mut [f32], width: usize, factor: f32) {
    vectorised(
        #[inline(always)]
        || {
            let rows = probabilities.chunks_exact(width.max(1));
            for (p, gradient) in rows.zip(gradient.chunks_exact_mut(width.max(1))) {
                let mean = sum2(p, gradient, |p, g| p * g);
                for (gradient, p) in gradient.iter_mut().zip(p) {
                    *gradient = factor * p * (*gradient - mean);
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ln 1, ln 3 give 1/4, 3/4, and with 100 added the same. Gradient 1 0: mean 1/4, so
    /// 1/4 · 3/4 = 3/16 and 3/4 · −1/4 = −3/16.
    #[test]
    fn rows_are_as_worked_by_hand() {
        let mut xs = [0.0, 3.0_f32.ln(), 100.0, 100.0 + 3.0_f32.ln()];
        let mut within = [9.0, 0.0, 3.0_f32.ln(), 9.0];
        forward_within(&mut within, 4, |_| 1..3);
        forward(&mut xs, 2);
        let near = |xs: &[f32], expected: &[f32]| {
            assert!(xs.iter().zip(expected).all(|(a, b)| (a - b).abs() < 2e-6), "{xs:?}");
        };
        near(&xs, &[0.25, 0.75, 0.25, 0.75]);
        near(&within, &[0.0, 0.25, 0.75, 0.0]);
        let mut gradient = [1.0, 0.0];
        backward(&xs[..2], &mut gradient, 2, 1.0);
        near(&gradient, &[3.0 / 16.0, -3.0 / 16.0]);
    }
}
