//! Sequences of tags that their scheme does not allow.
use cloze_core::{Scheme, Tag, TagSet, tag};

use super::finding::{Finding, Kind, Occurrence, Place};
use super::labels::Counts;

/// The tags of sentences, kept until all are known: the scheme follows from them.
#[derive(Default)]
pub(crate) struct Tags {
    names: Vec<String>,
    /// Each sentence's tags, as places in `names`, and their places.
    sentences: Vec<Vec<(usize, Place)>>,
}

impl Tags {
    pub(crate) fn add(&mut self, tags: Vec<(String, Place)>) {
        let place = |(tag, place): (String, Place)| {
            let known = self.names.iter().position(|name| *name == tag);
            let tag = known.unwrap_or_else(|| {
                self.names.push(tag);
                self.names.len() - 1
            });
            (tag, place)
        };
        let tags = tags.into_iter().map(place).collect();
        self.sentences.push(tags);
    }

    /// How often each label has an entity.
    pub(crate) fn entities(&self) -> Counts {
        let set = TagSet::parse(self.names.clone());
        let mut counts = Counts::default();
        for sentence in &self.sentences {
            let tags: Vec<Tag> = sentence.iter().map(|(tag, _)| set.tags()[*tag]).collect();
            for chunk in tag::chunks(&tags) {
                counts.add(&set.labels()[chunk.label], &sentence[chunk.units.start].1);
            }
        }
        counts
    }

    /// What breaks the scheme, and which that is. Where none is asked for, it is the one that the
    /// names of the tags show; of IOB1 and IOB2, whose names are the same, the one that less breaks.
    pub(crate) fn judge(&self, asked: Option<Scheme>) -> (Scheme, Vec<Finding>) {
        let set = TagSet::parse(self.names.clone());
        let scheme = asked.unwrap_or(set.scheme());
        let found = self.illegal(&set, scheme);
        if asked.is_none() && scheme == Scheme::Iob2 && !found.is_empty() {
            let other = self.illegal(&set, Scheme::Iob1);
            if other.len() < found.len() {
                return (Scheme::Iob1, other);
            }
        }
        (scheme, found)
    }

    fn illegal(&self, set: &TagSet, scheme: Scheme) -> Vec<Finding> {
        let mut findings = vec![];
        for sentence in &self.sentences {
            let mut previous: Option<&(usize, Place)> = None;
            for next in sentence.iter().map(Some).chain([None]) {
                let tag = |at: Option<&(usize, Place)>| at.map(|(tag, _)| set.tags()[*tag]);
                // An empty sentence has no place, and nothing in it to break a rule.
                let at = next.or(previous);
                if let (false, Some((_, place))) = (scheme.allows(tag(previous), tag(next)), at) {
                    let name = |at: Option<&(usize, Place)>, edge: &str| {
                        at.map_or_else(|| edge.to_owned(), |(tag, _)| self.names[*tag].clone())
                    };
                    let (before, after) = (name(previous, "the start"), name(next, "the end"));
                    let label = next.map(|(tag, _)| self.names[*tag].clone());
                    findings.push(Finding {
                        kind: Kind::IllegalTags,
                        weight: 1.0,
                        occurrences: vec![Occurrence { place: place.clone(), label }],
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
