//! Settings at their edges.
use cloze_tune::TuneError;
use cloze_tune::training::{Schedule, TrainingParams};

fn new() -> TrainingParams {
    TrainingParams::new()
}

#[track_caller]
fn refused(params: TrainingParams, expected: &str) {
    match params.check().unwrap_err() {
        error @ TuneError::Setting { .. } => assert_eq!(error.to_string(), expected),
        other => panic!("{other}"),
    }
}

#[test]
fn defaults_are_as_their_docs_say() {
    let params = new().check().unwrap();
    let json = serde_json::to_value(params.params()).unwrap();
    let expected = serde_json::json!({
        "epochs": 3, "max_steps": null, "batch": 32, "length_window": 0, "part_tokens": 1024,
        "learning_rate": 5e-5, "head_learning_rate": null, "schedule": "linear",
        "warmup_share": 0.1, "weight_decay": 0.01, "max_gradient_norm": 1.0,
        "dropout": 0.1_f32, "seed": 0, "judge_every": null, "patience": null,
    });
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_value::<TrainingParams>(json).unwrap(), new());
    // A setting that is not there yet has its default.
    assert_eq!(serde_json::from_str::<TrainingParams>(r#"{"batch": 32}"#).unwrap(), new());
}

#[test]
fn what_is_out_of_bounds_is_named() {
    refused(new().epochs(0), "epochs is 0: expected at least 1");
    refused(new().max_steps(Some(0)), "max_steps is 0: expected at least 1");
    refused(new().batch(0), "batch is 0: expected at least 1");
    refused(new().part_tokens(0), "part_tokens is 0: expected at least 1");
    refused(new().judge_every(Some(0)), "judge_every is 0: expected at least 1");
    refused(new().patience(Some(0)), "patience is 0: expected at least 1");
    refused(new().save_every(Some(0)), "save_every is 0: expected at least 1");
    refused(new().save_seconds(Some(0)), "save_seconds is 0: expected at least 1");
    refused(new().threads(Some(0)), "threads is 0: expected at least 1");
    for (rate, found) in [(0.0, "0"), (1.1, "1.1"), (-1.0, "-1"), (f64::NAN, "NaN")] {
        let of = format!("learning_rate is {found}: expected a number above 0 and at most 1");
        refused(new().learning_rate(rate), &of);
        refused(new().head_learning_rate(Some(rate)), &format!("head_{of}"));
    }
    let expected = "warmup_share is NaN: expected a number from 0 to 1";
    refused(new().warmup_share(f64::NAN), expected);
    refused(new().warmup_share(1.5), "warmup_share is 1.5: expected a number from 0 to 1");
    let expected = "weight_decay is -1: expected a number from 0 to 1 / learning rate";
    refused(new().weight_decay(-1.0), expected);
    let expected = "weight_decay is 5: expected a number from 0 to 1 / learning rate";
    refused(new().weight_decay(5.0).head_learning_rate(Some(0.25)), expected);
    let infinite = "max_gradient_norm is inf: expected a finite number above 0";
    refused(new().max_gradient_norm(Some(f64::INFINITY)), infinite);
    let expected = "max_gradient_norm is 0: expected a finite number above 0";
    refused(new().max_gradient_norm(Some(0.0)), expected);
    refused(new().dropout(1.0), "dropout is 1: expected a number from 0 to below 1");
    refused(new().dropout(f32::NAN), "dropout is NaN: expected a number from 0 to below 1");
}

#[test]
fn what_is_just_in_bounds_is_taken() {
    let params = new().epochs(1).max_steps(Some(1)).batch(1).part_tokens(1);
    let params = params.learning_rate(1.0).head_learning_rate(Some(1e-300));
    let params = params.warmup_share(1.0).weight_decay(1.0).dropout(0.0);
    let params = params.schedule(Schedule::Constant).length_window(usize::MAX);
    let params = params.patience(Some(1)).judge_every(Some(1)).threads(Some(1));
    assert_eq!(params.check().unwrap().steps(10), 1);
    let params = new().epochs(u64::MAX).batch(usize::MAX).check().unwrap();
    assert_eq!((params.steps(usize::MAX), params.steps(0)), (u64::MAX, 0));
}
