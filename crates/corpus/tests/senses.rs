//! Texts with words whose sense is known, in both formats, and what is wrong with them.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use cloze_corpus::{Sniff, find_sources};
use std::fmt::Write as _;

use cloze_corpus::{CorpusError, SenseFormat, SenseParams, SenseText, Source, TextUnit};
use proptest::prelude::*;

fn read(name: &str, content: &str, unit: TextUnit) -> Vec<Result<SenseText, String>> {
    let format = SenseFormat::of_path(name.as_ref()).unwrap();
    let params = SenseParams::default().unit(unit).max_text_bytes(300).check().unwrap();
    let content = content.as_bytes().to_vec();
    let texts = params.from_reader(name, format, std::io::Cursor::new(content));
    texts.map(|text| text.map_err(|error| error.to_string())).collect()
}

fn texts(name: &str, content: &str, unit: TextUnit) -> Vec<SenseText> {
    read(name, content, unit).into_iter().map(Result::unwrap).collect()
}

/// Each word as `form/lemma/pos/sense@line`.
fn words(text: &SenseText) -> Vec<String> {
    let one = |word: &cloze_corpus::SenseWord| {
        let form = word.span.of(&text.text).unwrap();
        format!("{form}/{}/{}/{}@{}", word.lemma, word.pos, word.sense, word.line)
    };
    text.words.iter().map(one).collect()
}

const DOCUMENT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE SimpleWsdDoc SYSTEM "simple-wsd-doc.dtd">
<SimpleWsdDoc name="d1">
  <word text="The" break_level="NO_BREAK"/>
  <word text="bänk" lemma="bank" pos="NOUN" sense="bank.2" break_level="SPACE_BREAK"/>
  <word text="&#39;s" break_level="NO_BREAK"/>
  <!-- a comment -->
  <word text="&quot;ours&quot;" break_level="LINE_BREAK"></word>
  <word text="." break_level="NO_BREAK"/>
  <word text="It" break_level="SENTENCE_BREAK"/>
  <word
    text="ran" lemma="run" sense="run.1"/>
  <word text="Well" lemma="well" pos="ADV" sense="well.1" break_level="PARAGRAPH_BREAK"/>
</SimpleWsdDoc>
"#;

#[test]
fn words_of_xml_are_sentences_or_paragraphs() {
    let found = texts("a.xml", DOCUMENT, TextUnit::Sentence);
    let all: Vec<(&str, u64)> = found.iter().map(|t| (&*t.text, t.line)).collect();
    assert_eq!(all, [("The bänk's\n\"ours\".", 4), ("It ran", 10), ("Well", 13)]);
    assert!(found.iter().all(|text| text.document.as_deref() == Some("d1")));
    let all: Vec<Vec<String>> = found.iter().map(words).collect();
    assert_eq!(
        all,
        [["bänk/bank/NOUN/bank.2@5"], ["ran/run//run.1@11"], ["Well/well/ADV/well.1@13"]]
    );
    let found = texts("a.xml", DOCUMENT, TextUnit::Paragraph);
    let all: Vec<&str> = found.iter().map(|t| &*t.text).collect();
    assert_eq!(all, ["The bänk's\n\"ours\". It ran", "Well"]);
    assert_eq!(words(&found[0]), ["bänk/bank/NOUN/bank.2@5", "ran/run//run.1@11"]);
}

#[test]
fn a_root_without_a_name_is_named_after_the_file() {
    let found = texts("some/b.XML", "<d><word text='a'/></d>", TextUnit::Sentence);
    assert_eq!(found[0].document.as_deref(), Some("b"));
    assert!(texts("b.xml", "<d name='x'/>", TextUnit::Sentence).is_empty());
}

