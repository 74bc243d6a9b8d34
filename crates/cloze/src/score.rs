//! Likelihood of texts to a masked language model: each token masked in turn, in copies that go
//! through the model in full batches.
use cloze_encoder::plan_windows;
use std::ops::Range;

use cloze_core::Span;
use cloze_encoder::{Cut, PairCut, PairPieces, Pieces, Sequence, Window};
use cloze_heads::HeadError;
use cloze_heads::masked::Logits;
use cloze_heads::score::{Masking, Sums, copies, shared};

use crate::{Error, MaskedLm};

/// The most tokens of copies that wait for the model at once. A copy takes nine bytes a token, so it
/// bounds memory to some ten MiB; it is some thousands of batches, enough to fill them across texts.
const WAITING: usize = 1 << 20;
/// Tokens for a word that the vocabulary does not have.
pub(crate) const UNKNOWN: [&str; 2] = ["[UNK]", "<unk>"];

/// A token of a text, and how likely it is where the others are seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredToken {
    /// Id in the vocabulary.
    pub id: u32,
    /// The bytes of the text it stands for.
    pub span: Span,
    /// The natural logarithm of its probability.
    pub log_probability: f64,
}

/// A text's tokens, special ones left out, and what they come to.
#[derive(Clone, Debug, PartialEq)]
pub struct TextScore {
    /// In text order.
    pub tokens: Vec<ScoredToken>,
    /// Their sums.
    pub sums: Sums,
    /// Number of windows it went through; more than one for a text longer than the model takes.
    pub windows: usize,
}

/// Two texts by the tokens that both have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharedScore {
    /// Number of tokens that both have.
    pub tokens: usize,
    /// The sum of these tokens' log-probabilities in the first text, and in the second.
    pub log_probabilities: [f64; 2],
}

/// A text behind another, and alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// Number of tokens of the second text that were scored.
    pub tokens: usize,
    /// The sum of their log-probabilities where the model sees the first text before them.
    pub behind: f64,
    /// The same where it sees the second text alone.
    pub alone: f64,
    /// Whether the texts were too long to be seen together, and one was cut.
    pub cut: bool,
}

impl Gain {
    /// Gain in the log-probability of the second text, per token, from the first. `None` without a
    /// token.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    pub fn per_token(&self) -> Option<f64> {
        (self.tokens > 0).then(|| (self.behind - self.alone) / self.tokens as f64)
    }
}

/// Scores texts with a masked language model.
///
/// A text's score does not depend on the batch, bit for bit, as everywhere in
/// [`Encoder`](cloze_encoder::Encoder). The work is a copy of the text for each of its tokens, so it
/// grows with the square of the length.
#[derive(Debug)]
pub struct Scorer {
    lm: MaskedLm,
    masking: Masking,
    unknown: Option<u32>,
}

/// A copy that is to be made: these places of `base` are masked, and the first of them is asked for.
struct Masked<'s> {
    base: &'s Sequence,
    places: Range<usize>,
}

/// Part of a text that a window shows, as a sequence.
struct Part {
    sequence: Sequence,
    window: Window,
}

