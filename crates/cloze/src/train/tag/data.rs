//! Tagged sentences, and the encoder's examples of them.
use cloze_core::assign_words;
use cloze_core::tags_of_chunks;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloze_core::{Chunk, Prefix, Scheme, Span, Tag};
use cloze_corpus::quality::{GroupedText, groups};
use cloze_corpus::{Source, TaggedSentence, ValidTaggedParams};
use cloze_metrics::entity::Convention;
use cloze_metrics::{MetricsError, Origin};
use cloze_report::DataFile;
use cloze_tune::task::TaggedExample;
use regex::Regex;

use super::part::end;
use crate::data_check::SplitText;
use crate::train::base::{StartModel, sequence};
use crate::train::data::data_file;
use crate::train::event::{TrainingNote, TrainingObserver, note, note_guess, note_skipped_rows};
use crate::train::sample::{HOLD_OUT, drawn, drawn_groups};
use crate::train::{DataSource, FineTuneError, TrainingEvent};

/// Part of the seed that sentences are varied by.
const VARY: u64 = 0x7661_7279;

/// A sentence with its entities.
#[derive(Clone)]
pub(super) struct Sentence {
    path: Arc<str>,
    line: u64,
    text: String,
    words: Vec<Span>,
    /// Labels and spans, in words.
    entities: Vec<(String, Span)>,
    /// Document, author or the like.
    group: Option<String>,
}

impl Sentence {
    /// IOB2 tag of each word.
    pub(super) fn tags(&self) -> Vec<String> {
        let chunk = |(i, (_, span)): (usize, &(String, Span))| Chunk {
            label: i,
            units: span.start..span.end,
        };
        let chunks: Vec<Chunk> = self.entities.iter().enumerate().map(chunk).collect();
        let name = |tag| match tag {
            Tag::Outside => "O".to_owned(),
            Tag::Part(Prefix::Begin, i) => format!("B-{}", self.entities[i].0),
            Tag::Part(_, i) => format!("I-{}", self.entities[i].0),
        };
        tags_of_chunks(&chunks, self.words.len(), Scheme::Iob2).into_iter().map(name).collect()
    }

    /// Labels and spans of the entities, in words.
    pub(super) fn entities(&self) -> Vec<(&str, Span)> {
        self.entities.iter().map(|(label, span)| (label.as_str(), *span)).collect()
    }

    /// Text of a span of words.
    pub(super) fn text_of(&self, span: Span) -> &str {
        let ends = (self.words.get(span.start), self.words.get(span.end.saturating_sub(1)));
        let (Some(first), Some(last)) = ends else { return "" };
        Span::new(first.start, last.end).of(&self.text).unwrap_or_default()
    }

    /// Words, in order.
    fn words(&self) -> Vec<&str> {
        (0..self.words.len()).map(|index| self.word(index)).collect()
    }

    /// Text, named by its place, to be compared with those of another split.
    pub(super) fn split_text(&self) -> SplitText {
        SplitText::new(&self.text, None, Some((&self.path, self.line)))
    }

    fn word(&self, index: usize) -> &str {
        self.words.get(index).and_then(|word| word.of(&self.text)).unwrap_or_default()
    }

    /// Copy with every word changed.
    fn with_words(&self, change: impl Fn(&str) -> String) -> Self {
        let (mut text, mut words) = (String::new(), vec![]);
        for word in &self.words {
            if !text.is_empty() {
                text.push(' ');
            }
            let start = text.len();
            text.push_str(&change(word.of(&self.text).unwrap_or_default()));
            words.push(Span::new(start, text.len()));
        }
        Self { text, words, ..self.clone() }
    }
}

/// Settings of reading tagged sentences.
pub(super) struct TagSource<'a> {
    pub(super) reader: &'a ValidTaggedParams,
    /// Labels and their new names; an empty one is outside of every entity.
    pub(super) map: &'a [(String, String)],
    /// Maximum number of sentences of each file.
    pub(super) limit: Option<usize>,
    /// Name of the groups that files must have, if one is asked for.
    pub(super) group_field: Option<&'a str>,
}

/// Sentences of a data set.
#[derive(Default)]
pub(super) struct Sentences {
    pub(super) list: Vec<Sentence>,
    data: Vec<DataFile>,
    /// Labels as the files have them.
    original: Vec<String>,
}

