//! Tests of anisotropy.
use cloze_core::Matrix;
use cloze_embed::EmbedError;
use cloze_embed::anisotropy::{AnisotropyParams, iso_score};
use cloze_testkit::Random;
use proptest::prelude::*;

#[track_caller]
fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-12, "found {found}, expected {expected}");
}

/// Of d dimensions, k with all the variance evenly: (k − 1) / (d − 1).
#[test]
fn iso_score_of_even_variances() {
    for d in 2..9_u32 {
        for k in 1..=d {
            let variances: Vec<f64> = (0..d).map(|i| if i < k { 2.5 } else { 0.0 }).collect();
            assert_close(iso_score(&variances).unwrap(), f64::from(k - 1) / f64::from(d - 1));
        }
    }
}

/// λ = 4, 3 in d = 2: |λ| = 5, s = √2 · (0.8, 0.6). |s − 1|² = 2 − 2 · √2 · 1.4 + 2 = 4 − 2.8 √2.
/// δ² = (4 − 2.8 √2) / (2 (2 − √2)); δ² (d − √d) = 2 − 1.4 √2; φ = (1.4 √2)² / 4 = 3.92 / 4 = 0.98;
/// (2 · 0.98 − 1) / 1 = 0.96.
#[test]
fn iso_score_by_hand() {
    for scale in [1.0, 1e-300, 1e300] {
        assert_close(iso_score(&[3.0 * scale, 4.0 * scale]).unwrap(), 0.96);
    }
}

#[test]
fn iso_score_where_there_is_none() {
    for variances in
        [&[][..], &[1.0], &[0.0, 0.0], &[1.0, -1.0], &[f64::NAN, 1.0], &[f64::INFINITY, 1.0]]
    {
        assert_eq!(iso_score(variances), None, "{variances:?}");
    }
}

#[test]
fn settings_at_their_edges() {
    for max_pairs in [0, 1] {
        let error = AnisotropyParams::new().max_pairs(max_pairs).check().unwrap_err();
        assert_eq!(error.to_string(), format!("max_pairs is {max_pairs}: expected at least 2"));
    }
    let params = AnisotropyParams::new().max_pairs(2).top(0).components(0).check().unwrap();
    let rows = Matrix::from_vec(2, vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 3.0, 1.0]).unwrap();
    let report = params.measure(&rows).unwrap();
    assert_eq!((report.vectors, report.pairs), (5, 2));
    assert!(report.top_dimensions.is_empty() && report.explained.is_empty());
    let all = AnisotropyParams::new().max_pairs(usize::MAX).top(usize::MAX).components(usize::MAX);
    let report = all.check().unwrap().measure(&rows).unwrap();
    assert_eq!((report.top_dimensions.len(), report.explained.len()), (2, 2));
    assert_close(report.explained[1], 1.0);
}

#[test]
fn samples_that_cannot_be_measured() {
    let params = AnisotropyParams::default().check().unwrap();
    for rows in [Matrix::default(), Matrix::from_vec(1, vec![1.0, 2.0, 3.0]).unwrap()] {
        let error = params.measure(&rows).unwrap_err();
        assert!(matches!(error, EmbedError::TooFew { expected: 4, .. }), "{error}");
    }
    let bad = Matrix::from_vec(2, vec![1.0, 2.0, 3.0, f32::NAN, 5.0, 6.0, 7.0, 8.0]).unwrap();
    let error = params.measure(&bad).unwrap_err();
    assert!(matches!(error, EmbedError::NotFinite { dim: 1, .. }), "{error}");
}

/// Along (1, 2, 2) every cosine is 1, of which the dimensions give 1/9, 4/9 and 4/9; variance is in
/// one direction alone.
#[test]
fn a_cone_without_width() {
    let rows: Vec<f32> = [1.0, 2.0, 3.0, 5.0].iter().flat_map(|x| [*x, 2.0 * x, 2.0 * x]).collect();
    let rows = Matrix::from_vec(3, rows).unwrap();
    let report = AnisotropyParams::new().check().unwrap().measure(&rows).unwrap();
    assert_eq!((report.vectors, report.dims, report.pairs), (4, 3, 2));
    assert_close(report.mean_cosine, 1.0);
    assert!(report.interval.0 > 1.0 - 1e-9 && report.interval.1 <= 1.0);
    assert_eq!(report.top_dimensions.iter().map(|t| t.dim).collect::<Vec<_>>(), [1, 2, 0]);
    assert_close(report.top_dimensions[0].share, 4.0 / 9.0);
    assert_close(report.top_dimensions[2].share, 1.0 / 9.0);
    assert!(report.iso_score.unwrap() < 1e-12);
    report.explained.iter().for_each(|share| assert_close(*share, 1.0));
}

