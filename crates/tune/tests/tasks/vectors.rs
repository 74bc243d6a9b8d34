//! Texts that belong together, and how near they are.
use cloze_testkit::{Random, assert_close};
use cloze_tune::task::{
    CosineTask, RankedExample, RankingParams, ScoredExample, Task, TaskPooling,
};
use cloze_tune::{Hidden, Parameters, TuneError};

use crate::numeric::{check, hidden, text};

fn scored(first: usize, second: usize, score: f32) -> ScoredExample {
    ScoredExample { first: text(first), second: text(second), score }
}

fn ranked(anchor: usize, positive: usize, negatives: &[usize]) -> RankedExample {
    let negatives = negatives.iter().map(|&n| text(n)).collect();
    RankedExample { anchor: text(anchor), positive: text(positive), negatives }
}

#[test]
fn the_gradients_are_those_of_differences() {
    let pairs = [scored(2, 1, 0.8), scored(3, 2, 0.0), scored(1, 2, 1.0)];
    let paired = hidden(&[2, 1, 3, 2, 1, 2], 4, &mut Random::new(11));
    let examples = [ranked(2, 1, &[]), ranked(1, 3, &[2, 1]), ranked(2, 2, &[1])];
    let several = hidden(&[2, 1, 1, 3, 2, 1, 2, 2, 1], 4, &mut Random::new(12));
    let step = 1.0 / 1024.0;
    for pool in [TaskPooling::Mean, TaskPooling::Cls] {
        let (cosine, mut none) = (CosineTask::new(pool), Parameters::default());
        check(&cosine, &mut none, &pairs, &paired, None, step, 2e-6);
        let ranking = RankingParams::default().pool(pool).check().unwrap();
        check(&ranking, &mut none, &examples, &several, None, step, 2e-5);
    }
}

/// A pair: the mean of (6 0) and (0 8) is (3 4), of length 5; the other is (2 0). Cosine 3/5, first
/// tokens 1. Score 1/2: losses 1/100 and 1/4. With respect to the second, along x only: nothing; of
/// y, 2 · 1/10 · 4/5 / 2 = 0.08. With respect to the first: 0.2 · ((1 0) − 3/5 · (3/5 4/5)) / 5 =
/// (0.0256 −0.0192), half to each token.
#[test]
fn a_pair_by_hand() {
    let mut hidden = Hidden::zeros(2, [2, 1]);
    hidden.rows_mut().copy_from_slice(&[6.0, 0.0, 0.0, 8.0, 2.0, 0.0]);
    let example = scored(2, 1, 0.5);
    let mut none = Parameters::default();
    let mut gradient = Hidden::zeros(2, [2, 1]);
    let with = Some((&mut gradient, 1.0));
    let mean = CosineTask::default();
    let loss = mean.loss(&mut none, &[&example], &hidden, None, with).unwrap();
    assert!((loss - 0.01).abs() < 1e-12, "{loss}");
    let expected = [0.0128, -0.0096, 0.0128, -0.0096, 0.0, 0.08];
    assert_close(gradient.rows(), &expected, 1e-7, 0.0);
    assert!((mean.predict(&hidden).unwrap()[0] - 0.6).abs() < 1e-12);
    let loss = CosineTask::new(TaskPooling::Cls).loss(&mut none, &[&example], &hidden, None, None);
    assert!((loss.unwrap() - 0.25).abs() < 1e-12);
}

/// Anchors along x and y; positives along x and at 3/5 x, 4/5 y; a negative of the first along y. At
/// scale 5 the first anchor's logits are 5, 3, 0, the second's 0, 4, 5. With exponentials e⁵, e³, 1
/// and 1, e⁴, e⁵ the losses are −ln of gold's share.
#[test]
fn ranking_by_hand() {
    let mut hidden = Hidden::zeros(2, [1; 5]);
    let rows = [[7.0, 0.0], [2.0, 0.0], [0.0, 3.0], [0.0, 0.5], [3.0, 4.0]];
    hidden.rows_mut().copy_from_slice(&rows.concat());
    let examples = [ranked(1, 1, &[1]), ranked(1, 1, &[])];
    let task = RankingParams::default().scale(5.0).check().unwrap();
    let mut none = Parameters::default();
    let examples: Vec<_> = examples.iter().collect();
    let loss = task.loss(&mut none, &examples, &hidden, None, None).unwrap();
    let e = f64::exp;
    let first = -(e(5.0) / (e(5.0) + e(3.0) + 1.0)).ln();
    let second = -(e(4.0) / (1.0 + e(4.0) + e(5.0))).ln();
    assert!((loss - first - second).abs() < 1e-9, "{loss}, expected {}", first + second);
}

