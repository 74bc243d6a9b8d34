//! Tokens, and the numbers an encoder gives for each.
use crate::{Matrix, Span};

/// A word piece of a text. Special tokens such as `[CLS]` are not tokens here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The bytes of the original text it stands for; empty if it stands for none.
    pub span: Span,
    /// The number of the word it belongs to: rising along the text, the same for all its pieces.
    /// `None` if the tokenizer has no word for it, which makes it a word of its own.
    pub word: Option<u32>,
}

/// One text's tokens with a row of numbers each: hidden states or logits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenRows {
    /// In text order.
    pub tokens: Vec<Token>,
    /// `[tokens, width]`.
    pub rows: Matrix,
}

/// A word: the pieces with one word number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// From its first piece's first byte to its last piece's last.
    pub span: Span,
    /// Pieces of the word, as indices into the list of tokens.
    pub tokens: std::ops::Range<usize>,
}

/// The words of `tokens`, in order. Pieces that stand for no text belong to their word, but a word
/// of such pieces alone is left out: nobody could point at it.
#[must_use]
pub fn words_of_tokens(tokens: &[Token]) -> Vec<Word> {
    let mut words: Vec<Word> = vec![];
    let mut index = 0;
    for group in tokens.chunk_by(|a, b| a.word.is_some() && a.word == b.word) {
        let range = index..index + group.len();
        index = range.end;
        let spans = || group.iter().map(|t| t.span).filter(|s| !s.is_empty());
        if let (Some(start), Some(end)) =
            (spans().map(|s| s.start).min(), spans().map(|s| s.end).max())
        {
            words.push(Word { span: Span::new(start, end), tokens: range });
        }
    }
    words
}

/// Gives each token the number of the word in `words` that its first byte lies in, for text that
/// came with its words already cut. `words` rise and do not overlap; a token outside all of them
/// gets `None`.
pub fn assign_words(tokens: &mut [Token], words: &[Span]) {
    for token in tokens {
        let next = words.partition_point(|w| w.start <= token.span.start);
        token.word = next
            .checked_sub(1)
            .filter(|&i| token.span.start < words[i].end)
            .and_then(|i| u32::try_from(i).ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(start: usize, end: usize, word: impl Into<Option<u32>>) -> Token {
        Token { span: Span::new(start, end), word: word.into() }
    }

    #[test]
    fn pieces_of_one_word_are_one_word() {
        // "embedding is" as embed ##ding is, then a piece without text, then one without a word.
        let tokens =
            [token(0, 5, 0), token(5, 9, 0), token(10, 12, 1), token(0, 0, 2), token(13, 14, None)];
        let words = words_of_tokens(&tokens);
        let expected = [(0, 9, 0..2), (10, 12, 2..3), (13, 14, 4..5)];
        assert_eq!(words.len(), expected.len());
        for (word, (start, end, range)) in words.iter().zip(expected) {
            assert_eq!((word.span, word.tokens.clone()), (Span::new(start, end), range));
        }
        assert_eq!(words_of_tokens(&[]), []);
    }

    #[test]
    fn two_tokens_without_a_word_are_two_words() {
        assert_eq!(words_of_tokens(&[token(0, 1, None), token(1, 2, None)]).len(), 2);
    }

    #[test]
    fn given_words_replace_the_tokenizers() {
        // "U.S. x": the tokenizer sees U . S . x, the file says `U.S.` and `x`.
        let mut tokens = [0, 1, 2, 3, 5].map(|i| token(i, i + 1, u32::try_from(i).ok()));
        assign_words(&mut tokens, &[Span::new(0, 4), Span::new(5, 6)]);
        assert_eq!(tokens.map(|t| t.word), [Some(0), Some(0), Some(0), Some(0), Some(1)]);
        assign_words(&mut tokens, &[Span::new(5, 6)]);
        assert_eq!(tokens.map(|t| t.word), [None, None, None, None, Some(0)]);
    }
}
