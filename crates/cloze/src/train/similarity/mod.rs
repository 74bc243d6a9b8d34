//! Training of encoders whose vectors say how similar texts are, from pairs.
//!
//! - `data`: pairs of a data set;
//! - `evaluate`: vectors of an encoder in training.
mod data;
mod evaluate;

use std::fmt::Debug;
use std::time::Instant;

use cloze_checkpoint::adapter::TaskType;
use cloze_checkpoint::card::Card;
use cloze_core::Cancel;
use cloze_corpus::{PairParams, ValidPairParams};
use cloze_embed::{Pooling, Poolings};
use cloze_encoder::PairCut;
use cloze_report::tuning::{RankedPairFigures, ScoredPairFigures, TaskWords, TestFigures};
use cloze_tune::encoder::Tuning;
use cloze_tune::task::{
    CosineTask, RankedExample, RankingParams, ScoredExample, Task, TaskPooling,
};
use cloze_tune::training::TaskLearner;
use cloze_tune::{Parameters, TrainingSequence};
use serde_json::{Value, json};

use super::base::StartModel;
use super::event::{TrainingNote, TrainingObserver, note, note_near_duplicates};
use super::run::{Run, TaskData};
use super::save::TrainedModel;
use super::windows::Windows;
use super::{
    DataSource, FineTuneError, FineTuneParams, TrainingData, TrainingOutcome, ValidFineTuneParams,
};
use crate::modules;
use data::{PairSource, Pairs};
use evaluate::{PairFigures, PairSet};

const WORDS: TaskWords = TaskWords {
    task: "similarity",
    what: "Encodes texts as vectors, whose cosine is their similarity",
    usage: "cloze embed FILE",
    unit: "pair",
    counted: "examples",
};

/// Pair of texts to train on.
#[derive(Clone, Debug, PartialEq)]
pub struct SimilarityPair {
    /// First text.
    pub first: String,
    /// Second text.
    pub second: String,
    /// Text that looks like the second and does not belong to the first.
    pub negative: Option<String>,
    /// Gold score, 0 to 1; 1 where pairs are ranked.
    pub score: f64,
    /// Author, document or the like, whose pairs are never on both sides of a split.
    pub group: Option<String>,
}

/// Loss of training an encoder on pairs.
#[derive(Clone, Debug, PartialEq)]
pub enum SimilarityLoss {
    /// Squared difference of cosines and scores.
    Cosine {
        /// Highest score of the files; the lowest is 0.
        scale: f64,
    },
    /// Multiple negatives ranking: each text nearer to its partner than to those of the other pairs of
    /// a batch.
    Ranking {
        /// Factor of cosines before the softmax.
        scale: f32,
        /// Field or column of a hard negative.
        negative_field: Option<String>,
    },
}

/// Settings of training an encoder on pairs; [`check`](Self::check) makes them usable.
#[derive(Clone, Debug)]
pub struct SimilarityTrainParams {
    common: FineTuneParams,
    reader: PairParams,
    loss: SimilarityLoss,
}

impl SimilarityTrainParams {
    /// Settings with this loss, and these for what every training has.
    #[must_use]
    pub fn new(common: FineTuneParams, loss: SimilarityLoss) -> Self {
        Self { common, reader: PairParams::default(), loss }
    }

    /// Reader of the files. Default that of [`PairParams`]. Scores are required where the loss is of
    /// cosines.
    #[must_use]
    pub fn reader(self, reader: PairParams) -> Self {
        Self { reader, ..self }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`FineTuneError::Setting`] for a scale that is not above 0, a head alone to train, and a batch
    /// size of 1 where pairs are ranked; those of [`FineTuneParams::check`] and
    /// [`PairParams::check`].
    pub fn check(self) -> Result<ValidSimilarityTrainParams, FineTuneError> {
        let wrong = |setting, value: String, expected: &str| {
            Err(FineTuneError::Setting { setting, found: value, expected: expected.to_owned() })
        };
        if let SimilarityLoss::Cosine { scale } = self.loss
            && !(scale.is_finite() && scale > 0.0)
        {
            return wrong("score_scale", scale.to_string(), "above 0");
        }
        if self.common.encoder.tuning == Tuning::Head {
            return wrong("tuning", "head".to_owned(), "another, since vectors have no head");
        }
        let common = self.common.clone().check()?;
        let (cosine, negative_field) = match &self.loss {
            SimilarityLoss::Cosine { .. } => (true, None),
            SimilarityLoss::Ranking { negative_field, .. } => (false, negative_field.clone()),
        };
        if !cosine && common.steps.batch() < 2 {
            return wrong(
                "batch",
                "1".to_owned(),
                "at least 2, since pairs of a batch are compared",
            );
        }
        let reader = self.reader.score_required(cosine).score_ignored(!cosine);
        let pairs = reader.clone().check()?;
        let reader = reader.group_field(None);
        let ungrouped = reader.clone().check()?;
        let negatives = negative_field.map(|name| reader.second_field(Some(name)).check());
        let (loss, negatives) = (self.loss, negatives.transpose()?);
        Ok(ValidSimilarityTrainParams { common, pairs, ungrouped, negatives, loss })
    }
}

