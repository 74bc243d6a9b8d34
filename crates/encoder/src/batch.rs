//! Windows put together into batches that waste little on padding.

/// In which order windows are put into batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By length, longest first: neighbours need little padding, and the long ones do not come last
    /// while the other workers wait.
    #[default]
    Sorted,
    /// As given. The slow case, for comparison.
    AsGiven,
}

/// Cost of a batch besides its tokens, in tokens: 1.8 ms at 0.23 ms per token (all-MiniLM-L6-v2,
/// one thread, batches of 64 and 512 tokens).
const BATCH: usize = 8;
/// So many tokens are not divided among workers: a session that is made for it takes longer.
const WHOLE: usize = 128;
/// The least tokens of a part of a batch that is divided at the end.
const PART: usize = 64;

/// Rules for putting windows into batches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// The most tokens a batch holds, padding included; a single window may be longer.
    pub(crate) budget: usize,
    /// The most windows.
    pub(crate) most: usize,
    pub(crate) order: Order,
    /// Number of batches run at once; there are as many if there is work enough.
    pub(crate) workers: usize,
}

/// The windows, by number, of each batch.
pub(crate) fn plan(lengths: &[usize], rules: Rules) -> Vec<Vec<usize>> {
    let total: usize = lengths.iter().sum();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    // One worker shares with nobody: its batches may also hold padding.
    let share = match rules.workers {
        0 | 1 => usize::MAX,
        workers => total.div_ceil(workers).max(longest).max(WHOLE),
    };
    let rules = Rules { budget: rules.budget.min(share), ..rules };
    match rules.order {
        Order::Sorted => levelled(sorted(lengths, rules), lengths, rules.workers),
        Order::AsGiven => as_given(lengths, rules),
    }
}

/// The batches of windows sorted by length that cost least: the tokens of each, padding included, and
/// [`BATCH`]. Found from the longest window on: the cheapest way to have put so many into batches ends
/// with a batch, before which is the cheapest way for those before it.
fn sorted(lengths: &[usize], rules: Rules) -> Vec<Vec<usize>> {
    let mut by_length: Vec<usize> = (0..lengths.len()).collect();
    by_length.sort_by_key(|&i| std::cmp::Reverse(lengths[i]));
    // For the first so many windows: what they cost, and where their last batch begins.
    let mut cheapest = vec![(usize::MAX, 0); lengths.len() + 1];
    cheapest[0] = (0, 0);
    for (start, &i) in by_length.iter().enumerate() {
        let most = (rules.budget / lengths[i].max(1)).max(1).min(rules.most);
        for n in 1..=most.min(lengths.len() - start) {
            let cost = cheapest[start].0.saturating_add(lengths[i] * n + BATCH);
            if cost < cheapest[start + n].0 {
                cheapest[start + n] = (cost, start);
            }
        }
    }
    let mut batches = vec![];
    let mut end = lengths.len();
    while end > 0 {
        let start = cheapest[end].1;
        batches.push(by_length[start..end].to_vec());
        end = start;
    }
    batches.reverse();
    batches
}

/// Batches that are divided where one worker would be busy while others have nothing left to do: the batch that
/// ends last, into a part for each worker, as long as that ends earlier.
fn levelled(mut batches: Vec<Vec<usize>>, lengths: &[usize], workers: usize) -> Vec<Vec<usize>> {
    let tokens =
        |batch: &[usize]| batch.len() * batch.iter().map(|&i| lengths[i]).max().unwrap_or(0);
    // When all have ended, how many workers are busy until then, and the batch that one of them has last.
    let ends = |batches: &[Vec<usize>]| {
        let mut workers = vec![(0, 0); workers.max(1)];
        for (i, batch) in batches.iter().enumerate() {
            // As they take them: whoever is free first.
            if let Some(first) = workers.iter_mut().min() {
                *first = (first.0 + tokens(batch) + BATCH, i);
            }
        }
        let (end, last) = workers.iter().max().copied().unwrap_or_default();
        (end, workers.iter().filter(|(until, _)| *until == end).count(), last)
    };
    if workers < 2 || batches.is_empty() {
        return batches;
    }
    let mut now = ends(&batches);
    loop {
        let last = &batches[now.2];
        let parts = workers.min(last.len()).min(tokens(last) / PART);
        if parts < 2 {
            return batches;
        }
        let mut divided = batches.clone();
        let last = divided.remove(now.2);
        divided.extend(last.chunks(last.len().div_ceil(parts)).map(<[usize]>::to_vec));
        let then = ends(&divided);
        if (then.0, then.1) >= (now.0, now.1) {
            return batches;
        }
        (batches, now) = (divided, then);
    }
}

