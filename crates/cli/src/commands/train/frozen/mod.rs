//! `cloze train`: a head fitted on labelled texts, judged, and saved as a model.
//!
//! - `data`: examples to labels, and what may spoil the result;
//! - `settings`: the settings that were not given, and those that are searched for;
//! - `held_out`: what heads say of examples they were not fitted on;
//! - `save`: the folder of the model.
pub(crate) mod data;
pub(crate) mod held_out;
mod save;
mod settings;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, bail};
use cloze::heads::classify::{Classifier, Combine, FeatureParams};
use cloze::{Matrix, Method, PairRows, RowParams, Runtime, SentenceEncoder};
use cloze_store::AtomicFolder;
use cloze_train::{Labels, curve, fit, label_errors};
use serde_json::{Map, Value, json};

use crate::cli::CommonFlags;
use crate::commands::train::args::TrainArgs;
use crate::commands::train::steps::create;
use crate::flags::find_model;
use crate::input::examples::{self, Example, Examples};
use crate::rows;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};
use cloze::metrics::labels::{LabelOutcome, evaluate_labels};
use cloze_report::classifier::{
    BaseModelRef, CalibrationReport, ClassifierReport, ConfidentError, FewShotReport,
    HeldOutEvaluation, LearningPoint, LikelyLabelError, TestEvaluation, ThresholdReport,
    TrainingSeconds,
};
use held_out::{HeldOutLogits, Plan};
use save::Saved;
use settings::Chosen;

/// How much of the examples the learning curve is judged on.
const CURVE_SHARE: f64 = 0.2;
/// As many confident errors as a report shows.
const SHOWN_ERRORS: usize = 50;
/// As many likely label errors.
const SHOWN_LABEL_ERRORS: usize = 200;

/// Examples with their rows and labels; all three go together.
struct Set {
    examples: Vec<Example>,
    rows: Matrix,
    labels: Labels,
}

impl Set {
    fn subset(&self, places: &[usize]) -> (Matrix, Labels) {
        let mut rows = Matrix::with_capacity(places.len(), self.rows.cols());
        for row in places.iter().filter_map(|&i| self.rows.row(i)) {
            let pushed = rows.push_rows(row);
            debug_assert!(pushed, "a row of the same matrix");
        }
        (rows, self.labels.subset(places))
    }
}

/// What a training fits.
struct Model {
    chosen: Chosen,
    /// With its temperature and thresholds.
    classifier: Classifier,
    unseen: Option<HeldOutLogits>,
    calibration: Option<CalibrationReport>,
    threshold: Option<ThresholdReport>,
    iterations: u64,
    converged: bool,
}

/// A training under way.
struct Job<'a> {
    args: &'a TrainArgs,
    encoder: SentenceEncoder,
    params: RowParams,
    runtime: Runtime,
    cache: Option<PathBuf>,
    multi_label: bool,
    seconds: TrainingSeconds,
    messages: &'a Messages,
}

pub(super) fn train(
    common: &CommonFlags,
    args: &TrainArgs,
    pairs: Option<PairRows>,
    messages: &Messages,
) -> anyhow::Result<()> {
    let started = Instant::now();
    args.check()?;
    let read = args.read.params()?.pairs(pairs.is_some());
    let model = find_model(&args.fit.model)?;
    let output = create(&args.fit, &model)?;
    let multi_label = args.multi_label();
    let files = args.data.join(", ");
    let found = examples::read(&args.data, read.clone(), messages)?;
    let labels = data::labels(&found.all, multi_label, &files)?;
    data::warn(&found, &labels, messages);
    let test = match &args.labels.test[..] {
        [] => None,
        paths => Some(examples::read(paths, read, messages)?),
    };
    let layers = match &args.features.layers {
        Some(layers) => layers.clone(),
        None => settings::layers(&model)?,
    };
    let params = RowParams {
        pooling: args.features.pooling.clone(),
        layers,
        prompt: args.features.prompt.clone(),
        truncate: args.labels.truncate,
        pairs,
    };
    let runtime = common.load_runtime(messages)?;
    let encoder = params
        .builder(model)
        .threads(args.fit.threads)
        .batch_tokens(args.features.batch_tokens)
        .runtime(runtime.clone())
        .open()?;
    let cache = args.rows.cache.clone();
    let cache = cache.unwrap_or_else(|| cloze::train::beside(&args.fit.output, ".rows"));
    let cache = Some(cache).filter(|_| !args.rows.no_cache);
    let seconds =
        TrainingSeconds { reading: started.elapsed().as_secs_f64(), ..TrainingSeconds::default() };
    let job = Job { args, encoder, params, runtime, cache, multi_label, seconds, messages };
    job.run(found, &labels, test, output, started)
}