impl Scorer {
    /// A scorer that masks like this.
    #[must_use]
    pub fn new(lm: MaskedLm, masking: Masking) -> Self {
        let unknown = UNKNOWN.iter().find_map(|name| lm.encoder().token_id(name));
        Self { lm, masking, unknown }
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &MaskedLm {
        &self.lm
    }

    /// Other tokens masked while a token is scored.
    #[must_use]
    pub fn masking(&self) -> Masking {
        self.masking
    }

    /// The score of each text. One longer than the model takes goes through windows that overlap by
    /// half, and each token is scored in the window that shows more around it.
    ///
    /// # Errors
    /// [`Error::MaskInText`] for a text that has the mask token in it; [`Error::Encoder`] for one that
    /// cannot be tokenized, and from running; [`Error::Head`] where the model gives no numbers. Then no
    /// text has a score.
    pub fn score(&self, texts: &[&str]) -> Result<Vec<TextScore>, Error> {
        let pieces = self.pieces(texts)?;
        let parts = pieces.iter().zip(texts).map(|(pieces, text)| self.parts(pieces, text));
        let parts: Vec<Vec<Part>> = parts.collect();
        let copies = pieces.iter().zip(&parts).flat_map(|(pieces, parts)| {
            parts.iter().flat_map(|Part { sequence, window: Window { tokens, kept } }| {
                let kept = kept.start - tokens.start..kept.end - tokens.start;
                self.copies(sequence, &pieces.tokens[tokens.clone()], pieces.before, kept)
            })
        });
        let mut results = self.ask(copies, WAITING)?.into_iter();
        let mut scores = Vec::with_capacity(texts.len());
        for ((pieces, parts), text) in pieces.into_iter().zip(parts).zip(texts) {
            let mut sums = Sums::of_text(text);
            let mut tokens = Vec::with_capacity(pieces.tokens.len());
            // What windows keep follows one another: a result for each token, in order.
            let with_ids = pieces.tokens.iter().zip(pieces.ids());
            for ((token, &id), log_probability) in with_ids.zip(results.by_ref()) {
                sums.add_token(log_probability, self.unknown == Some(id));
                tokens.push(ScoredToken { id, span: token.span, log_probability });
            }
            scores.push(TextScore { tokens, sums, windows: parts.len() });
        }
        Ok(scores)
    }

    /// Parts of a text that fit the model and overlap by half.
    fn parts(&self, pieces: &Pieces, text: &str) -> Vec<Part> {
        let room = self.room(pieces);
        let windows = plan_windows(&pieces.tokens, text, room, room / 2, Cut::Anywhere);
        let part = |window: Window| Part { sequence: pieces.part(window.tokens.clone()), window };
        windows.into_iter().map(part).collect()
    }

    /// Each pair of texts by the tokens they share, each of these masked in turn, given all others: the
    /// measure of CrowS-Pairs (Nangia et al., EMNLP 2020, section 4), whose code takes the
    /// [same tokens](cloze_heads::score::shared()). Nothing else is masked, whatever the
    /// [masking](Self::masking).
    ///
    /// # Errors
    /// [`Error::TooLong`] for a text that is longer than the model takes; else as
    /// [`score`](Self::score).
    pub fn score_shared(&self, pairs: &[(&str, &str)]) -> Result<Vec<SharedScore>, Error> {
        let texts: Vec<&str> = pairs.iter().flat_map(|&(first, second)| [first, second]).collect();
        let pieces = self.pieces(&texts)?;
        if let Some(long) = pieces.iter().find(|pieces| pieces.tokens.len() > self.room(pieces)) {
            let (tokens, limit) = (long.tokens.len(), self.room(long));
            return Err(Error::TooLong { found: tokens, limit });
        }
        let in_text = |pieces: &Pieces, index: usize| {
            (pieces.before..pieces.before + pieces.tokens.len()).contains(&index)
        };
        let (both, _) = pieces.as_chunks::<2>();
        let places = |[first, second]: &[Pieces; 2]| -> Vec<(usize, usize)> {
            let aligned = shared(&first.sequence.ids, &second.sequence.ids).into_iter();
            aligned.filter(|&(i, j)| in_text(first, i) && in_text(second, j)).collect()
        };
        let places: Vec<_> = both.iter().map(places).collect();
        let copies = both.iter().zip(&places).flat_map(|([first, second], places)| {
            let firsts = places.iter().map(|&(i, _)| Masked::at(&first.sequence, i));
            firsts.chain(places.iter().map(|&(_, j)| Masked::at(&second.sequence, j)))
        });
        let mut results = self.ask(copies, WAITING)?.into_iter();
        let score = |places: &Vec<_>| {
            let tokens = places.len();
            let log_probabilities = [sum(&mut results, tokens), sum(&mut results, tokens)];
            SharedScore { tokens, log_probabilities }
        };
        Ok(places.iter().map(score).collect())
    }

    /// Gain in likelihood of the second text of each pair with the first before it, in one sequence
    /// as the tokenizer's template puts two together, over the second alone: the same tokens are
    /// scored in both. A pair that is too long is cut as `cut` says, in both.
    ///
    /// # Errors
    /// [`EncoderError::NoPairs`](cloze_encoder::EncoderError::NoPairs) for a model that takes no two
    /// texts; else as [`score`](Self::score).
    pub fn gains(&self, pairs: &[(&str, &str)], cut: PairCut) -> Result<Vec<Gain>, Error> {
        let mut both = vec![];
        for (index, &(first, second)) in pairs.iter().enumerate() {
            let alone = self.pieces_of(second, index)?;
            let behind = self.lm.encoder().pair_pieces([first, second], index, cut)?;
            // Alone it has fewer special tokens around it, so that what fits there fits here.
            let sequence = alone.part(0..behind.second.len());
            both.push((behind, alone, sequence));
        }
        let copies = both.iter().flat_map(|(behind, alone, sequence)| {
            let n = behind.second.len();
            let tokens = &alone.tokens[..n];
            let of_behind = self.copies(&behind.sequence, tokens, behind.second.start, 0..n);
            of_behind.chain(self.copies(sequence, tokens, alone.before, 0..n))
        });
        let mut results = self.ask(copies, WAITING)?.into_iter();
        let gain = |(pair, ..): &(PairPieces, _, _)| {
            let tokens = pair.second.len();
            let [behind, alone] = [sum(&mut results, tokens), sum(&mut results, tokens)];
            Gain { tokens, behind, alone, cut: pair.cut }
        };
        Ok(both.iter().map(gain).collect())
    }

    /// A copy for each of the `scored` among `tokens`, the first of which is place `before` of `base`.
    fn copies<'s>(
        &self,
        base: &'s Sequence,
        tokens: &'s [cloze_core::Token],
        before: usize,
        scored: Range<usize>,
    ) -> impl Iterator<Item = Masked<'s>> + use<'s> {
        copies(tokens, scored, self.masking).map(move |copy| Masked {
            base,
            places: before + copy.masked.start..before + copy.masked.end,
        })
    }

