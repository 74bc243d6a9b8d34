//! The exact engine against a full sort.
mod common;

use cloze_core::Matrix;
use cloze_embed::Metric;
use cloze_search::{Engine as _, RowSet, SearchError};
use common::{assert_best, every, exact, full_sort, matrix};
use proptest::prelude::*;

#[test]
fn the_best_are_those_of_a_full_sort() {
    for (rows, width, k) in [(1, 1, 1), (70, 5, 10), (700, 33, 100), (3000, 384, 10), (5, 3, 9)] {
        let (all, queries) = (matrix(rows, width, 1), matrix(5, width, 2));
        for metric in [Metric::Cosine, Metric::Dot, Metric::Euclid] {
            for threads in [1, 3] {
                let found = exact(&all, metric, threads).search(&queries, k, None).unwrap();
                for (query, hits) in queries.iter().zip(&found) {
                    assert_best(hits, &full_sort(&all, query, metric), k);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whole numbers, whose products are exact, and few of them, so that many scores are equal: rows
    /// come in the order of the full sort, ties by number, whatever the threads and the neighbours.
    #[test]
    fn ties_go_by_row(
        numbers in prop::collection::vec(-2..3_i8, 0..600), k in 0..12_usize, threads in 1..4_usize,
        step in 1..9_usize,
    ) {
        let width = 3;
        let rows = numbers.len() / width;
        prop_assume!(rows > 0);
        let all = Matrix::from_vec(width, numbers[..rows * width].iter().map(|n| f32::from(*n)).collect());
        let all = all.unwrap();
        let queries = Matrix::from_vec(width, vec![1.0, -1.0, 2.0, 0.0, 1.0, 1.0]).unwrap();
        let engine = exact(&all, Metric::Dot, threads);
        let allowed = every(rows, step);
        for (set, name) in [(None, "all"), (Some(&allowed), "some")] {
            let found = engine.search(&queries, k, set).unwrap();
            for (query, hits) in queries.iter().zip(&found) {
                let mut gold = full_sort(&all, query, Metric::Dot);
                // Filtered is filtered after a full search.
                gold.retain(|(row, _)| set.is_none_or(|s| s.contains(usize::try_from(*row).unwrap())));
                gold.truncate(k);
                let gold: Vec<u64> = gold.iter().map(|(row, _)| *row).collect();
                prop_assert_eq!(hits.iter().map(|hit| hit.row).collect::<Vec<_>>(), gold, "{}", name);
            }
        }
    }
}

#[test]
fn a_query_has_the_same_hits_alone_and_among_others() {
    let (all, queries) = (matrix(2000, 100, 1), matrix(70, 100, 2));
    let engine = exact(&all, Metric::Cosine, 2);
    let together = engine.search(&queries, 10, None).unwrap();
    for (query, hits) in queries.iter().zip(&together) {
        let alone = Matrix::from_vec(100, query.to_vec()).unwrap();
        let alone = &engine.search(&alone, 10, None).unwrap()[0];
        let bits = |hits: &[cloze_search::Hit]| -> Vec<_> {
            hits.iter().map(|hit| (hit.row, hit.score.to_bits())).collect()
        };
        assert_eq!(bits(alone), bits(hits));
    }
}

#[test]
fn what_cannot_be_compared_is_refused_by_name() {
    let engine = exact(&matrix(4, 2, 1), Metric::Cosine, 1);
    let of = |numbers: Vec<f32>, width| Matrix::from_vec(width, numbers).unwrap();
    let error = engine.search(&of(vec![0.0; 3], 3), 1, None).unwrap_err();
    assert_eq!(error.to_string(), "query 0: expected 2 numbers, found 3");
    let error = engine.search(&of(vec![0.0, 1.0, f32::NAN, 0.0], 2), 1, None).unwrap_err();
    assert!(matches!(error, SearchError::Vector { ref what, .. } if what == "query 1"), "{error}");
    let error = engine.search(&of(vec![2e18, 0.0], 2), 1, None).unwrap_err();
    assert!(matches!(error, SearchError::Vector { .. }), "{error}");
    let rows = of(vec![0.0, f32::INFINITY], 2);
    assert!(cloze_search::Exact::new(rows, Metric::Dot, 1).is_err());
    // A row of zeros is like nothing, and no error.
    let zeros = exact(&of(vec![0.0, 0.0, -1.0, 0.0], 2), Metric::Cosine, 1);
    let hits = &zeros.search(&of(vec![1.0, 0.0], 2), 2, Some(&RowSet::all(2))).unwrap()[0];
    assert_eq!((hits[0].row, hits[0].score, hits[1].score), (0, 0.0, -1.0));
    assert!(engine.search(&Matrix::default(), 3, None).unwrap().is_empty());
}
