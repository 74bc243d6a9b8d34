//! Forms of one value that stand for the same.
use unicode_normalization::UnicodeNormalization as _;

/// Possessive endings of English names.
const POSSESSIVES: [&str; 2] = ["'s", "’s"];

/// Returns the form that a value has in comparisons: NFKC, lower case, white space as one space, without a
/// possessive ending.
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
}
