//! Texts with labels, as a caller sees them.
use std::io::Cursor;

use cloze_corpus::{CorpusError, Encoding, Example, Format, LabelledParams, Quotes, TableParams};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::Trickle;

fn read(params: LabelledParams, format: Format, input: &[u8]) -> Vec<Result<Example, CorpusError>> {
    let params = params.check().unwrap();
    params.from_reader("in", format, Cursor::new(input.to_owned())).unwrap().collect()
}

/// One example per row: `line[#id] text[|second]=label+label`, or `!error`.
fn shown(examples: &[Result<Example, CorpusError>]) -> Vec<String> {
    let show = |example: &Result<Example, CorpusError>| match example {
        Ok(Example { line, id, text, second, labels, .. }) => {
            let id = id.as_ref().map(|id| format!("#{id}")).unwrap_or_default();
            let second = second.as_ref().map(|second| format!("|{second}")).unwrap_or_default();
            format!("{line}{id} {text}{second}={}", labels.join("+"))
        }
        Err(error) => format!("!{error}"),
    };
    examples.iter().map(show).collect()
}

fn one() -> LabelledParams {
    LabelledParams::default()
}

fn several() -> LabelledParams {
    one().label_separator(Some("|".into()))
}

fn asked(text: &str, label: &str) -> LabelledParams {
    one().text_field(Some(text.into())).label_field(Some(label.into()))
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn the_first_row_is_a_header_unless_the_settings_say_otherwise() {
    let bare = || one().table(TableParams::default().header(false));
    for (params, input, expected) in [
        // Text and label are told apart by their places: swapped, each line would read otherwise.
        (bare(), "a,x\nb,y\n", &["1 a=x", "2 b=y"][..]),
        (bare(), "a,between,x\n", &["1 a=x"]),
        (bare(), "text,label\n", &["1 text=label"]),
        (asked("3", "1").table(TableParams::default().header(false)), "x,7,a\n", &["1 a=x"]),
        (
            one().text_field(Some("1,2".into())).table(TableParams::default().header(false)),
            "a,b,x\n",
            &["1 a\nb=x"],
        ),
        // The last column is the text, and no other is known for the label.
        (
            one().text_field(Some("2".into())).table(TableParams::default().header(false)),
            "x,a\n",
            &["!in:1: no column known for the label; found \"1\", \"2\""],
        ),
        (
            asked("4", "1").table(TableParams::default().header(false)),
            "x,7,a\n",
            &["!in:1: expected a field \"4\", found \"1\", \"2\", \"3\""],
        ),
        (one(), "label,text\nx,a\n", &["2 a=x"]),
        (one(), "id,sentence,class\n7,a,x\n", &["2#7 a=x"]),
        (one(), "Ticket,Message,Category\nT1,a,x\n", &["2 a=x"]),
        (one(), "ID, Review Text ,Gold Label\n7,a,x\n", &["2#7 a=x"]),
        (one(), "Score,Title,TEXT\n1,t,a\n", &["2 a=1"]),
        // No name is known, or nobody chose between two.
        (one(), "a,x\nb,y\n", &["!in:1: no column known for the label; found \"a\", \"x\""]),
        (one(), "text,y\na,x\n", &["!in:1: no column known for the label; found \"text\", \"y\""]),
        (one(), "x,label\na,x\n", &["!in:1: no column known for the text; found \"x\", \"label\""]),
        (
            one(),
            "score,label,review,sentence\n1,x,a,b\n",
            &["!in:1: expected one column for the text, found \"review\", \"sentence\""],
        ),
        (
            one(),
            "text,Category,intent\na,x,y\n",
            &["!in:1: expected one column for the label, found \"Category\", \"intent\""],
        ),
        // None that is asked for as something else.
        (one().label_field(Some("text".into())), "text,sentence\nx,a\n", &["2 a=x"]),
        (one().id_field(Some("label".into())), "text,label,gold\na,7,x\n", &["2#7 a=x"]),
        (asked("q", "r"), "r,q\nx,a\n", &["2 a=x"]),
        (asked("q", "r"), "r,Q\nx,a\n", &["!in:1: expected a field \"q\", found \"r\", \"Q\""]),
        (
            one().id_field(Some("n".into())),
            "text,label\n",
            &["!in:1: expected a field \"n\", found \"text\", \"label\""],
        ),
        (asked("q", "r"), "q,r,r\n", &["!in:1: expected one column \"r\", found more"]),
        // Several columns, and all that are nothing else.
        (asked("subject,body", "r"), "subject,r,body\na,x,b\n,x,c\n", &["2 a\nb=x", "3 c=x"]),
        (asked("*", "r"), "id,subject,r,body\n7,a,x,b\n", &["2#7 a\nb=x"]),
        // Pairs.
        (bare().pairs(true), "a,b,x\n", &["1 a|b=x"]),
        (bare().pairs(true), "a,b,between,x\n", &["1 a|b=x"]),
        (bare().pairs(true), "a,x\na,b,x\n", &["!in:1: expected 3 columns, found 2", "2 a|b=x"]),
        (one().pairs(true), "label,hypothesis,premise\nx,b,a\n", &["2 a|b=x"]),
        (
            one().pairs(true),
            "text,label\na,x\n",
            &["!in:1: no column known for the second text; found \"text\", \"label\""],
        ),
        (one().pair_field(Some("b".into())), "b,text,label\nb,a,x\n", &["2 a|b=x"]),
        // Labels are needed, or not.
        (
            one(),
            "text,label\na,\nb,\" \"\nc,x\n",
            &[
                "!in:2: field \"label\": expected a label, found nothing",
                "!in:3: field \"label\": expected a label, found nothing",
                "4 c=x",
            ],
        ),
        (bare(), "a,x\nb,\n", &["1 a=x", "!in:2: column 2: expected a label, found nothing"]),
        (bare(), "a\n", &["!in:1: expected 2 columns, found 1"]),
        (bare().labelled(false), "a\nb\n", &["1 a=", "2 b="]),
        (bare().labelled(false), "a,x\nb,\n", &["1 a=x", "2 b="]),
        (one().labelled(false), "id,text\n7,a\n", &["2#7 a="]),
        (one().labelled(false), "text,label\na,x\nb,\n", &["2 a=x", "3 b="]),
        (asked("q", "r").labelled(false), "q\na\n", &["2 a="]),
        // None, one or several; one label otherwise keeps its blanks.
        (
            several(),
            "text,label\na,\nb,x\nc, x | y z\nd,x||y\n",
            &[
                "2 a=",
                "3 b=x",
                "4 c=x+y z",
                "!in:5: field \"label\": expected a label, found nothing",
            ],
        ),
        (bare(), "a, x|y \n", &["1 a= x|y "]),
        // A ragged row is an error by itself.
        (
            bare(),
            "a,x\nb\nc,y,z\nd,w\n",
            &[
                "1 a=x",
                "!in:2: expected 2 columns, found 1",
                "!in:3: expected 2 columns, found 3",
                "4 d=w",
            ],
        ),
        (one(), "", &[]),
        (one(), "\r\n\n", &[]),
    ] {
        let found = shown(&read(params.clone(), Format::Csv, input.as_bytes()));
        assert_eq!(found, expected, "{input}");
        let tabs = input.replace(',', "\t");
        assert_eq!(shown(&read(params, Format::Tsv, tabs.as_bytes())), expected, "{input}");
    }
}

#[test]
fn objects_have_the_same_names() {
    let input = r#"{"text":"a","label":"x","id":3}

{"review":"b","class":-2}
{"text":"c","label":true}
{"text":"d","label":["x","y"]}
{"text":"e","label":[]}
{"text":"f","label":1.0}
{"text":"g","label":null}
{"text":"h","label":""}
{"text":"i","label":["x",1]}
{"text":"j","label":["x",""]}
{"text":"k"}
{"text":"l","text":"l","label":"x"}
{"text":7,"label":"x|y"}
{"text":"m","label":"x|y"}
"#;
    let missing = "no field known for the label; found \"text\"";
    let one_type = "field \"label\": expected a string, an integer or a boolean, found";
    let wrong = |line, found: &str| format!("!in:{line}: {one_type} {found}");
    let empty = |line| format!("!in:{line}: field \"label\": expected a label, found nothing");
    let fraction = "a number with a fraction or an exponent";
    let head = ["1#3 a=x", "3 b=-2", "4 c=true"].map(str::to_owned);
    let found = shown(&read(one(), Format::Jsonl, input.as_bytes()));
    assert_eq!(found[..3], head);
    assert_eq!(
        found[3..],
        [
            wrong(5, "an array"),
            wrong(6, "an array"),
            wrong(7, fraction),
            wrong(8, "null"),
            empty(9),
            wrong(10, "an array"),
            wrong(11, "an array"),
            format!("!in:12: {missing}"),
            "!in:13: expected a JSON object".to_owned(),
            "!in:14: field \"text\": expected a string, found a number".to_owned(),
            "15 m=x|y".to_owned(),
        ]
    );
    let found = shown(&read(several(), Format::Jsonl, input.as_bytes()));
    assert_eq!(found[..5], [&head[..], &["5 d=x+y".to_owned(), "6 e=".to_owned()]].concat());
    let types = "field \"label\": expected a string, an integer, a boolean or an array of strings,";
    assert_eq!(
        found[5..],
        [
            format!("!in:7: {types} found {fraction}"),
            format!("!in:8: {types} found null"),
            "9 h=".to_owned(),
            "!in:10: field \"label\": expected an array of strings, found a number".to_owned(),
            empty(11),
            format!("!in:12: {missing}"),
            "!in:13: expected a JSON object".to_owned(),
            "!in:14: field \"text\": expected a string, found a number".to_owned(),
            "15 m=x+y".to_owned(),
        ]
    );
    let found = shown(&read(one().labelled(false), Format::Jsonl, input.as_bytes()));
    assert_eq!([&*found[6], &*found[7], &*found[10]], ["8 g=", "9 h=", "12 k="]);
    let pair = br#"{"premise":"a","hypothesis":"b","label":"x"}"#;
    assert_eq!(shown(&read(one().pairs(true), Format::Jsonl, pair)), ["1 a|b=x"]);
}

/// One row each; RFC 4180 would join the first three of TSV, where quotes are loose.
#[test]
fn quotes_are_what_the_setting_says() {
    let tabs = "\"Spam King\" is fined\tx\n\"a said\tx\nb: \"\"c\"\tx\n\"d, \"\"e\"\"\"\t\"x\"\n\"\"\t\"x\n\
                \"\"\"\tx\n";
    let loose = [
        "1 \"Spam King\" is fined=x",
        "2 \"a said=x",
        "3 b: \"\"c\"=x",
        // Quoted as a whole.
        "4 d, \"e\"=x",
        "5 =\"x",
        // Three quotes: the middle one is not doubled.
        "6 \"\"\"=x",
    ];
    assert_eq!(
        shown(&read(
            one().table(TableParams::default().header(false)),
            Format::Tsv,
            tabs.as_bytes()
        )),
        loose
    );
    let none = one().table(TableParams::default().header(false).quotes(Quotes::None));
    let found = shown(&read(none.clone(), Format::Tsv, tabs.as_bytes()));
    assert_eq!(found[3..5], ["4 \"d, \"\"e\"\"\"=\"x\"", "5 \"\"=\"x"]);
    assert_eq!(found.len(), 6);
    let csv = one().table(TableParams::default().header(false).quotes(Quotes::Csv));
    assert_eq!(shown(&read(csv.clone(), Format::Tsv, b"\"a\tb\nc\"\tx\n")), ["1 a\tb\nc=x"]);
    for params in [one().table(TableParams::default().header(false)), csv] {
        assert_eq!(shown(&read(params, Format::Csv, b"\"a,b\nc\",x\n")), ["1 a,b\nc=x"]);
    }
    assert_eq!(shown(&read(none, Format::Csv, b"\"a,b\nc\",x\n")), ["1 \"a=b", "2 c\"=x"]);
}

#[test]
fn bytes_are_read_as_their_encoding_says() {
    let latin = one()
        .table(TableParams::default().header(false))
        .encoding(Encoding::parse("latin1").unwrap());
    assert_eq!(shown(&read(latin, Format::Csv, b"\xe9,b\n")), ["1 é=b"]);
    let input = "\u{feff}text,label\n\"a, \"\"b\"\"\nc\",x\r\n\r\né 👍🏽,y";
    let expected = ["2 a, \"b\"\nc=x", "5 é 👍🏽=y"];
    assert_eq!(shown(&read(one(), Format::Csv, input.as_bytes())), expected);
    for (input, error) in [
        (&b"a,b\n\xff,c\nd,e\n"[..], "!in: byte 4: expected UTF-8, found invalid bytes"),
        (b"a,b\nc,\"d\ne,f\n", "!in:2: expected a closing quote, found the end of the file"),
    ] {
        assert_eq!(
            shown(&read(one().table(TableParams::default().header(false)), Format::Csv, input)),
            ["1 a=b", error]
        );
    }
    let short = one().table(TableParams::default().header(false)).max_text_bytes(5);
    let long = "!in:2: expected at most 5 bytes, found more";
    let found = read(short.clone(), Format::Csv, b"a,b\nccc,ddd\ne,f\n");
    assert_eq!(shown(&found), ["1 a=b", long, "3 e=f"]);
    assert_eq!(shown(&read(short, Format::Csv, b"\nccc,ddd\ne,f\n")), [long]);
}

#[test]
fn settings_that_contradict_themselves() {
    for params in [
        one().max_text_bytes(0),
        one().label_separator(Some(String::new())),
        asked("", "r"),
        asked("q", "q"),
        asked("q", "r").table(TableParams::default().header(false)),
        one().id_field(Some("n".into())).table(TableParams::default().header(false)),
    ] {
        assert!(matches!(params.check(), Err(CorpusError::Setting { .. })));
    }
    assert!(one().max_text_bytes(1).check().is_ok());
    for (params, expected) in [
        (one(), "x: expected texts with labels as csv, tsv or jsonl, found lines"),
        (
            one().pairs(true),
            "x: expected pairs of texts with labels as csv, tsv or jsonl, found lines",
        ),
    ] {
        let none = params.check().unwrap().from_reader("x", Format::Lines, &b""[..]);
        assert_eq!(none.unwrap_err().to_string(), expected);
    }
}

/// Few characters, so that line ends, quotes and delimiters meet.
const TEXT: &str = "[ab \",\t\n\r\\\\é👍\0]{0,6}";

/// The texts and labels as the `csv` crate reads them.
fn rows_of_csv_crate(file: &str, delimiter: u8, quoting: bool) -> Vec<(String, String)> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(quoting)
        .has_headers(false)
        .from_reader(file.as_bytes());
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        (row[0].to_owned(), row[1].to_owned())
    });
    rows.collect()
}

