//! Labels of words.
use cloze_testkit::Random;
use cloze_tune::task::{DenseLayer, TaggedExample, Task, TokenTask};
use cloze_tune::{Hidden, Parameters, TuneError};

use crate::numeric::{DROPOUT, check, dense, hidden, text};

fn examples() -> Vec<TaggedExample> {
    vec![
        TaggedExample { sequence: text(5), places: vec![(1, 0), (2, 2), (3, 2)] },
        TaggedExample { sequence: text(1), places: vec![] },
        TaggedExample { sequence: text(3), places: vec![(0, 1), (2, 0)] },
    ]
}

#[test]
fn the_gradient_is_that_of_differences() {
    let mut random = Random::new(1);
    let mut parameters = Parameters::default();
    let task = TokenTask::new(dense(&mut parameters, "classifier", 4, 3, &mut random));
    let hidden = hidden(&[5, 1, 3], 4, &mut random);
    for dropout in [None, DROPOUT] {
        check(&task, &mut parameters, &examples(), &hidden, dropout, 1.0 / 64.0, 2e-5);
    }
}

/// Weights (1 0), (0 1), no bias. The word at token 1 has (ln 3, 0): probabilities 3/4, 1/4; gold 1:
/// loss ln 4, gradient of the logits (3/4, −3/4), of the weights that times ln 3 and 0; token 0 is
/// no first piece. Scaled by 2.
#[test]
fn loss_and_gradient_by_hand() {
    let mut parameters = Parameters::default();
    let weight = vec![1.0, 0.0, 0.0, 1.0];
    let classifier =
        DenseLayer::add(&mut parameters, "classifier", 2, weight, vec![0.0; 2]).unwrap();
    let task = TokenTask::new(classifier);
    let mut hidden = Hidden::zeros(2, [2]);
    let log = 3_f32.ln();
    hidden.rows_mut().copy_from_slice(&[9.0, 9.0, log, 0.0]);
    let example = TaggedExample { sequence: text(2), places: vec![(1, 1)] };
    let mut gradient = Hidden::zeros(2, [2]);
    let with = Some((&mut gradient, 2.0));
    let loss = task.loss(&mut parameters, &[&example], &hidden, None, with).unwrap();
    assert!((loss - 4_f64.ln()).abs() < 1e-7, "{loss}");
    cloze_testkit::assert_close(gradient.rows(), &[0.0, 0.0, 1.5, -1.5], 1e-6, 0.0);
    let [weight, bias] = ["classifier.weight", "classifier.bias"]
        .map(|name| parameters.get(parameters.find(name).unwrap()).clone());
    let expected = [1.5 * log, 0.0, -1.5 * log, 0.0];
    cloze_testkit::assert_close(&weight.gradient, &expected, 1e-6, 0.0);
    cloze_testkit::assert_close(&bias.gradient, &[1.5, -1.5], 1e-6, 0.0);
    assert_eq!((weight.shape, weight.decays, bias.decays), (vec![2, 2], true, false));

    let logits = task.predict(&parameters, &[&example], &hidden).unwrap();
    assert_eq!((logits.rows(), logits.row(0)), (1, Some(&[log, 0.0][..])));
    assert_eq!(task.weight(&example).to_bits(), 1_f64.to_bits());
}

#[test]
fn labels_that_do_not_go_with_their_text_are_named() {
    let mut parameters = Parameters::default();
    let task = TokenTask::new(DenseLayer::drawn(&mut parameters, "classifier", 2, 2, 1).unwrap());
    let cases = [
        (vec![(2, 0)], "word 0 is at token 2 of 2"),
        (vec![(0, 0), (1, 2)], "word 1 has label 2 of 2"),
        (vec![(1, 0), (1, 0)], "word 1 does not come after word 0"),
    ];
    let hidden = Hidden::zeros(2, [1, 2]);
    let good = TaggedExample { sequence: text(1), places: vec![(0, 1)] };
    for (places, expected) in cases {
        let bad = TaggedExample { sequence: text(2), places };
        match task.loss(&mut parameters, &[&good, &bad], &hidden, None, None) {
            Err(TuneError::Sequence { sequence: 1, what }) => assert_eq!(what, expected),
            other => panic!("{other:?}"),
        }
    }
    let mut loss = |lengths: &[usize], width| {
        let hidden = Hidden::zeros(width, lengths.iter().copied());
        task.loss(&mut parameters, &[&good, &good], &hidden, None, None).map_err(|e| e.to_string())
    };
    let start = |i: usize| format!("sequence {i} of the batch: ");
    assert_eq!(loss(&[1, 2], 2), Err(start(1) + "1 tokens, but 2 hidden states"));
    assert_eq!(loss(&[1], 2), Err(start(1) + "1 tokens, but 0 hidden states"));
    assert_eq!(loss(&[1, 1, 1], 2), Err(start(2) + "hidden states, but no such sequence"));
    assert_eq!(loss(&[1, 1], 3), Err(start(0) + "hidden states of 3 numbers, expected 2"));
    assert!(loss(&[1, 1], 2).is_ok());
    let none = task.loss(&mut parameters, &[], &Hidden::zeros(2, []), None, None);
    assert_eq!(none.unwrap().to_bits(), 0_f64.to_bits());
}

#[test]
fn what_is_no_number_shows_in_the_loss() {
    let mut parameters = Parameters::default();
    let task = TokenTask::new(DenseLayer::drawn(&mut parameters, "classifier", 2, 2, 1).unwrap());
    let example = TaggedExample { sequence: text(1), places: vec![(0, 1)] };
    for bad in [f32::NAN, f32::INFINITY] {
        let mut hidden = Hidden::zeros(2, [1]);
        hidden.rows_mut()[0] = bad;
        assert!(task.loss(&mut parameters, &[&example], &hidden, None, None).unwrap().is_nan());
    }
}

#[test]
fn a_layer_has_the_numbers_it_needs() {
    let mut parameters = Parameters::default();
    let mut add = |inputs, weight: &[f32], bias: &[f32]| {
        DenseLayer::add(&mut parameters, "classifier", inputs, weight.to_vec(), bias.to_vec())
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    assert_eq!(add(2, &[0.0; 2], &[0.0]), Ok(()));
    let found = add(2, &[0.0; 3], &[0.0; 2]);
    assert_eq!(found, Err("classifier.weight is 3 numbers: expected 2 × 2".into()));
    let found = add(1, &[0.0], &[f32::NAN]);
    assert_eq!(found, Err("classifier.bias is NaN at place 0: expected finite numbers".into()));
    let empty = "classifier is 0 × 2: expected at least one output and one input";
    assert_eq!(add(2, &[], &[]), Err(empty.into()));
    assert!(DenseLayer::drawn(&mut parameters, "classifier", 0, 2, 1).is_err());
}
