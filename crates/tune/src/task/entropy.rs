//! Losses of logits, in f64.

/// The cross-entropy of one row's logits with `target`, −Σ target · ln softmax(logits); leaves its
/// gradient with respect to the logits in their place.
pub(super) fn cross_entropy(logits: &mut [f64], target: &[f64]) -> f64 {
    // `f64::max` passes NaN over; the sum does not, so the loss shows it.
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let log_sum = max + logits.iter().map(|x| (x - max).exp()).sum::<f64>().ln();
    let total: f64 = target.iter().sum();
    let mut loss = 0.0;
    for (logit, target) in logits.iter_mut().zip(target) {
        // 0 · ∞ would be no number.
        if *target != 0.0 {
            loss += target * (log_sum - *logit);
        }
        *logit = (*logit - log_sum).exp() * total - target;
    }
    loss
}

/// The cross-entropy of a label's logit with the probability `target` that it holds, of which the
/// part where it holds counts `positive` times; and the gradient with respect to the logit.
pub(super) fn binary_cross_entropy(logit: f64, target: f64, positive: f64) -> (f64, f64) {
    let (holds, not) = (positive * target, 1.0 - target);
    let probability = 1.0 / (1.0 + (-logit).exp());
    let loss = holds * softplus(-logit) + not * softplus(logit);
    (loss, not * probability - holds * (1.0 - probability))
}

/// ln(1 + exp(x)), without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Logits ln 1, ln 2, ln 5: probabilities 1/8, 2/8, 5/8. Target 0, 1/2, 1/4 in weight: loss
    /// 1/2 · ln 4 + 1/4 · ln 8/5; gradient p · 3/4 − target.
    #[test]
    fn cross_entropy_by_hand() {
        let mut logits = [1_f64, 2.0, 5.0].map(f64::ln);
        let loss = cross_entropy(&mut logits, &[0.0, 0.5, 0.25]);
        assert!((loss - (0.5 * 4_f64.ln() + 0.25 * 1.6_f64.ln())).abs() < 1e-12);
        let expected = [3.0 / 32.0, 6.0 / 32.0 - 0.5, 15.0 / 32.0 - 0.25];
        for (gradient, expected) in logits.iter().zip(expected) {
            assert!((gradient - expected).abs() < 1e-12, "{gradient}, expected {expected}");
        }
    }

    /// Logit ln 3: probability 3/4. Target 1/2, positive 2: loss ln 4/3 + 1/2 ln 4; gradient
    /// 1/2 · 3/4 − 1 · 1/4.
    #[test]
    fn binary_cross_entropy_by_hand() {
        let (loss, gradient) = binary_cross_entropy(3_f64.ln(), 0.5, 2.0);
        assert!((loss - ((4.0 / 3.0_f64).ln() + 0.5 * 4_f64.ln())).abs() < 1e-12);
        assert!((gradient - 0.125).abs() < 1e-12);
    }

    #[test]
    fn far_logits_do_not_overflow_and_no_number_shows() {
        let mut far = [1e300, -1e300, f64::NEG_INFINITY];
        assert_eq!((cross_entropy(&mut far, &[1.0, 0.0, 0.0]), far), (0.0, [0.0; 3]));
        assert_eq!(binary_cross_entropy(1e300, 1.0, 1.0), (0.0, 0.0));
        assert_eq!(binary_cross_entropy(-1e300, 0.0, 1.0), (0.0, 0.0));
        assert_eq!(binary_cross_entropy(-800.0, 1.0, 1.0), (800.0, -1.0));
        assert!(cross_entropy(&mut [0.0, f64::NAN], &[1.0, 0.0]).is_nan());
        assert!(cross_entropy(&mut [f64::INFINITY, 0.0], &[0.0, 1.0]).is_nan());
        assert!(binary_cross_entropy(f64::NAN, 1.0, 1.0).0.is_nan());
    }
}
