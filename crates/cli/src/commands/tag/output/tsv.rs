//! A row an entity, with a header whose names say what the offsets count. Fields are quoted where
//! they must be (RFC 4180 with tabs).
use std::io::Write;

use cloze_core::{OffsetConverter, OffsetUnit};

use super::{Form, Tagged, WriteError};

pub(super) struct Tsv {
    offsets: OffsetUnit,
}

impl Tsv {
    pub(super) fn new(offsets: OffsetUnit) -> Self {
        Self { offsets }
    }
}

pub(crate) fn write_row<'a>(
    out: &mut dyn Write,
    row: impl IntoIterator<Item = &'a str>,
) -> std::io::Result<()> {
    let mut writer = csv::WriterBuilder::new().delimiter(b'\t').from_writer(out);
    writer.write_record(row).map_err(|error| match error.into_kind() {
        // Its own conversion hides that the pipe is closed.
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    })?;
    writer.flush()
}

impl Form for Tsv {
    fn begin(&mut self, out: &mut dyn Write) -> std::io::Result<()> {
        let unit = self.offsets.name();
        let (start, end) = (format!("start_{unit}"), format!("end_{unit}"));
        write_row(out, ["path", "line", "id", "label", &start, &end, "text", "score"])
    }

    fn record(&mut self, tagged: &Tagged<'_>, out: &mut dyn Write) -> Result<(), WriteError> {
        let text = &tagged.record.text;
        let mut unit = OffsetConverter::new(text, self.offsets);
        let line = tagged.line().map(|l| l.to_string()).unwrap_or_default();
        for e in tagged.entities {
            let place = (unit.convert(e.span.start), unit.convert(e.span.end), e.span.of(text));
            let (Some(start), Some(end), Some(own)) = place else { continue };
            let (start, end, score) = (start.to_string(), end.to_string(), e.score.to_string());
            let id = tagged.record.id.as_deref().unwrap_or("");
            write_row(out, [tagged.path, &line, id, &e.label, &start, &end, own, &score])?;
        }
        Ok(())
    }
}
