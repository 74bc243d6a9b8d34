//! The bootstrap: what a figure would be on other examples like these.
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng, SeedableRng};
use serde::Serialize;

use crate::MetricsError;
use crate::counts::ratio;

/// The most resamples: their figures are kept in memory.
const MAX_RESAMPLES: usize = 10_000_000;

/// Settings of resampling.
#[derive(Clone, Debug)]
#[must_use]
pub struct BootstrapParams {
    resamples: usize,
    level: f64,
    seed: u64,
}

impl Default for BootstrapParams {
    fn default() -> Self {
        Self::new()
    }
}

impl BootstrapParams {
    /// The defaults.
    pub fn new() -> Self {
        Self { resamples: 1000, level: 0.95, seed: 0 }
    }

    /// Number of resamples; 1 to 10,000,000. Default `1000`.
    pub fn resamples(mut self, resamples: usize) -> Self {
        self.resamples = resamples;
        self
    }

    /// Confidence level of the interval, between 0 and 1. Default `0.95`.
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    /// Chooses the resamples; the same seed chooses the same on every machine. Default `0`.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Validates the settings.
    ///
    /// # Errors
    /// [`MetricsError::Setting`] names the one that is out of its range.
    pub fn check(self) -> Result<ValidBootstrapParams, MetricsError> {
        let Self { resamples, level, seed } = self;
        if !(1..=MAX_RESAMPLES).contains(&resamples) {
            let (value, expected) = (resamples.to_string(), "1 to 10000000");
            return Err(MetricsError::Setting { name: "resamples", found: value, expected });
        }
        // NaN is neither.
        if !(level > 0.0 && level < 1.0) {
            let (value, expected) = (level.to_string(), "a number between 0 and 1");
            return Err(MetricsError::Setting { name: "level", found: value, expected });
        }
        Ok(ValidBootstrapParams { resamples, level, seed })
    }
}

/// Validated settings.
#[derive(Clone, Debug)]
pub struct ValidBootstrapParams {
    resamples: usize,
    level: f64,
    seed: u64,
}

/// A figure and its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The figure of the examples as they are.
    pub estimate: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Share of the resamples in the interval.
    pub level: f64,
    /// Number of resamples.
    pub resamples: usize,
    /// Of these, how many had no figure and do not count.
    pub undefined: usize,
    /// Random seed.
    pub seed: u64,
}

/// Two models on the same examples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PairedBootstrap {
    /// The first's figure.
    pub first: f64,
    /// The second's figure.
    pub second: f64,
    /// The first's less the second's, with its interval.
    pub difference: Interval,
    /// Probability that the better one would be ahead this far if both were equally good, in one
    /// direction: the share of resamples where it is ahead by more than twice as much
    /// (Berg-Kirkpatrick et al. 2012, section 2; Koehn 2004 counts those where it is behind
    /// instead). 1 where neither is ahead.
    pub p_value: f64,
}

impl ValidBootstrapParams {
    /// The percentile interval (Efron 1979) of a figure of `examples` examples. `statistic` gets the
    /// places of the examples to take, each any number of times, and gives NaN or an infinity where
    /// there is no figure. Ends between two resamples are interpolated.
    ///
    /// # Errors
    /// [`MetricsError::TooFewExamples`] without any, [`MetricsError::NoFigure`] if the examples as they
    /// are have none, or no resample has.
    pub fn interval(
        &self,
        examples: usize,
        statistic: impl Fn(&[usize]) -> f64,
    ) -> Result<Interval, MetricsError> {
        let order = all(examples)?;
        let estimate = finite(statistic(&order))?;
        let (figures, undefined) = self.figures(examples, statistic);
        self.of(estimate, figures, undefined)
    }

    /// Compares two models by a figure that is the better the higher it is, on the same resamples of
    /// the same `examples`. `statistics` gives both figures for the places of the examples to take.
    ///
    /// # Errors
    /// As [`interval`](Self::interval).
    pub fn compare(
        &self,
        examples: usize,
        statistics: impl Fn(&[usize]) -> (f64, f64),
    ) -> Result<PairedBootstrap, MetricsError> {
        let (first, second) = statistics(&all(examples)?);
        let (first, second) = (finite(first)?, finite(second)?);
        let ahead = first - second;
        let (figures, undefined) = self.figures(examples, |order| {
            let (first, second) = statistics(order);
            first - second
        });
        let further = |d: &&f64| if ahead > 0.0 { **d > 2.0 * ahead } else { **d < 2.0 * ahead };
        let share = ratio(figures.iter().filter(further).count() as u64, figures.len() as u64);
        let p_value = if ahead == 0.0 { 1.0 } else { share };
        let difference = self.of(ahead, figures, undefined)?;
        Ok(PairedBootstrap { first, second, difference, p_value })
    }

    /// The figures of the resamples, and how many have none.
    fn figures(&self, examples: usize, statistic: impl Fn(&[usize]) -> f64) -> (Vec<f64>, usize) {
        let mut random = Pcg64::seed_from_u64(self.seed);
        let mut order = vec![0; examples];
        let (mut figures, mut undefined) = (vec![], 0);
        for _ in 0..self.resamples {
            for example in &mut order {
                // The high half of a product with 64 random bits: below `examples`, and even enough.
                let below = (u128::from(random.next_u64()) * examples as u128) >> 64;
                *example = usize::try_from(below).expect("less than the number of examples");
            }
            match statistic(&order) {
                figure if figure.is_finite() => figures.push(figure),
                _ => undefined += 1,
            }
        }
        (figures, undefined)
    }

    fn of(
        &self,
        estimate: f64,
        mut figures: Vec<f64>,
        undefined: usize,
    ) -> Result<Interval, MetricsError> {
        if figures.is_empty() {
            return Err(MetricsError::NoFigure { found: f64::NAN });
        }
        figures.sort_by(f64::total_cmp);
        let outside = (1.0 - self.level) / 2.0;
        let (low, high) = (quantile(&figures, outside), quantile(&figures, 1.0 - outside));
        let Self { resamples, level, seed } = *self;
        Ok(Interval { estimate, low, high, level, resamples, undefined, seed })
    }
}

fn all(examples: usize) -> Result<Vec<usize>, MetricsError> {
    if examples == 0 {
        return Err(MetricsError::TooFewExamples { expected: 1, found: 0 });
    }
    Ok((0..examples).collect())
}

fn finite(figure: f64) -> Result<f64, MetricsError> {
    if figure.is_finite() { Ok(figure) } else { Err(MetricsError::NoFigure { found: figure }) }
}

/// The `share` quantile of `sorted`, which is not empty: NumPy's default, linear between neighbours.
#[expect(clippy::cast_precision_loss, reason = "no list is that long")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the list")]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    below + (above - below) * (position - position.floor())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 1 2 4 8, places 0 to 3: 0.25 is at 0.75, 1 + 0.75; 0.9 at 2.7, 4 + 0.7 · 4.
    #[test]
    fn quantiles_lie_between_neighbours() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        for (share, expected) in [(0.0, 1.0), (0.25, 1.75), (0.5, 3.0), (0.9, 6.8), (1.0, 8.0)] {
            assert!((quantile(&sorted, share) - expected).abs() < 1e-12, "{share}");
        }
        assert!((quantile(&[7.0], 0.3) - 7.0).abs() < 1e-12);
    }
}
