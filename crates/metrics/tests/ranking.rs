//! Rankings and probabilities: worked by hand, against scikit-learn, and what always holds.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

mod alike;

use alike::assert_alike;
use cloze_metrics::MetricsError;
use cloze_metrics::probability::{ProbabilityParams, ProbabilityScorer};
use cloze_metrics::ranking::{
    average_precision, precision_recall_curve, roc_auc, roc_auc_one_vs_rest,
};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

/// Scores .9 + .7 − .5 +− .2 −, so 2 positive and 3 negative. Of 6 pairs the first positive wins 3, the
/// second 1 and a half (.5 = .5): 4.5 / 6. At .9: P 1, R 1/2; .7: 1/2, 1/2; .5: 2/4, 1; .2: 2/5, 1.
/// Average precision: 1/2 · 1 + 1/2 · 1/2 = 3/4.
#[test]
fn a_ranking_by_hand() {
    let gold = [false, true, false, true, false];
    let scores = [0.5, 0.9, 0.7, 0.5, 0.2];
    assert_alike(&json!(roc_auc(&gold, &scores).unwrap()), &json!(0.75), "AUC");
    let turned = gold.map(|g| !g);
    assert_alike(&json!(roc_auc(&turned, &scores).unwrap()), &json!(0.25), "AUC of the others");
    assert_alike(&json!(average_precision(&gold, &scores).unwrap()), &json!(0.75), "AP");
    let curve = precision_recall_curve(&gold, &scores).unwrap();
    let expected = json!({
        "precision": [0.4, 0.5, 0.5, 1.0, 1.0],
        "recall": [1.0, 1.0, 0.5, 0.5, 0.0],
        "thresholds": [0.2, 0.5, 0.7, 0.9],
    });
    assert_alike(&serde_json::to_value(curve).unwrap(), &expected, "curve");
    // 0 and −0 are tied.
    assert_alike(&json!(roc_auc(&[true, false], &[-0.0, 0.0]).unwrap()), &json!(0.5), "zeros");
}

fn scorer(classes: usize, bins: usize) -> ProbabilityScorer {
    ProbabilityParams::new(classes).bins(bins).check().unwrap().scorer()
}

/// Rows .5 .25 .25 with gold 0, .2 .8 0 with gold 2 and 0 .4 .6 with gold 2, in 5 bins.
/// Log loss: (ln 2 − ln 2.2e-16 − ln .6) / 3. Brier: .25 + .0625 + .0625 = .375; .04 + .64 + 1 = 1.68;
/// .16 + .16 = .32: 2.375 / 3. Tops .5 (third bin, right), .8 (the fourth's end, wrong) and .6 (the
/// third's end, right): bins with 2 of 2 right at 1.1, 0 of 1 at .8: (.9 + .8) / 3.
/// Two classes at .7 for gold 1 and .4 for gold 1: (.09 + .36) / 2.
#[test]
fn probabilities_by_hand() {
    let mut three = scorer(3, 5);
    three.add(0, &[0.5, 0.25, 0.25]).unwrap();
    three.add(2, &[0.2, 0.8, 0.0]).unwrap();
    three.add(2, &[0.0, 0.4, 0.6]).unwrap();
    let bin = |examples: u64, correct: u64, confidence: f64| json!({"examples": examples, "correct": correct, "confidence": confidence});
    let none = bin(0, 0, 0.0);
    let expected = json!({
        "examples": 3,
        "log_loss": (2_f64.ln() - f64::EPSILON.ln() - 0.6_f64.ln()) / 3.0,
        "brier": 2.375 / 3.0,
        "expected_calibration_error": 1.7 / 3.0,
        "bins": [none, none, bin(2, 2, 1.1), bin(1, 0, 0.8), none],
    });
    assert_alike(&serde_json::to_value(three.report()).unwrap(), &expected, "");
    let mut two = scorer(2, 5);
    two.add_binary(true, 0.7).unwrap();
    two.add_binary(true, 0.4).unwrap();
    let report = two.report();
    assert_alike(&json!(report.brier), &json!(0.225), "Brier");
    // −ln .7 − ln .4: the probability of gold, not that of the second class alone.
    assert_alike(&json!(report.log_loss), &json!(-(0.28_f64.ln()) / 2.0), "log loss");
}

