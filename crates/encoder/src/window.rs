//! Long texts in windows that the model can take, without losing a token.
use std::ops::Range;

use cloze_core::{Token, line_ends};

/// Boundary at which a text too long for one window may be cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// At blank lines first, so that each paragraph is seen as it would be alone; a paragraph that
    /// is too long itself goes through overlapping windows.
    #[default]
    Paragraphs,
    /// Wherever a window is full, with overlap.
    Anywhere,
}

/// A window over one text's tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The tokens the model sees.
    pub tokens: Range<usize>,
    /// Tokens whose result is taken from this window. Over a text's windows these follow one
    /// another without gap or overlap.
    pub kept: Range<usize>,
}

/// The windows of one text: at most `max` tokens each, `overlap` shared between neighbours.
///
/// A text of at most `max` tokens is one window. Of two windows that share tokens, each keeps the
/// half in which it knows more of the surroundings, and the border lies between words. A window
/// opens and closes between words unless a word alone is longer than the window.
///
/// # Panics
/// If windows of `max` tokens that share `overlap` would not get on.
#[must_use]
pub fn plan_windows(
    tokens: &[Token],
    text: &str,
    max: usize,
    overlap: usize,
    cut: Cut,
) -> Vec<Window> {
    assert!(overlap < max, "windows of {max} tokens that share {overlap}");
    if tokens.len() <= max {
        return match tokens.len() {
            0 => vec![],
            n => vec![Window { tokens: 0..n, kept: 0..n }],
        };
    }
    match cut {
        Cut::Anywhere => overlapping(tokens, 0..tokens.len(), max, overlap),
        Cut::Paragraphs => {
            let sections = paragraphs(tokens, text).into_iter();
            sections.flat_map(|section| overlapping(tokens, section, max, overlap)).collect()
        }
    }
}

/// The runs of tokens between which there is a blank line. A run never parts two pieces of a word.
fn paragraphs(tokens: &[Token], text: &str) -> Vec<Range<usize>> {
    let mut sections = vec![];
    let mut start = 0;
    let mut seen = tokens.first().map_or(0, |t| t.span.end);
    for (i, token) in tokens.iter().enumerate().skip(1) {
        let between = text.get(seen..token.span.start.max(seen)).unwrap_or("");
        if starts_word(tokens, i) && has_blank_line(between) {
            sections.push(start..i);
            start = i;
        }
        seen = seen.max(token.span.end);
    }
    sections.push(start..tokens.len());
    sections
}

/// Whether a line without anything but white space lies in `between`: two line ends.
fn has_blank_line(between: &str) -> bool {
    line_ends(between) > 1
}

fn starts_word(tokens: &[Token], i: usize) -> bool {
    i == 0 || tokens[i].word.is_none() || tokens[i].word != tokens[i - 1].word
}

/// The last place in `range` (its end included, its start not) at which a word starts.
fn word_start_before(tokens: &[Token], range: Range<usize>) -> Option<usize> {
    (range.start + 1..=range.end).rev().find(|&i| i == tokens.len() || starts_word(tokens, i))
}

