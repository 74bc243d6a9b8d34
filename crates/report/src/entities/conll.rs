//! `word<TAB>tag` on each line in IOB2, or of single tokens their own tags; a blank line after each record.
use std::io::{self, Write};

use cloze_core::word_tags;

use super::{EntityForm, TaggedText};

/// One line per word with its tag in IOB2.
#[derive(Clone, Copy, Debug, Default)]
pub struct EntityConll;

impl EntityForm for EntityConll {
    fn text(&mut self, tagged: &TaggedText<'_>, out: &mut dyn Write) -> io::Result<()> {
        let tags = word_tags(tagged.entities, tagged.words);
        for (word, tag) in tagged.words.iter().zip(tags) {
            let Some(word) = word.of(tagged.text) else { continue };
            writeln!(out, "{word}\t{tag}")?;
        }
        writeln!(out)
    }
}
