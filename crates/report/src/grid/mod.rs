//! Tables of figures for papers and spreadsheets: Markdown, LaTeX, comma-separated values.
//!
//! - `evaluations`: evaluations as such tables.
mod evaluations;

use std::io::{self, Write};

use crate::cells::{Cell, Table};
use crate::text::{one_line, shown};

pub use evaluations::{
    comparison_grid, entity_grids, label_grids, language_grid, redaction_grids,
    redaction_sweep_grid, retrieval_grid, share_grid,
};

/// Format of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridFormat {
    /// GitHub's Markdown.
    Markdown,
    /// Comma-separated values, numbers with all of their digits; of several tables one, whose first
    /// column has their titles.
    Csv,
    /// LaTeX's `tabular`, without packages.
    Latex,
}

/// Cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum GridCell {
    /// Name or label.
    Text(String),
    /// Figure, shown with four decimals.
    Number(f64),
    /// Count.
    Count(u64),
    /// Nothing.
    Empty,
}

impl From<&str> for GridCell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<f64> for GridCell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<u64> for GridCell {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl<T: Into<Self>> From<Option<T>> for GridCell {
    fn from(cell: Option<T>) -> Self {
        cell.map_or(Self::Empty, Into::into)
    }
}

/// A table: names of columns, and rows with a cell for each.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Title, shown where there are several tables.
    pub title: String,
    /// Names of the columns.
    pub columns: Vec<&'static str>,
    /// Rows, `[rows][columns]`.
    pub rows: Vec<Vec<GridCell>>,
}

impl Grid {
    /// Title in front of the present one: that of one of several models.
    #[must_use]
    pub fn under(mut self, title: &str) -> Self {
        self.title = format!("{title}: {}", self.title);
        self
    }

    /// Whether all cells of a column are numbers or empty.
    fn is_numeric(&self, column: usize) -> bool {
        !self.rows.iter().any(|row| matches!(row.get(column), Some(GridCell::Text(_))))
    }
}

/// Writes tables one after the other for reading, in aligned columns.
///
/// # Errors
/// Errors of `out`.
pub fn write_aligned(grids: &[Grid], out: &mut dyn Write) -> io::Result<()> {
    for (i, grid) in grids.iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        let header: Vec<String> = grid.columns.iter().map(|name| (*name).to_owned()).collect();
        let rows = grid.rows.iter().map(|row| row.iter().map(plain).collect());
        let lines: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
        let widths: Vec<usize> = (0..grid.columns.len())
            .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
            .collect();
        for line in &lines {
            let cells = line.iter().zip(&widths).enumerate();
            let cells = cells.map(|(column, (cell, &width))| {
                if grid.is_numeric(column) {
                    format!("{cell:>width$}")
                } else {
                    format!("{cell:width$}")
                }
            });
            writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
    }
    Ok(())
}

/// Writes tables one after the other.
///
/// # Errors
/// Errors of `out`.
pub fn write_grids(grids: &[Grid], format: GridFormat, out: &mut dyn Write) -> io::Result<()> {
    if format == GridFormat::Csv {
        return write_csv(grids, out);
    }
    for (i, grid) in grids.iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        let title = Some(&*grid.title).filter(|_| grids.len() > 1);
        match format {
            GridFormat::Markdown => write_markdown(grid, title, out)?,
            _ => write_latex(grid, title, out)?,
        }
    }
    Ok(())
}

fn plain(cell: &GridCell) -> String {
    match cell {
        GridCell::Text(text) => one_line(text),
        GridCell::Number(number) => shown(*number),
        GridCell::Count(count) => count.to_string(),
        GridCell::Empty => String::new(),
    }
}

fn write_markdown(grid: &Grid, title: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    let escaped = |text: String| text.replace('\\', "\\\\").replace('|', "\\|");
    if let Some(title) = title {
        writeln!(out, "{}\n", escaped(one_line(title)))?;
    }
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    writeln!(out, "{}", line(grid.columns.iter().map(|name| (*name).to_owned()).collect()))?;
    let rule = |column| if grid.is_numeric(column) { "---:" } else { "---" }.to_owned();
    writeln!(out, "{}", line((0..grid.columns.len()).map(rule).collect()))?;
    for row in &grid.rows {
        writeln!(out, "{}", line(row.iter().map(|cell| escaped(plain(cell))).collect()))?;
    }
    Ok(())
}

