//! Rankings by query, in the order that `trec_eval` gives them.
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::io::Write;

use crate::evaluate::EvaluateError;

/// Name of the program in a run: the last column.
const TAG: &str = "cloze";

/// Names of the documents that have relevance judgements.
#[derive(Clone, Debug, Default)]
pub struct JudgedDocuments(pub(super) HashSet<String>);

impl JudgedDocuments {
    /// Document of a record that is a part of one: `town#2` is of `town`. Parts with judgements of their
    /// own stay as they are.
    #[must_use]
    pub fn document<'n>(&self, part: &'n str) -> &'n str {
        let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match part.rsplit_once('#') {
            Some((document, n)) if number(n) && !self.0.contains(part) => document,
            _ => part,
        }
    }
}

/// Documents found for a query, each once, with the best score of its parts.
#[derive(Clone, Debug, Default)]
pub struct RankedDocuments {
    hits: Vec<(String, f64)>,
    indices: HashMap<String, usize>,
    /// Number of records found beside the best one of their document.
    pub(super) further: u64,
}

impl RankedDocuments {
    /// Adds a record of `document`.
    pub fn push(&mut self, document: &str, score: f64) {
        if let Some(index) = self.indices.get(document) {
            let best = &mut self.hits[*index].1;
            *best = best.max(score);
            self.further += 1;
        } else {
            self.indices.insert(document.to_owned(), self.hits.len());
            self.hits.push((document.to_owned(), score));
        }
    }

    /// Number of documents.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hits.len()
    }

    /// Returns whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }

    /// Documents with their scores, best first, and of equal scores the last name: `trec_eval` orders a
    /// run so, whatever its ranks say.
    #[must_use]
    pub fn into_sorted(self) -> Vec<(String, f64)> {
        let mut hits = self.hits;
        let by_score = |a: f64, b: f64| a.partial_cmp(&b).unwrap_or(Ordering::Equal);
        hits.sort_by(|a, b| by_score(b.1, a.1).then_with(|| b.0.cmp(&a.0)));
        hits
    }
}

/// Writes the documents of a query as lines of a TREC run: query, Q0, document, rank, score, tag.
///
/// # Errors
/// [`EvaluateError::RunName`] for a name with white space or none; [`EvaluateError::Io`] from writing.
pub fn write_run(
    query: &str,
    hits: &[(String, f64)],
    out: &mut dyn Write,
) -> Result<(), EvaluateError> {
    for ((document, score), rank) in hits.iter().zip(1_u64..) {
        for (kind, name) in [("query", query), ("document", document)] {
            if name.is_empty() || name.contains(char::is_whitespace) {
                return Err(EvaluateError::RunName { kind, name: name.to_owned() });
            }
        }
        writeln!(out, "{query} Q0 {document} {rank} {score} {TAG}")?;
    }
    Ok(())
}
