//! Rows between two products of 8-bit numbers, each in one pass.
//!
//! Each row's result depends on that row alone: a text has the same in every batch.
use super::fused::{MulAdd, vectorised_with};
use super::normal::gelu;
use super::{largest, sum, vectorised};

/// Added to a small number it leaves the nearest whole one in the lowest bits, of two the even one.
const ROUND: f32 = 12_582_912.0;

/// Rounding of rows to 8 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rounding {
    /// Number that stands for 0: 128 where numbers are as large below 0 as above, else the room below 0.
    pub zero: u8,
    /// Scale of a row.
    pub scale: Scale,
}

/// Scale of a row: the step from one 8-bit number to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// The least for which there is room for the largest number, and not below this.
    Least(f32),
    /// This; numbers that there is no room for become the nearest.
    Fixed(f32),
}

/// Zero point of numbers that are as large below 0 as above.
const MIDDLE: u8 = 128;

impl Rounding {
    /// Rounds a row, and returns its scale. Numbers that are none, or infinite, make it NaN.
    #[inline(always)]
    fn row(self, x: &[f32], numbers: &mut [u8]) -> f32 {
        let Self { zero, scale } = self;
        let room = f32::from(255 - zero);
        let scale = match scale {
            Scale::Fixed(scale) => scale,
            Scale::Least(least) => {
                let most = if zero == MIDDLE { largest(x, f32::abs) } else { largest(x, |x| x) };
                let scale = most * (1.0 / room);
                if scale < least { least } else { scale }
            }
        };
        let inverse = 1.0 / scale;
        let (low, high) = (-f32::from(zero), room);
        for (number, x) in numbers.iter_mut().zip(x) {
            let x = x * inverse;
            let x = if x > high { high } else { x };
            let x = if x < low { low } else { x };
            #[expect(clippy::cast_possible_truncation, reason = "the lowest bits, modulo 256")]
            let low_bits = (x + ROUND).to_bits() as u8;
            *number = low_bits.wrapping_add(zero);
        }
        scale
    }
}

/// Rounds the rows of `x`, `[rows, width]`, and writes their scales, `[rows]`.
pub fn round(rounding: Rounding, x: &[f32], numbers: &mut [u8], scales: &mut [f32]) {
    let width = width(x.len(), scales.len());
    vectorised(
        #[inline(always)]
        || {
            let rows = x.chunks_exact(width).zip(numbers.chunks_exact_mut(width));
            for ((x, numbers), scale) in rows.zip(scales) {
                *scale = rounding.row(x, numbers);
            }
        },
    );
}

/// Length of a row, at least 1.
fn width(numbers: usize, rows: usize) -> usize {
    numbers.checked_div(rows).unwrap_or(0).max(1)
}

/// Scale of row `i`; of a single one, that of all.
#[inline(always)]
pub(crate) fn scale_of(scales: &[f32], i: usize) -> f32 {
    match scales {
        [all] => *all,
        scales => scales.get(i).copied().unwrap_or(f32::NAN),
    }
}

#[inline(always)]
fn gelu_row<M: MulAdd>(sums: &[f32], scale: f32, bias: &[f32], out: &mut [f32]) {
    for ((out, sum), bias) in out.iter_mut().zip(sums).zip(bias) {
        *out = gelu::<M>(M::mul_add(*sum, scale, *bias));
    }
}

/// gelu(sums · scale of the row + bias), `[rows, width of bias]`.
pub fn scaled_gelu(sums: &[f32], scales: &[f32], bias: &[f32], out: &mut [f32]) {
    let width = bias.len().max(1);
    vectorised_with!(|Way| {
        let rows = sums.chunks_exact(width).zip(out.chunks_exact_mut(width));
        for (i, (sums, out)) in rows.enumerate() {
            gelu_row::<Way>(sums, scale_of(scales, i), bias, out);
        }
    });
}

/// The same, rounded row by row.
pub fn scaled_gelu_rounded(
    rounding: Rounding,
    [sums, scales, bias]: [&[f32]; 3],
    numbers: &mut [u8],
    out_scales: &mut [f32],
) {
    let width = bias.len().max(1);
    let mut row = vec![0.0; width];
    vectorised_with!(|Way| {
        let rows = sums.chunks_exact(width).zip(numbers.chunks_exact_mut(width));
        for (i, ((sums, numbers), scale)) in rows.zip(out_scales).enumerate() {
            gelu_row::<Way>(sums, scale_of(scales, i), bias, &mut row);
            *scale = rounding.row(&row, numbers);
        }
    });
}

