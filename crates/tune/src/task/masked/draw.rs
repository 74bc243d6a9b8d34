//! Choice of the masked tokens, and of the tokens that replace them.
//! Source: Devlin et al. 2019, section 3.1 and appendix A; `DataCollatorForLanguageModeling` of the
//! transformers library 5.24. Whole words: BERT's repository, `create_pretraining_data.py`.
use std::ops::Range;

use cloze_core::random::{below, shuffle, unit};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

use crate::{TrainingSequence, TuneError};

/// Kind of a token, for masking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Never masked: a special token.
    Special,
    /// The first piece of a word.
    First,
    /// A further piece of the word before it.
    Further,
}

/// A text, or two in one sequence, with what of it is to be guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaskedExample {
    /// The tokens; where `targets` has any, with masks in their places.
    pub sequence: TrainingSequence,
    /// Kind of each token.
    pub parts: Vec<Part>,
    /// Whether the second text follows the first, where there are two.
    pub is_next: Option<bool>,
    /// Places among the tokens and what stood there, in order. None: they are drawn in each step.
    pub targets: Vec<(usize, u32)>,
}

/// Settings of masking. [`check`](Self::check) validates them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaskParams {
    mask: u32,
    vocabulary: usize,
    share: f64,
    masked: f64,
    random: f64,
    whole_words: bool,
}

impl MaskParams {
    /// With this mask token, in a vocabulary of so many.
    #[must_use]
    pub fn new(mask: u32, vocabulary: usize) -> Self {
        Self { mask, vocabulary, share: 0.15, masked: 0.8, random: 0.1, whole_words: false }
    }

    /// The share of a text's tokens that are to be guessed; at least one is. Default `0.15`.
    #[must_use]
    pub fn share(self, share: f64) -> Self {
        Self { share, ..self }
    }

    /// Of these, the share that becomes the mask token. Default `0.8`.
    #[must_use]
    pub fn masked(self, masked: f64) -> Self {
        Self { masked, ..self }
    }

    /// And the share that becomes any token of the vocabulary; the rest stays. Default `0.1`.
    #[must_use]
    pub fn random(self, random: f64) -> Self {
        Self { random, ..self }
    }

    /// Whether all pieces of a word are masked together. Default no.
    #[must_use]
    pub fn whole_words(self, whole_words: bool) -> Self {
        Self { whole_words, ..self }
    }

    /// The settings, if all are within their bounds.
    ///
    /// # Errors
    /// [`TuneError::Setting`] for a mask outside the vocabulary, a share to guess that is not above 0 and
    /// at most 1, and shares of what becomes of it that are below 0 or together above 1.
    pub fn check(self) -> Result<ValidMaskParams, TuneError> {
        let wrong = |setting: &str, value: String, expected: &str| {
            Err(TuneError::Setting {
                setting: setting.into(),
                found: value,
                expected: expected.into(),
            })
        };
        if self.mask as usize >= self.vocabulary {
            return wrong("mask", self.mask.to_string(), "a token of the vocabulary");
        }
        if !(self.share > 0.0 && self.share <= 1.0) {
            return wrong("share", self.share.to_string(), "above 0, at most 1");
        }
        let (masked, random) = (self.masked, self.random);
        if !(masked >= 0.0 && random >= 0.0 && masked + random <= 1.0) {
            return wrong(
                "masked and random",
                format!("{masked} and {random}"),
                "at most 1 in all",
            );
        }
        Ok(ValidMaskParams(self))
    }
}

/// Settings that were checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValidMaskParams(MaskParams);

impl ValidMaskParams {
    /// Number of tokens of an example to predict.
    #[expect(clippy::cast_precision_loss, reason = "a sequence is short")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of it")]
    pub(super) fn wanted(&self, parts: &[Part]) -> usize {
        let words = parts.iter().filter(|part| **part != Part::Special).count();
        ((words as f64 * self.0.share).round() as usize).max(1).min(words)
    }

    /// The example with masks, drawn by `seed`. As many tokens are to be guessed as the share says; of
    /// whole words no more than that, unless one word alone has more.
    #[must_use]
    pub fn draw(&self, example: &MaskedExample, seed: u64) -> MaskedExample {
        let Self(params) = *self;
        let mut random = Pcg64::seed_from_u64(seed);
        let wanted = self.wanted(&example.parts);
        let mut units = units(&example.parts, params.whole_words);
        shuffle(&mut units, || random.next_u64());
        let mut places: Vec<usize> = vec![];
        for unit in units {
            if places.is_empty() || places.len() + unit.len() <= wanted {
                places.extend(unit);
            }
            if places.len() >= wanted {
                break;
            }
        }
        places.sort_unstable();
        let mut drawn = example.clone();
        drawn.targets.clear();
        for token in places {
            let Some(id) = drawn.sequence.ids.get_mut(token) else { continue };
            drawn.targets.push((token, *id));
            let uniform = unit(random.next_u64());
            if uniform < params.masked {
                *id = params.mask;
            } else if uniform < params.masked + params.random {
                *id = u32::try_from(below(random.next_u64(), params.vocabulary))
                    .unwrap_or(params.mask);
            }
        }
        drawn
    }
}

