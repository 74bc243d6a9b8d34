//! Results that go to files.
use crate::run::{Home, found, records};

const GOOD: &str = "My name is John Smith.";
const REDACTED: &str = "My name is [GIVEN_NAME] [SURNAME].";

#[test]
fn to_a_file() {
    let home = Home::with([("a.txt", GOOD), ("b.txt", GOOD)]);
    // Folders above it are made.
    let ran = home.run(&["tag", "a.txt", "b.txt", "-f", "jsonl", "-o", "x/y/out.jsonl"]);
    assert_eq!((ran.status, ran.stdout()), (Some(0), ""));
    let written = records(&home.read("x/y/out.jsonl"));
    assert_eq!(written.iter().map(|r| found(r).len()).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(home.files("x"), ["y/out.jsonl"]);
    // The same as on standard output.
    let ran = home.run(&["tag", "a.txt", "b.txt", "-f", "jsonl"]);
    assert_eq!(ran.good(), home.read("x/y/out.jsonl"));
    // A file has colours only if they are asked for.
    home.run(&["tag", "a.txt", "-o", "out.txt"]).good();
    assert!(!home.read("out.txt").contains('\u{1b}'));
    home.run(&["tag", "a.txt", "-o", "out.txt", "--color", "always", "--force"]).good();
    assert!(home.read("out.txt").contains('\u{1b}'));
}

#[test]
fn to_a_folder_like_the_input() {
    let home = Home::with([
        ("in/a.txt", GOOD),
        ("in/x/y/b.log", GOOD),
        ("in/x/c.csv", "text\nJohn Smith\n"),
        ("d.txt", GOOD),
    ]);
    // Redacted files have the names of theirs, others get an ending.
    home.run(&["tag", "in", "d.txt", "-f", "redact", "-o", "out"]).good();
    assert_eq!(home.files("out"), ["a.txt", "d.txt", "x/c.csv", "x/y/b.log"]);
    assert_eq!([home.read("out/a.txt"), home.read("out/x/y/b.log")], [REDACTED, REDACTED]);
    for (format, ending) in [
        ("jsonl", "jsonl"),
        ("pretty", "txt"),
        ("conll", "conll"),
        ("tsv", "tsv"),
        ("html", "html"),
        ("inline", "xml.txt"),
    ] {
        let out = format!("{format}/");
        home.run(&["tag", "in", "-f", format, "-o", &out]).good();
        let expected = ["a.txt", "x/c.csv", "x/y/b.log"].map(|name| format!("{name}.{ending}"));
        assert_eq!(home.files(format), expected);
        // Each file is whole by itself.
        if format == "html" {
            assert!(home.read("html/a.txt.html").ends_with("</html>\n"));
        }
    }
    // Standard input has a name there, too.
    home.run_with(GOOD, &["tag", "-", "-f", "redact", "-o", "in/"]).good();
    assert_eq!(home.read("in/stdin"), REDACTED);
}

#[test]
fn what_is_there_stays_when_no_input_ends_well() {
    let home = Home::new();
    home.write("bad.log", b"Angela Merkel\n\xff\n");
    home.write("good.txt", "Angela Merkel");
    home.write("old.jsonl", "old");
    // A path that is not there is all there is: nothing could be done.
    for (bad, status) in [("bad.log", 1), ("gone.txt", 2)] {
        let ran = home.run(&["tag", bad, "-f", "jsonl", "-o", "old.jsonl", "--force"]);
        assert_eq!((ran.status, home.read("old.jsonl").as_str()), (Some(status), "old"), "{bad}");
        let ran = home.run(&["tag", bad, "-f", "jsonl", "-o", "new.jsonl"]);
        assert_eq!((ran.status, home.path("new.jsonl").exists()), (Some(status), false), "{bad}");
    }
    // Where another ends well, its results are there.
    let ran =
        home.run(&["tag", "gone.txt", "good.txt", "-f", "jsonl", "-o", "old.jsonl", "--force"]);
    assert_eq!((ran.status, home.read("old.jsonl").lines().count()), (Some(1), 1));
}

#[test]
fn what_is_there_stays_unless_forced() {
    let home = Home::with([("in/a.txt", GOOD), ("in/b.txt", GOOD), ("out/a.txt", "precious")]);
    let ran = home.run(&["tag", "in", "-f", "redact", "-o", "out"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.errors(), ["out/a.txt: exists already"]);
    assert_eq!([home.read("out/a.txt"), home.read("out/b.txt")], ["precious", REDACTED]);
    home.run(&["tag", "in", "-f", "redact", "-o", "out", "--force"]).good();
    assert_eq!([home.read("out/a.txt"), home.read("out/b.txt")], [REDACTED, REDACTED]);
    // A single file: nothing else could be done.
    let ran = home.run(&["tag", "in", "-o", "out/a.txt"]);
    assert_eq!((ran.status, ran.errors()), (Some(2), vec!["out/a.txt: exists already"]));
    // A file in its own place.
    home.run(&["tag", "in/a.txt", "-f", "redact", "-o", "in/a.txt", "--force"]).good();
    assert_eq!(home.read("in/a.txt"), REDACTED);
    assert_eq!(home.files(""), ["in/a.txt", "in/b.txt", "out/a.txt", "out/b.txt"]);
}

#[test]
fn two_results_with_one_name() {
    let home = Home::with([("x/a.txt", GOOD), ("y/a.txt", "not this"), ("y/b.txt", GOOD)]);
    for force in [&[][..], &["--force"]] {
        let ran = home.run(&[&["tag", "x", "y", "-f", "redact", "-o", "out"], force].concat());
        assert_eq!(ran.status, Some(1));
        let expected = "y/a.txt: out/a.txt would be written over another input's result";
        assert!(ran.errors().contains(&expected), "{}", ran.stderr);
        assert_eq!([home.read("out/a.txt"), home.read("out/b.txt")], [REDACTED, REDACTED]);
    }
}

/// `..` behind a `*` is a part of a file's relative name: followed, it would lead out of the folder,
/// here onto the input itself.
#[test]
fn no_result_leaves_the_folder() {
    let home = Home::with([("in/x/a.txt", GOOD), ("other/b.txt", GOOD)]);
    let args = ["tag", "in/*/../../other/*.txt", "-f", "redact", "-o", "out/", "--force"];
    let ran = home.run(&args);
    assert_eq!((ran.status, ran.errors().len()), (Some(1), 1), "{}", ran.stderr);
    assert!(ran.errors()[0].ends_with("its result would leave out/"), "{}", ran.stderr);
    assert_eq!(home.files(""), ["in/x/a.txt", "other/b.txt"]);
    assert_eq!(home.read("other/b.txt"), GOOD);
}

/// Bad bytes late in a file: its first half was tagged already, and is no result.
#[test]
fn a_result_is_whole_or_not_there() {
    let home = Home::with([("in/b.log", GOOD)]);
    // More than one chunk of 256 KiB; the long words cost a token each.
    let mut late = format!("{}\n", "a".repeat(9_999)).repeat(40).into_bytes();
    late.extend(b"\xff\n");
    home.write("in/a.log", late);
    let ran = home.run(&["tag", "in", "-f", "redact", "-o", "out"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.errors(), ["in/a.log: byte 400000: expected UTF-8, found invalid bytes"]);
    assert_eq!(home.files("out"), ["b.log"]);
}

#[test]
fn places_that_cannot_be_written() {
    let home = Home::with([("a.txt", GOOD), ("file", "x")]);
    let ran = home.run(&["tag", "a.txt", "-o", "file/out.txt"]);
    assert_eq!((ran.status, ran.errors().len()), (Some(2), 1));
    assert!(ran.errors()[0].starts_with("file/out.txt: cannot be written"), "{}", ran.stderr);
    let ran = home.run(&["tag", "a.txt", "-o", "file/"]);
    assert_eq!((ran.status, ran.errors().len()), (Some(1), 1));
    assert!(ran.errors()[0].starts_with("file/a.txt.txt: cannot be written"), "{}", ran.stderr);
    assert_eq!(home.read("file"), "x");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs_err::create_dir(home.path("locked")).unwrap();
        fs_err::set_permissions(home.path("locked"), std::fs::Permissions::from_mode(0o500))
            .unwrap();
        if fs_err::write(home.path("locked/probe"), "").is_err() {
            let ran = home.run(&["tag", "a.txt", "-o", "locked/out.txt"]);
            assert_eq!((ran.status, ran.errors().len()), (Some(2), 1));
            assert!(ran.errors()[0].contains("locked/out.txt"), "{}", ran.stderr);
        }
    }
}

/// No room left: the place is named, and it is no panic.
#[cfg(target_os = "linux")]
#[test]
fn no_room_left() {
    let home = Home::with([("a.txt", GOOD)]);
    for args in [
        &["tag", "a.txt"][..],
        &["tag", "a.txt", "-f", "tsv"],
        &["tag", "a.txt", "-f", "html"],
        &["model", "list"],
        &["model", "info", "pii", "--json"],
        &["model", "check", "pii"],
        &["setup"],
        &["setup", "--json"],
        &["completions", "bash"],
    ] {
        let full = fs_err::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = home.command(args);
        let output = command.stdout(full.into_parts().0).output().unwrap();
        let ran = crate::run::Ran::of(output, args);
        assert_eq!((ran.status, ran.errors().len()), (Some(2), 1), "{args:?}: {}", ran.stderr);
        if args[0] == "tag" {
            assert!(ran.errors()[0].starts_with("standard output: "), "{}", ran.stderr);
        }
    }
}

/// Renaming over it would leave the place that it names empty.
#[cfg(unix)]
#[test]
fn a_link_to_nothing_is_not_written() {
    let home = Home::with([("a.txt", "My name is John Smith.")]);
    std::os::unix::fs::symlink("gone/out", home.path("out")).unwrap();
    let model = crate::support::checkpoint("bert");
    for args in [
        &["tag", "a.txt", "-f", "jsonl", "-o", "out"][..],
        &["tag", "a.txt", "-f", "jsonl", "-o", "out", "--force"],
        &["model", "quantize", &model, "-o", "out", "--force"],
    ] {
        let ran = home.run(args);
        assert_eq!(ran.status, Some(2), "{args:?}: {}", ran.stderr);
        let expected = "error: out: expected a file, a folder or a free name, found a link to gone/out, \
                        which is not there\nhint: remove the link, or create its target\n";
        assert_eq!(ran.stderr, expected, "{args:?}");
    }
    assert!(fs_err::symlink_metadata(home.path("out")).unwrap().is_symlink());
}

/// A text that begins with `=` is a formula to a spreadsheet; a negative number of our own is not.
#[test]
fn formulas_in_tables_are_texts() {
    let home = Home::with([
        (
            "t.jsonl",
            "{\"text\": \"a cat\", \"id\": \"=1+1\"}\n{\"text\": \"a dog\", \"id\": \"b\"}\n",
        ),
        ("p.tsv", "first\tsecond\n=a cat\t-a dog\n"),
    ]);
    let model = crate::support::checkpoint("minilm-f16");
    let cluster =
        ["cluster", "t.jsonl", "-m", &model, "--id-field", "id", "-k", "1", "-q", "-f", "csv"];
    let csv = |more: &[&str]| home.run(&[&cluster[..], more].concat()).good().to_owned();
    assert!(csv(&[]).contains("t.jsonl,1,'=1+1,1\n"), "{}", csv(&[]));
    assert_eq!(csv(&["--formulas", "escape"]), csv(&[]));
    assert_eq!(csv(&["--formulas", "keep"]), csv(&[]).replace('\'', ""));

    let similarity = ["similarity", "--pairs", "p.tsv", "-m", &model, "--metric", "euclid", "-q"];
    let tsv = |more: &[&str]| home.run(&[&similarity[..], more].concat()).good().to_owned();
    assert!(tsv(&[]).contains("\n-0.") && tsv(&[]).ends_with("\t=a cat\t-a dog\n"), "{}", tsv(&[]));
    let escaped = tsv(&["--formulas", "escape"]);
    assert!(escaped.contains("\n-0.") && escaped.ends_with("\t'=a cat\t'-a dog\n"), "{escaped}");
}
