//! Texts that are written back: rows and mails with other texts in them, and originals from a key file.
use std::io::{Cursor, Write as _};
use std::path::Path;

use cloze_core::Span;
use cloze_corpus::{CorpusError, Encoding, Format, Piece, Quotes, ReadParams, Record, TableParams};
use cloze_redact::{Audit, EditLog, Key, KeyFile, restore};
use cloze_store::{Existing, checksum};

use super::{TEXT_LIMIT, in_memory, record_of};

/// Tables with quotes of every kind.
pub(super) fn quoted_tables() -> Vec<Vec<u8>> {
    [
        "id\ttext\n1\t\"Spam King\" is fined\n2\t\"a \"\"b\"\" c\"\n3\t\"two\nlines\"\n4\t\"open\n",
        "id,text\r\n1,\"a, \"\"b\"\"\"\r\n2,plain\r\n3,\"two\r\nlines\"\r\n",
        "text;label\n\"a; b\";x\n'c';\"\"\n",
        "a\tb\n\"\"\t\"\n\"\t\"\"\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}

/// Byte order marks of UTF-8 and UTF-16.
const MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];

/// Rows under every meaning of quotes. Where all are read, their own texts give the table byte for byte.
pub fn quotes(data: &[u8]) {
    for quotes in [Quotes::Auto, Quotes::Csv, Quotes::None] {
        for (format, each_field) in [(Format::Csv, false), (Format::Tsv, true)] {
            let table = TableParams::default().header(each_field).quotes(quotes);
            let field = if each_field { "*" } else { "1" };
            let params = ReadParams::default()
                .text_field(Some(field.to_owned()))
                .each_field(each_field)
                .table(table)
                .max_text_bytes(TEXT_LIMIT);
            let params = params.check().expect("good settings");
            let mut written = String::new();
            let mut is_whole = true;
            for piece in params.from_reader("fuzzed", format, Cursor::new(data.to_vec())) {
                match piece {
                    Ok(Piece::Record(record)) => {
                        is_whole &= !replaces(&record).is_err_and(|error| !is_refused(&error));
                        match record.rewrite(&record.text) {
                            Ok(row) => written += &row,
                            Err(_) => is_whole = false,
                        }
                    }
                    Ok(Piece::Verbatim(text)) => written += &text,
                    Err(_) => is_whole = false,
                }
            }
            // A byte order mark is of the file, not of its rows, and names another encoding than theirs.
            let has_mark = MARKS.iter().any(|mark| data.starts_with(mark));
            if is_whole && !has_mark {
                assert_eq!(written.as_bytes(), data, "{quotes:?}, {format:?}");
            }
        }
    }
}

/// Whether a text is one that its place cannot hold.
fn is_refused(error: &CorpusError) -> bool {
    matches!(
        error,
        CorpusError::NotAField { .. }
            | CorpusError::NotRewritable { .. }
            | CorpusError::Unmappable { .. }
    )
}

/// Replaces the beginning, a part and all of a record's text, by what no place holds as it is, too.
fn replaces(record: &Record) -> Result<(), CorpusError> {
    let text = &record.text;
    let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).take(64).collect();
    let Some(&last) = starts.last() else { return Ok(()) };
    let middle = starts[starts.len() / 2];
    for (spans, new) in [
        (vec![(0, text.len())], "[X]"),
        (vec![(0, middle), (middle, last)], "é\"=?,\t\r\n<&"),
        (vec![(middle, text.len())], ""),
    ] {
        let edits: Vec<(Span, String)> = spans
            .into_iter()
            .filter(|(start, end)| start < end)
            .map(|(start, end)| (Span::new(start, end), new.to_owned()))
            .collect();
        record.replace_in(&edits, Encoding::UTF_8)?;
    }
    Ok(())
}

