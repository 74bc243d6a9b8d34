//! Byte order marks, and encodings that are guessed.
use cloze_corpus::{Encoding, LabelledParams, PairParams};

use super::*;

/// `text` in UTF-8, UTF-16LE and UTF-16BE, each with its mark.
fn marked(text: &str) -> [Vec<u8>; 3] {
    let text = format!("\u{feff}{text}");
    let units: Vec<u16> = text.encode_utf16().collect();
    [
        text.into_bytes(),
        units.iter().copied().flat_map(u16::to_le_bytes).collect(),
        units.iter().copied().flat_map(u16::to_be_bytes).collect(),
    ]
}

/// Whatever was asked for.
#[test]
fn a_mark_decides_in_every_format() {
    for (format, file, text) in [
        (Format::Text, "é👍", "\u{feff}é👍"),
        (Format::Lines, "é👍\n", "é👍"),
        (Format::Jsonl, "{\"text\":\"é👍\"}\n", "é👍"),
        (Format::Csv, "text\né👍\n", "é👍"),
        (Format::Tsv, "text\né👍\n", "é👍"),
        (Format::Conll, "é👍\tO\n", "é👍"),
    ] {
        for asked in ["utf-8", "utf-16", "utf-16be", "latin1", "gbk", "auto"] {
            for (bytes, name) in marked(file).into_iter().zip(["UTF-8", "UTF-16LE", "UTF-16BE"]) {
                let params = ReadParams::default().encoding(Encoding::parse(asked).unwrap());
                let trickle = Trickle::new(&bytes);
                let mut reader = params.check().unwrap().from_reader("in", format, trickle);
                let mut pieces: Vec<_> = reader.by_ref().collect();
                assert_eq!(reader.encoding().name(), name, "{format} as {asked}");
                pieces.retain(|piece| !matches!(piece, Ok(Piece::Verbatim(_))));
                assert_eq!(shown(&pieces), [format!("{}:{text}", first_line(format))], "{format}");
            }
        }
    }
    for bytes in marked("text,label\né,a\n") {
        let params = LabelledParams::default().check().unwrap();
        let mut rows = params.from_reader("in", Format::Csv, io::Cursor::new(bytes)).unwrap();
        assert_eq!(rows.next().unwrap().unwrap().text, "é");
    }
    for bytes in marked("sentence1\tsentence2\né\tü\n") {
        let params = PairParams::default().check().unwrap();
        let mut rows = params.from_reader("in", Format::Tsv, io::Cursor::new(bytes)).unwrap();
        assert_eq!(rows.next().unwrap().unwrap().second, "ü");
    }
}

fn first_line(format: Format) -> u64 {
    if matches!(format, Format::Csv | Format::Tsv) { 2 } else { 1 }
}

#[test]
fn utf32_is_refused_by_name() {
    for bytes in [&[0xFF, 0xFE, 0, 0, b'a', 0, 0, 0][..], &[0, 0, 0xFE, 0xFF, 0, 0, 0, b'a']] {
        let pieces = read(ReadParams::default(), Format::Text, io::Cursor::new(bytes.to_owned()));
        let expected = "!in: expected UTF-8, UTF-16 or another encoding of the web, found UTF-32";
        assert_eq!(shown(&pieces), [expected]);
    }
}

/// Texts of a language each, long enough to know its letters.
#[test]
fn an_encoding_is_guessed_where_it_is_asked_for() {
    let german = "Müller grüßt aus Köln und wünscht schöne Tage für alle Gäste.";
    let russian = "Анна живёт в Москве и работает в большой библиотеке на улице Мира.";
    let japanese = "東京に住んでいる田中さんは、毎日電車で会社に行きます。";
    for (text, label, expected) in [
        (german, "utf-8", "UTF-8"),
        (german, "windows-1252", "windows-1252"),
        (russian, "windows-1251", "windows-1251"),
        (russian, "koi8-r", "KOI8-U"),
        (japanese, "shift_jis", "Shift_JIS"),
        (japanese, "euc-jp", "EUC-JP"),
        (german, "utf-16le", "UTF-16LE"),
        (german, "utf-16be", "UTF-16BE"),
        ("plain", "utf-8", "UTF-8"),
        ("", "utf-8", "UTF-8"),
    ] {
        let bytes = Encoding::parse(label).unwrap().encode(text).unwrap();
        let params = ReadParams::default().encoding(Encoding::AUTO).check().unwrap();
        let mut reader = params.from_reader("in", Format::Text, Trickle::new(&bytes));
        assert!(reader.encoding().is_auto());
        assert_eq!(shown(&reader.by_ref().collect::<Vec<_>>()), [format!("1:{text}")], "{label}");
        assert_eq!(reader.encoding().name(), expected);
    }
    // More than a block, with its first such letter at the end.
    let mut bytes = "plain words ".repeat(20_000).into_bytes();
    bytes.extend(b"caf\xE9");
    let params = ReadParams::default().encoding(Encoding::AUTO);
    let pieces = read(params, Format::Text, io::Cursor::new(bytes));
    assert!(shown(&pieces)[0].ends_with("plain words café"));
}

/// A picture is none of the texts that any bytes are in windows-1252.
#[test]
fn bytes_that_are_no_text_are_not_guessed() {
    let png = b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR".to_vec();
    let params = ReadParams::default().encoding(Encoding::AUTO);
    let pieces = read(params, Format::Text, io::Cursor::new(png));
    assert_eq!(shown(&pieces), ["!in: not read: binary, and of no known kind"]);
}
