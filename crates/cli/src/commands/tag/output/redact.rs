//! Output of the input with every entity replaced: all else byte for byte, in the input's encoding.
use std::io::Write;

use cloze_core::redact;
use cloze_corpus::Encoding;

use super::{Form, Tagged, WriteError};

pub(super) struct Redact {
    mask: String,
}

impl Redact {
    pub(super) fn new(mask: String) -> Self {
        Self { mask }
    }
}

impl Form for Redact {
    fn record(&mut self, tagged: &Tagged<'_>, out: &mut dyn Write) -> Result<(), WriteError> {
        let text = redact(&tagged.record.text, tagged.entities, &self.mask);
        let whole = tagged.record.rewrite(&text)?;
        self.verbatim(&whole, tagged.encoding, out)
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
