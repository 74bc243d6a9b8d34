//! `cloze eval redact`: items of personal data hidden whole, partly or not at all.
//!
//! - `sweep`: the same with several settings in one run.
mod sweep;

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::anyhow;
use cloze::evaluate::EvaluateError;
use cloze::evaluate::redaction::{RedactionEvaluation, RedactionEvaluationReport};
use cloze_corpus::{MarkedText, read_marked};
use cloze_report::grid::{redaction_grids, write_aligned};

use crate::cli::CommonFlags;
use crate::commands::eval::args::redact::EvalRedactArgs;
use crate::flags::find_model;
use crate::flags::tagger::note_scheme;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::Out;

/// Texts per chunk.
const CHUNK_TEXTS: usize = 256;

/// A text that the model could not tag.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: not tagged")]
struct NotTagged {
    path: String,
    line: u64,
    source: cloze::Error,
}

pub(super) fn run(
    common: &CommonFlags,
    args: &EvalRedactArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let started = Instant::now();
    args.out.check("--svg", args.svg.is_some())?;
    let gold = read_marked(&args.file)?;
    let data = args.file.display().to_string();
    if !args.sweep.is_empty() {
        return sweep::run(common, args, &gold, messages);
    }
    let mut evaluation = RedactionEvaluation::default();
    let (predicted, model_sha256) = if let Some(path) = &args.predicted {
        let predicted = read_marked(path)?;
        evaluation
            .add_predicted(&gold, &predicted)
            .map_err(|error| other_text(error, (&args.file, &gold), (path, &predicted)))?;
        (path.display().to_string(), None)
    } else {
        let model = find_model(&args.tagger.model, messages)?;
        let tagger =
            args.tagger.builder(model)?.redacts(true).runtime(common.load_runtime(messages)?);
        let tagger = tagger.open()?;
        note_scheme(&tagger, messages);
        for texts in gold.chunks(CHUNK_TEXTS) {
            for (index, source) in evaluation.tag(&tagger, texts)? {
                let (path, line) = (data.clone(), texts[index].line);
                messages.failure(&NotTagged { path, line, source });
            }
            messages.bar.set_message(plural(evaluation.total().texts, "text"));
        }
        messages.bar.finish_and_clear();
        (tagger.model().name().clone(), Some(tagger.model().sha256()?))
    };
    let report =
        evaluation.report(&data, &predicted, model_sha256).map_err(|error| match error {
            EvaluateError::NoRecords => anyhow!("{data}: expected marked texts, found none"),
            error => error.into(),
        })?;
    let mut out = args.out.open()?;
    args.format.write(
        &mut out,
        &report,
        || redaction_grids(&report.total, &report.kinds),
        |out| write(&report, out),
    )?;
    out.finish()?;
    let (texts, seconds) = (plural(report.total.texts, "text"), started.elapsed().as_secs_f64());
    messages.note(&format!("{texts} in {seconds:.1} s"));
    Ok(())
}

/// Names the first text that two files have not in common.
fn other_text(
    error: EvaluateError,
    (gold_path, gold): (&Path, &[MarkedText]),
    (predicted_path, predicted): (&Path, &[MarkedText]),
) -> anyhow::Error {
    let EvaluateError::OtherText { text } = error else { return error.into() };
    let (gold_path, predicted_path) = (gold_path.display(), predicted_path.display());
    match (gold.get(text), predicted.get(text)) {
        (Some(gold), Some(predicted)) => anyhow!(
            "{predicted_path}:{}: expected the text of {gold_path}:{}, found another",
            predicted.line,
            gold.line
        ),
        (Some(gold), None) => {
            anyhow!(
                "{predicted_path}: expected the text of {gold_path}:{}, found the end",
                gold.line
            )
        }
        (None, predicted) => anyhow!(
            "{predicted_path}:{}: expected the end, since {gold_path} has {}",
            predicted.map_or(0, |predicted| predicted.line),
            plural(gold.len() as u64, "text")
        ),
    }
}

fn write(report: &RedactionEvaluationReport, out: &mut Out) -> anyhow::Result<()> {
    match &report.model_sha256 {
        Some(sha256) => writeln!(out, "{} (SHA-256 {sha256})\n", report.predicted)?,
        None => writeln!(out, "{}\n", report.predicted)?,
    }
    Ok(write_aligned(&redaction_grids(&report.total, &report.kinds), out)?)
}
