//! Tags as written, and the labels in them.
use std::collections::HashMap;

use cloze_core::{Prefix, Tag};

/// The labels met so far, each with a number.
#[derive(Default)]
pub(super) struct Labels<'a> {
    names: Vec<&'a str>,
    places: HashMap<&'a str, usize>,
}

impl<'a> Labels<'a> {
    /// Reads a tag: its letter, which `O` has not, and what it means. `None` for what is not a tag.
    pub(super) fn parse(&mut self, tag: &'a str) -> Option<(Option<char>, Tag)> {
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
        let number = *self.places.entry(label).or_insert_with(|| {
            self.names.push(label);
            self.names.len() - 1
        });
        Some((Some(letter), Tag::Part(prefix, number)))
    }

    /// The label with this number, which must have come from here.
    pub(super) fn name(&self, number: usize) -> &'a str {
        self.names[number]
    }
}
