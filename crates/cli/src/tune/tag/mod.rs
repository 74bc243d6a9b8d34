//! `cloze train tag`: a tagger of words, the encoder itself trained.
//!
//! - `data`: tagged sentences of files, and what the encoder sees of them;
//! - `task`: each word by itself, or tags as neighbours, too;
//! - `judge`: how good the tags are.
mod data;
mod judge;
mod task;

use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use cloze_core::Casing;
use cloze_core::tag::TagSet;
use cloze_graph::adapter::TaskType;
use cloze_graph::card::Card;
use cloze_heads::tag::Transitions;
use cloze_store::{AtomicFolder, checksum};
use cloze_tune::Parameters;
use cloze_tune::encoder::EncoderParams;
use cloze_tune::training::{TaskLearner, ValidTrainingParams};
use regex::Regex;
use serde_json::json;

use super::model::Base;
use super::report::{self, Report};
use super::save::Trained;
use super::{Trained as Done, clear, create, train};
use crate::args::TrainTagArgs;
use crate::messages::{Messages, plural};
use crate::out::{Out, json_line};
use data::{Files, Set};
use judge::judge;
use task::TagTask;

/// The sentences there are.
struct Sentences {
    files: Files,
    dev: Files,
    test: Option<Files>,
}

impl Sentences {
    fn read(args: &TrainTagArgs, messages: &Messages) -> anyhow::Result<Self> {
        let mut files = Files::read(&args.data, args, messages)?;
        let dev = match &args.dev[..] {
            [] => files.hold_out(args.hold_out, args.tune.steps.seed),
            paths => Files::read(paths, args, messages)?,
        };
        let test = match &args.test[..] {
            [] => None,
            paths => Some(Files::read(paths, args, messages)?),
        };
        let all = [Some(&files), Some(&dev), test.as_ref()];
        data::check_map(&args.map, all.into_iter().flatten())?;
        messages.note(&format!(
            "{} to learn from, {} to judge by",
            plural(files.count() as u64, "sentence"),
            plural(dev.count() as u64, "sentence")
        ));
        Ok(Self { files, dev, test })
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
    let encoder = args.tune.what.params()?.with_casing(casing);
    let params = args.tune.steps.params(&args.tune.what)?;
    let skip = args.skip_words.as_ref().map(|pattern| Regex::new(&format!("^(?:{pattern})$")));
    let skip = skip.transpose().context("--skip-words")?;
    let base = Base::open(&args.tune.model, &args.tune.steps)?;
    let output = create(&args.tune)?;
    let sentences = Sentences::read(args, messages)?;
    let labels = sentences.files.labels();
    if labels.is_empty() {
        bail!("{}: no entity to learn from", args.data.join(", "));
    }
    let mut tags = vec!["O".to_owned()];
    tags.extend(labels.keys().flat_map(|l| [format!("B-{l}"), format!("I-{l}")]));
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
            anyhow::Ok(judge(learner, &set, files, &self.tag_set())?.report)
        };
        let dev = Some(&sentences.dev).filter(|dev| dev.count() > 0);
        let held_out = dev.map(|dev| judged(dev, &mut learner)).transpose()?;
        let test = sentences.test.as_ref();
        let test = test.map(|test| anyhow::Ok((test.names(), judged(test, &mut learner)?)));
        let report = Report::new(
            "tag",
            &args.tune,
            (&self.base, &self.encoder, &self.params),
            (&learner.parameters, done),
            report::Data {
                files: sentences.files.data(),
                examples: sentences.files.count(),
                labels: sentences.files.labels(),
                held_out,
                test: test.transpose()?,
            },
            started,
        )?;
        self.save(&learner, &report, output)?;
        let mut out = Out::stdout(false);
        if args.tune.json {
            json_line(&mut out, &report)?;
        } else {
            report.write(&mut out)?;
        }
        out.finish()?;
        report.note_done(&args.tune.output, messages);
        Ok(())
    }

    fn tag_set(&self) -> TagSet {
        TagSet::parse(self.tags.clone())
    }

    fn learner(&self) -> anyhow::Result<TaskLearner<TagTask>> {
        let seed = self.args.tune.steps.seed;
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
        Set::new(files, &self.tags, (&self.base, classes), None, self.messages)
    }

    /// What the encoder sees, to learn from.
    fn learned(&self, files: &Files, learner: &TaskLearner<TagTask>) -> anyhow::Result<Set> {
        let classes = learner.encoder.casing_classes();
        let skip = self.skip.as_ref();
        Set::new(files, &self.tags, (&self.base, classes), skip, self.messages)
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
            let varied = files.varied(args.vary_case, args.tune.steps.seed);
            set.examples.extend(self.learned(&varied, learner)?.examples);
        }
        let dev_set = self.set(dev, learner)?;
        // All that decides the result besides the settings of the steps and the parameters' shapes.
        let (base, encoder) = (self.base.folder.sha256()?, &self.encoder);
        let all =
            format!("{:?}{:?}{base}{encoder:?}{:?}", set.examples, self.tags, dev_set.examples);
        let tags = self.tag_set();
        let judging = |learner: &mut TaskLearner<TagTask>| {
            judge(learner, &dev_set, dev, &tags).map(|judged| judged.score)
        };
        train(
            &args.tune,
            &self.params,
            (learner, &set.examples),
            (dev.count() > 0).then_some(judging),
            &checksum::sha256(all.as_bytes()),
            self.messages,
        )
    }

    fn save(
        &self,
        learner: &TaskLearner<TagTask>,
        report: &Report,
        output: AtomicFolder,
    ) -> anyhow::Result<()> {
        let path = output.path();
        let saved = Trained {
            base: &self.base,
            encoder: &learner.encoder,
            params: &self.encoder,
            parameters: &learner.parameters,
            head_start: learner.head_start,
            class: Some("TokenClassification"),
            task: Some(TaskType::Tokens),
            labels: &self.tags,
            dtype: self.args.tune.dtype.value(),
        };
        saved.write(path)?;
        let chain = learner.task.chain(&learner.parameters);
        let crf = chain.map(|chain| Transitions::new(self.tags.clone(), chain)).transpose()?;
        let labels = self.tag_set().labels().join(", ");
        let card = Card {
            task: Some("tag".into()),
            description: report.description.clone().or(Some(format!("Words to {labels}"))),
            license: report.license.clone(),
            attribution: report.attribution.clone(),
            crf: crf.map(|crf| json!(crf)),
            training: Some(report.training()),
            ..Card::default()
        };
        saved.write_card(path, card)?;
        report.write_files(path, &self.args.tune.output)?;
        clear(&self.args.tune, path)?;
        Ok(output.commit()?)
    }
}

fn check(args: &TrainTagArgs) -> anyhow::Result<()> {
    for (flag, share) in [("--hold-out", args.hold_out), ("--vary-case", args.vary_case)] {
        ensure!((0.0..1.0).contains(&share), "{flag} is {share}: expected 0 to below 1");
    }
    ensure!(args.limit != Some(0), "--limit is 0: expected at least 1");
    Ok(())
}
