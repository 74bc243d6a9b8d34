//! Documents of Word, `OpenDocument` and Excel, part by part.
use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{open, part, read};

/// A file with these parts.
pub(super) fn packed(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(vec![]));
    for (name, text) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

pub(super) fn word(body: &str) -> Vec<u8> {
    packed(&[(
        "word/document.xml",
        &format!("<w:document xmlns:w='w'><w:body>{body}</w:body></w:document>"),
    )])
}

fn odt(text: &str) -> Vec<u8> {
    packed(&[(
        "content.xml",
        &format!(
            "<o:document xmlns:o='o'><office:body><office:text>{text}</office:text></office:body></o:document>"
        ),
    )])
}

#[test]
fn text_of_word() {
    let run = "<w:p><w:r><w:t>Ada</w:t></w:r></w:p>";
    for (body, text) in [
        (run.to_owned(), "Ada"),
        ("<w:p><w:t>a </w:t><w:t>b</w:t></w:p><w:p/><w:p><w:t>c</w:t></w:p>".to_owned(), "a b\nc"),
        ("<w:p><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:p>".to_owned(), "a\tb\nc"),
        ("<w:p><w:t>R&amp;D &#233; &lt;</w:t></w:p>".to_owned(), "R&D é <"),
        ("<w:p><w:t><![CDATA[a<b]]></w:t></w:p>".to_owned(), "a<b"),
        ("<w:p><w:instrText>PAGE</w:instrText><w:t>x</w:t></w:p>".to_owned(), "x"),
        (
            "<w:p><w:del><w:delText>old</w:delText></w:del><w:ins><w:t>new</w:t></w:ins></w:p>"
                .to_owned(),
            "new",
        ),
        (
            format!(
                "<mc:AlternateContent><mc:Choice>{run}</mc:Choice><mc:Fallback>{run}</mc:Fallback></mc:AlternateContent>"
            ),
            "Ada",
        ),
        (
            format!(
                "<w:tbl><w:tr><w:tc>{run}{run}</w:tc><w:tc><w:p/></w:tc><w:tc>{run}</w:tc></w:tr></w:tbl>{run}"
            ),
            "Ada Ada | Ada |\nAda",
        ),
        (
            format!(
                "<w:tbl><w:tr><w:tc>{run}</w:tc></w:tr><w:tr><w:tc>{run}</w:tc></w:tr></w:tbl>"
            ),
            "Ada\nAda",
        ),
        ("<w:p><w:t>co</w:t><w:noBreakHyphen/><w:t>op</w:t></w:p>".to_owned(), "co\u{2011}op"),
    ] {
        let (record, errors) = read("a.docx", word(&body));
        assert_eq!((record.text.as_str(), errors.len()), (text, 0), "{body}");
    }
}

#[test]
fn parts_beside_the_body_are_read_or_named() {
    let note = |text: &str| format!("<w:x xmlns:w='w'><w:p><w:t>{text}</w:t></w:p></w:x>");
    let raw = packed(&[
        ("_rels/.rels", "<R><Relationship Type='x/officeDocument' Target='/doc/main.xml'/></R>"),
        ("doc/main.xml", &note("body")),
        ("doc/header2.xml", &note("two")),
        ("doc/header10.xml", &note("ten")),
        ("doc/footnotes.xml", &note("foot")),
        ("doc/comments.xml", &note("said")),
        ("doc/embeddings/sheet.xlsx", "x"),
        ("doc/media/image1.png", "x"),
    ]);
    let mut reader = open("a.docx", raw.clone());
    assert!(reader.next().unwrap().is_ok());
    assert_eq!(reader.left_out(), [("picture", 1)]);
    let (record, errors) = read("a.docx", raw);
    assert_eq!(record.text, "body\n\nsaid\n\nfoot\n\ntwo\n\nten");
    assert_eq!(part(&record, "ten"), Some("header 10"));
    assert_eq!(errors, ["a.docx: doc/embeddings/sheet.xlsx: not read: attached"]);
}

#[test]
fn text_of_opendocument() {
    for (body, text) in [
        ("<text:h>A</text:h><text:p>b</text:p>", "A\nb"),
        ("<text:p>a<text:s text:c='2'/>b<text:tab/>c<text:line-break/>d</text:p>", "a  b\tc\nd"),
        ("<text:p>a\n   b</text:p>", "a b"),
        (
            "<text:p>a<text:note><text:note-body><text:p>n</text:p></text:note-body></text:note>b</text:p>",
            "a\nn\nb",
        ),
        (
            "<text:tracked-changes><text:p>old</text:p></text:tracked-changes><text:p>new</text:p>",
            "new",
        ),
        (
            "<table:table><table:table-row><table:table-cell><text:p>a</text:p><text:p>b</text:p></table:table-cell>\
          <table:table-cell><text:p>c</text:p></table:table-cell></table:table-row></table:table>",
            "a b | c |",
        ),
        ("<text:list><text:list-item><text:p>a</text:p></text:list-item></text:list>", "a"),
    ] {
        let (record, errors) = read("a.odt", odt(body));
        assert_eq!((record.text.as_str(), errors.len()), (text, 0), "{body}");
    }
    let locked = packed(&[
        ("META-INF/manifest.xml", "<m><manifest:encryption-data/></m>"),
        ("content.xml", "garbage"),
    ]);
    let error = super::failure("a.odt", locked).to_string();
    assert_eq!(error, "a.odt: not read: it is encrypted");
}

/// A cell of each type; day 45000.5 is 2023-03-15 at noon, and style 1 shows it as a date.
#[test]
fn cells_of_excel() {
    let sheet = "<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData>\
        <row r='2'><c r='B2' t='s'><v>0</v></c><c r='C2' t='inlineStr'><is><t>in &amp; line</t></is></c></row>\
        <row r='3'><c r='A3'><v>7</v></c><c r='B3' s='1'><v>45000.5</v></c><c r='C3' t='b'><v>1</v></c>\
        <c r='D3' t='str'><f>A1</f><v>formula</v></c><c r='E3' t='e'><v>#N/A</v></c></row>\
        <row r='1048576'><c r='XFD1048576'><v>1.5</v></c></row></sheetData></worksheet>";
    let raw = packed(&[
        ("[Content_Types].xml", "<Types/>"),
        (
            "_rels/.rels",
            "<Relationships><Relationship Id='r1' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument' Target='xl/workbook.xml'/></Relationships>",
        ),
        (
            "xl/workbook.xml",
            "<workbook xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main' \
          xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'><sheets>\
          <sheet name='S &amp; T' sheetId='1' r:id='r1'/></sheets></workbook>",
        ),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships><Relationship Id='r1' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet' \
          Target='worksheets/sheet1.xml'/></Relationships>",
        ),
        (
            "xl/sharedStrings.xml",
            "<sst><si><r><t xml:space='preserve'>Ada </t></r><r><t>Roth</t></r></si></sst>",
        ),
        (
            "xl/styles.xml",
            "<styleSheet><cellXfs count='2'><xf numFmtId='0'/><xf numFmtId='22'/></cellXfs></styleSheet>",
        ),
        ("xl/worksheets/sheet1.xml", sheet),
    ]);
    let (record, errors) = read("a.xlsx", raw);
    assert_eq!(
        (record.text.as_str(), errors.len()),
        ("Ada Roth | in & line |\n7 | 2023-03-15 12:00:00 | TRUE | formula | #N/A |\n1.5", 0)
    );
    assert_eq!(part(&record, "in &"), Some("S & T!C2"));
    assert_eq!(part(&record, "1.5"), Some("S & T!XFD1048576"));
}
