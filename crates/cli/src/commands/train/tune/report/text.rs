//! The report for reading.
use std::io::{self, Write};

use super::{Report, Verdict};
use crate::commands::train::args::training::TrainingArgs;
use crate::terminal::messages::Messages;
use crate::terminal::out::{Out, json_line};
use cloze_report::text::one_line;
use cloze_report::text::visible;

impl<V: Verdict> Report<V> {
    /// To standard output, as text or JSON; and that it is done.
    pub(crate) fn show(&self, args: &TrainingArgs, messages: &Messages) -> anyhow::Result<()> {
        let mut out = Out::stdout(false);
        if args.json {
            json_line(&mut out, self)?;
        } else {
            self.write(&mut out)?;
        }
        out.finish()?;
        self.note_done(&args.output, messages);
        Ok(())
    }

    /// The figures, a table for all that was judged by.
    fn write(&self, out: &mut impl Write) -> anyhow::Result<()> {
        for (i, (name, _, verdict)) in self.judged().enumerate() {
            if i > 0 {
                writeln!(out)?;
            }
            write!(out, "{}, ", visible(&name))?;
            write_figures(verdict, out)?;
        }
        Ok(())
    }
}

/// How it was judged, and the table of figures.
fn write_figures(verdict: &impl Verdict, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}:", one_line(&verdict.note()))?;
    let head = verdict.head().into_iter().map(str::to_owned).collect();
    let mut rows: Vec<Vec<String>> = vec![head];
    rows[0][0].clear();
    // A label may have line ends in it.
    let shown = |row: Vec<String>| row.iter().map(|cell| one_line(cell)).collect();
    rows.extend(verdict.rows().into_iter().map(shown));
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
