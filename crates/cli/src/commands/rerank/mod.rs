//! `cloze rerank`: reranks search results with a cross-encoder.
pub(crate) mod args;

use std::cmp::Ordering;
use std::io::Write as _;
use std::sync::mpsc::SyncSender;
use std::time::Instant;

use anyhow::bail;
use cloze::Reranker;

use crate::cli::CommonFlags;
use crate::commands::index::shorten;
use crate::commands::rerank::args::RerankArgs;
use crate::input::answers::{Answer, AnswerError, FoundHit, Lines};
use crate::input::chunks::ReadAhead;
use crate::input::pairs;
use crate::input::texts::{Progressed, next_chunk};
use crate::terminal::messages::{Messages, plural};
use crate::terminal::out::{Out, json_line};
use crate::terminal::progress;
use cloze_report::text::{one_line, shown};

/// A hit that the model could not score.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: hit {id:?}: not scored")]
struct NotScored {
    path: String,
    line: u64,
    id: String,
    source: cloze::Error,
}

/// A query with hits that all have a text, and the number of its line.
struct AnsweredQuery {
    line: u64,
    query: String,
    answer: Answer,
}

pub(crate) fn run(
    common: &CommonFlags,
    args: &RerankArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    if args.top_k == Some(0) {
        bail!("--top-k is 0: expected at least 1");
    }
    let lines = Lines::open(&args.file)?;
    let model = args.open(common, messages)?;
    let mut out = args.out.open()?;
    let started = Instant::now();
    progress::start(&[pairs::source(&args.file)], messages);
    let path = args.file.clone();
    let items = ReadAhead::start(move |send| read_all(lines, &path, send))?;
    let size = |asked: &Result<AnsweredQuery, AnswerError>| {
        asked.as_ref().map_or(0, AnsweredQuery::text_bytes)
    };
    let (mut queries, mut hits) = (0, 0);
    while let Some(read) = next_chunk(&items, size, messages) {
        let mut chunk = vec![];
        for asked in read {
            match asked? {
                Ok(asked) => chunk.push(asked),
                Err(error) => messages.failure(&error),
            }
        }
        queries += chunk.len() as u64;
        hits += chunk.iter().map(|asked| asked.answer.hits.len() as u64).sum::<u64>();
        for answer in rerank(&model, chunk, args, messages)? {
            write(&answer, args.format.is_json(), &mut out)?;
        }
        out.flush()?;
    }
    items.finish();
    messages.bar.finish_and_clear();
    out.finish()?;
    let seconds = started.elapsed().as_secs_f64();
    messages.note(&format!("{} in {seconds:.1} s", count(hits, queries)));
    let truncated = model.counts().truncated;
    if truncated > 0 {
        let pairs = plural(truncated, "pair");
        messages.note(&format!("{pairs} longer than the model's limit, truncated"));
    }
    if let (Some(label), None) = (model.label(), &args.label) {
        messages.note(&format!("scores are the probability of {label:?}"));
    }
    Ok(())
}

fn count(hits: u64, queries: u64) -> String {
    let queries = if queries == 1 { "1 query".to_owned() } else { format!("{queries} queries") };
    format!("{} of {queries}", plural(hits, "hit"))
}

impl AnsweredQuery {
    fn text_bytes(&self) -> usize {
        let texts = self.answer.hits.iter().map(|hit| hit.text.as_ref().map_or(0, String::len));
        texts.sum::<usize>() + self.answer.hits.len() * self.query.len()
    }
}

/// Reads every line in order. Ends early when the receiver is gone.
fn read_all(
    lines: Lines,
    path: &str,
    send: &SyncSender<Progressed<Result<AnsweredQuery, AnswerError>>>,
) {
    for line in lines {
        let bytes = line.as_ref().map_or(0, |line| line.text.len() as u64 + 1);
        let asked = line.and_then(|line| {
            let answer = line.answer(path)?;
            let Some(query) = answer.query.clone() else {
                return Err(line.part(path, "a query, found none"));
            };
            if let Some(hit) = answer.hits.iter().find(|hit| hit.text.is_none()) {
                let expected = format!(
                    "a text of hit {:?}, found none\nhint: an index built with --no-texts has none",
                    hit.id
                );
                return Err(line.part(path, expected));
            }
            Ok(AnsweredQuery { line: line.line, query, answer })
        });
        if send.send((Ok(asked), bytes)).is_err() {
            return;
        }
    }
}

/// Returns the answers with the scores of the model, best first; hits with equal scores keep their order.
fn rerank(
    model: &Reranker,
    chunk: Vec<AnsweredQuery>,
    args: &RerankArgs,
    messages: &Messages,
) -> anyhow::Result<Vec<Answer>> {
    let pairs = chunk.iter().flat_map(|asked| {
        let hits = asked.answer.hits.iter();
        hits.map(|hit| (asked.query.as_str(), hit.text.as_deref().unwrap_or_default()))
    });
    let pairs: Vec<(&str, &str)> = pairs.collect();
    let mut scores = model.score_batch(&pairs)?.into_iter();
    let mut answers = vec![];
    for AnsweredQuery { line, mut answer, .. } in chunk {
        let mut hits = vec![];
        for (hit, score) in std::mem::take(&mut answer.hits).into_iter().zip(scores.by_ref()) {
            match score {
                Ok(score) => {
                    // Ordered anew twice, it is still the search that found it.
                    let search_score = hit.search_score.or(hit.score);
                    hits.push(FoundHit { score: Some(score), search_score, ..hit });
                }
                Err(source) => {
                    let (path, id) = (args.file.clone(), hit.id);
                    messages.failure(&NotScored { path, line, id, source });
                }
            }
        }
        hits.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal));
        hits.truncate(args.top_k.unwrap_or(usize::MAX));
        answer.hits = hits;
        answers.push(answer);
    }
    Ok(answers)
}

/// Writes a query with its hits, as JSON or as text.
fn write(answer: &Answer, json: bool, out: &mut Out) -> anyhow::Result<()> {
    if json {
        return json_line(out, answer);
    }
    writeln!(out, "── {} ──", one_line(answer.query.as_deref().unwrap_or_default()))?;
    let wide = answer.hits.iter().map(|hit| one_line(&hit.id).chars().count()).max().unwrap_or(0);
    for hit in &answer.hits {
        let number = |score: Option<f64>| score.map(shown).unwrap_or_default();
        let (score, search) = (number(hit.score), number(hit.search_score));
        let (id, text) = (one_line(&hit.id), one_line(hit.text.as_deref().unwrap_or_default()));
        writeln!(out, "{score:>8}  {search:>8}  {id:wide$}  {}", shorten(&text))?;
    }
    if answer.hits.is_empty() {
        writeln!(out, "nothing found")?;
    }
    Ok(writeln!(out)?)
}
