//! `cloze eval search`: retrieved documents of queries against relevance judgements.
//!
//! - `searched`: an index, or documents;
//! - `results`: results of an earlier search, in place of searching;
//! - `report`: the report for people.
mod report;
mod results;
mod searched;

use std::collections::HashSet;
use std::time::Instant;

use anyhow::{anyhow, bail};
use cloze::batch::isolate;
use cloze::evaluate::EvaluateError;
use cloze::evaluate::search::{
    OtherDocuments, RankedDocuments, SearchEvaluation, SearchReport, SearchSource, write_run,
};
use cloze::metrics::retrieval::RetrievalParams;
use cloze::search::index::FILE as INDEX_FILE;
use cloze_corpus::JudgementParams;

use crate::cli::CommonFlags;
use crate::commands::eval::args::search::EvalSearchArgs;
use crate::input::{pairs, texts};
use crate::terminal::messages::Messages;
use crate::terminal::out::Out;

/// A query with the id of an earlier one.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: query {query:?} occurs twice")]
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
    let mut judgements = judgements.open(&pairs::source(&args.judgements))?;
    let (judgements, guessed) = (judgements.by_query()?, judgements.guessed_encoding());
    messages.guessed(guessed.as_ref());
    if judgements.is_empty() {
        bail!("{}: expected judgements, found none", args.judgements);
    }
    let mut out = args.out.open()?;
    let run = args.run.as_deref().map(|path| Out::to(Some(path), args.out.force)).transpose()?;
    let started = Instant::now();
    let evaluation = SearchEvaluation::new(judgements, params.scorer(), depth);
    let mut evaluating = Evaluating { evaluation, run };
    let source = match &args.results {
        Some(name) => {
            results::judge(name, &mut evaluating, messages)?;
            SearchSource::Results { results: name.clone() }
        }
        None => search(common, args, &mut evaluating, messages)?,
    };
    let Evaluating { evaluation, run } = evaluating;
    check_names(&evaluation, args, &source, messages)?;
    let evaluated = evaluation.finish(args.seed)?;
    if let Some(run) = run {
        run.finish()?;
    }
    let queries = evaluated.asked;
    let judgements = args.judgements.clone();
    let report = SearchReport::new(source, judgements, depth, evaluated, args.per_query);
    args.format.write(
        &mut out,
        &report,
        || report::grids(&report),
        |out| report::write(&report, out),
    )?;
    out.finish()?;
    let seconds = started.elapsed().as_secs_f64();
    let queries = match queries {
        1 => "1 query".to_owned(),
        n => format!("{n} queries"),
    };
    messages.note(&format!("{queries} in {seconds:.1} s"));
    Ok(())
}

/// An evaluation with the run that is written beside it.
struct Evaluating {
    evaluation: SearchEvaluation,
    run: Option<Out>,
}

impl Evaluating {
    fn add(&mut self, query: &str, ranked: RankedDocuments) -> anyhow::Result<()> {
        let hits = self.evaluation.add(query, ranked)?;
        if let Some(run) = &mut self.run {
            write_run(query, &hits, run).map_err(|error| match error {
                EvaluateError::RunName { .. } => anyhow!("--run: {error}"),
                error => error.into(),
            })?;
        }
        Ok(())
    }
}

/// Checks that queries, documents and judgements have ids in common.
fn check_names(
    evaluation: &SearchEvaluation,
    args: &EvalSearchArgs,
    source: &SearchSource,
    messages: &Messages,
) -> anyhow::Result<()> {
    let judgements = &args.judgements;
    let other = evaluation.check().map_err(|error| match error {
        EvaluateError::NothingRelevant => anyhow!("{judgements}: {error}"),
        EvaluateError::OtherQueries { expected, found } => anyhow!(
            "{}: expected queries with judgements in {judgements}, such as {expected}; found {found}",
            source.queries()
        ),
        error => error.into(),
    })?;
    if let Some(OtherDocuments { found, judged }) = other {
        messages.note(&format!(
            "no retrieved document has a relevance judgement: they are called {found}, and in {judgements} {judged}"
        ));
    }
    Ok(())
}

/// Returns the number of documents to retrieve; refuses flags that do not go together.
fn check(args: &EvalSearchArgs) -> anyhow::Result<Option<usize>> {
    args.read.params()?;
    args.out.check("--run", args.run.is_some())?;
    if args.results.is_none() {
        if args.index.is_none() && args.paths.is_empty() {
            bail!("expected --index, documents or --results to evaluate");
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
        bail!("- is standard input, which can be read only once");
    }
    let largest = args.cutoffs.iter().copied().max().unwrap_or(0);
    match (args.k, &args.results) {
        (Some(0), _) => bail!("-k is 0: expected at least 1"),
        (Some(k), _) if k < largest => bail!(
            "-k is {k}, but metrics are computed at rank {largest}\nhint: --cutoffs sets the ranks"
        ),
        (None, None) => Ok(Some(largest.max(100))),
        (k, _) => Ok(k),
    }
}

/// Searches for every query.
fn search(
    common: &CommonFlags,
    args: &EvalSearchArgs,
    evaluating: &mut Evaluating,
    messages: &Messages,
) -> anyhow::Result<SearchSource> {
    let (searched, made) = match &args.index {
        Some(folder) => searched::index(common, folder, args, messages)?,
        None => searched::documents(common, args, messages)?,
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
        let texts: Vec<&str> = chunk.iter().map(|query| query.text.as_str()).collect();
        let find = |texts: &[&str]| {
            let evaluation = &evaluating.evaluation;
            searched.ranked(texts, evaluation.depth(), evaluation.judged())
        };
        for (query, ranked) in chunk.iter().zip(isolate(&texts, find)?) {
            match ranked {
                Ok(ranked) => evaluating.add(&query.id, ranked)?,
                Err(error) => {
                    messages.failure(&query.not_encoded(error));
                    evaluating.evaluation.failed(&query.id);
                }
            }
        }
        Ok(())
    })?;
    if asked.is_empty() {
        bail!("{queries}: expected queries, found none");
    }
    Ok(searched::source(&searched, made, queries, &args.paths))
}
