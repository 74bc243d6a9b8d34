//! Seeded Bernoulli samples.
use cloze_core::random::unit;
use cloze_tune::random::derive;

/// Part of the seed that examples are held out by.
pub(super) const HOLD_OUT: u64 = 0x686f_6c64;

/// Draws each group of items with this probability, and all of its items with it. `groups` has the
/// index of the group's first item for each: items alone are drawn as [`drawn`] has it. Of a few
/// large groups perhaps none or all are drawn: then one is, or all but one, if there are two.
pub(super) fn drawn_groups(seed: u64, part: u64, share: f64, groups: &[usize]) -> Vec<bool> {
    let mut drawn = drawn(seed, part, share, groups.len());
    let first: Vec<usize> = (0..groups.len()).filter(|&i| groups[i] == i).collect();
    let grouped = first.len() < groups.len();
    if share > 0.0 && grouped && first.len() > 1 {
        let seed = derive(seed, part);
        let order = |a: &&usize, b: &&usize| {
            let [a, b] = [**a, **b].map(|i| unit(derive(seed, i as u64)));
            a.total_cmp(&b)
        };
        let is_drawn = |&i: &usize| drawn[i];
        if !first.iter().any(is_drawn) {
            first.iter().min_by(order).into_iter().for_each(|&i| drawn[i] = true);
        } else if first.iter().all(is_drawn) {
            first.iter().max_by(order).into_iter().for_each(|&i| drawn[i] = false);
        }
    }
    groups.iter().map(|&first| drawn[first]).collect()
}

/// Draws each of `count` items with this probability.
pub(super) fn drawn(seed: u64, part: u64, share: f64, count: usize) -> Vec<bool> {
    let seed = derive(seed, part);
    (0..count as u64).map(|i| unit(derive(seed, i)) < share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_drawn_as_a_whole() {
        let alone: Vec<usize> = (0..50).collect();
        assert_eq!(drawn_groups(7, HOLD_OUT, 0.3, &alone), drawn(7, HOLD_OUT, 0.3, 50));
        for seed in 0..50 {
            for share in [0.01, 0.5, 0.99] {
                // Two texts in turns: one of them is held out, however small or large the share.
                let two: Vec<usize> = (0..20).map(|i| i % 2).collect();
                let found = drawn_groups(seed, HOLD_OUT, share, &two);
                assert_eq!(found.iter().filter(|drawn| **drawn).count(), 10, "{seed} {share}");
                assert!((2..20).all(|i| found[i] == found[i % 2]));
            }
        }
        assert_eq!(drawn_groups(0, HOLD_OUT, 0.0, &[0, 0, 2]), [false; 3]);
        assert_eq!(drawn_groups(0, HOLD_OUT, 0.5, &[0, 0])[0], drawn(0, HOLD_OUT, 0.5, 2)[0]);
    }
}
