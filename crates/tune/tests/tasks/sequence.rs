//! Labels of texts.
use cloze_checkpoint::family::{ALBERT, BERT, DISTILBERT, ELECTRA, Family, MPNET, ROBERTA};
use cloze_testkit::{Random, assert_close};
use cloze_tune::encoder::DropoutAt;
use cloze_tune::task::{DenseLayer, LabelledExample, SequenceParams, SequenceTask, Task, stems};
use cloze_tune::{Hidden, Parameters, TuneError};

use crate::numeric::{DROPOUT, check, dense, hidden, text};

const FAMILIES: [&Family; 6] = [&BERT, &ROBERTA, &DISTILBERT, &ELECTRA, &MPNET, &ALBERT];

fn example(tokens: usize, labels: &[usize]) -> LabelledExample {
    LabelledExample { sequence: text(tokens), labels: labels.to_vec() }
}

fn params() -> SequenceParams {
    SequenceParams::default()
}

/// A head of 4 numbers and 3 labels.
fn task(family: &Family, params: SequenceParams, parameters: &mut Parameters) -> SequenceTask {
    let mut random = Random::new(2);
    let [inner, outer] = stems(family, "bert.");
    let inner = dense(parameters, &inner, 4, 4, &mut random);
    let classifier = dense(parameters, &outer, 4, 3, &mut random);
    params.check(family, inner, classifier).unwrap()
}

#[test]
fn the_gradient_is_that_of_differences_in_every_family() {
    let one = [example(2, &[2]), example(1, &[0]), example(3, &[2])];
    let many = [example(2, &[2, 0]), example(1, &[]), example(3, &[1])];
    let weights = Some(vec![0.5, 2.0, 1.25]);
    let weighted = params().class_weights(weights).label_smoothing(0.25);
    // A seed with which no step crosses the corner of `DistilBERT`'s ReLU.
    let hidden = hidden(&[2, 1, 3], 4, &mut Random::new(4));
    for family in FAMILIES {
        for dropout in [None, DROPOUT] {
            for params in [params(), weighted.clone()] {
                let mut parameters = Parameters::default();
                let several = params.clone().multi_label(true);
                let task_one = task(family, params, &mut parameters);
                let (step, abs) = (1.0 / 128.0, 2e-5);
                check(&task_one, &mut parameters, &one, &hidden, dropout, step, abs);
                let mut parameters = Parameters::default();
                let task_many = task(family, several, &mut parameters);
                check(&task_many, &mut parameters, &many, &hidden, dropout, step, abs);
            }
        }
    }
}

/// One number, ln 3, and weights so that the logits are (y, 0), y the activation's result at 1. Of
/// ELECTRA y = Φ(1) = 0.841345, of BERT and RoBERTa tanh 1, of `DistilBERT` 1; at −1 −0.158655,
/// −tanh 1, 0.
#[test]
fn each_family_has_its_activation() {
    let (half, tanh) = (0.841_344_8, 1_f32.tanh());
    let expected = [
        (&BERT, [tanh, -tanh]),
        (&ROBERTA, [tanh, -tanh]),
        (&DISTILBERT, [1.0, 0.0]),
        (&ELECTRA, [half, half - 1.0]),
    ];
    for (family, expected) in expected {
        let mut parameters = Parameters::default();
        let inner = DenseLayer::add(&mut parameters, "a", 1, vec![1.0], vec![0.0]).unwrap();
        let outer = DenseLayer::add(&mut parameters, "b", 1, vec![1.0, 0.0], vec![0.0; 2]).unwrap();
        let task = params().check(family, inner, outer).unwrap();
        let mut hidden = Hidden::zeros(1, [1, 2]);
        hidden.rows_mut().copy_from_slice(&[1.0, -1.0, 9.0]);
        let logits = task.predict(&parameters, &hidden).unwrap();
        let expected = [expected[0], 0.0, expected[1], 0.0];
        assert_close(logits.as_slice(), &expected, 1e-6, 0.0);
    }
}

