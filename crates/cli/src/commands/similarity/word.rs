//! One word in several texts: its vectors in context, and its static vectors.
use anyhow::bail;
use cloze::States;
use cloze::batch::isolate;
use cloze::similarity::word::{WordVectors, folded};
use cloze::similarity::{ComparableVectors, SimilarityMeasure};
use cloze_core::{OffsetConverter, OffsetUnit};
use cloze_report::similarity::{NumberedText, WordOccurrence, WordPair, WordReport};

use super::{for_each_chunk, settings, strs};
use crate::cli::CommonFlags;
use crate::commands::similarity::args::SimilarityArgs;
use crate::input::texts::Input;
use crate::terminal::messages::Messages;
use crate::terminal::out::{Out, json_line};

/// A text without the word.
#[derive(Debug, thiserror::Error)]
#[error("{id}: expected the word {word:?}, found none in {text:?}")]
struct NoWord {
    id: String,
    word: String,
    text: String,
}

/// A text with the word.
struct Bearer {
    input: Input,
    /// Number among the texts read, from 1.
    number: usize,
    sentence: ComparableVectors,
    occurrences: Vec<WordVectors>,
}

pub(super) fn run(
    measure: &SimilarityMeasure,
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
    let mut bearers: Vec<Bearer> = vec![];
    let mut number = 0;
    for_each_chunk(args, messages, |chunk| {
        let words = |texts: &[&str]| measure.words(&statics, &wanted, texts);
        let encoded = isolate(&strs(&chunk), words)?;
        for (input, encoded) in chunk.into_iter().zip(encoded) {
            number += 1;
            match encoded {
                Err(error) => messages.failure(&input.not_encoded(error)),
                Ok(text) if text.occurrences.is_empty() => {
                    let Input { id, text, .. } = input;
                    messages.failure(&NoWord { id, word: word.to_owned(), text });
                }
                Ok(text) => {
                    let (sentence, occurrences) = (text.sentence, text.occurrences);
                    bearers.push(Bearer { input, number, sentence, occurrences });
                }
            }
        }
        Ok(())
    })?;
    let occurrences: usize = bearers.iter().map(|bearer| bearer.occurrences.len()).sum();
    if occurrences < 2 {
        bail!("--word: expected {word:?} at two places at least, found {occurrences}");
    }
    let report = WordReport {
        word,
        settings: settings(measure, args),
        offsets: OffsetUnit::Char.name(),
        texts: bearers.iter().map(text).collect(),
        occurrences: bearers.iter().flat_map(occurrences_of).collect(),
        pairs: pairs(measure, &bearers)?,
    };
    if args.format.is_json() { json_line(out, &report) } else { Ok(report.write_table(out)?) }
}

fn text(bearer: &Bearer) -> NumberedText<'_> {
    NumberedText { number: bearer.number, id: &bearer.input.id, text: &bearer.input.text }
}

fn occurrences_of(bearer: &Bearer) -> Vec<WordOccurrence<'_>> {
    let text = &bearer.input.text;
    let mut unit = OffsetConverter::new(text, OffsetUnit::Char);
    let occurrences = (1..).zip(&bearer.occurrences);
    let occurrences = occurrences.map(|(occurrence, WordVectors { span, .. })| WordOccurrence {
        name: name(bearer, occurrence),
        text: bearer.number,
        occurrence,
        form: span.of(text).unwrap_or(""),
        start: unit.convert(span.start),
        end: unit.convert(span.end),
        before: &text[..span.start],
        after: &text[span.end..],
    });
    occurrences.collect()
}

/// Returns the name of an occurrence: `2.1` is the first in the second text.
fn name(bearer: &Bearer, occurrence: usize) -> String {
    format!("{}.{occurrence}", bearer.number)
}

/// Compares each occurrence with each later one.
fn pairs(measure: &SimilarityMeasure, bearers: &[Bearer]) -> anyhow::Result<Vec<WordPair>> {
    let occurrences = bearers.iter().flat_map(|bearer| {
        (1..).zip(&bearer.occurrences).map(move |(number, vectors)| (bearer, number, vectors))
    });
    let occurrences: Vec<(&Bearer, usize, &WordVectors)> = occurrences.collect();
    let mut pairs = vec![];
    for (i, &(a_text, a_number, a)) in occurrences.iter().enumerate() {
        for &(b_text, b_number, b) in &occurrences[i + 1..] {
            let similarity =
                measure.word_similarity([a, b], [&a_text.sentence, &b_text.sentence])?;
            pairs.push(WordPair {
                first: name(a_text, a_number),
                second: name(b_text, b_number),
                statics: similarity.statics,
                contextual: similarity.contextual.similarity,
                contextual_corrected: similarity.contextual.corrected,
                sentence: similarity.sentence.similarity,
                sentence_corrected: similarity.sentence.corrected,
            });
        }
    }
    Ok(pairs)
}
