//! Words for masks, from a language model's logits over its vocabulary.
//!
//! - here: what a row of logits says, the likeliest words and the probability of one;
//! - [`SampleParams`]: words drawn from it;
//! - [`FillOrder`]: several masks filled one after the other, each in view of the ones before.
//!
//! ```
//! use cloze_heads::masked::Logits;
//!
//! // Softmax of ln 6, ln 3, ln 1.
//! let logits = [6.0_f32, 3.0, 1.0].map(f32::ln);
//! let top = Logits::new(&logits)?.top(2);
//! assert_eq!((top[0].id, top[1].id), (0, 1));
//! assert!((top[0].probability - 0.6).abs() < 1e-6 && (top[1].probability - 0.3).abs() < 1e-6);
//! # Ok::<(), cloze_heads::HeadError>(())
//! ```
mod fill;
mod sample;

pub use fill::{FillOrder, Filling};
pub use sample::{SampleParams, ValidSampleParams};

use crate::HeadError;

/// A word that may stand for a mask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Guess {
    /// Id in the vocabulary.
    pub id: u32,
    /// Probability, 0 to 1.
    pub probability: f64,
}

/// The logits of one masked place, `[vocabulary]`, that softmax makes probabilities of.
#[derive(Clone, Copy, Debug)]
pub struct Logits<'l> {
    values: &'l [f32],
    /// The largest.
    max: f64,
    /// ln Σ exp(z − max), apart from it: beside a large logit it would round away.
    log_sum: f64,
}

impl<'l> Logits<'l> {
    /// Checks a row of logits. −∞ stands for what cannot be.
    ///
    /// # Errors
    /// [`HeadError::NotFinite`] for NaN or +∞; [`HeadError::NoChoice`] where nothing can be, or the
    /// vocabulary is empty.
    pub fn new(values: &'l [f32]) -> Result<Self, HeadError> {
        check(values)?;
        // In f64, and from the largest down: exp of a logit above 709 is no number any more.
        let max = values.iter().copied().map(f64::from).fold(f64::NEG_INFINITY, f64::max);
        if max == f64::NEG_INFINITY {
            return Err(HeadError::NoChoice);
        }
        let sum: f64 = values.iter().map(|&z| (f64::from(z) - max).exp()).sum();
        Ok(Self { values, max, log_sum: sum.ln() })
    }

    /// The natural logarithm of the probability of `id`: −∞ for what cannot be.
    ///
    /// # Errors
    /// [`HeadError::Id`] for an id beyond the vocabulary.
    pub fn log_probability(&self, id: u32) -> Result<f64, HeadError> {
        let logit = usize::try_from(id).ok().and_then(|id| self.values.get(id));
        let vocabulary = self.values.len();
        let logit = logit.ok_or(HeadError::Id { found: id, vocabulary })?;
        Ok(f64::from(*logit) - self.max - self.log_sum)
    }

    /// The `k` likeliest words, best first, of equals the one with the lower id; all of them if there
    /// are no more than `k`. As the pipeline `fill-mask` of transformers 5 has them.
    #[must_use]
    pub fn top(&self, k: usize) -> Vec<Guess> {
        let mut words: Vec<(u32, f32)> = (0..).zip(self.values.iter().copied()).collect();
        keep_best(&mut words, k);
        let probability = |z: f32| (f64::from(z) - self.max - self.log_sum).exp();
        words.into_iter().map(|(id, z)| Guess { id, probability: probability(z) }).collect()
    }
}

/// Logits are numbers, or −∞.
fn check(values: &[f32]) -> Result<(), HeadError> {
    let odd = |z: &f32| z.is_nan() || *z == f32::INFINITY;
    match values.iter().position(odd) {
        Some(index) => {
            let value = f64::from(values[index]);
            Err(HeadError::NotFinite { part: "logits", index, found: value })
        }
        None => Ok(()),
    }
}

/// Sorts by logit, the best first, of equals the one with the lower id; `k` of them stay.
fn keep_best<Z: Copy + PartialOrd>(words: &mut Vec<(u32, Z)>, k: usize) {
    // Without NaN, which `check` has refused, the order is total.
    let best = |a: &(u32, Z), b: &(u32, Z)| {
        b.1.partial_cmp(&a.1).unwrap_or(std::cmp::Ordering::Equal).then(a.0.cmp(&b.0))
    };
    if k < words.len() {
        // Of thirty thousand words a few are wanted: the others need no order.
        if k > 0 {
            words.select_nth_unstable_by(k - 1, best);
        }
        words.truncate(k);
    }
    words.sort_unstable_by(best);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Softmax of ln 1, ln 2, ln 5: 1/8, 2/8, 5/8.
    #[test]
    fn probabilities_are_the_softmax() {
        let logits = [1.0_f32, 2.0, 5.0].map(f32::ln);
        let row = Logits::new(&logits).unwrap();
        for (id, expected) in [(0, 0.125_f64), (1, 0.25), (2, 0.625)] {
            let value = row.log_probability(id).unwrap();
            assert!((value - expected.ln()).abs() < 1e-7, "{id}: {value}");
        }
        let top = row.top(9);
        assert_eq!(top.iter().map(|g| g.id).collect::<Vec<_>>(), [2, 1, 0]);
        assert!((top[0].probability - 0.625).abs() < 1e-7);
        assert!(row.top(0).is_empty());
        let beyond = row.log_probability(3).unwrap_err();
        assert_eq!(beyond.to_string(), "no id 3 in a vocabulary of 3");
    }

    /// Large logits and −∞ have probabilities; NaN, ∞ and nothing at all have an error.
    #[test]
    fn odd_logits_are_judged() {
        let row = [1e30_f32, f32::NEG_INFINITY, 1e30];
        let row = Logits::new(&row).unwrap();
        assert!((row.log_probability(0).unwrap() - 0.5_f64.ln()).abs() < 1e-12);
        assert!(row.log_probability(1).unwrap() < f64::MIN);
        assert_eq!(row.top(3)[2], Guess { id: 1, probability: 0.0 });
        for (odd, expected) in [([0.0, f32::NAN], 1), ([f32::INFINITY, 0.0], 0)] {
            let error = Logits::new(&odd).unwrap_err();
            assert!(
                matches!(error, HeadError::NotFinite { index, .. } if index == expected),
                "{error}"
            );
        }
        for none in [&[][..], &[f32::NEG_INFINITY; 2]] {
            assert!(matches!(Logits::new(none), Err(HeadError::NoChoice)));
        }
    }

    proptest! {
        /// Few distinct logits, so that there are equals.
        #[test]
        fn the_best_are_those_of_a_full_sort(
            logits in prop::collection::vec(-3..3_i8, 1..40), k in 0..50_usize,
        ) {
            let logits: Vec<f32> = logits.into_iter().map(f32::from).collect();
            let mut ids: Vec<u32> = (0..).take(logits.len()).collect();
            ids.sort_by(|&a, &b| logits[b as usize].total_cmp(&logits[a as usize]));
            ids.truncate(k);
            let row = Logits::new(&logits).unwrap();
            prop_assert_eq!(row.top(k).iter().map(|g| g.id).collect::<Vec<_>>(), ids);
            let sum: f64 = row.top(50).iter().map(|g| g.probability).sum();
            prop_assert!((sum - 1.0).abs() < 1e-12);
        }
    }
}
