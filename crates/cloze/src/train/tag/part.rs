//! Parts of sentences that are too long for the encoder.
use cloze_core::Token;

/// End of a part that begins at `from` and has at most `room` tokens: not within a word, unless
/// that is longer than a part.
pub(super) fn end(tokens: &[Token], from: usize, room: usize) -> usize {
    let last = (from + room).min(tokens.len());
    let splits = |index: usize| {
        index < tokens.len()
            && tokens[index].word.is_some()
            && tokens[index].word == tokens[index - 1].word
    };
    (from + 1..=last).rev().find(|&index| !splits(index)).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use cloze_core::Span;

    use super::*;

    /// Ends of all parts.
    fn ends(tokens: &[Token], room: usize) -> Vec<usize> {
        let mut ends = vec![0];
        while ends[ends.len() - 1] < tokens.len() {
            ends.push(end(tokens, ends[ends.len() - 1], room));
        }
        ends.split_off(1)
    }

    /// Words of 1, 3, 2 and 9 tokens, and a token of no word.
    #[test]
    fn a_word_is_split_only_if_it_is_longer_than_a_part() {
        let words = [&[0][..], &[1; 3], &[2; 2], &[3; 9]].concat();
        let token = |word: Option<u32>| Token { span: Span::new(0, 0), word };
        let mut tokens: Vec<Token> = words.into_iter().map(|word| token(Some(word))).collect();
        tokens.push(token(None));
        assert_eq!(ends(&tokens, 1), (1..=16).collect::<Vec<_>>());
        assert_eq!(ends(&tokens, 4), [4, 6, 10, 14, 16]);
        assert_eq!(ends(&tokens, 5), [4, 6, 11, 16]);
        assert_eq!(ends(&tokens, 16), [16]);
    }
}
