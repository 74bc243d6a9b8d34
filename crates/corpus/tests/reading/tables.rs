//! Delimiters, several columns and nested fields, as a caller sees them.
use cloze_corpus::{LabelledParams, PairParams, Quotes, TableParams};

use super::*;

/// Texts of the records, and the line that says which columns they come from.
fn texts(params: ReadParams, format: Format, input: &str) -> (Vec<String>, Option<String>) {
    let params = params.check().unwrap();
    let mut reader = params.from_reader("in", format, io::Cursor::new(input.to_owned()));
    let mut texts = vec![];
    for piece in reader.by_ref() {
        match piece {
            Ok(Piece::Record(record)) => texts.push(record.text),
            Ok(Piece::Verbatim(_)) => {}
            Err(error) => texts.push(format!("!{error}")),
        }
    }
    (texts, reader.used().map(ToString::to_string))
}

fn field(name: &str) -> ReadParams {
    ReadParams::default().text_field(Some(name.into()))
}

/// Each delimiter alone, in quotes, in the texts of another, and where only counting decides.
#[test]
fn delimiters_are_recognised_by_the_first_rows() {
    let plain = ReadParams::default;
    for (format, input, expected, used) in [
        (Format::Csv, "id,text\n1,a\n", &["a"][..], "columns: text text, id id"),
        (
            Format::Csv,
            "id;text\n1;a, b\n2;c\n",
            &["a, b", "c"],
            "columns: text text, id id (delimiter ;)",
        ),
        (Format::Csv, "id\ttext\n1\ta;b\n", &["a;b"], "columns: text text, id id (delimiter tab)"),
        (Format::Csv, "id|text\n1|a\n", &["a"], "columns: text text, id id (delimiter |)"),
        (
            Format::Tsv,
            "id,text\n1,\"a\tb\"\n",
            &["a\tb"],
            "columns: text text, id id (delimiter ,)",
        ),
        (Format::Tsv, "id;text\n1;a\n", &["a"], "columns: text text, id id (delimiter ;)"),
        (Format::Tsv, "id\ttext\n1\ta;b,c\n", &["a;b,c"], "columns: text text, id id"),
        // Decimal commas, and a quoted text over two lines with every delimiter in it.
        (
            Format::Csv,
            "text;score\n\"a;b,c|d\te\nf\";3,5\ng;4,25\n",
            &["a;b,c|d\te\nf", "g"],
            "columns: text text (delimiter ;)",
        ),
        // A comma in a quoted name does not count; a bar in an unquoted one does, and divides nothing else.
        (Format::Csv, "\"x,y\";text\n1;a\n", &["a"], "columns: text text (delimiter ;)"),
        (Format::Csv, "id,text,a|b\n1,c,d\n", &["c"], "columns: text text, id id"),
        // Both occur in the header: the one that divides every row alike.
        (
            Format::Csv,
            "text;a,b;c\nx;y;z\nu;v;w\n",
            &["x", "u"],
            "columns: text text (delimiter ;)",
        ),
        // Both divide every row alike: the one that makes more columns, and of equal ones the format's own.
        (
            Format::Csv,
            "id,x;text;z\n1,2;a;b\n3,4;c;d\n",
            &["a", "c"],
            "columns: text text (delimiter ;)",
        ),
        (Format::Csv, "text,x;y\na,b;c\n", &["a"], "columns: text text"),
        // A tab that divides every row alike stays, however many commas the rows have.
        (Format::Tsv, "id,x,y\ttext\n1,2,3\ta\n4,5,6\tb\n", &["a", "b"], "columns: text text"),
        // One row in five is torn; the others say what divides.
        (
            Format::Csv,
            "n;text\n1;a\n2;b\n3;c\n4;d;e\n",
            &["a", "b", "c", "!in:5: expected 2 columns, found 3"],
            "columns: text text (delimiter ;)",
        ),
        // One column, whose texts have delimiters.
        (Format::Csv, "text\na\nb\n", &["a", "b"], "columns: text text"),
        (
            Format::Csv,
            "\u{feff}text;id\r\n\r\na;1\r\n",
            &["a"],
            "columns: text text, id id (delimiter ;)",
        ),
    ] {
        let (found, shown) = texts(plain(), format, input);
        assert_eq!(found, expected, "{input:?}");
        assert_eq!(shown.as_deref(), Some(used), "{input:?}");
        let trickled = read(plain(), format, Trickle::new(input.as_bytes()));
        assert_eq!(super::shown(&trickled), super::shown(&read_str(plain(), format, input)));
    }
}

