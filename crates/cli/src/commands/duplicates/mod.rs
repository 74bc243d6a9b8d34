//! `cloze duplicates`: duplicates and near-duplicates among texts.
pub(crate) mod args;
mod list;

use anyhow::Context as _;
use cloze::Metric;
use cloze_report::PlacedText;
use cloze_report::duplicates::DuplicatesReport;
use cloze_search::duplicates::{DuplicateGroup, groups};
use cloze_search::pairs;

use crate::cli::CommonFlags;
use crate::commands::duplicates::args::DuplicatesArgs;
use crate::commands::embed::note_truncated;
use crate::input::gather::{self, Gathered};
use crate::input::texts::Input;
use crate::terminal::messages::{Messages, plural};

pub(crate) fn run(
    common: &CommonFlags,
    args: &DuplicatesArgs,
    messages: &Messages,
) -> anyhow::Result<()> {
    args.check()?;
    let encoder = args.vectors.open(common, messages)?;
    let mut out = args.out.open()?;
    let gathered = gather::gather(&encoder, &args.texts, &args.read, messages)?;
    note_truncated(&encoder, messages);
    let threads = args.vectors.work.threads.unwrap_or(0);
    let alike = pairs::pairs(&gathered.distinct, Metric::Cosine, args.threshold, threads)
        .context("the texts cannot be compared")?;
    let groups = groups(&gathered.of_rows(), &alike);
    let texts: Vec<PlacedText<'_>> = gathered.texts.iter().map(Input::placed).collect();
    let report = DuplicatesReport { texts: &texts, groups: &groups };
    match (args.list, args.pairs, args.format.is_json()) {
        (true, ..) => list::write(&gathered, &groups, messages, &mut out)?,
        (_, true, true) => report.write_pairs_jsonl(&mut out)?,
        (_, true, false) => report.write_pairs(&mut out)?,
        (_, false, true) => report.write_jsonl(&mut out)?,
        (_, false, false) => report.write_table(&mut out)?,
    }
    out.finish()?;
    note(&gathered, &groups, args.threshold, messages);
    Ok(())
}

fn note(gathered: &Gathered, groups: &[DuplicateGroup], threshold: f64, messages: &Messages) {
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
