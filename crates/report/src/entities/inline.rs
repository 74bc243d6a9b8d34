//! The text with `<LABEL>…</LABEL>` around entities, a line end after each record, as Stanford NER's
//! `inlineXML`. `&`, `<` and `>` of the text are escaped, so that the marks are the only ones.
use std::io::{self, Write};

use cloze_core::split_at_entities;

use super::{EntityForm, TaggedText};

/// The text with `<LABEL>…</LABEL>` around entities.
#[derive(Clone, Copy, Debug, Default)]
pub struct EntityInline;

impl EntityForm for EntityInline {
    fn text(&mut self, tagged: &TaggedText<'_>, out: &mut dyn Write) -> io::Result<()> {
        for (text, entity) in split_at_entities(tagged.text, tagged.entities) {
            let text = html_escape::encode_text(text);
            match entity {
                Some(e) => {
                    let label = html_escape::encode_text(e.shown_label());
                    write!(out, "<{label}>{text}</{label}>")?;
                }
                None => write!(out, "{text}")?,
            }
        }
        writeln!(out)
    }
}
