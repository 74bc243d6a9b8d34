//! Training of classifiers of texts and pairs by steps: adapters, the whole encoder, or the head of
//! the encoder's family alone.
//!
//! - `data`: labelled texts, and the encoder's sequences of them;
//! - `task`: the head that the encoder's family has for labels;
//! - `evaluate`: labels of a classifier in training.
mod data;
mod evaluate;
mod task;

use std::time::Instant;

use cloze_checkpoint::adapter::TaskType;
use cloze_checkpoint::card::Card;
use cloze_core::Cancel;
use cloze_corpus::LabelledParams;
use cloze_encoder::PairCut;
use cloze_heads::classify::ClassifyHead;
use cloze_report::classifier::CalibrationReport;
use cloze_report::tuning::{LabelFigures, TaskWords, TestFigures};
use cloze_train::ClassWeights;
use cloze_tune::Parameters;
use cloze_tune::task::SequenceTask;
use cloze_tune::training::TaskLearner;
use serde_json::{Value, json};

use super::base::StartModel;
use super::event::{TrainingNote, TrainingObserver};
use super::run::{Run, Steps, TaskData};
use super::save::TrainedModel;
use super::windows::{TextWindows, Windows};
use super::{
    FineTuneError, FineTuneParams, FitContext, FitEvent, FittedTemperature, LabelledText,
    LabelledTexts, TrainingData, TrainingEvent, TrainingOutcome, ValidFineTuneParams,
    confident_errors,
};
use data::{Splits, labelled, sequences};

/// Labels that the description of a card names.
const NAMED: usize = 6;

/// Settings of training a classifier by steps; [`check`](Self::check) makes them usable.
#[derive(Clone, Debug)]
pub struct TunedClassifierTrainParams {
    common: FineTuneParams,
    reader: LabelledParams,
    pairs: Option<PairCut>,
    multi_label: bool,
    class_weights: ClassWeights,
    label_smoothing: f32,
    truncate: bool,
    calibrate: bool,
}

impl TunedClassifierTrainParams {
    /// Settings with these for what every training has.
    #[must_use]
    pub fn new(common: FineTuneParams) -> Self {
        Self {
            common,
            reader: LabelledParams::default(),
            pairs: None,
            multi_label: false,
            class_weights: ClassWeights::None,
            label_smoothing: 0.0,
            truncate: false,
            calibrate: true,
        }
    }

    /// Reader of the files. Default that of [`LabelledParams`].
    #[must_use]
    pub fn reader(self, reader: LabelledParams) -> Self {
        Self { reader, ..self }
    }

    /// Trains on pairs, of which this text is cut where both are too long for one sequence. Default
    /// `None`, texts.
    #[must_use]
    pub fn pairs(self, pairs: Option<PairCut>) -> Self {
        Self { pairs, ..self }
    }

    /// Gives any number of labels to a text. Default no.
    #[must_use]
    pub fn multi_label(self, multi_label: bool) -> Self {
        Self { multi_label, ..self }
    }

    /// Weights of the labels' examples. Default 1 each.
    #[must_use]
    pub fn class_weights(self, class_weights: ClassWeights) -> Self {
        Self { class_weights, ..self }
    }

    /// Share of the probability that is spread over all labels evenly. Default `0`.
    #[must_use]
    pub fn label_smoothing(self, label_smoothing: f32) -> Self {
        Self { label_smoothing, ..self }
    }

    /// Truncates long texts in place of several windows. Default no.
    #[must_use]
    pub fn truncate(self, truncate: bool) -> Self {
        Self { truncate, ..self }
    }

    /// Fits a temperature on the validation data. Default yes.
    #[must_use]
    pub fn calibrate(self, calibrate: bool) -> Self {
        Self { calibrate, ..self }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// Errors of [`FineTuneParams::check`].
    pub fn check(self) -> Result<ValidTunedClassifierTrainParams, FineTuneError> {
        let common = self.common.clone().check()?;
        Ok(ValidTunedClassifierTrainParams { params: self, common })
    }
}

/// [`TunedClassifierTrainParams`] that were checked.
#[derive(Clone, Debug)]
pub struct ValidTunedClassifierTrainParams {
    params: TunedClassifierTrainParams,
    common: ValidFineTuneParams,
}

impl ValidTunedClassifierTrainParams {
    /// Trains a classifier and saves its folder, with a report. `cancel` stops it after the step that
    /// is under way, to be resumed later.
    ///
    /// # Errors
    /// Errors of opening the model, of reading the data, of the steps and of writing the folder.
    pub fn train(
        &self,
        data: &TrainingData<LabelledText>,
        observer: &TrainingObserver<'_>,
        cancel: &Cancel,
    ) -> Result<TrainingOutcome<LabelFigures>, FineTuneError> {
        let started = Instant::now();
        let base = StartModel::open(&self.common.params)?;
        if self.params.pairs.is_some() && base.tokenizer.pair_limit().is_none() {
            let (folder, what) = (base.folder.folder().to_owned(), "takes no pairs of texts");
            return Err(FineTuneError::Base { folder: folder.to_path_buf(), what });
        }
        let encoder = self.common.params.encoder.clone();
        let run = Run::begin(&self.common, encoder, base, observer, cancel, started)?;
        let texts = Splits::read(data, self, observer)?;
        let head = evaluate::head(texts.labels.names(), self.params.multi_label)?;
        Job { params: self, run, head }.finish(&texts)
    }

