//! Tagging: logits per token → probabilities per token or word → tags → entities.
//!
//! Aggregation as in the transformers library 5.23 (`pipelines/token_classification.py`), except
//! that a word is what the tokenizer says it is, where that library compares string lengths.
use cloze_core::chunks_of_tags;
use cloze_core::words_of_tokens;
use std::collections::BTreeMap;

use cloze_core::{Chain, Encode, Entity, Scheme, Span, Tag, TagSet, TokenRows, Word};

use crate::HeadError;

mod lines;
mod params;
mod transitions;

pub use params::TagParams;
pub use transitions::Transitions;

/// The logarithm of a probability of 0: so far below that of any other (of 32 bits, −104) that such
/// a tag is chosen only where no legal sequence does without one.
const LOG_ZERO: f64 = -1e6;

/// Aggregation of the pieces of a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aggregation {
    /// They do not: every token with a label is an entity, with the model's own tag. Tags are decoded
    /// by [`Decode::Argmax`] unless another is asked for.
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

/// Decoding of tags from probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decode {
    /// The likeliest of the sequences that the scheme allows (Viterbi 1967), each unit's
    /// probability counted by itself, or with what [`Transitions`] say of neighbours.
    #[default]
    Viterbi,
    /// The likeliest tag of each unit, legal or not, as the transformers library has it; with
    /// [`Transitions`], by its probability in all sequences, the illegal ones, too.
    Argmax,
}

/// A word or token with what the model makes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// The bytes it stands for.
    pub span: Span,
    /// The probability of each tag, by the unit's own logits; they add up to 1.
    pub probabilities: Vec<f32>,
}

/// Decoder of token logits into entities: settings that [`TagParams::check`] has validated.
#[derive(Clone, Debug)]
pub struct TagDecoder {
    set: TagSet,
    /// Scheme that sequences are legal in.
    scheme: Scheme,
    /// Transitions that the scheme forbids, and learned transition scores.
    chain: Chain,
    /// Whether anything was.
    chained: bool,
    aggregation: Aggregation,
    decode: Decode,
    /// For each label, the least score; `None` where it is not wanted.
    least: Vec<Option<f32>>,
    recall_bias: f32,
}

impl TagDecoder {
    /// The tags and labels it gives.
    #[must_use]
    pub fn tags(&self) -> &TagSet {
        &self.set
    }

    /// The scheme it decodes in.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The same decoder with another [bias](TagParams::recall_bias), for logits that are there already.
    ///
    /// # Errors
    /// [`HeadError::Setting`] for a bias that is not a finite number.
    pub fn with_recall_bias(&self, logits: f32) -> Result<Self, HeadError> {
        params::check_recall_bias(logits)?;
        Ok(Self { recall_bias: logits, ..self.clone() })
    }

    /// The entities of each text, in the order of `texts`, by reading order.
    ///
    /// # Errors
    /// The encoder's, and those of [`TagDecoder::predict`].
    pub fn tag<E: Encode>(
        &self,
        encoder: &E,
        texts: &[&str],
    ) -> Result<Vec<Vec<Entity>>, TagError<E::Error>> {
        let logits = encoder.encode(texts).map_err(TagError::Encode)?;
        let mut entities = Vec::with_capacity(logits.len());
        for (text, rows) in texts.iter().zip(&logits) {
            entities.push(self.decode(text, &self.predict(rows)?));
        }
        Ok(entities)
    }

