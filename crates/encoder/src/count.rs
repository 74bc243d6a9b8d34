//! Numbers of tokens of texts, and of those that a model takes, without running it.
use std::ops::Range;

use cloze_checkpoint::ModelFolder;
use cloze_core::{Casing, Token};

use crate::encoder::{available_threads, in_parallel, room};
use crate::tokenize::{Tokenized, Tokenizer};
use crate::window::Window;
use crate::{EncoderError, EncoderParams, PairCut, Sequence};

/// A text in the tokens that a model takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    /// All of them, special ones included, however many.
    pub sequence: Sequence,
    /// The text's own tokens, which stand in the sequence from `before` on.
    pub tokens: Vec<Token>,
    /// Number of special tokens before the text's tokens.
    pub before: usize,
}

impl Pieces {
    /// The ids of the text's own tokens.
    #[must_use]
    pub fn ids(&self) -> &[u32] {
        &self.sequence.ids[self.before..self.before + self.tokens.len()]
    }

    /// Some of the text's tokens in a sequence of their own, between the special ones.
    ///
    /// # Panics
    /// If the text has fewer tokens.
    #[must_use]
    pub fn part(&self, tokens: Range<usize>) -> Sequence {
        let after = self.before + self.tokens.len();
        let text_range = self.before + tokens.start..self.before + tokens.end;
        let parts = [0..self.before, text_range, after..self.sequence.ids.len()];
        let Sequence { ids, types, casing, .. } = &self.sequence;
        Sequence {
            ids: take(ids, &parts),
            types: take(types, &parts),
            casing: take(casing, &parts),
            ..Sequence::default()
        }
    }
}

/// These parts of `items`, one behind the other.
fn take<T: Copy>(items: &[T], parts: &[Range<usize>]) -> Vec<T> {
    parts.iter().flat_map(|part| items[part.clone()].iter().copied()).collect()
}

/// Two texts in one sequence, as a model takes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairPieces {
    /// Both, special tokens included.
    pub sequence: Sequence,
    /// Positions of the first text's own tokens in the sequence.
    pub first: Range<usize>,
    /// Positions of the second text's own tokens in the sequence.
    pub second: Range<usize>,
    /// Whether one of them was cut.
    pub cut: bool,
}

/// A text in the sequences that an encoder sees of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    /// Each with how many of the text's tokens its result stands for.
    pub sequences: Vec<(Sequence, usize)>,
    /// Whether the text is longer than a window.
    pub long: bool,
}

/// Tokens that were put together by hand.
fn own(ids: &[u32], casing: &[Casing]) -> Tokenized {
    let none = std::iter::repeat(Casing::None);
    let casing = casing.iter().copied().chain(none).take(ids.len()).collect();
    Tokenized { ids: ids.to_vec(), tokens: vec![], casing }
}

/// Counts the tokens of texts as a model's tokenizer makes them; special tokens are not counted. It
/// reads the folder's tokenizer and settings alone, and needs no ONNX Runtime.
#[derive(Debug)]
pub struct TokenCounter {
    tokenizer: Tokenizer,
    limit: usize,
    pair_limit: Option<usize>,
}

impl TokenCounter {
    /// The counter of a model.
    ///
    /// # Errors
    /// [`EncoderError::Tokenizer`] for a tokenizer that cannot be read; [`EncoderError::Setting`] for a
    /// model that takes no token besides the special ones.
    pub fn open(model: &ModelFolder) -> Result<Self, EncoderError> {
        let tokenizer = Tokenizer::open(model)?;
        let limit = room(model, &tokenizer)?;
        let template = tokenizer.pair.as_ref();
        let pair_limit = template
            .map(|pair| model.max_tokens().saturating_sub(pair.special_tokens()))
            .filter(|&room| room > 0);
        Ok(Self { tokenizer, limit, pair_limit })
    }

    /// Whether all texts are lower-cased before they become tokens.
    #[must_use]
    pub fn lower_cases(&self) -> bool {
        self.tokenizer.lower_cases()
    }

    /// Number of tokens of a text that the model sees at once, special ones aside: longer texts go
    /// through several windows, or are cut.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Number of tokens of both texts of a pair that go into one sequence; longer pairs are cut.
    /// `None` if the model does not take two texts in one sequence.
    #[must_use]
    pub fn pair_limit(&self) -> Option<usize> {
        self.pair_limit
    }

