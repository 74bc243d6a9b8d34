//! `cloze train tag`: the encoder itself trained, on a tiny checkpoint.
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::run::{Home, Ran};
use crate::support::checkpoint;
#[cfg(unix)]
use crate::support::signals;

/// Sentences of words that the tiny vocabulary has; names of people, in two files' own labels.
fn home() -> Home {
    let sentence = |i: usize| {
        let verb = ["met", "son"][i % 2];
        // No two are alike: copies are held out together.
        format!("Ann\tB-PER\n{verb}\tO\nthe\tO\nson\tO\n{i}\tO\n.\tO\n\nthe\tO\nson\tO\n{i}\tO\n\n")
    };
    let other = |i: usize| format!("Kassel\tB-place\nmet\tO\nAnn\tI-person\n{i}\tO\n\n");
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
        let model = &*format!("./{output}");
        home.run(&["model", "check", model]).good();
        home.run(&["model", "info", model]).good();
        // What the model finds in the held-out sentences is what the report says.
        let held = home.run(&["tag", "a.log", "-m", model, "-f", "jsonl"]);
        held.good();
        let eval = home.run(&["eval", "tag", "people.conll", "-m", model, "--json"]);
        let eval: Value = serde_json::from_str(eval.good()).unwrap();
        if output != "head" {
            assert!(eval["micro"]["f1"].as_f64().unwrap() > 0.9, "{output}: {eval}");
        }
    }
    // The least score that a model has holds where nobody names one: no probability is 1.
    let more = ["--learning-rate=0.01", "--casing", "--epochs=20", "--min-score=1"];
    home.run(&train(&base, "strict", &more)).good();
    for (flag, count) in [("--quiet", 0), ("--min-score=0", 1), ("--prefer-recall=0", 1)] {
        let ran = home.run(&["tag", "a.log", "-m", "./strict", "-f", "jsonl", flag]);
        assert_eq!(ran.records()[0]["entities"].as_array().unwrap().len(), count, "{flag}");
    }
    // An adapter merged is the same model.
    home.run(&["model", "merge", "./lora", "-o", "merged"]).good();
    let found = |model: &str| {
        let ran = home.run(&["tag", "a.log", "-m", model, "-f", "jsonl", "--min-score=0"]);
        ran.records()[0]["entities"].as_array().unwrap().len()
    };
    assert_eq!((found("./lora"), found("./merged")), (1, 1));
}

/// One step at a rate of next to nothing: a new classifier would find no person yet.
#[test]
fn a_tagger_goes_on_from_its_classifier() {
    let home = home();
    let base = checkpoint("bert");
    let more = ["--tune=full", "--learning-rate=0.01", "--epochs=20"];
    home.run(&train(&base, "first", &more)).good();
    let eval = |model: &str| -> Value {
        let ran = home.run(&["eval", "tag", "people.conll", "-m", model, "--json"]);
        serde_json::from_str::<Value>(ran.good()).unwrap()["micro"].clone()
    };
    let step = ["--max-steps=1", "--learning-rate=1e-9", "--head-learning-rate=1e-9"];
    for tune in ["full", "lora", "head"] {
        let tune = format!("--tune={tune}");
        let ran = home.run(&train("./first", "next", &[&[&*tune, "--force"], &step[..]].concat()));
        ran.good();
        let kept = "the base's classifier is kept for 5 of 5 tags";
        assert!(ran.stderr.contains(kept), "{tune}: {}", ran.stderr);
        assert_eq!(eval("./next"), eval("./first"), "{tune}");
    }
    // Without the places: `O` and the two tags of people are the base's.
    home.write("new.conll", home.read("people.conll") + "Kassel\tB-TOWN\nmet\tO\n\n");
    let common = ["train", "tag", "new.conll", "-m", "./first", "-o", "other", "--hold-out=0"];
    let ran = home.run(&[&common[..], &step].concat());
    ran.good();
    assert!(ran.stderr.contains("is kept for 3 of 5 tags"), "{}", ran.stderr);
    assert_eq!(eval("./other")["recall"], eval("./first")["recall"]);
}

