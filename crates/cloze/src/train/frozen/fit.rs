//! From labelled texts to a fitted head, evaluated.
use std::time::Instant;

use cloze_core::Matrix;
use cloze_heads::classify::{Classifier, ClassifyHead};
use cloze_metrics::labels::{LabelOutcome, share};
use cloze_report::DataFile;
use cloze_report::classifier::{
    CalibrationReport, ClassifierReport, FewShotReport, ThresholdReport, TrainingSeconds,
};
use cloze_report::tuning::BaseModel;
use cloze_train::{Labels, TrainError, fit};

use super::choose::{self, Chosen};
use super::data::{labels_of, warn_of_data};
use super::encode::encode_examples;
use super::evaluate::{Evaluation, outcomes};
use super::held_out::HoldOutPlan;
use super::settings::{feature_settings, head_settings};
use super::{
    ClassifierTrainParams, FitContext, FitData, FitError, FitEvent, FitWarning, HeldOutLogits,
    LabelledText, LabelledTexts, TrainedClassifier, ValidClassifierTrainParams,
};
use crate::opening::{ModelRef, runtime};
use crate::{ModelFolder, RowParams, Runtime, SentenceEncoder};

/// Data of a classifier, read by [`ValidClassifierTrainParams::read`].
#[derive(Debug)]
pub struct ClassifierData {
    texts: LabelledTexts,
    labels: Labels,
    test: Option<LabelledTexts>,
    started: Instant,
}

impl ValidClassifierTrainParams {
    /// Reads the data to train on, and those to test on: files, or texts in memory. Records that
    /// cannot be read and what may spoil the result are events.
    ///
    /// # Errors
    /// As [`FitData::read`] and [`labels_of`]; [`FitError::Needs`] for few-shot training without test
    /// data.
    pub fn read(
        &self,
        data: impl Into<FitData>,
        test: Option<FitData>,
        context: &FitContext<'_>,
    ) -> Result<ClassifierData, FitError> {
        let started = Instant::now();
        if self.0.shots.is_some() && test.is_none() {
            return Err(FitError::Needs { setting: "shots", needed: "test data" });
        }
        let data = data.into();
        let name = data.name();
        let texts = data.read(context)?;
        let labels = labels_of(&texts.examples, self.0.multi_label, &name)?;
        warn_of_data(&texts.examples, &labels, context);
        let test = test.map(|test| test.read(context)).transpose()?;
        Ok(ClassifierData { texts, labels, test, started })
    }

    /// Encodes the data with `model`, chooses what is not given, fits a head, and evaluates it.
    ///
    /// # Errors
    /// [`FitError::Model`] for a model that cannot be found, opened or run, and for a cancelled
    /// training; [`FitError::NoneEncoded`] and [`FitError::SomeNotEncoded`]; [`FitError::Unfit`],
    /// [`FitError::Fit`] and [`FitError::Metrics`] for data that the settings do not suit;
    /// [`FitError::NoLabel`], [`FitError::OneOfMany`], [`FitError::Threshold`] and
    /// [`FitError::NoHeldOut`] for a threshold that cannot be chosen.
    pub fn fit(
        &self,
        model: impl Into<ModelRef>,
        data: ClassifierData,
        context: &FitContext<'_>,
    ) -> Result<TrainedClassifier, FitError> {
        let (params, opening) = (&self.0, Instant::now());
        let model = model.into().find()?;
        let layers = match &params.layers {
            Some(layers) => layers.clone(),
            None => choose::default_layers(&model)?,
        };
        let rows = RowParams {
            pooling: params.pooling.clone(),
            layers,
            prompt: params.prompt.clone(),
            truncate: params.truncate,
            pairs: params.pairs,
        };
        let runtime = runtime(context.runtime.clone())?;
        let encoder = open(&rows, model, params, &runtime)?;
        let reading = opening.duration_since(data.started) + opening.elapsed();
        let seconds =
            TrainingSeconds { reading: reading.as_secs_f64(), ..TrainingSeconds::default() };
        Job { params, encoder, rows, runtime, context, seconds }.run(data)
    }
}

