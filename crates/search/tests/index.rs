//! Indexes on the disk: what goes in comes out, whatever way it went in.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
mod common;

use std::path::Path;

use cloze_core::Matrix;
use cloze_embed::Metric;
use cloze_embed::correction::Method;
use cloze_search::index::{Index, IndexParams, IndexRecord, OpenParams, Writer, verify};
use cloze_search::{Dtype, EngineKind, Filter, SearchError};
use common::{assert_best, best, full_sort, matrix, recall, record};
use proptest::prelude::*;

fn params() -> IndexParams {
    IndexParams::new().engine(EngineKind::Exact)
}

fn build(folder: &Path, params: IndexParams, rows: &Matrix) -> Writer {
    let mut writer = Writer::create(folder, &params.check().unwrap(), false).unwrap();
    for (id, row) in rows.iter().enumerate() {
        writer.push(&record(id), row).unwrap();
    }
    writer.commit().unwrap();
    writer
}

/// The ids of what is found, with the scores' bits.
fn found(index: &Index, queries: &Matrix, k: usize) -> Vec<Vec<(String, u32)>> {
    let hits = index.search(queries, k, None).unwrap();
    let named = |hit: &cloze_search::Hit| (index.record(hit.row).unwrap().id, hit.score.to_bits());
    hits.iter().map(|hits| hits.iter().map(named).collect()).collect()
}

fn sound(folder: &Path) {
    let verified = verify(folder).unwrap();
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);
}

#[test]
fn an_index_finds_what_a_full_sort_does() {
    let (rows, queries) = (matrix(500, 24, 1), matrix(4, 24, 2));
    for metric in [Metric::Cosine, Metric::Dot, Metric::Euclid] {
        let folder = tempfile::tempdir().unwrap();
        build(folder.path(), params().metric(metric), &rows);
        let index = Index::open(folder.path()).unwrap();
        assert_eq!((index.len(), index.width()), (500, 24));
        for (query, hits) in queries.iter().zip(index.search(&queries, 7, None).unwrap()) {
            assert_best(&hits, &full_sort(&rows, query, metric), 7);
        }
        sound(folder.path());
    }
}