impl Sentences {
    /// Reads a data set. A row that cannot be read is named and costs its sentence.
    pub(super) fn read(
        source: &DataSource<TaggedSentence>,
        settings: &TagSource<'_>,
        observer: &TrainingObserver<'_>,
    ) -> Result<Self, FineTuneError> {
        let mut sentences = Self::default();
        let limit = settings.limit.unwrap_or(usize::MAX);
        match source {
            DataSource::Files(paths) => {
                for path in paths {
                    let before = sentences.count();
                    let mut reader = settings.reader.open(&Source::named(path))?;
                    for sentence in reader.by_ref() {
                        if sentences.count() - before >= limit {
                            break;
                        }
                        match sentence {
                            Ok(sentence) => sentences.add(path, sentence, settings.map)?,
                            Err(error) => observer(TrainingEvent::LeftOut(&error)),
                        }
                    }
                    note_guess(observer, reader.guessed_encoding().as_ref());
                    note_skipped_rows(observer, path, reader.skipped_rows());
                    let added = &sentences.list[before..];
                    if let Some(field) = settings.group_field
                        && added.iter().all(|sentence| sentence.group.is_none())
                        && !added.is_empty()
                    {
                        return Err(FineTuneError::NoGroups {
                            path: path.clone(),
                            field: field.to_owned(),
                        });
                    }
                    let file = data_file(path, sentences.some(path, before)?)?;
                    sentences.data.push(file);
                }
            }
            DataSource::Records { name, records } => {
                for sentence in records.iter().take(limit) {
                    sentences.add(name, sentence.clone(), settings.map)?;
                }
                let examples = sentences.some(name, 0)?;
                sentences.data.push(DataFile { file: name.clone(), sha256: None, examples });
            }
        }
        Ok(sentences)
    }

    /// Number of sentences since `before`, at least one.
    fn some(&self, path: &str, before: usize) -> Result<usize, FineTuneError> {
        match self.count() - before {
            0 => {
                let what = "expected tagged sentences, found none";
                Err(FineTuneError::Data { data: path.to_owned(), what })
            }
            examples => Ok(examples),
        }
    }

    fn add(
        &mut self,
        path: &str,
        sentence: TaggedSentence,
        map: &[(String, String)],
    ) -> Result<(), FineTuneError> {
        let gold = match Convention::Conlleval.entities(&sentence.tags, Origin::Gold) {
            Ok(gold) => gold,
            Err(MetricsError::Tag { position, expected, found, .. }) => {
                let line = sentence.lines.get(position).copied().unwrap_or(sentence.line);
                return Err(FineTuneError::Tag { path: path.to_owned(), line, found, expected });
            }
            Err(error) => return Err(error.into()),
        };
        let mut entities = vec![];
        for (label, span) in gold {
            if !self.original.iter().any(|known| known == label) {
                self.original.push(label.to_owned());
            }
            // The last of several, as a map has it.
            let renamed = map.iter().rev().find(|(from, _)| from == label);
            let label = renamed.map_or(label, |(_, to)| to.as_str());
            if !label.is_empty() {
                entities.push((label.to_owned(), span));
            }
        }
        let TaggedSentence { line, text, words, group, .. } = sentence;
        let last = self.list.last().filter(|last| *last.path == *path);
        let path = last.map_or_else(|| path.into(), |last| Arc::clone(&last.path));
        self.list.push(Sentence { path, line, text, words, entities, group });
        Ok(())
    }

    pub(super) fn count(&self) -> usize {
        self.list.len()
    }

    pub(super) fn data(&self) -> Vec<DataFile> {
        self.data.clone()
    }

    /// Leaves out the entities whose text matches as a whole.
    pub(super) fn drop_entities(&mut self, pattern: &Regex) {
        for sentence in &mut self.list {
            let mut entities = std::mem::take(&mut sentence.entities);
            entities.retain(|(_, span)| !pattern.is_match(sentence.text_of(*span)));
            sentence.entities = entities;
        }
    }

    /// Takes a share of the sentences out, drawn by `seed`; equal ones, and those of one group, together.
    pub(super) fn hold_out(&mut self, share: f64, seed: u64) -> Self {
        let text = |sentence: &'_ Sentence| sentence.words().join(" ");
        let texts: Vec<String> = self.list.iter().map(text).collect();
        let groups = groups(texts.iter().zip(&self.list).map(|(text, sentence)| GroupedText {
            text,
            second: None,
            group: sentence.group.as_deref(),
        }));
        let drawn = drawn_groups(seed, HOLD_OUT, share, &groups);
        let (mut stay, mut out) = (vec![], vec![]);
        for (sentence, drawn) in std::mem::take(&mut self.list).into_iter().zip(drawn) {
            if drawn { out.push(sentence) } else { stay.push(sentence) }
        }
        self.list = stay;
        Self { list: out, data: vec![], original: self.original.clone() }
    }

    /// A share of the sentences in lower case, and as many in upper case.
    pub(super) fn varied(&self, share: f64, seed: u64) -> Self {
        let each = |part: u64, change: fn(&str) -> String| {
            let drawn = drawn(seed, VARY + part, share, self.count());
            let sentences = self.list.iter().zip(drawn).filter(|(_, drawn)| *drawn);
            sentences.map(move |(sentence, _)| sentence.with_words(change)).collect::<Vec<_>>()
        };
        let mut sentences = each(0, str::to_lowercase);
        sentences.extend(each(1, str::to_uppercase));
        Self { list: sentences, ..Self::default() }
    }

