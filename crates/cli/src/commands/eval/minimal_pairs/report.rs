//! Report of an evaluation on minimal pairs for people.
use std::io::{self, Write};

use cloze::evaluate::minimal_pairs::MinimalPairReport;
use cloze_report::grid::{Grid, GridCell, share_grid};

use crate::flags::scorer::described;
use crate::terminal::messages::plural;
use crate::terminal::shares::write_table;

/// Tables by paradigm, phenomenon and field, as far as the pairs name them, and of all pairs.
pub(super) fn grids(report: &MinimalPairReport) -> Vec<Grid> {
    let groups = [
        ("paradigms", &report.paradigms),
        ("phenomena", &report.phenomena),
        ("fields", &report.fields),
    ];
    let groups = groups.into_iter().filter(|(_, shares)| !shares.is_empty());
    let mut grids: Vec<Grid> = groups.map(|(title, shares)| share_grid(title, shares)).collect();
    let mut all = share_grid("all", std::slice::from_ref(&report.overall));
    let mean = [GridCell::from("mean over paradigms"), report.mean_over_paradigms.into()];
    all.rows.push(mean.into_iter().chain([const { GridCell::Empty }; 4]).collect());
    grids.push(all);
    grids
}

pub(super) fn write(report: &MinimalPairReport, out: &mut dyn Write) -> io::Result<()> {
    let MinimalPairReport { model, model_sha256, method, unknown, overall, .. } = report;
    writeln!(out, "{model} (SHA-256 {model_sha256}), {}", described(method))?;
    if *unknown > 0 {
        writeln!(out, "{} for unknown words", plural(*unknown, "token"))?;
    }
    for (title, shares) in [
        ("paradigm", &report.paradigms),
        ("phenomenon", &report.phenomena),
        ("field", &report.fields),
    ] {
        if !shares.is_empty() {
            writeln!(out)?;
            write_table(title, "accuracy", shares, out)?;
        }
    }
    writeln!(out)?;
    write_table("pairs", "accuracy", std::slice::from_ref(overall), out)?;
    writeln!(out, "mean over paradigms  {:.4}", report.mean_over_paradigms)?;
    if overall.ties > 0 {
        writeln!(out, "a pair whose sentences are exactly as likely counts as wrong")?;
    }
    Ok(())
}
