//! Sentences put together to sequences, and to pairs of which half follow each other.
//! Source of the pairs: Devlin et al. 2019, appendix A.2; BERT's repository,
//! `create_pretraining_data.py`, `create_instances_from_document`. There texts that are too long lose
//! tokens at either end; here as many sentences are taken as go in, and only a text from elsewhere is
//! cut.
use std::collections::VecDeque;

use crate::random::derive;
use crate::task::Part;
use cloze_core::Casing;
use cloze_core::random::{below, mix, unit};

/// As often a pair is shorter than there is room, so that short ones are learned from, too.
const SHORT: f64 = 0.1;
/// Half of the texts from elsewhere come from so many documents before or behind.
const NEAR: usize = 32;
/// The part of the seed.
const PAIRS: u64 = 0x0070_6169_7273;

/// Tokens of a text, without special ones.
#[derive(Clone, Debug, Default)]
pub struct TextTokens {
    /// Ids.
    pub ids: Vec<u32>,
    /// Kinds.
    pub parts: Vec<Part>,
    /// Casings; none where the encoder does not look at them.
    pub casing: Vec<Casing>,
}

impl TextTokens {
    /// Number of tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Returns `true` if there are no tokens.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    pub(crate) fn extend(&mut self, other: &Self) {
        self.ids.extend_from_slice(&other.ids);
        self.parts.extend_from_slice(&other.parts);
        self.casing.extend_from_slice(&other.casing);
    }

    /// Takes off the tokens from `index` on.
    pub(crate) fn split_off(&mut self, index: usize) -> Self {
        Self {
            ids: self.ids.split_off(index),
            parts: self.parts.split_off(index),
            casing: self.casing.split_off(index.min(self.casing.len())),
        }
    }
}

/// Sentences of a document, in order.
pub type Document = Vec<TextTokens>;

/// Two texts, and whether the second follows the first.
#[derive(Clone, Debug)]
pub struct TextPair {
    /// First text.
    pub first: TextTokens,
    /// Second text.
    pub second: TextTokens,
    /// Whether the second follows the first.
    pub is_next: bool,
}

/// Draws numbers one after another.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(1);
        mix(self.0)
    }

    /// Below `n`, which is not 0.
    fn below(&mut self, n: usize) -> usize {
        below(self.next(), n)
    }

    fn chance(&mut self, share: f64) -> bool {
        unit(self.next()) < share
    }
}

/// Sentences of at most `room` tokens: longer ones in parts.
fn short(document: &[TextTokens], room: usize) -> VecDeque<TextTokens> {
    let mut parts = VecDeque::new();
    for sentence in document {
        let mut rest = sentence.clone();
        while rest.len() > room {
            let next = rest.split_off(room);
            parts.push_back(std::mem::replace(&mut rest, next));
        }
        parts.push_back(rest);
    }
    parts
}

/// The whole document in sequences of at most `room` tokens, each as many sentences as go in.
#[must_use]
pub fn sequences(document: &Document, room: usize) -> Vec<TextTokens> {
    let mut sequences: Vec<TextTokens> = vec![];
    for sentence in short(document, room) {
        match sequences.last_mut() {
            Some(last) if last.len() + sentence.len() <= room => last.extend(&sentence),
            _ => sequences.push(sentence),
        }
    }
    sequences
}

/// Pairs of at most `room` tokens: of each document what follows in it, or, as often, what begins
/// anywhere in another one, which half of the time is one that was read a little before or behind it. With
/// a document alone all pairs are real.
#[must_use]
pub fn pairs(documents: &[Document], room: usize, seed: u64) -> Vec<TextPair> {
    let mut pairs = vec![];
    let mut draw = Draw(derive(seed, PAIRS));
    for (i, document) in documents.iter().enumerate() {
        let mut left = short(document, room.div_ceil(2).max(1));
        while !left.is_empty() {
            let target = if draw.chance(SHORT) { 2 + draw.below(room.max(3) - 2) } else { room };
            let mut chunk: Vec<TextTokens> = vec![];
            let mut tokens = 0;
            while let Some(next) =
                left.front().filter(|s| chunk.is_empty() || tokens + s.len() <= target)
            {
                tokens += next.len();
                chunk.extend(left.pop_front());
            }
            let real = documents.len() == 1 || draw.chance(0.5);
            let cut = if chunk.len() > 1 { 1 + draw.below(chunk.len() - 1) } else { 1 };
            let rest = chunk.split_off(cut);
            let first = joined(&chunk);
            if rest.is_empty() && real {
                // A sentence with nothing behind it that has room: what follows is in the next pair.
                continue;
            }
            if real {
                pairs.push(TextPair { first, second: joined(&rest), is_next: true });
                continue;
            }
            // What would have followed is the beginning of the next pair.
            for sentence in rest.into_iter().rev() {
                left.push_front(sentence);
            }
            // Texts of another source are told by their style: as many come from near.
            let others = documents.len() - 1;
            let reach = if draw.chance(0.5) { others.min(NEAR) } else { others };
            let away = 1 + draw.below(reach);
            let away = if draw.chance(0.5) { away } else { documents.len() - away };
            let other = (i + away) % documents.len();
            let second =
                elsewhere(&documents[other], target.saturating_sub(first.len()), &mut draw);
            if !second.is_empty() {
                pairs.push(TextPair { first, second, is_next: false });
            }
        }
    }
    pairs
}