    /// Labels that there are, but for entities whose text matches `dropped` as a whole.
    pub(super) fn names(&self, dropped: Option<&Regex>) -> BTreeSet<String> {
        let entities = self.list.iter().flat_map(|s| s.entities.iter().map(move |e| (s, e)));
        let stay = entities.filter(|(sentence, (_, span))| {
            !dropped.is_some_and(|pattern| pattern.is_match(sentence.text_of(*span)))
        });
        stay.map(|(_, (label, _))| label.clone()).collect()
    }

    /// Number of entities of each label.
    pub(super) fn labels(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (label, _) in self.list.iter().flat_map(|s| &s.entities) {
            *counts.entry(label.clone()).or_insert(0) += 1;
        }
        counts
    }
}

/// Checks that each label to be renamed is there.
pub(super) fn check_map<'a>(
    map: &[(String, String)],
    sets: impl Iterator<Item = &'a Sentences>,
) -> Result<(), FineTuneError> {
    let mut there: Vec<&str> =
        sets.flat_map(|set| set.original.iter().map(String::as_str)).collect();
    there.sort_unstable();
    there.dedup();
    for (i, (from, _)) in map.iter().enumerate() {
        if map[..i].iter().any(|(known, _)| known == from) {
            return Err(FineTuneError::RenamedTwice { label: from.clone() });
        }
        if !there.contains(&from.as_str()) {
            let labels = there.into_iter().map(str::to_owned).collect();
            return Err(FineTuneError::NoSuchLabel { label: from.clone(), found: labels });
        }
    }
    Ok(())
}

/// Examples of sentences.
pub(super) struct TagExamples {
    pub(super) examples: Vec<TaggedExample>,
    /// Index of each example's sentence, and the words of its labelled tokens.
    pub(super) words: Vec<(usize, Vec<usize>)>,
}

/// Purpose of examples, which decides which tokens of a word are labelled.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'a> {
    /// The first, as in reports.
    Evaluate,
    /// The first and, within an entity, one at each part that the tokenizer sees as a word: running text, which has no other words, is tagged part by part, so that `Smith-Jones`
    /// must go on behind the hyphen. Outside of entities the many parts of addresses and the like
    /// would drown the words (F1 0.616 in place of 0.640 on 3,000 sentences). None where a word
    /// matches.
    Train(Option<&'a Regex>),
}

impl TagExamples {
    /// Sentences that are too long for the encoder become several examples, none of their words is
    /// left out. A word without a token has no place.
    pub(super) fn new(
        sentences: &Sentences,
        tags: &[String],
        base: &StartModel,
        classes: usize,
        purpose: Purpose<'_>,
        observer: &TrainingObserver<'_>,
    ) -> Result<Self, FineTuneError> {
        let mut set = Self { examples: vec![], words: vec![] };
        let mut cut = 0;
        for (i, sentence) in sentences.list.iter().enumerate() {
            let mut pieces = base.tokenizer.pieces(&sentence.text, i)?;
            let parts: Vec<Option<u32>> = pieces.tokens.iter().map(|token| token.word).collect();
            assign_words(&mut pieces.tokens, &sentence.words);
            // A label that training does not have cannot be learned, and is evaluated elsewhere.
            let index_of = |tag: String| tags.iter().position(|t| *t == tag).unwrap_or(0);
            let labels: Vec<usize> = sentence.tags().into_iter().map(index_of).collect();
            let before = pieces.before;
            let after = pieces.sequence.ids.len() - before - pieces.tokens.len();
            let room = base.max_tokens.saturating_sub(before + after).max(1);
            cut += u64::from(pieces.tokens.len() > room);
            let mut from = 0;
            while from < pieces.tokens.len() {
                let to = end(&pieces.tokens, from, room);
                let (mut places, mut words) = (vec![], vec![]);
                for position in from..to {
                    let Some(word) = pieces.tokens[position].word else { continue };
                    let first = position == 0 || pieces.tokens[position - 1].word != Some(word);
                    let label = labels.get(word as usize).copied().unwrap_or(0);
                    let label = if first { label } else { inside(tags, label) };
                    let counts = match purpose {
                        Purpose::Evaluate => first,
                        Purpose::Train(skip) => {
                            let text = sentence.word(word as usize);
                            (first || (label != 0 && parts[position] != parts[position - 1]))
                                && !skip.is_some_and(|skip| skip.is_match(text))
                        }
                    };
                    if counts {
                        places.push((before + position - from, label));
                        words.push(word as usize);
                    }
                }
                let sequence = sequence(&pieces.part(from..to), classes);
                set.examples.push(TaggedExample { sequence, places });
                set.words.push((i, words));
                from = to;
            }
        }
        if cut > 0 {
            let (unit, max_tokens) = ("sentence", base.max_tokens);
            note(observer, &TrainingNote::Long { count: cut, unit, max_tokens, cut: false });
        }
        Ok(set)
    }
}

/// Tag within an entity that has this tag at its beginning.
fn inside(tags: &[String], tag: usize) -> usize {
    let label = tags.get(tag).and_then(|tag| tag.strip_prefix("B-"));
    let inside =
        label.and_then(|label| tags.iter().position(|t| t.strip_prefix("I-") == Some(label)));
    inside.unwrap_or(tag)
}
