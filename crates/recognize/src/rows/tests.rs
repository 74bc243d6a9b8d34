//! The examples of every row.
use std::collections::BTreeSet;

use regex::Regex;

use super::rows;
use crate::{RecognizerParams, Recognizers};

/// The text without its braces, and the marked parts in order.
fn marked(example: &str) -> (String, Vec<&str>) {
    let parts = example.split('{').skip(1).filter_map(|part| part.split('}').next());
    (example.replace(['{', '}'], ""), parts.collect())
}

fn only(name: &str) -> Recognizers {
    Recognizers::new(RecognizerParams::new().recognizers([name]).check().expect("a known name"))
}

#[test]
fn each_row_finds_its_examples_and_nothing_else() {
    let mut wrong = vec![];
    for row in rows() {
        let recognizers = only(row.name);
        for example in row.valid {
            let (text, expected) = marked(example);
            let matches = recognizers.find(&text);
            let found: Vec<_> = matches.iter().filter_map(|found| found.span.of(&text)).collect();
            if found != expected {
                wrong.push(format!("{}: {text:?}: {found:?}, not {expected:?}", row.name));
            }
        }
        for text in row.invalid {
            for found in recognizers.find(text) {
                wrong.push(format!("{}: {:?} in {text:?}", row.name, found.span.of(text)));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The examples of one row beside all others: the same parts, with the row's label.
#[test]
fn all_rows_together_agree_with_each() {
    let all = Recognizers::new(RecognizerParams::new().check().expect("defaults"));
    let mut wrong = vec![];
    for row in rows() {
        for example in row.valid {
            let (text, expected) = marked(example);
            let matches = all.find(&text);
            let found: Vec<_> = matches
                .iter()
                .filter(|found| found.label == row.label)
                .filter_map(|found| found.span.of(&text))
                .collect();
            if !expected.iter().all(|part| found.contains(part)) {
                wrong.push(format!("{}: {text:?}: {matches:?}", row.name));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn rows_are_complete_and_their_patterns_compile() {
    let mut names = BTreeSet::new();
    for row in rows() {
        assert!(names.insert(row.name), "two rows are called {}", row.name);
        assert!(!row.label.is_empty() && !row.source.is_empty(), "{}", row.name);
        assert!(!row.valid.is_empty() && !row.invalid.is_empty(), "{} has no examples", row.name);
        let regex = Regex::new(&crate::scan::anchored(row.pattern));
        assert!(regex.is_ok(), "{}: {regex:?}", row.name);
    }
}
