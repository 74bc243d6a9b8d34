//! Corrections in files.
use std::path::{Path, PathBuf};

use cloze_embed::correction::{
    Correct, FORMAT_VERSION, FittedCorrection, KIND, Method, Provenance,
};
use cloze_embed::{EmbedError, Layers, Pooling};
use cloze_store::{Existing, StoreError};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{chain, corpus, moments};

fn provenance(width: usize) -> Provenance {
    Provenance {
        model: "tiny".to_owned(),
        model_sha256: "ab12".to_owned(),
        level: cloze_embed::Level::Sentence,
        pooling: Pooling::Mean.into(),
        layers: Layers::default(),
        width,
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{name}-v1.json"))
}

fn fit(method: Method, rows: &[Vec<f32>]) -> Result<FittedCorrection, EmbedError> {
    FittedCorrection::fit(method, provenance(rows[0].len()), moments(rows, method.spread()))
}

/// Means 2, 10, 6, variances 2, 0 and 8: all in numbers that a file holds exactly, but for 1/√2.
fn rows() -> Vec<Vec<f32>> {
    [[4.0, 10.0, 6.0], [0.0, 10.0, 6.0], [2.0, 10.0, 10.0], [2.0, 10.0, 2.0]].map(Vec::from).into()
}

fn all() -> [(&'static str, Method); 3] {
    [
        ("zscore", Method::ZScore),
        ("whitening", Method::Whitening { dims: Some(2) }),
        ("all-but-the-top", Method::AllButTheTop { directions: None }),
    ]
}

/// A file of version 1 is read by this and later versions, and version 1 is still written.
/// `CLOZE_WRITE_FIXTURES=1` writes the files anew.
#[test]
fn version_1_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    for (name, method) in all() {
        let fitted = fit(method, &rows()).unwrap();
        if std::env::var_os("CLOZE_WRITE_FIXTURES").is_some() {
            fitted.save(&fixture(name), Existing::Replace).unwrap();
        }
        let read = FittedCorrection::open(fixture(name)).unwrap();
        assert_eq!(read, fitted, "{name}");
        assert_eq!((read.count(), read.fitted()), (4, &provenance(3)));
        assert_eq!(read.method(), method.effective(3));
        let path = folder.path().join(name);
        fitted.save(&path, Existing::Refuse).unwrap();
        let [written, kept] = [&path, &fixture(name)].map(|p| fs_err::read_to_string(p).unwrap());
        assert_eq!(written, kept, "{name}");
        let again = fitted.save(&path, Existing::Refuse);
        assert!(matches!(again, Err(EmbedError::Store(StoreError::Exists { .. }))));
    }
    // (4 − 2) / √2 = √2, nothing, (10 − 6) / √8 = √2.
    let zscore = FittedCorrection::open(fixture("zscore")).unwrap();
    let found = zscore.apply(&[4.0, 99.0, 10.0]).unwrap();
    cloze_testkit::assert_close(&found, &[2_f32.sqrt(), 0.0, 2_f32.sqrt()], 1e-6, 0.0);
    // The widest direction is the third.
    let top = FittedCorrection::open(fixture("all-but-the-top")).unwrap();
    cloze_testkit::assert_close(
        &top.apply(&[4.0, 99.0, 10.0]).unwrap(),
        &[2.0, 89.0, 0.0],
        1e-6,
        0.0,
    );
    let whitening = FittedCorrection::open(fixture("whitening")).unwrap();
    assert_eq!((whitening.width_in(), whitening.width_out()), (3, 2));
    assert_eq!(top.method(), Method::AllButTheTop { directions: Some(1) });
}

#[test]
fn other_files_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.json");
    assert!(matches!(FittedCorrection::open(&path), Err(EmbedError::Store(StoreError::Read(_)))));
    let whole = fs_err::read_to_string(fixture("zscore")).unwrap();
    for (text, expected) in [
        (
            whole.replace(
                r#""correction",
"#,
                "\"tagger\",\n",
            ),
            ": expected a file of kind \"correction\", found \"tagger\"",
        ),
        (
            whole.replace("\"format_version\": 1", "\"format_version\": 2"),
            ": expected \"correction\" of format version 1 or older, found 2",
        ),
        (whole[..whole.len() - 2].to_owned(), ": expected the JSON of a \"correction\": EOF"),
    ] {
        fs_err::write(&path, text).unwrap();
        let error = chain(&FittedCorrection::open(&path).unwrap_err());
        assert!(error.contains(expected), "{error}");
        assert!(error.starts_with(&path.display().to_string()), "{error}");
    }
    for len in 0..whole.len() - 1 {
        fs_err::write(&path, &whole[..len]).unwrap();
        let error = FittedCorrection::open(&path).unwrap_err();
        assert!(matches!(error, EmbedError::Store(StoreError::Json { .. })), "{len}: {error}");
    }
}