    /// The probabilities of one text's units, from logits `[tokens, tags]`: words or tokens, as the
    /// aggregation has it. Tokens that stand for no text are not units.
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
        if !self.aggregation.by_word() {
            let units = rows.tokens.iter().enumerate().filter(|(_, t)| !t.span.is_empty());
            let unit = |(i, t): (usize, &cloze_core::Token)| {
                Ok(Unit { span: t.span, probabilities: self.probabilities(rows, i)? })
            };
            return units.map(unit).collect();
        }
        words_of_tokens(&rows.tokens).iter().map(|word| self.word_unit(rows, word)).collect()
    }

    /// The probabilities of a word, from those of its pieces.
    fn word_unit(&self, rows: &TokenRows, word: &Word) -> Result<Unit, HeadError> {
        let first = self.first_piece(rows, word)?;
        let pieces = match self.aggregation {
            Aggregation::First => first..first + 1,
            _ => first..word.tokens.end,
        };
        let pieces = pieces.map(|i| self.probabilities(rows, i)).collect::<Result<Vec<_>, _>>()?;
        let probabilities = match self.aggregation {
            Aggregation::Average => mean(&pieces),
            // The first piece; or of all of them the surest, the earlier one in a tie.
            _ => surest(pieces),
        };
        Ok(Unit { span: word.span, probabilities })
    }

    /// The piece of a word that its pieces are counted from: not a mark alone, such as `▁` before 王, where
    /// the mark is in no entity. Models that were trained on words apart mark the beginning of an
    /// entity on it; others give it no label.
    fn first_piece(&self, rows: &TokenRows, word: &Word) -> Result<usize, HeadError> {
        let mut first = word.tokens.start;
        while first + 1 < word.tokens.end {
            let (mark, next) = (rows.tokens[first].span, rows.tokens[first + 1].span);
            let is_mark = mark.is_empty() || (next.start <= mark.start && mark.end <= next.end);
            let is_outside = || {
                let best = argmax(&self.probabilities(rows, first)?);
                Ok::<_, HeadError>(self.set.tags()[best] == Tag::Outside)
            };
            if !is_mark || !is_outside()? {
                break;
            }
            first += 1;
        }
        Ok(first)
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

    /// The entities in the units of `text`, by reading order. None goes on across a blank line, nor
    /// across a line end beside a form's field ([`cloze_core::FieldKey`]).
    #[must_use]
    pub fn decode(&self, text: &str, units: &[Unit]) -> Vec<Entity> {
        // Softmax takes the same off all logits of a unit, which moves no sequence before another.
        let logs = self.logs(units);
        let among_all = self.chained.then(|| self.among_all(&logs));
        let probabilities = |i: usize| match &among_all {
            Some(rows) => &rows[i],
            None => &units[i].probabilities,
        };
        let tags: Vec<usize> = match self.decode {
            Decode::Argmax => (0..units.len()).map(|i| argmax(probabilities(i))).collect(),
            Decode::Viterbi => self.chain.best(&logs),
        };
        let chosen = |i: usize| probabilities(i)[tags[i]];
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
        let mut entities = vec![];
        for chunk in chunks_of_tags(&sequence) {
            for part in lines::parts_at_lines(text, units, chunk.units) {
                #[expect(clippy::cast_precision_loss, reason = "entities have few units")]
                let score = part.clone().map(chosen).sum::<f32>() / part.len() as f32;
                let spans = || units[part.clone()].iter().map(|unit| unit.span);
                let start = spans().map(|span| span.start).min();
                let end = spans().map(|span| span.end).max();
                if let (true, Some(start), Some(end)) = (wanted(chunk.label, score), start, end) {
                    let label = self.set.labels()[chunk.label].clone();
                    entities.push(Entity { label, span: Span::new(start, end), score, tag: None });
                }
            }
        }
        entities
    }

    /// The logarithms of the units' probabilities, `[units, tags]`.
    fn logs(&self, units: &[Unit]) -> Vec<f64> {
        let tags = 0..self.set.tags().len();
        let log = |p: f32| f64::from(p).ln().max(LOG_ZERO);
        units.iter().flat_map(|u| tags.clone().map(move |t| log(u.probabilities[t]))).collect()
    }

    /// The probability of each unit's tags in all sequences of the chain.
    #[expect(clippy::cast_possible_truncation, reason = "scores have the model's own width")]
    fn among_all(&self, logs: &[f64]) -> Vec<Vec<f32>> {
        let marginals = self.chain.posterior(logs).marginals();
        let rows = marginals.chunks_exact(self.chain.labels());
        rows.map(|row| row.iter().map(|&p| p.min(1.0) as f32).collect()).collect()
    }
}

/// Error that stops [`TagDecoder::tag`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TagError<E: std::error::Error> {
    /// The encoder failed.
    #[error(transparent)]
    Encode(E),
    /// The numbers cannot be read as tags.
    #[error(transparent)]
    Head(#[from] HeadError),
}

/// Number of entities of each label.
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
