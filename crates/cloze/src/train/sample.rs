//! Seeded Bernoulli samples.
use cloze_core::random::unit;
use cloze_tune::random::derive;

/// Part of the seed that examples are held out by.
pub(super) const HOLD_OUT: u64 = 0x686f_6c64;

/// Draws each group of items with this probability, and all of its items with it. `groups` has the
/// index of the group's first item for each: items alone are drawn as [`drawn`] has it.
pub(super) fn drawn_groups(seed: u64, part: u64, share: f64, groups: &[usize]) -> Vec<bool> {
    let drawn = drawn(seed, part, share, groups.len());
    groups.iter().map(|&first| drawn[first]).collect()
}

/// Draws each of `count` items with this probability.
pub(super) fn drawn(seed: u64, part: u64, share: f64, count: usize) -> Vec<bool> {
    let seed = derive(seed, part);
    (0..count as u64).map(|i| unit(derive(seed, i)) < share).collect()
}
