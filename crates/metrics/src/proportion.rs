//! Shares of yes-or-no answers.
use crate::correlation::Z_95 as Z;

/// The 95 % interval of a share of `successes` among `n` (Wilson, JASA 1927). Unlike the bootstrap's it
/// does not shrink to a point where all answers are the same. `None` for none, or fewer than there are
/// successes.
///
/// ```
/// // As statsmodels 0.14, `proportion_confint(8, 10, method="wilson")`.
/// let (low, high) = cloze_metrics::proportion::wilson_interval(8, 10).unwrap();
/// assert!((low - 0.490_162_5).abs() < 1e-6 && (high - 0.943_317_8).abs() < 1e-6);
/// ```
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
pub fn wilson_interval(successes: u64, n: u64) -> Option<(f64, f64)> {
    if n == 0 || successes > n {
        return None;
    }
    let (n, p) = (n as f64, successes as f64 / n as f64);
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    // Rounding may leave either end a hair outside.
    Some((((middle - half) / whole).max(0.0), ((middle + half) / whole).min(1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of one, none: 0 to z² / (1 + z²) = 3.8415 / 4.8415 = 0.7935; and the mirror image.
    #[test]
    fn ends_worked_by_hand() {
        let (low, high) = wilson_interval(0, 1).unwrap();
        assert!(low.abs() < 1e-12 && (high - 0.793_450_7).abs() < 1e-6);
        let (low, high) = wilson_interval(1, 1).unwrap();
        assert!((low - 0.206_549_3).abs() < 1e-6 && (high - 1.0).abs() < 1e-12);
        assert_eq!((wilson_interval(0, 0), wilson_interval(2, 1)), (None, None));
    }
}
