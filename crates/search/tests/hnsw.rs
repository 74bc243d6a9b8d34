//! The approximate engine against the exact one.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
mod common;

use std::path::{Path, PathBuf};

use cloze_core::Matrix;
use cloze_embed::Metric;
use cloze_search::index::{Index, IndexParams, OpenParams, Writer, verify};
use cloze_search::{EngineKind, GraphDtype, HnswParams, RowSet, SearchError};
use common::{clustered, every, matrix, recall};

/// Small graphs are built by one thread: several make another graph each time, whose recall differs by
/// a hundredth.
fn build(folder: &Path, params: IndexParams, rows: &Matrix) {
    let params = params.engine(EngineKind::Hnsw).check().unwrap();
    let threads = usize::from(rows.rows() < 10_000);
    let mut writer = Writer::create(folder, &params, false).unwrap().threads(threads);
    for row in rows {
        writer.push_numbered(row).unwrap();
    }
    writer.commit().unwrap();
}

fn exact(folder: &Path) -> Index {
    Index::open_with(folder, OpenParams::new().engine(EngineKind::Exact)).unwrap()
}

/// With its defaults, on vectors with clusters and on vectors without any order; the scores equal
/// the exact engine's, bit for bit.
#[test]
fn it_finds_nearly_all_of_the_nearest_of_a_hundred_thousand() {
    let rows = clustered(100_000, 384, 1000, 1);
    let queries = clustered(200, 384, 1000, 1);
    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), IndexParams::new(), &rows);
    let gold = exact(folder.path()).search(&queries, 10, None).unwrap();
    let index = Index::open(folder.path()).unwrap();
    let found = index.search(&queries, 10, None).unwrap();
    assert!(recall(&gold, &found) >= 0.95, "{} {:?}", recall(&gold, &found), index.info());
    for (gold, found) in gold.iter().zip(&found) {
        for hit in found {
            let same = gold.iter().find(|gold| gold.row == hit.row);
            assert!(same.is_none_or(|gold| gold.score.to_bits() == hit.score.to_bits()));
        }
    }
}

#[test]
fn every_width_of_number_and_every_metric_finds_the_nearest() {
    for (rows, queries) in [
        (clustered(3000, 64, 30, 1), clustered(50, 64, 30, 1)),
        (matrix(3000, 33, 1), matrix(50, 33, 2)),
    ] {
        for (metric, dtype) in [
            (Metric::Cosine, GraphDtype::F32),
            (Metric::Cosine, GraphDtype::F16),
            (Metric::Cosine, GraphDtype::I8),
            (Metric::Dot, GraphDtype::F16),
            (Metric::Euclid, GraphDtype::F16),
            (Metric::Euclid, GraphDtype::F32),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let params = IndexParams::new().metric(metric).hnsw(HnswParams::new().dtype(dtype));
            build(folder.path(), params, &rows);
            let gold = exact(folder.path()).search(&queries, 10, None).unwrap();
            let found = Index::open(folder.path()).unwrap().search(&queries, 10, None).unwrap();
            assert!(
                recall(&gold, &found) >= 0.95,
                "{metric:?} {dtype:?} {}",
                recall(&gold, &found)
            );
            assert!(verify(folder.path()).unwrap().findings.is_empty());
        }
    }
}

/// A bit a number is little to go by: of 256 numbers in clusters, enough is left.
#[test]
fn signs_alone_find_most() {
    let (rows, queries) = (clustered(3000, 256, 30, 1), clustered(50, 256, 30, 1));
    let folder = tempfile::tempdir().unwrap();
    let hnsw = HnswParams::new().dtype(GraphDtype::B1).expansion_search(512);
    build(folder.path(), IndexParams::new().hnsw(hnsw), &rows);
    let gold = exact(folder.path()).search(&queries, 10, None).unwrap();
    let found = Index::open(folder.path()).unwrap().search(&queries, 10, None).unwrap();
    assert!(recall(&gold, &found) >= 0.9, "{}", recall(&gold, &found));
}

#[test]
fn only_what_is_allowed_is_found() {
    let (rows, queries) = (clustered(6000, 32, 20, 1), clustered(20, 32, 20, 1));
    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), IndexParams::new(), &rows);
    let (all, index) = (exact(folder.path()), Index::open(folder.path()).unwrap());
    for step in [2, 5, 1000] {
        let allowed = every(6000, step);
        let gold = all.search(&queries, 10, Some(&allowed)).unwrap();
        let found = index.search(&queries, 10, Some(&allowed)).unwrap();
        assert!(found.iter().flatten().all(|hit| allowed.contains(hit.row.try_into().unwrap())));
        assert!(recall(&gold, &found) >= 0.95, "{step}: {}", recall(&gold, &found));
    }
    let none = index.search(&queries, 10, Some(&RowSet::none(6000))).unwrap();
    assert!(none.iter().all(Vec::is_empty));
}

