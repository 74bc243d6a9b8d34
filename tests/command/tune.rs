//! `cloze train tag`: the encoder itself trained, on a tiny checkpoint.
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::run::{Home, Ran, models};

/// A folder of the testkit.
fn checkpoint(name: &str) -> String {
    let all = models().join("../crates/testkit/checkpoints").join(name);
    fs_err::canonicalize(all).unwrap().display().to_string()
}

/// Sentences of words that the tiny vocabulary has; names of people, in two files' own labels.
fn home() -> Home {
    let sentence = |i: usize| {
        let verb = ["met", "son"][i % 2];
        format!("Ann\tB-PER\n{verb}\tO\nthe\tO\nson\tO\n.\tO\n\nthe\tO\nson\tO\n\n")
    };
    let other = |_| "Kassel\tB-place\nmet\tO\nAnn\tI-person\n\n".to_owned();
    Home::with([
        ("people.conll", &*(0..12).map(sentence).collect::<String>()),
        ("places.conll", &*(0..12).map(other).collect::<String>()),
        ("none.conll", "the\tO\nson\tO\n"),
        ("a.log", "Ann met the son .\n"),
    ])
}

fn train<'a>(base: &'a str, output: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let map = "--map=person=PER,place=LOC";
    let common = ["train", "tag", "people.conll", "places.conll", "-m", base, "-o", output, map];
    [&common[..], &["--hold-out=0.2", "--batch=4"], more].concat()
}

#[test]
fn what_was_trained_tags() {
    let home = home();
    let base = checkpoint("bert");
    for (output, more) in [
        ("lora", &["--learning-rate=0.01", "--casing"][..]),
        ("full", &["--tune=full", "--learning-rate=0.01"]),
        ("crf", &["--crf", "--targets=all-linear", "--rank=4", "--learning-rate=0.01"]),
        ("head", &["--tune=head", "--learning-rate=0.05", "--dtype=f16"]),
    ] {
        let ran = home.run(&train(&base, output, &[more, &["--json", "--epochs=20"]].concat()));
        let report: Value = serde_json::from_str(ran.good()).unwrap();
        assert!(report["labels"]["PER"].as_u64().unwrap() > 10, "{report}");
        let files = home.files(output);
        for file in
            ["README.md", "cloze.json", "config.json", "report.html", "report.json", "train.jsonl"]
        {
            assert!(files.iter().any(|f| f == file), "{output}: no {file} in {files:?}");
        }
        assert!(!home.files("").iter().any(|f| f.contains(".state")), "{:?}", home.files(""));
        home.run(&["model", "check", output]).good();
        home.run(&["model", "info", output]).good();
        // What the model finds in the held-out sentences is what the report says.
        let held = home.run(&["tag", "a.log", "-m", output, "-f", "jsonl"]);
        held.good();
        let eval = home.run(&["eval", "tag", "people.conll", "-m", output, "--json"]);
        let eval: Value = serde_json::from_str(eval.good()).unwrap();
        if output != "head" {
            assert!(eval["micro"]["f1"].as_f64().unwrap() > 0.9, "{output}: {eval}");
        }
    }
    // An adapter merged is the same model.
    home.run(&["model", "merge", "lora", "-o", "merged"]).good();
    let found = |model: &str| {
        let ran = home.run(&["tag", "a.log", "-m", model, "-f", "jsonl", "--min-score=0"]);
        ran.records()[0]["entities"].as_array().unwrap().len()
    };
    assert_eq!((found("lora"), found("merged")), (1, 1));
}

