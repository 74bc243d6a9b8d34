//! Words drawn from logits: temperature, the likeliest k, the likeliest that make up p, and a penalty
//! for what has been said. Pure arithmetic: no model is in it.
use cloze_core::random::unit;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng as _;

use super::{Guess, check, keep_best};
use crate::HeadError;

/// Settings of drawing words.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct SampleParams {
    temperature: f64,
    top_k: Option<usize>,
    top_p: f64,
    min_p: f64,
    repetition_penalty: f64,
}

impl Default for SampleParams {
    fn default() -> Self {
        Self::new()
    }
}

impl SampleParams {
    /// The defaults: greedy.
    pub fn new() -> Self {
        Self { temperature: 0.0, top_k: None, top_p: 1.0, min_p: 0.0, repetition_penalty: 1.0 }
    }

    /// τ in softmax(z / τ): 1 is what the model says, less is surer, more is wilder; 0 is the
    /// likeliest word, always, of equals the one with the lower id. 0 and more. Default `0`.
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = temperature;
        self
    }

    /// Only the k likeliest words are drawn from; `None` is all. At least 1; more than the vocabulary
    /// has is all of it. Default `None`. Source: Fan, Lewis & Dauphin, ACL 2018.
    pub fn top_k(mut self, k: Option<usize>) -> Self {
        self.top_k = k;
        self
    }

    /// Only the fewest words that are p likely together, the likeliest first, of what `top_k` leaves.
    /// Above 0, up to 1, which is all. Default `1`. Source: Holtzman et al., ICLR 2020.
    pub fn top_p(mut self, p: f64) -> Self {
        self.top_p = p;
        self
    }

    /// Only words at least p times as likely as the likeliest, of what `top_p` leaves. 0, which is all, up
    /// to 1. Default `0`. Source: Nguyen et al., ICLR 2025.
    pub fn min_p(mut self, p: f64) -> Self {
        self.min_p = p;
        self
    }

    /// θ: the logit of a word that has been said is divided by it if it is above 0, and multiplied if
    /// not, so that it goes down either way. Above 0; 1 is none. Default `1`. Source: Keskar et al.
    /// 2019 (CTRL), section 4.1, who find 1.2 a good balance; for logits below 0 as in transformers 5,
    /// `RepetitionPenaltyLogitsProcessor`.
    pub fn repetition_penalty(mut self, penalty: f64) -> Self {
        self.repetition_penalty = penalty;
        self
    }

    /// Validated settings.
    ///
    /// # Errors
    /// [`HeadError::OutOfRange`] for what is outside the ranges above, NaN and ∞ among it.
    pub fn check(self) -> Result<ValidSampleParams, HeadError> {
        let wrong = |setting: &str, value, expected| {
            Err(HeadError::OutOfRange { setting: setting.into(), found: value, expected })
        };
        if !(self.temperature.is_finite() && self.temperature >= 0.0) {
            return wrong("temperature", self.temperature, "0 or more");
        }
        if self.top_k == Some(0) {
            return wrong("sample-top-k", 0.0, "at least 1");
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return wrong("top-p", self.top_p, "more than 0, up to 1");
        }
        if !(0.0..=1.0).contains(&self.min_p) {
            return wrong("min-p", self.min_p, "0 to 1");
        }
        if !(self.repetition_penalty.is_finite() && self.repetition_penalty > 0.0) {
            return wrong("repetition-penalty", self.repetition_penalty, "more than 0");
        }
        Ok(ValidSampleParams(self))
    }
}

/// Settings validated by [`SampleParams::check`].
#[derive(Clone, Debug, PartialEq)]
pub struct ValidSampleParams(SampleParams);

impl ValidSampleParams {
    /// Whether the likeliest token is always taken.
    #[must_use]
    pub fn is_greedy(&self) -> bool {
        self.0.temperature == 0.0
    }

    /// Divisor of positive logits, and factor of others, of tokens that are there already.
    #[must_use]
    pub fn repetition_penalty(&self) -> f64 {
        self.0.repetition_penalty
    }

    /// The words to draw from, the likeliest first, of equals the one with the lower id; the
    /// probabilities add up to 1. `logits` is `[vocabulary]`, `said` are the words that the penalty
    /// is for, `never` the words not to be drawn. Penalty, temperature, k, p and the least share come in this
    /// order, as in transformers.
    ///
    /// # Errors
    /// [`HeadError::NotFinite`] for NaN or +∞; [`HeadError::NoChoice`] where nothing can be drawn;
    /// [`HeadError::Id`] for words beyond the vocabulary.
    pub fn distribution(
        &self,
        logits: &[f32],
        said: &[u32],
        never: &[u32],
    ) -> Result<Vec<Guess>, HeadError> {
        let SampleParams { temperature, top_k, top_p, min_p, repetition_penalty } = self.0;
        check(logits)?;
        let mut words: Vec<(u32, f64)> = (0..).zip(logits.iter().copied().map(f64::from)).collect();
        let vocabulary = words.len();
        let index = |id: u32| match usize::try_from(id) {
            Ok(i) if i < vocabulary => Ok(i),
            _ => Err(HeadError::Id { found: id, vocabulary }),
        };
        let mut said = said.to_vec();
        said.sort_unstable();
        said.dedup();
        for id in said {
            let z = &mut words[index(id)?].1;
            *z = if *z > 0.0 { *z / repetition_penalty } else { *z * repetition_penalty };
        }
        for &id in never {
            words[index(id)?].1 = f64::NEG_INFINITY;
        }
        words.retain(|(_, z)| *z > f64::NEG_INFINITY);
        let k = if temperature == 0.0 { 1 } else { top_k.unwrap_or(vocabulary) };
        keep_best(&mut words, k);
        let max = words.first().ok_or(HeadError::NoChoice)?.1;
        // The best is exactly 1, however small τ is.
        let weight = |z: f64| if z < max { ((z - max) / temperature).exp() } else { 1.0 };
        let mut kept: Vec<Guess> =
            words.into_iter().map(|(id, z)| Guess { id, probability: weight(z) }).collect();
        if top_p < 1.0 {
            let enough = top_p * kept.iter().map(|g| g.probability).sum::<f64>();
            let mut sum = 0.0;
            let needed = kept.iter().take_while(|g| {
                let needed = sum < enough;
                sum += g.probability;
                needed
            });
            let needed = needed.count();
            kept.truncate(needed);
        }
        // The likeliest weighs 1.
        kept.retain(|g| g.probability >= min_p);
        // What rounds to nothing cannot be drawn, not even as the last.
        kept.retain(|g| g.probability > 0.0);
        let total: f64 = kept.iter().map(|g| g.probability).sum();
        for guess in &mut kept {
            guess.probability /= total;
        }
        Ok(kept)
    }

    /// Draws a word.
    ///
    /// # Errors
    /// As [`distribution`](Self::distribution).
    pub fn draw(
        &self,
        logits: &[f32],
        said: &[u32],
        never: &[u32],
        random: &mut Pcg64,
    ) -> Result<u32, HeadError> {
        let words = self.distribution(logits, said, never)?;
        let drawn = unit(random.next_u64());
        let mut sum = 0.0;
        let choice = words.iter().find(|guess| {
            sum += guess.probability;
            drawn < sum
        });
        // The sum may miss 1 by a rounding: the last word has what is left.
        choice.or(words.last()).map(|guess| guess.id).ok_or(HeadError::NoChoice)
    }
}
