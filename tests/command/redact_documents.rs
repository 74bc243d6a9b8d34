//! Documents that are redacted: pages and mails as what they are, others as text if asked.
use crate::run::Home;
use crate::support::assert_refused;

/// A document that another program wrote.
fn fixture(name: &str) -> Vec<u8> {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/tests/fixtures/documents");
    fs_err::read(folder.join(name)).unwrap()
}

const MAIL: &str = "From: =?utf-8?Q?J=C3=B6rg_Smith?= <joerg@example.org>\r\n\
    To: John Smith <john@example.com>\r\nSubject: To John Smith\r\nMIME-Version: 1.0\r\n\
    Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    My name is John =\r\nSmith, gr=FC=DFe.\r\n";

#[test]
fn documents_are_refused_by_name_and_the_others_redacted() {
    let home = Home::new();
    for name in ["staff.docx", "staff.odt", "people.xlsx", "letter.pdf", "page.html"] {
        home.write(&format!("in/{name}"), fixture(name));
    }
    home.write("in/a.txt", "My name is John Smith.");
    let ran = home.run(&["redact", "in", "-o", "out/", "--key-file", "key"]);
    assert_eq!(ran.status, Some(1));
    let expected: Vec<String> = ["letter.pdf", "people.xlsx", "staff.docx", "staff.odt"]
        .iter()
        .map(|name| {
            let kind = name.split_once('.').unwrap().1;
            format!("in/{name}: not rewritten: {kind} is not among the kinds that are")
        })
        .collect();
    assert_eq!(ran.errors(), expected);
    assert!(ran.stderr.contains("hint: --as-text writes its text"), "{}", ran.stderr);
    assert_eq!(home.files("out"), ["a.txt", "page.html"]);

    let ran = home.run(&["redact", "in", "-o", "text/", "--as-text", "--key-file", "key"]);
    // The page of the letter that is a picture.
    assert_eq!((ran.status, ran.errors().len()), (Some(1), 1), "{}", ran.stderr);
    let names = [
        "a.txt",
        "letter.pdf.txt",
        "page.html.txt",
        "people.xlsx.txt",
        "staff.docx.txt",
        "staff.odt.txt",
    ];
    assert_eq!(home.files("text"), names);
    assert!(!home.read("text/page.html.txt").contains("<p>"));
    home.run(&["restore", "text", "--key-file", "key", "-o", "back/"]).good();
    for name in ["staff.docx", "staff.odt", "people.xlsx", "letter.pdf", "page.html"] {
        assert_eq!(home.bytes(&format!("back/{name}")), fixture(name), "{name}");
    }
    let ran = home.run(&["redact", "in/staff.docx", "-o", "clean.docx"]);
    assert_refused(&ran, &["clean.docx", "not as docx"]);
    let ran = home.run(&["redact", "in/staff.docx", "--as-text", "--in-place", "--yes"]);
    assert_refused(&ran, &["cannot be used with"]);
}

#[test]
fn a_mail_stays_a_mail_and_comes_back() {
    let home = Home::new();
    home.write("in/a.eml", MAIL);
    let args = ["--labels", "GIVEN_NAME,SURNAME,EMAIL", "--policy", "number", "--key-file", "key"];
    home.run(&[&["redact", "in", "-o", "out/"], &args[..]].concat()).good();
    let expected = "From: =?utf-8?Q?=5BGIVEN=5FNAME=5F1=5D_=5BSURNAME=5F1=5D?= <[EMAIL_1]>\r\n\
        To: [GIVEN_NAME_2] [SURNAME_1] <[EMAIL_2]>\r\nSubject: To [GIVEN_NAME_2] [SURNAME_1]\r\n\
        MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\n\
        My name is [GIVEN_NAME_2] =\r\n[SURNAME_1], gr=FC=DFe.\r\n";
    assert_eq!(home.read("out/a.eml"), expected);
    home.run(&["restore", "out", "--key-file", "key", "-o", "back/"]).good();
    assert_eq!(home.read("back/a.eml"), MAIL);
    // In place, too, and as text.
    home.run(&[&["redact", "in/a.eml", "--in-place", "--yes"], &args[..]].concat()).good();
    assert_eq!(home.read("in/a.eml"), expected);
    let ran = home.run(&[&["redact", "back/a.eml", "--as-text"], &args[..]].concat());
    assert!(
        ran.good().starts_with("Subject: To [GIVEN_NAME_2] [SURNAME_1]\nFrom: "),
        "{}",
        ran.stdout()
    );
}

