//! Flags that several commands share: `--format` and `--json`, `--text`, and hints of names.
use crate::run::Home;

#[test]
fn json_is_short_for_a_format() {
    let home =
        Home::with([("a.txt", "My name is John Smith."), ("t.csv", "text,label\na,x\nb,y\n")]);
    for (args, format) in [
        (&["tag", "a.txt", "-q"][..], "jsonl"),
        (&["embed", "a.txt", "-q"], "jsonl"),
        (&["classify", "a.txt", "-q"], "jsonl"),
        (&["duplicates", "a.txt", "-q"], "jsonl"),
        (&["similarity", "a", "b", "-q"], "json"),
        (&["data", "check", "t.csv"], "json"),
        (&["model", "info", "pii"], "json"),
        (&["setup"], "json"),
    ] {
        let of = |flags: &[&str]| home.run(&[args, flags].concat()).good().to_owned();
        assert_eq!(of(&["--json"]), of(&["--format", format]), "{args:?}");
        let both = home.run(&[args, &["--json", "--format", format]].concat());
        assert_eq!(both.status, Some(2), "{args:?}");
        assert!(both.stderr.contains("cannot be used with"), "{args:?}: {}", both.stderr);
    }
    let text =
        |flags: &[&str]| home.run(&[&["data", "check", "t.csv"], flags].concat()).good().to_owned();
    assert_eq!(text(&["--format", "text"]), text(&[]));
    let ran = home.run(&["data", "check", "t.csv", "--format", "jsno"]);
    assert!(ran.stderr.contains("a similar value exists: 'json'"), "{}", ran.stderr);
}

#[test]
fn texts_are_given_before_files() {
    let home = Home::with([("a.txt", "I am Mary Jones.")]);
    let ids = |args: &[&str]| {
        let ran =
            home.run(&[args, &["a.txt", "--text", "My name is John.", "--json", "-q"]].concat());
        ran.good();
        let id = |record: &serde_json::Value| {
            record["id"].as_str().or(record["path"].as_str()).unwrap_or_default().to_owned()
        };
        ran.records().iter().map(id).collect::<Vec<_>>()
    };
    for command in ["tag", "embed", "classify", "score", "cluster"] {
        let extra: &[&str] = if command == "cluster" { &["-k", "1"] } else { &[] };
        assert_eq!(ids(&[&[command], extra].concat()), ["argument:1", "a.txt"], "{command}");
    }
    let args = ["tag", "--text", "I am John.", "--text", "a\nb", "-f", "redact", "-q"];
    assert_eq!(home.run(&args).good(), "I am [GIVEN_NAME].\na\nb\n");
    // Not of the encoding of the files.
    let args = ["tag", "--text", "é", "--encoding", "latin1", "-f", "inline", "-q"];
    assert_eq!(home.run(&args).good().trim_end(), "é");
    let ran = home.run(&["duplicates", "--text", "same", "--text", "same", "--list", "-q"]);
    assert_eq!(ran.good(), "argument:2\n");
    let ran = home.run(&["embed"]);
    assert!(ran.status == Some(2) && ran.stderr.contains("<PATHS>"), "{}", ran.stderr);
}

#[test]
fn texts_can_be_indexed() {
    let home = Home::new();
    let args = ["index", "build", "--text", "The ferry is late.", "-o", "i"];
    home.run(&args).good();
    home.run(&["index", "add", "i", "--text", "Bread and butter."]).good();
    home.write("query.txt", "late boats");
    let ran = home.run(&["index", "search", "i", "query.txt", "-k", "1", "--json"]);
    assert!(ran.good().contains("\"query\":\"query.txt\""), "{}", ran.stdout());
    assert_eq!(
        ran.stderr,
        "query.txt: there is a file of this name, but it is taken as text\n\
         hint: --queries reads queries from a file\n"
    );
}

