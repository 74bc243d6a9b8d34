//! `cloze eval sts`: correlation of similarities with gold scores, without and with corrections.
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, anyhow, bail};
use cloze::embed::correction::Method;
use cloze::evaluate::EvaluateError;
use cloze::evaluate::sts::{CorrectionFitter, FittedOn, NotCorrected, StsEvaluation, StsReport};
use cloze::metrics::{MetricsError, Side};
use cloze::{FittedCorrection, Level, SentenceEncoder, States, VectorVariants};
use cloze_report::grid::{Grid, write_grids};
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::embed::note_truncated;
use crate::commands::eval::args::{StsArgs, Sweep};
use crate::flags::find_model;
use crate::flags::vectors::{CorrectionArg, VectorFlags, metric};
use crate::input::pairs::{NotEncoded, for_each_chunk};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::Out;
use crate::terminal::out::json_line;
use cloze_report::text::shown;

/// A correction to try for one choice of layers and pooling; `None` for no correction.
struct Trial {
    variant: usize,
    correction: Option<FittedCorrection>,
    fitted_on: Option<FittedOn>,
}

impl Trial {
    /// Trial with a correction from `file`.
    fn of(variant: usize, correction: Option<FittedCorrection>, file: Option<&Path>) -> Self {
        let fitted_on = correction.as_ref().and_then(|correction| {
            Some(FittedOn { file: file?.display().to_string(), texts: correction.count() })
        });
        Self { variant, correction, fitted_on }
    }
}

/// Report with the file of the pairs.
#[derive(Serialize)]
struct Report {
    file: String,
    #[serde(flatten)]
    sts: StsReport,
}

/// A vector that a correction cannot correct.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: not corrected by {correction}")]
struct NotCorrectedAt {
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
    let sweep = args.sweep()?;
    let encoder = open(args, sweep.as_ref(), common, messages)?;
    if let Some(saved) = &saved {
        saved.check_fits(&encoder.provenance(Level::Sentence)?)?;
    }
    let mut out = args.out.open()?;
    let started = Instant::now();
    let metric = metric(args.metric, encoder.model())?;
    let vectors = match sweep {
        Some(sweep) => VectorVariants::of(&encoder, &sweep.choices(&encoder)?)?,
        None => VectorVariants::own(&encoder),
    };
    let mut evaluation = StsEvaluation::of_variants(vectors.clone(), metric);
    let mut lines: Vec<u64> = vec![];
    for_each_chunk(&args.file, &params, messages, |pairs| {
        for (pair, added) in pairs.iter().zip(evaluation.add(&pairs)?) {
            lines.push(pair.line);
            if let Err(error) = added {
                messages.failure(&NotEncoded::new(&args.file, pair, error));
            }
        }
        Ok(())
    })?;
    let trials = match (&args.fit, saved) {
        (Some(path), _) => fit(&vectors, &chosen, path, &fit_params, messages)?,
        (None, saved) => {
            let file = args.vectors.zscore.as_deref();
            let of_variant = |variant| {
                let of =
                    |method: &Option<Method>| Trial::of(variant, method.and(saved.clone()), file);
                chosen.iter().map(of).collect::<Vec<Trial>>()
            };
            (0..vectors.len()).flat_map(of_variant).collect()
        }
    };
    let mut reports = vec![];
    for Trial { variant, correction, fitted_on } in &trials {
        let report = evaluation.report_of(*variant, correction.as_ref(), fitted_on.clone());
        let (sts, errors) = match report.map_err(|error| no_correlation(&args.file, error)) {
            Ok(report) => report,
            // Of several the others still have theirs.
            Err(error) if vectors.len() > 1 => {
                messages.failure(no_result(&vectors, *variant, error)?.as_ref());
                continue;
            }
            Err(error) => return Err(error),
        };
        for NotCorrected { pair, correction, source } in errors {
            let (path, line) = (args.file.clone(), lines.get(pair).copied().unwrap_or_default());
            messages.failure(&NotCorrectedAt { path, line, correction, source });
        }
        reports.push(Report { file: args.file.clone(), sts });
    }
    if args.format.is_json() {
        for report in &reports {
            json_line(&mut out, report)?;
        }
    } else if let Some(format) = args.format.grid() {
        write_grids(&[grid(&reports)], format, &mut out)?;
    } else {
        write_table(&reports, vectors.len() > 1, &mut out)?;
    }
    out.finish()?;
    let seconds = started.elapsed().as_secs_f64();
    messages.note(&format!("{} in {seconds:.1} s", plural(evaluation.pairs() as u64, "pair")));
    note_truncated(&encoder, messages);
    Ok(())
}

