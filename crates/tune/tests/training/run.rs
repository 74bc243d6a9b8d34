//! Whole trainings.
use std::collections::BTreeSet;

use cloze_core::Cancel;
use cloze_testkit::assert_close;
use cloze_tune::TuneError;
use cloze_tune::training::{
    EndReason, Event, Schedule, StepScore, TrainingParams, ValidationScore, Watch,
};

use crate::toy::{Line, Point, points, train, watched};

/// Large steps, and nothing that blurs the numbers.
fn plain() -> TrainingParams {
    let params = TrainingParams::new().schedule(Schedule::Constant).warmup_share(0.0);
    let params = params.weight_decay(0.0).max_gradient_norm(None).dropout(0.0);
    params.learning_rate(0.01).save_seconds(None)
}

fn scored(metric: f64) -> ValidationScore {
    ValidationScore { metric, loss: None }
}

fn losses(events: &[Event]) -> Vec<f64> {
    let loss = |event: &Event| match event {
        Event::Step { loss, .. } => Some(*loss),
        _ => None,
    };
    events.iter().filter_map(loss).collect()
}

#[test]
fn a_line_is_found() {
    let (examples, mut line) = (points(200, 3, 1), Line::new(3));
    let params = TrainingParams::new().learning_rate(0.05).epochs(60).dropout(0.0);
    let params = params.weight_decay(0.0).check().unwrap();
    let (outcome, events) = train(&params, &mut line, &examples).unwrap();
    assert_close(&line.numbers(), &[1.0, -2.0, 1.0, 0.5], 1e-3, 0.0);
    assert_eq!((outcome.steps, outcome.why), (60 * 7, EndReason::Done));
    assert_eq!(outcome.history.len(), 60);
    assert!(outcome.best.unwrap().score.loss.unwrap() < 1e-6);
    assert_eq!(line.parameters.list()[0].value, [5.0]);
    let started = Event::Started { step: 0, evaluated: 0, of: 420, epoch_steps: 7, trained: 4 };
    assert_eq!(events[0], started);
    assert_eq!(events.last(), Some(&Event::Ended { step: 420, why: EndReason::Done }));
    // 7 steps, a score.
    let kinds = |event: &Event| matches!(event, Event::Evaluated { .. });
    assert_eq!(events.iter().position(kinds), Some(8));
}

/// Two examples in one batch, w = 0.25, b = 0: x = 4, y = 3, weight 1, error −2, loss 2; x = 8,
/// y = 1, weight 3, error 1, loss 3 · 0.5. Together 3.5 / 4. The gradient of w is
/// (1 · −2 · 4 + 3 · 1 · 8) / 4 = 4 and that of b (−2 + 3) / 4 = 0.25. The first step of `AdamW` goes by
/// the rate, against the sign: w by 0.01, b, which has its own, by 0.001.
#[test]
fn a_step_by_hand() {
    let point = |x, y, weight| Point { x: vec![x], y, weight, tokens: 2 };
    let (examples, mut line) = ([point(4.0, 3.0, 1.0), point(8.0, 1.0, 3.0)], Line::new(1));
    let params = plain().epochs(1).head_learning_rate(Some(0.001)).check().unwrap();
    let (outcome, events) = watched(&params, &mut line, &examples, None).unwrap();
    assert_close(&line.numbers(), &[0.24, -0.001], 1e-7, 0.0);
    let Event::Step {
        loss, mean_loss, gradient_norm, learning_rate, tokens, step, of, epoch, ..
    } = events[1]
    else {
        panic!("{events:?}")
    };
    assert!((loss - 0.875).abs() < 1e-12 && (mean_loss - 0.875).abs() < 1e-12);
    assert!((gradient_norm - (16.0_f64 + 0.0625).sqrt()).abs() < 1e-6);
    assert!((learning_rate - 0.01).abs() < 1e-15);
    assert_eq!((tokens, step, of, epoch), (4, 1, 1, 1));
    assert_eq!((outcome.best, outcome.history), (None, vec![]));
}

