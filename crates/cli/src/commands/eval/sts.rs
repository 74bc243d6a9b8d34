//! `cloze eval sts`: whether similarities go with people's, without and with corrections.
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, anyhow, bail};
use cloze::embed::Spread;
use cloze::embed::{Correct as _, Method};
use cloze::encoder::Counts;
use cloze::metrics::correlation::{pearson, pearson_interval, spearman, spearman_interval};
use cloze::metrics::{MetricsError, Side};
use cloze::{Accumulator, FittedCorrection, Level, Metric, SentenceEncoder};
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::embed::note_truncated;
use crate::commands::eval::args::StsArgs;
use crate::commands::similarity::compare;
use crate::flags::vectors::CorrectionArg;
use crate::input::pairs::{Distinct, for_each_chunk};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::Out;
use crate::terminal::out::json_line;
use cloze_report::text::shown;

/// A pair, as places in the list of distinct texts.
struct Scored {
    line: u64,
    texts: [usize; 2],
    gold: f64,
}

/// Whose texts are pooled, each distinct one once.
struct Data {
    texts: Distinct<Vec<f32>>,
    pairs: Vec<Scored>,
    counts: Counts,
}

/// A correction to try; `None` is none.
struct Trial {
    correction: Option<FittedCorrection>,
    fitted_on: Option<FittedOn>,
}

#[derive(Clone, Serialize)]
struct FittedOn {
    file: String,
    texts: u64,
}

#[derive(Serialize)]
struct Report {
    file: String,
    pairs: usize,
    texts: usize,
    long_texts: u64,
    truncated_texts: u64,
    spearman: f64,
    spearman_interval: (f64, f64),
    pearson: f64,
    pearson_interval: (f64, f64),
    model: String,
    model_sha256: String,
    pooling: String,
    layers: String,
    correction: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dims: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    directions: Option<usize>,
    fitted_on: Option<FittedOn>,
    metric: Metric,
}

/// A vector that a correction cannot correct.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: not corrected by {correction}")]
struct NotCorrected {
    path: String,
    line: u64,
    correction: &'static str,
    source: std::sync::Arc<cloze::Error>,
}

pub(super) fn run(common: &CommonFlags, args: &StsArgs, messages: &Messages) -> anyhow::Result<()> {
    let saved = args.vectors.zscore.as_deref().map(FittedCorrection::open).transpose()?;
    let chosen = chosen(args, saved.as_ref())?;
    let params = args.pairs.params(true)?;
    // A file that is not there shows before the model is loaded.
    let fit_params = args.pairs.params(false)?;
    if let Some(path) = &args.fit {
        fs_err::metadata(path)?;
    }
    let encoder = args.vectors.open_uncorrected(common, messages)?;
    if let Some(saved) = &saved {
        saved.check_fits(&encoder.provenance(Level::Sentence)?)?;
    }
    let mut out = args.out.open()?;
    let started = Instant::now();
    let mut data = Data { texts: Distinct::default(), pairs: vec![], counts: Counts::default() };
    for_each_chunk(&args.file, &params, messages, |pairs| {
        data.texts.add(&pairs, &|texts| encoder.pool(texts))?;
        for pair in &pairs {
            match data.texts.places(pair, &args.file) {
                Ok(texts) => data.pairs.push(Scored {
                    line: pair.line,
                    texts,
                    gold: pair.score.expect("scores are required, so each pair has one"),
                }),
                Err(error) => messages.failure(&error),
            }
        }
        Ok(())
    })?;
    data.counts = encoder.counts();
    let trials = match (&args.fit, saved) {
        (Some(path), _) => fit(&encoder, &chosen, path, &fit_params, messages)?,
        (None, saved) => {
            let trial = |method: &Option<Method>| {
                let correction = method.and(saved.clone());
                let fitted_on = correction.as_ref().and_then(|correction| {
                    let file = args.vectors.zscore.as_ref()?.display().to_string();
                    Some(FittedOn { file, texts: correction.count() })
                });
                Trial { correction, fitted_on }
            };
            chosen.iter().map(trial).collect()
        }
    };
    let report = |trial| judge(&encoder, args, &data, trial, messages);
    let reports = trials.iter().map(report).collect::<anyhow::Result<Vec<_>>>()?;
    if args.json {
        for report in &reports {
            json_line(&mut out, report)?;
        }
    } else {
        write_table(&reports, &mut out)?;
    }
    out.finish()?;
    let seconds = started.elapsed().as_secs_f64();
    messages.note(&format!("{} in {seconds:.1} s", plural(data.pairs.len() as u64, "pair")));
    note_truncated(&encoder, messages);
    Ok(())
}

