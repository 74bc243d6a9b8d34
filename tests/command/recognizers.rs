//! Recognisers beside the model of `cloze tag` and `cloze eval tag`.
use serde_json::Value;

use crate::run::Home;

/// A model without recognisers of its own.
const PLAIN: [&str; 2] = ["--model", "ner-en"];
const EMAIL: &str = "My email is ada.lovelace@example.com\n";

/// Standard output of `tag --format redact --quiet` with these arguments, for a file of this text.
fn redacted(text: &str, args: &[&str]) -> String {
    let home = Home::new();
    home.write("a.txt", text);
    home.write("own.toml", "allow = ['ada.lovelace@example.com']\n[[recognizer]]\nname = 'staff'\nlabel = 'STAFF'\nregex = 'E-\\d{4}'\n");
    let tag = &["tag", "a.txt", "--format", "redact", "--quiet"][..];
    let all = [tag, args].concat();
    home.run(&all).good().to_owned()
}

#[test]
fn an_address_is_one_mask() {
    assert_eq!(redacted(EMAIL, &["--model", "pii"]), "My email is [EMAIL]\n");
    let iban = "Please pay to GB82 WEST 1234 5698 7654 32 today.\n";
    assert_eq!(redacted(iban, &["--model", "pii"]), "Please pay to [BANK_ACCOUNT] today.\n");
    assert_eq!(redacted(iban, &["--recognizers", "iban"]), "Please pay to [BANK_ACCOUNT] today.\n");
}

#[test]
fn flags_choose_the_recognisers() {
    // The model alone finds nothing in it.
    let (text, masked) = ("The server 192.0.2.14 is down.\n", "The server [IP_ADDRESS] is down.\n");
    for names in ["ipv4", "none,network", "all, -iban", "-dates"] {
        assert_eq!(redacted(text, &[&format!("--recognizers={names}")]), masked, "{names}");
    }
    for names in ["none", "iban", "all,-network"] {
        assert_eq!(redacted(text, &["--recognizers", names]), text, "{names}");
    }
    // The model alone leaves its pieces as they are; `ner-en` has no recognisers of its own.
    let alone = redacted(EMAIL, &["--recognizers", "none"]);
    assert!(alone.matches("[EMAIL]").count() > 1, "{alone}");
    assert_eq!(redacted(text, &["--model", "ner-en"]), text);
    // Labels and scores choose among matches, too.
    assert_eq!(redacted(text, &["--labels", "PHONE"]), text);
    assert_eq!(redacted(text, &["--labels", "IP_ADDRESS"]), masked);
    assert_eq!(redacted(text, &["--min-score", "IP_ADDRESS=1"]), text);
}

#[test]
fn own_patterns_find_and_allow() {
    let text = "Ask E-1234 or ada.lovelace@example.com or bob@example.com\n";
    let expected = "Ask [STAFF] or ada.lovelace@example.com or [EMAIL]\n";
    let args = ["--recognizers", "email", "--patterns", "own.toml"];
    assert_eq!(redacted(text, &args), expected);
    // What is allowed stays where the model has it in pieces, too.
    let args = ["--model", "pii", "--patterns", "own.toml"];
    assert_eq!(redacted(EMAIL, &args), EMAIL);
}

#[test]
fn the_name_of_a_column_is_context() {
    let home = Home::new();
    home.write("a.csv", "note,ssn\nhello,078051120\n");
    let args = ["tag", "a.csv", "--text-field", "note,ssn", "--recognizers", "us_ssn"];
    let args = [&args[..], &PLAIN].concat();
    let run = home.run(&[&args[..], &["--format", "jsonl", "--quiet"]].concat());
    let entities: Vec<Value> =
        run.records().into_iter().flat_map(|r| r["entities"].as_array().unwrap().clone()).collect();
    assert_eq!(entities.len(), 0, "078-05-1120 is one of those never given: {entities:?}");
    home.write("a.csv", "note,ssn\n219099998,219098888\n");
    let run = home.run(&[&args[..], &["--format", "jsonl", "--quiet"]].concat());
    let entities: Vec<Value> =
        run.records().into_iter().flat_map(|r| r["entities"].as_array().unwrap().clone()).collect();
    let [entity] = &entities[..] else { panic!("{entities:?}") };
    assert_eq!((&entity["text"], &entity["recognizer"]), (&"219098888".into(), &"us_ssn".into()));
}

/// The page says of each mark and in its legend who found it.
#[test]
fn the_page_names_the_recognizers() {
    let home = Home::new();
    home.write("a.txt", "Ann Smith, ada@example.com, bob@example.com, 192.0.2.14\n");
    let run = home.run(&["tag", "a.txt", "--model", "pii", "-f", "html", "-q"]);
    let page = run.good();
    let titles: Vec<&str> =
        page.split(" title=\"").skip(1).map(|t| t.split('"').next().unwrap()).collect();
    let by = |name: &str| titles.iter().filter(|title| title.ends_with(name)).count();
    assert_eq!([by(", recogniser email"), by(", recogniser ipv4")], [2, 1], "{titles:?}");
    let model = titles.iter().filter(|title| !title.contains("recogniser")).count();
    let legend = format!("<p>By recognisers: email 2, ipv4 1. By the model: {model}.</p>");
    assert!(page.contains(&legend), "{page}");
    // Of a model without recognisers there is nothing to say.
    let run = home.run(&["tag", "a.txt", "--model", "ner-en", "-f", "html", "-q"]);
    assert!(!run.good().contains("recogniser"), "{}", run.good());
}

#[test]
fn faults_are_named() {
    let home = Home::new();
    home.write("a.txt", EMAIL);
    home.write("bad.toml", "\n[[recognizer]]\nname = 'a'\nlabel = 'B'\nregex = '('\n");
    for (args, expected) in [
        (
            &["--recognizers", "emial"][..],
            "no recognizer is called \"emial\"; did you mean \"email\"?",
        ),
        (&["--patterns", "bad.toml"], "bad.toml:5: regex parse error"),
        (&["--patterns", "none.toml"], "none.toml"),
        (
            &["--recognizers", "all", "--aggregation", "none"],
            "which tokens (aggregation none) are not",
        ),
        (&["--recognizers", "email", "--labels", "IBAN"], "no label \"IBAN\"; the model has"),
        (&["--recognizers", "all", "--min-score", "CREDIT_CARD=2"], "CREDIT_CARD"),
    ] {
        let run = home.run(&[&["tag", "a.txt"], args].concat());
        assert!(run.stderr.contains(expected), "{args:?}: {}", run.stderr);
        assert!(!run.stdout().contains("[EMAIL]"), "{args:?}");
    }
}

#[test]
fn a_model_names_its_recognisers() {
    let home = Home::new();
    let info = home.run(&["model", "info", "pii"]);
    assert!(
        info.good().contains("\nrecognisers  all, -date, -date_named, -age\n"),
        "{}",
        info.stdout()
    );
    assert!(!home.run(&["model", "info", "ner-en"]).good().contains("recognisers"));
}

#[test]
fn eval_tag_runs_them() {
    let home = Home::new();
    home.write("a.conll", "write\tO\nada@example.com\tB-EMAIL\nnow\tO\n");
    for (names, f1) in [("email", 1.0), ("none", 0.0)] {
        let args = ["eval", "tag", "a.conll", "--recognizers", names, "--format", "json"];
        let report = &home.run(&[&args[..], &PLAIN].concat()).records()[0];
        assert_eq!(report["micro"]["f1"].as_f64(), Some(f1), "{report}");
    }
}
