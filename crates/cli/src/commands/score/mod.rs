//! `cloze score`: pseudo-log-likelihoods of texts by a masked language model, each and as a corpus.
//!
//! - `summary`: scores of the corpus, saved and compared.
pub(crate) mod args;
mod summary;

use std::io::Write as _;
use std::time::Instant;

use anyhow::bail;
use cloze::batch::{isolate, scored_parts};
use cloze::{Scorer, TextScore};
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::score::args::ScoreArgs;
use crate::input::texts::{self, Input};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};
use cloze_report::text::one_line;
use summary::{Compared, Corpus, Made, Report, Summary};

#[derive(Serialize)]
struct Row<'a> {
    path: &'a str,
    line: u64,
    id: &'a str,
    tokens: Vec<TokenRow>,
    pll: f64,
    pseudo_perplexity: Option<f64>,
    pseudo_perplexity_per_word: Option<f64>,
    /// Number of unknown tokens.
    unknown: u64,
    windows: usize,
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
    let masking = args.masking.value();
    let saved = args.compare.as_deref().map(Summary::open).transpose()?;
    let (scorer, model) = args.scorer.open(masking, common, messages)?;
    let made = Made::by(&model, masking)?;
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
    let mut headed = args.format.is_json() || args.corpus;
    for_each_text(args, messages, |part| {
        let texts: Vec<&str> = part.iter().map(|text| text.text.as_str()).collect();
        let results = isolate(&texts, |texts| scorer.score(texts))?;
        if !std::mem::replace(&mut headed, true) {
            writeln!(out, "{:>17}  {:>12}  {:>6}  text", "pseudo-perplexity", "pll", "tokens")?;
        }
        for (text, score) in part.iter().zip(results) {
            match score {
                Ok(score) => {
                    corpus.add(&text.text, &score);
                    if !args.corpus {
                        write(&scorer, text, &score, args.format.is_json(), &mut out)?;
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
    texts::for_each_text(&args.texts, &args.read, messages, |chunk| {
        scored_parts(&chunk, |text| text.text.len()).try_for_each(&mut work)
    })?;
    Ok(())
}

fn write(
    scorer: &Scorer,
    text: &Input,
    score: &TextScore,
    json: bool,
    out: &mut Out,
) -> anyhow::Result<()> {
    let sums = &score.sums;
    if json {
        let token = |token: &cloze::ScoredToken| TokenRow {
            token: scorer.model().encoder().token(token.id).unwrap_or_default(),
            log_probability: token.log_probability,
        };
        return json_line(
            out,
            &Row {
                path: &text.path,
                line: text.line,
                id: &text.id,
                tokens: score.tokens.iter().map(token).collect(),
                pll: sums.log_probability,
                pseudo_perplexity: sums.pseudo_perplexity(),
                pseudo_perplexity_per_word: sums.per_word(),
                unknown: sums.unknown,
                windows: score.windows,
            },
        );
    }
    let perplexity = sums.pseudo_perplexity().map_or("-".into(), summary::shown);
    let (pll, tokens, line) = (sums.log_probability + 0.0, sums.tokens, one_line(&text.text));
    Ok(writeln!(out, "{perplexity:>17}  {pll:>12.4}  {tokens:>6}  {line}")?)
}

fn note(summary: &Summary, started: Instant, messages: &Messages) {
    let sums = &summary.sums;
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = sums.tokens as f64 / seconds.max(1e-9);
    let perplexity = sums.pseudo_perplexity();
    let perplexity =
        perplexity.map_or(String::new(), |p| format!(", pseudo-perplexity {}", summary::shown(p)));
    messages.note(&format!(
        "{}, {}{perplexity} in {seconds:.1} s, {rate:.0} tokens/s",
        plural(sums.texts, "text"),
        plural(sums.tokens, "token"),
    ));
    if sums.unknown > 0 {
        let n = plural(sums.unknown, "token");
        messages.note(&format!("{n} for words that the vocabulary does not have"));
    }
    if summary.long_texts > 0 {
        let n = plural(summary.long_texts, "text");
        messages.note(&format!("{n} longer than the model's limit, scored in overlapping windows"));
    }
}
