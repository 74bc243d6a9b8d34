//! Accuracy of predicted senses.
use std::collections::BTreeSet;
use std::io::Write as _;
use std::time::Instant;

use anyhow::{anyhow, bail};
use cloze::embed::{Level, Spread};
use cloze::evaluate::EvaluateError;
use cloze::evaluate::senses::{
    DocumentPart, SenseReport, SenseSplit, SenseTrials, split_documents,
};
use cloze::heads::senses::{FittedSenses, SenseFitter};
use cloze::{SentenceEncoder, States};

use super::data::{self, Sample};
use super::fit;
use crate::cli::CommonFlags;
use crate::commands::embed::note_truncated;
use crate::commands::senses::args::{PartArg, SensesEvalArgs, open_senses};
use crate::flags::vectors::CorrectionArg;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};

pub(super) fn run(
    common: &CommonFlags,
    args: &SensesEvalArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.read.params()?;
    let started = Instant::now();
    let mut out = args.out.open()?;
    let report = match &args.senses {
        Some(folder) => {
            let runtime = common.load_runtime(messages)?;
            let saved = open_senses(folder, &args.vectors.work, runtime)?;
            let samples = data::read(&args.read, messages)?;
            let samples: Vec<&Sample> = samples.iter().collect();
            let senses = std::slice::from_ref(saved.fitted());
            let encoder = saved.encoder();
            let mut report = report(encoder, args, senses, &samples)?;
            evaluate(&mut report, encoder, "in context", senses, &samples, messages)?;
            report
        }
        None => held_out(common, args, messages)?,
    };
    if args.format.is_json() {
        json_line(&mut out, &report)?;
    } else {
        write(&report, &mut out)?;
    }
    out.finish()?;
    let seconds = started.elapsed().as_secs_f64();
    messages.note(&format!("{} in {seconds:.1} s", plural(report.occurrences, "occurrence")));
    Ok(())
}

/// Fits senses on some documents and evaluates them on others.
fn held_out(
    common: &CommonFlags,
    args: &SensesEvalArgs,
    messages: &Messages,
) -> anyhow::Result<SenseReport> {
    for (i, correction) in args.correction.iter().enumerate() {
        if args.correction[..i].contains(correction) {
            bail!("--correction names a method twice");
        }
    }
    args.prior.check(&args.correction)?;
    let trials = args.correction.iter().map(|correction| args.prior.params(*correction).check());
    let trials = trials.collect::<Result<Vec<_>, _>>()?;
    let encoder = args.vectors.open_layers(common, messages)?;
    let samples = data::read(&args.read, messages)?;
    let documents = samples.iter().map(Sample::document);
    let parts =
        split_documents(documents, args.hold_out, args.seed).map_err(|error| match error {
            EvaluateError::HeldOutShare { .. } => anyhow!("--hold-out is {error}"),
            error => error.into(),
        })?;
    let of = |part| samples.iter().filter(|s| parts[s.document()] == part).collect::<Vec<_>>();
    let (mut train, judged) = match args.on {
        PartArg::Test => (of(DocumentPart::Train), of(DocumentPart::Test)),
        PartArg::Dev => (of(DocumentPart::Train), of(DocumentPart::Dev)),
    };
    if args.on == PartArg::Test {
        train.extend(of(DocumentPart::Dev));
    }
    let documents =
        |samples: &[&Sample]| samples.iter().map(|s| s.document()).collect::<BTreeSet<_>>().len();
    let covariance = trials.iter().any(|trial| trial.spread() == Spread::Covariance);
    let spread = if covariance { Spread::Covariance } else { Spread::Variance };
    let width = encoder.provenance(Level::Word)?.width;
    let mut fitter = SenseFitter::new(width, spread);
    fit::gather(&encoder, &train, &mut fitter, messages)?;
    let senses = trials.iter().map(|trial| fitter.fit(trial)).collect::<Result<Vec<_>, _>>()?;
    let mut report = report(&encoder, args, &senses, &judged)?;
    report.split = Some(SenseSplit {
        on: if args.on == PartArg::Test { "test" } else { "dev" },
        hold_out: args.hold_out,
        seed: args.seed,
        documents: parts.len(),
        train_documents: documents(&train),
        judged_documents: documents(&judged),
        train_occurrences: train.iter().map(|sample| sample.text.words.len()).sum(),
    });
    if encoder.model().has_weights() {
        let statics = args.vectors.open(States::Static, common, messages)?;
        let plain = args.prior.params(CorrectionArg::None).check()?;
        let mut fitter = SenseFitter::new(statics.pooled_width(), plain.spread());
        fit::gather(&statics, &train, &mut fitter, messages)?;
        evaluate(&mut report, &statics, "static", &[fitter.fit(&plain)?], &judged, messages)?;
    } else {
        messages.note("no static vectors: model.onnx has no readable word embeddings");
    }
    evaluate(&mut report, &encoder, "in context", &senses, &judged, messages)?;
    note_truncated(&encoder, messages);
    Ok(report)
}

