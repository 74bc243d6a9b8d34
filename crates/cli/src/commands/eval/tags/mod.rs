//! `cloze eval tag`: entities predicted by a model, against gold tags.
use std::io::Write as _;
use std::time::Instant;

use anyhow::{anyhow, bail};
use cloze::data_check::{NearDuplicateSummary, SplitText};
use cloze::evaluate::EvaluateError;
use cloze::evaluate::tags::{
    ComparedTagger, OtherTagLabels, TagEvaluation, TagEvaluationParams, TagEvaluationReport,
    TagReport,
};
use cloze::metrics::entity::{Convention, SchemeEvidence, TagScheme};
use cloze_corpus::{TaggedSentence, ValidTaggedParams};
use cloze_report::grid::{Grid, comparison_grid, entity_grids};
use cloze_report::labels::{ComparisonRow, write_rows};
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::eval::args::EvalTagArgs;
use crate::commands::eval::labels::note_near_duplicates;
use crate::commands::score_tags::{no_tag, scheme_of, table, warn_of_absent};
use crate::flags::find_model;
use crate::flags::tagger::note_scheme;
use crate::input::pairs::source;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::Out;
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
        let builder = args.tagger.builder(find_model(name, messages)?)?;
        models.push(builder.runtime(runtime.clone()).open()?);
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
    let mut tested: Vec<SplitText> = vec![];
    for_each_chunk(&args.file, &read, messages, |chunk| {
        if !args.against.is_empty() {
            tested.extend(split_texts(&args.file, chunk));
        }
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
    let near_duplicates = near_duplicates(&args.against, &read, &tested, messages)?;
    let report = evaluation.report(&args.file)?;
    if let Some(only) = &args.labels {
        warn_of_absent(only, &report.report.entities, messages);
    }
    args.format.write(
        &mut out,
        &Report { report: &report, near_duplicates },
        || grids(&report),
        |out| write(&report, out),
    )?;
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

/// Report with the sentences that are like training sentences, where these are given.
#[derive(Serialize)]
struct Report<'r> {
    #[serde(flatten)]
    report: &'r TagEvaluationReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    near_duplicates: Option<NearDuplicateSummary>,
}

fn split_texts<'s>(
    file: &'s str,
    sentences: &'s [TaggedSentence],
) -> impl Iterator<Item = SplitText> + 's {
    sentences.iter().map(move |s| SplitText::new(&s.text, None, Some((file, s.line))))
}

/// Compares the sentences with the training data, if there are some.
fn near_duplicates(
    against: &[String],
    read: &ValidTaggedParams,
    tested: &[SplitText],
    messages: &Messages,
) -> anyhow::Result<Option<NearDuplicateSummary>> {
    if against.is_empty() {
        return Ok(None);
    }
    let mut training: Vec<SplitText> = vec![];
    for file in against {
        for_each_chunk(file, read, messages, |chunk| {
            training.extend(split_texts(file, chunk));
            Ok(())
        })?;
    }
    let found = NearDuplicateSummary::of_test("sentence", &training, tested);
    note_near_duplicates(&found, messages);
    Ok(Some(found))
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
    messages.guessed(reader.guessed_encoding().as_ref());
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

/// Tables of the taggers, and of their comparison.
fn grids(report: &TagEvaluationReport) -> Vec<Grid> {
    let TagEvaluationReport { report, compare } = report;
    let tables = |report: &TagReport| {
        entity_grids(&report.entities, &report.f1_intervals, report.partial.as_ref())
    };
    let Some(compared) = compare else { return tables(report) };
    let mut grids = vec![];
    for report in [report, &compared.report] {
        grids.extend(tables(report).into_iter().map(|grid| grid.under(&report.predicted)));
    }
    grids.push(comparison_grid(&[comparison_row(compared)]));
    grids
}

fn comparison_row(compared: &ComparedTagger) -> ComparisonRow<'_> {
    ComparisonRow {
        figure: "micro F1",
        both: &compared.micro_f1,
        verdict: compared.micro_f1_verdict,
        test: None,
        examples: compared.sentences,
    }
}

fn write(report: &TagEvaluationReport, out: &mut Out) -> anyhow::Result<()> {
    let TagEvaluationReport { report, compare } = report;
    let Some(compared) = compare else { return table::write(report, out) };
    let other = &compared.report;
    for report in [report, other] {
        writeln!(out, "{}", report.predicted)?;
        table::write(report, out)?;
        writeln!(out)?;
    }
    let row = comparison_row(compared);
    Ok(write_rows(&[row], [&report.predicted, &other.predicted], out)?)
}
