//! What makes figures too good: copies on both sides of a split; and figures as tables.
use std::path::Path;

use serde_json::Value;

use crate::run::{Home, records};

/// A model of 16 numbers a vector.
fn small_model() -> String {
    let testkit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/checkpoints");
    testkit.join("minilm-f16").display().to_string()
}

const NOUNS: [&str; 12] = [
    "harbour", "lantern", "meadow", "kettle", "violin", "glacier", "orchard", "saddle", "tunnel",
    "feather", "compass", "walnut",
];

/// Text `i` of 144, of which no two are alike.
fn text(i: usize) -> String {
    let (a, b) = (NOUNS[i % 12], NOUNS[i / 12 % 12]);
    let more = NOUNS[(i * 7 + 3) % 12];
    format!("{a}{} {b}{} {more}", "abcdefghijkl".chars().nth(i / 12).unwrap(), i % 12)
}

/// Rows of the texts, each `copies` times, spelt otherwise each time; the label is that of the text.
fn copies(texts: usize, copies: usize) -> String {
    let row = |copy: usize, i: usize| {
        let text = match copy {
            0 => text(i),
            1 => text(i).to_uppercase(),
            _ => text(i).replace(' ', "  "),
        };
        format!("{text},{},writer {}\n", ["x", "y"][(i / 5 + i) % 2], i % 6)
    };
    let rows = (0..copies).flat_map(|copy| (0..texts).map(move |i| row(copy, i)));
    "text,label,writer\n".to_owned() + &rows.collect::<String>()
}

fn report(home: &Home, model: &str) -> Value {
    serde_json::from_str(&home.read(&format!("{model}/report.json"))).unwrap()
}

#[test]
fn copies_are_on_one_side_of_a_split() {
    let home = Home::with([("one.csv", &*copies(40, 1)), ("three.csv", &*copies(40, 3))]);
    let model = small_model();
    let train = |data: &str, out: &str, more: &[&str]| {
        let args = ["train", "classify", data, "-m", &model, "-o", out, "--no-cache", "--c", "1"];
        let ran = home.run(&[&args, more].concat());
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        ran
    };
    let how = |model: &str| report(&home, model)["held_out"]["how"].as_str().unwrap().to_owned();
    train("one.csv", "one", &[]);
    assert_eq!(how("one"), "5-fold cross-validation");
    let ran = train("three.csv", "three", &[]);
    assert_eq!(how("three"), "5-fold cross-validation, equal texts and groups together");
    // A text in capitals is no near-duplicate in another fold: it is in the same one.
    assert!(!ran.stderr.contains("near-duplicate"), "{}", ran.stderr);
    // Six writers, of whom a third of the examples is two.
    train("one.csv", "held", &["--hold-out", "0.33", "--group-by", "writer"]);
    let held = how("held");
    assert!(held.ends_with(", equal texts and groups together"), "{held}");
    assert!(["13", "14"].iter().any(|n| held.contains(&format!("of {n} examples"))), "{held}");
    for (flags, said) in [
        (&["--group-by", "author"][..], "author"),
        (&["--group-by", "writer", "--no-header"], "cannot be used"),
    ] {
        let args = ["train", "classify", "one.csv", "-m", &model, "-o", "no", "--no-cache"];
        let ran = home.run(&[&args, flags].concat());
        assert_eq!(ran.status, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}

#[test]
fn a_label_of_one_text_is_not_held_out() {
    let rows = copies(20, 1) + "only this one,z,a\nOnly this one,z,b\nonly  this one,z,c\n";
    let home = Home::with([("a.csv", &*rows)]);
    let args = ["train", "classify", "a.csv", "-o", "m", "--no-cache", "--c", "1"];
    let ran = home.run(&[&args[..], &["-m", &small_model()]].concat());
    let said = "all examples of label z have one text or group, so none is held out";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert!(report(&home, "m")["held_out"].is_null());
}

#[test]
fn near_duplicates_are_counted_and_named() {
    let test = format!(
        "text,label\n{},x\n{} today,y\nquite another matter altogether,x\n",
        text(3).to_uppercase(),
        text(4)
    );
    let home = Home::with([("train.csv", &*copies(40, 1)), ("test.csv", &test)]);
    let model = small_model();
    let args = ["train", "classify", "train.csv", "-m", &model, "-o", "m", "--no-cache"];
    let ran = home.run(&[&args[..], &["--test", "test.csv", "--c", "1"]].concat());
    let said = "warning: 2 of 3 test examples have a near-duplicate among the training examples (1 \
                equal, 1 nearly equal), so their figures are too good: test.csv:2 ~ train.csv:5, \
                test.csv:3 ~ train.csv:6";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);

    let eval = ["eval", "classify", "test.csv", "--model", "./m", "--json"];
    let ran = home.run(&[&eval[..], &["--against", "train.csv"]].concat());
    let found = &records(ran.good())[0]["near_duplicates"];
    assert_eq!(
        (&found["equal"], &found["near"], &found["inside"]),
        (&1.into(), &1.into(), &0.into())
    );
    assert_eq!(found["first"][0], serde_json::json!(["test.csv:2", "train.csv:5"]));
    assert!(records(home.run(&eval).good())[0].get("near_duplicates").is_none());
    home.write("other.csv", "text,label\nnothing of the kind here,x\n");
    let ran = home.run(&[&eval[..], &["--against", "other.csv"]].concat());
    let said = "none of 3 examples has a near-duplicate among the training examples";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);

    let ran = home.run(&["data", "check", "test.csv", "--against", "train.csv", "--json"]);
    let kinds = &records(ran.good())[0]["findings"];
    let of = |kind: &str| {
        let found = kinds.as_array().unwrap().iter().find(|found| found["kind"] == kind);
        found.unwrap()["findings"][0].clone()
    };
    assert_eq!(of("folded_leak")["occurrences"][0]["line"], 2);
    assert_eq!(of("near_leak")["occurrences"][0]["line"], 3);
    assert_eq!(of("near_leak")["note"], format!("like {:?}", text(4)));
}