#[test]
fn a_mail_that_cannot_be_rewritten_says_why() {
    let home = Home::new();
    home.write("mail.eml", fixture("mail.eml"));
    home.write(
        "odd.eml",
        "Subject: Hi\nContent-Transfer-Encoding: x-own\n\nMy name is John Smith.\n",
    );
    let ran = home.run(&["redact", "mail.eml", "odd.eml", "-o", "out/"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(
        ran.errors(),
        [
            "mail.eml: attachment \"scan.png\" (image/png), attachment \"list.csv\" (text/csv): not \
             rewritten: attached",
            "odd.eml: not rewritten: damaged (transfer encoding x-own)",
        ]
    );
    assert!(ran.stderr.contains("--drop-attachments leaves attachments out"), "{}", ran.stderr);
    assert!(home.files("out").is_empty());
    let args = ["redact", "mail.eml", "-o", "out/", "--drop-attachments", "--key-file", "key"];
    let ran = home.run(&args);
    ran.good();
    assert!(ran.stderr.contains("mail.eml: 2 attachments left out"), "{}", ran.stderr);
    assert!(!home.read("out/mail.eml").contains("scan.png"));
    home.run(&["restore", "out/mail.eml", "--key-file", "key", "-o", "back.eml"]).good();
    assert_eq!(home.bytes("back.eml"), fixture("mail.eml"));
}

#[test]
fn numbers_of_json_are_hidden_for_a_reason() {
    let home = Home::new();
    let line = "{\"n\": 5, \"year\": 1984, \"ssn\": 123456789, \"card\": 4111111111111111, \"ok\": true}\n";
    home.write("a.jsonl", line);
    let expected = "{\"n\": 5, \"year\": 1984, \"ssn\": \"[GOVERNMENT_ID]\", \"card\": \"[CREDIT_CARD]\", \"ok\": true}\n";
    assert_eq!(home.run(&["redact", "a.jsonl"]).good(), expected);
}

#[test]
fn fields_of_json_are_named_by_their_path() {
    let home = Home::new();
    let line = "{\"user\": {\"name\": \"My name is John Smith\"}, \"others\": [{\"name\": \"I am Mary Jones\"}, {}]}\n";
    home.write("a.jsonl", format!("{line}{{\"n\": 1}}\n"));
    let names = ["--labels", "GIVEN_NAME,SURNAME"];
    let run = |args: &[&str]| home.run(&[&["redact", "a.jsonl"], args, &names].concat());
    let redacted = |old: &str| old.replace("John Smith", "[GIVEN_NAME] [SURNAME]");
    let both = |old: &str| redacted(old).replace("Mary Jones", "[GIVEN_NAME] [SURNAME]");
    let rest = "{\"n\": 1}\n";
    assert_eq!(run(&[]).good(), both(line) + rest);
    for keep in ["others", "others.name", "others.0.name"] {
        assert_eq!(run(&["--keep-columns", keep]).good(), redacted(line) + rest, "{keep}");
    }
    // The second object has no such field, which is named.
    for (columns, expected) in [
        ("user", redacted(line)),
        ("user.name", redacted(line)),
        ("user.name,others.name", both(line)),
        ("user,others", both(line)),
    ] {
        let ran = run(&["--columns", columns]);
        assert_eq!((ran.status, ran.stdout()), (Some(1), expected.as_str()), "{columns}");
        assert!(ran.stderr.contains("a.jsonl:2: expected a field"), "{}", ran.stderr);
    }
    // No object has it.
    for args in [["--keep-columns", "usr"], ["--columns", "user,othrs"]] {
        let ran = home.run(&[&["redact", "a.jsonl", "-o", "out.jsonl"], &args[..]].concat());
        assert_eq!(ran.status, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains("a.jsonl:1: expected a field"), "{}", ran.stderr);
        assert!(ran.stderr.contains("did you mean"), "{}", ran.stderr);
        assert!(!home.path("out.jsonl").exists());
    }
}

#[test]
fn packed_files_become_what_is_in_them() {
    let home = Home::new();
    let text = "My name is John Smith.\n";
    let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    home.write("in/a.txt.gz", &packed);
    home.run(&["redact", "in", "-o", "out/", "--key-file", "key"]).good();
    assert_eq!(home.files("out"), ["a.txt"]);
    assert!(!home.read("out/a.txt").contains("Smith"));
    home.run(&["restore", "out", "--key-file", "key", "-o", "back/"]).good();
    assert_eq!(home.bytes("back/a.txt.gz"), packed);
    let ran = home.run(&["redact", "in/a.txt.gz", "--in-place", "--yes"]);
    assert_eq!((ran.status, home.bytes("in/a.txt.gz")), (Some(1), packed));
    assert!(ran.stderr.contains("packed files are not redacted in place"), "{}", ran.stderr);
}

#[test]
fn a_folder_goes_on_after_a_bad_file() {
    let home = Home::new();
    home.write("in/a.txt", "My name is John Smith.");
    home.write("in/b.txt", b"My name is \xff.");
    home.write("in/c.docx", "no document");
    home.write("in/d.txt", "My name is Mary Jones.");
    let ran = home.run(&["redact", "in", "-o", "out/", "--as-text", "--audit", "audit.json"]);
    assert_eq!((ran.status, ran.errors().len()), (Some(1), 2), "{}", ran.stderr);
    assert!(ran.errors()[0].contains("in/b.txt") && ran.errors()[1].contains("in/c.docx"));
    assert_eq!(home.files("out"), ["a.txt", "d.txt"]);
}
