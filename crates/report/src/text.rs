//! Texts and numbers formatted for a terminal or a table.
use cloze_metrics::Scores;

/// Makes control characters visible: a text must not be able to command the terminal.
#[must_use]
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' | '\t' => shown.push(c),
            // Part of a line end.
            '\r' if chars.peek() == Some(&'\n') => {}
            c if c.is_control() => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// A row of figures: name, precision, recall, F1 and support.
pub(crate) fn scores_row(name: String, scores: &Scores) -> Vec<String> {
    let figures = [scores.precision, scores.recall, scores.f1].map(|x| format!("{x:.4}"));
    let mut row = vec![name];
    row.extend(figures);
    row.push(scores.support.to_string());
    row
}

/// Formats a text for one line of a table.
#[must_use]
pub fn one_line(text: &str) -> String {
    visible(text).replace('\n', "\\n").replace('\t', "\\t")
}

/// Formats a number with four decimals.
#[must_use]
pub fn shown(number: f64) -> String {
    rounded(number, 4)
}

/// Formats a number with so many decimals, without a minus before zero.
#[must_use]
pub fn rounded(number: f64, digits: usize) -> String {
    let text = format!("{number:.digits$}");
    match text.strip_prefix('-') {
        Some(zeros) if zeros.bytes().all(|b| matches!(b, b'0' | b'.')) => zeros.to_owned(),
        _ => text,
    }
}

/// Formats a count with its noun: `1 entity`, `2 entities`.
#[must_use]
pub fn plural(n: u64, what: &str) -> String {
    match (n, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{n} {stem}ies"),
        _ => format!("{n} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_command_the_terminal() {
        assert_eq!(visible("a\x1b[31mb\r\nc\rd\0\u{9b}"), "a\\u{1b}[31mb\nc\\u{d}d\\u{0}\\u{9b}");
        assert_eq!(visible("naïve 👍🏽\n"), "naïve 👍🏽\n");
    }

    #[test]
    fn no_minus_before_zeros_alone() {
        let texts = [-0.000_04, -0.000_06, -0.0, 0.5, -12.0].map(shown);
        assert_eq!(texts, ["0.0000", "-0.0001", "0.0000", "0.5000", "-12.0000"]);
    }

    #[test]
    fn a_text_is_one_line() {
        assert_eq!(one_line("a\r\nb\tc\u{1b}[1m"), "a\\nb\\tc\\u{1b}[1m");
    }

    #[test]
    fn a_word_ending_in_y_has_its_own_plural() {
        assert_eq!(plural(1, "entity"), "1 entity");
        assert_eq!(plural(2, "entity"), "2 entities");
        assert_eq!(plural(0, "text"), "0 texts");
    }
}
