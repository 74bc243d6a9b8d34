//! The copies of a text that are scored: in each, one token is asked for.
use std::ops::Range;

use cloze_core::Token;
use serde::{Deserialize, Serialize};

/// Other tokens masked while a token is scored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Masking {
    /// Nothing: the pseudo-log-likelihood of Salazar et al., ACL 2020.
    #[default]
    Token,
    /// The later tokens of the same word, which else give it away: `PLL-word-l2r` of Kauf & Ivanova,
    /// ACL 2023. Words are those of the tokenizer.
    WithinWord,
}

impl Masking {
    /// Name in files and flags.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::WithinWord => "within-word",
        }
    }
}

/// A copy of a text: what is masked in it, and which of that is asked for. Places are those of the
/// text's tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedCopy {
    /// The token that is asked for.
    pub token: usize,
    /// All that is masked, that token first.
    pub masked: Range<usize>,
}

/// A copy for each token in `scored`, of the `tokens` that the model sees together.
///
/// # Panics
/// If `scored` goes beyond `tokens`.
pub fn copies(
    tokens: &[Token],
    scored: Range<usize>,
    masking: Masking,
) -> impl Iterator<Item = MaskedCopy> {
    assert!(scored.end <= tokens.len(), "{scored:?} of {} tokens", tokens.len());
    scored.map(move |token| {
        let word = tokens[token].word;
        let same = |later: &&Token| word.is_some() && later.word == word;
        let later = match masking {
            Masking::Token => 0,
            Masking::WithinWord => tokens[token + 1..].iter().take_while(same).count(),
        };
        MaskedCopy { token, masked: token..token + 1 + later }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloze_core::Span;
    use proptest::prelude::*;

    fn tokens(words: &[Option<u32>]) -> Vec<Token> {
        let token = |(i, &word)| Token { span: Span::new(i, i + 1), word };
        words.iter().enumerate().map(token).collect()
    }

    /// `so ##uven ##ir s`: Kauf & Ivanova's figure 1 masks `so ##uven ##ir`, then `##uven ##ir`,
    /// then `##ir`.
    #[test]
    fn later_tokens_of_the_word_are_masked() {
        let tokens = tokens(&[Some(0), Some(0), Some(0), Some(1), None, None]);
        let masked = |masking| -> Vec<_> {
            copies(&tokens, 0..6, masking).map(|copy| (copy.token, copy.masked)).collect()
        };
        let alone = |i: usize| (i, i..i + 1);
        let within = [(0, 0..3), (1, 1..3), (2, 2..3), alone(3), alone(4), alone(5)];
        assert_eq!(masked(Masking::WithinWord), within);
        assert_eq!(masked(Masking::Token), [0, 1, 2, 3, 4, 5].map(alone));
    }

    proptest! {
        #[test]
        fn a_copy_a_token_and_no_other_word_in_it(
            steps in prop::collection::vec(0..2_u32, 0..30), within: bool, from in 0..30_usize,
        ) {
            let word = |(sum, step): (&mut u32, &u32)| { *sum += step; Some(Some(*sum)) };
            let words: Vec<_> = steps.iter().scan(0, |sum, step| word((sum, step))).collect();
            let tokens = tokens(&words);
            let scored = from.min(tokens.len())..tokens.len();
            let masking = if within { Masking::WithinWord } else { Masking::Token };
            let copies: Vec<_> = copies(&tokens, scored.clone(), masking).collect();
            prop_assert_eq!(copies.len(), scored.len());
            for (copy, token) in copies.iter().zip(scored) {
                prop_assert_eq!((copy.token, copy.masked.start), (token, token));
                let word = tokens[token].word;
                prop_assert!(tokens[copy.masked.clone()].iter().all(|t| t.word == word));
                let next = tokens.get(copy.masked.end);
                prop_assert!(!within || next.is_none_or(|next| next.word != word));
            }
        }
    }
}
