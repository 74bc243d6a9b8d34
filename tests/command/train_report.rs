//! The report of `cloze train` as a page and as a model card: their figures are those of
//! `report.json`.
use std::path::Path;

use serde_json::Value;

use crate::run::Home;

/// A file of the repository.
fn file(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path).display().to_string()
}

/// A model of 16 numbers a vector: large ones take seconds here.
fn small_model() -> String {
    file("crates/testkit/checkpoints/minilm-f16")
}

/// Trains, and returns the report.
#[track_caller]
fn train(home: &Home, args: &[&str]) -> Value {
    let model = small_model();
    home.run(&[&["train"], args, &["-m", &model, "--no-cache", "-o", "new"]].concat()).good();
    serde_json::from_str(&home.read("new/report.json")).unwrap()
}

fn four(value: &Value) -> String {
    format!("{:.4}", value.as_f64().unwrap())
}

/// What follows the name of a row in the page's table after this.
#[track_caller]
fn cells(html: &str, after: &str, name: &str) -> Vec<String> {
    let (_, table) = html.split_once(after).unwrap_or_else(|| panic!("no {after}"));
    let name = format!("scope=\"row\" class=\"list\"><bdi>{name}</bdi></th>");
    let (_, row) = table.split_once(&name).unwrap_or_else(|| panic!("no {name}"));
    let row = row.split_once("</tr>").unwrap().0;
    let cell = |cell: &str| cell.split_once('>').unwrap().1.split('<').next().unwrap().to_owned();
    row.split("<td").skip(1).map(cell).collect()
}

/// The figures of a verdict, in the page from its heading on.
#[track_caller]
fn assert_same(html: &str, heading: &str, judged: &Value) {
    let (_, html) = html.split_once(heading).unwrap_or_else(|| panic!("no {heading}"));
    for (name, key) in [
        ("accuracy", "accuracy"),
        ("balanced accuracy", "balanced_accuracy"),
        ("Matthews’ correlation", "matthews"),
        ("Cohen’s kappa", "kappa"),
    ] {
        assert_eq!(cells(html, "Overall</caption>", name)[0], four(&judged[key]), "{name}");
    }
    let calibration = &judged["probability"]["expected_calibration_error"];
    assert_eq!(cells(html, "Overall</caption>", "calibration error")[0], four(calibration));
    let labels = judged["confusion"]["labels"].as_array().unwrap();
    for (i, label) in labels.iter().enumerate() {
        let label = label.as_str().unwrap();
        let (scores, ranking) = (&judged["labels"][label], &judged["ranking"][label]);
        let mut expected =
            ["precision", "recall", "f1"].map(|figure| four(&scores[figure])).to_vec();
        expected.push(scores["support"].to_string());
        expected.extend(["average_precision", "roc_auc"].map(|figure| four(&ranking[figure])));
        assert_eq!(cells(html, "By label</caption>", label), expected, "{label}");
        let counts: Vec<String> = judged["confusion"]["counts"][i]
            .as_array()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(cells(html, "Rows are gold labels", label), counts, "{label}");
    }
    for average in ["micro", "macro", "weighted"] {
        let f1 = &cells(html, "class=\"averages\"", average)[2];
        assert_eq!(*f1, four(&judged[average]["f1"]), "{average}");
    }
    for error in judged["confident_errors"].as_array().unwrap() {
        let place = format!("{}:{}</bdi>", error["path"].as_str().unwrap(), error["line"]);
        assert!(html.contains(&place), "{place}");
    }
}

