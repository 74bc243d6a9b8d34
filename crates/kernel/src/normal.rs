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
const END: f32 = 4.8;
/// The coefficients of 1, u, u², … in (Φ(x) − ½) / x, u = 2 (x / 4.8)² − 1 and |x| ≤ 4.8: those with the least error of
/// x · Φ(x), 3.8e-6, among those that are 1 at 4.8 (linear programming over 1,200 Chebyshev points).
const NEAR: [f32; 11] = [
    0.147_212_79,
    -0.072_979_75,
    0.052_904_096,
    -0.040_565_897,
    0.030_720_724,
    -0.022_187_972,
    0.013_864_797,
    -0.007_442_549_3,
    0.005_391_138_6,
    -0.004_195_041_5,
    0.001_444_337,
];

/// x · Φ(x) (Hendrycks & Gimpel 2016) within 5e-6, with products added in this way: where the next thing that happens to
/// it is that it is rounded to 8 bits, to steps a thousand times as large.
#[inline(always)]
pub(crate) fn gelu_near<M: MulAdd>(x: f32) -> f32 {
    const TWICE: f32 = 2.0 / (END * END);
    let c = if x > END { END } else { x };
    let c = if c < -END { -END } else { c };
    let u = M::mul_add(c * c, TWICE, -1.0);
    let mut p = NEAR[10];
    p = M::mul_add(p, u, NEAR[9]);
    p = M::mul_add(p, u, NEAR[8]);
    p = M::mul_add(p, u, NEAR[7]);
    p = M::mul_add(p, u, NEAR[6]);
    p = M::mul_add(p, u, NEAR[5]);
    p = M::mul_add(p, u, NEAR[4]);
    p = M::mul_add(p, u, NEAR[3]);
    p = M::mul_add(p, u, NEAR[2]);
    p = M::mul_add(p, u, NEAR[1]);
    p = M::mul_add(p, u, NEAR[0]);
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
    fn near_is_as_near_as_it_says() {
        for i in -60 * 256..=60 * 256_i16 {
            let x = f32::from(i) / 256.0;
            let expected =
                0.5 * f64::from(x) * libm::erfc(-f64::from(x) * std::f64::consts::FRAC_1_SQRT_2);
            for found in [gelu_near::<Plain>(x), gelu_near::<Fused>(x)] {
                let error = (f64::from(found) - expected).abs();
                // Numbers above 32 are 4e-6 apart from the next.
                assert!(error < 5e-6 + 1e-7 * expected.abs(), "{x}: {found} {expected}");
            }
        }
        assert!(gelu_near::<Fused>(f32::NAN).is_nan());
    }
}
