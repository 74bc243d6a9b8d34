//! `cloze eval classify` and `cloze eval pair`: labels of texts and pairs against gold.
//!
//! - `wrong`: examples that are labelled wrongly, kept on disk until they are in order;
//! - `report`: what it has come to.
//!
//! Of each example only the outcome stays in memory.
mod report;
mod wrong;

use std::time::Instant;

use anyhow::{anyhow, bail};
use cloze::heads::classify::Prediction;
use cloze::{Input, InputClassifier, PairClassifier, TextClassifier};

use crate::cli::CommonFlags;
use crate::commands::eval::args::EvalLabelsArgs;
use crate::input::examples::{self, Example};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};
use cloze::metrics::labels::compare_labels;
use cloze::metrics::labels::{LabelOutcome, evaluate_labels};
use report::{Compared, Report};
use wrong::Wrong;

/// An example that a model gave no labels.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: not labelled by {model}")]
struct NotLabelled {
    path: String,
    line: u64,
    model: String,
    source: cloze::Error,
}

/// A model, and what it said of each example.
struct Judging {
    classifier: InputClassifier,
    outcomes: Vec<LabelOutcome>,
}

impl Judging {
    fn new(classifier: InputClassifier) -> Self {
        Self { classifier, outcomes: vec![] }
    }

    fn multi_label(&self) -> bool {
        self.classifier.classifier().head().multi_label()
    }

    /// Whether any gold label is one that the model has, of those that have been seen.
    fn shares_labels(&self) -> bool {
        let known = |label: &String| self.classifier.labels().contains(label);
        self.outcomes.iter().any(|outcome| outcome.gold.iter().any(known))
    }
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
        bail!("--labels is for single texts: cloze eval classify");
    }
    if args.force && args.output.is_none() && args.errors.is_none() {
        bail!("--force is for --output or --errors");
    }
    let read = args.read.params()?.pairs(pairs);
    // A mistake in them shows before a model is loaded.
    read.clone().check()?;
    let mut models = vec![Judging::new(open(args, None, pairs, common, messages)?)];
    if let Some(name) = &args.compare {
        models.push(Judging::new(open(args, Some(name), pairs, common, messages)?));
    }
    check_models(&models, args)?;
    let mut out = Out::to(args.output.as_deref(), args.force)?;
    let errors = args.errors.as_deref().map(|path| Out::to(Some(path), args.force)).transpose()?;
    let mut wrong = errors.is_some().then(Wrong::new).transpose()?;
    let started = Instant::now();
    let mut first_chunk = true;
    let files = examples::for_each_chunk(&args.paths, read, messages, |chunk| {
        judge_chunk(&mut models, chunk, wrong.as_mut(), messages)?;
        if std::mem::take(&mut first_chunk) {
            for model in models.iter().filter(|m| !m.outcomes.is_empty() && !m.shares_labels()) {
                let (n, name) = (model.outcomes.len() as u64, model.classifier.name());
                let what = plural(n, "example");
                messages.note(&format!("no label of the first {what} is one of {name}'s"));
            }
        }
        Ok(())
    })?;
    let paths = args.paths.join(", ");
    for model in &models {
        check_labels(model, &paths)?;
    }
    let judged = |m: &Judging| {
        evaluate_labels(m.classifier.labels(), m.multi_label(), &m.outcomes, args.seed)
    };
    let compared = match &models[..] {
        [first, second] => {
            let both = [first, second].map(|m| (m.classifier.labels(), &m.outcomes[..]));
            let comparison = compare_labels(both, args.seed)?;
            Some(Compared::new(&second.classifier, judged(second)?, comparison))
        }
        _ => None,
    };
    let report = Report::new(files, &models[0].classifier, judged(&models[0])?, compared);
    if args.json {
        json_line(&mut out, &report)?;
    } else {
        report.write(&mut out)?;
    }
    out.finish()?;
    if let (Some(errors), Some(wrong)) = (errors, wrong) {
        wrong.write(errors)?;
    }
    let n = plural(models[0].outcomes.len() as u64, if pairs { "pair" } else { "text" });
    messages.note(&format!("{n} in {:.1} s", started.elapsed().as_secs_f64()));
    Ok(())
}

