//! One row per entity, behind the columns of its record.
use std::io::{self, Write};

use cloze_report::entities::EntityTable;

use super::{Form, Tagged, WriteError};
use crate::input::kept::KeptColumns;

/// Table of entities with the columns of the input, which are known from the first record on.
pub(super) struct KeptEntities {
    table: EntityTable,
    columns: KeptColumns,
}

impl KeptEntities {
    pub(super) fn new(table: EntityTable) -> Self {
        Self { table, columns: KeptColumns::default() }
    }
}

impl Form for KeptEntities {
    fn record(&mut self, tagged: &Tagged<'_>, out: &mut dyn Write) -> Result<(), WriteError> {
        let cells = tagged.record.cells.clone().unwrap_or_default();
        if self.columns.begin(&cells) {
            self.table.write_header(&cells.names, out)?;
        }
        let values = self.columns.values(&cells, tagged.path, tagged.record.line)?;
        Ok(self.table.write_rows(&values, &tagged.text(), out)?)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match self.columns.names() {
            Some(_) => Ok(()),
            None => self.table.write_header(&[], out),
        }
    }
}
