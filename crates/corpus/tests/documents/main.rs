//! Tests of documents: their text, the places it comes from, and the parts that are not read.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
mod hostile;
mod made;
mod mails;
mod office;
mod pages;

use std::io::Cursor;

use cloze_corpus::{CorpusError, Format, Piece, ReadParams, Reader, Record};

/// A reader of a document in memory, with at most 1 MiB of text.
fn open(name: &str, raw: impl Into<Vec<u8>>) -> Reader {
    let params = ReadParams::default().max_text_bytes(1 << 20).check().unwrap();
    params.from_reader(name, Format::of_path(name.as_ref()), Cursor::new(raw.into()))
}

/// The record of a document, and the errors of parts that are not read.
fn read(name: &str, raw: impl Into<Vec<u8>>) -> (Record, Vec<String>) {
    let (mut records, mut errors) = (vec![], vec![]);
    for piece in open(name, raw) {
        match piece {
            Ok(Piece::Record(record)) => records.push(record),
            Ok(Piece::Verbatim(_)) => panic!("{name}: text outside the record"),
            Err(error) => errors.push(error),
        }
    }
    assert!(errors.iter().all(|error| !error.is_fatal()), "{errors:?}");
    assert_eq!(records.len(), 1, "{name}: {errors:?}");
    (records.remove(0), errors.iter().map(ToString::to_string).collect())
}

/// The error of a document that is not read at all.
fn failure(name: &str, raw: impl Into<Vec<u8>>) -> CorpusError {
    let mut reader = open(name, raw);
    let error = reader.next().unwrap().unwrap_err();
    assert!(error.is_fatal(), "{error}");
    assert!(reader.next().is_none(), "{error}");
    error
}

/// A file beside the tests.
fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/documents/");
    fs_err::read(format!("{folder}{name}")).unwrap()
}

/// Offset of `part` in the text.
fn offset(record: &Record, part: &str) -> usize {
    record.text.find(part).unwrap_or_else(|| panic!("{part:?} in {:?}", record.text))
}

/// Name of the part that `part` of the text is in.
fn part<'r>(record: &'r Record, part: &str) -> Option<&'r str> {
    record.origin.as_ref().unwrap().part(offset(record, part))
}
