//! `cloze eval search` and `cloze rerank`: figures computed again from the runs that are written, and
//! orders from the probabilities that `cloze pair` prints.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

#[path = "../command/run.rs"]
#[allow(dead_code, reason = "shared by tests, none of which uses all of it")]
mod run;

mod bad_input;
mod eval;
mod rerank;

use std::path::Path;

use run::Ran;
use serde_json::Value;

/// A file of `data/search`.
fn data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/search").join(name);
    path.display().to_string()
}

/// The only line of a run that went well, as JSON.
#[track_caller]
fn only(ran: &Ran) -> Value {
    ran.good();
    let [report] = &ran.records()[..] else { panic!("{}", ran.stdout()) };
    report.clone()
}

#[track_caller]
fn refused(ran: &Ran, part: &str) {
    assert_eq!((ran.status, ran.stdout()), (Some(2), ""), "{}", ran.stderr);
    assert!(ran.stderr.contains(part), "{part:?} in {}", ran.stderr);
}

#[track_caller]
fn near(found: &Value, expected: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() <= 1e-9, "{found} and {expected}");
}

fn string(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
