//! Finding personal data in a text.
use std::sync::Arc;

use cloze_core::Span;

use crate::columns::cells;
use crate::context::{ContextHits, Evidence, Reach, Words};
use crate::edges::{joins, may_begin, may_end};
use crate::normal::{Normal, small_letters};
use crate::params::ValidRecognizerParams;
use crate::patterns::{Custom, Patterns, folded};
use crate::resolve::resolve;
use crate::row::Edges;
use crate::scan::{Candidate, Scanner};

/// Score of a user's match that its validator confirms.
const VALIDATED: f32 = 0.95;
/// Score that a word of context adds to a user's match.
const IN_CONTEXT: f32 = 0.3;

/// Something found in a text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Match {
    /// Bytes of the original text, on character boundaries.
    pub span: Span,
    /// Label: of the model `pii` where it has one for such things, else an own (`CREDIT_CARD`).
    pub label: String,
    /// Name of the recogniser.
    pub recognizer: String,
    /// Score from 0 to 1: how likely the text is one of these, by its form and context.
    pub score: f32,
    /// Whether a checksum, a numbering plan or a standard's own parser confirms it.
    pub validated: bool,
    /// Whether a word of context speaks for it.
    pub in_context: bool,
}

/// Deterministic recognisers of personal data and secrets. Cheap to clone; patterns are compiled
/// once.
#[derive(Clone, Debug)]
pub struct Recognizers {
    scanner: Arc<Scanner>,
    patterns: Patterns,
    /// Words of context of each of the user's recognisers.
    words: Arc<Vec<Words>>,
    min_score: f32,
}

impl Recognizers {
    /// The recognisers that `params` choose.
    #[must_use]
    pub fn new(params: ValidRecognizerParams) -> Self {
        let mut words = vec![];
        let scanner = Scanner::new(params.rows, params.regions, |builder| {
            for custom in params.patterns.custom.iter() {
                words.push(builder.words(custom.context.iter().map(String::as_str), []));
            }
        });
        Self {
            scanner: Arc::new(scanner),
            patterns: params.patterns,
            words: Arc::new(words),
            min_score: params.min_score,
        }
    }

