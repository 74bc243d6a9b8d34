//! `word<TAB>tag` a line in IOB2, a blank line after each record.
use std::io::Write;

use cloze_core::tag::{self, Chunk, Prefix, Scheme, Tag};
use cloze_core::{Entity, Span};

use super::{Form, Tagged, WriteError};

pub(super) struct Conll;

impl Form for Conll {
    fn record(&mut self, tagged: &Tagged<'_>, out: &mut dyn Write) -> Result<(), WriteError> {
        let tags = word_tags(tagged.entities, tagged.words);
        for (word, tag) in tagged.words.iter().zip(tags) {
            let Some(word) = word.of(&tagged.record.text) else { continue };
            writeln!(out, "{word}\t{tag}")?;
        }
        Ok(writeln!(out)?)
    }
}

/// The IOB2 tag of each word: an entity has the words it touches, and a word that two touch belongs
/// to the first.
pub(crate) fn word_tags(entities: &[Entity], words: &[Span]) -> Vec<String> {
    let mut chunks: Vec<Chunk> = vec![];
    for (i, entity) in entities.iter().enumerate() {
        let start = words.partition_point(|w| w.end <= entity.span.start);
        let end = words.partition_point(|w| w.start < entity.span.end);
        let start = start.max(chunks.last().map_or(0, |c| c.units.end));
        if start < end {
            chunks.push(Chunk { label: i, units: start..end });
        }
    }
    let name = |tag| match tag {
        Tag::Outside => "O".to_owned(),
        Tag::Part(Prefix::Begin, i) => format!("B-{}", entities[i].label),
        Tag::Part(_, i) => format!("I-{}", entities[i].label),
    };
    tag::tags(&chunks, words.len(), Scheme::Iob2).into_iter().map(name).collect()
}
