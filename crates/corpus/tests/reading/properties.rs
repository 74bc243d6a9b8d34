use std::fmt::Write as _;

use cloze_corpus::{Encoding, Quotes, TableParams};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Few characters, so that line ends, quotes and delimiters meet.
const TEXT: &str = "[ab \"',;\t\n\r\\\\é👍\0\u{feff}]{0,8}";

/// A field as some program might write it, and what it means.
fn field(delimiter: char) -> impl Strategy<Value = (String, String)> {
    (TEXT, any::<bool>()).prop_map(move |(text, quoted)| {
        if quoted || text.starts_with('"') || text.contains([delimiter, '\n', '\r']) {
            (format!("\"{}\"", text.replace('"', "\"\"")), text)
        } else {
            (text.clone(), text)
        }
    })
}

fn ending() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("\n"), Just("\r\n")]
}

type Row = ((String, String), (String, String), &'static str);

/// A table of two columns, and the id and the text of each row. The last line end may be missing.
fn table(delimiter: char) -> impl Strategy<Value = (String, Vec<(String, String)>)> {
    let row = (field(delimiter), field(delimiter), ending());
    (vec(row, 0..6), ending(), any::<bool>(), any::<bool>()).prop_map(
        move |(rows, header_end, mark, cut): (Vec<Row>, _, _, _)| {
            let mark = if mark { "\u{feff}" } else { "" };
            let mut file = format!("{mark}id{delimiter}text{header_end}");
            let mut values = vec![];
            for ((id, id_value), (text, text_value), ending) in rows {
                write!(file, "{id}{delimiter}{text}{ending}").unwrap();
                values.push((id_value, text_value));
            }
            if cut {
                file.truncate(file.trim_end_matches(['\n', '\r']).len());
            }
            (file, values)
        },
    )
}

/// A literal with some characters escaped that need not be.
fn literal() -> impl Strategy<Value = (String, String)> {
    vec(
        (any::<char>().prop_filter("in the basic plane", |c| c.len_utf16() == 1), any::<bool>()),
        0..6,
    )
    .prop_map(|characters| {
        let write = |&(c, escaped): &(char, bool)| match c {
            '"' | '\\' | '\0'..='\u{1f}' => format!("\\u{:04X}", u32::from(c)),
            c if escaped => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        };
        let literal: String = characters.iter().map(write).collect();
        (format!("\"{literal}\""), characters.iter().map(|&(c, _)| c).collect())
    })
}

/// Lines of JSON in odd spacing with the text in odd places, blank lines between them.
fn objects() -> impl Strategy<Value = (String, Vec<String>)> {
    let line = (literal(), "[ \t]{0,2}", literal(), 0..3usize, ending());
    vec(line, 0..6).prop_map(|lines| {
        let (mut file, mut texts) = (String::new(), vec![]);
        for ((literal, text), space, (other, _), shape, ending) in lines {
            match shape {
                0 => {
                    write!(file, "{space}{{\"text\"{space}:{space}{literal},\"x\":{other}}}{ending}").unwrap();
                    texts.push(text);
                }
                1 => {
                    write!(file, "{{\"x\":{{\"text\":{other}}},{space}\"text\":{literal}{space}}}{space}{ending}").unwrap();
                    texts.push(text);
                }
                _ => write!(file, "{space}{ending}").unwrap(),
            }
        }
        (file, texts)
    })
}

fn texts(pieces: &[Result<Piece, CorpusError>]) -> Vec<String> {
    let records = pieces.iter().filter_map(|piece| match piece {
        Ok(Piece::Record(record)) => Some(record.text.clone()),
        _ => None,
    });
    records.collect()
}

/// The rows as the `csv` crate reads them.
fn rows_of_csv_crate(file: &str, delimiter: char) -> Vec<(String, String)> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(u8::try_from(delimiter).unwrap())
        .from_reader(file.trim_start_matches('\u{feff}').as_bytes());
    let row = |row: csv::Result<csv::StringRecord>| {
        let row = row.unwrap();
        (row[0].to_owned(), row[1].to_owned())
    };
    reader.records().map(row).collect()
}

