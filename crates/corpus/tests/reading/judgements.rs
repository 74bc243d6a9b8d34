//! Relevance judgements, as a caller sees them.
use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::Path;

use cloze_corpus::{
    CorpusError, Encoding, Format, Judgement, JudgementParams, Piece, ReadParams, Source,
};
use proptest::prelude::*;

use crate::Trickle;

type Judged = Vec<Result<Judgement, CorpusError>>;

fn read_as(params: JudgementParams, format: Format, input: &[u8]) -> Judged {
    let input = Cursor::new(input.to_owned());
    params.check().unwrap().from_reader("in", format, input).unwrap().collect()
}

fn read(format: Format, input: &str) -> Judged {
    read_as(JudgementParams::default(), format, input.as_bytes())
}

/// One judgement per row: `line query/document=grade`, or `!error`.
fn shown(judgements: &Judged) -> Vec<String> {
    let show = |judgement: &Result<Judgement, CorpusError>| match judgement {
        Ok(Judgement { line, query, document, grade }) => {
            format!("{line} {query}/{document}={grade}")
        }
        Err(error) => format!("!{error}"),
    };
    judgements.iter().map(show).collect()
}

#[test]
fn columns_are_those_of_trec_or_of_beir() {
    for (input, expected) in [
        ("q1 0 d1 2\nq1 0 d2 0\nq2 Q0 d1 -1\n", &["1 q1/d1=2", "2 q1/d2=0", "3 q2/d1=-1"][..]),
        // Neither the order of queries nor the last line end matters; columns may be aligned.
        (
            "q2\t0\td1\t1\r\n\r\n  \nq1 \t 0\t\td1\t+1\t\nq2 0  é 漢🦉 1.0",
            &["1 q2/d1=1", "4 q1/d1=1", "!in:5: expected 4 columns, found 5"],
        ),
        ("1 3 2\n4 5 6", &["1 1/3=2", "2 4/5=6"]),
        // A no-break space divides nothing.
        ("q 0 a\u{a0}b 1.00\n", &["1 q/a\u{a0}b=1"]),
        (
            "query-id\tcorpus-id\tscore\nq1\tmy doc\t1\n\nq 2\td\"1\" \t 0 \r\n",
            &["2 q1/my doc=1", "4 q 2/d\"1\" =0"],
        ),
        ("rel id query iter\n1 d q 0\n", &["2 q/d=1"]),
        ("Topic\tDoc ID\tRelevance\nq\td 1\t2\n", &["2 q/d 1=2"]),
        // The first rank of names that is there.
        ("qid\tid\tdoc\tscore\tgrade\na\tb\tc\t1\t2\n", &["2 a/c=2"]),
        // Names that are ids, since the row has a grade.
        ("query doc 1\n", &["1 query/doc=1"]),
        (
            "query 0 id 2147483647\nq 0 d -2147483648",
            &["1 query/id=2147483647", "2 q/d=-2147483648"],
        ),
        ("", &[]),
        ("\u{feff}", &[]),
        ("\u{feff}q 0 d 1", &["1 q/d=1"]),
        ("\u{feff}query_id\tdoc_id\trelevance\n", &[]),
    ] {
        for format in [Format::Lines, Format::Text, Format::Tsv] {
            assert_eq!(shown(&read(format, input)), expected, "{input}");
        }
        let trickled = JudgementParams::default().check().unwrap();
        let trickled = trickled.from_reader("in", Format::Lines, Trickle::new(input.as_bytes()));
        assert_eq!(shown(&trickled.unwrap().collect()), expected, "{input}");
    }
}