#[test]
fn narrow_numbers_find_nearly_the_same() {
    let (rows, queries) = (matrix(4000, 64, 1), matrix(50, 64, 2));
    let gold = best(&rows, &queries, Metric::Cosine, 10);
    for (params, least) in [
        (params().dtype(Dtype::F16), 0.98),
        (params().quantize(true), 0.999),
        (params().dtype(Dtype::F16).quantize(true), 0.98),
    ] {
        let folder = tempfile::tempdir().unwrap();
        build(folder.path(), params, &rows);
        let index = Index::open(folder.path()).unwrap();
        let hits = index.search(&queries, 10, None).unwrap();
        assert!(recall(&gold, &hits) >= least, "{}", recall(&gold, &hits));
        for (gold, hits) in gold.iter().zip(&hits) {
            for hit in hits {
                let exact = gold.iter().find(|gold| gold.row == hit.row);
                assert!(exact.is_none_or(|exact| (exact.score - hit.score).abs() < 6e-4));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Rows are added in parts of any size, some deleted, some replaced, all put together or not: what
    /// is found is what an index finds that was built at once of what is left, bit for bit.
    #[test]
    fn an_index_built_in_parts_is_one_built_at_once(
        parts in prop::collection::vec((1..12_usize, prop::collection::vec(0..60_usize, 0..6)), 1..12),
        compact in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::create(folder.path(), &params().check().unwrap(), false).unwrap();
        let mut left: Vec<(String, Vec<f32>)> = vec![];
        let mut seed = 0;
        for (adds, deletes) in &parts {
            for _ in 0..*adds {
                seed += 1;
                // Ids come again, and then replace.
                let (id, row) = ((seed * 7 % 40).to_string(), common::numbers(6, seed));
                if writer.push(&record(&id), &row).is_ok() {
                    left.retain(|(known, _)| *known != id);
                    left.push((id, row));
                }
            }
            writer.commit().unwrap();
            for id in deletes {
                let id = id.to_string();
                let there = left.iter().any(|(known, _)| *known == id);
                prop_assert_eq!(writer.delete(&id).unwrap(), there);
                left.retain(|(known, _)| *known != id);
            }
        }
        writer.commit().unwrap();
        if compact {
            writer.compact().unwrap();
        }
        sound(folder.path());
        let index = Index::open(folder.path()).unwrap();
        prop_assert_eq!(index.len(), left.len());

        let once = tempfile::tempdir().unwrap();
        let mut writer = Writer::create(once.path(), &params().check().unwrap(), false).unwrap();
        for (id, row) in &left {
            writer.push(&record(id), row).unwrap();
        }
        writer.commit().unwrap();
        let queries = matrix(3, 6, 999);
        if left.is_empty() {
            prop_assert!(index.search(&queries, 3, None).unwrap().iter().all(Vec::is_empty));
        } else {
            let once = Index::open(once.path()).unwrap();
            prop_assert_eq!(found(&index, &queries, 9), found(&once, &queries, 9));
        }
        if compact {
            prop_assert_eq!(index.rows(), left.len());
        }
    }
}

#[test]
fn filtered_is_filtered_after_a_full_search() {
    let folder = tempfile::tempdir().unwrap();
    let rows = matrix(300, 8, 1);
    let mut writer = Writer::create(folder.path(), &params().check().unwrap(), false).unwrap();
    for (id, row) in rows.iter().enumerate() {
        let mut record = record(id);
        record.metadata.insert("third".into(), (id % 3).into());
        writer.push(&record, row).unwrap();
        if id % 100 == 99 {
            writer.commit().unwrap();
        }
    }
    let index = Index::open(folder.path()).unwrap();
    let queries = matrix(4, 8, 2);
    let allowed = index.rows_where(&Filter::parse(&["third=1"]).unwrap()).unwrap();
    let all = index.search(&queries, 300, None).unwrap();
    for (hits, mut gold) in index.search(&queries, 20, Some(&allowed)).unwrap().iter().zip(all) {
        gold.retain(|hit| hit.row % 3 == 1);
        gold.truncate(20);
        assert_eq!(*hits, gold);
    }
    assert_eq!(writer.delete_where(&Filter::parse(&["third!=1"]).unwrap()).unwrap(), 200);
    writer.commit().unwrap();
    assert_eq!(Index::open(folder.path()).unwrap().len(), 100);
}

#[test]
fn a_correction_is_fitted_kept_and_applied_to_queries() {
    // One dimension so large that it decides every cosine.
    let mut numbers = common::numbers(200 * 4, 1);
    numbers.iter_mut().step_by(4).for_each(|x| *x = *x * 0.1 + 50.0);
    let rows = Matrix::from_vec(4, numbers).unwrap();
    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), params().correction(Some(Method::ZScore)), &rows);
    let index = Index::open(folder.path()).unwrap();
    let first = Matrix::from_vec(4, rows.row(3).unwrap().to_vec()).unwrap();
    let hits = &index.search(&first, 200, None).unwrap()[0];
    assert_eq!(hits[0].row, 3);
    assert!((hits[0].score - 1.0).abs() < 1e-5 && hits[199].score < -0.5, "{hits:?}");
    // What is added is corrected, too.
    let mut writer = Writer::open(folder.path()).unwrap();
    writer.push(&record("again"), rows.row(3).unwrap()).unwrap();
    writer.commit().unwrap();
    let index = Index::open(folder.path()).unwrap();
    assert_eq!(index.vector(200).unwrap(), index.vector(3).unwrap());
    sound(folder.path());
}

#[test]
fn rows_without_names_have_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let rows = matrix(40, 3, 1);
    let mut writer = Writer::create(folder.path(), &params().check().unwrap(), false).unwrap();
    for (i, row) in rows.iter().enumerate() {
        writer.push_numbered(row).unwrap();
        if i == 20 {
            writer.commit().unwrap();
        }
    }
    writer.commit().unwrap();
    let queries = matrix(2, 3, 5);
    let before = found(&Index::open(folder.path()).unwrap(), &queries, 40);
    assert!(writer.delete("7").unwrap() && !writer.delete("40").unwrap());
    writer.compact().unwrap();
    let gone = |hits: &Vec<(String, u32)>| {
        hits.iter().filter(|(id, _)| id != "7").cloned().collect::<Vec<_>>()
    };
    let after = found(&Index::open(folder.path()).unwrap(), &queries, 40);
    assert_eq!(after, before.iter().map(gone).collect::<Vec<_>>());
    writer.push_numbered(&[1.0, 2.0, 3.0]).unwrap();
    writer.commit().unwrap();
    assert_eq!(Index::open(folder.path()).unwrap().record(39).unwrap().id, "40");
    sound(folder.path());
}

#[test]
fn one_writes_and_many_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = build(folder.path(), params(), &matrix(20, 3, 1));
    let error = Writer::open(folder.path()).unwrap_err();
    assert!(matches!(error, SearchError::Locked { .. }), "{error}");
    let old = Index::open(folder.path()).unwrap();
    let before = found(&old, &matrix(1, 3, 2), 5);
    for id in 0..15 {
        writer.delete(&id.to_string()).unwrap();
    }
    writer.compact().unwrap();
    assert_eq!(found(&old, &matrix(1, 3, 2), 5), before, "an open index stays as it was");
    assert_eq!(Index::open(folder.path()).unwrap().len(), 5);
    drop(writer);
    Writer::open(folder.path()).unwrap();
}

