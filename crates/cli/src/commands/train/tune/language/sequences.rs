//! Documents in the sequences that an encoder sees.
use std::ops::Range;

use anyhow::ensure;
use cloze_encoder::{PairPieces, Sequence as Pieces, TokenCounter};
use cloze_tune::task::MaskedExample;
use cloze_tune::task::masked::Part;

use super::data::{Document, Tokens};
use super::pack;
use crate::commands::train::tune::model::sequence;

/// A text, or two in one sequence, special tokens included.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    pub(crate) pieces: Pieces,
    /// What each token is.
    pub(crate) parts: Vec<Part>,
    /// Whether the second text follows the first, where there are two.
    pub(crate) is_next: Option<bool>,
}

impl Packed {
    /// As it is learned from, with nothing masked yet.
    pub(crate) fn example(self, classes: usize) -> MaskedExample {
        let Self { pieces, parts, is_next } = self;
        let sequence = sequence(&pieces, classes);
        MaskedExample { sequence, parts, is_next, targets: vec![] }
    }
}

/// The sequences of documents, of at most `most` tokens; with `next` pairs of texts, drawn by `seed`.
pub(crate) fn packed(
    documents: &[Document],
    tokenizer: &TokenCounter,
    most: usize,
    next: bool,
    seed: u64,
) -> anyhow::Result<Vec<Packed>> {
    let empty: (&[u32], &[_]) = (&[], &[]);
    let room = |special: usize, least: usize| {
        let room = most.saturating_sub(special);
        let expected = special + least;
        ensure!(room >= least, "--max-tokens is {most}: expected at least {expected}");
        anyhow::Ok(room)
    };
    if next {
        let special = tokenizer.around_pair([empty; 2])?.sequence.ids.len();
        let pairs = pack::pairs(documents, room(special, 2)?, seed);
        let one = |pair: pack::TextPair| {
            let texts = [&pair.first, &pair.second].map(|text| (&*text.ids, &*text.casing));
            let PairPieces { sequence: pieces, first, second, .. } =
                tokenizer.around_pair(texts)?;
            let texts = [(first, &pair.first), (second, &pair.second)];
            let parts = parts(pieces.ids.len(), texts);
            Ok(Packed { pieces, parts, is_next: Some(pair.is_next) })
        };
        return pairs.into_iter().map(one).collect();
    }
    let room = room(tokenizer.around(&[], &[]).0.ids.len(), 1)?;
    let texts = documents.iter().flat_map(|document| pack::sequences(document, room));
    let one = |text: Tokens| {
        let (pieces, place) = tokenizer.around(&text.ids, &text.casing);
        let parts = parts(pieces.ids.len(), [(place, &text)]);
        Packed { pieces, parts, is_next: None }
    };
    Ok(texts.map(one).collect())
}

/// What each of so many tokens is, of which texts stand in these places.
fn parts<const N: usize>(tokens: usize, texts: [(Range<usize>, &Tokens); N]) -> Vec<Part> {
    let mut parts = vec![Part::Special; tokens];
    for (place, text) in texts {
        parts[place].copy_from_slice(&text.parts);
    }
    parts
}
