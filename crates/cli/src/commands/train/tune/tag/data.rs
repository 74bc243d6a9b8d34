//! Tagged sentences of files, and what the encoder sees of them.
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, bail};
use cloze::metrics::{Convention, MetricsError, Origin};
use cloze_core::tag::{self, Chunk, Prefix, Scheme, Tag};
use cloze_core::{Span, token};
use cloze_store::checksum;
use cloze_tune::task::TaggedExample;
use regex::Regex;

use super::part::end;
use crate::commands::score_tags::no_tag;
use crate::commands::train::args::tune::TrainTagArgs;
use crate::commands::train::tune::drawn::{HOLD_OUT, drawn};
use crate::commands::train::tune::model::{Base, sequence};
use crate::input::pairs::source;
use crate::terminal::messages::{Messages, plural};
use cloze_report::DataFile;

/// The part of the seed that sentences are varied by.
const VARY: u64 = 0x7661_7279;

/// A sentence with its entities.
#[derive(Clone)]
pub(super) struct Sentence {
    text: String,
    words: Vec<Span>,
    /// Labels and places, in words.
    entities: Vec<(String, Span)>,
}

impl Sentence {
    /// The IOB2 tag of each word.
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
        tag::tags(&chunks, self.words.len(), Scheme::Iob2).into_iter().map(name).collect()
    }

    /// The entities' labels and places, in words.
    pub(super) fn entities(&self) -> Vec<(&str, Span)> {
        self.entities.iter().map(|(label, span)| (label.as_str(), *span)).collect()
    }

    /// The text of a place in words.
    pub(super) fn text_of(&self, place: Span) -> &str {
        let ends = (self.words.get(place.start), self.words.get(place.end.saturating_sub(1)));
        let (Some(first), Some(last)) = ends else { return "" };
        Span::new(first.start, last.end).of(&self.text).unwrap_or_default()
    }

    fn word(&self, place: usize) -> &str {
        self.words.get(place).and_then(|word| word.of(&self.text)).unwrap_or_default()
    }

    /// With every word changed.
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
        Self { text, words, entities: self.entities.clone() }
    }
}

/// The sentences of some files.
#[derive(Default)]
pub(super) struct Files {
    pub(super) sentences: Vec<Sentence>,
    data: Vec<DataFile>,
    /// The labels as the files have them.
    original: Vec<String>,
}

impl Files {
    /// Reads all of `paths`. A row that cannot be read is named and costs its sentence.
    pub(super) fn read(
        paths: &[String],
        args: &TrainTagArgs,
        messages: &Messages,
    ) -> anyhow::Result<Self> {
        let params = args.columns.params()?;
        let map: BTreeMap<&str, &str> =
            args.map.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        let mut all = Self::default();
        for path in paths {
            let before = all.sentences.len();
            for next in params.open(&source(path))? {
                if args.limit.is_some_and(|limit| all.sentences.len() - before >= limit) {
                    break;
                }
                let sentence = match next {
                    Ok(sentence) => sentence,
                    Err(error) => {
                        messages.failure(&error);
                        continue;
                    }
                };
                let found = Convention::Conlleval.entities(&sentence.tags, Origin::Gold);
                let found = match found {
                    Ok(found) => found,
                    Err(MetricsError::Tag { position, expected, found, .. }) => {
                        let line = sentence.lines.get(position).copied().unwrap_or(sentence.line);
                        return Err(no_tag(path, line, &found, expected));
                    }
                    Err(error) => return Err(error.into()),
                };
                let mut entities = vec![];
                for (label, span) in found {
                    if !all.original.iter().any(|known| known == label) {
                        all.original.push(label.to_owned());
                    }
                    let label = map.get(label).copied().unwrap_or(label);
                    if !label.is_empty() {
                        entities.push((label.to_owned(), span));
                    }
                }
                let (text, words) = (sentence.text, sentence.words);
                all.sentences.push(Sentence { text, words, entities });
            }
            let examples = all.sentences.len() - before;
            if examples == 0 {
                bail!("{path}: expected tagged sentences, found none");
            }
            let sha256 = (path != "-").then(|| checksum::sha256_file(Path::new(path))).transpose();
            all.data.push(DataFile {
                file: path.clone(),
                sha256: sha256.with_context(|| path.clone())?,
                examples,
            });
        }
        Ok(all)
    }

    pub(super) fn count(&self) -> usize {
        self.sentences.len()
    }

    pub(super) fn data(&self) -> Vec<DataFile> {
        self.data.clone()
    }

    /// Leaves out the entities whose text matches as a whole.
    pub(super) fn drop_entities(&mut self, pattern: &Regex) {
        for sentence in &mut self.sentences {
            let mut entities = std::mem::take(&mut sentence.entities);
            entities.retain(|(_, place)| !pattern.is_match(sentence.text_of(*place)));
            sentence.entities = entities;
        }
    }

    /// Takes a share of the sentences out, drawn by `seed`.
    pub(super) fn hold_out(&mut self, share: f64, seed: u64) -> Self {
        let drawn = drawn(seed, HOLD_OUT, share, self.count());
        let (mut stay, mut out) = (vec![], vec![]);
        for (sentence, drawn) in std::mem::take(&mut self.sentences).into_iter().zip(drawn) {
            if drawn { out.push(sentence) } else { stay.push(sentence) }
        }
        self.sentences = stay;
        Self { sentences: out, data: vec![], original: self.original.clone() }
    }

