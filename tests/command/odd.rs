//! Inputs and settings at the edge of sense: results of a kind, and no panic.
use crate::run::{Home, entities, found};

/// One megabyte in a line, with a name at either end. Its words are too long for the tokenizer,
/// so that each costs only one token.
#[test]
fn a_line_of_a_megabyte() {
    let home = Home::new();
    let middle = format!("{} ", "x".repeat(9_999)).repeat(105);
    let line = format!("My name is John Smith. {middle}My name is Angela Merkel.\n");
    assert!(line.len() > 1 << 20);
    home.write("a.log", &line);
    let ran = home.run(&["tag", "a.log", "-f", "jsonl", "--offsets", "byte"]);
    ran.good();
    let records = ran.records();
    let texts: Vec<_> = found(&records[0]).into_iter().map(|(_, text)| text).collect();
    for name in ["John", "Smith", "Angela", "Merkel"] {
        assert!(texts.iter().any(|text| text == name), "{name} in {texts:?}");
    }
    for entity in entities(&records[0]) {
        let at = |key: &str| usize::try_from(entity[key].as_u64().unwrap()).unwrap();
        assert_eq!(entity["text"], line[at("start")..at("end")]);
    }
    assert_eq!(
        home.run(&["tag", "a.log", "-f", "redact", "--labels", "CITY", "--min-score", "1"]).good(),
        line
    );
}

#[test]
fn texts_of_one_thing() {
    let home = Home::new();
    for text in [
        "a".repeat(300_000),
        "😀".repeat(100_000),
        "\n".repeat(1_000),
        "\u{0}".into(),
        "\u{0}".repeat(10_000),
        "\u{301}".repeat(10_000),
        " ".repeat(100_000),
        "\u{feff}".into(),
        "\u{202e}\u{200b}\u{1b}".into(),
        "[CLS] [SEP] [MASK] [UNK] [PAD]".into(),
    ] {
        home.write("a.txt", &text);
        home.write("b.log", &text);
        let start: String = text.chars().take(5).collect();
        let ran = home.run(&["tag", "a.txt", "b.log", "-f", "jsonl"]);
        ran.good();
        assert_eq!(ran.records()[0]["path"], "a.txt", "{start:?}");
        let ran =
            home.run(&["tag", "a.txt", "-f", "redact", "--labels", "CITY", "--min-score", "1"]);
        assert_eq!(ran.good(), text, "{start:?}");
    }
}

/// Every way of cutting and joining, on a text that needs windows.
#[test]
fn every_setting_with_every_other() {
    let home = Home::new();
    let text =
        "My name is Angela Merkel 👍🏽, I live at 12 Main Street.\n\nCall +1 555 123 4567 now.\n";
    home.write("a.txt", text);
    home.write("b.log", text);
    let mut outputs = std::collections::BTreeSet::new();
    for aggregation in ["none", "simple", "first", "average", "max"] {
        for decode in ["viterbi", "argmax"] {
            for scheme in ["auto", "io", "iob1", "iob2", "bilou"] {
                let mut args =
                    vec!["tag", "a.txt", "b.log", "-f", "jsonl", "--offsets", "byte", "-q"];
                args.extend(["--aggregation", aggregation, "--decode", decode, "--scheme", scheme]);
                args.extend(["--window", "7", "--stride", "3", "--threads", "1"]);
                let ran = home.run(&args);
                ran.good();
                assert_eq!(ran.records().len(), 4);
                for entity in entities(&ran.records()[0]) {
                    let at = |key: &str| usize::try_from(entity[key].as_u64().unwrap()).unwrap();
                    assert_eq!(entity["text"], text[at("start")..at("end")]);
                    assert_eq!(entity["tag"].is_string(), aggregation == "none");
                }
                outputs.insert(ran.stdout().to_owned());
            }
        }
    }
    // The settings do something.
    assert!(outputs.len() >= 6, "{} different results", outputs.len());
}

/// Windows of one token, which overlap in none.
#[test]
fn the_smallest_windows() {
    let home = Home::with([("a.txt", "My name is Angela Merkel, unbelievably.\n\nYes.")]);
    for args in [
        &["--window", "1", "--stride", "0"][..],
        &["--window", "2", "--stride", "1"],
        &["--batch-tokens", "1"],
    ] {
        for cut in ["paragraphs", "anywhere"] {
            let args = [&["tag", "a.txt", "-f", "conll", "--cut", cut], args].concat();
            let ran = home.run(&args);
            let words: Vec<&str> =
                ran.good().lines().filter_map(|row| row.split('\t').next()).collect();
            assert_eq!(words.concat(), "MynameisAngelaMerkel,unbelievably.Yes.");
        }
    }
}
