//! `word<TAB>tag` a line in IOB2, a blank line after each record.
use std::io::Write;

use cloze_core::tag::{self, Chunk, Prefix, Scheme, Tag};

use super::{Form, Tagged, WriteError};

pub(super) struct Conll;

impl Form for Conll {
    fn record(&mut self, tagged: &Tagged<'_>, out: &mut dyn Write) -> Result<(), WriteError> {
        // The words each entity touches; a word that two touch belongs to the first.
        let mut chunks: Vec<Chunk> = vec![];
        for (i, entity) in tagged.entities.iter().enumerate() {
            let start = tagged.words.partition_point(|w| w.end <= entity.span.start);
            let end = tagged.words.partition_point(|w| w.start < entity.span.end);
            let start = start.max(chunks.last().map_or(0, |c| c.units.end));
            if start < end {
                chunks.push(Chunk { label: i, units: start..end });
            }
        }
        let tags = tag::tags(&chunks, tagged.words.len(), Scheme::Iob2);
        for (word, tag) in tagged.words.iter().zip(tags) {
            let Some(word) = word.of(&tagged.record.text) else { continue };
            match tag {
                Tag::Outside => writeln!(out, "{word}\tO")?,
                Tag::Part(prefix, i) => {
                    let prefix = if prefix == Prefix::Begin { 'B' } else { 'I' };
                    writeln!(out, "{word}\t{prefix}-{}", tagged.entities[i].label)?;
                }
            }
        }
        Ok(writeln!(out)?)
    }
}
