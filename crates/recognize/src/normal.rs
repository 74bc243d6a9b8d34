//! Normal form of a text: the form in which recognisers look at it, with the way back.
//!
//! Compatibility forms are folded (NFKC: full-width letters and digits, ligatures), decimal digits
//! of all scripts become ASCII, hyphens and dashes up to the en dash become `-`, spaces of all
//! kinds become ` `, and characters without width (soft hyphen, zero-width space and joiners, marks
//! of direction) are left out. Superscripts stay, since `1111²` is no number of five digits.
use std::borrow::Cow;

use cloze_core::Span;
use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfkc_quick};

/// Zeros of the decimal digits (category Nd) that NFKC does not fold, each followed by 1 to 9.
/// Source: Unicode 16, UnicodeData.txt.
const ZEROS: [char; 38] = [
    '\u{660}',
    '\u{6F0}',
    '\u{7C0}',
    '\u{966}',
    '\u{9E6}',
    '\u{A66}',
    '\u{AE6}',
    '\u{B66}',
    '\u{BE6}',
    '\u{C66}',
    '\u{CE6}',
    '\u{D66}',
    '\u{DE6}',
    '\u{E50}',
    '\u{ED0}',
    '\u{F20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17E0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19D0}',
    '\u{1A80}',
    '\u{1A90}',
    '\u{1B50}',
    '\u{1BB0}',
    '\u{1C40}',
    '\u{1C50}',
    '\u{A620}',
    '\u{A8D0}',
    '\u{A900}',
    '\u{A9D0}',
    '\u{A9F0}',
    '\u{AA50}',
    '\u{ABF0}',
    '\u{104A0}',
    '\u{11066}',
    '\u{1E950}',
];

/// A text in normal form.
#[derive(Debug)]
pub(crate) struct Normal<'a> {
    text: Cow<'a, str>,
    /// Pieces in order; none where the text is its own normal form.
    pieces: Vec<Piece>,
}

/// A stretch of the normal form and its origin.
#[derive(Debug)]
struct Piece {
    /// First byte in the normal form.
    normal: usize,
    /// First byte in the original.
    original: usize,
    /// Bytes of the original that stand for all of this piece; `None` where both are the same.
    changed: Option<usize>,
}

impl<'a> Normal<'a> {
    /// The normal form of `text`; borrowed where nothing changes.
    pub(crate) fn of(text: &'a str) -> Self {
        if text.is_ascii() {
            return Self { text: Cow::Borrowed(text), pieces: vec![] };
        }
        let mut builder = Builder { text: String::with_capacity(text.len()), pieces: vec![] };
        let mut chars = text.char_indices().peekable();
        let mut changed = false;
        while let Some((start, first)) = chars.next() {
            let mut end = start + first.len_utf8();
            while let Some((_, mark)) =
                chars.next_if(|&(_, c)| !c.is_ascii() && is_combining_mark(c))
            {
                end += mark.len_utf8();
            }
            changed |= builder.push(first, &text[start..end], start);
        }
        if changed {
            Self { text: Cow::Owned(builder.text), pieces: builder.pieces }
        } else {
            Self { text: Cow::Borrowed(text), pieces: vec![] }
        }
    }

    /// The text in normal form.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The span of the original that `start..end` of the normal form came from; whole characters,
    /// also where a part of one's normal form is asked for.
    pub(crate) fn original(&self, start: usize, end: usize) -> Span {
        if self.pieces.is_empty() || start >= end {
            return Span::new(start, end);
        }
        let (first, last) = (self.piece_at(start), self.piece_at(end - 1));
        let begin = match first.changed {
            Some(_) => first.original,
            None => first.original + start - first.normal,
        };
        let finish = match last.changed {
            Some(length) => last.original + length,
            None => last.original + end - last.normal,
        };
        Span::new(begin, finish)
    }

    /// The piece that holds a byte of the normal form; pieces that are left out hold none.
    fn piece_at(&self, byte: usize) -> &Piece {
        let after = self.pieces.partition_point(|piece| piece.normal <= byte);
        &self.pieces[after.saturating_sub(1)]
    }
}

struct Builder {
    text: String,
    pieces: Vec<Piece>,
}