/// Returns the corrections to try, as the flags choose them.
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
            "--correction {}: expected texts to fit it on, --fit FILE, or a fitted correction, \
             --zscore FILE",
            method.name()
        ),
        (None, _, Some(_)) => {
            bail!("--fit: expected a correction to fit, such as --correction zscore")
        }
        _ => {}
    }
    if let Some(saved) = saved {
        let other = methods.iter().flatten().find(|m| m.name() != saved.method().name());
        if let Some(other) = other {
            let (fitted, expected) = (saved.method().name(), other.name());
            bail!("--correction {expected}, but the one in --zscore is {fitted}");
        }
    }
    Ok(methods)
}

/// Fits the corrections on both texts of every pair of a file. A text that occurs twice counts twice.
fn fit(
    vectors: &VectorVariants<'_>,
    chosen: &[Option<Method>],
    path: &Path,
    params: &cloze_corpus::ValidPairParams,
    messages: &Messages,
) -> anyhow::Result<Vec<Trial>> {
    let file = path.display().to_string();
    let methods: Vec<Method> = chosen.iter().flatten().copied().collect();
    let mut fitter = CorrectionFitter::of_variants(vectors.clone(), &methods)?;
    let name = path.to_str().ok_or_else(|| anyhow!("{file}: expected a name in UTF-8"))?;
    for_each_chunk(name, params, messages, |pairs| {
        for (pair, added) in pairs.iter().zip(fitter.add(&pairs)?) {
            if let Err(error) = added {
                messages.failure(&NotEncoded::new(&file, pair, error));
            }
        }
        Ok(())
    })?;
    let mut trials = vec![];
    for (variant, moments) in fitter.finish().into_iter().enumerate() {
        let provenance = vectors.provenance(variant)?;
        let fitted_on = FittedOn { file: file.clone(), texts: moments.count() };
        for method in chosen {
            let Some(method) = *method else {
                trials.push(Trial { variant, correction: None, fitted_on: None });
                continue;
            };
            let correction = FittedCorrection::fit(method, provenance.clone(), moments.clone())
                .with_context(|| format!("{file}: {} not fitted", method.name()));
            let correction = match correction {
                Ok(correction) => correction,
                Err(error) if vectors.len() > 1 => {
                    messages.failure(no_result(vectors, variant, error)?.as_ref());
                    continue;
                }
                Err(error) => return Err(error),
            };
            let (correction, fitted_on) = (Some(correction), Some(fitted_on.clone()));
            trials.push(Trial { variant, correction, fitted_on });
        }
    }
    Ok(trials)
}

/// Names the layers and the pooling that have no result.
fn no_result(
    vectors: &VectorVariants<'_>,
    variant: usize,
    error: anyhow::Error,
) -> anyhow::Result<anyhow::Error> {
    let (layers, pooling) = (vectors.provenance(variant)?.layers, vectors.poolings(variant));
    Ok(error.context(format!("layers {layers}, pooling {pooling}")))
}

/// Opens the encoder, for all layers of a sweep.
fn open(
    args: &StsArgs,
    sweep: Option<&Sweep>,
    common: &CommonFlags,
    messages: &Messages,
) -> anyhow::Result<SentenceEncoder> {
    let Some(sweep) = sweep else { return args.vectors.open_uncorrected(common, messages) };
    let model = find_model(&args.vectors.model, messages)?;
    let (layers, pooling) = (sweep.all_layers(&model)?, sweep.reads(&model)?);
    let vectors = VectorFlags { pooling: Some(pooling), ..args.vectors.clone() };
    vectors.open_states(States::Layers(layers), common, messages)
}

