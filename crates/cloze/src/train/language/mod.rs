//! Training of language models from running text.
//!
//! - `data`: documents of sentences in tokens;
//! - `pack`: sentences packed together; `sequences`: as the encoder's sequences;
//! - `evaluate`: guesses of a model in training; `tally`: their counts.
pub(super) mod data;
mod evaluate;
mod sequences;
mod tally;

use std::collections::BTreeMap;
use std::time::Instant;

use cloze_checkpoint::card::Card;
use cloze_core::Cancel;
use cloze_report::tuning::{LanguageFigures, TaskWords, TestFigures};
use cloze_tune::Parameters;
use cloze_tune::encoder::Tuning;
use cloze_tune::random::derive;
use cloze_tune::task::{
    MaskParams, MaskedExample, MaskedLmHead, MaskedTask, NextHead, Part, ValidMaskParams,
};
use cloze_tune::training::TaskLearner;
use serde_json::{Value, json};

use super::base::StartModel;
use super::event::TrainingObserver;
use super::run::{Run, Steps, TaskData};
use super::save::TrainedModel;
use super::{FineTuneError, FineTuneParams, TrainingData, TrainingOutcome, ValidFineTuneParams};
use data::Splits;
pub use data::{DocumentParams, DocumentUnit, Documents, ValidDocumentParams};
use evaluate::{evaluate, score};
pub use sequences::{PackedText, packed};
pub use tally::LanguageTally;

/// Part of the seed that masks of validation and test data are drawn from.
pub const MASK_EVALUATION_SEED: u64 = 0x6a75_6467_6564;

/// Masking of words to train on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LanguageMasking {
    /// Share of the tokens that are to be guessed.
    pub share: f64,
    /// Share of those that is masked.
    pub masked: f64,
    /// Share of those in whose place any token stands; the rest stays as it is.
    pub random: f64,
    /// Masks all tokens of a word together.
    pub whole_words: bool,
}

impl Default for LanguageMasking {
    /// BERT's.
    fn default() -> Self {
        Self { share: 0.15, masked: 0.8, random: 0.1, whole_words: false }
    }
}

/// Settings of training a language model; [`check`](Self::check) makes them usable.
#[derive(Clone, Debug)]
pub struct LanguageModelTrainParams {
    common: FineTuneParams,
    documents: DocumentParams,
    masking: Option<LanguageMasking>,
    next_weight: Option<f64>,
}

impl LanguageModelTrainParams {
    /// Settings with these for what every training has.
    #[must_use]
    pub fn new(common: FineTuneParams) -> Self {
        let (documents, masking) = (DocumentParams::default(), Some(LanguageMasking::default()));
        Self { common, documents, masking, next_weight: None }
    }

    /// Reading of the documents. Default that of [`DocumentParams`].
    #[must_use]
    pub fn documents(self, documents: DocumentParams) -> Self {
        Self { documents, ..self }
    }

    /// Masking of words. Default that of [`LanguageMasking`]; `None` masks none.
    #[must_use]
    pub fn masking(self, masking: Option<LanguageMasking>) -> Self {
        Self { masking, ..self }
    }

    /// Weight of next-sentence prediction beside that of masks. Default `None`, no pairs of texts.
    #[must_use]
    pub fn next_weight(self, next_weight: Option<f64>) -> Self {
        Self { next_weight, ..self }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`FineTuneError::Setting`] for neither masks nor pairs; those of [`FineTuneParams::check`] and
    /// [`DocumentParams::check`].
    pub fn check(mut self) -> Result<ValidLanguageModelTrainParams, FineTuneError> {
        if self.masking.is_none() && self.next_weight.is_none() {
            let (setting, expected) = ("masking", "masks, next sentences, or both".to_owned());
            return Err(FineTuneError::Setting { setting, found: "none".to_owned(), expected });
        }
        if self.masking.is_some() && self.common.encoder.tuning == Tuning::Full {
            // The decoder is the embedding matrix, which else could not learn.
            self.common.encoder = self.common.encoder.embeddings(true);
        }
        let Self { common, documents, masking, next_weight } = self;
        let (mut common, documents) = (common.check()?, documents.check()?);
        // The head is the model's own: what was trained needs no large steps.
        if common.steps.head_learning_rate().is_none() {
            let rate = common.steps.learning_rate().max(1e-3);
            let steps = common.steps.params().clone().head_learning_rate(Some(rate));
            common.steps = steps.check()?;
        }
        Ok(ValidLanguageModelTrainParams { common, documents, masking, next_weight })
    }
}

/// [`LanguageModelTrainParams`] that were checked.
#[derive(Clone, Debug)]
pub struct ValidLanguageModelTrainParams {
    common: ValidFineTuneParams,
    documents: ValidDocumentParams,
    masking: Option<LanguageMasking>,
    next_weight: Option<f64>,
}

