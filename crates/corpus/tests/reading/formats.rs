use std::path::Path;

use cloze_corpus::{Quotes, TableParams};

use super::*;

/// Reads `input` and compares what is shown; without errors, a rewrite gives the input back.
fn check(format: Format, input: &str, expected: &[&str]) {
    let pieces = read_str(ReadParams::default(), format, input);
    assert_eq!(shown(&pieces), expected, "{format}: {input:?}");
    if format != Format::Conll && pieces.iter().all(Result::is_ok) {
        assert_eq!(rewritten(&pieces, str::to_owned).unwrap(), input);
    }
}

#[test]
fn the_format_of_a_path_is_by_its_ending() {
    for (path, expected) in [
        ("a.jsonl", Format::Jsonl),
        ("a.NDJSON", Format::Jsonl),
        ("a.b.csv", Format::Csv),
        ("é/a.Tsv", Format::Tsv),
        ("a.tab", Format::Tsv),
        ("a.conll", Format::Conll),
        ("a.conllu", Format::Conll),
        ("a.iob", Format::Conll),
        ("a.IOB2", Format::Conll),
        ("a.bio", Format::Conll),
        ("a.log", Format::Lines),
        ("a.txt", Format::Text),
        ("csv", Format::Text),
        (".csv", Format::Text),
        ("", Format::Text),
    ] {
        assert_eq!(Format::of_path(Path::new(path)), expected, "{path}");
    }
    let names: Vec<_> = FORMATS.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["text", "lines", "jsonl", "csv", "tsv", "conll"]);
}

#[test]
fn text_is_one_record() {
    for input in ["", "a", "a\r\n\nb\n", "\u{feff}Straße 👍\0", "\n"] {
        check(Format::Text, input, &[&format!("1:{input}")]);
    }
}

#[test]
fn lines_are_a_record_each() {
    for (input, expected) in [
        ("", &[][..]),
        ("\n", &["1:"]),
        ("a", &["1:a"]),
        ("a\n", &["1:a"]),
        ("a\r\n\r\nb\n\nStraße 👍", &["1:a", "2:", "3:b", "4:", "5:Straße 👍"]),
        // Only the line end goes: not another \r, not what other tools take for one.
        ("a\r\r\nb\rc\u{85}\u{2028}\0 \n", &["1:a\r", "2:b\rc\u{85}\u{2028}\0 "]),
        ("\u{feff}a\n\u{feff}b", &["~\u{feff}", "1:a", "2:\u{feff}b"]),
        ("\u{feff}", &["~\u{feff}"]),
    ] {
        check(Format::Lines, input, expected);
    }
}

