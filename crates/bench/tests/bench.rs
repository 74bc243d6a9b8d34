//! The whole benchmark with tiny models and without peers. What was measured is not looked at, only that it
//! is there.
#![expect(clippy::unwrap_used, reason = "what cannot be run or read fails the test")]

use std::process::{Command, Output};

use cloze_testkit::checkpoint;
use serde_json::Value;

fn bench(output: &std::path::Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cloze-bench"))
        .arg("--model")
        .arg(checkpoint("bert"))
        .arg("--tag-model")
        .arg(checkpoint("bert-token"))
        .arg("--output")
        .arg(output)
        .args(["--threads", "1", "--busy-ok"])
        .args(args)
        .env_remove("CLOZE_BENCH_ENVIRONMENT")
        .output()
        .unwrap()
}

#[test]
fn cloze_alone_is_measured_and_peers_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let counts = ["short=5", "mixed=5", "long=3", "queries=4", "tag=3"];
    let mut args = vec!["--rounds", "1", "--starts", "1"];
    args.extend(counts.iter().flat_map(|count| ["--count", count]));
    let run = bench(folder.path(), &args);
    let (out, err) =
        (String::from_utf8(run.stdout).unwrap(), String::from_utf8(run.stderr).unwrap());
    assert!(run.status.success(), "{err}");
    assert!(out.contains("skipped: fastembed (vectors): no --environment"), "{out}");

    let read = |name: &str| fs_err::read_to_string(folder.path().join(name)).unwrap();
    let report: Value = serde_json::from_str(&read("bench.json")).unwrap();
    let figures = report["figures"].as_array().unwrap();
    let own = figures.iter().filter(|figure| figure["system"] == "cloze");
    let found: Vec<_> = own.map(|f| f["workload"].as_str().unwrap()).collect();
    assert_eq!(found, ["short", "mixed", "long", "queries", "tag"]);
    // [CLS] alone, and with the mean; 8 bits if the command, which makes them, has been built.
    assert!([13, 21].contains(&figures.len()), "{}", figures.len());
    for figure in figures {
        assert!(figure["system"].as_str().unwrap().starts_with("cloze"), "{figure}");
        assert!(figure["texts"]["median"].as_f64().unwrap() > 0.0, "{figure}");
        assert!(figure["share"].as_f64().unwrap() > 0.0, "{figure}");
        assert_eq!(figure["latency"].is_array(), figure["workload"] == "queries");
    }
    let texts =
        report["workloads"].as_array().unwrap().iter().map(|w| w["texts"].as_u64().unwrap());
    assert_eq!(texts.collect::<Vec<_>>(), [5, 5, 3, 4, 3]);
    let memory = |ran: &Value| ran["peak_memory_bytes"].as_u64().unwrap() > 1 << 20;
    assert!(report["systems"].as_array().unwrap().iter().all(memory));
    // And the command, if it has been built.
    assert!(report["starts"].as_array().unwrap().len() >= 2);
    assert!(read("bench.svg").contains("short: 5 sentences"));
}

#[test]
fn growth_has_a_point_for_each_number_of_texts() {
    let folder = tempfile::tempdir().unwrap();
    let run = bench(folder.path(), &["--growth", "3,30", "--growth-words", "4"]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let growth = fs_err::read_to_string(folder.path().join("growth.json")).unwrap();
    let growth: Value = serde_json::from_str(&growth).unwrap();
    let points = growth["points"].as_array().unwrap();
    assert_eq!((&points[0]["texts"], &points[1]["texts"]), (&3.into(), &30.into()));
    let tokens = |point: &Value| point["tokens"].as_u64().unwrap();
    assert!(tokens(&points[1]) > tokens(&points[0]) && tokens(&points[0]) >= 3 * 3);
    assert!(folder.path().join("growth.svg").is_file());
}

#[test]
fn tokens_of_a_decoder_are_timed_with_the_cache_and_without() {
    let folder = tempfile::tempdir().unwrap();
    let decoder = checkpoint("../decoders/llama");
    let decoder = ["--decoder", decoder.to_str().unwrap()];
    let few = ["--before", "4,32", "--new", "3", "--rounds", "2"];
    let run = bench(folder.path(), &[&decoder[..], &few].concat());
    let out = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{out}{}", String::from_utf8_lossy(&run.stderr));
    assert!(out.contains("skipped: onnxruntime-genai: no --environment"), "{out}");
    let decoding = fs_err::read_to_string(folder.path().join("decoding.json")).unwrap();
    let decoding: Value = serde_json::from_str(&decoding).unwrap();
    let costs = decoding["costs"].as_array().unwrap().iter();
    let found: Vec<_> =
        costs.clone().map(|c| (c["before"].as_u64(), c["cache"].as_bool())).collect();
    let four = [(Some(4), Some(true)), (Some(4), Some(false))];
    assert_eq!(found, [four, four.map(|(_, cache)| (Some(32), cache))].concat());
    assert!(costs.clone().all(|cost| cost["milliseconds"]["min"].as_f64().unwrap() > 0.0));
    assert!(decoding["systems"][0]["peak_memory_bytes"].as_u64().unwrap() > 1 << 20);
    let svg = fs_err::read_to_string(folder.path().join("decoding.svg")).unwrap();
    assert!(svg.contains("cloze, everything anew"), "{svg}");
}

#[test]
fn what_cannot_be_measured_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let run = bench(folder.path(), &["--texts", "short=no-such-file"]);
    let err = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.code() == Some(1) && err.contains("no-such-file"), "{err}");
    let run = bench(folder.path(), &["--workloads", "medium"]);
    assert_eq!(run.status.code(), Some(2));
    assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 0);
}
