//! Epochs and parts.
use std::collections::BTreeSet;

use cloze_tune::training::{Sampler, parts};
use proptest::prelude::*;

fn lengths() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1..9_usize, 0..40)
}

proptest! {
    #[test]
    fn an_epoch_has_every_example_once(
        lengths in lengths(), batch in 1..12_usize, window in 0..4_usize, epoch in 0..3_u64,
    ) {
        let sampler = Sampler { batch, window, seed: 7 };
        let batches = sampler.epoch(epoch, &lengths);
        prop_assert_eq!(batches.len(), sampler.batches(lengths.len()));
        let sizes: Vec<_> = batches.iter().map(Vec::len).collect();
        let (last, full) = sizes.split_last().unwrap_or((&1, &[]));
        prop_assert!(full.iter().all(|&size| size == batch) && (1..=batch).contains(last));
        let mut all = batches.concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..lengths.len()).collect::<Vec<_>>());
    }

    /// With one window over all, the longest of a batch is no longer than the shortest of another,
    /// or the other way round.
    #[test]
    fn batches_of_a_window_have_texts_of_a_length(lengths in lengths(), batch in 1..6_usize) {
        let batches = Sampler { batch, window: 1000, seed: 7 }.epoch(0, &lengths);
        let mut ends: Vec<_> = batches.iter().map(|batch| {
            let of = batch.iter().map(|&example| lengths[example]);
            (of.clone().min(), of.max())
        }).collect();
        ends.sort_unstable();
        prop_assert!(ends.windows(2).all(|two| two[0].1 <= two[1].0), "{:?}", ends);
    }

    #[test]
    fn parts_are_a_batch_cut_where_it_must_be(lengths in lengths(), most in 0..20_usize) {
        let parts = parts(&lengths, most);
        let all: Vec<_> = parts.iter().cloned().flatten().collect();
        prop_assert_eq!(all, (0..lengths.len()).collect::<Vec<_>>());
        let tokens = |i: usize| lengths[parts[i].clone()].iter().sum::<usize>();
        for i in 0..parts.len() {
            prop_assert!(!parts[i].is_empty());
            prop_assert!(tokens(i) <= most || parts[i].len() == 1);
            // The next example would not have fitted.
            prop_assert!(parts.get(i + 1).is_none_or(|next| tokens(i) + lengths[next.start] > most));
        }
    }
}

/// Tokens 3 2 4 9 1 in parts of 5: 3 + 2, then 4, then 9 by itself, then 1.
#[test]
fn parts_by_hand() {
    assert_eq!(parts(&[3, 2, 4, 9, 1], 5), [0..2, 2..3, 3..4, 4..5]);
    assert_eq!(parts(&[usize::MAX, usize::MAX], usize::MAX - 1), [0..1, 1..2]);
    assert!(parts(&[], 5).is_empty());
}

#[test]
fn orders_differ_by_epoch_and_by_seed_and_come_again() {
    let lengths = vec![1; 30];
    let order = |seed, epoch| Sampler { batch: 4, window: 0, seed }.epoch(epoch, &lengths);
    let orders: BTreeSet<_> = (0..4).flat_map(|s| (0..4).map(move |e| (s, e))).collect();
    let orders: BTreeSet<_> = orders.into_iter().map(|(s, e)| order(s, e)).collect();
    assert_eq!(orders.len(), 16);
    assert_eq!(order(3, 2), order(3, 2));
}

/// Of 3 examples there are 6 orders; in 6000 epochs each is there 1000 ± 5 · 29 times.
#[test]
fn every_order_is_as_likely() {
    let mut counts = std::collections::BTreeMap::new();
    for epoch in 0..6000 {
        let order = Sampler { batch: 9, window: 0, seed: 1 }.epoch(epoch, &[1; 3]).concat();
        *counts.entry(order).or_insert(0) += 1;
    }
    assert!(counts.len() == 6 && counts.values().all(|n| (855..1145).contains(n)), "{counts:?}");
}
