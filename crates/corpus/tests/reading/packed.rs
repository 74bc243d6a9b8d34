//! Files that gzip and Zstandard packed.
use std::io::Write as _;
use std::path::Path;

use cloze_corpus::{Source, UnpackError};
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(vec![], flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

/// The pieces of a file of this name.
fn read_file(name: &str, bytes: &[u8]) -> Vec<Result<Piece, CorpusError>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs_err::write(&path, bytes).unwrap();
    let source = Source::named(path.to_str().unwrap());
    match ReadParams::default().check().unwrap().open(&source) {
        Ok(reader) => reader.collect(),
        Err(error) => vec![Err(error)],
    }
}

#[test]
fn a_packed_file_is_read_as_what_it_holds() {
    let lines = "{\"text\":\"é\"}\n{\"text\":\"b\"}\n";
    let long = "line of a file\n".repeat(40_000);
    for (name, text, count) in [
        ("a.jsonl", lines, 2),
        ("a.csv", "text\nb\n\"c\nd\"\n", 3),
        ("a.log", long.as_str(), 40_000),
        ("a.txt", "", 1),
        ("a", "x", 1),
    ] {
        let plain = shown(&read_file(name, text.as_bytes()));
        assert_eq!(plain.len(), count, "{name}");
        for (ending, packed) in [(".gz", gzip(text.as_bytes())), (".zst", zstd(text.as_bytes()))] {
            let found = shown(&read_file(&format!("{name}{ending}"), &packed));
            assert_eq!(found, plain, "{name}{ending}");
            // By its first bytes, too.
            assert_eq!(shown(&read_file(name, &packed)), plain, "{name} for {ending}");
        }
    }
    assert_eq!(Format::of_path(Path::new("A.CSV.GZ")), Format::Csv);
    assert_eq!(Format::of_path(Path::new("a.pdf.zst")), Format::Pdf);
}

/// As `cat a.gz b.gz` joins them; a skippable frame of Zstandard has 4 bytes of magic and 4 of length.
#[test]
fn packed_files_may_be_joined() {
    let joined = [gzip(b"a\n"), gzip(b"b\n")].concat();
    assert_eq!(shown(&read_file("a.log.gz", &joined)), ["1:a", "2:b"]);
    let skippable = b"\x50\x2A\x4D\x18\x03\0\0\0xyz".to_vec();
    let joined = [skippable.clone(), zstd(b"a\n"), skippable, zstd(b"b\n")].concat();
    assert_eq!(shown(&read_file("a.log.zst", &joined)), ["1:a", "2:b"]);
}

#[test]
fn a_packed_file_that_is_none_or_damaged_is_an_error() {
    let failure = |name: &str, bytes: &[u8]| {
        let error = read_file(name, bytes).into_iter().find_map(Result::err).unwrap();
        assert!(error.is_fatal());
        match error {
            CorpusError::Unpack(error) => error,
            error => panic!("{error}"),
        }
    };
    for name in ["a.txt.gz", "a.txt.zst"] {
        assert!(matches!(failure(name, b"plain text"), UnpackError::NotPacked { .. }), "{name}");
    }
    let numbers: Vec<String> = (0..9_999).map(|i: u32| (i * i).to_string()).collect();
    let text = numbers.join(" ");
    for (name, whole) in [("a.gz", gzip(text.as_bytes())), ("a.zst", zstd(text.as_bytes()))] {
        for length in [5, 12, whole.len() / 2, whole.len() - 1] {
            let error = failure(name, &whole[..length]);
            assert!(matches!(error, UnpackError::Damaged { .. }), "{name} {length}: {error}");
        }
        let mut changed = whole.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 0x10;
        assert!(matches!(failure(name, &changed), UnpackError::Damaged { .. }), "{name}");
    }
}

/// 140 MiB of spaces: gzip takes 1,030 times less, and 64 MiB are free.
#[test]
fn a_file_that_unpacks_without_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb.log.gz");
    let file = fs_err::File::create(&path).unwrap();
    let mut encoder = GzEncoder::new(file, flate2::Compression::best());
    // Lines, so that no limit on one ends it.
    let mut block = vec![b' '; 1 << 16];
    block.push(b'\n');
    (0..(140 << 20) / block.len()).for_each(|_| encoder.write_all(&block).unwrap());
    encoder.finish().unwrap();
    let source = Source::named(path.to_str().unwrap());
    let mut reader = ReadParams::default().check().unwrap().open(&source).unwrap();
    let error = reader.find_map(Result::err).unwrap().to_string();
    let expected =
        format!("{}: expected at most 500 times its packed size, found more", path.display());
    assert_eq!(error, expected);
}
