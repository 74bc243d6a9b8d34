//! `cloze train tag`: a tagger of words, the encoder itself trained.
//!
//! - `data`: tagged sentences of files, and what the encoder sees of them; `part`: of long ones;
//! - `task`: each word by itself, or tags as neighbours, too;
//! - `judge`: how good the tags are.
mod data;
mod judge;
mod part;
mod task;

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use cloze_checkpoint::adapter::TaskType;
use cloze_checkpoint::card::Card;
use cloze_core::Casing;
use cloze_core::tag::TagSet;
use cloze_heads::tag::Transitions;
use cloze_store::AtomicFolder;
use cloze_tune::Parameters;
use cloze_tune::encoder::EncoderParams;
use cloze_tune::training::{TaskLearner, ValidTrainingParams};
use regex::Regex;
use serde_json::{Map, Value, json};

use super::model::Base;
use super::report::{self, Entities, Report};
use super::save::Trained;
use super::{Trained as Done, train};
use crate::commands::model::output::create;
use crate::commands::train::args::tune::TrainTagArgs;
use crate::terminal::messages::{Messages, plural};
use data::{Files, Purpose, Sentence, Set};
use judge::{Judged, judge};
use task::TagTask;

/// The sentences there are.
struct Sentences {
    files: Files,
    dev: Files,
    test: Option<Files>,
    /// What is learned, whatever of it is drawn to be held out.
    labels: BTreeSet<String>,
}

impl Sentences {
    fn read(args: &TrainTagArgs, messages: &Messages) -> anyhow::Result<Self> {
        let mut files = Files::read(&args.data, args, messages)?;
        let dropped = whole("--drop-entities", args.drop_entities.as_deref())?;
        let labels = files.names(dropped.as_ref());
        let dev = match &args.judge.dev[..] {
            [] => files.hold_out(args.judge.hold_out, args.tune.fit.seed),
            paths => Files::read(paths, args, messages)?,
        };
        let test = match &args.judge.test[..] {
            [] => None,
            paths => Some(Files::read(paths, args, messages)?),
        };
        // Only where it is learned from: what is judged by stays as it is.
        if let Some(pattern) = &dropped {
            files.drop_entities(pattern);
        }
        let all = [Some(&files), Some(&dev), test.as_ref()];
        data::check_map(&args.map, all.into_iter().flatten())?;
        messages.note(&format!(
            "{} to learn from, {} to judge by",
            plural(files.count() as u64, "sentence"),
            plural(dev.count() as u64, "sentence")
        ));
        let judged = dev.names(None).into_iter().chain(test.iter().flat_map(|t| t.names(None)));
        let unknown: BTreeSet<String> = judged.filter(|label| !labels.contains(label)).collect();
        if !unknown.is_empty() {
            let unknown = unknown.into_iter().collect::<Vec<_>>().join(", ");
            messages.note(&format!(
                "warning: labels of what is judged by alone, which are always missed: {unknown}"
            ));
        }
        Ok(Self { files, dev, test, labels })
    }
}

/// A training under way.
struct Job<'a> {
    args: &'a TrainTagArgs,
    encoder: EncoderParams,
    params: ValidTrainingParams,
    base: Base,
    /// In the order of the outputs.
    tags: Vec<String>,
    /// Words that are not learned from.
    skip: Option<Regex>,
    messages: &'a Messages,
}

pub(crate) fn run(args: &TrainTagArgs, messages: &Messages) -> anyhow::Result<()> {
    let started = Instant::now();
    check(args)?;
    let casing = args.casing.then_some(Casing::COUNT);
    let encoder = args.tune.tuned.encoder(args.tune.tune)?.casing(casing);
    let params = args.tune.tuned.training(args.tune.tune, &args.tune.fit)?;
    let skip = whole("--skip-words", args.skip_words.as_deref())?;
    let base = Base::open(&args.tune.fit.model, &args.tune.tuned.steps, args.tune.tune)?;
    let output = create(&args.tune.fit, &base.folder)?;
    let sentences = Sentences::read(args, messages)?;
    if sentences.files.labels().is_empty() {
        bail!("{}: no entity to learn from", args.data.join(", "));
    }
    let mut tags = vec!["O".to_owned()];
    tags.extend(sentences.labels.iter().flat_map(|l| [format!("B-{l}"), format!("I-{l}")]));
    Job { args, encoder, params, base, tags, skip, messages }.run(&sentences, output, started)
}