/// Along ±(3, 1) and ±(1, 1), cosines are ±1 or ±0.894, and two pairs of these four always cancel,
/// but for the last digit. Shares of that would be any number.
#[test]
fn cosines_that_cancel_have_no_shares() {
    let rows = vec![3.0, 1.0, -3.0, -3.0, -3.0, -1.0, -2.0, -2.0];
    let rows = Matrix::from_vec(2, rows).unwrap();
    for seed in 0..20 {
        let params = AnisotropyParams::new().seed(seed).check().unwrap();
        let report = params.measure(&rows).unwrap();
        assert!(report.mean_cosine.abs() < 1e-15);
        assert!(report.top_dimensions.iter().all(|top| top.share == 0.0), "{report:?}");
    }
}

/// The same vector throughout has a cosine, and no variance to share out.
#[test]
fn one_vector_throughout_and_zeros() {
    let params = AnisotropyParams::new().check().unwrap();
    let report = params.measure(&Matrix::from_vec(2, [0.3, 0.4].repeat(6)).unwrap()).unwrap();
    assert_close(report.mean_cosine, 1.0);
    assert_eq!((report.iso_score, report.explained.len()), (None, 0));
    let report = params.measure(&Matrix::from_vec(2, vec![0.0; 12]).unwrap()).unwrap();
    assert_eq!((report.mean_cosine, report.interval), (0.0, (0.0, 0.0)));
    assert!(report.top_dimensions.iter().all(|top| top.share == 0.0));
    let json = serde_json::to_value(&report).unwrap();
    assert!(json["iso_score"].is_null());
}

/// Numbers evenly around 0 in 8 dimensions: cosines have mean 0 and variance 1/8, so that over 1,000
/// pairs the interval is ± 1.96 · 0.354 / √1000 = 0.022. Moved by 10 in one dimension, that one has
/// the cosines: 100 / (100 + 8/3) or so.
#[test]
#[expect(clippy::cast_possible_truncation, reason = "f64 to f32")]
fn no_cone_and_one_made_by_a_single_dimension() {
    let mut random = Random::new(4);
    let mut rows: Vec<f32> = (0..16_000).map(|_| (2.0 * random.unit() - 1.0) as f32).collect();
    let params = AnisotropyParams::new().seed(3).check().unwrap();
    let report = params.measure(&Matrix::from_vec(8, rows.clone()).unwrap()).unwrap();
    assert_eq!(report.pairs, 1000);
    let (low, high) = report.interval;
    assert!(
        low < 0.0 && 0.0 < high && (0.018..0.026).contains(&((high - low) / 2.0)),
        "{report:?}"
    );
    assert!(report.iso_score.unwrap() > 0.98);
    rows.iter_mut().skip(5).step_by(8).for_each(|x| *x += 10.0);
    let report = params.measure(&Matrix::from_vec(8, rows).unwrap()).unwrap();
    assert!((report.mean_cosine - 0.974).abs() < 0.003, "{report:?}");
    assert_eq!(report.top_dimensions[0].dim, 5);
    assert!(report.top_dimensions[0].share > 0.99);
    // A mean is no variance: IsoScore does not see the cone.
    assert!(report.iso_score.unwrap() > 0.98);
}

/// 3 to 9 rows of 1 to 3 small whole numbers.
fn rows() -> impl Strategy<Value = Matrix> {
    (1..4_usize, 4..10_usize).prop_flat_map(|(width, n)| {
        let number = (-3..=3_i8).prop_map(f32::from);
        prop::collection::vec(number, width * n)
            .prop_map(move |rows| Matrix::from_vec(width, rows).expect("whole rows"))
    })
}

proptest! {
    #[test]
    fn reports_are_consistent(rows in rows(), seed in any::<u64>()) {
        let params = AnisotropyParams::new().seed(seed).top(9).check().unwrap();
        let report = params.measure(&rows).unwrap();
        prop_assert_eq!(&report, &params.measure(&rows).unwrap());
        prop_assert_eq!(report.pairs, rows.rows() / 2);
        let (low, high) = report.interval;
        prop_assert!(-1.0 <= low && low <= report.mean_cosine + 1e-12);
        prop_assert!(report.mean_cosine <= high + 1e-12 && high <= 1.0);
        let shares: f64 = report.top_dimensions.iter().map(|top| top.share).sum();
        // Small whole numbers have a mean of 0, left as it is by rounding, or one that is far from it.
        let expected = if report.mean_cosine.abs() < 1e-12 { 0.0 } else { 1.0 };
        prop_assert!((shares - expected).abs() < 1e-9, "{:?}", report);
        prop_assert!(report.top_dimensions.is_sorted_by(|a, b| a.share >= b.share));
        prop_assert!(report.explained.is_sorted());
        prop_assert!(report.explained.last().is_none_or(|share| (share - 1.0).abs() < 1e-9));
        prop_assert!(report.iso_score.is_none_or(|score| (0.0..=1.0).contains(&score)));
    }
}
