//! Pieces of a model as whole entities: word pieces, parts of addresses and of numbers.
use cloze_core::Span;

use super::Finding;

/// Labels whose texts are written without blanks: of the model `pii` and of the recognisers.
const UNBROKEN: [&str; 2] = ["EMAIL", "URL"];
/// Fewest digits of a number that may stand alone: groups of fewer are parts of one number.
const WHOLE_NUMBER: usize = 7;
/// Most digits of one number: those of the longest payment cards.
const LONGEST_NUMBER: usize = 19;
/// Most bytes that may be between two parts of a number.
const LONGEST_GAP: usize = 12;

/// Entities of a model, with its pieces put together and parts of structured texts completed.
pub(super) fn joined(
    text: &str,
    entities: Vec<Finding>,
    is_structured: impl Fn(&str) -> bool,
) -> Vec<Finding> {
    let mut entities = put_together(text, entities, &is_structured);
    let mut start = 0;
    for i in 0..entities.len() {
        let end = entities.get(i + 1).map_or(text.len(), |next| next.span.start);
        let room = Span::new(start, end);
        if is_structured(&entities[i].label) {
            entities[i].span = completed(text, &entities[i], room);
        }
        start = entities[i].span.end;
    }
    put_together(text, entities, &is_structured)
}

/// Neighbours of one label with nothing between them as one, and the groups of one number.
fn put_together(
    text: &str,
    entities: Vec<Finding>,
    is_structured: &impl Fn(&str) -> bool,
) -> Vec<Finding> {
    let mut whole: Vec<Finding> = Vec::with_capacity(entities.len());
    for entity in entities {
        match whole.last_mut() {
            Some(last)
                if last.label == entity.label
                    && (last.span.end == entity.span.start
                        || is_structured(&entity.label)
                            && !UNBROKEN.contains(&entity.label.as_str())
                            && is_one_number(text, last.span, entity.span)) =>
            {
                last.score = mean_score(last, &entity);
                last.span.end = entity.span.end;
            }
            _ => whole.push(entity),
        }
    }
    whole
}

/// Mean of two scores, by the bytes that have them.
fn mean_score(left: &Finding, right: &Finding) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a weight")]
    let bytes = |finding: &Finding| (finding.span.end - finding.span.start) as f32;
    let sum = left.score * bytes(left) + right.score * bytes(right);
    sum / (bytes(left) + bytes(right)).max(1.0)
}

/// Whether two spans are groups of one number: what is between them is digits and the signs of numbers, and
/// one of them is too short to be a number alone.
fn is_one_number(text: &str, left: Span, right: Span) -> bool {
    let gap = Span::new(left.end, right.start);
    let Some(between) = gap.of(text).filter(|between| between.len() <= LONGEST_GAP) else {
        return false;
    };
    let digits = |span: Span| {
        span.of(text).map_or(0, |part| part.chars().filter(|c| c.is_numeric()).count())
    };
    let is_number = |span: Span| {
        span.of(text).is_some_and(|part| !part.contains(|c: char| c.is_lowercase() || c == '@'))
    };
    let fits = is_number(left) && is_number(right);
    let fits = fits && between.chars().all(|c| c.is_numeric() || " \u{a0}-./()".contains(c));
    let ends = between.contains(". ") || between.contains("  ");
    let (left, gap, right) = (digits(left), digits(gap), digits(right));
    let short = left.min(right) > 0 && left.min(right) < WHOLE_NUMBER;
    fits && !ends && short && left + gap + right <= LONGEST_NUMBER
}

/// The span of an entity to the ends of the address or number that it is a part of, within `room`.
fn completed(text: &str, entity: &Finding, room: Span) -> Span {
    let span = entity.span;
    let Some(part) = span.of(text) else { return span };
    let is_unbroken = UNBROKEN.contains(&entity.label.as_str());
    let goes_on: fn(char) -> bool = match entity.label.as_str() {
        "URL" => |c| !c.is_whitespace() && !"<>\"'()[]{},;|".contains(c),
        _ if is_unbroken || part.contains('@') => |c| c.is_alphanumeric() || "._%+-@".contains(c),
        _ if part.contains(char::is_numeric) => |c| c.is_alphanumeric() || "-./".contains(c),
        _ => return span,
    };
    let is_address = is_unbroken || part.contains('@');
    // Signs count only before another letter of an address, or another digit of a number.
    let is_end =
        |c: char| if is_address { c.is_alphanumeric() || c == '/' } else { c.is_numeric() };
    let (mut start, mut end) = (span.start, span.end);
    let mut attached = true;
    for (i, c) in text[room.start..span.start].char_indices().rev().take_while(|(_, c)| goes_on(*c))
    {
        attached &= c.is_alphanumeric();
        if is_end(c) || attached {
            attached = true;
            start = room.start + i;
        }
    }
    attached = true;
    for (i, c) in text[span.end..room.end].char_indices().take_while(|(_, c)| goes_on(*c)) {
        attached &= c.is_alphanumeric();
        if is_end(c) || attached {
            attached = true;
            end = span.end + i + c.len_utf8();
        }
    }
    Span::new(start, end)
}
