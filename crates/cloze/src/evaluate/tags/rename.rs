//! Gold names of a model's labels.
use std::collections::HashMap;

use cloze_core::{Entity, Span, word_tags};

use crate::evaluate::EvaluateError;

/// New names by old ones; an empty name drops a label.
#[derive(Clone, Debug)]
pub(super) struct Rename(HashMap<String, String>);

/// Checks that each renamed label is there once, in one of the models at least.
pub(super) fn check<'a>(
    map: &[(String, String)],
    models: impl Iterator<Item = (&'a str, &'a [String])> + Clone,
) -> Result<(), EvaluateError> {
    for (i, (from, _)) in map.iter().enumerate() {
        if map[..i].iter().any(|(known, _)| known == from) {
            return Err(EvaluateError::RenamedTwice { label: from.clone() });
        }
        if !models.clone().any(|(_, labels)| labels.contains(from)) {
            let has =
                |(name, labels): (&str, &[String])| format!("{name} has {}", labels.join(", "));
            let descriptions: Vec<String> = models.map(has).collect();
            return Err(EvaluateError::NoLabel {
                label: from.clone(),
                found: descriptions.join("; "),
            });
        }
    }
    Ok(())
}

impl Rename {
    pub(super) fn new(map: &[(String, String)]) -> Self {
        Self(map.iter().cloned().collect())
    }

    /// Returns whether a model with these labels can give `label`.
    pub(super) fn gives(&self, labels: &[String], label: &str) -> bool {
        labels.iter().any(|known| self.0.get(known).unwrap_or(known) == label)
    }

    /// The IOB2 tags of `words` by these entities, renamed.
    ///
    /// Entities on neighbouring words whose labels differ and become the same one are one entity:
    /// if given names and surnames are persons, a given name with its surname is one person.
    pub(super) fn word_tags(&self, entities: Vec<Entity>, words: &[Span]) -> Vec<String> {
        // The new name, and the old one of the last part.
        let mut renamed: Vec<(Entity, String)> = vec![];
        for mut entity in entities {
            let old = entity.label.clone();
            if let Some(new) = self.0.get(&old) {
                entity.label.clone_from(new);
            }
            if entity.label.is_empty() {
                continue;
            }
            match renamed.last_mut() {
                Some((last, before))
                    if last.label == entity.label
                        && *before != old
                        && neighbours(last.span, entity.span, words) =>
                {
                    last.span.end = entity.span.end;
                    *before = old;
                }
                _ => renamed.push((entity, old)),
            }
        }
        let entities: Vec<Entity> = renamed.into_iter().map(|(entity, _)| entity).collect();
        word_tags(&entities, words)
    }
}

/// Whether `second` begins in the word behind the last of `first`, or in that word.
fn neighbours(first: Span, second: Span, words: &[Span]) -> bool {
    let last = words.partition_point(|w| w.start < first.end);
    let next = words.partition_point(|w| w.end <= second.start);
    next <= last
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entity(label: &str, start: usize, end: usize) -> Entity {
        Entity { label: label.into(), span: Span::new(start, end), score: 1.0, tag: None }
    }

    fn map(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    /// `Ann Roe , Bo Bo Coe in Kassel`: words of these places.
    const WORDS: [(usize, usize); 8] =
        [(0, 3), (4, 7), (8, 9), (10, 12), (13, 15), (16, 19), (20, 22), (23, 29)];

    #[test]
    fn parts_of_one_name_are_one_and_names_of_one_kind_stay_apart() {
        let words = WORDS.map(|(start, end)| Span::new(start, end));
        let entities = [
            ("GIVEN", 0, 3),
            ("SUR", 4, 7),
            ("GIVEN", 10, 12),
            ("GIVEN", 13, 15),
            ("SUR", 16, 19),
            ("CITY", 23, 29),
        ];
        let tags = |pairs: &[(&str, &str)]| {
            let entities = entities.map(|(label, start, end)| entity(label, start, end)).into();
            Rename::new(&map(pairs)).word_tags(entities, &words).join(" ")
        };
        assert_eq!(tags(&[]), "B-GIVEN B-SUR O B-GIVEN B-GIVEN B-SUR O B-CITY");
        // The comma parts Roe and Bo; Bo and Bo are two by the model's own reading.
        assert_eq!(
            tags(&[("GIVEN", "PER"), ("SUR", "PER"), ("CITY", "")]),
            "B-PER I-PER O B-PER B-PER I-PER O O"
        );
        // With one renamed to the other's name, too.
        assert_eq!(tags(&[("SUR", "GIVEN")]), "B-GIVEN I-GIVEN O B-GIVEN B-GIVEN I-GIVEN O B-CITY");
    }

    #[test]
    fn labels_that_no_model_has_are_named() {
        let labels = ["A", "B"].map(String::from);
        let check = |pairs: &[(&str, &str)]| {
            check(&map(pairs), [("m", &labels[..])].into_iter()).map_err(|e| e.to_string())
        };
        assert_eq!(check(&[("A", "X"), ("B", "")]), Ok(()));
        assert_eq!(check(&[("C", "X")]), Err("C: no such label; m has A, B".into()));
        assert_eq!(check(&[("A", "X"), ("A", "Y")]), Err("\"A\" is renamed twice".into()));
    }

    /// Entities on words of 2 bytes with a space between, of 1 or 2 words, in order.
    fn entities() -> impl Strategy<Value = Vec<Entity>> {
        let label = prop::sample::select(vec!["A", "B", "C"]);
        prop::collection::vec((0..2usize, 1..3usize, label), 0..6).prop_map(|parts| {
            let (mut position, mut entities) = (0, vec![]);
            for (gap, len, label) in parts {
                let (start, end) = (position + gap, position + gap + len);
                entities.push(entity(label, 3 * start, 3 * end - 1));
                position = end;
            }
            entities
        })
    }

    proptest! {
        /// Names that stay apart change the names in the tags, and nothing else; names that fall
        /// together change no word from inside to outside, and none begins an entity that did not.
        #[test]
        fn renaming_moves_no_entity(original in entities()) {
            let words: Vec<Span> = (0..20).map(|i| Span::new(3 * i, 3 * i + 2)).collect();
            let tags = |pairs: &[(&str, &str)]| {
                Rename::new(&map(pairs)).word_tags(original.clone(), &words)
            };
            let before = tags(&[]);
            prop_assert_eq!(&before, &word_tags(&original, &words));
            let swapped: Vec<String> = before
                .iter()
                .map(|tag| match tag.split_once('-') {
                    Some((letter, "A")) => format!("{letter}-B"),
                    Some((letter, "B")) => format!("{letter}-A"),
                    _ => tag.clone(),
                })
                .collect();
            prop_assert_eq!(tags(&[("A", "B"), ("B", "A")]), swapped);
            let together = tags(&[("A", "X"), ("B", "X"), ("C", "")]);
            for (i, (before, after)) in before.iter().zip(&together).enumerate() {
                let inside = before != "O" && !before.ends_with("-C");
                prop_assert_eq!(inside, after != "O", "word {}: {} {}", i, before, after);
                prop_assert!(!after.starts_with("B-") || before.starts_with("B-"));
            }
        }
    }
}