/// Rows of three parts, sums · scale of the row + bias, each part to its own output.
pub fn scaled_parts(
    sums: &[f32],
    scales: &[f32],
    bias: &[f32],
    [first, second, third]: [&mut [f32]; 3],
) {
    let width = (bias.len() / 3).max(1);
    vectorised(
        #[inline(always)]
        || {
            let outputs = first
                .chunks_exact_mut(width)
                .zip(second.chunks_exact_mut(width))
                .zip(third.chunks_exact_mut(width));
            for (i, (sums, ((a, b), c))) in sums.chunks_exact(3 * width).zip(outputs).enumerate() {
                let scale = scale_of(scales, i);
                let parts = sums.chunks_exact(width).zip(bias.chunks_exact(width));
                for (out, (sums, bias)) in [a, b, c].into_iter().zip(parts) {
                    for ((out, sum), bias) in out.iter_mut().zip(sums).zip(bias) {
                        *out = sum * scale + bias;
                    }
                }
            }
        },
    );
}

/// Inputs of [`scaled_sum_norm`].
#[derive(Clone, Copy, Debug)]
pub struct SumNorm<'a> {
    /// Sums of a product, `[rows, width]`.
    pub sums: &'a [f32],
    /// Scale of each row, `[rows]`, or of all.
    pub scales: &'a [f32],
    /// `[width]`.
    pub bias: &'a [f32],
    /// `[rows, width]`.
    pub skip: &'a [f32],
    /// Weight of the norm, `[width]`.
    pub weight: &'a [f32],
    /// Bias of the norm, `[width]`.
    pub shift: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
}