#[test]
fn a_text_that_is_the_name_of_a_file_is_noted() {
    let home = Home::with([("notes.txt", "a [MASK]")]);
    let said = "notes.txt: there is a file of this name, but it is taken as text\nhint: ";
    for (args, status, hint) in [
        (&["fill-mask", "notes.txt"][..], 1, "--texts reads files"),
        (&["similarity", "notes.txt", "b"], 0, "--texts reads files"),
        (&["classify", "--text", "notes.txt"], 0, "without --text the file is read"),
        (&["tag", "--text", "notes.txt"], 0, "without --text the file is read"),
        (
            &["next-sentence", "notes.txt", "b", "--method", "mlm"],
            0,
            "--neighbours scores the sentences of files",
        ),
    ] {
        let ran = home.run(args);
        assert!(ran.stderr.contains(&format!("{said}{hint}\n")), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.status, Some(status), "{args:?}: {}", ran.stderr);
        let quiet = home.run(&[args, &["-q"]].concat());
        assert!(!quiet.stderr.contains("taken as text"), "{args:?}: {}", quiet.stderr);
    }
}

#[test]
fn names_that_are_misspelled_have_a_hint() {
    let home = Home::with([
        ("a.txt", "a"),
        ("t.csv", "Ticket,Message\n1,a\n2,b\n"),
        ("u.csv", "Ticket,Words\n1,a\n2,b\n"),
        ("t.jsonl", "{\"message\":\"a\"}\n{\"message\":\"b\"}\n"),
    ]);
    for (args, hint) in [
        (&["embed", "a.txt", "--fromat", "npy"][..], "a similar argument exists: '--format'"),
        (&["embd", "a.txt"], "a similar subcommand exists: 'embed'"),
        (&["index", "serach", "i"], "a similar subcommand exists: 'search'"),
        (&["embed", "a.txt", "--format", "jsnol"], "a similar value exists: 'jsonl'"),
        (&["embed", "a.txt", "--model", "minilm-l6-v3"], "hint: did you mean minilm-l6-v2?"),
        (&["embed", "a.txt", "--pooling", "men"], "there are cls, max, mean"),
        (&["tag", "a.txt", "--labels", "city"], "hint: did you mean CITY?"),
        (&["embed", "t.csv", "--text-field", "mesage"], "hint: did you mean Message?"),
        (&["embed", "u.csv"], "hint: --text-field NAME names it; --no-header is for"),
    ] {
        let ran = home.run(args);
        assert!(ran.stderr.contains(hint), "{args:?}: {}", ran.stderr);
    }
    // Once for all rows.
    let ran = home.run(&["embed", "t.jsonl", "--text-field", "mesage"]);
    assert_eq!(ran.errors().len(), 2, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("hint: did you mean message?").count(), 1, "{}", ran.stderr);
}

#[test]
fn settings_are_called_by_their_flags() {
    let home = Home::with([("a.txt", "a")]);
    for (args, said) in [
        (&["embed", "a.txt", "--threads", "0"][..], "error: --threads is 0: expected 1 to 1024\n"),
        (
            &["index", "build", "a.txt", "-o", "i", "--connectivity", "1"],
            "error: --connectivity: expected 2 to 512, found 1\n",
        ),
        (&["fill-mask", "x [MASK]", "--words", "0"], "error: --words is 0: expected at least 1\n"),
        (&["eval", "mlm", "a.txt", "--mask-share", "2"], "error: --mask-share is 2: expected "),
        (
            &["embed", "a.txt", "--level", "token", "-f", "npy"],
            "error: --level token is for --format jsonl, npz or safetensors: a row has no place",
        ),
        (
            &["embed", "a.txt", "--level", "word", "-f", "npy"],
            "error: --level word is for --format jsonl: a row has no place for offsets\n",
        ),
    ] {
        let ran = home.run(args);
        assert_eq!(ran.status, Some(2), "{args:?}");
        assert!(ran.stderr.contains(said), "{args:?}: {}", ran.stderr);
    }
}