/// [`SimilarityTrainParams`] that were checked.
#[derive(Clone, Debug)]
pub struct ValidSimilarityTrainParams {
    common: ValidFineTuneParams,
    pairs: ValidPairParams,
    /// Reader of pairs of which no part is held out, and which need no groups.
    ungrouped: ValidPairParams,
    negatives: Option<ValidPairParams>,
    loss: SimilarityLoss,
}

/// End of a training on pairs, with the figures of its loss.
#[derive(Debug)]
pub enum SimilarityOutcome {
    /// Training by [`SimilarityLoss::Cosine`].
    Scored(TrainingOutcome<ScoredPairFigures>),
    /// Training by [`SimilarityLoss::Ranking`].
    Ranked(TrainingOutcome<RankedPairFigures>),
}

impl ValidSimilarityTrainParams {
    /// Trains an encoder and saves its folder, with a report. `cancel` stops it after the step that is
    /// under way, to be resumed later.
    ///
    /// # Errors
    /// Errors of opening the model, of reading the data, of the steps and of writing the folder.
    pub fn train(
        &self,
        data: &TrainingData<SimilarityPair>,
        observer: &TrainingObserver<'_>,
        cancel: &Cancel,
    ) -> Result<SimilarityOutcome, FineTuneError> {
        let started = Instant::now();
        let base = StartModel::open(&self.common.params)?;
        modules::refuse_modules(&base.folder, "training on pairs")?;
        let poolings = modules::poolings(&base.folder)?;
        let pool = pool(&poolings)?;
        let scale = match self.loss {
            SimilarityLoss::Ranking { scale, .. } => scale,
            SimilarityLoss::Cosine { .. } => 1.0,
        };
        let ranking = RankingParams::default().pool(pool).scale(scale).check()?;
        let encoder = self.common.params.encoder.clone();
        let run = Run::begin(&self.common, encoder, base, observer, cancel, started)?;
        let pairs = Splits::read(data, self, observer)?;
        let job = Job { params: self, run, poolings };
        Ok(match self.loss {
            SimilarityLoss::Cosine { .. } => {
                SimilarityOutcome::Scored(job.finish(CosineTask::new(pool), scored, &pairs)?)
            }
            SimilarityLoss::Ranking { .. } => {
                SimilarityOutcome::Ranked(job.finish(ranking, ranked, &pairs)?)
            }
        })
    }
}

/// The model's own pooling, as far as it can be trained through.
fn pool(poolings: &Poolings) -> Result<TaskPooling, FineTuneError> {
    for (known, pool) in [(Pooling::Mean, TaskPooling::Mean), (Pooling::Cls, TaskPooling::Cls)] {
        if *poolings == known.into() {
            return Ok(pool);
        }
    }
    Err(FineTuneError::Pooling { poolings: poolings.to_string() })
}

/// Sequences of an example: its texts in order.
type Sequences = std::vec::IntoIter<TrainingSequence>;

fn scored(example: &SimilarityPair, mut sequences: Sequences) -> ScoredExample {
    let mut next = || sequences.next().unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
    let score = example.score as f32;
    ScoredExample { first: next(), second: next(), score }
}

fn ranked(_: &SimilarityPair, mut sequences: Sequences) -> RankedExample {
    let mut next = || sequences.next().unwrap_or_default();
    RankedExample { anchor: next(), positive: next(), negatives: sequences.collect() }
}

/// Pairs of a training.
struct Splits {
    train: Pairs,
    dev: Pairs,
    test: Option<Pairs>,
}

impl Splits {
    fn read(
        data: &TrainingData<SimilarityPair>,
        params: &ValidSimilarityTrainParams,
        observer: &TrainingObserver<'_>,
    ) -> Result<Self, FineTuneError> {
        let ValidSimilarityTrainParams { common, pairs, ungrouped, negatives, loss } = params;
        let settings = PairSource { pairs, negatives: negatives.as_ref(), loss };
        let mut train = Pairs::read(&data.train, &settings, observer)?;
        let settings = PairSource { pairs: ungrouped, ..settings };
        let read = |source: &DataSource<SimilarityPair>| Pairs::read(source, &settings, observer);
        let dev = match &data.dev {
            None => train.hold_out(common.params.hold_out, common.seed()),
            Some(dev) => read(dev)?,
        };
        let test = data.test.as_ref().map(read).transpose()?;
        let (n, held_out) = (train.examples.len(), dev.examples.len());
        note(observer, &TrainingNote::Examples { unit: "pair", train: n, dev: held_out });
        for (unit, pairs) in [("held-out pair", Some(&dev)), ("test pair", test.as_ref())] {
            let pairs = pairs.into_iter().flat_map(|pairs| &pairs.examples);
            let texts = train.examples.iter().map(SimilarityPair::split_text);
            note_near_duplicates(observer, unit, texts, pairs.map(SimilarityPair::split_text));
        }
        Ok(Self { train, dev, test })
    }
}

