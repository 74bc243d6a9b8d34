//! `cloze train mlm` and `cloze train nsp`: a language model from running text.
//!
//! - `data`: documents of sentences in tokens;
//! - `pack`: sentences put together; `sequences`: in the sequences that an encoder sees;
//! - `judge`: how well masks are guessed, and what follows; `tally`: what is counted of it.
pub(crate) mod data;
mod judge;
mod pack;
pub(crate) mod sequences;
pub(crate) mod tally;

use std::time::Instant;

use anyhow::bail;
use cloze_checkpoint::Family;
use cloze_checkpoint::card::Card;
use cloze_store::AtomicFolder;
use cloze_tune::Parameters;
use cloze_tune::encoder::EncoderParams;
use cloze_tune::random::derive;
use cloze_tune::task::masked::{MaskedHead, NextHead, Part, ValidMaskParams};
use cloze_tune::task::{MaskedExample, MaskedTask};
use cloze_tune::training::{TaskLearner, ValidTrainingParams};
use serde_json::{Map, Value, json};

use super::model::Base;
use super::report::language::LanguageVerdict;
use super::report::{self, Report};
use super::save::Trained;
use super::train;
use crate::commands::model::output::create;
use crate::commands::train::args::language::TrainTextArgs;
use crate::commands::train::args::tune::TuningArg;
use crate::flags::running_text::MaskFlags;
use crate::terminal::messages::Messages;
use data::{Documents, Texts};
use sequences::packed;

/// The part of the seed that masks to judge by are drawn from.
pub(crate) const JUDGED: u64 = 0x6a75_6467_6564;

/// A training under way.
struct Job<'a> {
    args: &'a TrainTextArgs,
    masks: Option<&'a MaskFlags>,
    /// What the loss of a pair counts; `None` without pairs.
    next: Option<f64>,
    encoder: EncoderParams,
    params: ValidTrainingParams,
    base: Base,
    messages: &'a Messages,
}

pub(crate) fn run(
    args: &TrainTextArgs,
    masks: Option<&MaskFlags>,
    next: Option<f64>,
    messages: &Messages,
) -> anyhow::Result<()> {
    let started = Instant::now();
    args.judge.check()?;
    let (tune, tuned, fit) = (args.tune.tune, &args.tune.tuned, &args.tune.fit);
    let mut encoder = tuned.encoder(tune)?;
    if masks.is_some() && tune == TuningArg::Full {
        // The decoder is the word table, which else could not learn.
        encoder = encoder.embeddings(true);
    }
    let params = tuned.training(tune, fit)?;
    let base = Base::open(&fit.model, &tuned.steps, tune)?;
    if next.is_some() && base.checkpoint.config().family != Family::Bert {
        bail!(
            "{}: models of its family have no next-sentence head; expected one of BERT's",
            base.folder.folder().display()
        );
    }
    let output = create(fit, &base.folder)?;
    Job { args, masks, next, encoder, params, base, messages }.run(output, started)
}