/// 5 examples in batches of 2 count 2, 2 and 1, so the epoch's mean loss is not that of the steps'.
#[test]
fn the_mean_loss_is_of_an_epochs_examples() {
    let (examples, mut line) = (points(5, 2, 1), Line::new(2));
    let params = plain().batch(2).epochs(2).check().unwrap();
    let (_, events) = watched(&params, &mut line, &examples, None).unwrap();
    let loss = losses(&events);
    let means: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Step { mean_loss, epoch, .. } => Some((*epoch, *mean_loss)),
            _ => None,
        })
        .collect();
    for (epoch, start) in [(1, 0), (2, 3)] {
        let sums = [loss[start] * 2.0, loss[start + 1] * 2.0, loss[start + 2]];
        let expected = [sums[0] / 2.0, (sums[0] + sums[1]) / 4.0, sums.iter().sum::<f64>() / 5.0];
        for (i, expected) in expected.into_iter().enumerate() {
            assert_eq!(means[start + i].0, epoch);
            assert!((means[start + i].1 - expected).abs() < 1e-12);
        }
    }
}

#[test]
fn parts_are_as_good_as_the_whole() {
    let examples = points(30, 4, 2);
    let trained = |part_tokens, divisible| {
        let params = plain().batch(8).part_tokens(part_tokens).check().unwrap();
        let mut line = Line { divisible, ..Line::new(4) };
        let (outcome, events) = train(&params, &mut line, &examples).unwrap();
        (line.numbers(), losses(&events), outcome, line.calls)
    };
    let whole = trained(usize::MAX, true);
    assert_eq!(whole.3, [8, 8, 8, 6].repeat(3));
    for part_tokens in [1, 5, 12] {
        let parts = trained(part_tokens, true);
        assert!(parts.3.len() > whole.3.len());
        assert_eq!(parts.0, whole.0);
        assert_close(
            &parts.1.iter().map(|&x| x as f32).collect::<Vec<_>>(),
            &whole.1.iter().map(|&x| x as f32).collect::<Vec<_>>(),
            1e-6,
            0.0,
        );
        assert_eq!(trained(part_tokens, false).3, whole.3);
    }
}

#[test]
fn threads_and_earlier_trainings_change_no_bit() {
    let examples = points(40, 9000, 3);
    let trained = |line: &mut Line, threads| {
        let params = TrainingParams::new().learning_rate(1e-3).batch(7);
        let params = params.threads(threads).check().unwrap();
        let (outcome, events) = train(&params, line, &examples).unwrap();
        (line.numbers(), outcome, losses(&events))
    };
    let one = trained(&mut Line::new(9000), Some(1));
    let mut used = Line::new(9000);
    used.parameters.gradient_mut(used.weight).fill(3.0);
    assert!(one == trained(&mut used, Some(3)));
    assert!(one == trained(&mut Line::new(9000), None));
}

#[test]
fn the_seed_moves_the_order_and_dropout() {
    let examples = points(20, 3, 3);
    let trained = |batch, seed, dropout| {
        let params = plain().batch(batch).seed(seed).dropout(dropout);
        let mut line = Line::new(3);
        train(&params.check().unwrap(), &mut line, &examples).unwrap();
        line.numbers()
    };
    assert_ne!(trained(4, 0, 0.0), trained(4, 1, 0.0));
    // One example a batch, one batch: no order.
    let one = &examples[..1];
    let alone = |seed, dropout| {
        let mut line = Line::new(3);
        let params = plain().epochs(5).seed(seed).dropout(dropout).check().unwrap();
        train(&params, &mut line, one).unwrap();
        line.numbers()
    };
    assert_eq!(alone(0, 0.0), alone(1, 0.0));
    assert_ne!(alone(0, 0.5), alone(1, 0.5));
}

/// 3 steps an epoch, each in 2 parts or more: no two drop the same.
#[test]
fn dropout_is_elsewhere_in_each_part_of_each_step() {
    let (examples, mut line) = (points(12, 2, 1), Line::new(2));
    let params = plain().batch(4).part_tokens(6).dropout(0.5).check().unwrap();
    watched(&params, &mut line, &examples, None).unwrap();
    let seeds: BTreeSet<_> = line.seeds.iter().collect();
    assert!(line.calls.len() >= 18);
    assert_eq!((seeds.len(), line.seeds.len()), (line.calls.len(), line.calls.len()));
}