fn lines(rows: &[(String, String)], ending: &str) -> String {
    let line = |(text, label): &(String, String)| [text, "\t", label, ending].concat();
    rows.iter().map(line).collect()
}

fn texts(found: &[Result<Example, CorpusError>]) -> Vec<(String, String)> {
    let row = |example: &Result<Example, CorpusError>| {
        let example = example.as_ref().unwrap();
        (example.text.clone(), example.labels.concat())
    };
    found.iter().map(row).collect()
}

proptest! {
    /// Rows written by the `csv` crate are read back; and as it reads itself, with quotes and
    /// without.
    #[test]
    fn rows_are_those_of_the_csv_crate(
        rows in vec((TEXT, "[xy\"]{1,2}"), 0..5),
        delimiter in prop::sample::select(vec![b',', b'\t']),
    ) {
        let format = if delimiter == b',' { Format::Csv } else { Format::Tsv };
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(vec![]);
        for (text, label) in &rows {
            writer.write_record([text, label]).unwrap();
        }
        let file = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        // Named: two rows whose texts have another as often would be ambiguous.
        let table = TableParams::default().header(false).delimiter(Some(delimiter));
        let params = one().table(table.quotes(Quotes::Csv));
        prop_assert_eq!(texts(&read(params, format, file.as_bytes())), &*rows);
        prop_assert_eq!(rows_of_csv_crate(&file, delimiter, true), rows);
    }

    /// If a quote is itself, a row is a line. (A `\r` before it is part of the line end.)
    #[test]
    fn rows_without_quotes_are_those_of_the_csv_crate(
        rows in vec(("[ab \"é]{0,6}", "[xy\"]{1,2}"), 0..5),
    ) {
        let file = lines(&rows, "\r\n");
        let params = one().table(TableParams::default().header(false).quotes(Quotes::None));
        prop_assert_eq!(texts(&read(params, Format::Tsv, file.as_bytes())), &*rows);
        prop_assert_eq!(rows_of_csv_crate(&file, b'\t', false), rows);
    }

    /// However quotes stand in a TSV file, there is a row a line, and no character is lost but the
    /// quotes around whole fields and one of each pair in them.
    #[test]
    fn loose_quotes_join_no_rows(rows in vec(("[ab\"]{0,5}", "[x\"]{0,3}x"), 0..5)) {
        let file = lines(&rows, "\n");
        let found = texts(&read(one().table(TableParams::default().header(false)), Format::Tsv, file.as_bytes()));
        prop_assert_eq!(found.len(), rows.len());
        for ((found, label), (text, label_raw)) in found.iter().zip(&rows) {
            let quoted = format!("\"{}\"", found.replace('"', "\"\""));
            prop_assert!(found == text || quoted == *text, "{:?} of {:?}", found, text);
            prop_assert_eq!(label, label_raw);
        }
    }

    /// Any bytes, in any format, encoding and layout: it ends, and one byte a read changes nothing.
    #[test]
    fn foreign_bytes_end_without_a_panic(
        bytes in prop_oneof![
            vec(any::<u8>(), 0..200),
            vec(prop::sample::select(b"a|\"\\,\t\n\r{}:[]1.\0\xC3\xA9".to_vec()), 0..200),
        ],
        head in prop::sample::select(vec![
            "", "text,label\n", "text\tlabel\n", "{\"text\":\"", "{\"text\":\"a\",\"label\":",
        ]),
        label in prop::sample::select(vec!["utf-8", "latin1", "utf-16", "shift_jis"]),
        max in prop_oneof![1..20usize, Just(1 << 20)],
        quotes in prop::sample::select(vec![Quotes::Auto, Quotes::Csv, Quotes::None]),
        (pairs, labelled, multi) in any::<(bool, bool, bool)>(),
        header in any::<bool>(),
    ) {
        let encoding = Encoding::parse(label).unwrap();
        let bytes = [encoding.encode(head).unwrap(), bytes].concat();
        let params = if multi { several() } else { one() };
        let params = params.encoding(encoding).max_text_bytes(max);
        let table = TableParams::default().quotes(quotes).header(header);
        let params = params.pairs(pairs).labelled(labelled).table(table);
        for format in [Format::Csv, Format::Tsv, Format::Jsonl] {
            let whole = read(params.clone(), format, &bytes);
            prop_assert!(whole.len() <= bytes.len() + 1);
            for example in whole.iter().flatten() {
                prop_assert!(example.text.len() <= max);
                prop_assert_eq!(example.second.is_some(), pairs);
                prop_assert!(example.labels.iter().all(|label| !label.trim().is_empty()));
                prop_assert!(multi || example.labels.len() <= 1);
                prop_assert!(multi || !labelled || example.labels.len() == 1);
            }
            let trickled = params.clone().check().unwrap();
            let trickled = trickled.from_reader("in", format, Trickle::new(&bytes)).unwrap();
            prop_assert_eq!(shown(&trickled.collect::<Vec<_>>()), shown(&whole));
        }
    }
}

