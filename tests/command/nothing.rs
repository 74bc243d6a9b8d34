//! Input that is not there, or has nothing in it, and flags that would have no effect.
use serde_json::Value;

use crate::run::{Home, records};

/// A path without a file is all there is: nothing could be done. With another text or file something was.
#[test]
fn a_lone_missing_file_is_wrong_usage() {
    let home = Home::with([("a.txt", "It rains.\n")]);
    for (args, status) in [
        (&["tag", "no.txt"][..], 2),
        (&["tag", "no.txt", "no-either.txt"], 2),
        (&["tag", "no*.txt"], 2),
        (&["tag", "no.txt", "a.txt"], 1),
        (&["tag", "no.txt", "--text", "It rains."], 1),
        (&["embed", "no.txt"], 2),
        (&["embed", "a.txt", "no.txt"], 1),
        (&["classify", "no.txt", "--model", "sentiment-en"], 2),
        (&["score", "no.txt"], 2),
        (&["fill-mask", "--texts", "no.txt"], 2),
        (&["fill-mask", "It [MASK].", "--texts", "no.txt"], 1),
    ] {
        let ran = home.run(args);
        assert_eq!(ran.status, Some(status), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("no"), "{args:?}");
    }
}

#[test]
fn an_empty_text_gets_no_label() {
    let home = Home::with([
        ("a.jsonl", "{\"text\":\"A fine film.\"}\n{\"text\":\" \u{3000}\"}\n{\"text\":\"\"}\n"),
        ("t.csv", "text,label\nA fine film.,pos\n   ,neg\n"),
    ]);
    let args = ["classify", "a.jsonl", "--model", "sentiment-en"];
    let ran = home.run(&args);
    let found = records(ran.good());
    assert_eq!(found[0]["label"], "pos");
    for row in &found[1..] {
        assert_eq!(row.get("label"), Some(&Value::Null), "{row}");
        assert_eq!(row["probabilities"], serde_json::json!({}));
    }
    for line in [2, 3] {
        let said = format!("warning: a.jsonl:{line}: no text, so no label");
        assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    }
    // As many columns in every row.
    for more in [&["-f", "tsv"][..], &["-f", "tsv", "--top-k", "1"]] {
        let table = home.run(&[&args[..], more].concat());
        let columns: Vec<usize> = table.good().lines().map(|l| l.split('\t').count()).collect();
        assert!(columns.iter().all(|n| *n == columns[0]), "{}", table.stdout());
    }
    let ran = home.run(&["eval", "classify", "t.csv", "--model", "sentiment-en", "--json"]);
    assert_eq!(records(ran.good())[0]["examples"], 1);
    assert!(ran.stderr.contains("warning: t.csv:3: no text, so no label"), "{}", ran.stderr);
}

#[test]
fn the_default_classifier_is_named() {
    let home = Home::with([("a.txt", "A fine film.\n")]);
    let said = "no --model: labels are those of sentiment-en, whether a film review is positive";
    assert!(home.run(&["classify", "a.txt"]).stderr.contains(said));
    assert!(!home.run(&["classify", "a.txt", "--model", "sentiment-en"]).stderr.contains(said));
    assert!(!home.run(&["classify", "a.txt", "-q"]).stderr.contains(said));
    assert!(!home.run(&["classify", "a.txt", "--labels", "a,b"]).stderr.contains(said));
}

/// A heat map is of a matrix alone, whatever other mode is asked for.
#[test]
fn a_plot_that_nobody_draws_is_refused() {
    let home = Home::with([("p.csv", "a,b\nc,d\n")]);
    for mode in [
        &["--word", "bank", "The bank lent.", "The river bank."][..],
        &["--top", "1", "a", "b"],
        &["--pairs", "p.csv"],
        &["a", "b"],
    ] {
        let ran = home.run(&[&["similarity", "--svg", "x.svg"], mode].concat());
        assert_eq!(ran.status, Some(2), "{mode:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("--svg") || ran.stderr.contains("--matrix"), "{}", ran.stderr);
        assert!(!home.path("x.svg").exists());
    }
}
