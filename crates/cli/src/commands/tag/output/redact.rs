//! Output of the input with every entity replaced: all else byte for byte, in the input's encoding. A
//! document that cannot be written back becomes text.
use std::io::Write;

use cloze_core::{Span, redact, redactions};
use cloze_corpus::{Encoding, Format};

use super::{Form, Tagged, WriteError};
use crate::commands::redact::recorder::SharedRecorder;

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

/// Redaction by a policy, recorded so that it can be restored.
pub(super) struct PolicyRedact {
    recorder: SharedRecorder,
}

impl PolicyRedact {
    pub(super) fn new(recorder: SharedRecorder) -> Self {
        Self { recorder }
    }
}

impl Form for PolicyRedact {
    fn record(&mut self, tagged: &Tagged<'_>, out: &mut dyn Write) -> Result<(), WriteError> {
        let (record, encoding) = (tagged.record, tagged.encoding);
        let mut recorder = self.recorder.borrow_mut();
        let redactions = recorder.redactions(&record.text, tagged.entities, tagged.recognizers);
        let (original, redacted) = if is_unpacked(tagged.format) {
            (vec![], format!("{}\n", replaced(&record.text, &redactions)).into_bytes())
        } else {
            let source = record.rewrite(&record.text)?;
            let redacted = record.encode(&record.replace(&redactions)?, encoding)?;
            (record.encode(&source, encoding)?, redacted)
        };
        out.write_all(&redacted)?;
        recorder.write(&original, &redacted);
        Ok(())
    }

    fn verbatim(
        &mut self,
        text: &str,
        encoding: Encoding,
        out: &mut dyn Write,
    ) -> Result<(), WriteError> {
        let bytes = encoding.encode(text)?;
        out.write_all(&bytes)?;
        self.recorder.borrow_mut().write(&bytes, &bytes);
        Ok(())
    }
}

/// The text with spans replaced.
fn replaced(text: &str, redactions: &[(Span, String)]) -> String {
    let (mut redacted, mut end) = (String::with_capacity(text.len()), 0);
    for (span, replacement) in redactions {
        redacted.push_str(&text[end..span.start]);
        redacted.push_str(replacement);
        end = span.end;
    }
    redacted + &text[end..]
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