/// Returns the error that explains a missing correlation, in the terms of this command.
fn no_correlation(file: &str, error: EvaluateError) -> anyhow::Error {
    let side = |side: Side| match side {
        Side::First => "similarities",
        Side::Second => "gold scores",
    };
    match error {
        EvaluateError::Metrics(MetricsError::TooFew { expected, found }) => {
            anyhow!("{file}: expected at least {expected} pairs for a correlation, found {found}")
        }
        EvaluateError::Metrics(MetricsError::NoSpread { side: which, value }) => {
            anyhow!("{file}: all {} are {value}, so there is no correlation", side(which))
        }
        EvaluateError::Metrics(other) => anyhow!("{file}: {other}"),
        other => other.into(),
    }
}

/// Table of evaluations of the same pairs: by layers, pooling and correction.
fn grid(reports: &[Report]) -> Grid {
    let row = |Report { sts: r, .. }: &Report| {
        vec![
            r.layers.as_str().into(),
            r.pooling.as_str().into(),
            r.correction.into(),
            r.dims.or(r.directions).map(|count| count as u64).into(),
            r.spearman.into(),
            r.spearman_interval.0.into(),
            r.spearman_interval.1.into(),
            r.pearson.into(),
            r.pearson_interval.0.into(),
            r.pearson_interval.1.into(),
            (r.pairs as u64).into(),
        ]
    };
    Grid {
        title: "similarities".to_owned(),
        columns: vec![
            "layers",
            "pooling",
            "correction",
            "dims",
            "spearman",
            "spearman from",
            "spearman to",
            "pearson",
            "pearson from",
            "pearson to",
            "pairs",
        ],
        rows: reports.iter().map(row).collect(),
    }
}

fn write_table(reports: &[Report], sweep: bool, out: &mut Out) -> anyhow::Result<()> {
    let Some(Report { sts: first, .. }) = reports.first() else { return Ok(()) };
    writeln!(
        out,
        "{}, {}: {} long, {} truncated",
        plural(first.pairs as u64, "pair"),
        plural(first.texts as u64, "distinct text"),
        first.long_texts,
        first.truncated_texts,
    )?;
    let kind = if sweep {
        String::new()
    } else {
        format!(", pooling {}, layers {}", first.pooling, first.layers)
    };
    let (model, sha256, metric) = (&first.model, &first.model_sha256, first.metric.name());
    writeln!(out, "{model} (SHA-256 {sha256}){kind}, {metric}")?;
    if let Some(FittedOn { file, texts }) = reports.iter().find_map(|r| r.sts.fitted_on.as_ref()) {
        writeln!(out, "corrections fitted on {file}, {}", plural(*texts, "text"))?;
    }
    let name = |r: &StsReport| match (r.dims, r.directions) {
        (Some(n), _) => format!("{}, {n} dims", r.correction),
        (_, Some(n)) => format!("{}, {n} directions", r.correction),
        _ => r.correction.to_owned(),
    };
    let kind = |r: &StsReport| format!("{}  {}", r.layers, r.pooling);
    let kinds: Vec<String> = reports.iter().map(|r| kind(&r.sts)).collect();
    let kind_width = kinds.iter().map(String::len).max().unwrap_or(0).max("layers  pooling".len());
    let row_name = |(kind, r): (&String, &Report)| {
        let correction = name(&r.sts);
        if sweep { format!("{kind:kind_width$}  {correction}") } else { correction }
    };
    let names: Vec<String> = kinds.iter().zip(reports).map(row_name).collect();
    let title = if sweep {
        format!("{:kind_width$}  correction", "layers  pooling")
    } else {
        "correction".to_owned()
    };
    let width = names.iter().map(String::len).max().unwrap_or(0).max(title.len());
    let interval = "95 % interval";
    writeln!(
        out,
        "\n{title:width$}  {:>8}  {interval:>17}  {:>8}  {interval:>17}  {:>6}",
        "spearman", "pearson", "pairs"
    )?;
    for (name, Report { sts: r, .. }) in names.iter().zip(reports) {
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
