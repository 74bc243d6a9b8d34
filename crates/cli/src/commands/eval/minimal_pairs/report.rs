//! Report of an evaluation on minimal pairs for people.
use std::io::{self, Write};

use cloze::evaluate::minimal_pairs::MinimalPairReport;

use crate::terminal::messages::plural;
use crate::terminal::shares::write_table;

pub(super) fn write(report: &MinimalPairReport, out: &mut dyn Write) -> io::Result<()> {
    let MinimalPairReport { model, model_sha256, masking, unknown, overall, .. } = report;
    writeln!(out, "{model} (SHA-256 {model_sha256}), masked by {}", masking.name())?;
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
