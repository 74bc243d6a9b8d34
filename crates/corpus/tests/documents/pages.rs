//! Web pages and mails.
use cloze_core::Span;
use cloze_corpus::{Encoding, Record};
use proptest::prelude::*;

use super::{failure, offset, open, read};

fn span_of(record: &Record, part: &str) -> Span {
    let start = offset(record, part);
    Span::new(start, start + part.len())
}

/// Source of a part of the text.
fn source_of<'r>(record: &'r Record, part: &str) -> &'r str {
    let origin = record.origin.as_ref().unwrap();
    let span = origin.source_span(span_of(record, part)).unwrap();
    span.of(origin.source().unwrap()).unwrap()
}

/// Source, text, part of the text, its source, and the page with it replaced by `[X]`.
#[test]
fn a_page_is_its_text_and_each_part_has_its_source() {
    for (page, text, part, source, redacted) in [
        ("<p>Ada</p>", "Ada", "Ada", "Ada", "<p>[X]</p>"),
        ("a &amp; b", "a & b", "&", "&amp;", "a [X] b"),
        ("J&ouml;rg", "Jörg", "Jörg", "J&ouml;rg", "[X]"),
        ("J&ouml;rg", "Jörg", "rg", "rg", "J&ouml;[X]"),
        ("x&#59;y", "x;y", ";", "&#59;", "x[X]y"),
        ("&#x1F44D;!", "👍!", "👍", "&#x1F44D;", "[X]!"),
        ("<b>Ada</b> Roth", "Ada Roth", "Ada Roth", "Ada</b> Roth", "<b>[X]</b>"),
        ("Ada\r\n  Roth, x", "Ada Roth, x", "Ada Roth", "Ada\r\n  Roth", "[X], x"),
        (
            "<b>Ada </b> <!--x-->\n Roth!",
            "Ada Roth!",
            "Ada Roth",
            "Ada </b> <!--x-->\n Roth",
            "<b>[X]</b> <!--x-->\n !",
        ),
        ("<p>a<p>b", "a\n\nb", "b", "b", "<p>a<p>[X]"),
        ("a<br>b<br><br>c", "a\nb\n\nc", "c", "c", "a<br>b<br><br>[X]"),
        ("<pre>a\n  b</pre>", "a\n  b", "b", "b", "<pre>a\n  [X]</pre>"),
        (
            "<img alt='Ada &quot;R&quot;'>",
            "Ada \"R\"",
            "Ada",
            "Ada",
            "<img alt='[X] &quot;R&quot;'>",
        ),
        ("<img alt=Ada>x", "x\n\nAda", "Ada", "Ada", "<img alt=[X]>x"),
        ("<img alt=&Aring;sa>", "Åsa", "Åsa", "&Aring;sa", "<img alt=[X]>"),
        (
            "<a href='mailto:a@b'>x</a>",
            "x\n\nmailto:a@b",
            "a@b",
            "a@b",
            "<a href='mailto:[X]'>x</a>",
        ),
        ("<title>Ada &lt;R</title>x", "Ada <R\n\nx", "<R", "&lt;R", "<title>Ada [X]</title>x"),
        (
            "<script>Ada</script><style>a</style>x<!--y-->z",
            "xz",
            "xz",
            "x<!--y-->z",
            "<script>Ada</script><style>a</style>[X]<!--y-->",
        ),
        (
            "&notit; &unknown; 3 < 4 & x",
            "¬it; &unknown; 3 < 4 & x",
            "< 4 &",
            "< 4 &",
            "&notit; &unknown; 3 [X] x",
        ),
        (
            "<table><tr><td>a<td><p>b</p><tr><td>c</table>d",
            "a | b |\nc\n\nd",
            "b",
            "b",
            "<table><tr><td>a<td><p>[X]</p><tr><td>c</table>d",
        ),
        ("好 Ada é", "好 Ada é", "Ada", "Ada", "好 [X] é"),
    ] {
        let (record, errors) = read("page.html", page);
        assert_eq!((record.text.as_str(), errors.len()), (text, 0), "{page}");
        assert_eq!(source_of(&record, part), source, "{page}");
        let edit = (span_of(&record, part), "[X]".to_owned());
        assert_eq!(record.replace(&[edit]).unwrap(), redacted, "{page}");
        assert_eq!(record.replace(&[]).unwrap(), page);
        assert_eq!(record.rewrite(&record.text).unwrap(), page);
    }
}

