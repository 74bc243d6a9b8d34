//! Personal data: texts with marked items, recognisers of one's own, and any text before all recognisers.
use std::path::Path;

use super::in_memory;
use cloze_recognize::{Match, Patterns, RecognizerParams, Recognizers};

/// Files of recognisers of one's own.
pub(super) fn pattern_files() -> Vec<Vec<u8>> {
    [
        "allow = [\"help@example.com\"]\n[[recognizer]]\nname = \"employee\"\nlabel = \"ID\"\nregex = 'E-\\d{6}'\ncontext = [\"staff\"]\nvalidator = \"luhn\"\nscore = 0.4\n",
        "[[recognizer]]\nname = \"towns\"\nlabel = \"CITY\"\nwords = [\"Kiel\", \"Köln\"]\n[[deny]]\nlabel = \"PERSON\"\nwords = [\"Ada Lovelace\"]\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// A file of recognisers, which then look at a text.
pub fn patterns(data: &[u8]) {
    const TEXT: &str =
        "staff E-123456 of Köln: Ada Lovelace, help@example.com, ４１１１ 1111 1111 1111";
    let source = String::from_utf8_lossy(data);
    let Ok(patterns) = Patterns::parse(&source, Path::new("own.toml")) else { return };
    let params = RecognizerParams::new().recognizers(["none"]).patterns(patterns);
    let recognizers = Recognizers::new(params.check().expect("good settings"));
    check_matches(TEXT, &recognizers.find(TEXT));
    drop(recognizers.allowed(TEXT));
}

/// Texts that recognisers find much in.
pub(super) fn personal_texts() -> Vec<Vec<u8>> {
    [
        "Name: Ada Example; DOB: 12/03/1980; phone (212) 555-0142; SSN 536-90-4399\nIBAN DE89 3704 0044 0532 0130 00, card 4111 1111 1111 1111, ada@example.com\n",
        "12 Main Street, Apt 4B, Springfield, IL 62704\nBerliner Straße 12, 10115 Berlin\n36 rue de la Paix, 75002 Paris\nPO Box 12\nFlat 3, 12 High Street, Leeds LS1 4AP, United Kingdom\n",
        "Dear Ms Okafor,\n\n[10:02] Priya Nair: hi\n<jroe> yes\nKind regards,\nJ. R. Roe\n--\nFrom: \"Jane Roe\" <jane@example.com>\n",
        "id,full name,dob,iban\n1,\"Roe, Jane\",1980-01-02,DE89370400440532013000\n",
        "2024-01-02T10:20:30.123Z INFO 10.0.0.17 2001:db8::1 00:00:5e:00:53:1c https://example.com/a?b=c token=ghp_ExampleExampleExampleExampleExample0 eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln\n",
        "卡号：４１１１１１１１１１１１１１１１。山田花子様 Аня +49 30 23125 046 51°30′N, 0°7′W\u{200b}12\u{ad}34\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

thread_local! {
    // Their patterns are compiled once.
    static RECOGNIZERS: Recognizers =
        Recognizers::new(RecognizerParams::new().check().expect("the defaults"));
}

/// A text before all recognisers: matches are sound, and the patterns tried are in proportion to it.
pub fn recognizers(data: &[u8]) {
    /// Most patterns that may be tried for each byte.
    const TRIES: usize = 64;
    let text = String::from_utf8_lossy(data);
    RECOGNIZERS.with(|recognizers| {
        check_matches(&text, &recognizers.find_in("phone", &text));
        let tries = recognizers.tries(&text);
        assert!(tries <= TRIES * (text.len() + 1), "{tries} tries for {} bytes", text.len());
    });
}

/// Panics unless matches are parts of the text, in order, without overlaps, with scores from 0 to 1.
fn check_matches(text: &str, matches: &[Match]) {
    let mut end = 0;
    for found in matches {
        let part = found.span.of(text).expect("a span of the text");
        assert!(!part.is_empty() && found.span.start >= end, "{found:?} in order");
        assert!((0.0..=1.0).contains(&found.score), "{found:?}");
        end = found.span.end;
    }
}

/// Texts with marked items, in each form.
pub(super) fn marks() -> Vec<Vec<u8>> {
    [
        "{\"id\":\"a\",\"text\":\"é Ann\",\"entities\":[{\"label\":\"P\",\"start\":2,\"end\":5}]}\n",
        "[{\"full_text\":\"Ann\",\"spans\":[{\"entity_type\":\"P\",\"start_position\":0,\"end_position\":3}]}]",
        "<deIdi2b2><TEXT><![CDATA[Ann]]></TEXT><TAGS><NAME start=\"0\" end=\"3\" text=\"Ann\"/></TAGS></deIdi2b2>",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

thread_local! {
    // Of the thread, so that the folder is removed at its end.
    static MARKS: tempfile::TempDir = in_memory();
}

/// Texts with marked items.
pub fn marked(data: &[u8]) {
    MARKS.with(|folder| {
        let path = folder.path().join("gold");
        fs_err::write(&path, data).expect("a file");
        drop(cloze_corpus::read_marked(&path));
    });
}
