//! `cloze eval choices`: multiple-choice questions answered by a decoder, as in MMLU (Hendrycks et al.,
//! ICLR 2021).
//!
//! - `report`: the report for people.
mod report;

use std::collections::HashMap;
use std::time::Instant;

use anyhow::bail;
use cloze::evaluate::choices::{ChoiceEvaluation, Question, QuestionColumns, QuestionError};

use crate::cli::CommonFlags;
use crate::commands::eval::args::decoder::EvalChoicesArgs;
use crate::input::kept::cells_of;
use crate::input::texts::{self, Input};
use crate::terminal::messages::{Messages, plural};

/// A record that is no question.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: not a question")]
struct NoQuestion {
    path: String,
    line: u64,
    source: QuestionError,
}

/// Columns of each file, and the questions taken of it.
#[derive(Default)]
struct Files(HashMap<String, (QuestionColumns, u64)>);

impl Files {
    /// The question of a record; `None` for a header, and for those beyond the limit.
    fn question(
        &mut self,
        input: &Input,
        limit: Option<u64>,
    ) -> Result<Option<Question>, NoQuestion> {
        let (columns, taken) = self.0.entry(input.path.clone()).or_default();
        if limit.is_some_and(|limit| *taken >= limit) {
            return Ok(None);
        }
        let question = columns.question(&cells_of(input)).map_err(|source| NoQuestion {
            path: input.path.clone(),
            line: input.line,
            source,
        });
        *taken += u64::from(!matches!(question, Ok(None)));
        question
    }
}

pub(super) fn run(
    common: &CommonFlags,
    args: &EvalChoicesArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let read = args.records.read(&args.paths, false);
    read.params()?;
    let shots = shots(args, messages)?;
    let (generator, model) = args.decoder.open(common, messages)?;
    let mut out = args.out.open()?;
    let started = Instant::now();
    let mut evaluation = ChoiceEvaluation::new(&generator, args.score.value(), &shots);
    let (mut files, mut several) = (Files::default(), vec![]);
    texts::for_each_chunk(&args.paths, &read, messages, |chunk| {
        for input in chunk {
            match files.question(&input, args.limit) {
                Ok(Some(mut question)) => {
                    // A file is a subject where records name none.
                    if !several.contains(&input.path) {
                        several.push(input.path.clone());
                    }
                    question.subject.get_or_insert_with(|| input.path.clone());
                    match evaluation.add(&question) {
                        Ok(_) => {}
                        Err(error) if error.is_of_one_text() => {
                            messages.failure(&input.not_encoded(error));
                        }
                        Err(error) => return Err(error.into()),
                    }
                }
                Ok(None) => {}
                Err(error) => messages.failure(&error),
            }
        }
        Ok(())
    })?;
    if evaluation.questions() == 0 {
        bail!("{}: expected questions with choices, found none to answer", args.paths.join(", "));
    }
    let report = evaluation.report(&model)?;
    args.format.write(
        &mut out,
        &report,
        || report::grids(&report),
        |out| report::write(&report, out),
    )?;
    out.finish()?;
    let (n, counts) = (plural(evaluation.questions() as u64, "question"), evaluation.counts());
    let seconds = started.elapsed().as_secs_f64();
    messages.note(&format!(
        "{n} in {seconds:.1} s, {} computed, {} reused",
        plural(counts.computed, "token"),
        counts.reused
    ));
    Ok(())
}

/// Returns the solved questions. One that is none ends the run: the prompts would be others.
fn shots(args: &EvalChoicesArgs, messages: &Messages) -> anyhow::Result<Vec<Question>> {
    let Some(path) = &args.shots else { return Ok(vec![]) };
    let paths = [path.clone()];
    let read = args.records.read(&paths, false);
    let (mut files, mut shots) = (Files::default(), vec![]);
    texts::for_each_chunk(&paths, &read, messages, |chunk| {
        for input in chunk {
            shots.extend(files.question(&input, None)?);
        }
        Ok(())
    })?;
    if shots.is_empty() {
        bail!("{path}: expected solved questions, found none");
    }
    Ok(shots)
}