fn write_latex(grid: &Grid, title: Option<&str>, out: &mut dyn Write) -> io::Result<()> {
    if let Some(title) = title {
        writeln!(out, "% {}", one_line(title))?;
    }
    let aligned = |column| if grid.is_numeric(column) { 'r' } else { 'l' };
    let columns: String = (0..grid.columns.len()).map(aligned).collect();
    let line = |cells: Vec<String>| format!("{} \\\\", cells.join(" & "));
    writeln!(out, "\\begin{{tabular}}{{{columns}}}\n\\hline")?;
    writeln!(out, "{}", line(grid.columns.iter().map(|name| escaped_latex(name)).collect()))?;
    writeln!(out, "\\hline")?;
    for row in &grid.rows {
        writeln!(out, "{}", line(row.iter().map(|cell| escaped_latex(&plain(cell))).collect()))?;
    }
    writeln!(out, "\\hline\n\\end{{tabular}}")
}

/// Text without LaTeX's special characters. A minus in front of a number is one.
fn escaped_latex(text: &str) -> String {
    if let Some(number) = text.strip_prefix('-').filter(|n| n.parse::<f64>().is_ok()) {
        return format!("$-${number}");
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => escaped.extend(['\\', c]),
            '\\' => escaped.push_str("\\textbackslash{}"),
            '~' => escaped.push_str("\\textasciitilde{}"),
            '^' => escaped.push_str("\\textasciicircum{}"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn write_csv(grids: &[Grid], out: &mut dyn Write) -> io::Result<()> {
    let table = Table::csv();
    let mut columns: Vec<&str> = vec![];
    for column in grids.iter().flat_map(|grid| &grid.columns) {
        if !columns.contains(column) {
            columns.push(column);
        }
    }
    let several = grids.len() > 1;
    table
        .write_header(out, several.then_some("table").into_iter().chain(columns.iter().copied()))?;
    for grid in grids {
        for row in &grid.rows {
            let value = |column: &&str| {
                let place = grid.columns.iter().position(|name| name == column);
                match place.and_then(|place| row.get(place)) {
                    Some(GridCell::Number(number)) if number.is_finite() => number.to_string(),
                    Some(GridCell::Text(text)) => text.clone(),
                    Some(GridCell::Count(count)) => count.to_string(),
                    _ => String::new(),
                }
            };
            let values: Vec<String> = columns.iter().map(value).collect();
            let is_text = |i: usize| {
                let place = grid.columns.iter().position(|name| *name == columns[i]);
                matches!(place.and_then(|place| row.get(place)), Some(GridCell::Text(_)))
            };
            let cells = values
                .iter()
                .enumerate()
                .map(|(i, value)| if is_text(i) { Cell::Text(value) } else { Cell::Plain(value) });
            let title = several.then_some(Cell::Text(&grid.title));
            table.write(out, title.into_iter().chain(cells))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(grids: &[Grid], format: GridFormat) -> String {
        let mut out = vec![];
        write_grids(grids, format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn labels() -> Grid {
        let row = |label: &str, f1: f64, n: u64| vec![label.into(), f1.into(), n.into()];
        let rows = vec![
            row("a|b_c & 5 %", 2.0 / 3.0, 3),
            vec!["=1+1\n".into(), GridCell::Number(-0.5), GridCell::Empty],
        ];
        Grid { title: "labels".to_owned(), columns: vec!["label", "f1", "support"], rows }
    }

    #[test]
    fn one_table_in_each_format() {
        let grids = [labels()];
        assert_eq!(
            written(&grids, GridFormat::Markdown),
            "| label | f1 | support |\n\
             | --- | ---: | ---: |\n\
             | a\\|b_c & 5 % | 0.6667 | 3 |\n\
             | =1+1\\\\n | -0.5000 |  |\n"
        );
        assert_eq!(
            written(&grids, GridFormat::Latex),
            "\\begin{tabular}{lrr}\n\\hline\nlabel & f1 & support \\\\\n\\hline\n\
             a|b\\_c \\& 5 \\% & 0.6667 & 3 \\\\\n\
             =1+1\\textbackslash{}n & $-$0.5000 &  \\\\\n\
             \\hline\n\\end{tabular}\n"
        );
        assert_eq!(
            written(&grids, GridFormat::Csv),
            "label,f1,support\na|b_c & 5 %,0.6666666666666666,3\n\"'=1+1\n\",-0.5,\n"
        );
    }

    #[test]
    fn several_tables_have_titles() {
        let rows = vec![vec!["accuracy".into(), 0.75.into()]];
        let figures = Grid { title: "figures".to_owned(), columns: vec!["figure", "value"], rows };
        let grids = [labels().under("m"), figures];
        let text = written(&grids, GridFormat::Markdown);
        assert!(text.starts_with("m: labels\n\n| label"), "{text}");
        assert!(text.contains(" |\n\nfigures\n\n| figure | value |\n| --- | ---: |"), "{text}");
        let text = written(&grids, GridFormat::Csv);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "table,label,f1,support,figure,value");
        assert_eq!(lines.last(), Some(&"figures,,,,accuracy,0.75"));
        assert!(written(&grids, GridFormat::Latex).contains("% figures\n\\begin{tabular}{lr}"));
    }
}
