//! A text against others, best first; of two alone their similarity.
use std::io::Write as _;

use anyhow::bail;
use serde::Serialize;

use super::measure::{Measure, Settings, Similarity, Vectors};
use super::{for_each_chunk, strs};
use crate::commands::similarity::args::SimilarityArgs;
use crate::input::texts::Input;
use crate::terminal::messages::Messages;
use crate::terminal::out::Out;
use crate::terminal::out::json_line;
use cloze_report::text::{one_line, shown};

/// A text, and how alike the first is.
struct Found {
    input: Input,
    given: bool,
    similarity: Similarity,
}

#[derive(Serialize)]
struct Two<'a> {
    first: &'a str,
    second: &'a str,
    #[serde(flatten)]
    similarity: Similarity,
    #[serde(flatten)]
    settings: Settings,
}

#[derive(Serialize)]
struct Report<'a> {
    text: &'a str,
    #[serde(flatten)]
    settings: Settings,
    /// Those that were compared, shown or not.
    compared: u64,
    results: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    rank: usize,
    #[serde(flatten)]
    similarity: Similarity,
    /// Of texts from files.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    text: &'a str,
}

pub(super) fn run(
    measure: &Measure,
    args: &SimilarityArgs,
    messages: &Messages,
    out: &mut Out,
) -> anyhow::Result<()> {
    let top = args.top.and_then(|top| usize::try_from(top).ok()).unwrap_or(usize::MAX);
    let mut query: Option<(Input, Vectors)> = None;
    let mut found: Vec<Found> = vec![];
    let (mut compared, mut seen) = (0, 0_u64);
    for_each_chunk(args, messages, |chunk| {
        let encoded = measure.encode(&strs(&chunk))?;
        for (input, vectors) in chunk.into_iter().zip(encoded) {
            seen += 1;
            match (vectors, &query) {
                (Err(error), None) => return Err(input.not_encoded(error).into()),
                (Err(error), Some(_)) => messages.failure(&input.not_encoded(error)),
                (Ok(vectors), None) => query = Some((input, vectors)),
                (Ok(vectors), Some((_, first))) => {
                    let similarity = measure.similarity(first, &vectors)?;
                    let given = seen <= args.given.len() as u64;
                    compared += 1;
                    found.push(Found { input, given, similarity });
                }
            }
        }
        // Stable, so that equal ones stay in the order they came in.
        found.sort_by(|a, b| b.similarity.key().total_cmp(&a.similarity.key()));
        found.truncate(top);
        Ok(())
    })?;
    let Some((query, _)) = query.filter(|_| seen >= 2) else {
        bail!("expected at least two texts, found {seen}");
    };
    let two = args.given.len() == 2 && args.texts.is_empty();
    match (&found[..], two) {
        ([other], true) => {
            write_two(&query.text, other, measure.settings(&args.vectors), args.json, out)
        }
        _ if args.json => {
            let results = (1..).zip(&found).map(|(rank, found)| row(rank, found)).collect();
            let (text, settings) = (&*query.text, measure.settings(&args.vectors));
            json_line(out, &Report { text, settings, compared, results })
        }
        _ => write_table(&found, measure.correction.is_some(), out),
    }
}

fn row(rank: usize, found: &Found) -> Row<'_> {
    let Found { input, given, similarity } = found;
    let id = (!given).then_some(&*input.id);
    Row { rank, similarity: *similarity, id, text: &input.text }
}

fn write_two(
    first: &str,
    second: &Found,
    settings: Settings,
    json: bool,
    out: &mut Out,
) -> anyhow::Result<()> {
    let similarity = second.similarity;
    if json {
        return json_line(out, &Two { first, second: &second.input.text, similarity, settings });
    }
    match similarity.corrected {
        None => writeln!(out, "{}", shown(similarity.similarity))?,
        Some(corrected) => {
            writeln!(out, "similarity  {:>7}", shown(similarity.similarity))?;
            writeln!(out, "corrected   {:>7}", shown(corrected))?;
        }
    }
    Ok(())
}

fn write_table(found: &[Found], corrected: bool, out: &mut Out) -> anyhow::Result<()> {
    let ids = found.iter().any(|f| !f.given);
    let wide = |f: &Found| one_line(&f.input.id).chars().count();
    let width = if ids { found.iter().map(wide).max().unwrap_or(0).max(2) } else { 0 };
    let mut line = |similarity: &str, other: &str, id: &str, text: &str| {
        write!(out, "{similarity:>10}  ")?;
        if corrected {
            write!(out, "{other:>9}  ")?;
        }
        if ids {
            write!(out, "{id:width$}  ")?;
        }
        writeln!(out, "{text}")
    };
    line("similarity", "corrected", "id", "text")?;
    for Found { input, similarity, .. } in found {
        let other = similarity.corrected.map(shown).unwrap_or_default();
        let (id, text) = (one_line(&input.id), one_line(&input.text));
        line(&shown(similarity.similarity), &other, &id, &text)?;
    }
    Ok(())
}