/// Examples with their rows and labels, which go together.
pub(super) struct EncodedSet {
    pub(super) examples: Vec<LabelledText>,
    pub(super) rows: Matrix,
    pub(super) labels: Labels,
}

impl EncodedSet {
    fn subset(&self, places: &[usize]) -> (Matrix, Labels) {
        let mut rows = Matrix::with_capacity(places.len(), self.rows.cols());
        for row in places.iter().filter_map(|&i| self.rows.row(i)) {
            let pushed = rows.push_rows(row);
            debug_assert!(pushed, "a row of the same matrix");
        }
        (rows, self.labels.subset(places))
    }
}

/// A fitted head, and how it was fitted.
pub(super) struct FittedHead {
    pub(super) chosen: Chosen,
    /// With its temperature and thresholds.
    pub(super) classifier: Classifier,
    pub(super) held_out: Option<HeldOutLogits>,
    /// Heads that decide on the held-out examples of each group.
    pub(super) cross_fitted: Vec<ClassifyHead>,
    pub(super) calibration: Option<CalibrationReport>,
    threshold: Option<ThresholdReport>,
    iterations: u64,
    converged: bool,
}

/// A training under way.
pub(super) struct Job<'a> {
    pub(super) params: &'a ClassifierTrainParams,
    pub(super) encoder: SentenceEncoder,
    pub(super) rows: RowParams,
    runtime: Runtime,
    pub(super) context: &'a FitContext<'a>,
    pub(super) seconds: TrainingSeconds,
}

