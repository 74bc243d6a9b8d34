//! Inputs that cannot be used: one error each, with its place; all else is done; status 1.
use std::io::Write as _;
use std::process::Stdio;

use crate::run::{Home, Lines, found};

const GOOD: &str = "My name is John Smith.";

/// Bytes that are none of the encoding: the byte is named, and what came before is done.
#[test]
fn not_utf8() {
    let home = Home::new();
    // 4 + 7 + 2: the é of Latin-1 is the 14th byte.
    let bytes = b"one\r\nJohn\nJos\xe9 Smith\nlost\n";
    home.write("a.txt", bytes);
    home.write("a.log", bytes);
    home.write("b.txt", GOOD);
    let ran = home.run(&["tag", "a.txt", "a.log", "b.txt", "-f", "jsonl"]);
    assert_eq!(ran.status, Some(1));
    let expected = |path: &str| format!("{path}: byte 13: expected UTF-8, found invalid bytes");
    assert_eq!(ran.errors(), [expected("a.txt"), expected("a.log")]);
    let paths: Vec<_> =
        ran.records().iter().map(|r| r["path"].as_str().unwrap().to_owned()).collect();
    assert_eq!(paths, ["a.log", "a.log", "b.txt"]);
    // As what they are.
    let ran =
        home.run(&["tag", "a.txt", "--encoding", "latin1", "-f", "redact", "--labels", "CITY"]);
    assert_eq!((ran.status, &ran.bytes[..]), (Some(0), &bytes[..]));
}