#[test]
fn jsonl_is_an_object_a_line() {
    for (input, expected) in [
        ("", &[][..]),
        (r#"{"text":"a"}"#, &["1:a"]),
        (
            "{\"text\":\"\"}\r\n \t\r\n\n{\"id\":\"x\",\"text\":\"Stra\\u00dfe 👍\"}\n",
            &["1:", "~ \t\r\n", "~\n", "4#x:Straße 👍"],
        ),
        (
            "\u{feff} { \"id\" : 1.50 , \"text\" : \"\\ud83d\\udc4d\\n\\u0000\" } ",
            &["~\u{feff}", "1#1.50:👍\n\0"],
        ),
        (r#"{"text":"a","id":true}"#, &["1#true:a"]),
        (r#"{"te\u0078t":"a","id":null,"x":{"text":[1]}}"#, &["1:a"]),
    ] {
        check(Format::Jsonl, input, expected);
    }
}

#[test]
fn a_bad_json_line_does_not_end_the_file() {
    let missing = "!in:1: no field known for the text; found";
    for (line, expected) in [
        ("{", "!in:1: expected a JSON object"),
        ("[]", "!in:1: expected a JSON object"),
        ("\"text\"", "!in:1: expected a JSON object"),
        ("{\"text\":\"a\"} x", "!in:1: expected a JSON object"),
        ("{\"text\":\"a\0\"}", "!in:1: expected a JSON object"),
        (r#"{"text":"\ud83d"}"#, "!in:1: expected a JSON object"),
        (r#"{"text":"a","x":1,"\u0078":2}"#, "!in:1: expected a JSON object"),
        ("{}", &format!("{missing} none")),
        (r#"{"b\n":1,"Te":"a"}"#, &format!("{missing} \"Te\", \"b\\n\"")),
        (
            r#"{"message":"a","body":"b"}"#,
            "!in:1: expected one field for the text, found \"message\", \"body\"",
        ),
        (r#"{"text":["a"]}"#, "!in:1: field \"text\": expected a string, found an array"),
        (r#"{"text":{}}"#, "!in:1: field \"text\": expected a string, found an object"),
        (r#"{"text":null}"#, "!in:1: field \"text\": expected a string, found null"),
        (r#"{"text":-1}"#, "!in:1: field \"text\": expected a string, found a number"),
        (r#"{"text":false}"#, "!in:1: field \"text\": expected a string, found a boolean"),
        (
            r#"{"text":"a","id":[]}"#,
            "!in:1: field \"id\": expected a string, a number or a boolean, found an array",
        ),
    ] {
        let input = format!("{line}\n{{\"text\":\"next\"}}");
        let pieces = read_str(ReadParams::default(), Format::Jsonl, &input);
        assert_eq!(shown(&pieces), [expected, "2:next"]);
        assert!(!pieces[0].as_ref().unwrap_err().is_fatal());
    }
    let twice = read_str(ReadParams::default(), Format::Jsonl, r#"{"a":1,"text":"","a":2}"#);
    // Seen at the closing brace, the 23rd byte.
    let source = std::error::Error::source(twice[0].as_ref().unwrap_err()).unwrap().to_string();
    assert_eq!(source, "the key \"a\" occurs twice at line 1 column 23");
}

/// Of a million foreign keys, an error names twenty.
#[test]
fn an_error_stays_short() {
    let keys: Vec<_> = (0..100_000).map(|i| format!("\"{i}\":0")).collect();
    let object = format!("{{{}}}", keys.join(","));
    for (format, input) in [(Format::Jsonl, object), (Format::Csv, ",".repeat(99_999))] {
        let pieces = read_str(ReadParams::default(), format, &input);
        let Err(CorpusError::UnknownField { found, .. }) = &pieces[0] else { panic!("{pieces:?}") };
        assert_eq!(found.len(), 20);
    }
}

#[test]
fn csv_is_rows_below_a_header() {
    for (input, expected) in [
        ("text", &["~text"][..]),
        ("text\r\na\r\n\r\n\"\"\r\nb", &["~text\r\n", "2:a", "~\r\n", "4:", "5:b"]),
        ("id,text,x\n7,Straße 👍,\n,,\n", &["~id,text,x\n", "2#7:Straße 👍", "3#:"]),
        (
            "\u{feff}\n\"te\"\"xt\",text\r\n1,\"a\r\n\"\"b\"\",\"\r\n2,\0\n",
            &["~\u{feff}", "~\n", "~\"te\"\"xt\",text\r\n", "3:a\r\n\"b\",", "5:\0"],
        ),
        (
            "\"text\",id\n 5\" pipe ,\"x\"y\n\"a\"\r\r\n",
            &["~\"text\",id\n", "2#xy: 5\" pipe ", "!in:3: expected 2 columns, found 1"],
        ),
        (
            "text,id\na\nb,1\nc,2,3\nd,\n",
            &[
                "~text,id\n",
                "!in:2: expected 2 columns, found 1",
                "3#1:b",
                "!in:4: expected 2 columns, found 3",
                "5#:d",
            ],
        ),
        (
            "text\n\"a\nb\n",
            &["~text\n", "!in:2: expected a closing quote, found the end of the file"],
        ),
    ] {
        check(Format::Csv, input, expected);
        let tabs = |text: &str| text.replace(',', "\t");
        let expected: Vec<_> = expected
            .iter()
            .map(|e| if e.starts_with('!') { (*e).to_owned() } else { tabs(e) })
            .collect();
        let expected: Vec<_> = expected.iter().map(String::as_str).collect();
        let params = ReadParams::default().table(TableParams::default().quotes(Quotes::Csv));
        let pieces = read_str(params, Format::Tsv, &tabs(input));
        assert_eq!(shown(&pieces), expected, "{input:?}");
    }
}

#[test]
fn a_table_without_its_column_is_refused() {
    // Nothing at all is no table, and nothing wrong.
    check(Format::Csv, "", &[]);
    for (input, expected) in [
        ("\n\n", "!in:3: no column known for the text; found none"),
        (
            "a,\"b \"\"\",Txt\nx,y,z\n",
            "!in:1: no column known for the text; found \"a\", \"b \\\"\", \"Txt\"",
        ),
        ("text,a,Text\n", "!in:1: expected one column for the text, found \"text\", \"Text\""),
        ("id,text,id\n", "!in:1: expected one column for the id, found \"id\", \"id\""),
        ("\"text\n", "!in:1: expected a closing quote, found the end of the file"),
    ] {
        let pieces = read_str(ReadParams::default(), Format::Csv, input);
        assert_eq!(shown(&pieces).last().unwrap(), expected, "{input:?}");
        assert!(pieces.last().unwrap().as_ref().unwrap_err().is_fatal());
        assert_eq!(pieces.iter().filter(|piece| piece.is_err()).count(), 1);
    }
}

#[test]
fn a_new_text_stands_where_the_old_one_stood() {
    for (format, input, new, expected) in [
        (Format::Text, "a\n", "b", "b"),
        (Format::Lines, "a\r\nb", "é", "é\r\né"),
        (
            Format::Jsonl,
            "{ \"text\" : \"\\u0061\" , \"id\":\"a\",\"n\":1e2}\r\n\n",
            "\"é\\\n\u{1}",
            "{ \"text\" : \"\\\"é\\\\\\n\\u0001\" , \"id\":\"a\",\"n\":1e2}\r\n\n",
        ),
        // Quoted where it was, or where it has to be.
        (Format::Csv, "text,id\n\"a\",1\na,\"1\"\r\n", "b", "text,id\n\"b\",1\nb,\"1\"\r\n"),
        (Format::Csv, "text,id\na,1\n", "b\"", "text,id\n\"b\"\"\",1\n"),
        (Format::Csv, "text,id\na,1\n", "b,c", "text,id\n\"b,c\",1\n"),
        (Format::Csv, "text,id\na,1\n", "b\tc", "text,id\nb\tc,1\n"),
        (Format::Csv, "text,id\na,1\n", "b\nc", "text,id\n\"b\nc\",1\n"),
        (Format::Csv, "id,text\n1,a", "b\r", "id,text\n1,\"b\r\""),
        (Format::Csv, "id,text\n1,a", "", "id,text\n1,"),
        (Format::Tsv, "text\tid\na\t1\n", "b,c", "text\tid\nb,c\t1\n"),
        // Of TSV without a need for quotes: they are characters, but around a whole field.
        (Format::Tsv, "text\tid\na\t1\n", "b \"c\"", "text\tid\nb \"c\"\t1\n"),
        (Format::Tsv, "text\tid\na\t1\n", "\"c\"", "text\tid\n\"\"\"c\"\"\"\t1\n"),
        (Format::Tsv, "text\tid\n\"a\" b\t1\n", "c", "text\tid\nc\t1\n"),
        (Format::Tsv, "text\tid\n\"a\"\t1\n", "b \"c\"", "text\tid\n\"b \"\"c\"\"\"\t1\n"),
        (Format::Tsv, "id\ttext\n1\ta", "b\r", "id\ttext\n1\t\"b\r\""),
        // A row of several lines stays one.
        (Format::Tsv, "text\tid\n\"a\nb\"\t1\n", "b\tc", "text\tid\n\"b\tc\"\t1\n"),
        // Alone and empty it would be a blank line.
        (Format::Csv, "text\r\na\r\n", "", "text\r\n\"\"\r\n"),
    ] {
        let pieces = read_str(ReadParams::default(), format, input);
        assert_eq!(rewritten(&pieces, |_| new.to_owned()).unwrap(), expected, "{input:?}");
    }
    let unquoted = || ReadParams::default().table(TableParams::default().quotes(Quotes::None));
    for (params, format, input, new, expected) in [
        (ReadParams::default(), Format::Tsv, "text\tid\na\t1\n", "b\tc", "no '\\t'"),
        (ReadParams::default(), Format::Tsv, "text\tid\n\"a\"\t1\n", "b\nc", "no '\\t'"),
        (unquoted(), Format::Tsv, "text\na\n", "", "no empty text"),
        (unquoted(), Format::Tsv, "id\ttext\n1\ta\n", "b\r", "no line end"),
        (unquoted(), Format::Csv, "text,id\na,1\n", "b,c", "no ','"),
    ] {
        let pieces = read_str(params, format, input);
        let error = rewritten(&pieces, |_| new.to_owned()).unwrap_err();
        assert!(error.to_string().contains(expected), "{input:?}: {error}");
    }
    let pieces = read_str(unquoted(), Format::Csv, "text,id\n\"a\",1\n");
    assert_eq!(rewritten(&pieces, |_| "\"b".to_owned()).unwrap(), "text,id\n\"b,1\n");
    let pieces = read_str(ReadParams::default(), Format::Conll, "a\n");
    let error = rewritten(&pieces, str::to_owned).unwrap_err();
    assert!(matches!(error, CorpusError::NotRewritable { format: Format::Conll }));
    assert_eq!(error.to_string(), "conll records cannot be written back with another text");
}

#[test]
fn conll_is_a_token_a_row() {
    for (input, expected) in [
        ("", &[][..]),
        ("\n \t\r\n", &["~\n", "~ \t\r\n"]),
        ("Straße B-LOC\r\n👍   O\r\n\r\n\r\nb O", &["1:Straße 👍", "~\r\n", "~\r\n", "5:b"]),
        ("New York\tB-LOC\n\u{a0}\tO\n", &["1:New York \u{a0}"]),
        (
            "-DOCSTART- -X- O\n\nEU NNP\n-DOCSTART- -X- O\na O\n\n",
            &["~-DOCSTART- -X- O\n", "~\n", "3:EU", "~-DOCSTART- -X- O\n", "5:a", "~\n"],
        ),
        // Comments stand before a sentence; elsewhere, or without ` = `, `#` is a token.
        (
            "# sent_id = 1\n# newpar\n# newdoc id = 2\na O\n# newpar O\n\n# O\n",
            &["~# sent_id = 1\n", "~# newpar\n", "~# newdoc id = 2\n", "4:a #", "~\n", "7:#"],
        ),
        (
            "a O\n\tO\n\tO\n\nb O\n",
            &["!in:2: expected a token in column 1, found nothing", "~\n", "5:b"],
        ),
    ] {
        check(Format::Conll, input, expected);
    }
}

#[test]
fn conll_words_are_spans_of_the_text() {
    let input = "1\tNew York\tX\n2-3\tdu\t_\n2\t👍\tX\n2.1\tghost\tX\n3\té\tX\n";
    for (column, text, words) in [
        (1, "1 2-3 2 2.1 3", &["1", "2-3", "2", "2.1", "3"][..]),
        (2, "New York 👍 é", &["New York", "👍", "é"]),
        (3, "X X X", &["X", "X", "X"]),
    ] {
        let pieces = read_str(ReadParams::default().token_column(column), Format::Conll, input);
        let [Ok(Piece::Record(record))] = &pieces[..] else { panic!("{pieces:?}") };
        assert_eq!(record.text, text);
        let spans = record.words.as_ref().unwrap();
        let found: Vec<_> = spans.iter().map(|span| span.of(&record.text).unwrap()).collect();
        assert_eq!(found, words);
    }
}

#[test]
fn a_bad_row_drops_its_sentence_only() {
    let input = "a\tx\nb\nc\nd\ty\n\ne\tz\n";
    let pieces = read_str(ReadParams::default().token_column(2), Format::Conll, input);
    assert_eq!(shown(&pieces), ["!in:2: expected 2 columns, found 1", "~\n", "6:z"]);
    assert!(!pieces[0].as_ref().unwrap_err().is_fatal());
}

#[test]
fn the_limit_is_the_longest_text() {
    let long = "!in:1: expected at most 12 bytes, found more";
    for (format, fits, too_long, fatal) in [
        (Format::Text, "123456789é\n", "123456789é\n\n", true),
        (Format::Lines, "1234567890é\r\nx", "1234567890\0é\r\nx", false),
        (Format::Lines, "1234567890é", "12345678901é\nx", false),
        (Format::Lines, "1234567890é\n\n", "1234567890é\r\r\nx", false),
        (Format::Jsonl, "{\"text\":\"1\"}\r\n{}", "{\"text\":\"12\"}\n{}", false),
        (Format::Csv, "\"text\",\"456\"\r\n1,2", "\"text\",\"4567\"\n1,2", true),
        (Format::Conll, "1234 O\n56789\n1", "1234 O\n56789\n12\n\n1", false),
        (Format::Conll, "1234567890 O\n1", "1234567890 OO\n\n1", false),
    ] {
        let params = ReadParams::default().max_text_bytes(12);
        let pieces = read_str(params.clone(), format, fits);
        assert!(pieces[0].is_ok(), "{format}: {pieces:?}");
        let pieces = read_str(params, format, too_long);
        assert_eq!(shown(&pieces)[0], long, "{format}: {too_long:?}");
        assert_eq!(pieces[0].as_ref().unwrap_err().is_fatal(), fatal);
        assert_eq!(pieces.len() == 1, fatal, "{format}: {pieces:?}");
    }
}

/// A row is passed over, not a line: quotes still count.
#[test]
fn after_a_row_too_long_comes_the_next_row() {
    let input = format!("text,id\n\"{}\n,1,\",2\n3,4\n", "x\n".repeat(100));
    let pieces = read_str(ReadParams::default().max_text_bytes(20), Format::Csv, &input);
    let expected = ["~text,id\n", "!in:2: expected at most 20 bytes, found more", "104#4:3"];
    assert_eq!(shown(&pieces), expected);
}
