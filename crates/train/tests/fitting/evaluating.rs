use cloze_core::Matrix;
use cloze_embed::correction::Method;
use cloze_heads::classify::FeatureParams;
use cloze_train::calibrate;
use cloze_train::curve;
use cloze_train::label_errors;
use cloze_train::{Folds, HeadParams, Labels, cross_validate, hold_out, threshold, validate};
use proptest::prelude::*;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng as _;

use crate::{assert_close, reference};

/// Each fold by hand, with the public parts: nothing of a fold held out goes into its features.
#[test]
fn a_fold_is_not_seen_before() {
    let reference = reference();
    let (rows, labels) = (reference.matrix(), reference.labels(&reference.gold));
    let features = FeatureParams::new().correction(Some(Method::ZScore)).check().unwrap();
    let head = HeadParams::new().check().unwrap();
    let folds = Folds::stratified(&labels, 4, 1).unwrap();
    let found = cross_validate(&rows, &labels, features, &head, &folds).unwrap();
    for fold in 0..4 {
        let part = |places: &[usize]| {
            let data = places.iter().flat_map(|&i| rows.row(i).unwrap().to_vec());
            Matrix::from_vec(6, data.collect()).unwrap()
        };
        let training = folds.training(fold);
        let learned = features.fit(&part(&training)).unwrap();
        let known = learned.apply_all(&part(&training)).unwrap();
        let fitted = head.fit(&known, &labels.subset(&training), None).unwrap();
        let mut right = 0;
        for i in folds.held_out(fold) {
            let logits = fitted.head.predict(&learned.apply(rows.row(i).unwrap()).unwrap());
            let logits = logits.unwrap();
            assert_eq!(found.logits[i], logits, "example {i}");
            let best = (0..3).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
            right += usize::from(best == reference.gold[i]);
        }
        let accuracy = right as f64 / folds.held_out(fold).len() as f64;
        assert_close(&[found.reports[fold].score.accuracy], &[accuracy], 1e-15, 0.0);
    }
    let (mean, std) = found.mean_std(|s| s.accuracy);
    assert!(mean > 0.5 && std < 0.3, "{mean} {std}");
    let text = cross_validate(&part_of(&rows), &labels, features, &head, &folds).unwrap_err();
    assert_eq!(text.to_string(), "1 rows for 120 examples");
}

fn part_of(rows: &Matrix) -> Matrix {
    Matrix::from_vec(6, rows.row(0).unwrap().to_vec()).unwrap()
}

#[test]
fn scipy_finds_the_same_temperature() {
    let reference = reference();
    let labels = reference.labels(&reference.held);
    let logits: Vec<_> = reference.logits.chunks(3).map(<[f64]>::to_vec).collect();
    let found = calibrate(&logits, &labels).unwrap();
    assert_close(&[found.temperature], &[reference.temperature], 0.0, 1e-6);
    assert_close(&[found.loss_after], &[reference.log_loss], 1e-12, 0.0);
    assert!(found.loss_before > found.loss_after && !found.at_end);
}

/// Logits 0 and ln 9 for b: sure to 0.9, but right in 3 of 4. The loss is least where the
/// probability is 3/4: ln 9 / T = ln 3, so T = 2.
#[test]
fn a_temperature_by_hand() {
    let logits = vec![vec![0.0, 9_f64.ln()]; 4];
    let labels = Labels::single(&["b", "b", "a", "b"]).unwrap();
    let found = calibrate(&logits, &labels).unwrap();
    assert_close(&[found.temperature], &[2.0], 1e-9, 0.0);
    let (before, after) =
        (-0.75 * 0.9_f64.ln() - 0.25 * 0.1_f64.ln(), -0.75 * 0.75_f64.ln() - 0.25 * 0.25_f64.ln());
    assert_close(&[found.loss_before, found.loss_after], &[before, after], 1e-12, 0.0);
    // One logit by itself, of a single label that three of four have: the same.
    let sets = [vec!["b"], vec!["b"], vec![], vec!["b"]];
    let several = Labels::multi(&sets).unwrap();
    let found = calibrate(&vec![vec![9_f64.ln()]; 4], &several).unwrap();
    assert_close(&[found.temperature], &[2.0], 1e-9, 0.0);
    assert_close(&[found.loss_before, found.loss_after], &[before, after], 1e-12, 0.0);
    // Never wrong, and no better than chance.
    let right = calibrate(&[vec![1.0, 0.0], vec![0.0, 1.0]], &Labels::single(&["a", "b"]).unwrap());
    assert!(right.unwrap().at_end);
    let wrong = calibrate(&[vec![1.0, 0.0], vec![0.0, 1.0]], &Labels::single(&["b", "a"]).unwrap());
    let wrong = wrong.unwrap();
    assert!(wrong.at_end && (wrong.temperature - 1e3).abs() < 1e-6);
}

