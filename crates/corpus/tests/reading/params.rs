use cloze_corpus::Source;

use super::*;

#[test]
fn settings_are_judged_at_their_edges() {
    let params = ReadParams::default;
    for (params, expected) in [
        (params(), None),
        (
            params()
                .token_column(1)
                .max_text_bytes(1)
                .text_field(Some("é".into()))
                .id_field(Some(" ".into())),
            None,
        ),
        (params().token_column(usize::MAX).max_text_bytes(usize::MAX), None),
        (params().token_column(0), Some("token_column: expected at least 1, found 0")),
        (params().max_text_bytes(0), Some("max_text_bytes: expected at least 1, found 0")),
        (
            params().text_field(Some(String::new())),
            Some("text_field: expected a field name, found \"\""),
        ),
        (
            params().id_field(Some(String::new())),
            Some("id_field: expected a field name, found \"\""),
        ),
    ] {
        let error = params.clone().check().err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), expected, "{params:?}");
        if error.is_none() {
            for format in FORMATS {
                read_str(params.clone(), format, "a\tb\n{}\n");
            }
        }
    }
}

#[test]
fn fields_have_the_names_that_were_set() {
    let params = ReadParams::default().text_field(Some("body".into())).id_field(Some("é".into()));
    let table = read_str(params.clone(), Format::Csv, "text,body,é\na,b,c\n");
    assert_eq!(shown(&table)[1], "2#c:b");
    let objects = read_str(params, Format::Jsonl, r#"{"text":"a","body":"b","é":"c","id":"d"}"#);
    assert_eq!(shown(&objects), ["1#c:b"]);
}

#[test]
fn a_source_is_opened_by_its_ending_or_the_setting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.JSONL");
    fs_err::write(&path, "{\"text\":\"a\"}").unwrap();
    let source = Source::File { path: path.clone(), relative: "a.JSONL".into() };
    assert_eq!(source.name(), path.display().to_string());
    for (format, expected, shown_expected) in
        [(None, Format::Jsonl, "1:a"), (Some(Format::Lines), Format::Lines, "1:{\"text\":\"a\"}")]
    {
        let params = ReadParams::default().format(format).check().unwrap();
        let mut reader = params.open(&source).unwrap();
        assert_eq!((reader.format(), reader.bytes_read()), (expected, 0));
        let pieces: Vec<_> = reader.by_ref().collect();
        assert_eq!(shown(&pieces), [shown_expected]);
        assert_eq!(reader.bytes_read(), 12);
        assert!(reader.next().is_none());
    }
    let stdin = ReadParams::default().check().unwrap().open(&Source::Stdin).unwrap();
    assert_eq!((stdin.format(), Source::Stdin.name()), (Format::Lines, "-".to_owned()));
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(io::ErrorKind::BrokenPipe, "the other end is gone"))
    }
}

#[test]
fn what_cannot_be_read_is_named_once() {
    let folder = tempfile::tempdir().unwrap();
    let params = ReadParams::default().check().unwrap();
    let source = |path| Source::File { path, relative: "x".into() };
    let none = folder.path().join("none");
    let error = params.open(&source(none.clone())).unwrap_err();
    assert!(matches!(error, CorpusError::Read(_)) && error.is_fatal());
    assert!(error.to_string().contains(&none.display().to_string()), "{error}");
    for format in FORMATS {
        let pieces = read(ReadParams::default(), format, "ab".as_bytes().chain(Broken));
        assert_eq!(shown(&pieces), ["!in: the other end is gone"], "{format}");
    }
}
