//! Texts made alike before they are compared.

/// Marks of ASCII, as Python's `string.punctuation`.
fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
}

/// A text in lower case without punctuation of ASCII, English articles and repeated white space.
///
/// Source: `normalize_answer` of the evaluation script of `SQuAD` 1.1 (Rajpurkar et al., EMNLP 2016).
#[must_use]
pub fn normalized(text: &str) -> String {
    let text: String = text.to_lowercase().chars().filter(|c| !is_punctuation(*c)).collect();
    // Articles are words as `\b` has it: of letters, digits and combining marks.
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_alphanumeric() {
            word.push(c);
            continue;
        }
        out.push_str(if matches!(word.as_str(), "a" | "an" | "the") { " " } else { &word });
        word.clear();
        out.push(c);
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_case_and_marks_do_not_count() {
        for (text, expected) in [
            ("The  Eiffel Tower.", "eiffel tower"),
            ("an apple, a day", "apple day"),
            ("U.S.A.", "usa"),
            ("theatre and then", "theatre and then"),
            ("Ünïcode — a “quote”", "ünïcode — “quote”"),
            ("a", ""),
        ] {
            assert_eq!(normalized(text), expected);
        }
    }
}
