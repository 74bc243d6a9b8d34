//! Learning rates.
use cloze_tune::training::{Schedule, TrainingParams};

use crate::reference::{Course, reference};

/// A warm-up here is one step ahead: transformers' first step has a rate of 0.
#[test]
fn shares_are_those_of_transformers() {
    let reference = reference();
    assert_eq!(reference.schedules.len(), 12);
    for Course { name, warmup, of, shares } in reference.schedules {
        let schedule = Schedule::ALL.into_iter();
        let mut schedule = schedule.filter(|s| format!("{s:?}").to_lowercase() == name);
        let schedule = schedule.next().expect("a schedule of this name");
        for step in 0..of {
            let theirs = if step < warmup { step + 1 } else { step };
            let (found, expected) = (schedule.share(step, warmup, of), shares[theirs as usize]);
            // The last step of a training that is all warm-up is theirs after the end.
            let expected = if theirs == of { 1.0 } else { expected };
            assert!((found - expected).abs() < 1e-15, "{name} {step}: {found} {expected}");
        }
    }
}

/// 10 steps, 0.25 · 10 = 2.5, rounded 3: 1/3, 2/3, 3/3, then 7/7, 6/7, … 1/7; the head's 10 times.
#[test]
fn rates_rise_and_fall_by_hand() {
    let params = TrainingParams::new().batch(3).epochs(2).warmup_share(0.25);
    let params = params.learning_rate(0.021).head_learning_rate(Some(0.21));
    let params = params.check().unwrap();
    assert_eq!(params.steps(14), 10);
    assert_eq!((params.warmup_steps(10), params.warmup_steps(9)), (3, 2));
    let expected = [0.007, 0.014, 0.021, 0.021, 0.018, 0.015, 0.012, 0.009, 0.006, 0.003];
    for (step, rate) in expected.into_iter().enumerate() {
        let (found, head) = params.learning_rates(step as u64, 10);
        assert!((found - rate).abs() < 1e-15 && (head - 10.0 * rate).abs() < 1e-15, "{step}");
    }
}
