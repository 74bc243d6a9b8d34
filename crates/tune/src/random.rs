//! Numbers that look drawn and are computed from where they are used, so that the same seed gives
//! the same ones whatever the threads do and wherever a training goes on.
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

/// Mixes 64 bits so that each bit of the result depends on each of `x`.
/// Source: `SplitMix64` (Steele, Lea & Flood 2014), its output function.
#[must_use]
pub fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The seed of a part of what `seed` is for.
#[must_use]
pub fn derive(seed: u64, part: u64) -> u64 {
    mix(mix(seed) ^ part)
}

/// `len` numbers around 0 with standard deviation `spread`, normally distributed.
/// Source: Box & Muller 1958.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "stored at the model's own width")]
pub fn normal(seed: u64, len: usize, spread: f64) -> Vec<f32> {
    let at = |i: u64| spread * normal_at(seed, i);
    (0..len as u64).map(|i| at(i) as f32).collect()
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

/// From 0 to below 1.
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// Puts all in an order that is drawn. Source: Fisher & Yates, as Durstenfeld 1964 has it.
pub(crate) fn shuffle<T>(all: &mut [T], random: &mut Pcg64) {
    for i in (1..all.len()).rev() {
        all.swap(i, below(random, i + 1));
    }
}

/// A number below `n`, which is not 0. Source: Lemire 2019, without the rejection of a bias of 2⁻⁶⁴.
#[expect(clippy::cast_possible_truncation, reason = "below n")]
pub(crate) fn below(random: &mut Pcg64, n: usize) -> usize {
    ((u128::from(random.next_u64()) * n as u128) >> 64) as usize
}