/// The corrections to try, as far as the flags tell.
fn chosen(args: &StsArgs, saved: Option<&FittedCorrection>) -> anyhow::Result<Vec<Option<Method>>> {
    let named = &args.correction;
    for (i, correction) in named.iter().enumerate() {
        if named[..i].contains(correction) {
            let name = correction.method(None, None).map_or("none", Method::name);
            bail!("--correction names {name} twice");
        }
    }
    for (flag, given, needs) in [
        ("--dims", args.dims, CorrectionArg::Whitening),
        ("--directions", args.directions, CorrectionArg::AllButTheTop),
    ] {
        if given.is_some() && !named.contains(&needs) {
            let needs = needs.method(None, None).map_or("none", Method::name);
            bail!("{flag} is for --correction {needs}");
        }
    }
    if let Some(saved) = saved {
        if saved.fitted().level != Level::Sentence {
            bail!("--zscore was fitted for --level {}, not sentence", saved.fitted().level);
        }
        if named.is_empty() {
            return Ok(vec![Some(saved.method())]);
        }
    }
    if named.is_empty() && args.fit.is_none() {
        return Ok(vec![None]);
    }
    let methods: Vec<Option<Method>> =
        named.iter().map(|c| c.method(args.dims, args.directions)).collect();
    let first = methods.iter().flatten().next();
    match (first, saved, &args.fit) {
        (Some(method), None, None) => bail!(
            "--correction {}: expected texts to learn it from, --fit FILE, or a correction that \
             is learned, --zscore FILE",
            method.name()
        ),
        (None, _, Some(_)) => {
            bail!("--fit: expected a correction to learn, as --correction zscore")
        }
        _ => {}
    }
    if let Some(saved) = saved {
        let other = methods.iter().flatten().find(|m| m.name() != saved.method().name());
        if let Some(other) = other {
            let (found, expected) = (saved.method().name(), other.name());
            bail!("--correction {expected}, but the one of --zscore is {found}");
        }
    }
    Ok(methods)
}

/// Learns the corrections from both texts of every pair of a file. A text that is there twice counts
/// twice.
fn fit(
    encoder: &SentenceEncoder,
    chosen: &[Option<Method>],
    path: &Path,
    params: &cloze_corpus::ValidPairParams,
    messages: &Messages,
) -> anyhow::Result<Vec<Trial>> {
    let file = path.display().to_string();
    let provenance = encoder.provenance(Level::Sentence)?;
    // Variances are among covariances, so that one pass over the texts is enough.
    let covariance = chosen.iter().flatten().any(|method| method.spread() == Spread::Covariance);
    let spread = if covariance { Spread::Covariance } else { Spread::Variance };
    let mut gathered = Accumulator::new(provenance.width, spread);
    let name = path.to_str().ok_or_else(|| anyhow!("{file}: expected a name in UTF-8"))?;
    for_each_chunk(name, params, messages, |pairs| {
        // A chunk's alone: the file may be far larger than what is evaluated.
        let mut texts = Distinct::<Vec<f32>>::default();
        texts.add(&pairs, &|texts| encoder.pool(texts))?;
        for pair in &pairs {
            match texts.of(pair, &file) {
                Ok(both) => both.into_iter().try_for_each(|vector| gathered.push(vector))?,
                Err(error) => messages.failure(&error),
            }
        }
        Ok(())
    })?;
    let moments = gathered.finish();
    let fitted_on = FittedOn { file: file.clone(), texts: moments.count() };
    let trial = |method: &Option<Method>| {
        let Some(method) = *method else {
            return Ok(Trial { correction: None, fitted_on: None });
        };
        let correction = FittedCorrection::fit(method, provenance.clone(), moments.clone())
            .with_context(|| format!("{file}: no {} learned from it", method.name()))?;
        Ok(Trial { correction: Some(correction), fitted_on: Some(fitted_on.clone()) })
    };
    chosen.iter().map(trial).collect()
}