#[test]
fn a_delimiter_that_is_named_is_taken() {
    let semicolons = ReadParams::default().table(TableParams::default().delimiter(Some(b';')));
    let input = "text,x;id\na,b;1\n";
    let (found, used) =
        texts(semicolons.clone().text_field(Some("\"text,x\"".into())), Format::Csv, input);
    assert_eq!(
        (&found[..], used.as_deref()),
        (&["a,b".to_owned()][..], Some("columns: text text,x, id id (delimiter ;)"))
    );
    let caret = ReadParams::default().table(TableParams::default().delimiter(Some(b'^')));
    assert_eq!(texts(caret, Format::Csv, "id^text\n1^a\n").0, ["a"]);
    for bad in [b'"', b'\n', b'\r', 0xE9] {
        let table = TableParams::default().delimiter(Some(bad));
        assert!(ReadParams::default().table(table).check().is_err());
        assert!(LabelledParams::default().table(table).check().is_err());
        assert!(PairParams::default().table(table).check().is_err());
    }
    let pairs = PairParams::default().check().unwrap();
    let mut pairs = pairs
        .from_reader("in", Format::Csv, io::Cursor::new("s;sentence1;sentence2\n1;a;b\n2;c;d\n"))
        .unwrap();
    let second = pairs.nth(1).unwrap().unwrap();
    assert_eq!((&*second.first, &*second.second), ("c", "d"));
    assert_eq!(
        pairs.used().unwrap().to_string(),
        "columns: first text sentence1, second text sentence2 (delimiter ;)"
    );
}

/// Quotes of TSV as texts, columns and cells have them: the same rule for every kind of record.
#[test]
fn quotes_in_tsv_are_themselves_but_around_whole_fields() {
    let quotes = |quotes| ReadParams::default().table(TableParams::default().quotes(quotes));
    let input = "\"id\"\ttext\n\
                 1\t\"Spam King\" is fined\n\
                 2\t\"all \"\"of\"\" it\"\n\
                 3\tsaid \"so\"\n\
                 \"4\"\t\"open\n\
                 5\tnext\"\n";
    let auto = ["\"Spam King\" is fined", "all \"of\" it", "said \"so\"", "\"open", "next\""];
    assert_eq!(texts(quotes(Quotes::Auto), Format::Tsv, input).0, auto);
    let none =
        ["\"Spam King\" is fined", "\"all \"\"of\"\" it\"", "said \"so\"", "\"open", "next\""];
    let unquoted = quotes(Quotes::None).text_field(Some("text".into()));
    assert_eq!(texts(unquoted, Format::Tsv, input).0, none);
    // By RFC 4180 what follows a closing quote belongs to the field, and the open one goes on.
    let csv = ["Spam King is fined", "all \"of\" it", "said \"so\"", "open\n5\tnext"];
    assert_eq!(texts(quotes(Quotes::Csv), Format::Tsv, input).0, csv);
    let labelled = LabelledParams::default().labelled(false).check().unwrap();
    let examples = labelled.from_reader("in", Format::Tsv, io::Cursor::new(input)).unwrap();
    assert_eq!(examples.map(|example| example.unwrap().text).collect::<Vec<_>>(), auto);
    let cells = read_str(quotes(Quotes::Auto).cells(true), Format::Tsv, input);
    let cells = cells.into_iter().filter_map(|piece| match piece.unwrap() {
        Piece::Record(record) => Some(record.cells.unwrap().values.join("|")),
        Piece::Verbatim(_) => None,
    });
    let expected: Vec<String> = (1..).zip(auto).map(|(id, text)| format!("{id}|{text}")).collect();
    assert_eq!(cells.collect::<Vec<_>>(), expected);
}