/// Scores by hand, evaluated after steps 2, 4, 5 (an epoch's end), 6, 8, 10: the second is best, the
/// fourth only as good.
#[test]
fn the_best_parameters_are_left() {
    let (examples, mut line) = (points(10, 2, 1), Line::new(2));
    let params = plain().batch(2).epochs(2).judge_every(Some(2)).check().unwrap();
    let (mut scores, mut seen) = ([0.1, 0.5, -3.0, 0.5, 0.4, 0.3].into_iter(), vec![]);
    let mut evaluate = |line: &mut Line| {
        seen.push(line.numbers());
        Ok(scored(scores.next().unwrap()))
    };
    let (outcome, events) = watched(&params, &mut line, &examples, Some(&mut evaluate)).unwrap();
    let steps: Vec<_> = outcome.history.iter().map(|score| score.step).collect();
    assert_eq!(steps, [2, 4, 5, 6, 8, 10]);
    assert_eq!(outcome.best, Some(StepScore { step: 4, score: scored(0.5) }));
    assert_eq!((outcome.steps, outcome.why), (10, EndReason::Done));
    assert_eq!(line.numbers(), seen[1]);
    assert_ne!(seen[1], seen[5]);
    let best = |event: &Event| match event {
        Event::Evaluated { best, .. } => Some(*best),
        _ => None,
    };
    let best: Vec<_> = events.iter().filter_map(best).collect();
    assert_eq!(best, [true, true, false, false, false, false]);
}

/// Evaluated after steps 2, 4, 5, 6, 8, 10. The metric is highest four times; of those the loss is lowest
/// after step 5 (after 8 the metric is lower), and after step 10 nobody knows it.
#[test]
fn of_equal_metrics_the_lower_loss_is_better() {
    let (examples, mut line) = (points(10, 2, 1), Line::new(2));
    let params = plain().batch(2).epochs(2).judge_every(Some(2)).check().unwrap();
    let scores = [(0.5, Some(0.3)), (0.5, Some(0.3)), (0.5, Some(0.2)), (0.5, Some(0.25))];
    let mut scores = scores.into_iter().chain([(0.4, Some(0.1)), (0.5, None)]);
    let mut evaluate = |_: &mut Line| {
        let (metric, loss) = scores.next().unwrap();
        Ok(ValidationScore { metric, loss })
    };
    let (outcome, _) = watched(&params, &mut line, &examples, Some(&mut evaluate)).unwrap();
    assert_eq!(outcome.best.unwrap().step, 5);
}

/// 5 steps an epoch and 10 in all, but no more than 7: evaluated after 5 and 7. A limit above 10 is none.
#[test]
fn the_most_steps_end_a_training_and_are_judged() {
    let examples = points(10, 2, 1);
    for (most, expected) in [(7, [5, 7]), (99, [5, 10])] {
        let params = plain().batch(2).epochs(2).max_steps(Some(most));
        let (outcome, _) = train(&params.check().unwrap(), &mut Line::new(2), &examples).unwrap();
        let steps: Vec<_> = outcome.history.iter().map(|score| score.step).collect();
        assert_eq!((steps, outcome.steps), (expected.to_vec(), expected[1]));
    }
}

/// The best is the second; three after it are no better (one is as good), and training ends.
#[test]
fn patience_ends_a_training() {
    let (examples, mut line) = (points(10, 2, 1), Line::new(2));
    let params = plain().epochs(9).patience(Some(3)).check().unwrap();
    let mut scores = [0.1, 0.5, 0.4, 0.5, 0.3].into_iter();
    let mut evaluate = |_: &mut Line| Ok(scored(scores.next().expect("no sixth judging")));
    let (outcome, _) = watched(&params, &mut line, &examples, Some(&mut evaluate)).unwrap();
    assert_eq!((outcome.steps, outcome.why), (5, EndReason::Patience));
    assert_eq!(outcome.best.unwrap().step, 2);

    // A better one in between starts the count again.
    let mut scores = [0.5, 0.4, 0.3, 0.6, 0.5, 0.5, 0.5].into_iter();
    let mut evaluate = |_: &mut Line| Ok(scored(scores.next().expect("no eighth judging")));
    let (outcome, _) = watched(&params, &mut line, &examples, Some(&mut evaluate)).unwrap();
    assert_eq!((outcome.steps, outcome.why), (7, EndReason::Patience));
}