#[test]
fn logits_that_do_not_fit_are_an_error() {
    let labels = Labels::single(&["a", "b"]).unwrap();
    for (logits, expected) in [
        (vec![vec![0.0, 1.0]], "1 logits for 2 examples"),
        (vec![vec![0.0, 1.0], vec![0.0]], "expected logits of 2 numbers, found 1"),
        (
            vec![vec![0.0, 1.0], vec![f64::NAN, 0.0]],
            "row 1, column 0 is NaN: expected a finite number",
        ),
    ] {
        assert_eq!(calibrate(&logits, &labels).unwrap_err().to_string(), expected);
        assert!(label_errors(&logits, &labels).is_err());
    }
    assert!(calibrate(&[], &labels.subset(&[])).is_err());
}

/// a has 0.9, 0.8 and 0.1 of itself: threshold 0.6; b has 0.7 and 0.3: ½. Example 2, an a with 0.9 of
/// b, and example 4, a b with 0.7 of a, are likely errors, with margins 0.8 and 0.4.
#[test]
fn label_errors_by_hand() {
    let labels = Labels::single(&["a", "a", "a", "b", "b"]).unwrap();
    let a = [0.9, 0.8, 0.1, 0.3, 0.7];
    let probabilities: Vec<_> = a.iter().map(|a| vec![*a, 1.0 - a]).collect();
    let found = label_errors(&probabilities, &labels).unwrap();
    let places: Vec<_> = found.iter().map(|e| (e.example, e.given, e.suggested)).collect();
    assert_eq!(places, [(2, 0, 1), (4, 1, 0)]);
    assert_close(&[found[0].margin, found[1].margin], &[0.8, 0.4], 1e-12, 0.0);
    let several = Labels::multi(&[vec!["a"]]).unwrap();
    assert!(label_errors(&[vec![0.5]], &several).is_err());
}

/// From the highest: 0.9 gold, 0.8 not, 0.7 gold twice and once not, 0.2 gold. Precisions 1, 1/2,
/// 3/5, 4/6, recalls 1/4, 1/4, 3/4, 1.
#[test]
fn thresholds_by_hand() {
    let probabilities = [0.7, 0.9, 0.2, 0.8, 0.7, 0.7];
    let gold = [true, true, true, false, false, true];
    let precision = |wanted| threshold::for_precision(&probabilities, &gold, wanted);
    let recall = |wanted| threshold::for_recall(&probabilities, &gold, wanted).unwrap();
    let cut = precision(0.65).unwrap();
    assert_eq!((cut.threshold, cut.recall), (0.2, 1.0));
    let cut = precision(0.7).unwrap();
    assert_eq!((cut.threshold, cut.precision), (0.9, 1.0));
    let cut = recall(0.5);
    assert_eq!((cut.threshold, cut.precision, cut.recall), (0.7, 0.6, 0.75));
    assert_eq!((recall(1.0).threshold, recall(0.0).threshold), (0.2, 0.9));
    let error = threshold::for_precision(&[0.9, 0.5], &[false, true], 0.6).unwrap_err();
    let expected = "no threshold has a precision of 0.6; the best is 0.5, at 0.5";
    assert_eq!(error.to_string(), expected);
    assert!(threshold::for_recall(&[0.5], &[false], 0.5).is_err());
    assert!(threshold::for_recall(&[f64::NAN], &[true], 0.5).is_err());
    assert!(precision(f64::NAN).is_err() && threshold::for_precision(&[], &[true], 0.5).is_err());
}