    /// A share of the sentences in lower case, and as many in upper case.
    pub(super) fn varied(&self, share: f64, seed: u64) -> Self {
        let each = |part: u64, change: fn(&str) -> String| {
            let drawn = drawn(seed, VARY + part, share, self.count());
            let sentences = self.sentences.iter().zip(drawn).filter(|(_, drawn)| *drawn);
            sentences.map(move |(sentence, _)| sentence.with_words(change)).collect::<Vec<_>>()
        };
        let mut sentences = each(0, str::to_lowercase);
        sentences.extend(each(1, str::to_uppercase));
        Self { sentences, ..Self::default() }
    }

    /// The labels that there are, but for entities whose text matches `dropped` as a whole.
    pub(super) fn names(&self, dropped: Option<&Regex>) -> BTreeSet<String> {
        let entities = self.sentences.iter().flat_map(|s| s.entities.iter().map(move |e| (s, e)));
        let stay = entities.filter(|(sentence, (_, place))| {
            !dropped.is_some_and(|pattern| pattern.is_match(sentence.text_of(*place)))
        });
        stay.map(|(_, (label, _))| label.clone()).collect()
    }

    /// How many entities of each label there are.
    pub(super) fn labels(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (label, _) in self.sentences.iter().flat_map(|s| &s.entities) {
            *counts.entry(label.clone()).or_insert(0) += 1;
        }
        counts
    }
}

/// Whether each label that is to be called something else is there.
pub(super) fn check_map<'a>(
    map: &[(String, String)],
    files: impl Iterator<Item = &'a Files>,
) -> anyhow::Result<()> {
    let mut there: Vec<&str> = files.flat_map(|f| f.original.iter().map(String::as_str)).collect();
    there.sort_unstable();
    there.dedup();
    for (i, (from, _)) in map.iter().enumerate() {
        if map[..i].iter().any(|(known, _)| known == from) {
            bail!("--map names {from:?} twice");
        }
        if !there.contains(&from.as_str()) {
            bail!("--map {from}: no such label; the files have {}", there.join(", "));
        }
    }
    Ok(())
}

/// What the encoder sees of sentences.
pub(super) struct Set {
    pub(super) examples: Vec<TaggedExample>,
    /// Of each example its sentence, and of each of its places the word.
    pub(super) words: Vec<(usize, Vec<usize>)>,
}

/// What sentences are for, which decides where a word has its places.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'a> {
    /// One at its first piece, as in reports.
    Judge,
    /// One at its first piece and, within an entity, one at each part that the tokenizer sees as a
    /// word: running text, which has no other words, is tagged part by part, so that `Smith-Jones`
    /// must go on behind the hyphen. Outside of entities the many parts of addresses and the like
    /// would drown the words (F1 0.616 in place of 0.640 on 3,000 sentences). None where a word
    /// matches.
    Learn(Option<&'a Regex>),
}

impl Set {
    /// Sentences that are too long for the encoder become several examples, none of their words is
    /// left out. A word without a token has no place.
    pub(super) fn new(
        files: &Files,
        tags: &[String],
        (base, classes): (&Base, usize),
        purpose: Purpose<'_>,
        messages: &Messages,
    ) -> anyhow::Result<Self> {
        let mut set = Self { examples: vec![], words: vec![] };
        let mut cut = 0;
        for (i, sentence) in files.sentences.iter().enumerate() {
            let mut pieces = base.tokenizer.pieces(&sentence.text, i)?;
            let parts: Vec<Option<u32>> = pieces.tokens.iter().map(|token| token.word).collect();
            token::assign_words(&mut pieces.tokens, &sentence.words);
            // A label that training does not have cannot be learned, and is judged elsewhere.
            let place = |tag: String| tags.iter().position(|t| *t == tag).unwrap_or(0);
            let labels: Vec<usize> = sentence.tags().into_iter().map(place).collect();
            let before = pieces.before;
            let after = pieces.sequence.ids.len() - before - pieces.tokens.len();
            let room = base.max_tokens.saturating_sub(before + after).max(1);
            cut += u64::from(pieces.tokens.len() > room);
            let mut from = 0;
            while from < pieces.tokens.len() {
                let to = end(&pieces.tokens, from, room);
                let (mut found, mut words) = (vec![], vec![]);
                for at in from..to {
                    let Some(word) = pieces.tokens[at].word else { continue };
                    let first = at == 0 || pieces.tokens[at - 1].word != Some(word);
                    let label = labels.get(word as usize).copied().unwrap_or(0);
                    let label = if first { label } else { inside(tags, label) };
                    let counts = match purpose {
                        Purpose::Judge => first,
                        Purpose::Learn(skip) => {
                            let text = sentence.word(word as usize);
                            (first || (label != 0 && parts[at] != parts[at - 1]))
                                && !skip.is_some_and(|skip| skip.is_match(text))
                        }
                    };
                    if counts {
                        found.push((before + at - from, label));
                        words.push(word as usize);
                    }
                }
                let sequence = sequence(&pieces.part(from..to), classes);
                set.examples.push(TaggedExample { sequence, places: found });
                set.words.push((i, words));
                from = to;
            }
        }
        if cut > 0 {
            let cut = plural(cut, "sentence");
            messages.note(&format!("{cut} longer than {} tokens, seen in parts", base.max_tokens));
        }
        Ok(set)
    }
}

/// The tag of what follows within the entity of one with this tag.
fn inside(tags: &[String], tag: usize) -> usize {
    let label = tags.get(tag).and_then(|tag| tag.strip_prefix("B-"));
    let inside =
        label.and_then(|label| tags.iter().position(|t| t.strip_prefix("I-") == Some(label)));
    inside.unwrap_or(tag)
}
