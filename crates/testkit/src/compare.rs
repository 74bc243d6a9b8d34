//! Numbers that are almost the same.

/// Holds if each number of `actual` is within `abs + rel · |expected|` of its counterpart; infinities
/// and NaN are close to their like alone.
///
/// # Panics
/// If one is not, with the worst of them and how many there are; if there are not as many numbers.
#[track_caller]
pub fn assert_close(actual: &[f32], expected: &[f32], abs: f32, rel: f32) {
    assert_eq!(actual.len(), expected.len(), "as many numbers found as expected");
    let mut wrong = vec![];
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        let alike = a.to_bits() == e.to_bits() || a.is_nan() && e.is_nan();
        let over = (a - e).abs() - (abs + rel * e.abs());
        // Of what is far from its like (∞ and 1, NaN and 1) the distance is no number.
        let over = if over.is_nan() { f32::INFINITY } else { over };
        if !alike && over > 0.0 {
            wrong.push((over, i));
        }
    }
    if let Some((_, i)) = wrong.iter().max_by(|a, b| a.0.total_cmp(&b.0)) {
        panic!(
            "{} of {} numbers are off; the worst is number {i}: found {}, expected {} ± {}",
            wrong.len(),
            actual.len(),
            actual[*i],
            expected[*i],
            abs + rel * expected[*i].abs(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_numbers_pass() {
        // 100.9 is 0.9 off, and 0.5 + 0.005 · 100 = 1 is allowed.
        assert_close(&[1.0, 100.9, -0.0], &[1.4, 100.0, 0.0], 0.5, 0.005);
        assert_close(&[f32::NAN, f32::INFINITY], &[f32::NAN, f32::INFINITY], 0.0, 0.0);
        assert_close(&[], &[], 0.0, 0.0);
    }

    #[test]
    #[should_panic = "2 of 4 numbers are off; the worst is number 2: found 7, expected 4 ± 1.5"]
    fn the_worst_is_named() {
        assert_close(&[1.0, 4.0, 7.0, 0.0], &[1.0, 2.0, 4.0, 1.0], 1.5, 0.0);
    }

    #[test]
    #[should_panic = "1 of 2 numbers are off"]
    fn a_number_is_not_close_to_none() {
        assert_close(&[1.0, 1.0], &[1.0, f32::NAN], 1e9, 1.0);
    }

    #[test]
    #[should_panic = "as many numbers"]
    fn a_missing_number_is_noticed() {
        assert_close(&[1.0], &[1.0, 2.0], 9.0, 0.0);
    }
}
