//! Words beside a finding, and kinds of labels.

/// A word of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Word<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Whether a label is one of names of people: of the model `pii`, of `ner-en`, or of the recognisers.
pub(super) fn is_name(label: &str) -> bool {
    matches!(label, "GIVEN_NAME" | "SURNAME" | "PERSON" | "PER")
}

/// Whether a label is one of parts of addresses.
pub(super) fn is_part_of_address(label: &str) -> bool {
    matches!(
        label,
        "BUILDING_NUMBER"
            | "STREET_NAME"
            | "SECONDARY_ADDRESS"
            | "CITY"
            | "STATE"
            | "ZIP_CODE"
            | "COUNTRY"
    )
}

/// The word behind byte `end`, one blank away.
pub(super) fn word_after(text: &str, end: usize) -> Option<Word<'_>> {
    let rest = text[end..].strip_prefix(' ')?;
    let length = rest.len() - rest.trim_start_matches(in_word).len();
    let word = rest[..length].trim_end_matches(['-', '\'', '’']);
    let start = end + 1;
    (!word.is_empty()).then_some(Word { text: word, start, end: start + word.len() })
}

/// The word before byte `start`, one blank away.
pub(super) fn word_before(text: &str, start: usize) -> Option<Word<'_>> {
    let rest = text[..start].strip_suffix(' ')?;
    let kept = rest.trim_end_matches(in_word).len();
    let word = &rest[kept..];
    (!word.is_empty()).then_some(Word { text: word, start: kept, end: rest.len() })
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '\'' | '’')
}

/// Whether a word has a capital first and a small letter behind it.
pub(super) fn is_capitalised(word: &str) -> bool {
    let mut chars = word.chars();
    chars.next().is_some_and(char::is_uppercase) && chars.any(char::is_lowercase)
}
