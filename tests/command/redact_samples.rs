//! The sample files, redacted and restored: in every encoding and format, by every action.
use std::collections::BTreeMap;
use std::path::Path;

use crate::run::Home;

/// Actions that replace something.
const ACTIONS: [&str; 5] = ["mask", "number", "hash", "partial", "pseudonym"];
/// Longest part of a sample in another encoding or format, in bytes.
const PART_BYTES: usize = 700;

/// All sample files with their text.
fn samples() -> BTreeMap<String, String> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
    let mut samples = BTreeMap::new();
    for folder in ["samples", "personal/marked"] {
        for entry in fs_err::read_dir(data.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let name = if folder == "samples" { name } else { format!("marked-{name}") };
            samples.insert(name, fs_err::read_to_string(&path).unwrap());
        }
    }
    samples
}

/// Whole lines from the beginning of a text.
fn part(text: &str) -> String {
    let end = text.floor_char_boundary(PART_BYTES);
    let end = text[..end].rfind('\n').map_or(end, |line| line + 1);
    text[..end].to_owned()
}

/// Redacts a folder and restores it.
#[track_caller]
fn round_trip(home: &Home, files: &BTreeMap<String, Vec<u8>>, action: &str, flags: &[&str]) {
    for folder in ["in", "out", "back"] {
        let _ = fs_err::remove_dir_all(home.path(folder));
    }
    for (name, bytes) in files {
        home.write(&format!("in/{name}"), bytes);
    }
    let args = ["redact", "in", "-o", "out/", "--policy", action, "--key-file", "key"];
    home.run(&[&args[..], flags].concat()).good();
    home.run(&["restore", "out", "--key-file", "key", "-o", "back/"]).good();
    for (name, bytes) in files {
        assert!(home.bytes(&format!("back/{name}")) == *bytes, "{action} {name}");
    }
}

#[test]
fn every_sample_comes_back() {
    let samples = samples();
    assert!(samples.len() >= 22, "{}", samples.len());
    let files = samples.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    round_trip(&Home::new(), &files, "number", &[]);
}

/// A field of a table with comma or tab as delimiter.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn utf16(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A part of a sample in every format, and in the encodings that a byte order mark tells.
fn variants(name: &str, text: &str) -> BTreeMap<String, Vec<u8>> {
    let text = part(text);
    let escaped = html_escape::encode_text(&text);
    let windows = text.replace('\n', "\r\n");
    let json =
        serde_json::json!({"id": 1, "note": text, "in": [{"note": "My name is John Smith"}]});
    let mail = |charset: &str, transfer: &str, body: &[u8]| {
        let head = format!(
            "From: John Smith <john@example.com>\r\nSubject: =?utf-8?B?{}?=\r\nMIME-Version: 1.0\r\n\
             Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {transfer}\r\n\r\n",
            base64::encode("Für John Smith")
        );
        [head.as_bytes(), body].concat()
    };
    let lines: Vec<String> = base64::encode(&windows)
        .as_bytes()
        .chunks(76)
        .map(|l| String::from_utf8_lossy(l).into())
        .collect();
    let files = [
        ("crlf.txt", windows.clone().into_bytes()),
        ("marked.txt", format!("\u{feff}{text}").into_bytes()),
        ("utf16.txt", utf16(&text)),
        ("a.log", text.clone().into_bytes()),
        ("utf16.log", utf16(&windows)),
        ("a.csv", format!("id,note\n1,{}\n", quoted(&text)).into_bytes()),
        ("utf16.csv", utf16(&format!("id,note\r\n1,{}\r\n", quoted(&text)))),
        ("a.tsv", format!("note\tid\n{}\t1", quoted(&text)).into_bytes()),
        ("a.jsonl", format!("{json}\n").into_bytes()),
        ("utf16.jsonl", utf16(&format!("{json}\r\n"))),
        (
            "a.html",
            format!("<!doctype html><meta charset=utf-8><p title=\"John Smith\">{escaped}</p>\n")
                .into_bytes(),
        ),
        ("8bit.eml", mail("utf-8", "8bit", windows.as_bytes())),
        ("base64.eml", mail("utf-8", "base64", lines.join("\r\n").as_bytes())),
    ];
    files.into_iter().map(|(kind, bytes)| (format!("{name}-{kind}"), bytes)).collect()
}

#[test]
fn parts_of_samples_come_back_in_every_format_and_by_every_action() {
    let samples = samples();
    let home = Home::new();
    let names = [
        "letter.txt",
        "multilingual.txt",
        "marked-mails.txt",
        "marked-tables.txt",
        "letter-nfd.txt",
    ];
    for (action, name) in ACTIONS.into_iter().zip(names) {
        round_trip(&home, &variants(name, &samples[name]), action, &[]);
    }
}

#[test]
fn parts_of_samples_come_back_in_latin_1() {
    let samples = samples();
    let home = Home::new();
    let mut files = BTreeMap::new();
    for name in ["letter.txt", "marked-chats.txt", "marked-letters.txt", "marked-medical.txt"] {
        let text: String = part(&samples[name]).chars().filter(|c| *c <= '\u{ff}').collect();
        let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap()).collect();
        // A field without quotes in it.
        let cell: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != b'"').collect();
        files.insert(format!("{name}.csv"), [b"note\r\n\"", &cell[..], b"\"\r\n"].concat());
        files.insert(name.to_owned(), bytes);
    }
    for action in ACTIONS {
        round_trip(&home, &files, action, &["--encoding", "latin1"]);
    }
}
