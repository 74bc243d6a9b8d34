//! Output of the input with every entity replaced: all else byte for byte, in the input's encoding. A
//! document that cannot be written back becomes text.
use std::io::Write;

use cloze_core::{redact, redactions};
use cloze_corpus::{Encoding, Format};

use super::{Form, Tagged, WriteError};

pub(super) struct Redact {
    mask: String,
}

impl Redact {
    pub(super) fn new(mask: String) -> Self {
        Self { mask }
    }
}

/// Returns whether redaction gives a document of this format as text.
pub(crate) fn is_unpacked(format: Format) -> bool {
    format.is_document() && format != Format::Html
}

impl Form for Redact {
    fn record(&mut self, tagged: &Tagged<'_>, out: &mut dyn Write) -> Result<(), WriteError> {
        let (record, entities) = (tagged.record, tagged.entities);
        if is_unpacked(tagged.format) {
            let text = redact(&record.text, entities, &self.mask);
            return Ok(writeln!(out, "{text}")?);
        }
        let source = record.replace(&redactions(&record.text, entities, &self.mask))?;
        Ok(out.write_all(&record.encode(&source, tagged.encoding)?)?)
    }

    fn verbatim(
        &mut self,
        text: &str,
        encoding: Encoding,
        out: &mut dyn Write,
    ) -> Result<(), WriteError> {
        Ok(out.write_all(&encoding.encode(text)?)?)
    }
}
