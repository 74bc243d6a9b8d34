//! The same numbers as sentence-transformers, numpy, scikit-learn and `IsoScore`:
//! `tests/data/make_reference.py`.
use cloze_core::Matrix;
use cloze_embed::anisotropy::{AnisotropyParams, iso_score};
use cloze_embed::correction::{Correct, Method};
use cloze_embed::{Metric, PoolingConfig, Spread};
use cloze_testkit::assert_close;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    pooling: Poolings,
    configs: Configs,
    similarity: Similarity,
    /// `[30, 5]`.
    rows: Vec<f32>,
    corrections: Corrections,
    iso_score: f64,
    anisotropy: Vec<Anisotropy>,
}

#[derive(Deserialize)]
struct Poolings {
    width: usize,
    cases: Vec<Pooled>,
}

#[derive(Deserialize)]
struct Pooled {
    name: String,
    rows: Vec<f32>,
    #[serde(rename = "pooled")]
    expected: Vec<f32>,
}

#[derive(Deserialize)]
struct Configs {
    rows: Vec<f32>,
    cases: Vec<Config>,
}

#[derive(Deserialize)]
struct Config {
    config: String,
    pooled: Vec<f32>,
}

#[derive(Deserialize)]
struct Similarity {
    a: Vec<f32>,
    b: Vec<f32>,
    cosine: f64,
    dot: f64,
    euclid: f64,
}

#[derive(Deserialize)]
struct Corrections {
    zscore: Vec<f32>,
    whitening: Vec<f32>,
    whitening_2: Vec<f32>,
    all_but_the_top_2: Vec<f32>,
}

#[derive(Deserialize)]
struct Anisotropy {
    seed: u64,
    max_pairs: usize,
    pairs: usize,
    mean_cosine: f64,
    interval: (f64, f64),
    top_dims: Vec<usize>,
    top_shares: Vec<f64>,
    explained: Vec<f64>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../data/reference.json")).expect("the reference")
}

fn rows() -> Vec<Vec<f32>> {
    reference().rows.chunks_exact(5).map(<[f32]>::to_vec).collect()
}

#[track_caller]
fn assert_close_f64(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (f, e)) in found.iter().zip(expected).enumerate() {
        assert!((f - e).abs() <= tolerance * (1.0 + e.abs()), "{i}: found {f}, expected {e}");
    }
}

#[test]
fn poolings_are_those_of_sentence_transformers() {
    let Poolings { width, cases } = reference().pooling;
    assert_eq!(cases.len(), 12);
    for case in cases {
        let json = format!(r#"{{"embedding_dimension":4,"pooling_mode":"{}"}}"#, case.name);
        let config = PoolingConfig::parse(&json).unwrap();
        let found = config.poolings.pool(&case.rows, width).unwrap();
        assert_close(&found, &case.expected, 0.0, f32::EPSILON);
    }
}

#[test]
fn configurations_are_read_as_sentence_transformers_reads_them() {
    let Configs { rows, cases } = reference().configs;
    assert_eq!(cases.len(), 8);
    for case in cases {
        let config = PoolingConfig::parse(&case.config).unwrap();
        assert_eq!((config.width, config.include_prompt), (Some(4), true), "{}", case.config);
        assert_eq!(config.poolings.width_out(4), case.pooled.len(), "{}", case.config);
        assert_close(&config.poolings.pool(&rows, 4).unwrap(), &case.pooled, 0.0, f32::EPSILON);
    }
}

#[test]
fn similarities_are_those_of_sentence_transformers() {
    let Similarity { a, b, cosine, dot, euclid } = reference().similarity;
    let found =
        [Metric::Cosine, Metric::Dot, Metric::Euclid].map(|m| m.similarity(&a, &b).unwrap());
    assert_close_f64(&found, &[cosine, dot, euclid], 1e-14);
}

/// Statistics are stored in f32: a mean of 20 over a spread of 0.5 may be off by 2⁻²⁴ · 40 =
/// 2.4e-6, and a direction's numbers by 2⁻²⁴ times up to 25.
#[test]
fn corrections_are_those_of_numpy() {
    let expected = reference().corrections;
    for (method, expected) in [
        (Method::ZScore, expected.zscore),
        (Method::Whitening { dims: None }, expected.whitening),
        (Method::Whitening { dims: Some(2) }, expected.whitening_2),
        (Method::AllButTheTop { directions: Some(2) }, expected.all_but_the_top_2),
    ] {
        let rows = rows();
        let correction = method.fit(&crate::moments(&rows, method.spread())).unwrap();
        let found: Vec<f32> = rows.iter().flat_map(|row| correction.apply(row).unwrap()).collect();
        assert_close(&found, &expected, 5e-6, 1e-6);
    }
}

#[test]
fn anisotropy_is_that_of_numpy() {
    let rows = Matrix::from_vec(5, reference().rows).unwrap();
    let expected = reference();
    assert_eq!(expected.anisotropy.len(), 2);
    for case in expected.anisotropy {
        let params = AnisotropyParams::new().seed(case.seed).max_pairs(case.max_pairs);
        let report = params.top(3).components(4).check().unwrap().measure(&rows).unwrap();
        assert_eq!((report.vectors, report.dims, report.pairs), (30, 5, case.pairs));
        assert_eq!(report.seed, case.seed);
        let (dims, shares): (Vec<_>, Vec<_>) =
            report.top_dimensions.iter().map(|top| (top.dim, top.share)).unzip();
        assert_eq!(dims, case.top_dims);
        assert_close_f64(&shares, &case.top_shares, 1e-12);
        let (low, high) = report.interval;
        let (expected_low, expected_high) = case.interval;
        assert_close_f64(
            &[report.mean_cosine, low, high],
            &[case.mean_cosine, expected_low, expected_high],
            1e-12,
        );
        assert_close_f64(&report.explained, &case.explained, 1e-12);
        assert_close_f64(&[report.iso_score.unwrap()], &[expected.iso_score], 1e-12);
    }
}

/// From the covariance itself, without the report around it.
#[test]
fn iso_score_does_not_care_for_scale() {
    let moments = crate::moments(&rows(), Spread::Covariance);
    // The trace alone tells that the variances are not those of the dimensions.
    let dimensions = iso_score(&moments.variance()).unwrap();
    assert!((dimensions - reference().iso_score).abs() > 1e-6);
    let scaled: Vec<f64> = moments.variance().iter().map(|v| v * 1e200).collect();
    assert_close_f64(&[iso_score(&scaled).unwrap()], &[dimensions], 1e-12);
}
