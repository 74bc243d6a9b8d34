//! Training of causal language models (decoders) from running text.
//!
//! - `data`: texts, and their tokens;
//! - `start`: the model to begin with, from a checkpoint or new;
//! - `new`: a new model of a `config.json`, with a tokenizer trained from the texts;
//! - `evaluate`: loss on held-out texts; `save`: the folder of the model.
mod data;
mod evaluate;
mod new;
mod save;
mod start;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use cloze_checkpoint::card::Card;
use cloze_core::Cancel;
use cloze_report::tuning::{
    BaseModel, CausalFigures, TaskWords, TestFigures, TrainedPart, TuningReport,
};
use cloze_store::AtomicFolder;
use cloze_tune::Parameters;
use cloze_tune::decoder::{CausalExample, CausalLearner, TrainableDecoder, pack};
use cloze_tune::encoder::Tuning;
use serde_json::json;

use super::event::{TrainingNote, TrainingObserver, note};
use super::output::{begin_folder, refuse_sources};
use super::run::{StepRun, Steps, by_text, finish, full_card};
use super::{
    DocumentParams, FineTuneError, FineTuneParams, TrainingData, TrainingOutcome,
    ValidDocumentParams, ValidFineTuneParams,
};
use data::{Corpus, EncodedCorpus};
use evaluate::{evaluate, score};
use start::StartDecoder;

/// Default limit of a row, in tokens: longer contexts cost more than they teach a small model.
const BLOCK: usize = 512;

/// A model that is new: its shape, and its tokenizer.
#[derive(Clone, Debug, Default)]
pub struct NewDecoderParams {
    config: PathBuf,
    tokenizer: Option<PathBuf>,
    vocabulary: Option<usize>,
}

impl NewDecoderParams {
    /// Model of the shape that this `config.json` has, as transformers writes them.
    #[must_use]
    pub fn new(config: impl Into<PathBuf>) -> Self {
        Self { config: config.into(), tokenizer: None, vocabulary: None }
    }

    /// File `tokenizer.json` of the model. Default none: a byte-level BPE tokenizer is trained.
    #[must_use]
    pub fn tokenizer(self, tokenizer: Option<PathBuf>) -> Self {
        Self { tokenizer, ..self }
    }

    /// Most tokens of a trained tokenizer. Default the `vocab_size` of the configuration.
    #[must_use]
    pub fn vocabulary(self, vocabulary: Option<usize>) -> Self {
        Self { vocabulary, ..self }
    }
}

/// Settings of training a causal language model; [`check`](Self::check) makes them usable.
#[derive(Clone, Debug)]
pub struct CausalTrainParams {
    common: FineTuneParams,
    documents: DocumentParams,
    new: Option<NewDecoderParams>,
    block: Option<usize>,
}

impl CausalTrainParams {
    /// Settings with these for what every training has. Its model is not looked at where the model is
    /// [`new`](Self::new_model); the matrices, embeddings included, are trained or adapted as its encoder
    /// settings say, and adapters are merged into the saved weights.
    #[must_use]
    pub fn new(common: FineTuneParams) -> Self {
        Self { common, documents: DocumentParams::default(), new: None, block: None }
    }

    /// Reading of the documents. Default that of [`DocumentParams`].
    #[must_use]
    pub fn documents(self, documents: DocumentParams) -> Self {
        Self { documents, ..self }
    }

    /// New model to train from scratch. Default none: the training begins with a checkpoint.
    #[must_use]
    pub fn new_model(self, new: Option<NewDecoderParams>) -> Self {
        Self { new, ..self }
    }