/// Returns the report, with the accuracy of the most frequent sense.
fn report(
    encoder: &SentenceEncoder,
    args: &SensesEvalArgs,
    senses: &[FittedSenses],
    samples: &[&Sample],
) -> anyhow::Result<SenseReport> {
    let Some(first) = senses.first() else { bail!("--correction: expected at least one") };
    let texts = samples.iter().map(|sample| &sample.text);
    Ok(SenseReport::new(encoder, first, texts, args.read.unit())?)
}

/// Adds the accuracy of each of `senses`.
fn evaluate(
    report: &mut SenseReport,
    encoder: &SentenceEncoder,
    method: &str,
    senses: &[FittedSenses],
    samples: &[&Sample],
    messages: &Messages,
) -> anyhow::Result<()> {
    let mut trials = SenseTrials::new(method, senses);
    data::for_each_word(encoder, samples, messages, |_, word, vector| {
        Ok(trials.add(word, vector)?)
    })?;
    report.scores.extend(trials.into_scores());
    Ok(())
}

fn write(report: &SenseReport, out: &mut Out) -> anyhow::Result<()> {
    let SenseReport { model, layers, prior, unit, .. } = report;
    writeln!(out, "{model}, layers {layers}, a {unit} at once, prior {prior}")?;
    if let Some(split) = &report.split {
        let train = plural(split.train_occurrences as u64, "occurrence");
        writeln!(
            out,
            "trained on {train} in {} of {}, evaluated on {} ({}, seed {})",
            split.train_documents,
            plural(split.documents as u64, "document"),
            split.judged_documents,
            split.on,
            split.seed
        )?;
    }
    let (senses, words) = (report.senses, plural(report.words as u64, "word"));
    let (unseen, total) = (report.unseen, plural(report.occurrences, "occurrence"));
    writeln!(out, "{senses} senses of {words}; {unseen} of {total} are of unseen words")?;
    let pos: Vec<&String> = report
        .scores
        .iter()
        .flat_map(|s| s.ambiguous_by_pos.keys())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    write!(out, "\n{:<28}  {:>9}  {:>9}", "", "all", "ambiguous")?;
    for pos in &pos {
        write!(out, "  {:>9}", if pos.is_empty() { "-" } else { pos })?;
    }
    writeln!(out)?;
    for score in &report.scores {
        let correction = score.correction.map_or(String::new(), |c| format!(", {c}"));
        write!(out, "{:<28}", format!("{}{correction}", score.method))?;
        let by_pos = pos.iter().map(|pos| score.ambiguous_by_pos.get(*pos).copied());
        let tallies =
            [score.all, score.ambiguous].into_iter().chain(by_pos.map(Option::unwrap_or_default));
        for tally in tallies {
            let shown = tally.accuracy.map_or("-".into(), |a| format!("{a:.4}"));
            write!(out, "  {shown:>9}")?;
        }
        writeln!(out)?;
    }
    write!(out, "{:<28}  {:>9}  {:>9}", "occurrences", report.occurrences, report.ambiguous)?;
    for pos in &pos {
        let tally = report.scores[0].ambiguous_by_pos.get(*pos).copied().unwrap_or_default();
        write!(out, "  {:>9}", tally.of)?;
    }
    Ok(writeln!(out)?)
}