#[derive(Deserialize)]
struct Figures {
    ranking: Vec<Ranking>,
    probability: Vec<Probability>,
}

#[derive(Deserialize)]
struct Ranking {
    gold: Vec<bool>,
    scores: Vec<f64>,
    roc_auc: f64,
    average_precision: f64,
    curve: Value,
}

#[derive(Deserialize)]
struct Probability {
    classes: usize,
    bins: usize,
    gold: Vec<usize>,
    rows: Vec<Vec<f64>>,
    report: Value,
    roc_auc: f64,
}

#[test]
fn scikit_learn_has_the_same() {
    let figures: Figures = serde_json::from_str(include_str!("data/figures.json")).unwrap();
    let mut worst = 0.0_f64;
    for (i, case) in figures.ranking.iter().enumerate() {
        let (gold, scores) = (&case.gold, &case.scores);
        let found = json!({
            "roc_auc": roc_auc(gold, scores).unwrap(),
            "average_precision": average_precision(gold, scores).unwrap(),
            "curve": serde_json::to_value(precision_recall_curve(gold, scores).unwrap()).unwrap(),
        });
        let expected = json!({
            "roc_auc": case.roc_auc,
            "average_precision": case.average_precision,
            "curve": case.curve,
        });
        worst = worst.max(assert_alike(&found, &expected, &format!("ranking {i}")));
    }
    for (i, case) in figures.probability.iter().enumerate() {
        let mut scorer = scorer(case.classes, case.bins);
        for (gold, row) in case.gold.iter().zip(&case.rows) {
            scorer.add(*gold, row).unwrap();
        }
        let found = serde_json::to_value(scorer.report()).unwrap();
        worst = worst.max(assert_alike(&found, &case.report, &format!("probability {i}")));
        let found = roc_auc_one_vs_rest(&case.gold, &case.rows).unwrap();
        worst = worst.max(assert_alike(
            &json!(found),
            &json!(case.roc_auc),
            &format!("one vs rest {i}"),
        ));
    }
    println!("worst difference: {worst:e}");
}

#[test]
fn what_cannot_be_judged_is_an_error() {
    let nan = f64::NAN;
    for (gold, scores, expected) in [
        (&[true][..], &[][..], "1 numbers in the first list, 0 in the second"),
        (&[], &[], "0 positive and 0 negative examples: expected both"),
        (&[false], &[0.5], "0 positive and 1 negative examples: expected both"),
        (
            &[true, false],
            &[0.5, nan],
            "value 1 of the second list is NaN: expected a finite number",
        ),
    ] {
        assert_eq!(roc_auc(gold, scores).unwrap_err().to_string(), expected);
        assert_eq!(average_precision(gold, scores).unwrap_err().to_string(), expected);
    }
    assert_alike(
        &json!(average_precision(&[true], &[0.1]).unwrap()),
        &json!(1.0),
        "positives alone",
    );
    for (gold, rows, expected) in [
        (&[0, 1][..], &[&[0.1, 0.9][..], &[0.5]][..], "row 1: expected 2 classes, found 1"),
        (&[0, 2], &[&[0.1, 0.9], &[0.5, 0.5]], "row 1: gold class 2 of 2, which count from 0"),
        (
            &[0, 0],
            &[&[0.1, 0.9], &[0.5, 0.5]],
            "class 0: 2 positive and 0 negative examples: expected both",
        ),
        (&[], &[], "0 positive and 0 negative examples: expected both"),
    ] {
        assert_eq!(roc_auc_one_vs_rest(gold, rows).unwrap_err().to_string(), expected);
    }
    let mut two = scorer(2, 15);
    two.add(0, &[0.5, 0.5]).unwrap();
    let before = two.clone();
    for (gold, row, expected) in [
        (0, &[0.5][..], "row 1: expected 2 classes, found 1"),
        (2, &[0.5, 0.5], "row 1: gold class 2 of 2, which count from 0"),
        (0, &[nan, 0.5], "row 1, class 0: expected a probability, found NaN"),
        (0, &[1.25, -0.25], "row 1, class 0: expected a probability, found 1.25"),
        (0, &[0.5, -0.25], "row 1, class 1: expected a probability, found -0.25"),
        (0, &[0.5, 0.25], "row 1: expected probabilities that sum to 1, found a sum of 0.75"),
        (
            0,
            &[0.5, 0.500_01],
            "row 1: expected probabilities that sum to 1, found a sum of 1.00001",
        ),
    ] {
        assert_eq!(two.add(gold, row).unwrap_err().to_string(), expected);
    }
    assert_eq!(two, before);
    two.add(0, &[0.5, 0.500_000_9]).unwrap();
    two.add(0, &[1.000_000_5, 0.0]).unwrap();
    assert!(matches!(two.merge(&scorer(2, 5)), Err(MetricsError::Unlike { .. })));
    for (params, expected) in [
        (ProbabilityParams::new(1), "classes: expected at least 2, found 1"),
        (ProbabilityParams::new(2).bins(0), "bins: expected 1 to 10000, found 0"),
        (ProbabilityParams::new(2).bins(10_001), "bins: expected 1 to 10000, found 10001"),
    ] {
        assert_eq!(params.check().unwrap_err().to_string(), expected);
    }
    for bins in [1, 10_000] {
        let mut edge = scorer(2, bins);
        for p in [0.0, 0.5, 1.0] {
            edge.add_binary(true, p).unwrap();
        }
        assert_eq!((edge.examples(), edge.report().bins.len()), (3, bins));
    }
    let text = serde_json::to_string(&scorer(2, 1).report()).unwrap();
    assert!(!text.contains("null"), "{text}");
}