#[test]
fn what_cannot_be_learned_from_is_named() {
    let home = home();
    let base = checkpoint("bert");
    for (args, expected) in [
        (&["train", "tag", "none.conll", "-m", &base, "-o", "x"][..], "no entity to learn from"),
        (&["train", "tag", "a.log", "-m", &base, "-o", "x"], "a.log"),
        (&["train", "tag", "people.conll", "-m", "pii", "-o", "x"], "model.onnx cannot be trained"),
        (&["train", "tag", "people.conll", "-m", &base, "-o", "x", "--map=Q=PER"], "no such label"),
        (&["train", "tag", "people.conll", "-m", &base, "-o", "x", "--rank=0"], "rank is 0"),
        (&["train", "tag", "people.conll", "-m", &base, "-o", "x", "--targets=q"], "--targets q"),
        (
            &["train", "tag", "people.conll", "-m", &base, "-o", "x", "--resume"],
            "nothing to go on from",
        ),
        (
            &["train", "tag", "people.conll", "-m", &base, "-o", "x", "--skip-words=("],
            "--skip-words",
        ),
    ] {
        let ran = home.run(args);
        assert_eq!(ran.status, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
        assert!(!home.path("x").exists(), "{args:?}");
        for file in home.files("") {
            if file.starts_with("x.") {
                fs_err::remove_file(home.path(&file)).unwrap();
            }
        }
    }
}

/// Killed at twenty moments and once told to stop, then gone on with: the same weights, to the byte,
/// and the same log but for the seconds.
#[cfg(unix)]
#[test]
fn a_stopped_training_ends_as_if_it_had_not_been() {
    let home = home();
    let base = checkpoint("bert");
    let more = ["--save-every=1", "--rank=4", "--epochs=12"];
    let started = std::time::Instant::now();
    home.run(&train(&base, "whole", &more)).good();
    let whole = started.elapsed();
    let mut killed = 0;
    for i in 0..20_u32 {
        let mut child = home.command(&train(&base, "parts", &[&more[..], resume(&home)].concat()));
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * (i % 7 + 1) / 16);
        if i == 0 {
            let pid = child.id().to_string();
            assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
            std::thread::sleep(Duration::from_millis(200));
        }
        killed += u32::from(child.kill().is_ok());
        child.wait().unwrap();
        if home.path("parts").exists() {
            break;
        }
    }
    assert!(killed > 1);
    if !home.path("parts").exists() {
        home.run(&train(&base, "parts", &[&more[..], resume(&home)].concat())).good();
    }
    let weights = |folder: &str| home.bytes(&format!("{folder}/adapter_model.safetensors"));
    assert_eq!(weights("parts"), weights("whole"));
    let log = |folder: &str| -> Vec<Value> {
        let text = home.read(&format!("{folder}/train.jsonl"));
        let line = |line: &str| {
            let mut event: Value = serde_json::from_str(line).unwrap();
            event.as_object_mut().unwrap().remove("seconds");
            event
        };
        text.lines().map(line).collect()
    };
    assert_eq!(log("parts"), log("whole"));
}

#[cfg(unix)]
fn resume(home: &Home) -> &'static [&'static str] {
    if home.path("parts.state").exists() { &["--resume"] } else { &[] }
}

/// Told to stop once: what is there is saved, and the status is the one of an interrupt.
#[cfg(unix)]
#[test]
fn an_interrupt_saves_the_state() {
    let home = home();
    let base = checkpoint("bert");
    let more = ["--epochs=100000"];
    let mut child = home.command(&train(&base, "x", &more));
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let started = std::time::Instant::now();
    while !home.path("x.train.jsonl").exists() {
        assert!(started.elapsed() < Duration::from_mins(1), "no training within a minute");
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(100));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let ran = Ran::of(child.wait_with_output().unwrap(), &["interrupted"]);
    assert_eq!(ran.status, Some(130), "{}", ran.stderr);
    assert!(ran.stderr.contains("--resume goes on"), "{}", ran.stderr);
    assert!(home.path("x.state").exists() && !home.path("x").exists());
    // Not by accident afresh, nor with other data.
    let ran = home.run(&train(&base, "x", &more));
    assert!(ran.status == Some(2) && ran.stderr.contains("--resume goes on"), "{}", ran.stderr);
    let ran = home.run(&train(&base, "x", &["--epochs=100000", "--resume", "--limit=5"]));
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
}
