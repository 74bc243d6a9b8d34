//! Forms of one value that stand for the same.
use unicode_normalization::UnicodeNormalization as _;

/// Possessive endings of English names.
const POSSESSIVES: [&str; 2] = ["'s", "’s"];

/// Digits from which on a value is a number, which is the same however it is grouped. Dates have fewer.
const NUMBER_DIGITS: usize = 9;

/// Returns the form that a value has in comparisons: NFKC, lower case, white space as one space, without a
/// possessive ending; of a number its letters, digits and plus sign, so that `4111 1111-…` is `41111111…`.
pub(crate) fn canonical(value: &str) -> String {
    let folded: String = value.nfkc().flat_map(char::to_lowercase).collect();
    let mut words = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    for ending in POSSESSIVES {
        if let Some(stem) = words.strip_suffix(ending)
            && !stem.is_empty()
        {
            words.truncate(stem.len());
        }
    }
    let digits = words.bytes().filter(u8::is_ascii_digit).count();
    // Dots and colons tell addresses of networks apart, and at signs those of people.
    if digits >= NUMBER_DIGITS && !words.contains(['@', '.', ':', '/', '_']) {
        words.retain(|c| c.is_alphanumeric() || c == '+');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn case_width_space_and_possessive_are_one_value() {
        for same in ["Ada  Lovelace", "ADA LOVELACE", "ada\u{a0}lovelace's", "Ａda\nLovelace’s"]
        {
            assert_eq!(canonical(same), "ada lovelace", "{same}");
        }
        assert_eq!(canonical("'s"), "'s");
        assert_ne!(canonical("Ada"), canonical("Adas"));
    }

    #[test]
    fn numbers_are_the_same_in_any_groups() {
        for same in ["4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111"] {
            assert_eq!(canonical(same), "4111111111111111");
        }
        assert_eq!(canonical("DE89 3704 0044"), canonical("de8937040044"));
        assert_eq!(canonical("+1 (555) 123-4567"), "+15551234567");
        for (value, other) in [
            ("192.168.101.10", "192.168.10.110"),
            ("1984-03-12", "19840312"),
            ("a-1@b.example", "a1@b.example"),
            ("+1 555 123 4567", "555 123 4567"),
        ] {
            assert_ne!(canonical(value), canonical(other), "{value}");
        }
    }
}
