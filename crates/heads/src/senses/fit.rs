//! The mean vector of each sense.
use std::collections::BTreeMap;

use cloze_embed::correction::Correct;
use cloze_embed::{Accumulator, Spread, l2_normalize};

use super::predict::Rows;
use super::{FittedSenses, Lexicon, LexiconWord, Sense, ValidSensePredictParams};
use crate::HeadError;

/// A word of a text whose sense is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence<'t> {
    /// The word as a dictionary has it.
    pub lemma: &'t str,
    /// The part of speech; empty where none is said.
    pub pos: &'t str,
    /// The name of the sense.
    pub sense: &'t str,
    /// The word as the text has it.
    pub form: &'t str,
}

/// Gathers the vectors of occurrences as they come. Holds a vector a sense, and the moments of all.
#[derive(Clone, Debug)]
pub struct SenseFitter {
    width: usize,
    moments: Accumulator,
    words: BTreeMap<(String, String), Building>,
}

#[derive(Clone, Debug, Default)]
struct Building {
    /// Number of occurrences of each sense, and the sum of its vectors.
    senses: BTreeMap<String, (u64, Vec<f64>)>,
    forms: BTreeMap<String, u64>,
}

impl SenseFitter {
    /// For vectors of `width` numbers; what is gathered of their spread decides which corrections can
    /// be fitted ([`ValidSensePredictParams::spread`]).
    #[must_use]
    pub fn new(width: usize, spread: Spread) -> Self {
        Self { width, moments: Accumulator::new(width, spread), words: BTreeMap::new() }
    }

    /// Takes in an occurrence with its vector, `[width]`.
    ///
    /// # Errors
    /// [`HeadError::Embed`] for a vector of another width, or one that is not finite; it is left out
    /// then.
    pub fn push(&mut self, word: &Occurrence<'_>, vector: &[f32]) -> Result<(), HeadError> {
        self.moments.push(vector)?;
        let key = (word.lemma.to_owned(), word.pos.to_owned());
        let building = self.words.entry(key).or_default();
        *building.forms.entry(word.form.to_owned()).or_default() += 1;
        let none = || (0, vec![0.0; self.width]);
        let (count, sum) = building.senses.entry(word.sense.to_owned()).or_insert_with(none);
        *count += 1;
        sum.iter_mut().zip(vector).for_each(|(sum, x)| *sum += f64::from(*x));
        Ok(())
    }

    /// Numbers of senses and of words so far.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.words.values().map(|word| word.senses.len()).sum(), self.words.len())
    }

    /// The senses of what was gathered so far, told apart as `params` say: of each the mean of its
    /// vectors, corrected by what all vectors together are like, at length 1.
    ///
    /// # Errors
    /// [`HeadError::NoOccurrences`] before any; [`HeadError::Embed`] if the vectors are too few or too
    /// much the same for the correction.
    #[expect(clippy::cast_possible_truncation, reason = "means of f32")]
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    pub fn fit(&self, params: &ValidSensePredictParams) -> Result<FittedSenses, HeadError> {
        if self.words.is_empty() {
            return Err(HeadError::NoOccurrences);
        }
        let correction = match params.correction() {
            None => None,
            Some(method) => Some(method.fit(&self.moments.clone().finish())?),
        };
        let width = correction.as_ref().map_or(self.width, Correct::width_out);
        let mut rows = Rows::with_width(width);
        let mut words = vec![];
        for ((lemma, pos), Building { senses, forms }) in &self.words {
            let mut ordered: Vec<(&String, &(u64, Vec<f64>))> = senses.iter().collect();
            // Those of one frequency stay in the order of names.
            ordered.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
            let mut word_senses = vec![];
            for (name, (count, sum)) in ordered {
                // The correction of a mean is the mean of corrected vectors: all of them are affine.
                let mut mean: Vec<f32> = sum.iter().map(|x| (x / *count as f64) as f32).collect();
                if let Some(correction) = &correction {
                    mean = correction.apply(&mean)?;
                }
                l2_normalize(&mut mean);
                rows.push(&mean);
                word_senses.push(Sense { name: name.clone(), count: *count });
            }
            words.push(LexiconWord::new(lemma.clone(), pos.clone(), word_senses, forms.clone()));
        }
        FittedSenses::new(Lexicon::new(words)?, rows, self.width, correction, params.prior())
    }
}
