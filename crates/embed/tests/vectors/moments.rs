//! Means and covariances in one pass.
use cloze_embed::{Accumulator, EmbedError, Moments, Spread};
use cloze_testkit::Random;
use proptest::prelude::*;
use serde_json::json;

use crate::{corpus, moments, textbook};

/// Rows (1, 2), (3, 2), (5, 8): means 3 and 4, deviations −2 0 2 and −2 −2 4; squares sum to 8 and
/// 24, products to 4 + 8 = 12.
#[test]
fn three_rows_by_hand() {
    let rows = [vec![1.0, 2.0], vec![3.0, 2.0], vec![5.0, 8.0]];
    for spread in [Spread::Variance, Spread::Covariance] {
        let found = moments(&rows, spread);
        assert_eq!((found.count(), found.dims(), found.spread()), (3, 2, spread));
        assert_eq!((found.mean(), found.variance()), (&[3.0, 4.0][..], vec![8.0 / 3.0, 8.0]));
        let covariance = (spread == Spread::Covariance).then_some(4.0);
        assert_eq!((found.covariance(0, 1), found.covariance(1, 0)), (covariance, covariance));
        assert_eq!((found.covariance(0, 2), found.covariance(usize::MAX, 0)), (None, None));
    }
}

#[test]
fn no_rows_and_bad_rows() {
    for spread in [Spread::Variance, Spread::Covariance] {
        let mut gathered = Accumulator::new(2, spread);
        assert_eq!(gathered.clone().finish().variance(), [0.0, 0.0]);
        gathered.push(&[1.0, 2.0]).unwrap();
        for (row, expected) in [
            (&[1.0][..], "expected a vector of 2 numbers, found 1"),
            (&[1.0, 2.0, 3.0], "expected a vector of 2 numbers, found 3"),
            (&[1.0, f32::NAN], "dimension 1 is NaN: expected a finite number"),
            (&[f32::NEG_INFINITY, f32::NAN], "dimension 0 is -inf: expected a finite number"),
        ] {
            assert_eq!(gathered.push(row).unwrap_err().to_string(), expected);
        }
        let found = gathered.finish();
        assert_eq!((found.count(), found.mean()), (1, &[1.0, 2.0][..]));
        // Rows of no numbers are no rows.
        let mut empty = Accumulator::new(0, spread);
        empty.push(&[]).unwrap();
        assert_eq!(empty.finish().dims(), 0);
    }
}

/// A mean of 16,000 over a spread of 1/16: sums of squares in one pass would need 16 digits more.
#[test]
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn a_mean_far_above_the_spread() {
    let mut random = Random::new(5);
    let rows: Vec<Vec<f32>> = (0..700)
        .map(|_| (0..3).map(|_| 16_000.0 + random.below(5) as f32 / 16.0).collect())
        .collect();
    let (mean, covariance) = textbook(&rows);
    for spread in [Spread::Variance, Spread::Covariance] {
        let found = moments(&rows, spread);
        for (i, mean) in mean.iter().enumerate() {
            assert!((found.mean()[i] - mean).abs() < 1e-9);
            assert!((found.variance()[i] / covariance(i, i) - 1.0).abs() < 1e-9);
        }
    }
}

/// 256 rows are a block: none, one short of one, one, one more, and several.
#[test]
#[expect(clippy::cast_possible_truncation, reason = "f64 to f32")]
fn blocks_leave_no_seam() {
    let mut random = Random::new(6);
    let rows: Vec<Vec<f32>> = (0..600)
        .map(|_| (0..4).map(|d| f64::from(d).mul_add(random.unit(), 3.0) as f32).collect())
        .collect();
    for n in [2, 255, 256, 257, 512, 600] {
        let found = moments(&rows[..n], Spread::Covariance);
        let (mean, covariance) = textbook(&rows[..n]);
        assert_eq!(found.count(), n as u64);
        for (i, mean) in mean.iter().enumerate() {
            assert!((found.mean()[i] - mean).abs() < 1e-12, "{n} {i}");
            for j in 0..4 {
                let value = found.covariance(i, j).unwrap();
                assert!((value - covariance(i, j)).abs() < 1e-12, "{n} {i} {j}: {value}");
            }
        }
    }
}