fn overlapping(tokens: &[Token], section: Range<usize>, max: usize, overlap: usize) -> Vec<Window> {
    let mut windows: Vec<Window> = vec![];
    let mut start = section.start;
    let mut kept = section.start;
    loop {
        let mut end = (start + max).min(section.end);
        if end < section.end {
            end = word_start_before(tokens, start + overlap..end).unwrap_or(end);
        }
        if end >= section.end {
            windows.push(Window { tokens: start..section.end, kept: kept..section.end });
            return windows;
        }
        // Back to the start of the word there, so that no window opens inside a word; a word longer
        // than all of that is cut.
        let wanted = end - overlap;
        let next = word_start_before(tokens, start..wanted).unwrap_or(wanted);
        let middle = next + (end - next) / 2;
        let border = word_start_before(tokens, next..middle).unwrap_or(middle).max(next);
        windows.push(Window { tokens: start..end, kept: kept..border });
        (start, kept) = (next, border);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cloze_core::Span;
    use proptest::prelude::*;

    /// One-byte tokens, a token of each word per letter: "aab" is the words 0 0 1.
    fn tokens(words: &[u32]) -> Vec<Token> {
        let token = |(i, &word)| Token { span: Span::new(i, i + 1), word: Some(word) };
        words.iter().enumerate().map(token).collect()
    }

    /// Ten words of one token, windows of 4 with 2 shared: 0..4, 2..6, 4..8, 6..10; the shared two
    /// are parted in the middle.
    #[test]
    fn each_window_keeps_what_it_knows_best() {
        let tokens = tokens(&(0..10).collect::<Vec<_>>());
        let windows = plan_windows(&tokens, "aaaaaaaaaa", 4, 2, Cut::Anywhere);
        let expected = [(0..4, 0..3), (2..6, 3..5), (4..8, 5..7), (6..10, 7..10)]
            .map(|(tokens, kept)| Window { tokens, kept });
        assert_eq!(windows, expected);
    }

    #[test]
    fn words_stay_whole() {
        // Words of 1, 3, 1, 3 tokens; windows of 5 with 1 shared.
        let tokens = tokens(&[0, 1, 1, 1, 2, 3, 3, 3]);
        let windows = plan_windows(&tokens, "aaaaaaaa", 5, 1, Cut::Anywhere);
        assert_eq!(windows[0].tokens, 0..5);
        assert_eq!(windows[1].tokens, 4..8);
        // One word of nine tokens, longer than the window: cut, and every token kept once.
        let long = plan_windows(&self::tokens(&[7; 9]), "aaaaaaaaa", 4, 1, Cut::Anywhere);
        assert!(long.iter().all(|w| w.tokens.len() <= 4));
        assert_eq!(long.iter().map(|w| w.kept.len()).sum::<usize>(), 9);
    }

    #[test]
    fn paragraphs_are_windows_of_their_own_in_long_texts_only() {
        let text = "ab\r\n\r\ncd\ne\n \nf";
        let spans = [0, 1, 6, 7, 9, 13];
        let token = |(i, &start): (usize, &usize)| Token {
            span: Span::new(start, start + 1),
            word: u32::try_from(i).ok(),
        };
        let tokens: Vec<_> = spans.iter().enumerate().map(token).collect();
        let windows = |max, cut| {
            let planned = plan_windows(&tokens, text, max, 1, cut).into_iter();
            planned.map(|window| window.tokens).collect::<Vec<_>>()
        };
        assert_eq!(windows(6, Cut::Paragraphs), windows(6, Cut::Anywhere));
        assert_eq!(windows(6, Cut::Anywhere).len(), 1);
        assert_eq!(windows(5, Cut::Paragraphs), [0..2, 2..5, 5..6]);
        assert_eq!(windows(5, Cut::Anywhere), [0..5, 4..6]);
    }

    #[test]
    fn blank_lines_are_blank_lines() {
        for (between, expected) in [
            ("", false),
            ("\n", false),
            ("\r\n", false),
            (" \t", false),
            ("\r", false),
            ("\n\n", true),
            ("\r\n\r\n", true),
            ("\n \t\n", true),
            ("\r\r", true),
            (" \n> \n", true),
        ] {
            assert_eq!(has_blank_line(between), expected, "{between:?}");
        }
    }

    proptest! {
        /// Every token is kept once, in order; windows are no longer than the model takes; no
        /// window is cut inside a word that would have fitted.
        #[test]
        fn nothing_is_lost(
            lens in prop::collection::vec(1..9usize, 1..40),
            max in 2..20usize,
            overlap in 0..19usize,
            blanks in prop::collection::vec(any::<bool>(), 40),
            anywhere: bool,
        ) {
            prop_assume!(overlap < max);
            let (mut tokens, mut text) = (vec![], String::new());
            for (word, (&len, blank)) in lens.iter().zip(blanks).enumerate() {
                for _ in 0..len {
                    tokens.push(Token { span: Span::new(text.len(), text.len() + 1), word: u32::try_from(word).ok() });
                    text.push('a');
                }
                text.push_str(if blank { "\n\n" } else { " " });
            }
            let cut = if anywhere { Cut::Anywhere } else { Cut::Paragraphs };
            let windows = plan_windows(&tokens, &text, max, overlap, cut);
            let kept: Vec<usize> = windows.iter().flat_map(|w| w.kept.clone()).collect();
            prop_assert_eq!(kept, (0..tokens.len()).collect::<Vec<_>>());
            for w in &windows {
                prop_assert!(w.tokens.len() <= max && !w.tokens.is_empty());
                prop_assert!(w.tokens.start <= w.kept.start && w.kept.end <= w.tokens.end);
                if overlap == 0 && lens.iter().all(|&l| l <= max) {
                    prop_assert!(starts_word(&tokens, w.tokens.start), "{:?} opens in a word", w);
                }
            }
        }
    }
}
