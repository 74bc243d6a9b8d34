//! Entities, and texts with their entities.
use crate::Span;
use crate::tag::{self, Chunk, Prefix, Scheme, Tag};

/// A labelled piece of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// Label: `PER`.
    pub label: String,
    /// Position, in bytes of the original text.
    pub span: Span,
    /// Confidence of the model: a probability, 0 to 1.
    pub score: f32,
    /// The tag of the one token that this is, where tokens were not put together: `B-PER`.
    pub tag: Option<String>,
}

impl Entity {
    /// Label as outputs show it: the tag of a token that was not put together with others, `B-PER`, and
    /// of an entity `PER`.
    #[must_use]
    pub fn shown_label(&self) -> &str {
        self.tag.as_deref().unwrap_or(&self.label)
    }
}

/// Cuts a text at its entities, which are in reading order: returns the pieces between them, and the
/// entities with their text. Entities that overlap (tokens of one character, without aggregation) are
/// cut at the end of the one before, and an entity of which nothing is left is passed over.
///
/// ```
/// # use cloze_core::{Entity, Span, split_at_entities};
/// let anna = Entity { label: "PER".into(), span: Span::new(3, 7), score: 1.0, tag: None };
/// let pieces = split_at_entities("to Anna!", std::slice::from_ref(&anna));
/// assert_eq!(pieces, [("to ", None), ("Anna", Some(&anna)), ("!", None)]);
/// ```
#[must_use]
pub fn split_at_entities<'a>(
    text: &'a str,
    entities: &'a [Entity],
) -> Vec<(&'a str, Option<&'a Entity>)> {
    let mut pieces = vec![];
    let mut offset = 0;
    for entity in entities {
        let start = entity.span.start.max(offset);
        let (Some(before), Some(entity_text)) =
            (text.get(offset..start), text.get(start..entity.span.end))
        else {
            continue;
        };
        if entity_text.is_empty() {
            continue;
        }
        if !before.is_empty() {
            pieces.push((before, None));
        }
        pieces.push((entity_text, Some(entity)));
        offset = entity.span.end;
    }
    if offset < text.len() {
        pieces.push((&text[offset..], None));
    }
    pieces
}

/// Returns the text with each entity replaced by `mask`, in which `{label}` stands for its label.
///
/// ```
/// # use cloze_core::{Entity, Span, redact};
/// let anna = Entity { label: "PER".into(), span: Span::new(3, 7), score: 1.0, tag: None };
/// assert_eq!(redact("to Anna!", &[anna], "[{label}]"), "to [PER]!");
/// ```
#[must_use]
pub fn redact(text: &str, entities: &[Entity], mask: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    for (piece, entity) in split_at_entities(text, entities) {
        match entity {
            Some(entity) => redacted.push_str(&mask_of(entity, mask)),
            None => redacted.push_str(piece),
        }
    }
    redacted
}

/// Returns the span of each entity and the mask in its place, as [`redact`] has them.
///
/// ```
/// # use cloze_core::{Entity, Span, redactions};
/// let anna = Entity { label: "PER".into(), span: Span::new(3, 7), score: 1.0, tag: None };
/// assert_eq!(redactions("to Anna!", &[anna], "[{label}]"), [(Span::new(3, 7), "[PER]".to_owned())]);
/// ```
#[must_use]
pub fn redactions(text: &str, entities: &[Entity], mask: &str) -> Vec<(Span, String)> {
    let mut offset = 0;
    let mut redactions = vec![];
    for (piece, entity) in split_at_entities(text, entities) {
        let span = Span::new(offset, offset + piece.len());
        offset = span.end;
        redactions.extend(entity.map(|entity| (span, mask_of(entity, mask))));
    }
    redactions
}

fn mask_of(entity: &Entity, mask: &str) -> String {
    mask.replace("{label}", &entity.label)
}

/// Returns the IOB2 tag of each word, or of tokens that were not put together their own tags: an entity
/// has the words it touches, and a word that two touch belongs to the first.
///
/// ```
/// # use cloze_core::{Entity, Span, word_tags};
/// let anna = Entity { label: "PER".into(), span: Span::new(3, 7), score: 1.0, tag: None };
/// let words = [Span::new(0, 2), Span::new(3, 7)];
/// assert_eq!(word_tags(&[anna], &words), ["O", "B-PER"]);
/// ```
#[must_use]
pub fn word_tags(entities: &[Entity], words: &[Span]) -> Vec<String> {
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
        Tag::Part(_, i) if entities[i].tag.is_some() => entities[i].shown_label().to_owned(),
        Tag::Part(Prefix::Begin, i) => format!("B-{}", entities[i].label),
        Tag::Part(_, i) => format!("I-{}", entities[i].label),
    };
    tag::tags_of_chunks(&chunks, words.len(), Scheme::Iob2).into_iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(start: usize, end: usize) -> Entity {
        Entity { label: "X".into(), span: Span::new(start, end), score: 1.0, tag: None }
    }

    #[test]
    fn pieces_are_the_whole_text_once() {
        let entities = [entity(0, 2), entity(1, 3), entity(1, 3), entity(5, 7)];
        let pieces = split_at_entities("abcdefg", &entities);
        let texts: Vec<_> = pieces.iter().map(|(t, e)| (*t, e.is_some())).collect();
        assert_eq!(texts, [("ab", true), ("c", true), ("de", false), ("fg", true)]);
        assert_eq!(split_at_entities("", &[]).len(), 0);
        assert_eq!(split_at_entities("👍", &[entity(1, 4)]).len(), 1);
        assert_eq!(redact("abcdefg", &entities, "<{label}>"), "<X><X>de<X>");
    }
}
