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

fn grouped(gold: &[usize], groups: &[usize]) -> Labels {
    labels(gold).grouped(groups).unwrap()
}

#[test]
fn groups_that_cannot_be_parted_are_an_error() {
    // Three copies of one text: three examples of b, but one group.
    let copies = grouped(&[0, 0, 0, 1, 1, 1], &[0, 1, 2, 3, 3, 3]);
    let expected = "label \"b\": expected examples in at least 2 groups, found 1: equal texts, and \
                    examples that are grouped by a field, stay together";
    assert_eq!(Folds::stratified(&copies, 2, 0).unwrap_err().to_string(), expected);
    assert_eq!(hold_out(&copies, 0.5, 0).unwrap_err().to_string(), expected);
    assert_eq!(copies.counts(), [3, 3]);
    assert_eq!(copies.group_counts(), [3, 1]);
    let text = labels(&[0, 1]).grouped(&[0]).unwrap_err().to_string();
    assert_eq!(text, "1 groups for 2 examples");
    let one = Labels::multi(&[vec!["a"], vec![]]).unwrap().grouped(&[7, 7]).unwrap();
    assert!(hold_out(&one, 0.5, 0).is_err() && Folds::stratified(&one, 2, 0).is_err());
}

/// Groups of a field whose numbers are all different are no groups: the parts are the same as without.
#[test]
fn groups_of_one_change_nothing() {
    let plain = labels(&[0, 1, 0, 1, 0, 1, 0, 0]);
    let alone = plain.clone().grouped(&[9, 3, 4, 5, 6, 7, 8, 1]).unwrap();
    assert!(!alone.is_grouped());
    assert_eq!(Folds::stratified(&plain, 3, 5).unwrap(), Folds::stratified(&alone, 3, 5).unwrap());
    assert_eq!(hold_out(&plain, 0.3, 5).unwrap(), hold_out(&alone, 0.3, 5).unwrap());
}

/// Four groups of three a and one b each, in two folds: two groups in each, 6 a and 2 b.
#[test]
fn grouped_folds_have_the_same_shares() {
    let gold: Vec<usize> = [0, 0, 0, 1].repeat(4);
    let groups: Vec<usize> = (0..16).map(|i| i / 4).collect();
    let labels = grouped(&gold, &groups);
    for seed in 0..5 {
        let folds = Folds::stratified(&labels, 2, seed).unwrap();
        for fold in 0..2 {
            assert_eq!(labels.subset(&folds.held_out(fold)).counts(), [6, 2]);
        }
        let (training, held_out) = hold_out(&labels, 0.25, seed).unwrap();
        assert_eq!(labels.subset(&held_out).counts(), [3, 1]);
        assert_eq!(training.len(), 12);
    }
}

proptest! {
    /// No group is in two folds or on both sides of a hold-out; every label is in two parts; the
    /// folds have all examples, and are of about one size: the largest group apart.
    #[test]
    fn no_group_is_parted(
        rows in prop::collection::vec((0..3_usize, 0..12_usize), 0..40),
        count in 2..5_usize,
        seed in 0..3_u64,
    ) {
        // Of each label as many groups as folds, so that they can be parted.
        let apart = (0..3).flat_map(|label| (0..count).map(move |i| (label, 100 + 10 * label + i)));
        let (gold, groups): (Vec<usize>, Vec<usize>) = apart.chain(rows).unzip();
        let single = grouped(&gold, &groups);
        let multi = Labels::multi(&gold.iter().map(|&g| vec![NAMES[g]]).collect::<Vec<_>>());
        let multi = multi.unwrap().grouped(&groups).unwrap();
        let largest = groups.iter().map(|g| groups.iter().filter(|o| *o == g).count()).max().unwrap();
        for labels in [&single, &multi] {
            let folds = Folds::stratified(labels, count, seed).unwrap();
            prop_assert_eq!(&folds, &Folds::stratified(labels, count, seed).unwrap());
            let (training, held_out) = hold_out(labels, 0.3, seed).unwrap();
            for i in 0..gold.len() {
                for j in (0..i).filter(|&j| groups[j] == groups[i]) {
                    prop_assert_eq!(folds.of()[i], folds.of()[j]);
                    prop_assert_eq!(held_out.contains(&i), held_out.contains(&j));
                }
            }
            prop_assert_eq!(training.len() + held_out.len(), gold.len());
            for g in 0..3 {
                let of_label: Vec<usize> = (0..gold.len()).filter(|&i| gold[i] == g).collect();
                prop_assert!(labels == &multi || of_label.iter().any(|&i| folds.of()[i] != folds.of()[of_label[0]]));
                prop_assert!(labels == &multi || of_label.iter().any(|i| training.contains(i)));
                prop_assert!(labels == &multi || of_label.iter().any(|i| held_out.contains(i)));
            }
            let sizes: Vec<usize> = (0..count).map(|f| folds.held_out(f).len()).collect();
            let apart = sizes.iter().max().unwrap() - sizes.iter().min().unwrap();
            prop_assert!(apart <= 2 * largest + 3, "{:?}, {}", sizes, largest);
        }
    }
}
