//! One row per entity, with a header that names the unit of the offsets.
use std::io::{self, Write};

use cloze_core::{OffsetConverter, OffsetUnit};

use crate::cells::{Cell, Table, free_names};

use super::{EntityForm, TaggedText};

/// One row per entity.
#[derive(Clone, Copy, Debug)]
pub struct EntityTable {
    offsets: OffsetUnit,
    table: Table,
    fields: bool,
}

impl EntityTable {
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

    /// Names of the columns of an entity; an input with columns has its id among them.
    fn names(self, has_input: bool) -> Vec<String> {
        let unit = self.offsets.name();
        let place = ["path", "line"].into_iter().chain((!has_input).then_some("id"));
        let place = place.chain(self.fields.then_some("field")).map(str::to_owned);
        let offsets = [format!("start_{unit}"), format!("end_{unit}")];
        let entity = ["text", "score"].map(str::to_owned);
        place.chain(["label".to_owned()]).chain(offsets).chain(entity).collect()
    }

    /// Writes the header of a table that begins with the columns `input`, perhaps none. Names that are
    /// there already get `predicted_` in front.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_header(&self, input: &[String], out: &mut dyn Write) -> io::Result<()> {
        let added = self.names(!input.is_empty());
        let names = free_names(input, added.iter().map(String::as_str));
        let (input, added) = names.split_at(input.len());
        let input = input.iter().map(|name| Cell::Text(name));
        self.table.write(out, input.chain(added.iter().map(|name| Cell::Plain(name))))
    }

    /// Writes the entities of a text, behind the values of its columns in each row.
    ///
    /// # Errors
    /// Errors of `out`.
    pub fn write_rows(
        &self,
        input: &[String],
        tagged: &TaggedText<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let text = tagged.text;
        let mut unit = OffsetConverter::new(tagged.offset_text(), self.offsets);
        let line = tagged.line.map(|l| l.to_string()).unwrap_or_default();
        for (i, e) in tagged.entities.iter().enumerate() {
            let Some(span) = tagged.offset_span(i) else { continue };
            let converted = (unit.convert(span.start), unit.convert(span.end), e.span.of(text));
            let (Some(start), Some(end), Some(entity_text)) = converted else { continue };
            let (start, end, score) = (start.to_string(), end.to_string(), e.score.to_string());
            let id = input.is_empty().then(|| Cell::Text(tagged.id.unwrap_or("")));
            let field = self.fields.then(|| Cell::Text(tagged.field.unwrap_or("")));
            let entity = [
                Cell::Text(e.shown_label()),
                Cell::Plain(&start),
                Cell::Plain(&end),
                Cell::Text(entity_text),
                Cell::Plain(&score),
            ];
            let place = [Cell::Text(tagged.path), Cell::Plain(&line)].into_iter().chain(id);
            let input = input.iter().map(|value| Cell::Text(value));
            self.table.write(out, input.chain(place).chain(field).chain(entity))?;
        }
        Ok(())
    }
}

impl EntityForm for EntityTable {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.write_header(&[], out)
    }

    fn text(&mut self, tagged: &TaggedText<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.write_rows(&[], tagged, out)
    }
}
