//! The arithmetic between matrix products, and the products.
//!
//! Loops are written so that compilers turn them into vector instructions, and [`vectorised`] has
//! them compiled for those that the machine has. No operation is fused or reordered by the compiler,
//! so that a machine's results do not depend on where a row lies.
#![expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
pub(crate) mod activation;
pub(crate) mod dropout;
pub(crate) mod exp;
pub(crate) mod matrix;
pub(crate) mod norm;
mod product;
pub(crate) mod rms;
pub(crate) mod rotary;
pub(crate) mod softmax;

/// Runs `loops` with the vector instructions that this machine has. It must be `#[inline(always)]`, or
/// it may stay a function of its own, compiled for any machine.
pub(crate) fn vectorised<R>(loops: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(loops)
}

/// As many sums side by side as a vector register holds.
const LANES: usize = 16;

/// The sum of `f(x, y)` in an order that depends on the length alone.
#[inline(always)]
pub(crate) fn sum2(xs: &[f32], ys: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let (x, y) = (xs.chunks_exact(LANES), ys.chunks_exact(LANES));
    let rest = x.remainder().iter().zip(y.remainder());
    for (x, y) in x.zip(y) {
        for (lane, (&x, &y)) in lanes.iter_mut().zip(x.iter().zip(y)) {
            *lane += f(x, y);
        }
    }
    for (lane, (&x, &y)) in lanes.iter_mut().zip(rest) {
        *lane += f(x, y);
    }
    lanes.iter().sum()
}

/// The sum of `f(x)`, as [`sum2`].
#[inline(always)]
pub(crate) fn sum(xs: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    sum2(xs, xs, |x, _| f(x))
}

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
