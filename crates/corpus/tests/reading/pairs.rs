//! Pairs of texts with scores, as a caller sees them.
use std::io::Cursor;

use cloze_corpus::{CorpusError, Encoding, Format, Pair, PairParams, TableParams};

use crate::Trickle;

fn read(params: PairParams, format: Format, input: &[u8]) -> Vec<Result<Pair, CorpusError>> {
    let pairs = params.check().unwrap().from_reader("in", format, Cursor::new(input.to_owned()));
    pairs.unwrap().collect()
}

/// One pair per row: `line[#id] first|second[=score]`, or `!error`.
fn shown(pairs: &[Result<Pair, CorpusError>]) -> Vec<String> {
    let show = |pair: &Result<Pair, CorpusError>| match pair {
        Ok(Pair { line, id, first, second, score, group, cells: _ }) => {
            let id = id.as_ref().map(|id| format!("#{id}")).unwrap_or_default();
            let score = score.map(|score| format!("={score}")).unwrap_or_default();
            let group = group.as_ref().map(|group| format!(" @{group}")).unwrap_or_default();
            format!("{line}{id} {first}|{second}{score}{group}")
        }
        Err(error) => format!("!{error}"),
    };
    pairs.iter().map(show).collect()
}

fn scored() -> PairParams {
    PairParams::default().score_required(true)
}

fn named(first: &str, second: &str) -> PairParams {
    PairParams::default().first_field(Some(first.into())).second_field(Some(second.into()))
}

#[test]
fn pairs_have_the_group_that_is_asked_for() {
    let grouped = |name: &str| PairParams::default().group_field(Some(name.into()));
    for (params, format, input, expected) in [
        (
            grouped("writer"),
            Format::Csv,
            "text1,text2,writer\na,b,Lena\nc,d,\n",
            &["2 a|b @Lena", "3 c|d @"][..],
        ),
        // One of the texts may be the group.
        (grouped("text1"), Format::Tsv, "text1\ttext2\na\tb\n", &["2 a|b @a"]),
        (
            grouped("by"),
            Format::Jsonl,
            "{\"text1\": \"a\", \"text2\": \"b\", \"by\": 7}\n\
             {\"text1\": \"a\", \"text2\": \"b\", \"by\": null}\n\
             {\"text1\": \"a\", \"text2\": \"b\", \"by\": [7]}\n\
             {\"text1\": \"a\", \"text2\": \"b\"}\n",
            &[
                "1 a|b @7",
                "2 a|b @",
                "!in:3: field \"by\": expected a string, a number or a boolean, found an array",
                "!in:4: expected a field \"by\", found \"text1\", \"text2\"",
            ],
        ),
        (
            grouped("author"),
            Format::Csv,
            "text1,text2,writer\na,b,Lena\n",
            &["!in:1: expected a field \"author\", found \"text1\", \"text2\", \"writer\""],
        ),
    ] {
        assert_eq!(shown(&read(params, format, input.as_bytes())), expected);
    }
    let error = grouped("").check().unwrap_err();
    assert_eq!(error.to_string(), "group_field: expected a field name, found \"\"");
}

