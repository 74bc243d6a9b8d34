//! Parquet and Arrow files as records, against what pyarrow reads (`make_columns.py`).
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use std::path::{Path, PathBuf};

use cloze_corpus::{CorpusError, Format, PairParams, Piece, ReadParams, Reader, Record, Source};
use serde_json::{Map, Value};

const FILES: [&str; 9] = [
    "people-none.parquet",
    "people-snappy.parquet",
    "people-gzip.parquet",
    "people-zstd.parquet",
    "people-lz4.parquet",
    "people-uncompressed.feather",
    "people-lz4.feather",
    "people-zstd.feather",
    "people.arrows",
];

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/columns").join(name)
}

fn source(path: PathBuf) -> Source {
    Source::File { relative: path.clone(), path }
}

fn open(name: &str, params: ReadParams) -> Reader {
    params.check().unwrap().open(&source(file(name))).unwrap()
}

fn records(reader: Reader) -> Vec<Result<Record, String>> {
    let record = |piece: Result<Piece, CorpusError>| match piece {
        Ok(Piece::Record(record)) => Ok(record),
        Ok(Piece::Verbatim(text)) => Err(format!("verbatim {text:?}")),
        Err(error) => Err(error.to_string()),
    };
    reader.map(record).collect()
}

/// Each row of each file: the text, the id, and all other columns as pyarrow has them. A row whose text is null is
/// an error that names it.
#[test]
fn rows_are_those_of_pyarrow() {
    let expected = fs_err::read_to_string(file("expected.json")).unwrap();
    let expected: Vec<Map<String, Value>> = serde_json::from_str(&expected).unwrap();
    for name in FILES {
        let reader = open(name, ReadParams::default().metadata(true));
        let arrow = !name.ends_with("parquet");
        assert_eq!(reader.format(), if arrow { Format::Arrow } else { Format::Parquet });
        let found = records(reader);
        assert_eq!(found.len(), expected.len(), "{name}");
        for ((found, expected), line) in found.iter().zip(&expected).zip(1..) {
            let mut others = expected.clone();
            let (text, id) = (others.remove("text").unwrap(), others.remove("id").unwrap());
            let Some(text) = text.as_str() else {
                let error = found.as_ref().unwrap_err();
                let wanted =
                    format!("{name}:{line}: field \"text\": expected a string, found null");
                assert!(error.ends_with(&wanted), "{error}");
                continue;
            };
            let found = found.as_ref().unwrap();
            assert_eq!((&*found.text, found.line), (text, line), "{name}");
            assert_eq!(found.id, id.as_i64().map(|id| id.to_string()), "{name}");
            assert_eq!(found.metadata, others, "{name}, {line}");
        }
    }
}

/// 1,000 rows in row groups of 300, or in one batch; from a stream, too, and packed once more.
#[test]
fn files_larger_than_a_batch_are_read_to_their_end() {
    let expected: Vec<String> = (0..1000).map(|i| format!("Text {i}.")).collect();
    let texts =
        |reader| records(reader).into_iter().map(|record| record.unwrap().text).collect::<Vec<_>>();
    for (name, format) in [("many.parquet", Format::Parquet), ("many.feather", Format::Arrow)] {
        assert_eq!(texts(open(name, ReadParams::default())), expected, "{name}");
        let bytes = fs_err::read(file(name)).unwrap();
        let params = ReadParams::default().check().unwrap();
        let packed = {
            let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
            std::io::Write::write_all(&mut gzip, &bytes).unwrap();
            gzip.finish().unwrap()
        };
        for bytes in [bytes, packed] {
            let reader = params.from_reader(name, format, std::io::Cursor::new(bytes));
            assert_eq!(texts(reader), expected, "{name}, from a stream");
        }
    }
}

#[test]
fn fields_inside_a_column_and_pairs_of_columns_are_found() {
    let deep = open("deep.parquet", ReadParams::default().text_field(Some("msg.body".into())));
    let deep: Vec<String> = records(deep).into_iter().map(|record| record.unwrap().text).collect();
    assert_eq!(deep, ["In Paris."]);
    let pairs = PairParams::default()
        .first_field(Some("text".into()))
        .second_field(Some("large".into()))
        .check()
        .unwrap();
    let pairs: Vec<_> = pairs.open(&source(file("people-zstd.parquet"))).unwrap().collect();
    let texts = pairs[0].as_ref().map(|pair| [&*pair.first, &*pair.second]).unwrap();
    assert_eq!(texts, ["Angela Merkel, Berlin", "a"]);
    let error = records(open("numbers.parquet", ReadParams::default())).remove(0).unwrap_err();
    assert!(error.contains("no field known for the text; found \"n\""), "{error}");
}

/// A record is not written back: its row is no text.
#[test]
fn rows_are_not_rewritten() {
    let reader = open("deep.parquet", ReadParams::default().text_field(Some("msg.body".into())));
    let record = records(reader).remove(0).unwrap();
    let error = record.rewrite("In [LOC].").unwrap_err().to_string();
    assert_eq!(error, "parquet records cannot be written back with another text");
}

/// Files cut off at every seventh byte are errors; with every byte changed, too, or records, and no panic, and no memory
/// that is not there.
#[test]
fn damaged_files_are_errors() {
    let params = ReadParams::default().check().unwrap();
    for (name, format) in
        [("people-zstd.parquet", Format::Parquet), ("people-lz4.feather", Format::Arrow)]
    {
        let whole = fs_err::read(file(name)).unwrap();
        let read =
            |bytes: Vec<u8>| records(params.from_reader(name, format, std::io::Cursor::new(bytes)));
        for len in (0..whole.len()).step_by(7) {
            let found = read(whole[..len].to_vec());
            let what = format!("{name}: not read: damaged (");
            let damaged = found.iter().filter_map(|found| found.as_ref().err());
            let damaged = damaged.filter(|error| error.contains(&what)).count();
            // The rows of an Arrow file end before the table of its batches.
            let whole = format == Format::Arrow && found.len() == 4;
            assert!(damaged == 1 || (whole && damaged == 0), "{name}, {len}: {found:?}");
        }
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 0xFF;
            read(bytes);
        }
    }
}
