//! Documents that other programs wrote; `make.py` beside them made them, and read them again.
use serde_json::Value;

use super::{failure, fixture, part, read};

/// Text and parts that Python's readers read of a file.
fn read_by_python(name: &str) -> Value {
    let all: Value = serde_json::from_slice(&fixture("read.json")).unwrap();
    all[name].clone()
}

/// Words of a text, without the bars of tables.
fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().filter(|word| *word != "|").collect()
}

/// The texts are worked by hand from `make.py`.
#[test]
fn documents_of_other_programs_have_their_text() {
    for (name, expected, unread) in [
        (
            "page.html",
            "Café & mill\n\nJosé Öz lives in Köln.\nHe is\u{a0}41.\n\none\ntwo\n\nLena Vogt | Kassel |\n\n\
             Photo of Ada <Roth>",
            &[][..],
        ),
        (
            "mail.eml",
            "Subject: Grüße aus Köln\nFrom: José Öz <jose@example.org>\n\
             To: Lena Vogt <lena@example.org>, office@example.org\n\
             Date: Mon, 09 Mar 2026 10:00:00 +0100\n\nLena Vogt lebt in Kassel – schön!",
            &[
                "mail.eml: attachment \"scan.png\" (image/png): not read: attached",
                "mail.eml: attachment \"list.csv\" (text/csv): not read: attached",
            ],
        ),
        (
            "staff.docx",
            "Staff of the mill\nLena Vogt lives in\tKassel.\nFirst line\nsecond line\nName | City |\n\
             José Öz | Köln |\nThe end.\n\nConfidential: Ada Roth",
            &[],
        ),
        ("staff.odt", "Staff of the mill\nLena Vogt lives  in\tKassel.\nJosé Öz | Köln |", &[]),
        (
            "people.xlsx",
            "Name | Born | City |\nLena Vogt | 1981-03-09 | Kassel |\nJosé Öz | Köln |\n\n12.5 | TRUE |\n\n\
             ask Ada Roth",
            &[],
        ),
        (
            "letter.pdf",
            "Dear Mrs Vogt,\nJosé Öz of Köln wrote to you.\n\nKassel, in May\n\nSecond page",
            &["letter.pdf: page 3: not read: pictures without a text layer"],
        ),
    ] {
        let (record, errors) = read(name, fixture(name));
        assert_eq!(record.text, expected, "{name}");
        assert_eq!(errors, unread, "{name}");
        assert_eq!((record.line, record.id.as_deref()), (1, None), "{name}");
    }
}

#[test]
fn parts_have_the_name_of_their_place() {
    for (name, text, expected) in [
        ("mail.eml", "Grüße", "header"),
        ("mail.eml", "lebt", "part 3 (text/plain)"),
        ("staff.docx", "Staff", "paragraph 1"),
        ("staff.docx", "Vogt", "paragraph 2"),
        ("staff.docx", "Ada Roth", "header 1"),
        ("staff.odt", "Köln", "paragraph 4"),
        ("people.xlsx", "1981", "People!B2"),
        ("people.xlsx", "Köln", "People!C3"),
        ("people.xlsx", "TRUE", "More!D5"),
        ("people.xlsx", "Ada", "comment on A2"),
        ("letter.pdf", "Vogt", "page 1"),
        ("letter.pdf", "Second", "page 2"),
    ] {
        let (record, _) = read(name, fixture(name));
        assert_eq!(part(&record, text), Some(expected), "{name}: {text}");
    }
}

/// Each reader has its own lines, spaces and names for empty things; words are the same.
#[test]
fn words_are_those_that_python_reads() {
    let strings = |value: &Value| -> String {
        fn add(value: &Value, text: &mut String) {
            match value {
                Value::String(one) => {
                    text.push_str(one);
                    text.push('\n');
                }
                Value::Array(all) => all.iter().for_each(|one| add(one, text)),
                Value::Object(all) => all.values().for_each(|one| add(one, text)),
                _ => {}
            }
        }
        let mut text = String::new();
        add(value, &mut text);
        text
    };
    for (name, pointer, beside) in [
        ("page.html", "", " Photo of Ada <Roth>"),
        ("staff.odt", "", ""),
        ("letter.pdf", "", ""),
        ("mail.eml", "/body", ""),
    ] {
        let (record, _) = read(name, fixture(name));
        let python = read_by_python(name);
        let expected = strings(python.pointer(pointer).unwrap()) + beside;
        let found = if name == "mail.eml" {
            record.text.split_once("\n\n").unwrap().1.to_owned()
        } else {
            record.text
        };
        assert_eq!(words(&found), words(&expected), "{name}");
    }
    let (record, _) = read("staff.docx", fixture("staff.docx"));
    let python = read_by_python("staff.docx");
    for text in python["paragraphs"].as_array().unwrap() {
        assert!(record.text.contains(text.as_str().unwrap()), "{text}");
    }
    let (record, _) = read("people.xlsx", fixture("people.xlsx"));
    for (cell, text) in read_by_python("people.xlsx").as_object().unwrap() {
        let text = text.as_str().unwrap().replace("True", "TRUE");
        let at = record.text.match_indices(text.as_str()).map(|(offset, _)| offset);
        let origin = record.origin.as_ref().unwrap();
        assert!(at.into_iter().any(|at| origin.part(at) == Some(cell)), "{cell}: {text}");
    }
}

#[test]
fn scans_and_locked_files_are_not_passed_as_empty() {
    let error = failure("scan.pdf", fixture("scan.pdf")).to_string();
    assert_eq!(error, "scan.pdf: not read: pictures without a text layer");
    let error = failure("locked.pdf", fixture("locked.pdf")).to_string();
    assert_eq!(error, "locked.pdf: not read: it is encrypted");
}

/// Half of it, and one byte of it changed: an error, or the text of what is left, and never a panic.
#[test]
fn damaged_documents_are_named() {
    for name in ["staff.docx", "staff.odt", "people.xlsx"] {
        let whole = fixture(name);
        let error = failure(name, &whole[..whole.len() / 2]).to_string();
        assert!(error.starts_with(&format!("{name}: not read: damaged (")), "{error}");
    }
    for name in ["letter.pdf", "mail.eml", "page.html", "staff.docx", "people.xlsx", "staff.odt"] {
        let whole = fixture(name);
        for cut in (0..whole.len()).step_by(whole.len() / 40 + 1) {
            for piece in super::open(name, &whole[..cut]) {
                drop(piece);
            }
            let mut changed = whole.clone();
            changed[cut] ^= 0x55;
            for piece in super::open(name, changed) {
                drop(piece);
            }
        }
    }
}