/// The batches of windows in their order, each as full as it can be.
fn as_given(lengths: &[usize], rules: Rules) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = vec![];
    let mut longest = 0;
    for (i, &length) in lengths.iter().enumerate() {
        let padded = longest.max(length);
        match batches.last_mut() {
            Some(batch)
                if batch.len() < rules.most && padded * (batch.len() + 1) <= rules.budget =>
            {
                longest = padded;
                batch.push(i);
            }
            _ => {
                longest = length;
                batches.push(vec![i]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan(lengths: &[usize], budget: usize, most: usize, order: Order) -> Vec<Vec<usize>> {
        super::plan(lengths, Rules { budget, most, order, workers: 1 })
    }

    #[test]
    fn batches_hold_what_the_budget_allows() {
        let lengths = [3, 10, 4, 10, 1];
        // Sorted 10 10 4 3 1. Of 20: 2 × 10 + 8, and 4, 3, 1 as 3 × 4 + 8 = 20, which is less than
        // 2 × 4 + 8 + 1 + 8 = 25.
        assert_eq!(plan(&lengths, 20, 9, Order::Sorted), [vec![1, 3], vec![2, 0, 4]]);
        // Of 50 all could be one: 5 × 10 + 8 = 58 against 28 + 20.
        assert_eq!(plan(&lengths, 50, 9, Order::Sorted), [vec![1, 3], vec![2, 0, 4]]);
        // 3 × 10 + 8 = 38 against 10 + 8 + 2 × 9 + 8 = 44, or 2 × 10 + 8 + 9 + 8 = 45.
        assert_eq!(plan(&[9, 10, 9], 50, 9, Order::Sorted), [[1, 0, 2]]);
        assert_eq!(plan(&lengths, 20, 9, Order::AsGiven), [vec![0, 1], vec![2, 3], vec![4]]);
        // More with padding than without, 168 of 158: 3 × 56 + 8 = 176 against 112 + 8 + 49 + 8 = 177.
        assert_eq!(plan(&[56, 49, 53], 168, 3, Order::Sorted), [[0, 2, 1]]);
        // A window over the budget goes alone.
        assert_eq!(plan(&[30, 30], 20, 9, Order::Sorted), [[0], [1]]);
        assert_eq!(plan(&lengths, 100, 1, Order::Sorted).len(), 5);
        assert!(plan(&[], 20, 9, Order::Sorted).is_empty());
        assert_eq!(plan(&[0, 0], 20, 9, Order::Sorted), [[0, 1]]);
    }

    /// 8 windows of 60 are 480 tokens: one batch for one worker, 4 and 4 for two, and 2 each for four,
    /// since 120 are less than 128; as many as one batch holds stay together where they are few.
    #[test]
    fn workers_share_what_is_enough_for_them() {
        let sizes = |n: usize, workers| {
            let rules = Rules { budget: 512, most: 99, order: Order::Sorted, workers };
            super::plan(&vec![60; n], rules).iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(sizes(8, 1), [8]);
        assert_eq!(sizes(8, 2), [4, 4]);
        assert_eq!(sizes(8, 4), [2, 2, 2, 2]);
        assert_eq!(sizes(2, 4), [2]);
        assert_eq!(sizes(1, 4), [1]);
    }

    /// 30 windows of 204 are 15 batches of two for two workers, 8 and 7: the last goes in halves, 15 windows each. Nine
    /// batches of 8 × 60 for four workers are 3, 2, 2 and 2: the last in four. Ten are two in the third round,
    /// which end together: both in four. What is level stays, and so does what would be less than 64 tokens a part.
    #[test]
    fn the_last_batch_is_shared() {
        let sizes = |n: usize, length, workers| {
            let rules = Rules { budget: 512, most: 99, order: Order::Sorted, workers };
            super::plan(&vec![length; n], rules).iter().map(Vec::len).collect::<Vec<_>>()
        };
        let rounds =
            |full: usize, size: usize, rest: &[usize]| [vec![size; full], rest.to_vec()].concat();
        assert_eq!(sizes(30, 204, 2), rounds(14, 2, &[1, 1]));
        assert_eq!(sizes(72, 60, 4), rounds(8, 8, &[2; 4]));
        assert_eq!(sizes(80, 60, 4), rounds(8, 8, &[2; 8]));
        assert_eq!(sizes(64, 60, 4), [8; 8]);
        assert_eq!(sizes(28, 204, 2), [2; 14]);
        assert_eq!(sizes(9, 510, 2), [1; 9]);
        let plan = |lengths: &[usize]| {
            let rules = Rules { budget: 512, most: 99, order: Order::Sorted, workers: 2 };
            super::plan(lengths, rules).iter().map(Vec::len).collect::<Vec<_>>()
        };
        // A third batch of 4 × 20 would be two parts of 40.
        assert_eq!(plan(&[[200; 4].as_slice(), &[20; 4]].concat()), [2, 2, 4]);
    }

    proptest! {
        /// No other way to cut the sorted windows into batches costs less; there are 2^(n − 1).
        #[test]
        fn no_plan_costs_less(
            lengths in prop::collection::vec(1..60usize, 1..9), budget in 1..200usize, most in 1..9usize,
        ) {
            let of = |batches: &[Vec<usize>]| -> usize {
                batches.iter().map(|b| b.len() * b.iter().map(|&i| lengths[i]).max().unwrap() + BATCH).sum()
            };
            let planned = plan(&lengths, budget, most, Order::Sorted);
            let mut by_length: Vec<usize> = (0..lengths.len()).collect();
            by_length.sort_by_key(|&i| std::cmp::Reverse(lengths[i]));
            for cuts in 0..1_u32 << (lengths.len() - 1) {
                let mut batches = vec![vec![by_length[0]]];
                for (index, &i) in by_length.iter().enumerate().skip(1) {
                    if cuts >> (index - 1) & 1 == 1 {
                        batches.push(vec![]);
                    }
                    batches.last_mut().unwrap().push(i);
                }
                let fits = |b: &Vec<usize>| {
                    b.len() == 1 || (b.len() <= most && lengths[b[0]] * b.len() <= budget)
                };
                if batches.iter().all(fits) {
                    prop_assert!(of(&planned) <= of(&batches), "{:?} {:?}", planned, batches);
                }
            }
        }

        #[test]
        fn every_window_is_in_one_batch(
            lengths in prop::collection::vec(1..60usize, 0..50), budget in 1..200usize, most in 1..9usize,
            workers in 1..6usize,
        ) {
            for order in [Order::Sorted, Order::AsGiven] {
                let batches = super::plan(&lengths, Rules { budget, most, order, workers });
                let mut indices: Vec<usize> = batches.iter().flatten().copied().collect();
                indices.sort_unstable();
                prop_assert_eq!(indices, (0..lengths.len()).collect::<Vec<_>>());
                for batch in batches {
                    let longest = batch.iter().map(|&i| lengths[i]).max().unwrap();
                    prop_assert!(batch.len() == 1 || longest * batch.len() <= budget);
                    prop_assert!(batch.len() <= most);
                }
            }
        }
    }
}
