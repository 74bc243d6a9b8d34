//! Summary statistics of many measurements.
use serde::Serialize;

/// The middle of some numbers, and how far they reach.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Of an even number of values the median is the mean of the two in the middle; `None` of none.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let sorted = sorted(values);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let half = sorted.len() / 2;
        let median = if sorted.len().is_multiple_of(2) {
            f64::midpoint(sorted[half - 1], sorted[half])
        } else {
            sorted[half]
        };
        Some(Self { median, min, max })
    }

    /// The spread of `n / value`: what took longest is slowest.
    pub(crate) fn rate(self, n: f64) -> Self {
        Self { median: n / self.median, min: n / self.max, max: n / self.min }
    }
}

/// The least value that at least `percent` of all do not exceed (nearest rank); `None` of none.
pub(crate) fn percentile(values: &[f64], percent: usize) -> Option<f64> {
    let sorted = sorted(values);
    let rank = (percent * sorted.len()).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_two() {
        let of = |values: &[f64]| Spread::of(values).map(|s| (s.median, s.min, s.max));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[3.0]), Some((3.0, 3.0, 3.0)));
        assert_eq!(of(&[5.0, 1.0, 2.0]), Some((2.0, 1.0, 5.0)));
        assert_eq!(of(&[5.0, 1.0, 2.0, 4.0]), Some((3.0, 1.0, 5.0)));
    }

    /// 100 texts in 2, 1 and 4 seconds: 50 a second, at worst 25, at best 100.
    #[test]
    fn of_a_rate_the_longest_time_is_the_minimum() {
        let rate = Spread::of(&[2.0, 1.0, 4.0]).unwrap().rate(100.0);
        assert_eq!(rate, Spread { median: 50.0, min: 25.0, max: 100.0 });
    }

    /// Of 1 to 20: half do not exceed 10; 19 are 95 %; for 99 % it takes all 20.
    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        let percentiles = [0, 50, 95, 99, 100].map(|p| percentile(&values, p));
        assert_eq!(percentiles, [1.0, 10.0, 19.0, 20.0, 20.0].map(Some));
        assert_eq!(percentile(&[], 50), None);
    }
}
