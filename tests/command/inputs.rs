//! Where texts come from.
use serde_json::Value;

use crate::run::{Home, entities, found};

const NAME: &str = "My name is John Smith.";

/// (path, line, id) of each record.
fn places(records: &[Value]) -> Vec<(String, Option<u64>, Option<&str>)> {
    let place = |r: &'_ Value| r["path"].as_str().unwrap().replace('\\', "/");
    records.iter().map(|r| (place(r), r["line"].as_u64(), r["id"].as_str())).collect()
}

fn at(path: &str, line: u64) -> (String, Option<u64>, Option<&'static str>) {
    (path.to_owned(), Some(line), None)
}

fn text(path: &str) -> (String, Option<u64>, Option<&'static str>) {
    (path.to_owned(), None, None)
}

#[test]
fn files_folders_patterns_and_standard_input() {
    let home = Home::with([
        ("one.txt", NAME),
        ("docs/b.txt", NAME),
        ("docs/a/c.log", "My name is John Smith.\n\nI am nobody"),
        ("docs/.hidden", NAME),
        ("docs/.git/x.txt", NAME),
        ("docs/picture.png", "\u{89}PNG\r\n\0\0\0\rIHDR"),
        ("more/x1.md", NAME),
        ("more/x2.md", NAME),
        ("more/y.md", NAME),
    ]);
    let args = ["tag", "one.txt", "docs", "more/x*.md", "-", "./one.txt", "-f", "jsonl"];
    let ran = home.run_with(format!("{NAME}\r\nnobody"), &args);
    ran.good();
    assert_eq!(
        places(&ran.records()),
        [
            text("one.txt"),
            at("docs/a/c.log", 1),
            at("docs/a/c.log", 2),
            at("docs/a/c.log", 3),
            text("docs/b.txt"),
            text("more/x1.md"),
            text("more/x2.md"),
            at("-", 1),
            at("-", 2),
        ]
    );
    insta::assert_snapshot!(ran.stderr, @"
    docs/.git: hidden file skipped
    docs/.hidden: hidden file skipped
    docs/picture.png: binary file skipped
    12 entities in 9 texts from 6 files: 40 words in # s, # words/s; 2 hidden files skipped; 1 binary file skipped
    ");
    // A file that is named is read, hidden or not.
    let ran = home.run(&["tag", "docs/.hidden", "-f", "jsonl"]);
    ran.good();
    assert_eq!(ran.records().len(), 1);
}

/// Ends of lines may differ within a file, and the last may be missing.
#[test]
fn lines_end_either_way() {
    let home = Home::with([("a.log", "John Smith\r\nmid\rdle\n\r\nJohn Smith")]);
    let ran = home.run(&["tag", "a.log", "-f", "inline"]);
    let [first, second, third, fourth] = ran.good().split_inclusive('\n').collect::<Vec<_>>()[..]
    else {
        panic!("{}", ran.stdout())
    };
    assert_eq!(first, fourth);
    assert!(first.starts_with("<GIVEN_NAME>John</") && first.ends_with(">\n"), "{first:?}");
    assert_eq!((second, third), ("mid\rdle\n", "\n"));
}

#[test]
fn fields_and_columns_have_names() {
    let home = Home::with([
        (
            "a.jsonl",
            "{\"text\":\"no\",\"body\":\"My name is John Smith.\",\"key\":12}\n\n{\"body\":\"no\"}\n",
        ),
        ("a.csv", "key,body\r\nx,\"My name is\nJohn Smith.\"\r\ny,no\r\n"),
        ("a.tsv", "body\tkey\nMy name is John Smith.\tz\n"),
        ("a.iob", "1\tMy\n2\tname\n3\tis\n4\tJohn\n5\tSmith\n6\t.\n"),
    ]);
    let ran = home.run(&[
        "tag",
        "a.jsonl",
        "a.csv",
        "a.tsv",
        "a.iob",
        "-f",
        "jsonl",
        "--text-field",
        "body",
        "--id-field",
        "key",
        "--token-column",
        "2",
    ]);
    ran.good();
    let records = ran.records();
    let expected: [(&str, u64, Option<&str>, usize); 6] = [
        ("a.jsonl", 1, Some("12"), 2),
        ("a.jsonl", 3, None, 0),
        ("a.csv", 2, Some("x"), 2),
        ("a.csv", 4, Some("y"), 0),
        ("a.tsv", 2, Some("z"), 2),
        ("a.iob", 1, None, 2),
    ];
    for (record, (path, line, id, n)) in records.iter().zip(expected) {
        assert_eq!((record["path"].as_str(), record["line"].as_u64()), (Some(path), Some(line)));
        assert_eq!((record["id"].as_str(), entities(record).len()), (id, n), "{record}");
    }
    assert_eq!(records.len(), expected.len());
}

/// The ending of a name does not matter where a format is given.
#[test]
fn the_format_can_be_given() {
    let home = Home::with([
        ("a.csv", "John Smith, or so\n\"open"),
        ("b.txt", "{\"text\":\"My name is John Smith.\"}\n{\"text\":\"no\"}\n"),
        ("c.txt", "text\nMy name is John Smith.\n"),
        ("d.txt", "John O\nSmith O\n\nno O\n"),
    ]);
    for (args, n) in [
        (["a.csv", "text"], 1),
        (["a.csv", "lines"], 2),
        (["b.txt", "jsonl"], 2),
        (["c.txt", "csv"], 1),
        (["c.txt", "tsv"], 1),
        (["d.txt", "conll"], 2),
    ] {
        let ran = home.run(&["tag", args[0], "--input", args[1], "-f", "jsonl"]);
        ran.good();
        assert_eq!(ran.records().len(), n, "{args:?}");
    }
    let ran = home.run_with(home.bytes("b.txt"), &["tag", "-", "--input", "jsonl", "-f", "jsonl"]);
    ran.good();
    assert_eq!(
        found(&ran.records()[0]),
        found(&home.run(&["tag", "c.txt", "-f", "jsonl"]).records()[0])
    );
}

/// CoNLL in, CoNLL out: the words are the file's, however odd, and so are the sentences.
#[test]
fn conll_keeps_the_words_of_the_file() {
    let long = "a".repeat(300);
    let sentences: [&[&str]; 5] = [
        &["My", "name", "is", "John", "Smith-Jones", "."],
        &["New York", "e\u{301}", "\u{301}", "👍🏽", "\u{200b}", "漢字", "(c)", "don't"],
        &["\u{1}", "\u{0}"],
        &[&long, "#", "a@b.org", "O'Neill,Jr."],
        &["\u{a0}x\u{a0}y", "-", "12/Main"],
    ];
    let row = |word: &&str| format!("{word}\tX\n");
    let input: Vec<String> = sentences.iter().map(|s| s.iter().map(row).collect()).collect();
    let input = format!("# sent_id = 1\n{}", input.join("\n\n"));
    let home = Home::with([("a.conll", &input)]);
    let ran = home.run(&["tag", "a.conll", "-f", "conll"]);
    let words: Vec<Vec<&str>> = ran
        .good()
        .split_terminator("\n\n")
        .map(|s| s.split('\n').map(|row| row.rsplit_once('\t').unwrap().0).collect())
        .collect();
    assert_eq!(words, sentences);
    assert!(
        ran.stdout()
            .starts_with("My\tO\nname\tO\nis\tO\nJohn\tB-GIVEN_NAME\nSmith-Jones\tB-SURNAME\n")
    );
    // What comes out can go in, and says the same again.
    home.write("b.conll", ran.stdout());
    assert_eq!(home.run(&["tag", "b.conll", "-f", "conll"]).good(), ran.stdout());
}

#[test]
fn names_may_be_anything() {
    let home = Home::new();
    let mut names =
        vec!["with space.txt", "ünï \u{1F600}.txt", "--quiet", "'\"&.txt", "[a].txt", "*.txt"];
    if cfg!(unix) {
        names.extend(["new\nline.txt", "\u{1b}[31m.txt", "tab\t.txt"]);
    }
    for name in &names {
        home.write(name, NAME);
        // Alone, by name: also a name that looks like a pattern is a file first.
        let ran = home.run(&["tag", "-f", "jsonl", "--", name]);
        ran.good();
        let records = ran.records();
        assert_eq!(records.len(), 1, "{name}");
        assert_eq!(records[0]["path"], *name);
    }
    let ran = home.run(&["tag", ".", "-f", "tsv"]);
    let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').from_reader(ran.good().as_bytes());
    let mut found: Vec<String> = reader.records().map(|row| row.unwrap()[0].to_owned()).collect();
    found.dedup();
    let mut expected: Vec<String> = names.iter().map(|name| format!("./{name}")).collect();
    expected.sort();
    assert_eq!(found, expected);
    // And none can command the terminal.
    if cfg!(unix) {
        let ran = home.run(&["tag", "--color", "always", "--", "\u{1b}[31m.txt", "\u{1b}7"]);
        assert_eq!(ran.status, Some(1));
        assert!(
            ran.stdout().contains(r"\u{1b}[31m.txt") && !ran.stdout().contains("\u{1b}[31m.txt")
        );
        assert!(ran.stderr.contains(r"\u{1b}7: no such file") && !ran.stderr.contains("\u{1b}7"));
    }
}

/// Names that are no UTF-8 come along with their folder.
#[cfg(target_os = "linux")]
#[test]
fn a_name_may_be_no_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let home = Home::new();
    fs_err::create_dir(home.path("in")).unwrap();
    let name = std::ffi::OsStr::from_bytes(b"na\xffme.txt");
    fs_err::write(home.path("in").join(name), NAME).unwrap();
    home.run(&["tag", "in", "-f", "redact", "-o", "out"]).good();
    let redacted = fs_err::read_to_string(home.path("out").join(name)).unwrap();
    assert_eq!(redacted, "My name is [GIVEN_NAME] [SURNAME].");
}