#[test]
fn rows_that_come_later_and_rows_that_go_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    let rows = clustered(4000, 16, 10, 1);
    build(folder.path(), IndexParams::new(), &rows);
    let mut writer = Writer::open(folder.path()).unwrap();
    for row in 0..4000 {
        if row % 3 == 0 {
            assert!(writer.delete(&row.to_string()).unwrap());
        }
    }
    writer.push_numbered(&[9.0; 16]).unwrap();
    writer.commit().unwrap();
    let query = Matrix::from_vec(16, vec![9.0; 16]).unwrap();
    for compacted in [false, true] {
        let (all, index) = (exact(folder.path()), Index::open(folder.path()).unwrap());
        let found = index.search(&query, 20, None).unwrap();
        assert!(recall(&all.search(&query, 20, None).unwrap(), &found) >= 0.95);
        assert_eq!(index.record(found[0][0].row).unwrap().id, "4000");
        for hit in &found[0][1..] {
            let id: usize = index.record(hit.row).unwrap().id.parse().unwrap();
            assert_ne!(id % 3, 0, "{compacted}");
        }
        writer.compact().unwrap();
    }
}

/// More searches than usearch has places for wait for each other.
#[test]
fn many_threads_search_one_index() {
    let folder = tempfile::tempdir().unwrap();
    let rows = clustered(3000, 16, 10, 1);
    build(folder.path(), IndexParams::new(), &rows);
    let index = Index::open_with(folder.path(), OpenParams::new().threads(2)).unwrap();
    let queries = matrix(40, 16, 3);
    let alone = index.search(&queries, 5, None).unwrap();
    let half = every(3000, 2);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(index.search(&queries, 5, None).unwrap(), alone);
                    index.search(&queries, 5, Some(&half)).unwrap();
                }
            });
        }
    });
}

fn graph(folder: &Path) -> PathBuf {
    folder.join("segment-000000/graph.usearch")
}

/// Every byte of a graph changed, one after another, and the file cut at every length: it is refused,
/// or a search goes on within it. Whatever the search then finds are rows that are there.
#[test]
fn no_byte_of_a_graph_leads_out_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, queries) = (clustered(60, 8, 3, 1), matrix(3, 8, 2));
    let hnsw = HnswParams::new().connectivity(4).dtype(GraphDtype::F16);
    build(folder.path(), IndexParams::new().hnsw(hnsw), &rows);
    let path = graph(folder.path());
    let bytes = fs_err::read(&path).unwrap();
    let search = || -> Result<(), SearchError> {
        let index = Index::open_with(folder.path(), OpenParams::new().threads(1))?;
        let half = every(60, 2);
        for allowed in [None, Some(&half)] {
            for hits in index.search(&queries, 60, allowed)? {
                assert!(hits.iter().all(|hit| hit.row < 60));
            }
        }
        Ok(())
    };
    let mut refused = 0;
    for at in 0..bytes.len() {
        for bit in [1, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= bit;
            fs_err::write(&path, &changed).unwrap();
            refused += usize::from(search().is_err());
        }
        assert!(!verify(folder.path()).unwrap().findings.is_empty(), "byte {at}");
    }
    assert!(refused > bytes.len() / 2, "{refused} of {} changes were refused", 2 * bytes.len());
    for len in 0..bytes.len() {
        fs_err::write(&path, &bytes[..len]).unwrap();
        assert!(search().is_err(), "{len} bytes");
    }
    fs_err::write(&path, &bytes).unwrap();
    search().unwrap();
}

#[test]
fn settings_are_judged_at_their_bounds() {
    let bad = [
        HnswParams::new().connectivity(1),
        HnswParams::new().connectivity(513),
        HnswParams::new().expansion_add(0),
        HnswParams::new().expansion_search(65_537),
    ];
    assert!(bad.iter().all(|params| params.check(Metric::Cosine).is_err()));
    let good = [
        HnswParams::new().connectivity(2).expansion_add(1),
        HnswParams::new().connectivity(512).expansion_search(65_536),
        HnswParams::new().dtype(GraphDtype::B1),
    ];
    assert!(good.iter().all(|params| params.check(Metric::Cosine).is_ok()));
    assert!(HnswParams::new().dtype(GraphDtype::I8).check(Metric::Dot).is_err());
}
