//! A training from its settings to the saved folder, whatever the task.
use std::path::Path;
use std::time::Instant;

use cloze_checkpoint::card::Card;
use cloze_core::Cancel;
use cloze_report::DataFile;
use cloze_report::tuning::{
    BaseModel, Figures, TaskWords, TestFigures, TrainedPart, TrainingCurve, TuningReport,
};
use cloze_store::AtomicFolder;
use cloze_tune::encoder::{TrainableEncoderParams, Tuning};
use cloze_tune::task::Task;
use cloze_tune::training::{
    EndReason, Evaluate, Event, Learner, Outcome, StateFile, TaskLearner, TrainingLog,
    ValidTrainingParams, ValidationScore, Watch,
};
use cloze_tune::{Parameters, TuneError};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::base::StartModel;
use super::event::{TrainingNote, TrainingObserver, note};
use super::head_rate::with_head_rate;
use super::output::{beside, create_folder};
use super::save::TrainedModel;
use super::{FineTuneError, FineTuneParams, TrainingEvent, TrainingOutcome, ValidFineTuneParams};

/// Ending of the file that a stopped training goes on from.
const STATE: &str = ".state";
/// Ending of the log of a training that is not done.
const LOG: &str = ".train.jsonl";
/// Maximum number of points of a curve.
const POINTS: usize = 2000;

/// A training under way.
pub(super) struct Run<'a> {
    pub(super) params: &'a ValidFineTuneParams,
    pub(super) base: StartModel,
    /// Settings of the encoder, as the task has them.
    pub(super) encoder: TrainableEncoderParams,
    pub(super) observer: &'a TrainingObserver<'a>,
    cancel: &'a Cancel,
    output: AtomicFolder,
    started: Instant,
}

/// Steps that were taken.
pub(super) struct Steps {
    pub(super) outcome: Outcome,
    pub(super) curve: TrainingCurve,
    pub(super) params: ValidTrainingParams,
}

impl Steps {
    /// Outcome of a training into `output` that was stopped; `None` if it was not.
    pub(super) fn stopped<F>(&self, output: &Path) -> Option<TrainingOutcome<F>> {
        let state = beside(output, STATE);
        (self.outcome.why == EndReason::Interrupted)
            .then_some(TrainingOutcome::Stopped { steps: self.outcome.steps, state })
    }
}

/// Output, observer and cancellation of the steps of a training.
#[derive(Clone, Copy)]
pub(super) struct StepRun<'a> {
    pub(super) params: &'a FineTuneParams,
    pub(super) observer: &'a TrainingObserver<'a>,
    pub(super) cancel: &'a Cancel,
}

impl StepRun<'_> {
    /// Takes the steps; the state and the log lie beside the output meanwhile. Without an evaluation nothing
    /// is validated.
    pub(super) fn take_steps<F: Figures, L: Learner + Send, J>(
        self,
        params: ValidTrainingParams,
        learner: &mut L,
        examples: &[L::Example],
        mut evaluate: Option<J>,
        fingerprint: &str,
    ) -> Result<Steps, FineTuneError>
    where
        J: FnMut(&mut L) -> Result<ValidationScore, TuneError> + Send,
    {
        let (output, resume) = (&self.params.output, self.params.resume);
        let (state, log) = (beside(output, STATE), beside(output, LOG));
        if resume && !state.is_file() {
            return Err(FineTuneError::NoState { state });
        }
        if !resume && state.is_file() {
            return Err(FineTuneError::StateThere { state, output: output.clone() });
        }
        let mut recorder = Recorder::new(TrainingLog::new(&log), self.observer, F::METRIC);
        let mut observe = |event: &Event| recorder.observe(event);
        let watch = Watch {
            evaluate: evaluate.as_mut().map(|evaluate| evaluate as Evaluate<'_, _>),
            observe: &mut observe,
            stop: self.cancel,
            state: Some(StateFile { path: &state, fingerprint, resume }),
        };
        let outcome = params.train(learner, examples, watch)?;
        Ok(Steps { outcome, curve: recorder.curve, params })
    }
}

