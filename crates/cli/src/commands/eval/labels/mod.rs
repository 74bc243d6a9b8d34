//! `cloze eval classify` and `cloze eval pair`: labels of texts and pairs against gold.
//!
//! - `report`: the report for people.
mod report;

use std::time::Instant;

use anyhow::{anyhow, bail};
use cloze::data_check::{NearDuplicateSummary, SplitText};
use cloze::evaluate::EvaluateError;
use cloze::evaluate::classifier::{
    ClassifierEvaluation, ConfidentErrors, GoldExample, SourceExample,
};
use cloze::{InputClassifier, PairClassifier, TextClassifier};
use cloze_corpus::LabelledParams;

use crate::cli::CommonFlags;
use crate::commands::classify::note_no_text;
use crate::commands::eval::args::EvalLabelsArgs;
use crate::input::examples::{self, Example};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::Out;
use report::Report;

/// An example that a model could not label.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: not labelled by {model}")]
struct NotLabelled {
    path: String,
    line: u64,
    model: String,
    source: cloze::Error,
}

pub(super) fn run(
    common: &CommonFlags,
    args: &EvalLabelsArgs,
    pairs: bool,
    messages: &Messages,
) -> anyhow::Result<()> {
    if !pairs && (args.read.pairs || args.read.pair_field.is_some()) {
        bail!("--pairs and --pair-field are for cloze eval pair");
    }
    if pairs && !args.classifier.labels.is_empty() {
        bail!("--labels is for single texts\nhint: use cloze eval classify");
    }
    if args.force && args.output.is_none() && args.errors.is_none() {
        bail!("--force is for --output or --errors");
    }
    let read = args.read.params()?.pairs(pairs);
    // A mistake in them shows before a model is loaded.
    read.clone().check()?;
    let mut models = vec![open(args, None, pairs, common, messages)?];
    if let Some(name) = &args.compare {
        models.push(open(args, Some(name), pairs, common, messages)?);
    }
    let mut evaluation = evaluation(&models, args)?;
    let mut out = Out::to(args.output.as_deref(), args.force)?;
    let errors = args.errors.as_deref().map(|path| Out::to(Some(path), args.force)).transpose()?;
    let mut wrong = errors.is_some().then(ConfidentErrors::new).transpose()?;
    let started = Instant::now();
    let mut first_chunk = true;
    let mut tested: Vec<SplitText> = vec![];
    let files = examples::for_each_chunk(&args.paths, read.clone(), messages, |chunk| {
        if !args.against.is_empty() {
            tested.extend(chunk.iter().map(Example::split_text));
        }
        add(&mut evaluation, &models, &chunk, wrong.as_mut(), messages)?;
        if std::mem::take(&mut first_chunk) {
            let what = plural(evaluation.examples() as u64, "example");
            for name in evaluation.without_shared_labels() {
                messages
                    .note(&format!("none of the labels of the first {what} is a label of {name}"));
            }
        }
        Ok(())
    })?;
    let paths = args.paths.join(", ");
    let report = evaluation.report(args.seed).map_err(|error| match error {
        EvaluateError::NoRecords => {
            anyhow!("{paths}: expected examples, found none that could be labelled")
        }
        EvaluateError::OtherLabels { .. } => {
            anyhow!("{paths}: {error}\nhint: --label-field sets the column of the labels")
        }
        error => error.into(),
    })?;
    let near_duplicates = near_duplicates(&args.against, read, &tested, messages)?;
    let report = Report { files, evaluated: report, near_duplicates };
    args.format.write(&mut out, &report, || report.grids(), |out| report.write(out))?;
    out.finish()?;
    if let (Some(mut errors), Some(wrong)) = (errors, wrong) {
        wrong.write(&mut errors)?;
        errors.finish()?;
    }
    let n = plural(evaluation.examples() as u64, if pairs { "pair" } else { "text" });
    messages.note(&format!("{n} in {:.1} s", started.elapsed().as_secs_f64()));
    Ok(())
}

