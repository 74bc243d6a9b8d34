//! Redacted text is the input but for what was found.
use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::Value;

use crate::run::{Home, entities};

/// What texts are put together from: names that are found, and what goes wrong elsewhere.
const PIECES: [&str; 40] = [
    "Angela Merkel",
    "My name is John Smith",
    "Jose\u{301} Smith",
    "I live at 12 Main Street",
    "Springfield",
    "a.b@example.org",
    "+1 555 123 4567",
    " ",
    " ",
    " ",
    "  ",
    ".",
    ", ",
    "\t",
    "👍🏽",
    "😀",
    "\u{1F1E9}\u{1F1EA}",
    "e\u{301}\u{323}",
    "\u{301}",
    "漢字",
    "ß",
    "İ",
    "ﬁ",
    "\u{0}",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{200b}",
    "\u{200d}",
    "\u{202e}",
    "\u{2028}",
    "\u{feff}",
    "\u{fffd}",
    "\u{10ffff}",
    "\"",
    "\\",
    "\\u0041",
    "[GIVEN_NAME]",
    "⟦CITY⟧",
];
const ENDS: [&str; 4] = ["\n", "\r\n", "\r", "\n\n"];

fn line() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&PIECES[..]), 0..9).prop_map(|p| p.concat())
}

fn text() -> impl Strategy<Value = String> {
    let parts = [&PIECES[..], &ENDS[..]].concat();
    prop::collection::vec(prop::sample::select(parts), 0..14).prop_map(|p| p.concat())
}

/// A JSON literal, with everything beyond ASCII escaped or not.
fn literal(text: &str, ascii: bool) -> String {
    let literal = serde_json::to_string(text).unwrap();
    if !ascii {
        return literal;
    }
    let mut escaped = String::new();
    for c in literal.chars() {
        if c.is_ascii() {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(escaped, "\\u{unit:04X}").unwrap();
            }
        }
    }
    escaped
}

