//! `cloze train classify` and `pair` step by step, the encoder itself trained, on tiny checkpoints.
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::run::{Home, Ran, records};
use crate::support::checkpoint;

/// Texts whose label hangs on a word, of words that the tiny vocabularies have.
fn texts(n: usize) -> String {
    let row = |i: usize| {
        let verb = ["met", "son", "lives"][i % 3];
        let [words, label] = if i.is_multiple_of(2) {
            [format!("Ann {verb} Ann"), "person".into()]
        } else {
            [format!("the {verb} ."), "thing".into()]
        };
        format!("{words},{label}\n")
    };
    "text,label\n".to_owned() + &(0..n).map(row).collect::<String>()
}

fn home() -> Home {
    Home::with([("a.csv", &*texts(40)), ("test.csv", &*texts(12))])
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number, found {value}"))
}

/// Of the last run of `cloze train`, what it printed with `--json`.
fn trained(home: &Home, command: &str, base: &str, output: &str, more: &[&str]) -> Value {
    let common = ["train", command, "a.csv", "-m", base, "-o", output, "--json"];
    // Weights that all layers share take a gradient from each: at the adapters' rate they diverge.
    let shared = base.ends_with("albert") && more.contains(&"--tune=full");
    let rate = if shared { "--learning-rate=0.003" } else { "--learning-rate=0.01" };
    let steps = ["--batch=4", if shared { "--epochs=40" } else { "--epochs=15" }, rate];
    let ran = home.run(&[&common[..], &steps, more].concat());
    records(ran.good()).remove(0)
}

/// What `cloze eval` says of a model on the test file.
fn judged(home: &Home, command: &str, model: &str, more: &[&str]) -> Value {
    let model = &*format!("./{model}");
    let ran = home.run(&[&["eval", command, "test.csv", "-m", model, "--json"][..], more].concat());
    records(ran.good()).remove(0)
}

/// The figures of the report are those that `cloze eval` has for the saved model.
#[track_caller]
fn agree(report: &Value, eval: &Value) {
    for figure in ["accuracy", "subset_accuracy"] {
        assert_eq!(report[figure], eval[figure], "{report}\n{eval}");
    }
    assert_eq!(report["labels"], eval["labels"]);
    if report.get("probability").is_some() {
        for figure in ["log_loss", "brier"] {
            let [a, b] = [report, eval].map(|r| number(&r["probability"][figure]));
            assert!((a - b).abs() < 1e-4 * (1.0 + b), "{figure}: {a} {b}");
        }
    }
}

#[test]
fn every_family_learns_labels() {
    let home = home();
    for family in ["bert", "roberta", "distilbert", "electra", "mpnet", "albert"] {
        let base = checkpoint(family);
        for tune in ["lora", "full", "head"] {
            let output = format!("{family}-{tune}");
            let tune = format!("--tune={tune}");
            // With random weights the hidden states say nothing of how large a step may be.
            let more = [&*tune, "--test=test.csv", "--head-learning-rate=1e-3"];
            let report = trained(&home, "classify", &base, &output, &more);
            let eval = judged(&home, "classify", &output, &[]);
            agree(&report["test"], &eval);
            if tune != "--tune=head" {
                assert!(number(&eval["accuracy"]) > 0.99, "{output}: {eval}");
            }
            let model = format!("./{output}");
            home.run(&["model", "check", &model]).good();
            let found = home.run_with("Ann met Ann\n", &["classify", "-", "-m", &model]);
            let found = records(found.good()).remove(0);
            assert!(found["probabilities"]["person"].is_number(), "{found}");
            let files = home.files(&output);
            for file in ["README.md", "cloze.json", "report.html", "report.json", "train.jsonl"] {
                assert!(files.iter().any(|f| f == file), "{output}: no {file} in {files:?}");
            }
        }
    }
}

/// Texts that are longer than the model takes: their windows' logits are averaged, or their beginning
/// alone is seen.
#[test]
fn long_texts_are_judged_as_they_are_labelled() {
    let home = home();
    let base = checkpoint("bert");
    let long = |i: usize| format!("{} the son .,person\n", "Ann met ".repeat(10 + 7 * i));
    let texts = texts(12) + &(0..6).map(long).collect::<String>();
    home.write("test.csv", &texts);
    home.write("a.csv", self::texts(30) + &(0..4).map(long).collect::<String>());
    let more = ["--tune=full", "--test=test.csv", "--max-tokens=12"];
    agree(
        &trained(&home, "classify", &base, "whole", &more)["test"],
        &judged(&home, "classify", "whole", &[]),
    );
    let report = trained(&home, "classify", &base, "cut", &[&more[..], &["--truncate"]].concat());
    agree(&report["test"], &judged(&home, "classify", "cut", &["--truncate"]));
}

