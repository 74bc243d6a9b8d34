//! `cloze score`: likelihoods of texts by a language model, masked or causal, each and as a corpus.
//!
//! - `figures`: sums and perplexities of texts;
//! - `summary`: scores of the corpus, saved and compared.
pub(crate) mod args;
mod figures;
mod summary;

use std::io::Write as _;
use std::time::Instant;

use anyhow::bail;
use cloze::batch::{isolate, scored_parts};
use cloze::{ScoreMethod, TextScore, TextScorer};
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::score::args::ScoreArgs;
use crate::flags::read::ReadFlags;
use crate::input::kept::{KeptTable, cells_of};
use crate::input::texts::{self, Input};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};
use cloze_report::text::one_line;
use figures::Figures;
use summary::{Compared, Corpus, Made, Report, Summary};

#[derive(Serialize)]
struct Row<'a> {
    path: &'a str,
    line: u64,
    id: &'a str,
    tokens: Vec<TokenRow>,
    #[serde(flatten)]
    figures: Figures,
    /// Number of unknown tokens.
    unknown: u64,
    /// Number of tokens without a probability.
    #[serde(skip_serializing_if = "is_zero")]
    unscored: u64,
    windows: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

#[derive(Serialize)]
struct TokenRow {
    token: String,
    log_probability: f64,
}

pub(crate) fn run(
    common: &CommonFlags,
    args: &ScoreArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.read.params()?;
    args.out.check("--summary", args.summary.is_some())?;
    if args.corpus && args.table().is_some() {
        bail!("--format csv and tsv have one row per text, not for --corpus");
    }
    let saved = args.compare.as_deref().map(Summary::open).transpose()?;
    let (scorer, model) =
        args.scorer.open_any(args.masking.given(), args.stride, common, messages)?;
    let method = scorer.method();
    let made = Made::by(&model, method.clone())?;
    // Before hours of work.
    if let (Some(saved), Some(path)) = (&saved, &args.compare) {
        made.check_comparable(saved, path, args.by)?;
    }
    let mut out = args.out.open()?;
    if let Some(path) = args.summary.as_deref().filter(|_| !args.out.force)
        && path.exists()
    {
        bail!("{}: exists already\nhint: --force replaces it", path.display());
    }
    let started = Instant::now();
    let mut corpus = Corpus::default();
    let mut kept = args.table().map(KeptTable::new);
    let mut headed = args.format.is_json() || kept.is_some() || args.corpus;
    for_each_text(args, messages, |part| {
        let texts: Vec<&str> = part.iter().map(|text| text.text.as_str()).collect();
        let results = isolate(&texts, |texts| scorer.score(texts))?;
        if !std::mem::replace(&mut headed, true) {
            let [perplexity, sum] = match method {
                ScoreMethod::Masked { .. } => ["pseudo-perplexity", "pll"],
                ScoreMethod::Causal { .. } => ["perplexity", "log-likelihood"],
            };
            let width = summed(&method);
            writeln!(out, "{perplexity:>17}  {sum:>width$}  {:>6}  text", "tokens")?;
        }
        for (text, score) in part.iter().zip(results) {
            match score {
                Ok(score) => {
                    corpus.add(&text.text, &score);
                    if let Some(kept) = &mut kept {
                        let (place, numbers) = ((&*text.path, text.line), columns(&score, &method));
                        if let Err(error) =
                            kept.write(&cells_of(text), place, &numbers, &mut out)?
                        {
                            messages.failure(&error);
                        }
                    } else if !args.corpus {
                        write(&*scorer, text, &score, args.format.is_json(), &mut out)?;
                    }
                }
                Err(error) => messages.failure(&text.not_encoded(error)),
            }
        }
        Ok(out.flush()?)
    })?;
    let summary = corpus.summary(made);
    let compared = saved
        .zip(args.compare.as_deref())
        .map(|(saved, path)| Compared::new(&summary, &saved, path, args.by));
    if args.corpus {
        if summary.sums.tokens == 0 {
            bail!("expected texts to score, found no token");
        }
        if args.format.is_json() {
            json_line(&mut out, &Report { summary: &summary, compare: compared.as_ref() })?;
        } else {
            summary.write(compared.as_ref(), &mut out)?;
        }
    }
    out.finish()?;
    if let Some(path) = &args.summary {
        summary.save(path, args.out.force)?;
    }
    note(&summary, started, messages);
    Ok(())
}

/// Reads the texts of the command line, then those of files, in chunks.
fn for_each_text(
    args: &ScoreArgs,
    messages: &Messages,
    mut work: impl FnMut(&[Input]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let read = ReadFlags { cells: args.table().is_some(), ..args.read.clone() };
    texts::for_each_text(&args.texts, &read, messages, |chunk| {
        scored_parts(&chunk, |text| text.text.len()).try_for_each(&mut work)
    })?;
    Ok(())
}

/// Scores of a text by the names of their columns.
#[expect(clippy::cast_precision_loss, reason = "a number of tokens is far below 2^53")]
fn columns(score: &TextScore, method: &ScoreMethod) -> Vec<(&'static str, Option<f64>)> {
    let sums = &score.sums;
    let mut columns = Figures::new(sums, method).columns();
    columns.push(("tokens", Some(sums.tokens as f64)));
    columns.push(("unknown", Some(sums.unknown as f64)));
    columns
}

/// Width of the column of sums.
fn summed(method: &ScoreMethod) -> usize {
    match method {
        ScoreMethod::Masked { .. } => 12,
        ScoreMethod::Causal { .. } => "log-likelihood".len(),
    }
}

fn write(
    scorer: &dyn TextScorer,
    text: &Input,
    score: &TextScore,
    json: bool,
    out: &mut Out,
) -> anyhow::Result<()> {
    let sums = &score.sums;
    if json {
        let token = |token: &cloze::ScoredToken| TokenRow {
            token: scorer.piece(token.id).unwrap_or_default(),
            log_probability: token.log_probability,
        };
        return json_line(
            out,
            &Row {
                path: &text.path,
                line: text.line,
                id: &text.id,
                tokens: score.tokens.iter().map(token).collect(),
                figures: Figures::new(sums, &scorer.method()),
                unknown: sums.unknown,
                unscored: sums.unscored,
                windows: score.windows,
            },
        );
    }
    let perplexity = sums.per_token().map_or("-".into(), summary::shown);
    let (pll, tokens, line) = (sums.log_probability + 0.0, sums.tokens, one_line(&text.text));
    let width = summed(&scorer.method());
    Ok(writeln!(out, "{perplexity:>17}  {pll:>width$.4}  {tokens:>6}  {line}")?)
}

fn note(summary: &Summary, started: Instant, messages: &Messages) {
    let sums = &summary.sums;
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = sums.tokens as f64 / seconds.max(1e-9);
    let perplexity = sums.per_token();
    let perplexity =
        perplexity.map_or(String::new(), |p| format!(", {} {}", summary.name(), summary::shown(p)));
    messages.note(&format!(
        "{}, {}{perplexity} in {seconds:.1} s, {rate:.0} tokens/s",
        plural(sums.texts, "text"),
        plural(sums.tokens, "token"),
    ));
    if sums.unknown > 0 {
        let n = plural(sums.unknown, "token");
        messages.note(&format!("{n} for words that the vocabulary does not have"));
    }
    if sums.unscored > 0 {
        let n = plural(sums.unscored, "first token");
        messages.note(&format!("{n} not scored: the model has no token that begins a text"));
    }
    if summary.long_texts > 0 {
        let n = plural(summary.long_texts, "text");
        messages.note(&format!("{n} longer than the model's limit, scored in overlapping windows"));
    }
}
