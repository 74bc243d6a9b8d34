//! Columns of the input that a table of results keeps.
use std::io::{self, Write};

use cloze_corpus::Cells;
use cloze_report::cells::{Cell, Table, free_names};

use crate::input::texts::Input;

/// A record with a field that the first record does not have, and so the table has no column for.
#[derive(Debug, thiserror::Error)]
#[error(
    "{path}:{line}: not written: the columns are those of the first record, {}; found {name:?}",
    shown(columns)
)]
pub(crate) struct OtherColumn {
    path: String,
    line: u64,
    columns: Vec<String>,
    name: String,
}

/// `id, text`.
fn shown(columns: &[String]) -> String {
    if columns.is_empty() { "none".to_owned() } else { columns.join(", ") }
}

/// Columns of the input, known from the first record on.
#[derive(Default)]
pub(crate) struct KeptColumns(Option<Vec<String>>);

impl KeptColumns {
    /// Names of the columns where there was a first record.
    pub(crate) fn names(&self) -> Option<&[String]> {
        self.0.as_deref()
    }

    /// Takes the names of the first record; returns whether this one is it.
    pub(crate) fn begin(&mut self, cells: &Cells) -> bool {
        let first = self.0.is_none();
        self.0.get_or_insert_with(|| cells.names.to_vec());
        first
    }

    /// Returns the values of a record in the order of the first one. A missing field is empty.
    pub(crate) fn values(
        &self,
        cells: &Cells,
        path: &str,
        line: u64,
    ) -> Result<Vec<String>, OtherColumn> {
        let columns = self.0.as_deref().unwrap_or_default();
        if *columns == *cells.names {
            return Ok(cells.values.clone());
        }
        if let Some(name) = cells.names.iter().find(|name| !columns.contains(name)) {
            let (path, columns, name) = (path.to_owned(), columns.to_vec(), name.clone());
            return Err(OtherColumn { path, line, columns, name });
        }
        let value = |column: &String| {
            let place = cells.names.iter().position(|name| name == column);
            place.map(|place| cells.values[place].clone()).unwrap_or_default()
        };
        Ok(columns.iter().map(value).collect())
    }
}

/// Table of the columns of the input with numbers behind them.
pub(crate) struct KeptTable {
    table: Table,
    columns: KeptColumns,
}

impl KeptTable {
    pub(crate) fn new(table: Table) -> Self {
        Self { table, columns: KeptColumns::default() }
    }

    /// Writes a record of the file and line `place` with its numbers, by the names of their columns. The
    /// outer error is that of `out`.
    pub(crate) fn write(
        &mut self,
        cells: &Cells,
        (path, line): (&str, u64),
        numbers: &[(&str, Option<f64>)],
        out: &mut dyn Write,
    ) -> io::Result<Result<(), OtherColumn>> {
        if self.columns.begin(cells) {
            let names = free_names(&cells.names, numbers.iter().map(|(name, _)| *name));
            self.table.write(out, names.iter().map(|name| Cell::Text(name)))?;
        }
        let values = match self.columns.values(cells, path, line) {
            Ok(values) => values,
            Err(error) => return Ok(Err(error)),
        };
        let shown = |(_, number): &(&str, Option<f64>)| {
            number.map(|number| (number + 0.0).to_string()).unwrap_or_default()
        };
        let numbers: Vec<String> = numbers.iter().map(shown).collect();
        let values = values.iter().map(|value| Cell::Text(value));
        let numbers = numbers.iter().map(|number| Cell::Plain(number));
        self.table.write(out, values.chain(numbers)).map(Ok)
    }
}

/// Returns the columns of a text: its own, or its place and the text where its file has none.
pub(crate) fn cells_of(input: &Input) -> Cells {
    input.cells.clone().unwrap_or_else(|| Cells {
        names: ["path", "line", "text"].map(str::to_owned).into(),
        values: vec![input.path.clone(), input.line.to_string(), input.text.clone()],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(names: &[&str], values: &[&str]) -> Cells {
        let strings = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
        Cells { names: strings(names).into(), values: strings(values) }
    }

    #[test]
    fn rows_have_the_columns_of_the_first() {
        let mut kept = KeptColumns::default();
        let first = cells(&["a", "b", "a"], &["1", "2", "3"]);
        assert!(kept.begin(&first) && !kept.begin(&first));
        assert_eq!(kept.values(&first, "p", 1).unwrap(), ["1", "2", "3"]);
        let mut kept = KeptColumns::default();
        assert!(kept.begin(&cells(&["a", "b"], &["1", "2"])));
        assert_eq!(kept.values(&cells(&["b"], &["2"]), "p", 2).unwrap(), ["", "2"]);
        let error = kept.values(&cells(&["b", "c"], &["2", "3"]), "p", 3).unwrap_err();
        assert_eq!(
            error.to_string(),
            "p:3: not written: the columns are those of the first record, a, b; found \"c\""
        );
    }
}