/// The labels that it learns are right, and it is sure; a fifth of those that it is evaluated on are wrong, so that it is
/// too sure of all. The saved classifier's logits are the others' divided by the temperature: the logarithm of the
/// odds is.
#[test]
fn the_temperature_is_part_of_the_classifier() {
    let home = home();
    // No two are alike: copies are calibrated by on one side alone.
    let rows: Vec<String> = texts(240)
        .lines()
        .skip(1)
        .enumerate()
        .map(|(i, row)| row.replacen(',', &format!(" {i},"), 1) + "\n")
        .collect();
    let (right, others) = rows.split_at(120);
    let wrong = others.iter().enumerate().map(|(i, row)| match i % 5 {
        0 if row.ends_with("person\n") => row.replace("person", "thing"),
        0 => row.replace("thing", "person"),
        _ => row.clone(),
    });
    home.write("a.csv", "text,label\n".to_owned() + &right.concat());
    home.write("dev.csv", "text,label\n".to_owned() + &wrong.collect::<String>());
    let base = checkpoint("bert");
    let given = ["--tune=full", "--dev=dev.csv"];
    let report = trained(&home, "classify", &base, "m", &given);
    let more = [&given[..], &["--no-calibration", "--no-texts"]].concat();
    trained(&home, "classify", &base, "raw", &more);
    // The mistakes are on the page, with their texts or without.
    let text = report["held_out"]["confident_errors"][0]["text"].as_str().unwrap();
    for (model, expected) in [("m", true), ("raw", false)] {
        let page = home.read(&format!("{model}/report.html"));
        assert!(page.contains("Errors, the most confident first"));
        for page in [page, home.read(&format!("{model}/report.json"))] {
            assert_eq!(page.contains(text), expected, "{model}");
        }
    }
    let temperature = number(&report["held_out"]["calibration"]["temperature"]);
    assert!(temperature > 1.5, "{temperature}");
    let odds = |model: &str| {
        let found = home.run_with("Ann met Ann\n", &["classify", "-", "-m", model, "-q"]);
        let found = records(found.good()).remove(0);
        let p = number(&found["probabilities"]["person"]);
        (p / (1.0 - p)).ln()
    };
    let (own, raw) = (odds("./m"), odds("./raw"));
    assert!(
        (own * temperature - raw).abs() < 1e-3 * (1.0 + raw.abs()),
        "{own} {raw} {temperature}"
    );
}

#[test]
fn a_text_may_have_several_labels() {
    let home = home();
    let rows = |n| texts(n).replace(",person", ",person;name").replace(",thing", ",");
    home.write("a.csv", rows(40));
    home.write("test.csv", rows(12));
    let separator = "--label-separator=;";
    for class_weights in ["--class-weights=none", "--class-weights=balanced"] {
        let more = [separator, "--tune=lora", "--test=test.csv", class_weights, "--force"];
        let report = trained(&home, "classify", &checkpoint("roberta"), "m", &more);
        let eval = judged(&home, "classify", "m", &[separator]);
        agree(&report["test"], &eval);
        assert!(number(&eval["subset_accuracy"]) > 0.9, "{eval}");
        // What the classifier was divided by is said, and of the test examples nothing was learned.
        assert!(report["held_out"]["temperature"].is_number(), "{report}");
        assert!(report["test"]["temperature"].is_null(), "{report}");
        assert!(home.read("m/report.html").contains("temperature"));
    }
    let config: Value = serde_json::from_str(&home.read("m/config.json")).unwrap();
    assert_eq!(config["problem_type"], "multi_label_classification");
    let found = home.run_with("Ann met Ann\nthe son .\n", &["classify", "-", "-m", "./m", "-q"]);
    let found = records(found.good());
    assert_eq!(found[0]["labels"].as_array().unwrap().len(), 2, "{found:?}");
    assert_eq!(found[1]["labels"].as_array().unwrap().len(), 0, "{found:?}");
}

/// One text, labelled a three times and b once: nothing but how often is left to learn, 1/4, and where
/// labels count alike, 1/2.
#[test]
fn class_weights_count() {
    let home = home();
    let rows = (0..80).map(|i| format!("the son,{}\n", ["a", "a", "a", "b"][i % 4]));
    home.write("a.csv", "text,label\n".to_owned() + &rows.collect::<String>());
    let base = checkpoint("bert");
    let probability = |weights: &str| {
        let more = ["--tune=head", "--hold-out=0", "--force", weights, "--dropout=0"];
        let report = trained(&home, "classify", &base, "m", &more);
        assert!(report["held_out"].is_null(), "{report}");
        let found = home.run_with("the son\n", &["classify", "-", "-m", "./m", "-q"]);
        number(&records(found.good())[0]["probabilities"]["b"])
    };
    for (weights, expected) in [("none", 0.25), ("balanced", 0.5), ("b=9", 0.75)] {
        let found = probability(&format!("--class-weights={weights}"));
        assert!((found - expected).abs() < 0.06, "{weights}: {found}");
    }
    let args = ["train", "classify", "a.csv", "-m", &base, "-o", "x", "--tune=lora"];
    let ran = home.run(&[&args[..], &["--class-weights=c=2"]].concat());
    assert!(ran.status == Some(2) && ran.stderr.contains("no label \"c\""), "{}", ran.stderr);
}

