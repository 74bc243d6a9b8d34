use cloze_embed::correction::Method;
use cloze_heads::classify::{Combine, FeatureParams, Features};
use proptest::prelude::*;

use crate::{chain, matrix};

/// u = (1, −2), v = (3, 5): |u − v| = (2, 7), u · v = (3, −10).
#[test]
fn a_pair_by_hand() {
    let pair = Features::new(Combine::Pair, 4, None, false).unwrap();
    assert_eq!((pair.width_in(), pair.width_out()), (4, 8));
    let features = pair.apply(&[1.0, -2.0, 3.0, 5.0]).unwrap();
    assert_eq!(features, [1.0, -2.0, 3.0, 5.0, 2.0, 7.0, 3.0, -10.0]);
}

/// The vectors of both rows are 0 4 | 2 0 | 2 8 | 0 4 (by dimension 0 2 2 0 and 4 0 8 4): means 1
/// and 4, variances 1 and (0 + 16 + 16 + 0) / 4 = 8. So (2, 8) becomes (1, 4 / √8 = √2), of length
/// √3 before it is scaled; (0, 4) becomes (−1, 0).
#[test]
fn a_pair_is_corrected_before_it_is_combined() {
    let rows = matrix(4, &[0.0, 4.0, 2.0, 0.0, 2.0, 8.0, 0.0, 4.0]);
    let params = FeatureParams::new().combine(Combine::Pair).correction(Some(Method::ZScore));
    let features = params.check().unwrap().fit(&rows).unwrap();
    let r = 2_f32.sqrt();
    let expected = [1.0, r, -1.0, 0.0, 2.0, r, -1.0, 0.0];
    for (found, expected) in features.apply(&[2.0, 8.0, 0.0, 4.0]).unwrap().iter().zip(expected) {
        assert!((found - expected).abs() < 1e-6, "{found} {expected}");
    }
    let unit = params.normalize(true).check().unwrap().fit(&rows).unwrap();
    let found = unit.apply(&[2.0, 8.0, 0.0, 4.0]).unwrap();
    assert!((found[0] - 1.0 / 3_f32.sqrt()).abs() < 1e-6 && (found[2] + 1.0).abs() < 1e-6);
    let all = unit.apply_all(&rows).unwrap();
    assert_eq!((all.rows(), all.cols(), all.row(1)), (2, 8, Some(found.as_slice())));
}

#[test]
fn what_cannot_be_prepared_is_an_error() {
    let single = Features::new(Combine::Single, 2, None, false).unwrap();
    let pair = Features::new(Combine::Pair, 2, None, false).unwrap();
    let params = |method| FeatureParams::new().correction(Some(method)).check();
    let zscore = params(Method::ZScore).unwrap();
    let rows = matrix(2, &[1.0, 2.0, f32::NAN, 0.0]);
    for (error, expected) in [
        (single.apply(&[1.0]).unwrap_err(), "expected a vector of 2 numbers, found 1"),
        (
            single.apply(&[1.0, f32::NAN]).unwrap_err(),
            "dimension 1 is NaN: expected a finite number",
        ),
        (
            pair.apply(&[f32::MAX, 2.0]).unwrap_err(),
            "dimension 3 of the result is beyond the range of numbers",
        ),
        (zscore.fit(&rows).unwrap_err(), "row 1: dimension 0 is NaN: expected a finite number"),
        (
            single.apply_all(&rows).unwrap_err(),
            "row 1: dimension 0 is NaN: expected a finite number",
        ),
        (zscore.fit(&matrix(2, &[1.0, 2.0])).unwrap_err(), "expected at least 2 vectors, found 1"),
        (
            params(Method::Whitening { dims: Some(0) }).unwrap_err(),
            "dims is 0: expected at least 1",
        ),
        (
            params(Method::AllButTheTop { directions: Some(0) }).unwrap_err(),
            "directions is 0: expected at least 1",
        ),
        (
            Features::new(Combine::Pair, 3, None, false).unwrap_err(),
            "a pair is two vectors in one row: expected an even width above 0, found 3",
        ),
        (
            Features::new(Combine::Single, 0, None, false).unwrap_err(),
            "expected a vector of 1 numbers, found 0",
        ),
    ] {
        assert_eq!(chain(&error), expected);
    }
}

proptest! {
    /// Swapping the vectors of a pair swaps the first two parts and leaves the others.
    #[test]
    fn a_pair_is_symmetric_in_its_second_half(row in prop::collection::vec(-9..9_i8, 6)) {
        let row: Vec<f32> = row.into_iter().map(f32::from).collect();
        let pair = Features::new(Combine::Pair, 6, None, true).unwrap();
        let there = pair.apply(&row).unwrap();
        let back = pair.apply(&[&row[3..], &row[..3]].concat()).unwrap();
        prop_assert_eq!(&there[..3], &back[3..6]);
        prop_assert_eq!(&there[6..], &back[6..]);
    }
}