    /// The log-probability of the token that each copy asks for, in order; copies of at most `most`
    /// tokens together, or one, are there at once.
    fn ask<'s>(
        &self,
        copies: impl Iterator<Item = Masked<'s>>,
        most: usize,
    ) -> Result<Vec<f64>, Error> {
        let mut copies = copies.peekable();
        let mut log_probabilities: Vec<f64> = vec![];
        while copies.peek().is_some() {
            let (mut sequences, mut targets, mut waiting) = (vec![], vec![], 0);
            while let Some(copy) =
                copies.next_if(|copy| sequences.is_empty() || waiting + copy.base.ids.len() <= most)
            {
                waiting += copy.base.ids.len();
                targets.push(copy.base.ids[copy.places.start]);
                sequences.push(copy.sequence(self.lm.mask_id()));
            }
            let target =
                |i: usize, logits: &[f32]| Logits::new(logits)?.log_probability(targets[i]);
            for log_probability in self.lm.map(&sequences, target)? {
                let log_probability = log_probability?;
                if !log_probability.is_finite() {
                    let (part, index) =
                        ("the log-probabilities of tokens", log_probabilities.len());
                    return Err(HeadError::NotFinite { part, index, found: log_probability }.into());
                }
                log_probabilities.push(log_probability);
            }
        }
        Ok(log_probabilities)
    }

    /// The tokens of each text.
    fn pieces(&self, texts: &[&str]) -> Result<Vec<Pieces>, Error> {
        texts.iter().enumerate().map(|(index, text)| self.pieces_of(text, index)).collect()
    }

    /// Not as [`MaskedLm::tokenize`] gives them: the mask of another family is a word like any.
    fn pieces_of(&self, text: &str, index: usize) -> Result<Pieces, Error> {
        let pieces = self.lm.encoder().pieces(text, index)?;
        let mask = self.lm.mask_id();
        match pieces.ids().iter().position(|&id| id == mask) {
            Some(position) => Err(Error::MaskInText { span: pieces.tokens[position].span }),
            None => Ok(pieces),
        }
    }

    /// Number of a text's tokens that the model sees at once.
    fn room(&self, pieces: &Pieces) -> usize {
        let special = pieces.sequence.ids.len() - pieces.tokens.len();
        self.lm.max_tokens().saturating_sub(special)
    }
}

impl<'s> Masked<'s> {
    fn at(base: &'s Sequence, index: usize) -> Self {
        Self { base, places: index..index + 1 }
    }

    fn sequence(&self, mask: u32) -> Sequence {
        let mut sequence = self.base.clone();
        sequence.ids[self.places.clone()].fill(mask);
        // No model sees so many tokens.
        sequence.asked = vec![u32::try_from(self.places.start).unwrap_or(u32::MAX)];
        sequence
    }
}

/// The sum of the next `n`; of none it is 0, and not the −0 of `Iterator::sum`.
fn sum(values: &mut impl Iterator<Item = f64>, n: usize) -> f64 {
    values.take(n).fold(0.0, |sum, x| sum + x)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits of the log probabilities of all tokens, with at most `most` tokens waiting at a time.
    fn ask_at_most(scorer: &Scorer, pieces: &[Pieces], most: usize) -> Vec<u64> {
        let copies = pieces.iter().flat_map(|pieces| {
            let n = pieces.tokens.len();
            scorer.copies(&pieces.sequence, &pieces.tokens, pieces.before, 0..n)
        });
        scorer.ask(copies, most).unwrap().into_iter().map(f64::to_bits).collect()
    }

    /// Five copies of 7 tokens and four of 6: one by one, two at a time, and all at once.
    #[test]
    fn how_many_wait_does_not_matter() {
        let folder = cloze_testkit::checkpoint("bert-mlm");
        let scorer = Scorer::new(MaskedLm::open(folder).unwrap(), Masking::Token);
        let pieces = scorer.pieces(&["ann met the son x", "son x met ann"]).unwrap();
        let at_once = ask_at_most(&scorer, &pieces, usize::MAX);
        assert_eq!(at_once.len(), 9);
        assert_eq!(ask_at_most(&scorer, &pieces, 1), at_once);
        assert_eq!(ask_at_most(&scorer, &pieces, 14), at_once);
    }
}