proptest! {
    /// Few distinct scores, so that ties are common. The area is that of all pairs one by one; only the
    /// order of scores matters; turned scores turn it.
    #[test]
    fn an_area_counts_pairs(examples in prop::collection::vec((any::<bool>(), 0..4_i8), 2..12)) {
        let (gold, scores): (Vec<bool>, Vec<f64>) =
            examples.iter().map(|(gold, score)| (*gold, f64::from(*score))).unzip();
        let Ok(found) = roc_auc(&gold, &scores) else {
            prop_assert!(gold.iter().all(|g| *g == gold[0]));
            return Ok(());
        };
        let (mut won, mut pairs) = (0.0, 0.0);
        for (_, p) in gold.iter().zip(&scores).filter(|(g, _)| **g) {
            for (_, n) in gold.iter().zip(&scores).filter(|(g, _)| !**g) {
                pairs += 1.0;
                won += if p > n { 1.0 } else if p < n { 0.0 } else { 0.5 };
            }
        }
        prop_assert!((found - won / pairs).abs() < 1e-12);
        let cubes: Vec<f64> = scores.iter().map(|s| s.powi(3) - 7.0).collect();
        prop_assert!((roc_auc(&gold, &cubes).unwrap() - found).abs() < 1e-12);
        let turned: Vec<f64> = scores.iter().map(|s| -s).collect();
        prop_assert!((roc_auc(&gold, &turned).unwrap() - (1.0 - found)).abs() < 1e-12);
    }

    /// Sums made apart are those made together, and each example is in the bin that its top
    /// probability lies in.
    #[test]
    fn parts_add_up(
        rows in prop::collection::vec((0..=20_u8, any::<bool>()), 1..12), at in 0..12_usize, bins in 1..12_usize,
    ) {
        let scored = |rows: &[(u8, bool)]| {
            let mut scorer = scorer(2, bins);
            for (p, gold) in rows {
                scorer.add_binary(*gold, f64::from(*p) / 20.0).unwrap();
            }
            scorer
        };
        let at = at.min(rows.len());
        let mut parts = scored(&rows[..at]);
        parts.merge(&scored(&rows[at..])).unwrap();
        let [found, expected] = [parts.report(), scored(&rows).report()].map(|r| serde_json::to_value(r).unwrap());
        assert_alike(&found, &expected, "");
        for (m, bin) in parts.report().bins.iter().enumerate() {
            let share = |m: usize| f64::from(u32::try_from(m).unwrap()) / f64::from(u32::try_from(bins).unwrap());
            let n = f64::from(u32::try_from(bin.examples).unwrap());
            prop_assert!(bin.confidence <= share(m + 1) * n + 1e-9);
            prop_assert!(n == 0.0 || bin.confidence > share(m) * n - 1e-9);
        }
    }
}
