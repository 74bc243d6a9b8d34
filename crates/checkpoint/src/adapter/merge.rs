//! The arithmetic of adapters.

/// An adapter's numbers for one matrix.
pub(crate) struct LowRank {
    /// `[rank, inputs]`.
    pub(crate) a: Vec<f32>,
    /// `[outputs, rank]`.
    pub(crate) b: Vec<f32>,
    /// `[outputs]`, DoRA's.
    pub(crate) magnitude: Option<Vec<f32>>,
    /// Factor of the product.
    pub(crate) scale: f64,
}

/// As near to 1 as the length of a row comes in `f32`, the sum of its squares being rounded at every
/// step: what a DoRA adapter that was not trained has.
const UNTRAINED: f64 = 1e-6;

/// Adds to `weight`, `[outputs, inputs]`, what the adapters change: in f64, and rounded once. A row
/// that they do not change keeps its bits. Of several, no one has a magnitude.
///
/// # Errors
/// The number of a row that is to get a length and has none, as all of it is 0.
pub(crate) fn merge(weight: &mut [f32], inputs: usize, updates: &[LowRank]) -> Result<(), usize> {
    let magnitude = updates.iter().find_map(|update| update.magnitude.as_deref());
    let mut delta = vec![0.0; inputs];
    // `chunks_exact` takes no 0, and a matrix without inputs has no numbers.
    for (i, row) in weight.chunks_exact_mut(inputs.max(1)).enumerate() {
        delta.fill(0.0);
        for update in updates {
            add_row(update, i, inputs, &mut delta);
        }
        match magnitude.and_then(|m| m.get(i)) {
            None => add(row, &delta, None),
            Some(&magnitude) => {
                let sum = |(w, d): (&f32, &f64)| (f64::from(*w) + d).powi(2);
                let length = row.iter().zip(&delta).map(sum).sum::<f64>().sqrt();
                if length == 0.0 {
                    return Err(i);
                }
                let factor = f64::from(magnitude) / length;
                let trained = (factor - 1.0).abs() >= UNTRAINED;
                add(row, &delta, trained.then_some(factor));
            }
        }
    }
    Ok(())
}

/// `row + delta`, or `factor · (row + delta)`.
#[expect(clippy::cast_possible_truncation, reason = "rounded to the width of weights")]
fn add(row: &mut [f32], delta: &[f64], factor: Option<f64>) {
    for (w, d) in row.iter_mut().zip(delta) {
        // −0 + 0 would be 0, and other bits.
        if *d != 0.0 || factor.is_some() {
            *w = (factor.unwrap_or(1.0) * (f64::from(*w) + d)) as f32;
        }
    }
}

/// Adds row `i` of scale · B · A.
fn add_row(update: &LowRank, i: usize, inputs: usize, delta: &mut [f64]) {
    if inputs == 0 {
        return;
    }
    let rank = update.a.len() / inputs;
    let b = update.b.iter().skip(i * rank).take(rank);
    for (b, a) in b.zip(update.a.chunks_exact(inputs)) {
        let scale = update.scale * f64::from(*b);
        if scale != 0.0 {
            delta.iter_mut().zip(a).for_each(|(d, a)| *d += scale * f64::from(*a));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn low_rank(a: &[f32], b: &[f32], scale: f64, magnitude: Option<&[f32]>) -> LowRank {
        LowRank { a: a.to_vec(), b: b.to_vec(), magnitude: magnitude.map(<[f32]>::to_vec), scale }
    }

    /// W is 2 × 3, the rank 2. B·A = [1 2; 0 3] · [1 0 2; 0 1 1] = [1 2 4; 0 3 3]; half of it on top
    /// of [1 1 1; 2 2 2] is [1.5 2 3; 2 3.5 3.5].
    #[test]
    fn the_product_is_added_scaled() {
        let update = low_rank(&[1., 0., 2., 0., 1., 1.], &[1., 2., 0., 3.], 0.5, None);
        let mut weight = [1., 1., 1., 2., 2., 2.];
        merge(&mut weight, 3, &[update]).unwrap();
        assert_eq!(weight.map(f32::to_bits), [1.5, 2.0, 3.0, 2.0, 3.5, 3.5].map(f32::to_bits));
    }

    /// Two of rank 1 on [0 0; 0 0]: 2 · [1; 0]·[1 2] + −1 · [1; 1]·[0 3] = [2 4; 0 0] − [0 3; 0 3].
    #[test]
    fn several_are_added_up() {
        let updates =
            [low_rank(&[1., 2.], &[1., 0.], 2.0, None), low_rank(&[0., 3.], &[1., 1.], -1.0, None)];
        let mut weight = [0.0; 4];
        merge(&mut weight, 2, &updates).unwrap();
        assert_eq!(weight.map(f32::to_bits), [2., 1., 0., -3.].map(f32::to_bits));
    }

    /// W + ΔW = [2 0; 0 3] + [1; 0]·[1 4] = [3 4; 0 3]: lengths 5 and 3, wanted 10 and 1.5.
    #[test]
    fn rows_get_the_length_that_was_learned() {
        let update = low_rank(&[1., 4.], &[1., 0.], 1.0, Some(&[10.0, 1.5]));
        let mut weight = [2., 0., 0., 3.];
        merge(&mut weight, 2, &[update]).unwrap();
        assert_eq!(weight.map(f32::to_bits), [6.0, 8.0, 0.0, 1.5].map(f32::to_bits));
    }

    #[test]
    fn a_row_without_a_direction_has_no_length() {
        let update = low_rank(&[1., 0.], &[1., -1.], 1.0, Some(&[1.0, 1.0]));
        assert_eq!(merge(&mut [0., 1., 1., 0.], 2, &[update]), Err(1));
        assert_eq!(merge(&mut [], 0, &[low_rank(&[], &[], 1.0, None)]), Ok(()));
    }

    proptest! {
        /// With B = 0 every bit stays, −0 among them; with DoRA too, where the lengths are those of
        /// the rows as `f32` has them.
        #[test]
        fn an_untrained_adapter_changes_nothing(
            weight in prop::collection::vec(prop_oneof![Just(-0.0_f32), -2.0..2.0_f32], 12),
            a in prop::collection::vec(-1.0..1.0_f32, 8),
            dora: bool,
        ) {
            let length = |row: &[f32]| row.iter().map(|w| w * w).sum::<f32>().sqrt();
            let lengths: Vec<f32> = weight.chunks_exact(4).map(length).collect();
            prop_assume!(!dora || lengths.iter().all(|&l| l > 0.0));
            let update = low_rank(&a, &[0.0; 6], 2.0, dora.then_some(&lengths));
            let mut merged = weight.clone();
            merge(&mut merged, 4, &[update]).unwrap();
            let bits = |values: &[f32]| values.iter().map(|w| w.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&merged), bits(&weight));
        }
    }
}
