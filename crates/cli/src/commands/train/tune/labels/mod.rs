//! `cloze train classify` and `cloze train pair`, step by step: a head for labels, the encoder itself
//! trained beneath it.
//!
//! - `data`: labelled examples of files, and what the encoder sees of them;
//! - `task`: the head that the encoder's family has for labels;
//! - `judge`: how good the labels are.
mod data;
mod judge;
mod task;

use std::time::Instant;

use anyhow::{Context as _, ensure};
use cloze::encoder::PairCut;
use cloze::heads::classify::ClassifyHead;
use cloze_checkpoint::adapter::TaskType;
use cloze_checkpoint::card::Card;
use cloze_store::AtomicFolder;
use cloze_tune::Parameters;
use cloze_tune::encoder::EncoderParams;
use cloze_tune::task::SequenceTask;
use cloze_tune::training::{TaskLearner, ValidTrainingParams};
use serde_json::{Map, Value, json};

use super::model::Base;
use super::report::labels::LabelVerdict;
use super::report::{self, Report};
use super::save::Trained;
use super::sight::{Seen, Sight};
use super::{Trained as Done, train};
use crate::commands::train::args::TrainArgs;
use crate::commands::train::steps::create;
use crate::input::examples::Example;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::training::show;
use cloze::train::{FitContext, FitEvent, confident_errors};
use cloze_report::classifier::CalibrationReport;
use data::{Texts, learned, see};

/// A training under way.
struct Job<'a> {
    args: &'a TrainArgs,
    /// Which text of a pair is cut; none where there are no pairs.
    cut: Option<PairCut>,
    encoder: EncoderParams,
    params: ValidTrainingParams,
    base: Base,
    /// Logits to labels.
    head: ClassifyHead,
    messages: &'a Messages,
}

pub(crate) fn run(
    args: &TrainArgs,
    cut: Option<PairCut>,
    messages: &Messages,
) -> anyhow::Result<()> {
    let started = Instant::now();
    args.check()?;
    let tune = args.tune.by_steps().context("--tune frozen has no steps")?;
    let encoder = args.tuned.encoder(tune)?;
    let params = args.tuned.training(tune, &args.fit)?;
    let base = Base::open(&args.fit.model, &args.tuned.steps, tune)?;
    if cut.is_some() {
        let name = base.folder.folder().display();
        ensure!(base.tokenizer.pair_limit().is_some(), "{name}: takes no pairs of texts");
    }
    let output = create(&args.fit, &base.folder)?;
    let texts = Texts::read(args, cut.is_some(), messages)?;
    let head = judge::head(texts.labels.names(), args.multi_label())?;
    Job { args, cut, encoder, params, base, head, messages }.run(&texts, output, started)
}

