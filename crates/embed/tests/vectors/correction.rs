//! Z-score, whitening, all-but-the-top.
use cloze_embed::correction::{AllButTheTop, Correct, Correction, Method, Whitening, ZScore};
use cloze_embed::{Accumulator, EmbedError, Spread};
use cloze_testkit::{Random, assert_close};
use proptest::prelude::*;

use crate::{corpus, moments, textbook};

const METHODS: [Method; 3] =
    [Method::ZScore, Method::Whitening { dims: None }, Method::AllButTheTop { directions: None }];

fn apply_all(correction: &dyn Correct, rows: &[Vec<f32>]) -> Vec<Vec<f32>> {
    rows.iter().map(|row| correction.apply(row).expect("a row of the corpus")).collect()
}

#[test]
fn names() {
    for (method, name) in METHODS.into_iter().zip(["zscore", "whitening", "all-but-the-top"]) {
        assert_eq!((Method::parse(name).unwrap(), method.name()), (method, name));
    }
    let error = Method::parse("z-score").unwrap_err();
    let expected = r#"no correction "z-score"; there are zscore, whitening, all-but-the-top"#;
    assert_eq!(error.to_string(), expected);
}

/// Columns (1, 3, 5) and (2, 2, 8), means 3 and 4, variances 8/3 and 8 (by n; by n − 1 they were 4
/// and 12), and one column of 7 throughout.
#[test]
fn zscore_by_hand() {
    let rows = [vec![1.0, 2.0, 7.0], vec![3.0, 2.0, 7.0], vec![5.0, 8.0, 7.0]];
    for spread in [Spread::Variance, Spread::Covariance] {
        let zscore = ZScore::fit(&moments(&rows, spread)).unwrap();
        assert_eq!(zscore.dropped(), [2]);
        assert_eq!((zscore.width_in(), zscore.width_out()), (3, 3));
        // 2 / √(8/3) = 1.224745, 2 / √8 = √½.
        let r = 0.5_f32.sqrt();
        let found = apply_all(&zscore, &rows).concat();
        let expected = [-1.224_745, -r, 0.0, 0.0, -r, 0.0, 1.224_745, 2.0 * r, 0.0];
        assert_close(&found, &expected, 1e-6, 0.0);
        // A dropped dimension is 0 for every vector.
        assert_close(&zscore.apply(&[3.0, 4.0, -1e30]).unwrap(), &[0.0; 3], 0.0, 0.0);
    }
}

/// 1000 − 2⁻¹² and twice 1000 + 2⁻¹²: the mean is 1000 + 2⁻¹²/3, which an f32, of steps of 2⁻¹⁴ there,
/// has as 1000 + 2⁻¹²/4. The three are −4/3, 2/3 and 2/3 of 2⁻¹² from the mean, the standard deviation
/// is √(24/27) · 2⁻¹²: −√2, √½ and √½. From the rounded mean they were −1.33, 0.80 and 0.80.
#[test]
fn the_mean_is_not_rounded() {
    let step = 0.5_f32.powi(12);
    let rows = [vec![1000.0 - step], vec![1000.0 + step], vec![1000.0 + step]];
    let expected = [-2_f32.sqrt(), 0.5_f32.sqrt(), 0.5_f32.sqrt()];
    let zscore = ZScore::fit(&moments(&rows, Spread::Variance)).unwrap();
    assert_close(&apply_all(&zscore, &rows).concat(), &expected, 1e-6, 0.0);
    // Saved and read it is the same; a file that has the mean in f32 alone is read as it was.
    let text = serde_json::to_string(&zscore).unwrap();
    assert_eq!(serde_json::from_str::<ZScore>(&text).unwrap(), zscore);
    let earlier = r#"{"mean":[1000.0],"inv_std":[2.0]}"#;
    let earlier = serde_json::from_str::<ZScore>(earlier).unwrap();
    assert_close(&earlier.apply(&[1001.0]).unwrap(), &[2.0], 0.0, 0.0);
    let other = r#"{"mean":[1.0],"mean_rest":[1.0,2.0],"inv_std":[2.0]}"#;
    let error = serde_json::from_str::<ZScore>(other).unwrap_err().to_string();
    assert!(error.contains("mean_rest has 2: expected 1 numbers"), "{error}");
}

/// Points (±2, 0) and (0, ±1), turned by the 3-4-5 triangle: (1.6, 1.2) and (−0.6, 0.8). The wide
/// direction is (0.8, 0.6) with variance 8 / 4 = 2, the narrow one (−0.6, 0.8) with 2 / 4.
fn turned() -> Vec<Vec<f32>> {
    let points = [[1.6, 1.2], [-1.6, -1.2], [-0.6, 0.8], [0.6, -0.8]];
    points.iter().map(|p| vec![p[0] + 5.0, p[1] - 3.0]).collect()
}