fn field(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// What stands around a text in its file, and the text.
struct Framed {
    before: &'static str,
    text: String,
    after: &'static str,
    written: String,
}

fn jsonl(texts: &[(String, bool)]) -> Vec<Framed> {
    let framed = texts.iter().enumerate().map(|(i, (text, odd))| Framed {
        before: if *odd {
            "{\"x\" : [1,\t2.0e1 ],\"text\":"
        } else {
            "  { \"id\":null,\"text\" : "
        },
        text: text.clone(),
        after: if i % 2 == 0 { ", \"y\":\"\\u00e9\" }\r\n" } else { "}\n" },
        written: literal(text, *odd),
    });
    framed.collect()
}

fn csv(texts: &[(String, bool)]) -> Vec<Framed> {
    let framed = texts.iter().map(|(text, odd)| Framed {
        before: if *odd { "\"a \"\"quoted\"\" id, with\nall\"," } else { "1," },
        text: text.clone(),
        after: if *odd { ",rest\r\n" } else { ",\"\"\n" },
        written: field(text),
    });
    framed.collect()
}

fn whole(header: &str, framed: &[Framed]) -> String {
    let rows = framed.iter().map(|f| [f.before, &f.written, f.after].concat());
    std::iter::once(header.to_owned()).chain(rows).collect()
}

/// `redacted` with each mask replaced by what it stands for.
fn restored(redacted: &str, record: &Value) -> String {
    let (mut text, mut rest) = (String::new(), redacted);
    let mut at = 0;
    for entity in entities(record) {
        let start = usize::try_from(entity["start"].as_u64().unwrap()).unwrap();
        let (between, masked) = rest.split_at(start - at);
        text.push_str(between);
        let mask = format!("<<{}>>", entity["label"].as_str().unwrap());
        rest = masked.strip_prefix(&mask).unwrap_or_else(|| panic!("{mask} in {redacted:?}"));
        text.push_str(entity["text"].as_str().unwrap());
        at = usize::try_from(entity["end"].as_u64().unwrap()).unwrap();
    }
    text + rest
}

const HEADER: &str = "id,text,\"more, and more\"\n";

proptest! {
    // A case is three runs of the command over many texts.
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn all_else_stays_byte_for_byte(
        lines in prop::collection::vec((line(), 0..2_usize), 1..30),
        texts in prop::collection::vec((text(), any::<bool>()), 1..15),
        alone in text(),
        last in line(),
    ) {
        let lines: String = lines.iter().flat_map(|(l, end)| [l.as_str(), ENDS[*end]]).collect();
        let (rows, records) = (csv(&texts), jsonl(&texts));
        let home = Home::new();
        let files = [
            ("a.txt", alone.clone()),
            ("b.log", lines + &last),
            ("c.csv", whole(HEADER, &rows)),
            ("d.jsonl", whole("\n", &records)),
        ];
        for (name, content) in &files {
            home.write(&format!("in/{name}"), content);
        }
        // All named: a NUL would make a file of a folder binary.
        let names = files.each_ref().map(|(name, _)| format!("in/{name}"));
        let run = |args: &[&str]| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let ran = home.run(&[&["tag"], &names[..], args].concat());
            assert_eq!(ran.status, Some(0), "{}", ran.stderr);
            ran
        };
        // Nothing replaced is the same bytes.
        run(&["-f", "redact", "--labels", "PASSPORT", "--min-score", "1", "-o", "same/"]);
        for (name, content) in &files {
            prop_assert_eq!(&home.read(&format!("same/{name}")), content);
        }
        // Everything replaced, and put back.
        run(&["-f", "redact", "--mask", "<<{label}>>", "-o", "out/"]);
        let json = run(&["-f", "jsonl", "--offsets", "byte"]).records();
        let of = |name: &str| {
            json.iter().filter(|r| r["path"] == format!("in/{name}")).collect::<Vec<_>>()
        };
        prop_assert_eq!(restored(&home.read("out/a.txt"), of("a.txt")[0]), alone);

        let redacted = home.read("out/b.log");
        // A byte order mark is a part of no line.
        let body = redacted.strip_prefix('\u{feff}').unwrap_or(&redacted);
        let mut back = redacted[..redacted.len() - body.len()].to_owned();
        for (line, record) in body.split_inclusive('\n').zip(of("b.log")) {
            back.push_str(&restored(line, record));
        }
        prop_assert_eq!(&back, &files[1].1);

        for (name, header, framed) in [("c.csv", HEADER, &rows), ("d.jsonl", "\n", &records)] {
            let redacted = home.read(&format!("out/{name}"));
            let mut rest = redacted.strip_prefix(header).unwrap();
            let found = of(name);
            prop_assert_eq!(found.len(), framed.len());
            for (f, record) in framed.iter().zip(found) {
                rest = rest.strip_prefix(f.before).unwrap();
                // The place of the text, read by other means than ours.
                let (value, length) = if name == "c.csv" {
                    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(rest.as_bytes());
                    let value = reader.records().next().unwrap().unwrap()[0].to_owned();
                    let length = field(&value).len();
                    (value, length)
                } else {
                    let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                    let value = stream.next().unwrap().unwrap();
                    (value, stream.byte_offset())
                };
                prop_assert_eq!(restored(&value, record), f.text.as_str());
                if entities(record).is_empty() {
                    prop_assert_eq!(&rest[..length], f.written.as_str());
                }
                rest = rest[length..].strip_prefix(f.after).unwrap();
            }
            prop_assert_eq!(rest, "");
        }
    }
}