#[test]
fn rows_of_csv_have_the_same_columns() {
    for (input, expected) in [
        (
            "query,document,score\nq1,d1,2\n\"q, 2\",\"my \"\"d\"\"\",0\n",
            &["2 q1/d1=2", "3 q, 2/my \"d\"=0"][..],
        ),
        ("Query ID;Doc ID;Relevance\r\nq 1;d 1;1.0\r\n", &["2 q 1/d 1=1"]),
        ("corpus-id,x,query-id,score\nd,,q,3\n", &["2 q/d=3"]),
        ("q1,0,d1,2\nq1,0,d2,0\n", &["1 q1/d1=2", "2 q1/d2=0"]),
        ("q1,d1,2\n\nq2,d 1,-1\n", &["1 q1/d1=2", "3 q2/d 1=-1"]),
        ("", &[]),
        (
            "question,page,grades\nq,d,1\n",
            &["!in:1: no column known for the grade; found \"question\", \"page\", \"grades\""],
        ),
        (
            "query,document,score\nq,d,0.5\nq,,1\nq,d\nq,d,1\n",
            &[
                "!in:2: field \"score\": expected a whole number of at most 32 bits, found \"0.5\"",
                "!in:3: column 2: expected an id, found nothing",
                "!in:4: expected 3 columns, found 2",
                "5 q/d=1",
            ],
        ),
    ] {
        assert_eq!(shown(&read(Format::Csv, input)), expected, "{input}");
        let trickled = JudgementParams::default().check().unwrap();
        let trickled = trickled.from_reader("in", Format::Csv, Trickle::new(input.as_bytes()));
        assert_eq!(shown(&trickled.unwrap().collect()), expected, "{input}");
    }
}

#[test]
fn a_bad_row_is_told_by_its_line() {
    let both = "expected columns separated by tabs or by spaces, found both";
    for (input, expected) in [
        // What is no judgement at all is no first row either.
        (
            "q d\nq 0 d 1\nq d 1\nq 0 d 1 x\n",
            &[
                "!in:1: expected 3 or 4 columns (query, perhaps 0, document, grade), found 2",
                "2 q/d=1",
                "!in:3: expected 4 columns, found 3",
                "!in:4: expected 4 columns, found 5",
            ][..],
        ),
        (
            "q 0 d x\nq 0 d 0.5\nq 0 d 1e3\nq 0 d 2147483648\nq 0 d 1.\nq 0 d -\nq 0 d 3\n",
            &[
                "!in:1: column 4: expected a whole number of at most 32 bits, found \"x\"",
                "!in:2: column 4: expected a whole number of at most 32 bits, found \"0.5\"",
                "!in:3: column 4: expected a whole number of at most 32 bits, found \"1e3\"",
                "!in:4: column 4: expected a whole number of at most 32 bits, found \"2147483648\"",
                "!in:5: column 4: expected a whole number of at most 32 bits, found \"1.\"",
                "!in:6: column 4: expected a whole number of at most 32 bits, found \"-\"",
                "7 q/d=3",
            ],
        ),
        // Whether `my doc` is one column, or `my` stands for 0, only a header says.
        (
            "q\tmy doc\t1\nq\td\t1\nq 0\td\t1\n",
            &[&format!("!in:1: {both}"), "2 q/d=1", &format!("!in:3: {both}")],
        ),
        (
            "query-id\tcorpus-id\n",
            &["!in:1: no column known for the grade; found \"query-id\", \"corpus-id\""],
        ),
        (
            "query doc doc grade\nq a b 1\n",
            &["!in:1: expected one column for the document, found \"doc\", \"doc\""],
        ),
        (
            "qid\tpage\tgrade\nq\ta\t1\n",
            &["!in:1: no column known for the document; found \"qid\", \"page\", \"grade\""],
        ),
        (
            "query\tdoc\tgrade\nq\t\t1\n \td\t1\nq\td\t\nq\td\nq d 1\nq\td\t1\n",
            &[
                "!in:2: column 2: expected an id, found nothing",
                "!in:3: column 1: expected an id, found nothing",
                "!in:4: field \"grade\": expected a whole number of at most 32 bits, found \"\"",
                "!in:5: expected 3 columns, found 2",
                "!in:6: expected 3 columns, found 1",
                "7 q/d=1",
            ],
        ),
        // A name that is not known.
        (
            "need page grades\n",
            &["!in:1: column 3: expected a whole number of at most 32 bits, found \"grades\""],
        ),
    ] {
        assert_eq!(shown(&read(Format::Lines, input)), expected, "{input}");
    }
    let long = "x".repeat(41);
    let found = shown(&read(Format::Lines, &format!("q 0 d {long}")));
    assert!(found[0].ends_with(&format!("found \"{}…\"", &long[1..])), "{found:?}");
    // Bad bytes end it, and come once.
    let found =
        read_as(JudgementParams::default(), Format::Lines, b"q 0 d 1\nq 0 \xff 1\nq 0 e 1\n");
    assert_eq!(shown(&found), ["1 q/d=1", "!in: byte 12: expected UTF-8, found invalid bytes"]);
    let latin = JudgementParams::default().encoding(Encoding::parse("latin1").unwrap());
    assert_eq!(shown(&read_as(latin, Format::Lines, b"q 0 \xe9 1\n")), ["1 q/é=1"]);
    // Too long a row costs itself; without a first one there is nothing to go by.
    let short = JudgementParams::default().max_text_bytes(7);
    let found = read_as(short.clone(), Format::Lines, b"q 0 d 1\r\nq 0 dd 1\nq 0 e 1\n");
    let long = "expected at most 7 bytes, found more";
    assert_eq!(shown(&found), ["1 q/d=1", &format!("!in:2: {long}"), "3 q/e=1"]);
    let found = read_as(short, Format::Lines, b"q 0 dd 1\nq 0 e 1\n");
    assert_eq!(shown(&found), [format!("!in:1: {long}")]);
}

