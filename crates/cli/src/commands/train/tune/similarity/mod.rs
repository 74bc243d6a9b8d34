//! `cloze train similarity`: an encoder whose vectors say how alike texts are.
//!
//! - `data`: pairs of texts of files;
//! - `judge`: how good the vectors are.
mod data;
mod judge;

use std::fmt::Debug;
use std::time::Instant;

use anyhow::bail;
use cloze::{Pooling, Poolings, modules};
use cloze_checkpoint::adapter::TaskType;
use cloze_checkpoint::card::Card;
use cloze_encoder::PairCut;
use cloze_store::AtomicFolder;
use cloze_tune::encoder::EncoderParams;
use cloze_tune::task::{
    CosineTask, RankedExample, RankingParams, ScoredExample, Task, TaskPooling,
};
use cloze_tune::training::{TaskLearner, ValidTrainingParams};
use cloze_tune::{Parameters, Sequence};
use serde_json::{Map, Value, json};

use super::model::Base;
use super::report::similarity::{RankedVerdict, ScoredVerdict};
use super::report::{self, Report};
use super::save::Trained;
use super::sight::Sight;
use super::train;
use crate::commands::model::output::create;
use crate::commands::train::args::similarity::{LossArg, TrainSimilarityArgs};
use crate::terminal::messages::Messages;
use data::{Example, Pairs};
use judge::{Judged, Set};

/// A training under way.
struct Job<'a> {
    args: &'a TrainSimilarityArgs,
    encoder: EncoderParams,
    params: ValidTrainingParams,
    base: Base,
    poolings: Poolings,
    messages: &'a Messages,
}

pub(crate) fn run(args: &TrainSimilarityArgs, messages: &Messages) -> anyhow::Result<()> {
    let started = Instant::now();
    args.check()?;
    let (tune, tuned, fit) = (args.tune.tune, &args.tune.tuned, &args.tune.fit);
    let (encoder, params) = (tuned.encoder(tune)?, tuned.training(tune, fit)?);
    let base = Base::open(&fit.model, &tuned.steps, tune)?;
    let poolings = modules::poolings(&base.folder)?;
    let pool = pool(&poolings)?;
    let ranking = RankingParams::default().pool(pool).scale(args.ranking.ranking_scale).check()?;
    let output = create(fit, &base.folder)?;
    let pairs = Pairs::read(args, messages)?;
    let job = Job { args, encoder, params, base, poolings, messages };
    match args.loss {
        LossArg::Cosine => {
            job.run::<_, ScoredVerdict>(CosineTask::new(pool), scored, &pairs, output, started)
        }
        LossArg::Ranking => job.run::<_, RankedVerdict>(ranking, ranked, &pairs, output, started),
    }
}

/// The model's own pooling, as far as it can be trained through.
fn pool(poolings: &Poolings) -> anyhow::Result<TaskPooling> {
    for (known, pool) in [(Pooling::Mean, TaskPooling::Mean), (Pooling::Cls, TaskPooling::Cls)] {
        if *poolings == known.into() {
            return Ok(pool);
        }
    }
    bail!("the model pools by {poolings}: expected mean or cls, which vectors are trained through")
}

/// The sequences of an example: its texts in order.
type Sequences = std::vec::IntoIter<Sequence>;

fn scored(example: &Example, mut sequences: Sequences) -> ScoredExample {
    let mut next = || sequences.next().unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
    let score = example.score as f32;
    ScoredExample { first: next(), second: next(), score }
}

fn ranked(_: &Example, mut sequences: Sequences) -> RankedExample {
    let mut next = || sequences.next().unwrap_or_default();
    RankedExample { anchor: next(), positive: next(), negatives: sequences.collect() }
}

