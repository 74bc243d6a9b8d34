//! One word in several texts: its vectors in context, and without.
use std::io::Write as _;

use anyhow::bail;
use cloze::batch::isolate;
use cloze::embed::Level;
use cloze::{PieceVectors, Span, States};
use cloze_core::{OffsetConverter, OffsetUnit};
use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;

use super::measure::{Measure, Settings, Vectors, compare};
use super::{for_each_chunk, strs};
use crate::cli::CommonFlags;
use crate::commands::similarity::args::SimilarityArgs;
use crate::input::texts::Input;
use crate::terminal::messages::Messages;
use crate::terminal::out::Out;
use crate::terminal::out::json_line;
use cloze_report::text::{one_line, shown};

/// A text without the word.
#[derive(Debug, thiserror::Error)]
#[error("{id}: expected the word {word:?}, found none in {text:?}")]
struct NoWord {
    id: String,
    word: String,
    text: String,
}

/// The word at one place of a text.
struct Occurrence {
    /// The text's place in the list.
    text: usize,
    /// Which one in the text; counts from 1.
    number: usize,
    span: Span,
    statics: Vec<f32>,
    contextual: Vectors,
}

/// A text that has the word.
struct Bearer {
    input: Input,
    /// Which text it is of those read; counts from 1.
    number: usize,
    sentence: Vectors,
}

#[derive(Serialize)]
struct Report<'a> {
    word: &'a str,
    #[serde(flatten)]
    settings: Settings,
    offsets: &'static str,
    texts: Vec<TextRow<'a>>,
    occurrences: Vec<OccurrenceRow<'a>>,
    pairs: Vec<PairRow>,
}

#[derive(Serialize)]
struct TextRow<'a> {
    number: usize,
    id: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
struct OccurrenceRow<'a> {
    name: String,
    text: usize,
    occurrence: usize,
    form: &'a str,
    start: Option<usize>,
    end: Option<usize>,
}

#[derive(Serialize)]
struct PairRow {
    first: String,
    second: String,
    #[serde(rename = "static")]
    statics: f64,
    contextual: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    contextual_corrected: Option<f64>,
    sentence: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sentence_corrected: Option<f64>,
}

pub(super) fn run(
    measure: &Measure,
    word: &str,
    common: &CommonFlags,
    args: &SimilarityArgs,
    messages: &Messages,
    out: &mut Out,
) -> anyhow::Result<()> {
    let wanted = folded(word);
    if wanted.is_empty() || wanted.contains(char::is_whitespace) {
        bail!("--word: expected one word, found {word:?}");
    }
    let statics = args.vectors.open_states(States::Static, common, messages)?;
    let (mut bearers, mut occurrences) = (vec![], vec![]);
    let mut seen = 0;
    for_each_chunk(args, messages, |chunk| {
        let texts = strs(&chunk);
        let encoded = isolate(&texts, |texts| {
            let sentences = measure.vectors(texts)?;
            let words = measure.encoder.pieces(texts, Level::Word, false)?;
            let own = statics.pieces(texts, Level::Word, false)?;
            Ok(sentences.into_iter().zip(words).zip(own).collect())
        })?;
        for (input, encoded) in chunk.into_iter().zip(encoded) {
            seen += 1;
            let ((sentence, words), own) = match encoded {
                Ok(encoded) => encoded,
                Err(error) => {
                    messages.failure(&input.not_encoded(error));
                    continue;
                }
            };
            let (text, before) = (bearers.len(), occurrences.len());
            let places = places(&input.text, &wanted, &words, &own);
            let occurrence = |(number, (span, contextual, alone)): (usize, Place<'_>)| {
                let statics = statics.finish_with(None, alone.to_vec(), Level::Word)?;
                let contextual = measure.finish(contextual.to_vec(), Level::Word)?;
                Ok(Occurrence { text, number, span, statics, contextual })
            };
            match (1..).zip(places).map(occurrence).collect::<Result<Vec<_>, _>>() {
                Ok(found) => occurrences.extend(found),
                Err(error) => {
                    messages.failure(&input.not_encoded(error));
                    continue;
                }
            }
            if occurrences.len() == before {
                let Input { id, text, .. } = input;
                messages.failure(&NoWord { id, word: word.to_owned(), text });
            } else {
                bearers.push(Bearer { input, number: seen, sentence });
            }
        }
        Ok(())
    })?;
    if occurrences.len() < 2 {
        let found = occurrences.len();
        bail!("--word: expected {word:?} at two places at least, found {found}");
    }
    let pairs = pairs(measure, &bearers, &occurrences)?;
    if args.json {
        let settings = measure.settings(&args.vectors);
        return json_line(out, &report(word, settings, &bearers, &occurrences, pairs));
    }
    write_table(measure, &bearers, &occurrences, &pairs, out)
}

/// A word in the form that words are compared in.
fn folded(word: &str) -> String {
    let lower = word.nfc().collect::<String>().to_lowercase();
    // Lower case may be written in two characters again: İ.
    lower.nfc().collect()
}

