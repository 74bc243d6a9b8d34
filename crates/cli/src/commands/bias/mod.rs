//! `cloze bias`: whether a masked language model finds the more stereotyping text of a pair likelier,
//! as CrowS-Pairs measures it (Nangia et al., EMNLP 2020).
//!
//! - `report`: the report for people.
pub(crate) mod args;
mod report;

use std::time::Instant;

use anyhow::bail;
use cloze::SharedScore;
use cloze::evaluate::bias::{BiasEvaluation, StereotypePair};
use cloze::heads::score::Masking;
use serde::Serialize;

use crate::cli::CommonFlags;
use crate::commands::bias::args::BiasArgs;
use crate::input::examples::{self, Example};
use crate::input::texts::NotEncoded;
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};
use report::Report;

/// Scores of a pair as they are written; the texts stay in the input file.
#[derive(Serialize)]
struct Row<'a> {
    path: &'a str,
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    category: Option<&'a str>,
    shared_tokens: usize,
    score_more: f64,
    score_less: f64,
}

/// Two texts without a token in common.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: the two texts share no token, so there is nothing to compare")]
struct NothingShared {
    path: String,
    line: u64,
}

pub(crate) fn run(
    common: &CommonFlags,
    args: &BiasArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.out.check("--scores", args.scores.is_some())?;
    let read = args.read.params()?.pairs(true).labelled(false);
    read.clone().check()?;
    let (scorer, model) = args.scorer.open(Masking::Token, common, messages)?;
    let mut out = args.out.open()?;
    let mut each =
        args.scores.as_deref().map(|path| Out::to(Some(path), args.out.force)).transpose()?;
    let started = Instant::now();
    let mut evaluation = BiasEvaluation::new(&scorer);
    let files = examples::for_each_chunk(&args.paths, read, messages, |chunk| {
        let pairs = chunk.iter().map(|pair| StereotypePair {
            more: &pair.text,
            less: pair.second.as_deref().unwrap_or_default(),
            category: pair.labels.first().map(String::as_str),
        });
        let pairs: Vec<_> = pairs.collect();
        for (pair, score) in chunk.iter().zip(evaluation.add(&pairs)?) {
            let (path, line) = (pair.path.to_string(), pair.line);
            match score {
                Ok(SharedScore { tokens: 0, .. }) => {
                    messages.failure(&NothingShared { path, line });
                }
                Ok(score) => {
                    if let Some(each) = &mut each {
                        write(pair, &score, each)?;
                    }
                }
                Err(source) => messages.failure(&NotEncoded { path, line, source }),
            }
        }
        Ok(())
    })?;
    if evaluation.pairs() == 0 {
        bail!("{}: expected pairs of texts, found none to score", args.paths.join(", "));
    }
    let report = Report { files, bias: evaluation.report(&model)? };
    if args.format.is_json() {
        json_line(&mut out, &report)?;
    } else {
        report.write(&mut out)?;
    }
    out.finish()?;
    if let Some(each) = each {
        each.finish()?;
    }
    let n = plural(evaluation.pairs() as u64, "pair");
    messages.note(&format!("{n} in {:.1} s", started.elapsed().as_secs_f64()));
    Ok(())
}

fn write(pair: &Example, score: &SharedScore, scores: &mut Out) -> anyhow::Result<()> {
    let [score_more, score_less] = score.log_probabilities;
    let row = Row {
        path: &pair.path,
        line: pair.line,
        id: pair.id.as_deref(),
        category: pair.labels.first().map(String::as_str),
        shared_tokens: score.tokens,
        score_more,
        score_less,
    };
    json_line(scores, &row)
}
