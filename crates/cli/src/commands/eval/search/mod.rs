//! `cloze eval search`: documents found for queries against judgements of them.
//!
//! - `among`: what is searched;
//! - `results`: what was found before, in place of searching;
//! - `judging`: rankings, as `trec_eval` has them, and their figures;
//! - `report`: what it has come to.
mod among;
mod judging;
mod report;
mod results;

use std::collections::HashSet;
use std::time::Instant;

use anyhow::bail;
use cloze::batch::isolate;
use cloze::metrics::retrieval::RetrievalParams;
use cloze::search::index::FILE as INDEX_FILE;
use cloze_corpus::JudgementParams;

use crate::cli::CommonFlags;
use crate::commands::eval::args::search::EvalSearchArgs;
use crate::input::{pairs, texts};
use crate::terminal::messages::Messages;
use crate::terminal::out::{Out, json_line};
use among::Among;
use judging::Judging;
use report::{Report, Source};

/// A query whose name another one had.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: query {query:?} is there twice")]
struct QueryTwice {
    path: String,
    line: u64,
    query: String,
}

pub(super) fn run(
    common: &CommonFlags,
    args: &EvalSearchArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    let depth = check(args)?;
    let params = RetrievalParams::new().cutoffs(args.cutoffs.iter().copied()).check()?;
    let judgements = JudgementParams::default().encoding(args.read.encoding()?).check()?;
    let judgements = judgements.open(&pairs::source(&args.judgements))?.by_query()?;
    if judgements.is_empty() {
        bail!("{}: expected judgements, found none", args.judgements);
    }
    let mut out = args.out.open()?;
    let run = args.run.as_deref().map(|path| Out::to(Some(path), args.out.force)).transpose()?;
    let started = Instant::now();
    let mut judging = Judging::new(judgements, params.scorer(), depth, run);
    let source = match &args.results {
        Some(name) => {
            results::judge(name, &mut judging, messages)?;
            Source::Results { results: name.clone() }
        }
        None => search(common, args, &mut judging, messages)?,
    };
    judging.check(&args.judgements, &source, messages)?;
    let judged = judging.finish(args.seed)?;
    let queries = judged.asked;
    let report = Report::new(args, source, depth, judged);
    if args.json {
        json_line(&mut out, &report)?;
    } else {
        report.write(&mut out)?;
    }
    out.finish()?;
    let seconds = started.elapsed().as_secs_f64();
    let queries = match queries {
        1 => "1 query".to_owned(),
        n => format!("{n} queries"),
    };
    messages.note(&format!("{queries} in {seconds:.1} s"));
    Ok(())
}

/// How many documents are found; what does not go together is refused.
fn check(args: &EvalSearchArgs) -> anyhow::Result<Option<usize>> {
    args.read.params()?;
    args.out.check("--run", args.run.is_some())?;
    if args.results.is_none() {
        if args.index.is_none() && args.paths.is_empty() {
            bail!("expected --index, documents, or --results: there is nothing to judge");
        }
        if args.queries.is_none() {
            bail!("expected --queries");
        }
    }
    if let Some(path) =
        args.paths.iter().find(|p| std::path::Path::new(p).join(INDEX_FILE).exists())
    {
        bail!("{path} is an index, and documents were expected\nhint: --index {path}");
    }
    let named = [&args.queries, &args.results].into_iter().flatten();
    let named = named.chain([&args.judgements]).chain(&args.paths);
    if named.filter(|name| *name == "-").count() > 1 {
        bail!("- stands for standard input, which is there once");
    }
    let largest = args.cutoffs.iter().copied().max().unwrap_or(0);
    match (args.k, &args.results) {
        (Some(0), _) => bail!("-k is 0: expected at least 1"),
        (Some(k), _) if k < largest => bail!(
            "-k is {k}, but figures are cut at {largest}\nhint: --cutoffs names the ranks they are cut at"
        ),
        (None, None) => Ok(Some(largest.max(100))),
        (k, _) => Ok(k),
    }
}

/// Asks every query.
fn search(
    common: &CommonFlags,
    args: &EvalSearchArgs,
    judging: &mut Judging,
    messages: &Messages,
) -> anyhow::Result<Source> {
    let among = match &args.index {
        Some(folder) => Among::index(common, folder, args, messages)?,
        None => Among::documents(common, args, messages)?,
    };
    let queries = args.queries.clone().unwrap_or_default();
    let mut asked = HashSet::new();
    texts::for_each_chunk(std::slice::from_ref(&queries), &args.read, messages, |mut chunk| {
        chunk.retain(|query| {
            let new = asked.insert(query.id.clone());
            if !new {
                let (path, line) = (query.path.clone(), query.line);
                messages.failure(&QueryTwice { path, line, query: query.id.clone() });
            }
            new
        });
        let all: Vec<&str> = chunk.iter().map(|query| query.text.as_str()).collect();
        let find = |texts: &[&str]| among.ranked(texts, judging.depth(), judging.names());
        for (query, found) in chunk.iter().zip(isolate(&all, find)?) {
            match found {
                Ok(found) => judging.add(&query.id, found)?,
                Err(error) => {
                    messages.failure(&query.not_encoded(error));
                    judging.failed(&query.id);
                }
            }
        }
        Ok(())
    })?;
    if asked.is_empty() {
        bail!("{queries}: expected queries, found none");
    }
    Ok(among.source(queries, &args.paths))
}
