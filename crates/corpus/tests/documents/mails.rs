//! Mails that are rewritten. The results are read by the other reader of mails, which knows nothing of places.
use std::io::Cursor;

use cloze_core::Span;
use cloze_corpus::{CorpusError, Encoding, Format, Piece, ReadParams, Record};
use proptest::prelude::*;

use super::{fixture, read};

/// The record of a mail that is to be rewritten.
fn rewritable(raw: &[u8], drops_attachments: bool) -> Result<Record, CorpusError> {
    let params = ReadParams::default().rewrites_mails(true).drops_attachments(drops_attachments);
    let params = params.max_text_bytes(1 << 20).check().unwrap();
    let mut reader = params.from_reader("a.eml", Format::Eml, Cursor::new(raw.to_vec()));
    let record = match reader.next().unwrap()? {
        Piece::Record(record) => record,
        Piece::Verbatim(_) => panic!("text outside the record"),
    };
    assert!(reader.next().is_none());
    Ok(record)
}

/// The mail with each of some words replaced wherever it stands.
#[track_caller]
fn replaced(raw: &[u8], drops_attachments: bool, words: &[(&str, &str)]) -> Vec<u8> {
    let record = rewritable(raw, drops_attachments).unwrap();
    if !drops_attachments {
        assert_eq!(record.replace_in(&[], Encoding::UTF_8).unwrap(), raw);
    }
    let mut edits: Vec<(Span, String)> = vec![];
    for (word, new) in words {
        let places = record.text.match_indices(word);
        edits.extend(places.map(|(i, word)| (Span::new(i, i + word.len()), (*new).to_owned())));
    }
    assert!(!edits.is_empty(), "{}", record.text);
    edits.sort_by_key(|(span, _)| span.start);
    record.replace_in(&edits, Encoding::UTF_8).unwrap()
}

#[test]
fn headers_and_bodies_are_replaced_where_they_stand() {
    let mail = "From: =?iso-8859-1?Q?J=F6rg_Ott?= <jo@example.org>\r\n\
        To: Ann Lee <ann@example.org>,\r\n Bob <b@example.org>\r\n\
        X-Note: for Ann\r\n Lee\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=\"Ann Lee\"\r\n\r\n\
        Ann Lee before\r\n--Ann Lee\r\n\
        Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        Dear Ann Le=\r\ne, gr=FC=DFe=20\r\n--Ann Lee\r\n\
        Content-Type: text/html; charset=us-ascii\r\nContent-Transfer-Encoding: base64\r\n\r\n\
        PHA+RGVhciA8Yj5Bbm48L2I+\r\nIExlZSw8L3A+\r\n\r\n--Ann Lee--\r\nAnn Lee after\r\n";
    let new = replaced(mail.as_bytes(), false, &[("Ann Lee", "[P]"), ("Jörg", "Žo")]);
    // The page was "<p>Dear <b>Ann</b> Lee,</p>". Boundaries are of the form, and stay.
    let expected = "From: =?UTF-8?B?xb1vIE90dA==?= <jo@example.org>\r\n\
        To: [P] <ann@example.org>,\r\n Bob <b@example.org>\r\n\
        X-Note: for [P]\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=\"Ann Lee\"\r\n\r\n\
        [P] before\r\n--Ann Lee\r\n\
        Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        Dear [P], gr=FC=DFe=20\r\n--Ann Lee\r\n\
        Content-Type: text/html; charset=us-ascii\r\nContent-Transfer-Encoding: base64\r\n\r\n\
        PHA+RGVhciA8Yj5bUF08L2I+\r\nLDwvcD4=\r\n\r\n--Ann Lee--\r\n[P] after\r\n";
    assert_eq!(String::from_utf8(new).unwrap(), expected);
}

/// "é" is not of US-ASCII: an error in a text, and a reference in a page.
#[test]
fn characters_that_a_part_lacks_are_refused_or_references() {
    let mail = |kind: &str| format!("Subject: x\nContent-Type: text/{kind}\n\n<p>Ann</p>\n");
    let page = replaced(mail("html").as_bytes(), false, &[("Ann", "é")]);
    assert_eq!(String::from_utf8(page).unwrap(), mail("html").replace("Ann", "&#233;"));
    let record = rewritable(mail("plain").as_bytes(), false).unwrap();
    let start = record.text.find("Ann").unwrap();
    let edits = [(Span::new(start, start + 3), "é".to_owned())];
    let error = record.replace_in(&edits, Encoding::UTF_8).unwrap_err();
    assert_eq!(error.to_string(), "expected characters of US-ASCII, found 'é'");
    // Of a mail that is read for its text nothing is written back.
    let (record, _) = read("a.eml", mail("plain"));
    assert!(matches!(record.replace(&edits), Err(CorpusError::NotRewritable { .. })));
}

