//! Entities at line ends: models do not see them, since tokenizers take them for spaces.
use std::ops::Range;

use cloze_core::{FieldKey, line_at, line_ends};

use super::Unit;

/// Parts of a run of units between which the text parts entities.
///
/// No entity goes on across a blank line, and none across a line end where the line before or behind it
/// is a form's field ([`FieldKey`]). Across another line end it does, as the model has it. A part that
/// would begin in the key of the line behind (`Name: Jane⏎City: Kassel`) begins behind the key: nothing
/// but the line before made that key an entity.
pub(super) fn parts_at_lines(text: &str, units: &[Unit], run: Range<usize>) -> Vec<Range<usize>> {
    let (mut parts, mut start, mut i) = (vec![], run.start, run.start + 1);
    while i < run.end {
        let (before, behind) = (units[i - 1].span, units[i].span);
        let ends = text.get(before.end..behind.start).map_or(0, line_ends);
        if ends == 0 {
            i += 1;
            continue;
        }
        let line_of = |offset: usize| line_at(text, offset).of(text).unwrap_or_default();
        let line = line_at(text, behind.start);
        let key = line.of(text).and_then(FieldKey::at_start);
        let is_field =
            FieldKey::marks(line_of(before.start)) || FieldKey::marks(line_of(behind.start));
        if ends > 1 || is_field {
            parts.push(start..i);
            let key_end = key.map_or(0, |key| line.start + key.span.end);
            start = i + units[i..run.end].iter().take_while(|u| u.span.start < key_end).count();
            i = start;
        }
        i += 1;
    }
    parts.push(start..run.end);
    parts.retain(|part| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use cloze_core::Span;

    use super::*;

    /// Units of white-space words, colons apart; all of them one run.
    fn parts(text: &str) -> Vec<&str> {
        let mut units = vec![];
        let mut push = |start: usize, end: usize| {
            if start < end {
                units.push(Unit { span: Span::new(start, end), probabilities: vec![] });
            }
        };
        let mut start = 0;
        for (i, c) in text.char_indices() {
            if c.is_whitespace() || c == ':' {
                push(start, i);
                start = i + c.len_utf8();
            }
            if c == ':' {
                push(i, i + 1);
            }
        }
        push(start, text.len());
        let run = 0..units.len();
        let parts = parts_at_lines(text, &units, run).into_iter();
        parts
            .map(|part| &text[units[part.start].span.start..units[part.end - 1].span.end])
            .collect()
    }

    #[test]
    fn blank_lines_and_fields_part_entities() {
        for (text, expected) in [
            ("Angela Merkel", &["Angela Merkel"][..]),
            ("Angela\nMerkel", &["Angela\nMerkel"]),
            ("Angela\r\nMerkel", &["Angela\r\nMerkel"]),
            ("Angela\n\nMerkel", &["Angela", "Merkel"]),
            ("Angela\n \t\r\nMerkel", &["Angela", "Merkel"]),
            ("Angela\u{2029}\u{2029}Merkel", &["Angela", "Merkel"]),
            ("A\n\nB\nC\n\n\nD", &["A", "B\nC", "D"]),
            ("Name: Jane Place\nCity: Kassel", &["Name: Jane Place", "Kassel"]),
            ("Jane Place\nCity: Kassel", &["Jane Place", "Kassel"]),
            ("Jane Place\nCity:", &["Jane Place"]),
            ("Jane Place\nCity:\nKassel", &["Jane Place", "Kassel"]),
            ("signed by:\nJane\nPlace", &["signed by:", "Jane\nPlace"]),
            ("Name: Jane\nPlace", &["Name: Jane", "Place"]),
            ("at 10:30 Jane\nPlace", &["at 10:30 Jane\nPlace"]),
            ("", &[]),
        ] {
            assert_eq!(parts(text), expected, "{text:?}");
        }
    }
}