proptest! {
    #[test]
    fn lines_are_given_back(input in "[a é👍\r\n\0\u{feff}]{0,40}", new in "[b👍]{0,3}") {
        let pieces = read_str(ReadParams::default(), Format::Lines, &input);
        prop_assert_eq!(rewritten(&pieces, str::to_owned).unwrap(), &*input);
        // A second reader of lines: what is split off at \n, less one \r before it.
        let body = input.strip_prefix('\u{feff}').unwrap_or(&input);
        let mut expected: Vec<_> = body.split_inclusive('\n').map(|line| {
            line.strip_suffix("\r\n").or(line.strip_suffix('\n')).unwrap_or(line).to_owned()
        }).collect();
        prop_assert_eq!(texts(&pieces), &*expected);

        // Rewritten, it reads as the new texts; but for the last, which may have no line end.
        let again = rewritten(&pieces, |_| new.clone()).unwrap();
        if input.ends_with('\n') || body.is_empty() {
            expected.fill(new);
            prop_assert_eq!(texts(&read_str(ReadParams::default(), Format::Lines, &again)), expected);
        }
    }

    #[test]
    fn objects_are_given_back((input, expected) in objects(), new in any::<String>()) {
        let pieces = read_str(ReadParams::default(), Format::Jsonl, &input);
        prop_assert_eq!(texts(&pieces), &*expected);
        prop_assert_eq!(rewritten(&pieces, str::to_owned).unwrap(), &*input);

        let again = rewritten(&pieces, |text| format!("{text}{new}")).unwrap();
        let expected: Vec<_> = expected.iter().map(|text| format!("{text}{new}")).collect();
        let pieces = read_str(ReadParams::default(), Format::Jsonl, &again);
        prop_assert_eq!(texts(&pieces), expected);
        // And back: the old text where it was, and nothing else changed.
        let back = rewritten(&pieces, |text| text[..text.len() - new.len()].to_owned()).unwrap();
        let values = |file: &str| -> Vec<serde_json::Value> {
            file.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
        };
        prop_assert_eq!(values(&back), values(&input));
    }

    #[test]
    fn rows_are_given_back(
        (delimiter, (input, expected)) in prop_oneof![Just(','), Just('\t')]
            .prop_flat_map(|delimiter| (Just(delimiter), table(delimiter))),
        new in TEXT,
    ) {
        let format = if delimiter == ',' { Format::Csv } else { Format::Tsv };
        let rows = |pieces: &[Result<Piece, CorpusError>]| -> Vec<_> {
            let row = |piece: &Result<Piece, CorpusError>| match piece.as_ref().unwrap() {
                Piece::Record(record) => Some((record.id.clone().unwrap(), record.text.clone())),
                Piece::Verbatim(_) => None,
            };
            pieces.iter().filter_map(row).collect()
        };
        let params = || ReadParams::default().table(TableParams::default().quotes(Quotes::Csv));
        let pieces = read_str(params(), format, &input);
        prop_assert_eq!(rows(&pieces), &*expected);
        prop_assert_eq!(rows_of_csv_crate(&input, delimiter), &*expected);
        prop_assert_eq!(rewritten(&pieces, str::to_owned).unwrap(), &*input);

        let again = rewritten(&pieces, |_| new.clone()).unwrap();
        let expected: Vec<_> = expected.into_iter().map(|(id, _)| (id, new.clone())).collect();
        prop_assert_eq!(rows(&read_str(params(), format, &again)), &*expected);
        prop_assert_eq!(rows_of_csv_crate(&again, delimiter), expected);
    }

    /// However quotes stand in TSV, a row is a line, given back as it is, and a new text is read as it was
    /// written.
    #[test]
    fn lines_of_tsv_are_given_back(
        fields in vec(("[ab\" é]{0,5}", "[x\"]{0,3}", ending()), 0..5),
        new in "[ab\" é]{0,4}",
    ) {
        let rows = fields.iter().map(|(text, id, ending)| format!("{text}\t{id}{ending}"));
        let input = format!("text\tid\n{}", rows.collect::<String>());
        let pieces = read_str(ReadParams::default(), Format::Tsv, &input);
        prop_assert_eq!(texts(&pieces).len(), fields.len());
        prop_assert_eq!(rewritten(&pieces, str::to_owned).unwrap(), &*input);

        let again = rewritten(&pieces, |_| new.clone()).unwrap();
        let found = texts(&read_str(ReadParams::default(), Format::Tsv, &again));
        prop_assert_eq!(found, std::vec![new; fields.len()]);
    }

    /// Fields that no program writes: characters behind a closing quote, quotes inside.
    #[test]
    fn odd_rows_are_given_back(
        rows in vec(("\"(a|\"\"|,|\n){0,2}\"(a[a\"]{0,2})?|[a\r][a\"\r]{0,2}", ending()), 0..5),
    ) {
        let rows: Vec<_> = rows.iter().map(|(field, ending)| format!("{field},1{ending}")).collect();
        let input = format!("text,id\n{}", rows.concat());
        let pieces = read_str(ReadParams::default(), Format::Csv, &input);
        prop_assert_eq!(pieces.len(), 1 + rows.len());
        prop_assert_eq!(rewritten(&pieces, str::to_owned).unwrap(), input);
    }

    #[test]
    fn sentences_are_the_tokens_given(sentences in vec(vec("[a#é👍\0-]{1,3}", 1..4), 0..4), space in "\t|  ?") {
        let file: String = sentences.iter().map(|tokens| {
            tokens.join(&format!("{space}O\r\n")) + &space + "O\r\n\r\n"
        }).collect();
        let pieces = read_str(ReadParams::default(), Format::Conll, &file);
        let found: Vec<Vec<String>> = pieces.iter().filter_map(|piece| match piece {
            Ok(Piece::Record(record)) => Some(record),
            _ => None,
        }).map(|record| {
            let words = record.words.as_ref().unwrap();
            words.iter().map(|word| word.of(&record.text).unwrap().to_owned()).collect()
        }).collect();
        prop_assert_eq!(found, sentences);
    }

    /// Any bytes, in any format and encoding: it ends, and one byte a read changes nothing.
    #[test]
    fn foreign_bytes_end_without_a_panic(
        bytes in prop_oneof![
            vec(any::<u8>(), 0..300),
            vec(prop::sample::select(b"a \"\\,\t\n\r{}:#-=\0\xC3\xA9\xD8".to_vec()), 0..300),
        ],
        head in prop::sample::select(vec!["", "text\n", "text,text\tid\n", "{\"text\":\""]),
        label in prop::sample::select(vec![
            "utf-8", "latin1", "utf-16", "utf-16be", "gb18030", "shift_jis", "iso-2022-jp", "euc-kr", "big5",
        ]),
        max in prop_oneof![1..20usize, Just(1 << 20)],
        column in 1..4usize,
    ) {
        let encoding = Encoding::parse(label).unwrap();
        let bytes = [encoding.encode(head).unwrap(), bytes].concat();
        for format in FORMATS {
            let params = ReadParams::default().encoding(encoding).max_text_bytes(max).token_column(column);
            let whole = read(params.clone(), format, io::Cursor::new(bytes.clone()));
            prop_assert!(whole.len() <= 2 * bytes.len() + 2);
            for piece in &whole[..whole.len().saturating_sub(1)] {
                prop_assert!(piece.as_ref().err().is_none_or(|error| !error.is_fatal()));
            }
            for text in texts(&whole) {
                prop_assert!(text.len() <= max);
            }
            prop_assert_eq!(shown(&read(params, format, Trickle::new(&bytes))), shown(&whole));
        }
    }

    #[test]
    fn encoding_undoes_decoding(text in any::<String>(), label in prop::sample::select(vec![
        "utf-8", "utf-16le", "utf-16be", "gb18030", "windows-1252", "shift_jis", "iso-2022-jp",
    ])) {
        let encoding = Encoding::parse(label).unwrap();
        let Ok(bytes) = encoding.encode(&text) else { return Ok(()) };
        let params = ReadParams::default().encoding(encoding);
        let pieces = read(params, Format::Text, io::Cursor::new(bytes.clone()));
        let Ok(Piece::Record(record)) = &pieces[0] else { panic!("{pieces:?}") };
        prop_assert_eq!(encoding.encode(&record.text).unwrap(), bytes);
    }
}
