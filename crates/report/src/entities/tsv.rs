//! One row per entity, with a header that names the unit of the offsets. Fields are quoted where
//! needed (RFC 4180 with tabs).
use std::io::{self, Write};

use cloze_core::{OffsetConverter, OffsetUnit};

use crate::write::csv_failure;

use super::{EntityForm, TaggedText};

/// One row per entity.
#[derive(Clone, Copy, Debug)]
pub struct EntityTsv {
    offsets: OffsetUnit,
}

impl EntityTsv {
    /// Returns the format with offsets in a unit.
    #[must_use]
    pub fn new(offsets: OffsetUnit) -> Self {
        Self { offsets }
    }
}

/// Writes one row of tab-separated values.
///
/// # Errors
/// Errors of `out`.
pub fn write_row<'a>(
    out: &mut dyn Write,
    row: impl IntoIterator<Item = &'a str>,
) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().delimiter(b'\t').from_writer(out);
    writer.write_record(row).map_err(csv_failure)?;
    writer.flush()
}

impl EntityForm for EntityTsv {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let unit = self.offsets.name();
        let (start, end) = (format!("start_{unit}"), format!("end_{unit}"));
        write_row(out, ["path", "line", "id", "label", &start, &end, "text", "score"])
    }

    fn text(&mut self, tagged: &TaggedText<'_>, out: &mut dyn Write) -> io::Result<()> {
        let text = tagged.text;
        let mut unit = OffsetConverter::new(text, self.offsets);
        let line = tagged.line.map(|l| l.to_string()).unwrap_or_default();
        for e in tagged.entities {
            let place = (unit.convert(e.span.start), unit.convert(e.span.end), e.span.of(text));
            let (Some(start), Some(end), Some(own)) = place else { continue };
            let (start, end, score) = (start.to_string(), end.to_string(), e.score.to_string());
            let id = tagged.id.unwrap_or("");
            write_row(out, [tagged.path, &line, id, &e.label, &start, &end, own, &score])?;
        }
        Ok(())
    }
}
