//! Clusters, against cases worked by hand and scikit-learn (`data/make_clusters.py`).
#![expect(clippy::unwrap_used, reason = "helpers of tests, too")]
use cloze_core::Matrix;
use cloze_train::TrainError;
use cloze_train::cluster::kmeans::{KMeansParams, choose};
use cloze_train::cluster::silhouette::Distances;
use cloze_train::cluster::{Clusters, density, principal, principal_with};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    width: usize,
    rows: Vec<f32>,
    kmeans: Vec<KMeansCase>,
    density: Vec<DensityCase>,
    principal: Vec<f32>,
}

#[derive(Deserialize)]
struct KMeansCase {
    clusters: usize,
    of: Vec<i32>,
    within: f64,
    silhouette: f64,
}

#[derive(Deserialize)]
struct DensityCase {
    min_size: usize,
    of: Vec<i32>,
    silhouette: f64,
}

fn reference() -> (Reference, Matrix) {
    let reference: Reference = serde_json::from_str(include_str!("data/clusters.json")).unwrap();
    let rows = Matrix::from_vec(reference.width, reference.rows.clone()).unwrap();
    (reference, rows)
}

fn matrix(width: usize, numbers: &[f32]) -> Matrix {
    Matrix::from_vec(width, numbers.to_vec()).unwrap()
}

fn kmeans(rows: &Matrix, clusters: usize) -> Clusters {
    KMeansParams::new(clusters).check().unwrap().fit(rows).unwrap()
}

/// Names of clusters in the order in which they first come up: two such lists are the same if and only
/// if they are the same clusters. Below 0 is none.
fn in_order(of: &[i32]) -> Vec<i32> {
    let mut seen: Vec<i32> = vec![];
    of.iter()
        .map(|&name| {
            if name < 0 {
                return -1;
            }
            let place = seen.iter().position(|s| *s == name).unwrap_or_else(|| {
                seen.push(name);
                seen.len() - 1
            });
            i32::try_from(place).unwrap()
        })
        .collect()
}

fn names(clusters: &Clusters) -> Vec<i32> {
    let name = |of: &Option<usize>| of.map_or(-1, |of| i32::try_from(of).unwrap());
    in_order(&clusters.of.iter().map(name).collect::<Vec<_>>())
}

/// On a line 0, 2 | 10, 11, 15: means 1 and 12. Within: 1 + 1, and 4 + 1 + 9, together 16. The larger is
/// cluster 0, though it comes later.
#[test]
fn two_clusters_by_hand() {
    let rows = matrix(1, &[0.0, 10.0, 2.0, 11.0, 15.0]);
    let found = kmeans(&rows, 2);
    assert_eq!(found.of, [Some(1), Some(0), Some(1), Some(0), Some(0)]);
    assert_eq!((found.centres.as_slice(), &found.sizes[..]), (&[12.0, 1.0][..], &[3, 2][..]));
    assert!((found.within - 16.0).abs() < 1e-9, "{}", found.within);
    assert_eq!((found.count(), found.members(1)), (2, vec![0, 2]));
}

/// The same line. Row 0: a = 2, b = (10 + 11 + 15) / 3 = 12, so 10/12. Row 2: a = 2, b = 10, so 8/10.
/// Row 10: a = (1 + 5) / 2 = 3, b = (10 + 8) / 2 = 9, so 6/9. Row 11: a = (1 + 4) / 2 = 2.5, b = 10, so
/// 7.5/10. Row 15: a = 4.5, b = 14, so 9.5/14. With one more at 100, alone in its cluster and so 0, the
/// sum is of six; with one in none, which is nobody's neighbour either, it stays of five.
#[test]
fn a_silhouette_by_hand() {
    let sum = 10.0 / 12.0 + 8.0 / 10.0 + 6.0 / 9.0 + 7.5 / 10.0 + 9.5 / 14.0;
    let distances = Distances::of(&matrix(1, &[0.0, 10.0, 2.0, 11.0, 15.0]));
    let of = [Some(0), Some(1), Some(0), Some(1), Some(1)];
    assert!((distances.silhouette(&of).unwrap() - sum / 5.0).abs() < 1e-7);
    let distances = Distances::of(&matrix(1, &[0.0, 10.0, 2.0, 11.0, 15.0, 100.0]));
    let six = [&of[..], &[Some(7)]].concat();
    assert!((distances.silhouette(&six).unwrap() - sum / 6.0).abs() < 1e-7);
    let none = [&of[..], &[None]].concat();
    assert!((distances.silhouette(&none).unwrap() - sum / 5.0).abs() < 1e-7);
    // Nothing to compare with.
    assert_eq!(distances.silhouette(&[Some(1); 6]), None);
    assert_eq!(distances.silhouette(&of), None);
    let same = Distances::of(&matrix(1, &[3.0; 4]));
    assert_eq!(same.silhouette(&[Some(0), Some(0), Some(1), Some(1)]), Some(0.0));
}

