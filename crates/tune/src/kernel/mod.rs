//! The arithmetic between matrix products, and the products on all threads; `cloze-kernel` has those on one, and what
//! inference computes with, too.
//!
//! Loops are written so that compilers turn them into vector instructions, and [`vectorised`] has
//! them compiled for those that the machine has. No operation is fused or reordered by the compiler,
//! so that a machine's results do not depend on where a row lies.
#![expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
pub(crate) mod activation;
pub(crate) mod dropout;
pub(crate) mod matrix;
pub(crate) mod norm;
pub(crate) mod rms;
pub(crate) mod rotary;
pub(crate) mod softmax;

pub(crate) use cloze_kernel::{exp, sum, sum2, vectorised};

/// Adds `xs` to `out`, place by place.
pub(crate) fn add(out: &mut [f32], xs: &[f32]) {
    vectorised(
        #[inline(always)]
        || {
            for (out, x) in out.iter_mut().zip(xs) {
                *out += x;
            }
        },
    );
}

/// Adds every row of `rows`, `[n, out.len()]`, to `out`.
pub(crate) fn add_rows(out: &mut [f32], rows: &[f32]) {
    vectorised(
        #[inline(always)]
        || {
            for row in rows.chunks_exact(out.len().max(1)) {
                for (out, x) in out.iter_mut().zip(row) {
                    *out += x;
                }
            }
        },
    );
}

/// Adds `row` to every row of `rows`, `[n, row.len()]`.
pub(crate) fn add_to_rows(rows: &mut [f32], row: &[f32]) {
    vectorised(
        #[inline(always)]
        || {
            for out in rows.chunks_exact_mut(row.len().max(1)) {
                for (out, x) in out.iter_mut().zip(row) {
                    *out += x;
                }
            }
        },
    );
}
