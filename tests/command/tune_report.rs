//! The page and the card of a fine-tuning: their figures are those of `report.json`.
use serde_json::Value;

use crate::run::{Home, entities, models};

fn checkpoint() -> String {
    let bert = models().join("../crates/testkit/checkpoints/bert");
    fs_err::canonicalize(bert).unwrap().display().to_string()
}

/// One learns slowly, so that there are mistakes.
fn trained(home: &Home, more: &[&str]) -> (Value, String, String) {
    let base = checkpoint();
    let common = ["train", "tag", "a.conll", "-m", &base, "-o", "x", "--test=b.conll", "--json"];
    let ran = home.run(&[&common[..], &["--epochs=4", "--rank=2", "--force"], more].concat());
    let report = serde_json::from_str(ran.good()).unwrap();
    (report, home.read("x/report.html"), home.read("x/README.md"))
}

fn home() -> Home {
    let one = "Ann\tB-PER\nmet\tO\nthe\tO\nson\tO\n\nKassel\tB-LOC\nmet\tO\n\n".repeat(20);
    let other = "Secretname\tB-PER\nmet\tO\nKassel\tB-LOC\n\n".repeat(3);
    Home::with([("a.conll", &*one), ("b.conll", &*other)])
}

fn four(value: &Value) -> String {
    format!("{:.4}", value.as_f64().unwrap())
}

#[test]
fn page_and_card_have_the_figures_of_the_report() {
    let home = home();
    let (report, html, card) = trained(&home, &["--license=MIT", "--attribution=A_B"]);
    for judged in [&report["held_out"], &report["test"]] {
        for (label, scores) in judged["labels"].as_object().unwrap() {
            let figures = ["precision", "recall", "f1"].map(|figure| four(&scores[figure]));
            let support = &scores["support"];
            let row = format!("| {label} | {} | {support} |", figures.join(" | "));
            assert!(card.contains(&row), "{row}: {card}");
            let row = format!("<td>{}</td><td>{support}</td>", figures.join("</td><td>"));
            assert!(html.contains(&row), "{row}");
        }
    }
    let curve = &report["curve"];
    for point in curve["scores"].as_array().unwrap() {
        let row = format!("<td>{}</td><td>{}</td>", point[0], four(&point[1]));
        assert!(html.contains(&row), "{row}");
    }
    let best = &report["best_step"];
    for said in [
        &*format!("best: step {best}"),
        report["base"]["sha256"].as_str().unwrap(),
        report["data"][0]["sha256"].as_str().unwrap(),
        report["test"]["data"][0]["sha256"].as_str().unwrap(),
        &*format!("{} of {} parameters", report["trained"], report["parameters"]),
        "Loss over the steps",
        "Learning rate over the steps",
        "micro F1 over the steps",
        "F1 by label",
        "learning_rate",
        "tuning lora rank",
        "<bdi>dropout</bdi></th><td class=\"list\"><bdi>0.1</bdi>",
        "max_tokens",
        "tokens per second",
    ] {
        assert!(html.contains(said), "{said}");
    }
    // Every step has its loss and its rate.
    for line in ["losses", "rates"] {
        assert_eq!(curve[line].as_array().unwrap().len() as u64, report["steps"].as_u64().unwrap());
    }
    for said in [
        "---\nlicense: \"mit\"\nlibrary_name: cloze\npipeline_tag: token-classification\n",
        "```sh\ncloze tag FILE --model ./x\n```",
        "| PER | ",
        "## Limits\n",
    ] {
        assert!(card.contains(said), "{said}: {card}");
    }
    assert!(card.ends_with("\n## Rights\n\n- Licence: MIT\n- Attribution: A\\_B\n"), "{card}");
    // Trained again by the card's command, it is the same model.
    let weights = home.bytes("x/adapter_model.safetensors");
    let again = card.split("## Training command\n\n```sh\ncloze ").nth(1).unwrap();
    let words: Vec<&str> = again.split("\n```").next().unwrap().split(' ').collect();
    home.run(&words).good();
    assert_eq!(home.bytes("x/adapter_model.safetensors"), weights);
}

/// Mistakes are counted either way; what they were made on is shown only where it may be.
#[test]
fn texts_of_mistakes_are_left_out_where_they_must() {
    let home = home();
    let (report, html, _) = trained(&home, &[]);
    let mistakes = report["test"]["mistakes"].as_array().unwrap().clone();
    assert!(!mistakes.is_empty(), "{report}");
    assert!(html.contains("Secretname") && report.to_string().contains("Secretname"));
    let (report, html, card) = trained(&home, &["--no-texts"]);
    for (silent, mistake) in report["test"]["mistakes"].as_array().unwrap().iter().zip(&mistakes) {
        assert_eq!(silent["entities"], mistake["entities"]);
        assert!(silent.get("texts").is_none(), "{silent}");
    }
    assert!(html.contains("Most frequent errors") && card.contains("| gold | predicted |"));
    for file in ["report.html", "report.json", "README.md", "cloze.json", "train.jsonl"] {
        assert!(!home.read(&format!("x/{file}")).contains("Secretname"), "{file}");
    }
}