#[test]
fn what_cannot_be_learned_from_is_named() {
    let home = home();
    let base = checkpoint("bert");
    for (args, expected) in [
        (
            &["train", "tag", "none.conll", "-m", &base, "-o", "x"][..],
            "expected entities to train on",
        ),
        (&["train", "tag", "a.log", "-m", &base, "-o", "x"], "a.log"),
        (&["train", "tag", "people.conll", "-m", "pii", "-o", "x"], "model.onnx cannot be trained"),
        (&["train", "tag", "people.conll", "-m", &base, "-o", "x", "--map=Q=PER"], "no such label"),
        (&["train", "tag", "people.conll", "-m", &base, "-o", "x", "--rank=0"], "rank is 0"),
        (&["train", "tag", "people.conll", "-m", &base, "-o", "x", "--targets=q"], "--targets q"),
        (
            &["train", "tag", "people.conll", "-m", &base, "-o", "x", "--resume"],
            "nothing to resume",
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

/// Killed at twenty moments, once told to stop before, then gone on with: the same weights, to the
/// byte, and the same card, report and log but for the seconds.
#[cfg(unix)]
#[test]
fn a_stopped_training_ends_as_if_it_had_not_been() {
    let home = home();
    let base = checkpoint("bert");
    let more = ["--save-every=1", "--rank=4", "--epochs=24", "--eval-every=3"];
    home.run(&train(&base, "whole", &more)).good();
    let steps = log(&home, "whole/train.jsonl").last().unwrap()["step"].as_u64().unwrap();
    for i in 1..=20_u64 {
        let mut child = home.command(&train(&base, "parts", &[&more[..], resume(&home)].concat()));
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Further than the last time, and then somewhere in a step, a judging or a saving.
        let until = i * (steps - 8) / 20;
        wait_for(|| last_step(&home) >= until || child.try_wait().unwrap().is_some());
        std::thread::sleep(Duration::from_micros(i * 7919 % 5000));
        if i == 1 {
            let pid = child.id().to_string();
            assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!home.path("parts").exists(), "done before kill {i}, after step {until}");
    }
    home.run(&train(&base, "parts", &[&more[..], resume(&home)].concat())).good();

    let weights = |folder: &str| home.bytes(&format!("{folder}/adapter_model.safetensors"));
    assert_eq!(weights("parts"), weights("whole"));
    assert_eq!(log(&home, "parts/train.jsonl"), log(&home, "whole/train.jsonl"));
    let json = |file: &str| serde_json::from_str(&home.read(file)).unwrap();
    let card = |folder: &str| -> Value {
        let mut card: Value = json(&format!("{folder}/cloze.json"));
        // Where it was written to, and whether it went on.
        card["training"].as_object_mut().unwrap().remove("command").unwrap();
        card
    };
    assert_eq!(card("parts"), card("whole"));
    let report = |folder: &str| -> Value {
        let mut report: Value = json(&format!("{folder}/report.json"));
        for (of, name) in [("", "command"), ("", "seconds"), ("/curve", "seconds")] {
            let of = report.pointer_mut(of).unwrap().as_object_mut().unwrap();
            of.remove(name).unwrap();
        }
        report
    };
    let whole = report("whole");
    assert_eq!(whole["curve"]["losses"].as_array().unwrap().len() as u64, steps);
    assert_eq!(report("parts"), whole);
}

/// The events of a log but for the seconds they took.
#[cfg(unix)]
fn log(home: &Home, file: &str) -> Vec<Value> {
    let line = |line: &str| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        event.as_object_mut().unwrap().remove("seconds");
        event
    };
    home.read(file).lines().map(line).collect()
}

/// The last step that the log of an unfinished training has.
#[cfg(unix)]
fn last_step(home: &Home) -> u64 {
    let text = fs_err::read_to_string(home.path("parts.train.jsonl")).unwrap_or_default();
    let step = |line: &str| serde_json::from_str::<Value>(line).ok()?["step"].as_u64();
    text.lines().rev().find_map(step).unwrap_or(0)
}

#[cfg(unix)]
#[track_caller]
fn wait_for(mut is_so: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_mins(1), "nothing within a minute");
        std::thread::sleep(Duration::from_millis(1));
    }
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
    for (name, status) in signals() {
        for file in ["x.state", "x.train.jsonl"] {
            let _ = fs_err::remove_file(home.path(file));
        }
        let mut child = home.command(&train(&base, "x", &more));
        let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for(|| home.path("x.train.jsonl").exists());
        std::thread::sleep(Duration::from_millis(100));
        let pid = child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
        let ran = Ran::of(child.wait_with_output().unwrap(), &["interrupted"]);
        assert_eq!(ran.status, Some(status), "{name}: {}", ran.stderr);
        assert!(ran.stderr.contains("--resume continues"), "{name}: {}", ran.stderr);
        assert!(home.path("x.state").exists() && !home.path("x").exists(), "{name}");
    }
    // Not by accident afresh, nor with other data.
    let ran = home.run(&train(&base, "x", &more));
    assert!(ran.status == Some(2) && ran.stderr.contains("--resume continues"), "{}", ran.stderr);
    let ran = home.run(&train(&base, "x", &["--epochs=100000", "--resume", "--limit=5"]));
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
}

#[test]
fn a_slash_behind_the_output_changes_nothing() {
    let home = home();
    let base = checkpoint("bert");
    home.run(&train(&base, "new/x/", &["--epochs=1"])).good();
    assert!(home.path("new/x/cloze.json").exists() && home.path("new/x/train.jsonl").exists());
    assert_eq!(fs_err::read_dir(home.path("new")).unwrap().count(), 1);
}

