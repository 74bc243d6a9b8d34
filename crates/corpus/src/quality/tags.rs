//! Sequences of tags that their scheme does not allow, and strings that are no tags.
use cloze_core::{Prefix, Scheme, TAG_LETTERS, Tag, WrittenTags, chunks_of_tags};

use super::counts::LabelCounts;
use super::finding::{Finding, FindingKind, LabelledLine, SourceLine};

/// Tags of sentences, kept until all are known: the scheme follows from them.
#[derive(Clone, Debug, Default)]
pub struct TagSequences {
    names: Vec<String>,
    /// Number and first place of each name.
    counts: Vec<(u64, SourceLine)>,
    /// Tags of each sentence, as indices of `names`, with their places.
    sentences: Vec<Vec<(usize, SourceLine)>>,
}

/// Names read as every command reads them.
struct Tags<'a> {
    written: WrittenTags<'a>,
    /// Tag of each name; `None` for what is not a tag.
    by_name: Vec<Option<Tag>>,
    letters: Vec<char>,
}

impl Tags<'_> {
    fn tag(&self, name: usize) -> Tag {
        self.by_name[name].unwrap_or(Tag::Outside)
    }

    fn has(&self, letters: &str) -> bool {
        self.letters.iter().any(|letter| letters.contains(*letter))
    }
}

/// Scheme with the direction its sequences are read in.
#[derive(Clone, Copy)]
struct Reading {
    scheme: Scheme,
    /// Whether ends are marked in place of beginnings, so that a sequence is legal from its end.
    from_end: bool,
}

impl Reading {
    fn name(self) -> &'static str {
        match (self.scheme, self.from_end) {
            (Scheme::Iob1, true) => "ioe1",
            (_, true) => "ioe2",
            (scheme, false) => scheme.name(),
        }
    }
}

impl TagSequences {
    /// Adds the tags of a sentence, each with its place.
    pub fn add(&mut self, tags: Vec<(String, SourceLine)>) {
        let mut sentence = Vec::with_capacity(tags.len());
        for (tag, source_line) in tags {
            let index = self.index(tag, &source_line);
            self.counts[index].0 += 1;
            sentence.push((index, source_line));
        }
        self.sentences.push(sentence);
    }

    /// Index of a tag among the names, which it is added to if it is new.
    fn index(&mut self, tag: String, source_line: &SourceLine) -> usize {
        let known = self.names.iter().position(|name| *name == tag);
        known.unwrap_or_else(|| {
            self.names.push(tag);
            self.counts.push((0, source_line.clone()));
            self.names.len() - 1
        })
    }

    fn tags(&self) -> Tags<'_> {
        let (mut written, mut by_name, mut letters) = (WrittenTags::default(), vec![], vec![]);
        for name in &self.names {
            let tag = written.parse(name);
            letters.extend(tag.and_then(|(letter, _)| letter));
            by_name.push(tag.map(|(_, tag)| tag));
        }
        Tags { written, by_name, letters }
    }

    /// Number of entities of each label. What is not a tag is in none.
    #[must_use]
    pub fn entities(&self) -> LabelCounts {
        let tags = self.tags();
        let mut counts = LabelCounts::default();
        for sentence in &self.sentences {
            let sequence: Vec<Tag> = sentence.iter().map(|(name, _)| tags.tag(*name)).collect();
            for chunk in chunks_of_tags(&sequence) {
                let label = tags.written.label(chunk.label);
                counts.add(label, &sentence[chunk.units.start].1);
            }
        }
        counts
    }

    /// Name of the scheme, the findings that break it, and strings that are no tags. Unless `asked`, the
    /// scheme is the one that the letters of the tags show; of IOB1 and IOB2, or IOE1 and IOE2, which
    /// have the same, the one with fewer findings.
    #[must_use]
    pub fn findings(&self, asked: Option<Scheme>) -> (&'static str, Vec<Finding>) {
        let tags = self.tags();
        let reading = |scheme| Reading { scheme, from_end: false };
        let readings = match asked {
            Some(scheme) => vec![reading(scheme)],
            None if tags.has("SU") || (tags.has("EL") && tags.has("B")) => {
                vec![reading(Scheme::Iobes)]
            }
            None if tags.has("EL") => {
                [Scheme::Iob2, Scheme::Iob1].map(|scheme| Reading { scheme, from_end: true }).into()
            }
            None if tags.has("B") => [Scheme::Iob2, Scheme::Iob1].map(reading).into(),
            None => vec![reading(Scheme::Io)],
        };
        let mut best: Option<(Reading, Vec<Finding>)> = None;
        for reading in readings {
            let findings = self.illegal(&tags, reading);
            if best.as_ref().is_none_or(|(_, fewest)| findings.len() < fewest.len()) {
                best = Some((reading, findings));
            }
        }
        let (reading, mut findings) = best.unwrap_or((reading(Scheme::Io), vec![]));
        findings.extend(self.not_tags(&tags));
        (reading.name(), findings)
    }

    /// One finding for each string that is not a tag, at its first place.
    fn not_tags(&self, tags: &Tags<'_>) -> Vec<Finding> {
        let letters: Vec<String> = TAG_LETTERS.chars().map(|letter| format!("{letter}-")).collect();
        let mut findings = vec![];
        for (i, name) in self.names.iter().enumerate().filter(|(i, _)| tags.by_name[*i].is_none()) {
            let (count, place) = &self.counts[i];
            let times = if *count == 1 { "once".to_owned() } else { format!("{count} times") };
            #[expect(clippy::cast_precision_loss, reason = "a number of words is far below 2^53")]
            let weight = *count as f64;
            findings.push(Finding {
                kind: FindingKind::NotATag,
                weight,
                occurrences: vec![LabelledLine { place: place.clone(), label: Some(name.clone()) }],
                text: None,
                suggested: None,
                note: Some(format!("{times}; expected O, or a label after {}", letters.join(", "))),
            });
        }
        findings
    }

    fn illegal(&self, tags: &Tags<'_>, reading: Reading) -> Vec<Finding> {
        let mut findings = vec![];
        for sentence in &self.sentences {
            let mut words: Vec<&(usize, SourceLine)> = sentence.iter().collect();
            if reading.from_end {
                words.reverse();
            }
            let tag = |word: Option<&(usize, SourceLine)>| {
                let tag = tags.tag(word?.0);
                Some(if reading.from_end { mirrored(tag) } else { tag })
            };
            let mut previous: Option<&(usize, SourceLine)> = None;
            for next in words.into_iter().map(Some).chain([None]) {
                // An empty sentence has no place, and nothing in it to break a rule.
                if let (false, Some((_, source_line))) =
                    (reading.scheme.allows(tag(previous), tag(next)), next.or(previous))
                {
                    let place = source_line.clone();
                    findings.push(self.finding(previous, next, place, reading.from_end));
                }
                previous = next;
            }
        }
        findings
    }

    /// Finding on two tags, of which the edge of a sentence has none.
    fn finding(
        &self,
        previous: Option<&(usize, SourceLine)>,
        next: Option<&(usize, SourceLine)>,
        place: SourceLine,
        from_end: bool,
    ) -> Finding {
        let name = |word: Option<&(usize, SourceLine)>, edge: &str| {
            word.map_or_else(|| edge.to_owned(), |(tag, _)| self.names[*tag].clone())
        };
        let (order, edges) = if from_end {
            ("before", ["the end", "the start"])
        } else {
            ("after", ["the start", "the end"])
        };
        let note = format!("{} {order} {}", name(next, edges[1]), name(previous, edges[0]));
        let label = next.map(|(tag, _)| self.names[*tag].clone());
        Finding {
            kind: FindingKind::IllegalTags,
            weight: 1.0,
            occurrences: vec![LabelledLine { place, label }],
            text: None,
            suggested: None,
            note: Some(note),
        }
    }
}