impl Job<'_> {
    fn run(self, output: AtomicFolder, started: Instant) -> anyhow::Result<()> {
        let (args, messages) = (self.args, self.messages);
        let fit = &args.tune.fit;
        let masks = self.masks.map(|masks| self.mask_params(masks)).transpose()?;
        let mut parameters = Parameters::default();
        let encoder = self.encoder.clone().check()?;
        let encoder = self.base.encoder(&encoder, fit.seed, &mut parameters)?;
        let (head_start, classes) = (parameters.list().len(), encoder.casing_classes());
        let texts = Texts::read(args, &self.base.tokenizer, classes > 1, messages)?;
        let masked = masks.map(|masks| {
            let frequencies = self.frequencies(&texts.learned);
            let checkpoint = &self.base.checkpoint;
            let head =
                MaskedHead::open(checkpoint, &encoder, frequencies, fit.seed, &mut parameters);
            anyhow::Ok((head?, masks))
        });
        let masked = masked.transpose()?;
        let next = self.next.map(|_| {
            NextHead::open(&self.base.checkpoint, self.base.body(), fit.seed, &mut parameters)
        });
        let config = self.base.checkpoint.config();
        let task = MaskedTask::new(config, masked, next.transpose()?, &parameters)?
            .next_weight(self.next.unwrap_or(1.0))?;
        let mut learner = TaskLearner::new(encoder, task, parameters, head_start);
        report::note_sizes(&learner.parameters, messages);

        let examples = self.examples(&texts.learned, classes)?;
        if examples.is_empty() {
            bail!(
                "{}: no pairs of sentences, expected documents of several",
                args.text.data.join(", ")
            );
        }
        let judged = |documents: &Documents| {
            let examples = self.examples(documents, classes)?;
            let seed = derive(fit.seed, JUDGED);
            let draw = |(i, example): (u64, MaskedExample)| match &masks {
                Some(masks) => masks.draw(&example, derive(seed, i)),
                None => example,
            };
            anyhow::Ok((0..).zip(examples).map(draw).collect::<Vec<_>>())
        };
        let dev = judged(&texts.dev)?;
        let test = texts.test.as_ref().map(judged).transpose()?;
        let fingerprint =
            self.base.fingerprint(&[&examples, &dev, &self.encoder, &learner.task])?;
        let judging = |learner: &mut TaskLearner<MaskedTask>| {
            Ok(LanguageVerdict::judge(learner, &dev)?.score())
        };
        let done = train(
            (fit, args.tune.tuned.steps.resume),
            &self.params,
            (&mut learner, &examples),
            (!dev.is_empty()).then_some(judging),
            &fingerprint,
            messages,
        )?;
        let Some(done) = done else {
            messages.interrupt();
            return Ok(());
        };
        let held_out = (!dev.is_empty()).then(|| LanguageVerdict::judge(&learner, &dev));
        let test = test.zip(texts.test).map(|(examples, documents)| {
            anyhow::Ok((documents.files, LanguageVerdict::judge(&learner, &examples)?))
        });
        let report = Report::new(
            if self.masks.is_some() { "mlm" } else { "nsp" },
            fit,
            (&self.base, &self.encoder, &self.params),
            (&learner.parameters, done),
            report::Data {
                what: match (self.masks.is_some(), self.next.is_some()) {
                    (true, false) => "Guesses masked words",
                    (true, true) => "Guesses masked words, and whether one text follows another",
                    (false, _) => "Tells whether one text follows another",
                },
                usage: if self.masks.is_some() {
                    "cloze fill-mask 'The capital of France is [MASK].'"
                } else {
                    "cloze next-sentence 'It rained.' 'The street was wet.'"
                },
                unit: "sequence",
                files: texts.learned.files.clone(),
                examples: examples.len(),
                settings: self.settings(),
                dev: texts.dev.files.clone(),
                held_out_examples: dev.len(),
                held_out: held_out.transpose()?,
                test: test.transpose()?,
                ..report::Data::default()
            },
            started,
        )?;
        self.save(&learner, &report, output)?;
        report.show(fit, messages)
    }

    fn mask_params(&self, args: &MaskFlags) -> anyhow::Result<ValidMaskParams> {
        let Base { folder, tokenizer, checkpoint, .. } = &self.base;
        let Some(mask) = folder.mask_token().and_then(|token| tokenizer.id(token)) else {
            bail!("{}: its tokenizer has no mask token", folder.folder().display());
        };
        Ok(args.params(mask, checkpoint.config().vocabulary)?)
    }

    /// ln of how often each word of the vocabulary is there, each once more than it is.
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    #[expect(clippy::cast_possible_truncation, reason = "the model's own width")]
    fn frequencies(&self, documents: &Documents) -> Vec<f32> {
        let mut counts = vec![1_u64; self.base.checkpoint.config().vocabulary];
        for sentence in documents.all.iter().flatten() {
            for (id, _) in
                sentence.ids.iter().zip(&sentence.parts).filter(|(_, p)| **p != Part::Special)
            {
                if let Some(count) = counts.get_mut(*id as usize) {
                    *count += 1;
                }
            }
        }
        let all = counts.iter().sum::<u64>() as f64;
        counts.into_iter().map(|count| (count as f64 / all).ln() as f32).collect()
    }

    /// Sequences, or pairs in one sequence each, with nothing masked yet.
    fn examples(
        &self,
        documents: &Documents,
        classes: usize,
    ) -> anyhow::Result<Vec<MaskedExample>> {
        let (tokenizer, seed) = (&self.base.tokenizer, self.args.tune.fit.seed);
        let packed =
            packed(&documents.all, tokenizer, self.base.max_tokens, self.next.is_some(), seed)?;
        Ok(packed.into_iter().map(|packed| packed.example(classes)).collect())
    }

    fn settings(&self) -> Map<String, Value> {
        let masks = self.masks.map(|masks| {
            json!({
                "mask_share": masks.mask_share,
                "masked": masks.masked,
                "random": masks.random,
                "whole_words": masks.whole_words,
            })
        });
        let all = json!({
            "masks": masks,
            "next_sentence": self.next.is_some(),
            "next_weight": self.next,
            "documents": format!("{:?}", self.args.text.documents),
        });
        all.as_object().cloned().unwrap_or_default()
    }

    fn save(
        &self,
        learner: &TaskLearner<MaskedTask>,
        report: &Report<LanguageVerdict>,
        output: AtomicFolder,
    ) -> anyhow::Result<()> {
        let (class, task) = match (self.masks.is_some(), self.next.is_some()) {
            (true, true) => ("PreTraining", "fill-mask"),
            (true, false) => ("MaskedLM", "fill-mask"),
            (false, _) => ("NextSentencePrediction", "next-sentence"),
        };
        let saved = Trained {
            base: &self.base,
            encoder: &learner.encoder,
            params: &self.encoder,
            parameters: &learner.parameters,
            head_start: learner.head_start,
            class: Some(class),
            task: None,
            problem: None,
            labels: &[],
            dtype: self.args.tune.tuned.dtype.value(),
        };
        let card = Card { task: Some(task.into()), ..Card::default() };
        saved.commit(card, report, &self.args.tune.fit, output)
    }
}
