//! Numbers that look drawn and are computed from where they are used, so that the same seed gives
//! the same ones whatever the threads do and wherever a training goes on.
use cloze_core::random::{mix, unit};

/// Seed of a part of the work that `seed` is for.
#[must_use]
pub fn derive(seed: u64, part: u64) -> u64 {
    mix(mix(seed) ^ part)
}

/// `len` numbers around 0 with standard deviation `spread`, normally distributed.
/// Source: Box & Muller 1958.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "stored at the model's own width")]
pub fn normal(seed: u64, len: usize, spread: f64) -> Vec<f32> {
    let number = |i: u64| spread * normal_at(seed, i);
    (0..len as u64).map(|i| number(i) as f32).collect()
}

fn normal_at(seed: u64, i: u64) -> f64 {
    let (u, v) = (unit(derive(seed, 2 * i)), unit(derive(seed, 2 * i + 1)));
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// `len` numbers from `-bound` to `bound`, uniformly distributed.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "stored at the model's own width")]
pub fn uniform(seed: u64, len: usize, bound: f64) -> Vec<f32> {
    (0..len as u64).map(|i| ((2.0 * unit(derive(seed, i)) - 1.0) * bound) as f32).collect()
}