#[test]
fn objects_have_the_same_names() {
    let input = r#"{"query":"q1","document":"d1","grade":2,"more":[]}

{"qid":7,"id":"d 2"}
{"query_id":"q","doc":"a","id":"b","relevance":-1.0}
{"query-id":"q","corpus-id":"é","rel":1e999}
{"query":"q","doc_id":"d","score":0.5}
{"query":"q","document_id":"d","score":"1"}
{"query":"q","document":"d","grade":null}
{"query":"","document":"d"}
{"query":"q","document":null}
{"query":"q","text":"d"}
["q","d",1]
{"query":"q","query":"r","document":"d"}
{"query":true,"document":"\ud83e\udd89","score":0}"#;
    let expected = [
        "1 q1/d1=2",
        "3 7/d 2=1",
        "4 q/a=-1",
        "!in:5: field \"rel\": expected a whole number of at most 32 bits, found \"1e999\"",
        "!in:6: field \"score\": expected a whole number of at most 32 bits, found \"0.5\"",
        "!in:7: field \"score\": expected a number, found a string",
        "!in:8: field \"grade\": expected a number, found null",
        "!in:9: field \"query\": expected an id, found nothing",
        "!in:10: field \"document\": expected a string, a number or a boolean, found null",
        "!in:11: no field known for the document; found \"query\", \"text\"",
        "!in:12: expected a JSON object",
        "!in:13: expected a JSON object",
        "14 true/🦉=0",
    ];
    assert_eq!(shown(&read(Format::Jsonl, input)), expected);
    let marked = format!("\u{feff}{}", input.replace('\n', "\r\n"));
    assert_eq!(shown(&read(Format::Jsonl, &marked)), expected);
    assert!(read(Format::Jsonl, "\u{feff}\r\n \n").is_empty());
    // A line of its own length.
    let short = JudgementParams::default().max_text_bytes(24);
    let found = read_as(
        short,
        Format::Jsonl,
        b"{\"query\":\"q\", \"doc\":\"long\"}\n{\"query\":\"q\",\"doc\":\"d\"}\n",
    );
    assert_eq!(shown(&found), ["!in:1: expected at most 24 bytes, found more", "2 q/d=1"]);
}

