use cloze_core::Matrix;
use cloze_train::{ClassWeights, HeadParams, Labels};
use linfa::prelude::*;
use linfa_logistic::MultiLogisticRegression;
use ndarray::{Array1, Array2};
use proptest::prelude::*;

use crate::{assert_close, probabilities, reference};

#[test]
fn scikit_learn_has_the_same() {
    let reference = reference();
    let rows = reference.matrix();
    let mut worst: f64 = 0.0;
    for case in &reference.logistic {
        let labels = match case.kind.as_str() {
            "three" => reference.labels(&reference.gold),
            "two" => reference.labels(&reference.two),
            _ => {
                let set = |set: &Vec<usize>| set.iter().map(|&g| &reference.names[g]).collect();
                Labels::multi(&reference.sets.iter().map(set).collect::<Vec<Vec<_>>>()).unwrap()
            }
        };
        let weights = match &case.weights {
            Some(weights) => ClassWeights::PerLabel(
                reference.names.iter().cloned().zip(weights.iter().copied()).collect(),
            ),
            None if case.balanced => ClassWeights::Balanced,
            None => ClassWeights::None,
        };
        let params = HeadParams::new().c(case.c).class_weights(weights);
        let fitted = params.check().unwrap().fit(&rows, &labels, None).unwrap();
        assert!(fitted.converged, "{} {}", case.kind, case.c);
        let found = probabilities(&fitted.head, &rows);
        worst = worst.max(assert_close(&found, &case.probabilities, 1e-5, 0.0));
    }
    println!("at most {worst:e} off");
}

/// linfa's multinomial objective is the same where no class has a weight; alpha is 1 / C.
#[test]
fn linfa_has_the_same() {
    let reference = reference();
    let rows = Matrix::from_vec(6, reference.standard.clone()).unwrap();
    let labels = reference.labels(&reference.gold);
    let head = HeadParams::new().c(2.0).check().unwrap().fit(&rows, &labels, None).unwrap().head;
    let wide = reference.standard.iter().map(|x| f64::from(*x)).collect();
    let x = Array2::from_shape_vec((120, 6), wide).unwrap();
    let set = Dataset::new(x.clone(), Array1::from_vec(reference.gold.clone()));
    let params = MultiLogisticRegression::default().alpha(0.5).max_iterations(1000);
    let linfa = params.gradient_tolerance(1e-6).fit(&set).unwrap();
    let expected: Vec<f64> = linfa.predict_probabilities(&x).iter().copied().collect();
    assert_close(&probabilities(&head, &rows), &expected, 1e-4, 0.0);
}

/// Rows −1 and 1 of the labels a and b: one weight w and, by symmetry, no bias. The loss
/// 2 ln(1 + e⁻ʷ) + w² / (2C) is least where 2 / (1 + eʷ) = w / C; for C = 2 / ln 3 · (1 + 3) / 4 …
/// that is, C = 2 ln 3: 2 / 4 = ln 3 / C. So P(b | 1) = 3 / 4, and the mean loss is
/// ln(4 / 3) + (ln 3)² / (8 ln 3).
#[test]
fn two_rows_by_hand() {
    let rows = Matrix::from_vec(1, vec![-1.0, 1.0]).unwrap();
    let labels = Labels::single(&["a", "b"]).unwrap();
    let ln3 = 3_f64.ln();
    let params = HeadParams::new().c(2.0 * ln3).tolerance(1e-9).check().unwrap();
    let fitted = params.fit(&rows, &labels, None).unwrap();
    assert_close(&probabilities(&fitted.head, &rows), &[0.75, 0.25, 0.25, 0.75], 1e-9, 0.0);
    let loss = (4.0_f64 / 3.0).ln() + ln3 / 8.0;
    assert_close(&[fitted.loss.unwrap()], &[loss], 1e-12, 0.0);
}

#[test]
fn a_start_saves_steps() {
    let reference = reference();
    let (rows, three) = (reference.matrix(), reference.labels(&reference.gold));
    for labels in [three, reference.labels(&reference.two)] {
        let params = HeadParams::new().check().unwrap();
        let cold = params.fit(&rows, &labels, None).unwrap();
        let warm = params.fit(&rows, &labels, Some(&cold.head)).unwrap();
        assert!(warm.iterations <= 1 && cold.iterations > 5, "{}", warm.iterations);
        let (cold, warm) = (probabilities(&cold.head, &rows), probabilities(&warm.head, &rows));
        assert_close(&warm, &cold, 1e-4, 0.0);
    }
}

