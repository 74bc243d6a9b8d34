//! The text with `<LABEL>…</LABEL>` around entities, a line end after each record, as Stanford NER's
//! `inlineXML`. `&`, `<` and `>` of the text are escaped, so that the marks are the only ones.
use std::io::Write;

use super::{Form, Tagged, WriteError, pieces};

pub(super) struct Inline;

impl Form for Inline {
    fn record(&mut self, tagged: &Tagged<'_>, out: &mut dyn Write) -> Result<(), WriteError> {
        for (text, entity) in pieces(&tagged.record.text, tagged.entities) {
            let text = html_escape::encode_text(text);
            match entity {
                Some(e) => {
                    let label = html_escape::encode_text(&e.label);
                    write!(out, "<{label}>{text}</{label}>")?;
                }
                None => write!(out, "{text}")?,
            }
        }
        Ok(writeln!(out)?)
    }
}