/// Lines that by themselves have another number of columns, and together are a row by RFC 4180.
#[test]
fn a_quoted_field_of_tsv_goes_over_lines_where_that_makes_the_row_whole() {
    for (input, expected) in [
        // The text first, last, and with a blank line in it.
        ("text\tid\n\"a\nb\"\t1\nc\t2\n", &["2#1:a\nb", "4#2:c"][..]),
        ("id\ttext\n1\t\"a\n\nb\"\n2\tc\n", &["2#1:a\n\nb", "5#2:c"]),
        ("id\ttext\r\n1\t\"a \"\"x\"\"\r\nb\"\r\n2\tc", &["2#1:a \"x\"\r\nb", "4#2:c"]),
        // A tab in quotes.
        ("id\ttext\n1\t\"a\tb\"\n", &["2#1:a\tb"]),
        // Every line has its columns: an open quote is a character.
        ("id\ttext\n1\t\"a\n2\tb\"\n", &["2#1:\"a", "3#2:b\""]),
        // One column: nothing shows that lines belong together.
        ("text\n\"a\nb\"\n", &["2:\"a", "3:b\""]),
        // No closing quote, characters behind it, or another number of columns.
        ("id\ttext\n1\t\"a\nb\n", &["2#1:\"a", "!in:3: expected 2 columns, found 1"]),
        (
            "id\ttext\n1\t\"a\nb\" c\n2\td\n",
            &["2#1:\"a", "!in:3: expected 2 columns, found 1", "4#2:d"],
        ),
        ("id\ttext\n1\t\"a\nb\"\tc\n2\td\n", &["2#1:\"a", "3#b\":c", "4#2:d"]),
    ] {
        let pieces = read_str(ReadParams::default(), Format::Tsv, input);
        assert_eq!(shown(&pieces)[1..], *expected, "{input:?}");
        let trickled = read(ReadParams::default(), Format::Tsv, Trickle::new(input.as_bytes()));
        assert_eq!(shown(&trickled), shown(&pieces), "{input:?}");
        if pieces.iter().all(Result::is_ok) {
            assert_eq!(rewritten(&pieces, str::to_owned).unwrap(), input);
            let again = rewritten(&pieces, |text| text.replace('a', "z")).unwrap();
            assert_eq!(again, input.replace('a', "z"));
        }
    }
}

/// A first row that is a text is an error that lists it, never a header in silence.
#[test]
fn a_file_without_a_header_is_refused_or_read_by_its_places() {
    let (found, _) = texts(ReadParams::default(), Format::Csv, "The van is late,2\nNo,1\n");
    assert_eq!(found, ["!in:1: no column known for the text; found \"The van is late\", \"2\""]);
    let bare = || ReadParams::default().table(TableParams::default().header(false));
    let input = "The van is late,2\nNo,1\n";
    let (found, used) = texts(bare(), Format::Csv, input);
    assert_eq!(found, ["The van is late", "No"]);
    assert_eq!(used.as_deref(), Some("columns: text 1 (no header)"));
    let (found, used) =
        texts(bare().text_field(Some("2".into())).id_field(Some("1".into())), Format::Csv, input);
    assert_eq!(found, ["2", "1"]);
    assert_eq!(used.as_deref(), Some("columns: text 2, id 1 (no header)"));
    assert_eq!(texts(bare().text_field(Some("*".into())), Format::Csv, "a,b\n").0, ["a\nb"]);
    for name in ["text", "0", "1,x", "1,1"] {
        assert!(bare().text_field(Some(name.into())).check().is_err(), "{name}");
    }
    assert!(field("*,a").check().is_err());
}

#[test]
fn several_fields_are_one_text() {
    let input = "id,subject,n,body\n7,a,1,b\n8,,2,c\n9,d,3,\n";
    for (name, expected, used) in [
        ("subject,body", &["a\nb", "c", "d"][..], "columns: text subject+body, id id"),
        ("body, subject", &["b\na", "c", "d"], "columns: text body+subject, id id"),
        ("*", &["a\n1\nb", "2\nc", "d\n3"], "columns: text *, id id"),
    ] {
        let (found, shown) = texts(field(name), Format::Csv, input);
        assert_eq!(
            (&found[..], shown.as_deref()),
            (&expected.iter().map(|e| (*e).to_owned()).collect::<Vec<_>>()[..], Some(used))
        );
    }
    let pieces = read_str(field("subject,body"), Format::Csv, input);
    let error = rewritten(&pieces, str::to_owned).unwrap_err();
    assert!(matches!(error, CorpusError::NotRewritable { format: Format::Csv }));
    assert_eq!(
        texts(field("subject,text"), Format::Csv, input).0,
        ["!in:1: expected a field \"text\", found \"id\", \"subject\", \"n\", \"body\""]
    );
}

