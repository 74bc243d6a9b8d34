//! Training of taggers from tagged sentences.
//!
//! - `data`: sentences, and the encoder's examples of them; `part`: of long ones;
//! - `head`: classifier that it begins with;
//! - `evaluate`: entities of a tagger in training.
mod data;
mod evaluate;
mod head;
mod part;

use std::collections::BTreeSet;

use cloze_checkpoint::adapter::TaskType;
use cloze_checkpoint::card::Card;
use cloze_core::{Cancel, Casing, Scheme, TagSet};
use cloze_corpus::{TaggedParams, TaggedSentence, ValidTaggedParams};
use cloze_heads::tag::Transitions;
use cloze_recognize::RecognizerParams;
use cloze_report::tuning::{EntityFigures, TaskWords, TestFigures};
use cloze_tune::Parameters;
use cloze_tune::task::TagTask;
use cloze_tune::training::TaskLearner;
use regex::Regex;
use serde_json::{Value, json};

use super::event::{TrainingNote, TrainingObserver};
use super::params::share;
use super::run::{Run, Steps, TaskData};
use super::save::TrainedModel;
use super::{
    DataSource, FineTuneError, FineTuneParams, TrainingData, TrainingOutcome, ValidFineTuneParams,
};
use data::{Purpose, Sentence, Sentences, TagExamples, TagSource};
use evaluate::{TagEvaluation, evaluate};

const WORDS: TaskWords = TaskWords {
    task: "tag",
    what: "Finds entities",
    usage: "cloze tag FILE",
    unit: "sentence",
    counted: "training entities",
};

/// Settings of training a tagger; [`check`](Self::check) makes them usable.
#[derive(Clone, Debug)]
pub struct TaggerTrainParams {
    common: FineTuneParams,
    reader: TaggedParams,
    map: Vec<(String, String)>,
    limit: Option<usize>,
    skip_words: Option<String>,
    drop_entities: Option<String>,
    min_score: Option<f32>,
    recognizers: Option<Vec<String>>,
    crf: bool,
    casing: bool,
    vary_case: f64,
}

impl TaggerTrainParams {
    /// Settings with these for what every training has.
    #[must_use]
    pub fn new(common: FineTuneParams) -> Self {
        Self {
            common,
            reader: TaggedParams::default(),
            map: vec![],
            limit: None,
            skip_words: None,
            drop_entities: None,
            min_score: None,
            recognizers: None,
            crf: false,
            casing: false,
            vary_case: 0.0,
        }
    }

    /// Reader of the files. Default that of [`TaggedParams`].
    #[must_use]
    pub fn reader(self, reader: TaggedParams) -> Self {
        Self { reader, ..self }
    }

    /// Labels and their new names; words of a label without a new name are outside of every entity.
    /// Default none.
    #[must_use]
    pub fn map(self, map: Vec<(String, String)>) -> Self {
        Self { map, ..self }
    }

    /// Maximum number of sentences of each file. Default all.
    #[must_use]
    pub fn limit(self, limit: Option<usize>) -> Self {
        Self { limit, ..self }
    }

    /// Regular expression of words that are not trained on, matched as a whole. Default none.
    #[must_use]
    pub fn skip_words(self, pattern: Option<String>) -> Self {
        Self { skip_words: pattern, ..self }
    }

    /// Regular expression of entities that are outside in the training data, matched as a whole.
    /// Default none.
    #[must_use]
    pub fn drop_entities(self, pattern: Option<String>) -> Self {
        Self { drop_entities: pattern, ..self }
    }

    /// Minimum score of an entity in prediction, unless the user names one. Default any.
    #[must_use]
    pub fn min_score(self, min_score: Option<f32>) -> Self {
        Self { min_score, ..self }
    }

    /// Deterministic recognisers beside the model in prediction, by name or group, which the figures of the
    /// report leave out. Default those in the card of the base, and its settings of redaction.
    #[must_use]
    pub fn recognizers(self, recognizers: Option<Vec<String>>) -> Self {
        Self { recognizers, ..self }
    }

    /// Trains transition scores of neighbouring tags, too (a conditional random field). Default no.
    #[must_use]
    pub fn crf(self, crf: bool) -> Self {
        Self { crf, ..self }
    }

    /// Shows the encoder how words are cased, which one that lower-cases its texts does not see.
    /// Default no.
    #[must_use]
    pub fn casing(self, casing: bool) -> Self {
        Self { casing, ..self }
    }

