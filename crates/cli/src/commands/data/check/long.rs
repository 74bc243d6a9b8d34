//! Texts that are longer than a model takes.
use cloze_checkpoint::ModelFolder;
use cloze_encoder::TokenCounter;

use super::finding::{Finding, Kind, Occurrence, Place};
use super::texts::{Text, Texts};
use crate::terminal::messages::Messages;

/// A text whose tokens cannot be counted.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: tokens not counted")]
struct NotCounted {
    path: String,
    line: u64,
    source: cloze_encoder::EncoderError,
}

/// A finding for every distinct text with more tokens than the model takes at once, special ones
/// aside. Texts of a pair share one sequence where the model takes two, and have one each where not.
pub(super) fn texts(
    texts: &Texts,
    model: &ModelFolder,
    messages: &Messages,
) -> anyhow::Result<Vec<Finding>> {
    let counter = TokenCounter::open(model)?;
    let distinct = texts.distinct();
    let parts = |text: &Text| 1 + usize::from(text.second.is_some());
    let all: Vec<&str> = distinct
        .iter()
        .flat_map(|(text, _)| [Some(&text.first), text.second.as_ref()])
        .flatten()
        .map(String::as_str)
        .collect();
    let mut counts = counter.count(&all).into_iter();
    let mut findings = vec![];
    for (text, places) in distinct {
        let counts = counts.by_ref().take(parts(text)).collect::<Result<Vec<usize>, _>>();
        let counts = match counts {
            Ok(counts) => counts,
            Err(source) => {
                if let Some(Occurrence { place: Place { path, line, .. }, .. }) = places.first() {
                    messages.failure(&NotCounted { path: path.to_string(), line: *line, source });
                }
                continue;
            }
        };
        let (tokens, limit) = match (counts.len(), counter.pair_limit()) {
            (2, Some(limit)) => (counts.iter().sum(), limit),
            _ => (counts.into_iter().max().unwrap_or(0), counter.limit()),
        };
        if tokens > limit {
            #[expect(clippy::cast_precision_loss, reason = "a number of tokens is far below 2^53")]
            let weight = tokens as f64;
            findings.push(Finding {
                kind: Kind::LongText,
                weight,
                occurrences: places.into_iter().cloned().collect(),
                text: Some(text.shown()),
                suggested: None,
                note: Some(format!("{tokens} tokens, and {} takes {limit}", model.name())),
            });
        }
    }
    Ok(findings)
}
