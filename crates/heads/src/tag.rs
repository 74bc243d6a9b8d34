//! Tagging: logits per token → probabilities per token or word → tags → entities.
//!
//! Aggregation as in the transformers library 5.23 (`pipelines/token_classification.py`), except
//! that a word is what the tokenizer says it is, where that library compares string lengths.
use std::collections::BTreeMap;

use cloze_core::tag::{self, Scheme, Tag, TagSet};
use cloze_core::{Encode, Entity, Span, TokenRows, Word, token};

use crate::HeadError;

/// How the pieces of a word become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aggregation {
    /// They do not: every token with a label is an entity.
    None,
    /// They do not, but neighbouring tokens with one label are an entity.
    Simple,
    /// A word has the probabilities of its first piece: what models trained on first pieces mean.
    #[default]
    First,
    /// A word has the mean of its pieces' probabilities.
    Average,
    /// A word has the probabilities of the piece that is surest of its tag.
    Max,
}

impl Aggregation {
    /// Whether words, and not tokens, are tagged.
    #[must_use]
    pub fn by_word(self) -> bool {
        matches!(self, Self::First | Self::Average | Self::Max)
    }
}

/// How tags are chosen from probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decode {
    /// The likeliest of the sequences that the scheme allows (Viterbi 1967), each unit's
    /// probability counted by itself.
    #[default]
    Viterbi,
    /// The likeliest tag of each unit, legal or not, as the transformers library has it.
    Argmax,
}

/// How to tag. [`TagParams::check`] judges it.
#[derive(Clone, Debug)]
pub struct TagParams {
    tags: Vec<String>,
    aggregation: Aggregation,
    decode: Decode,
    scheme: Option<Scheme>,
    labels: Option<Vec<String>>,
    min_score: f32,
    min_scores: Vec<(String, f32)>,
    recall_bias: f32,
}

impl TagParams {
    /// For a model with these tag names, in the order of its outputs.
    #[must_use]
    pub fn new(tags: Vec<String>) -> Self {
        Self {
            tags,
            aggregation: Aggregation::default(),
            decode: Decode::default(),
            scheme: None,
            labels: None,
            min_score: 0.0,
            min_scores: vec![],
            recall_bias: 0.0,
        }
    }

    /// How the pieces of a word become one. Default [`Aggregation::First`].
    #[must_use]
    pub fn aggregation(mut self, aggregation: Aggregation) -> Self {
        self.aggregation = aggregation;
        self
    }

    /// How tags are chosen. Default [`Decode::Viterbi`].
    #[must_use]
    pub fn decode(mut self, decode: Decode) -> Self {
        self.decode = decode;
        self
    }

    /// Which sequences are legal. Default: what the names of the tags show ([`TagSet::parse`]).
    #[must_use]
    pub fn scheme(mut self, scheme: Option<Scheme>) -> Self {
        self.scheme = scheme;
        self
    }

    /// The labels wanted; entities with others are left out. Default: all.
    #[must_use]
    pub fn labels(mut self, labels: Option<Vec<String>>) -> Self {
        self.labels = labels;
        self
    }

    /// The score, 0 to 1, below which entities are left out. Default `0`.
    #[must_use]
    pub fn min_score(mut self, score: f32) -> Self {
        self.min_score = score;
        self
    }

    /// The same for one label, in place of the general one.
    #[must_use]
    pub fn min_score_of(mut self, label: String, score: f32) -> Self {
        self.min_scores.push((label, score));
        self
    }

    /// Taken off the logit of `O` before anything else: what is doubtful is tagged rather than
    /// passed over, and scores are those of the shifted logits. 0 leaves the model as it is; 1
    /// multiplies the odds of an entity by 2.7. Default `0`.
    #[must_use]
    pub fn recall_bias(mut self, logits: f32) -> Self {
        self.recall_bias = logits;
        self
    }