    fn words(&self) -> TaskWords {
        let (task, what, usage, unit) = match self.params.pairs {
            Some(_) => ("pair", "Classifies pairs of texts", "cloze pair FILE", "pair"),
            None => ("classify", "Classifies texts", "cloze classify FILE", "text"),
        };
        TaskWords { task, what, usage, unit, counted: "examples" }
    }
}

/// A training under way.
struct Job<'a> {
    params: &'a ValidTunedClassifierTrainParams,
    run: Run<'a>,
    /// Decides on labels by logits.
    head: ClassifyHead,
}

/// Temperature of a classifier.
#[derive(Default)]
struct Temperature {
    /// `None` where none was to be fitted.
    value: Option<f64>,
    report: Option<CalibrationReport>,
}

impl Job<'_> {
    fn finish(self, texts: &Splits) -> Result<TrainingOutcome<LabelFigures>, FineTuneError> {
        let mut learner = self.learner(texts)?;
        self.run.note_parameters(&learner.parameters);
        let windows = Windows {
            base: &self.run.base,
            classes: learner.encoder.casing_classes(),
            cut: self.params.params.pairs.unwrap_or_default(),
            observer: self.run.observer,
        };
        // As in prediction, whatever is trained on.
        let (most, truncate) = (self.run.base.folder.max_tokens(), self.params.params.truncate);
        let as_predicted =
            |examples: &[LabelledText]| sequences(&windows, examples, most, truncate);
        let dev = as_predicted(&texts.dev)?;
        let steps = self.train(&mut learner, &windows, texts, &dev)?;
        if let Some(stopped) = self.run.stopped(&steps) {
            return Ok(stopped);
        }
        let temperature = self.calibrate(&mut learner, texts, &dev)?;
        let held_out = match &dev[..] {
            [] => None,
            dev => Some(self.figures(&learner, &texts.dev, dev, temperature)?),
        };
        let unfitted = Temperature::default();
        let tested = |test: &LabelledTexts| {
            let sequences = as_predicted(&test.examples)?;
            let figures = self.figures(&learner, &test.examples, &sequences, unfitted)?;
            Ok::<_, FineTuneError>(TestFigures { data: test.files.clone(), figures })
        };
        let names = texts.labels.names().iter().cloned();
        let data = TaskData {
            words: self.params.words(),
            files: texts.files.clone(),
            examples: texts.train.len(),
            labels: names.zip(texts.labels.counts()).collect(),
            settings: self.settings(),
            dev: texts.dev_files.clone(),
            held_out_examples: texts.dev.len(),
            held_out,
            test: texts.test.as_ref().map(tested).transpose()?,
        };
        self.save(&learner, steps, data)
    }

    fn settings(&self) -> Value {
        let params = &self.params.params;
        json!({
            "multi_label": params.multi_label,
            "class_weights": params.class_weights,
            "label_smoothing": params.label_smoothing,
            "truncate": params.truncate,
            "cut": params.pairs,
            "dtype": self.params.common.dtype_name(),
        })
    }

    fn learner(&self, texts: &Splits) -> Result<TaskLearner<SequenceTask>, FineTuneError> {
        let seed = self.params.common.seed();
        let mut parameters = Parameters::default();
        let encoder = self.run.encoder.clone().check()?;
        let encoder = self.run.base.encoder(&encoder, seed, &mut parameters)?;
        let head_start = parameters.list().len();
        let task = task::add(self.params, &self.run.base, &texts.labels, &mut parameters)?;
        Ok(TaskLearner::new(encoder, task, parameters, head_start))
    }

    fn train(
        &self,
        learner: &mut TaskLearner<SequenceTask>,
        windows: &Windows<'_>,
        texts: &Splits,
        dev: &[TextWindows],
    ) -> Result<Steps, FineTuneError> {
        let (most, truncate) = (self.run.base.max_tokens, self.params.params.truncate);
        let train = sequences(windows, &texts.train, most, truncate)?;
        let examples = labelled(train, &texts.labels);
        let gold: Vec<&[String]> = texts.dev.iter().map(|e| &*e.labels).collect();
        let names = self.head.labels();
        let fingerprint = self.run.base.fingerprint(&[
            &examples,
            &dev,
            &gold,
            &names,
            &self.run.encoder,
            &learner.task,
        ])?;
        let score = |learner: &mut TaskLearner<SequenceTask>| {
            let logits = evaluate::logits(learner, dev)?;
            evaluate::score(&self.head, &texts.dev, &logits)
        };
        let score = (!dev.is_empty()).then_some(score);
        let steps = self.run.steps_of_new_head(learner, &examples)?;
        self.run.train::<LabelFigures, _, _>(steps, learner, &examples, score, &fingerprint)
    }

    /// Fits a temperature on the validation data, and divides the classifier by it; 1 where that is no
    /// gain.
    fn calibrate(
        &self,
        learner: &mut TaskLearner<SequenceTask>,
        texts: &Splits,
        dev: &[TextWindows],
    ) -> Result<Temperature, FineTuneError> {
        if !self.params.params.calibrate || dev.is_empty() {
            return Ok(Temperature::default());
        }
        let logits = evaluate::logits(learner, dev)?;
        let multi_label = self.params.params.multi_label;
        let logits = evaluate::calibrated_by(&texts.labels, &texts.dev, &logits, multi_label)?;
        let no_gain = Temperature { value: Some(1.0), report: None };
        let Some((logits, labels)) = logits else { return Ok(no_gain) };
        let tell = |event: &FitEvent<'_>| (self.run.observer)(TrainingEvent::Fit(event));
        let context = FitContext::new().observer(&tell);
        let FittedTemperature { temperature, report, .. } =
            logits.calibrate(&labels, &self.head, &context)?;
        // Of few examples a temperature is fitted that does others no good.
        if temperature.to_bits() != 1_f64.to_bits() && logits.gain(&labels)? <= 0.0 {
            self.run.note(&TrainingNote::NoTemperatureGain { examples: texts.dev.len() });
            return Ok(no_gain);
        }
        task::divide(&mut learner.parameters, &self.run.base, temperature);
        Ok(Temperature { value: Some(temperature), report })
    }

    fn figures(
        &self,
        learner: &TaskLearner<SequenceTask>,
        examples: &[LabelledText],
        sequences: &[TextWindows],
        temperature: Temperature,
    ) -> Result<LabelFigures, FineTuneError> {
        let logits = evaluate::logits(learner, sequences)?;
        let outcomes = evaluate::outcomes(&self.head, examples, &logits)?;
        let (names, multi_label) = (self.head.labels(), self.head.multi_label());
        let seed = self.params.common.seed();
        let evaluation =
            cloze_metrics::labels::evaluate_labels(names, multi_label, &outcomes, seed)?;
        let texts = self.params.common.params.texts;
        let confident_errors = confident_errors(&outcomes, examples.iter(), texts);
        let Temperature { value: temperature, report: calibration } = temperature;
        Ok(LabelFigures { evaluation, temperature, calibration, confident_errors })
    }

    fn save(
        self,
        learner: &TaskLearner<SequenceTask>,
        steps: Steps,
        data: TaskData<LabelFigures>,
    ) -> Result<TrainingOutcome<LabelFigures>, FineTuneError> {
        let report = self.run.report(&learner.parameters, steps, data)?;
        let names = self.head.labels();
        let encoder = self.run.encoder.clone();
        let model = TrainedModel {
            encoder: &learner.encoder,
            params: &encoder,
            parameters: &learner.parameters,
            head_start: learner.head_start,
            class: Some("SequenceClassification"),
            task: Some(TaskType::Sequence),
            problem: Some(if self.head.multi_label() {
                "multi_label_classification"
            } else {
                "single_label_classification"
            }),
            labels: names,
            dtype: self.params.common.params.dtype,
        };
        let [task, what] = match self.params.params.pairs {
            Some(_) => ["pair", "Pairs of texts"],
            None => ["classify", "Texts"],
        };
        let some: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
        let card = Card {
            task: Some(task.into()),
            description: Some(format!("{what} to {}", some.join(", "))),
            ..Card::default()
        };
        self.run.commit(&model, card, report)
    }
}
