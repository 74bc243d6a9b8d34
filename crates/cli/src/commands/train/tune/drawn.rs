//! Some of many, by a seed.
use cloze_tune::random::derive;

/// The part of the seed that examples are held out by.
pub(super) const HOLD_OUT: u64 = 0x686f_6c64;

/// Which of `count` things are drawn, each with this probability.
pub(super) fn drawn(seed: u64, part: u64, share: f64, count: usize) -> Vec<bool> {
    #[expect(clippy::cast_precision_loss, reason = "a share of all numbers there are")]
    let below = |bits: u64| (bits >> 11) as f64 / (1_u64 << 53) as f64;
    let seed = derive(seed, part);
    (0..count as u64).map(|i| below(derive(seed, i)) < share).collect()
}
