//! Sentences with tags, as a caller sees them.
use std::fmt::Write as _;
use std::io::Cursor;

use cloze_corpus::{CorpusError, Encoding, TaggedParams, TaggedSentence};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::Trickle;

fn read(params: TaggedParams, input: &[u8]) -> Vec<Result<TaggedSentence, CorpusError>> {
    params.check().unwrap().from_reader("in", Cursor::new(input.to_owned())).collect()
}

/// One sentence per row: `line: word/tag@line word/tag@line`, or `!error`.
fn shown(sentences: &[Result<TaggedSentence, CorpusError>]) -> Vec<String> {
    let show = |sentence: &Result<TaggedSentence, CorpusError>| match sentence {
        Ok(s) => {
            let words =
                s.words.iter().zip(&s.tags).zip(&s.lines).map(|((word, tag), line)| {
                    format!(" {}/{tag}@{line}", word.of(&s.text).unwrap())
                });
            assert_eq!((s.words.len(), s.words.len()), (s.tags.len(), s.lines.len()));
            format!("{}:{}", s.line, words.collect::<String>())
        }
        Err(error) => format!("!{error}"),
    };
    sentences.iter().map(show).collect()
}

fn any_columns() -> TaggedParams {
    TaggedParams::default()
}

#[test]
fn tags_are_in_the_last_column_or_the_one_asked_for() {
    let columns = "\u{feff}-DOCSTART- -X- O O\n\nEU NNP I-NP B-ORG\nsays VBZ I-VP O\n\n\t\nPeter  NNP I-NP B-PER\n";
    let last = ["3: EU/B-ORG@3 says/O@4", "7: Peter/B-PER@7"];
    assert_eq!(shown(&read(any_columns(), columns.as_bytes())), last);
    let second = ["3: EU/NNP@3 says/VBZ@4", "7: Peter/NNP@7"];
    assert_eq!(shown(&read(any_columns().tag_column(Some(2)), columns.as_bytes())), second);
    // CoNLL-U: comments, a contraction and a word that is not there.
    let conllu = "# sent_id = 1\n1-2\tzum\t_\t_\n1\tzu\tO\tx\n2\tdem\tO\ty\n2.1\tnicht\tO\tz\n3\tHaus\tB-LOC\tw\n";
    let params = any_columns().token_column(2).tag_column(Some(3));
    assert_eq!(shown(&read(params, conllu.as_bytes())), ["3: zu/O@3 dem/O@4 Haus/B-LOC@6"]);
    // Tag before token.
    let params = any_columns().token_column(2).tag_column(Some(1));
    assert_eq!(shown(&read(params, b"O a\nB b\n")), ["1: a/O@1 b/B@2"]);
    assert_eq!(shown(&read(any_columns(), b"")), [""; 0]);
    assert_eq!(shown(&read(any_columns(), b"\n\n# sent_id = 1\n")), [""; 0]);
    let latin = any_columns().encoding(Encoding::parse("latin1").unwrap());
    assert_eq!(shown(&read(latin, b"\xe9\tO\n")), ["1: é/O@1"]);
}

#[test]
fn a_bad_row_costs_its_sentence() {
    let input = "a O\nb\nc O\n\nd O\nNew York B-LOC\n\ne\tO\nf\t\n\n\tO\n\ng O\n";
    assert_eq!(
        shown(&read(any_columns(), input.as_bytes())),
        [
            "!in:2: expected 2 columns, found 1",
            "!in:6: expected 2 columns, found 3",
            "!in:9: expected a tag in column 2, found nothing",
            "!in:11: expected a token in column 1, found nothing",
            "13: g/O@13",
        ]
    );
    // Where the column is asked for, others may come and go.
    let asked = any_columns().tag_column(Some(2));
    assert_eq!(
        shown(&read(asked, b"a O\nb O x\n\nc\n")),
        ["1: a/O@1 b/O@2", "!in:4: expected 2 columns, found 1",]
    );
    // A file without tags says so.
    assert_eq!(
        shown(&read(any_columns(), b"a\nb\n\nc\n")),
        ["!in:1: expected 2 columns, found 1", "!in:4: expected 2 columns, found 1",]
    );
    let short = any_columns().max_text_bytes(4);
    let long = "expected at most 4 bytes, found more";
    assert_eq!(
        shown(&read(short, b"a O\nb O\nc O\n\nabc O\n\nd OO\ne OO\n\nd OO\ne OOO\n")),
        [
            format!("!in:1: {long}"),
            format!("!in:5: {long}"),
            "7: d/OO@7 e/OO@8".to_owned(),
            // The row, not the tags, is too long here.
            format!("!in:11: {long}"),
        ]
    );
    let bad = read(any_columns(), b"a O\n\n\xff O\n\nb O\n");
    assert_eq!(shown(&bad), ["1: a/O@1", "!in: byte 5: expected UTF-8, found invalid bytes"]);
}

