//! Vectors to search among, and a search that is plainly right.
#![allow(dead_code, unreachable_pub, reason = "shared by tests, none of which uses all of it")]
#![allow(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
use cloze_core::Matrix;
use cloze_embed::Metric;
use cloze_search::index::IndexRecord;
use cloze_search::{Engine as _, Exact, Hit, RowSet};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

/// Numbers from −1 to 1, the same for a seed.
#[expect(clippy::cast_precision_loss, reason = "24 bits")]
pub fn numbers(n: usize, seed: u64) -> Vec<f32> {
    let mut random = Pcg64::new(seed.into(), 1);
    (0..n).map(|_| (random.next_u32() >> 8) as f32 / 8_388_608.0 - 1.0).collect()
}

pub fn matrix(rows: usize, width: usize, seed: u64) -> Matrix {
    Matrix::from_vec(width, numbers(rows * width, seed)).unwrap()
}

/// Rows around a few centres.
pub fn clustered(rows: usize, width: usize, clusters: usize, seed: u64) -> Matrix {
    let centres = numbers(clusters * width, seed);
    let mut all = numbers(rows * width, seed + 1);
    let mut random = Pcg64::new((seed + 2).into(), 1);
    for row in all.chunks_exact_mut(width) {
        let at = random.next_u32() as usize % clusters;
        for (x, centre) in row.iter_mut().zip(&centres[at * width..]) {
            *x = *x * 0.5 + centre;
        }
    }
    Matrix::from_vec(width, all).unwrap()
}

/// All rows sorted by scores in f64, equal ones by their numbers.
pub fn full_sort(rows: &Matrix, query: &[f32], metric: Metric) -> Vec<(u64, f64)> {
    let mut all: Vec<_> = (0..)
        .zip(rows)
        .map(|(row, vector)| (row, metric.similarity(query, vector).unwrap()))
        .collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all
}

/// Whether `hits` are the best `k` of `all` to within rounding: the scores are those of the full sort,
/// and no row is there that is worse than one that is not.
pub fn assert_best(hits: &[Hit], all: &[(u64, f64)], k: usize) {
    assert_eq!(hits.len(), k.min(all.len()));
    for (hit, (_, score)) in hits.iter().zip(all) {
        assert!((f64::from(hit.score) - score).abs() < 1e-5, "{hit:?} for {score}");
    }
    for hit in hits {
        let (_, own) = all.iter().find(|(row, _)| *row == hit.row).unwrap();
        assert!((f64::from(hit.score) - own).abs() < 1e-5);
    }
}

pub fn exact(rows: &Matrix, metric: Metric, threads: usize) -> Exact {
    Exact::new(rows.clone(), metric, threads).unwrap()
}

/// The share of the exact best that is among `found`.
#[expect(clippy::cast_precision_loss, reason = "few")]
pub fn recall(gold: &[Vec<Hit>], found: &[Vec<Hit>]) -> f64 {
    let all: usize = gold.iter().map(Vec::len).sum();
    let hit = |gold: &Hit, found: &[Hit]| found.iter().any(|f| f.row == gold.row);
    let hits: usize =
        gold.iter().zip(found).map(|(g, f)| g.iter().filter(|g| hit(g, f)).count()).sum();
    hits as f64 / all as f64
}

pub fn record(id: impl std::fmt::Display) -> IndexRecord {
    IndexRecord { id: format!("{id}"), ..IndexRecord::default() }
}

pub fn every(rows: usize, step: usize) -> RowSet {
    let mut set = RowSet::none(rows);
    (0..rows).step_by(step).for_each(|row| {
        set.insert(row);
    });
    set
}

pub fn best(rows: &Matrix, queries: &Matrix, metric: Metric, k: usize) -> Vec<Vec<Hit>> {
    exact(rows, metric, 1).search(queries, k, None).unwrap()
}