impl Job<'_> {
    fn run(self, texts: &Texts, output: AtomicFolder, started: Instant) -> anyhow::Result<()> {
        let (args, messages) = (self.args, self.messages);
        let mut learner = self.learner(texts)?;
        report::note_sizes(&learner.parameters, messages);
        let sight = self.sight(&learner);
        // As `cloze classify` will, whatever is learned from.
        let judged = |examples: &[Example]| {
            see(&sight, examples, self.base.folder.max_tokens(), args.labels.truncate)
        };
        let dev = judged(&texts.dev)?;
        let Some(done) = self.train(&mut learner, &sight, texts, &dev)? else {
            messages.interrupt();
            return Ok(());
        };
        let calibration = self.calibrate(&mut learner, texts, &dev)?;
        let held_out = match &dev[..] {
            [] => None,
            seen => Some(self.verdict(&learner, &texts.dev, seen, calibration)?),
        };
        let tested = |test: &crate::input::examples::Examples| {
            let seen = judged(&test.examples)?;
            anyhow::Ok((
                test.files.clone(),
                self.verdict(&learner, &test.examples, &seen, (None, None))?,
            ))
        };
        let test = texts.test.as_ref().map(tested).transpose()?;
        let names = texts.labels.names().iter().cloned();
        let pairs = self.cut.is_some();
        let report = Report::new(
            if pairs { "pair" } else { "classify" },
            &args.fit,
            (&self.base, &self.encoder, &self.params),
            (&learner.parameters, done),
            report::Data {
                what: if pairs {
                    "Gives labels to pairs of texts"
                } else {
                    "Gives labels to texts"
                },
                usage: if pairs { "cloze pair FILE" } else { "cloze classify FILE" },
                unit: if pairs { "pair" } else { "text" },
                files: texts.files.clone(),
                examples: texts.all.len(),
                labels: names.zip(texts.labels.counts()).collect(),
                settings: self.settings(),
                dev: texts.dev_files.clone(),
                held_out_examples: texts.dev.len(),
                held_out,
                test,
                ..report::Data::default()
            },
            started,
        )?;
        self.save(&learner, &report, output)?;
        report.show(&args.fit, messages)
    }

    fn settings(&self) -> Map<String, Value> {
        let args = self.args;
        let all = json!({
            "multi_label": args.multi_label(),
            "class_weights": args.labels.class_weights.value(),
            "label_smoothing": args.tuned_labels.label_smoothing,
            "truncate": args.labels.truncate,
            "cut": self.cut,
            "dtype": format!("{:?}", args.tuned.dtype.value()).to_lowercase(),
        });
        all.as_object().cloned().unwrap_or_default()
    }

    fn learner(&self, texts: &Texts) -> anyhow::Result<TaskLearner<SequenceTask>> {
        let seed = self.args.fit.seed;
        let mut parameters = Parameters::default();
        let encoder = self.base.encoder(&self.encoder.clone().check()?, seed, &mut parameters)?;
        let head_start = parameters.list().len();
        let task = task::add(self.args, &self.base, &texts.labels, &mut parameters)?;
        Ok(TaskLearner::new(encoder, task, parameters, head_start))
    }

    fn sight(&self, learner: &TaskLearner<SequenceTask>) -> Sight<'_> {
        Sight {
            base: &self.base,
            classes: learner.encoder.casing_classes(),
            cut: self.cut.unwrap_or_default(),
            messages: self.messages,
        }
    }

    fn train(
        &self,
        learner: &mut TaskLearner<SequenceTask>,
        sight: &Sight<'_>,
        texts: &Texts,
        dev: &[Seen],
    ) -> anyhow::Result<Option<Done>> {
        let args = self.args;
        let seen = see(sight, &texts.all, self.base.max_tokens, args.labels.truncate)?;
        let examples = learned(seen, &texts.labels);
        let gold: Vec<&[String]> = texts.dev.iter().map(|e| &*e.labels).collect();
        let names = self.head.labels();
        let fingerprint = self.base.fingerprint(&[
            &examples,
            &dev,
            &gold,
            &names,
            &self.encoder,
            &learner.task,
        ])?;
        let judging = |learner: &mut TaskLearner<SequenceTask>| {
            let logits = judge::logits(learner, dev)?;
            judge::score(&self.head, &texts.dev, &logits)
        };
        train(
            (&args.fit, args.tuned.steps.resume),
            &self.params,
            (learner, &examples),
            (!dev.is_empty()).then_some(judging),
            &fingerprint,
            self.messages,
        )
    }

    /// Learns a temperature from what was judged by, and puts it into the classifier; 1 where that is
    /// no gain, none where nothing was asked for.
    fn calibrate(
        &self,
        learner: &mut TaskLearner<SequenceTask>,
        texts: &Texts,
        dev: &[Seen],
    ) -> anyhow::Result<(Option<f64>, Option<CalibrationReport>)> {
        if self.args.labels.no_calibration || dev.is_empty() {
            return Ok((None, None));
        }
        let logits = judge::logits(learner, dev)?;
        let (examples, multi_label) = (&texts.dev[..], self.args.multi_label());
        let known = (examples, &logits[..]);
        let found = judge::calibrated_by(&texts.labels, known, multi_label)?;
        let Some((logits, labels)) = found else { return Ok((Some(1.0), None)) };
        let observer = |event: &FitEvent<'_>| show(event, self.messages);
        let context = FitContext::new().observer(&observer);
        let (temperature, report) = logits.calibrate(&labels, &self.head, &context)?;
        // Of few examples a temperature is learned that does others no good.
        if temperature.to_bits() != 1_f64.to_bits() && logits.gain(&labels)? <= 0.0 {
            self.messages.note(&format!(
                "warning: a temperature learned from one half of the {} held out makes the other half's \
                 probabilities no better, so they stay as the head gives them",
                plural(examples.len() as u64, "example")
            ));
            return Ok((Some(1.0), None));
        }
        task::divide(&mut learner.parameters, &self.base, temperature);
        Ok((Some(temperature), report))
    }

    fn verdict(
        &self,
        learner: &TaskLearner<SequenceTask>,
        examples: &[Example],
        seen: &[Seen],
        (temperature, calibration): (Option<f64>, Option<CalibrationReport>),
    ) -> anyhow::Result<LabelVerdict> {
        let logits = judge::logits(learner, seen)?;
        let outcomes = judge::outcomes(&self.head, examples, &logits)?;
        let (names, multi_label) = (self.head.labels(), self.head.multi_label());
        let judged = cloze::metrics::labels::evaluate_labels(
            names,
            multi_label,
            &outcomes,
            self.args.fit.seed,
        )?;
        let texts = !self.args.fit.card.no_texts;
        let confident_errors = confident_errors(&outcomes, examples.iter(), texts);
        Ok(LabelVerdict { judged, temperature, calibration, confident_errors })
    }

    fn save(
        &self,
        learner: &TaskLearner<SequenceTask>,
        report: &Report<LabelVerdict>,
        output: AtomicFolder,
    ) -> anyhow::Result<()> {
        let names = self.head.labels();
        let saved = Trained {
            base: &self.base,
            encoder: &learner.encoder,
            params: &self.encoder,
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
            dtype: self.args.tuned.dtype.value(),
        };
        let [task, what] = match self.cut {
            Some(_) => ["pair", "Pairs of texts"],
            None => ["classify", "Texts"],
        };
        let some: Vec<&str> = names.iter().take(6).map(String::as_str).collect();
        let card = Card {
            task: Some(task.into()),
            description: Some(format!("{what} to {}", some.join(", "))),
            ..Card::default()
        };
        saved.commit(card, report, &self.args.fit, output)
    }
}