/// A mask may mean something in HTML; in a value without quotes a space does, too.
#[test]
fn a_replacement_is_text_of_the_page() {
    let (record, _) = read("page.html", "<p>Ada</p><img alt=Roth>");
    let edits = [
        (span_of(&record, "Ada"), "<b> & \"x\"".to_owned()),
        (span_of(&record, "Roth"), "a b".to_owned()),
    ];
    let redacted = record.replace(&edits).unwrap();
    assert_eq!(redacted, "<p>&lt;b&gt; &amp; &quot;x&quot;</p><img alt=a&#32;b>");
    assert_eq!(read("page.html", redacted).0.text, "<b> & \"x\"\n\na b");
}

/// `é` is E9 in windows-1252 and C3 A9 in UTF-8, `я` is FF in windows-1251.
#[test]
fn a_page_is_in_the_encoding_it_says() {
    for (page, text, encoding) in [
        (&b"<meta charset=iso-8859-1>caf\xE9"[..], "café", "windows-1252"),
        (
            b"<META content=\"text/html; charset=windows-1251\" http-equiv=x>\xFF",
            "я",
            "windows-1251",
        ),
        (b"<?xml version='1.0' encoding='windows-1252'?><p>caf\xE9</p>", "café", "windows-1252"),
        (b"<meta charset=utf-16>caf\xC3\xA9", "café", "UTF-8"),
        (b"\xEF\xBB\xBF<meta charset=latin1>caf\xC3\xA9", "\u{feff}café", "UTF-8"),
        (b"\xFF\xFE<\0p\0>\0\xE9\0", "\u{feff}\n\né", "UTF-16LE"),
        (b"\xFE\xFF\0x", "\u{feff}x", "UTF-16BE"),
        (b"caf\xC3\xA9", "café", "UTF-8"),
    ] {
        let mut reader = open("page.html", page);
        let Some(Ok(cloze_corpus::Piece::Record(record))) = reader.next() else {
            panic!("{page:?}")
        };
        assert_eq!(record.text, text, "{page:?}");
        assert_eq!(reader.encoding().name(), encoding, "{page:?}");
        let source = record.replace(&[]).unwrap();
        assert_eq!(record.encode(&source, reader.encoding()).unwrap(), page, "{page:?}");
    }
    let error = failure("page.html", &b"caf\xE9"[..]).to_string();
    assert_eq!(error, "page.html: not read: the characters of UTF-8 are not known");
    let error = failure("page.html", "<meta charset=klingon>x").to_string();
    assert_eq!(error, "page.html: not read: the characters of klingon are not known");
    // A character that the page's encoding lacks is a reference.
    let (record, _) = read("page.html", &b"<meta charset=latin1>Ada"[..]);
    let redacted = record.replace(&[(span_of(&record, "Ada"), "好".to_owned())]).unwrap();
    let bytes = record.encode(&redacted, Encoding::parse("latin1").unwrap()).unwrap();
    assert_eq!(bytes, b"<meta charset=latin1>&#22909;");
}

