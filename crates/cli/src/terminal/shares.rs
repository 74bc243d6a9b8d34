//! Shares of pairs as a plain table.
use std::io::{self, Write};

use cloze::metrics::preference::PreferenceShare;
use cloze_report::text::one_line;

/// Writes a table, the names in the first column.
pub(crate) fn write_table(
    title: &str,
    figure: &str,
    shares: &[PreferenceShare],
    out: &mut dyn Write,
) -> io::Result<()> {
    let names: Vec<String> = shares.iter().map(|s| one_line(&s.name)).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let width = longest.max(title.chars().count());
    writeln!(
        out,
        "{title:width$}  {figure:>8}  {:>17}  {:>6}  {:>5}",
        "95 % interval", "pairs", "ties"
    )?;
    for (name, s) in names.iter().zip(shares) {
        let (low, high) = s.interval;
        let between = format!("{low:.4} to {high:.4}");
        writeln!(
            out,
            "{name:width$}  {:>8.4}  {between:>17}  {:>6}  {:>5}",
            s.first, s.pairs, s.ties
        )?;
    }
    Ok(())
}
