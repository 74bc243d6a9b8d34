use cloze_corpus::{Encoding, Sniff};

use super::*;

fn with(label: &str) -> ReadParams {
    ReadParams::default().encoding(Encoding::parse(label).unwrap())
}

#[test]
fn a_label_names_an_encoding() {
    for (label, expected) in [
        ("utf-8", "UTF-8"),
        (" UTF8 ", "UTF-8"),
        ("utf_8", "UTF-8"),
        ("latin1", "windows-1252"),
        ("latin-1", "windows-1252"),
        ("ISO-8859-15", "ISO-8859-15"),
        ("utf-16", "UTF-16"),
        ("UTF16", "UTF-16"),
        ("utf-16le", "UTF-16LE"),
        ("utf-16be", "UTF-16BE"),
        ("shift_jis", "Shift_JIS"),
    ] {
        let encoding = Encoding::parse(label).unwrap();
        assert_eq!(encoding.name(), expected);
        let sniff = if expected.starts_with("UTF-16") { Sniff::Off } else { Sniff::Nul };
        assert_eq!(encoding.sniff(), sniff, "{label}");
    }
    // The last is one that browsers refuse, and would read as one replacement character.
    for label in ["", "klingon", "utf-32", "é", "hz-gb-2312"] {
        let error = Encoding::parse(label).unwrap_err().to_string();
        let expected = "expected an encoding such as \"utf-8\", \"utf-16\" or \"windows-1252\"";
        assert_eq!(error, format!("{label:?}: {expected}"));
    }
    assert_eq!(Encoding::default(), Encoding::parse("utf8").unwrap());
}

/// The bytes by hand: é is U+00E9, 0xE9 in latin1; € is 0x80 in windows-1252; 👍 is U+1F44D, the
/// surrogates D83D DC4D; あ is 0x82 0xA0 in `Shift_JIS`.
#[test]
fn text_is_decoded_and_encoded_alike() {
    for (label, bytes, text) in [
        ("utf-8", &b""[..], ""),
        ("utf-8", "é👍\0".as_bytes(), "é👍\0"),
        ("latin1", &[0xE9, b'a', 0x80], "éa€"),
        ("utf-16le", &[0xE9, 0, 0x3D, 0xD8, 0x4D, 0xDC], "é👍"),
        ("utf-16be", &[0, 0xE9, 0xD8, 0x3D, 0xDC, 0x4D], "é👍"),
        ("utf-16", &[0xFF, 0xFE, 0xE9, 0], "\u{feff}é"),
        ("utf-16", &[0xE9, 0, 0x0A, 0x0D], "é\u{d0a}"),
        ("shift_jis", &[0x82, 0xA0, b'b'], "あb"),
    ] {
        for pieces in [
            read(with(label), Format::Text, io::Cursor::new(bytes.to_owned())),
            read(with(label), Format::Text, Trickle::new(bytes)),
        ] {
            assert_eq!(shown(&pieces), [format!("1:{text}")], "{label}");
        }
        assert_eq!(Encoding::parse(label).unwrap().encode(text).unwrap(), bytes, "{label}");
    }
}

#[test]
fn a_mark_decides_which_utf16_it_is() {
    for (bytes, name) in [
        (&[0xFE, 0xFF, 0, b'a', 0, b'\n'][..], "UTF-16BE"),
        (&[0xFF, 0xFE, b'a', 0, b'\n', 0], "UTF-16LE"),
    ] {
        let mut reader =
            with("utf-16").check().unwrap().from_reader("in", Format::Lines, Trickle::new(bytes));
        assert_eq!(reader.encoding().name(), "UTF-16");
        let pieces: Vec<_> = reader.by_ref().collect();
        assert_eq!(shown(&pieces), ["~\u{feff}", "1:a"]);
        assert_eq!(reader.encoding().name(), name);
        let text = rewritten(&pieces, str::to_owned).unwrap();
        assert_eq!(reader.encoding().encode(&text).unwrap(), bytes);
    }
}

#[test]
fn a_character_the_encoding_lacks_is_an_error() {
    for (label, text, expected) in [
        ("latin1", "é€👍ж", "expected characters of windows-1252, found '👍'"),
        ("shift_jis", "あé", "expected characters of Shift_JIS, found 'é'"),
    ] {
        let error = Encoding::parse(label).unwrap().encode(text).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

/// Every bad byte at every place of a file, with whole characters before it.
#[test]
fn the_first_bad_byte_is_named() {
    for (label, bad, name) in [
        ("utf-8", &[0xFF, b'x'][..], "UTF-8"),
        ("utf-8", &[0xE2, 0x82, b'x'], "UTF-8"),
        ("utf-8", &[0xE2, 0x82], "UTF-8"), // cut off by the end
        ("utf-8", &[0xF0, 0x9F, 0x91, 0xC3, 0xA9], "UTF-8"),
        ("utf-8", &[0xED, 0xA0, 0x80], "UTF-8"), // a surrogate
        ("utf-8", &[0xC0, 0x80], "UTF-8"),       // an overlong NUL
        ("utf-16be", &[0xD8, 0x3D, 0, b'x'], "UTF-16BE"),
        ("utf-16be", &[0xDC, 0x4D, 0, b'x'], "UTF-16BE"),
        ("utf-16be", &[0xD8, 0x3D, 0xD8, 0x3D], "UTF-16BE"),
        ("utf-16be", &[0], "UTF-16BE"), // half a unit
        ("shift_jis", &[0x82, 0xFF, b'x'], "Shift_JIS"),
    ] {
        // The bad bytes lie before, across and after the end of a block, 65 536 bytes.
        for len in [0, 1, 2, 3, 16, 32_767, 32_768, 65_533, 65_534, 65_535, 65_536] {
            let lines = "0123456789abcde\n".repeat(1 + len / 16);
            let mut bytes = Encoding::parse(label).unwrap().encode(&lines[..len]).unwrap();
            let offset = bytes.len();
            bytes.extend(bad);
            let pieces = read(with(label), Format::Lines, io::Cursor::new(bytes.clone()));
            let expected = format!("!in: byte {offset}: expected {name}, found invalid bytes");
            assert_eq!(shown(&pieces).last(), Some(&expected), "{label} {bad:x?}");
            assert_eq!(pieces.len(), len / 16 + 1, "every line before it is read");
            assert!(pieces[len / 16].as_ref().unwrap_err().is_fatal());
            if len < 20 {
                let trickled = read(with(label), Format::Lines, Trickle::new(&bytes));
                assert_eq!(shown(&trickled), shown(&pieces));
            }
        }
    }
}

/// However few bytes a read gives; a lone NUL, and a short text, may be anything.
#[test]
fn utf_16_without_a_mark_is_named() {
    let utf16 = Encoding::parse("utf-16be").unwrap().encode("id,text\n1,Lena Vogt\n").unwrap();
    for (bytes, expected) in [
        (&utf16[..], Some("in: not read: UTF-16BE without a byte order mark")),
        (b"id,text\n1,a\0b\n", None),
        (b"\0a", None),
    ] {
        for trickled in [false, true] {
            let params = ReadParams::default().check().unwrap();
            let mut reader = if trickled {
                params.from_reader("in", Format::Lines, Trickle::new(bytes))
            } else {
                params.from_reader("in", Format::Lines, io::Cursor::new(bytes.to_vec()))
            };
            let error = reader.next().and_then(Result::err).map(|error| error.to_string());
            assert_eq!(error.as_deref(), expected, "{bytes:?}");
        }
    }
}
