//! The input given back with every entity replaced: all else byte for byte, in the input's encoding.
use std::io::Write;

use cloze_corpus::Encoding;

use super::{Form, Tagged, WriteError, pieces};

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
        let mut text = String::with_capacity(tagged.record.text.len());
        for (piece, entity) in pieces(&tagged.record.text, tagged.entities) {
            match entity {
                Some(e) => text.push_str(&self.mask.replace("{label}", &e.label)),
                None => text.push_str(piece),
            }
        }
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