/// The report of one correction.
fn judge(
    encoder: &SentenceEncoder,
    args: &StsArgs,
    data: &Data,
    trial: &Trial,
    messages: &Messages,
) -> anyhow::Result<Report> {
    let method = trial.correction.as_ref().map(FittedCorrection::method);
    let correction = method.map_or("none", Method::name);
    let finish = |vector: &Result<Vec<f32>, _>| {
        let vector = vector.as_ref().ok()?.clone();
        let finished = encoder.finish_with(trial.correction.as_ref(), vector, Level::Sentence);
        Some(finished.map_err(std::sync::Arc::new))
    };
    let finished: Vec<_> = data.texts.all().iter().map(finish).collect();
    let (mut similarities, mut gold) = (vec![], vec![]);
    for pair in &data.pairs {
        match pair.texts.map(|text| finished[text].as_ref()) {
            [Some(Ok(a)), Some(Ok(b))] => {
                similarities.push(compare(args.metric, a, b)?);
                gold.push(pair.gold);
            }
            texts => {
                for error in texts.into_iter().flatten().filter_map(|text| text.as_ref().err()) {
                    messages.failure(&NotCorrected {
                        path: args.file.clone(),
                        line: pair.line,
                        correction,
                        source: std::sync::Arc::clone(error),
                    });
                }
            }
        }
    }
    let no_correlation = |error| no_correlation(&args.file, &error);
    let spearman = spearman(&similarities, &gold).map_err(no_correlation)?;
    let pearson = pearson(&similarities, &gold).map_err(no_correlation)?;
    let pairs = gold.len();
    let model = encoder.model();
    let (model_sha256, layers) = if args.vectors.statics {
        (model.sha256()?, "static".into())
    } else {
        let provenance = encoder.provenance(Level::Sentence)?;
        (provenance.model_sha256, provenance.layers.to_string())
    };
    let (dims, directions) = match method {
        Some(Method::Whitening { .. }) => {
            (trial.correction.as_ref().map(|fitted| fitted.correction().width_out()), None)
        }
        Some(Method::AllButTheTop { directions }) => (None, directions),
        _ => (None, None),
    };
    Ok(Report {
        file: args.file.clone(),
        pairs,
        texts: data.texts.all().len(),
        long_texts: data.counts.long,
        truncated_texts: data.counts.truncated,
        spearman,
        spearman_interval: spearman_interval(spearman, pairs),
        pearson,
        pearson_interval: pearson_interval(pearson, pairs),
        model: model.name(),
        model_sha256,
        pooling: encoder.poolings().to_string(),
        layers,
        correction,
        dims,
        directions,
        fitted_on: trial.fitted_on.clone(),
        metric: args.metric,
    })
}

/// Why there is no correlation, in the words of this command.
fn no_correlation(file: &str, error: &MetricsError) -> anyhow::Error {
    let side = |side: &Side| match side {
        Side::First => "similarities",
        Side::Second => "gold scores",
    };
    match error {
        MetricsError::TooFew { expected, found } => {
            anyhow!("{file}: a correlation takes at least {expected} pairs, found {found}")
        }
        MetricsError::NoSpread { side: which, value } => {
            anyhow!("{file}: all {} are {value}, so nothing can go with them", side(which))
        }
        other => anyhow!("{file}: {other}"),
    }
}

fn write_table(reports: &[Report], out: &mut Out) -> anyhow::Result<()> {
    let Some(first) = reports.first() else { return Ok(()) };
    writeln!(
        out,
        "{}, {}: {} long, {} truncated",
        plural(first.pairs as u64, "pair"),
        plural(first.texts as u64, "distinct text"),
        first.long_texts,
        first.truncated_texts,
    )?;
    writeln!(
        out,
        "{} (SHA-256 {}), pooling {}, layers {}, {}",
        first.model,
        first.model_sha256,
        first.pooling,
        first.layers,
        first.metric.name()
    )?;
    if let Some(FittedOn { file, texts }) = reports.iter().find_map(|r| r.fitted_on.as_ref()) {
        writeln!(out, "corrections learned from {file}, {}", plural(*texts, "text"))?;
    }
    let name = |r: &Report| match (r.dims, r.directions) {
        (Some(n), _) => format!("{}, {n} dims", r.correction),
        (_, Some(n)) => format!("{}, {n} directions", r.correction),
        _ => r.correction.to_owned(),
    };
    let names: Vec<String> = reports.iter().map(name).collect();
    let width = names.iter().map(String::len).max().unwrap_or(0).max("correction".len());
    let interval = "95 % interval";
    writeln!(
        out,
        "\n{:width$}  {:>8}  {interval:>17}  {:>8}  {interval:>17}  {:>6}",
        "correction", "spearman", "pearson", "pairs"
    )?;
    for (name, r) in names.iter().zip(reports) {
        let between = |(low, high)| format!("{} to {}", shown(low), shown(high));
        writeln!(
            out,
            "{name:width$}  {:>8}  {:>17}  {:>8}  {:>17}  {:>6}",
            shown(r.spearman),
            between(r.spearman_interval),
            shown(r.pearson),
            between(r.pearson_interval),
            r.pairs
        )?;
    }
    Ok(())
}
