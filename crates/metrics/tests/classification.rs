//! Classes and sets of labels: worked by hand, against scikit-learn, and what always holds.
mod alike;

use alike::assert_alike;
use cloze_metrics::{Confusion, MetricsError, MultiLabelCounts};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

/// Gold a a a b b c, predicted a b b b c a. Rows a: 1 2 0, b: 0 1 1, c: 1 0 0.
/// a: 1 of 3 gold and 2 predicted: P 1/2, R 1/3, F1 2/5. b: 1 of 2 and 3: P 1/3, R 1/2, F1 2/5. c: 0
/// of 1 and 1. Accuracy 2/6; balanced (1/3 + 1/2 + 0) / 3 = 5/18.
/// By chance 3·2 + 2·3 + 1·1 = 13 of 36, so kappa = (12 − 13) / (36 − 13) = −1/23.
/// Matthews: covariance 2·6 − 13 = −1; gold 36 − 14 = 22, predicted 36 − 14 = 22: −1/22.
#[test]
fn a_report_by_hand() {
    let matrix =
        Confusion::of(&["a", "a", "a", "b", "b", "c"], &["a", "b", "b", "b", "c", "a"]).unwrap();
    assert_eq!(matrix.rows(), [[1, 2, 0], [0, 1, 1], [1, 0, 0]]);
    // One by one it is the same.
    let mut added = Confusion::new(["a", "b", "c"]).unwrap();
    for (gold, predicted) in
        [("a", "a"), ("a", "b"), ("a", "b"), ("b", "b"), ("b", "c"), ("c", "a")]
    {
        added.add(gold, predicted).unwrap();
    }
    assert_eq!(added, matrix);
    let scores = |p: f64, r: f64, f: f64, s: u64| json!({"precision": p, "recall": r, "f1": f, "support": s});
    let expected = json!({
        "examples": 6,
        "accuracy": 1.0 / 3.0,
        "balanced_accuracy": 5.0 / 18.0,
        "matthews": -1.0 / 22.0,
        "kappa": -1.0 / 23.0,
        "micro": scores(1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 6),
        "macro": scores(5.0 / 18.0, 5.0 / 18.0, 4.0 / 15.0, 6),
        // (3 · 1/2 + 2 · 1/3) / 6, (3 · 1/3 + 2 · 1/2) / 6, (3 + 2) · 2/5 / 6.
        "weighted": scores(13.0 / 36.0, 1.0 / 3.0, 1.0 / 3.0, 6),
        "labels": {
            "a": scores(1.0 / 2.0, 1.0 / 3.0, 2.0 / 5.0, 3),
            "b": scores(1.0 / 3.0, 1.0 / 2.0, 2.0 / 5.0, 2),
            "c": scores(0.0, 0.0, 0.0, 1),
        },
        "confusion": {"labels": ["a", "b", "c"], "counts": [[1, 2, 0], [0, 1, 1], [1, 0, 0]]},
    });
    assert_alike(&serde_json::to_value(matrix.report()).unwrap(), &expected, "");
}

/// Gold {x} {x y} {}, predicted {x y} {x y} {y}. x: 2 gold, 2 predicted, both right. y: 1 gold, 3
/// predicted, 1 right, so neither 0, predicted alone 2. One set of 3 is right; 2 of 6 are wrong.
#[test]
fn sets_by_hand() {
    let mut counts = MultiLabelCounts::new(["y", "x"]).unwrap();
    for (gold, predicted) in
        [(&["x"][..], &["y", "x"][..]), (&["x", "y"], &["x", "y", "y"]), (&[], &["y"])]
    {
        counts.add(gold, predicted).unwrap();
    }
    let report = counts.report();
    assert_eq!(report.confusion["x"], [[1, 0], [0, 2]]);
    assert_eq!(report.confusion["y"], [[0, 2], [0, 1]]);
    let y = report.labels["y"];
    let found = json!([report.subset_accuracy, report.hamming_loss, y.precision, y.recall]);
    assert_alike(&found, &json!([1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 1.0]), "");
}

#[derive(Deserialize)]
struct Figures {
    classification: Vec<Classes>,
    multi_label: Vec<Sets>,
}

#[derive(Deserialize)]
struct Classes {
    gold: Vec<String>,
    predicted: Vec<String>,
    report: Value,
}

