//! Texts with marked items, in three forms.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use cloze_corpus::{CorpusError, MarkedText, read_marked};

fn read(content: &str) -> Result<Vec<MarkedText>, CorpusError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gold");
    fs_err::write(&path, content).unwrap();
    read_marked(&path)
}

/// Label and text of each item.
fn items(text: &MarkedText) -> Vec<(&str, &str)> {
    let part = |span: cloze_core::Span| &text.text[span.start..span.end];
    text.items.iter().map(|item| (item.label.as_str(), part(item.span))).collect()
}

const LINES: &str = r#"{"id":"a","kind":"note","text":"é Ann, Bob","offsets":"char","entities":[{"label":"P","start":7,"end":10},{"label":"P","start":2,"end":5,"text":"Ann"}]}

{"id":7,"text":"é Ann","offsets":"byte","entities":[{"label":"P","start":3,"end":6}]}
"#;

const PRESIDIO: &str = r#"[
{"full_text": "é Ann", "masked": "", "spans": [{"entity_type": "PERSON", "entity_value": "Ann",
  "start_position": 2, "end_position": 5}], "template_id": 1, "metadata": null},

{"full_text": "none", "spans": []}
]"#;

const I2B2: &str = "<?xml version=\"1.0\"?>\r\n<deIdi2b2>\r\n<TEXT><![CDATA[é\r\nAnn & Bob]]></TEXT>\r\n<TAGS>\r\n\
    <NAME id=\"P0\" start=\"2\" end=\"5\" text=\"Ann\" TYPE=\"PATIENT\" comment=\"\"/>\r\n\
    <AGE id=\"P1\" start=\"8\" end=\"11\" text=\"Bob\"/>\r\n</TAGS>\r\n</deIdi2b2>\r\n";

#[test]
fn each_form_gives_its_items_in_order() {
    let lines = read(LINES).unwrap();
    assert_eq!(items(&lines[0]), [("P", "Ann"), ("P", "Bob")]);
    assert_eq!((lines[0].id.as_deref(), lines[0].kind.as_deref()), (Some("a"), Some("note")));
    assert_eq!((items(&lines[1]), lines[1].line), (vec![("P", "Ann")], 3));
    assert_eq!(lines[1].id.as_deref(), Some("7"));

    let presidio = read(PRESIDIO).unwrap();
    assert_eq!(items(&presidio[0]), [("PERSON", "Ann")]);
    // The second object begins in the fifth line.
    assert_eq!((presidio[0].line, presidio[1].line, presidio[1].items.len()), (2, 5, 0));

    // A line end is one character in XML, whatever the file has.
    let i2b2 = read(I2B2).unwrap();
    assert_eq!(items(&i2b2[0]), [("PATIENT", "Ann"), ("AGE", "Bob")]);
    assert_eq!(i2b2[0].text, "é\nAnn & Bob");
}

#[test]
fn items_that_are_not_at_their_offsets_are_errors() {
    for (content, expected) in [
        (
            LINES.replace("\"end\":10", "\"end\":11"),
            "gold:1: P: expected offsets within 10 characters, found 7 to 11",
        ),
        (
            LINES.replace("\"end\":10", "\"end\":7"),
            "gold:1: P: expected offsets within 10 characters, found 7 to 7",
        ),
        (
            LINES.replace("\"start\":3", "\"start\":1"),
            "gold:3: P: expected offsets within 6 bytes, found 1 to 6",
        ),
        (
            LINES.replace("\"text\":\"Ann\"", "\"text\":\"Bob\""),
            "gold:1: P: expected \"Bob\" at its offsets, found \"Ann\"",
        ),
        (
            PRESIDIO.replace(": 2, ", ": 3, "),
            "gold:2: PERSON: expected \"Ann\" at its offsets, found \"nn\"",
        ),
        (
            I2B2.replace("\"8\"", "\"7\""),
            "gold:1: AGE: expected \"Bob\" at its offsets, found \" Bob\"",
        ),
    ] {
        let error = read(&content).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{error}");
    }
}

#[test]
fn other_files_are_named() {
    for (content, expected) in [
        ("", "expected texts with marked items"),
        ("text,label\n", "expected texts with marked items"),
        ("<a><b/></a>", "expected texts with marked items"),
        ("{\"text\": \"a\"}\n", "gold:1: expected a JSON object"),
        ("{\"text\": \"a\", \"entities\": []}\n{", "gold:2: expected a JSON object"),
        ("[\n{\"full_text\": 1}]", "gold:2: expected a JSON object"),
        ("[{]", "gold:1: expected a JSON object"),
        (
            "<deIdi2b2><TEXT>a</TEXT><TAGS><NAME start=\"x\"/>",
            "attribute \"start\": expected a whole number",
        ),
        ("<deIdi2b2><TEXT>a</TEXT><TAGS><NAME start=\"0\"/>", "expected an attribute \"end\""),
        ("<deIdi2b2><TEXT>a</TEXT><TAGS><NAME start=\"0\" end=\"1\" text=\"a\"", "expected XML"),
    ] {
        let error = read(content).unwrap_err().to_string();
        assert!(error.contains(expected), "{content}: {error}");
    }
}
