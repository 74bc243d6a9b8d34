//! Addresses of parts: what is between them belongs to them.
use cloze_core::Span;

use super::words::is_part_of_address;
use super::{Finding, has_text};

/// Most bytes between two parts.
const GAP: usize = 40;
/// Most words between two parts.
const WORDS: usize = 3;
/// Letters of words that may stand between two parts, whatever they are: `in`, `of`, `Apt`.
const SHORT: usize = 3;

/// Longer words between two parts, in small letters.
const BETWEEN: &[&str] = &[
    "suite", "flat", "unit", "floor", "near", "opposite", "behind", "next", "corner", "building",
    "block", "level", "ecke", "nahe", "près", "cerca", "junto", "vicino", "esquina", "angle",
    "county", "house",
];

/// Phrases before a street that are part of its address.
const LEADS: &[&str] =
    &["the corner of ", "corner of ", "The corner of ", "à l'angle de ", "la esquina de ", "Ecke "];

/// Makes text between parts of one address a part of the one before it.
pub(super) fn completed(text: &str, findings: &mut [Finding]) {
    for i in 0..findings.len() {
        if !is_part_of_address(&findings[i].label) {
            continue;
        }
        let start = i.checked_sub(1).map_or(0, |last| findings[last].span.end);
        if matches!(findings[i].label.as_str(), "STREET_NAME" | "BUILDING_NUMBER") {
            let before = &text[start..findings[i].span.start];
            if let Some(lead) = LEADS.iter().find(|lead| before.ends_with(**lead)) {
                findings[i].span.start -= lead.len();
            }
        }
        let Some(next) = findings.get(i + 1).filter(|next| is_part_of_address(&next.label)) else {
            continue;
        };
        let gap = Span::new(findings[i].span.end, next.span.start);
        let placed = [&findings[i], next]
            .iter()
            .any(|part| !matches!(part.label.as_str(), "CITY" | "COUNTRY" | "STATE"));
        if placed && has_text(text, gap) && is_connecting(text, gap) {
            let between = &text[gap.start..gap.end];
            let kept = between.trim_end_matches(|c: char| !c.is_alphanumeric());
            findings[i].span.end = gap.start + kept.len();
        }
    }
}

/// Whether text between two parts is punctuation and short words, numbers or names.
fn is_connecting(text: &str, gap: Span) -> bool {
    let Some(between) = gap.of(text).filter(|between| between.len() <= GAP) else { return false };
    let blank_line = between.split('\n').count() > 2 && between.contains("\n\n");
    let sentence =
        between.contains(['?', '!', ':', ';', '=', '"', '{', '|']) || ends_sentence(between);
    let mut words =
        between.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    let fits = |word: &str| {
        word.chars().count() <= SHORT
            || word.chars().all(char::is_numeric)
            || word.starts_with(char::is_uppercase)
            || BETWEEN.contains(&word.to_lowercase().as_str())
    };
    !blank_line && !sentence && words.clone().count() <= WORDS && words.all(fits)
}

/// Whether a full stop behind a word, not an abbreviation, is in a text.
fn ends_sentence(between: &str) -> bool {
    between.match_indices(". ").any(|(at, _)| {
        let word = between[..at].rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        word.len() > SHORT
            || word.is_empty() && at == 0 && between[at + 2..].starts_with(char::is_uppercase)
    })
}