    /// Names of the recognisers in use, in the order of the catalogue, a user's own last.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let own = self.patterns.custom.iter().map(|custom| custom.name.as_str());
        self.scanner.rows().map(|row| row.name).chain(own)
    }

    /// Labels that matches may have, sorted.
    #[must_use]
    pub fn labels(&self) -> Vec<&str> {
        let mut labels: Vec<&str> = self.scanner.rows().map(|row| row.label).collect();
        labels.extend(self.patterns.labels());
        labels.sort_unstable();
        labels.dedup();
        labels
    }

    /// Everything found in `text`, sorted by place, without overlaps.
    ///
    /// Of two that overlap, the first of these decides: a deny-list; certain forms (a whole web
    /// address, a key) and validated numbers beside a word of context; validated ones; those in
    /// context, the nearest word first; those by form alone. Among equals the longer wins, then the
    /// higher score.
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<Match> {
        self.find_in("", text)
    }

    /// As [`Self::find`], for the value of a field (column or key) called `field`, whose name counts
    /// as context: `dateOfBirth`, `SSN`, `phone_2`.
    #[must_use]
    pub fn find_in(&self, field: &str, text: &str) -> Vec<Match> {
        let normal = Normal::of(text);
        let cells = cells(normal.text());
        let hits = self.scanner.context(normal.text(), field, &cells);
        let mut candidates = self.scanner.scan(normal.text(), field, cells, &hits).candidates;
        self.scan_custom(normal.text(), &hits, &mut candidates);
        candidates.retain(|candidate| candidate.score >= self.min_score);
        self.drop_allowed(normal.text(), &mut candidates);
        let mut matches: Vec<Match> = vec![];
        for candidate in resolve(candidates) {
            let span = normal.original(candidate.start, candidate.end);
            // Two matches may lie in one character of the original: `¼` is `1⁄4` in normal form.
            if matches.last().is_some_and(|last| span.start < last.span.end) {
                continue;
            }
            matches.push(Match {
                span,
                label: candidate.label.to_owned(),
                recognizer: candidate.recognizer.to_owned(),
                score: candidate.score,
                validated: candidate.validated,
                in_context: candidate.context.is_some(),
            });
        }
        matches
    }

    /// Number of patterns that are tried in `text`: a measure of the work, in proportion to its length.
    #[must_use]
    pub fn tries(&self, text: &str) -> usize {
        let normal = Normal::of(text);
        let hits = self.scanner.context(normal.text(), "", &[]);
        self.scanner.scan(normal.text(), "", vec![], &hits).tries
    }

    /// Places of words of the allow-list in `text`, sorted, without overlaps: for leaving out what
    /// others than these recognisers find there.
    #[must_use]
    pub fn allowed(&self, text: &str) -> Vec<Span> {
        let Some(search) = &self.patterns.allow_search else { return vec![] };
        let normal = Normal::of(text);
        let small = small_letters(normal.text());
        let hits = search.find_iter(&small).map(|hit| (hit.start(), hit.end()));
        let hits = hits.filter(|&(start, end)| whole(normal.text(), start, end));
        hits.map(|(start, end)| normal.original(start, end)).collect()
    }

    /// Adds the matches of the user's recognisers.
    fn scan_custom<'s>(
        &'s self,
        text: &str,
        hits: &ContextHits,
        candidates: &mut Vec<Candidate<'s>>,
    ) {
        if self.patterns.custom.is_empty() {
            return;
        }
        let small = small_letters(text);
        for (custom, words) in self.patterns.custom.iter().zip(self.words.iter()) {
            let spans = custom.spans(text, &small).into_iter();
            candidates.extend(spans.filter_map(|(start, end)| {
                whole(text, start, end)
                    .then(|| candidate(custom, words, hits, text, (start, end)))?
            }));
        }
    }

    /// Takes away the matches that are on the allow-list.
    fn drop_allowed(&self, text: &str, candidates: &mut Vec<Candidate<'_>>) {
        let allow = &self.patterns.allow;
        if !allow.is_empty() {
            candidates.retain(|found| {
                found.deny || !allow.contains(&folded(&text[found.start..found.end]))
            });
        }
    }
}

/// Whether `start..end` is a whole word or number of `text`.
fn whole(text: &str, start: usize, end: usize) -> bool {
    let (first, last) = (text[start..].chars().next(), text[..end].chars().next_back());
    let begins = !first.is_some_and(joins) || may_begin(text, start, Edges::Code);
    let ends = !last.is_some_and(joins)
        || may_end(text, end, Edges::Open) && { !text[end..].chars().next().is_some_and(joins) };
    start < end && begins && ends
}

/// A match of a user's recogniser; `None` if its validator refuses it.
fn candidate<'s>(
    custom: &'s Custom,
    words: &Words,
    hits: &ContextHits,
    text: &str,
    span: (usize, usize),
) -> Option<Candidate<'s>> {
    let valid = custom.validator.map(|validator| validator.is_valid(&text[span.0..span.1]));
    let evidence = hits.evidence(text, words, span, Reach::LINE);
    let mut score = match valid {
        Some(true) => custom.score.max(VALIDATED),
        Some(false) => return None,
        None => custom.score,
    };
    let context = match evidence {
        Evidence::For(distance) => Some(distance),
        _ => None,
    };
    if context.is_some() {
        score = (score + IN_CONTEXT).min(1.0);
    }
    Some(Candidate {
        start: span.0,
        end: span.1,
        label: &custom.label,
        recognizer: &custom.name,
        score,
        validated: valid.is_some(),
        context,
        order: usize::MAX,
        deny: custom.deny,
    })
}