#[test]
fn what_counts_nothing_changes_nothing() {
    let (mut examples, mut line) = (points(4, 2, 1), Line::new(2));
    for point in &mut examples {
        point.weight = 0.0;
    }
    let params = TrainingParams::new().learning_rate(0.5).check().unwrap();
    let (outcome, events) = watched(&params, &mut line, &examples, None).unwrap();
    assert_eq!(line.numbers(), Line::new(2).numbers());
    assert_eq!((outcome.steps, losses(&events)), (3, vec![0.0; 3]));
}

#[track_caller]
fn not_finite(error: TuneError, expected: (u64, &str)) {
    match error {
        TuneError::NotFinite { step, what, found } => {
            assert_eq!((step, what), expected);
            assert!(!found.is_finite());
        }
        other => panic!("{other}"),
    }
}

#[test]
fn numbers_that_are_none_end_a_training_by_name() {
    let (mut examples, params) = (points(3, 1, 1), plain().batch(1).check().unwrap());
    examples[1].y = f32::NAN;
    // The example's place in the first epoch is its step.
    let mut line = Line::new(1);
    let error = watched(&params, &mut line, &examples, None).unwrap_err();
    let TuneError::NotFinite { step, .. } = error else { panic!("{error}") };
    assert!(line.numbers().iter().all(|x| x.is_finite()));
    assert_eq!(line.calls.len() as u64, step);
    not_finite(error, (step, "the loss"));

    // A loss of 1e76 is a number, its gradient of 1e38 · 2e38 is none.
    let steep = [Point { x: vec![1e38], y: 2e38, weight: 1.0, tokens: 1 }];
    let error = watched(&params, &mut Line::new(1), &steep, None).unwrap_err();
    not_finite(error, (1, "the gradient's length"));

    examples[1].y = 0.0;
    examples[1].weight = f64::INFINITY;
    let error = watched(&params, &mut Line::new(1), &examples, None).unwrap_err();
    not_finite(error, (step, "the weight of its examples"));

    examples[1].weight = 1.0;
    let mut evaluate = |_: &mut Line| Ok(scored(f64::NAN));
    let error = watched(&params, &mut Line::new(1), &examples, Some(&mut evaluate)).unwrap_err();
    assert_eq!(error.to_string(), "step 3: the metric is NaN; a smaller learning rate may help",);
}

#[test]
fn no_examples_are_refused() {
    let params = plain().check().unwrap();
    let error = watched(&params, &mut Line::new(1), &[], None).unwrap_err();
    assert!(matches!(error, TuneError::NoExamples));
}

#[test]
fn a_stop_ends_a_training_after_the_step() {
    let (examples, mut line) = (points(10, 2, 1), Line::new(2));
    let params = plain().batch(2).check().unwrap();
    let stop = Cancel::new();
    let mut observe = |event: &Event| {
        if matches!(event, Event::Step { step: 3, .. }) {
            stop.cancel();
        }
        Ok(())
    };
    let watch = Watch { evaluate: None, observe: &mut observe, stop: &stop, state: None };
    let outcome = params.train(&mut line, &examples, watch).unwrap();
    assert_eq!((outcome.steps, outcome.why), (3, EndReason::Interrupted));
    assert_eq!(line.calls.len(), 3);
}

#[test]
fn an_observers_error_ends_a_training() {
    let (examples, mut line) = (points(10, 2, 1), Line::new(2));
    let params = plain().batch(2).check().unwrap();
    let stop = Cancel::new();
    let mut observe = |event: &Event| match event {
        Event::Step { step: 2, .. } => Err(TuneError::NoExamples),
        _ => Ok(()),
    };
    let watch = Watch { evaluate: None, observe: &mut observe, stop: &stop, state: None };
    assert!(matches!(params.train(&mut line, &examples, watch), Err(TuneError::NoExamples)));
    assert_eq!(line.calls.len(), 2);
}
