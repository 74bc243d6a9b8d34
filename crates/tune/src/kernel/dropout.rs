//! Dropout (Srivastava et al. 2014) whose choice is computed from a seed and a place, both ways.
use super::vectorised;

/// Dropout of one stretch of numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropout {
    seed: u32,
    /// Places whose hash is below it are dropped.
    below: u32,
    scale: f32,
    /// The first number's place.
    first: u32,
}

impl Dropout {
    /// Drops a share of `rate`, from 0 to below 1; the others grow so that the mean stays.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a part of the seed; a share of 2³²"
    )]
    pub(crate) fn new(seed: u64, rate: f32) -> Self {
        let below = (f64::from(rate) * 2.0_f64.powi(32)) as u32;
        Self { seed: (seed ^ (seed >> 32)) as u32, below, scale: 1.0 / (1.0 - rate), first: 0 }
    }

    /// For numbers that are a part of more, from `position` on.
    pub(crate) fn from(self, position: usize) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "places go round, as hashes do")]
        Self { first: self.first.wrapping_add(position as u32), ..self }
    }

    /// Factor of the number at `position`.
    /// Source of the hash: Wellons 2018, "Prospecting for hash functions", lowbias32.
    #[inline(always)]
    fn factor(self, position: u32) -> f32 {
        let x = position.wrapping_mul(0x9e37_79b9) ^ self.seed;
        let x = (x ^ (x >> 16)).wrapping_mul(0x21f0_aaad);
        let x = (x ^ (x >> 15)).wrapping_mul(0x735a_2d97);
        let x = x ^ (x >> 15);
        if x < self.below { 0.0 } else { self.scale }
    }

    /// Multiplies every number by 0 or 1 / (1 − rate).
    pub(crate) fn apply(self, xs: &mut [f32]) {
        vectorised(
            #[inline(always)]
            || {
                for (position, x) in (0_u32..).zip(xs) {
                    *x *= self.factor(self.first.wrapping_add(position));
                }
            },
        );
    }

    /// `out` = what [`apply`](Self::apply) makes of `xs`.
    pub(crate) fn copy(self, xs: &[f32], out: &mut [f32]) {
        vectorised(
            #[inline(always)]
            || {
                for (position, (x, out)) in (0_u32..).zip(xs.iter().zip(out)) {
                    *out = x * self.factor(self.first.wrapping_add(position));
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::Dropout;
    use crate::random::derive;

    /// 1e6 numbers at a rate of 0.1: 1e5 dropped, give or take five standard deviations (300 each);
    /// the others 1 / 0.9. Neighbours and neighbouring seeds are dropped together no more often.
    #[test]
    fn the_share_is_the_rate_and_places_are_apart() {
        let masks: Vec<Vec<f32>> = (0..2)
            .map(|part| {
                let mut mask = vec![1.0; 1_000_000];
                Dropout::new(derive(7, part), 0.1).apply(&mut mask);
                mask
            })
            .collect();
        let zero = |x: &&f32| **x == 0.0;
        for mask in &masks {
            let dropped = mask.iter().filter(zero).count();
            assert!(dropped.abs_diff(100_000) < 1500, "{dropped}");
            let both = mask.windows(2).filter(|w| w[0] == 0.0 && w[1] == 0.0).count();
            assert!(both.abs_diff(10_000) < 600, "{both}");
            assert!(mask.iter().all(|&x| x == 0.0 || (x - 1.0 / 0.9).abs() < 1e-6));
        }
        let both = masks[0].iter().zip(&masks[1]).filter(|(a, b)| **a == 0.0 && **b == 0.0).count();
        assert!(both.abs_diff(10_000) < 600, "{both}");
        let mut copied = vec![0.0; 1_000_000];
        Dropout::new(derive(7, 0), 0.1).copy(&vec![1.0; 1_000_000], &mut copied);
        assert_eq!(copied, masks[0]);
        Dropout::new(3, 0.0).apply(&mut copied);
        assert_eq!(copied, masks[0]);
        let mut end = vec![1.0; 400_000];
        Dropout::new(derive(7, 0), 0.1).from(600_000).apply(&mut end);
        assert_eq!(end, masks[0][600_000..]);
    }
}
