//! Similarities of one text to others, best first; of two texts their similarity.
use anyhow::bail;
use cloze::batch::isolate;
use cloze::embed::CorrectedSimilarity;
use cloze::similarity::{ComparableVectors, SimilarityMeasure};
use cloze_report::similarity::{RankedReport, RankedText, TwoTextsReport};

use super::{for_each_chunk, settings, strs};
use crate::commands::similarity::args::SimilarityArgs;
use crate::input::texts::Input;
use crate::terminal::messages::Messages;
use crate::terminal::out::Out;
use crate::terminal::out::json_line;

/// A text with its similarity to the first.
struct Found {
    input: Input,
    given: bool,
    similarity: CorrectedSimilarity,
}

pub(super) fn run(
    measure: &SimilarityMeasure,
    args: &SimilarityArgs,
    messages: &Messages,
    out: &mut Out,
) -> anyhow::Result<()> {
    let top = args.top.and_then(|top| usize::try_from(top).ok()).unwrap_or(usize::MAX);
    let mut query: Option<(Input, ComparableVectors)> = None;
    let mut ranked: Vec<Found> = vec![];
    let (mut compared, mut seen) = (0, 0_u64);
    for_each_chunk(args, messages, |chunk| {
        let encoded = isolate(&strs(&chunk), |texts| measure.vectors(texts))?;
        for (input, vectors) in chunk.into_iter().zip(encoded) {
            seen += 1;
            match (vectors, &query) {
                (Err(error), None) => return Err(input.not_encoded(error).into()),
                (Err(error), Some(_)) => messages.failure(&input.not_encoded(error)),
                (Ok(vectors), None) => query = Some((input, vectors)),
                (Ok(vectors), Some((_, first))) => {
                    let similarity = measure.similarity(first, &vectors)?;
                    let given = seen <= args.given.len() as u64;
                    compared += 1;
                    ranked.push(Found { input, given, similarity });
                }
            }
        }
        // Stable, so that equal ones stay in the order they came in.
        ranked.sort_by(|a, b| b.similarity.key().total_cmp(&a.similarity.key()));
        ranked.truncate(top);
        Ok(())
    })?;
    let Some((query, _)) = query.filter(|_| seen >= 2) else {
        bail!("expected at least two texts, found {seen}");
    };
    let settings = settings(measure, args);
    if let ([second], true) = (&ranked[..], args.given.len() == 2 && args.texts.is_empty()) {
        let (first, second, similarity) = (&*query.text, &*second.input.text, second.similarity);
        let report = TwoTextsReport { first, second, similarity, settings };
        return if args.format.is_json() {
            json_line(out, &report)
        } else {
            Ok(report.write_text(out)?)
        };
    }
    let results = (1..).zip(&ranked).map(|(rank, text)| result(rank, text)).collect();
    let report = RankedReport { text: &query.text, settings, compared, results };
    if args.format.is_json() { json_line(out, &report) } else { Ok(report.write_table(out)?) }
}

fn result(rank: usize, Found { input, given, similarity }: &Found) -> RankedText<'_> {
    let id = (!given).then_some(&*input.id);
    RankedText { rank, similarity: *similarity, id, name: &input.id, text: &input.text }
}