proptest! {
    /// Every literal character of the text is the one at its place in the source.
    #[test]
    fn places_are_those_of_the_characters(
        parts in prop::collection::vec(
            prop_oneof![
                "[a-cé好 \n]{1,4}",
                Just("<b>".to_owned()), Just("</b>".to_owned()), Just("<p>".to_owned()),
                Just("<td>".to_owned()), Just("<tr>".to_owned()), Just("<br>".to_owned()),
                Just("&eacute;".to_owned()), Just("&amp".to_owned()), Just("&#10;".to_owned()),
                Just("<!--x-->".to_owned()), Just("<i alt=\"x&lt;y\">".to_owned()),
                Just("<i title=z>".to_owned()), Just("<pre>".to_owned()), Just("</pre>".to_owned()),
                Just("<script>".to_owned()), Just("</script>".to_owned()), Just("<".to_owned()),
                Just("&".to_owned()), Just("\r\n".to_owned()), Just("<textarea>".to_owned()),
            ],
            0..14,
        ),
    ) {
        let page = parts.concat();
        let (record, _) = read("page.html", page.as_str());
        let origin = record.origin.as_ref().unwrap();
        prop_assert_eq!(record.replace(&[]).unwrap(), page.as_str());
        for (start, c) in record.text.char_indices() {
            let span = Span::new(start, start + c.len_utf8());
            let Some(source) = origin.source_span(span) else { continue };
            let source = source.of(&page);
            prop_assert!(source.is_some(), "{:?} at {}", c, start);
            let source = source.unwrap();
            let is_space = c.is_whitespace() && source.replace("&#10;", "").trim().is_empty();
            let is_reference = source.starts_with('&');
            prop_assert!(source == c.to_string() || is_space || is_reference, "{:?}: {:?}", c, source);
            // What is replaced is gone, and nothing else.
            let without = record.replace(&[(span, String::new())]).unwrap();
            prop_assert_eq!(without.len() + source.len(), page.len());
        }
    }
}

/// The second text of two that stand for each other is left out where it has no words of its own.
#[test]
fn a_mail_has_its_texts_decoded() {
    let mail = |headers: &str, body: &str| format!("From: a@b.org\r\n{headers}\r\n\r\n{body}\r\n");
    let two = "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x";
    let parts = |plain: &str, html: &str| {
        format!("--x\r\n\r\n{plain}\r\n--x\r\nContent-Type: text/html\r\n\r\n{html}\r\n--x--")
    };
    for (mail, text, errors) in [
        (
            mail("Subject: =?iso-8859-1?Q?caf=E9?=", "x"),
            "Subject: café\nFrom: a@b.org\n\nx",
            vec![],
        ),
        (
            mail(
                "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable",
                "caf=E9 a=\r\nb",
            ),
            "From: a@b.org\n\ncafé ab",
            vec![],
        ),
        (
            mail(
                "Content-Type: text/html\r\nContent-Transfer-Encoding: base64",
                "PHA+w6k8L3A+PHA+eDwvcD4=",
            ),
            "From: a@b.org\n\né\n\nx",
            vec![],
        ),
        (mail(two, &parts("Ada Roth", "<b>Ada</b> Roth")), "From: a@b.org\n\nAda Roth", vec![]),
        (
            mail(two, &parts("See below", "<b>Ada</b> Roth")),
            "From: a@b.org\n\nSee below\n\nAda Roth",
            vec![],
        ),
        (
            mail("Content-Type: text/plain; charset=klingon", "é"),
            "From: a@b.org\n\né",
            vec!["m.eml: part 1 (text/plain): not read: the characters of klingon are not known"],
        ),
        (
            mail(
                "Content-Type: application/pdf; name=\"a b.pdf\"\r\nContent-Transfer-Encoding: base64",
                "AAAA",
            ),
            "From: a@b.org",
            vec!["m.eml: attachment \"a b.pdf\" (application/pdf): not read: attached"],
        ),
        (
            mail("Content-Type: message/rfc822", "Subject: inner\r\nFrom: c@d.org\r\n\r\nAda"),
            "From: a@b.org\n\nSubject: inner\nFrom: c@d.org\n\nAda",
            vec![],
        ),
    ] {
        let (record, found) = read("m.eml", mail.as_str());
        assert_eq!(
            (record.text.as_str(), found),
            (text, errors.iter().map(ToString::to_string).collect()),
            "{mail}"
        );
    }
    let error = failure("m.eml", "no header at all").to_string();
    assert_eq!(error, "m.eml: not read: damaged (no header of a mail)");
}