/// The group's field is asked for by name; it may be any column, and an empty value is none.
#[test]
fn the_group_is_a_field_like_any_other() {
    let params = || LabelledParams::default().group_field(Some("author".into()));
    let groups = |format, text: &'static str| {
        let params = params().check().unwrap();
        let examples = params.from_reader("t", format, text.as_bytes()).unwrap();
        let group = |example: Result<Example, _>| {
            example.map(|e| e.group).map_err(|e: CorpusError| e.to_string())
        };
        examples.map(group).collect::<Vec<_>>()
    };
    let some = |group: &str| Ok(Some(group.to_owned()));
    let table = "text,label,author\na,x,Ann\nb,y,\n";
    assert_eq!(groups(Format::Csv, table), [some("Ann"), some("")]);
    let lines = r#"{"text":"a","label":"x","author":7}
{"text":"b","label":"y","author":null}
{"text":"c","label":"y","author":["Ann"]}
{"text":"d","label":"y"}"#;
    let found = groups(Format::Jsonl, lines);
    assert_eq!(found[..2], [some("7"), some("")]);
    assert!(found[2].as_ref().unwrap_err().contains("a string, a number or a boolean"));
    assert!(found[3].as_ref().unwrap_err().contains("author"));
    let missing = groups(Format::Csv, "text,label\na,x\n");
    assert!(missing[0].as_ref().unwrap_err().contains("author"), "{missing:?}");
    // Without a header columns have numbers.
    let numbered = params()
        .table(TableParams::default().header(false))
        .group_field(Some("2".into()))
        .check()
        .unwrap();
    let examples = numbered.from_reader("t", Format::Csv, &b"a,Ann,x\n"[..]).unwrap();
    let groups: Vec<_> = examples.map(|example| example.unwrap().group).collect();
    assert_eq!(groups, [Some("Ann".to_owned())]);
    assert!(params().group_field(Some(String::new())).check().is_err());
}
