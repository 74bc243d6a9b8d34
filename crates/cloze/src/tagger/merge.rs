//! Entities of a model and matches of recognisers as one list without overlaps.
//!
//! In order:
//! 1. Pieces of the model with one label and nothing between them are one entity ([`pieces`]).
//! 2. Entities of the model within a place of the allow-list are left out, and those that cannot be what it
//!    says ([`plausible`]).
//! 3. A match has at least the score of the model's entities with its own label that it overlaps: both
//!    agree.
//! 4. Validated matches come first, then all others by score, a match before an entity of the same
//!    score. Each takes the bytes that those before it have left.
//! 5. A rest, where some of its bytes were taken, becomes part of its neighbour if the border is within
//!    a word or number, if both have one label and no blank is between them, or if it is the unbroken
//!    part of a match; a rest of punctuation alone is dropped, another is an entity of its own.
//! 6. Short words between parts of one address belong to it ([`addresses`]); initials and the other half of a
//!    name to the name, which is found again elsewhere in the text ([`names`]).
//!
//! So each letter and digit that the model or a recogniser found is in an entity, unless it is allowed.
mod addresses;
mod names;
mod pieces;
mod plausible;
mod words;

use std::cmp::Ordering;

use cloze_core::{Entity, Span};
use cloze_recognize::Match;

use pieces::joined;
use plausible::plausible;

/// A labelled place, by the model or by a recogniser.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    pub(super) label: String,
    pub(super) span: Span,
    pub(super) score: f32,
    /// Name of the recogniser; `None` for the model.
    pub(super) recognizer: Option<String>,
    pub(super) validated: bool,
}

impl From<Entity> for Finding {
    fn from(entity: Entity) -> Self {
        let Entity { label, span, score, .. } = entity;
        Self { label, span, score, recognizer: None, validated: false }
    }
}

impl From<Match> for Finding {
    fn from(found: Match) -> Self {
        Self {
            label: found.label,
            span: found.span,
            score: found.score,
            recognizer: Some(found.recognizer),
            validated: found.validated,
        }
    }
}

/// Findings of the model and of recognisers as one list, sorted, without overlaps. Both lists are sorted
/// and without overlaps; `is_structured` says of a label whether its texts are written without blanks or
/// are numbers, so that a part of one is completed.
pub(super) fn merge(
    text: &str,
    entities: Vec<Finding>,
    mut matches: Vec<Finding>,
    allowed: &[Span],
    is_structured: impl Fn(&str) -> bool,
) -> Vec<Finding> {
    let mut entities = joined(text, entities, is_structured);
    entities.retain(|entity| !allowed.iter().any(|span| is_within(entity.span, *span)));
    let mut entities = plausible(text, entities);
    for found in &mut matches {
        let overlapping = entities.iter().skip_while(|e| e.span.end <= found.span.start);
        let overlapping = overlapping.take_while(|e| e.span.start < found.span.end);
        let agreeing = overlapping.filter(|e| e.label == found.label).map(|e| e.score);
        found.score = agreeing.fold(found.score, f32::max);
    }
    let mut findings = matches;
    findings.append(&mut entities);
    findings.sort_by(precedence);
    let mut placed = Placed { text, findings: Vec::with_capacity(findings.len()) };
    for finding in findings {
        placed.add(finding);
    }
    let mut findings = placed.findings;
    addresses::completed(text, &mut findings);
    names::completed(text, &mut findings);
    names::add_mentions(text, allowed, &mut findings);
    names::completed(text, &mut findings);
    findings
}

/// Order in which findings take their bytes.
fn precedence(left: &Finding, right: &Finding) -> Ordering {
    let by_model = |finding: &Finding| finding.recognizer.is_none();
    let validated = right.validated.cmp(&left.validated);
    let by_score = validated.then(right.score.total_cmp(&left.score));
    let by_finder = by_score.then(by_model(left).cmp(&by_model(right)));
    by_finder.then(left.span.start.cmp(&right.span.start))
}

fn is_within(inner: Span, outer: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Findings that have their places.
struct Placed<'t> {
    text: &'t str,
    /// Sorted, without overlaps.
    findings: Vec<Finding>,
}