#[test]
fn fields_of_objects_are_found_in_objects() {
    let input = r#"{"id":1,"msg":{"body":"a","to":["x","y"]},"a.b":"c","n":42,"z":null}"#;
    for (name, expected) in [
        ("msg.body", "a"),
        ("msg.to.1", "y"),
        // A name with a dot comes first.
        ("a.b", "c"),
        // A number that is asked for is a text.
        ("n", "42"),
        ("n,msg.body", "42\na"),
        ("z,n", "42"),
        ("*", "a\nx\ny\nc\n42"),
        (
            "msg.none",
            "!in:1: expected a field \"msg.none\", found \"a.b\", \"id\", \"msg\", \"n\", \"z\"",
        ),
        ("msg", "!in:1: field \"msg\": expected a string or a number, found an object"),
        ("z", "!in:1: field \"z\": expected a string or a number, found null"),
        ("n.x", "!in:1: expected a field \"n.x\", found \"a.b\", \"id\", \"msg\", \"n\", \"z\""),
    ] {
        assert_eq!(texts(field(name), Format::Jsonl, input).0, [expected], "{name}");
    }
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(70), "]".repeat(70));
    let found = texts(field("*"), Format::Jsonl, &deep).0;
    assert!(
        found[0].ends_with("expected at most 64 objects and arrays in each other, found an array"),
        "{found:?}"
    );
    // A label in an object, too.
    let params = LabelledParams::default()
        .text_field(Some("msg.body".into()))
        .label_field(Some("meta.kind".into()));
    let line = r#"{"msg":{"body":"a"},"meta":{"kind":"x"}}"#;
    let examples = params.check().unwrap().from_reader("in", Format::Jsonl, io::Cursor::new(line));
    let example = examples.unwrap().next().unwrap().unwrap();
    assert_eq!((&*example.text, &example.labels[..]), ("a", &["x".to_owned()][..]));
}

/// The text of each field, with `x` for every `a`: all else stays byte for byte.
#[test]
fn each_field_is_rewritten_by_itself() {
    for (format, name, input, records, expected) in [
        (
            Format::Csv,
            "subject,body",
            "id,subject,body\r\n1,ab,\"a, \"\"b\"\"\"\r\n2,,c\r\n",
            &["2#1:ab", "2#1:a, \"b\"", "3#2:c"][..],
            "id,subject,body\r\n1,xb,\"x, \"\"b\"\"\"\r\n2,,c\r\n",
        ),
        (Format::Csv, "*", "id;a\na1;ba\n", &["2#a1:a1", "2#a1:ba"], "id;a\nx1;bx\n"),
        (Format::Tsv, "b,a", "a\tb\nca\tda\n", &["2:ca", "2:da"], "a\tb\ncx\tdx\n"),
        (
            Format::Jsonl,
            "*",
            "{ \"id\": 7, \"a\" : {\"b\":[\"\\u0061\", 1.50, null, true]}, \"c\":\"da\" }\n",
            &["1#7:7", "1#7:a", "1#7:1.50", "1#7:da"],
            "{ \"id\": 7, \"a\" : {\"b\":[\"x\", 1.50, null, true]}, \"c\":\"dx\" }\n",
        ),
    ] {
        let params = field(name).each_field(true);
        let pieces = read_str(params, format, input);
        let found: Vec<String> =
            shown(&pieces).into_iter().filter(|piece| !piece.starts_with('~')).collect();
        assert_eq!(found, records, "{input}");
        assert_eq!(rewritten(&pieces, |text| text.replace('a', "x")).unwrap(), expected);
        assert_eq!(rewritten(&pieces, str::to_owned).unwrap(), input);
    }
    // A number that is replaced becomes a string.
    let pieces = read_str(field("n,m").each_field(true), Format::Jsonl, "{\"n\":12,\"m\":\"a\"}");
    assert_eq!(rewritten(&pieces, |_| "#".to_owned()).unwrap(), "{\"n\":\"#\",\"m\":\"#\"}");
    let fields = pieces.iter().filter_map(|piece| match piece {
        Ok(Piece::Record(record)) => record.field.as_deref(),
        _ => None,
    });
    assert_eq!(fields.collect::<Vec<_>>(), ["n", "m"]);
}