#[test]
fn k_means_agrees_with_scikit_learn() {
    let (reference, rows) = reference();
    let distances = Distances::of(&rows);
    for case in &reference.kmeans {
        let params = KMeansParams::new(case.clusters).runs(50);
        let found = params.check().unwrap().fit(&rows).unwrap();
        assert_eq!(names(&found), in_order(&case.of), "{} clusters", case.clusters);
        let off = (found.within - case.within).abs();
        assert!(off <= 1e-6 * case.within, "{}, expected {}", found.within, case.within);
        let silhouette = distances.silhouette(&found.of).unwrap();
        assert!((silhouette - case.silhouette).abs() < 1e-6, "{silhouette}");
    }
}

#[test]
fn hdbscan_agrees_with_scikit_learn() {
    let (reference, rows) = reference();
    let distances = Distances::of(&rows);
    for case in &reference.density {
        let found = density::cluster(&rows, case.min_size).unwrap();
        assert_eq!(names(&found), in_order(&case.of), "at least {}", case.min_size);
        let silhouette = distances.silhouette(&found.of).unwrap();
        assert!((silhouette - case.silhouette).abs() < 1e-6, "{silhouette}");
    }
}

/// Up to the sign, which is free.
#[test]
fn principal_components_are_those_of_scikit_learn() {
    let (reference, rows) = reference();
    let found = principal(&rows, 2).unwrap();
    assert_eq!((found.rows(), found.cols()), (90, 2));
    for d in 0..2 {
        let column = |numbers: &[f32]| -> Vec<f32> { numbers.chunks(2).map(|c| c[d]).collect() };
        let (found, expected) = (column(found.as_slice()), column(&reference.principal));
        let sign = (found[0] * expected[0]).signum();
        for (f, e) in found.iter().zip(&expected) {
            assert!((f - sign * e).abs() < 1e-4, "{f}, expected {e}");
        }
    }
    // As many as there are: rows on a line, rows that are all the same, rows that are short.
    let line = matrix(3, &[0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 2.0, 4.0, 4.0]);
    let found = principal(&line, 2).unwrap();
    assert_eq!(found.cols(), 1);
    let apart: Vec<f32> = found.as_slice().windows(2).map(|w| (w[1] - w[0]).abs()).collect();
    assert!(apart.iter().all(|d| (d - 3.0).abs() < 1e-5), "{apart:?}");
    assert_eq!(principal(&matrix(3, &[5.0; 9]), 2).unwrap(), matrix(1, &[0.0; 3]));
    assert_eq!(principal(&matrix(3, &[5.0; 3]), 2).unwrap(), matrix(1, &[0.0]));
    assert_eq!(principal(&line, 3).unwrap(), line);
    assert!(matches!(principal(&line, 0), Err(TrainError::Setting { .. })));
    // Others along the line: (3, 6, 6) is 9 from its beginning; what lies beside it is not seen.
    let others = matrix(3, &[3.0, 6.0, 6.0, 3.0, 8.0, 4.0]);
    let (rows, others) = principal_with(&line, &others, 2).unwrap();
    assert_eq!(rows, found);
    let from = |i: usize| (others.as_slice()[i] - rows.as_slice()[0]).abs();
    assert!((from(0) - 9.0).abs() < 1e-5 && (from(1) - 9.0).abs() < 1e-5, "{others:?}");
    assert!(principal_with(&line, &matrix(2, &[0.0; 2]), 2).is_err());
}

/// Four blobs of 15 rows around the corners of a square: rows are numbered in turns.
fn blobs() -> Matrix {
    let mut numbers = vec![];
    for i in 0..60_u8 {
        let corner = [[0.0, 0.0], [20.0, 0.0], [0.0, 20.0], [20.0, 20.0]][usize::from(i % 4)];
        let (a, b) = (f32::from((i % 13) * 7 % 13), f32::from((i % 11) * 5 % 11));
        numbers.extend([corner[0] + a / 8.0, corner[1] + b / 8.0]);
    }
    matrix(2, &numbers)
}

