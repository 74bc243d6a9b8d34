//! Labels of words that hang together.
use cloze_core::Chain;
use cloze_testkit::{Random, assert_close};
use cloze_tune::task::{CrfTask, DenseLayer, TaggedExample, Task, TokenTask};
use cloze_tune::{Hidden, Parameters};

use crate::numeric::{DROPOUT, check, dense, hidden, numbers, text};

fn chain(labels: usize, random: &mut Random) -> Chain {
    let mut wide = |n| numbers(random, n).into_iter().map(f64::from).collect();
    Chain::new(wide(labels), wide(labels), wide(labels * labels)).unwrap()
}

fn examples() -> Vec<TaggedExample> {
    vec![
        TaggedExample { sequence: text(5), places: vec![(1, 0), (2, 2), (3, 2), (4, 1)] },
        TaggedExample { sequence: text(1), places: vec![] },
        TaggedExample { sequence: text(3), places: vec![(0, 1), (2, 0)] },
        TaggedExample { sequence: text(2), places: vec![(1, 2)] },
    ]
}

#[test]
fn the_gradient_is_that_of_differences() {
    let mut random = Random::new(6);
    let mut parameters = Parameters::default();
    let classifier = dense(&mut parameters, "classifier", 4, 3, &mut random);
    let task = CrfTask::add(&mut parameters, classifier, Some(&chain(3, &mut random))).unwrap();
    let hidden = hidden(&[5, 1, 3, 2], 4, &mut random);
    for dropout in [None, DROPOUT] {
        check(&task, &mut parameters, &examples(), &hidden, dropout, 1.0 / 64.0, 2e-5);
    }
}

/// One number a token, which is the logit of label 0; label 1 has 0. Exponentials: units 1/2 1, then
/// 5 1; start 2, 1; end 1, 3; between 1 4 / 2 1. Sequences 00: 5, 01: 12, 10: 10, 11: 3, together 30.
/// Gold 0 1: loss ln 30/12. First unit: 17/30 and 13/30, less gold; second: 15/30 and 15/30.
#[test]
fn loss_and_gradient_by_hand() {
    let mut parameters = Parameters::default();
    let ln = |all: &[f64]| all.iter().map(|x| x.ln()).collect::<Vec<_>>();
    let chain = Chain::new(ln(&[2.0, 1.0]), ln(&[1.0, 3.0]), ln(&[1.0, 4.0, 2.0, 1.0])).unwrap();
    let weight = vec![1.0, 0.0];
    let classifier =
        DenseLayer::add(&mut parameters, "classifier", 1, weight, vec![0.0; 2]).unwrap();
    let task = CrfTask::add(&mut parameters, classifier, Some(&chain)).unwrap();
    let mut hidden = Hidden::zeros(1, [2]);
    hidden.rows_mut().copy_from_slice(&[0.5_f32.ln(), 5_f32.ln()]);
    let example = TaggedExample { sequence: text(2), places: vec![(0, 0), (1, 1)] };
    let mut gradient = Hidden::zeros(1, [2]);
    let with = Some((&mut gradient, 30.0));
    let loss = task.loss(&mut parameters, &[&example], &hidden, None, with).unwrap();
    assert!((loss - (30.0 / 12.0_f64).ln()).abs() < 1e-6, "{loss}");
    assert_close(gradient.rows(), &[17.0 - 30.0, 15.0], 2e-5, 0.0);
    let found = |name: &str| parameters.get(parameters.find(name).unwrap()).gradient.clone();
    assert_close(&found("crf.start"), &[17.0 - 30.0, 13.0], 2e-5, 0.0);
    assert_close(&found("crf.end"), &[15.0, 15.0 - 30.0], 2e-5, 0.0);
    assert_close(&found("crf.between"), &[5.0, 12.0 - 30.0, 10.0, 3.0], 2e-5, 0.0);
    assert_close(&found("classifier.bias"), &[2.0, -2.0], 2e-5, 0.0);

    let logits = task.predict(&parameters, &[&example], &hidden).unwrap();
    let logits: Vec<f64> = logits.as_slice().iter().copied().map(f64::from).collect();
    assert_eq!(task.chain(&parameters).best(&logits), [0, 1]);
    assert_eq!(task.weight(&example).to_bits(), 2_f64.to_bits());
}

#[test]
fn without_scores_between_them_words_stand_for_themselves() {
    let mut random = Random::new(8);
    let mut parameters = Parameters::default();
    let classifier = dense(&mut parameters, "classifier", 4, 3, &mut random);
    let (alone, chained) =
        (TokenTask::new(classifier), CrfTask::add(&mut parameters, classifier, None).unwrap());
    let hidden = hidden(&[5, 1, 3, 2], 4, &mut random);
    let examples = examples();
    let examples: Vec<_> = examples.iter().collect();
    let mut gradients = [Hidden::zeros(4, [5, 1, 3, 2]), Hidden::zeros(4, [5, 1, 3, 2])];
    let [one, other] = &mut gradients;
    let one = alone.loss(&mut parameters, &examples, &hidden, DROPOUT, Some((one, 1.0))).unwrap();
    let other =
        chained.loss(&mut parameters, &examples, &hidden, DROPOUT, Some((other, 1.0))).unwrap();
    assert!((one - other).abs() < 1e-9, "{one} and {other}");
    assert_close(gradients[1].rows(), gradients[0].rows(), 1e-6, 0.0);
}

#[test]
fn scores_are_judged() {
    let added = |chain: Option<Chain>| {
        let mut parameters = Parameters::default();
        let classifier = DenseLayer::drawn(&mut parameters, "classifier", 2, 2, 1).unwrap();
        CrfTask::add(&mut parameters, classifier, chain.as_ref())
            .map(|task| task.chain(&parameters))
            .map_err(|e| e.to_string())
    };
    let of = |labels: usize, score| {
        Chain::new(vec![0.0; labels], vec![score; labels], vec![0.0; labels * labels])
    };
    assert_eq!(added(None), Ok(of(2, 0.0).unwrap()));
    assert_eq!(added(of(2, 0.5)), Ok(of(2, 0.5).unwrap()));
    assert_eq!(added(of(3, 0.0)), Err("crf.start is 3 numbers: expected 2, for 2 labels".into()));
    let found = added(of(2, f64::NEG_INFINITY));
    assert_eq!(found, Err("crf.end is -inf: expected finite numbers".into()));
}

#[test]
fn threads_change_no_bit() {
    let run = |threads| {
        let mut random = Random::new(6);
        let mut parameters = Parameters::default();
        let classifier = dense(&mut parameters, "classifier", 4, 3, &mut random);
        let chain = chain(3, &mut random);
        let task = CrfTask::add(&mut parameters, classifier, Some(&chain)).unwrap();
        let examples: Vec<_> = (0..8).flat_map(|_| examples()).collect();
        let lengths: Vec<usize> = examples.iter().map(|e| e.sequence.len()).collect();
        let hidden = hidden(&lengths, 4, &mut random);
        let mut gradient = Hidden::zeros(4, lengths);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let examples: Vec<_> = examples.iter().collect();
        let with = Some((&mut gradient, 1.0));
        let loss = pool.install(|| task.loss(&mut parameters, &examples, &hidden, DROPOUT, with));
        let own = parameters.list().iter().flat_map(|p| p.gradient.clone());
        let all = gradient.rows().iter().copied().chain(own);
        (loss.unwrap().to_bits(), all.map(f32::to_bits).collect::<Vec<_>>())
    };
    assert_eq!(run(1), run(3));
}