#[test]
fn two_grades_for_one_document_are_an_error() {
    let by_query = |format, input: &str| {
        let params = JudgementParams::default().check().unwrap();
        params.from_reader("in", format, Cursor::new(input.to_owned())).unwrap().by_query()
    };
    let grades = by_query(Format::Lines, "q1 0 d1 1\nq2 0 d1 2\nq1 0 d2 0\nq1 1 d1 1\n").unwrap();
    let found: Vec<_> = grades
        .iter()
        .map(|(q, g)| (q.as_str(), g.clone().into_iter().collect::<Vec<_>>()))
        .collect();
    let expected = [
        ("q1", vec![("d1".to_owned(), 1), ("d2".to_owned(), 0)]),
        ("q2", vec![("d1".to_owned(), 2)]),
    ];
    assert_eq!(found, expected);
    let again = "query \"q1\", document \"d1\": expected grade 1 as before, found 2";
    let error = by_query(Format::Lines, "q1 0 d1 1\nq1 0 d2 2\n\nq1 0 d1 2\n").unwrap_err();
    assert_eq!(error.to_string(), format!("in:4: {again}"));
    let objects =
        "{\"query\":\"q1\",\"document\":\"d1\"}\n{\"query\":\"q1\",\"doc\":\"d1\",\"rel\":2}\n";
    assert_eq!(by_query(Format::Jsonl, objects).unwrap_err().to_string(), format!("in:2: {again}"));
    // Also an error that is not fatal: half the judgements would be others.
    let error = by_query(Format::Lines, "q1 0 d1 1\nq1 0 d1\nq1 0 d2 1\n").unwrap_err();
    assert_eq!(error.to_string(), "in:2: expected 4 columns, found 3");
    assert!(by_query(Format::Lines, "").unwrap().is_empty());
    // However long a name, the error is short.
    let long = "é".repeat(1000);
    let error = by_query(Format::Lines, &format!("{long} 0 d 1\n{long} 0 d 2\n")).unwrap_err();
    assert!(error.to_string().len() < 200, "{error}");
}

#[test]
fn files_are_read_by_their_ending() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str, text: &str, params: JudgementParams| {
        let path = folder.path().join(name);
        fs_err::write(&path, text).unwrap();
        let mut judgements =
            params.check().unwrap().open(&Source::File { path, relative: "a".into() })?;
        judgements.by_query()
    };
    let lone = JudgementParams::default;
    for name in ["a.qrels", "a.txt", "a.tsv", "a", "a.log"] {
        assert_eq!(read(name, "q 0 d 1\n", lone()).unwrap()["q"]["d"], 1, "{name}");
    }
    let object = "{\"query\":\"q\",\"doc\":\"d\"}\n";
    assert_eq!(read("a.jsonl", object, lone()).unwrap()["q"]["d"], 1);
    assert_eq!(read("a.txt", object, lone().format(Some(Format::Jsonl))).unwrap()["q"]["d"], 1);
    assert_eq!(read("a.csv", "q,0,d,1\n", lone()).unwrap()["q"]["d"], 1);
    let error = read("a.conll", "q 0 d 1\n", lone()).unwrap_err().to_string();
    assert!(
        error.ends_with("expected judgements as lines, csv, tsv or jsonl, found conll"),
        "{error}"
    );
    let path = folder.path().join("none");
    let error =
        lone().check().unwrap().open(&Source::File { path, relative: "a".into() }).unwrap_err();
    assert!(matches!(error, CorpusError::Read(_)), "{error:?}");
    assert!(matches!(lone().max_text_bytes(0).check(), Err(CorpusError::Setting { .. })));
    assert!(lone().max_text_bytes(1).check().is_ok());
}