/// Every length and number of a file is checked before it is used.
#[test]
fn files_that_contradict_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.json");
    for (name, place, value, expected) in [
        ("zscore", "/fitted/width", json!(4), "moments has 3: expected 4"),
        ("zscore", "/fitted/pooling", json!("avg"), "no pooling \"avg\""),
        ("zscore", "/fitted/layers", json!("last"), "\"last\" names no layers"),
        ("zscore", "/method/name", json!("whitening"), "correction has zscore: expected whitening"),
        (
            "zscore",
            "/correction/mean",
            json!([1, 2]),
            "inv_std has 3: expected 2 numbers, as many as mean",
        ),
        (
            "zscore",
            "/correction/inv_std",
            json!([]),
            "inv_std has 0: expected 3 numbers, as many as mean",
        ),
        (
            "zscore",
            "/correction/inv_std/0",
            json!(-1),
            "inv_std has -1: expected no negative number",
        ),
        (
            "zscore",
            "/correction/inv_std/0",
            json!(1e300),
            "inv_std has inf: expected numbers within",
        ),
        ("zscore", "/correction/mean/2", json!(-1e39), "mean has -inf: expected numbers within"),
        ("zscore", "/moments/mean", json!([]), "mean has none: expected at least 1 number"),
        ("zscore", "/moments/m2/1", json!(-1), "m2 has -1: expected no negative square"),
        (
            "whitening",
            "/moments/spread",
            json!("variance"),
            "m2 has 6 numbers: expected those of 3 dimensions",
        ),
        (
            "whitening",
            "/correction/directions",
            json!([]),
            "directions has 0 numbers: expected 1 to 3 rows of 3 numbers",
        ),
        (
            "whitening",
            "/correction/directions",
            json!([1, 2, 3, 4]),
            "directions has 4 numbers: expected 1 to 3",
        ),
        (
            "whitening",
            "/correction/directions",
            json!(vec![1; 12]),
            "directions has 12 numbers: expected 1 to 3",
        ),
        ("whitening", "/correction/mean", json!([]), "directions has 6 numbers: expected 1 to 0"),
        (
            "whitening",
            "/correction/directions/5",
            json!(1e39),
            "directions has inf: expected numbers",
        ),
        (
            "all-but-the-top",
            "/correction",
            json!({"name":"zscore","mean":[1],"inv_std":[1]}),
            "correction has 1: expected 3",
        ),
        (
            "all-but-the-top",
            "/method",
            json!({"name":"zscore"}),
            "correction has all-but-the-top: expected zscore",
        ),
    ] {
        let mut file: Value =
            serde_json::from_slice(&fs_err::read(fixture(name)).unwrap()).unwrap();
        *file.pointer_mut(place).unwrap() = value;
        fs_err::write(&path, file.to_string()).unwrap();
        let error = FittedCorrection::open(&path).unwrap_err();
        assert!(matches!(error, EmbedError::Store(StoreError::Json { .. })), "{error}");
        assert!(chain(&error).contains(expected), "{place}: {}", chain(&error));
    }
    // Variances where the method's merging needs covariances.
    let mut file: Value =
        serde_json::from_slice(&fs_err::read(fixture("whitening")).unwrap()).unwrap();
    file["moments"] = json!({"spread":"variance","count":4,"mean":[2,10,6],"m2":[8,0,32]});
    fs_err::write(&path, file.to_string()).unwrap();
    let error = chain(&FittedCorrection::open(&path).unwrap_err());
    assert!(error.contains("whitening needs covariances"), "{error}");
}