#[test]
fn pairs_are_seen_in_one_sequence() {
    let row = |i: usize| {
        let first = ["Ann met", "the son lives"][i % 2];
        let [second, label] = [["Ann", "yes"], ["the son .", "no"]][i / 2 % 2];
        format!("{first},{second},{label}\n")
    };
    let rows = |n| "sentence1,sentence2,label\n".to_owned() + &(0..n).map(row).collect::<String>();
    let home = Home::with([("a.csv", &*rows(40)), ("test.csv", &*rows(12))]);
    for family in ["bert", "roberta"] {
        let more = ["--tune=lora", "--test=test.csv", "--rank=4", "--force"];
        let report = trained(&home, "pair", &checkpoint(family), "m", &more);
        assert_eq!(report["task"], "pair");
        let eval = judged(&home, "pair", "m", &[]);
        agree(&report["test"], &eval);
        assert!(number(&eval["accuracy"]) > 0.99, "{family}: {eval}");
    }
    home.run(&["pair", "test.csv", "-m", "./m"]).good();
}

/// Other examples to judge by, among them a label that was not learned: always wrong.
#[test]
fn other_examples_may_be_judged_by() {
    let home = home();
    home.write("dev.csv", texts(9) + "the son,other\n");
    let report = trained(
        &home,
        "classify",
        &checkpoint("electra"),
        "m",
        &["--tune=full", "--dev=dev.csv", "--patience=2", "--test=dev.csv"],
    );
    assert_eq!(report["examples"], 40);
    assert_eq!(report["held_out"]["examples"], 10);
    assert_eq!(report["held_out"]["unknown_labels"][0], "other");
    assert_eq!(report["held_out"]["accuracy"], report["test"]["accuracy"]);
    assert!((number(&report["test"]["accuracy"]) - 0.9).abs() < 1e-12, "{}", report["test"]);
}

/// Going on from a model with the same labels starts from its classifier, and from another's anew.
#[test]
fn a_model_with_labels_is_a_base_too() {
    let home = home();
    trained(&home, "classify", &checkpoint("bert"), "first", &["--tune=full"]);
    let again = ["--tune=head", "--learning-rate=1e-9", "--epochs=1", "--test=test.csv", "--json"];
    let args = ["train", "classify", "a.csv", "-m", "./first", "-o", "second", "--no-calibration"];
    let report = records(home.run(&[&args[..], &again].concat()).good()).remove(0);
    assert!(number(&report["test"]["accuracy"]) > 0.99, "{report}");
    home.write("a.csv", texts(40).replace("person", "who").replace("thing", "what"));
    home.write("test.csv", texts(12).replace("person", "who").replace("thing", "what"));
    let report =
        trained(&home, "classify", "./first", "third", &["--tune=lora", "--test=test.csv"]);
    agree(&report["test"], &judged(&home, "classify", "third", &[]));
}