/// Ranges of tokens that are masked together.
fn units(parts: &[Part], whole_words: bool) -> Vec<Range<usize>> {
    let mut units: Vec<Range<usize>> = vec![];
    for (i, part) in parts.iter().enumerate() {
        match (part, units.last_mut()) {
            (Part::Special, _) => {}
            (Part::Further, Some(last)) if whole_words && last.end == i => last.end = i + 1,
            _ => units.push(i..i + 1),
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: u32 = 4;
    const VOCABULARY: usize = 1000;

    /// `[CLS]`, then words of one, two and three pieces in turns, then `[SEP]`; ids from 100 on.
    fn example(words: usize) -> MaskedExample {
        let mut parts = vec![Part::Special];
        for i in 0..words {
            parts.push(Part::First);
            parts.extend(vec![Part::Further; i % 3]);
        }
        parts.push(Part::Special);
        let ids = (100..).take(parts.len()).collect();
        let sequence = TrainingSequence { ids, types: vec![] };
        MaskedExample { sequence, parts, is_next: None, targets: vec![] }
    }

    fn params() -> MaskParams {
        MaskParams::new(MASK, VOCABULARY)
    }

    /// 30 words have 60 pieces, so 9 are drawn, none of them special, each with what stood there; what
    /// is not drawn stays.
    #[test]
    fn as_many_are_drawn_as_the_share_says_and_the_rest_stays() {
        let (params, plain) = (params().check().unwrap(), example(30));
        for seed in 0..100 {
            let drawn = params.draw(&plain, seed);
            assert_eq!(drawn.targets.len(), 9);
            let mut ids = drawn.sequence.ids.clone();
            for &(token, id) in &drawn.targets {
                assert_ne!(plain.parts[token], Part::Special);
                ids[token] = id;
            }
            assert!(drawn.targets.is_sorted());
            assert_eq!(ids, plain.sequence.ids);
            assert_eq!(drawn, params.draw(&plain, seed), "the same seed draws the same");
        }
        assert_ne!(params.draw(&plain, 0), params.draw(&plain, 1));
    }

    /// Of 9,000 drawn, 80 % masks (standard deviation 38), 10 % others (28), 10 % as they were; the
    /// others are even over the vocabulary: the mean is near 500 (standard deviation 289 / √900 = 10).
    #[test]
    fn what_stands_in_their_place_is_as_the_paper_says() {
        let (params, plain) = (params().check().unwrap(), example(30));
        let (mut masks, mut others, mut same) = (0, vec![], 0);
        for seed in 0..1000 {
            let drawn = params.draw(&plain, seed);
            for &(token, id) in &drawn.targets {
                match drawn.sequence.ids[token] {
                    MASK => masks += 1,
                    replacement if replacement == id => same += 1,
                    replacement => others.push(f64::from(replacement)),
                }
            }
        }
        assert!((7200 - 150..7200 + 150).contains(&masks), "{masks}");
        assert!((900 - 110..900 + 110).contains(&others.len()), "{}", others.len());
        assert_eq!(masks + others.len() + same, 9000);
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let mean = others.iter().sum::<f64>() / others.len() as f64;
        assert!((mean - 500.0).abs() < 40.0, "{mean}");
    }

    #[test]
    fn every_token_is_drawn_as_often_as_another() {
        let (params, plain) = (params().check().unwrap(), example(30));
        let mut counts = vec![0; plain.parts.len()];
        for seed in 0..4000 {
            for (token, _) in params.draw(&plain, seed).targets {
                counts[token] += 1;
            }
        }
        // 4,000 times 9 of 60 is 600 each (standard deviation 23).
        let words = &counts[1..counts.len() - 1];
        assert!(words.iter().all(|n| (500..700).contains(n)), "{words:?}");
        assert_eq!((counts[0], counts[counts.len() - 1]), (0, 0));
    }

    #[test]
    fn whole_words_go_together() {
        let params = params().whole_words(true).check().unwrap();
        let plain = example(30);
        for seed in 0..200 {
            let drawn = params.draw(&plain, seed);
            assert!((7..=9).contains(&drawn.targets.len()), "{:?}", drawn.targets);
            for unit in units(&plain.parts, true) {
                let taken =
                    unit.clone().filter(|i| drawn.targets.iter().any(|t| t.0 == *i)).count();
                assert!(taken == 0 || taken == unit.len(), "{unit:?}");
            }
        }
        // A word of three pieces alone, of which one is wanted.
        let parts = [Part::First, Part::Further, Part::Further].to_vec();
        let sequence = TrainingSequence { ids: vec![7, 8, 9], types: vec![] };
        let word = MaskedExample { sequence, parts, ..MaskedExample::default() };
        assert_eq!(params.draw(&word, 0).targets, [(0, 7), (1, 8), (2, 9)]);
    }

    #[test]
    fn nothing_to_draw_from_and_wrong_settings() {
        let special = MaskedExample {
            sequence: TrainingSequence { ids: vec![1, 2], types: vec![] },
            parts: vec![Part::Special; 2],
            ..MaskedExample::default()
        };
        let drawn = params().check().unwrap().draw(&special, 1);
        assert_eq!(drawn, special);
        assert!(MaskParams::new(5, 5).check().is_err());
        for share in [0.0, -0.1, 1.1, f64::NAN] {
            assert!(params().share(share).check().is_err(), "{share}");
        }
        for (masked, random) in [(0.8, 0.3), (-0.1, 0.1), (f64::NAN, 0.0)] {
            assert!(params().masked(masked).random(random).check().is_err(), "{masked} {random}");
        }
    }
}