    /// Predicted tokens of a row, which is one example of a batch. Default the model's positions, at most
    /// 512.
    #[must_use]
    pub fn block(self, block: Option<usize>) -> Self {
        Self { block, ..self }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`FineTuneError::Setting`] for adapters of a new model and for the tuning of a head; those of
    /// [`FineTuneParams::check`] and [`DocumentParams::check`].
    pub fn check(mut self) -> Result<ValidCausalTrainParams, FineTuneError> {
        let refused = |found: &str, expected: &str| {
            let (found, expected) = (found.to_owned(), expected.to_owned());
            Err(FineTuneError::Setting { setting: "tune", found, expected })
        };
        match &self.common.encoder.tuning {
            Tuning::Lora(_) if self.new.is_some() => {
                return refused("lora", "full, as a new model has nothing to adapt");
            }
            Tuning::Head => {
                return refused(
                    "head",
                    "lora or full, as a decoder has no head of its own to train",
                );
            }
            // Else a tied head, which is the embedding matrix, could not learn.
            Tuning::Full => self.common.encoder = self.common.encoder.embeddings(true),
            Tuning::Lora(_) => {}
        }
        let Self { common, documents, new, block } = self;
        let (common, documents) = (common.check()?, documents.check()?);
        Ok(ValidCausalTrainParams { common, documents, new, block })
    }
}

/// [`CausalTrainParams`] that were checked.
#[derive(Clone, Debug)]
pub struct ValidCausalTrainParams {
    common: ValidFineTuneParams,
    documents: ValidDocumentParams,
    new: Option<NewDecoderParams>,
    block: Option<usize>,
}

impl ValidCausalTrainParams {
    /// Trains a causal language model and saves its folder, with a report. Records in memory are texts.
    /// All texts are held in memory. `cancel` stops it after the step that is under way, to be resumed later.
    ///
    /// # Errors
    /// Errors of opening or making the model, of reading the data, of the steps and of writing the folder.
    pub fn train(
        &self,
        data: &TrainingData<String>,
        observer: &TrainingObserver<'_>,
        cancel: &Cancel,
    ) -> Result<TrainingOutcome<CausalFigures>, FineTuneError> {
        let started = Instant::now();
        let params = &self.common.params;
        let texts = |source| Corpus::read(source, &self.documents, observer);
        let (start, output, mut train);
        if let Some(new) = &self.new {
            // Before anything is read: a training that cannot be saved should not begin.
            output = begin_folder(&params.output, params.replace)?;
            train = texts(&data.train)?;
            start = StartDecoder::make(new, &train, self.common.seed())?;
        } else {
            start = StartDecoder::open(&params.model)?;
            refuse_sources(&params.output, &start.folder)?;
            output = begin_folder(&params.output, params.replace)?;
            train = texts(&data.train)?;
        }
        let dev = match &data.dev {
            None => train.hold_out(params.hold_out, self.common.seed()),
            Some(dev) => texts(dev)?,
        };
        if train.texts.is_empty() {
            let what = "all texts are held out; expected --dev files, or a smaller --hold-out";
            return Err(FineTuneError::Data { data: data.train.names(), what });
        }
        let test = data.test.as_ref().map(texts).transpose()?;
        let train = start.encode(train)?;
        let dev = start.encode(dev)?;
        let test = test.map(|test| start.encode(test)).transpose()?;
        let documents = train.documents.len();
        let tokens = train.tokens();
        note(
            observer,
            &TrainingNote::Documents { train: documents, tokens, dev: dev.documents.len() },
        );
        let block = self.block_of(&start)?;
        let job = Job { params: self, start, block, observer, cancel, started };
        job.finish(output, &train, &dev, test.as_ref())
    }

    fn block_of(&self, start: &StartDecoder) -> Result<usize, FineTuneError> {
        let most = start.checkpoint.config().positions;
        match self.block {
            None => Ok(most.min(BLOCK)),
            Some(block) if (1..=most).contains(&block) => Ok(block),
            Some(block) => {
                let (setting, expected) = ("block", format!("1 to {most}, the model's positions"));
                Err(FineTuneError::Setting { setting, found: block.to_string(), expected })
            }
        }
    }

    fn words() -> TaskWords {
        TaskWords {
            task: "causal",
            what: "Predicts the next token of a text",
            usage: "cloze generate --text 'It was'",
            unit: "sequence",
            counted: "examples",
        }
    }
}

/// A training under way.
struct Job<'a> {
    params: &'a ValidCausalTrainParams,
    start: StartDecoder,
    /// Predicted tokens of a row.
    block: usize,
    observer: &'a TrainingObserver<'a>,
    cancel: &'a Cancel,
    started: Instant,
}