#[test]
fn what_has_no_direction_learns_nothing_and_breaks_nothing() {
    let mut hidden = Hidden::zeros(2, [1, 2]);
    hidden.rows_mut().copy_from_slice(&[3.0, 4.0, 1.0, -1.0, -1.0, 1.0]);
    let mut none = Parameters::default();
    let mut gradient = Hidden::zeros(2, [1, 2]);
    let with = Some((&mut gradient, 1.0));
    let loss = CosineTask::default().loss(&mut none, &[&scored(1, 2, 0.5)], &hidden, None, with);
    assert_eq!((loss.unwrap(), gradient.rows()), (0.25, &[0.0; 6][..]));
    // Alone, without negatives: nothing to choose from.
    let task = RankingParams::default().check().unwrap();
    let with = Some((&mut gradient, 1.0));
    let loss = task.loss(&mut none, &[&ranked(1, 2, &[])], &hidden, None, with);
    assert_eq!((loss.unwrap(), gradient.rows()), (0.0, &[0.0; 6][..]));
    let nothing = Hidden::zeros(2, []);
    assert_eq!(task.loss(&mut none, &[], &nothing, None, None).unwrap().to_bits(), 0);
    assert_eq!(CosineTask::default().predict(&nothing).unwrap(), [0.0; 0]);
    hidden.rows_mut()[3] = f32::NAN;
    assert!(task.loss(&mut none, &[&ranked(1, 2, &[])], &hidden, None, None).unwrap().is_nan());
}

#[test]
fn settings_and_examples_are_judged() {
    let scale = |scale| RankingParams::default().scale(scale).check().is_ok();
    assert!(scale(f32::MIN_POSITIVE) && scale(20.0));
    assert!(![0.0, -1.0, f32::NAN, f32::INFINITY].into_iter().any(scale));
    let mut none = Parameters::default();
    let mut found = |score: f32, lengths: [usize; 2]| {
        let hidden = Hidden::zeros(2, lengths);
        let example = scored(lengths[0], lengths[1], score);
        match CosineTask::default().loss(&mut none, &[&example], &hidden, None, None) {
            Err(TuneError::Sequence { sequence, what }) => Some((sequence, what)),
            _ => None,
        }
    };
    assert_eq!((found(0.0, [1, 2]), found(1.0, [1, 2])), (None, None));
    assert_eq!(found(1.5, [1, 2]), Some((0, "score 1.5, expected 0 to 1".into())));
    assert_eq!(found(f32::NAN, [1, 2]), Some((0, "score NaN, expected 0 to 1".into())));
    assert_eq!(found(0.5, [1, 0]), Some((1, "no tokens".into())));
    let mut ranking = |hidden: &Hidden| {
        let task = RankingParams::default().check().unwrap();
        task.loss(&mut none, &[&ranked(1, 1, &[2])], hidden, None, None).map_err(|e| e.to_string())
    };
    let missing = "sequence 2 of the batch: 2 tokens, but 0 hidden states";
    assert_eq!(ranking(&Hidden::zeros(2, [1, 1])), Err(missing.into()));
    let flat = "sequence 0 of the batch: hidden states of 0 numbers, expected 1";
    assert_eq!(ranking(&Hidden::zeros(0, [1, 1, 2])), Err(flat.into()));
    assert!(CosineTask::default().predict(&Hidden::zeros(2, [1, 1, 1])).is_err());
    assert!(CosineTask::default().predict(&Hidden::zeros(2, [1, 0])).is_err());
}