#[test]
fn the_input_comes_back_in_its_encoding() {
    let text = "I am Jos\u{e9} Smith, a na\u{ef}ve man.\r\nI live at 12 Main Street.\n";
    let expected = "I am [GIVEN_NAME] [SURNAME], a na\u{ef}ve man.\r\n\
        I live at [BUILDING_NUMBER] [STREET_NAME].\n";
    let latin =
        |text: &str| -> Vec<u8> { text.chars().map(|c| u8::try_from(c).unwrap()).collect() };
    let little = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    let marked = |text: &str| format!("\u{feff}{text}");
    let home = Home::new();
    for (encoding, input, output) in [
        ("latin1", latin(text), latin(expected)),
        ("utf-16", little(&marked(text)), little(&marked(expected))),
        ("utf-16", big(&marked(text)), big(&marked(expected))),
        ("utf-16be", big(text), big(expected)),
        ("utf-8", marked(text).into_bytes(), marked(expected).into_bytes()),
    ] {
        for name in ["in/a.txt", "in/a.log"] {
            home.write(name, &input);
        }
        // A folder, where UTF-16 must not look binary.
        let ran = home.run(&[
            "tag",
            "in",
            "-f",
            "redact",
            "--encoding",
            encoding,
            "-o",
            "out",
            "--force",
        ]);
        ran.good();
        assert_eq!(home.bytes("out/a.txt"), output, "{encoding}");
        assert_eq!(home.bytes("out/a.log"), output, "{encoding}");
    }
}

/// A mask that the encoding lacks is seen before anything is read.
#[test]
fn a_mask_that_cannot_be_written_is_wrong_usage() {
    let home = Home::with([("a.txt", "John Smith")]);
    let args = ["tag", "a.txt", "-f", "redact", "--encoding", "latin1", "--mask", "█"];
    let ran = home.run(&args);
    assert_eq!(ran.status, Some(2));
    assert_eq!(ran.errors(), ["--mask: expected characters of windows-1252, found '█'"]);
}

/// A label that the encoding lacks: each record says where it is, and its file is not written.
#[test]
fn a_label_that_cannot_be_written_is_an_error_of_its_record() {
    let home = Home::with([("in/a.log", "no\nI am John Smith.\n"), ("in/b.log", "no\n")]);
    home.model_without_hashes("m");
    let config = home.read("m/config.json").replace("-SURNAME\"", "-姓\"");
    home.write("m/config.json", config);
    let args = ["tag", "in", "-m", "./m", "-f", "redact", "--encoding", "latin1", "-o", "out"];
    let ran = home.run(&args);
    assert_eq!(ran.status, Some(1));
    let expected = "in/a.log:2: not written: expected characters of windows-1252, found '姓'";
    assert_eq!(ran.errors(), [expected]);
    assert_eq!(home.files("out"), ["b.log"]);
    // Not replaced is not counted.
    assert_eq!(ran.stderr.lines().last(), Some("replaced nothing"));
}

/// What cannot be given back is refused by name, and the rest is done.
#[test]
fn conll_is_not_given_back() {
    let home = Home::with([
        ("a.conll", "# x = y\n\nJohn\tO\nSmith\tO\n\nJohn\tO\n"),
        ("b.txt", "I am John Smith."),
    ]);
    let ran = home.run(&["tag", "a.conll", "b.txt", "-f", "redact"]);
    assert_eq!(ran.status, Some(1));
    assert_eq!(ran.stdout(), "I am [GIVEN_NAME] [SURNAME].");
    assert_eq!(ran.errors(), ["a.conll: redaction cannot give CoNLL back"]);
    let ran = home.run(&["tag", ".", "-f", "redact", "-o", "out"]);
    assert_eq!((ran.status, home.files("out")), (Some(1), vec!["b.txt".to_owned()]));

    let ran = home.run(&["tag", "a.conll", "-f", "redact", "--input", "conll"]);
    assert_eq!((ran.status, ran.errors().len(), ran.stdout()), (Some(2), 1, ""));
    assert!(ran.stderr.contains("CoNLL"));
    // As lines it can.
    let ran = home.run(&["tag", "a.conll", "-f", "redact", "--input", "lines", "--labels", "CITY"]);
    assert_eq!(ran.good(), home.read("a.conll"));
}

/// The summary counts what was replaced.
#[test]
fn what_was_replaced_is_counted() {
    let home = Home::with([("a.txt", "I am John Smith."), ("b.txt", "Nothing here.")]);
    let ran = home.run(&["tag", "a.txt", "b.txt", "-f", "redact"]);
    assert_eq!(ran.stderr.lines().last(), Some("replaced 1 GIVEN_NAME, 1 SURNAME"));
    let ran = home.run(&["tag", "b.txt", "-f", "redact"]);
    assert_eq!(ran.stderr.lines().last(), Some("replaced nothing"));
}