impl Job<'_> {
    fn run(
        mut self,
        found: Examples,
        labels: &Labels,
        test: Option<Examples>,
        output: AtomicFolder,
        started: Instant,
    ) -> anyhow::Result<()> {
        let Examples { all, files } = found;
        let (mut set, draws) = self.prepare(all, labels, test.as_ref())?;
        self.messages.note("fitting");
        let fitting = Instant::now();
        let model = self.fit(&mut set)?;
        self.seconds.fitting = fitting.elapsed().as_secs_f64();

        let judging = Instant::now();
        let held_out = self.judge_held_out(&set, &model)?;
        let test = test.map(|test| self.judge_test(&set, &model, test)).transpose()?;
        let curve = self.curve(&set, &model)?;
        let (found, likely_label_errors) = match &model.unseen {
            Some(unseen) if !self.multi_label => {
                likely_errors(unseen, &set, &model.classifier, !self.args.fit.card.no_texts)?
            }
            _ => (0, vec![]),
        };
        self.seconds.judging = judging.elapsed().as_secs_f64();
        self.seconds.total = started.elapsed().as_secs_f64();

        let seed = self.args.fit.seed;
        let base = self.encoder.model();
        let correction = model.chosen.correction;
        let report = ClassifierReport {
            cloze: env!("CARGO_PKG_VERSION"),
            task: if self.params.pairs.is_some() { "pair" } else { "classify" },
            command: std::env::args_os()
                .skip(1)
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
            description: self.args.fit.card.description.clone(),
            license: self.args.fit.card.license.clone(),
            attribution: self.args.fit.card.attribution.clone(),
            source: self.args.fit.card.source.clone(),
            language: self.args.fit.card.language.clone(),
            model: BaseModelRef { name: base.name(), sha256: base.sha256()? },
            data: files,
            examples: set.labels.len(),
            labels: set.labels.names().iter().cloned().zip(set.labels.counts()).collect(),
            features: feature_settings(&self.params, correction, self.args.features.normalize),
            head: head_settings(&model.chosen.head, seed)?,
            iterations: model.iterations,
            converged: model.converged,
            trials: model.chosen.trials,
            held_out,
            threshold: model.threshold,
            test,
            draws,
            curve,
            likely_label_errors_found: found,
            likely_label_errors,
            seconds: self.seconds,
        };
        let (classifier, params) = (&model.classifier, &self.params);
        let saved = Saved { report: &report, classifier, params, correction, seed, base };
        saved.write(output, &self.args.fit.output)?;
        let mut out = Out::stdout(false);
        if self.args.fit.json {
            json_line(&mut out, &report)?;
        } else {
            report.write(&mut out)?;
        }
        out.finish()?;
        self.say_done(&report);
        Ok(())
    }

    /// Encodes the examples; with `--shots` only those that are drawn, of which the last draw stays.
    fn prepare(
        &mut self,
        mut examples: Vec<Example>,
        labels: &Labels,
        test: Option<&Examples>,
    ) -> anyhow::Result<(Set, Option<FewShotReport>)> {
        let (judge, seed) = (&self.args.judge, self.args.fit.seed);
        let Some(n) = judge.shots else { return Ok((self.encode(examples)?, None)) };
        // Drawn before anything is encoded: most need not be.
        let mut needed: Vec<usize> = draws(labels, n, judge.draws, seed)?.concat();
        needed.sort_unstable();
        needed.dedup();
        let keep = |(i, e): (usize, Example)| needed.binary_search(&i).is_ok().then_some(e);
        examples = examples.into_iter().enumerate().filter_map(keep).collect();
        let all = self.encode(examples)?;
        let test = test.context("--shots takes --test")?;
        let rows = self.rows_like(&self.params.clone(), &test.all)?;
        let (set, judged) = self.draw(all, n, &(&test.all, rows), seed)?;
        Ok((set, Some(judged)))
    }

    /// Chooses what is not given, and fits: on parts, for what is unseen out of them, and on all.
    fn fit(&mut self, set: &mut Set) -> anyhow::Result<Model> {
        let args = self.args;
        let chosen = match args.head.search {
            None => settings::choose(args, &self.params, &set.rows, &set.labels)?,
            Some(strategy) => {
                let (chosen, params) = settings::search(self, set, strategy)?;
                set.rows = self.rows_like(&params, &set.examples)?;
                self.change(params)?;
                chosen
            }
        };
        let (features, head) = (chosen.features, &chosen.head);
        let plan = Plan::new(args, &set.labels, self.messages);
        let unseen = plan.run(&set.rows, &set.labels, features, head, args.fit.seed)?;
        let (classifier, fitted) = fit(&set.rows, &set.labels, features, head)?;
        if !fitted.converged {
            self.messages.note(&format!(
                "warning: not converged after {} steps; --max-iterations allows more",
                fitted.iterations
            ));
        }
        let mut own = classifier.head().clone();
        let mut calibration = None;
        if let (Some(unseen), false) = (&unseen, args.labels.no_calibration) {
            let (temperature, report) = unseen.calibrate(&set.labels, &own, self.messages)?;
            own = own.with_temperature(temperature)?;
            calibration = report;
        }
        let mut threshold = None;
        if args.judge.precision.is_some() || args.judge.recall.is_some() {
            let unseen = unseen.as_ref();
            let unseen = unseen.context("no examples are unseen out to learn a threshold from")?;
            if let Some((place, found)) = unseen.threshold(&args.judge, &set.labels, &own)? {
                let mut all = vec![None; set.labels.names().len()];
                all[place] = Some(found.probability);
                own = own.with_thresholds(all)?;
                threshold = Some(found);
            }
        }
        let classifier = Classifier::new(classifier.features().clone(), own)?;
        let (iterations, converged) = (fitted.iterations, fitted.converged);
        Ok(Model { chosen, classifier, unseen, calibration, threshold, iterations, converged })
    }

    fn judge_held_out(
        &self,
        set: &Set,
        model: &Model,
    ) -> anyhow::Result<Option<HeldOutEvaluation>> {
        let Some(unseen) = &model.unseen else { return Ok(None) };
        let outcomes = unseen.outcomes(&set.labels, model.classifier.head())?;
        let seed = self.args.fit.seed;
        let judged = evaluate_labels(set.labels.names(), self.multi_label, &outcomes, seed)?;
        let examples = unseen.examples.iter().map(|&i| &set.examples[i]);
        let confident_errors = confident_errors(&outcomes, examples, !self.args.fit.card.no_texts);
        let (how, calibration) = (unseen.how.clone(), model.calibration.clone());
        Ok(Some(HeldOutEvaluation { how, evaluation: judged, calibration, confident_errors }))
    }

    fn judge_test(
        &mut self,
        set: &Set,
        model: &Model,
        test: Examples,
    ) -> anyhow::Result<TestEvaluation> {
        let (examples, rows) = self.rows(test.all)?;
        let outcomes = outcomes(&model.classifier, &examples, &rows)?;
        let seed = self.args.fit.seed;
        let judged = evaluate_labels(set.labels.names(), self.multi_label, &outcomes, seed)?;
        if !judged.unknown_labels.is_empty() {
            let labels = judged.unknown_labels.join(", ");
            self.messages.note(&format!("warning: labels of the test data alone: {labels}"));
        }
        let confident_errors =
            confident_errors(&outcomes, examples.iter(), !self.args.fit.card.no_texts);
        Ok(TestEvaluation { data: test.files, evaluation: judged, confident_errors })
    }

    fn curve(&self, set: &Set, model: &Model) -> anyhow::Result<Vec<LearningPoint>> {
        if !self.args.judge.curve {
            return Ok(vec![]);
        }
        let (features, head) = (model.chosen.features, &model.chosen.head);
        let seed = self.args.fit.seed;
        let found = curve(&set.rows, &set.labels, features, head, CURVE_SHARE, seed);
        let point = |p: cloze_train::CurvePoint| LearningPoint {
            examples: p.examples,
            accuracy: p.report.score.accuracy,
            macro_f1: p.report.score.macro_f1,
        };
        Ok(found.context("--curve")?.into_iter().map(point).collect())
    }

    fn say_done(&self, report: &ClassifierReport) {
        let TrainingSeconds { encoding, total, encoded, .. } = report.seconds;
        let n = plural(report.examples as u64, "example");
        self.messages.note(&format!(
            "{}: {n} in {total:.1} s, {encoding:.1} s of it in the encoder for {}",
            self.args.fit.output.display(),
            plural(encoded as u64, "text")
        ));
        let truncated = self.encoder.counts().truncated;
        if truncated > 0 {
            let n = plural(truncated, "text");
            self.messages.note(&format!("{n} longer than the model takes were cut"));
        }
    }

    /// Rows of these examples; those that cannot be encoded are named and left out.
    fn rows(&mut self, examples: Vec<Example>) -> anyhow::Result<(Vec<Example>, Matrix)> {
        let encoding = Instant::now();
        let cache = self.cache.as_deref();
        let made = rows::rows(&self.encoder, &self.params, &examples, cache, self.messages)?;
        self.seconds.encoding += encoding.elapsed().as_secs_f64();
        self.seconds.encoded += made.encoded;
        let found = examples.len() - made.kept.len();
        let mut kept = made.kept.into_iter().peekable();
        let keep = |(i, e): (usize, Example)| kept.next_if_eq(&i).map(|_| e);
        let examples: Vec<Example> = examples.into_iter().enumerate().filter_map(keep).collect();
        if examples.is_empty() {
            bail!("none of {} could be encoded", plural(found as u64, "example"));
        }
        Ok((examples, made.matrix))
    }

    fn encode(&mut self, examples: Vec<Example>) -> anyhow::Result<Set> {
        let (examples, rows) = self.rows(examples)?;
        let labels = data::labels(&examples, self.multi_label, "the training data")?;
        Ok(Set { examples, rows, labels })
    }

    /// Rows of examples that could be encoded before, made with other settings.
    fn rows_like(&mut self, params: &RowParams, examples: &[Example]) -> anyhow::Result<Matrix> {
        let encoding = Instant::now();
        let other;
        let encoder = if *params == self.params {
            &self.encoder
        } else {
            other = self.open(params)?;
            &other
        };
        let made = rows::rows(encoder, params, examples, self.cache.as_deref(), self.messages)?;
        self.seconds.encoding += encoding.elapsed().as_secs_f64();
        self.seconds.encoded += made.encoded;
        if made.kept.len() < examples.len() {
            bail!("some examples could not be encoded, as named above");
        }
        Ok(made.matrix)
    }

    /// An encoder for other rows of the same model.
    fn open(&self, params: &RowParams) -> anyhow::Result<SentenceEncoder> {
        let (model, args) = (self.encoder.model().clone(), self.args);
        Ok(params
            .builder(model)
            .threads(args.fit.threads)
            .batch_tokens(args.features.batch_tokens)
            .runtime(self.runtime.clone())
            .open()?)
    }

    /// From here on rows are made like this.
    fn change(&mut self, params: RowParams) -> anyhow::Result<()> {
        if params != self.params {
            self.encoder = self.open(&params)?;
            self.params = params;
        }
        Ok(())
    }

    /// Fits heads on small draws and judges each on the test data; the last draw stays.
    fn draw(
        &self,
        all: Set,
        n: usize,
        (examples, rows): &(&[Example], Matrix),
        seed: u64,
    ) -> anyhow::Result<(Set, FewShotReport)> {
        let mut accuracy = vec![];
        let draws = draws(&all.labels, n, self.args.judge.draws, seed)?;
        for draw in &draws {
            let (own_rows, own_labels) = all.subset(draw);
            let Chosen { features, head, .. } =
                settings::choose(self.args, &self.params, &own_rows, &own_labels)?;
            let (classifier, _) = fit(&own_rows, &own_labels, features, &head)?;
            let outcomes = outcomes(&classifier, examples, rows)?;
            let right: Vec<bool> = outcomes.iter().map(LabelOutcome::is_right).collect();
            let order: Vec<usize> = (0..right.len()).collect();
            accuracy.push(cloze::metrics::labels::share(&right, &order));
        }
        let last = draws.last().cloned().unwrap_or_default();
        let (rows, labels) = all.subset(&last);
        let keep = |(i, e): (usize, Example)| last.binary_search(&i).is_ok().then_some(e);
        let examples = all.examples.into_iter().enumerate().filter_map(keep).collect();
        let (mean, std) = mean_std(&accuracy);
        let judged = FewShotReport { examples_a_label: n, accuracy, mean, std };
        Ok((Set { examples, rows, labels }, judged))
    }
}

