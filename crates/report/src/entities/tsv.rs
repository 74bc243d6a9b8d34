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
    fields: bool,
}

impl EntityTsv {
    /// Returns the format with offsets in a unit, as tab-separated values.
    #[must_use]
    pub fn new(offsets: OffsetUnit) -> Self {
        Self { offsets, table: Table::tsv(), fields: false }
    }

    /// Whether a column names the field of the text. Default `false`.
    #[must_use]
    pub fn fields(mut self, fields: bool) -> Self {
        self.fields = fields;
        self
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
        let place = ["path", "line", "id"].into_iter().chain(self.fields.then_some("field"));
        let entity = ["label", &start, &end, "text", "score"];
        self.table.write_header(out, place.chain(entity))
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
            let place = [Cell::Text(tagged.path), Cell::Plain(&line), Cell::Text(id)];
            let field = self.fields.then(|| Cell::Text(tagged.field.unwrap_or("")));
            let entity = [
                Cell::Text(e.shown_label()),
                Cell::Plain(&start),
                Cell::Plain(&end),
                Cell::Text(entity_text),
                Cell::Plain(&score),
            ];
            self.table.write(out, place.into_iter().chain(field).chain(entity))?;
        }
        Ok(())
    }
}
