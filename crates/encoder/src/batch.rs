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

/// The windows, by number, of each batch. A batch holds at most `budget` tokens, padding included,
/// or a single window; and at most `most` windows.
pub(crate) fn plan(lengths: &[usize], budget: usize, most: usize, order: Order) -> Vec<Vec<usize>> {
    let mut by_length: Vec<usize> = (0..lengths.len()).collect();
    if order == Order::Sorted {
        by_length.sort_by_key(|&i| std::cmp::Reverse(lengths[i]));
    }
    let mut batches: Vec<Vec<usize>> = vec![];
    let mut longest = 0;
    for i in by_length {
        let padded = longest.max(lengths[i]);
        match batches.last_mut() {
            Some(batch) if batch.len() < most && padded * (batch.len() + 1) <= budget => {
                longest = padded;
                batch.push(i);
            }
            _ => {
                longest = lengths[i];
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

    #[test]
    fn batches_hold_what_the_budget_allows() {
        let lengths = [3, 10, 4, 10, 1];
        // Sorted 10 10 4 3 1: 2 × 10 fill 20; 3 × 4 are 12.
        assert_eq!(plan(&lengths, 20, 9, Order::Sorted), [vec![1, 3], vec![2, 0, 4]]);
        assert_eq!(plan(&lengths, 20, 9, Order::AsGiven), [vec![0, 1], vec![2, 3], vec![4]]);
        // A window over the budget goes alone.
        assert_eq!(plan(&[30, 30], 20, 9, Order::Sorted), [[0], [1]]);
        assert_eq!(plan(&lengths, 100, 1, Order::Sorted).len(), 5);
        assert!(plan(&[], 20, 9, Order::Sorted).is_empty());
    }

    proptest! {
        #[test]
        fn every_window_is_in_one_batch(
            lengths in prop::collection::vec(1..60usize, 0..50), budget in 1..200usize, most in 1..9usize,
        ) {
            for order in [Order::Sorted, Order::AsGiven] {
                let batches = plan(&lengths, budget, most, order);
                let mut all: Vec<usize> = batches.iter().flatten().copied().collect();
                all.sort_unstable();
                prop_assert_eq!(all, (0..lengths.len()).collect::<Vec<_>>());
                for batch in batches {
                    let longest = batch.iter().map(|&i| lengths[i]).max().unwrap();
                    prop_assert!(batch.len() == 1 || longest * batch.len() <= budget);
                    prop_assert!(batch.len() <= most);
                }
            }
        }
    }
}
