//! Documents, packed files, encodings, and files that are left out.
use std::path::Path;

use cloze_corpus::Encoding;

use crate::run::{Home, entities, found};

const NAME: &str = "My name is John Smith.";

/// A document that another program wrote.
fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/tests/fixtures/documents");
    fs_err::read(folder.join(name)).unwrap()
}

/// `John` is bytes 14 to 18 of the source, and `Smith` 25 to 30: `<p>My name is ` is 14 bytes.
#[test]
fn a_page_has_offsets_into_its_source_and_is_rewritten_in_place() {
    let home = Home::new();
    let page = "<p>My name is John <b>Smith</b>, caf&eacute;.</p><script>John Smith</script>";
    home.write("a.html", page);
    let ran = home.run(&["tag", "a.html", "-f", "jsonl", "--offsets", "byte"]);
    ran.good();
    let records = ran.records();
    let found: Vec<_> = entities(&records[0]).iter().map(|e| (&e["start"], &e["end"])).collect();
    assert_eq!(found, [(&14.into(), &18.into()), (&22.into(), &27.into())]);
    assert_eq!(&page[14..18], "John");
    assert_eq!(&page[22..27], "Smith");
    let ran = home.run(&["tag", "a.html", "-f", "redact"]);
    assert_eq!(
        ran.good(),
        "<p>My name is [GIVEN_NAME] <b>[SURNAME]</b>, caf&eacute;.</p><script>John Smith</script>"
    );
    assert!(ran.stderr.contains("a.html: 1 script left as they are"), "{}", ran.stderr);
}