impl Job<'_> {
    fn run(
        self,
        sentences: &Sentences,
        output: AtomicFolder,
        started: Instant,
    ) -> anyhow::Result<()> {
        let Self { args, messages, .. } = self;
        let mut learner = self.learner()?;
        report::note_sizes(&learner.parameters, messages);
        let Some(done) = self.train(&mut learner, sentences)? else {
            messages.interrupt();
            return Ok(());
        };
        let judged = |files: &Files, learner: &mut TaskLearner<TagTask>| {
            let set = self.set(files, learner)?;
            let Judged { report, mistakes, .. } = judge(learner, &set, files, &self.tag_set())?;
            anyhow::Ok(Entities::new(report, mistakes, !args.tune.fit.card.no_texts))
        };
        let dev = Some(&sentences.dev).filter(|dev| dev.count() > 0);
        let held_out = dev.map(|dev| judged(dev, &mut learner)).transpose()?;
        let test = sentences.test.as_ref();
        let test = test.map(|test| anyhow::Ok((test.data(), judged(test, &mut learner)?)));
        let report = Report::new(
            "tag",
            &args.tune.fit,
            (&self.base, &self.encoder, &self.params),
            (&learner.parameters, done),
            report::Data {
                what: "Finds entities",
                usage: "cloze tag FILE",
                unit: "sentence",
                counted: "entities learned from",
                files: sentences.files.data(),
                examples: sentences.files.count(),
                labels: sentences.files.labels(),
                settings: self.settings(),
                dev: sentences.dev.data(),
                held_out_examples: sentences.dev.count(),
                held_out,
                test: test.transpose()?,
            },
            started,
        )?;
        self.save(&learner, &report, output)?;
        report.show(&args.tune.fit, messages)
    }

    /// What was set besides how the encoder is trained.
    fn settings(&self) -> Map<String, Value> {
        let args = self.args;
        let map: Vec<String> = args.map.iter().map(|(from, to)| format!("{from}={to}")).collect();
        let all = [
            ("dtype", json!(format!("{:?}", args.tune.tuned.dtype.value()).to_lowercase())),
            ("crf", json!(args.crf)),
            ("min_score", json!(args.min_score)),
            ("casing", json!(args.casing)),
            ("vary_case", json!(args.vary_case)),
            ("skip_words", json!(args.skip_words)),
            ("drop_entities", json!(args.drop_entities)),
            ("map", json!(map.join(","))),
            ("limit", json!(args.limit)),
            ("hold_out", json!(if args.judge.dev.is_empty() { args.judge.hold_out } else { 0.0 })),
        ];
        all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn tag_set(&self) -> TagSet {
        TagSet::parse(self.tags.clone())
    }

    fn learner(&self) -> anyhow::Result<TaskLearner<TagTask>> {
        let seed = self.args.tune.fit.seed;
        let mut parameters = Parameters::default();
        let encoder = self.base.encoder(&self.encoder.clone().check()?, seed, &mut parameters)?;
        let head_start = parameters.list().len();
        let hidden = self.base.checkpoint.config().hidden;
        let (tags, crf) = (self.tags.len(), self.args.crf);
        let task = TagTask::add(&mut parameters, hidden, tags, seed, crf)?;
        Ok(TaskLearner::new(encoder, task, parameters, head_start))
    }

    /// What the encoder sees, to judge by.
    fn set(&self, files: &Files, learner: &TaskLearner<TagTask>) -> anyhow::Result<Set> {
        let classes = learner.encoder.casing_classes();
        Set::new(files, &self.tags, (&self.base, classes), Purpose::Judge, self.messages)
    }

    /// What the encoder sees, to learn from.
    fn learned(&self, files: &Files, learner: &TaskLearner<TagTask>) -> anyhow::Result<Set> {
        let classes = learner.encoder.casing_classes();
        let purpose = Purpose::Learn(self.skip.as_ref());
        Set::new(files, &self.tags, (&self.base, classes), purpose, self.messages)
    }

    fn train(
        &self,
        learner: &mut TaskLearner<TagTask>,
        sentences: &Sentences,
    ) -> anyhow::Result<Option<Done>> {
        let Sentences { files, dev, .. } = sentences;
        let args = self.args;
        let mut set = self.learned(files, learner)?;
        if args.vary_case > 0.0 {
            let varied = files.varied(args.vary_case, args.tune.fit.seed);
            set.examples.extend(self.learned(&varied, learner)?.examples);
        }
        let dev_set = self.set(dev, learner)?;
        let gold: Vec<_> = dev.sentences.iter().map(Sentence::entities).collect();
        let fingerprint = self.base.fingerprint(&[
            &set.examples,
            &dev_set.examples,
            &gold,
            &self.tags,
            &self.encoder,
            &learner.task,
        ])?;
        let tags = self.tag_set();
        let judging = |learner: &mut TaskLearner<TagTask>| {
            judge(learner, &dev_set, dev, &tags).map(|judged| judged.score)
        };
        train(
            (&args.tune.fit, args.tune.tuned.steps.resume),
            &self.params,
            (learner, &set.examples),
            (dev.count() > 0).then_some(judging),
            &fingerprint,
            self.messages,
        )
    }

    fn save(
        &self,
        learner: &TaskLearner<TagTask>,
        report: &Report<Entities>,
        output: AtomicFolder,
    ) -> anyhow::Result<()> {
        let saved = Trained {
            base: &self.base,
            encoder: &learner.encoder,
            params: &self.encoder,
            parameters: &learner.parameters,
            head_start: learner.head_start,
            class: Some("TokenClassification"),
            task: Some(TaskType::Tokens),
            problem: None,
            labels: &self.tags,
            dtype: self.args.tune.tuned.dtype.value(),
        };
        let chain = learner.task.chain(&learner.parameters);
        let crf = chain.map(|chain| Transitions::new(self.tags.clone(), chain)).transpose()?;
        let labels = self.tag_set().labels().join(", ");
        let card = Card {
            task: Some("tag".into()),
            description: Some(format!("Words to {labels}")),
            crf: crf.map(|crf| json!(crf)),
            min_score: self.args.min_score,
            ..Card::default()
        };
        saved.commit(card, report, &self.args.tune.fit, output)
    }
}

/// What matches a text as a whole.
fn whole(flag: &'static str, pattern: Option<&str>) -> anyhow::Result<Option<Regex>> {
    let pattern = pattern.map(|pattern| Regex::new(&format!("^(?:{pattern})$")));
    pattern.transpose().context(flag)
}

fn check(args: &TrainTagArgs) -> anyhow::Result<()> {
    args.judge.check()?;
    if let Some(score) = args.min_score {
        ensure!((0.0..=1.0).contains(&score), "--min-score is {score}: expected 0 to 1");
    }
    let share = args.vary_case;
    ensure!((0.0..1.0).contains(&share), "--vary-case is {share}: expected 0 to below 1");
    ensure!(args.limit != Some(0), "--limit is 0: expected at least 1");
    Ok(())
}