#[test]
fn what_is_not_committed_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = build(folder.path(), params(), &matrix(5, 3, 1));
    writer.push(&record("new"), &[1.0, 0.0, 0.0]).unwrap();
    writer.delete("0").unwrap();
    drop(writer);
    assert_eq!(Index::open(folder.path()).unwrap().len(), 5);
    let mut writer = Writer::open(folder.path()).unwrap();
    assert_eq!(writer.commit().unwrap().rows, 5);
    let names = fs_err::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 3, "index.json, lock, one segment");
}

#[test]
fn an_index_is_not_made_over_other_files() {
    let folder = tempfile::tempdir().unwrap();
    let valid = params().check().unwrap();
    fs_err::write(folder.path().join("notes.txt"), "mine").unwrap();
    let error = Writer::create(folder.path(), &valid, true).unwrap_err();
    assert!(matches!(error, SearchError::Exists { .. }), "{error}");
    let inner = folder.path().join("index");
    build(&inner, params(), &matrix(5, 3, 1));
    let error = Writer::create(&inner, &valid, false).unwrap_err();
    assert!(matches!(error, SearchError::Exists { .. }), "{error}");
    let mut writer = Writer::create(&inner, &valid, true).unwrap();
    writer.push(&record("a"), &[1.0]).unwrap();
    assert_eq!(Index::open(&inner).unwrap().len(), 5, "the old one is there until the commit");
    writer.commit().unwrap();
    let index = Index::open(&inner).unwrap();
    assert_eq!((index.len(), index.width()), (1, 1));
    assert!(matches!(Index::open(folder.path()), Err(SearchError::NoIndex { .. })));
}

#[test]
fn bad_rows_cost_themselves_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(folder.path(), &params().check().unwrap(), false).unwrap();
    writer.push(&record("a"), &[1.0, 2.0]).unwrap();
    for (id, vector, text) in [
        ("a", vec![0.0, 1.0], "the id \"a\" occurs twice"),
        ("b", vec![0.0], "the vector of \"b\": expected 2 numbers, found 1"),
        (
            "c",
            vec![f32::NAN, 0.0],
            "the vector of \"c\": expected finite numbers and a length of at most 1e18, found NaN",
        ),
    ] {
        assert_eq!(writer.push(&record(id), &vector).unwrap_err().to_string(), text);
    }
    let text = IndexRecord { text: Some("é🙂 \u{0}\r\n".into()), ..record("d") };
    writer.push(&text, &[2.0, 1.0]).unwrap();
    assert_eq!(writer.commit().unwrap().added, 2);
    let index = Index::open(folder.path()).unwrap();
    assert_eq!(index.record(1).unwrap(), text);
    assert!(matches!(index.record(2), Err(SearchError::NoRow { row: 2, rows: 2 })));
}

#[test]
fn an_engine_that_is_not_there_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), params(), &matrix(5, 3, 1));
    let hnsw = OpenParams::new().engine(EngineKind::Hnsw);
    let error = Index::open_with(folder.path(), hnsw).unwrap_err();
    assert!(error.to_string().contains("has no graph"), "{error}");
}

/// A change may be stopped when its segment has its name, and the index does not know of it yet.
#[test]
fn what_a_stopped_change_has_left_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let rows = matrix(5, 3, 1);
    drop(build(folder.path(), params(), &rows));
    for replace in [false, true] {
        fs_err::create_dir(folder.path().join("segment-000001")).unwrap();
        fs_err::write(folder.path().join("segment-000001/vectors.npy"), "half").unwrap();
        let mut writer = if replace {
            Writer::create(folder.path(), &params().check().unwrap(), true).unwrap()
        } else {
            Writer::open(folder.path()).unwrap()
        };
        writer.push(&record("new"), &[1.0, 0.0, 0.0]).unwrap();
        assert_eq!(writer.commit().unwrap().rows, if replace { 1 } else { 6 });
        drop(writer);
        sound(folder.path());
        if !replace {
            fs_err::remove_dir_all(folder.path()).unwrap();
            drop(build(folder.path(), params(), &rows));
        }
    }
}

/// A writer replaces segments all the time, and removes those that it has replaced.
#[test]
fn an_index_is_verified_beside_its_writer() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let folder = tempfile::tempdir().unwrap();
    let mut writer = build(folder.path(), params(), &matrix(300, 8, 1));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _writing = scope.spawn(|| {
            for round in 0..60 {
                for (id, row) in matrix(300, 8, round + 2).iter().enumerate() {
                    writer.push(&record(id), row).unwrap();
                }
                writer.commit().unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
        let mut rounds = 0;
        while !done.load(Ordering::Relaxed) {
            let verified = verify(folder.path()).unwrap();
            assert!(verified.findings.is_empty(), "{rounds}: {:?}", verified.findings);
            assert_eq!(verified.rows, 300);
            rounds += 1;
        }
    });
    sound(folder.path());
}
