//! Root mean square norm (Zhang & Sennrich 2019), both ways.
use super::{sum, sum2, vectorised};

/// Of every row of `x`, `[n, width]`: `normed` = x / √(mean of squares + ε), `out` = weight · normed,
/// and `scale`, `[n]`, the 1 / √(mean of squares + ε).
pub(crate) fn forward(
    x: &[f32],
    weight: &[f32],
    epsilon: f32,
    normed: &mut [f32],
    scale: &mut [f32],
    out: &mut [f32],
) {
    let width = weight.len();
    #[expect(clippy::cast_precision_loss, reason = "a width")]
    let share = 1.0 / width as f32;
    vectorised(
        #[inline(always)]
        || {
            let rows = x.chunks_exact(width).zip(normed.chunks_exact_mut(width));
            for (((x, normed), scale), out) in rows.zip(scale).zip(out.chunks_exact_mut(width)) {
                *scale = 1.0 / (sum(x, |x| x * x) * share + epsilon).sqrt();
                for (normed, x) in normed.iter_mut().zip(x) {
                    *normed = x * *scale;
                }
                for ((out, normed), weight) in out.iter_mut().zip(normed).zip(weight) {
                    *out = *normed * weight;
                }
            }
        },
    );
}

/// Turns `gradient`, of [`forward`]'s `out`, into that of its `x`; adds that of the weight, if it is
/// asked for.
pub(crate) fn backward(
    normed: &[f32],
    scale: &[f32],
    weight: &[f32],
    gradient: &mut [f32],
    of_weight: Option<&mut [f32]>,
) {
    let width = weight.len();
    #[expect(clippy::cast_precision_loss, reason = "a width")]
    let share = 1.0 / width as f32;
    vectorised(
        #[inline(always)]
        || {
            if let Some(of_weight) = of_weight {
                let rows = gradient.chunks_exact(width).zip(normed.chunks_exact(width));
                for (gradient, normed) in rows {
                    for ((sum, gradient), normed) in of_weight.iter_mut().zip(gradient).zip(normed)
                    {
                        *sum += gradient * normed;
                    }
                }
            }
            let rows = gradient.chunks_exact_mut(width).zip(normed.chunks_exact(width));
            for ((gradient, normed), scale) in rows.zip(scale) {
                for (gradient, weight) in gradient.iter_mut().zip(weight) {
                    *gradient *= weight;
                }
                let along = sum2(gradient, normed, |g, n| g * n) * share;
                for (gradient, normed) in gradient.iter_mut().zip(normed) {
                    *gradient = scale * (*gradient - normed * along);
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row 1 7: mean of squares 25, so 0.2 1.4; weight 2 3 gives 0.4 4.2. Gradient 1 0: of the weight
    /// 0.2 0; weighted 2 0, along (2 · 0.2) / 2 = 0.2, so (2 − 0.04) / 5 = 0.392 and
    /// (0 − 1.4 · 0.2) / 5 = −0.056.
    #[test]
    fn a_row_is_as_worked_by_hand() {
        let near = |xs: &[f32], expected: &[f32]| {
            assert!(xs.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{xs:?}");
        };
        let (mut normed, mut scale, mut out) = ([0.0; 2], [0.0], [0.0; 2]);
        forward(&[1.0, 7.0], &[2.0, 3.0], 0.0, &mut normed, &mut scale, &mut out);
        near(&normed, &[0.2, 1.4]);
        near(&out, &[0.4, 4.2]);
        near(&scale, &[0.2]);
        let (mut gradient, mut of_weight) = ([1.0, 0.0], [0.0; 2]);
        backward(&normed, &scale, &[2.0, 3.0], &mut gradient, Some(&mut of_weight));
        near(&of_weight, &[0.2, 0.0]);
        near(&gradient, &[0.392, -0.056]);
    }
}
