//! `cloze eval redact`: figures on texts marked by hand.
use serde_json::json;

use crate::run::Home;
use crate::support::assert_refused;

/// Three texts, of which the first has an item that may be hidden or not. In letters and digits: `Ann Lee` 6,
/// `a@b.de` 4, `12-34` 4.
const GOLD: &str = r#"{"kind": "mail", "text": "Ann Lee, a@b.de, Kiel", "entities": [{"label": "PERSON", "start": 0, "end": 7}, {"label": "EMAIL", "start": 9, "end": 15}, {"label": "OPTIONAL", "start": 17, "end": 21}]}
{"kind": "chat", "text": "Ring 12-34!", "entities": [{"label": "PHONE", "start": 5, "end": 10, "text": "12-34"}]}
{"text": "Für Bob.", "offsets": "byte", "entities": [{"label": "PERSON", "start": 5, "end": 8}]}
"#;

/// Hides `Ann`, `Lee`, of the address `b.de`, the town, `Ring`, and `Bob`, whose offsets are characters here.
const FOUND: &str = r#"[
{"full_text": "Ann Lee, a@b.de, Kiel", "spans": [{"entity_type": "NAME", "start_position": 0, "end_position": 3}, {"entity_type": "NAME", "start_position": 4, "end_position": 7}, {"entity_type": "URL", "start_position": 11, "end_position": 15}, {"entity_type": "CITY", "start_position": 17, "end_position": 21}]},
{"full_text": "Ring 12-34!", "spans": [{"entity_type": "NAME", "start_position": 0, "end_position": 4}]},
{"full_text": "Für Bob.", "spans": [{"entity_type": "NAME", "start_position": 4, "end_position": 7}]}
]
"#;

fn home() -> Home {
    let home = Home::new();
    home.write("gold.jsonl", GOLD);
    home.write("found.json", FOUND);
    home
}

// Items: PERSON 2 of 2 whole (9 of 9 letters), EMAIL partly (3 of 4), PHONE missed (0 of 4): whole 2/4, leaked
// (1 + 4) / 17. Spans: NAME 4, of which "Ring" is wrong; URL 1; CITY 1: wrong 1/6.
#[test]
fn items_are_counted_by_label_and_kind() {
    let home = home();
    let args = ["eval", "redact", "gold.jsonl", "--predicted", "found.json"];
    let expected = "\
found.json

gold label  items  whole  partly  missed  whole rate  leak rate
EMAIL           1      0       1       0      0.0000     0.2500
PERSON          2      2       0       0      1.0000     0.0000
PHONE           1      0       0       1      0.0000     1.0000
total           4      2       1       1      0.5000     0.2941

hidden label  spans  wrong  wrong rate
CITY              1      0      0.0000
NAME              4      1      0.2500
URL               1      0      0.0000
total             6      1      0.1667

kind  items  whole  partly  missed  whole rate  leak rate  texts  spans  wrong
chat      1      0       0       1      0.0000     1.0000      1      1      1
mail      2      1       1       0      0.5000     0.1000      1      4      0
";
    assert_eq!(home.run(&args).good(), expected);

    let ran = home.run(&[&args[..], &["--json"]].concat());
    let report = &ran.records()[0];
    assert_eq!(
        (&report["data"], &report["predicted"]),
        (&json!("gold.jsonl"), &json!("found.json"))
    );
    assert_eq!(report["whole_rate"], 0.5);
    let phone = json!({
        "gold": 1, "whole": 0, "partly": 0, "missed": 1, "characters": 4, "hidden_characters": 0,
    });
    assert_eq!(report["labels"]["PHONE"], phone);
    assert_eq!(report["hidden_labels"]["NAME"], json!({"spans": 4, "wrong": 1}));
    assert_eq!(report["kinds"]["chat"]["items"], phone);
    // Outside items: "Ring" and nothing else; letters and digits of the texts: 14, 8 and 6.
    assert_eq!((&report["extra_characters"], &report["text_characters"]), (&json!(4), &json!(28)));

    let markdown = home.run(&[&args[..], &["--format", "markdown"]].concat());
    assert!(markdown.good().contains("| PHONE | 1 | 0 | 0 | 1 | 0.0000 | 1.0000 |\n"));
}

