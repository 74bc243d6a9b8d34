//! Saved search results: JSON lines of `cloze index search`, or a TREC run.
use std::collections::{HashMap, HashSet};

use anyhow::bail;
use cloze::evaluate::search::{JudgedDocuments, RankedDocuments};

use super::Evaluating;
use crate::input::answers::{Answer, AnswerError, Line, Lines};
use crate::terminal::messages::Messages;

/// Results of a query in a run, whose lines may come in any order.
#[derive(Default)]
struct Run {
    queries: Vec<(String, RankedDocuments, HashSet<String>)>,
    places: HashMap<String, usize>,
}

/// Evaluates each query of a file. A line in neither format is reported, and the others count.
pub(super) fn judge(
    name: &str,
    evaluating: &mut Evaluating,
    messages: &Messages,
) -> anyhow::Result<()> {
    let mut run = Run::default();
    let mut is_json = None;
    let mut asked = HashSet::new();
    for line in Lines::open(name)? {
        let read = line.and_then(|line| {
            if *is_json.get_or_insert(line.text.starts_with('{')) {
                answered(&line, name, evaluating.evaluation.judged(), &mut asked).map(Some)
            } else {
                run.push(&line, name).map(|()| None)
            }
        });
        match read {
            Ok(Some((query, ranked))) => evaluating.add(&query, ranked)?,
            Ok(None) => {}
            Err(error) => messages.failure(&error),
        }
    }
    let any_query = !asked.is_empty() || !run.queries.is_empty();
    for (query, ranked, _) in run.queries {
        evaluating.add(&query, ranked)?;
    }
    if !any_query {
        bail!("{name}: expected search results, found none");
    }
    Ok(())
}

/// Adds a line of `cloze index search --json`, or of `cloze rerank --json`.
fn answered(
    line: &Line,
    path: &str,
    names: &JudgedDocuments,
    asked: &mut HashSet<String>,
) -> Result<(String, RankedDocuments), AnswerError> {
    let Answer { id, hits, .. } = line.answer(path)?;
    let Some(query) = id else {
        return Err(line.part(path, "the query's id: a search has them from --queries, found none"));
    };
    let mut seen = HashSet::new();
    let mut ranked = RankedDocuments::default();
    for hit in &hits {
        let Some(score) = hit.score else {
            return Err(line.part(path, format!("a score of hit {:?}, found none", hit.id)));
        };
        if !seen.insert(&hit.id) {
            return Err(line.part(path, format!("hit {:?} once, found it twice", hit.id)));
        }
        // Only parts of documents have a place in them.
        let part = hit.rest.contains_key("span");
        ranked.push(if part { names.document(&hit.id) } else { &hit.id }, score);
    }
    if !asked.insert(query.clone()) {
        return Err(line.part(path, format!("query {query:?} once, found it twice")));
    }
    Ok((query, ranked))
}

impl Run {
    /// Adds a line of a run: `query Q0 document rank score tag`.
    fn push(&mut self, line: &Line, path: &str) -> Result<(), AnswerError> {
        let columns: Vec<&str> = line.text.split_ascii_whitespace().collect();
        let [query, _, document, _, score, _] = columns[..] else {
            let expected = format!(
                "query Q0 document rank score tag, as a TREC run has them, found {} columns",
                columns.len()
            );
            return Err(line.part(path, expected));
        };
        let Some(score) = score.parse::<f64>().ok().filter(|score| !score.is_nan()) else {
            return Err(line.part(path, format!("a score in column 5, found {score:?}")));
        };
        let index = *self.places.entry(query.to_owned()).or_insert_with(|| {
            self.queries.push((query.to_owned(), RankedDocuments::default(), HashSet::new()));
            self.queries.len() - 1
        });
        let (_, ranked, seen) = &mut self.queries[index];
        if !seen.insert(document.to_owned()) {
            let expected =
                format!("document {document:?} once for query {query:?}, found it twice");
            return Err(line.part(path, expected));
        }
        ranked.push(document, score);
        Ok(())
    }
}
