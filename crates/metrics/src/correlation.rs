//! How two lists of numbers go together.
use crate::{MetricsError, Side};

/// The 97.5 % point of the normal distribution.
const Z_95: f64 = 1.959_963_984_540_054;

/// Pearson's correlation of the pairs `(x[i], y[i])`, −1 to 1: whether they lie on a line.
///
/// # Errors
/// [`MetricsError::Lengths`], [`MetricsError::TooFew`] below two pairs,
/// [`MetricsError::NotFinite`] at the first such value of `x`, else of `y`, and
/// [`MetricsError::NoSpread`] if all values of `x`, or of `y`, are the same.
pub fn pearson(x: &[f64], y: &[f64]) -> Result<f64, MetricsError> {
    check(x, y)?;
    let (x, y) = (centred(x), centred(y));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    // The root of each by itself: their product may be too small for a number.
    let r = dot(&x, &y) / (dot(&x, &x).sqrt() * dot(&y, &y).sqrt());
    Ok(r.clamp(-1.0, 1.0))
}

/// Spearman's correlation of the pairs `(x[i], y[i])`, −1 to 1: whether they have one order.
/// Pearson's of the ranks, where equal values share the average of their ranks.
///
/// # Errors
/// As [`pearson`].
pub fn spearman(x: &[f64], y: &[f64]) -> Result<f64, MetricsError> {
    check(x, y)?;
    pearson(&ranks(x), &ranks(y))
}

/// The 95 % confidence interval of Pearson's `r` over `n` pairs: tanh(atanh r ± 1.96 / √(n − 3)).
/// Up to three pairs, and where `r` is NaN, nothing is known: −1 to 1. At ±1 it is that point.
/// Source: Fisher, Metron 1, 1921.
#[must_use]
pub fn pearson_interval(r: f64, n: usize) -> (f64, f64) {
    fisher(r, n, |_| 1.0)
}

/// The 95 % confidence interval of Spearman's `r` over `n` pairs. As [`pearson_interval`], but with
/// the standard error √((1 + r² / 2) / (n − 3)).
/// Source: Bonett & Wright, Psychometrika 65, 2000.
#[must_use]
pub fn spearman_interval(r: f64, n: usize) -> (f64, f64) {
    fisher(r, n, |r| (1.0 + r * r / 2.0).sqrt())
}

#[expect(clippy::cast_precision_loss, reason = "no list is that long")]
fn fisher(r: f64, n: usize, widening: impl Fn(f64) -> f64) -> (f64, f64) {
    if n <= 3 || r.is_nan() {
        return (-1.0, 1.0);
    }
    let r = r.clamp(-1.0, 1.0);
    let z = r.atanh();
    let half = Z_95 * widening(r) / ((n - 3) as f64).sqrt();
    ((z - half).tanh(), (z + half).tanh())
}

fn check(x: &[f64], y: &[f64]) -> Result<(), MetricsError> {
    if x.len() != y.len() {
        return Err(MetricsError::Lengths { first: x.len(), second: y.len() });
    }
    if x.len() < 2 {
        return Err(MetricsError::TooFew { expected: 2, found: x.len() });
    }
    let sides = [(Side::First, x), (Side::Second, y)];
    for (side, values) in sides {
        if let Some(index) = values.iter().position(|v| !v.is_finite()) {
            return Err(MetricsError::NotFinite { side, index, value: values[index] });
        }
    }
    for (side, values) in sides {
        // `==`, so that 0 and −0 are the same.
        #[expect(clippy::float_cmp, reason = "a spread of one unit in the last place is one")]
        if values.iter().all(|v| *v == values[0]) {
            return Err(MetricsError::NoSpread { side, value: values[0] });
        }
    }
    Ok(())
}

/// `values` moved to mean 0 and scaled to at most 1, which no correlation notices, so that neither
/// sums nor squares leave the range of numbers.
#[expect(clippy::cast_precision_loss, reason = "no list is that long")]
fn centred(values: &[f64]) -> Vec<f64> {
    let largest = |values: &[f64]| values.iter().fold(0.0, |max: f64, v| max.max(v.abs()));
    // A power of two, which rounds nothing: a mean far above the spread would show any rounding.
    let scale = match largest(values) {
        large if large > 1e270 => 2_f64.powi(-100),
        small if small < 1e-270 => 2_f64.powi(200),
        _ => 1.0,
    };
    let mut centred: Vec<f64> = values.iter().map(|v| v * scale).collect();
    // Twice: there the first mean is off by its own rounding.
    for _ in 0..2 {
        let mean = centred.iter().sum::<f64>() / values.len() as f64;
        for v in &mut centred {
            *v -= mean;
        }
    }
    let max = largest(&centred);
    if max > 0.0 {
        for v in &mut centred {
            *v /= max;
        }
    }
    centred
}

/// The rank of each value, from 1; equal ones share the average of theirs.
#[expect(clippy::cast_precision_loss, reason = "no list is that long")]
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut below = 0;
    // `total_cmp` has −0 just below 0, so that equal values are neighbours.
    #[expect(clippy::float_cmp, reason = "ties are equal values")]
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        // The average of below + 1 to below + len.
        let rank = below as f64 + (tied.len() + 1) as f64 / 2.0;
        for &i in tied {
            ranks[i] = rank;
        }
        below += tied.len();
    }
    ranks
}
