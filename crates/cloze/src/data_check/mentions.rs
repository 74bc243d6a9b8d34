//! Numbers and addresses that a recogniser validates, and that the tags leave out or label otherwise.
use std::collections::BTreeSet;
use std::sync::Arc;

use cloze_corpus::TaggedSentence;
use cloze_corpus::quality::{Finding, FindingKind, LabelledLine, SourceLine};
use cloze_recognize::{RecognizerParams, Recognizers};

/// Mentions collected from sentences, with the labels that the tags have.
#[derive(Clone, Debug)]
pub(super) struct Mentions {
    recognizers: Recognizers,
    labels: BTreeSet<String>,
    findings: Vec<Finding>,
}

impl Mentions {
    /// None yet; `None` if the built-in recognisers are refused, which they are not.
    pub(super) fn new() -> Option<Self> {
        let params = RecognizerParams::new().check().ok()?;
        let recognizers = Recognizers::new(params);
        Some(Self { recognizers, labels: BTreeSet::new(), findings: vec![] })
    }

    /// Adds the mentions of a sentence at `source` that no word of the same label covers.
    pub(super) fn add(&mut self, sentence: &TaggedSentence, source: &SourceLine) {
        let labels: Vec<&str> = sentence.tags.iter().map(|tag| label(tag)).collect();
        for label in labels.iter().filter(|label| !label.is_empty()) {
            if !self.labels.contains(*label) {
                self.labels.insert((*label).to_owned());
            }
        }
        for found in
            self.recognizers.find(&sentence.text).into_iter().filter(|found| found.validated)
        {
            let words = sentence
                .words
                .iter()
                .enumerate()
                .filter(|(_, word)| word.start < found.span.end && found.span.start < word.end);
            let words: Vec<usize> = words.map(|(i, _)| i).collect();
            let Some(&first) = words.first() else { continue };
            if words.iter().any(|&i| labels[i] == found.label) {
                continue;
            }
            let given: BTreeSet<&str> =
                words.iter().map(|&i| labels[i]).filter(|label| !label.is_empty()).collect();
            let given = given.into_iter().collect::<Vec<_>>().join(" + ");
            let note = match given.as_str() {
                "" => format!("not marked; {} finds {}", found.recognizer, found.label),
                given => format!("marked {given}; {} finds {}", found.recognizer, found.label),
            };
            let place = SourceLine {
                line: sentence.lines.get(first).copied().unwrap_or(source.line),
                path: Arc::clone(&source.path),
                ..*source
            };
            self.findings.push(Finding {
                kind: FindingKind::MissedMention,
                weight: 1.0,
                occurrences: vec![LabelledLine {
                    place,
                    label: (!given.is_empty()).then_some(given),
                }],
                text: found.span.of(&sentence.text).map(str::to_owned),
                suggested: Some(found.label),
                note: Some(note),
            });
        }
    }

    /// The mentions of labels that the data have: data without e-mail addresses lack none.
    pub(super) fn findings(&self) -> impl Iterator<Item = Finding> {
        let has_label = |finding: &&Finding| {
            finding.suggested.as_ref().is_some_and(|label| self.labels.contains(label))
        };
        self.findings.iter().filter(has_label).cloned()
    }
}

/// The label of a tag, `EMAIL` of `B-EMAIL`; empty for `O`.
fn label(tag: &str) -> &str {
    match tag.split_once('-') {
        Some((prefix, label)) if prefix.len() == 1 => label,
        _ if tag == "O" => "",
        _ => tag,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sentences: &[&[(&str, &str)]]) -> Vec<(String, String, u64)> {
        let mut mentions = Mentions::new().expect("built-in recognisers");
        let source = SourceLine { rank: 0, line: 1, path: "a".into() };
        for words in sentences {
            mentions.add(&TaggedSentence::of(words), &source);
        }
        let shown = |finding: Finding| {
            (
                finding.text.unwrap_or_default(),
                finding.note.unwrap_or_default(),
                finding.occurrences[0].place.line,
            )
        };
        mentions.findings().map(shown).collect()
    }

    #[test]
    fn validated_mentions_without_their_label_are_found() {
        let marked: &[_] = &[("to", "O"), ("ada@example.com", "B-EMAIL")];
        let missed: &[_] =
            &[("to", "O"), ("eve@example.com", "O"), ("or", "O"), ("bob@example.com", "S-NAME")];
        // A card is no label of these data.
        let other: &[_] = &[("4111111111111111", "O")];
        assert_eq!(
            found(&[marked, missed, other]),
            [
                ("eve@example.com".to_owned(), "not marked; email finds EMAIL".to_owned(), 2),
                ("bob@example.com".to_owned(), "marked NAME; email finds EMAIL".to_owned(), 4),
            ]
        );
        assert_eq!(found(&[missed]), []);
        assert_eq!(found(&[]), []);
    }
}
