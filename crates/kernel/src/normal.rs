//! The normal distribution, in operations that every vector unit has.
use super::exp;
use super::fused::MulAdd;

/// The coefficients of t, t², … in erfc(z) ≈ e^(−z²) · Q(t), t = 1 / (1 + 0.35 z), z ≥ 0: fitted by
/// least squares in relative error at 500 Chebyshev points of t for z up to 12. Worst relative error
/// 7e-7. Source of the form: Abramowitz & Stegun 1964, 7.1.26, which has five terms and 1.5e-7
/// absolute.
const ERFC: [f32; 8] = [
    0.197_395_58,
    0.198_609_87,
    0.178_335_1,
    0.180_525_59,
    0.112_954_065,
    0.040_554_974,
    0.168_954_54,
    -0.077_330_306,
];
const ERFC_STEP: f32 = 0.35;
/// 1 / √(2π).
const DENSITY: f32 = 0.398_942_3;

/// Φ(x), the normal distribution, and its density.
#[inline(always)]
#[must_use]
pub fn normal(x: f32) -> (f32, f32) {
    let t = 1.0 / (1.0 + ERFC_STEP * x.abs() * std::f32::consts::FRAC_1_SQRT_2);
    let mut q = ERFC[7];
    q = q * t + ERFC[6];
    q = q * t + ERFC[5];
    q = q * t + ERFC[4];
    q = q * t + ERFC[3];
    q = q * t + ERFC[2];
    q = q * t + ERFC[1];
    q = q * t + ERFC[0];
    let e = exp(-0.5 * x * x);
    let tail = 0.5 * e * q * t;
    (if x > 0.0 { 1.0 - tail } else { tail }, DENSITY * e)
}

/// The number that Φ is 1 from on here.
const END: f32 = 5.3;
/// The coefficients of 1, u, u², … in (Φ(x) − ½) / x, u = 2 (x / 5.3)² − 1 and |x| ≤ 5.3: those with the least error of
/// x · Φ(x), 3.1e-7, among those that are 1 at 5.3 (linear programming over 1,500 Chebyshev points).
const BY_SQUARE: [f32; 14] = [
    0.133_392_56,
    -0.066_518_12,
    0.049_264_327,
    -0.039_602_417,
    0.032_083_128,
    -0.025_166_603,
    0.018_858_83,
    -0.013_726_748,
    0.009_171_615,
    -0.004_784_298_6,
    0.002_375_934_7,
    -0.002_089_491_3,
    0.001_492_951_9,
    -0.000_412_041_9,
];

/// x · Φ(x) (Hendrycks & Gimpel 2016) within 1e-6, four units in the last place of the numbers where that happens, with
/// products added in this way.
#[inline(always)]
pub(crate) fn gelu<M: MulAdd>(x: f32) -> f32 {
    const TWICE: f32 = 2.0 / (END * END);
    let x = if x < -END { -END } else { x };
    let c = if x > END { END } else { x };
    let u = M::mul_add(c * c, TWICE, -1.0);
    // By pairs, pairs of pairs, … (Estrin 1960): few steps wait for each other.
    let u2 = u * u;
    let u4 = u2 * u2;
    let pair = |k: usize| M::mul_add(BY_SQUARE[k + 1], u, BY_SQUARE[k]);
    let four = |k: usize| M::mul_add(pair(k + 2), u2, pair(k));
    let high = M::mul_add(pair(12), u4, four(8));
    let p = M::mul_add(high, u4 * u4, M::mul_add(four(4), u4, four(0)));
    x * M::mul_add(p, c, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fused::{Fused, Plain};

    /// Against the error function in double precision, from −12 to 12 in steps of 1/64.
    #[test]
    fn it_is_the_normal_distribution() {
        for i in -12 * 64..=12 * 64_i16 {
            let x = f32::from(i) / 64.0;
            let z = f64::from(x) * std::f64::consts::FRAC_1_SQRT_2;
            let (expected, (found, density)) = (0.5 * libm::erfc(-z), normal(x));
            assert!((f64::from(found) - expected).abs() < 3e-7, "{x}: {found} {expected}");
            let bell = (-z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
            assert!((f64::from(density) - bell).abs() < 1e-7, "{x}: {density} {bell}");
        }
        assert!(normal(f32::NAN).0.is_nan());
    }

    /// Against the error function in double precision, from −60 to 60 in steps of 1/256.
    #[test]
    fn gelu_is_as_near_as_it_says() {
        for i in -60 * 256..=60 * 256_i16 {
            let x = f32::from(i) / 256.0;
            let expected =
                0.5 * f64::from(x) * libm::erfc(-f64::from(x) * std::f64::consts::FRAC_1_SQRT_2);
            for found in [gelu::<Plain>(x), gelu::<Fused>(x)] {
                let error = (f64::from(found) - expected).abs();
                // Numbers above 32 are 4e-6 apart from the next.
                assert!(
                    error < 1e-6 + 1e-7 * (expected.abs() - 6.0).max(0.0),
                    "{x}: {found} {expected}"
                );
            }
        }
        assert!(gelu::<Fused>(f32::NAN).is_nan());
    }
}