/// Writes the report and the log into a folder that has the model, and gives it its name.
pub(super) fn finish<F: Figures>(
    folder: AtomicFolder,
    output: &Path,
    report: TuningReport<F>,
) -> Result<TrainingOutcome<F>, FineTuneError> {
    let mut json = serde_json::to_vec_pretty(&report)?;
    json.push(b'\n');
    let name = output.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for (file, bytes) in [
        ("report.json", json),
        ("report.html", report.page(&name).into_bytes()),
        ("README.md", report.card(&name).into_bytes()),
    ] {
        let written = fs_err::write(folder.path().join(file), bytes);
        written.map_err(|source| FineTuneError::Write { path: output.to_owned(), source })?;
    }
    fs_err::copy(beside(output, LOG), folder.path().join("train.jsonl"))?;
    folder.commit()?;
    for ending in [LOG, STATE] {
        let path = beside(output, ending);
        if path.is_file() {
            fs_err::remove_file(&path)?;
        }
    }
    Ok(TrainingOutcome::Done(Box::new(report)))
}

/// Adds the words of the user and the record of the training to a card.
pub(super) fn full_card<F: Figures>(card: Card, report: &TuningReport<F>) -> Card {
    let words = report.card.clone();
    Card {
        description: words.description.or(card.description),
        license: words.license,
        attribution: words.attribution,
        source: words.source,
        training: Some(report.training()),
        ..card
    }
}

/// Data and figures of a training, for its report.
pub(super) struct TaskData<F> {
    pub(super) words: TaskWords,
    pub(super) files: Vec<DataFile>,
    pub(super) examples: usize,
    pub(super) labels: std::collections::BTreeMap<String, usize>,
    /// Settings of the task.
    pub(super) settings: Value,
    pub(super) dev: Vec<DataFile>,
    pub(super) held_out_examples: usize,
    pub(super) held_out: Option<F>,
    pub(super) test: Option<TestFigures<F>>,
}

impl<'a> Run<'a> {
    pub(super) fn open(
        params: &'a ValidFineTuneParams,
        encoder: TrainableEncoderParams,
        observer: &'a TrainingObserver<'a>,
        cancel: &'a Cancel,
    ) -> Result<Self, FineTuneError> {
        let started = Instant::now();
        let base = StartModel::open(&params.params)?;
        Self::begin(params, encoder, base, observer, cancel, started)
    }

    /// A training whose model is open.
    pub(super) fn begin(
        params: &'a ValidFineTuneParams,
        encoder: TrainableEncoderParams,
        base: StartModel,
        observer: &'a TrainingObserver<'a>,
        cancel: &'a Cancel,
        started: Instant,
    ) -> Result<Self, FineTuneError> {
        let output = create_folder(&params.params.output, params.params.replace, &base.folder)?;
        Ok(Self { params, base, encoder, observer, cancel, output, started })
    }

    pub(super) fn note(&self, text: &TrainingNote) {
        note(self.observer, text);
    }

    /// Tells the numbers of parameters.
    pub(super) fn note_parameters(&self, parameters: &Parameters) {
        let (trained, total) = parameters.counts();
        self.note(&TrainingNote::Parameters { trained, all: total });
    }

    /// Settings of the steps with a learning rate for a new head, and a note of it where the user gave
    /// none.
    pub(super) fn steps_of_new_head<T: Task>(
        &self,
        learner: &TaskLearner<T>,
        examples: &[T::Example],
    ) -> Result<ValidTrainingParams, FineTuneError> {
        let given = &self.params.steps;
        let steps = with_head_rate(given, learner, examples)?;
        if let (None, Some(rate)) = (given.head_learning_rate(), steps.head_learning_rate()) {
            self.note(&TrainingNote::HeadLearningRate { rate });
        }
        Ok(steps)
    }

    /// Takes the steps; the state and the log lie beside the output meanwhile. Without an evaluation nothing
    /// is validated.
    pub(super) fn train<F: Figures, T: Task + Send, J>(
        &self,
        params: ValidTrainingParams,
        learner: &mut TaskLearner<T>,
        examples: &[T::Example],
        evaluate: Option<J>,
        fingerprint: &str,
    ) -> Result<Steps, FineTuneError>
    where
        J: FnMut(&mut TaskLearner<T>) -> Result<ValidationScore, TuneError> + Send,
    {
        let run =
            StepRun { params: &self.params.params, observer: self.observer, cancel: self.cancel };
        run.take_steps::<F, _, _>(params, learner, examples, evaluate, fingerprint)
    }

