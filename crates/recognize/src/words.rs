//! Lists of words, as one text each: words in small letters with commas between.
use std::collections::HashSet;
use std::sync::LazyLock;

/// Words of a list, which are looked up in constant time.
pub(crate) type WordList = LazyLock<HashSet<&'static str>>;

/// The words of a text with commas and line ends between.
pub(crate) fn word_list(text: &'static str) -> HashSet<&'static str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect()
}