    /// Share of the training sentences that are also seen in lower case, and of those in upper case.
    /// Default `0`.
    #[must_use]
    pub fn vary_case(self, vary_case: f64) -> Self {
        Self { vary_case, ..self }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`FineTuneError::Setting`] for a score that is not from 0 to 1, a share that is not from 0 to
    /// below 1 and a limit of 0; [`FineTuneError::Pattern`] for what is not a regular expression;
    /// [`FineTuneError::Recognize`] for an unknown recogniser;
    /// those of [`FineTuneParams::check`] and [`TaggedParams::check`].
    pub fn check(mut self) -> Result<ValidTaggerTrainParams, FineTuneError> {
        share("hold_out", self.common.hold_out)?;
        let wrong = |setting, value: String, expected: &str| {
            Err(FineTuneError::Setting { setting, found: value, expected: expected.to_owned() })
        };
        if let Some(score) = self.min_score.filter(|score| !(0.0..=1.0).contains(score)) {
            return wrong("min_score", score.to_string(), "0 to 1");
        }
        share("vary_case", self.vary_case)?;
        if self.limit == Some(0) {
            return wrong("limit", "0".to_owned(), "at least 1");
        }
        if let Some(names) = &self.recognizers {
            RecognizerParams::new().recognizers(names.iter().cloned()).check()?;
        }
        if self.casing {
            self.common.encoder = self.common.encoder.casing(Some(Casing::COUNT));
        }
        let common = self.common.clone().check()?;
        let skip_words = whole("skip_words", self.skip_words.as_deref())?;
        let drop_entities = whole("drop_entities", self.drop_entities.as_deref())?;
        let reader = self.reader.clone().check()?;
        Ok(ValidTaggerTrainParams { params: self, common, reader, skip_words, drop_entities })
    }
}

/// Pattern that matches a text as a whole.
fn whole(setting: &'static str, pattern: Option<&str>) -> Result<Option<Regex>, FineTuneError> {
    let pattern = pattern.map(|pattern| Regex::new(&format!("^(?:{pattern})$")));
    pattern.transpose().map_err(|source| FineTuneError::Pattern { setting, source })
}

/// [`TaggerTrainParams`] that were checked.
#[derive(Clone, Debug)]
pub struct ValidTaggerTrainParams {
    params: TaggerTrainParams,
    common: ValidFineTuneParams,
    reader: ValidTaggedParams,
    skip_words: Option<Regex>,
    drop_entities: Option<Regex>,
}

impl ValidTaggerTrainParams {
    /// Trains a tagger and saves its folder, with a report. `cancel` stops it after the step that is
    /// under way, to be resumed later.
    ///
    /// # Errors
    /// Errors of opening the model, of reading the data, of the steps and of writing the folder.
    pub fn train(
        &self,
        data: &TrainingData<TaggedSentence>,
        observer: &TrainingObserver<'_>,
        cancel: &Cancel,
    ) -> Result<TrainingOutcome<EntityFigures>, FineTuneError> {
        let encoder = self.params.common.encoder.clone();
        let run = Run::open(&self.common, encoder, observer, cancel)?;
        let sentences = Splits::read(data, self, observer)?;
        if sentences.train.labels().is_empty() {
            let (data, what) = (data.train.names(), "expected entities to train on, found none");
            return Err(FineTuneError::Data { data, what });
        }
        let mut tags = vec!["O".to_owned()];
        tags.extend(sentences.labels.iter().flat_map(|l| [format!("B-{l}"), format!("I-{l}")]));
        let of_base = &run.base.folder.card().recognizers;
        if let (None, Some(names)) = (&self.params.recognizers, of_base) {
            run.note(&TrainingNote::KeptRecognizers(names.clone()));
        }
        Job { params: self, run, tags }.finish(&sentences, data.dev.is_some())
    }
}

/// Sentences of a training.
struct Splits {
    train: Sentences,
    dev: Sentences,
    test: Option<Sentences>,
    /// Labels of the training data, whatever of it is held out.
    labels: BTreeSet<String>,
}