/// Draws of `n` examples a label each, in order.
fn draws(labels: &Labels, n: usize, times: usize, seed: u64) -> anyhow::Result<Vec<Vec<usize>>> {
    let draw = |i: usize| cloze_train::folds::draw(labels, n, seed.wrapping_add(i as u64));
    (0..times).map(draw).collect::<Result<_, _>>().context("--shots")
}

#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
fn mean_std(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, if values.len() > 1 { (squares / (n - 1.0)).sqrt() } else { 0.0 })
}

/// What the classifier says of rows.
fn outcomes(
    classifier: &Classifier,
    examples: &[Example],
    rows: &Matrix,
) -> anyhow::Result<Vec<LabelOutcome>> {
    let labels = classifier.head().labels();
    let one = |(example, row): (&Example, &[f32])| {
        let found = classifier.classify(row)?;
        Ok(LabelOutcome::new(example.labels.clone(), found.labels, &found.probabilities, labels))
    };
    examples.iter().zip(rows).map(one).collect()
}

/// The surest mistakes.
pub(crate) fn confident_errors<'e>(
    outcomes: &[LabelOutcome],
    examples: impl Iterator<Item = &'e Example>,
    texts: bool,
) -> Vec<ConfidentError> {
    let top = |o: &LabelOutcome| o.probabilities.iter().copied().fold(0.0, f64::max);
    let mut wrong: Vec<(f64, &LabelOutcome, &Example)> = outcomes
        .iter()
        .zip(examples)
        .filter(|(o, _)| !o.is_right())
        .map(|(o, e)| (top(o), o, e))
        .collect();
    wrong.sort_by(|a, b| b.0.total_cmp(&a.0));
    let shown = wrong.into_iter().take(SHOWN_ERRORS);
    shown
        .map(|(probability, outcome, example)| ConfidentError {
            path: example.path.to_string(),
            line: example.line,
            text: if texts { example.text.clone() } else { String::new() },
            second: example.second.clone().filter(|_| texts),
            gold: outcome.gold.clone(),
            predicted: outcome.predicted.clone(),
            probability,
        })
        .collect()
}

