//! `cloze redact` and `cloze restore`: policies, and originals brought back byte for byte.
use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use crate::run::Home;
use crate::support::assert_refused;

const ACTIONS: [&str; 7] =
    ["mask", "mask:<{label}>", "number", "hash", "partial", "pseudonym", "keep"];

const CSV: &str =
    "id,name,note\n1,John Smith,\"My name is Mary Jones, \"\"hi\"\"\"\n2,Mary Jones,\n";

fn read_bytes(home: &Home, name: &str) -> Vec<u8> {
    fs_err::read(home.path(name)).unwrap()
}

/// `text` in UTF-16 with a byte order mark.
fn utf16(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_value_has_one_replacement_in_all_files_and_runs() {
    let home = Home::new();
    home.write("in/a.csv", CSV);
    home.write("in/b.txt", "My name is Mary Jones. I met JOHN SMITH.");
    let number = ["--policy", "number", "--labels", "GIVEN_NAME,SURNAME", "--key-file", "key"];
    home.run(&[&["redact", "in", "-o", "out"], &number[..]].concat()).good();
    let expected = "\
id,name,note
1,[GIVEN_NAME_1] [SURNAME_1],\"My name is [GIVEN_NAME_2] [SURNAME_2], \"\"hi\"\"\"
2,[GIVEN_NAME_2] [SURNAME_2],
";
    assert_eq!(home.read("out/a.csv"), expected);
    let text = home.read("out/b.txt");
    assert!(text.starts_with("My name is [GIVEN_NAME_2] [SURNAME_2]. "), "{text}");
    // A later run goes on with the key's numbers.
    let args = [&["redact", "--text", "My name is Mary Smith."], &number[..]].concat();
    assert_eq!(home.run(&args).good(), "My name is [GIVEN_NAME_2] [SURNAME_1].\n");
}

#[test]
fn columns_are_chosen_or_kept() {
    let home = Home::new();
    home.write("a.csv", CSV);
    home.write(
        "b.jsonl",
        "{\"who\":{\"name\":\"My name is John Smith\"},\"of\":\"I am John Smith\"}\n",
    );
    let redacted = |args: &[&str]| {
        let args = [&["redact"], args, &["--labels", "GIVEN_NAME,SURNAME"]].concat();
        home.run(&args).good().to_owned()
    };
    let names = "[GIVEN_NAME] [SURNAME]";
    let both = redacted(&["a.csv"]);
    assert!(!both.contains("John") && !both.contains("Mary"), "{both}");
    let kept = redacted(&["a.csv", "--keep-columns", "name"]);
    assert!(kept.contains("1,John Smith,") && !kept.contains("is Mary"), "{kept}");
    let chosen = redacted(&["a.csv", "--columns", "name"]);
    assert!(chosen.contains(&format!("1,{names},\"My name is Mary Jones,")), "{chosen}");
    let all = redacted(&["b.jsonl"]);
    assert_eq!(
        all,
        format!("{{\"who\":{{\"name\":\"My name is {names}\"}},\"of\":\"I am {names}\"}}\n")
    );
    for keep in ["who", "who.name"] {
        let kept = redacted(&["b.jsonl", "--keep-columns", keep]);
        assert!(kept.contains("is John Smith") && kept.contains(&format!("am {names}")), "{kept}");
    }
    let ran = home.run(&["redact", "a.csv", "--keep-columns", "nam"]);
    assert!(ran.stderr.contains("a.csv:1: expected a field \"nam\", found"), "{}", ran.stderr);
    assert_eq!(ran.status, Some(1));
}

#[test]
fn settings_that_cannot_be_followed_are_refused() {
    let home = Home::new();
    home.write("a.txt", "I am John Smith.");
    home.write("p.toml", "default = \"hide\"\n");
    home.write("audit.json", "");
    home.write("other", "no key");
    for (args, parts) in [
        (&["--policy", "hash"][..], &["--key-file FILE", "hashes need a key"][..]),
        (&["--policy", "EMIAL=keep"], &["--policy EMIAL: no such label; pii has", "EMAIL"]),
        (&["--policy", "hide"], &["no action \"hide\""]),
        (&["--policy", "=keep"], &["expected ACTION or LABEL=ACTION"]),
        (&["--policy-file", "p.toml"], &["p.toml:1"]),
        (&["--audit", "audit.json"], &["audit.json", "--force"]),
        (&["--columns", "a", "--keep-columns", "b"], &["cannot be used with"]),
        (&["--force"], &["--force is for --output, --backup or --audit"]),
        (&["--input", "conll"], &["CoNLL"]),
    ] {
        assert_refused(&home.run(&[&["redact", "a.txt"], args].concat()), parts);
    }
    let ran = home.run(&["redact", "a.txt", "--key-file", "other"]);
    assert_eq!((ran.status, ran.stdout()), (Some(2), ""), "{}", ran.stderr);
}

#[test]
fn a_policy_file_has_actions_by_label_and_flags_go_before_it() {
    let home = Home::new();
    home.write("p.toml", "default = \"number\"\n[labels]\nSURNAME = \"keep\"\n");
    let args = ["redact", "--text", "My name is John Smith.", "--policy-file", "p.toml"];
    let ran = home.run(&args);
    assert_eq!(ran.good(), "My name is [GIVEN_NAME_1] Smith.\n");
    assert!(ran.stderr.contains("replaced 1 GIVEN_NAME\nkept 1 SURNAME\n"), "{}", ran.stderr);
    let ran = home.run(&[&args[..], &["--policy", "SURNAME=mask:***"]].concat());
    assert_eq!(ran.good(), "My name is [GIVEN_NAME_1] ***.\n");
}

#[test]
fn an_audit_counts_without_text() {
    let home = Home::new();
    home.write("in/a.txt", "My name is John Smith.");
    home.write("in/b.html", "<p>My name is <b>Mary</b> Jones.</p>");
    let args = ["redact", "in", "-o", "out", "--policy", "SURNAME=keep", "--audit", "audit.json"];
    home.run(&args).good();
    let text = home.read("audit.json");
    for word in ["John", "Smith", "Mary", "Jones"] {
        assert!(!text.contains(word), "{text}");
    }
    let audit: Value = serde_json::from_str(&text).unwrap();
    for (file, name) in audit["files"].as_array().unwrap().iter().zip(["a.txt", "b.html"]) {
        assert_eq!(file["path"], format!("in/{name}"));
        for (side, folder) in [("input_sha256", "in"), ("output_sha256", "out")] {
            let bytes = read_bytes(&home, &format!("{folder}/{name}"));
            assert_eq!(file[side], cloze::store::checksum::sha256(&bytes), "{name} {side}");
        }
        let counts = |label: &str| {
            let counts = &file["labels"][label];
            (counts["replaced"].as_u64(), counts["kept"].as_u64())
        };
        assert_eq!(counts("GIVEN_NAME"), (Some(1), Some(0)), "{text}");
        assert_eq!(counts("SURNAME"), (Some(0), Some(1)), "{text}");
    }
    assert!(!home.path("key").exists());
}

#[cfg(unix)]
#[test]
fn the_key_file_is_private_and_is_there_before_the_outputs() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    home.write("a.txt", "My name is John Smith.");
    home.run(&["redact", "a.txt", "--key-file", "key", "-o", "b.txt"]).good();
    let mode = fs_err::metadata(home.path("key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // A key file that cannot be written leaves no output: its folder is a file.
    for output in [&["-o", "c.txt"][..], &[]] {
        let ran = home.run(&[&["redact", "a.txt", "--key-file", "a.txt/key"], output].concat());
        assert_eq!((ran.status, ran.stdout()), (Some(2), ""), "{}", ran.stderr);
        assert!(ran.stderr.contains("a.txt/key"), "{}", ran.stderr);
        assert!(!home.path("c.txt").exists());
    }
}

/// Files of every kind that is written back, with names to find.
fn samples() -> BTreeMap<&'static str, Vec<u8>> {
    let text = "My name is John Smith.\r\nI live in Springfield.\n\n\u{1F600} a.b@example.org";
    BTreeMap::from([
        ("a.txt", text.as_bytes().to_vec()),
        ("bom.txt", [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
        ("empty.txt", vec![]),
        ("b.csv", CSV.replace('\n', "\r\n").into_bytes()),
        ("ragged.csv", format!("{CSV}3,too,many,fields\n4,John Smith,x").into_bytes()),
        ("c.tsv", b"name\tnote\nJohn Smith\tMy name is Mary Jones".to_vec()),
        (
            "d.jsonl",
            b"{\"name\": \"J\\u006fhn Smith\", \"n\": 4, \"in\": [\"My name is Mary\"]}\n\n"
                .to_vec(),
        ),
        (
            "broken.jsonl",
            b"{\"name\": \"My name is John Smith\"}\n{broken\n{\"name\": \"Mary Jones\"}".to_vec(),
        ),
        ("e.log", b"INFO My name is John Smith\n\nWARN Mary Jones left\n".to_vec()),
        ("f.html", b"<p>My name is <b>J&#111;hn</b> Smith &amp; co</p>\n".to_vec()),
        (
            "g.eml",
            b"From: John Smith <john@example.com>\r\nSubject: Hi\r\n\r\nMy name is Mary Jones.\r\n"
                .to_vec(),
        ),
    ])
}

/// Redacts a folder and restores it; both folders of results are new.
#[track_caller]
fn round_trip(home: &Home, files: &BTreeMap<&str, Vec<u8>>, action: &str, flags: &[&str]) {
    for folder in ["in", "out", "back"] {
        let _ = fs_err::remove_dir_all(home.path(folder));
    }
    for (name, bytes) in files {
        home.write(&format!("in/{name}"), bytes);
    }
    let args = ["redact", "in", "-o", "out/", "--policy", action, "--key-file", "key"];
    let ran = home.run(&[&args[..], flags].concat());
    assert!(matches!(ran.status, Some(0 | 1)), "{}", ran.stderr);
    let ran = home.run(&["restore", "out", "--key-file", "key", "-o", "back/"]);
    assert_eq!(ran.status, Some(0), "{action}: {}", ran.stderr);
    for (name, bytes) in files {
        assert_eq!(&read_bytes(home, &format!("back/{name}")), bytes, "{action} {name}");
    }
}

#[test]
fn originals_come_back_of_every_format_and_action() {
    let home = Home::new();
    for action in ACTIONS {
        round_trip(&home, &samples(), action, &[]);
        if action == "mask" {
            assert!(!home.read("out/a.txt").contains("Smith"));
            assert!(!home.read("out/g.eml").contains("Smith"));
        }
    }
}

#[test]
fn originals_come_back_of_every_encoding() {
    let home = Home::new();
    let text = "Ich heiße Jörg Müller.\nMy name is John Smith, né à Orléans.\n";
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let table = utf16("name,note\r\nJohn Smith,\"My name is Zoë\"\r\n");
    // In Shift_JIS 0x81 0xCA and 0xEE 0xF9 are one character, which is written in one way.
    let japanese = b"My name is John Smith \x82\xa0\x81\xca\xee\xf9\n".to_vec();
    for (encoding, name, bytes) in [
        ("latin1", "a.txt", latin.clone()),
        ("auto", "a.log", latin),
        ("utf-16", "b.csv", table),
        ("utf-16", "b.txt", utf16(text)),
        ("shift_jis", "c.txt", japanese),
    ] {
        let files = BTreeMap::from([(name, bytes)]);
        for action in ["mask", "number", "partial"] {
            round_trip(&home, &files, action, &["--encoding", encoding]);
        }
    }
}

#[test]
fn several_inputs_in_one_output_come_back_one_after_the_other() {
    let home = Home::new();
    home.write("a.txt", "My name is John Smith.");
    home.write("b.jsonl", "{\"name\":\"My name is Mary Jones\"}\n{broken\n");
    let ran = home.run(&["redact", "a.txt", "b.jsonl", "--key-file", "key", "-o", "out.txt"]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    let restored = home.run(&["restore", "out.txt", "--key-file", "key"]);
    let expected = [home.read("a.txt"), home.read("b.jsonl")].concat();
    assert_eq!(restored.good(), expected);

    // Standard input, of which a line is broken.
    let broken = "{\"name\":\"My name is John Smith\"}\n{broken\n";
    let args = ["redact", "-", "--input", "jsonl", "--key-file", "key"];
    let ran = home.run_with(broken, &args);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    let redacted = ran.stdout().to_owned();
    assert!(!redacted.contains("John"), "{redacted}");
    let restored = home.run_with(redacted, &["restore", "-", "--key-file", "key"]);
    assert_eq!(restored.good(), broken);
}

#[test]
fn unknown_files_are_named_and_others_restored() {
    let home = Home::new();
    home.write("in/a.txt", "My name is John Smith.");
    home.write("in/b.txt", "My name is Mary Jones.");
    home.run(&["redact", "in", "-o", "out", "--key-file", "key"]).good();
    home.write("out/a.txt", home.read("out/a.txt") + " ");
    let ran = home.run(&["restore", "out", "--key-file", "key", "-o", "back/"]);
    assert_eq!(ran.status, Some(1));
    let expected = "out/a.txt: no changes are recorded for a file with this content";
    assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    assert_eq!(home.read("back/b.txt"), "My name is Mary Jones.");
    assert!(!home.path("back/a.txt").exists());
    let ran = home.run(&["restore", "out", "--key-file", "key", "-o", "one.txt"]);
    assert_refused(&ran, &["one.txt: one file cannot hold 2 files", "--output FOLDER/"]);
}

/// Different originals become the same text: their paths tell them apart, and nothing is guessed without.
#[test]
fn equal_redacted_files_go_back_to_their_own_originals() {
    let home = Home::new();
    let texts = [("in/a.txt", "John"), ("in/b/a.txt", "Peter"), ("in/b/c.txt", "Angela")];
    let text = |name: &str| format!("My name is {name} Smith.");
    for (path, name) in texts {
        home.write(path, text(name));
    }
    home.run(&["redact", "in", "-o", "out", "--key-file", "key"]).good();
    assert_eq!(home.read("out/a.txt"), "My name is [GIVEN_NAME] [SURNAME].");
    assert_eq!(home.read("out/a.txt"), home.read("out/b/c.txt"));
    let ran = home.run(&["restore", "out", "--key-file", "key", "-o", "back/"]);
    // `a.txt` is the end of two paths.
    assert_eq!(ran.status, Some(1));
    let message = "out/a.txt: expected one original, found in/a.txt, in/b/a.txt, in/b/c.txt";
    assert!(ran.stderr.contains(message), "{}", ran.stderr);
    for (path, name) in &texts[1..] {
        assert_eq!(home.read(&path.replace("in/", "back/")), text(name));
    }
    // Once more: the same originals are no others.
    home.run(&["redact", "in", "-o", "out", "--key-file", "key", "--force"]).good();
    let ran = home.run(&["restore", "out/b/c.txt", "--key-file", "key"]);
    assert_eq!(ran.good(), text("Angela"));
}

#[test]
fn files_are_redacted_in_place_with_a_backup_or_a_yes() {
    let home = Home::new();
    let text = "My name is John Smith.";
    for name in ["in/a.txt", "in/b.txt"] {
        home.write(name, text);
    }
    let args = ["redact", "in", "--in-place", "--labels", "GIVEN_NAME,SURNAME"];
    assert_refused(&home.run(&args), &["--backup SUFFIX", "--yes"]);
    for bad in ["", "/x", "../x"] {
        assert_refused(&home.run(&[&args[..], &["--backup", bad]].concat()), &["--backup"]);
    }
    let ran = home.run(&[&args[..], &["--yes", "-o", "out/"]].concat());
    assert_refused(&ran, &["cannot be used with"]);
    assert_eq!(home.read("in/a.txt"), text);

    // One that has a backup already stays as it is.
    home.write("in/b.txt.orig", "older");
    let ran = home.run(&["redact", "in/a.txt", "in/b.txt", "--in-place", "--backup", ".orig"]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("in/b.txt.orig"), "{}", ran.stderr);
    assert_eq!((home.read("in/a.txt.orig"), home.read("in/b.txt")), (text.into(), text.into()));
    assert_eq!(home.read("in/b.txt.orig"), "older");
    assert!(!home.read("in/a.txt").contains("Smith"));

    // One whose backup is itself: a run made it, and was killed before it replaced the file.
    home.write("in/b.txt.orig", text);
    home.run(&["redact", "in/b.txt", "--in-place", "--backup", ".orig"]).good();
    assert!(!home.read("in/b.txt").contains("Smith"));
    assert_eq!(home.read("in/b.txt.orig"), text);
    home.write("in/b.txt", text);

    let yes = ["--in-place", "--yes", "--key-file", "key"];
    home.run(&[&["redact", "in/b.txt"], &yes[..]].concat()).good();
    assert!(!home.read("in/b.txt").contains("Smith"));
    let restore = ["restore", "in/b.txt", "--key-file", "key", "-o", "in/b.txt", "--force"];
    home.run(&restore).good();
    assert_eq!(home.read("in/b.txt"), text);
}

#[test]
fn a_file_with_a_broken_row_or_of_another_format_stays_in_place() {
    let home = Home::new();
    let broken = "{\"name\":\"My name is John Smith\"}\n{broken\n";
    let mail = "Subject: Hi\nContent-Transfer-Encoding: x-own\n\nMy name is John Smith.\n";
    home.write("a.jsonl", broken);
    home.write("b.eml", mail);
    home.write("c.txt", "My name is John Smith.");
    let ran = home.run(&["redact", "a.jsonl", "b.eml", "c.txt", "--in-place", "--yes"]);
    assert_eq!(ran.status, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("a.jsonl:2") && ran.stderr.contains("b.eml"), "{}", ran.stderr);
    assert_eq!((home.read("a.jsonl"), home.read("b.eml")), (broken.into(), mail.into()));
    assert!(!home.read("c.txt").contains("Smith"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    /// Pieces that are found, that need quotes or escapes, and that are no text in some encodings.
    #[test]
    fn whatever_is_redacted_comes_back(
        pieces in prop::collection::vec(prop::sample::select(&[
            "My name is John Smith", "a.b@example.org", "+1 555 123 4567", "Springfield", " ", "\n",
            "\r\n", "\r", "\"", "\\", ",", "\t", "<b>", "&amp;", "é", "😀", "\u{feff}", "\u{0}", "{}",
        ][..]), 0..16),
        action in prop::sample::select(&ACTIONS[..]),
    ) {
        let text: String = pieces.concat();
        let line = text.replace(['\n', '\r'], " ");
        let json = serde_json::to_string(&serde_json::json!({"a": text, "b": {"c": text}})).unwrap();
        let quoted = text.replace('"', "\"\"");
        let files = BTreeMap::from([
            ("a.txt", text.clone().into_bytes()),
            ("b.log", format!("{line}\nMy name is Mary.\n").into_bytes()),
            ("c.csv", format!("x,y\n\"{quoted}\",My name is Mary\n").into_bytes()),
            ("d.jsonl", format!("{json}\n").into_bytes()),
            ("e.html", format!("<p>{text}</p>").into_bytes()),
        ]);
        let home = Home::new();
        for (name, bytes) in &files {
            home.write(&format!("in/{name}"), bytes);
        }
        let names = files.keys().map(|name| format!("in/{name}")).collect::<Vec<_>>();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let args = ["-o", "out/", "--policy", action, "--key-file", "key"];
        let ran = home.run(&[&["redact"], &names[..], &args].concat());
        prop_assert!(matches!(ran.status, Some(0 | 1)), "{}", ran.stderr);
        for (name, bytes) in &files {
            // A file that could not be redacted is named, and has no output.
            if home.path(&format!("out/{name}")).exists() {
                let redacted = format!("out/{name}");
                let back = format!("back/{name}");
                let ran = home.run(&["restore", &redacted, "--key-file", "key", "-o", &back]);
                prop_assert_eq!(ran.status, Some(0), "{}", ran.stderr);
                prop_assert_eq!(&read_bytes(&home, &back), bytes);
            } else {
                prop_assert!(ran.stderr.contains(name), "{}", ran.stderr);
            }
        }
    }
}
