//! Speakers of chats and transcripts: the names before `:` at the begins of lines.
use std::collections::BTreeMap;

use super::name::{Case, Name};
use super::words;
use crate::finder::Part;
use crate::page::{Kind, Page};
use crate::row::Strength;

/// Of so many lines one at least has a speaker in a talk.
const SHARE: usize = 3;

/// A line that someone may say.
struct Line {
    name: Name,
    key: String,
    /// Whether a time before it, or angle brackets around the name, make it a line of a chat.
    marked: bool,
}

/// Adds the speakers: of marked lines all, of others those who speak twice where others speak, too.
pub(super) fn find(page: &Page<'_>, parts: &mut Vec<Part>) {
    let lines: Vec<Line> = line_starts(page).filter_map(|start| line(page, start)).collect();
    let all = (0..page.tokens.len()).filter(|&i| {
        page.kind(i) != Some(Kind::Line)
            && page.begins_line(i)
            && (i == 0 || page.kind(i - 1) == Some(Kind::Line))
    });
    let is_talk = lines.len() * SHARE >= all.count();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for line in &lines {
        *counts.entry(&line.key).or_default() += 1;
    }
    for line in &lines {
        let speaks = is_talk && counts[line.key.as_str()] > 1 && counts.len() > 1;
        let capital = page.is_capital(line.name.given);
        if line.marked || speaks && (capital || counts.len() < 6) {
            line.name.add(page, Strength::Strong, parts);
        }
    }
}

/// First tokens of lines.
fn line_starts<'p>(page: &'p Page<'_>) -> impl Iterator<Item = usize> + 'p {
    let ends = (0..page.tokens.len()).filter(|&i| page.kind(i) == Some(Kind::Line)).map(|i| i + 1);
    std::iter::once(0).chain(ends)
}

fn line(page: &Page<'_>, start: usize) -> Option<Line> {
    let (first, timed) = behind_time(page, start);
    let angled = page.is_mark(first, '<');
    let first = first + usize::from(angled);
    let name = Name::at(page, first, Case::Any).filter(|name| name.words <= 3)?;
    let sign = if angled { '>' } else { ':' };
    let (begin, end) = page.bytes(name.given, name.end);
    let text = page.text[begin..end].to_lowercase();
    let known = words::NO_SPEAKERS.contains(text.as_str())
        || words::FIELDS.contains(text.as_str())
        || text.split([' ', '-']).any(|word| words::NO_SPEAKERS.contains(word))
        || matches!(text.as_str(), "team" | "all" | "everyone");
    let says = page.is_mark(name.end, sign)
        && page
            .tokens
            .get(name.end + 1)
            .is_some_and(|next| next.start > page.tokens[name.end].end && next.kind != Kind::Line);
    (says && !known && (timed || angled || name.words <= 2)).then_some(Line {
        key: text,
        marked: timed || angled,
        name,
    })
}

/// Token behind a time of day at the begin of a line: `[10:02]`, `10:02:33 -`, `[2026-01-02 10:02]`.
fn behind_time(page: &Page<'_>, start: usize) -> (usize, bool) {
    let bracket = matches!(page.word(start), "[" | "(");
    let mut i = start + usize::from(bracket);
    let from = i;
    let mut clock = false;
    while i < from + 14 {
        let time = page.kind(i) == Some(Kind::Number)
            && page.is_mark(i + 1, ':')
            && page.kind(i + 2) == Some(Kind::Number);
        clock |= time && page.touches(i + 1) && page.touches(i + 2);
        let part = matches!(page.kind(i), Some(Kind::Number))
            || page.kind(i) == Some(Kind::Mark) && ":.,/-".contains(page.word(i))
            || matches!(page.small(i), "am" | "pm");
        if !part {
            break;
        }
        i += 1;
    }
    if !clock {
        return (start, false);
    }
    if bracket {
        let closed = matches!(page.word(i), "]" | ")");
        return if closed { (i + 1, true) } else { (start, false) };
    }
    (i, true)
}