/// Every judged text and query is there, every query has an answer, and near-duplicates are judged alike.
#[test]
fn the_search_data_fits_together() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/search");
    let source =
        |name: &str| Source::File { path: folder.join(name), relative: name.to_owned().into() };
    let ids = |name: &str| -> BTreeSet<String> {
        let pieces = ReadParams::default().check().unwrap().open(&source(name)).unwrap();
        let records = pieces.map(|piece| match piece.unwrap() {
            Piece::Record(record) => record,
            Piece::Verbatim(text) => panic!("{name}: {text:?}"),
        });
        let records: Vec<_> = records.collect();
        let ids: BTreeSet<_> = records.iter().map(|r| r.id.clone().unwrap()).collect();
        let texts: BTreeSet<_> = records.iter().map(|r| &r.text).collect();
        assert_eq!((ids.len(), texts.len()), (records.len(), records.len()), "{name}");
        ids
    };
    let (documents, queries) = (ids("documents.jsonl"), ids("queries.jsonl"));
    let params = JudgementParams::default().check().unwrap();
    let grades = params.open(&source("judgements.tsv")).unwrap().by_query().unwrap();
    assert_eq!(grades.keys().collect::<Vec<_>>(), queries.iter().collect::<Vec<_>>());
    let twins = ["D004", "D016", "D025", "D036", "D048", "D062", "D069", "D087"];
    let mut counts = BTreeMap::new();
    for (query, grades) in &grades {
        assert!(grades.keys().all(|document| documents.contains(document)), "{query}");
        assert!(grades.values().any(|grade| *grade == 2), "{query}");
        for (first, n) in twins.iter().zip(119..) {
            assert_eq!(grades.get(*first), grades.get(&format!("D{n}")), "{query} {first}");
        }
        for grade in grades.values() {
            *counts.entry(*grade).or_insert(0) += 1;
        }
    }
    // As data/README.md has them.
    assert_eq!((documents.len(), queries.len()), (126, 47));
    assert_eq!(counts, BTreeMap::from([(0, 123), (1, 21), (2, 57)]));
}

proptest! {
    /// Few ids, so that some are judged again; in any of the ways to write them they are the same.
    #[test]
    fn every_way_to_write_them_is_the_same(
        judged in prop::collection::btree_map(("[a-cé]{1,2}", "[d-f漢]{1,2}"), -3..4_i32, 0..8),
    ) {
        let mut expected: BTreeMap<String, BTreeMap<String, i32>> = BTreeMap::new();
        for ((query, document), grade) in &judged {
            expected.entry(query.clone()).or_default().insert(document.clone(), *grade);
        }
        let write = |row: &dyn Fn(&str, &str, i32) -> String| -> String {
            judged.iter().map(|((query, document), grade)| row(query, document, *grade)).collect()
        };
        let object = |q: &str, d: &str, g| format!("{{\"qid\":\"{q}\",\"doc\":\"{d}\",\"rel\":{g}}}\n");
        for (format, text) in [
            (Format::Lines, write(&|q, d, g| format!("{q} 0 {d} {g}\r\n"))),
            (Format::Lines, write(&|q, d, g| format!("{q}\t{d}\t{g}\n").repeat(2))),
            (Format::Tsv, format!("query-id\tcorpus-id\tscore\n{}", write(&|q, d, g| format!("{q}\t{d}\t{g}\n")))),
            (Format::Jsonl, write(&object)),
        ] {
            let params = JudgementParams::default().check().unwrap();
            let found = params.from_reader("in", format, Cursor::new(text)).unwrap().by_query();
            prop_assert_eq!(found.unwrap(), expected.clone());
        }
    }

    /// It ends, and each error but the last is one to go on after.
    #[test]
    fn any_bytes_are_judgements_or_errors(
        lines in prop::collection::vec("[q0 d1\t\r.\\-{}\":,é]{0,12}|query doc grade|query\tdoc\tgrade", 0..6),
        cut in 0..40_usize,
    ) {
        let mut bytes = lines.join("\n").into_bytes();
        bytes.truncate(cut);
        for format in [Format::Lines, Format::Jsonl] {
            let found = read_as(JudgementParams::default(), format, &bytes);
            let fatal = found.iter().position(|f| f.as_ref().is_err_and(CorpusError::is_fatal));
            prop_assert!(fatal.is_none_or(|at| at + 1 == found.len()));
            prop_assert!(found.len() <= lines.len());
            for judgement in found.into_iter().flatten() {
                prop_assert!(!judgement.query.is_empty() && !judgement.document.is_empty());
            }
        }
    }
}