impl Splits {
    fn read(
        data: &TrainingData<TaggedSentence>,
        params: &ValidTaggerTrainParams,
        observer: &TrainingObserver<'_>,
    ) -> Result<Self, FineTuneError> {
        let ValidTaggerTrainParams { params: settings, common, reader, drop_entities, .. } = params;
        let group_field = settings.reader.group();
        let settings = TagSource { reader, map: &settings.map, limit: settings.limit, group_field };
        let mut train = Sentences::read(&data.train, &settings, observer)?;
        // Of these no part is held out, so that they need no groups.
        let settings = TagSource { group_field: None, ..settings };
        let read =
            |source: &DataSource<TaggedSentence>| Sentences::read(source, &settings, observer);
        let labels = train.names(drop_entities.as_ref());
        let dev = match &data.dev {
            None => train.hold_out(common.params.hold_out, common.seed()),
            Some(dev) => read(dev)?,
        };
        let test = data.test.as_ref().map(read).transpose()?;
        // Only the training data: what a model is evaluated on stays as it is.
        if let Some(pattern) = drop_entities {
            train.drop_entities(pattern);
        }
        let sets = [Some(&train), Some(&dev), test.as_ref()];
        data::check_map(settings.map, sets.into_iter().flatten())?;
        let examples =
            TrainingNote::Examples { unit: "sentence", train: train.count(), dev: dev.count() };
        super::event::note(observer, &examples);
        for (unit, sentences) in
            [("held-out sentence", Some(&dev)), ("test sentence", test.as_ref())]
        {
            let sentences = sentences.into_iter().flat_map(|sentences| &sentences.list);
            let texts = train.list.iter().map(Sentence::split_text);
            let evaluated = sentences.map(Sentence::split_text);
            super::event::note_near_duplicates(observer, unit, texts, evaluated);
        }
        let others = dev.names(None).into_iter().chain(test.iter().flat_map(|t| t.names(None)));
        let unknown: BTreeSet<String> = others.filter(|label| !labels.contains(label)).collect();
        if !unknown.is_empty() {
            let unknown = TrainingNote::UnknownLabels(unknown.into_iter().collect());
            super::event::note(observer, &unknown);
        }
        Ok(Self { train, dev, test, labels })
    }
}

/// A training under way.
struct Job<'a> {
    params: &'a ValidTaggerTrainParams,
    run: Run<'a>,
    /// Tags, in the order of the outputs.
    tags: Vec<String>,
}