#[test]
fn flags_are_for_one_way_of_training() {
    let home = home();
    let base = checkpoint("bert");
    for (command, flags, expected) in [
        ("classify", &["--tune=lora", "--c=1"][..], "--c is for --tune frozen"),
        ("classify", &["--tune=full", "--pooling=cls"], "--pooling is for --tune frozen"),
        ("classify", &["--tune=head", "--head=svm"], "--head is for --tune frozen"),
        ("classify", &["--tune=lora", "--folds=5"], "--folds is for --tune frozen"),
        ("classify", &["--tune=lora", "--no-cache"], "--no-cache is for --tune frozen"),
        ("classify", &["--tune=lora", "--curve"], "--curve is for --tune frozen"),
        ("classify", &["--tune=lora", "--recall=a=1"], "--recall is for --tune frozen"),
        ("pair", &["--tune=lora", "--pair-rows=cross"], "--pair-rows is for --tune frozen"),
        ("classify", &["--rank=4"], "--rank is for --tune lora, full or head"),
        ("classify", &["--epochs=3"], "--epochs is for --tune lora, full or head"),
        ("classify", &["--dtype=f16"], "--dtype is for --tune lora, full or head"),
        ("classify", &["--resume"], "--resume is for --tune lora, full or head"),
        ("pair", &["--dev=a.csv"], "--dev is for --tune lora, full or head"),
        ("classify", &["--patience=3"], "--patience is for --search, or for --tune"),
        ("classify", &["--tune=lora", "--hold-out=1"], "--hold-out is 1"),
        ("classify", &["--tune=lora", "--label-smoothing=1"], "--label-smoothing is 1"),
        ("classify", &["--tune=lora", "--train-embeddings"], "--train-embeddings is for"),
        ("classify", &["--tune=full", "--rank=4"], "--rank is for --tune lora"),
        ("classify", &["--tune=head", "--targets=key"], "--targets is for --tune lora"),
        ("classify", &["--tune=full", "--rslora"], "--rslora is for --tune lora"),
        ("classify", &["--tune=lora", "--dev=none.csv"], "none.csv"),
        ("classify", &["--tune=lora", "-m=pii"], "model.onnx cannot be trained"),
        ("classify", &["--tune=lora", "--resume"], "nothing to resume"),
    ] {
        let own = if flags.contains(&"-m=pii") { vec![] } else { vec!["-m", &base] };
        let args = [&["train", command, "a.csv", "-o", "x"][..], &own, flags].concat();
        let ran = home.run(&args);
        assert_eq!(ran.status, Some(2), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(expected), "{args:?}: {}", ran.stderr);
        assert!(!home.path("x").exists(), "{args:?}");
    }
}

/// Told to stop, then gone on with: the same weights, to the byte.
#[cfg(unix)]
#[test]
fn a_stopped_training_goes_on() {
    let home = home();
    let base = checkpoint("bert");
    let train = |output: &'static str| {
        let base = base.clone();
        move |more: &[&str]| {
            let common = ["train", "classify", "a.csv", "-o", output, "--tune=lora", "--epochs=40"];
            let all = [&common[..], &["--batch=2", "-m", &base], more].concat();
            all.into_iter().map(str::to_owned).collect::<Vec<_>>()
        }
    };
    let run = |args: Vec<String>| home.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
    run(train("whole")(&[])).good();
    let args = train("parts")(&[]);
    let mut child = home.command(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !home.path("parts.train.jsonl").exists() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    std::thread::sleep(std::time::Duration::from_millis(50));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let ran = Ran::of(child.wait_with_output().unwrap(), &["interrupted"]);
    assert_eq!(ran.status, Some(130), "{}", ran.stderr);
    run(train("parts")(&["--resume"])).good();
    for file in ["adapter_model.safetensors", "config.json"] {
        assert_eq!(home.bytes(&format!("parts/{file}")), home.bytes(&format!("whole/{file}")));
    }
}

/// The model that is shipped has no prefix before its tensors' names, and a pooler.
#[test]
fn the_shipped_encoder_learns_labels() {
    let home = home();
    for tune in ["--tune=lora", "--tune=full"] {
        let args = ["train", "classify", "a.csv", "-o", "m", "--max-steps=2", "--force", tune];
        let ran = home.run(&[&args[..], &["--test=test.csv", "--json", "--dtype=f16"]].concat());
        let report = records(ran.good()).remove(0);
        let eval = judged(&home, "classify", "m", &[]);
        assert_eq!(report["test"]["labels"], eval["labels"]);
    }
}

/// What was trained one way is replaced by what is trained another, and nothing of it stays, but files
/// of one's own do.
#[test]
fn one_way_of_training_replaces_another() {
    let home = home();
    let base = checkpoint("bert");
    let tunings = ["lora", "frozen", "full", "lora", "full", "frozen"];
    for (i, tune) in tunings.into_iter().enumerate() {
        let args = ["train", "classify", "a.csv", "-m", &base, "-o", "m", "--tune", tune];
        let force = if i > 0 { &["--force"][..] } else { &[] };
        home.run(&[&args[..], force].concat()).good();
        home.write("m/notes", "mine");
        judged(&home, "classify", "m", &[]);
        let files = home.files("m");
        let has = |name: &str| files.iter().any(|file| file == name);
        assert_eq!(has("adapter_model.safetensors"), tune == "lora", "{files:?}");
        assert_eq!(has("model.safetensors"), tune == "full", "{files:?}");
        assert_eq!(has("head.safetensors"), tune == "frozen", "{files:?}");
        assert!(i == 0 || has("notes"), "{files:?}");
    }
    fs_err::create_dir(home.path("mine")).unwrap();
    let args = ["train", "classify", "a.csv", "-m", &base, "-o", "mine", "--tune=lora", "--force"];
    let ran = home.run(&args);
    assert!(ran.stderr.contains("expected a trained model to replace"), "{}", ran.stderr);
}
