//! `cloze pair`: labels of pairs of texts.
pub(crate) mod args;

use std::time::Instant;

use anyhow::bail;
use cloze_report::predictions::PredictedLabels;

use super::classify::{note, note_no_text, open};
use crate::cli::CommonFlags;
use crate::input::pairs;
use crate::input::texts::NotEncoded;
use crate::terminal::messages::Messages;
use args::PairClassifyArgs;

/// Labels the pairs of a file.
pub(crate) fn run(
    common: &CommonFlags,
    args: &PairClassifyArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    if !args.classifier.labels.is_empty() {
        bail!("--labels is for single texts\nhint: use cloze classify");
    }
    let params = args.pairs.reader()?.score_ignored(true).cells(args.out.is_table()).check()?;
    let classifier = match args.classifier.open_pairs(common, messages) {
        Err(error) => match error.downcast_ref() {
            Some(cloze::Error::TakesTexts { model }) => {
                bail!("{model} takes single texts, not pairs\nhint: use cloze classify")
            }
            _ => return Err(error),
        },
        Ok(classifier) => classifier,
    };
    let mut form = open(classifier.inputs(), &args.out)?;
    let started = Instant::now();
    let pairs = pairs::for_each_chunk(&args.file, &params, messages, |chunk| {
        let texts: Vec<(&str, &str)> =
            chunk.iter().map(|pair| (pair.first.as_str(), pair.second.as_str())).collect();
        for (pair, prediction) in chunk.iter().zip(classifier.classify_batch(&texts)?) {
            match prediction {
                Ok(prediction) => {
                    if [&pair.first, &pair.second].iter().any(|text| text.trim().is_empty()) {
                        note_no_text(&args.file, pair.line, messages);
                    }
                    let predicted = PredictedLabels {
                        path: &args.file,
                        line: pair.line,
                        id: pair.id.as_deref(),
                        labels: &prediction.labels,
                        probabilities: &prediction.probabilities,
                    };
                    form.write(&predicted, || pair.cells.clone().unwrap_or_default(), messages)?;
                }
                Err(source) => {
                    let (path, line) = (args.file.clone(), pair.line);
                    messages.failure(&NotEncoded { path, line, source });
                }
            }
        }
        Ok(form.flush()?)
    })?;
    form.finish()?;
    note(classifier.inputs(), pairs, "pair", started, messages);
    Ok(())
}