/// A training under way.
struct Job<'a> {
    params: &'a ValidSimilarityTrainParams,
    run: Run<'a>,
    poolings: Poolings,
}

impl Job<'_> {
    fn finish<T: Task + Debug + Send, F: PairFigures>(
        self,
        task: T,
        example: impl Fn(&SimilarityPair, Sequences) -> T::Example,
        pairs: &Splits,
    ) -> Result<TrainingOutcome<F>, FineTuneError>
    where
        T::Example: Debug,
    {
        let Splits { train, dev, test } = pairs;
        let (run, poolings) = (&self.run, &self.poolings);
        let mut learner = self.learner(task)?;
        run.note_parameters(&learner.parameters);
        let windows = Windows {
            base: &run.base,
            classes: learner.encoder.casing_classes(),
            cut: PairCut::default(),
            observer: run.observer,
        };
        let examples = self.examples(&windows, &train.examples, example)?;
        let dev_set = PairSet::new(&windows, &dev.examples)?;
        let fingerprint =
            run.base.fingerprint(&[&examples, &dev_set, &run.encoder, &learner.task, poolings])?;
        let score =
            |learner: &mut TaskLearner<T>| Ok(F::evaluate(learner, poolings, &dev_set)?.score());
        let has_dev = !dev.examples.is_empty();
        let score = has_dev.then_some(score);
        let steps = run.params.steps.clone();
        let steps = run.train::<F, _, _>(steps, &mut learner, &examples, score, &fingerprint)?;
        if let Some(stopped) = run.stopped(&steps) {
            return Ok(stopped);
        }
        let held_out = has_dev.then(|| F::evaluate(&learner, poolings, &dev_set)).transpose()?;
        let tested = |test: &Pairs| {
            let set = PairSet::new(&windows, &test.examples)?;
            let figures = F::evaluate(&learner, poolings, &set)?;
            Ok::<_, FineTuneError>(TestFigures { data: test.data.clone(), figures })
        };
        let data = TaskData {
            words: WORDS,
            files: train.data.clone(),
            examples: train.examples.len(),
            labels: std::collections::BTreeMap::new(),
            settings: self.settings(),
            dev: dev.data.clone(),
            held_out_examples: dev.examples.len(),
            held_out,
            test: test.as_ref().map(tested).transpose()?,
        };
        let report = run.report(&learner.parameters, steps, data)?;
        let encoder = run.encoder.clone();
        let model = TrainedModel {
            encoder: &learner.encoder,
            params: &encoder,
            parameters: &learner.parameters,
            head_start: learner.head_start,
            class: None,
            task: Some(TaskType::Features),
            problem: None,
            labels: &[],
            dtype: self.params.common.params.dtype,
        };
        let card = Card {
            task: Some("embed".into()),
            description: Some("Texts to vectors whose cosine is their similarity".into()),
            ..Card::default()
        };
        self.run.commit(&model, card, report)
    }

    fn settings(&self) -> Value {
        let pooling = self.poolings.to_string();
        match &self.params.loss {
            SimilarityLoss::Cosine { scale } => {
                json!({"loss": "cosine", "score_scale": scale, "pooling": pooling})
            }
            SimilarityLoss::Ranking { scale, negative_field } => json!({
                "loss": "ranking",
                "ranking_scale": scale,
                "negative_field": negative_field,
                "pooling": pooling,
            }),
        }
    }

    fn learner<T: Task>(&self, task: T) -> Result<TaskLearner<T>, FineTuneError> {
        let seed = self.params.common.seed();
        let mut parameters = Parameters::default();
        let encoder = self.run.encoder.clone().check()?;
        let encoder = self.run.base.encoder(&encoder, seed, &mut parameters)?;
        let head_start = parameters.list().len();
        let learner = TaskLearner::new(encoder, task, parameters, head_start);
        // Pairs of a batch are compared with each other.
        let compared = matches!(self.params.loss, SimilarityLoss::Ranking { .. });
        Ok(if compared { learner.undivided() } else { learner })
    }

    /// Training examples. Of a text that is longer than the encoder is to see, its beginning.
    fn examples<E>(
        &self,
        windows: &Windows<'_>,
        pairs: &[SimilarityPair],
        example: impl Fn(&SimilarityPair, Sequences) -> E,
    ) -> Result<Vec<E>, FineTuneError> {
        let texts = pairs.iter().flat_map(SimilarityPair::texts);
        let texts = windows.texts(texts, self.run.base.max_tokens, true)?;
        let mut sequences =
            texts.into_iter().flat_map(|windows| windows.into_iter().map(|(s, _)| s));
        let to_example = |pair: &SimilarityPair| {
            let pair_sequences: Vec<_> = sequences.by_ref().take(pair.texts().count()).collect();
            example(pair, pair_sequences.into_iter())
        };
        Ok(pairs.iter().map(to_example).collect())
    }
}