    /// A tagger with these settings.
    ///
    /// # Errors
    /// [`HeadError::NoLabels`], [`HeadError::UnknownLabel`]; [`HeadError::Setting`] for a score
    /// outside 0–1 or a bias that is no finite number; [`HeadError::SchemeLabels`].
    pub fn check(self) -> Result<Tagger, HeadError> {
        let set = TagSet::parse(self.tags);
        if set.labels().is_empty() {
            return Err(HeadError::NoLabels);
        }
        let place = |label: &str| {
            set.labels().iter().position(|l| l == label).ok_or_else(|| HeadError::UnknownLabel {
                found: label.to_owned(),
                known: set.labels().to_vec(),
            })
        };
        let general = [(None, self.min_score)].into_iter();
        let of_labels = self.min_scores.iter().map(|(label, score)| (Some(label), *score));
        for (label, found) in general.chain(of_labels) {
            if !(0.0..=1.0).contains(&found) {
                let of = label.map(|l| format!(" of {l}")).unwrap_or_default();
                let setting = format!("min-score{of}");
                return Err(HeadError::Setting { setting, found, expected: "expected 0 to 1" });
            }
        }
        if !self.recall_bias.is_finite() {
            return Err(HeadError::Setting {
                setting: "recall bias".into(),
                found: self.recall_bias,
                expected: "expected a finite number of logits",
            });
        }
        let mut least = vec![Some(self.min_score); set.labels().len()];
        for (label, score) in &self.min_scores {
            least[place(label)?] = Some(*score);
        }
        if let Some(wanted) = &self.labels {
            let wanted = wanted.iter().map(|l| place(l)).collect::<Result<Vec<_>, _>>()?;
            for (i, least) in least.iter_mut().enumerate() {
                *least = least.filter(|_| wanted.contains(&i));
            }
        }
        let scheme = self.scheme.unwrap_or(set.scheme());
        let legal = Legal::new(set.tags(), scheme);
        // A tag that may begin, follow itself and end makes a legal sequence of any length.
        let lasts = |&t: &Tag| {
            scheme.allows(None, Some(t))
                && scheme.allows(Some(t), Some(t))
                && scheme.allows(Some(t), None)
        };
        if !set.tags().iter().any(lasts) {
            let scheme = match scheme {
                Scheme::Io => "io",
                Scheme::Iob1 => "iob1",
                Scheme::Iob2 => "iob2",
                Scheme::Iobes => "iobes",
            };
            return Err(HeadError::SchemeLabels { scheme, tags: set.names().to_vec() });
        }
        let (aggregation, decode, recall_bias) = (self.aggregation, self.decode, self.recall_bias);
        Ok(Tagger { set, legal, aggregation, decode, least, recall_bias })
    }
}

/// Which tag may follow which, worked out once.
#[derive(Clone, Debug)]
struct Legal {
    /// For each tag, those that may come before it.
    before: Vec<Vec<usize>>,
    first: Vec<bool>,
    last: Vec<bool>,
}

impl Legal {
    fn new(tags: &[Tag], scheme: Scheme) -> Self {
        let before = tags.iter().map(|&next| {
            let may = |&i: &usize| scheme.allows(Some(tags[i]), Some(next));
            (0..tags.len()).filter(may).collect()
        });
        Self {
            before: before.collect(),
            first: tags.iter().map(|&t| scheme.allows(None, Some(t))).collect(),
            last: tags.iter().map(|&t| scheme.allows(Some(t), None)).collect(),
        }
    }
}

/// A word or token with what the model makes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// The bytes it stands for.
    pub span: Span,
    /// The probability of each tag; they add up to 1.
    pub probabilities: Vec<f32>,
}

/// A token tagger: settings that [`TagParams::check`] has judged.
#[derive(Clone, Debug)]
pub struct Tagger {
    set: TagSet,
    legal: Legal,
    aggregation: Aggregation,
    decode: Decode,
    /// For each label, the least score; `None` where it is not wanted.
    least: Vec<Option<f32>>,
    recall_bias: f32,
}