#[test]
fn settings_are_judged_at_their_edges() {
    for params in [
        any_columns().token_column(0),
        any_columns().tag_column(Some(0)),
        any_columns().tag_column(Some(1)),
        any_columns().max_text_bytes(0),
    ] {
        assert!(matches!(params.check(), Err(CorpusError::Setting { .. })));
    }
    assert!(any_columns().token_column(2).tag_column(Some(1)).max_text_bytes(1).check().is_ok());
}

proptest! {
    /// A written file is read back, whatever stands between the two columns.
    #[test]
    fn tokens_keep_their_tags(
        sentences in vec(vec(("[a#é👍\0-]{1,3}", "O|[BI]-[XY]"), 1..4), 0..4),
        middle in "( _){0,2}",
    ) {
        let (mut file, mut line) = (String::new(), 0);
        let mut expected = vec![];
        for sentence in &sentences {
            let mut shown = format!("{}:", line + 1);
            for (token, tag) in sentence {
                line += 1;
                write!(file, "{token}{middle} {tag}\r\n").unwrap();
                write!(shown, " {token}/{tag}@{line}").unwrap();
            }
            file += "\n";
            line += 1;
            expected.push(shown);
        }
        prop_assert_eq!(shown(&read(any_columns(), file.as_bytes())), expected);
    }

    /// Any bytes: it ends, and one byte a read changes nothing.
    #[test]
    fn foreign_bytes_end_without_a_panic(
        bytes in prop_oneof![
            vec(any::<u8>(), 0..200),
            vec(prop::sample::select(b"aO1-. \t\n\r#=\xC3\xA9".to_vec()), 0..200),
        ],
        label in prop::sample::select(vec!["utf-8", "latin1", "utf-16"]),
        max in prop_oneof![1..20usize, Just(1 << 20)],
        (token, tag) in (1..4usize, prop::option::of(1..4usize)),
    ) {
        prop_assume!(Some(token) != tag);
        let params = any_columns().encoding(Encoding::parse(label).unwrap());
        let params = params.token_column(token).tag_column(tag).max_text_bytes(max);
        let whole = read(params.clone(), &bytes);
        prop_assert!(whole.len() <= bytes.len() + 1);
        for sentence in whole.iter().flatten() {
            prop_assert!(sentence.text.len() <= max && !sentence.words.is_empty());
            prop_assert!(sentence.tags.iter().all(|tag| !tag.is_empty()));
        }
        let trickled = params.check().unwrap().from_reader("in", Trickle::new(&bytes));
        prop_assert_eq!(shown(&trickled.collect::<Vec<_>>()), shown(&whole));
    }
}

#[test]
fn sentences_have_the_group_that_comments_say() {
    let rows = "Ann O\n\n# newdoc id = a\n# author = Lena\nBo O\n\nCy O\n\n-DOCSTART- O\n\nDi O\n";
    let ids = "# newdoc id = a\n1\tAnn\tO\n2\tlives\tO\n# author = Lena\n\n1\tBo\tO\n";
    for (name, column, file, expected) in [
        ("document", 1, rows, &[None, Some("a"), Some("a"), Some("in:9")][..]),
        ("author", 1, rows, &[None, Some("Lena"), Some("Lena"), None]),
        ("nobody", 1, rows, &[None; 4]),
        ("document", 2, ids, &[Some("a"), Some("a")]),
        // A comment within a sentence is for the next one.
        ("Author", 2, ids, &[None, Some("Lena")]),
    ] {
        let params = TaggedParams::default().token_column(column).group_field(Some(name.into()));
        let sentences = params.check().unwrap().from_reader("in", file.as_bytes());
        let groups: Vec<Option<String>> = sentences.map(|s| s.unwrap().group).collect();
        let groups: Vec<Option<&str>> = groups.iter().map(Option::as_deref).collect();
        assert_eq!(groups, expected, "{name} {column}");
    }
    let error = TaggedParams::default().group_field(Some(String::new())).check().unwrap_err();
    assert_eq!(error.to_string(), "group_field: expected a name, found \"\"");
}
