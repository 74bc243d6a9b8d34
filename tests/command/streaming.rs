//! Standard input is worked on as it comes.
use std::io::Write as _;
use std::process::Stdio;

use crate::run::{Home, Lines, found};

/// Each line has its result before the next is written. The input stays
/// open meanwhile.
#[test]
fn a_line_is_answered_before_the_next() {
    let home = Home::new();
    for format in ["jsonl", "pretty", "inline", "redact"] {
        let mut command = home.command(&["tag", "-", "-q", "-f", format]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let lines = Lines::of(child.stdout.take().unwrap());
        for name in ["John", "Angela"] {
            writeln!(stdin, "My name is {name}.").unwrap();
            let mut line = lines.next().unwrap();
            if line == "── - ──" {
                line = lines.next().unwrap();
            }
            assert!(line.contains(name) || line.contains("[GIVEN_NAME]"), "{format}: {line}");
        }
        drop(stdin);
        assert!(lines.next().is_none());
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

/// Redaction by a policy follows a log that goes on, with its numbers.
#[test]
fn a_log_is_redacted_line_by_line() {
    let home = Home::new();
    let mut command = home.command(&["redact", "-", "-q", "--policy", "number"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines = Lines::of(child.stdout.take().unwrap());
    for (name, number) in [("john", 1), ("ada", 2), ("John", 1)] {
        writeln!(stdin, "mail from {name}@example.org").unwrap();
        assert_eq!(lines.next().unwrap(), format!("mail from [EMAIL_{number}]"));
    }
    drop(stdin);
    assert!(lines.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The same for vectors and labels.
#[test]
fn a_text_is_answered_before_the_next() {
    let home = Home::new();
    for args in [&["embed", "-", "-q"][..], &["classify", "-", "-q", "--labels", "a,b"]] {
        let mut child = home.command(args);
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let lines = Lines::of(child.stdout.take().unwrap());
        for i in 1..3 {
            writeln!(stdin, "A line of text.").unwrap();
            let line = lines.next().unwrap();
            assert!(line.contains(&format!("\"-:{i}\"")), "{args:?}: {line}");
        }
        drop(stdin);
        assert!(lines.next().is_none());
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

/// And for pairs.
#[test]
fn a_pair_is_answered_before_the_next() {
    let home = Home::new();
    let testkit = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/checkpoints");
    let model = testkit.join("bert-sequence").display().to_string();
    let mut child = home.command(&["pair", "-", "-q", "--input", "jsonl", "--model", &model]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines = Lines::of(child.stdout.take().unwrap());
    for i in 1..3 {
        writeln!(stdin, r#"{{"first": "a", "second": "b"}}"#).unwrap();
        let line = lines.next().unwrap();
        assert!(line.contains(&format!("\"line\":{i},")), "{line}");
    }
    drop(stdin);
    assert!(lines.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn standard_input_is_lines_unless_said() {
    let home = Home::new();
    let input = "My name is John.\nMy name is Angela.\n";
    let ran = home.run_with(input, &["tag", "-", "-f", "jsonl"]);
    ran.good();
    let lines: Vec<_> =
        ran.records().iter().map(|r| (r["line"].as_u64(), found(r).len())).collect();
    assert_eq!(lines, [(Some(1), 1), (Some(2), 1)]);
    let ran = home.run_with(input, &["tag", "-", "-f", "jsonl", "--input", "text"]);
    let texts: Vec<_> =
        ran.records().iter().map(|r| (r["line"].as_u64(), found(r).len())).collect();
    assert_eq!(texts, [(None, 2)]);
}
