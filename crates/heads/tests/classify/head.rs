use cloze_heads::HeadError;
use cloze_heads::classify::ClassifyHead;
use proptest::prelude::*;

fn names(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|l| (*l).to_owned()).collect()
}

fn three() -> ClassifyHead {
    let weight = vec![1.0, 0.0, 0.0, 2.0, -1.0, 1.0];
    ClassifyHead::new("by hand", names(&["a", "b", "c"]), weight, vec![0.5, 0.0, -1.0]).unwrap()
}

/// x = (3, 1): 3 + 0.5, 2, −3 + 1 − 1; with squares (x² = 9, 1) of weights (0, 1), (−1, 0), (1, 2)
/// also + 1, − 9, + 11.
#[test]
fn logits_by_hand() {
    assert_eq!(three().predict(&[3.0, 1.0]).unwrap(), [3.5, 2.0, -3.0]);
    let square = three().with_square(vec![0.0, 1.0, -1.0, 0.0, 1.0, 2.0]).unwrap();
    assert_eq!(square.predict(&[3.0, 1.0]).unwrap(), [4.5, -7.0, 8.0]);
}

/// Logits ln 1, ln 2, ln 5 have shares 1/8, 2/8, 5/8; at temperature ½ their squares 1, 4, 25 of 30.
/// Each by itself has z / (1 + z): 1/2, 2/3, 5/6.
#[test]
fn probabilities_by_hand() {
    let logits = [1_f64, 2.0, 5.0].map(f64::ln);
    let close = |head: &ClassifyHead, expected: [f64; 3]| {
        for (found, expected) in head.probabilities(&logits).unwrap().iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        }
    };
    close(&three(), [0.125, 0.25, 0.625]);
    close(&three().with_temperature(0.5).unwrap(), [1.0 / 30.0, 4.0 / 30.0, 25.0 / 30.0]);
    close(&three().with_multi_label(true), [0.5, 2.0 / 3.0, 5.0 / 6.0]);
    // However far apart, and however cold.
    let cold = three().with_temperature(5e-324).unwrap();
    assert_eq!(cold.probabilities(&[f64::MAX, -f64::MAX, f64::MAX]).unwrap(), [0.5, 0.0, 0.5]);
    assert_eq!(
        cold.with_multi_label(true).probabilities(&[0.0, -1.0, 1.0]).unwrap(),
        [0.5, 0.0, 1.0]
    );
}

#[test]
fn labels_are_chosen() {
    let prediction = three().decode(&[0.3, 0.35, 0.35]).unwrap();
    assert_eq!(prediction.labels, ["b"]);
    let order: Vec<_> = prediction.probabilities.iter().map(|(l, _)| l.as_str()).collect();
    assert_eq!(order, ["b", "c", "a"]);

    let several = three().with_multi_label(true);
    assert_eq!(several.decode(&[0.5, 0.9, 0.49]).unwrap().labels, ["b", "a"]);
    let several = several.with_thresholds(vec![Some(0.51), None, Some(0.2)]).unwrap();
    assert_eq!(several.decode(&[0.5, 0.9, 0.2]).unwrap().labels, ["b", "c"]);
    assert!(several.decode(&[0.1, 0.1, 0.1]).unwrap().labels.is_empty());

    let two = ClassifyHead::new("by hand", names(&["no", "yes"]), vec![0.0, 1.0], vec![0.0; 2]);
    let two = two.unwrap().with_thresholds(vec![None, Some(0.9)]).unwrap();
    assert_eq!(two.decode(&[0.2, 0.8]).unwrap().labels, ["no"]);
    assert_eq!(two.decode(&[0.1, 0.9]).unwrap().labels, ["yes"]);
}

#[test]
fn what_makes_no_head_is_an_error() {
    let new = |labels: &[&str], weight: usize, bias: usize| {
        ClassifyHead::new("k", names(labels), vec![0.0; weight], vec![0.0; bias])
    };
    let nan = f64::NAN;
    for (result, expected) in [
        (new(&[], 0, 0), "expected at least 1 labels, found 0"),
        (new(&["a", "b", "a"], 3, 3), "label \"a\" occurs twice"),
        (new(&["a", "b"], 0, 2), "weight has 0 numbers, expected 2"),
        (new(&["a", "b"], 5, 2), "weight has 5 numbers, expected 4"),
        (new(&["a", "b"], 4, 3), "bias has 3 numbers, expected 2"),
        (
            ClassifyHead::new("k", names(&["a"]), vec![1.0, nan], vec![0.0]),
            "number 1 of weight is NaN: expected a finite number",
        ),
        (three().with_square(vec![0.0; 3]), "square has 3 numbers, expected 6"),
        (three().with_temperature(0.0), "temperature is 0: expected a finite number above 0"),
        (three().with_temperature(nan), "temperature is NaN: expected a finite number above 0"),
        (
            three().with_temperature(f64::INFINITY),
            "temperature is inf: expected a finite number above 0",
        ),
        (three().with_thresholds(vec![]), "thresholds has 0 numbers, expected 3"),
        (
            three().with_thresholds(vec![None, Some(1.1), None]),
            "threshold of b is 1.1: expected 0 to 1",
        ),
        (
            three().with_thresholds(vec![None, Some(nan), None]),
            "threshold of b is NaN: expected 0 to 1",
        ),
        (
            three().with_thresholds(vec![None, Some(0.5), None]),
            "1 thresholds for 3 labels of which one is chosen: expected none, or one if there are \
             two labels",
        ),
    ] {
        assert_eq!(result.unwrap_err().to_string(), expected);
    }
    assert!(three().predict(&[0.0]).is_err() && three().predict(&[0.0, f32::INFINITY]).is_err());
    assert!(three().probabilities(&[0.0, nan, 0.0]).is_err() && three().decode(&[0.0]).is_err());
    let huge = ClassifyHead::new("k", names(&["a"]), vec![f64::MAX], vec![0.0]).unwrap();
    assert!(matches!(huge.predict(&[2.0]), Err(HeadError::NotFinite { part: "logits", .. })));
}

proptest! {
    /// A temperature moves probabilities, and no choice; they add up to 1.
    #[test]
    fn a_temperature_changes_no_choice(
        logits in prop::collection::vec(-20..20_i8, 3),
        temperature in 0.01..100.0,
    ) {
        let logits: Vec<f64> = logits.into_iter().map(f64::from).collect();
        let plain = three().probabilities(&logits).unwrap();
        let head = three().with_temperature(temperature).unwrap();
        let other = head.probabilities(&logits).unwrap();
        prop_assert!((other.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for (i, j) in [(0, 1), (1, 2), (0, 2)] {
            prop_assert!((plain[i] - plain[j]) * (other[i] - other[j]) >= 0.0);
        }
        if (1..3).all(|i| (logits[i] - logits[0]).abs() >= 1.0) && (logits[1] - logits[2]).abs() >= 1.0 {
            prop_assert_eq!(
                three().decode(&plain).unwrap().labels,
                head.decode(&other).unwrap().labels
            );
        }
    }
}