/// The classifier of texts or pairs, or the one of another name that it is compared with.
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
            anyhow!("{model} takes pairs of texts: cloze eval pair is for those")
        }
        Some(cloze::Error::TakesTexts { model }) => {
            anyhow!("{model} takes single texts: cloze eval classify is for those")
        }
        _ => error,
    })
}

/// Whether the models fit what they are given, and each other.
fn check_models(models: &[Judging], args: &EvalLabelsArgs) -> anyhow::Result<()> {
    for model in models {
        let name = model.classifier.name();
        if args.read.label_separator.is_some() && !model.multi_label() {
            bail!("--label-separator is for texts with several labels, but {name} chooses one");
        }
    }
    if let [first, second] = models
        && first.multi_label() != second.multi_label()
    {
        let [one, several] = if first.multi_label() { [second, first] } else { [first, second] };
        bail!(
            "{} chooses one label and {} any number: no figure is for both",
            one.classifier.name(),
            several.classifier.name()
        );
    }
    Ok(())
}

/// Whether there is anything to judge the model by.
fn check_labels(model: &Judging, paths: &str) -> anyhow::Result<()> {
    if model.outcomes.is_empty() {
        bail!("{paths}: no example could be labelled");
    }
    if model.shares_labels() {
        return Ok(());
    }
    let mut gold: Vec<&str> =
        model.outcomes.iter().flat_map(|o| &o.gold).map(String::as_str).collect();
    gold.sort_unstable();
    gold.dedup();
    let shown = |labels: &[&str]| match labels.len() {
        0 => "none".to_owned(),
        n if n > SHOWN_LABELS => {
            format!("{} and {} more", labels[..SHOWN_LABELS].join(", "), n - SHOWN_LABELS)
        }
        _ => labels.join(", "),
    };
    let own: Vec<&str> = model.classifier.labels().iter().map(String::as_str).collect();
    bail!(
        "{paths}: expected labels of {}, which are {}; found {}\nhint: --label-field names the column \
         of the labels",
        model.classifier.name(),
        shown(&own),
        shown(&gold)
    )
}

/// As many labels as an error lists.
const SHOWN_LABELS: usize = 30;

/// What the models say of a chunk. An example that one of them fails on counts for none, so that all
/// are judged by the same ones.
fn judge_chunk(
    models: &mut [Judging],
    chunk: Vec<Example>,
    mut wrong: Option<&mut Wrong>,
    messages: &Messages,
) -> anyhow::Result<()> {
    let inputs: Vec<Input<'_>> = chunk.iter().map(Example::input).collect();
    let mut found: Vec<std::vec::IntoIter<Result<Prediction, cloze::Error>>> = vec![];
    for model in &*models {
        found.push(model.classifier.classify_batch(&inputs)?.into_iter());
    }
    for example in chunk {
        let mut predictions = vec![];
        for (model, found) in models.iter().zip(&mut found) {
            match found.next() {
                Some(Ok(prediction)) => predictions.push(prediction),
                Some(Err(source)) => messages.failure(&NotLabelled {
                    path: example.path.to_string(),
                    line: example.line,
                    model: model.classifier.name().to_owned(),
                    source,
                }),
                None => {}
            }
        }
        if predictions.len() < models.len() {
            continue;
        }
        // Sets: the same label twice is one.
        let mut gold = example.labels.clone();
        gold.sort_unstable();
        gold.dedup();
        for (i, (model, prediction)) in models.iter_mut().zip(&predictions).enumerate() {
            let outcome = LabelOutcome::new(
                gold.clone(),
                prediction.labels.clone(),
                &prediction.probabilities,
                model.classifier.labels(),
            );
            if let (0, false, Some(wrong)) = (i, outcome.is_right(), wrong.as_deref_mut()) {
                wrong.add(&example, prediction, model.multi_label())?;
            }
            model.outcomes.push(outcome);
        }
    }
    Ok(())
}