    /// Reports the training and saves the model with it; `None` if the training was stopped.
    pub(super) fn report<F: Figures>(
        &self,
        parameters: &Parameters,
        steps: Steps,
        data: TaskData<F>,
    ) -> Result<TuningReport<F>, FineTuneError> {
        let params = &self.params.params;
        let (trained, total) = parameters.counts();
        let encoder = by_text(&self.encoder)?;
        let encoder_sees_case = encoder["casing"].is_number();
        let mut settings: Map<String, Value> =
            data.settings.as_object().cloned().unwrap_or_default();
        settings.insert("max_tokens".into(), json!(self.base.max_tokens));
        let Steps { outcome, curve, params: training } = steps;
        Ok(TuningReport {
            cloze: env!("CARGO_PKG_VERSION"),
            words: data.words,
            command: params.command.clone(),
            card: params.card.clone(),
            base: BaseModel { name: self.base.folder.name(), sha256: self.base.folder.sha256()? },
            data: data.files,
            examples: data.examples,
            labels: data.labels,
            encoder,
            part: match &self.encoder.tuning {
                Tuning::Lora(lora) => TrainedPart::Adapters { rank: lora.rank },
                Tuning::Full => TrainedPart::Encoder,
                Tuning::Head => TrainedPart::Head,
            },
            training: by_text(training.params())?,
            settings,
            lower_cases: self.base.lower_cases()? && !encoder_sees_case,
            trained,
            parameters: total,
            steps: outcome.steps,
            best_step: outcome.best.as_ref().map(|best| best.step),
            why: json!(outcome.why),
            dev: data.dev,
            held_out_examples: data.held_out_examples,
            held_out: data.held_out,
            test: data.test,
            curve,
            seconds: self.started.elapsed().as_secs_f64(),
        })
    }

    /// Outcome of a training that was stopped; `None` if it was not.
    pub(super) fn stopped<F>(&self, steps: &Steps) -> Option<TrainingOutcome<F>> {
        steps.stopped(&self.params.params.output)
    }

    /// Writes the whole folder and gives it its name. The task has filled in its part of `card`.
    pub(super) fn commit<F: Figures>(
        self,
        model: &TrainedModel<'_>,
        card: Card,
        report: TuningReport<F>,
    ) -> Result<TrainingOutcome<F>, FineTuneError> {
        let params = &self.params.params;
        let folder = self.output.path();
        model.write(&self.base, folder)?;
        model.write_card(&self.base, folder, full_card(card, &report))?;
        finish(self.output, &params.output, report)
    }
}

/// Records events in the log and the curve, and passes them on.
struct Recorder<'a> {
    log: TrainingLog,
    observer: &'a TrainingObserver<'a>,
    best: Option<f64>,
    /// Name of the metric.
    metric: &'static str,
    /// Every so many steps are a point of the curve.
    stride: u64,
    curve: TrainingCurve,
}

impl<'a> Recorder<'a> {
    fn new(log: TrainingLog, observer: &'a TrainingObserver<'a>, metric: &'static str) -> Self {
        Self { log, observer, best: None, metric, stride: 1, curve: TrainingCurve::default() }
    }

    fn observe(&mut self, event: &Event) -> Result<(), TuneError> {
        self.log.record(event)?;
        self.add(event);
        if let Event::Started { .. } = event {
            // The steps before a stop are part of the curve, too.
            for event in self.log.events()? {
                self.add(&event);
            }
        }
        let Self { curve, best, metric, .. } = &*self;
        (self.observer)(TrainingEvent::Step { event, curve, best: *best, metric });
        Ok(())
    }

    fn add(&mut self, event: &Event) {
        let Self { curve, stride, .. } = self;
        match event {
            Event::Step { step, loss, learning_rate, tokens, seconds, .. } => {
                curve.tokens += *tokens as u64;
                curve.seconds += seconds;
                if step.is_multiple_of(*stride) {
                    curve.losses.push((*step, *loss));
                    curve.rates.push((*step, *learning_rate));
                }
                if curve.losses.len() > POINTS {
                    *stride *= 2;
                    curve.losses.retain(|(step, _)| step.is_multiple_of(*stride));
                    curve.rates.retain(|(step, _)| step.is_multiple_of(*stride));
                }
            }
            Event::Evaluated { step, score, best, .. } => {
                curve.scores.push((*step, score.metric));
                curve.judged_losses.extend(score.loss.map(|loss| (*step, loss)));
                if *best {
                    self.best = Some(score.metric);
                }
            }
            _ => {}
        }
    }
}

/// Settings as they stand in a file: 0.1 of f32 is 0.1, where it would else be 0.10000000149011612.
pub(super) fn by_text(settings: &impl Serialize) -> Result<Value, serde_json::Error> {
    serde_json::from_str(&serde_json::to_string(settings)?)
}