#[test]
fn the_first_row_is_a_header_unless_the_settings_say_otherwise() {
    let lone = || PairParams::default().table(TableParams::default().header(false));
    let headed = PairParams::default;
    let scored = || self::scored().table(TableParams::default().header(false));
    for (params, input, expected) in [
        (lone(), "a,b\nc,d\n", &["1 a|b", "2 c|d"][..]),
        (lone(), "a,b,x\nc,d,2\n", &["1 a|b", "2 c|d=2"]),
        (lone(), "x,y,a,b,3\n", &["1 x|y=3"]),
        (lone(), "first,second\n", &["1 first|second"]),
        // By number: the score is asked for, and the last column is nothing.
        (named("3", "1").table(TableParams::default().header(false)), "b,x,a,4\n", &["1 a|b=4"]),
        (lone().score_field(Some("3".into())), "a,b,7,x\n", &["1 a|b=7"]),
        (headed(), "sentence1,sentence2\na,b\n", &["2 a|b"]),
        (headed(), "second,score,id,first\nb,,7,a\nd,-1e1,,c\n", &["2#7 a|b", "3# c|d=-10"]),
        (headed(), "Sentence 2,SCORE,ID,sentence_1\nb,,7,a\n", &["2#7 a|b"]),
        (
            headed(),
            "second,score,first\nb,x,a\n",
            &["!in:2: field \"score\": expected a number, found \"x\""],
        ),
        (headed().score_ignored(true), "second,score,first\nb,x,a\n", &["2 a|b"]),
        // A label is a score only where one is required.
        (headed(), "first,second,label\na,b,same\n", &["2 a|b"]),
        (self::scored(), "first,second,label\na,b,2\n", &["2 a|b=2"]),
        // Nobody chose between two pairs of names, and no name is known.
        (
            headed(),
            "first,sentence1,text2,second,sentence2\na,b,c,d,e\n",
            &[
                "!in:1: expected one column for the first text, found \"first\", \"sentence1\", \"second\", \"sentence2\"",
            ],
        ),
        (
            headed(),
            "a,b\nc,d\n",
            &["!in:1: no column known for the first text; found \"a\", \"b\""],
        ),
        (
            headed(),
            "sentence1,b\nc,d\n",
            &["!in:1: no column known for the second text; found \"sentence1\", \"b\""],
        ),
        (named("q", "r"), "r,q\nb,a\n", &["2 a|b"]),
        (named("q", "r"), "q,q,r\n", &["!in:1: expected one column \"q\", found more"]),
        (named("q", "s"), "q,r\n", &["!in:1: expected a field \"s\", found \"q\", \"r\""]),
        // One that is asked for, and the other that belongs to it.
        (
            headed().first_field(Some("claim".into())),
            "n,claim,evidence,text\n1,a,b,c\n",
            &["2 a|b"],
        ),
        (headed().second_field(Some("body".into())), "body,question\nb,a\n", &["2 a|b"]),
        (named("a,b", "c"), "c,b,a\nz,y,x\n", &["2 x\ny|z"]),
        (
            scored(),
            "a,b,1\nc,d,x\ne,f,2\n",
            &["1 a|b=1", "!in:2: column 3: expected a number, found \"x\"", "3 e|f=2"],
        ),
        (
            scored(),
            "a,b,1\nc,d,\ne,f,nan\ng,h,inf\n",
            &[
                "1 a|b=1",
                "!in:2: column 3: expected a number, found \"\"",
                "!in:3: column 3: expected a number, found \"nan\"",
                "!in:4: column 3: expected a number, found \"inf\"",
            ],
        ),
        (self::scored(), "first,second,gold\na,b, 1.5 \n", &["2 a|b=1.5"]),
        (
            self::scored(),
            "first,second\n",
            &["!in:1: no column known for the score; found \"first\", \"second\""],
        ),
        // A first pair is not taken for a header in silence.
        (
            self::scored(),
            "A plane is taking off.,An air plane is taking off.,5.0\n",
            &[
                "!in:1: no column known for the score; found \"A plane is taking off.\", \"An air plane is taking off.\", \"5.0\"",
            ],
        ),
        // What is no pair at all is no first row either.
        (
            scored(),
            "x\na,b,1\nc,d,e,2\n",
            &[
                "!in:1: expected 3 columns, found 1",
                "2 a|b=1",
                "!in:3: expected 3 columns, found 4",
            ],
        ),
        (lone(), "", &[]),
        (headed(), "\r\n\n", &[]),
    ] {
        assert_eq!(
            shown(&read(params.clone(), Format::Csv, input.as_bytes())),
            expected,
            "{input}"
        );
        let tabs = input.replace(',', "\t");
        assert_eq!(shown(&read(params, Format::Tsv, tabs.as_bytes())), expected, "{input}");
    }
}

