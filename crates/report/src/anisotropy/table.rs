//! The report as plain text, in 100 columns.
use std::io::{self, Write};

use cloze_embed::anisotropy::Report as Anisotropy;
use cloze_embed::anisotropy::layers::LayerAnisotropy;

use super::{AnisotropyReport, no_shares};
use crate::text::{plural, visible};

/// Number of dimensions that fit on a line.
const DIMENSIONS: usize = 3;

/// Returns the rows of a hidden state with their names: one, or one before and one after the correction.
pub(super) fn rows<'r>(
    report: &AnisotropyReport,
    layer: &'r LayerAnisotropy,
) -> Vec<(&'static str, Option<&'r Anisotropy>)> {
    let compared = report.correction.is_some();
    let mut rows = vec![(if compared { "before" } else { "" }, Some(&layer.before))];
    if compared {
        rows.push(("after", layer.after.as_ref()));
    }
    rows
}

pub(super) fn write(report: &AnisotropyReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}: {}\n", visible(&report.model), report.subject())?;
    let components = report.layers.iter().map(|layer| layer.before.explained.len()).max();
    let components = components.unwrap_or(0);
    let in_all = if components > 1 { format!("in {components}") } else { String::new() };
    writeln!(
        out,
        "{:5} {:6}  {:>7}  {:^15}  {:>6}  {:^12}  largest shares of dimensions",
        "", "", "mean", "95 % interval", "Iso-", "variance, %"
    )?;
    writeln!(
        out,
        "{:>5} {:6}  {:>7}  {:>7} {:>7}  {:>6}  {:>5} {:>6}  in the mean cosine",
        "layer", "", "cosine", "from", "to", "Score", "in 1", in_all
    )?;
    let mut unnamed = false;
    for layer in &report.layers {
        for (i, (name, measured)) in rows(report, layer).into_iter().enumerate() {
            let number = if i == 0 { layer.layer.to_string() } else { String::new() };
            let Some(measured) = measured else {
                writeln!(out, "{number:>5} {name:6}  {:>7}", "none")?;
                continue;
            };
            let (from, to) = measured.interval;
            let iso = measured.iso_score.map_or("none".into(), |score| format!("{score:.4}"));
            let percent = |share: Option<&f64>| {
                share.map_or(String::new(), |share| format!("{:.1}", 100.0 * share))
            };
            let first = percent(measured.explained.first());
            let total = percent(measured.explained.last().filter(|_| components > 1));
            let mut shares = shares(measured);
            unnamed |= shares.len() > DIMENSIONS;
            shares.truncate(DIMENSIONS);
            let line = format!(
                "{number:>5} {name:6}  {}  {} {}  {iso:>6}  {first:>5} {total:>6}  {}",
                signed(measured.mean_cosine),
                signed(from),
                signed(to),
                shares.join(", ")
            );
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    writeln!(out)?;
    for note in &report.notes {
        writeln!(out, "{}", visible(note))?;
    }
    let mut more = vec![];
    if unnamed {
        more.push("more dimensions".to_owned());
    }
    if components > 2 {
        more.push(format!("the variance in 1 to {}", plural(components as u64, "component")));
    }
    if !more.is_empty() {
        writeln!(out, "--json and --html have {}", more.join(" and "))?;
    }
    Ok(())
}

/// Formats the dimensions with their shares, `223 61.2 %`, or the reason why there are none.
pub(super) fn shares(measured: &Anisotropy) -> Vec<String> {
    if no_shares(measured) && !measured.top_dimensions.is_empty() {
        return vec!["no shares".into()];
    }
    let formatted = |top: &cloze_embed::anisotropy::DimensionShare| {
        format!("{} {:.1} %", top.dim, 100.0 * top.share)
    };
    measured.top_dimensions.iter().map(formatted).collect()
}

/// Formats a number with four digits; no sign before 0.
pub(super) fn signed(x: f64) -> String {
    let text = format!("{x:7.4}");
    if text == "-0.0000" { " 0.0000".into() } else { text }
}
