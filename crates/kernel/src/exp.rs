//! e to the power of x, in operations that every vector unit has.
use super::fused::MulAdd;

/// ln 2 in two parts, the first with few enough bits that its multiples are exact.
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;
/// Added to a small number it leaves the nearest whole one in the lowest bits.
const ROUND: f32 = 12_582_912.0;

/// eˣ within 2 units in the last place, between e⁻⁸⁷ and e⁸⁸.
///
/// Source of the form, x = n · ln 2 + r and a polynomial for r (here Taylor's to r⁷, whose rest is
/// below half a unit for |r| ≤ ½ ln 2): Cody & Waite 1980.
#[inline(always)]
#[must_use]
pub fn exp(x: f32) -> f32 {
    // In this form, which vector units have; NaN stays.
    let x = if x > 88.0 { 88.0 } else { x };
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let p = 1.0 / 5040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * r + 1.0;
    let p = p * r + 1.0;
    p * power_of_two(shifted)
}

/// The coefficients of r², r³, … in eʳ ≈ 1 + r + …: those with the least relative error for |r| ≤ ½ ln 2, 1.05e-7.
const POWERS: [f32; 4] = [0.499_992_3, 0.166_671_14, 0.041_890_156, 0.008_312_52];

/// eˣ of an x that is not above 0, within 3e-7 of it down to e⁻⁸⁷, with products added in this way.
#[inline(always)]
pub(crate) fn exp_below<M: MulAdd>(x: f32) -> f32 {
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = M::mul_add(x, std::f32::consts::LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = M::mul_add(n, -LN2_LOW, M::mul_add(n, -LN2_HIGH, x));
    // By pairs, which need not wait for each other.
    let r2 = r * r;
    let low = M::mul_add(POWERS[1], r, POWERS[0]);
    let high = M::mul_add(POWERS[3], r, POWERS[2]);
    let p = M::mul_add(M::mul_add(high, r2, low), r2, 1.0 + r);
    p * power_of_two(shifted)
}

/// 2ⁿ of n + [`ROUND`].
#[inline(always)]
fn power_of_two(shifted: f32) -> f32 {
    f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()))
}

#[cfg(test)]
mod tests {
    use super::{exp, exp_below};
    use crate::fused::{Fused, Plain};

    /// Against the double-precision function, over the whole range in steps of 1/64.
    #[test]
    fn it_is_the_exponential() {
        let mut worst = 0.0_f64;
        for i in -87 * 64..=88 * 64 {
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let x = i as f32 / 64.0 + 0.003;
            let expected = f64::from(x.clamp(-87.0, 88.0)).exp();
            worst = worst.max((f64::from(exp(x)) / expected - 1.0).abs());
        }
        assert!(worst < 2.4e-7, "{worst}");
        assert_eq!((exp(0.0), exp(f32::NEG_INFINITY)), (1.0, exp(-87.0)));
        assert!(exp(f32::NAN).is_nan() && exp(1000.0).is_finite());
    }

    #[test]
    fn below_zero_it_is_the_exponential_too() {
        for i in 0..=90 * 64_u16 {
            let x = -f32::from(i) / 64.0;
            let expected = f64::from(x.max(-87.0)).exp();
            for found in [exp_below::<Plain>(x), exp_below::<Fused>(x)] {
                let worst = (f64::from(found) / expected - 1.0).abs();
                assert!(worst < 3e-7, "{x}: {worst}");
            }
        }
        assert_eq!(exp_below::<Fused>(0.0).to_bits(), 1.0_f32.to_bits());
        assert!(exp_below::<Fused>(f32::NAN).is_nan());
    }
}