/// The hidden states of the tiny encoder differ little, so that the head has the largest default.
#[test]
fn the_learning_rate_of_the_head_is_told() {
    let home = home();
    let base = checkpoint();
    let common = ["train", "tag", "a.conll", "-m", &base, "-o", "x", "--max-steps=2", "--force"];
    for (more, rate) in [(&[][..], "0.02"), (&["--head-learning-rate=0.003"], "0.003")] {
        let ran = home.run(&[&common[..], &["--json"], more].concat());
        let report: Value = serde_json::from_str(ran.good()).unwrap();
        let settings = &report["training"];
        assert_eq!(settings["head_learning_rate"].to_string(), rate);
        let told = ran.stderr.contains("learning rate of the head: 2e-2, by the spread");
        assert_eq!(told, more.is_empty(), "{}", ran.stderr);
        let expected = format!("a learning rate of 0.0005 ({rate} of the head).");
        assert!(home.read("x/README.md").contains(&expected), "{}", home.read("x/README.md"));
    }
}

/// `Ann` is a person in one of 40 sentences, so that nothing is predicted; in the others it is none.
#[test]
fn a_tagger_that_predicts_no_entity_is_warned_of() {
    let home = Home::new();
    let sentence = |tag: &str| format!("Ann\t{tag}\nmet\tO\nthe\tO\nson\tO\n\n");
    home.write("a.conll", sentence("B-PER") + &sentence("O").repeat(39));
    home.write("b.conll", sentence("B-PER").repeat(3));
    home.write("c.conll", sentence("O"));
    let base = checkpoint();
    let common = ["train", "tag", "a.conll", "-m", &base, "-o", "x", "--epochs=4", "--force"];
    for (data, expected) in [
        (&["--dev=b.conll", "--test=c.conll"][..], "in the held-out sentences, which have 3;"),
        (&["--dev=c.conll", "--test=b.conll"], "in the test sentences, which have 3;"),
    ] {
        let ran = home.run(&[&common[..], data].concat());
        ran.good();
        let warnings: Vec<&str> =
            ran.stderr.lines().filter(|line| line.contains("predicts no entity")).collect();
        assert!(
            matches!(&warnings[..], [line] if line.contains(expected)),
            "{warnings:?}: {}",
            ran.stderr
        );
    }
}

/// The card of the base names a recogniser; the report says that its figures leave it out.
#[test]
fn the_recognizers_of_the_base_run_beside_the_model() {
    let home = home();
    for file in ["config.json", "model.safetensors", "tokenizer.json"] {
        home.write(
            &format!("base/{file}"),
            fs_err::read(format!("{}/{file}", checkpoint())).unwrap(),
        );
    }
    let redaction = r#"{"recall_bias": 0.5, "window": 64}"#;
    home.write(
        "base/cloze.json",
        format!(
            r#"{{"kind": "model", "format_version": 1, "recognizers": ["email"], "redaction": {redaction}}}"#
        ),
    );
    home.write("mail.txt", "Write to ada@example.com now.\n");
    let common = ["train", "tag", "a.conll", "-m", "./base", "-o", "x", "--max-steps=2", "--force"];
    for (more, names, finds) in [
        (&[][..], "email", true),
        (&["--recognizers=email,iban"], "email, iban", true),
        (&["--recognizers=iban"], "iban", false),
        (&["--recognizers=none"], "none", false),
    ] {
        let ran = home.run(&[&common[..], &["--json"], more].concat());
        let report: Value = serde_json::from_str(ran.good()).unwrap();
        let asked = names.replace(' ', "");
        assert_eq!(report["settings"]["recognizers"], asked);
        let kept = "recognisers beside the model, as beside the base: email";
        assert_eq!(ran.stderr.contains(kept), more.is_empty(), "{}", ran.stderr);
        let note = format!("of the model alone, without the recognisers beside it: {names}");
        for file in ["x/report.html", "x/README.md"] {
            assert!(home.read(file).contains(&note), "{file}: {note}");
        }
        let card: Value = serde_json::from_str(&home.read("x/cloze.json")).unwrap();
        assert_eq!(card["recognizers"], serde_json::json!(names.split(", ").collect::<Vec<_>>()));
        assert_eq!(card["redaction"], serde_json::from_str::<Value>(redaction).unwrap());
        let ran = home.run(&["tag", "mail.txt", "-m", "./x", "-f", "jsonl", "-q"]);
        let found: Vec<_> = entities(&ran.records()[0]).to_vec();
        let by_recognizer = found.iter().filter(|entity| entity["recognizer"] == "email");
        assert_eq!(by_recognizer.count(), usize::from(finds), "{found:?}");
    }
    let ran = home.run(&[&common[..], &["--recognizers=emial"]].concat());
    assert!(ran.stderr.contains("emial"), "{}", ran.stderr);
    // A base without recognisers.
    let (report, page, _) = trained(&home, &[]);
    assert_eq!(report["settings"]["recognizers"], "");
    assert!(!page.contains("recognisers beside"), "{page}");
}
