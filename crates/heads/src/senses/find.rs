//! A word's places in a text.
use cloze_core::Span;

use super::Lexicon;

/// Positions of the word `form` in `text`, in order, not overlapping: between characters that are
/// not letters or digits, so that it may itself be several words. With `fold`, in any case.
#[must_use]
pub fn places(text: &str, form: &str, fold: bool) -> Vec<Span> {
    let mut spans: Vec<Span> = vec![];
    // A form such as `'s` stands behind a letter.
    let (opens, closes) = (form.starts_with(is_word), form.ends_with(is_word));
    let mut before = None;
    for (start, c) in text.char_indices() {
        let within =
            (opens && before.is_some_and(is_word)) || spans.last().is_some_and(|s| start < s.end);
        before = Some(c);
        if within {
            continue;
        }
        let rest = &text[start..];
        if let Some(len) = matched(rest, form, fold)
            && !(closes && rest[len..].starts_with(is_word))
        {
            spans.push(Span::new(start, start + len));
        }
    }
    spans
}

/// Number of bytes at the beginning of `text` that match `form`.
fn matched(text: &str, form: &str, fold: bool) -> Option<usize> {
    if form.is_empty() {
        return None;
    }
    if !fold {
        return text.starts_with(form).then_some(form.len());
    }
    let mut wanted = form.chars().flat_map(char::to_lowercase).peekable();
    for (offset, c) in text.char_indices() {
        if !c.to_lowercase().all(|c| wanted.next() == Some(c)) {
            return None;
        }
        if wanted.peek().is_none() {
            return Some(offset + c.len_utf8());
        }
    }
    None
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl Lexicon {
    /// Positions of `word`, a lemma or a form of one, in `text`: as it is written, else in any
    /// case, else in another form that its lemma had in training, in any case. Empty if nothing is
    /// found.
    #[must_use]
    pub fn places(&self, text: &str, word: &str) -> Vec<Span> {
        for fold in [false, true] {
            let spans = places(text, word, fold);
            if !spans.is_empty() {
                return spans;
            }
        }
        let mut spans: Vec<Span> = vec![];
        for form in self.named(word).iter().flat_map(|word| word.forms.keys()) {
            for span in places(text, form, true) {
                if !spans.iter().any(|other| other.overlaps(span)) {
                    spans.push(span);
                }
            }
        }
        spans.sort_unstable();
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, form: &str, fold: bool) -> Vec<(usize, usize)> {
        places(text, form, fold).into_iter().map(|s| (s.start, s.end)).collect()
    }

    #[test]
    fn a_word_is_not_a_part_of_another() {
        assert_eq!(
            found("bank banks embank bank-bank", "bank", false),
            [(0, 4), (18, 22), (23, 27)]
        );
        assert_eq!(found("Bank BANK bank", "bank", false), [(10, 14)]);
        assert_eq!(found("Bank BANK bank", "bank", true), [(0, 4), (5, 9), (10, 14)]);
        assert_eq!(found("they take place, taking place", "take place", true), [(5, 15)]);
        assert_eq!(found("", "bank", true), []);
        assert_eq!(found("bank", "", true), []);
        assert_eq!(found("a a a", "a a", true), [(0, 3)]);
        assert_eq!(found("the dog's tail", "'s", false), [(7, 9)]);
    }

    /// `İ` (2 bytes) is `i̇` in lower case, of two characters; `ß` has no capital that it folds to.
    #[test]
    fn case_may_change_how_long_a_word_is() {
        assert_eq!(found("xi i\u{307}d", "İD", true), [(3, 7)]);
        assert_eq!(found("İd", "i\u{307}d", true), [(0, 3)]);
        assert_eq!(found("ÉCOLE école", "école", true), [(0, 6), (7, 13)]);
    }
}
