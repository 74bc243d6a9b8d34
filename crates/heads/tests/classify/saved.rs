use cloze_embed::correction::Method;
use cloze_heads::classify::{Classifier, ClassifyHead, Combine, FeatureParams, HeadSpec};
use cloze_store::Existing;
use serde_json::Map;

use crate::{chain, matrix};

fn classifier(method: Option<Method>, combine: Combine) -> Classifier {
    let data = [0.1, 4.0, 2.0, 0.3, 2.0, 8.0, 0.7, 4.0, -1.0, 1.0, 0.5, 3.0];
    let params = FeatureParams::new().combine(combine).correction(method).normalize(true);
    let features = params.check().unwrap().fit(&matrix(4, &data)).unwrap();
    let width = features.width_out();
    let weights = |scale: f64| (0..2 * width).map(|i| (i as f64 * scale).sin() / 3.0).collect();
    let labels = ["no", "yes"].map(String::from).to_vec();
    let head = ClassifyHead::new("by hand", labels, weights(0.7), vec![0.1, 1.0 / 3.0])
        .and_then(|h| h.with_square(weights(1.3)))
        .and_then(|h| h.with_temperature(1.7))
        .and_then(|h| h.with_thresholds(vec![None, Some(0.3)]))
        .unwrap();
    Classifier::new(features, head).unwrap()
}

const METHODS: [Option<Method>; 4] = [
    None,
    Some(Method::ZScore),
    Some(Method::Whitening { dims: Some(2) }),
    Some(Method::AllButTheTop { directions: Some(1) }),
];

#[test]
fn every_bit_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    for (i, method) in METHODS.into_iter().enumerate() {
        for combine in [Combine::Single, Combine::Pair] {
            let path = folder.path().join(format!("{i}.safetensors"));
            let saved = classifier(method, combine);
            saved.save(&path, Existing::Replace).unwrap();
            let spec = saved.spec(method, Map::new(), 7);
            let spec: HeadSpec =
                serde_json::from_str(&serde_json::to_string(&spec).unwrap()).unwrap();
            let opened = Classifier::open(&path, &spec).unwrap();
            assert_eq!(opened, saved);
            assert!(saved.save(&path, Existing::Refuse).is_err());
            let bytes = fs_err::read(&path).unwrap();
            opened.save(&path, Existing::Replace).unwrap();
            assert_eq!(fs_err::read(&path).unwrap(), bytes, "the same bytes");
        }
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("head.safetensors");
    let saved = classifier(Some(Method::ZScore), Combine::Pair);
    saved.save(&path, Existing::Replace).unwrap();
    let spec = saved.spec(Some(Method::ZScore), Map::new(), 0);
    let open = |change: &dyn Fn(&mut HeadSpec)| {
        let mut spec = spec.clone();
        change(&mut spec);
        let text = chain(&Classifier::open(&path, &spec).unwrap_err());
        text.trim_start_matches(&format!("{}: ", path.display())).to_owned()
    };
    for (found, expected) in [
        (
            open(&|s| s.labels.push("perhaps".into())),
            "tensor \"weight\": expected F64 [3, 8], found F64 [2, 8]",
        ),
        (open(&|s| s.width = 6), "tensor \"correction.mean\": expected F32 [3], found F32 [2]"),
        (
            open(&|s| s.correction = Some(Method::Whitening { dims: None })),
            "tensor \"correction.directions\": expected F32 [any, 2], found no such tensor",
        ),
        (
            open(&|s| s.square = false),
            "tensor \"square\": expected no such tensor, found F64 [2, 8]",
        ),
        (
            open(&|s| s.thresholds = false),
            "tensor \"thresholds\": expected no such tensor, found F64 [2]",
        ),
        (open(&|s| s.temperature = -1.0), "temperature is -1: expected a finite number above 0"),
    ] {
        assert_eq!(found, expected);
    }
    let bytes = fs_err::read(&path).unwrap();
    // Cut off anywhere, it is refused and nothing panics.
    for end in [0, 7, 20, bytes.len() / 2, bytes.len() - 1] {
        fs_err::write(&path, &bytes[..end]).unwrap();
        assert!(Classifier::open(&path, &spec).unwrap_err().to_string().contains("not a sound"));
    }
    let at = bytes.windows(11).position(|w| w == b"version\":\"1").unwrap() + 10;
    let mut newer = bytes.clone();
    newer[at] = b'2';
    fs_err::write(&path, newer).unwrap();
    let text = Classifier::open(&path, &spec).unwrap_err().to_string();
    assert!(text.ends_with("expected a head of format version 1 or older, found 2"), "{text}");
}
