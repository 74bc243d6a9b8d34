//! Texts longer than a model takes at once.
use cloze_checkpoint::ModelFolder;
use cloze_encoder::{EncoderError, TokenCounter};

use super::DataCheckError;
use cloze_corpus::quality::{
    CheckedText, Finding, FindingKind, LabelledLine, RepeatedTexts, SourceLine,
};

/// Findings, one per distinct text with more tokens than the model takes at once, special ones aside,
/// and an error for each text whose tokens cannot be counted. Texts of a pair share one sequence where
/// the model takes two, and have one each where not.
pub(super) fn long_texts(
    texts: &RepeatedTexts,
    model: &ModelFolder,
) -> Result<(Vec<Finding>, Vec<DataCheckError>), EncoderError> {
    let counter = TokenCounter::open(model)?;
    let distinct = texts.distinct();
    let parts = |text: &CheckedText| 1 + usize::from(text.second.is_some());
    let strings: Vec<&str> = distinct
        .iter()
        .flat_map(|(text, _)| [Some(&text.first), text.second.as_ref()])
        .flatten()
        .map(String::as_str)
        .collect();
    let mut counts = counter.count(&strings).into_iter();
    let (mut findings, mut errors) = (vec![], vec![]);
    for (text, places) in distinct {
        let counts = counts.by_ref().take(parts(text)).collect::<Result<Vec<usize>, _>>();
        let counts = match counts {
            Ok(counts) => counts,
            Err(source) => {
                if let Some(LabelledLine { place: SourceLine { path, line, .. }, .. }) =
                    places.first()
                {
                    let (path, line) = (path.to_string(), *line);
                    errors.push(DataCheckError::NotCounted { path, line, source });
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
                kind: FindingKind::LongText,
                weight,
                occurrences: places.into_iter().cloned().collect(),
                text: Some(text.shown()),
                suggested: None,
                note: Some(format!("{tokens} tokens; the limit of {} is {limit}", model.name())),
            });
        }
    }
    Ok((findings, errors))
}
