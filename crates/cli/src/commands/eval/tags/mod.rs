//! `cloze eval tag`: entities predicted by a model, against gold tags.
use std::io::Write as _;
use std::time::Instant;

use anyhow::{anyhow, bail};
use cloze::evaluate::EvaluateError;
use cloze::evaluate::tags::{
    ComparedTagger, OtherTagLabels, TagEvaluation, TagEvaluationParams, TagEvaluationReport,
};
use cloze::metrics::entity::{Convention, SchemeEvidence, TagScheme};
use cloze_corpus::{TaggedSentence, ValidTaggedParams};
use cloze_report::labels::{ComparisonRow, write_rows};

use crate::cli::CommonFlags;
use crate::commands::eval::args::EvalTagArgs;
use crate::commands::score_tags::{no_tag, scheme_of, table, warn_of_absent};
use crate::flags::find_model;
use crate::flags::tagger::note_scheme;
use crate::input::pairs::source;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};
use crate::terminal::progress;

/// Text per chunk, in bytes.
const CHUNK_BYTES: usize = 256 << 10;
/// Most sentences per chunk.
const CHUNK_SENTENCES: usize = 4096;

/// A sentence that a model could not tag.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: not tagged by {model}")]
struct NotTagged {
    path: String,
    line: u64,
    model: String,
    source: cloze::Error,
}

pub(super) fn run(
    common: &CommonFlags,
    args: &EvalTagArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let read = args.columns.params()?;
    let params = params(args, &read)?;
    let runtime = common.load_runtime(messages)?;
    let mut models = vec![];
    for name in [Some(&args.tagger.model), args.compare.as_ref()].into_iter().flatten() {
        models.push(
            args.tagger.builder(find_model(name, messages)?).runtime(runtime.clone()).open()?,
        );
    }
    for model in &models {
        note_scheme(model, messages);
    }
    let evaluation = TagEvaluation::new(&models[0], models.get(1), params);
    let mut evaluation = evaluation.map_err(|error| match error {
        EvaluateError::RenamedTwice { label } => anyhow!("--map names {label:?} twice"),
        EvaluateError::NoLabel { label, found } => {
            anyhow!("--map {label}: no such label; {found}")
        }
        error => error.into(),
    })?;
    let mut out = args.out.open()?;
    let started = Instant::now();
    for_each_chunk(&args.file, &read, messages, |chunk| {
        let errors = evaluation.add(chunk).map_err(|error| match error {
            EvaluateError::Tag { sentence, word, expected, found, .. } => {
                let sentence = &chunk[sentence];
                let line = sentence.lines.get(word).copied().unwrap_or(sentence.line);
                no_tag(&args.file, line, &found, expected)
            }
            error => error.into(),
        })?;
        for error in errors {
            let (path, line) = (args.file.clone(), chunk[error.sentence].line);
            let (model, source) = (error.model, error.source);
            messages.failure(&NotTagged { path, line, model, source });
        }
        Ok(())
    })?;
    if evaluation.sentences() == 0 {
        bail!("{}: expected tagged sentences, found none that could be evaluated", args.file);
    }
    for labels in evaluation.without_gold_labels() {
        note_labels(&labels, messages);
    }
    let report = evaluation.report(&args.file)?;
    if let Some(only) = &args.labels {
        warn_of_absent(only, &report.report.entities, messages);
    }
    if args.format.is_json() {
        json_line(&mut out, &report)?;
    } else {
        write(&report, &mut out)?;
    }
    out.finish()?;
    let scheme = evaluation.scheme();
    let read = scheme.map_or("an unknown scheme".to_owned(), |s| s.to_string());
    messages.note(&format!(
        "{} with {} in {:.1} s, gold tags read as {read}",
        plural(report.report.sentences, "sentence"),
        plural(report.report.words, "word"),
        started.elapsed().as_secs_f64()
    ));
    Ok(())
}

fn params(args: &EvalTagArgs, read: &ValidTaggedParams) -> anyhow::Result<TagEvaluationParams> {
    let convention = match args.scheme {
        Some(scheme) if args.strict => Convention::Strict(scheme),
        None if args.strict => Convention::Strict(shown(args, read)?),
        _ => Convention::Conlleval,
    };
    Ok(TagEvaluationParams::new()
        .convention(convention)
        .scheme(args.scheme)
        .labels(args.labels.clone())
        .renamed(args.map.clone())
        .partial(args.partial)
        .seed(args.seed))
}

/// Reads the sentences and gives them to `work` in chunks. An unreadable row is reported and
/// skips its sentence.
fn for_each_chunk(
    file: &str,
    params: &ValidTaggedParams,
    messages: &Messages,
    mut work: impl FnMut(&[TaggedSentence]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let source = source(file);
    let mut reader = params.open(&source)?;
    progress::start(std::slice::from_ref(&source), messages);
    let (mut chunk, mut bytes, mut any, mut seen, mut sentences) = (vec![], 0, false, 0, 0_u64);
    while let Some(next) = reader.next() {
        match next {
            Ok(sentence) => {
                (any, bytes) = (true, bytes + sentence.text.len());
                sentences += 1;
                chunk.push(sentence);
            }
            // With nothing before it, it is not one failure among others.
            Err(error) if error.is_fatal() && !any => return Err(error.into()),
            Err(error) => messages.failure(&error),
        }
        messages.bar.inc(reader.bytes_read().saturating_sub(seen));
        seen = reader.bytes_read();
        if bytes >= CHUNK_BYTES || chunk.len() >= CHUNK_SENTENCES {
            bytes = 0;
            work(&chunk)?;
            chunk.clear();
            messages.bar.set_message(plural(sentences, "sentence"));
        }
    }
    if !chunk.is_empty() {
        work(&chunk)?;
    }
    messages.bar.finish_and_clear();
    messages.skipped_rows(&file, reader.skipped_rows());
    Ok(())
}

/// Returns the scheme of all gold tags, which is known only after all of them.
fn shown(args: &EvalTagArgs, params: &ValidTaggedParams) -> anyhow::Result<TagScheme> {
    if args.file == "-" {
        bail!("--strict: expected --scheme, since standard input is read only once");
    }
    let mut evidence = SchemeEvidence::default();
    // What cannot be read is named when it is judged.
    for sentence in params.open(&source(&args.file))?.flatten() {
        evidence.add(&sentence.tags);
    }
    scheme_of(&args.file, &evidence)
}

/// Reports a model and gold tags without a label in common.
fn note_labels(labels: &OtherTagLabels, messages: &Messages) {
    let OtherTagLabels { model, gold, predicted, labels } = labels;
    let predicted = if predicted.is_empty() { "none".to_owned() } else { predicted.join(", ") };
    messages.note(&format!(
        "{model} has none of the gold labels, {}; it found {predicted}\nhint: --map {}=NAME renames its \
         label to a gold label",
        gold.join(", "),
        labels.first().map_or("LABEL", String::as_str)
    ));
}

fn write(report: &TagEvaluationReport, out: &mut Out) -> anyhow::Result<()> {
    let TagEvaluationReport { report, compare } = report;
    let Some(ComparedTagger { report: other, micro_f1, micro_f1_verdict, sentences }) = compare
    else {
        return table::write(report, out);
    };
    for report in [report, other] {
        writeln!(out, "{}", report.predicted)?;
        table::write(report, out)?;
        writeln!(out)?;
    }
    let row = ComparisonRow {
        figure: "micro F1",
        both: micro_f1,
        verdict: *micro_f1_verdict,
        test: None,
        examples: *sentences,
    };
    Ok(write_rows(&[row], [&report.predicted, &other.predicted], out)?)
}
