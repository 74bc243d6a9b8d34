//! Parquet and Arrow files as inputs and results of the command, in a build with the feature `parquet`.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

#[path = "command/run.rs"]
#[allow(dead_code, reason = "shared by tests, none of which uses all of it")]
mod run;

use run::{Home, found, records};
use serde_json::Value;

fn file(name: &str) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/tests/columns");
    folder.join(name).display().to_string()
}

fn small_model() -> String {
    let checkpoint = "../testkit/checkpoints/minilm-f16";
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(checkpoint).display().to_string()
}

/// 1,000 texts from Parquet and the same from Arrow have the vectors that they have from lines of JSON; written as
/// Parquet and Arrow they are read again as so many records with the same ids.
#[test]
fn vectors_of_columns_are_those_of_lines() {
    let home = Home::new();
    let lines: Vec<String> =
        (0..1000).map(|i| format!("{{\"id\":{i},\"text\":\"Text {i}.\"}}\n")).collect();
    home.write("many.jsonl", lines.concat());
    let model = small_model();
    let embed = |args: &[&str]| {
        let ran = home.run(&[&["embed", "--model", &model], args].concat());
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        ran
    };
    let expected = embed(&["many.jsonl"]).stdout().to_owned();
    assert_eq!(expected.lines().count(), 1000);
    for name in ["many.parquet", "many.feather"] {
        assert_eq!(embed(&[&file(name)]).stdout(), expected, "{name}");
    }
    let lines: Vec<String> = (0..1000).map(|i| format!("{i}\n")).collect();
    home.write("numbers.log", lines.concat());
    let numbers = records(embed(&["numbers.log"]).stdout());
    for (ending, magic) in [("parquet", &b"PAR1"[..]), ("arrow", b"ARROW1")] {
        let out = format!("vectors.{ending}");
        embed(&["many.jsonl", "--output", &out]);
        let bytes = home.bytes(&out);
        assert!(bytes.starts_with(magic) && bytes.ends_with(magic), "{ending}");
        // Their ids, as texts, have the vectors of the same lines.
        let again = records(embed(&[&out, "--text-field", "id"]).stdout());
        let vectors: Vec<&Value> = again.iter().map(|record| &record["vector"]).collect();
        assert_eq!(vectors, numbers.iter().map(|record| &record["vector"]).collect::<Vec<_>>());
    }
}

/// A folder of columns and lines is tagged into one file, or into a file each; a row without a text is an error
/// that stops no other.
#[test]
fn entities_of_columns_go_into_columns() {
    let home = Home::new();
    let model = run::models().join("ner-en").display().to_string();
    let ran = home.run(&["tag", "--model", &model, &file("people-snappy.parquet"), "--json"]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("people-snappy.parquet:2: field \"text\""), "{}", ran.stderr);
    let rows = records(ran.stdout());
    assert_eq!((rows.len(), &rows[0]["line"], &rows[0]["id"]), (3, &1.into(), &"7".into()));
    let people = [("PER", "Angela Merkel"), ("LOC", "Berlin")];
    assert_eq!(found(&rows[0]), people.map(|(label, text)| (label.to_owned(), text.to_owned())));
    let ran = home.run(&[
        "tag",
        &file("people-snappy.parquet"),
        &file("deep.parquet"),
        "--text-field",
        "text",
        "--output",
        "tagged/",
        "--format",
        "parquet",
    ]);
    assert!(
        ran.stderr.contains("deep.parquet:1: expected a field \"text\", found"),
        "{}",
        ran.stderr
    );
    assert!(home.bytes("tagged/people-snappy.parquet.parquet").ends_with(b"PAR1"));
}

#[test]
fn redaction_refuses_columns_by_name() {
    let home = Home::new();
    let ran = home.run(&["redact", &file("deep.parquet"), "--text-field", "msg.body"]);
    assert_eq!((ran.status, ran.stdout()), (Some(1), ""), "{}", ran.stderr);
    let what = "deep.parquet: not rewritten: rows of parquet are not written back";
    assert!(ran.stderr.contains(what) && ran.stderr.contains("cloze_redact"), "{}", ran.stderr);
}