/// A word's place, and its rows in context and alone.
type Place<'a> = (Span, &'a [f32], &'a [f32]);

/// Where the word is, with its rows in context and alone. Both have the same words: the tokenizer
/// is one.
fn places<'a>(
    text: &str,
    wanted: &str,
    words: &'a PieceVectors,
    own: &'a PieceVectors,
) -> Vec<Place<'a>> {
    let both = words.vectors.iter().zip(own.vectors.iter());
    let all = words.pieces.iter().zip(both);
    all.filter(|(piece, _)| folded(piece.span.of(text).unwrap_or("")) == wanted)
        .map(|(piece, (contextual, alone))| (piece.span, contextual, alone))
        .collect()
}

/// Each occurrence against each later one.
fn pairs(
    measure: &Measure,
    bearers: &[Bearer],
    occurrences: &[Occurrence],
) -> anyhow::Result<Vec<PairRow>> {
    let mut rows = vec![];
    for (i, a) in occurrences.iter().enumerate() {
        for b in &occurrences[i + 1..] {
            let contextual = measure.similarity(&a.contextual, &b.contextual)?;
            let sentences = (&bearers[a.text].sentence, &bearers[b.text].sentence);
            let sentence = measure.similarity(sentences.0, sentences.1)?;
            rows.push(PairRow {
                first: name(a, bearers),
                second: name(b, bearers),
                statics: compare(measure.metric, &a.statics, &b.statics)?,
                contextual: contextual.similarity,
                contextual_corrected: contextual.corrected,
                sentence: sentence.similarity,
                sentence_corrected: sentence.corrected,
            });
        }
    }
    Ok(rows)
}

/// `2.1`: the first in the second text.
fn name(occurrence: &Occurrence, bearers: &[Bearer]) -> String {
    format!("{}.{}", bearers[occurrence.text].number, occurrence.number)
}

fn report<'a>(
    word: &'a str,
    settings: Settings,
    bearers: &'a [Bearer],
    occurrences: &[Occurrence],
    pairs: Vec<PairRow>,
) -> Report<'a> {
    let text = |b: &'a Bearer| TextRow { number: b.number, id: &b.input.id, text: &b.input.text };
    let occurrence = |o: &Occurrence| {
        let bearer = &bearers[o.text];
        let mut unit = OffsetConverter::new(&bearer.input.text, OffsetUnit::Char);
        OccurrenceRow {
            name: name(o, bearers),
            text: bearer.number,
            occurrence: o.number,
            form: o.span.of(&bearer.input.text).unwrap_or(""),
            start: unit.convert(o.span.start),
            end: unit.convert(o.span.end),
        }
    };
    Report {
        word,
        settings,
        offsets: OffsetUnit::Char.name(),
        texts: bearers.iter().map(text).collect(),
        occurrences: occurrences.iter().map(occurrence).collect(),
        pairs,
    }
}

fn write_table(
    measure: &Measure,
    bearers: &[Bearer],
    occurrences: &[Occurrence],
    pairs: &[PairRow],
    out: &mut Out,
) -> anyhow::Result<()> {
    let longest = |names: &mut dyn Iterator<Item = usize>| names.max().unwrap_or(0);
    let width = longest(&mut occurrences.iter().map(|o| name(o, bearers).len()));
    for o in occurrences {
        let text = &bearers[o.text].input.text;
        let (start, end) = (&text[..o.span.start], &text[o.span.end..]);
        let own = o.span.of(text).unwrap_or("");
        let parts = [start, own, end].map(one_line);
        writeln!(out, "{:width$}  {}[{}]{}", name(o, bearers), parts[0], parts[1], parts[2])?;
    }
    let corrected = |level| if measure.corrects(level) { Some("corrected") } else { None };
    let (word, sentence) = (corrected(Level::Word), corrected(Level::Sentence));
    let head = ["static", "contextual"].into_iter().chain(word);
    let head: Vec<&str> = head.chain(["sentence"]).chain(sentence).collect();
    write!(out, "\n{:width$}  {:width$}", "", "")?;
    for name in &head {
        write!(out, "  {name:>10}")?;
    }
    writeln!(out)?;
    for pair in pairs {
        write!(out, "{:width$}  {:width$}", pair.first, pair.second)?;
        let numbers = [Some(pair.statics), Some(pair.contextual), pair.contextual_corrected];
        let sentences = [Some(pair.sentence), pair.sentence_corrected];
        for number in numbers.into_iter().chain(sentences).flatten() {
            write!(out, "  {:>10}", shown(number))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_whatever_their_case_and_composition() {
        assert_eq!(folded("E\u{301}COLE"), folded("école"));
        assert_eq!(folded("BANK"), "bank");
        assert_ne!(folded("bank"), folded("banks"));
        assert_ne!(folded("cote"), folded("côte"));
    }
}
