//! Vectors made comparable, and compared.
use cloze_embed::{EmbedError, Metric, l2_normalize, truncate};
use cloze_testkit::assert_close;
use proptest::prelude::*;

#[test]
fn lengths() {
    let mut vector = [3.0, -4.0];
    l2_normalize(&mut vector);
    assert_close(&vector, &[0.6, -0.8], 0.0, f32::EPSILON);
    // Their squares leave f32 on either side.
    for scale in [1e38, 1e-38, 1e-44] {
        let mut vector = [scale, scale];
        l2_normalize(&mut vector);
        assert_close(&vector, &[0.5_f32.sqrt(); 2], 0.0, f32::EPSILON);
    }
    let mut zero = [0.0, -0.0];
    l2_normalize(&mut zero);
    assert_close(&zero, &[0.0, -0.0], 0.0, 0.0);
    l2_normalize(&mut []);
}

#[test]
fn truncation_within_bounds() {
    let mut vector = vec![1.0, 2.0, 3.0];
    for dims in [0, 4, usize::MAX] {
        let error = truncate(&mut vector, dims).unwrap_err();
        assert_eq!(error.to_string(), format!("truncate_dim is {dims}: expected 1 to 3"));
    }
    truncate(&mut vector, 3).unwrap();
    assert_eq!(vector.len(), 3);
    truncate(&mut vector, 1).unwrap();
    assert_eq!(vector, [1.0]);
}

/// (1, 2) and (3, −1): dot 3 − 2 = 1, squares 5 and 10, difference (−2, 3).
#[test]
fn metrics_by_hand() {
    let (a, b) = ([1.0, 2.0], [3.0, -1.0]);
    for (metric, name, expected) in [
        (Metric::Cosine, "cosine", 1.0 / 50_f64.sqrt()),
        (Metric::Dot, "dot", 1.0),
        (Metric::Euclid, "euclid", -(13_f64.sqrt())),
    ] {
        let found = metric.similarity(&a, &b).unwrap();
        assert!((found - expected).abs() < 1e-15, "{name}: {found}");
        assert_eq!((Metric::parse(name).unwrap(), metric.name()), (metric, name));
        assert_eq!(serde_json::to_string(&metric).unwrap(), format!("{name:?}"));
        let error = metric.similarity(&a, &b[..1]).unwrap_err();
        assert!(matches!(error, EmbedError::Width { expected: 2, found: 1 }), "{error}");
    }
    let error = Metric::parse("cos").unwrap_err();
    assert_eq!(error.to_string(), r#"no metric "cos"; there are cosine, dot, euclid"#);
}

#[test]
fn a_zero_vector_is_like_nothing() {
    let zero = [0.0, 0.0];
    for other in [[1.0, 1.0], zero] {
        assert!(Metric::Cosine.similarity(&zero, &other).unwrap().abs() < f64::MIN_POSITIVE);
    }
    let far = [f32::MAX, f32::MAX];
    let same = Metric::Cosine.similarity(&far, &far).unwrap();
    assert!((same - 1.0).abs() < 1e-15);
    assert!(Metric::Dot.similarity(&far, &far).unwrap().is_finite());
    assert!(Metric::Cosine.similarity(&[f32::NAN, 0.0], &far).unwrap().is_nan());
}

proptest! {
    /// Truncated, then of length 1: the first numbers over their own length, and not over that of
    /// the whole.
    #[test]
    fn truncation_goes_before_the_length(
        numbers in prop::collection::vec(-9..=9_i8, 1..6), dims in 1..6_usize,
    ) {
        let whole: Vec<f32> = numbers.iter().map(|x| f32::from(*x)).collect();
        let dims = dims.min(whole.len());
        let mut vector = whole.clone();
        truncate(&mut vector, dims).unwrap();
        l2_normalize(&mut vector);
        prop_assert_eq!(vector.len(), dims);
        let length = whole[..dims].iter().map(|x| x * x).sum::<f32>().sqrt();
        for (found, x) in vector.iter().zip(&whole) {
            let expected = if length > 0.0 { x / length } else { 0.0 };
            prop_assert!((found - expected).abs() < 1e-6, "{} is not {}", found, expected);
        }
    }

    /// Of vectors of length 1 the metrics agree: dot = cosine, distance² = 2 − 2 · cosine. And each
    /// is the same both ways.
    #[test]
    fn metrics_agree_at_length_1(pairs in prop::collection::vec((-9..=9_i8, -9..=9_i8), 1..6)) {
        let (mut a, mut b): (Vec<f32>, Vec<f32>) =
            pairs.iter().map(|(a, b)| (f32::from(*a), f32::from(*b))).unzip();
        let cosine = Metric::Cosine.similarity(&a, &b).unwrap();
        prop_assert!((-1.0..=1.0).contains(&cosine));
        l2_normalize(&mut a);
        l2_normalize(&mut b);
        let dot = Metric::Dot.similarity(&a, &b).unwrap();
        prop_assert!((dot - cosine).abs() < 1e-6, "{} is not {}", dot, cosine);
        let euclid = Metric::Euclid.similarity(&b, &a).unwrap();
        if a.iter().any(|x| *x != 0.0) && b.iter().any(|x| *x != 0.0) {
            prop_assert!((euclid.powi(2) - (2.0 - 2.0 * cosine)).abs() < 1e-6);
        }
        let back = Metric::Euclid.similarity(&a, &b).unwrap();
        prop_assert!(euclid <= 0.0 && (euclid - back).abs() < 1e-15);
    }
}
