//! Loops over rows of numbers that become vector instructions.
//!
//! Loops are written so that compilers turn them into vector instructions, and [`vectorised`] has them compiled for
//! those that the machine has. No operation is fused or reordered by the compiler, so that a machine's results do not
//! depend on where a row lies.
#![expect(clippy::inline_always, reason = "what is not inlined is compiled for any machine")]
pub mod attention;
mod exp;
mod fused;
mod normal;
pub mod product;
pub mod rows;
mod softmax;

pub use exp::exp;
pub use normal::normal;
pub use softmax::softmax_row;

/// Runs `loops` with the vector instructions that this machine has. It must be `#[inline(always)]`, or
/// it may stay a function of its own, compiled for any machine.
pub fn vectorised<R>(loops: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(loops)
}

/// As many numbers side by side as a vector register holds.
const LANES: usize = 16;

/// Sum of `f(x, y)`, in an order that depends on the length alone.
#[inline(always)]
pub fn sum2(xs: &[f32], ys: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
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
    folded(lanes, |a, b| a + b)
}

/// The lanes together, halves by halves.
#[inline(always)]
fn folded(lanes: [f32; LANES], f: impl Fn(f32, f32) -> f32) -> f32 {
    let eight: [f32; 8] = std::array::from_fn(|i| f(lanes[i], lanes[i + 8]));
    let four: [f32; 4] = std::array::from_fn(|i| f(eight[i], eight[i + 4]));
    f(f(four[0], four[2]), f(four[1], four[3]))
}

/// Sum of `f(x)`, as [`sum2`].
#[inline(always)]
pub fn sum(xs: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    sum2(xs, xs, |x, _| f(x))
}

/// Largest `f(x)`, or the least finite number of none; NaN if any `f(x)` is infinite or NaN.
#[inline(always)]
pub fn largest(xs: &[f32], f: impl Fn(f32) -> f32) -> f32 {
    let (mut lanes, mut rest) = ([f32::MIN; LANES], [0.0_f32; LANES]);
    let mut take = |xs: &[f32]| {
        for ((lane, rest), &x) in lanes.iter_mut().zip(&mut rest).zip(xs) {
            let x = f(x);
            // In this form, which vector units have; it passes over NaN.
            *lane = if x > *lane { x } else { *lane };
            *rest += 0.0 * x;
        }
    };
    let chunks = xs.chunks_exact(LANES);
    let last = chunks.remainder();
    for chunk in chunks {
        take(chunk);
    }
    take(last);
    folded(lanes, |a, b| if a > b { a } else { b }) + folded(rest, |a, b| a + b)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "halves, whose sums are exact in any order")]
mod tests {
    use super::*;

    fn numbers(n: u8) -> Vec<f32> {
        (0..n).map(|i| f32::from(i % 23) - 11.5).collect()
    }

    #[test]
    fn every_number_counts_once() {
        for n in [0, 1, 15, 16, 17, 40, 200] {
            let xs = numbers(n);
            assert_eq!(sum(&xs, |x| 2.0 * x), 2.0 * xs.iter().sum::<f32>(), "{n}");
            let squares = sum2(&xs, &xs, |x, y| x * y);
            assert_eq!(squares, xs.iter().map(|x| x * x).sum::<f32>(), "{n}");
            let most = xs.iter().copied().fold(f32::MIN, f32::max);
            assert_eq!(largest(&xs, |x| x), most, "{n}");
            let size = xs.iter().map(|x| x.abs()).fold(f32::MIN, f32::max);
            assert_eq!(largest(&xs, f32::abs), size, "{n}");
        }
    }

    /// Whatever stands behind it.
    #[test]
    fn a_number_that_is_none_is_not_passed_over() {
        for place in [0, 5, 16, 39] {
            for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut xs = numbers(40);
                xs[place] = wrong;
                assert!(largest(&xs, |x| x).is_nan(), "{wrong} at {place}");
            }
        }
    }
}
