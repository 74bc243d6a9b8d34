//! Results that an encoder is asked for, and the view of a window's while its batch is there.
use std::ops::Range;

use cloze_checkpoint::Head;
use cloze_core::Casing;
use cloze_graph::construct::{self, Inside};

/// A result of an encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// The word table's rows, `[seq, embedding]` a window: what a token is whatever stands around
    /// it. Weights only.
    Words,
    /// A hidden state, `[seq, hidden]` a window: 0 is what the embeddings give, `i` what layer `i`
    /// gives.
    Hidden(usize),
    /// The first token's row of a hidden state, `[hidden]` a window. Of weights, nothing else of that
    /// layer is worked out if nothing else is wanted of it; of a file, it is taken from all of it.
    First(usize),
    /// Input of a matrix inside a layer, `[seq, width]` per window; layers count from 1. Weights
    /// only.
    Inside(usize, Inside),
    /// A head's result: `[seq, width]` or, for one a text, `[width]`; of a masked language model
    /// `[asked, vocabulary]`, at the places that [`Sequence::asked`] names.
    Head(Head),
}

impl Output {
    /// The names it may have in a graph, the best first; for a graph of `layers` layers.
    pub(crate) fn names(self, layers: Option<usize>) -> Vec<String> {
        let last = |i| layers.is_none_or(|n| n == i);
        match self {
            Self::Words => vec![construct::WORDS.to_owned()],
            Self::Hidden(i) if last(i) => {
                ["last_hidden_state", "token_embeddings"].map(String::from).to_vec()
            }
            Self::Hidden(i) => vec![construct::hidden_name(i, layers.unwrap_or(i + 1))],
            Self::First(i) => Self::Hidden(i).names(layers),
            Self::Inside(i, inside) => vec![construct::inside_name(i, inside)],
            Self::Head(head) => vec![construct::head_name(head).to_owned()],
        }
    }

    /// Whether a graph from elsewhere has a row of it for every token.
    pub(crate) fn by_token(self) -> bool {
        matches!(
            self,
            Self::Words
                | Self::Hidden(_)
                | Self::First(_)
                | Self::Inside(..)
                | Self::Head(Head::Tokens | Head::MaskedLm)
        )
    }
}

/// A window's results, where ONNX Runtime has left them: borrowed, so that what is not needed is
/// not copied.
#[derive(Clone, Debug)]
pub struct WindowStates<'a> {
    /// Index of the window's text.
    pub text: usize,
    /// The text's tokens that the model saw in it.
    pub tokens: Range<usize>,
    /// Tokens whose result is to be taken from this window: over a text's windows they follow
    /// one another.
    pub kept: Range<usize>,
    /// Number of special tokens before the text's tokens.
    pub before: usize,
    /// Number of special tokens after the text's tokens.
    pub after: usize,
    pub(crate) outputs: Vec<(usize, &'a [f32])>,
}

impl<'a> WindowStates<'a> {
    /// The rows of result `i`, in the order they were asked for: `[before + tokens + after, width]`
    /// without padding, `[width]` for a result that a text has one of, or `[asked, width]` for the words of
    /// a masked language model; texts ask for none.
    ///
    /// # Panics
    /// If fewer results were asked for.
    #[must_use]
    pub fn rows(&self, i: usize) -> &'a [f32] {
        self.outputs[i].1
    }

    /// The rows of result `i`; `None` if fewer were asked for.
    #[must_use]
    pub fn get(&self, i: usize) -> Option<&'a [f32]> {
        self.outputs.get(i).map(|(_, rows)| *rows)
    }

    /// Width of the rows of result `i`.
    ///
    /// # Panics
    /// If fewer results were asked for.
    #[must_use]
    pub fn width(&self, i: usize) -> usize {
        self.outputs[i].0
    }
}

/// A text's tokens, and what was made of each of its windows.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped<T> {
    /// The text's tokens, special ones not among them; where texts are truncated, those that were
    /// seen.
    pub tokens: Vec<cloze_core::Token>,
    /// The tokens' ids in the vocabulary.
    pub ids: Vec<u32>,
    /// In text order; none for a text without a token where the tokenizer has no special ones.
    pub windows: Vec<T>,
}

/// Tokens as the model takes them, special ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sequence {
    /// The ids.
    pub ids: Vec<u32>,
    /// The type of each: 0 and 1 for the first and second text of a pair.
    pub types: Vec<u32>,
    /// Casing of each token's word, [`Casing::None`] for special tokens: for models with a table
    /// of casings; the others do not look at it.
    pub casing: Vec<Casing>,
    /// The places, among its ids, at which a masked language model is asked for its words, in the order
    /// their rows are wanted; one may be there twice. Default: none.
    pub asked: Vec<u32>,
}
