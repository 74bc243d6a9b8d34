//! `cloze eval mlm` and `cloze eval nsp`: a language model on running text.
use std::time::Instant;

use anyhow::{bail, ensure};
use cloze::heads::masked::Logits;
use cloze::train::DataSource;
use cloze::train::language::{Documents, EVALUATION, LanguageTally, PackedText, packed};
use cloze::{ModelFolder, NextSentence};
use cloze_encoder::TokenCounter;
use cloze_report::tuning::{LanguageFigures, write_figures};
use cloze_store::checksum;
use cloze_tune::random::derive;
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::eval::args::language::{EvalMlmArgs, EvalTextArgs};
use crate::commands::train::steps;
use crate::flags::find_model;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::json_line;

/// As many sequences as are handed over at once, to be put into batches.
const CHUNK: usize = 512;

/// What it has come to.
#[derive(Serialize)]
struct Report {
    model: String,
    model_sha256: String,
    tokenizer_sha256: String,
    max_tokens: usize,
    seed: u64,
    #[serde(flatten)]
    verdict: LanguageFigures,
}

pub(super) fn masked(
    common: &CommonFlags,
    args: &EvalMlmArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let text = &args.eval;
    let (model, started) = (find_model(&text.scorer.model)?, Instant::now());
    let lm = text.scorer.open_model(&model, common, messages)?;
    let params = args.mask.params(lm.mask_id(), lm.vocabulary())?;
    let (sequences, most) = sequences(text, &model, false, messages)?;
    let mut tally = LanguageTally::default();
    for (i, chunk) in sequences.chunks(CHUNK).enumerate() {
        let draw = |(at, packed): (usize, &PackedText)| {
            let PackedText { pieces, .. } = packed;
            // The masks that a training judges by.
            let seed = derive(derive(text.seed, EVALUATION), (i * CHUNK + at) as u64);
            let mut pieces = pieces.clone();
            // Casings stay beside the ids, which masks take the place of.
            let drawn = params.draw(&packed.clone().example(1), seed);
            pieces.ids = drawn.sequence.ids;
            let narrow = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
            pieces.asked = drawn.targets.iter().map(|(place, _)| narrow(*place)).collect();
            (pieces, drawn.targets.into_iter().map(|(_, word)| word).collect::<Vec<u32>>())
        };
        let (pieces, words): (Vec<_>, Vec<_>) = chunk.iter().enumerate().map(draw).unzip();
        let found = lm.map(&pieces, |i, logits| {
            let rows = logits.chunks_exact(lm.vocabulary()).zip(&words[i]);
            let guess = |(row, word): (&[f32], &u32)| {
                let own = row[*word as usize];
                let loss = -Logits::new(row)?.log_probability(*word)?;
                Ok((loss, row.iter().all(|x| *x <= own)))
            };
            rows.map(guess).collect::<Result<Vec<_>, cloze::heads::HeadError>>()
        })?;
        for (found, words) in found.into_iter().zip(words) {
            tally.add(words.into_iter(), &found?);
        }
        messages.bar.set_message(plural((i * CHUNK + chunk.len()) as u64, "sequence"));
    }
    report(text, &model, most, tally, messages)?;
    note(sequences.len(), started, messages);
    Ok(())
}

pub(super) fn next(
    common: &CommonFlags,
    args: &EvalTextArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let (model, started) = (find_model(&args.scorer.model)?, Instant::now());
    let head = NextSentence::builder(model.clone())
        .threads(args.scorer.work.threads)
        .batch_tokens(args.scorer.work.batch_tokens)
        .runtime(common.load_runtime(messages)?)
        .open()?;
    let (sequences, most) = sequences(args, &model, true, messages)?;
    let mut tally = LanguageTally::default();
    for chunk in sequences.chunks(CHUNK) {
        let pieces: Vec<_> = chunk.iter().map(|packed| packed.pieces.clone()).collect();
        let found = head.is_next_of(&pieces)?;
        for (found, packed) in found.into_iter().zip(chunk) {
            tally.add_pair(found, packed.is_next.unwrap_or_default());
        }
    }
    report(args, &model, most, tally, messages)?;
    note(sequences.len(), started, messages);
    Ok(())
}

/// The sequences of all documents, or pairs, and how long they may be.
fn sequences(
    args: &EvalTextArgs,
    model: &ModelFolder,
    next: bool,
    messages: &Messages,
) -> anyhow::Result<(Vec<PackedText>, usize)> {
    let (tokenizer, most) = (TokenCounter::open(model)?, model.max_tokens());
    let max_tokens = args.max_tokens.unwrap_or(most);
    ensure!(max_tokens <= most, "--max-tokens is {max_tokens}: expected at most {most}");
    let params = args.text.documents()?.check()?;
    let data = DataSource::Files(args.text.data.clone());
    let documents = steps::watched(messages, |observer, _| {
        Documents::read(&data, &params, (&tokenizer, true), observer)
    })?;
    let sequences = packed(&documents.documents, &tokenizer, max_tokens, next, args.seed);
    let sequences = sequences.map_err(steps::in_flags)?;
    if sequences.is_empty() {
        bail!(
            "{}: no pairs of sentences, expected documents of several",
            args.text.data.join(", ")
        );
    }
    Ok((sequences, max_tokens))
}

fn report(
    args: &EvalTextArgs,
    model: &ModelFolder,
    max_tokens: usize,
    tally: LanguageTally,
    messages: &Messages,
) -> anyhow::Result<()> {
    messages.bar.finish_and_clear();
    let report = Report {
        model: model.name(),
        model_sha256: model.sha256()?,
        tokenizer_sha256: checksum::sha256_file(&model.tokenizer_path())?,
        max_tokens,
        seed: args.seed,
        verdict: tally.figures(),
    };
    let mut out = args.out.open()?;
    if args.json {
        json_line(&mut out, &report)?;
    } else {
        write_figures(&report.verdict, &mut out)?;
    }
    out.finish()?;
    Ok(())
}

fn note(sequences: usize, started: Instant, messages: &Messages) {
    let (n, seconds) = (plural(sequences as u64, "sequence"), started.elapsed().as_secs_f64());
    messages.note(&format!("{n} in {seconds:.1} s"));
}
