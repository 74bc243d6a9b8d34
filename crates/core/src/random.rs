//! Random numbers without a generator of their own: bits go in, numbers come out, so that every
//! crate draws alike.

/// Mixes 64 bits so that each bit of the result depends on each of `x`.
/// Source: `SplitMix64` (Steele, Lea & Flood, OOPSLA 2014), its output function.
#[must_use]
pub fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Number from 0 to below `n`, by 64 random bits; 0 if `n` is.
/// Source: Lemire 2019, without the rejection of a bias of n in 2⁶⁴.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "below n")]
pub fn below(bits: u64, n: usize) -> usize {
    ((u128::from(bits) * n as u128) >> 64) as usize
}

/// Number from 0 to below 1, by 64 random bits, the upper 53 of which count.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// Shuffles `items`; `next_bits` returns 64 random bits a call, one call for each item but the first.
/// Source: Fisher & Yates, as Durstenfeld 1964 has it.
pub fn shuffle<T>(items: &mut [T], mut next_bits: impl FnMut() -> u64) {
    for i in (1..items.len()).rev() {
        items.swap(i, below(next_bits(), i + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs of the reference implementation (`splitmix64.c`, Vigna 2015) from state 0
    /// and from state 1234567, which adds the constant before it mixes.
    #[test]
    fn mixing_is_splitmix() {
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(mix(1_234_567), 6_457_827_717_110_365_317);
    }

    /// The upper half of bits · n: of 2⁶³ half of n, of all ones n − 1.
    #[test]
    fn ends_are_below_n() {
        assert_eq!([0, 1 << 63, u64::MAX].map(|bits| below(bits, 10)), [0, 5, 9]);
        assert_eq!(below(u64::MAX, 0), 0);
        assert_eq!([0, 1 << 63].map(|bits| unit(bits).to_bits()), [0.0, 0.5].map(f64::to_bits));
        assert!(unit(u64::MAX) < 1.0);
    }

    /// Bits of 0 swap the last item with the first: `abcd` → `dbca` → `cbda` → `bcda`.
    #[test]
    fn shuffling_swaps_from_the_end() {
        let mut items = ['a', 'b', 'c', 'd'];
        shuffle(&mut items, || 0);
        assert_eq!(items, ['b', 'c', 'd', 'a']);
        shuffle(&mut items, || u64::MAX);
        assert_eq!(items, ['b', 'c', 'd', 'a']);
    }
}