#[test]
fn a_mail_in_base64_is_read_and_its_attachments_are_named() {
    let home = Home::new();
    // "My name is John Smith."
    home.write(
        "a.eml",
        "From: office@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n\
         TXkgbmFtZSBpcyBKb2huIFNtaXRoLg==\r\n--b\r\nContent-Type: application/pdf\r\n\
         Content-Disposition: attachment; filename=scan.pdf\r\n\r\nx\r\n--b--\r\n",
    );
    let ran = home.run(&["tag", "a.eml", "-f", "jsonl"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(
        ran.errors(),
        ["a.eml: attachment \"scan.pdf\" (application/pdf): not read: attached"]
    );
    let records = ran.records();
    let names: Vec<_> = found(&records[0]).into_iter().map(|(_, text)| text).collect();
    assert!(names.ends_with(&["John".to_owned(), "Smith".to_owned()]), "{names:?}");
    let last = entities(&records[0]).last().unwrap();
    assert_eq!(last["part"], "part 2 (text/plain)");
}

/// A document that cannot be written back is text, in a file that says so, and never itself.
#[test]
fn redacted_documents_are_text() {
    let home = Home::new();
    for name in ["staff.docx", "staff.odt", "people.xlsx", "letter.pdf", "mail.eml"] {
        home.write(&format!("in/{name}"), fixture(name));
    }
    home.write("in/page.html", fixture("page.html"));
    let ran = home.run(&["tag", "in", "-f", "redact", "-o", "out/"]);
    // The mail's attachments, and the page of the letter that is a picture.
    assert_eq!((ran.status, ran.errors().len()), (Some(1), 3), "{}", ran.stderr);
    assert_eq!(
        home.files("out"),
        [
            "letter.pdf.txt",
            "mail.eml.txt",
            "page.html",
            "people.xlsx.txt",
            "staff.docx.txt",
            "staff.odt.txt",
        ]
    );
    for (name, kept) in [
        ("staff.docx.txt", "lives in\t"),
        ("staff.odt.txt", "lives  in\t"),
        ("people.xlsx.txt", "Name | Born | City |\n"),
        ("mail.eml.txt", "\n\n"),
        ("page.html", "lives\n  in"),
    ] {
        let text = home.read(&format!("out/{name}"));
        assert!(text.contains(kept) && text.contains("[SURNAME]"), "{name}: {text}");
        assert!(!text.contains("Köln"), "{name}: {text}");
    }
    let ran = home.run(&["tag", "in/staff.docx", "-f", "redact", "-o", "clean.docx"]);
    assert_eq!(ran.status, Some(2), "{}", ran.stderr);
    assert!(ran.stderr.contains("redacted documents are written as text, not as docx"));
    assert!(!home.path("clean.docx").exists());
}

#[test]
fn documents_are_embedded_and_scans_fail() {
    let home = Home::new();
    for name in ["staff.docx", "letter.pdf", "people.xlsx", "scan.pdf", "locked.pdf"] {
        home.write(&format!("in/{name}"), fixture(name));
    }
    let ran = home.run(&["embed", "in", "-o", "a.jsonl"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(
        ran.errors(),
        [
            "in/letter.pdf: page 3: not read: pictures without a text layer",
            "in/locked.pdf: not read: it is encrypted",
            "in/scan.pdf: not read: pictures without a text layer",
        ]
    );
    let ids: Vec<String> = crate::run::records(&home.read("a.jsonl"))
        .iter()
        .map(|record| record["id"].as_str().unwrap().replace('\\', "/"))
        .collect();
    assert_eq!(ids, ["in/letter.pdf", "in/people.xlsx", "in/staff.docx"]);
}

#[test]
fn packed_files_are_read_as_what_they_hold() {
    let home = Home::new();
    let lines = format!("{{\"id\":\"a\",\"text\":\"{NAME}\"}}\n");
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    std::io::Write::write_all(&mut packed, lines.as_bytes()).unwrap();
    home.write("in/a.jsonl.gz", packed.finish().unwrap());
    let ran = home.run(&["tag", "in", "-f", "jsonl"]);
    ran.good();
    assert_eq!(ran.records()[0]["id"], "a");
    assert_eq!(entities(&ran.records()[0]).len(), 2);
}

#[test]
fn a_mark_decides_and_an_encoding_is_guessed_where_it_is_asked_for() {
    let home = Home::new();
    let text = format!("\u{feff}id,text\n1,{NAME}\n");
    home.write("in/a.csv", Encoding::parse("utf-16be").unwrap().encode(&text).unwrap());
    let ran = home.run(&["tag", "in", "-f", "jsonl"]);
    ran.good();
    assert_eq!(entities(&ran.records()[0]).len(), 2);
    let german = format!("{NAME} Grüße aus Köln an alle, die schöne Tage wünschen.");
    home.write("b.txt", Encoding::parse("latin1").unwrap().encode(&german).unwrap());
    let ran = home.run(&["tag", "b.txt", "-f", "redact"]);
    assert_eq!(ran.status, Some(1));
    insta::assert_snapshot!(ran.stderr.lines().take(2).collect::<Vec<_>>().join("\n"), @"
    error: b.txt: byte 25: expected UTF-8, found invalid bytes
    hint: --encoding auto, or the name of its encoding, such as latin1
    ");
    let ran = home.run(&["tag", "b.txt", "-f", "redact", "--encoding", "auto"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("b.txt: read as windows-1252\n"), "{}", ran.stderr);
    let expected = german.replace("John", "[GIVEN_NAME]").replace("Smith", "[SURNAME]");
    let redacted: String = ran.bytes.iter().map(|&byte| char::from(byte)).collect();
    assert!(redacted.starts_with(&expected[..20]), "{redacted}");
    assert!(redacted.contains("Grüße aus"), "{redacted}");
}

/// Named by itself or found in a folder: read where encodings are guessed, and else named with a hint.
#[test]
fn utf_16_without_a_mark_is_read_or_named() {
    let home = Home::new();
    let utf16: Vec<u8> = NAME.encode_utf16().flat_map(u16::to_le_bytes).collect();
    home.write("in/a.txt", utf16);
    for path in ["in", "in/a.txt"] {
        let ran = home.run(&["tag", path, "-f", "jsonl", "--encoding", "auto"]);
        ran.good();
        assert_eq!(entities(&ran.records()[0]).len(), 2, "{path}");
        assert!(ran.stderr.contains("in/a.txt: read as UTF-16LE\n"), "{}", ran.stderr);
        let ran = home.run(&["tag", path, "-f", "jsonl"]);
        assert_ne!(ran.status, Some(0), "{path}");
        let expected = "error: in/a.txt: not read: UTF-16LE without a byte order mark\n\
            hint: --encoding utf-16le reads it, or --encoding auto\n";
        assert!(ran.stderr.starts_with(expected), "{path}: {}", ran.stderr);
    }
}

/// Each command that trains or evaluates says which encoding it guessed.
#[test]
fn what_trains_and_evaluates_says_which_encoding_was_guessed() {
    let home = Home::new();
    let latin1 = |text: &str| Encoding::parse("latin1").unwrap().encode(text).unwrap();
    let pairs = "text1,text2,score\nschöne Grüße,die Größe,5\nüber Köln,süße Äpfel,1\n\
        die Straße,das Gemüse,3\n";
    home.write("pairs.csv", latin1(pairs));
    home.write("texts.csv", latin1(&pairs.replace("text1,text2,score", "text,other,label")));
    let tags = "Jürgen\tB-PER\nwünscht\tO\nGrüße\tO\n\n";
    home.write("tags.conll", latin1(&tags.repeat(4)));
    home.write("plain.txt", latin1("Schöne Grüße aus Köln. Wir wünschen süße Äpfel.\n"));
    home.write("judged.qrels", latin1("größe schöne 1\nköln süße 0\n"));
    home.write("run.txt", "größe Q0 schöne 1 0.9 x\nköln Q0 süße 1 0.9 x\n");
    let bert = crate::support::checkpoint("bert");
    let [minilm, tagger] = ["minilm-f16", "bert-token"].map(crate::support::checkpoint);
    let steps = ["--max-steps=1", "--batch=2", "--rank=2", "--hold-out=0", "--force", "-o", "m"];
    let tuned = |command: &'static str, file: &'static str| {
        [&["train", command, file, "-m", &bert][..], &steps].concat()
    };
    for (file, args) in [
        ("pairs.csv", [&tuned("similarity", "pairs.csv")[..], &["--loss=cosine"]].concat()),
        ("texts.csv", [&tuned("classify", "texts.csv")[..], &["--tune=lora"]].concat()),
        ("tags.conll", tuned("tag", "tags.conll")),
        ("plain.txt", tuned("mlm", "plain.txt")),
        ("texts.csv", vec!["data", "check", "texts.csv"]),
        ("tags.conll", vec!["data", "check", "tags.conll"]),
        ("pairs.csv", vec!["eval", "sts", "pairs.csv", "-m", &minilm]),
        ("tags.conll", vec!["eval", "tag", "tags.conll", "-m", &tagger]),
        (
            "judged.qrels",
            vec!["eval", "search", "--judgements", "judged.qrels", "--results", "run.txt"],
        ),
    ] {
        let ran = home.run(&[&args[..], &["--encoding", "auto"]].concat());
        let expected = format!("{file}: read as windows-1252\n");
        assert_eq!(ran.stderr.matches(&expected).count(), 1, "{args:?}: {}", ran.stderr);
    }
}

/// Named, or with `--quiet` counted; what may hold text is an error.
#[test]
fn files_that_are_left_out_are_named() {
    let home = Home::with([
        ("in/a.txt", NAME),
        ("in/.hidden", NAME),
        ("in/b.png", "\0"),
        ("in/c.dat", "\0"),
    ]);
    let made = std::process::Command::new("mkfifo").arg(home.path("in/pipe")).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    let ran = home.run(&["tag", "in", "-f", "inline"]);
    insta::assert_snapshot!(ran.shown(), @"
    status: 1
    stdout:
    My name is <GIVEN_NAME>John</GIVEN_NAME> <SURNAME>Smith</SURNAME>.

    stderr:
    error: in/c.dat: not read: binary, and of no known kind
    in/.hidden: hidden file skipped
    in/b.png: binary file skipped
    in/pipe: special file skipped
    2 entities in 1 text from 1 file: 6 words in # s, # words/s; 1 hidden file skipped; 1 binary file skipped; 1 special file skipped
    ");
    let ran = home.run(&["embed", "in", "-q", "-o", "a.npy"]);
    insta::assert_snapshot!(ran.stderr, @"
    error: in/c.dat: not read: binary, and of no known kind
    1 hidden file, 1 binary file, 1 special file skipped
    ");
}

/// Escapes of JSON stay outside entities, and stand for what the file's encoding lacks.
#[test]
fn redacted_json_keeps_its_escapes() {
    let home = Home::new();
    let line = |name: &str| {
        format!("{{\"text\":\"\\ud83d\\udc4d \\u00a7 \u{a7}: My name is {name}.\"}}\n")
    };
    let latin1 = |text: &str| Encoding::parse("latin1").unwrap().encode(text).unwrap();
    home.write("a.jsonl", latin1(&line("John Smith")));
    let ran = home.run(&["tag", "a.jsonl", "-f", "redact", "--encoding", "latin1"]);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert_eq!(ran.bytes, latin1(&line("[GIVEN_NAME] [SURNAME]")));
    let args = ["tag", "a.jsonl", "-f", "redact", "--encoding", "latin1", "--mask", "ж"];
    let ran = home.run(&args);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert_eq!(ran.bytes, latin1(&line("\\u0436 \\u0436")));
}
