//! Rows of comma- and tab-separated values. Fields are quoted where needed (RFC 4180, also with tabs).
use std::io::{self, Write};

/// Treatment of cells that a spreadsheet would run as a formula.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Formulas {
    /// As they are.
    #[default]
    Keep,
    /// With `'` in front, which spreadsheets take for the mark of a text. Source: OWASP, "CSV
    /// Injection".
    Escape,
}

/// A cell of a row.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'a> {
    /// Text of an input, a path or a label.
    Text(&'a str),
    /// Number of our own, or a name of a column: never a formula, though it may begin with `-`.
    Plain(&'a str),
}

/// Layout of a table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    delimiter: u8,
    formulas: Formulas,
}

impl Table {
    /// Returns comma-separated values, in which formulas are escaped by default: a spreadsheet opens
    /// them without a question.
    #[must_use]
    pub fn csv() -> Self {
        Self { delimiter: b',', formulas: Formulas::Escape }
    }

    /// Returns tab-separated values, in which formulas are kept by default: programs read them.
    #[must_use]
    pub fn tsv() -> Self {
        Self { delimiter: b'\t', formulas: Formulas::Keep }
    }

    /// Treatment of formulas; `None` leaves the default.
    #[must_use]
    pub fn formulas(mut self, formulas: Option<Formulas>) -> Self {
        self.formulas = formulas.unwrap_or(self.formulas);
        self
    }

    /// Writes one row.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write<'a>(
        &self,
        out: &mut dyn Write,
        row: impl IntoIterator<Item = Cell<'a>>,
    ) -> io::Result<()> {
        let mut writer = csv::WriterBuilder::new().delimiter(self.delimiter).from_writer(out);
        for cell in row {
            match cell {
                Cell::Text(text) if self.formulas == Formulas::Escape && runs(text) => {
                    writer.write_field(format!("'{text}")).map_err(csv_failure)?;
                }
                Cell::Text(text) | Cell::Plain(text) => {
                    writer.write_field(text).map_err(csv_failure)?;
                }
            }
        }
        writer.write_record(None::<&[u8]>).map_err(csv_failure)?;
        writer.flush()
    }

    /// Writes the names of the columns.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_header<'a>(
        &self,
        out: &mut dyn Write,
        names: impl IntoIterator<Item = &'a str>,
    ) -> io::Result<()> {
        self.write(out, names.into_iter().map(Cell::Plain))
    }
}

/// Names of the columns of a table that begins with the columns `input`: those, and `added` ones, which get
/// `predicted_` in front where there is such a name already.
pub fn free_names<'a>(input: &[String], added: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut names = input.to_vec();
    for name in added {
        let mut name = name.to_owned();
        while names.contains(&name) {
            name.insert_str(0, "predicted_");
        }
        names.push(name);
    }
    names
}

/// Returns whether a spreadsheet may run a cell. `-` is the path of standard input, and `-:7` a line of it:
/// neither is a formula.
fn runs(text: &str) -> bool {
    let stdin = |line: &str| line.strip_prefix(':').is_some_and(|line| line.parse::<u64>().is_ok());
    let is_stdin = text.strip_prefix('-').is_some_and(|line| line.is_empty() || stdin(line));
    text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_stdin
}

/// Returns the error of the stream itself: the conversion of `csv` hides that a pipe is closed.
fn csv_failure(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(table: Table, row: &[Cell<'_>]) -> String {
        let mut out = vec![];
        table.write(&mut out, row.iter().copied()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn formulas_become_texts_and_numbers_stay() {
        for (text, escaped) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\rx", "\"'\rx\""),
            ("a=1", "a=1"),
            ("é", "é"),
            ("-", "-"),
            ("-:7", "-:7"),
            ("-:A1", "'-:A1"),
            ("'=1", "'=1"),
        ] {
            let row = [Cell::Text(text), Cell::Plain("-0.5")];
            assert_eq!(written(Table::csv(), &row), format!("{escaped},-0.5\n"));
            let kept = written(Table::csv().formulas(Some(Formulas::Keep)), &row);
            assert_eq!(kept, written(Table::tsv(), &row).replace('\t', ","), "{text:?}");
            assert!(!kept.starts_with("'=1+") && kept.ends_with(",-0.5\n"));
        }
        // A tab in front, also where it is not the delimiter.
        assert_eq!(written(Table::csv(), &[Cell::Text("\tx")]), "'\tx\n");
        let tsv = Table::tsv().formulas(Some(Formulas::Escape));
        assert_eq!(written(tsv, &[Cell::Text("\tx"), Cell::Text("=1")]), "\"'\tx\"\t'=1\n");
    }

    /// A row of one empty cell is not an empty line.
    #[test]
    fn an_empty_row_is_quoted() {
        assert_eq!(written(Table::csv(), &[Cell::Text("")]), "\"\"\n");
    }
}
