//! Texts in words, the same for those that are searched and those that are searched for.
use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

/// Shows `visit` every word of `text` in order, in lower case.
///
/// Words are those of UAX #29 with a letter or number in them, in the form NFKC, so that one letter is
/// one whatever way it was encoded. Apostrophes part words: whoever looks for `école` means `l'école`,
/// too. Accents stay, since they make another word in many languages (`schon`, `schön`). Where a script
/// puts no spaces between words, as Chinese does, every character is a word. Emoji are none.
pub(super) fn for_each_word(text: &str, mut visit: impl FnMut(&str)) {
    let text: Cow<'_, str> =
        if text.is_ascii() { text.into() } else { text.nfkc().collect::<String>().into() };
    for word in text.unicode_words().flat_map(|word| word.split(['\'', '’'])) {
        if word.contains(char::is_alphanumeric) {
            visit(&word.to_lowercase());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lower_case_and_whole() {
        let words = |text: &str| {
            let mut words = vec![];
            for_each_word(text, |word| words.push(word.to_owned()));
            words.join("|")
        };
        for (text, expected) in [
            ("", ""),
            (" \n-- \u{0} '’ \u{300}", ""),
            ("The QUICK (\"brown\") fox-trot, 3.14!", "the|quick|brown|fox|trot|3.14"),
            ("don't l’école 'tis", "don|t|l|école|tis"),
            ("e\u{301}t\u{e9} \u{e9}te\u{301}", "été|été"),
            ("ÄRGER Straße ΟΔΟΣ", "ärger|straße|οδο\u{3c2}"),
            ("\u{ff21}\u{ff22} \u{fb01}n", "ab|fin"),
            ("東京 タワー", "東|京|タワー"),
            ("😀 ok👍🏽", "ok"),
            ("AND OR +a -b \"c\" d:e f* (g", "and|or|a|b|c|d:e|f|g"),
        ] {
            assert_eq!(words(text), expected, "{text:?}");
        }
    }
}