impl Placed<'_> {
    /// Adds what is left of a finding.
    fn add(&mut self, finding: Finding) {
        let Span { mut start, end } = finding.span;
        let first = self.findings.partition_point(|placed| placed.span.end <= start);
        let overlapping =
            self.findings[first..].iter().take_while(|placed| placed.span.start < end);
        let taken: Vec<Span> = overlapping.map(|placed| placed.span).collect();
        if taken.is_empty() {
            return self.add_whole(finding, first);
        }
        let mut rests = vec![];
        for span in taken {
            rests.push(Span::new(start, span.start));
            start = span.end;
        }
        rests.push(Span::new(start, end));
        for rest in rests.into_iter().filter(|rest| rest.start < rest.end) {
            self.add_rest(rest, &finding);
        }
    }

    /// Adds a finding of which no byte is taken, before the one at `next`: an entity of the model to a
    /// neighbour that it touches and that has its label, all others on their own.
    fn add_whole(&mut self, finding: Finding, next: usize) {
        let (before, after) = self.neighbours(finding.span, next);
        let is_of_model = finding.recognizer.is_none();
        let touches = |i: &usize| {
            let same_label = self.findings[*i].label == finding.label;
            same_label && (is_of_model || self.findings[*i].recognizer.is_none())
        };
        match before.filter(touches).or(after.filter(touches)) {
            Some(i) if has_text(self.text, finding.span) => self.widen(i, finding.span, &finding),
            Some(_) if is_of_model => {}
            _ => self.findings.insert(next, finding),
        }
    }

    /// Adds free bytes of a finding: to a neighbour, or on their own.
    fn add_rest(&mut self, rest: Span, finding: &Finding) {
        if !has_text(self.text, rest) {
            return;
        }
        let next = self.findings.partition_point(|placed| placed.span.end <= rest.start);
        let (before, after) = self.neighbours(rest, next);
        let before = before.filter(|&i| self.goes_on(rest.start, rest, &self.findings[i], finding));
        let after = after.filter(|&i| self.goes_on(rest.end, rest, &self.findings[i], finding));
        if let Some(neighbour) = before.or(after) {
            self.widen(neighbour, rest, finding);
        } else {
            let span = trimmed(self.text, rest);
            self.findings.insert(next, Finding { span, ..finding.clone() });
        }
    }

    /// Findings that touch a free span on its left and right; the one behind it is at `next`.
    fn neighbours(&self, span: Span, next: usize) -> (Option<usize>, Option<usize>) {
        let before = next.checked_sub(1).filter(|&i| self.findings[i].span.end == span.start);
        let after = Some(next)
            .filter(|&i| self.findings.get(i).is_some_and(|placed| placed.span.start == span.end));
        (before, after)
    }

    /// Whether the rest of a finding goes on across its border at byte `border` with a neighbour: within a
    /// word or number; without a blank there, with the same label; or as the part of a match that has no
    /// blank in it.
    fn goes_on(&self, border: usize, rest: Span, neighbour: &Finding, finding: &Finding) -> bool {
        let before = self.text[..border].chars().next_back();
        let after = self.text[border..].chars().next();
        let (Some(before), Some(after)) = (before, after) else { return false };
        if before.is_alphanumeric() && after.is_alphanumeric() {
            return true;
        }
        let is_blank = before.is_whitespace() || after.is_whitespace();
        let is_part = finding.recognizer.is_some()
            && rest.of(self.text).is_some_and(|part| !part.contains(char::is_whitespace));
        !is_blank && (neighbour.label == finding.label || is_part)
    }

    /// Makes free bytes of a finding part of its neighbour.
    fn widen(&mut self, neighbour: usize, rest: Span, finding: &Finding) {
        let neighbour = &mut self.findings[neighbour];
        neighbour.span.start = neighbour.span.start.min(rest.start);
        neighbour.span.end = neighbour.span.end.max(rest.end);
        if neighbour.label == finding.label && neighbour.recognizer.is_none() {
            neighbour.recognizer.clone_from(&finding.recognizer);
        }
    }
}

/// Whether a span has a letter or digit.
fn has_text(text: &str, span: Span) -> bool {
    span.of(text).is_some_and(|part| part.contains(char::is_alphanumeric))
}

/// A span without the blanks and punctuation at its borders.
fn trimmed(text: &str, span: Span) -> Span {
    let Some(rest) = span.of(text) else { return span };
    let is_edge = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '.' | ':' | '-' | '/');
    let start = span.start + (rest.len() - rest.trim_start_matches(is_edge).len());
    let end = span.end - (rest.len() - rest.trim_end_matches(is_edge).len());
    if start < end { Span::new(start, end) } else { span }
}

#[cfg(test)]
mod tests;
