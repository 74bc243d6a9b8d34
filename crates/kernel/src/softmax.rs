//! Softmax over rows.
use super::exp::exp_below;
use super::fused::{MulAdd, Plain, vectorised_with};
use super::{LANES, folded};

/// `row` becomes its softmax; in a loop that is [vectorised](crate::vectorised).
#[inline(always)]
pub fn softmax_row(row: &mut [f32]) {
    let share = 1.0 / powers::<Plain>(row);
    for x in row {
        *x *= share;
    }
}

/// Every row of `xs`, `[n, width]`, becomes its softmax but for a factor of the row, which goes to `factors`, `[n]`.
pub(crate) fn softmax_and_factors(xs: &mut [f32], width: usize, factors: &mut [f32]) {
    vectorised_with!(|Way| {
        for (row, factor) in xs.chunks_exact_mut(width.max(1)).zip(factors) {
            *factor = 1.0 / powers::<Way>(row);
        }
    });
}

/// e to the power of each number minus the largest, and the sum of those, in an order that depends on their number alone.
#[inline(always)]
fn powers<M: MulAdd>(row: &mut [f32]) -> f32 {
    // It passes over NaN, which the sum does not; nor does it over an infinite number, minus which that is NaN.
    let mut lanes = [f32::MIN; LANES];
    let chunks = row.chunks_exact(LANES);
    let rest = chunks.remainder();
    let mut take = |xs: &[f32]| {
        for (lane, &x) in lanes.iter_mut().zip(xs) {
            *lane = if x > *lane { x } else { *lane };
        }
    };
    for chunk in chunks {
        take(chunk);
    }
    take(rest);
    let top = folded(lanes, |a, b| if a > b { a } else { b });
    let mut lanes = [0.0_f32; LANES];
    let mut chunks = row.chunks_exact_mut(LANES);
    for chunk in &mut chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *x = exp_below::<M>(*x - top);
            *lane += *x;
        }
    }
    for (lane, x) in lanes.iter_mut().zip(chunks.into_remainder()) {
        *x = exp_below::<M>(*x - top);
        *lane += *x;
    }
    folded(lanes, |a, b| a + b)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// e⁰ : e^(ln 3) = 1 : 3, however large both are.
    #[test]
    fn shares_are_as_worked_by_hand() {
        let ln3 = 3.0_f32.ln();
        let rows = [0.0, ln3, 1000.0, 1000.0 + ln3];
        let expected = [0.25, 0.75, 0.25, 0.75];
        let (mut found, mut factors) = (rows, [0.0; 2]);
        softmax_and_factors(&mut found, 2, &mut factors);
        for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!((found * factors[i / 2] - expected).abs() < 1e-4, "{found} {factors:?}");
        }
        for row in rows.chunks(2) {
            let mut row = [row[0], row[1]];
            softmax_row(&mut row);
            assert!((row[0] - 0.25).abs() < 1e-4 && (row[1] - 0.75).abs() < 1e-4, "{row:?}");
        }
        // 40 equal ones: more than are summed side by side.
        let (mut row, mut factor) = ([2.0; 40], [0.0]);
        softmax_and_factors(&mut row, 40, &mut factor);
        assert!(
            row.iter().all(|x| (x * factor[0] - 1.0 / 40.0).abs() < 1e-7),
            "{row:?} {factor:?}"
        );
        softmax_and_factors(&mut [], 0, &mut []);
        // What is no number makes none of the others one.
        for wrong in [f32::NAN, f32::INFINITY] {
            let mut row = [1.0; 40];
            row[20] = wrong;
            softmax_row(&mut row);
            assert!(row.iter().all(|x| x.is_nan()), "{row:?}");
        }
    }
}
