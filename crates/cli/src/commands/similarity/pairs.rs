//! Similarities of pairs from a file, one result line each, as they are read.
use std::io::Write as _;

use serde::Serialize;

use cloze::distinct::DistinctTexts;
use cloze::embed::{CorrectedSimilarity, Level};
use cloze::similarity::{ComparableVectors, SimilarityMeasure};

use crate::commands::similarity::args::SimilarityArgs;
use crate::input::kept::KeptTable;
use crate::input::pairs::{NotEncoded, for_each_chunk};
use crate::terminal::messages::Messages;
use crate::terminal::out::{Out, json_line};
use cloze_report::cells::Cell;

#[derive(Serialize)]
struct Row<'a> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    first: &'a str,
    second: &'a str,
    #[serde(flatten)]
    similarity: CorrectedSimilarity,
    metric: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
}

pub(super) fn run(
    measure: &SimilarityMeasure,
    file: &str,
    args: &SimilarityArgs,
    messages: &Messages,
    out: &mut Out,
) -> anyhow::Result<()> {
    let params = args.fields.params(args.read.table);
    let params = params
        .format(args.read.input.value())
        .encoding(args.read.encoding()?)
        .id_field(args.read.id_field.clone())
        .cells(args.table().is_some())
        .max_text_bytes(args.read.max_text.saturating_mul(1 << 20))
        .check()?;
    let table = args.formulas.tsv();
    let mut kept = args.table().map(KeptTable::new);
    let mut headed = args.format.is_json() || kept.is_some();
    for_each_chunk(file, &params, messages, |pairs| {
        if !std::mem::replace(&mut headed, true) {
            let corrected = measure.corrects(Level::Sentence).then_some("corrected");
            let names = ["similarity"].into_iter().chain(corrected).chain(["first", "second"]);
            table.write_header(out, names)?;
        }
        let mut vectors = DistinctTexts::<ComparableVectors>::default();
        vectors.add(&pairs, |texts| measure.vectors(texts))?;
        for pair in &pairs {
            let [first, second] = match vectors.of(pair) {
                Ok(both) => both,
                Err(error) => {
                    messages.failure(&NotEncoded::new(file, pair, error));
                    continue;
                }
            };
            let similarity = measure.similarity(first, second)?;
            if let Some(kept) = &mut kept {
                let numbers = [
                    ("similarity", Some(similarity.similarity)),
                    ("corrected", similarity.corrected),
                ];
                let numbers = numbers.into_iter().filter(|(_, number)| number.is_some());
                let cells = pair.cells.clone().unwrap_or_default();
                let place = (file, pair.line);
                if let Err(error) = kept.write(&cells, place, &numbers.collect::<Vec<_>>(), out)? {
                    messages.failure(&error);
                }
            } else if args.format.is_json() {
                let metric = measure.metric().name();
                let (id, first, second) = (pair.id.as_deref(), &*pair.first, &*pair.second);
                let (line, score) = (pair.line, pair.score);
                json_line(out, &Row { line, id, first, second, similarity, metric, score })?;
            } else {
                let numbers = [Some(similarity.similarity), similarity.corrected];
                let numbers: Vec<String> = numbers.iter().flatten().map(f64::to_string).collect();
                let numbers = numbers.iter().map(|number| Cell::Plain(number));
                let texts = [Cell::Text(&pair.first), Cell::Text(&pair.second)];
                table.write(out, numbers.chain(texts))?;
            }
        }
        Ok(out.flush()?)
    })?;
    Ok(())
}
