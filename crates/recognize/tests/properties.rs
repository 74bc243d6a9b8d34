//! Properties that hold for any text.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use cloze_recognize::{Match, RecognizerParams, Recognizers};
use proptest::prelude::*;

static ALL: LazyLock<Recognizers> =
    LazyLock::new(|| Recognizers::new(RecognizerParams::new().min_score(0.0).check().unwrap()));

/// Pieces that begin, end and break what is recognised.
fn pieces() -> impl Strategy<Value = String> {
    let pieces = [
        "ada@example.com",
        "@",
        "https://",
        "www.",
        "example.com",
        "4111 1111 1111 1111",
        "DE89",
        "3704",
        "0044",
        "0532 0130 00",
        "+44",
        "20 7946 0958",
        "(",
        ")",
        "-",
        ".",
        "/",
        ":",
        "::",
        " ",
        "\n",
        "\n\n",
        "_",
        "=",
        "&",
        "'",
        "\"",
        "password=",
        "born",
        "SSN",
        "12.03.1980",
        "March",
        "é",
        "ﬁ",
        "\u{AD}",
        "\u{200B}",
        "４１",
        "٤٢",
        "电话",
        "👍",
        "\u{301}",
        "-----BEGIN PRIVATE KEY-----",
        "eyJabcdefgh",
        "0x",
        "192.0.2.1",
        "fe80",
        "2001:db8::1",
        "93",
        "years old",
        "AKIA",
        "²",
    ];
    prop::collection::vec(prop_oneof![8 => prop::sample::select(pieces.to_vec()).prop_map(str::to_owned), 1 => ".{0,4}"], 0..24)
        .prop_map(|pieces| pieces.concat())
}

fn check(text: &str, matches: &[Match]) {
    let mut last = 0;
    for found in matches {
        let part = found.span.of(text);
        assert!(part.is_some_and(|part| !part.is_empty()), "{:?} in {text:?}", found.span);
        assert!(found.span.start >= last, "overlap at {:?} in {text:?}", found.span);
        assert!((0.0..=1.0).contains(&found.score));
        last = found.span.end;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Spans lie on boundaries, in order, without overlaps, for texts of pieces and of any characters.
    #[test]
    fn spans_slice_the_original(text in prop_oneof![pieces(), ".{0,60}"], field in ".{0,12}") {
        check(&text, &ALL.find(&text));
        check(&text, &ALL.find_in(&field, &text));
    }

    /// Text before and behind, apart by a paragraph, changes only where things are.
    #[test]
    fn paragraphs_are_independent(text in pieces()) {
        let strict = |text: &str| ALL.find(text);
        let around = format!("Hello there\n\n{text}\n\nBye.");
        let inner = text.trim();
        prop_assume!(!inner.contains("BEGIN") && inner == text);
        let shift = "Hello there\n\n".len();
        let moved: Vec<_> = strict(&around).into_iter()
            .map(|found| (found.span.start - shift, found.span.end - shift, found.label)).collect();
        let alone: Vec<_> = strict(&text).into_iter()
            .map(|found| (found.span.start, found.span.end, found.label)).collect();
        prop_assert_eq!(moved, alone);
    }

    /// An address is found whole, with any text of letters around it.
    #[test]
    fn addresses_are_found_whole(local in "[a-z][a-z0-9._+-]{0,12}[a-z0-9]", host in "[a-z]{1,10}", before in "[a-z ]{0,10} ", after in "[ ,;)>][a-z ]{0,10}") {
        prop_assume!(local != "git");
        let address = format!("{local}@{host}.example.com");
        let text = format!("{before}{address}{after}");
        let matches = ALL.find(&text);
        prop_assert!(matches.iter().any(|found| found.span.of(&text) == Some(address.as_str())), "{:?}", matches);
    }

    /// Zero-width characters in a number do not hide it, and are within its span.
    #[test]
    fn invisible_characters_hide_nothing(at in 1..15_usize, mark in prop::sample::select(vec!['\u{AD}', '\u{200B}', '\u{2060}', '\u{FEFF}'])) {
        let mut number = "4111111111111111".to_owned();
        number.insert(at, mark);
        let text = format!("Karte {number}.");
        let matches = ALL.find(&text);
        prop_assert!(matches.iter().any(|found| found.span.of(&text) == Some(number.as_str()) && found.label == "CREDIT_CARD"));
    }
}

/// Four times the text takes about four times as long, also for texts that make patterns begin
/// everywhere and end nowhere; squared work would take sixteen times.
#[test]
fn the_work_is_linear() {
    for unit in [
        "a@",
        "http://",
        "https://a.b/",
        "a.",
        "1 ",
        "1-",
        "(1",
        "+1 ",
        "DE89 ",
        "A1 ",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY----- A",
        "eyJaaaaaaaa.",
        "eyJ-",
        "password=",
        "x://a:b@",
        "aa:",
        "::",
        "@a",
        "%40",
        "\"@",
        "=a+",
        "March 1 ",
        "1.1.1.",
        "0x",
        "4111 1111 ",
        "sk-a",
        "a=b+",
        "é.",
        "电话1",
        "born 1.1.",
        "\u{200B}",
        "ssn ",
    ] {
        let time = |bytes: usize| {
            let text = unit.repeat(bytes / unit.len());
            let start = Instant::now();
            let matches = ALL.find(&text);
            std::hint::black_box(matches.len());
            start.elapsed()
        };
        // The machine is shared: the best of a few tries counts.
        let fits = (0..4).any(|_| {
            let (short, long) = (time(4096), time(4 * 4096));
            long < short * 9 + Duration::from_millis(5)
        });
        assert!(fits, "{unit:?}: {:?}, then {:?}", time(4096), time(4 * 4096));
    }
}