/// One number, 1, to 16 inner ones: where the one is dropped (half of the time), logits are 0 and the
/// loss is ln 2; all 16 are dropped once in 65,536 times.
#[test]
fn only_two_families_drop_before_the_first_layer() {
    for (family, expected) in FAMILIES.into_iter().zip([false, true, false, true]) {
        let mut parameters = Parameters::default();
        let inner = DenseLayer::add(&mut parameters, "a", 1, vec![1.0; 16], vec![0.0; 16]).unwrap();
        let weight = [[1.0; 16], [0.0; 16]].concat();
        let outer = DenseLayer::add(&mut parameters, "b", 16, weight, vec![0.0; 2]).unwrap();
        let task = params().check(family, inner, outer).unwrap();
        let mut hidden = Hidden::zeros(1, [1]);
        hidden.rows_mut()[0] = 1.0;
        let mut even = |seed| {
            let dropout = Some(DropoutAt { seed, rate: 0.5 });
            let text = example(1, &[0]);
            let loss = task.loss(&mut parameters, &[&text], &hidden, dropout, None).unwrap();
            (loss - 2_f64.ln()).abs() < 1e-12
        };
        let count = (0..100).filter(|&seed| even(seed)).count();
        assert!(
            if expected { (30..70).contains(&count) } else { count == 0 },
            "{family:?} {count}"
        );
    }
}

/// `DistilBERT`'s head made the identity: logits are the first token's numbers, ln of 1, 2 and 5, so
/// that probabilities are 1/8, 2/8, 5/8.
/// - gold 1: ln 4; weights 3, 2, 1: 2 ln 4, and it counts 2;
/// - smoothing 0.3: 0.7 of gold and 0.1 of each: 0.1 ln 8 + 0.8 ln 4 + 0.1 ln 8/5;
/// - several, {0, 2}: probabilities 1/2, 2/3, 5/6: (ln 2 + ln 3 + ln 6/5) / 3; weights 3, 2, 1:
///   (3 ln 2 + ln 3 + ln 6/5) / 3.
#[test]
fn losses_by_hand() {
    const IDENTITY: [f32; 9] = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let loss = |params: SequenceParams, labels: &[usize]| {
        let mut parameters = Parameters::default();
        let mut layer =
            |stem| DenseLayer::add(&mut parameters, stem, 3, IDENTITY.to_vec(), vec![0.0; 3]);
        let (inner, outer) = (layer("a").unwrap(), layer("b").unwrap());
        let task = params.check(&DISTILBERT, inner, outer).unwrap();
        let mut hidden = Hidden::zeros(3, [2]);
        hidden.rows_mut()[..3].copy_from_slice(&[1_f32, 2.0, 5.0].map(f32::ln));
        let example = example(2, labels);
        let loss = task.loss(&mut parameters, &[&example], &hidden, None, None).unwrap();
        (loss, task.weight(&example))
    };
    let weights = Some(vec![3.0, 2.0, 1.0]);
    let several = params().multi_label(true);
    let ln = |x: f64| x.ln();
    let cases = [
        (loss(params(), &[1]), (ln(4.0), 1.0)),
        (loss(params().class_weights(weights.clone()), &[1]), (2.0 * ln(4.0), 2.0)),
        (
            loss(params().label_smoothing(0.3), &[1]),
            (0.1 * ln(8.0) + 0.8 * ln(4.0) + 0.1 * ln(1.6), 1.0),
        ),
        (loss(several.clone(), &[0, 2]), ((ln(2.0) + ln(3.0) + ln(1.2)) / 3.0, 1.0)),
        (
            loss(several.class_weights(weights), &[2, 0]),
            ((3.0 * ln(2.0) + ln(3.0) + ln(1.2)) / 3.0, 1.0),
        ),
    ];
    for (i, (found, expected)) in cases.into_iter().enumerate() {
        assert!((found.0 - expected.0).abs() < 1e-6, "{i}: {found:?}, expected {expected:?}");
        assert!((found.1 - expected.1).abs() < 1e-12, "{i}: {found:?}, expected {expected:?}");
    }
}