/// Along the two: 2 / √2 = 1.414 each way, and 1 / √0.5 = 1.414.
#[test]
fn whitening_by_hand() {
    let rows = turned();
    let moments = moments(&rows, Spread::Covariance);
    let whitening = Whitening::fit(&moments, None).unwrap();
    let r = 2_f32.sqrt();
    let found = apply_all(&whitening, &rows).concat();
    assert_close(&found, &[r, 0.0, -r, 0.0, 0.0, r, 0.0, -r], 5e-6, 0.0);
    let first = Whitening::fit(&moments, Some(1)).unwrap();
    assert_eq!((first.width_in(), first.width_out()), (2, 1));
    assert_close(&apply_all(&first, &rows).concat(), &[r, -r, 0.0, 0.0], 5e-6, 0.0);
}

/// Without the wide direction the first two points are nothing, and the others are as they were.
#[test]
fn all_but_the_top_by_hand() {
    let rows = turned();
    let top = AllButTheTop::fit(&moments(&rows, Spread::Covariance), None).unwrap();
    assert_close(top.directions().as_slice(), &[0.8, 0.6], 1e-6, 0.0);
    assert_eq!((top.width_in(), top.width_out()), (2, 2));
    let found = apply_all(&top, &rows).concat();
    assert_close(&found, &[0.0, 0.0, 0.0, 0.0, -0.6, 0.8, 0.6, -0.8], 1e-6, 0.0);
    assert_eq!([1, 99, 100, 384, 768].map(AllButTheTop::default_directions), [1, 1, 1, 3, 7]);
}

#[test]
fn too_little_to_learn_from() {
    for method in METHODS {
        let spread = method.spread();
        for n in [0, 1] {
            let mut gathered = Accumulator::new(2, spread);
            (0..n).try_for_each(|_| gathered.push(&[1.0, 2.0])).unwrap();
            let error = method.fit(&gathered.finish()).unwrap_err();
            assert_eq!(error.to_string(), format!("expected at least 2 vectors, found {n}"));
        }
        let error = method.fit(&moments(&vec![vec![0.1, -7.3]; 9], spread)).unwrap_err();
        assert_eq!(error.to_string(), "all 9 vectors are the same: nothing to correct by");
        assert!(method.fit(&moments(&[vec![], vec![]], spread)).is_err());
    }
}

/// At a mean of 1 the resolution of f32 is 2⁻²³, and two values one step apart have half of that as
/// std; four steps apart it is twice that.
#[test]
fn spread_below_resolution_is_dropped() {
    let step = f32::EPSILON;
    for (steps, dropped) in [(1.0, true), (4.0, false)] {
        let rows = [vec![1.0, 0.0], vec![1.0 + steps * step, 1.0]];
        let zscore = ZScore::fit(&moments(&rows, Spread::Variance)).unwrap();
        assert_eq!(zscore.dropped().contains(&0), dropped);
    }
    // Around 0 it is the largest std that counts, here 1/2: 2⁻²⁴ is 6.0e-8.
    for (tiny, dropped) in [(1e-7, false), (3e-8, true), (1e-44, true)] {
        let rows = [vec![-tiny, 0.0], vec![tiny, 1.0]];
        let zscore = ZScore::fit(&moments(&rows, Spread::Variance)).unwrap();
        assert_eq!(zscore.dropped().contains(&0), dropped, "{tiny}");
        assert!(zscore.apply(&rows[1]).unwrap()[0].is_finite());
    }
}