/// Moments that no vectors have, but of the right lengths: refitting them ends, one way or the other.
#[test]
fn odd_moments_do_no_harm() {
    let mut file: Value =
        serde_json::from_slice(&fs_err::read(fixture("whitening")).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.json");
    for m2 in [
        json!([1, 1e9, 1, -1e9, 1e9, 1]), // not positive definite
        json!([1e308, 1e308, 1e308, 1e308, 1e308, 1e308]),
        json!([0, 0, 0, 0, 0, 0]),
        json!([5e-324, 5e-324, 5e-324, 5e-324, 5e-324, 5e-324]),
        json!([1, 1.7e308, 1e-300, 0, -1.7e308, 1e300]),
    ] {
        for count in [0, 1, 2, 1_u64 << 53] {
            file["moments"]["m2"] = m2.clone();
            file["moments"]["count"] = count.into();
            fs_err::write(&path, file.to_string()).unwrap();
            let odd = FittedCorrection::open(&path).unwrap();
            let _ = odd.merge(&odd);
            let _ = odd.apply(&[1.0, 2.0, 3.0]);
        }
    }
}

#[test]
fn vectors_made_another_way_are_refused() {
    let fitted = fit(Method::ZScore, &rows()).unwrap();
    fitted.check_fits(&provenance(3)).unwrap();
    // The same weights under another name.
    fitted.check_fits(&Provenance { model: "renamed".to_owned(), ..provenance(3) }).unwrap();
    let p = || provenance(3);
    for (found, expected) in [
        (
            Provenance { model: "other".to_owned(), model_sha256: "cd34".to_owned(), ..p() },
            "fitted for model tiny (SHA-256 ab12), found model other (SHA-256 cd34)",
        ),
        (
            Provenance { pooling: Pooling::Cls.into(), ..p() },
            "fitted for pooling mean, found pooling cls",
        ),
        (
            Provenance { layers: Layers::parse("all").unwrap(), ..p() },
            "fitted for layers -1, found layers all",
        ),
        (provenance(4), "fitted for width 3, found width 4"),
    ] {
        let error = fitted.check_fits(&found).unwrap_err();
        assert!(matches!(error, EmbedError::Differs { .. }));
        assert_eq!(error.to_string(), expected);
        let rows = vec![vec![1.0; found.width], vec![2.0; found.width]];
        let m = moments(&rows, Method::ZScore.spread());
        let other = FittedCorrection::fit(Method::ZScore, found, m).unwrap();
        assert_eq!(fitted.merge(&other).unwrap_err().to_string(), expected);
    }
    let [_, (_, two), _] = all();
    let all_dims = Method::Whitening { dims: None };
    let error = fit(two, &rows()).unwrap().merge(&fit(all_dims, &rows()).unwrap()).unwrap_err();
    assert!(matches!(error, EmbedError::Differs { field: "method", .. }), "{error}");
    let m = moments(&rows(), Method::ZScore.spread());
    let error = FittedCorrection::fit(Method::ZScore, provenance(2), m).unwrap_err();
    assert!(matches!(error, EmbedError::Width { expected: 2, found: 3 }), "{error}");
    assert_eq!((KIND, FORMAT_VERSION), ("correction", 1));
}

proptest! {
    /// Parts of a corpus, each fitted, saved and read again, put together are the whole.
    #[test]
    fn merged_parts_are_the_whole(rows in corpus(), cut in 2..18_usize) {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = rows.split_at(cut.min(rows.len()));
        if b.is_empty() {
            return Ok(());
        }
        let saved = |part: &FittedCorrection| {
            let path = folder.path().join("part.json");
            part.save(&path, Existing::Replace).unwrap();
            FittedCorrection::open(&path).unwrap()
        };
        let (Ok(a), Ok(b)) = (fit(Method::ZScore, a), fit(Method::ZScore, b)) else { return Ok(()) };
        let (whole, merged) = (fit(Method::ZScore, &rows).unwrap(), saved(&a).merge(&saved(&b)).unwrap());
        prop_assert_eq!(merged.count(), whole.count());
        for row in &rows {
            let [m, w] = [&merged, &whole].map(|c| c.apply(row).unwrap());
            for (m, w) in m.iter().zip(&w) {
                // A mean of 50 that rounds to the next f32, 2⁻¹⁸, over a std of 0.054; sums in f64
                // are far closer, but may round to either side.
                prop_assert!((m - w).abs() <= 1e-6 + 1e-4 * m.abs().max(1.0), "{} is not {}", m, w);
            }
        }
        let (m, w) = (merged.moments(), whole.moments());
        for i in 0..m.dims() {
            prop_assert!((m.mean()[i] - w.mean()[i]).abs() < 1e-6);
            prop_assert!((m.variance()[i] - w.variance()[i]).abs() < 1e-6);
        }
    }

    #[test]
    fn foreign_files_are_refused_without_a_panic(
        name in prop::sample::select(vec!["zscore", "whitening", "all-but-the-top"]),
        at in 0..2000_usize, new in prop::collection::vec(any::<u8>(), 0..4), skip in 0..9_usize,
    ) {
        let mut bytes = fs_err::read(fixture(name)).unwrap();
        let at = at.min(bytes.len());
        bytes.splice(at..(at + skip).min(bytes.len()), new);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.json");
        fs_err::write(&path, bytes).unwrap();
        if let Ok(correction) = FittedCorrection::open(&path) {
            let _ = correction.apply(&vec![1.0; correction.width_in()]);
            let _ = correction.merge(&correction);
        }
    }
}
