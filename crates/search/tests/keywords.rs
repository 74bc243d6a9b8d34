//! Search by words: what is found is what the formula says, however the rows came.
#![expect(clippy::unwrap_used, reason = "in the helpers of tests, too")]
mod common;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use cloze_search::index::{Index, IndexParams, IndexRecord, Writer, verify};
use cloze_search::{EngineKind, Hit, RowSet, SearchError};
use proptest::prelude::*;

fn params() -> IndexParams {
    IndexParams::new().engine(EngineKind::Exact).keywords(true)
}

fn create(folder: &Path, params: IndexParams) -> Writer {
    Writer::create(folder, &params.check().unwrap(), false).unwrap()
}

fn record(id: &str, text: Option<&str>) -> IndexRecord {
    IndexRecord { id: id.into(), text: text.map(str::to_owned), ..IndexRecord::default() }
}

fn build(folder: &Path, params: IndexParams, texts: &[&str]) -> Writer {
    let mut writer = create(folder, params);
    for (id, text) in texts.iter().enumerate() {
        writer.push(&record(&id.to_string(), Some(text)), &[1.0, 0.5]).unwrap();
    }
    writer.commit().unwrap();
    writer
}

fn rows(hits: &[Hit]) -> Vec<u64> {
    hits.iter().map(|hit| hit.row).collect()
}

/// BM25 (Robertson & Zaragoza 2009) of texts whose words stand between spaces, all by all:
/// ln(1 + (N − n + 0.5) / (n + 0.5)) · f / (k1 · (1 − b + b · l / m) + f), over texts with words.
#[expect(clippy::cast_precision_loss, reason = "few")]
fn brute_force(texts: &[(u64, String)], query: &str) -> Vec<(u64, f64)> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let texts: Vec<_> = texts.iter().map(|(row, text)| (*row, words(text))).collect();
    let texts: Vec<_> = texts.into_iter().filter(|(_, words)| !words.is_empty()).collect();
    let total: usize = texts.iter().map(|(_, words)| words.len()).sum();
    let mean = total as f64 / texts.len() as f64;
    let mut all = vec![];
    for (row, text) in &texts {
        let mut score = 0.0;
        for word in words(query) {
            let with = texts.iter().filter(|(_, text)| text.contains(&word)).count() as f64;
            let idf = (1.0 + (texts.len() as f64 - with + 0.5) / (with + 0.5)).ln();
            let count = text.iter().filter(|w| **w == word).count() as f64;
            score += idf * count / (1.2 * (0.25 + 0.75 * text.len() as f64 / mean) + count);
        }
        if score > 0.0 {
            all.push((*row, score));
        }
    }
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all
}

/// "b" is in rows 0 and 1 of 3, whose lengths are 1, 3 and 2, 2 on average:
/// idf = ln(1 + 1.5 / 2.5) = 0.470004; row 0: 1 / (1 + 1.2 · (0.25 + 0.75 · 0.5)) = 1 / 1.75, times idf
/// 0.268574; row 1: 2 / (2 + 1.2 · (0.25 + 0.75 · 1.5)) = 2 / 3.65, times idf 0.257536. "c" is in 2:
/// idf = ln(1 + 2.5 / 1.5) = 0.980829, times 2 / (2 + 1.2) 0.613018.
#[test]
fn scores_are_those_worked_out_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), params(), &["b", "B a b", "c C"]);
    let index = Index::open(folder.path()).unwrap();
    for (query, expected) in [
        ("b", &[(0, 0.268_574), (1, 0.257_536)][..]),
        ("c! B?", &[(2, 0.613_018), (0, 0.268_574), (1, 0.257_536)]),
        ("c c", &[(2, 1.226_036)]),
        ("d", &[]),
        ("", &[]),
    ] {
        let hits = index.keywords(query, 9, None).unwrap();
        assert_eq!(rows(&hits), expected.iter().map(|(row, _)| *row).collect::<Vec<_>>());
        for (hit, (_, score)) in hits.iter().zip(expected) {
            assert!((hit.score - score).abs() < 2e-6, "{query}: {hit:?} for {score}");
        }
    }
    assert!(index.keywords("b", 0, None).unwrap().is_empty());
    assert_eq!(index.keywords("b", usize::MAX, None).unwrap().len(), 2);
    assert!(index.info().keywords);
}

#[derive(serde::Deserialize)]
struct Gold {
    texts: Vec<String>,
    queries: Vec<String>,
    scores: Vec<Vec<f64>>,
}

