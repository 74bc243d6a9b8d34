//! Documents in the sequences that an encoder sees.
use cloze_encoder::{Sequence as Pieces, TokenCounter};
use cloze_tune::task::MaskedExample;
use cloze_tune::task::masked::Part;

use super::data::{Document, Tokens};
use super::pack;
use crate::tune::model::sequence;

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
    if next {
        let special = tokenizer.around_pair([empty; 2])?.ids.len();
        let pairs = pack::pairs(documents, most.saturating_sub(special).max(2), seed);
        let one = |pair: pack::TextPair| {
            let texts = [&pair.first, &pair.second].map(|text| (&*text.ids, &*text.casing));
            let pieces = tokenizer.around_pair(texts)?;
            let parts = parts(&pieces, &[&pair.first, &pair.second]);
            Ok(Packed { pieces, parts, is_next: Some(pair.is_next) })
        };
        return pairs.into_iter().map(one).collect();
    }
    let special = tokenizer.around(&[], &[]).ids.len();
    let room = most.saturating_sub(special).max(1);
    let texts = documents.iter().flat_map(|document| pack::sequences(document, room));
    let one = |text: Tokens| {
        let pieces = tokenizer.around(&text.ids, &text.casing);
        let parts = parts(&pieces, &[&text]);
        Ok(Packed { pieces, parts, is_next: None })
    };
    texts.map(one).collect()
}

/// What each token of a sequence is, in which these texts stand in this order.
fn parts(pieces: &Pieces, texts: &[&Tokens]) -> Vec<Part> {
    let mut parts = vec![Part::Special; pieces.ids.len()];
    let mut at = 0;
    for text in texts {
        let places = pieces.ids[at..].windows(text.len().max(1)).position(|w| w == text.ids);
        at += places.unwrap_or(0);
        parts[at..at + text.len()].copy_from_slice(&text.parts);
        at += text.len();
    }
    parts
}