#[test]
fn blobs_apart_are_found_and_their_number_is_chosen() {
    let rows = blobs();
    let expected: Vec<i32> = (0..60).map(|i| i % 4).collect();
    let chosen = choose(&rows, 0).unwrap();
    assert_eq!((chosen.clusters, chosen.rows), (4, 60));
    let tried: Vec<usize> = chosen.tried.iter().map(|(clusters, _)| *clusters).collect();
    assert_eq!(tried, [2, 3, 4, 5, 6]);
    assert_eq!(names(&kmeans(&rows, 4)), expected);
    assert_eq!(names(&density::cluster(&rows, 5).unwrap()), expected);
}

#[test]
fn the_same_seed_gives_the_same_and_another_may_not() {
    let (_, rows) = reference();
    let fit = |seed, clusters| {
        let params = KMeansParams::new(clusters).runs(1).seed(seed).check().unwrap();
        params.fit(&rows).unwrap()
    };
    assert_eq!(fit(4, 8), fit(4, 8));
    assert!((0..20).any(|seed| fit(seed, 8) != fit(4, 8)));
    assert_eq!(choose(&rows, 4).unwrap(), choose(&rows, 4).unwrap());
}

#[test]
fn more_runs_are_no_worse() {
    let (_, rows) = reference();
    let within = |runs| KMeansParams::new(6).runs(runs).check().unwrap().fit(&rows).unwrap().within;
    assert!(within(30) <= within(1) + 1e-6);
}

#[test]
fn rows_that_are_few_or_the_same() {
    let same = matrix(2, &[1.0; 20]);
    let found = kmeans(&same, 3);
    assert_eq!((found.count(), found.within), (1, 0.0));
    assert_eq!(choose(&same, 0).unwrap().clusters, 1);
    assert_eq!(density::cluster(&same, 2).unwrap().count(), 0);
    let one = matrix(2, &[1.0, 2.0]);
    assert_eq!(kmeans(&one, 1).of, [Some(0)]);
    assert_eq!(choose(&one, 0).unwrap().clusters, 1);
    assert_eq!(density::cluster(&one, 2).unwrap().of, [None]);
    let two = matrix(1, &[1.0, 2.0]);
    assert_eq!(kmeans(&two, 2).of, [Some(0), Some(1)]);
    assert_eq!(choose(&two, 0).unwrap().clusters, 1);
    // Twice as many equal rows as a cluster takes, and others: no distance of 0 may spoil the rest.
    let mut numbers = vec![0.0; 12];
    numbers.extend((0..6_u8).map(|i| 50.0 + f32::from(i) * f32::from(i) / 10.0));
    let found = density::cluster(&matrix(1, &numbers), 3).unwrap();
    let expected: Vec<i32> = (0..18).map(|i| i32::from(i >= 12)).collect();
    assert_eq!(names(&found), expected);
}

#[test]
fn what_cannot_be_clustered_is_refused_by_name() {
    let rows = matrix(2, &[0.0, 1.0, f32::NAN, 0.0]);
    for error in [
        KMeansParams::new(1).check().unwrap().fit(&rows).unwrap_err(),
        choose(&rows, 0).unwrap_err(),
        density::cluster(&rows, 2).unwrap_err(),
        principal(&rows, 1).unwrap_err(),
    ] {
        assert!(matches!(error, TrainError::NotFinite { row: 1, column: 0, .. }), "{error}");
    }
    let none = Matrix::default();
    for error in [
        KMeansParams::new(1).check().unwrap().fit(&none).unwrap_err(),
        choose(&none, 0).unwrap_err(),
        density::cluster(&none, 2).unwrap_err(),
        principal(&none, 1).unwrap_err(),
    ] {
        assert!(matches!(error, TrainError::NoExamples), "{error}");
    }
    let rows = matrix(2, &[0.0, 1.0, 2.0, 3.0]);
    let error = KMeansParams::new(3).check().unwrap().fit(&rows).unwrap_err();
    assert_eq!(error.to_string(), "clusters is 3: expected at most the number of rows");
    let error = density::cluster(&rows, 1).unwrap_err();
    assert_eq!(error.to_string(), "min_size is 1: expected at least 2");
    let long = matrix(1, &[1e19, -1e19, 3e19]);
    let error = KMeansParams::new(2).check().unwrap().fit(&long).unwrap_err();
    assert!(matches!(error, TrainError::Solver { .. }), "{error}");
}

#[test]
fn settings_are_judged_at_their_edges() {
    let params = || KMeansParams::new(1).runs(1).max_iterations(1);
    assert!(params().tolerance(f64::MIN_POSITIVE).check().is_ok());
    for bad in [
        KMeansParams::new(0),
        params().runs(0),
        params().max_iterations(0),
        params().tolerance(0.0),
        params().tolerance(f64::NAN),
        params().tolerance(f64::INFINITY),
    ] {
        assert!(matches!(bad.check(), Err(TrainError::Setting { .. })));
    }
}