#[test]
fn what_does_not_merge() {
    let mut one = moments(&[vec![1.0, 2.0]], Spread::Variance);
    let before = one.clone();
    let narrow = moments(&[vec![1.0]], Spread::Variance);
    assert!(matches!(one.merge(&narrow), Err(EmbedError::Width { expected: 2, found: 1 })));
    let full = moments(&[vec![1.0, 2.0]], Spread::Covariance);
    let error = one.merge(&full).unwrap_err();
    assert_eq!(error.to_string(), "fitted for spread variance, found spread covariance");
    // Finite each, but not together.
    let far = |x: f64| -> Moments {
        serde_json::from_value(json!({"spread":"variance","count":1,"mean":[0.0,x],"m2":[0,0]}))
            .unwrap()
    };
    let mut far_off = far(1e200);
    assert!(matches!(far_off.merge(&far(-1e200)), Err(EmbedError::OutOfRange { dim: 1 })));
    assert_eq!((one, far_off), (before, far(1e200)));
}

#[test]
fn files_that_contradict_themselves() {
    let good = json!({"spread":"covariance","count":3,"mean":[3.0,4.0],"m2":[8.0,12.0,24.0]});
    let read = |value: &serde_json::Value| serde_json::from_value::<Moments>(value.clone());
    let rows = [vec![1.0, 2.0], vec![3.0, 2.0], vec![5.0, 8.0]];
    assert_eq!(read(&good).unwrap(), moments(&rows, Spread::Covariance));
    assert_eq!(serde_json::to_value(read(&good).unwrap()).unwrap(), good);
    for (field, value, expected) in [
        ("mean", json!([]), "mean has none: expected at least 1 number"),
        ("mean", json!([1]), "m2 has 3 numbers: expected those of 1 dimensions"),
        ("m2", json!([1, 2]), "m2 has 2 numbers: expected those of 2 dimensions"),
        ("m2", json!([1, 2, 3, 4]), "m2 has 4 numbers: expected those of 2 dimensions"),
        ("m2", json!([1, 2, -3]), "m2 has -3: expected no negative square"),
        ("spread", json!("variance"), "m2 has 3 numbers: expected those of 2 dimensions"),
        ("spread", json!("none"), "unknown variant `none`"),
        ("count", json!(-1), "invalid value"),
        (
            "count",
            json!(u64::MAX),
            "count has 18446744073709551615: expected at most 9007199254740992",
        ),
        ("mean", json!([null, 1]), "invalid type: null"),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        let error = read(&bad).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{bad}: {error}");
    }
    // A product may be negative.
    let mut negative = good;
    negative["m2"][1] = json!(-12.0);
    assert_eq!(read(&negative).unwrap().covariance(1, 0), Some(-4.0));
}

proptest! {
    #[test]
    fn one_pass_is_two(rows in corpus()) {
        let (mean, covariance) = textbook(&rows);
        let (variances, full) = (moments(&rows, Spread::Variance), moments(&rows, Spread::Covariance));
        for i in 0..mean.len() {
            prop_assert!((variances.mean()[i] - mean[i]).abs() < 1e-9);
            prop_assert!((full.mean()[i] - mean[i]).abs() < 1e-9);
            prop_assert!((variances.variance()[i] - covariance(i, i)).abs() < 1e-9);
            for j in 0..mean.len() {
                prop_assert!((full.covariance(i, j).unwrap() - covariance(i, j)).abs() < 1e-9);
            }
        }
    }

    /// Parts of any size, in either order, some of them empty.
    #[test]
    fn parts_are_the_whole(rows in corpus(), cut in 0..20_usize) {
        let (a, b) = rows.split_at(cut.min(rows.len()));
        for spread in [Spread::Variance, Spread::Covariance] {
            let whole = moments(&rows, spread);
            let part = |rows: &[Vec<f32>]| {
                let mut gathered = Accumulator::new(whole.dims(), spread);
                rows.iter().try_for_each(|row| gathered.push(row)).map(|()| gathered.finish())
            };
            for (first, second) in [(a, b), (b, a)] {
                let mut merged = part(first).unwrap();
                merged.merge(&part(second).unwrap()).unwrap();
                prop_assert_eq!(merged.count(), whole.count());
                for i in 0..whole.dims() {
                    prop_assert!((merged.mean()[i] - whole.mean()[i]).abs() < 1e-6);
                    prop_assert!((merged.variance()[i] - whole.variance()[i]).abs() < 1e-6);
                    for j in 0..i {
                        let [m, w] = [&merged, &whole].map(|x| x.covariance(i, j).unwrap_or(0.0));
                        prop_assert!((m - w).abs() < 1e-6);
                    }
                }
            }
        }
    }
}
