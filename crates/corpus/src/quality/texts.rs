//! Texts that occur more than once.
use std::collections::{BTreeSet, HashMap};

use unicode_normalization::UnicodeNormalization as _;

use super::finding::{Finding, FindingKind, LabelledLine};
use super::near::{Likeness, NearDuplicate, near_duplicates};

/// A text of an example, or both of a pair.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CheckedText {
    /// Text, or the first of a pair.
    pub first: String,
    /// Second of a pair.
    pub second: Option<String>,
}

impl CheckedText {
    /// Both texts as [`folded`] has them.
    fn folded(&self) -> Self {
        Self { first: folded(&self.first), second: self.second.as_deref().map(folded) }
    }

    /// Text for people, both of a pair with ` | ` between them.
    #[must_use]
    pub fn shown(&self) -> String {
        let second = self.second.iter().flat_map(|second| [" | ", second]);
        [self.first.as_str()].into_iter().chain(second).collect()
    }
}

/// Text in Unicode's normal form NFKC and without case, with one space for every run of white space
/// and none at the ends.
#[must_use]
pub fn folded(text: &str) -> String {
    // By the upper case, so that `ß` is `ss` and both sigmas are one.
    let folded: String =
        text.nfkc().flat_map(char::to_uppercase).collect::<String>().to_lowercase();
    folded.nfkc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Places of texts, by the folded text.
#[derive(Clone, Debug, Default)]
pub struct RepeatedTexts {
    groups: HashMap<CheckedText, Vec<(CheckedText, LabelledLine)>>,
}

impl RepeatedTexts {
    /// Adds a text with its place.
    pub fn add(&mut self, text: CheckedText, occurrence: LabelledLine) {
        self.groups.entry(text.folded()).or_default().push((text, occurrence));
    }

    /// Adds texts that occur more than once: with several labels, or with one.
    pub fn repeated(&self, findings: &mut Vec<Finding>) {
        for group in self.groups.values().filter(|group| group.len() > 1) {
            let labels: BTreeSet<_> = group.iter().map(|(_, line)| &line.label).collect();
            if labels.len() > 1 {
                let same = group.iter().all(|(text, _)| *text == group[0].0);
                let note = (!same).then(|| "except for case and spaces".to_owned());
                findings.push(Finding { note, ..finding(FindingKind::Contradiction, group) });
                continue;
            }
            let mut spellings: Vec<(CheckedText, LabelledLine)> = vec![];
            for (text, _) in group {
                if spellings.iter().any(|(known, _)| known == text) {
                    continue;
                }
                let same: Vec<_> = group.iter().filter(|(t, _)| t == text).cloned().collect();
                spellings.push(same[0].clone());
                if same.len() > 1 {
                    findings.push(finding(FindingKind::Duplicate, &same));
                }
            }
            if spellings.len() > 1 {
                findings.push(finding(FindingKind::FoldedDuplicate, &spellings));
            }
        }
    }

    /// Distinct texts with their places.
    #[must_use]
    pub fn distinct(&self) -> Vec<(&CheckedText, Vec<&LabelledLine>)> {
        let mut places: HashMap<&CheckedText, Vec<&LabelledLine>> = HashMap::new();
        for (text, line) in self.groups.values().flatten() {
            places.entry(text).or_default().push(line);
        }
        let mut distinct: Vec<_> = places.into_iter().collect();
        distinct.sort_by(|(_, a), (_, b)| a.cmp(b));
        distinct
    }

    /// Adds texts that are in `other`, too; those with another label there weigh more.
    pub fn leaked(&self, other: &Self, findings: &mut Vec<Finding>) {
        for (key, group) in &self.groups {
            let Some(there) = other.groups.get(key) else { continue };
            let exact = group.iter().any(|(text, _)| there.iter().any(|(t, _)| t == text));
            let kind = if exact { FindingKind::Leak } else { FindingKind::FoldedLeak };
            let labels = |group: &[(CheckedText, LabelledLine)]| -> BTreeSet<Option<String>> {
                group.iter().map(|(_, line)| line.label.clone()).collect()
            };
            let agreed = labels(group) == labels(there);
            let both = [group.as_slice(), there].concat();
            let mut finding = finding(kind, &both);
            if !agreed {
                finding.note = Some("with another label".to_owned());
                finding.weight += DISAGREED;
            }
            findings.push(finding);
        }
    }
}

impl RepeatedTexts {
    /// Adds texts that are nearly the same as one in `other`, lie inside it or have it inside. Returns
    /// whether they were looked for: [`near_duplicates`] does not among too many.
    pub fn nearly_leaked(&self, other: &Self, findings: &mut Vec<Finding>) -> bool {
        let [own, others] = [self, other].map(Self::distinct);
        let all: Vec<_> = own.iter().chain(&others).collect();
        let shown: Vec<String> = all.iter().map(|(text, _)| text.shown()).collect();
        let texts: Vec<&str> = shown.iter().map(String::as_str).collect();
        let is_own = |text: usize| text < own.len();
        let Some(found) = near_duplicates(&texts, |text| usize::from(is_own(text)), is_own) else {
            return false;
        };
        for NearDuplicate { text, like, likeness } in found {
            let (weight, how) = match likeness {
                // They are leaks of another kind.
                Likeness::Equal => continue,
                Likeness::Near => (2.0, "like"),
                Likeness::Inside if texts[text].len() < texts[like].len() => (1.0, "inside"),
                Likeness::Inside => (1.0, "around"),
            };
            let places = all[text].1.iter().chain(&all[like].1);
            findings.push(Finding {
                kind: FindingKind::NearLeak,
                weight,
                occurrences: places.map(|line| (*line).clone()).collect(),
                text: Some(shown[text].clone()),
                suggested: None,
                note: Some(format!("{how} {:?}", beginning(&shown[like]))),
            });
        }
        true
    }
}

/// Most characters of a text in a note.
const NOTED: usize = 60;

fn beginning(text: &str) -> String {
    let (shown, more): (String, _) = (text.chars().take(NOTED).collect(), text.chars().nth(NOTED));
    if more.is_some() { shown + "…" } else { shown }
}

/// More than any number of copies.
const DISAGREED: f64 = 1e12;

#[expect(clippy::cast_precision_loss, reason = "a number of lines is far below 2^53")]
fn finding(kind: FindingKind, group: &[(CheckedText, LabelledLine)]) -> Finding {
    Finding {
        kind,
        weight: group.len() as f64,
        occurrences: group.iter().map(|(_, line)| line.clone()).collect(),
        text: Some(group[0].0.shown()),
        suggested: None,
        note: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::SourceLine;
    use super::*;
    use proptest::prelude::*;

    fn text(first: &str) -> CheckedText {
        CheckedText { first: first.to_owned(), second: None }
    }

    fn at(line: usize, label: &str) -> LabelledLine {
        let source_line = SourceLine { rank: 0, line: line as u64, path: "a".into() };
        LabelledLine { place: source_line, label: Some(label.to_owned()) }
    }

    fn filled(rows: &[(String, String)]) -> RepeatedTexts {
        let mut texts = RepeatedTexts::default();
        for (line, (first, label)) in rows.iter().enumerate() {
            texts.add(text(first), at(line, label));
        }
        texts
    }

    /// The lines of the findings of a kind.
    fn lines(findings: &[Finding], kind: FindingKind) -> BTreeSet<u64> {
        let of_kind = findings.iter().filter(|finding| finding.kind == kind);
        of_kind.flat_map(|finding| &finding.occurrences).map(|line| line.place.line).collect()
    }

    #[test]
    fn what_is_between_two_texts_counts() {
        let pair = |a: &str, b: &str| CheckedText { first: a.into(), second: Some(b.into()) };
        let mut texts = RepeatedTexts::default();
        texts.add(pair("a b", "c"), at(1, "x"));
        texts.add(pair("a", "b c"), at(2, "y"));
        texts.add(pair("A  B", "c "), at(3, "y"));
        let mut findings = vec![];
        texts.repeated(&mut findings);
        assert_eq!(lines(&findings, FindingKind::Contradiction), [1, 3].into());
        assert_eq!(findings[0].text.as_deref(), Some("a b | c"));
    }

    proptest! {
        /// Each row beside each other one, which no index can get wrong. Few texts and labels, so
        /// that they meet.
        #[test]
        fn repeated_texts_are_those_of_all_pairs(
            rows in prop::collection::vec(("[aA] ?b?", "[xy]"), 0..8),
            others in prop::collection::vec(("[aA] ?b?", "[xy]"), 0..4),
        ) {
            let mut findings = vec![];
            filled(&rows).repeated(&mut findings);
            let mut expected = [FindingKind::Contradiction, FindingKind::Duplicate].map(|_| BTreeSet::new());
            let same = |a: &str, b: &str| folded(a) == folded(b);
            for (i, (a, x)) in rows.iter().enumerate() {
                let alike = || rows.iter().enumerate().filter(|(j, (b, _))| *j != i && same(a, b));
                // A group with several labels is a contradiction as a whole.
                let labels: BTreeSet<_> = alike().map(|(_, (_, y))| y).chain([x]).collect();
                if labels.len() > 1 {
                    expected[0].insert(i as u64);
                } else if alike().any(|(_, (b, _))| a == b) {
                    expected[1].insert(i as u64);
                }
            }
            prop_assert_eq!(&lines(&findings, FindingKind::Contradiction), &expected[0]);
            prop_assert_eq!(&lines(&findings, FindingKind::Duplicate), &expected[1]);

            let mut findings = vec![];
            filled(&rows).leaked(&filled(&others), &mut findings);
            let leaks = findings.iter().map(|finding| finding.text.clone().unwrap());
            let leaks: BTreeSet<String> = leaks.map(|text| folded(&text)).collect();
            let both = |of: &[(String, String)]| -> BTreeSet<String> {
                of.iter().map(|(text, _)| folded(text)).collect()
            };
            prop_assert_eq!(leaks.len(), findings.len());
            prop_assert_eq!(leaks, &both(&rows) & &both(&others));
            for finding in &findings {
                let exact = rows.iter().any(|(a, _)| {
                    same(a, finding.text.as_deref().unwrap()) && others.iter().any(|(b, _)| a == b)
                });
                prop_assert_eq!(finding.kind == FindingKind::Leak, exact);
            }
        }
    }
}
