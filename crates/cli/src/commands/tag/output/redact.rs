//! Output of the input with every entity replaced: all else byte for byte, in the input's encoding. A
//! document that cannot be written back becomes text.
use std::io::Write;

use cloze_core::{Span, redact, redactions};
use cloze_corpus::{Encoding, Format};

use super::{Form, Tagged, WriteError};
use crate::commands::redact::recorder::SharedRecorder;

pub(super) struct Redact {
    mask: String,
    documents: DocumentForm,
}

impl Redact {
    pub(super) fn new(mask: String, documents: DocumentForm) -> Self {
        Self { mask, documents }
    }
}

/// Form that redacted documents have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DocumentForm {
    /// Pages as pages, and all others as text.
    PageOrText,
    /// Pages as pages and mails as mails; others are refused.
    Itself,
    /// All as text.
    Text,
}

impl DocumentForm {
    /// Returns whether a document of this format becomes text.
    pub(crate) fn is_text(self, format: Format) -> bool {
        match self {
            Self::PageOrText => format.is_document() && format != Format::Html,
            Self::Itself => false,
            Self::Text => format.is_document(),
        }
    }

    /// Returns whether a document of this format is refused.
    pub(crate) fn refuses(self, format: Format) -> bool {
        let is_rewritten = matches!(format, Format::Html | Format::Eml);
        self == Self::Itself && format.is_document() && !is_rewritten
    }
}

/// Redaction by a policy, recorded so that it can be restored.
pub(super) struct PolicyRedact {
    recorder: SharedRecorder,
    documents: DocumentForm,
}

impl PolicyRedact {
    pub(super) fn new(recorder: SharedRecorder, documents: DocumentForm) -> Self {
        Self { recorder, documents }
    }
}

impl Form for PolicyRedact {
    fn record(&mut self, tagged: &Tagged<'_>, out: &mut dyn Write) -> Result<(), WriteError> {
        let (record, encoding) = (tagged.record, tagged.encoding);
        let mut recorder = self.recorder.borrow_mut();
        let redactions = recorder.redactions(&record.text, tagged.entities, tagged.recognizers);
        let (original, redacted) = if self.documents.is_text(tagged.format) {
            (vec![], format!("{}\n", replaced(&record.text, &redactions)).into_bytes())
        } else {
            (record.replace_in(&[], encoding)?, record.replace_in(&redactions, encoding)?)
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
        if self.documents.is_text(tagged.format) {
            let text = redact(&record.text, entities, &self.mask);
            return Ok(writeln!(out, "{text}")?);
        }
        let redactions = redactions(&record.text, entities, &self.mask);
        Ok(out.write_all(&record.replace_in(&redactions, tagged.encoding)?)?)
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