impl Job<'_> {
    fn finish(
        self,
        output: AtomicFolder,
        train: &EncodedCorpus,
        dev: &EncodedCorpus,
        test: Option<&EncodedCorpus>,
    ) -> Result<TrainingOutcome<CausalFigures>, FineTuneError> {
        let common = &self.params.common;
        let mut parameters = Parameters::default();
        let tuning = common.params.encoder.clone().check()?;
        let seed = common.seed();
        let checkpoint = &self.start.checkpoint;
        let decoder = TrainableDecoder::open(checkpoint, &tuning, seed, &mut parameters)?;
        let (trained, all) = parameters.counts();
        note(self.observer, &TrainingNote::Parameters { trained, all });
        let mut learner = CausalLearner::new(decoder, parameters);
        let rows = pack(&train.documents, self.block);
        if rows.is_empty() {
            let what = "no tokens to predict in any text";
            return Err(FineTuneError::Data { data: train.names(), what });
        }
        let dev_rows = pack(&dev.documents, self.block);
        let fingerprint = self.start.fingerprint(&[&rows, &dev_rows], &common.params.encoder)?;
        let held_out = |learner: &mut CausalLearner| Ok(score(&evaluate(learner, &dev_rows, dev)?));
        let held_out = (!dev_rows.is_empty()).then_some(held_out);
        let run = StepRun { params: &common.params, observer: self.observer, cancel: self.cancel };
        let steps = run.take_steps::<CausalFigures, _, _>(
            common.steps.clone(),
            &mut learner,
            &rows,
            held_out,
            &fingerprint,
        )?;
        if let Some(stopped) = steps.stopped(&common.params.output) {
            return Ok(stopped);
        }
        let figures = |data: &EncodedCorpus, rows: &[CausalExample]| {
            (!rows.is_empty()).then(|| evaluate(&learner, rows, data)).transpose()
        };
        let held_out = figures(dev, &dev_rows)?;
        let tested = match test {
            Some(test) => {
                let figures = figures(test, &pack(&test.documents, self.block))?;
                figures.map(|figures| TestFigures { data: test.files.clone(), figures })
            }
            None => None,
        };
        let report = self.report(&learner, steps, train, rows.len())?;
        let report = TuningReport {
            dev: dev.files.clone(),
            held_out_examples: dev_rows.len(),
            held_out,
            test: tested,
            ..report
        };
        let folder = output.path();
        let dtype = common.params.dtype;
        save::write_model(&self.start, &learner, dtype, folder)?;
        let card = Card { task: Some("generate".into()), ..Card::default() };
        save::write_card(folder, full_card(card, &report))?;
        finish(output, &common.params.output, report)
    }

    fn report(
        &self,
        learner: &CausalLearner,
        steps: Steps,
        train: &EncodedCorpus,
        examples: usize,
    ) -> Result<TuningReport<CausalFigures>, FineTuneError> {
        let params = &self.params.common.params;
        let (trained, total) = learner.parameters.counts();
        let Steps { outcome, curve, params: training } = steps;
        let settings = json!({
            "max_tokens": self.block,
            "documents": format!("{:?}", self.params.documents.unit),
        });
        let is_new = self.params.new.is_some();
        Ok(TuningReport {
            cloze: env!("CARGO_PKG_VERSION"),
            words: ValidCausalTrainParams::words(),
            command: params.command.clone(),
            card: params.card.clone(),
            base: BaseModel { name: self.start.name.clone(), sha256: self.start.sha256()? },
            data: train.files.clone(),
            examples,
            labels: BTreeMap::new(),
            encoder: by_text(&params.encoder)?,
            part: if is_new { TrainedPart::New } else { TrainedPart::Encoder },
            training: by_text(training.params())?,
            settings: settings.as_object().cloned().unwrap_or_default(),
            lower_cases: self.start.tokenizer.lower_cases(),
            trained,
            parameters: total,
            steps: outcome.steps,
            best_step: outcome.best.as_ref().map(|best| best.step),
            why: json!(outcome.why),
            dev: vec![],
            held_out_examples: 0,
            held_out: None,
            test: None,
            curve,
            seconds: self.started.elapsed().as_secs_f64(),
        })
    }
}