/// Mails with each transfer encoding, encoded words, folds and parts.
pub(super) fn mail_files() -> Vec<Vec<u8>> {
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/tests/fixtures/documents/mail.eml");
    let made = [
        "From: =?iso-8859-1?Q?J=F6rg_Ott?= <jo@example.org>\r\nTo: Ann Lee <ann@example.org>,\r\n Bob <b@example.org>\r\nX-Note: for Ann\r\n Lee\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"b\"\r\n\r\nbefore\r\n--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nDear Ann Le=\r\ne, gr=FC=DFe=20\r\n--b\r\nContent-Type: text/html; charset=us-ascii\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+RGVhciA8Yj5Bbm48L2I+\r\nIExlZSw8L3A+\r\n\r\n--b--\r\nafter\r\n",
        "Subject: =?utf-8?B?w6k=?= =?utf-8?Q?_=C3=A9?=\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/rfc822\n\nSubject: in\n\ninner\n--x\nContent-Type: text/plain; name=a.txt\nContent-Disposition: attachment\n\nattached\n--x--\n",
        "Subject: plain\n\nDear Ann,\nJ\u{f6}rg\n",
    ];
    let mut mails = made.map(|text| text.as_bytes().to_vec()).to_vec();
    mails.push(fs_err::read(fixture).expect("a file of the repository"));
    mails
}

/// A mail that is rewritten: without changes it stays byte for byte.
pub fn mails(data: &[u8]) {
    for drops_attachments in [false, true] {
        let params = ReadParams::default()
            .rewrites_mails(true)
            .drops_attachments(drops_attachments)
            .max_text_bytes(TEXT_LIMIT);
        let params = params.check().expect("good settings");
        for piece in params.from_reader("a.eml", Format::Eml, Cursor::new(data.to_vec())) {
            let Some(record) = record_of(piece) else { continue };
            let same = record.replace_in(&[], Encoding::UTF_8).expect("no change");
            assert!(drops_attachments || same == data, "a mail that nothing was changed in");
            drop(replaces(&record));
        }
    }
}

/// A redacted file, and the one that it was.
const REDACTED: [&str; 2] = ["Dear [P], call [N].", "Dear Ann, call 0171 5550.\n"];

/// A key file with the changes of one file and the number of a value.
pub(super) fn key_files() -> Vec<Vec<u8>> {
    let folder = in_memory();
    let path = folder.path().join("key");
    let [redacted, original] = REDACTED;
    let mut log = EditLog::default();
    for (original, new) in
        [("Dear ", "Dear "), ("Ann", "[P]"), (", call 0171 5550.\n", ", call [N].")]
    {
        log.write(original.as_bytes(), new.as_bytes());
    }
    let [input, output] = [original, redacted].map(|text| checksum::sha256(text.as_bytes()));
    let edits = log.finish("a.txt".into(), input, output);
    KeyFile::write(&path, &Key::with_secret([7; 32]), [&edits]).expect("a key file");
    let mut file = fs_err::OpenOptions::new().append(true).open(&path).expect("the key file");
    file.write_all(b"{\"value\":{\"label\":\"P\",\"value\":\"ann\",\"number\":1}}\n")
        .expect("a line");
    let key = fs_err::read(path).expect("the key file");
    let audit = br#"{"kind":"redaction audit","format_version":1,"files":[{"path":"a","input_sha256":"","output_sha256":"","labels":{"P":{"replaced":1,"kept":0,"found_by":{"model":1}}}}]}"#;
    vec![key, audit.to_vec()]
}

thread_local! {
    // Of the thread, so that the folder is removed at its end.
    static KEYS: tempfile::TempDir = in_memory();
}

/// A key file, from which a redacted file is restored: to the original or not at all.
pub fn keys(data: &[u8]) {
    let [redacted, original] = REDACTED;
    KEYS.with(|folder| {
        let [key, input, output] = ["key", "in", "out"].map(|name| folder.path().join(name));
        fs_err::write(&key, data).expect("a file");
        #[cfg(unix)]
        {
            let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            fs_err::set_permissions(&key, private).expect("its owner");
        }
        drop(Audit::read(&key));
        let Ok(file) = KeyFile::open(&key) else { return };
        fs_err::write(&input, redacted).expect("a file");
        let changes = file.changes(&checksum::sha256(redacted.as_bytes()));
        for edits in changes.into_iter().flatten() {
            let restored = restore(&input, &edits, &output, Existing::Replace);
            if restored.is_ok() && edits.input_sha256 == checksum::sha256(original.as_bytes()) {
                assert_eq!(fs_err::read_to_string(&output).expect("a file"), original);
            }
        }
    });
}
