//! Figures as plain tables.
use std::io::{self, Write};

use super::{Figures, TuningReport};
use crate::text::{one_line, visible};

impl<F: Figures> TuningReport<F> {
    /// Writes the figures, one table per evaluation.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for (i, (name, _, figures)) in self.evaluations().enumerate() {
            if i > 0 {
                writeln!(out)?;
            }
            write!(out, "{}, ", visible(&name))?;
            write_figures(figures, out)?;
        }
        Ok(())
    }
}

/// Writes the note on an evaluation and the table of its figures.
///
/// # Errors
/// Errors of `out`.
pub fn write_figures(figures: &impl Figures, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}:", one_line(&figures.note()))?;
    let head = figures.head().into_iter().map(str::to_owned).collect();
    let mut rows: Vec<Vec<String>> = vec![head];
    rows[0][0].clear();
    // A label may have line ends in it.
    let shown = |row: Vec<String>| row.iter().map(|cell| one_line(cell)).collect();
    rows.extend(figures.rows().into_iter().map(shown));
    for row in &rows {
        let cell = |(i, cell): (usize, &String)| {
            let cells = rows.iter().filter_map(|row| row.get(i));
            let width = cells.map(|cell| cell.chars().count()).max().unwrap_or(0);
            if i == 0 { format!("  {cell:width$}") } else { format!("  {cell:>width$}") }
        };
        writeln!(out, "{}", row.iter().enumerate().map(cell).collect::<String>())?;
    }
    Ok(())
}