/// 120 examples of 66, 36 and 18, a quarter held out: 17 (16.5 rounded), 9 and 5 (4.5) leave 49, 27
/// and 13. 1 % of that is one of each; 2 % round(0.98), 1 and 1, which is the same and fitted once.
#[test]
fn a_curve_grows() {
    let reference = reference();
    let (rows, labels) = (reference.matrix(), reference.labels(&reference.gold));
    let features = FeatureParams::new().check().unwrap();
    let head = HeadParams::new().check().unwrap();
    let points = curve(&rows, &labels, features, &head, 0.25, 5).unwrap();
    let sizes: Vec<_> = points.iter().map(|p| p.examples).collect();
    // 4 %: 2 + 1 + 1; 8 %: 4 + 2 + 1; 16 %: 8 + 4 + 2; 32 %: 16 + 9 + 4; 64 %: 31 + 17 + 8.
    assert_eq!(sizes, [3, 4, 7, 14, 29, 56, 89]);
    assert!(points.iter().all(|p| p.report.converged));
    assert_eq!(points, curve(&rows, &labels, features, &head, 0.25, 5).unwrap());
}

proptest! {
    /// No probability is chosen that would be better by another threshold.
    #[test]
    fn cuts_are_the_best(all in prop::collection::vec((0..5_u8, any::<bool>()), 1..12), wanted in 0..5_u8) {
        let p: Vec<f64> = all.iter().map(|(p, _)| f64::from(*p) / 4.0).collect();
        let gold: Vec<bool> = all.iter().map(|(_, g)| *g).collect();
        let wanted = f64::from(wanted) / 4.0;
        let count = |t: f64| {
            let chosen: Vec<bool> = p.iter().zip(&gold).filter(|(p, _)| **p >= t).map(|(_, g)| *g).collect();
            let right = chosen.iter().filter(|g| **g).count() as f64;
            (right / chosen.len() as f64, right / gold.iter().filter(|g| **g).count() as f64)
        };
        if let Ok(cut) = threshold::for_precision(&p, &gold, wanted) {
            prop_assert_eq!(count(cut.threshold), (cut.precision, cut.recall));
            prop_assert!(p.iter().all(|&t| t >= cut.threshold || count(t).0 < wanted));
        }
        if let Ok(cut) = threshold::for_recall(&p, &gold, wanted) {
            prop_assert!(cut.recall >= wanted);
            prop_assert!(p.iter().all(|&t| t <= cut.threshold || count(t).1 < wanted));
        }
    }
}

/// 130 texts three times each, with labels drawn by lot among four: of copies that are on both sides
/// of a split the head has learned the label by heart, 0.9 and more held out; of groups it knows nothing, a
/// quarter, four standard errors (4 · 0.038) to either side.
#[test]
fn copies_on_both_sides_tell_nothing() {
    let (texts, width) = (130, 220);
    let mut random = Pcg64::seed_from_u64(5);
    let mut vectors = Matrix::with_capacity(texts, width);
    for _ in 0..texts {
        #[expect(clippy::cast_precision_loss, reason = "24 bits")]
        let row: Vec<f32> =
            (0..width).map(|_| (random.next_u64() >> 40) as f32 / 8_388_608.0 - 1.0).collect();
        assert!(vectors.push_rows(&row));
    }
    let by_lot: Vec<&str> =
        (0..texts).map(|_| ["a", "b", "c", "d"][(random.next_u64() >> 62) as usize]).collect();
    let text_of: Vec<usize> = (0..3 * texts).map(|i| i % texts).collect();
    let mut rows = Matrix::with_capacity(3 * texts, width);
    for &text in &text_of {
        assert!(rows.push_rows(vectors.row(text).unwrap()));
    }
    let names: Vec<&str> = text_of.iter().map(|&text| by_lot[text]).collect();
    let plain = Labels::single(&names).unwrap();
    let grouped = plain.clone().grouped(&text_of).unwrap();
    let features = FeatureParams::new().check().unwrap();
    let head = HeadParams::new().check().unwrap();
    let accuracy = |labels: &Labels| {
        let folds = Folds::stratified(labels, 5, 0).unwrap();
        let out = cross_validate(&rows, labels, features, &head, &folds).unwrap();
        let (training, held_out) = hold_out(labels, 0.2, 0).unwrap();
        let (_, part) = validate(&rows, labels, features, &head, &training, &held_out).unwrap();
        [out.mean_std(|score| score.accuracy).0, part.score.accuracy]
    };
    assert!(accuracy(&plain).iter().all(|a| *a > 0.9), "{:?}", accuracy(&plain));
    let [folds, part] = accuracy(&grouped);
    assert!((folds - 0.25).abs() < 0.152, "{folds}");
    assert!((part - 0.25).abs() < 0.25, "{part}");
}