impl Job<'_> {
    fn run<T: Task + Debug + Send, V: Judged>(
        self,
        task: T,
        example: impl Fn(&Example, Sequences) -> T::Example,
        pairs: &Pairs,
        output: AtomicFolder,
        started: Instant,
    ) -> anyhow::Result<()>
    where
        T::Example: Debug,
    {
        let (args, messages) = (self.args, self.messages);
        let fit = &args.tune.fit;
        let mut learner = self.learner(task)?;
        report::note_sizes(&learner.parameters, messages);
        let (cut, classes) = (PairCut::default(), learner.encoder.casing_classes());
        let sight = Sight { base: &self.base, classes, cut, messages };
        let examples = self.examples(&sight, &pairs.files.examples, example)?;
        let dev = Set::new(&sight, &pairs.dev.examples)?;
        let fingerprint = self.base.fingerprint(&[
            &examples,
            &dev,
            &self.encoder,
            &learner.task,
            &self.poolings,
        ])?;
        let judging =
            |learner: &mut TaskLearner<T>| Ok(V::judge(learner, &self.poolings, &dev)?.score());
        let done = train(
            (fit, args.tune.tuned.steps.resume),
            &self.params,
            (&mut learner, &examples),
            (!pairs.dev.examples.is_empty()).then_some(judging),
            &fingerprint,
            messages,
        )?;
        let Some(done) = done else {
            messages.interrupt();
            return Ok(());
        };
        let held_out =
            (!pairs.dev.examples.is_empty()).then(|| V::judge(&learner, &self.poolings, &dev));
        let test = pairs.test.as_ref().map(|test| {
            let set = Set::new(&sight, &test.examples)?;
            anyhow::Ok((test.data.clone(), V::judge(&learner, &self.poolings, &set)?))
        });
        let report = Report::new(
            "similarity",
            fit,
            (&self.base, &self.encoder, &self.params),
            (&learner.parameters, done),
            report::Data {
                what: "Makes vectors of texts whose cosines say how alike these are",
                usage: "cloze embed FILE",
                unit: "pair",
                files: pairs.files.data.clone(),
                examples: pairs.files.examples.len(),
                settings: self.settings(),
                dev: pairs.dev.data.clone(),
                held_out_examples: pairs.dev.examples.len(),
                held_out: held_out.transpose()?,
                test: test.transpose()?,
                ..report::Data::default()
            },
            started,
        )?;
        self.save(&learner, &report, output)?;
        report.show(fit, messages)
    }

    fn settings(&self) -> Map<String, Value> {
        let args = self.args;
        let poolings = self.poolings.to_string();
        let all = match args.loss {
            LossArg::Cosine => {
                json!({"loss": "cosine", "score_scale": args.cosine.score_scale, "pooling": poolings})
            }
            LossArg::Ranking => json!({
                "loss": "ranking",
                "ranking_scale": args.ranking.ranking_scale,
                "negative_field": args.ranking.negative_field,
                "pooling": poolings,
            }),
        };
        all.as_object().cloned().unwrap_or_default()
    }

    fn learner<T: Task>(&self, task: T) -> anyhow::Result<TaskLearner<T>> {
        let seed = self.args.tune.fit.seed;
        let mut parameters = Parameters::default();
        let encoder = self.base.encoder(&self.encoder.clone().check()?, seed, &mut parameters)?;
        let head_start = parameters.list().len();
        let learner = TaskLearner::new(encoder, task, parameters, head_start);
        // Pairs of a batch are compared with each other.
        Ok(if self.args.loss == LossArg::Ranking { learner.undivided() } else { learner })
    }

    /// What is learned from. Of a text that is longer than the encoder is to see, its beginning.
    fn examples<E>(
        &self,
        sight: &Sight<'_>,
        pairs: &[Example],
        example: impl Fn(&Example, Sequences) -> E,
    ) -> anyhow::Result<Vec<E>> {
        let all = pairs.iter().flat_map(Example::texts);
        let seen = sight.texts(all, self.base.max_tokens, true)?;
        let mut seen = seen.into_iter().flat_map(|seen| seen.into_iter().map(|(s, _)| s));
        let one = |pair: &Example| {
            let own: Vec<_> = seen.by_ref().take(pair.texts().count()).collect();
            example(pair, own.into_iter())
        };
        Ok(pairs.iter().map(one).collect())
    }

    fn save<T, V: Judged>(
        &self,
        learner: &TaskLearner<T>,
        report: &Report<V>,
        output: AtomicFolder,
    ) -> anyhow::Result<()> {
        let saved = Trained {
            base: &self.base,
            encoder: &learner.encoder,
            params: &self.encoder,
            parameters: &learner.parameters,
            head_start: learner.head_start,
            class: None,
            task: Some(TaskType::Features),
            problem: None,
            labels: &[],
            dtype: self.args.tune.tuned.dtype.value(),
        };
        let card = Card {
            task: Some("embed".into()),
            description: Some("Texts to vectors whose cosines say how alike they are".into()),
            ..Card::default()
        };
        saved.commit(card, report, &self.args.tune.fit, output)
    }
}
