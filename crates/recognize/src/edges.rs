//! Neighbours of a match: whether it is a whole word or number, or the part of another.
use crate::normal::is_superscript;
use crate::row::Edges;

/// Whether `c` continues the word beside it. Scripts without spaces between words (Thai, Chinese,
/// Japanese) and Semitic prefixes do not: a number begins right behind them.
pub(crate) fn joins(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || c == '_'
        || c < '\u{590}' && c.is_alphanumeric() && !is_superscript(c)
}

/// Whether a match may begin at byte `start` of `text`.
pub(crate) fn may_begin(text: &str, start: usize, edges: Edges) -> bool {
    let mut before = text[..start].chars().rev();
    let Some(last) = before.next() else { return true };
    let second = before.next();
    let digit_before = second.is_some_and(|c| c.is_ascii_digit());
    let word_before = second.is_some_and(|c| c.is_ascii_alphanumeric());
    match edges {
        Edges::Any => true,
        Edges::Name => last == '_' || !joins(last),
        _ if joins(last) => false,
        Edges::Phone if last == ' ' && few_digits(&text[..start - 1]) => {
            text[start..].starts_with(['+', '('])
        }
        Edges::Open => true,
        Edges::Domain => !matches!(last, '@' | '/' | '.' | '-' | '\\'),
        Edges::Hex => {
            let signs = text[..start].bytes().rev().take(2).take_while(|b| b":-.".contains(b));
            let head = &text[..start - signs.count()];
            let word = head.len() - head.trim_end_matches(|c: char| c.is_ascii_hexdigit()).len();
            let whole = !head[..head.len() - word].chars().next_back().is_some_and(joins);
            !(matches!(last, ':' | '-' | '.') && whole && (1..=4).contains(&word))
        }
        Edges::Code => !(last == '-' && word_before || last == '.' && digit_before),
        Edges::Card if last == ' ' && group_of_four(&text[..start - 1]) => false,
        Edges::Number | Edges::Card | Edges::Phone | Edges::Address => match last {
            '$' | '€' | '£' | '¥' | '₹' | '+' => false,
            '-' => !word_before,
            '.' | '/' | ':' => !digit_before,
            ' ' => !matches!(second, Some('$' | '€' | '£' | '¥' | '₹')),
            _ => true,
        },
    }
}

/// Whether a match may end at byte `end` of `text`.
pub(crate) fn may_end(text: &str, end: usize, edges: Edges) -> bool {
    let mut after = text[end..].chars();
    let Some(next) = after.next() else { return true };
    let second = after.next();
    let digit_after = second.is_some_and(|c| c.is_ascii_digit());
    let letter_after = second.is_some_and(|c| c.is_ascii_alphabetic());
    match edges {
        Edges::Any | Edges::Open | Edges::Name => true,
        _ if joins(next) => false,
        Edges::Domain => !matches!(next, '@' | '(' | '-'),
        Edges::Hex => !(matches!(next, ':' | '-' | '.') && (digit_after || letter_after)),
        Edges::Code => !(next == '-' && (digit_after || letter_after)),
        Edges::Number | Edges::Card => match next {
            '-' => !digit_after && !letter_after,
            '.' | '/' | ':' => !digit_after,
            '%' | '€' | '£' => false,
            ' ' => !matches!(second, Some('€' | '£' | '%')),
            _ => true,
        },
        Edges::Phone => match next {
            '-' | '.' | '/' | ':' => !digit_after,
            '%' | '€' | '£' => false,
            _ => true,
        },
        Edges::Address => {
            !(matches!(next, '-' | '.') && (digit_after || letter_after && next == '-'))
        }
    }
}

/// Whether `text` ends in a word of one or two digits, as the head of a grouped number does.
fn few_digits(text: &str) -> bool {
    let word = text.len() - text.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).len();
    matches!(word, 1 | 2) && text.bytes().rev().take(word).all(|byte| byte.is_ascii_digit())
}

/// Whether `text` ends in a word of four capitals and digits with a digit.
fn group_of_four(text: &str) -> bool {
    let word = text.len() - text.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).len();
    word == 4 && text.as_bytes()[text.len() - 4..].iter().any(u8::is_ascii_digit)
}

/// End of the match once its last word and the separators before it are taken away; `None` once
/// nothing is left.
pub(crate) fn shorter(text: &str, start: usize, end: usize) -> Option<usize> {
    let kept = text[start..end]
        .trim_end_matches(|c: char| c.is_ascii_alphanumeric())
        .trim_end_matches(|c: char| !c.is_alphanumeric());
    (!kept.is_empty() && start + kept.len() < end).then_some(start + kept.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_not_parts_of_others() {
        for (text, part, expected) in [
            ("id 123 x", "123", true),
            ("id:123,x", "123", true),
            ("a,123,b", "123", true),
            ("卡号123元", "123", true),
            ("(123)", "123", true),
            ("1.123", "123", false),
            ("x-123", "123", false),
            ("a123", "123", false),
            ("é123", "123", false),
            ("$123", "123", false),
            ("€ 123", "123", false),
            ("12:123", "123", false),
            ("123kg", "123", false),
            ("123-a", "123", false),
            ("123.5", "123", false),
            ("123%", "123", false),
            ("123.", "123", true),
            ("123² x", "123", true),
        ] {
            let start = text.rfind(part).expect("the part is there");
            let whole = may_begin(text, start, Edges::Number)
                && may_end(text, start + part.len(), Edges::Number);
            assert_eq!(whole, expected, "{text}");
        }
    }

    #[test]
    fn shorter_takes_words_away() {
        let text = "12 34-56";
        assert_eq!(shorter(text, 0, 8), Some(5));
        assert_eq!(shorter(text, 0, 5), Some(2));
        assert_eq!(shorter(text, 0, 2), None);
    }
}
