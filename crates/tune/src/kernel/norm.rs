//! Layer norm (Ba et al. 2016), both ways.
use super::{sum, sum2, vectorised};

/// Of every row of `x`, `[n, width]`: `normed` = (x − mean) / √(variance + ε), `out` = weight ·
/// normed + bias, and `scale`, `[n]`, the 1 / √(variance + ε).
pub(crate) fn forward(
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
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
                let mean = sum(x, |x| x) * share;
                let variance = sum(x, |x| (x - mean) * (x - mean)) * share;
                *scale = 1.0 / (variance + epsilon).sqrt();
                for (normed, x) in normed.iter_mut().zip(x) {
                    *normed = (x - mean) * *scale;
                }
                let learned = weight.iter().zip(bias);
                for ((out, normed), (weight, bias)) in out.iter_mut().zip(normed).zip(learned) {
                    *out = *normed * weight + bias;
                }
            }
        },
    );
}

/// Turns `gradient`, of [`forward`]'s `out`, into that of its `x`; adds those of weight and bias, if
/// they are asked for.
pub(crate) fn backward(
    normed: &[f32],
    scale: &[f32],
    weight: &[f32],
    gradient: &mut [f32],
    learned: Option<(&mut [f32], &mut [f32])>,
) {
    let width = weight.len();
    #[expect(clippy::cast_precision_loss, reason = "a width")]
    let share = 1.0 / width as f32;
    vectorised(
        #[inline(always)]
        || {
            if let Some((of_weight, of_bias)) = learned {
                for (gradient, normed) in
                    gradient.chunks_exact(width).zip(normed.chunks_exact(width))
                {
                    let sums = of_weight.iter_mut().zip(of_bias.iter_mut());
                    for ((gradient, normed), (of_weight, of_bias)) in
                        gradient.iter().zip(normed).zip(sums)
                    {
                        *of_weight += gradient * normed;
                        *of_bias += gradient;
                    }
                }
            }
            let rows = gradient.chunks_exact_mut(width).zip(normed.chunks_exact(width));
            for ((gradient, normed), scale) in rows.zip(scale) {
                for (gradient, weight) in gradient.iter_mut().zip(weight) {
                    *gradient *= weight;
                }
                let mean = sum(gradient, |g| g) * share;
                let along = sum2(gradient, normed, |g, n| g * n) * share;
                for (gradient, normed) in gradient.iter_mut().zip(normed) {
                    *gradient = scale * (*gradient - mean - normed * along);
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Row 1 3: mean 2, variance 1, so −1 1; weight 2 3 and bias 1 −1 give −1 2.
    /// Row 4 4 has no spread: 0 0, so 1 −1; with ε = 1 its scale is 1.
    /// Gradient 1 1 of the first: weighted 2 3, mean 2.5, along (−2 + 3) / 2 = 0.5, so 2 − 2.5 + 0.5
    /// = 0 and 3 − 2.5 − 0.5 = 0 (in two dimensions nothing is left); of the second: −0.5 0.5.
    #[test]
    #[expect(clippy::float_cmp, reason = "small whole numbers and halves")]
    fn rows_are_as_worked_by_hand() {
        let (mut normed, mut scale, mut out) = ([0.0; 4], [0.0; 2], [0.0; 4]);
        let x = [1., 3., 4., 4.];
        let (weight, bias) = ([2., 3.], [1., -1.]);
        for (row, epsilon) in [(0, 0.0), (1, 1.0)] {
            let (numbers, scale) = (2 * row..2 * row + 2, &mut scale[row..=row]);
            let (normed, out) = (&mut normed[numbers.clone()], &mut out[numbers.clone()]);
            forward(&x[numbers], &weight, &bias, epsilon, normed, scale, out);
        }
        assert_eq!((normed, scale, out), ([-1., 1., 0., 0.], [1., 1.], [-1., 2., 1., -1.]));
        let (mut of_weight, mut of_bias) = ([0.0; 2], [0.0; 2]);
        let mut gradient = [1.0; 4];
        let learned = Some((&mut of_weight[..], &mut of_bias[..]));
        backward(&normed, &scale, &weight, &mut gradient, learned);
        assert_eq!((of_weight, of_bias), ([-1., 1.], [2., 2.]));
        assert_eq!(gradient, [0., 0., -0.5, 0.5]);
    }
}
