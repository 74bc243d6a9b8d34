//! Words, lines and schemes of `cloze tag`, on small models whose tags hang on a word alone.
use serde_json::json;

use crate::run::Home;
use crate::support::checkpoint;

/// The default tagger goes on across all of these line ends, of which it sees nothing.
#[test]
fn entities_end_with_their_paragraph_and_field() {
    let texts = [
        ("The office of Angela\nMerkel was in Berlin.", &["PER Angela\nMerkel", "LOC Berlin"][..]),
        ("The office of Angela\r\nMerkel was in Berlin.", &["PER Angela\r\nMerkel", "LOC Berlin"]),
        ("She met Angela\n\nMerkel was in Berlin.", &["PER Angela", "PER Merkel", "LOC Berlin"]),
        ("She met Angela\n \nMerkel was in Berlin.", &["PER Angela", "PER Merkel", "LOC Berlin"]),
        ("Name: John\nSmith was in Berlin.", &["PER John", "PER Smith", "LOC Berlin"]),
    ];
    let home = Home::new();
    let rows = texts.map(|(text, _)| json!({ "text": text }).to_string() + "\n").concat();
    home.write("a.jsonl", rows);
    // Windows of 8 tokens with 4 shared, and other ways to put pieces together.
    for (flags, is_default) in [
        (&[][..], true),
        (&["--window", "8", "--stride", "4"], false),
        (&["--aggregation", "simple"], false),
        (&["--aggregation", "average", "--decode", "argmax"], false),
    ] {
        let ran =
            home.run(&[&["tag", "a.jsonl", "--model", "ner-en", "-f", "jsonl"], flags].concat());
        ran.good();
        for (record, (text, expected)) in ran.records().iter().zip(texts) {
            let mut found = vec![];
            for entity in record["entities"].as_array().unwrap() {
                let [label, part] = ["label", "text"].map(|field| entity[field].as_str().unwrap());
                found.push(format!("{label} {part}"));
            }
            if is_default {
                assert_eq!(found, expected, "{text:?}");
            }
            let crosses = found.iter().any(|entity| entity.contains('\n'));
            assert!(!crosses || expected[0].contains('\n'), "{flags:?} {text:?}: {found:?}");
        }
    }
    let ran = home.run(&["tag", "a.jsonl", "--model", "ner-en", "-f", "redact"]);
    let third = "{\"text\":\"She met [PER]\\n\\n[PER] was in [LOC].\"}";
    assert_eq!(ran.good().lines().nth(2), Some(third));
}

/// Random weights, so that the scheme is what the run finds: of `bert-token` I- begins 37 of 39.
#[test]
fn a_scheme_that_is_found_is_named() {
    let home = Home::new();
    for file in fs_err::read_dir(checkpoint("bert-token")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        home.write(&format!("m/{name}"), fs_err::read(&path).unwrap());
    }
    home.write("a.txt", "Ann met son");
    let tag = |flags: &[&str]| {
        home.run(&[&["tag", "a.txt", "--model", "./m", "-f", "tsv"], flags].concat())
    };
    let found = tag(&[]);
    let note =
        "m: tags are IOB1, found by running it: 37 of 39 entities begin with I-; read as iob";
    assert!(found.stderr.contains(note), "{}", found.stderr);
    // Every sequence is legal in IOB: the most probable tag of each word.
    assert_eq!(found.good(), tag(&["--scheme", "iob2", "--decode", "argmax"]).good());
    let check = home.run(&["model", "check", "./m"]);
    assert!(check.stderr.contains("the names of the tags fit IOB1 and IOB2"), "{}", check.stderr);
    let check = home.run(&["model", "check", "./m", "--run"]);
    assert!(check.stderr.contains("warning: m: tags are IOB1"), "{}", check.stderr);
    let info = home.run(&["model", "info", "./m"]);
    assert!(info.good().contains("scheme       iob1 or iob2, by the names"), "{}", info.stdout());
    // What the card or the command line says is followed, and no run is needed.
    for scheme in ["io", "iob1", "iob2", "iob", "iobes"] {
        home.write("m/cloze.json", r#"{"kind": "model", "format_version": 1}"#);
        let asked = tag(&["--scheme", scheme]);
        let card = format!(r#"{{"kind": "model", "format_version": 1, "scheme": "{scheme}"}}"#);
        home.write("m/cloze.json", &card);
        let carded = tag(&[]);
        assert_eq!((asked.status, asked.stdout()), (carded.status, carded.stdout()), "{scheme}");
        assert!(!carded.stderr.contains("found by running"), "{}", carded.stderr);
        if carded.status == Some(0) {
            let info = home.run(&["model", "info", "./m"]);
            let row = format!("scheme       {scheme}, by cloze.json");
            assert!(info.good().contains(&row), "{}", info.stdout());
            assert!(!home.run(&["model", "check", "./m"]).stderr.contains("IOB1"));
        }
    }
    home.write("m/cloze.json", r#"{"kind": "model", "format_version": 1, "scheme": "bio"}"#);
    let ran = tag(&[]);
    assert_eq!(ran.status, Some(2));
    assert!(
        ran.stderr.contains("scheme in cloze.json is \"bio\": expected io, iob1"),
        "{}",
        ran.stderr
    );
}

/// The model's own tags in every format, legal in its scheme or not.
#[test]
fn tokens_alone_have_their_own_tags() {
    let home = Home::with([("a.txt", "Ann met son\n")]);
    let model = checkpoint("distilbert-token");
    for (format, part) in [
        ("tsv", "\tI-PER\t0\t3\tAnn\t"),
        ("pretty", "[Ann I-PER] [met B-LOC] son"),
        ("inline", "<I-PER>Ann</I-PER> <B-LOC>met</B-LOC> son"),
        ("html", "data-label=\"I-PER\""),
        ("conll", "Ann\tI-PER\nmet\tB-LOC\nson\tO\n"),
        ("jsonl", "\"label\":\"PER\",\"tag\":\"I-PER\""),
        ("redact", "[PER] [LOC] son"),
    ] {
        let args = ["tag", "a.txt", "--model", &*model, "--aggregation", "none", "-f", format];
        let ran = home.run(&args);
        assert!(ran.good().contains(part), "{format}: {}", ran.stdout());
    }
}