/// `data/make_keywords.py` says how these came about.
#[test]
fn scores_are_those_of_another_program() {
    let gold: Gold = serde_json::from_str(include_str!("data/keywords.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<&str> = gold.texts.iter().map(String::as_str).collect();
    build(folder.path(), params(), &texts);
    let index = Index::open(folder.path()).unwrap();
    assert_eq!(gold.queries.len(), 20);
    for (query, scores) in gold.queries.iter().zip(&gold.scores) {
        let all = (0..).zip(scores).map(|(row, score)| (row, *score));
        let mut all: Vec<(u64, f64)> = all.filter(|(_, score)| *score > 0.0).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        common::assert_best(&index.keywords(query, 1000, None).unwrap(), &all, 1000);
    }
}

/// Ten words, the first of them often, in texts of up to 80.
fn text() -> impl Strategy<Value = Option<String>> {
    let word = (0..10_usize, 0..10_usize).prop_map(|(a, b)| format!("w{}", a.min(b)));
    let words = prop::collection::vec(word, 0..80).prop_map(|words| words.join(" "));
    prop::option::weighted(0.9, words)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// Rows come in parts, some go, some have no text; all put together or not.
    #[test]
    fn an_index_finds_what_the_formula_does(
        parts in prop::collection::vec(
            (prop::collection::vec(text(), 1..60), prop::collection::vec(0..200_usize, 0..12)), 1..12,
        ),
        compact in any::<bool>(),
        k in 1..40_usize,
        step in 1..4_usize,
        query in prop::collection::vec(0..11_usize, 1..5),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = create(folder.path(), params());
        let (mut left, mut next) = (vec![], 0);
        for (texts, deletes) in &parts {
            for text in texts {
                let id = next.to_string();
                writer.push(&record(&id, text.as_deref()), &[1.0, 0.5]).unwrap();
                left.push((id, text.clone()));
                next += 1;
            }
            writer.commit().unwrap();
            for id in deletes {
                writer.delete(&id.to_string()).unwrap();
                left.retain(|(known, _)| *known != id.to_string());
            }
        }
        writer.commit().unwrap();
        if compact {
            writer.compact().unwrap();
        }
        let verified = verify(folder.path()).unwrap();
        prop_assert!(verified.findings.is_empty(), "{:?}", verified.findings);

        let index = Index::open(folder.path()).unwrap();
        let live: Vec<u64> = index.live().collect();
        let texts: Vec<_> = live.iter().zip(&left).map(|(row, (id, text))| {
            assert_eq!(index.record(*row).unwrap().id, *id);
            (*row, text.clone().unwrap_or_default())
        }).collect();
        let query: Vec<_> = query.iter().map(|word| format!("w{word}")).collect();
        let query = query.join(" ");
        let all = brute_force(&texts, &query);
        common::assert_best(&index.keywords(&query, k, None).unwrap(), &all, k);

        let allowed = common::every(index.rows(), step);
        let some: Vec<_> = all.iter().filter(|(row, _)| row % step as u64 == 0).copied().collect();
        common::assert_best(&index.keywords(&query, k, Some(&allowed)).unwrap(), &some, k);

        // To the last bit as built at once.
        let once = tempfile::tempdir().unwrap();
        let mut writer = create(once.path(), params());
        for (id, text) in &left {
            writer.push(&record(id, text.as_deref()), &[1.0, 0.5]).unwrap();
        }
        writer.commit().unwrap();
        let named = |index: &Index| -> Vec<(String, u32)> {
            let hits = index.keywords(&query, 9, None).unwrap();
            let id = |hit: &Hit| index.record(hit.row).unwrap().id;
            hits.iter().map(|hit| (id(hit), hit.score.to_bits())).collect()
        };
        prop_assert_eq!(named(&index), named(&Index::open(once.path()).unwrap()));
    }

    #[test]
    fn every_text_can_be_kept_and_asked_for(texts in prop::collection::vec(any::<String>(), 1..6)) {
        let folder = tempfile::tempdir().unwrap();
        let all: Vec<&str> = texts.iter().map(String::as_str).collect();
        build(folder.path(), params(), &all);
        prop_assert!(verify(folder.path()).unwrap().findings.is_empty());
        let index = Index::open(folder.path()).unwrap();
        for (row, text) in (0..).zip(&texts) {
            let hits = index.keywords(text, 9, None).unwrap();
            // Whoever asks for a text finds it, if it has a word.
            prop_assert!(hits.is_empty() || rows(&hits).contains(&row));
        }
    }
}

#[test]
fn equal_rows_are_in_order_and_odd_texts_are_texts() {
    let folder = tempfile::tempdir().unwrap();
    let long = "needle ".to_owned() + &"hay stack ".repeat(100_000);
    let texts = [
        "same text",
        "",
        "😀🎉",
        "東京都の天気",
        "same text",
        &long,
        "L’ÉTÉ",
        "e\u{301}te\u{301} x",
    ];
    let mut writer = build(folder.path(), params(), &texts);
    assert!(verify(folder.path()).unwrap().findings.is_empty());
    let found = |index: &Index, query: &str| rows(&index.keywords(query, 9, None).unwrap());
    let index = Index::open(folder.path()).unwrap();
    for (query, expected) in [
        ("same", &[0, 4][..]),
        ("needle", &[5]),
        ("京", &[3]),
        ("été", &[6, 7]),
        ("ete 🎉 \" AND ( -", &[]),
    ] {
        assert_eq!(found(&index, query), expected, "{query}");
    }
    // Those that come again are at the end.
    writer.push(&record("0", Some("same again")), &[1.0, 0.5]).unwrap();
    writer.commit().unwrap();
    assert_eq!(found(&Index::open(folder.path()).unwrap(), "same"), [4, 8]);
    assert_eq!(found(&index, "same"), [0, 4]);
    // A set of fewer rows than there are allows none of the others.
    assert!(index.keywords("needle", 9, Some(&RowSet::all(3))).unwrap().is_empty());
}

#[test]
fn words_are_kept_only_where_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = build(folder.path(), params().keywords(false), &["a text"]);
    writer.push(&record("more", Some("text")), &[1.0, 0.5]).unwrap();
    writer.commit().unwrap();
    assert!(keyword_files(folder.path()).is_empty());
    let index = Index::open(folder.path()).unwrap();
    let error = index.keywords("text", 1, None).unwrap_err();
    assert!(matches!(error, SearchError::NoKeywords { .. }), "{error}");
    assert!(!index.info().keywords);

    // Rows without names have no texts, and neither have some with.
    for numbered in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = create(folder.path(), params());
        let pushed = if numbered {
            writer.push_numbered(&[1.0])
        } else {
            writer.push(&record("a", None), &[1.0])
        };
        pushed.unwrap();
        writer.commit().unwrap();
        assert!(verify(folder.path()).unwrap().findings.is_empty());
        let index = Index::open(folder.path()).unwrap();
        assert!(index.keywords("a", 1, None).unwrap().is_empty());
        assert!(keyword_files(folder.path()).is_empty());
    }
}

