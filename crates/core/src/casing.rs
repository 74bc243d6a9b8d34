//! Letter case of words, which an encoder that lower-cases its texts does not see.
use crate::token::{self, Token};

/// Letter case of a word's cased letters. A letter is upper-case if Unicode says so or if it
/// has a lower-case form (titlecase letters such as `ǅ`), lower-case if Unicode says so; others,
/// such as those of Chinese, and digits and marks do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Casing {
    /// It has no cased letter, or is not a word: a special token, padding.
    #[default]
    None,
    /// All lower.
    Lower,
    /// The first upper, and at least one more, all lower.
    Title,
    /// All upper, at least two.
    Upper,
    /// One cased letter alone, upper.
    Single,
    /// Anything else.
    Mixed,
}

impl Casing {
    /// Number of casings.
    pub const COUNT: usize = 6;

    /// Class number, below [`COUNT`](Self::COUNT): the order above, from 0.
    #[must_use]
    pub fn class(self) -> usize {
        match self {
            Self::None => 0,
            Self::Lower => 1,
            Self::Title => 2,
            Self::Upper => 3,
            Self::Single => 4,
            Self::Mixed => 5,
        }
    }

    /// Casing of a word, as it stands in its text.
    #[must_use]
    pub fn of(word: &str) -> Self {
        let (mut upper, mut lower, mut first_is_upper) = (0_usize, 0_usize, false);
        for c in word.chars() {
            if c.is_lowercase() {
                lower += 1;
            } else if c.is_uppercase() || c.to_lowercase().ne([c]) {
                first_is_upper |= upper + lower == 0;
                upper += 1;
            }
        }
        match (upper, lower) {
            (0, 0) => Self::None,
            (0, _) => Self::Lower,
            (1, 0) => Self::Single,
            (_, 0) => Self::Upper,
            (1, _) if first_is_upper => Self::Title,
            _ => Self::Mixed,
        }
    }
}

/// The casing of each token's whole word in `text`: all pieces of a word have the same. A word
/// runs from its first piece's start to its last piece's end, as the tokenizer splits words.
#[must_use]
pub fn casings_of_tokens(text: &str, tokens: &[Token]) -> Vec<Casing> {
    let mut casings = vec![Casing::None; tokens.len()];
    for word in token::words_of_tokens(tokens) {
        // Spans of another text are of no word.
        let casing = text.get(word.span.start..word.span.end).map(Casing::of).unwrap_or_default();
        casings[word.tokens].fill(casing);
    }
    casings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Span;

    #[test]
    fn words_as_they_are_written() {
        use Casing::{Lower, Mixed, None, Single, Title, Upper};
        for (word, expected) in [
            ("", None),
            ("👍🏽", None),
            ("2024", None),
            ("我住", None),
            ("…", None),
            // A vowel sign alone: a mark.
            ("\u{301}", None),
            ("the", Lower),
            ("ß", Lower),
            ("a", Lower),
            // One s, and digits.
            ("1990s", Lower),
            ("e\u{301}te\u{301}", Lower),
            ("Ann", Title),
            ("Élan", Title),
            ("E\u{301}lan", Title),
            ("1St", Title),
            ("Don't", Title),
            // The titlecase letter of dž.
            ("ǅep", Title),
            ("USA", Upper),
            ("U.S.", Upper),
            ("ÄÖ", Upper),
            ("I", Single),
            ("É", Single),
            ("A4", Single),
            ("ǅ", Single),
            ("McDonald", Mixed),
            ("iPhone", Mixed),
            ("O'Neill", Mixed),
            ("eBay", Mixed),
            ("PhD", Mixed),
            ("USAs", Mixed),
        ] {
            assert_eq!(Casing::of(word), expected, "{word:?}");
        }
        let casings = [None, Lower, Title, Upper, Single, Mixed];
        assert_eq!(casings.map(Casing::class), [0, 1, 2, 3, 4, 5]);
        assert_eq!(casings.len(), Casing::COUNT);
    }

    /// "iPhone US 👍" as i ##phone us and a piece without text: both pieces of a word have its casing,
    /// though "i" alone is lower.
    #[test]
    fn pieces_have_the_casing_of_their_word() {
        let text = "iPhone US 👍";
        let token = |start, end, word| Token { span: Span::new(start, end), word };
        let tokens = [
            token(0, 1, Some(0)),
            token(1, 6, Some(0)),
            token(7, 9, Some(1)),
            token(10, 14, Some(2)),
            token(0, 0, None),
        ];
        let expected = [Casing::Mixed, Casing::Mixed, Casing::Upper, Casing::None, Casing::None];
        assert_eq!(casings_of_tokens(text, &tokens), expected);
        assert_eq!(casings_of_tokens("", &tokens), [Casing::None; 5]);
        assert_eq!(casings_of_tokens(text, &[]), []);
    }
}
