//! All pairs against brute force, and groups against a walk.
#![expect(clippy::unwrap_used, reason = "in helpers of tests, which the lint takes for no tests")]
mod common;

use std::collections::BTreeSet;

use cloze_core::Matrix;
use cloze_embed::Metric;
use cloze_search::SearchError;
use cloze_search::pairs::{SimilarPair, groups, pairs};
use common::{clustered, matrix};
use proptest::prelude::*;

fn places(pairs: &[SimilarPair]) -> Vec<(usize, usize)> {
    pairs.iter().map(|pair| (pair.first, pair.second)).collect()
}

/// Each row with each later one, in f64.
fn brute(rows: &Matrix, metric: Metric, threshold: f64) -> Vec<(usize, usize)> {
    let mut found = vec![];
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows.iter().enumerate().skip(i + 1) {
            if metric.similarity(a, b).unwrap() >= threshold {
                found.push((i, j));
            }
        }
    }
    found
}

/// Sizes around a block of queries, 64, and one of rows, 85 of width 384.
#[test]
fn pairs_are_those_of_brute_force_whatever_the_threads() {
    for (rows, width) in [(1, 3), (2, 1), (63, 5), (64, 16), (65, 33), (300, 384)] {
        let all = clustered(rows, width, 5, 7);
        for metric in [Metric::Cosine, Metric::Dot, Metric::Euclid] {
            // In the widest gap of the middle half, where no rounding decides.
            let mut scores: Vec<f64> = vec![];
            for (i, a) in all.iter().enumerate() {
                scores.extend(all.iter().skip(i + 1).map(|b| metric.similarity(a, b).unwrap()));
            }
            scores.sort_by(f64::total_cmp);
            let middle = &scores[scores.len() / 4..scores.len() - scores.len() / 4];
            let widest = middle.windows(2).max_by(|a, b| (a[1] - a[0]).total_cmp(&(b[1] - b[0])));
            let threshold = widest.map_or(0.5, |w| f64::midpoint(w[0], w[1]));
            let found = pairs(&all, metric, threshold, 1).unwrap();
            assert_eq!(places(&found), brute(&all, metric, threshold), "{rows} {width} {metric:?}");
            for pair in &found {
                let (a, b) = (all.row(pair.first).unwrap(), all.row(pair.second).unwrap());
                let gold = metric.similarity(a, b).unwrap();
                let off = (f64::from(pair.score) - gold).abs();
                assert!(off <= 1e-5 * gold.abs().max(1.0), "{pair:?}, expected {gold}");
            }
            let three = pairs(&all, metric, threshold, 3).unwrap();
            let bits = |pairs: &[SimilarPair]| -> Vec<_> {
                pairs.iter().map(|p| (p.first, p.second, p.score.to_bits())).collect()
            };
            assert_eq!(bits(&three), bits(&found));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whole numbers, whose products are exact, so that scores are often the threshold itself, which
    /// counts.
    #[test]
    fn a_score_at_the_threshold_counts(
        numbers in prop::collection::vec(-2..3_i8, 3..600), threshold in -3..9_i8, threads in 1..4_usize,
    ) {
        let count = numbers.len() / 3;
        let all = numbers[..count * 3].iter().map(|n| f32::from(*n)).collect();
        let all = Matrix::from_vec(3, all).unwrap();
        let found = pairs(&all, Metric::Dot, f64::from(threshold), threads).unwrap();
        prop_assert_eq!(places(&found), brute(&all, Metric::Dot, f64::from(threshold)));
    }

    /// Two are in one group if and only if a walk along pairs leads from one to the other.
    #[test]
    fn groups_are_what_a_walk_reaches(
        count in 1..40_usize, tied in prop::collection::vec((0..40_usize, 0..40_usize), 0..30),
    ) {
        let tied: Vec<SimilarPair> = tied.into_iter().filter(|(a, b)| a != b && *a < count && *b < count)
            .map(|(first, second)| SimilarPair { first, second, score: 1.0 }).collect();
        let found = groups(count, &tied);
        let mut expected: BTreeSet<Vec<usize>> = BTreeSet::new();
        for start in 0..count {
            let (mut reached, mut todo) = (BTreeSet::from([start]), vec![start]);
            while let Some(at) = todo.pop() {
                for pair in &tied {
                    let next = if pair.first == at { pair.second } else if pair.second == at { pair.first } else { continue };
                    if reached.insert(next) {
                        todo.push(next);
                    }
                }
            }
            if reached.len() > 1 {
                expected.insert(reached.into_iter().collect());
            }
        }
        prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn what_cannot_be_compared_is_refused_by_name() {
    let rows = Matrix::from_vec(2, vec![0.0, 1.0, f32::NAN, 0.0]).unwrap();
    let error = pairs(&rows, Metric::Cosine, 0.9, 1).unwrap_err();
    assert!(matches!(error, SearchError::Vector { ref what, .. } if what == "row 1"), "{error}");
    let error = pairs(&matrix(3, 2, 1), Metric::Cosine, f64::NAN, 1).unwrap_err();
    assert_eq!(error.to_string(), "threshold: expected a number, found NaN");
    assert_eq!(pairs(&Matrix::default(), Metric::Cosine, 0.9, 3).unwrap(), []);
    // A row of zeros is like nothing; a threshold below every score finds every pair.
    let rows = Matrix::from_vec(2, vec![0.0, 0.0, 1.0, 0.0, -1.0, 0.0]).unwrap();
    assert_eq!(places(&pairs(&rows, Metric::Cosine, 0.5, 1).unwrap()), []);
    assert_eq!(places(&pairs(&rows, Metric::Cosine, -2.0, 1).unwrap()), [(0, 1), (0, 2), (1, 2)]);
    assert!(groups(2, &[SimilarPair { first: 0, second: 2, score: 1.0 }]).is_empty());
}
