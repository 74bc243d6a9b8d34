//! Recognisers of one's own.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::path::Path;

use cloze_recognize::{Patterns, RecognizeError, RecognizerParams, Recognizers};

const FILE: &str = r#"
allow = ["Support@Example.com", "0800 Example"]

[[recognizer]]
name = "employee"
label = "EMPLOYEE_ID"
regex = 'E-\d{6}'
context = ["staff", "Mitarbeiter"]
score = 0.4

[[recognizer]]
name = "loyalty"
label = "LOYALTY_ID"
regex = 'loyalty (?:no|number)\.? (\d{8,12})'
validator = "luhn"

[[recognizer]]
name = "project"
label = "PROJECT"
words = ["Blue Heron", "Grünspecht"]

[[deny]]
label = "PERSON"
words = ["Ada Lovelace", "ada@example.com"]
"#;

fn recognizers(source: &str, names: &[&str]) -> Recognizers {
    let patterns = Patterns::parse(source, Path::new("own.toml")).unwrap();
    let params = RecognizerParams::new().recognizers(names.iter().copied()).patterns(patterns);
    Recognizers::new(params.check().unwrap())
}

#[test]
fn own_recognisers_find_their_things() {
    let recognizers = recognizers(FILE, &["none"]);
    for (text, expected) in [
        ("staff E-123456 left", vec![("EMPLOYEE_ID", "E-123456", 0.7)]),
        ("E-123456 left", vec![]),
        ("staff E-1234567", vec![]),
        ("Mitarbeiterin XE-123456", vec![]),
        // 0 + 18→9 + 9 + 2 + 7 + 6 + 9 + 8 + 7 + 2 + … : 79927398713 passes Luhn's test, …12 does not.
        ("loyalty no. 79927398713", vec![("LOYALTY_ID", "79927398713", 0.95)]),
        ("loyalty no. 79927398712", vec![]),
        (
            "BLUE HERON and grünspecht",
            vec![("PROJECT", "BLUE HERON", 0.6), ("PROJECT", "grünspecht", 0.6)],
        ),
        ("Blue Herons", vec![]),
        ("ADA LOVELACE", vec![("PERSON", "ADA LOVELACE", 1.0)]),
        ("Blue\u{A0}Heron", vec![("PROJECT", "Blue\u{A0}Heron", 0.6)]),
    ] {
        let matches = recognizers.find(text);
        let found: Vec<_> = matches
            .iter()
            .map(|found| {
                (
                    found.label.as_str(),
                    found.span.of(text).unwrap(),
                    (found.score * 100.0).round() / 100.0,
                )
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }
    assert_eq!(recognizers.labels(), ["EMPLOYEE_ID", "LOYALTY_ID", "PERSON", "PROJECT"]);
    assert_eq!(recognizers.names().collect::<Vec<_>>(), ["employee", "loyalty", "project", "deny"]);
}

#[test]
fn allowed_things_are_kept_and_denied_ones_win() {
    let recognizers = recognizers(FILE, &["all"]);
    let text = "support@example.com, bob@example.com, ada@example.com";
    let matches = recognizers.find(text);
    let found: Vec<_> =
        matches.iter().map(|found| (found.label.as_str(), found.span.of(text).unwrap())).collect();
    assert_eq!(found, [("EMAIL", "bob@example.com"), ("PERSON", "ada@example.com")]);
}

#[test]
fn faults_are_named_with_their_line() {
    for (source, expected) in [
        ("allow = 1", "own.toml:1: "),
        ("\n\nallow = [\"\"]", "own.toml:3: expected a word to allow, found none"),
        (
            "[[recognizer]]\nname = \"a\"\nlabel = \"B\"\n",
            "own.toml:1: expected either `regex` or `words`",
        ),
        (
            "[[recognizer]]\nname = \"a\"\nlabel = \"B\"\nregex = 'x'\nwords = ['y']",
            "own.toml:1: expected either `regex` or `words`",
        ),
        (
            "[[recognizer]]\nname = \"a\"\nlabel = \"B\"\nregex = '('",
            "own.toml:4: regex parse error",
        ),
        (
            "[[recognizer]]\nname = \"a\"\nlabel = \"B\"\nregex = 'x*'",
            "own.toml:4: \"x*\" matches the empty text",
        ),
        (
            "[[recognizer]]\nname = \"\"\nlabel = \"B\"\nregex = 'x'",
            "own.toml:2: expected a name, found none",
        ),
        (
            "[[recognizer]]\nname = \"a\"\nlabel = \" \"\nregex = 'x'",
            "own.toml:3: expected a label, found none",
        ),
        (
            "[[recognizer]]\nname = \"a\"\nlabel = \"B\"\nregex = 'x'\nvalidator = \"lun\"",
            "own.toml:5: no validator is called \"lun\"; did you mean \"luhn\"?",
        ),
        (
            "[[recognizer]]\nname = \"a\"\nlabel = \"B\"\nregex = 'x'\nscore = 1.5",
            "own.toml:5: expected a score from 0 to 1, found 1.5",
        ),
        (
            "[[recognizer]]\nname = \"a\"\nlabel = \"B\"\nregex = 'x'\ncontext = [\"\"]",
            "own.toml:5: expected a word of context, found none",
        ),
        (
            "[[recognizer]]\nname = \"a\"\nlabel = \"B\"\nregex = 'x'\npattern = 1",
            "own.toml:5: unknown field `pattern`",
        ),
        (
            "[[recognizer]]\nname = \"a\"\nlabel = \"B\"\nregex = 'x'\n[[recognizer]]\nname = \"a\"\nlabel = \"B\"\nregex = 'x'",
            "own.toml:5: two recognizers are called \"a\"",
        ),
        (
            "[[deny]]\nlabel = \"P\"\nwords = []",
            "own.toml:3: expected words, found none or an empty one",
        ),
        (
            "[[deny]]\nlabel = \"P\"\nwords = ['a', '']",
            "own.toml:3: expected words, found none or an empty one",
        ),
        ("a = [", "own.toml:1: "),
    ] {
        let error = Patterns::parse(source, Path::new("own.toml")).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}\n{expected}");
    }
}

#[test]
fn files_are_read_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    fs_err::write(&path, FILE).unwrap();
    assert_eq!(
        Patterns::read(&path).unwrap().labels(),
        ["EMPLOYEE_ID", "LOYALTY_ID", "PROJECT", "PERSON"]
    );
    let error = Patterns::read(&folder.path().join("none.toml")).unwrap_err();
    assert!(matches!(error, RecognizeError::Read(_)) && error.to_string().contains("none.toml"));
}