#[test]
fn equal_sentences_are_held_out_together() {
    let sentence = |text: &str| text.replace(' ', " O\n") + " O\n\n";
    let mut conll = "Kassel B-LOC\nlies O\nhere O\n\n".to_owned();
    for i in 0..30 {
        // Twice each, the second time in capitals.
        conll += &sentence(&text(i));
        conll += &sentence(&text(i).to_uppercase());
    }
    let test = sentence(&text(2)) + &sentence("something else that is new");
    let home = Home::with([("a.conll", &*conll), ("test.conll", &test)]);
    let model = small_model();
    let args = ["train", "tag", "a.conll", "-m", &model, "-o", "m", "--max-steps", "1"];
    let ran = home.run(&[&args[..], &["--hold-out", "0.4", "--test", "test.conll"]].concat());
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    // No held-out sentence has its copy among the others.
    assert!(!ran.stderr.contains("held-out sentences have"), "{}", ran.stderr);
    let said = "1 of 2 test sentences have a near-duplicate among the training examples (1 equal)";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    let eval = ["eval", "tag", "test.conll", "--model", "./m", "--against", "a.conll", "--json"];
    let found = &records(home.run(&eval).good())[0]["near_duplicates"];
    assert_eq!((&found["equal"], &found["examples"]), (&1.into(), &2.into()));
}

/// Each choice of a sweep has the figures that it has alone.
#[test]
fn a_sweep_is_the_same_as_each_alone() {
    let row = |i: usize| format!("{},{},{}\n", text(i), text(i * 3 % 20), i % 5);
    let rows: Vec<String> = (0..20).map(row).collect();
    let rows = "sentence1,sentence2,score\n".to_owned() + &rows.concat();
    let home = Home::with([("s.csv", &*rows)]);
    let model = small_model();
    let eval = |more: &[&str]| {
        let ran = home.run(&[&["eval", "sts", "s.csv", "-m", &model], more].concat());
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        ran.stdout().to_owned()
    };
    let corrected = ["--correction", "none,zscore", "--fit", "s.csv", "--json"];
    let sweep = [&["--sweep-layers", "1;-1,0", "--sweep-pooling", "mean;cls,max"], &corrected[..]];
    let found = records(&eval(&sweep.concat()));
    assert_eq!(found.len(), 2 * 2 * 2);
    let mut alone = vec![];
    for layers in ["--layers=1", "--layers=-1,0"] {
        for pooling in ["mean", "cls,max"] {
            let more = [&[layers, "--pooling", pooling][..], &corrected].concat();
            alone.extend(records(&eval(&more)));
        }
    }
    assert_eq!(found, alone);
    let each = eval(&["--sweep-layers", "each", "--format", "csv"]);
    let layers: Vec<&str> = each.lines().skip(1).map(|l| l.split(',').next().unwrap()).collect();
    let all: Vec<String> = (0..layers.len()).map(|layer| layer.to_string()).collect();
    assert_eq!((layers.len() > 1, layers), (true, all.iter().map(String::as_str).collect()));
    let ran = home.run(&["eval", "sts", "s.csv", "-m", &model, "--sweep-layers", "99"]);
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
}

#[test]
fn figures_are_tables_in_three_formats() {
    let home = Home::with([("a.csv", &*copies(40, 1)), ("t.txt", "a b c\nd e f\ng h i\nj k l\n")]);
    let model = small_model();
    let train = ["train", "classify", "a.csv", "-m", &model, "-o", "m", "--no-cache", "--c", "1"];
    home.run(&train);
    let eval = ["eval", "classify", "a.csv", "--model", "./m", "--format"];
    let json = records(home.run(&[&eval[..], &["json"]].concat()).good()).remove(0);
    let f1 = json["labels"]["x"]["f1"].as_f64().unwrap();
    let markdown = home.run(&[&eval[..], &["markdown"]].concat());
    let head = "labels\n\n| label | precision | recall | f1 | support | average precision |\n\
                | --- | ---: | ---: | ---: | ---: | ---: |\n| x | ";
    assert!(markdown.good().starts_with(head), "{}", markdown.stdout());
    assert!(markdown.stdout().contains(&format!(" | {f1:.4} | ")), "{}", markdown.stdout());
    let csv = home.run(&[&eval[..], &["csv"]].concat());
    let row = csv.good().lines().find(|line| line.starts_with("labels,x,")).unwrap().to_owned();
    assert_eq!(row.split(',').nth(4).unwrap(), f1.to_string());
    let latex = home.run(&[&eval[..], &["latex"]].concat());
    assert!(latex.good().contains("\\begin{tabular}{lrrrrr}"), "{}", latex.stdout());

    let anisotropy = ["anisotropy", "t.txt", "-m", &model, "--format", "csv"];
    let csv = home.run(&anisotropy);
    let head = "layer,correction,mean cosine,95 % from,95 % to,IsoScore,variance in 1,variance in \
                all,dimension,share";
    assert_eq!(csv.good().lines().next(), Some(head));
    assert!(csv.stdout().lines().nth(2).unwrap().starts_with("0,zscore,"), "{}", csv.stdout());
}