fn keyword_files(folder: &Path) -> Vec<PathBuf> {
    let segments = fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = segments.filter(|path| path.is_dir()).flat_map(|path| {
        fs_err::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    });
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    files.filter(|path| name(path).starts_with("keywords.")).collect()
}

/// Every byte changed in each of its bits, and every shorter file: it is found by a verification, and
/// a search is refused or has the hits it had.
#[test]
fn damage_is_found_and_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = build(folder.path(), params(), &["one two two", "two three", ""]);
    writer.push(&record("x", Some("three four")), &[1.0, 0.5]).unwrap();
    writer.commit().unwrap();
    let queries = ["one", "two", "three four", "none"];
    let expected: HashMap<&str, Vec<Hit>> = {
        let index = Index::open(folder.path()).unwrap();
        queries.iter().map(|query| (*query, index.keywords(query, 9, None).unwrap())).collect()
    };
    let files = keyword_files(folder.path());
    assert_eq!(files.len(), 4);
    for file in files {
        let bytes = fs_err::read(&file).unwrap();
        let flipped = (0..bytes.len() * 8).map(|bit| {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        });
        let cut = (0..bytes.len()).map(|len| bytes[..len].to_vec());
        let longer = std::iter::once([&bytes[..], &[0]].concat());
        for damaged in flipped.chain(cut).chain(longer) {
            fs_err::write(&file, &damaged).unwrap();
            assert!(!verify(folder.path()).unwrap().findings.is_empty());
            let Ok(index) = Index::open(folder.path()) else { continue };
            for query in queries {
                match index.keywords(query, 9, None) {
                    Ok(hits) => assert_eq!(hits, expected[query]),
                    Err(SearchError::Damaged { path, .. }) => assert_eq!(path, file),
                    Err(error) => panic!("{error}"),
                }
            }
        }
        fs_err::write(&file, &bytes).unwrap();
        assert!(verify(folder.path()).unwrap().findings.is_empty());
        fs_err::remove_file(&file).unwrap();
        assert!(matches!(Index::open(folder.path()).unwrap_err(), SearchError::Read(_)));
        fs_err::write(&file, &bytes).unwrap();
    }
}