#[derive(Deserialize)]
struct Sets {
    names: Vec<String>,
    gold: Vec<Vec<String>>,
    predicted: Vec<Vec<String>>,
    report: Value,
}

#[test]
fn scikit_learn_has_the_same() {
    let figures: Figures = serde_json::from_str(include_str!("data/figures.json")).unwrap();
    let mut worst = 0.0_f64;
    for (i, case) in figures.classification.iter().enumerate() {
        let matrix = Confusion::of(&case.gold, &case.predicted).unwrap();
        let found = serde_json::to_value(matrix.report()).unwrap();
        worst = worst.max(assert_alike(&found, &case.report, &format!("classes {i}")));
    }
    for (i, case) in figures.multi_label.iter().enumerate() {
        let mut counts = MultiLabelCounts::new(case.names.clone()).unwrap();
        for (gold, predicted) in case.gold.iter().zip(&case.predicted) {
            counts.add(gold, predicted).unwrap();
        }
        let found = serde_json::to_value(counts.report()).unwrap();
        worst = worst.max(assert_alike(&found, &case.report, &format!("sets {i}")));
    }
    println!("worst difference: {worst:e}");
}

#[test]
fn what_does_not_fit_is_an_error() {
    let error = Confusion::new(["a", "b", "a"]).unwrap_err();
    assert_eq!(error, MetricsError::LabelTwice { label: "a".into() });
    let mut matrix = Confusion::new(["a", "b"]).unwrap();
    let error = matrix.add("a", "c").unwrap_err();
    assert_eq!(error.to_string(), r#"predicted label "c": expected one of ["a", "b"]"#);
    let other = Confusion::new(["b", "a"]).unwrap();
    assert!(matches!(matrix.merge(&other), Err(MetricsError::Unlike { .. })));
    let error = Confusion::of(&["a"], &[] as &[&str]).unwrap_err();
    assert_eq!(error, MetricsError::GoldPredicted { gold: 1, predicted: 0 });
    let mut sets = MultiLabelCounts::new(["a"]).unwrap();
    assert_eq!(
        sets.add(&["a", "é"], &["a"]).unwrap_err().to_string(),
        r#"gold label "é": expected one of ["a"]"#
    );
    // Nothing is 0 throughout, and never NaN.
    for report in [
        serde_json::to_value(Confusion::new([""; 0]).unwrap().report()),
        serde_json::to_value(matrix.report()),
        serde_json::to_value(sets.report()),
    ] {
        let text = report.unwrap().to_string();
        assert!(!text.contains("null") && !text.contains("1.0"), "{text}");
    }
}

proptest! {
    /// Counts made apart are those made together; renaming labels so that their order turns changes no
    /// average; swapping gold and predicted swaps precision and recall, and leaves what is symmetric.
    #[test]
    fn parts_add_up(pairs in prop::collection::vec((0..3_usize, 0..3_usize), 0..12), at in 0..12_usize) {
        let matrix = |pairs: &[(usize, usize)], names: [&str; 3]| {
            let mut matrix = Confusion::new(["a", "b", "c"]).unwrap();
            for (gold, predicted) in pairs {
                matrix.add(names[*gold], names[*predicted]).unwrap();
            }
            matrix
        };
        let names = ["a", "b", "c"];
        let at = at.min(pairs.len());
        let mut parts = matrix(&pairs[..at], names);
        parts.merge(&matrix(&pairs[at..], names)).unwrap();
        let whole = matrix(&pairs, names);
        prop_assert_eq!(&parts, &whole);
        let report = whole.report();
        let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
        let turned = matrix(&pairs, ["c", "b", "a"]).report();
        prop_assert!(close(turned.averages.r#macro.f1, report.averages.r#macro.f1));
        let swapped: Vec<_> = pairs.iter().map(|(g, p)| (*p, *g)).collect();
        let swapped = matrix(&swapped, names).report();
        for label in names {
            prop_assert!(close(swapped.labels[label].precision, report.labels[label].recall));
        }
        for (a, b) in [
            (swapped.accuracy, report.accuracy),
            (swapped.matthews, report.matthews),
            (swapped.kappa, report.kappa),
            (report.averages.micro.f1, report.accuracy),
        ] {
            prop_assert!(close(a, b), "{} {}", a, b);
        }
    }
}