#[test]
fn settings_are_judged() {
    let checked = |params: SequenceParams, inner: usize, labels: usize| {
        let mut parameters = Parameters::default();
        let dense = DenseLayer::drawn(&mut parameters, "a", 2, 2, 1).unwrap();
        let classifier = DenseLayer::drawn(&mut parameters, "b", inner, labels, 1).unwrap();
        params.check(&BERT, dense, classifier).map(|_| ()).map_err(|e| e.to_string())
    };
    let weights = |w: &[f32]| checked(params().class_weights(Some(w.to_vec())), 2, 2);
    let smoothed = |share| checked(params().label_smoothing(share), 2, 2);
    assert_eq!(checked(params(), 2, 2), Ok(()));
    assert_eq!(checked(params().multi_label(true), 2, 1), Ok(()));
    assert_eq!(weights(&[1e-9, 1e9]), Ok(()));
    assert_eq!((smoothed(0.0), smoothed(0.99)), (Ok(()), Ok(())));
    let cases = [
        (
            checked(params(), 3, 2),
            "classifier's inputs is 3: expected 2, the outputs of the layer before",
        ),
        (checked(params(), 2, 1), "labels is 1: expected two or more"),
        (weights(&[1.0]), "class_weights is 1 numbers: expected 2, one per label"),
        (weights(&[1.0, 0.0]), "class_weights is 0: expected finite, above 0"),
        (weights(&[f32::INFINITY, 1.0]), "class_weights is inf: expected finite, above 0"),
        (weights(&[f32::NAN, 1.0]), "class_weights is NaN: expected finite, above 0"),
        (smoothed(1.0), "label_smoothing is 1: expected 0 to below 1"),
        (smoothed(-0.1), "label_smoothing is -0.1: expected 0 to below 1"),
        (smoothed(f32::NAN), "label_smoothing is NaN: expected 0 to below 1"),
    ];
    for (found, expected) in cases {
        assert_eq!(found, Err(expected.to_owned()));
    }
}

#[test]
fn labels_that_a_text_cannot_have_are_named() {
    let cases = [
        (false, vec![], "0 labels, expected one"),
        (false, vec![0, 1], "2 labels, expected one"),
        (false, vec![3], "label 3 of 3"),
        (true, vec![1, 3], "label 3 of 3"),
        (true, vec![1, 2, 1], "label 1 occurs twice"),
    ];
    for (several, labels, expected) in cases {
        let mut parameters = Parameters::default();
        let task = task(&ROBERTA, params().multi_label(several), &mut parameters);
        let hidden = Hidden::zeros(4, [1]);
        let bad = example(1, &labels);
        match task.loss(&mut parameters, &[&bad], &hidden, None, None) {
            Err(TuneError::Sequence { sequence: 0, what }) => assert_eq!(what, expected),
            other => panic!("{other:?}"),
        }
    }
    let mut parameters = Parameters::default();
    let task = task(&BERT, params(), &mut parameters);
    let empty = Hidden::zeros(4, [1, 0]);
    assert!(matches!(
        task.predict(&parameters, &empty),
        Err(TuneError::Sequence { sequence: 1, .. })
    ));
    assert!(task.predict(&parameters, &Hidden::zeros(3, [1])).is_err());
    assert_eq!(task.predict(&parameters, &Hidden::zeros(4, [])).unwrap().rows(), 0);
    let mut loss = |example, hidden: &Hidden| {
        task.loss(&mut parameters, &[example], hidden, None, None).is_err()
    };
    assert!(loss(&example(0, &[1]), &Hidden::zeros(4, [0])));
}