fn joined(sentences: &[TextTokens]) -> TextTokens {
    let mut text = TextTokens::default();
    for sentence in sentences {
        text.extend(sentence);
    }
    text
}

/// Up to `room` tokens, at least one, from one of the document's sentences on.
fn elsewhere(document: &Document, room: usize, draw: &mut Draw) -> TextTokens {
    let mut text = TextTokens::default();
    let start = draw.below(document.len().max(1));
    for sentence in document.iter().skip(start) {
        if !text.is_empty() && text.len() + sentence.len() > room {
            break;
        }
        text.extend(sentence);
    }
    if text.len() > room.max(1) {
        text.split_off(room.max(1));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sentences of these lengths; ids count from `first` on through the document.
    fn document(first: u32, lengths: &[usize]) -> Document {
        let mut next = first;
        let mut sentence = |length: &usize| {
            let ids: Vec<u32> = (next..).take(*length).collect();
            next += u32::try_from(*length).unwrap();
            TextTokens { parts: vec![Part::First; ids.len()], ids, casing: vec![] }
        };
        lengths.iter().map(&mut sentence).collect()
    }

    #[test]
    fn sequences_are_filled_with_whole_sentences_and_nothing_is_lost() {
        let document = document(0, &[4, 5, 2, 23, 1]);
        let lengths: Vec<_> = sequences(&document, 10).iter().map(TextTokens::len).collect();
        // 4 + 5, then 2, then 23 in parts of 10, 10 and 3, to the last of which 1 goes.
        assert_eq!(lengths, [9, 2, 10, 10, 4]);
        let ids: Vec<u32> = sequences(&document, 10).into_iter().flat_map(|s| s.ids).collect();
        assert!(ids.into_iter().eq(0..35));
    }

    #[test]
    fn about_half_of_the_pairs_follow_each_other() {
        let documents: Vec<_> = (0..40).map(|i| document(i * 1000, &[7; 60])).collect();
        let drawn = pairs(&documents, 60, 1);
        let real = drawn.iter().filter(|pair| pair.is_next).count();
        // Half, give or take three standard deviations of a fair coin.
        let (n, half) = (drawn.len(), drawn.len() / 2);
        assert!(n > 300 && real.abs_diff(half) < 3 * (n / 4).isqrt(), "{real} of {n}");
        for TextPair { first, second, is_next } in &drawn {
            assert!(first.len() + second.len() <= 60 && !first.is_empty() && !second.is_empty());
            assert!(first.ids.is_sorted() && second.ids.is_sorted());
            let follows = second.ids[0] == first.ids[first.len() - 1] + 1;
            assert_eq!(*is_next, follows, "{first:?} {second:?}");
            assert_eq!(*is_next, first.ids[0] / 1000 == second.ids[0] / 1000);
        }
        assert_eq!(drawn.len(), pairs(&documents, 60, 1).len(), "the same seed draws the same");
    }

    /// Whatever does not follow is seen as the first text of the next pair.
    #[test]
    fn what_stands_beside_a_text_from_elsewhere_comes_next() {
        let documents = [document(0, &[3; 50]), document(1000, &[3; 50])];
        let firsts: Vec<u32> = pairs(&documents, 12, 3)
            .into_iter()
            .flat_map(|pair| {
                if pair.is_next {
                    [pair.first.ids, pair.second.ids].concat()
                } else {
                    pair.first.ids
                }
            })
            .collect();
        let lost = 300 - firsts.len();
        // A last sentence alone, and those with nothing behind them that has room, are in no pair.
        assert!(firsts.is_sorted() && lost < 60, "{lost}");
    }

    #[test]
    fn a_document_alone_has_real_pairs_and_one_sentence_none() {
        assert!(pairs(&[document(0, &[3; 9])], 12, 3).iter().all(|pair| pair.is_next));
        assert!(pairs(&[document(0, &[3])], 12, 3).is_empty());
        assert!(pairs(&[], 12, 3).is_empty());
    }
}
