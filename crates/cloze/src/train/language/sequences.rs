//! Sequences of documents.
use std::ops::Range;

use cloze_encoder::{PairPieces, Sequence, TokenCounter};
use cloze_tune::packing;
use cloze_tune::packing::{Document, TextPair, TextTokens};
use cloze_tune::task::{MaskedExample, Part};

use crate::train::FineTuneError;
use crate::train::base::sequence;

/// A text, or two in one sequence, special tokens included.
#[derive(Clone, Debug)]
pub struct PackedText {
    /// Ids, types and casings of the tokens.
    pub pieces: Sequence,
    /// Kind of each token.
    pub parts: Vec<Part>,
    /// `true` if the second text follows the first; `None` of one text.
    pub is_next: Option<bool>,
}

impl PackedText {
    /// Example with nothing masked yet, for an encoder with so many classes of casing.
    #[must_use]
    pub fn example(self, classes: usize) -> MaskedExample {
        let Self { pieces, parts, is_next } = self;
        let sequence = sequence(&pieces, classes);
        MaskedExample { sequence, parts, is_next, targets: vec![] }
    }
}

/// Sequences of documents, of at most `most` tokens; with `next` pairs of texts, drawn by `seed`.
///
/// # Errors
/// [`FineTuneError::Setting`] for fewer tokens than a sequence needs, and those of the tokenizer.
pub fn packed(
    documents: &[Document],
    tokenizer: &TokenCounter,
    most: usize,
    next: bool,
    seed: u64,
) -> Result<Vec<PackedText>, FineTuneError> {
    let empty: (&[u32], &[_]) = (&[], &[]);
    if next {
        let special = tokenizer.around_pair([empty; 2])?.sequence.ids.len();
        let pairs = packing::pairs(documents, room(most, special, 2)?, seed);
        return pairs.iter().map(|pair| packed_pair(pair, tokenizer)).collect();
    }
    let room = room(most, tokenizer.around(&[], &[]).0.ids.len(), 1)?;
    let texts = documents.iter().flat_map(|document| packing::sequences(document, room));
    let pack = |text: TextTokens| {
        let (pieces, range) = tokenizer.around(&text.ids, &text.casing);
        let parts = parts(pieces.ids.len(), [(range, &text)]);
        PackedText { pieces, parts, is_next: None }
    };
    Ok(texts.map(pack).collect())
}

/// Number of tokens beside the special ones in a sequence of at most `most`; an error below `least`.
fn room(most: usize, special: usize, least: usize) -> Result<usize, FineTuneError> {
    let room = most.saturating_sub(special);
    if room >= least {
        return Ok(room);
    }
    let expected = format!("at least {}", special + least);
    Err(FineTuneError::Setting { setting: "max_tokens", found: most.to_string(), expected })
}

/// Sequence of two texts.
fn packed_pair(pair: &TextPair, tokenizer: &TokenCounter) -> Result<PackedText, FineTuneError> {
    let texts = [&pair.first, &pair.second].map(|text| (&*text.ids, &*text.casing));
    let PairPieces { sequence: pieces, first, second, .. } = tokenizer.around_pair(texts)?;
    let parts = parts(pieces.ids.len(), [(first, &pair.first), (second, &pair.second)]);
    Ok(PackedText { pieces, parts, is_next: Some(pair.is_next) })
}

/// Kinds of so many tokens, of which texts stand in these ranges.
fn parts<const N: usize>(tokens: usize, texts: [(Range<usize>, &TextTokens); N]) -> Vec<Part> {
    let mut parts = vec![Part::Special; tokens];
    for (range, text) in texts {
        parts[range].copy_from_slice(&text.parts);
    }
    parts
}
