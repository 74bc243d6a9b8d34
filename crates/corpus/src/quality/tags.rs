//! Sequences of tags that their scheme does not allow.
use cloze_core::chunks_of_tags;
use cloze_core::{Scheme, Tag, TagSet};

use super::counts::LabelCounts;
use super::finding::{Finding, FindingKind, LabelledLine, SourceLine};

/// Tags of sentences, kept until all are known: the scheme follows from them.
#[derive(Clone, Debug, Default)]
pub struct TagSequences {
    names: Vec<String>,
    /// Tags of each sentence, as indices of `names`, with their places.
    sentences: Vec<Vec<(usize, SourceLine)>>,
}

impl TagSequences {
    /// Adds the tags of a sentence, each with its place.
    pub fn add(&mut self, tags: Vec<(String, SourceLine)>) {
        let tags =
            tags.into_iter().map(|(tag, source_line)| (self.index(tag), source_line)).collect();
        self.sentences.push(tags);
    }

    /// Index of a tag among the names, which it is added to if it is new.
    fn index(&mut self, tag: String) -> usize {
        let known = self.names.iter().position(|name| *name == tag);
        known.unwrap_or_else(|| {
            self.names.push(tag);
            self.names.len() - 1
        })
    }

    /// Number of entities of each label.
    #[must_use]
    pub fn entities(&self) -> LabelCounts {
        let set = TagSet::parse(self.names.clone());
        let mut counts = LabelCounts::default();
        for sentence in &self.sentences {
            let tags: Vec<Tag> = sentence.iter().map(|(tag, _)| set.tags()[*tag]).collect();
            for chunk in chunks_of_tags(&tags) {
                counts.add(&set.labels()[chunk.label], &sentence[chunk.units.start].1);
            }
        }
        counts
    }

    /// Scheme and the findings that break it. Unless `asked`, the scheme is the one that the names of
    /// the tags show; of IOB1 and IOB2, whose names are the same, the one with fewer findings.
    #[must_use]
    pub fn findings(&self, asked: Option<Scheme>) -> (Scheme, Vec<Finding>) {
        let set = TagSet::parse(self.names.clone());
        let scheme = asked.unwrap_or(set.scheme());
        let findings = self.illegal(&set, scheme);
        if asked.is_none() && scheme == Scheme::Iob2 && !findings.is_empty() {
            let other = self.illegal(&set, Scheme::Iob1);
            if other.len() < findings.len() {
                return (Scheme::Iob1, other);
            }
        }
        (scheme, findings)
    }

    fn illegal(&self, set: &TagSet, scheme: Scheme) -> Vec<Finding> {
        let mut findings = vec![];
        for sentence in &self.sentences {
            let mut previous: Option<&(usize, SourceLine)> = None;
            for next in sentence.iter().map(Some).chain([None]) {
                let tag =
                    |token: Option<&(usize, SourceLine)>| token.map(|(tag, _)| set.tags()[*tag]);
                // An empty sentence has no place, and nothing in it to break a rule.
                let token = next.or(previous);
                if let (false, Some((_, source_line))) =
                    (scheme.allows(tag(previous), tag(next)), token)
                {
                    let name = |token: Option<&(usize, SourceLine)>, edge: &str| {
                        token.map_or_else(|| edge.to_owned(), |(tag, _)| self.names[*tag].clone())
                    };
                    let (before, after) = (name(previous, "the start"), name(next, "the end"));
                    let label = next.map(|(tag, _)| self.names[*tag].clone());
                    findings.push(Finding {
                        kind: FindingKind::IllegalTags,
                        weight: 1.0,
                        occurrences: vec![LabelledLine { place: source_line.clone(), label }],
                        text: None,
                        suggested: None,
                        note: Some(format!("{after} after {before}")),
                    });
                }
                previous = next;
            }
        }
        findings
    }
}
