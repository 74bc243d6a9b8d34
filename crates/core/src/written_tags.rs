//! Tags as files write them, each read by itself: every command reads them alike.
use std::collections::HashMap;

use crate::tag::{Prefix, Tag};

/// Letters that a tag begins with, `O` aside.
pub const TAG_LETTERS: &str = "BIESLU";

/// Reader of the tags of a file. A tag is `O`, or one of [`TAG_LETTERS`], with a hyphen and a label
/// behind it; without them the label is `_`. Anything else is not a tag, as a label alone (`PER`),
/// `-`, `_` and `0`: a guess would make entities of typing errors.
///
/// ```
/// use cloze_core::{Prefix, Tag, WrittenTags};
///
/// let mut tags = WrittenTags::default();
/// assert_eq!(tags.parse("B-PER"), Some((Some('B'), Tag::Part(Prefix::Begin, 0))));
/// assert_eq!(tags.parse("I"), Some((Some('I'), Tag::Part(Prefix::Inside, 1))));
/// assert_eq!((tags.parse("O"), tags.parse("PER")), (Some((None, Tag::Outside)), None));
/// assert_eq!((tags.label(0), tags.label(1)), ("PER", "_"));
/// ```
#[derive(Debug, Default)]
pub struct WrittenTags<'a> {
    labels: Vec<&'a str>,
    numbers: HashMap<&'a str, usize>,
}

impl<'a> WrittenTags<'a> {
    /// Reads a tag: its letter, which `O` does not have, and its meaning. `None` for what is not a tag.
    pub fn parse(&mut self, tag: &'a str) -> Option<(Option<char>, Tag)> {
        if tag == "O" {
            return Some((None, Tag::Outside));
        }
        let mut rest = tag.chars();
        let letter = rest.next()?;
        let prefix = match letter {
            'B' => Prefix::Begin,
            'I' => Prefix::Inside,
            'E' | 'L' => Prefix::End,
            'S' | 'U' => Prefix::Single,
            _ => return None,
        };
        let label = match rest.as_str() {
            "" => "",
            rest => rest.strip_prefix('-')?,
        };
        let label = if label.is_empty() { "_" } else { label };
        let number = *self.numbers.entry(label).or_insert_with(|| {
            self.labels.push(label);
            self.labels.len() - 1
        });
        Some((Some(letter), Tag::Part(prefix, number)))
    }

    /// Label with this number, which must have come from here.
    #[must_use]
    pub fn label(&self, number: usize) -> &'a str {
        self.labels[number]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_tag_is_none() {
        let mut tags = WrittenTags::default();
        for text in
            ["", "o", "PER", "0", "-", "_", "b-PER", "B_PER", "BPER", "O-PER", "X-PER", "-PER", "É"]
        {
            assert_eq!(tags.parse(text), None, "{text:?}");
        }
        for (text, letter, label) in [
            ("B", 'B', "_"),
            ("I-", 'I', "_"),
            ("L-PER", 'L', "PER"),
            ("U-a-b", 'U', "a-b"),
            ("S- x", 'S', " x"),
        ] {
            let (found, tag) = tags.parse(text).unwrap_or_else(|| panic!("{text}"));
            let Tag::Part(_, number) = tag else { panic!("{text}") };
            assert_eq!((found, tags.label(number)), (Some(letter), label), "{text}");
        }
    }
}
