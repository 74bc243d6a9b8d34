//! Lines of JSON with parts of their texts replaced.
use cloze_core::Span;
use cloze_corpus::{Encoding, Record};

use super::*;

fn record(line: &str) -> Record {
    match read_str(ReadParams::default(), Format::Jsonl, line).remove(0).unwrap() {
        Piece::Record(record) => record,
        Piece::Verbatim(_) => panic!("{line}"),
    }
}

fn edit(text: &str, part: &str, new: &str) -> (Span, String) {
    let start = text.find(part).unwrap();
    (Span::new(start, start + part.len()), new.to_owned())
}

/// The literal, the parts replaced by `[X]`, and the literal with them replaced.
#[test]
fn escapes_outside_the_parts_stay() {
    for (literal, parts, expected) in [
        (r#""Ada \ud83d\udc4d""#, &["Ada"][..], r#""[X] \ud83d\udc4d""#),
        (r#""\ud83d\udc4d Ada""#, &["Ada"], r#""\ud83d\udc4d [X]""#),
        (r#""\u0041da R""#, &["Ada"], r#""[X] R""#),
        (r#""caf\u00e9 in \u004b\u00f6ln\n""#, &["Köln"], r#""caf\u00e9 in [X]\n""#),
        (r#""a\/b \"Ada\" \\ c""#, &["Ada"], r#""a\/b \"[X]\" \\ c""#),
        (r#""a\tAda\r\nRoth""#, &["Ada", "Roth"], r#""a\t[X]\r\n[X]""#),
        (r#""\u20ac 5 Ada é 好""#, &["Ada"], r#""\u20ac 5 [X] é 好""#),
        (r#""Ada""#, &["Ada"], r#""[X]""#),
        (r#""\ud83d\udc4d""#, &["👍"], r#""[X]""#),
        (r#""Ada\u0000Ada""#, &["Ada"], r#""[X]\u0000Ada""#),
        (r#""\uD83D\uDC4D\uFFFFx""#, &["x"], r#""\uD83D\uDC4D\uFFFF[X]""#),
        (r#""no part \u00E9""#, &[], r#""no part \u00E9""#),
    ] {
        let line = format!("{{\"id\": 1, \"text\" : {literal} , \"x\":\"\\u00e9\"}}\r\n");
        let record = record(&line);
        let edits: Vec<_> = parts.iter().map(|part| edit(&record.text, part, "[X]")).collect();
        assert_eq!(record.replace(&edits).unwrap(), line.replace(literal, expected), "{literal}");
        assert_eq!(record.replace(&[]).unwrap(), line, "{literal}");
    }
}

/// ж is U+0436, 👍 the surrogates D83D DC4D; windows-1252 has neither, and `Shift_JIS` no é.
#[test]
fn a_character_that_the_encoding_lacks_is_an_escape() {
    for (label, new, expected) in [
        ("latin1", "ж", &b"{\"text\":\"\\u0436 caf\xE9\"}"[..]),
        ("latin1", "👍\"", b"{\"text\":\"\\ud83d\\udc4d\\\" caf\xE9\"}"),
        ("shift_jis", "é", b"{\"text\":\"\\u00e9 caf\\u00e9\"}"),
        ("utf-8", "ж", b"{\"text\":\"\xD0\xB6 caf\xC3\xA9\"}"),
    ] {
        let record = record("{\"text\":\"Ada café\"}");
        let source = record.replace(&[edit(&record.text, "Ada", new)]).unwrap();
        let bytes = record.encode(&source, Encoding::parse(label).unwrap()).unwrap();
        assert_eq!(bytes, expected, "{label}");
    }
    let rows = read_str(ReadParams::default(), Format::Csv, "text\nAda\n");
    let Ok(Piece::Record(row)) = &rows[1] else { panic!("a row") };
    let error = row.encode("ж", Encoding::parse("latin1").unwrap()).unwrap_err().to_string();
    assert_eq!(error, "expected characters of windows-1252, found 'ж'");
}