impl Job<'_> {
    fn run(mut self, data: ClassifierData) -> Result<TrainedClassifier, FitError> {
        let ClassifierData { texts, labels, test, started } = data;
        let LabelledTexts { examples, files } = texts;
        let (mut set, draws) = self.prepare(examples, &labels, test.as_ref())?;
        self.context.cancel.check()?;
        self.context.event(&FitEvent::FittingStarted);
        let fitting = Instant::now();
        let fitted = self.fit(&mut set)?;
        self.seconds.fitting = fitting.elapsed().as_secs_f64();
        self.context.cancel.check()?;
        let evaluation = self.evaluate(&set, &fitted, test)?;
        self.seconds.total = started.elapsed().as_secs_f64();
        let report = self.report(&set, files, &fitted, draws, evaluation)?;
        Ok(TrainedClassifier {
            report,
            classifier: fitted.classifier,
            rows: self.rows,
            correction: fitted.chosen.correction,
            seed: self.params.seed,
            truncated: self.encoder.counts().truncated,
            base: self.encoder.model().clone(),
        })
    }

    fn report(
        &self,
        set: &EncodedSet,
        data: Vec<DataFile>,
        fitted: &FittedHead,
        draws: Option<FewShotReport>,
        evaluation: Evaluation,
    ) -> Result<ClassifierReport, FitError> {
        let (params, card) = (self.params, &self.params.card);
        let base = self.encoder.model();
        let (total, likely_label_errors) = evaluation.likely_label_errors;
        Ok(ClassifierReport {
            cloze: env!("CARGO_PKG_VERSION"),
            task: if self.rows.pairs.is_some() { "pair" } else { "classify" },
            command: params.command.clone(),
            description: card.description.clone(),
            license: card.license.clone(),
            attribution: card.attribution.clone(),
            source: card.source.clone(),
            language: card.language.clone(),
            model: BaseModel { name: base.name(), sha256: base.sha256()? },
            data,
            examples: set.labels.len(),
            labels: set.labels.names().iter().cloned().zip(set.labels.counts()).collect(),
            features: feature_settings(&self.rows, fitted.chosen.correction, params.normalize),
            head: head_settings(&fitted.chosen.head, params.seed)?,
            iterations: fitted.iterations,
            converged: fitted.converged,
            trials: fitted.chosen.trials.clone(),
            held_out: evaluation.held_out,
            threshold: fitted.threshold.clone(),
            test: evaluation.test,
            draws,
            curve: evaluation.curve,
            likely_label_errors_found: total,
            likely_label_errors,
            seconds: self.seconds,
        })
    }

    /// Encodes the examples; few-shot only those that are drawn, of which the last draw stays.
    fn prepare(
        &mut self,
        mut examples: Vec<LabelledText>,
        labels: &Labels,
        test: Option<&LabelledTexts>,
    ) -> Result<(EncodedSet, Option<FewShotReport>), FitError> {
        let (Some(n), Some(test)) = (self.params.shots, test) else {
            return Ok((self.encode(examples)?, None));
        };
        // Drawn before anything is encoded: most need not be.
        let mut needed: Vec<usize> = self.draws(labels, n)?.concat();
        needed.sort_unstable();
        needed.dedup();
        let keep = |(i, e): (usize, LabelledText)| needed.binary_search(&i).is_ok().then_some(e);
        examples = examples.into_iter().enumerate().filter_map(keep).collect();
        let drawn = self.encode(examples)?;
        let rows = self.rows_like(&self.rows.clone(), &test.examples)?;
        let (set, report) = self.draw(drawn, n, &test.examples, &rows)?;
        Ok((set, Some(report)))
    }

    /// Chooses what is not given, and fits: on parts, for the others' logits, and on all.
    fn fit(&mut self, set: &mut EncodedSet) -> Result<FittedHead, FitError> {
        let params = self.params;
        let chosen = match params.search {
            None => choose::choose_c(params, &self.rows, &set.rows, &set.labels)?,
            Some(strategy) => {
                let (chosen, rows) = choose::search(self, set, strategy)?;
                set.rows = self.rows_like(&rows, &set.examples)?;
                self.change(rows)?;
                chosen
            }
        };
        let (features, head) = (chosen.features, &chosen.head);
        let plan = HoldOutPlan::new(params.folds, params.hold_out, &set.labels, self.context);
        let held_out = plan.run(&set.rows, &set.labels, features, head, params.seed)?;
        let (classifier, fitted) = fit(&set.rows, &set.labels, features, head)?;
        let (iterations, converged) = (fitted.iterations, fitted.converged);
        if !converged {
            self.context.warn(FitWarning::NotConverged { iterations });
        }
        let mut head = classifier.head().clone();
        let (mut calibration, mut calibrated) = (None, false);
        if let (Some(held_out), true) = (&held_out, params.calibrate) {
            let fitted = held_out.calibrate(&set.labels, &head, self.context)?;
            head = head.with_temperature(fitted.temperature)?;
            (calibration, calibrated) = (fitted.report, fitted.found);
        }
        let mut threshold = None;
        if let Some(goal) = &params.threshold {
            goal.index(&set.labels, params.multi_label)?;
            let held_out = held_out.as_ref().ok_or(FitError::NoHeldOut)?;
            let (index, report) = held_out.threshold(goal, &set.labels, &head)?;
            let mut thresholds = vec![None; set.labels.names().len()];
            thresholds[index] = Some(report.probability);
            head = head.with_thresholds(thresholds)?;
            threshold = Some(report);
        }
        let cross_fitted = match &held_out {
            Some(held_out) => {
                let goal = params.threshold.as_ref();
                held_out.cross_fitted(&set.labels, &head, calibrated, goal)?
            }
            None => vec![],
        };
        let classifier = Classifier::new(classifier.features().clone(), head)?;
        Ok(FittedHead {
            chosen,
            classifier,
            held_out,
            cross_fitted,
            calibration,
            threshold,
            iterations,
            converged,
        })
    }

    /// Examples that can be encoded, with their rows.
    pub(super) fn encoded(
        &mut self,
        examples: Vec<LabelledText>,
    ) -> Result<(Vec<LabelledText>, Matrix), FitError> {
        let encoding = Instant::now();
        let cache = self.params.cache.as_deref();
        let encoded = encode_examples(&self.encoder, &self.rows, &examples, cache, self.context)?;
        self.seconds.encoding += encoding.elapsed().as_secs_f64();
        self.seconds.encoded += encoded.encoded;
        let failed = examples.len() - encoded.kept.len();
        let mut kept = encoded.kept.into_iter().peekable();
        let keep = |(i, e): (usize, LabelledText)| kept.next_if_eq(&i).map(|_| e);
        let examples: Vec<LabelledText> =
            examples.into_iter().enumerate().filter_map(keep).collect();
        if examples.is_empty() {
            return Err(FitError::NoneEncoded { examples: failed });
        }
        Ok((examples, encoded.rows))
    }

    fn encode(&mut self, examples: Vec<LabelledText>) -> Result<EncodedSet, FitError> {
        let (examples, rows) = self.encoded(examples)?;
        let labels = labels_of(&examples, self.params.multi_label, "the training data")?;
        Ok(EncodedSet { examples, rows, labels })
    }

    /// Rows, by these settings, of examples that could all be encoded.
    pub(super) fn rows_like(
        &mut self,
        row_params: &RowParams,
        examples: &[LabelledText],
    ) -> Result<Matrix, FitError> {
        let encoding = Instant::now();
        let other;
        let encoder = if *row_params == self.rows {
            &self.encoder
        } else {
            other = self.open(row_params)?;
            &other
        };
        let cache = self.params.cache.as_deref();
        let rows = encode_examples(encoder, row_params, examples, cache, self.context)?;
        self.seconds.encoding += encoding.elapsed().as_secs_f64();
        self.seconds.encoded += rows.encoded;
        if rows.kept.len() < examples.len() {
            return Err(FitError::SomeNotEncoded);
        }
        Ok(rows.rows)
    }

    /// An encoder for other rows of the same model.
    fn open(&self, rows: &RowParams) -> Result<SentenceEncoder, FitError> {
        open(rows, self.encoder.model().clone(), self.params, &self.runtime)
    }

    /// Makes rows by these settings from here on.
    fn change(&mut self, row_params: RowParams) -> Result<(), FitError> {
        if row_params != self.rows {
            self.encoder = self.open(&row_params)?;
            self.rows = row_params;
        }
        Ok(())
    }

    /// Draws of `n` examples a label each, in order.
    fn draws(&self, labels: &Labels, n: usize) -> Result<Vec<Vec<usize>>, FitError> {
        let seed = self.params.seed;
        let draw = |i: usize| cloze_train::draw_folds(labels, n, seed.wrapping_add(i as u64));
        let draws = (0..self.params.draws).map(draw).collect::<Result<_, TrainError>>();
        draws.map_err(|source| FitError::Unfit { setting: "shots", source })
    }

    /// Fits heads on small draws and evaluates each on test data; the last draw stays.
    fn draw(
        &self,
        set: EncodedSet,
        n: usize,
        test: &[LabelledText],
        test_rows: &Matrix,
    ) -> Result<(EncodedSet, FewShotReport), FitError> {
        let mut accuracy = vec![];
        let draws = self.draws(&set.labels, n)?;
        for draw in &draws {
            self.context.cancel.check()?;
            let (rows, labels) = set.subset(draw);
            let Chosen { features, head, .. } =
                choose::choose_c(self.params, &self.rows, &rows, &labels)?;
            let (classifier, _) = fit(&rows, &labels, features, &head)?;
            let outcomes = outcomes(&classifier, test, test_rows)?;
            let right: Vec<bool> = outcomes.iter().map(LabelOutcome::is_right).collect();
            let order: Vec<usize> = (0..right.len()).collect();
            accuracy.push(share(&right, &order));
        }
        let last = draws.last().cloned().unwrap_or_default();
        let (rows, labels) = set.subset(&last);
        let keep = |(i, e): (usize, LabelledText)| last.binary_search(&i).is_ok().then_some(e);
        let examples = set.examples.into_iter().enumerate().filter_map(keep).collect();
        let (mean, std) = mean_std(&accuracy);
        let report = FewShotReport { examples_a_label: n, accuracy, mean, std };
        Ok((EncodedSet { examples, rows, labels }, report))
    }
}

fn open(
    rows: &RowParams,
    model: ModelFolder,
    params: &ClassifierTrainParams,
    runtime: &Runtime,
) -> Result<SentenceEncoder, FitError> {
    let builder = rows.builder(model).threads(params.threads).batch_tokens(params.batch_tokens);
    Ok(builder.runtime(runtime.clone()).open()?)
}

#[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
fn mean_std(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, if values.len() > 1 { (squares / (n - 1.0)).sqrt() } else { 0.0 })
}
