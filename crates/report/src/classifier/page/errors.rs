//! Misclassified texts, and likely label errors.
use crate::classifier::{ConfidentError, LikelyLabelError};
use crate::page::table::{Numbers, Words, figure, labels, row, table, words};
use crate::page::{attribute, text};
use cloze_metrics::labels::{LabelEvaluation, LabelReport};

/// About the number of characters shown of a text.
const SHOWN: usize = 300;
/// Number of these that may be dropped to end between words.
const SLACK: usize = 30;

/// Writes the most confident errors.
pub(crate) fn confident(evaluation: &LabelEvaluation, errors: &[ConfidentError]) -> String {
    let mut rows = Vec::with_capacity(errors.len());
    for error in errors {
        rows.push(row(&[
            figure(error.probability),
            labels(&error.gold),
            labels(&error.predicted),
            texts(&error.text, error.second.as_deref()),
            place(&error.path, error.line),
        ]));
    }
    let total = wrong(evaluation);
    let shown = errors.len() as u64;
    let caption = if shown < total {
        format!("The {shown} most confident of {total} errors")
    } else {
        "Errors, the most confident first".to_owned()
    };
    let head =
        [Numbers("probability"), Words("gold"), Words("predicted"), Words("text"), Words("place")];
    format!("<div class=\"doubts\">\n{}</div>\n", table(&caption, &head, &rows))
}

/// Writes the likely label errors.
pub(crate) fn likely(errors: &[LikelyLabelError], count: usize) -> String {
    let mut rows = Vec::with_capacity(errors.len());
    for error in errors {
        rows.push(row(&[
            figure(error.margin),
            words(&error.given),
            words(&error.suggested),
            texts(&error.text, error.second.as_deref()),
            place(&error.path, error.line),
        ]));
    }
    let more = if errors.len() == count {
        String::new()
    } else {
        format!(" There are {count}; the first {} are shown.", errors.len())
    };
    let head =
        [Numbers("margin"), Words("given"), Words("suggested"), Words("text"), Words("place")];
    format!(
        "<p>Classifiers that were not trained on these examples confidently predict another label; the \
         margin is the difference of the two probabilities. They are found by confident learning \
         (Northcutt et al. 2021); please review them.{more}</p>\n<div class=\"doubts\">\n{}</div>\n",
        table("The most likely first", &head, &rows)
    )
}

/// Counts the misclassified examples.
#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to all examples")]
fn wrong(evaluation: &LabelEvaluation) -> u64 {
    match &evaluation.report {
        LabelReport::Single(report) => {
            let diagonal = report.confusion.counts.iter().enumerate();
            let right: u64 = diagonal.filter_map(|(i, row)| row.get(i)).sum();
            report.examples - right.min(report.examples)
        }
        LabelReport::Multi(report) => {
            ((1.0 - report.subset_accuracy) * report.examples as f64).round() as u64
        }
    }
}

fn place(path: &str, line: u64) -> String {
    words(&format!("{path}:{line}"))
}

/// Writes a text or a pair, each in its own direction, with the whole text as a tooltip if it is cut.
fn texts(first: &str, second: Option<&str>) -> String {
    let second = second.map(|second| format!("<hr>{}", cut_text(second))).unwrap_or_default();
    format!("<td class=\"text\">{}{second}</td>", cut_text(first))
}

fn cut_text(whole: &str) -> String {
    let shown = cut(whole);
    if shown.len() == whole.len() {
        format!("<div dir=\"auto\">{}</div>", text(whole))
    } else {
        let title = attribute(whole);
        format!("<div dir=\"auto\" title=\"{title}\">{}…</div>", text(shown))
    }
}

/// Cuts a long text, at a space if there is one near, and never within an emoji or
/// between a letter and its accents.
fn cut(whole: &str) -> &str {
    let Some((mut end, _)) = whole.char_indices().nth(SHOWN) else {
        return whole;
    };
    let near = whole[..end].char_indices().rev().nth(SLACK - 1).map_or(0, |(offset, _)| offset);
    if let Some(space) = whole[near..end].rfind(char::is_whitespace) {
        return whole[..near + space].trim_end();
    }
    while let Some(last) = whole[..end].chars().next_back() {
        let next = whole[end..].chars().next().unwrap_or(' ');
        if end <= near || !(joins(next) || joins(last) && last == '\u{200d}') {
            break;
        }
        end -= last.len_utf8();
    }
    &whole[..end]
}

/// Returns whether a character belongs to the one before: accents, joiners, variants, skin tones.
fn joins(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{20e3}')
        || unicode_normalization::char::is_combining_mark(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_words_and_never_in_a_character() {
        assert_eq!(cut("short\ntext"), "short\ntext");
        let exact = "é".repeat(SHOWN);
        assert_eq!(cut(&exact), exact);
        assert_eq!(cut(&"é".repeat(SHOWN + 1)), exact);
        // 295 letters, a space, and a word that would end at 304.
        let spaced = format!("{} {}", "a".repeat(295), "b".repeat(8));
        assert_eq!(cut(&spaced), "a".repeat(295));
        // A family of five characters from the 298th on: all or nothing.
        let family = "👩\u{200d}👩\u{200d}👧";
        let emoji = format!("{}{family}{family}", "a".repeat(297));
        assert_eq!(cut(&emoji), "a".repeat(297));
        // The accent is the 301st character.
        let accent = format!("{}e\u{301}x", "a".repeat(299));
        assert_eq!(cut(&accent), "a".repeat(299));
        // Nothing but joiners ends, too.
        assert!(!cut(&"\u{200d}".repeat(2 * SHOWN)).is_empty());
    }
}