#[test]
fn fields_are_those_of_records() {
    let input = "\u{feff}\"a, \"\"b\"\"\nc\",d,1\r\n\r\né 👍🏽,,2";
    let expected = ["1 a, \"b\"\nc|d=1", "4 é 👍🏽|=2"];
    assert_eq!(
        shown(&read(
            scored().table(TableParams::default().header(false)),
            Format::Csv,
            input.as_bytes()
        )),
        expected
    );
    let trickled = scored().table(TableParams::default().header(false)).check().unwrap();
    let trickled = trickled.from_reader("in", Format::Csv, Trickle::new(input.as_bytes()));
    assert_eq!(shown(&trickled.unwrap().collect::<Vec<_>>()), expected);
    let latin = PairParams::default()
        .table(TableParams::default().header(false))
        .encoding(Encoding::parse("latin1").unwrap());
    assert_eq!(shown(&read(latin, Format::Csv, b"\xe9,b\n")), ["1 é|b"]);
    // Bad bytes and an open quote end it, and come once.
    for (input, error) in [
        (&b"a,b\n\xff,c\nd,e\n"[..], "!in: byte 4: expected UTF-8, found invalid bytes"),
        (b"a,b\nc,\"d\ne,f\n", "!in:2: expected a closing quote, found the end of the file"),
    ] {
        assert_eq!(
            shown(&read(
                PairParams::default().table(TableParams::default().header(false)),
                Format::Csv,
                input
            )),
            ["1 a|b", error]
        );
    }
    // Too long a row costs itself; without a first one there is nothing to go by.
    let short = PairParams::default().table(TableParams::default().header(false)).max_text_bytes(5);
    let long = "!in:2: expected at most 5 bytes, found more";
    let found = read(short.clone(), Format::Csv, b"a,b\nccc,ddd\ne,f\n");
    assert_eq!(shown(&found), ["1 a|b", long, "3 e|f"]);
    let found = read(short, Format::Csv, b"\nccc,ddd\ne,f\n");
    assert_eq!(shown(&found), [long]);
}

#[test]
fn objects_have_the_same_names() {
    let input = r#"{"sentence1":"a","sentence2":"b","score":4.5,"id":3}

{"text2":"d","first":"c","gold":null}
{"first":"c","second":"d","score":"4"}
{"first":1,"second":"d","score":4}
{"first":"e","score":1}
{"first":"e","second":"f","score":1e999}
[1]
{"second":"h","first":"g","score":-0.5}
"#;
    let rest = [
        "!in:4: field \"score\": expected a number, found a string",
        "!in:5: field \"first\": expected a string, found a number",
        "!in:6: no field known for the second text; found \"first\", \"score\"",
        "!in:7: field \"score\": expected a number, found \"1e999\"",
        "!in:8: expected a JSON object",
        "9 g|h=-0.5",
    ];
    let expected = |third| [&["1#3 a|b=4.5", third], &rest[..]].concat();
    let found = shown(&read(PairParams::default(), Format::Jsonl, input.as_bytes()));
    assert_eq!(found, expected("3 c|d"));
    let found = shown(&read(scored(), Format::Jsonl, input.as_bytes()));
    assert_eq!(found, expected("!in:3: field \"gold\": expected a number, found null"));
}

#[test]
fn settings_that_contradict_themselves() {
    for params in [
        PairParams::default().max_text_bytes(0),
        PairParams::default().id_field(Some(String::new())),
        named("", "r"),
        named("q", "r").table(TableParams::default().header(false)),
    ] {
        assert!(matches!(params.check(), Err(CorpusError::Setting { .. })));
    }
    let none = PairParams::default().check().unwrap().from_reader("x", Format::Lines, &b""[..]);
    let error = none.unwrap_err().to_string();
    assert_eq!(error, "x: expected pairs as csv, tsv or jsonl, found lines");
}