/// norm(sums · scale of the row + bias + skip), `[rows, width]` (Ba et al. 2016).
pub fn scaled_sum_norm(given: SumNorm<'_>, out: &mut [f32]) {
    let SumNorm { sums, scales, bias, skip, weight, shift, epsilon } = given;
    let width = bias.len().max(1);
    #[expect(clippy::cast_precision_loss, reason = "a width")]
    let share = 1.0 / width as f32;
    vectorised(
        #[inline(always)]
        || {
            let rows = sums.chunks_exact(width).zip(skip.chunks_exact(width));
            for (i, ((sums, skip), out)) in rows.zip(out.chunks_exact_mut(width)).enumerate() {
                let scale = scale_of(scales, i);
                for (((out, sum), skip), bias) in out.iter_mut().zip(sums).zip(skip).zip(bias) {
                    *out = (sum * scale + bias) + skip;
                }
                let mean = sum(out, |x| x) * share;
                let variance = sum(out, |x| (x - mean) * (x - mean)) * share;
                let inverse = 1.0 / (variance + epsilon).sqrt();
                for ((out, weight), shift) in out.iter_mut().zip(weight).zip(shift) {
                    *out = (*out - mean) * inverse * weight + shift;
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest of the first row is 2.54, so a step is 0.02: 0.05 / 0.02 = 2.5 goes to the even 2, −0.07 / 0.02 = −3.5
    /// to −4, −1 to −50. The second row is all zeros, whose scale is the least.
    #[test]
    fn rows_are_rounded_with_their_own_scales() {
        let x = [2.54, 0.05, -0.07, -1.0, 0.0, 0.0, 0.0, 0.0];
        let (mut numbers, mut scales) = ([9; 8], [0.0; 2]);
        round(Rounding { zero: 128, scale: Scale::Least(1e-30) }, &x, &mut numbers, &mut scales);
        assert_eq!(numbers, [255, 130, 124, 78, 128, 128, 128, 128]);
        assert!((scales[0] - 0.02).abs() < 1e-9, "{scales:?}");
        assert_eq!(scales[1].to_bits(), 1e-30_f32.to_bits());
        // With room of 40 below 0, 215 above: a step is 0.01, and what is lower than −0.4 is that.
        let (mut numbers, mut scales) = ([9; 4], [0.0]);
        let x = [2.15, -0.17, 0.126, -3.0];
        round(Rounding { zero: 40, scale: Scale::Least(1e-3) }, &x, &mut numbers, &mut scales);
        assert_eq!(numbers, [255, 23, 53, 0]);
        assert!((scales[0] - 0.01).abs() < 1e-9);
        // A fixed step of 0.02: 2.15 and −3 are 107.5 and −150 steps, of which there is room for −40.
        let fixed = Rounding { zero: 40, scale: Scale::Fixed(0.02) };
        round(fixed, &[2.15, -0.17, 9.0, -3.0], &mut numbers, &mut scales);
        assert_eq!((numbers, scales[0].to_bits()), ([148, 32, 255, 0], 0.02_f32.to_bits()));
        // Numbers that are none are not hidden.
        round(
            Rounding { zero: 128, scale: Scale::Least(1.0) },
            &[1.0, f32::NAN],
            &mut [0; 2],
            &mut scales,
        );
        assert!(scales[0].is_nan());
        round(Rounding { zero: 128, scale: Scale::Least(1.0) }, &[], &mut [], &mut []);
    }

    /// gelu(1) = 0.841345, gelu(1.5) = 1.399789, gelu(−2) = −0.045500, gelu(2) = 1.954500.
    #[test]
    fn sums_are_scaled_before_the_bias() {
        let (sums, scales, bias) = ([2.0, -4.0, 1.0, 0.0], [0.5, 1.0], [0.0, 0.0]);
        let mut out = [0.0; 4];
        scaled_gelu(&sums, &scales, &bias, &mut out);
        for (out, expected) in out.iter().zip([0.841_345, -0.045_5, 0.841_345, 0.0]) {
            assert!((out - expected).abs() < 6e-6, "{out} {expected}");
        }
        let mut whole = [0.0; 4];
        scaled_gelu(&sums, &[0.5], &[1.0, 2.0], &mut whole);
        for (out, expected) in whole.iter().zip([1.954_5, 0.0, 1.399_789_2, 1.954_5]) {
            assert!((out - expected).abs() < 6e-6, "{out} {expected}");
        }
        // Rounded at once it is what is rounded afterwards.
        let rounding = Rounding { zero: 40, scale: Scale::Least(0.17 / 40.0) };
        let (mut numbers, mut row_scales) = ([0; 4], [0.0; 2]);
        let given: [&[f32]; 3] = [&sums, &scales, &bias];
        scaled_gelu_rounded(rounding, given, &mut numbers, &mut row_scales);
        let (mut expected, mut expected_scales) = ([0; 4], [0.0; 2]);
        round(rounding, &out, &mut expected, &mut expected_scales);
        assert_eq!((numbers, row_scales), (expected, expected_scales));
    }

    /// Rows (1, 2, 3) and (4, 5, 6), scales 2 and 10, bias (1, 0, −1): 2 + 1, 4, 6 − 1; 40 + 1, 50, 60 − 1.
    #[test]
    fn parts_go_to_outputs_of_their_own() {
        let [mut a, mut b, mut c] = [[0.0; 2]; 3];
        let sums = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        scaled_parts(&sums, &[2.0, 10.0], &[1.0, 0.0, -1.0], [&mut a, &mut b, &mut c]);
        assert_eq!([a, b, c], [[3.0, 41.0], [4.0, 50.0], [5.0, 59.0]]);
    }

    /// 2 · (1, 2) + (1, 0) + (0, −3) = (3, 1): mean 2, variance 1, so (1, −1) with ε = 0; times (3, 4) plus (0, 1) is
    /// (3, −3).
    #[test]
    fn norms_are_as_worked_by_hand() {
        let mut out = [0.0; 2];
        let given = SumNorm {
            sums: &[1.0, 2.0],
            scales: &[2.0],
            bias: &[1.0, 0.0],
            skip: &[0.0, -3.0],
            weight: &[3.0, 4.0],
            shift: &[0.0, 1.0],
            epsilon: 0.0,
        };
        scaled_sum_norm(given, &mut out);
        assert_eq!(out.map(f32::to_bits), [3.0_f32, -3.0].map(f32::to_bits));
    }
}
