//! Pairs of neighbouring sentences or lines.
use cloze_corpus::TextChunks;

use super::PlacedPair;
use crate::commands::next_sentence::args::{NeighboursArg, NextSentenceArgs};
use crate::flags::read::{InputArg, ReadFlags};
use crate::input::texts::{self, Input};
use crate::terminal::messages::Messages;

/// Reads pairs: each sentence with the next one of its text, or each line with the next one of its file.
pub(super) fn for_each_chunk(
    what: NeighboursArg,
    args: &NextSentenceArgs,
    messages: &Messages,
    work: &mut dyn FnMut(Vec<PlacedPair>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut read = ReadFlags { ..args.read.clone() };
    if what == NeighboursArg::Lines && read.input == InputArg::Auto {
        read.input = InputArg::Lines;
    }
    // The last line of the chunk before.
    let mut last: Option<Input> = None;
    texts::for_each_chunk(&args.texts, &read, messages, |chunk| {
        let mut pairs = vec![];
        for text in chunk {
            match what {
                NeighboursArg::Sentences => pairs.extend(sentences(&text)),
                NeighboursArg::Lines => {
                    // A blank line has no words to follow anything.
                    if text.text.trim().is_empty() {
                        continue;
                    }
                    if let Some(last) = last.take().filter(|last| last.path == text.path) {
                        let (path, line) = (last.path, last.line);
                        let second = text.text.clone();
                        pairs.push(PlacedPair {
                            path,
                            line,
                            id: None,
                            first: last.text,
                            second,
                            cells: None,
                        });
                    }
                    last = Some(text);
                }
            }
        }
        if pairs.is_empty() { Ok(()) } else { work(pairs) }
    })?;
    Ok(())
}

/// Returns the neighbouring sentences of a text.
fn sentences(text: &Input) -> Vec<PlacedPair> {
    let Input { path, line, id, text, .. } = text;
    let spans = TextChunks::Sentences(1).spans(text);
    // Of a text that is a whole file, lines can be counted; a record of another may have escapes.
    let whole_file = id == path;
    let line_at = |offset: usize| {
        let breaks = text[..offset].matches('\n').count();
        line + if whole_file { breaks as u64 } else { 0 }
    };
    let mut sentences = vec![];
    for pair in spans.windows(2) {
        let [first, second] = [pair[0], pair[1]].map(|span| span.of(text).unwrap_or_default());
        sentences.push(PlacedPair {
            path: path.clone(),
            line: line_at(pair[0].start),
            id: (!whole_file).then(|| id.clone()),
            first: first.to_owned(),
            second: second.to_owned(),
            cells: None,
        });
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sentence_meets_the_next() {
        let text = "It rains.\nDoes it?\n\nYes! ".to_owned();
        let mut input = Input::given(1, text);
        input.id.clone_from(&input.path);
        let placed = sentences(&input);
        let pairs: Vec<_> =
            placed.iter().map(|b| (b.line, b.first.as_str(), b.second.as_str())).collect();
        assert_eq!(pairs, [(1, "It rains.", "Does it?"), (2, "Does it?", "Yes!")]);
        assert!(sentences(&Input::given(1, "One.".into())).is_empty());
        assert!(sentences(&Input::given(1, String::new())).is_empty());
    }
}