#[test]
fn nothing_there() {
    let home = Home::with([("a.txt", GOOD), ("hidden/.x", GOOD), ("hidden/y.bin", "\0")]);
    fs_err::create_dir(home.path("empty")).unwrap();
    let ran = home
        .run(&["tag", "gone.txt", "empty", "a.txt", "hidden", "*.zip", "", "-f", "inline", "-q"]);
    insta::assert_snapshot!(ran.shown(), @r"
    status: 1
    stdout:
    My name is <GIVEN_NAME>John</GIVEN_NAME> <SURNAME>Smith</SURNAME>.

    stderr:
    error: gone.txt: no such file or folder
    error: empty: no file to read in it (0 hidden and 0 binary skipped)
    error: hidden/y.bin: not read: binary, and of no known kind
    error: *.zip: no file matches
    error: : no such file or folder
    1 hidden file skipped
    ");
}

/// A record that is broken costs only itself.
#[test]
fn broken_records_among_good_ones() {
    let home = Home::with([
        (
            "a.jsonl",
            "{\"text\":\"My name is John Smith.\"}\n\
             {\"text\": oops}\n\
             {\"other\":\"x\"}\n\
             {\"text\":5}\n\
             [1]\n\
             {\"text\":\"a\",\"text\":\"b\"}\n\
             {\"text\":\"x\",\"id\":{}}\n\
             {\"text\":\"My name is John Smith.\"}",
        ),
        ("b.csv", "id,text\n1,My name is John Smith.\n2\n3,a,b\n4,My name is John Smith.\n"),
        ("c.csv", "id,other\n1,x\n"),
        ("d.csv", "id,text\n1,My name is John Smith.\n2,\"open\n3,x\n"),
        ("e.conll", "John\tO\nSmith\tO\n\nbad\tO\n\tO\nrest\tO\n\nJohn\tO\n"),
        ("z.txt", GOOD),
    ]);
    let ran = home.run(&["tag", ".", "-f", "jsonl"]);
    assert_eq!(ran.status, Some(1));
    let places: Vec<_> =
        ran.errors().iter().map(|e| e.split(": ").next().unwrap().to_owned()).collect();
    let expected = [
        "./a.jsonl:2",
        "./a.jsonl:3",
        "./a.jsonl:4",
        "./a.jsonl:5",
        "./a.jsonl:6",
        "./a.jsonl:7",
        "./b.csv:3",
        "./b.csv:4",
        "./c.csv:1",
        "./d.csv:3",
        "./e.conll:5",
    ];
    assert_eq!(places, expected, "{}", ran.stderr);
    for (place, part) in
        [(1, "no field known for the text; found \"other\""), (6, "expected 2 columns, found 1")]
    {
        assert!(ran.errors()[place].contains(part), "{}", ran.errors()[place]);
    }
    let records = ran.records();
    let got: Vec<_> =
        records.iter().map(|r| (r["path"].as_str().unwrap(), r["line"].as_u64())).collect();
    let expected = [
        ("./a.jsonl", Some(1)),
        ("./a.jsonl", Some(8)),
        ("./b.csv", Some(2)),
        ("./b.csv", Some(5)),
        ("./d.csv", Some(2)),
        ("./e.conll", Some(1)),
        ("./e.conll", Some(8)),
        ("./z.txt", None),
    ];
    assert_eq!(got, expected);
    assert!(records.iter().all(|r| !found(r).is_empty()));
}

/// Nothing in it is nothing wrong; but a table with lines and no header says nothing.
#[test]
fn empty_files() {
    let home = Home::new();
    for name in ["a.txt", "a.log", "a.jsonl", "a.conll"] {
        home.write(name, "");
    }
    let ran = home.run(&["tag", "a.txt", "a.log", "a.jsonl", "a.conll", "-f", "jsonl"]);
    let (records, ending) = (ran.records(), ran.stderr.lines().last());
    assert_eq!((ran.status, records.len(), found(&records[0]).len()), (Some(0), 1, 0));
    assert_eq!(ending, Some("0 entities in 1 text from 4 files: 0 words in # s, # words/s"));
    for format in ["pretty", "conll", "tsv", "inline", "html", "redact"] {
        let ran = home.run(&["tag", "a.log", "-f", format]);
        ran.good();
    }
    home.write("b.csv", "");
    home.run(&["tag", "b.csv", "a.txt"]).good();
    home.write("c.csv", "\n");
    let ran = home.run(&["tag", "c.csv", "a.txt"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.errors(), ["c.csv:2: no column known for the text; found none"]);
}

/// 1 MiB is 1048576 bytes.
#[test]
fn longer_than_allowed() {
    let home = Home::new();
    let long = "a".repeat((1 << 20) + 1);
    home.write("a.txt", &long);
    home.write("b.log", format!("{GOOD}\n{long}\n{GOOD}\n{}", &long[1..]));
    home.write("c.txt", GOOD);
    let ran = home.run(&["tag", "a.txt", "b.log", "c.txt", "--max-text", "1", "-f", "jsonl"]);
    assert_eq!(ran.status, Some(1));
    let expected = |place: &str| format!("{place}: expected at most 1048576 bytes, found more");
    assert_eq!(ran.errors(), [expected("a.txt:1"), expected("b.log:2")]);
    let lines: Vec<_> =
        ran.records().iter().map(|r| (r["line"].as_u64(), found(r).len())).collect();
    assert_eq!(lines, [(Some(1), 2), (Some(3), 2), (Some(4), 0), (None, 2)]);
}

/// A stream of nothing but faults is told as it goes, and held in no memory.
#[test]
fn faults_are_told_as_they_come() {
    let home = Home::new();
    let mut command = home.command(&["tag", "-", "--input", "jsonl"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let stderr = Lines::of(child.stderr.take().unwrap());
    stdin.write_all(b"oops\n").unwrap();
    // Standard input stays open meanwhile.
    let first = stderr.next().unwrap();
    assert!(first.starts_with("error: -:1: "), "{first}");
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[cfg(unix)]
#[test]
fn not_allowed_to_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::with([("a.txt", GOOD), ("b.txt", GOOD)]);
    let locked = std::fs::Permissions::from_mode(0o000);
    fs_err::set_permissions(home.path("a.txt"), locked).unwrap();
    if fs_err::read(home.path("a.txt")).is_ok() {
        return; // root may read everything
    }
    let ran = home.run(&["tag", "a.txt", "b.txt", "-f", "jsonl"]);
    assert_eq!((ran.status, ran.records().len(), ran.errors().len()), (Some(1), 1, 1));
    assert!(ran.errors()[0].contains("a.txt"));
}