#[test]
fn a_model_is_evaluated_on_the_same_texts() {
    let home = home();
    let ran = home.run(&["eval", "redact", "gold.jsonl", "--json"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let report = &ran.records()[0];
    assert_eq!((&report["predicted"], &report["texts"]), (&json!("pii"), &json!(3)));
    assert_eq!(report["model_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(report["items"]["gold"], 4);
}

#[test]
fn predictions_for_other_texts_are_refused() {
    let home = home();
    let lines: Vec<&str> = GOLD.lines().collect();
    for (predicted, message) in [
        (vec![lines[0]], "other.jsonl: expected the text of gold.jsonl:2, found the end"),
        (
            vec![lines[0], lines[2], lines[1]],
            "other.jsonl:2: expected the text of gold.jsonl:2, found another",
        ),
        (
            vec![lines[0], lines[1], lines[2], lines[2]],
            "other.jsonl:4: expected the end, since gold.jsonl has 3 texts",
        ),
    ] {
        home.write("other.jsonl", predicted.join("\n"));
        let args = ["eval", "redact", "gold.jsonl", "--predicted", "other.jsonl"];
        assert_refused(&home.run(&args), &[message]);
    }
    home.write("words.txt", "Ann Lee");
    let ran = home.run(&["eval", "redact", "words.txt"]);
    assert!(ran.stderr.contains("words.txt"), "{}", ran.stderr);
    let ran = home.run(&["eval", "redact", "gold.jsonl", "--predicted", "found.json", "-m", "pii"]);
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
}

#[test]
fn strengths_and_windows_are_compared_in_one_run() {
    let home = Home::new();
    home.write("gold.jsonl", GOLD);
    let eval = |args: &[&str]| home.run(&[&["eval", "redact", "gold.jsonl"], args].concat());
    let ran =
        eval(&["--sweep", "0,4", "--sweep-windows", "full,16", "--json", "--svg", "curve.svg"]);
    ran.good();
    let points = ran.records()[0]["points"].as_array().unwrap().clone();
    let settings: Vec<_> = points.iter().map(|p| (&p["window"], &p["recall_bias"])).collect();
    let (none, window, zero, four) = (json!(null), json!(16), json!(0.0), json!(4.0));
    assert_eq!(settings, [(&none, &zero), (&none, &four), (&window, &zero), (&window, &four)]);
    assert!(home.read("curve.svg").contains("window 16"));
    // Each point is the evaluation with these settings alone.
    for point in &points[..2] {
        let strength = format!("--prefer-recall={}", point["recall_bias"]);
        let ran = eval(&[&strength, "--window", "510", "--json"]);
        ran.good();
        let report = &ran.records()[0];
        for name in ["items", "hidden", "whole_rate", "leak_rate", "wrong_rate", "texts"] {
            assert_eq!(report[name], point[name], "{strength} {name}");
        }
    }
    let csv = eval(&["--sweep", "0,4", "--format", "csv", "--max-wrong", "1"]);
    assert_eq!(csv.good().lines().count(), 3);
    assert!(csv.good().starts_with("window,prefer recall,items,whole,"), "{}", csv.stdout());
    assert!(csv.stderr.contains("least leak with at most 1 of spans wrong"), "{}", csv.stderr);
    for (args, part) in [
        (&["--svg", "a.svg"][..], "--sweep"),
        (&["--sweep-windows", "16"], "--sweep"),
        (&["--sweep", "0", "--prefer-recall"], "cannot be used with"),
        (&["--sweep", "0", "--predicted", "p.jsonl"], "cannot be used with"),
        (&["--sweep", "0", "--sweep-windows", "0"], "a number of tokens or full"),
    ] {
        assert_refused(&eval(args), &[part]);
    }
}