/// Compares the examples with the training data, if there are some.
fn near_duplicates(
    against: &[String],
    read: LabelledParams,
    tested: &[SplitText],
    messages: &Messages,
) -> anyhow::Result<Option<NearDuplicateSummary>> {
    if against.is_empty() {
        return Ok(None);
    }
    let mut training: Vec<SplitText> = vec![];
    examples::for_each_chunk(against, read.labelled(false), messages, |chunk| {
        training.extend(chunk.iter().map(Example::split_text));
        Ok(())
    })?;
    let found = NearDuplicateSummary::of_test("example", &training, tested);
    note_near_duplicates(&found, messages);
    Ok(Some(found))
}

/// Tells of near-duplicates, or that there are none.
pub(super) fn note_near_duplicates(found: &NearDuplicateSummary, messages: &Messages) {
    let warning = if found.is_warning() { "warning: " } else { "" };
    messages.note(&format!("{warning}{found}"));
}

/// Opens the classifier of texts or pairs, or the one of another name that it is compared with.
fn open(
    args: &EvalLabelsArgs,
    other: Option<&String>,
    pairs: bool,
    common: &CommonFlags,
    messages: &Messages,
) -> anyhow::Result<InputClassifier> {
    let flags = &args.classifier;
    let opened = match (pairs, other) {
        (false, None) => flags.open_texts(common, messages).map(TextClassifier::into_inputs),
        (false, Some(name)) => {
            flags.open_other_texts(name, common, messages).map(TextClassifier::into_inputs)
        }
        (true, None) => flags.open_pairs(common, messages).map(PairClassifier::into_inputs),
        (true, Some(name)) => {
            flags.open_other_pairs(name, common, messages).map(PairClassifier::into_inputs)
        }
    };
    opened.map_err(|error| match error.downcast_ref() {
        Some(cloze::Error::TakesPairs { model }) => {
            anyhow!("{model} takes pairs of texts, not single texts\nhint: use cloze eval pair")
        }
        Some(cloze::Error::TakesTexts { model }) => {
            anyhow!("{model} takes single texts, not pairs\nhint: use cloze eval classify")
        }
        _ => error,
    })
}

/// Starts the evaluation, if the models fit the examples and each other.
fn evaluation<'m>(
    models: &'m [InputClassifier],
    args: &EvalLabelsArgs,
) -> anyhow::Result<ClassifierEvaluation<'m>> {
    for model in models {
        let name = model.name();
        if model.classifier().head().regression() {
            bail!(
                "{name} is a regression model, which gives numbers; expected one that gives labels"
            );
        }
        if args.read.label_separator.is_some() && !model.classifier().head().multi_label() {
            bail!(
                "--label-separator is for texts with several labels, but {name} predicts a single label"
            );
        }
    }
    match models {
        [first, second] => Ok(ClassifierEvaluation::compare(first, second)?),
        [first, ..] => Ok(ClassifierEvaluation::new(first)),
        [] => bail!("expected a model"),
    }
}

/// Evaluates a chunk; examples that a model fails on are reported.
fn add(
    evaluation: &mut ClassifierEvaluation<'_>,
    models: &[InputClassifier],
    chunk: &[Example],
    mut wrong: Option<&mut ConfidentErrors>,
    messages: &Messages,
) -> anyhow::Result<()> {
    let examples: Vec<GoldExample<'_>> =
        chunk.iter().map(|e| GoldExample { input: e.input(), labels: &e.labels }).collect();
    let classified = evaluation.add(&examples)?;
    for ((example, gold), classified) in chunk.iter().zip(&examples).zip(classified) {
        let (path, line) = (&*example.path, example.line);
        if gold.input.is_blank() {
            note_no_text(path, line, messages);
            continue;
        }
        if let (Some(false), Some(wrong), [Ok(prediction), ..], [model, ..]) =
            (classified.right, wrong.as_deref_mut(), &classified.predictions[..], models)
        {
            let source = SourceExample { path, line, id: example.id.as_deref() };
            wrong.add(source, gold, prediction, model.classifier().head().multi_label())?;
        }
        for (model, prediction) in models.iter().zip(classified.predictions) {
            if let Err(source) = prediction {
                let model = model.name().to_owned();
                messages.failure(&NotLabelled { path: path.to_owned(), line, model, source });
            }
        }
    }
    Ok(())
}
