//! Numbers that look random and are the same on every run and machine.

/// A generator of such numbers. Source: `SplitMix64`, Steele, Lea & Flood, OOPSLA 2014.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The generator that this seed starts.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which must not be 0.
    #[expect(clippy::cast_possible_truncation, reason = "less than a usize")]
    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// One of `items`, which must not be empty.
    pub fn choose<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    /// A number of the half-open unit interval.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit exactly")]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number whose logarithm is normal with spread 1, and which is `mean` on average. Lengths of
    /// texts are like that: most are short, a few very long.
    pub fn log_normal(&mut self, mean: f64) -> f64 {
        // Box & Muller 1958. Of exp(N(m, 1)) the mean is exp(m + 1/2).
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.unit()).cos();
        mean * (normal - 0.5).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers for seed 1234567, from the reference code (`splitmix64.c`, Vigna 2015).
    #[test]
    fn the_numbers_are_those_of_the_reference() {
        let mut random = Random::new(1_234_567);
        assert_eq!(random.bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.bits(), 3_203_168_211_198_807_973);
    }

    /// Over 10,000 draws with mean 32 the standard error is 32 · sqrt(e − 1) / 100 = 0.42; the
    /// median is 32 / sqrt(e) = 19.4.
    #[test]
    fn log_normal_numbers_have_their_mean_and_their_median() {
        let mut random = Random::new(1);
        let mut draws: Vec<f64> = (0..10_000).map(|_| random.log_normal(32.0)).collect();
        draws.sort_by(f64::total_cmp);
        let mean = draws.iter().sum::<f64>() / 10_000.0;
        assert!((mean - 32.0).abs() < 1.5, "{mean}");
        assert!((draws[5000] - 19.4).abs() < 1.0, "{}", draws[5000]);
    }
}
