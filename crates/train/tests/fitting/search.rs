use cloze_core::Matrix;
use cloze_heads::classify::{FeatureParams, ValidFeatureParams};
use cloze_train::search::{Search, SearchParams, Strategy};
use cloze_train::{ClassWeights, Kind, TrainError};

use crate::reference;

/// Features 0 are all the same, features 1 are the rows.
fn rows(choice: usize) -> Result<(Matrix, ValidFeatureParams), TrainError> {
    let rows = match choice {
        0 => Matrix::from_vec(1, vec![1.0; 120]).unwrap(),
        _ => reference().matrix(),
    };
    Ok((rows, FeatureParams::new().check()?))
}

fn search(params: SearchParams) -> Search {
    let reference = reference();
    params.check().unwrap().run(&reference.labels(&reference.gold), rows).unwrap()
}

#[test]
fn the_better_features_are_found() {
    let params = SearchParams::new(2).c(vec![0.01, 1.0]).folds(3).seed(4);
    let found = search(params.clone());
    assert_eq!(found.trials.len(), 4);
    let best = &found.trials[found.best];
    assert_eq!(best.candidate.features, 1);
    assert!(found.trials.iter().all(|t| t.mean <= best.mean && t.examples == 120 && t.converged));
    // Without any feature the largest label is chosen: F1 of 2 · 66 / (66 + 120) = 0.710, a third of it.
    let blind = found.trials.iter().find(|t| t.candidate.features == 0).unwrap();
    assert!((blind.mean - 0.71 / 3.0).abs() < 1e-3, "{}", blind.mean);
    assert_eq!(found, search(params.clone()));
    let tried = |seed| params.clone().seed(seed).check().unwrap().candidates().to_vec();
    assert_ne!(tried(4), tried(5));
}

/// 10 candidates on a tenth of the examples (but 3 of each label), 5 on a fifth, 3 on a third, 2 on
/// half, 1 on all.
#[test]
fn halving_gives_more_to_fewer() {
    let params = SearchParams::new(2).folds(3).strategy(Strategy::Halving { factor: 2 });
    let found = search(params);
    let of_round = |r| found.trials.iter().filter(|t| t.round == r).count();
    assert_eq!((0..6).map(of_round).collect::<Vec<_>>(), [10, 5, 3, 2, 1, 0]);
    // 7 + 4 + 3; 13 + 7 + 4; 22 + 12 + 6; 33 + 18 + 9; all.
    let mut sizes: Vec<_> = found.trials.iter().map(|t| t.examples).collect();
    sizes.dedup();
    assert_eq!(sizes, [14, 24, 40, 60, 120]);
    assert_eq!(found.best, 20);
    assert_eq!(found.trials[20].candidate.features, 1);
}

#[test]
fn a_search_ends_where_nothing_gets_better() {
    // All the same: the first is the best.
    let params = SearchParams::new(1).folds(3).patience(Some(2));
    let found = search(params);
    assert!(found.stopped_early && found.best == 0);
    assert_eq!(found.trials.len(), 3);
}

/// Logistic has 5 values of C and 2 weights, svm 5 values of C, naive Bayes neither: 16 for each of 2
/// features.
#[test]
fn no_candidate_is_there_twice() {
    let params = SearchParams::new(2)
        .kinds(vec![Kind::Logistic, Kind::Svm, Kind::NaiveBayes])
        .class_weights(vec![ClassWeights::None, ClassWeights::Balanced])
        .trials(100);
    let all = params.clone().check().unwrap();
    assert_eq!(all.candidates().len(), 32);
    let alike = |i: usize| all.candidates()[..i].contains(&all.candidates()[i]);
    assert!(!(0..32).any(alike));
    assert_eq!(params.trials(7).check().unwrap().candidates().len(), 7);
}

#[test]
fn settings_are_judged() {
    let new = || SearchParams::new(1);
    for (params, expected) in [
        (SearchParams::new(0), "number of features is 0: expected at least 1"),
        (new().trials(0), "trials is 0: expected at least 1"),
        (new().kinds(vec![]), "number of kinds is 0: expected at least 1"),
        (new().c(vec![]), "number of values of C is 0: expected at least 1"),
        (new().class_weights(vec![]), "number of class weights is 0: expected at least 1"),
        (new().patience(Some(0)), "patience is 0: expected at least 1"),
        (new().folds(1), "folds is 1: expected at least 2"),
        (new().strategy(Strategy::Halving { factor: 1 }), "factor is 1: expected at least 2"),
        (new().c(vec![1.0, f64::NAN]), "C is NaN: expected a finite number above 0"),
    ] {
        assert_eq!(params.check().unwrap_err().to_string(), expected);
    }
}