    /// A text in the tokens that the model takes, whole: it may be longer than the model's window.
    ///
    /// # Errors
    /// [`EncoderError::Tokenize`], with `index` as the text's place.
    pub fn pieces(&self, text: &str, index: usize) -> Result<Pieces, EncoderError> {
        self.tokenizer.pieces(text, index)
    }

    /// Tokens of one text, that were put together by hand, between the special ones, and where in the
    /// sequence they are. As many casings as ids, or none at all.
    #[must_use]
    pub fn around(&self, ids: &[u32], casing: &[Casing]) -> (Sequence, Range<usize>) {
        let (text, before) = (own(ids, casing), self.tokenizer.before.len());
        (self.tokenizer.sequence(&text, 0..ids.len()), before..before + ids.len())
    }

    /// Likewise of two texts, in one sequence.
    ///
    /// # Errors
    /// [`EncoderError::NoPairs`] if the model does not take two texts.
    pub fn around_pair(&self, texts: [(&[u32], &[Casing]); 2]) -> Result<PairPieces, EncoderError> {
        let template = self.tokenizer.pair.as_ref().ok_or(EncoderError::NoPairs { room: 0 })?;
        let [first, second] = texts.map(|(ids, casing)| own(ids, casing));
        Ok(template.pieces([&first, &second], [first.ids.len(), second.ids.len()]))
    }

    /// The id of a token as the vocabulary has it.
    #[must_use]
    pub fn id(&self, token: &str) -> Option<u32> {
        self.tokenizer.id(token)
    }

    /// Whether it is a special token, which a text may have in it.
    #[must_use]
    pub fn is_special(&self, id: u32) -> bool {
        self.tokenizer.is_special(id)
    }

    /// A text as an encoder with these settings sees it: the sequences of its windows, special tokens
    /// included, each with how many of the text's own tokens its result stands for. A text without
    /// tokens has one, of special tokens alone.
    ///
    /// # Errors
    /// [`EncoderError::Tokenize`], with `index` as the text's place; [`EncoderError::Setting`] as
    /// [`EncoderParams::check`].
    pub fn windows(
        &self,
        text: &str,
        index: usize,
        params: &EncoderParams,
    ) -> Result<Windows, EncoderError> {
        let params = params.clone().check(self.limit)?;
        let mut tokens = self.tokenizer.encode(text, index)?;
        let long = tokens.tokens.len() > params.window_tokens();
        let mut windows = params.windows(&mut tokens, text);
        if windows.is_empty() {
            windows.push(Window { tokens: 0..0, kept: 0..0 });
        }
        let part = |w: &Window| (self.tokenizer.sequence(&tokens, w.tokens.clone()), w.kept.len());
        Ok(Windows { sequences: windows.iter().map(part).collect(), long })
    }

    /// Two texts in one sequence of at most `most` tokens, special ones included, and whether one of
    /// them was cut for that.
    ///
    /// # Errors
    /// [`EncoderError::NoPairs`] if the model does not take two texts, or none of so few tokens;
    /// [`EncoderError::Tokenize`], with `index` as the pair's place.
    pub fn pair(
        &self,
        texts: [&str; 2],
        index: usize,
        cut: PairCut,
        most: usize,
    ) -> Result<(Sequence, bool), EncoderError> {
        let PairPieces { sequence, cut, .. } =
            self.tokenizer.pair_pieces(texts, index, cut, most)?;
        Ok((sequence, cut))
    }

    /// Number of tokens of each of these texts, in order, on all cores this process may use.
    /// A text that has no tokens to count is an error of its own.
    ///
    /// # Errors
    /// Each alone: [`EncoderError::Tokenize`], with the text's place among `texts`.
    pub fn count(&self, texts: &[&str]) -> Vec<Result<usize, EncoderError>> {
        let count_text = |_, i: usize| {
            let count = self.tokenizer.encode(texts[i], i).map(|text| text.ids.len());
            Ok::<_, std::convert::Infallible>(count)
        };
        match in_parallel(available_threads(), texts.len(), count_text) {
            Ok(counts) => counts,
            Err(never) => match never {},
        }
    }
}
