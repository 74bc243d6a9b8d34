//! One row per entity, with a header that names the unit of the offsets.
use std::io::{self, Write};

use cloze_core::{OffsetConverter, OffsetUnit};

use crate::cells::{Cell, Table};

use super::{EntityForm, TaggedText};

/// One row per entity.
#[derive(Clone, Copy, Debug)]
pub struct EntityTsv {
    offsets: OffsetUnit,
    table: Table,
}

impl EntityTsv {
    /// Returns the format with offsets in a unit, as tab-separated values.
    #[must_use]
    pub fn new(offsets: OffsetUnit) -> Self {
        Self { offsets, table: Table::tsv() }
    }

    /// Layout of the table. Default [`Table::tsv`].
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.table = table;
        self
    }
}

impl EntityForm for EntityTsv {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let unit = self.offsets.name();
        let (start, end) = (format!("start_{unit}"), format!("end_{unit}"));
        let names = ["path", "line", "id", "label", &start, &end, "text", "score"];
        self.table.write_header(out, names)
    }

    fn text(&mut self, tagged: &TaggedText<'_>, out: &mut dyn Write) -> io::Result<()> {
        let text = tagged.text;
        let mut unit = OffsetConverter::new(tagged.offset_text(), self.offsets);
        let line = tagged.line.map(|l| l.to_string()).unwrap_or_default();
        for (i, e) in tagged.entities.iter().enumerate() {
            let Some(span) = tagged.offset_span(i) else { continue };
            let converted = (unit.convert(span.start), unit.convert(span.end), e.span.of(text));
            let (Some(start), Some(end), Some(entity_text)) = converted else { continue };
            let (start, end, score) = (start.to_string(), end.to_string(), e.score.to_string());
            let id = tagged.id.unwrap_or("");
            let row = [
                Cell::Text(tagged.path),
                Cell::Plain(&line),
                Cell::Text(id),
                Cell::Text(&e.label),
                Cell::Plain(&start),
                Cell::Plain(&end),
                Cell::Text(entity_text),
                Cell::Plain(&score),
            ];
            self.table.write(out, row)?;
        }
        Ok(())
    }
}