#[test]
fn attachments_are_refused_or_left_out() {
    let mail = fixture("mail.eml");
    let error = rewritable(&mail, false).unwrap_err();
    assert!(error.is_fatal());
    assert_eq!(
        error.to_string(),
        "a.eml: attachment \"scan.png\" (image/png), attachment \"list.csv\" (text/csv): \
         not rewritten: attached"
    );
    let new = replaced(&mail, true, &[("Lena Vogt", "[P]")]);
    let new = String::from_utf8(new).unwrap();
    // All parts up to the first attachment, and the last boundary.
    let text = String::from_utf8(mail).unwrap();
    let start = text.find("\r\n--outer\r\nContent-Type: image/png").unwrap();
    let end = text.find("\r\n--outer--").unwrap();
    let without = format!("{}{}", &text[..start], &text[end..]);
    let expected = without
        .replace("To: Lena Vogt", "To: [P]")
        // "Lena Vogt lebt in Kassel – schön!"
        .replace(
            "TGVuYSBWb2d0IGxlYnQgaW4gS2Fzc2VsIOKAkyBzY2jDtm4hDQo=",
            "W1BdIGxlYnQgaW4gS2Fzc2VsIOKAkyBzY2jDtm4hDQo=",
        )
        .replace("Lena <b>Vogt</b>", "[P]<b></b>");
    assert_eq!(new, expected);
    let (record, errors) = read("a.eml", new);
    assert!(errors.is_empty() && !record.text.contains("Vogt"), "{errors:?} {}", record.text);
}

#[test]
fn mails_that_are_not_understood_are_refused() {
    let part = |fields: &str, body: &str| format!("Subject: x\n{fields}\n\n{body}\n").into_bytes();
    for (mail, reason) in [
        (part("Content-Transfer-Encoding: x-uuencode", "begin"), "transfer encoding x-uuencode"),
        (part("Content-Transfer-Encoding: quoted-printable", "a=ZZ"), "part 1 (text/plain)"),
        (part("Content-Type: text/plain; charset=x-none", "\u{e9}"), "x-none in part 1"),
        (part("Content-Type: text/plain; charset=utf-7", "+AOk-"), "utf-7 in part 1"),
        (part("Content-Type: multipart/mixed; boundary=b", "text"), "no boundary"),
        (b"Subject: \xff\n\nx\n".to_vec(), "field Subject"),
        (part("X-Name: =?x-none?Q?a?=", "x"), "x-none in field X-Name"),
        (part("Content-Type: application/pdf", "x"), "attached"),
    ] {
        let error = rewritable(&mail, false).unwrap_err();
        let text = error.to_string();
        assert!(
            error.is_fatal() && text.contains("not rewritten") && text.contains(reason),
            "{text}"
        );
    }
    assert!(rewritable(&part("Content-Type: application/pdf", "x"), true).is_err());
}

#[test]
fn what_lies_deep_in_a_mail_is_not_rewritten() {
    let part = |i: u32| format!("Content-Type: multipart/mixed; boundary={i}\r\n\r\n--{i}\r\n");
    let parts: String = (0..9_000).map(part).collect();
    let mail = format!("From: a@b.org\r\n{parts}\r\nx");
    let error = rewritable(mail.as_bytes(), false).unwrap_err().to_string();
    assert!(error.contains("more than 64 parts inside each other"), "{error}");
}

/// Each would take minutes if every edit or beginning looked at all that is before or behind it.
#[test]
fn long_fields_and_lines_are_rewritten_once() {
    let quoted = "Subject: x\nContent-Transfer-Encoding: quoted-printable\n\n";
    let mail = format!("{quoted}{}", "Ann=20".repeat(50_000));
    let new = replaced(mail.as_bytes(), false, &[("Ann", "Bo")]);
    assert_eq!(rewritable(&new, false).unwrap().text.matches("Bo ").count(), 50_000);
    let addresses = "=?utf-8?Q?Ann?= <a@b.org>,\n ".repeat(20_000);
    let mail = format!("To: {addresses}\n\nx");
    let new = replaced(mail.as_bytes(), false, &[("a@b.org", "[E]")]);
    assert_eq!(rewritable(&new, false).unwrap().text.matches("<[E]>").count(), 20_000);
    let words = "=?utf-8?Q?x".repeat(50_000);
    let mail = format!("Subject: {words}\n\nx");
    assert!(rewritable(mail.as_bytes(), false).unwrap().text.contains(&words));
}

