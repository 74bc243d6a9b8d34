use cloze_train::{Folds, Labels, hold_out};
use proptest::prelude::*;

const NAMES: [&str; 3] = ["a", "b", "c"];

fn labels(gold: &[usize]) -> Labels {
    Labels::single(&gold.iter().map(|&g| NAMES[g]).collect::<Vec<_>>()).unwrap()
}

#[test]
fn what_cannot_be_parted_is_an_error() {
    let few = labels(&[0, 0, 0, 1, 1]);
    let folds = |n| Folds::stratified(&few, n, 0).unwrap_err().to_string();
    assert_eq!(folds(3), "label \"b\": expected at least 3 examples, found 2");
    assert_eq!(folds(1), "folds is 1: expected 2 to the number of examples");
    assert_eq!(folds(6), "folds is 6: expected 2 to the number of examples");
    let held = |share| hold_out(&few, share, 0).unwrap_err().to_string();
    for share in [0.0, 1.0, f64::NAN] {
        assert_eq!(held(share), format!("share is {share}: expected a number above 0 and below 1"));
    }
    let text = hold_out(&labels(&[0, 0, 1]), 0.5, 0).unwrap_err().to_string();
    assert_eq!(text, "label \"b\": expected at least 2 examples, found 1");
    let one = Labels::multi(&[vec!["a"]]).unwrap();
    assert!(hold_out(&one, 0.5, 0).is_err() && Folds::stratified(&one, 2, 0).is_err());
}

/// 5 examples of a and 3 of b, half: round(2.5) = 3 and round(1.5) = 2 are held out.
#[test]
fn a_part_is_held_out() {
    let labels = labels(&[0, 1, 0, 1, 0, 1, 0, 0]);
    let (training, held_out) = hold_out(&labels, 0.5, 9).unwrap();
    assert_eq!(labels.subset(&held_out).counts(), [3, 2]);
    assert_eq!(labels.subset(&training).counts(), [2, 1]);
    let mut all = [training.clone(), held_out].concat();
    all.sort_unstable();
    assert_eq!(all, (0..8).collect::<Vec<_>>());
    assert_eq!(hold_out(&labels, 0.5, 9).unwrap().0, training);
    // However little, one of each label.
    assert_eq!(labels.subset(&hold_out(&labels, 1e-9, 0).unwrap().1).counts(), [1, 1]);
}

proptest! {
    /// Folds are of one size but for one example, and so is each label's share of them; a seed gives
    /// the same folds.
    #[test]
    fn folds_are_alike(
        gold in prop::collection::vec(0..3_usize, 0..30),
        count in 2..5_usize,
        seed in 0..3_u64,
    ) {
        let at_least = NAMES.iter().enumerate().flat_map(|(g, _)| vec![g; count]);
        let gold: Vec<usize> = at_least.chain(gold).collect();
        let single = labels(&gold);
        let multi = Labels::multi(&gold.iter().map(|&g| vec![NAMES[g]]).collect::<Vec<_>>()).unwrap();
        for labels in [&single, &multi] {
            let folds = Folds::stratified(labels, count, seed).unwrap();
            prop_assert_eq!(&folds, &Folds::stratified(labels, count, seed).unwrap());
            let size = |f| folds.held_out(f).len();
            for f in 0..count {
                prop_assert!(size(f).abs_diff(size(0)) <= 1);
                prop_assert_eq!(size(f) + folds.training(f).len(), gold.len());
                if labels == &single {
                    let counts = |f| labels.subset(&folds.held_out(f)).counts();
                    let apart = |(a, b): (usize, usize)| a.abs_diff(b) <= 1;
                    prop_assert!(counts(f).into_iter().zip(counts(0)).all(apart));
                }
            }
        }
    }
}
