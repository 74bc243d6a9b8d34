//! Groups and pairs as they are written.
use std::collections::HashMap;
use std::io::Write as _;

use serde::Serialize;

use super::{Alike, Group};
use crate::input::gather::Gathered;
use crate::input::texts::Input;
use crate::terminal::messages::Messages;
use crate::terminal::out::{Out, json_line};
use cloze_report::plot::label;
use cloze_report::text::one_line;

/// How much of a text is shown, in characters.
const SHOWN: usize = 72;

#[derive(Serialize)]
struct Member<'a> {
    id: &'a str,
    path: &'a str,
    line: u64,
    text: &'a str,
}

/// `a` and `b` are places in the group's texts, from 0.
#[derive(Serialize)]
struct Place {
    a: usize,
    b: usize,
    score: f32,
    /// Whether the two are the same, character by character.
    same: bool,
}

#[derive(Serialize)]
struct GroupLine<'a> {
    texts: Vec<Member<'a>>,
    pairs: Vec<Place>,
}

#[derive(Serialize)]
struct PairLine<'a> {
    a: Member<'a>,
    b: Member<'a>,
    score: f32,
    same: bool,
}

/// An id that does not say which text could go.
#[derive(Debug, thiserror::Error)]
#[error("{path}:{line}: not listed: the id {id:?} {why}")]
struct NotListed {
    path: String,
    line: u64,
    id: String,
    why: &'static str,
}

fn member(input: &Input) -> Member<'_> {
    Member { id: &input.id, path: &input.path, line: input.line, text: &input.text }
}

/// An object a group.
pub(super) fn json(gathered: &Gathered, groups: &[Group], out: &mut Out) -> anyhow::Result<()> {
    for group in groups {
        let place = |at: usize| group.texts.partition_point(|&text| text < at);
        let pair = |pair: &Alike| Place {
            a: place(pair.first),
            b: place(pair.second),
            score: pair.score,
            same: pair.same,
        };
        let texts = group.texts.iter().map(|&at| member(&gathered.texts[at])).collect();
        json_line(out, &GroupLine { texts, pairs: group.pairs.iter().map(pair).collect() })?;
    }
    Ok(())
}

/// All pairs, as a table or an object each.
pub(super) fn pairs(
    gathered: &Gathered,
    groups: &[Group],
    json: bool,
    out: &mut Out,
) -> anyhow::Result<()> {
    let mut all: Vec<&Alike> = groups.iter().flat_map(|group| &group.pairs).collect();
    all.sort_by_key(|pair| (pair.first, pair.second));
    let ids = width(gathered, all.iter().flat_map(|pair| [pair.first, pair.second]));
    if !json && !all.is_empty() {
        writeln!(out, "score   {:ids$}  text", "id")?;
    }
    for (i, pair) in all.into_iter().enumerate() {
        let (a, b) = (&gathered.texts[pair.first], &gathered.texts[pair.second]);
        let (score, same) = (pair.score, pair.same);
        if json {
            json_line(out, &PairLine { a: member(a), b: member(b), score, same })?;
            continue;
        }
        if i > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{:6}  {}", shown(score, same), line(a, ids))?;
        writeln!(out, "{:6}  {}", "", line(b, ids))?;
    }
    Ok(())
}

/// Each text of a group with the highest of its scores.
pub(super) fn table(gathered: &Gathered, groups: &[Group], out: &mut Out) -> anyhow::Result<()> {
    let ids = width(gathered, groups.iter().flat_map(|group| group.texts.iter().copied()));
    let number = groups.len().to_string().len().max("group".len());
    if !groups.is_empty() {
        writeln!(out, "{:number$}  score   {:ids$}  text", "group", "id")?;
    }
    for (i, group) in (1..).zip(groups) {
        if i > 1 {
            writeln!(out)?;
        }
        let mut best: HashMap<usize, (f32, bool)> = HashMap::new();
        for pair in &group.pairs {
            for at in [pair.first, pair.second] {
                let (score, same) = best.entry(at).or_insert((pair.score, false));
                *score = score.max(pair.score);
                *same |= pair.same;
            }
        }
        for (nth, at) in group.texts.iter().enumerate() {
            let number_of = if nth == 0 { i.to_string() } else { String::new() };
            let (score, same) = best.get(at).copied().unwrap_or((1.0, false));
            let text = line(&gathered.texts[*at], ids);
            writeln!(out, "{number_of:>number$}  {:6}  {text}", shown(score, same))?;
        }
    }
    Ok(())
}

/// The ids of all but the first of each group. One that is also that of another text, or that is not
/// one line, would have a deletion take what it should not: it is named instead.
pub(super) fn list(
    gathered: &Gathered,
    groups: &[Group],
    messages: &Messages,
    out: &mut Out,
) -> anyhow::Result<()> {
    let mut count: HashMap<&str, usize> = HashMap::new();
    for input in &gathered.texts {
        *count.entry(&input.id).or_default() += 1;
    }
    for &at in groups.iter().flat_map(|group| &group.texts[1..]) {
        let Input { path, line, id, .. } = &gathered.texts[at];
        let why = if id.chars().any(char::is_control) {
            Some("is not one line")
        } else if count.get(id.as_str()).is_some_and(|count| *count > 1) {
            Some("is also that of another text")
        } else {
            None
        };
        if let Some(why) = why {
            let (path, id) = (path.clone(), id.clone());
            messages.failure(&NotListed { path, line: *line, id, why });
        } else {
            writeln!(out, "{id}")?;
        }
    }
    Ok(())
}

fn width(gathered: &Gathered, texts: impl Iterator<Item = usize>) -> usize {
    let ids = texts.map(|at| one_line(&gathered.texts[at].id).chars().count());
    ids.max().unwrap_or(0).max("id".len())
}

fn line(input: &Input, ids: usize) -> String {
    format!("{:ids$}  {}", one_line(&input.id), label(&input.text, SHOWN)).trim_end().to_owned()
}

/// `0.9876`; a cosine that rounding has put above 1 is 1.
fn shown(score: f32, same: bool) -> String {
    if same { "same".to_owned() } else { format!("{:.4}", score.clamp(-1.0, 1.0)) }
}