impl Job<'_> {
    fn finish(
        self,
        sentences: &Splits,
        dev_given: bool,
    ) -> Result<TrainingOutcome<EntityFigures>, FineTuneError> {
        let Splits { train, dev, test, .. } = sentences;
        let mut learner = self.learner()?;
        self.run.note_parameters(&learner.parameters);
        let steps = self.train(&mut learner, sentences)?;
        if let Some(stopped) = self.run.stopped(&steps) {
            return Ok(stopped);
        }
        let held_out = Some(dev).filter(|dev| dev.count() > 0);
        let held_out =
            held_out.map(|dev| self.figures("held-out", dev, &mut learner)).transpose()?;
        let tested = |test: &Sentences| {
            let figures = self.figures("test", test, &mut learner)?;
            Ok::<_, FineTuneError>(TestFigures { data: test.data(), figures })
        };
        let data = TaskData {
            words: WORDS,
            files: train.data(),
            examples: train.count(),
            labels: train.labels(),
            settings: self.settings(dev_given),
            dev: dev.data(),
            held_out_examples: dev.count(),
            held_out,
            test: test.as_ref().map(tested).transpose()?,
        };
        let report = self.run.report(&learner.parameters, steps, data)?;
        let (tags, recognizers) = (self.tag_set(), self.recognizers().to_vec());
        let Self { params, run, tags: names } = self;
        let encoder = run.encoder.clone();
        let chain = learner.task.chain(&learner.parameters);
        let crf = chain.map(|chain| Transitions::new(names.clone(), chain)).transpose()?;
        let card = Card {
            task: Some("tag".into()),
            description: Some(format!("Words to {}", tags.labels().join(", "))),
            crf: crf.map(|crf| json!(crf)),
            scheme: Some(Scheme::Iob2.name().to_owned()),
            min_score: params.params.min_score,
            recognizers: Some(recognizers).filter(|names| !names.is_empty()),
            redaction: run.base.folder.card().redaction,
            ..Card::default()
        };
        let model = TrainedModel {
            encoder: &learner.encoder,
            params: &encoder,
            parameters: &learner.parameters,
            head_start: learner.head_start,
            class: Some("TokenClassification"),
            task: Some(TaskType::Tokens),
            problem: None,
            labels: &names,
            dtype: params.common.params.dtype,
        };
        run.commit(&model, card, report)
    }

    /// Settings besides those of every training.
    fn settings(&self, dev_given: bool) -> Value {
        let params = &self.params.params;
        let map: Vec<String> = params.map.iter().map(|(from, to)| format!("{from}={to}")).collect();
        json!({
            "dtype": self.params.common.dtype_name(),
            "crf": params.crf,
            "min_score": params.min_score,
            "recognizers": self.recognizers().join(","),
            "casing": params.casing,
            "vary_case": params.vary_case,
            "skip_words": params.skip_words,
            "drop_entities": params.drop_entities,
            "map": map.join(","),
            "limit": params.limit,
            "hold_out": if dev_given { 0.0 } else { params.common.hold_out },
        })
    }

    /// Recognisers beside the model: those asked for, or else the base's.
    fn recognizers(&self) -> &[String] {
        let of_base = &self.run.base.folder.card().recognizers;
        let names = self.params.params.recognizers.as_ref().or(of_base.as_ref());
        names.map(Vec::as_slice).unwrap_or_default()
    }

    fn tag_set(&self) -> TagSet {
        TagSet::parse(self.tags.clone())
    }

    fn learner(&self) -> Result<TaskLearner<TagTask>, FineTuneError> {
        let seed = self.params.common.seed();
        let mut parameters = Parameters::default();
        let encoder = self.run.encoder.clone().check()?;
        let encoder = self.run.base.encoder(&encoder, seed, &mut parameters)?;
        let head_start = parameters.list().len();
        let (run, crf) = (&self.run, self.params.params.crf);
        let (task, note) = head::add(&run.base, &self.tags, seed, crf, &mut parameters)?;
        if let Some(note) = note {
            run.note(&note);
        }
        Ok(TaskLearner::new(encoder, task, parameters, head_start))
    }

    fn examples(
        &self,
        sentences: &Sentences,
        learner: &TaskLearner<TagTask>,
        purpose: Purpose<'_>,
    ) -> Result<TagExamples, FineTuneError> {
        let (run, classes) = (&self.run, learner.encoder.casing_classes());
        TagExamples::new(sentences, &self.tags, &run.base, classes, purpose, run.observer)
    }

    /// Figures on sentences; warns if no entity is predicted in any of this part of the data.
    fn figures(
        &self,
        part: &'static str,
        sentences: &Sentences,
        learner: &mut TaskLearner<TagTask>,
    ) -> Result<EntityFigures, FineTuneError> {
        let set = self.examples(sentences, learner, Purpose::Evaluate)?;
        let TagEvaluation { report, mistakes, predicted, .. } =
            evaluate(learner, &set, sentences, &self.tag_set())?;
        let gold = report.averages.micro.support;
        if predicted == 0 && gold > 0 {
            self.run.note(&TrainingNote::NoEntities { part, gold });
        }
        let figures = EntityFigures::new(report, mistakes, self.params.common.params.texts);
        Ok(figures.without_recognizers(self.recognizers().to_vec()))
    }

    fn train(
        &self,
        learner: &mut TaskLearner<TagTask>,
        sentences: &Splits,
    ) -> Result<Steps, FineTuneError> {
        let Splits { train, dev, .. } = sentences;
        let purpose = Purpose::Train(self.params.skip_words.as_ref());
        let mut set = self.examples(train, learner, purpose)?;
        let share = self.params.params.vary_case;
        if share > 0.0 {
            let varied = train.varied(share, self.params.common.seed());
            set.examples.extend(self.examples(&varied, learner, purpose)?.examples);
        }
        let dev_set = self.examples(dev, learner, Purpose::Evaluate)?;
        let gold: Vec<_> = dev.list.iter().map(Sentence::entities).collect();
        let fingerprint = self.run.base.fingerprint(&[
            &set.examples,
            &dev_set.examples,
            &gold,
            &self.tags,
            &self.run.encoder,
            &learner.task,
        ])?;
        let tags = self.tag_set();
        let score = |learner: &mut TaskLearner<TagTask>| {
            evaluate(learner, &dev_set, dev, &tags).map(|evaluation| evaluation.score)
        };
        let score = (dev.count() > 0).then_some(score);
        let steps = self.run.steps_of_new_head(learner, &set.examples)?;
        self.run.train::<EntityFigures, _, _>(steps, learner, &set.examples, score, &fingerprint)
    }
}
