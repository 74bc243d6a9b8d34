//! Frequencies of labels, and labels that may be wrong.
use std::collections::BTreeMap;

use serde::Serialize;

use super::finding::{Finding, FindingKind, LabelledLine, SourceLine};
use super::texts::folded;

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
            spellings.entry(folded(label)).or_default().push((label, source_line));
        }
        for same in spellings.values().filter(|same| same.len() > 1) {
            findings.push(finding(FindingKind::LabelSpelling, same.len() as f64, same, None));
        }
    }
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