/// What differs alone is stored, so the base must stay what it is.
#[test]
fn a_model_does_not_take_the_place_of_its_base() {
    let home = home();
    let base = checkpoint("bert");
    home.run(&train(&base, "full", &["--epochs=1", "--tune=full"])).good();
    home.run(&train("./full", "lora", &["--epochs=1"])).good();
    let before = home.bytes("full/model.safetensors");
    for (model, output, more) in [
        ("./full", "full", &["--force"][..]),
        ("./full", "./full/", &["--force"]),
        ("./lora", "lora", &["--force", "--tune=full"]),
        ("./lora", "full", &["--force", "--tune=full"]),
    ] {
        let ran = home.run(&train(model, output, more));
        assert_eq!(ran.status, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains("name another"), "{}", ran.stderr);
    }
    assert_eq!(home.bytes("full/model.safetensors"), before);
    // Nor are adapters put beside others.
    let ran = home.run(&train("./lora", "more", &[]));
    assert!(ran.status == Some(2) && ran.stderr.contains("cloze model merge"), "{}", ran.stderr);
    home.run(&train("./lora", "more", &["--epochs=1", "--tune=full"])).good();
    home.run(&["model", "check", "./more"]).good();
}

/// All of a label's entities may be drawn to be held out, and are learned by name even then; what is
/// dropped is dropped only where it is learned from.
#[test]
fn what_is_held_out_changes_no_labels() {
    let home = home();
    let base = checkpoint("bert");
    let rare = "Kassel\tB-RARE\nmet\tO\n\n";
    // No two are alike, so that each is drawn by itself.
    let sentence = |i: usize| {
        let verb = ["met", "son"][i % 2];
        format!("Ann\tB-PER\n{verb}\tO\n{i}\tO\n.\tO\n\nthe\tO\nson\tO\n{i}\tO\n\n")
    };
    home.write("rare.conll", (0..12).map(sentence).collect::<String>() + rare);
    home.write("dev.conll", "the\tB-THING\nson\tO\n\n".to_owned() + rare);
    let run = |more: &[&str]| {
        let common = ["train", "tag", "rare.conll", "-m", &base, "-o", "x", "--force", "--json"];
        let ran = home.run(&[&common[..], &["--epochs=1"], more].concat());
        let report: Value = serde_json::from_str(ran.good()).unwrap();
        (report, ran.stderr)
    };
    let config = || -> Value { serde_json::from_str(&home.read("x/config.json")).unwrap() };
    let gold = |report: &Value| report["held_out"]["micro"]["support"].as_u64().unwrap();
    let mut held_out = 0;
    for seed in ["--seed=1", "--seed=2", "--seed=3", "--seed=4"] {
        let (all, _) = run(&["--hold-out=0.6", seed]);
        assert_eq!(config()["id2label"].as_object().unwrap().len(), 5, "{seed}");
        let (report, stderr) = run(&["--hold-out=0.6", seed, "--drop-entities=Kassel"]);
        assert_eq!(config()["id2label"].as_object().unwrap().len(), 3, "{seed}");
        assert_eq!(gold(&report), gold(&all), "{seed}");
        let is_out = all["labels"]["RARE"].is_null();
        assert_eq!(stderr.contains("never predicted: RARE"), is_out, "{seed}: {stderr}");
        held_out += u8::from(is_out);
    }
    assert!(held_out > 0);
    let (_, stderr) = run(&["--dev=dev.conll"]);
    assert!(stderr.contains("never predicted: THING"), "{stderr}");
}

/// Another takes the name meanwhile, so that the model cannot be put there: nothing is lost, and no
/// step is taken again.
#[cfg(unix)]
#[test]
fn what_fails_behind_the_last_step_does_not_lose_the_training() {
    let home = home();
    let base = checkpoint("bert");
    let more = ["--epochs=24"];
    home.run(&train(&base, "whole", &more)).good();
    let mut child = home.command(&train(&base, "parts", &more));
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for(|| last_step(&home) > 0);
    fs_err::create_dir(home.path("parts")).unwrap();
    let ran = Ran::of(child.wait_with_output().unwrap(), &["parts"]);
    assert!(ran.status == Some(2) && ran.stderr.contains("parts"), "{}", ran.stderr);
    assert!(home.path("parts.state").exists() && home.path("parts.train.jsonl").exists());
    fs_err::remove_dir(home.path("parts")).unwrap();
    let ran = home.run(&train(&base, "parts", &["--epochs=24", "--resume"]));
    ran.good();
    // Nothing is judged again on the way, which would say so.
    assert!(!ran.stderr.contains("step "), "{}", ran.stderr);
    let weights = |folder: &str| home.bytes(&format!("{folder}/adapter_model.safetensors"));
    assert_eq!(weights("parts"), weights("whole"));
    assert_eq!(log(&home, "parts/train.jsonl"), log(&home, "whole/train.jsonl"));
    assert!(!home.path("parts.state").exists() && !home.path("parts.train.jsonl").exists());
}