/// Examples whose labels the others speak against: how many, and the likeliest.
fn likely_errors(
    unseen: &HeldOutLogits,
    set: &Set,
    classifier: &Classifier,
    texts: bool,
) -> anyhow::Result<(usize, Vec<LikelyLabelError>)> {
    let mut probabilities = vec![];
    for logits in &unseen.logits {
        probabilities.push(classifier.head().probabilities(logits)?);
    }
    let names = set.labels.names();
    let found = label_errors(&probabilities, &set.labels.subset(&unseen.examples))?;
    let one = |e: &cloze_train::LabelError| {
        let example = &set.examples[unseen.examples[e.example]];
        LikelyLabelError {
            path: example.path.to_string(),
            line: example.line,
            text: if texts { example.text.clone() } else { String::new() },
            second: example.second.clone().filter(|_| texts),
            given: names[e.given].clone(),
            suggested: names[e.suggested].clone(),
            margin: e.margin,
        }
    };
    Ok((found.len(), found.iter().take(SHOWN_LABEL_ERRORS).map(one).collect()))
}

/// How rows and features are made, as reports say it.
fn feature_settings(
    params: &RowParams,
    correction: Option<Method>,
    normalize: bool,
) -> Map<String, Value> {
    let all = json!({
        "pooling": params.pooling.to_string(),
        "layers": params.layers.to_string(),
        "prompt": params.prompt,
        "truncate": params.truncate,
        "pairs": params.pairs,
        "correction": correction.map_or("none", Method::name),
        "normalize": normalize,
    });
    all.as_object().cloned().unwrap_or_default()
}

fn head_settings(
    head: &cloze_train::ValidHeadParams,
    seed: u64,
) -> anyhow::Result<Map<String, Value>> {
    let mut all = serde_json::to_value(head.params())?.as_object().cloned().unwrap_or_default();
    all.insert("seed".into(), seed.into());
    Ok(all)
}

/// How many vectors a row holds.
fn combine(params: &RowParams) -> Combine {
    match params.pairs {
        Some(PairRows::Separate) => Combine::Pair,
        Some(PairRows::Cross(_)) | None => Combine::Single,
    }
}

/// The features that these settings make of rows.
fn feature_params(
    args: &TrainArgs,
    params: &RowParams,
    correction: Option<Method>,
) -> FeatureParams {
    FeatureParams::new()
        .combine(combine(params))
        .correction(correction)
        .normalize(args.features.normalize)
}