impl Builder {
    /// Adds a character with its combining marks, `group`, found at `original`. Returns whether its
    /// normal form is another.
    fn push(&mut self, first: char, group: &str, original: usize) -> bool {
        let normal = self.text.len();
        let single = first.len_utf8() == group.len();
        if first.is_ascii() && single {
            self.text.push(first);
        } else if single && is_ignorable(first) {
        } else if let Some(plain) = plain(first).filter(|_| single) {
            self.text.push(plain);
        } else if is_superscript(first) || is_nfkc_quick(group.chars()) == IsNormalized::Yes {
            self.text.push_str(group);
        } else {
            self.text.extend(group.nfkc());
        }
        let changed = self.text[normal..] != *group;
        if changed {
            self.pieces.push(Piece { normal, original, changed: Some(group.len()) });
        } else if self.pieces.last().is_none_or(|piece| piece.changed.is_some()) {
            self.pieces.push(Piece { normal, original, changed: None });
        }
        changed
    }
}

/// The ASCII character that stands for `c` in normal form, for digits, dashes and spaces.
fn plain(c: char) -> Option<char> {
    if matches!(c, '\u{2010}'..='\u{2013}' | '\u{2212}' | '\u{FE63}' | '\u{FF0D}') {
        return Some('-');
    }
    if matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') {
        return Some('\n');
    }
    if c.is_whitespace() {
        return Some(' ');
    }
    let row = ZEROS.partition_point(|&zero| zero <= c).checked_sub(1)?;
    let value = u32::from(c) - u32::from(ZEROS[row]);
    char::from_digit(value, 10)
}

/// Whether a character has no width and separates nothing.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
}

/// `text` in small letters, byte for byte in the same places: letters whose small form is longer or
/// shorter stay as they are.
pub(crate) fn small_letters(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars()
        .map(|c| {
            let mut small = c.to_lowercase();
            match (small.next(), small.next()) {
                (Some(letter), None) if letter.len_utf8() == c.len_utf8() => letter,
                _ => c,
            }
        })
        .collect()
}

/// Whether a character is a raised or lowered sign, which is no part of a word or number.
pub(crate) fn is_superscript(c: char) -> bool {
    matches!(c, '\u{AA}' | '\u{B2}' | '\u{B3}' | '\u{B9}' | '\u{BA}' | '\u{2070}'..='\u{209F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn original<'a>(text: &'a str, part: &str) -> &'a str {
        let normal = Normal::of(text);
        let start = normal.text().find(part).expect("the part is in the normal form");
        normal.original(start, start + part.len()).of(text).expect("a span on boundaries")
    }

    #[test]
    fn parts_of_the_normal_form_lead_back() {
        for (text, part, expected) in [
            ("Karte: ４１１１－1111!", "4111-1111", "４１１１－1111"),
            ("x 12\u{AD}34\u{200B}56 y", "123456", "12\u{AD}34\u{200B}56"),
            ("a\u{A0}b", "a b", "a\u{A0}b"),
            ("tel ٠١٢٣ end", "0123", "٠١٢٣"),
            ("१२३", "23", "२३"),
            ("1–2—3", "1-2—3", "1–2—3"),
            // Half of a ligature is all of it, and a letter takes its mark along.
            ("aﬁb", "i", "ﬁ"),
            ("e\u{301}x", "é", "e\u{301}"),
            ("1111² x", "1111²", "1111²"),
            ("\u{200B}ab\u{200B}", "ab", "ab"),
            ("ﬁ\u{200B}x", "x", "x"),
        ] {
            assert_eq!(original(text, part), expected, "{part:?} in {text:?}");
        }
    }

    #[test]
    fn texts_in_normal_form_are_borrowed() {
        for text in ["", "plain", "Müller, ça va? 你好"] {
            assert!(matches!(Normal::of(text).text, Cow::Borrowed(_)), "{text}");
            assert_eq!(Normal::of(text).text(), text);
        }
        assert_eq!(Normal::of("\u{200B}").text(), "");
    }

    #[test]
    fn zeros_are_sorted_decimal_digits() {
        assert!(ZEROS.is_sorted());
        assert_eq!(plain('٩'), Some('9'));
        assert_eq!((plain('\u{66A}'), plain('a'), plain('é')), (None, None, None));
    }
}