#[test]
fn kept_fields_are_no_records() {
    let csv = "id,name,e mail\n1,Ann,a@b\n";
    let json = r#"{"id":1,"a":{"b":"x","c":["y"]},"ab":"z"}"#;
    for (format, input, kept, records) in [
        (Format::Csv, csv, &["id"][..], &["Ann", "a@b"][..]),
        (Format::Csv, csv, &["e mail", "id"], &["Ann"]),
        (Format::Csv, csv, &["id", "name", "e mail"], &[]),
        (Format::Tsv, "a\tb\nc\td\n", &["b"], &["c"]),
        (Format::Jsonl, json, &["a"], &["1", "z"]),
        (Format::Jsonl, json, &["a.b", "id"], &["y", "z"]),
        (Format::Jsonl, json, &["ab", "a.c"], &["1", "x"]),
        // Not every object need have them.
        (Format::Jsonl, "{\"a\":\"x\"}\n{\"b\":\"y\"}\n", &["b"], &["x"]),
    ] {
        let kept: Vec<String> = kept.iter().map(|name| (*name).to_owned()).collect();
        let pieces = read_str(field("*").each_field(true).kept_fields(kept), format, input);
        let texts = pieces.iter().filter_map(|piece| match piece {
            Ok(Piece::Record(record)) => Some(record.text.as_str()),
            _ => None,
        });
        assert_eq!(texts.collect::<Vec<_>>(), records, "{input}");
        assert_eq!(rewritten(&pieces, str::to_owned).unwrap(), input);
    }
    let kept = || vec!["naem".to_owned()];
    let pieces = read_str(field("*").each_field(true).kept_fields(kept()), Format::Csv, csv);
    assert!(
        matches!(&pieces[..], [Err(CorpusError::MissingField { field, .. })] if field == "naem")
    );
    // Of a file of objects that is known at its end.
    let pieces = read_str(field("*").each_field(true).kept_fields(kept()), Format::Jsonl, json);
    assert!(
        matches!(pieces.last(), Some(Err(CorpusError::MissingField { field, .. })) if field == "naem")
    );
    assert!(field("name").kept_fields(kept()).check().is_err());
    assert!(field("*").kept_fields(vec![String::new()]).check().is_err());
}

#[test]
fn records_carry_all_columns_where_they_are_asked_for() {
    let cells = |format, input: &str| {
        let pieces = read_str(ReadParams::default().cells(true), format, input);
        let last = pieces.into_iter().filter_map(Result::ok).filter_map(|piece| match piece {
            Piece::Record(record) => record.cells,
            Piece::Verbatim(_) => None,
        });
        let cells = last.last().unwrap();
        cells.names.iter().cloned().zip(cells.values).collect::<Vec<_>>()
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let table = cells(Format::Csv, "b,text,b\n\"x \"\"y\"\"\",a,\n");
    assert_eq!(table, [pair("b", "x \"y\""), pair("text", "a"), pair("b", "")]);
    let object = cells(Format::Jsonl, r#"{"z":1.50,"text":"a","k":{"l":[]},"n":null}"#);
    assert_eq!(
        object,
        [pair("z", "1.50"), pair("text", "a"), pair("k", r#"{"l":[]}"#), pair("n", "")]
    );
}

/// As many columns as are read, each of them a text of its own: a row that looked at all of them for each
/// took a minute.
#[test]
fn rows_of_many_columns_are_gone_through_once() {
    let row = |name: &str, columns: usize| vec![name; columns].join(",") + "\n";
    let table = (0..100_000).map(|i| i.to_string()).collect::<Vec<_>>().join(",") + "\n";
    let params = || ReadParams::default().text_field(Some("*".into())).each_field(true);
    let pieces = read_str(params(), Format::Csv, &(table + &row("a", 100_000)));
    let records = pieces.iter().filter(|piece| matches!(piece, Ok(Piece::Record(_)))).count();
    assert_eq!(records, 100_000);
    let pieces = read_str(params(), Format::Csv, &row("a", 100_001));
    assert_eq!(shown(&pieces), ["!in:1: expected at most 100000 columns or fields, found more"]);
    let object = (0..100_001).map(|i| format!("\"{i}\":\"a\"")).collect::<Vec<_>>().join(",");
    let pieces = read_str(params(), Format::Jsonl, &format!("{{{object}}}\n{{\"b\":\"c\"}}\n"));
    assert_eq!(
        shown(&pieces)[..2],
        ["!in:1: expected at most 100000 columns or fields, found more", "~{\"b\":"]
    );
}