#[test]
fn one_step_is_not_converged() {
    let reference = reference();
    let params = HeadParams::new().max_iterations(1).check().unwrap();
    let fitted = params.fit(&reference.matrix(), &reference.labels(&reference.gold), None).unwrap();
    assert!(!fitted.converged && fitted.iterations == 1);
}

/// 1,000 rows, so that there are several blocks.
#[test]
fn threads_change_no_bit() {
    let mut random = cloze_testkit::Random::new(3);
    let data: Vec<f32> =
        (0..5000).map(|_| f32::from(u8::try_from(random.below(200)).unwrap()) / 20.0).collect();
    let gold: Vec<_> = (0..1000).map(|_| random.choose(&["a", "b", "c", "d", "e"])).collect();
    let (rows, labels) = (Matrix::from_vec(5, data).unwrap(), Labels::single(&gold).unwrap());
    let fit = |threads| {
        let params = HeadParams::new().threads(threads).check().unwrap();
        params.fit(&rows, &labels, None).unwrap()
    };
    assert_eq!(fit(1), fit(3));
    assert_eq!(fit(1), fit(100));
}

/// Up to 20 rows of 2 numbers, labels a, b and perhaps c, each at least once.
fn examples() -> impl Strategy<Value = (Vec<Vec<i8>>, Vec<usize>)> {
    (2..4_usize).prop_flat_map(|classes| {
        prop::collection::vec((prop::collection::vec(-8..8_i8, 2), 0..classes), 4..20).prop_map(
            move |all| {
                let (rows, mut gold): (Vec<_>, Vec<_>) = all.into_iter().unzip();
                (0..classes).for_each(|c| gold[c] = c);
                (rows, gold)
            },
        )
    })
}

fn fit(rows: &[Vec<i8>], gold: &[usize], shift: f32, weights: ClassWeights) -> Vec<f64> {
    let data = rows.iter().flat_map(|r| [f32::from(r[0]) / 2.0 + shift, f32::from(r[1])]).collect();
    let rows = Matrix::from_vec(2, data).unwrap();
    let names: Vec<_> = gold.iter().map(|&g| ["a", "b", "c"][g]).collect();
    let params = HeadParams::new().class_weights(weights).tolerance(1e-8);
    let labels = Labels::single(&names).unwrap();
    probabilities(&params.check().unwrap().fit(&rows, &labels, None).unwrap().head, &rows)
}

proptest! {
    /// A constant added to a feature goes into the bias, which costs nothing.
    #[test]
    fn a_constant_changes_nothing((rows, gold) in examples(), shift in -90..90_i8) {
        let (a, b) = (fit(&rows, &gold, 0.0, ClassWeights::None),
            fit(&rows, &gold, shift.into(), ClassWeights::None));
        for (a, b) in a.iter().zip(b) {
            prop_assert!((a - b).abs() < 1e-6, "{} {}", a, b);
        }
    }

    #[test]
    fn the_order_of_rows_changes_nothing((mut rows, mut gold) in examples()) {
        let there = fit(&rows, &gold, 0.0, ClassWeights::None);
        rows.reverse();
        gold.reverse();
        let back = fit(&rows, &gold, 0.0, ClassWeights::None);
        let classes = there.len() / rows.len();
        for (a, b) in there.chunks(classes).zip(back.chunks(classes).rev()) {
            for (a, b) in a.iter().zip(b) {
                prop_assert!((a - b).abs() < 1e-6, "{} {}", a, b);
            }
        }
    }

    /// Weights 1, 2 and 3 are one, two and three copies of the rows.
    #[test]
    fn weights_are_copies((rows, gold) in examples()) {
        let weights = [("a", 1.0), ("b", 2.0), ("c", 3.0)].map(|(l, w)| (l.to_owned(), w));
        let some = weights[..gold.iter().max().unwrap() + 1].to_vec();
        let weighted = fit(&rows, &gold, 0.0, ClassWeights::PerLabel(some));
        let (mut more, mut labels) = (rows.clone(), gold.clone());
        for (row, &g) in rows.iter().zip(&gold) {
            for _ in 0..g {
                more.push(row.clone());
                labels.push(g);
            }
        }
        let copied = fit(&more, &labels, 0.0, ClassWeights::None);
        for (a, b) in weighted.iter().zip(copied) {
            prop_assert!((a - b).abs() < 1e-6, "{} {}", a, b);
        }
    }
}