impl Tagger {
    /// The tags and labels it gives.
    #[must_use]
    pub fn tags(&self) -> &TagSet {
        &self.set
    }

    /// The entities of each text, in the order of `texts`, by reading order.
    ///
    /// # Errors
    /// The encoder's, and those of [`Tagger::predict`].
    pub fn tag<E: Encode>(
        &self,
        encoder: &E,
        texts: &[&str],
    ) -> Result<Vec<Vec<Entity>>, TagError<E::Error>> {
        let all = encoder.encode(texts).map_err(TagError::Encode)?;
        let entities = |rows: &TokenRows| Ok(self.decode(&self.predict(rows)?));
        all.iter().map(entities).collect()
    }

    /// The probabilities of one text's units, from logits `[tokens, tags]`: words or tokens, as the
    /// aggregation has it. Tokens that stand for no text are no units.
    ///
    /// # Errors
    /// [`HeadError::Width`]; [`HeadError::NotANumber`] for NaN, +∞, or −∞ for every tag.
    pub fn predict(&self, rows: &TokenRows) -> Result<Vec<Unit>, HeadError> {
        let expected = self.set.tags().len();
        if rows.tokens.is_empty() {
            return Ok(vec![]);
        }
        if rows.rows.cols() != expected || rows.rows.rows() != rows.tokens.len() {
            return Err(HeadError::Width { expected, found: rows.rows.cols() });
        }
        let probabilities = |i: usize| self.probabilities(rows, i);
        if !self.aggregation.by_word() {
            let units = rows.tokens.iter().enumerate().filter(|(_, t)| !t.span.is_empty());
            let unit = |(i, t): (usize, &cloze_core::Token)| {
                Ok(Unit { span: t.span, probabilities: probabilities(i)? })
            };
            return units.map(unit).collect();
        }
        let unit = |word: &Word| {
            let pieces = match self.aggregation {
                Aggregation::First => word.tokens.start..word.tokens.start + 1,
                _ => word.tokens.clone(),
            };
            let pieces = pieces.map(probabilities).collect::<Result<Vec<_>, _>>()?;
            let probabilities = match self.aggregation {
                Aggregation::Average => mean(&pieces),
                // The first piece; or of all of them the surest, the earlier one in a tie.
                _ => surest(pieces),
            };
            Ok(Unit { span: word.span, probabilities })
        };
        token::words(&rows.tokens).iter().map(unit).collect()
    }

    /// Softmax of one token's logits, in f32 as the reference has it.
    fn probabilities(&self, rows: &TokenRows, i: usize) -> Result<Vec<f32>, HeadError> {
        let mut row = rows.rows.row(i).unwrap_or(&[]).to_vec();
        for (logit, tag) in row.iter_mut().zip(self.set.tags()) {
            if *tag == Tag::Outside {
                *logit -= self.recall_bias;
            }
        }
        let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        if !max.is_finite() || row.iter().any(|l| l.is_nan()) {
            return Err(HeadError::NotANumber { token: i, span: rows.tokens[i].span });
        }
        for logit in &mut row {
            *logit = (*logit - max).exp();
        }
        let sum: f32 = row.iter().sum();
        for p in &mut row {
            *p /= sum;
        }
        Ok(row)
    }