/// A bad word costs its sentence, and the next one is read.
#[test]
fn what_is_wrong_with_a_word_is_named_with_its_line() {
    for (word, said) in [
        (r#"<word lemma="a"/>"#, "expected an attribute \"text\", found none"),
        (r#"<word text="a" sense="s"/>"#, "expected an attribute \"lemma\", found none"),
        (
            r#"<word text="a" lemma=" " sense="s"/>"#,
            "attribute \"lemma\": expected a lemma, found nothing",
        ),
        (
            r#"<word text="a" lemma="a" sense=""/>"#,
            "attribute \"sense\": expected a sense, found nothing",
        ),
        (
            r#"<word text="" lemma="a" sense="s"/>"#,
            "attribute \"text\": expected a text, found nothing",
        ),
        (
            r#"<word text="a" break_level="TAB"/>"#,
            "attribute \"break_level\": expected NO_BREAK, SPACE_BREAK, LINE_BREAK, SENTENCE_BREAK or \
             PARAGRAPH_BREAK, found \"TAB\"",
        ),
    ] {
        let content = format!(
            "<d>\n<word text=\"x\"/>\n{word}\n<word text=\"y\"/>\n\
             <word text=\"z\" break_level=\"SENTENCE_BREAK\"/>\n</d>"
        );
        let found = read("c.xml", &content, TextUnit::Sentence);
        assert_eq!(found.len(), 2, "{word}: {found:?}");
        assert_eq!(found[0], Err(format!("c.xml:3: {said}")));
        assert_eq!(found[1].as_ref().unwrap().text, "z");
    }
    // With the sentence before it whole.
    let content = "<d><word text='x'/>\n<word lemma='a' break_level='SENTENCE_BREAK'/></d>";
    let found = read("c.xml", content, TextUnit::Sentence);
    assert_eq!(found[0].as_ref().unwrap().text, "x");
    assert_eq!(found[1..], [Err("c.xml:2: expected an attribute \"text\", found none".into())]);
}

#[test]
fn xml_that_is_broken_or_another_ends_the_file() {
    for (content, said) in [
        ("", "b.xml:1: expected an element, found the end of the file"),
        ("\n\n", "b.xml:3: expected an element, found the end of the file"),
        (
            "<d>\n<word text='a'/>\n",
            "b.xml:3: expected the end of the root element, found the end of the file",
        ),
        ("<d>\n<pair value='1'/></d>", "b.xml:2: expected <word>, found <pair>"),
        ("<d>\n<word text='a'/></e>", "b.xml:2: expected XML"),
        ("<d>\n<word text='a' text='b'/></d>", "b.xml:2: expected XML"),
        ("<d>\n<word text='&nosuch;'/></d>", "b.xml:2: expected XML"),
        ("<d>\n<word text='a", "b.xml:2: expected XML"),
    ] {
        let found = read("b.xml", content, TextUnit::Sentence);
        assert_eq!(found.last(), Some(&Err(said.to_owned())), "{content:?}: {found:?}");
    }
    let bytes = b"<d>\n<word text='a\xff'/></d>";
    let params = SenseParams::default().check().unwrap();
    let found: Vec<_> = params.from_reader("b.xml", SenseFormat::Xml, &bytes[..]).collect();
    assert!(matches!(&found[..], [Err(CorpusError::Xml { line: 2, .. })]), "{found:?}");
}

#[test]
fn what_is_too_long_is_not_held() {
    let long = "x".repeat(400);
    let content = format!("<d>\n<word text='{long}'/></d>");
    let found = read("l.xml", &content, TextUnit::Sentence);
    assert_eq!(found, [Err("l.xml:2: expected at most 300 bytes, found more".to_owned())]);
    // Many short words of one sentence: it is dropped, and the next is read.
    let words = "<word text='abcdefghi'/>\n".repeat(50);
    let content = format!("<d>\n{words}<word text='z' break_level='SENTENCE_BREAK'/></d>");
    let found = read("l.xml", &content, TextUnit::Sentence);
    assert_eq!(found[0], Err("l.xml:2: expected at most 300 bytes, found more".to_owned()));
    assert_eq!(found[1].as_ref().unwrap().text, "z");
    assert_eq!(found.len(), 2);
}

#[test]
fn lines_say_where_a_word_is_in_code_points() {
    let content = concat!(
        "\u{feff}{\"text\":\"Ein 👍 bänk!\",\"start\":6,\"end\":10,\"lemma\":\"bank\",\"pos\":\"NOUN\",",
        "\"sense\":\"b.1\",\"document\":7}\n\n",
        "{\"text\":\"a run\",\"start\":2,\"end\":5,\"lemma\":\"run\",\"sense\":\"r.1\",\"pos\":null}\n",
    );
    let found = texts("a.jsonl", content, TextUnit::Sentence);
    let all: Vec<Vec<String>> = found.iter().map(words).collect();
    assert_eq!(all, [["bänk/bank/NOUN/b.1@1"], ["run/run//r.1@3"]]);
    assert_eq!((found[0].document.as_deref(), &found[1].document), (Some("7"), &None));
    for (line, said) in [
        (r#"{"text":"a","start":0,"end":1,"sense":"s"}"#, "expected a field \"lemma\", found "),
        (r#"{"text":"a","start":0,"end":1,"lemma":"a"}"#, "expected a field \"sense\", found "),
        (
            r#"{"text":"a","start":"0","end":1,"lemma":"a","sense":"s"}"#,
            "field \"start\": expected a number, found a string",
        ),
        (
            r#"{"text":"a","start":0.5,"end":1,"lemma":"a","sense":"s"}"#,
            "field \"start\": expected a whole number of at most 32 bits, found \"0.5\"",
        ),
        (
            r#"{"text":"a","start":0,"end":2,"lemma":"a","sense":"s"}"#,
            "expected a start before an end, in code points of a text of 1, found 0 and 2",
        ),
        (
            r#"{"text":"a","start":0,"end":1,"lemma":"a","sense":""}"#,
            "field \"sense\": expected a sense, found nothing",
        ),
        (
            r#"{"text":"a","start":0,"end":1,"lemma":"a","sense":"s","pos":1}"#,
            "field \"pos\": expected a string, found a number",
        ),
        ("[]", "expected a JSON object"),
    ] {
        let good = r#"{"text":"a","start":0,"end":1,"lemma":"a","sense":"s"}"#;
        let found = read("a.jsonl", &format!("{line}\n{good}\n"), TextUnit::Sentence);
        let error = found[0].as_ref().unwrap_err();
        assert!(error.starts_with(&format!("a.jsonl:1: {said}")), "{error}");
        assert!(found[1].is_ok() && found.len() == 2, "{found:?}");
    }
}

#[test]
fn other_endings_and_limits_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    fs_err::write(&path, "a").unwrap();
    let found = find_sources(&[path.display().to_string()], Sniff::Nul);
    let params = SenseParams::default().check().unwrap();
    let error = params.open(&found.sources[0]).unwrap_err();
    assert!(
        error.to_string().ends_with("a.txt: expected senses as xml or jsonl, found another ending")
    );
    let missing = Source::File { path: folder.path().join("no.xml"), relative: "no.xml".into() };
    assert!(matches!(params.open(&missing), Err(CorpusError::Read(_))));
    assert!(SenseParams::default().max_text_bytes(0).check().is_err());
}

proptest! {
    /// Whatever is written comes back, and each word is where it is said to be.
    #[test]
    fn words_slice_back(words in prop::collection::vec(("[a-zé<&'\"👍]{1,6}", any::<bool>(), 0..4_usize), 1..12)) {
        let escaped = |text: &str| {
            text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;")
        };
        let levels = ["NO_BREAK", "SPACE_BREAK", "LINE_BREAK", "SENTENCE_BREAK"];
        let mut content = "<d>".to_owned();
        for (word, tagged, level) in &words {
            let word = escaped(word);
            let sense = if *tagged { format!("lemma='{word}' sense='s'") } else { String::new() };
            writeln!(content, "<word text='{word}' {sense} break_level='{}'/>", levels[*level]).unwrap();
        }
        content += "</d>";
        let found = texts("p.xml", &content, TextUnit::Sentence);
        let said: Vec<&str> =
            found.iter().flat_map(|t| t.words.iter().map(|w| w.span.of(&t.text).unwrap())).collect();
        let lemmas: Vec<&str> = found.iter().flat_map(|t| t.words.iter().map(|w| &*w.lemma)).collect();
        let expected: Vec<&str> = words.iter().filter(|w| w.1).map(|w| &*w.0).collect();
        prop_assert_eq!(&said, &expected);
        prop_assert_eq!(&lemmas, &expected);
    }

    /// Bytes that may be anything: an error or texts, and an end.
    #[test]
    fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..200), xml in any::<bool>()) {
        let format = if xml { SenseFormat::Xml } else { SenseFormat::Jsonl };
        let mut all = b"<d><word text='a' sense='b".to_vec();
        all.extend(bytes);
        let params = SenseParams::default().max_text_bytes(64).check().unwrap();
        prop_assert!(params.from_reader("x", format, std::io::Cursor::new(all)).count() < 300);
    }
}