#[test]
fn page_and_card_have_the_figures_of_the_report() {
    let home = Home::new();
    for name in ["train.csv", "test.csv"] {
        let text = fs_err::read(file(&format!("data/tickets/{name}"))).unwrap();
        home.write(name, text);
    }
    let args = ["classify", "train.csv", "--test", "test.csv", "--curve"];
    let report = train(&home, &args);
    let (html, card) = (home.read("new/report.html"), home.read("new/README.md"));
    assert_same(
        &html,
        "<h2 id=\"held-out\">Evaluated by 5-fold cross-validation</h2>",
        &report["held_out"],
    );
    assert_same(&html, "<h2 id=\"test\">", &report["test"]);
    let calibration = &report["held_out"]["calibration"];
    for when in ["before", "after"] {
        let found = cells(&html, "Calibration with the temperature", when);
        let expected = ["log_loss", "brier", "expected_calibration_error"];
        assert_eq!(found, expected.map(|figure| four(&calibration[when][figure])), "{when}");
    }
    let points = report["curve"].as_array().unwrap();
    assert!(points.len() > 2);
    for point in points {
        let (accuracy, macro_f1) = (four(&point["accuracy"]), four(&point["macro_f1"]));
        let row = format!("<td>{}</td><td>{accuracy}</td><td>{macro_f1}</td>", point["examples"]);
        assert!(html.contains(&row), "{row}");
    }
    // The plot in the page is the one in the file.
    assert!(html.contains(home.read("new/curve.svg").trim_end()));

    for judged in [&report["held_out"], &report["test"]] {
        let interval = &judged["intervals"]["accuracy"];
        let (low, high) = (four(&interval["low"]), four(&interval["high"]));
        let row = format!("| accuracy | {} | {low} to {high} |", four(&judged["accuracy"]));
        assert!(card.contains(&row), "{row}");
    }
    for data in report["data"].as_array().unwrap() {
        let sha256 = data["sha256"].as_str().unwrap();
        assert!(card.contains(&format!("| train.csv | 200 | {sha256} |")), "{card}");
        assert!(html.contains(sha256));
    }
    // Trained again by the card's command, it is the same model.
    let head = home.bytes("new/head.safetensors");
    let again = card.split("```sh\ncloze ").nth(2).unwrap().split("\n```").next().unwrap();
    let words: Vec<&str> = again.split_whitespace().chain(["--force"]).collect();
    home.run(&words).good();
    assert_eq!(home.bytes("new/head.safetensors"), head);
}

#[test]
fn sets_of_labels_have_a_table_each() {
    let kinds = [("river", "a"), ("price", "b"), ("flute", "a;b")];
    let row = |i: usize| {
        let (word, labels) = kinds[i % 3];
        format!("The {word} is here {i} times,{labels}\n")
    };
    let text: Vec<String> = (0..30).map(row).collect();
    let home = Home::with([("sets.csv", &*format!("text,label\n{}", text.concat()))]);
    let report = train(&home, &["classify", "sets.csv", "--label-separator", ";"]);
    let html = home.read("new/report.html");
    for label in ["a", "b"] {
        let [[neither, spurious], [missed, both]] = [0, 1]
            .map(|i| [0, 1].map(|j| report["held_out"]["confusion"][label][i][j].to_string()));
        let found = cells(&html, "Each label by itself", label);
        assert_eq!(found, [both, missed, spurious, neither]);
    }
    assert!(home.read("new/README.md").contains("none, one or several of 2 labels"));
}

#[test]
fn pairs_are_shown_with_both_texts() {
    // Labels that nothing tells apart, so that some are wrong.
    let row = |i: usize| format!("first text {i},second text {i},{}\n", ["yes", "no"][i / 2 % 2]);
    let rows: Vec<String> = (0..24).map(row).collect();
    let text = format!("sentence1,sentence2,label\n{}", rows.concat());
    let home = Home::with([("pairs.csv", &*text)]);
    let report = train(&home, &["pair", "pairs.csv"]);
    let html = home.read("new/report.html");
    let errors = report["held_out"]["confident_errors"].as_array().unwrap();
    assert!(!errors.is_empty());
    for error in errors {
        let (first, second) = (error["text"].as_str().unwrap(), error["second"].as_str().unwrap());
        let both = format!("<div dir=\"auto\">{first}</div><hr><div dir=\"auto\">{second}</div>");
        assert!(html.contains(&both), "{both}");
    }
    let card = home.read("new/README.md");
    assert!(card.contains("cloze pair FILE") && card.contains("cloze train pair "));
}
