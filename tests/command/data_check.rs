//! `cloze data check`: what is in labelled data, and what may be wrong with it.
use std::path::Path;

use serde_json::Value;

use crate::run::Home;
use crate::support::{assert_refused, broken, checkpoint};

/// `text 0` and so on, with the labels by turns.
fn rows(count: usize, labels: [&str; 2]) -> String {
    let row = |i: usize| format!("text {i},{}\n", labels[i % 2]);
    (0..count).map(row).collect()
}

/// Ten of each label, so that none is rare; each text once.
fn good(labels: [&str; 2]) -> String {
    "text,label\n".to_owned() + &rows(20, labels)
}

/// Lines 2 to 21 are good. 22 and 25 contradict each other, the second in capitals; 23 and 24 are
/// line 2 again, as it is and with more spaces; 26 is empty; `x` on 27 is a spelling of `X`, and rare.
#[test]
fn every_kind_is_named_with_its_place() {
    let rows = "same words,X\ntext 0,X\nText  0,X\nSAME words,Y\n ,X\nrare one,x\n";
    let home = Home::with([
        ("a.csv", &(good(["X", "Y"]) + rows)),
        ("b.csv", "text,label\nTEXT 3,Y\ntext 2,X\ntext 1,X\nnew,X\n"),
    ]);
    let ran = home.run(&["data", "check", "a.csv", "--against", "b.csv"]);
    insta::assert_snapshot!(ran.shown(), @r#"
    status: 0
    stdout:
    a.csv: 26 examples, 3 labels

    label   examples   share
    X             14   53.8%
    Y             11   42.3%
    x              1    3.8%

    one text, several labels: 1
      a.csv:22 X, a.csv:25 Y: "same words" (except for case and spaces)

    the same text in the other data: 2
      a.csv:3 Y, b.csv:4 X: "text 1" (with another label)
      a.csv:4 X, b.csv:3 X: "text 2"

    the same text in the other data, except for case and spaces: 1
      a.csv:5 Y, b.csv:2 Y: "text 3"

    no text: 1
      a.csv:26 X

    duplicates: 1
      a.csv:2 X, a.csv:23 X: "text 0"

    duplicates except for case and spaces: 1
      a.csv:2 X, a.csv:24 X: "text 0"

    labels that differ only in case, spaces and Unicode form: 1
      a.csv:2 X, a.csv:27 x

    labels with fewer than 10 examples: 1
      a.csv:27 x (only 1)

    stderr:
    columns: text text, label label
    "#);
    // Findings are no failure, unless they are said to be.
    let strict = home.run(&["data", "check", "a.csv", "--strict"]);
    assert_eq!((strict.status, &*strict.stderr), (Some(1), "columns: text text, label label\n"));
    home.write("good.csv", good(["X", "Y"]));
    let strict = home.run(&["data", "check", "good.csv", "--strict"]);
    assert!(strict.good().ends_with("\nno findings\n"));
}

#[test]
fn json_has_every_finding_and_text_the_first_ones() {
    let copies = rows(4, ["X", "Y"]);
    let home = Home::with([("a.csv", &(good(["X", "Y"]) + &copies + "text 3,Y\n"))]);
    let ran = home.run(&["data", "check", "a.csv", "--show", "1"]);
    // The one with three copies is worse.
    let end = "duplicates: 4\n  a.csv:5 Y, a.csv:25 Y, a.csv:26 Y: \"text 3\"\n  \
               … and 3 more\n";
    assert!(ran.good().ends_with(end), "{}", ran.stdout());
    let ran = home.run(&["data", "check", "a.csv", "--json"]);
    ran.good();
    let report = &ran.records()[0];
    assert_eq!(report["examples"], 25);
    // 20 + 4 + 1, of which X 10 + 2: 12 / 25.
    let x = serde_json::json!({ "name": "X", "count": 12, "share": 0.48 });
    assert_eq!(report["labels"][0], x);
    let found = &report["findings"][0];
    assert_eq!((&found["kind"], &found["total"]), (&"duplicate".into(), &4.into()));
    let expected = serde_json::json!({
        "weight": 3.0,
        "occurrences": [
            { "line": 5, "path": "a.csv", "label": "Y" },
            { "line": 25, "path": "a.csv", "label": "Y" },
            { "line": 26, "path": "a.csv", "label": "Y" },
        ],
        "text": "text 3",
    });
    assert_eq!(found["findings"][0], expected);
    assert_eq!(found["findings"].as_array().unwrap().len(), 4);
}

/// In IOB2 line 2 follows no part of an entity, and line 6 changes the label. In IOB1 lines 4 and 9
/// follow no entity of their label: as many, and then it is IOB2.
#[test]
fn tags_follow_their_scheme() {
    let home = Home::with([
        ("two.conll", "a O\nb I-X\n\nc B-X\nd I-X\ne I-Y\nf O\n\ng B-Y\n"),
        ("one.conll", "a I-X\nb B-X\nc O\n\nd I-X\n"),
        ("bilou.conll", "a B-X\nb O\n\nc U-X\nd B-X\ne L-X\n\nf B-X\n"),
    ]);
    let ran = home.run(&["data", "check", "two.conll"]);
    insta::assert_snapshot!(ran.shown(), @r"
    status: 0
    stdout:
    two.conll: 3 sentences, 7 words, scheme iob2

    tag      words   share
    B-X          1   14.3%
    B-Y          1   14.3%
    I-X          2   28.6%
    I-Y          1   14.3%
    O            2   28.6%

    label   entities   share
    X              2   50.0%
    Y              2   50.0%

    invalid tag sequences: 2
      two.conll:2 (I-X after O)
      two.conll:6 (I-Y after I-X)

    labels with fewer than 10 examples: 2
      two.conll:2 X (only 2)
      two.conll:6 Y (only 2)

    stderr:
    ");
    let found = |args: &[&str]| {
        let ran = home.run(&[&["data", "check", "--json"], args].concat());
        ran.good();
        let report = ran.records().remove(0);
        let illegal = report["findings"].as_array().unwrap().iter();
        let illegal = illegal.filter(|kind| kind["kind"] == "illegal_tags");
        let notes = illegal.flat_map(|kind| kind["findings"].as_array().unwrap()).map(|finding| {
            let line = &finding["occurrences"][0]["line"];
            format!("{line} {}", finding["note"].as_str().unwrap())
        });
        (report["scheme"].as_str().unwrap().to_owned(), notes.collect::<Vec<_>>())
    };
    // Of the two with the same names the one that less breaks.
    assert_eq!(found(&["one.conll"]), ("iob1".into(), vec![]));
    assert_eq!(
        found(&["one.conll", "--scheme", "iob2"]),
        ("iob2".into(), vec!["1 I-X after the start".into(), "5 I-X after the start".into()])
    );
    assert_eq!(
        found(&["bilou.conll"]),
        ("iobes".into(), vec!["2 O after B-X".into(), "8 the end after B-X".into()])
    );
}

#[test]
fn what_cannot_be_read() {
    let home = Home::with([
        ("a.csv", &(good(["X", "Y"]) + "ragged\n,\n")),
        ("b.txt", "text\n"),
        ("c.conll", "a O\nb\n\nc O\n"),
        ("empty.csv", ""),
    ]);
    let ran = home.run(&["data", "check", "a.csv"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(
        ran.errors(),
        [
            "a.csv:22: expected 2 columns, found 1",
            "a.csv:23: field \"label\": expected a label, found nothing",
        ]
    );
    assert!(ran.stdout().starts_with("a.csv: 20 examples, 2 labels\n"));
    for (args, expected) in [
        (&["b.txt"][..], "b.txt: expected texts with labels as csv, tsv or jsonl, found text"),
        (&["gone.csv"], "gone.csv: no such file or folder"),
        (&["empty.csv"], "empty.csv: expected texts with labels, found none"),
        (&["a.csv", "c.conll"], "expected files that are all CoNLL or all not, found some of each"),
        (&["a.csv", "--text-field", ""], "--text-field: expected a field name, found \"\""),
    ] {
        let ran = home.run(&[&["data", "check"], args].concat());
        assert_eq!((ran.status, ran.errors()), (Some(2), vec![expected]), "{args:?}");
    }
    let ran = home.run(&["data", "check", "c.conll"]);
    assert_eq!(
        (ran.status, ran.errors()),
        (Some(1), vec!["c.conll:2: expected 2 columns, found 1"])
    );
    // A file a class, and texts of any ending.
    let ran = home.run(&["data", "check", "X=b.txt", "Y=a.csv"]);
    assert!(ran.good().starts_with("b.txt and 1 other file: 24 examples, 2 labels\n"));
    let ran = home.run_with("a\tX\n", &["data", "check", "-", "--input", "tsv", "--no-header"]);
    assert!(ran.good().starts_with("-: 1 example, 1 label\n"));
}

/// The set that is kept in `data/` is what its description says.
#[test]
fn the_tickets_are_sound() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/tickets");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    for (name, other, each) in [("train.csv", "test.csv", 40), ("test.csv", "train.csv", 20)] {
        let (name, other) = (path(name), path(other));
        let args = ["data", "check", &*name, "--against", &other, "--json", "--strict"];
        let ran = Home::new().run(&args);
        ran.good();
        let report = &ran.records()[0];
        assert_eq!(report["findings"], serde_json::json!([]));
        let labels = report["labels"].as_array().unwrap().iter();
        let labels: Vec<_> = labels.map(|l| (l["name"].as_str(), l["count"].as_u64())).collect();
        let names = ["account", "billing", "feedback", "shipping", "technical"];
        assert_eq!(labels, names.map(|name| (Some(name), Some(each))));
    }
}

/// The tiny checkpoint takes 24 tokens, 2 of them special, and of a pair 3. Its words are whole, and
/// `!` is one. 22 tokens fit, 23 do not; of pairs 21 together fit, 22 do not.
#[test]
fn texts_longer_than_the_model_takes_are_named() {
    let model = checkpoint("bert-sequence");
    let words = |n: usize, word: &str| vec![word; n].join(" ");
    let rows = [words(22, "son"), words(23, "Ann"), words(24, "met"), words(23, "Ann")];
    let text = rows.map(|row| format!("{row},X\n")).concat();
    let home = Home::with([
        ("a.csv", &format!("text,label\n{text}")[..]),
        (
            "pairs.csv",
            &format!(
                "text1,text2,label\n{},{},X\n{},{},Y\n",
                words(20, "son"),
                words(1, "Ann"),
                words(20, "son"),
                words(2, "Ann")
            ),
        ),
        ("a.conll", &"Ann O\n".repeat(23)),
    ]);
    let long = |args: &[&str]| {
        let ran = home.run(&[&["data", "check", "--model", &model, "--json"], args].concat());
        ran.good();
        let report = ran.records().remove(0);
        let kinds = report["findings"].as_array().unwrap().iter();
        let long = kinds.filter(|kind| kind["kind"] == "long_text");
        long.flat_map(|kind| kind["findings"].as_array().unwrap().clone()).collect::<Vec<_>>()
    };
    // The longest first; one text twice is one finding.
    let found = long(&["a.csv"]);
    let lines = |finding: &Value| -> Vec<u64> {
        let places = finding["occurrences"].as_array().unwrap().iter();
        places.map(|at| at["line"].as_u64().unwrap()).collect()
    };
    assert_eq!(found.iter().map(lines).collect::<Vec<_>>(), [vec![4], vec![3, 5]]);
    assert_eq!((&found[0]["weight"], &found[1]["weight"]), (&24.0.into(), &23.0.into()));
    assert_eq!(found[0]["note"], "24 tokens; the limit of bert-sequence is 22");
    let found = long(&["pairs.csv", "--pairs"]);
    assert_eq!((found.len(), lines(&found[0])), (1, vec![3]));
    assert_eq!(found[0]["note"], "22 tokens; the limit of bert-sequence is 21");
    assert_eq!(long(&["a.conll"]).len(), 1);
    // It is a finding like others, and no model is run: one without a head will do.
    let ran = home.run(&["data", "check", "--model", &checkpoint("bert"), "a.csv", "--strict"]);
    assert_eq!(ran.status, Some(1));
    assert!(ran.stdout().contains("\ntexts longer than the model's limit: 2\n"));
    let ran = home.run(&["data", "check", "a.csv", "--model", "none-such"]);
    assert_eq!((ran.status, ran.stdout()), (Some(2), ""));
}

/// Of the 200 tickets every 20th gets the next label: 10 are wrong, and found first for the most part.
#[test]
fn labels_that_are_likely_wrong_come_first() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/tickets");
    let text = fs_err::read_to_string(folder.join("train.csv")).unwrap();
    let names = ["account", "billing", "feedback", "shipping", "technical"];
    let (mut changed, mut wrong) = (String::new(), vec![]);
    for (i, row) in text.lines().enumerate() {
        let (rest, label) = row.rsplit_once(',').unwrap();
        if i % 20 == 7 {
            let place = names.iter().position(|name| *name == label).unwrap();
            changed.extend([rest, ",", names[(place + 1) % 5], "\n"]);
            wrong.push((i as u64 + 1, label));
        } else {
            changed.extend([row, "\n"]);
        }
    }
    assert_eq!(wrong.len(), 10);
    let home = Home::with([("a.csv", &changed)]);
    let ran = home.run(&["data", "check", "a.csv", "--label-errors", "--json"]);
    ran.good();
    let report = &ran.records()[0];
    let kind = report["findings"].as_array().unwrap().iter();
    let kind = kind.filter(|kind| kind["kind"] == "label_error").collect::<Vec<_>>();
    let found = kind[0]["findings"].as_array().unwrap();
    let weights: Vec<f64> = found.iter().map(|f| f["weight"].as_f64().unwrap()).collect();
    assert!(weights.is_sorted_by(|a, b| a >= b), "{weights:?}");
    let as_planted = |finding: &&Value| {
        let (at, label) = (&finding["occurrences"][0], &finding["suggested"]);
        wrong.iter().any(|(line, right)| at["line"] == *line && label == right)
    };
    let planted = found.iter().filter(as_planted).count();
    let first = found.iter().take(10).filter(as_planted).count();
    println!("{planted} of 10 among {} findings, {first} of the first 10", found.len());
    assert!(planted >= 6 && first >= 4, "{planted} {first} of {}", found.len());
    for finding in found {
        let given = &finding["occurrences"][0]["label"];
        assert_ne!(given, &finding["suggested"]);
        let line = usize::try_from(finding["occurrences"][0]["line"].as_u64().unwrap()).unwrap();
        let row = changed.lines().nth(line - 1).unwrap();
        assert!(row.ends_with(given.as_str().unwrap()), "{row} {given}");
    }
    let ran = home.run(&["data", "check", "a.csv", "--label-errors", "--show", "1"]);
    let shown = format!("likely label errors: {}\n", found.len());
    let suggested = found[0]["suggested"].as_str().unwrap();
    let out = ran.good();
    assert!(out.contains(&shown) && out.contains(&format!("(suggested {suggested}, margin ")));
}

#[test]
fn few_examples_of_a_label_are_said() {
    let rows = |label: &str, n: usize| -> String {
        let row = |i: usize| format!("{label} number {i},{label}\n");
        (0..n).map(row).collect()
    };
    let text = format!("text,label\n{}{}{}", rows("cat", 6), rows("dog", 3), rows("wolf", 1));
    let home = Home::with([
        ("a.csv", &text[..]),
        ("one.csv", &format!("text,label\n{}{}", rows("cat", 6), rows("wolf", 1))),
        ("pairs.csv", "text1,text2,label\na,b,X\na,c,X\nd,b,Y\nd,c,Y\n"),
        ("a.conll", "Ann O\n"),
    ]);
    let notes = |args: &[&str]| {
        let model = checkpoint("bert");
        let flags = ["data", "check", "--label-errors", "--model", &model];
        let ran = home.run(&[&flags[..], args].concat());
        ran.good();
        ran.stderr
    };
    assert_eq!(
        notes(&["a.csv"]),
        "columns: text text, label label\nlabel wolf has only 1 example, so it is not checked for label errors\nlabel dog has only 3 \
         examples, so label errors are searched for in 3 folds instead of 5\n"
    );
    assert!(notes(&["one.csv"]).ends_with(
        "\nno check for label errors: expected at least two labels with two examples each\n"
    ));
    assert!(notes(&["pairs.csv", "--pairs"]).ends_with("in 2 folds instead of 5\n"));
    for (args, part) in [
        (&["a.conll"][..], "--label-errors is for texts with labels, not for tagged sentences"),
        (&["a.csv", "--label-separator", ";"], "--label-errors is for texts with one label each"),
    ] {
        let ran = home.run(&[&["data", "check", "--label-errors"], args].concat());
        assert_refused(&ran, &[part]);
    }
}

/// A text that breaks the model is named, and the others are judged.
#[test]
fn a_text_without_a_vector_costs_itself_alone() {
    let rows = "text,label\nAnn met,X\nx,X\nthe son,X\nmet Ann,Y\nson,Y\n";
    let home = Home::with([("a.csv", rows)]);
    broken(&home, "bert-sequence", "broken");
    let ran = home.run(&["data", "check", "a.csv", "--label-errors", "--model", "./broken"]);
    assert_eq!(ran.status, Some(1));
    let [error] = ran.errors()[..] else { panic!("{}", ran.stderr) };
    assert!(error.starts_with("a.csv:3: not encoded: "), "{error}");
    assert!(ran.stdout().starts_with("a.csv: 5 examples, 2 labels\n"));
}