    /// The entities in one text's units, by reading order.
    #[must_use]
    pub fn decode(&self, units: &[Unit]) -> Vec<Entity> {
        let tags = match self.decode {
            Decode::Argmax => units.iter().map(|u| argmax(&u.probabilities)).collect(),
            Decode::Viterbi => self.viterbi(units),
        };
        let chosen = |i: usize| units[i].probabilities[tags[i]];
        let wanted =
            |label: usize, score: f32| self.least[label].is_some_and(|least| score >= least);
        if self.aggregation == Aggregation::None {
            let entities = units.iter().zip(&tags).enumerate().filter_map(|(i, (unit, &tag))| {
                let Tag::Part(_, label) = self.set.tags()[tag] else { return None };
                let score = chosen(i);
                let tag = Some(self.set.names()[tag].clone());
                let name = self.set.labels()[label].clone();
                wanted(label, score).then_some(Entity { label: name, span: unit.span, score, tag })
            });
            return entities.collect();
        }
        let sequence: Vec<Tag> = tags.iter().map(|&t| self.set.tags()[t]).collect();
        let entities = tag::chunks(&sequence).into_iter().filter_map(|chunk| {
            #[expect(clippy::cast_precision_loss, reason = "entities have few units")]
            let score = chunk.units.clone().map(chosen).sum::<f32>() / chunk.units.len() as f32;
            let spans = || units[chunk.units.clone()].iter().map(|u| u.span);
            let span = Span::new(spans().map(|s| s.start).min()?, spans().map(|s| s.end).max()?);
            let label = self.set.labels()[chunk.label].clone();
            wanted(chunk.label, score).then_some(Entity { label, span, score, tag: None })
        });
        entities.collect()
    }

    /// The likeliest legal sequence of tags, as places in the tag set. Of equally likely ones the
    /// tag that comes first in the set wins, as in argmax.
    fn viterbi(&self, units: &[Unit]) -> Vec<usize> {
        let n = self.set.tags().len();
        let log = |u: &Unit, t: usize| f64::from(u.probabilities[t]).ln();
        let Some(first) = units.first() else { return vec![] };
        let start = |t| if self.legal.first[t] { log(first, t) } else { f64::NEG_INFINITY };
        let mut best: Vec<f64> = (0..n).map(start).collect();
        let mut from: Vec<Vec<usize>> = Vec::with_capacity(units.len());
        for unit in &units[1..] {
            let mut back = vec![0; n];
            let mut next = vec![f64::NEG_INFINITY; n];
            for t in 0..n {
                for &before in &self.legal.before[t] {
                    if best[before] > next[t] {
                        (next[t], back[t]) = (best[before], before);
                    }
                }
                next[t] += log(unit, t);
            }
            best = next;
            from.push(back);
        }
        let ends = (0..n).filter(|&t| self.legal.last[t]);
        // Where probabilities of 0 leave no legal sequence above −∞, any of them is as good.
        let mut tag = ends.fold(None, |max: Option<usize>, t| match max {
            Some(m) if best[m] >= best[t] => max,
            _ => Some(t),
        });
        let mut tags = vec![];
        for back in from.iter().rev() {
            tags.extend(tag);
            tag = tag.map(|t| back[t]);
        }
        tags.extend(tag);
        tags.reverse();
        tags
    }
}

/// What stops [`Tagger::tag`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TagError<E: std::error::Error> {
    /// The encoder failed.
    #[error(transparent)]
    Encode(E),
    /// Its numbers cannot be read as tags.
    #[error(transparent)]
    Head(#[from] HeadError),
}

/// How many entities there are of each label.
#[must_use]
pub fn count<'a>(entities: impl IntoIterator<Item = &'a Entity>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for entity in entities {
        *counts.entry(entity.label.clone()).or_default() += 1;
    }
    counts
}

/// The first of the largest.
fn argmax(row: &[f32]) -> usize {
    let better = |best: usize, i: usize| if row[i] > row[best] { i } else { best };
    (1..row.len()).fold(0, better)
}

fn mean(rows: &[Vec<f32>]) -> Vec<f32> {
    let mut sum = rows.first().cloned().unwrap_or_default();
    for row in &rows[1.min(rows.len())..] {
        for (s, p) in sum.iter_mut().zip(row) {
            *s += p;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "words have few pieces")]
    let n = rows.len() as f32;
    sum.into_iter().map(|s| s / n).collect()
}

fn surest(rows: Vec<Vec<f32>>) -> Vec<f32> {
    let peak = |row: &Vec<f32>| row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    rows.into_iter()
        .reduce(|best, row| if peak(&row) > peak(&best) { row } else { best })
        .unwrap_or_default()
}