/// From the end, an end is a beginning.
fn mirrored(tag: Tag) -> Tag {
    match tag {
        Tag::Part(Prefix::Begin, label) => Tag::Part(Prefix::End, label),
        Tag::Part(Prefix::End, label) => Tag::Part(Prefix::Begin, label),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scheme and notes of sentences, and the entities as `label count`.
    fn checked(sentences: &[&str]) -> (&'static str, Vec<String>, Vec<String>) {
        let mut tags = TagSequences::default();
        let mut line = 0;
        for sentence in sentences {
            let words = sentence.split_whitespace().map(|tag| {
                line += 1;
                (tag.to_owned(), SourceLine { rank: 0, line, path: "a".into() })
            });
            tags.add(words.collect());
        }
        let (scheme, findings) = tags.findings(None);
        let notes = findings.iter().map(|finding| {
            let LabelledLine { place, label } = &finding.occurrences[0];
            let note = finding.note.as_deref().unwrap_or_default();
            let note = note.split(';').next().unwrap_or_default();
            match finding.kind {
                FindingKind::NotATag => {
                    format!("{} {}: {note}", place.line, label.as_deref().unwrap_or_default())
                }
                _ => format!("{} {note}", place.line),
            }
        });
        let labels = tags.entities().shares(1).into_iter();
        (scheme, notes.collect(), labels.map(|l| format!("{} {}", l.name, l.times)).collect())
    }

    #[test]
    fn tags_are_read_as_elsewhere() {
        for (sentences, scheme, notes, entities) in [
            (&["O B I O", "B B"][..], "iob2", &[][..], &["_ 3"][..]),
            (&["PER PER O LOC"], "io", &["1 PER: 2 times", "4 LOC: once"], &[]),
            (&["B-PER I-PER PER"], "iob2", &["3 PER: once"], &["PER 1"]),
            (
                &["B-PER - _ 0 o"],
                "iob2",
                &["2 -: once", "3 _: once", "4 0: once", "5 o: once"],
                &["PER 1"],
            ),
            (&["I-X I-X", "I-X B-X O"], "iob1", &[], &["X 3"]),
            (&["I-X E-X O", "E-X"], "ioe2", &[], &["X 2"]),
            (&["I-X I-X O", "I-X E-X I-X"], "ioe1", &[], &["X 3"]),
            (&["I-X E-Y"], "ioe2", &["1 I-X before E-Y"], &["X 1", "Y 1"]),
            (&["B-X L-X O U-X"], "iobes", &[], &["X 2"]),
            (&["B-X O"], "iob2", &[], &["X 1"]),
            (&["O O"], "io", &[], &[]),
        ] {
            let (found, found_notes, found_entities) = checked(sentences);
            assert_eq!(
                (found, &found_notes[..]),
                (scheme, &notes.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()[..]),
                "{sentences:?}"
            );
            assert_eq!(found_entities, entities, "{sentences:?}");
        }
    }
}