/// The third dimension is the sum of the others, so that there are two directions.
#[test]
fn no_more_directions_than_there_are() {
    let mut random = Random::new(3);
    let rows: Vec<Vec<f32>> = (0..20)
        .map(|_| [random.below(9), random.below(9)].map(|x| f32::from(u8::try_from(x).unwrap())))
        .map(|[a, b]| vec![a, b, a + b])
        .collect();
    let moments = moments(&rows, Spread::Covariance);
    let whitening = Whitening::fit(&moments, None).unwrap();
    assert_eq!(whitening.width_out(), 2);
    let error = Whitening::fit(&moments, Some(3)).unwrap_err();
    assert_eq!(error.to_string(), "dims is 3, but the vectors spread in 2 directions alone");
    for dims in [0, 4, usize::MAX] {
        let error = Whitening::fit(&moments, Some(dims)).unwrap_err();
        assert_eq!(error.to_string(), format!("dims is {dims}: expected 1 to 3"));
    }
    assert!(AllButTheTop::fit(&moments, Some(2)).is_ok());
    for directions in [0, 3, usize::MAX] {
        let error = AllButTheTop::fit(&moments, Some(directions)).unwrap_err();
        assert!(matches!(error, EmbedError::Setting { setting: "directions", .. }), "{error}");
    }
    // Two rows spread in one direction.
    let two = crate::moments(&rows[..2], Spread::Covariance);
    let error = AllButTheTop::fit(&two, Some(2)).unwrap_err();
    let expected = "directions is 2, but the vectors spread in 1 directions alone";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn variances_alone_are_not_enough() {
    let moments = moments(&turned(), Spread::Variance);
    for method in [METHODS[1], METHODS[2]] {
        let expected =
            format!("{} needs covariances, and only variances were gathered", method.name());
        assert_eq!(method.fit(&moments).unwrap_err().to_string(), expected);
    }
}

#[test]
fn vectors_that_do_not_fit() {
    for method in METHODS {
        let correction = method.fit(&moments(&turned(), method.spread())).unwrap();
        assert_eq!(correction.name(), method.name());
        for (row, expected) in [
            (&[1.0][..], "expected a vector of 2 numbers, found 1"),
            (&[1.0, 2.0, 3.0], "expected a vector of 2 numbers, found 3"),
            (&[1.0, f32::INFINITY], "dimension 1 is inf: expected a finite number"),
            (&[f32::NAN, 1.0], "dimension 0 is NaN: expected a finite number"),
        ] {
            assert_eq!(correction.apply(row).unwrap_err().to_string(), expected);
        }
    }
    let tiny = [vec![-1e-10], vec![1e-10]];
    let zscore = ZScore::fit(&moments(&tiny, Spread::Variance)).unwrap();
    assert!(matches!(zscore.apply(&[f32::MAX]), Err(EmbedError::OutOfRange { dim: 0 })));
}

/// Numbers near the end of f32, whose squares are far beyond it.
#[test]
fn large_numbers_are_taken() {
    let rows = [vec![f32::MAX, 1.0], vec![-f32::MAX, 2.0], vec![f32::MAX, 4.0], vec![0.0, 2.0]];
    for method in METHODS {
        let correction = method.fit(&moments(&rows, method.spread())).unwrap();
        for row in &rows {
            assert!(correction.apply(row).unwrap().iter().all(|x| x.is_finite()));
        }
    }
}

/// Like an encoder: 32 dimensions, one far off and wide. Slower to notice a fault with than a small
/// case, but the eigenvectors are not handmade.
#[test]
#[expect(clippy::cast_possible_truncation, reason = "f64 to f32")]
fn a_corpus_like_an_encoders() {
    let mut random = Random::new(9);
    let rows: Vec<Vec<f32>> = (0..300)
        .map(|_| {
            let number = |d: u32| f64::from(d % 5 + 1) * (random.unit() - 0.5);
            let mut row: Vec<f32> = (0..32).map(number).map(|x| x as f32).collect();
            row[7] = 40.0 + 5.0 * row[7] + row[3];
            row
        })
        .collect();
    let moments = moments(&rows, Spread::Covariance);
    let whitening = Whitening::fit(&moments, None).unwrap();
    assert_identity(&apply_all(&whitening, &rows), 1e-4);
    let top = AllButTheTop::fit(&moments, Some(3)).unwrap();
    assert_orthogonal(&top, &rows);
}

#[track_caller]
fn assert_identity(rows: &[Vec<f32>], tolerance: f64) {
    let (mean, covariance) = textbook(rows);
    for i in 0..mean.len() {
        assert!(mean[i].abs() < tolerance, "mean {i}: {}", mean[i]);
        for j in 0..mean.len() {
            let expected = if i == j { 1.0 } else { 0.0 };
            let off = (covariance(i, j) - expected).abs();
            assert!(off < tolerance, "covariance {i} {j}: {}", covariance(i, j));
        }
    }
}

/// Nothing is left along the directions that were taken away, but f32's rounding of them (2⁻²⁴ a
/// number, along all of a vector) and of the result.
#[track_caller]
fn assert_orthogonal(top: &AllButTheTop, rows: &[Vec<f32>]) {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    let corrected = apply_all(top, rows);
    let largest = corrected.iter().flatten().fold(1.0, |max: f32, x| max.max(x.abs()));
    for (row, original) in corrected.iter().zip(rows) {
        for direction in top.directions() {
            assert!((dot(direction, direction) - 1.0).abs() < 1e-6);
            let scale = f64::from(largest) + dot(original, original).sqrt();
            assert!(dot(direction, row).abs() < 1e-6 * scale, "{}", dot(direction, row));
        }
    }
}

proptest! {
    /// Over the corpus it was learned from: mean 0 and variance 1, or 0 throughout. At most 50 over
    /// a std of at least 0.25 · √19 / 20 = 0.054, the mean rounded to f32 is off by 2⁻²⁴ · 920 =
    /// 5.5e-5.
    #[test]
    fn zscored_has_mean_0_and_variance_1(rows in corpus()) {
        let (_, before) = textbook(&rows);
        match ZScore::fit(&moments(&rows, Spread::Variance)) {
            Err(EmbedError::NoSpread { .. }) => {
                prop_assert!((0..rows[0].len()).all(|i| before(i, i) == 0.0));
            }
            zscore => {
                let zscored = apply_all(&zscore.unwrap(), &rows);
                let (mean, covariance) = textbook(&zscored);
                for (i, mean) in mean.iter().enumerate() {
                    let expected = if before(i, i) == 0.0 { 0.0 } else { 1.0 };
                    prop_assert!(mean.abs() < 1e-4, "mean {}: {}", i, mean);
                    prop_assert!((covariance(i, i) - expected).abs() < 1e-3);
                }
            }
        }
    }

    /// Whatever a dimension is measured in, a · x + b with a > 0, its z-score is the same. Of b ≤ 100
    /// and a ≤ 3, with |x| ≤ 52, a number ≤ 256 is rounded to f32 by 2⁻¹⁷, and so is a mean; the std,
    /// a ≥ 0.25 times at least 0.054, makes that 2 · 2⁻¹⁷ / 0.0135 = 1.2e-3 on top of what the first
    /// z-score may be off by; and std itself, being off by as much, moves |z| ≤ 4.4 by 2.5e-3.
    #[test]
    fn units_do_not_matter(rows in corpus(), scale in 0.25..3.0_f32, shift in -100.0..100.0_f32) {
        let changed: Vec<Vec<f32>> =
            rows.iter().map(|row| row.iter().map(|x| scale.mul_add(*x, shift)).collect()).collect();
        let fit = |rows: &[Vec<f32>]| ZScore::fit(&moments(rows, Spread::Variance));
        if let Ok(zscore) = fit(&rows) {
            let before = apply_all(&zscore, &rows).concat();
            let after = apply_all(&fit(&changed).unwrap(), &changed).concat();
            for (b, a) in before.iter().zip(&after) {
                prop_assert!((b - a).abs() < 5e-3, "{} became {}", b, a);
            }
        }
    }

    /// The identity as covariance. The narrowest direction has a variance of at least 0.01 here, so
    /// that a mean up to 100 long, rounded to f32, is off by 2⁻²⁴ · 100 / 0.1 = 6e-5.
    #[test]
    fn whitened_has_the_identity_as_covariance(rows in corpus()) {
        let moments = moments(&rows, Spread::Covariance);
        if let Ok(whitening) = Whitening::fit(&moments, None) {
            let whitened = apply_all(&whitening, &rows);
            prop_assume!(narrowest(&whitening) > 0.01);
            assert_identity(&whitened, 1e-3);
        }
    }

    #[test]
    fn nothing_is_left_of_the_top(rows in corpus(), directions in 1..4_usize) {
        let moments = moments(&rows, Spread::Covariance);
        if let Ok(top) = AllButTheTop::fit(&moments, Some(directions)) {
            prop_assert_eq!(top.directions().rows(), directions);
            assert_orthogonal(&top, &rows);
        }
    }

    /// A saved correction is the same one.
    #[test]
    fn json_and_back(rows in corpus()) {
        for method in METHODS {
            if let Ok(correction) = method.fit(&moments(&rows, method.spread())) {
                let json = serde_json::to_string(&correction).unwrap();
                prop_assert_eq!(serde_json::from_str::<Correction>(&json).unwrap(), correction);
            }
        }
    }
}

/// The smallest variance λ of a direction, from its saved length 1/√λ.
fn narrowest(whitening: &Whitening) -> f64 {
    let json = serde_json::to_value(whitening).expect("JSON");
    let numbers: Vec<f64> = serde_json::from_value(json["directions"].clone()).expect("numbers");
    let squares =
        numbers.chunks(whitening.width_in()).map(|d| d.iter().map(|x| x * x).sum::<f64>());
    1.0 / squares.fold(0.0, f64::max)
}
