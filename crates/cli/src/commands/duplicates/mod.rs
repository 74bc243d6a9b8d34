//! `cloze duplicates`: texts that are the same or nearly so.
pub(crate) mod args;
mod form;

use anyhow::Context as _;
use cloze::Metric;
use cloze_search::pairs::{self, Pair};

use crate::cli::CommonFlags;
use crate::commands::duplicates::args::DuplicatesArgs;
use crate::commands::embed::note_truncated;
use crate::input::gather::{self, Gathered};
use crate::terminal::messages::{Messages, plural};

/// Texts that are alike, and what ties them together.
struct Group {
    /// Places among all texts, in order.
    texts: Vec<usize>,
    /// Sorted by the first, then by the second.
    pairs: Vec<Alike>,
}

/// Two texts, as places among all.
#[derive(Clone, Copy)]
struct Alike {
    first: usize,
    second: usize,
    score: f32,
    /// Whether they are the same, character by character.
    same: bool,
}

pub(crate) fn run(
    common: &CommonFlags,
    args: &DuplicatesArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.check()?;
    let encoder = args.vectors.open(common, messages)?;
    let mut out = args.out.open()?;
    let gathered = gather::gather(&encoder, &args.paths, &args.read, messages)?;
    note_truncated(&encoder, messages);
    let threads = args.vectors.work.threads.unwrap_or(0);
    let alike = pairs::pairs(&gathered.distinct, Metric::Cosine, args.threshold, threads)
        .context("the texts cannot be compared")?;
    let groups = groups(&gathered, &alike);
    if args.list {
        form::list(&gathered, &groups, messages, &mut out)?;
    } else if args.pairs {
        form::pairs(&gathered, &groups, args.json, &mut out)?;
    } else if args.json {
        form::json(&gathered, &groups, &mut out)?;
    } else {
        form::table(&gathered, &groups, &mut out)?;
    }
    out.finish()?;
    note(&gathered, &groups, args.threshold, messages);
    Ok(())
}

/// The groups of texts, from pairs of different ones: the same texts are in one group in any case.
fn groups(gathered: &Gathered, alike: &[Pair]) -> Vec<Group> {
    let of_rows = gathered.of_rows();
    let mut of_group: Vec<Option<usize>> = vec![None; of_rows.len()];
    let mut groups: Vec<Group> = vec![];
    let near = pairs::groups(of_rows.len(), alike);
    let mut add = |rows: &[usize]| {
        let mut texts: Vec<usize> = rows.iter().flat_map(|&row| of_rows[row].clone()).collect();
        texts.sort_unstable();
        for &row in rows {
            of_group[row] = Some(groups.len());
        }
        groups.push(Group { texts, pairs: same(rows, &of_rows) });
    };
    for rows in &near {
        add(rows);
    }
    let mut grouped = vec![false; of_rows.len()];
    for &row in near.iter().flatten() {
        grouped[row] = true;
    }
    let alone = (0..of_rows.len()).filter(|&row| !grouped[row] && of_rows[row].len() > 1);
    alone.for_each(|row| add(&[row]));
    for pair in alike {
        let Some(group) = of_group[pair.first] else { continue };
        for &a in &of_rows[pair.first] {
            for &b in &of_rows[pair.second] {
                let (first, second) = (a.min(b), a.max(b));
                let score = pair.score.min(1.0); // rounding alone puts it above
                groups[group].pairs.push(Alike { first, second, score, same: false });
            }
        }
    }
    for group in &mut groups {
        group.pairs.sort_unstable_by_key(|pair| (pair.first, pair.second));
    }
    groups.sort_by_key(|group| group.texts[0]);
    groups
}

/// The pairs of texts that are the same.
fn same(rows: &[usize], of_rows: &[Vec<usize>]) -> Vec<Alike> {
    let mut pairs = vec![];
    for texts in rows.iter().map(|&row| &of_rows[row]) {
        for (i, &first) in texts.iter().enumerate() {
            let later = texts[i + 1..].iter();
            pairs.extend(later.map(|&second| Alike { first, second, score: 1.0, same: true }));
        }
    }
    pairs
}

fn note(gathered: &Gathered, groups: &[Group], threshold: f64, messages: &Messages) {
    let of: usize = groups.iter().map(|group| group.texts.len()).sum();
    let texts = plural(gathered.texts.len() as u64, "text");
    if groups.is_empty() {
        messages.note(&format!("{texts}, no two with a cosine of {threshold} or more"));
    } else {
        let groups_of = plural(groups.len() as u64, "group");
        messages
            .note(&format!("{texts}, {of} of them in {groups_of}: {} could go", of - groups.len()));
    }
}
