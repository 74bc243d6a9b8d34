//! Documents that are made to fill the memory, or to run without end.
use std::fmt::Write as _;

use super::office::{packed, word};
use super::{failure, read};

fn reason(name: &str, raw: impl Into<Vec<u8>>) -> String {
    failure(name, raw).to_string()
}

/// 1 MiB of text may unpack to 16 MiB.
#[test]
fn what_unpacks_to_too_much_is_refused() {
    let zeros = " ".repeat(17 << 20);
    assert_eq!(
        reason("a.docx", packed(&[("word/document.xml", &zeros)])),
        "a.docx: not read: more than 16777216 bytes unpacked"
    );
    assert_eq!(
        reason("a.xlsx", packed(&[("xl/workbook.xml", "<a/>"), ("xl/x.xml", &zeros)])),
        "a.xlsx: not read: more than 16777216 bytes unpacked"
    );
    let text = format!("<w:p><w:t>{}</w:t></w:p>", "a".repeat((1 << 20) + 1));
    assert_eq!(reason("a.docx", word(&text)), "a.docx: not read: more than 1048576 bytes of text");
    let page = "a".repeat((1 << 20) + 1);
    assert_eq!(reason("a.html", page), "a.html: not read: more than 1048576 bytes of text");
    let error = reason("a.html", " ".repeat((16 << 20) + 1));
    assert_eq!(error, "a.html:1: expected at most 16777216 bytes, found more");
}

#[test]
fn what_lies_deep_is_refused() {
    let deep = format!("{}{}", "<w:a>".repeat(2_000), "</w:a>".repeat(2_000));
    let error = reason("a.docx", word(&deep));
    assert_eq!(error, "a.docx: not read: more than 1000 elements inside each other");
    let mails = "Content-Type: message/rfc822\r\n\r\n".repeat(1_000);
    let error = reason("a.eml", mails);
    assert_eq!(error, "a.eml: not read: more than 64 mails inside each other");
    let part = |i: u32| format!("Content-Type: multipart/mixed; boundary={i}\r\n\r\n--{i}\r\n");
    let parts = (0..3_000).map(part).collect::<Vec<_>>().concat();
    let (record, errors) = read("a.eml", format!("From: a@b.org\r\n{parts}\r\nx"));
    assert_eq!((record.text.as_str(), errors.len()), ("From: a@b.org", 1), "{errors:?}");
    let (record, _) = read("a.html", format!("{}x", "<div><b>".repeat(100_000)));
    assert_eq!(record.text, "x");
}

#[test]
fn what_has_too_many_parts_is_refused() {
    let parts =
        "Content-Type: multipart/mixed; boundary=b\n\n".to_owned() + &"--b\n\nx\n".repeat(10_001);
    assert_eq!(reason("a.eml", parts), "a.eml: not read: more than 10000 parts");
    // 1 MiB of text: an eighth of that, and 1,000.
    let page = "&lt;&gt;".repeat(70_000);
    assert_eq!(reason("a.html", page), "a.html: not read: more than 132072 tags and references");
    let element = format!("<a {}>x</a>", "title=a ".repeat(1_001));
    let error = reason("a.html", element);
    assert_eq!(error, "a.html: not read: more than 1000 attributes of an element");
    // Those that are no text are as many as there are.
    let (record, _) = read("a.html", format!("<a {}title=b>x</a>", "y=1 ".repeat(100_000)));
    assert_eq!(record.text, "x\n\nb");
}

/// A place beyond all sheets, whose number would not fit.
#[test]
fn a_cell_that_no_sheet_has_is_refused() {
    for place in ["AAAAAAAAA1", "A99999999999", "XFD1048576:ZZZZZZZZ9"] {
        let sheet =
            format!("<worksheet><sheetData><row><c r='{place}'/></row></sheetData></worksheet>");
        let error = reason("a.xlsx", packed(&[("xl/worksheets/sheet1.xml", &sheet)]));
        let expected =
            format!("a.xlsx: not read: damaged (xl/worksheets/sheet1.xml: cell {place:?})");
        assert_eq!(error, expected);
    }
}

/// Entities that a document type defines may grow without end: none is known.
#[test]
fn entities_of_a_document_type_are_not_followed() {
    let bomb = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>\
        <w:document><w:p><w:t>&b;</w:t></w:p></w:document>";
    let error = reason("a.docx", packed(&[("word/document.xml", bomb)]));
    assert_eq!(error, "a.docx: not read: damaged (word/document.xml: entity \"b\")");
}

/// A drawing that draws itself, a map of all codes, and strings within strings.
#[test]
fn a_pdf_that_runs_without_end_is_refused() {
    let pdf = |objects: &[&str]| {
        let mut raw = String::from("%PDF-1.4\n");
        let mut places = vec![];
        for (number, object) in (1..).zip(objects) {
            places.push(raw.len());
            write!(raw, "{number} 0 obj\n{object}\nendobj\n").unwrap();
        }
        let start = raw.len();
        write!(raw, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).unwrap();
        for place in places {
            writeln!(raw, "{place:010} 00000 n ").unwrap();
        }
        raw + &format!(
            "trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF",
            objects.len() + 1
        )
    };
    let stream = |dictionary: &str, text: &str| {
        format!("<<{dictionary}/Length {}>>\nstream\n{text}\nendstream", text.len())
    };
    let form =
        stream("/Type/XObject/Subtype/Form/Resources<</XObject<</F 5 0 R>>>>", "/F Do /F Do");
    let page = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>/Font<</A 6 0 R>>>>>>";
    let catalog = "<</Type/Catalog/Pages 2 0 R>>";
    let pages = "<</Type/Pages/Kids[3 0 R]/Count 1>>";
    let raw = pdf(&[catalog, pages, page, &stream("", "/F Do"), &form]);
    assert_eq!(reason("a.pdf", raw), "a.pdf: not read: more than 12 drawings inside each other");

    let map = stream("", "1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange");
    let font = "<</Type/Font/Subtype/Type0/Encoding/Identity-H/ToUnicode 7 0 R>>";
    let text = stream("", "BT /A 9 Tf <00000001> Tj ET");
    let (record, _) = read("a.pdf", pdf(&[catalog, pages, page, &text, &form, font, &map]));
    assert_eq!(record.text, "AB");

    // A font whose characters only itself knows is named, and so is a drawing with a fault.
    let font = "<</Type/Font/Subtype/Type0/BaseFont/Odd/Encoding/Identity-H>>";
    let (record, errors) = read("a.pdf", pdf(&[catalog, pages, page, &text, &form, font]));
    assert_eq!(record.text, "");
    assert_eq!(errors, ["a.pdf: page 1: not read: the characters of font Odd are not known"]);
    let broken = stream("", "BT /A 9 Tf (open ET");
    let (_, errors) = read("a.pdf", pdf(&[catalog, pages, page, &broken, &form, font]));
    assert_eq!(errors, ["a.pdf: page 1: not read: damaged (its drawing)"]);
}
