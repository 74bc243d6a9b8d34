//! `cloze eval mlm` and `cloze eval nsp`: a language model on running text.
use std::time::Instant;

use anyhow::{bail, ensure};
use cloze::evaluate::language_model::{LanguageModelReport, masked_words, next_sentences};
use cloze::train::{DataSource, Documents, PackedText, packed};
use cloze::{ModelFolder, NextSentence};
use cloze_encoder::TokenCounter;
use cloze_report::grid::language_grid;
use cloze_report::tuning::{LanguageFigures, write_figures};

use crate::cli::CommonFlags;
use crate::commands::eval::args::language::{EvalMlmArgs, EvalTextArgs};
use crate::commands::train::steps;
use crate::flags::find_model;
use crate::terminal::messages::{Messages, plural};

pub(super) fn masked(
    common: &CommonFlags,
    args: &EvalMlmArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let text = &args.eval;
    let (model, started) = (find_model(&text.scorer.model, messages)?, Instant::now());
    let lm = text.scorer.open_model(&model, common, messages)?;
    let params = args.mask.params(lm.mask_id(), lm.vocabulary())?;
    let (sequences, most) = sequences(text, &model, false, messages)?;
    let figures = masked_words(&lm, &sequences, &params, text.seed, |done| {
        messages.bar.set_message(plural(done as u64, "sequence"));
    })?;
    report(text, &model, most, figures, messages)?;
    note(sequences.len(), started, messages);
    Ok(())
}

pub(super) fn next(
    common: &CommonFlags,
    args: &EvalTextArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let (model, started) = (find_model(&args.scorer.model, messages)?, Instant::now());
    let head = NextSentence::builder(model.clone())
        .threads(args.scorer.work.threads)
        .batch_tokens(args.scorer.work.batch_tokens)
        .runtime(common.load_runtime(messages)?)
        .open()?;
    let (sequences, most) = sequences(args, &model, true, messages)?;
    let figures = next_sentences(&head, &sequences)?;
    report(args, &model, most, figures, messages)?;
    note(sequences.len(), started, messages);
    Ok(())
}

/// Returns the sequences or pairs of all documents, and their maximum length.
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
        Documents::read(&data, &params, &tokenizer, true, observer)
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
    figures: LanguageFigures,
    messages: &Messages,
) -> anyhow::Result<()> {
    messages.bar.finish_and_clear();
    let report = LanguageModelReport::new(model, max_tokens, args.seed, figures)?;
    let mut out = args.out.open()?;
    args.format.write(
        &mut out,
        &report,
        || vec![language_grid(&report.figures)],
        |out| write_figures(&report.figures, out),
    )?;
    out.finish()?;
    Ok(())
}

fn note(sequences: usize, started: Instant, messages: &Messages) {
    let (n, seconds) = (plural(sequences as u64, "sequence"), started.elapsed().as_secs_f64());
    messages.note(&format!("{n} in {seconds:.1} s"));
}