#[test]
fn a_mail_inside_a_mail_is_rewritten_too() {
    let mail = "From: Ann\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nfor Ann\n--b\n\
        Content-Type: message/rfc822\n\nFrom: Ann\nTo: Bob\n\nDear Ann\n--b--\n";
    let new = replaced(mail.as_bytes(), false, &[("Ann", "[P]")]);
    assert_eq!(String::from_utf8(new).unwrap(), mail.replace("Ann", "[P]"));
}

/// Quoted-printable text in which every byte is an escape, in short lines.
fn quoted(bytes: &[u8]) -> String {
    let escapes: Vec<String> = bytes.iter().map(|byte| format!("={byte:02X}")).collect();
    escapes.chunks(20).map(<[String]>::concat).collect::<Vec<_>>().join("=\r\n")
}

/// Base64 in lines of 76 digits.
fn base64_lines(bytes: &[u8]) -> String {
    let digits = base64::encode(bytes);
    let lines: Vec<&str> =
        digits.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
    lines.join("\r\n")
}

proptest! {
    /// Pieces that are special in some encoding; the first character keeps the text from being empty.
    #[test]
    fn whatever_is_replaced_is_read_again(
        pieces in prop::collection::vec(prop::sample::select(&[
            "Ann", "é", "=", "=3D", ".", " ", "  ", "\r\n", "--b", "?=", "ß", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "[P]",
        ][..]), 1..20),
        edit in (0..40_usize, 0..8_usize, prop::sample::select(&["", "[GIVEN_NAME_1]", "é =", " "][..])),
        transfer in 0..3_usize,
        latin in any::<bool>(),
    ) {
        let text = format!("T{}", pieces.concat());
        let bytes: Vec<u8> = if latin {
            text.chars().map(|c| u8::try_from(c).unwrap()).collect()
        } else {
            text.clone().into_bytes()
        };
        let charset = if latin { "iso-8859-1" } else { "utf-8" };
        let (name, body) = match transfer {
            0 => ("8bit", bytes),
            1 => ("quoted-printable", quoted(&bytes).into_bytes()),
            _ => ("base64", base64_lines(&bytes).into_bytes()),
        };
        let head = format!("Subject: s\r\nContent-Type: text/plain; charset={charset}\r\n\
            Content-Transfer-Encoding: {name}\r\n\r\n");
        let mail = [head.as_bytes(), &body[..]].concat();
        let record = rewritable(&mail, false).unwrap();
        prop_assert_eq!(record.replace_in(&[], Encoding::UTF_8).unwrap(), mail);
        let body_start = record.text.find("\n\nT").unwrap() + 2;
        prop_assert!(record.text[body_start..].trim_end_matches('\n').starts_with(text.trim_end_matches('\n')));
        // An edit of some characters of the body.
        let offsets: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
        let start = edit.0.min(offsets.len() - 2);
        let end = (start + 1 + edit.1).min(offsets.len() - 1);
        let (start, end) = (offsets[start], offsets[end]);
        let expected = format!("{}{}{}", &text[..start], edit.2, &text[end..]);
        let span = Span::new(body_start + start, body_start + end);
        let new = record.replace_in(&[(span, edit.2.to_owned())], Encoding::UTF_8).unwrap();
        prop_assert!(new.starts_with(head.as_bytes()));
        if name != "8bit" {
            let lines = new[head.len()..].split(|byte| *byte == b'\n');
            prop_assert!(lines.into_iter().all(|line| line.len() <= 77));
        }
        let again = rewritable(&new, false).unwrap();
        let again = again.text.split_once("\n\n").map_or("", |(_, body)| body);
        prop_assert_eq!(again.trim_end_matches('\n'), expected.trim_end_matches('\n'));
        let (other, errors) = read("a.eml", new);
        prop_assert!(errors.is_empty(), "{errors:?}");
        let body = other.text.split_once("\n\n").map_or("", |(_, body)| body);
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(words(body), words(&expected));
    }
}

/// Mails inside mails, of which an inner one's parts have the boundary of an outer one: mail-parser 0.11.9 loses
/// count, which its builds with assertions panic on.
#[test]
fn a_mail_that_its_parser_fails_on_is_an_error() {
    let inner = "Content-Type: message/rfc822\n\n--x\n";
    let raw = [
        "Subject: a\nContent-Type: multipart/mixed; boundary=x\n\n--x\n",
        inner,
        inner.trim_end_matches("--x\n"),
        "Subject: b\n\ninner\n--,nt-Type: text/plain; name=a.txt\n",
        "Content-Disposition: attachment\n\nattached\n--x--\n",
    ]
    .concat();
    // Without assertions the parser makes a mail of it.
    let found = rewritable(raw.as_bytes(), false).err().map(|error| error.to_string());
    let failed = found.as_deref().is_some_and(|error| error.contains("its parser failed"));
    assert_eq!(failed, cfg!(debug_assertions), "{found:?}");
}
