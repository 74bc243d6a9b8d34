//! Frequencies of labels, and labels that may be wrong.
use std::collections::BTreeMap;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;

use super::finding::{Finding, FindingKind, LabelledLine, SourceLine};

/// Fewer examples are too few to train a class on, and to evaluate it by.
const RARE: u64 = 10;
/// More numbers than this are a scale rather than classes.
const CLASSES: usize = 20;
/// Largest number of classes if some numbers have a fraction.
const FRACTIONS: usize = 5;

/// Frequency of each label or tag, and its first place.
#[derive(Clone, Debug, Default)]
pub struct LabelCounts(BTreeMap<String, (u64, SourceLine)>);

/// Frequency of a label or tag.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LabelCount {
    /// Label or tag.
    pub name: String,
    /// Number of times.
    #[serde(rename = "count")]
    pub times: u64,
    /// Share of all there are, 0 to 1.
    pub share: f64,
}

impl LabelCounts {
    /// Counts a label or tag at its place.
    pub fn add(&mut self, name: &str, source_line: &SourceLine) {
        match self.0.get_mut(name) {
            Some((count, _)) => *count += 1,
            None => {
                self.0.insert(name.to_owned(), (1, source_line.clone()));
            }
        }
    }

    /// By name, with shares of `total`.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a number of lines is far below 2^53")]
    pub fn shares(&self, total: u64) -> Vec<LabelCount> {
        let count = |(name, &(times, _)): (&String, &(u64, SourceLine))| LabelCount {
            name: name.clone(),
            times,
            share: times as f64 / total.max(1) as f64,
        };
        self.0.iter().map(count).collect()
    }

    /// Number of all labels or tags.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().map(|(count, _)| count).sum()
    }

    /// Adds labels that are rare, that look like numbers measured, or that look like each other.
    #[expect(clippy::cast_precision_loss, reason = "a number of labels is far below 2^53")]
    pub fn findings(&self, findings: &mut Vec<Finding>) {
        let labels: Vec<_> =
            self.0.iter().map(|(label, (_, source_line))| (label, source_line)).collect();
        let number = |label: &str| label.trim().parse::<f64>().is_ok_and(f64::is_finite);
        let fraction = labels.iter().any(|(label, _)| label.contains('.'));
        let many = if fraction { FRACTIONS } else { CLASSES };
        if labels.len() > many && labels.iter().all(|(label, _)| number(label)) {
            let note = format!("{} numbers: a regression target?", labels.len());
            let first = labels.iter().min_by_key(|(_, source_line)| source_line).copied();
            let first: Vec<_> = first.into_iter().collect();
            findings.push(finding(
                FindingKind::NumericLabels,
                labels.len() as f64,
                &first,
                Some(note),
            ));
            return;
        }
        for (label, (count, source_line)) in self.0.iter().filter(|(_, (count, _))| *count < RARE) {
            let note = format!("only {count}");
            findings.push(finding(
                FindingKind::RareLabel,
                -(*count as f64),
                &[(label, source_line)],
                Some(note),
            ));
        }
        let mut spellings: BTreeMap<String, Vec<(&String, &SourceLine)>> = BTreeMap::new();
        for &(label, source_line) in &labels {
            spellings.entry(spelling(label)).or_default().push((label, source_line));
        }
        for same in spellings.values().filter(|same| same.len() > 1) {
            let note = code_points(same);
            findings.push(finding(FindingKind::LabelSpelling, same.len() as f64, same, note));
        }
    }
}

/// Label in normal form KC and lower case, with one space for every run of white space and none at the
/// ends, without characters that do not show.
fn spelling(label: &str) -> String {
    let shown = |c: &char| {
        !matches!(
            c,
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe0e}' | '\u{fe0f}' | '\u{feff}'
        )
    };
    let label: String = label.nfkc().filter(shown).collect();
    label.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Labels that may look the same, with all but ASCII as code points.
fn code_points(labels: &[(&String, &SourceLine)]) -> Option<String> {
    let plain = |label: &String| label.is_ascii() && label.trim() == label;
    let escaped = |label: &String| {
        let shown =
            |c: char| if c.is_ascii() { c.to_string() } else { c.escape_unicode().to_string() };
        format!("\"{}\"", label.chars().map(shown).collect::<String>())
    };
    let is_seen = labels.iter().all(|(label, _)| plain(label));
    let labels: Vec<String> = labels.iter().map(|(label, _)| escaped(label)).collect();
    (!is_seen).then(|| labels.join(", "))
}

/// Finding about these labels, each with its first place.
fn finding(
    kind: FindingKind,
    weight: f64,
    labels: &[(&String, &SourceLine)],
    note: Option<String>,
) -> Finding {
    let mut occurrences = vec![];
    for &(label, source_line) in labels {
        occurrences.push(LabelledLine { place: source_line.clone(), label: Some(label.clone()) });
    }
    Finding { kind, weight, occurrences, text: None, suggested: None, note }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_label() {
        for (first, second, is_same) in [
            ("Café", "Cafe\u{301}", true),
            ("café", "CAFE\u{301}", true),
            ("PER", "PER ", true),
            ("PER", "\u{a0}PER", true),
            ("PER", "P\u{200b}ER", true),
            ("New York", "new\u{3000} york", true),
            ("ＰＥＲ", "PER", true),
            ("ﬁne", "fine", true),
            ("한국", "한국", true),
            ("Ⅳ", "IV", true),
            ("PER", "PERS", false),
            ("cafe", "café", false),
            ("New York", "NewYork", false),
        ] {
            assert_eq!(spelling(first) == spelling(second), is_same, "{first:?} {second:?}");
        }
    }

    #[test]
    fn labels_that_look_the_same_are_told_apart() {
        let place = SourceLine { rank: 0, line: 1, path: "a".into() };
        let note = |labels: [&str; 2]| {
            let labels = labels.map(str::to_owned);
            code_points(&[(&labels[0], &place), (&labels[1], &place)])
        };
        assert_eq!(note(["x", "X"]), None);
        assert_eq!(note(["x", "x "]), Some("\"x\", \"x \"".into()));
        assert_eq!(note(["é", "e\u{301}"]), Some("\"\\u{e9}\", \"e\\u{301}\"".into()));
    }
}
