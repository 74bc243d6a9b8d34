//! Checkpoints, scores of reference and assertions that several tests share.
use std::path::Path;

use serde_json::{Value, json};

use crate::run::{Home, Ran, models};

/// Path of a tiny checkpoint of the testkit. Those for sequences have the labels no, maybe, yes.
pub(crate) fn checkpoint(name: &str) -> String {
    let all = models().join("../crates/testkit/checkpoints").join(name);
    fs_err::canonicalize(all).unwrap().display().to_string()
}

/// A copy of a checkpoint whose vector for the word `x` is not a number, as `name`.
pub(crate) fn broken(home: &Home, checkpoint_name: &str, name: &str) {
    for file in fs_err::read_dir(checkpoint(checkpoint_name)).unwrap() {
        let path = file.unwrap().path();
        let mut bytes = fs_err::read(&path).unwrap();
        if path.ends_with("model.safetensors") {
            let len = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
            let header: Value = serde_json::from_slice(&bytes[8..8 + len]).unwrap();
            let words = &header["bert.embeddings.word_embeddings.weight"];
            assert_eq!((&words["dtype"], &words["shape"]), (&"F32".into(), &json!([73, 8])));
            let start = usize::try_from(words["data_offsets"][0].as_u64().unwrap()).unwrap();
            // `x` is word 28, of 8 numbers.
            let start = 8 + len + start + 28 * 8 * 4;
            let nan: Vec<u8> = f32::NAN.to_le_bytes().repeat(8);
            bytes[start..start + nan.len()].copy_from_slice(&nan);
        }
        home.write(&format!("{name}/{}", path.file_name().unwrap().to_string_lossy()), bytes);
    }
}

/// Scores of texts and pairs by transformers with this checkpoint.
pub(crate) fn expected(model: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cloze/tests/scores/expected.json");
    let all: Value = serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap();
    all[model].clone()
}

/// Asserts that a log-probability of the command is within 1e-5 of transformers'.
#[track_caller]
pub(crate) fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-5, "{found}, expected {expected}");
}

/// Vectors of `cloze embed` for these texts, with these flags.
pub(crate) fn vectors(home: &Home, texts: &[&str], flags: &[&str]) -> Vec<Vec<f64>> {
    let ran = home.run_with(texts.join("\n"), &[&["embed", "-"], flags].concat());
    ran.good();
    ran.records().iter().map(|record| numbers(&record["vector"])).collect()
}

/// Value of a JSON number.
#[track_caller]
pub(crate) fn f64_of(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// Values of a JSON array of numbers.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(f64_of).collect()
}

/// Cosine of two vectors.
pub(crate) fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// Asserts that two numbers are within 1e-6 of each other.
#[track_caller]
pub(crate) fn assert_near(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-6, "{a} and {b}");
}

/// Asserts exit code 2, nothing on stdout and every one of `parts` on stderr.
#[track_caller]
pub(crate) fn assert_refused(ran: &Ran, parts: &[&str]) {
    assert_eq!((ran.status, ran.stdout()), (Some(2), ""), "{}", ran.stderr);
    for part in parts {
        assert!(ran.stderr.contains(part), "{part:?} in {}", ran.stderr);
    }
}

/// Signals that end a command, with its exit status then. A hangup is left out where it is ignored,
/// which a command inherits.
#[cfg(unix)]
pub(crate) fn signals() -> Vec<(&'static str, i32)> {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let mut signals = vec![("-INT", 130), ("-TERM", 143)];
    if mask.is_some_and(|mask| mask & 1 == 0) {
        signals.push(("-HUP", 129));
    }
    signals
}