impl ValidLanguageModelTrainParams {
    /// Trains a language model and saves its folder, with a report. Records in memory are texts.
    /// `cancel` stops it after the step that is under way, to be resumed later.
    ///
    /// # Errors
    /// Errors of opening the model, of reading the data, of the steps and of writing the folder.
    pub fn train(
        &self,
        data: &TrainingData<String>,
        observer: &TrainingObserver<'_>,
        cancel: &Cancel,
    ) -> Result<TrainingOutcome<LanguageFigures>, FineTuneError> {
        let started = Instant::now();
        let base = StartModel::open(&self.common.params)?;
        if self.next_weight.is_some() && !base.checkpoint.config().family.next_sentence {
            let what = "models of its family have no next-sentence head; expected one of BERT's";
            return Err(FineTuneError::Base { folder: base.folder.folder().to_path_buf(), what });
        }
        let encoder = self.common.params.encoder.clone();
        let run = Run::begin(&self.common, encoder, base, observer, cancel, started)?;
        Job { params: self, run }.finish(data)
    }

    fn words(&self) -> TaskWords {
        let next = self.next_weight.is_some();
        let (task, usage) = match self.masking {
            Some(_) => ("mlm", "cloze fill-mask 'The capital of France is [MASK].'"),
            None => ("nsp", "cloze next-sentence 'It rained.' 'The street was wet.'"),
        };
        let what = match (self.masking.is_some(), next) {
            (true, false) => "Predicts masked words",
            (true, true) => "Predicts masked words, and whether one text follows another",
            (false, _) => "Predicts whether one text follows another",
        };
        TaskWords { task, what, usage, unit: "sequence", counted: "examples" }
    }
}

/// A training under way.
struct Job<'a> {
    params: &'a ValidLanguageModelTrainParams,
    run: Run<'a>,
}

impl Job<'_> {
    fn finish(
        self,
        data: &TrainingData<String>,
    ) -> Result<TrainingOutcome<LanguageFigures>, FineTuneError> {
        let (params, run) = (self.params, &self.run);
        let (seed, share) = (params.common.seed(), params.common.params.hold_out);
        let masks = params.masking.map(|masking| self.mask_params(masking)).transpose()?;
        let mut parameters = Parameters::default();
        let encoder = run.encoder.clone().check()?;
        let encoder = run.base.encoder(&encoder, seed, &mut parameters)?;
        let (head_start, classes) = (parameters.list().len(), encoder.casing_classes());
        let (tokenizer, cased) = (&run.base.tokenizer, classes > 1);
        let documents = &params.documents;
        let texts = Splits::read(data, documents, tokenizer, cased, share, seed, run.observer)?;
        let checkpoint = &run.base.checkpoint;
        let masked = match masks {
            Some(masks) => {
                let frequencies = self.frequencies(&texts.train);
                let head =
                    MaskedLmHead::open(checkpoint, &encoder, frequencies, seed, &mut parameters)?;
                Some((head, masks))
            }
            None => None,
        };
        let next = params
            .next_weight
            .map(|_| NextHead::open(checkpoint, run.base.body(), seed, &mut parameters));
        let task = MaskedTask::new(checkpoint.config(), masked, next.transpose()?, &parameters)?
            .next_weight(params.next_weight.unwrap_or(1.0))?;
        let mut learner = TaskLearner::new(encoder, task, parameters, head_start);
        run.note_parameters(&learner.parameters);

        let examples = self.examples(&texts.train, classes)?;
        if examples.is_empty() {
            let what = "no pairs of sentences, expected documents of several";
            return Err(FineTuneError::Data { data: data.train.names(), what });
        }
        let masked = |documents: &Documents| self.masked(documents, classes, masks.as_ref());
        let dev = masked(&texts.dev)?;
        let test = texts.test.as_ref().map(masked).transpose()?;
        let fingerprint = run.base.fingerprint(&[&examples, &dev, &run.encoder, &learner.task])?;
        let held_out = |learner: &mut TaskLearner<MaskedTask>| Ok(score(&evaluate(learner, &dev)?));
        let held_out = (!dev.is_empty()).then_some(held_out);
        let steps = run.params.steps.clone();
        let steps = run.train::<LanguageFigures, _, _>(
            steps,
            &mut learner,
            &examples,
            held_out,
            &fingerprint,
        )?;
        if let Some(stopped) = run.stopped(&steps) {
            return Ok(stopped);
        }
        let held_out = (!dev.is_empty()).then(|| evaluate(&learner, &dev)).transpose()?;
        let test = test.zip(texts.test.as_ref()).map(|(examples, documents)| {
            let (data, figures) = (documents.files.clone(), evaluate(&learner, &examples)?);
            Ok::<_, FineTuneError>(TestFigures { data, figures })
        });
        let data = TaskData {
            words: params.words(),
            files: texts.train.files,
            examples: examples.len(),
            labels: BTreeMap::new(),
            settings: self.settings(),
            dev: texts.dev.files,
            held_out_examples: dev.len(),
            held_out,
            test: test.transpose()?,
        };
        self.save(&learner, steps, data)
    }

    fn save(
        self,
        learner: &TaskLearner<MaskedTask>,
        steps: Steps,
        data: TaskData<LanguageFigures>,
    ) -> Result<TrainingOutcome<LanguageFigures>, FineTuneError> {
        let report = self.run.report(&learner.parameters, steps, data)?;
        let params = self.params;
        let (class, task) = match (params.masking.is_some(), params.next_weight.is_some()) {
            (true, true) => ("PreTraining", "fill-mask"),
            (true, false) => ("MaskedLM", "fill-mask"),
            (false, _) => ("NextSentencePrediction", "next-sentence"),
        };
        let encoder = self.run.encoder.clone();
        let model = TrainedModel {
            encoder: &learner.encoder,
            params: &encoder,
            parameters: &learner.parameters,
            head_start: learner.head_start,
            class: Some(class),
            task: None,
            problem: None,
            labels: &[],
            dtype: params.common.params.dtype,
        };
        let card = Card { task: Some(task.into()), ..Card::default() };
        self.run.commit(&model, card, report)
    }

    fn mask_params(&self, masking: LanguageMasking) -> Result<ValidMaskParams, FineTuneError> {
        let StartModel { folder, tokenizer, checkpoint, .. } = &self.run.base;
        let Some(mask) = folder.mask_token().and_then(|token| tokenizer.id(token)) else {
            let (folder, what) = (folder.folder().to_owned(), "its tokenizer has no mask token");
            return Err(FineTuneError::Base { folder: folder.to_path_buf(), what });
        };
        Ok(MaskParams::new(mask, checkpoint.config().vocabulary)
            .share(masking.share)
            .masked(masking.masked)
            .random(masking.random)
            .whole_words(masking.whole_words)
            .check()?)
    }

    /// ln of the frequency of each word of the vocabulary, each counted once more than it is there.
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    #[expect(clippy::cast_possible_truncation, reason = "the model's own width")]
    fn frequencies(&self, documents: &Documents) -> Vec<f32> {
        let mut counts = vec![1_u64; self.run.base.checkpoint.config().vocabulary];
        for sentence in documents.documents.iter().flatten() {
            for (id, _) in
                sentence.ids.iter().zip(&sentence.parts).filter(|(_, p)| **p != Part::Special)
            {
                if let Some(count) = counts.get_mut(*id as usize) {
                    *count += 1;
                }
            }
        }
        let total = counts.iter().sum::<u64>() as f64;
        counts.into_iter().map(|count| (count as f64 / total).ln() as f32).collect()
    }

    /// Sequences, or pairs in one sequence each, with nothing masked yet.
    fn examples(
        &self,
        documents: &Documents,
        classes: usize,
    ) -> Result<Vec<MaskedExample>, FineTuneError> {
        let (base, seed) = (&self.run.base, self.params.common.seed());
        let next = self.params.next_weight.is_some();
        let packed = packed(&documents.documents, &base.tokenizer, base.max_tokens, next, seed)?;
        Ok(packed.into_iter().map(|packed| packed.example(classes)).collect())
    }

    /// The same with their masks drawn, to evaluate on.
    fn masked(
        &self,
        documents: &Documents,
        classes: usize,
        masks: Option<&ValidMaskParams>,
    ) -> Result<Vec<MaskedExample>, FineTuneError> {
        let examples = self.examples(documents, classes)?;
        let seed = derive(self.params.common.seed(), MASK_EVALUATION_SEED);
        let draw = |(i, example): (u64, MaskedExample)| match masks {
            Some(masks) => masks.draw(&example, derive(seed, i)),
            None => example,
        };
        Ok((0..).zip(examples).map(draw).collect())
    }

    fn settings(&self) -> Value {
        let masks = self.params.masking.map(|masking| {
            json!({
                "mask_share": masking.share,
                "masked": masking.masked,
                "random": masking.random,
                "whole_words": masking.whole_words,
            })
        });
        json!({
            "masks": masks,
            "next_sentence": self.params.next_weight.is_some(),
            "next_weight": self.params.next_weight,
            "documents": format!("{:?}", self.params.documents.unit),
        })
    }
}
