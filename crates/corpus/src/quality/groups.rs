//! Examples that belong on one side of a split.
use std::collections::HashMap;
use std::hash::Hash;

use super::texts::folded;

/// Text of an example, or both of a pair, and further values by which examples belong together.
#[derive(Clone, Copy, Debug, Default)]
pub struct GroupedText<'a> {
    /// Text, or the first of a pair.
    pub text: &'a str,
    /// Second of a pair.
    pub second: Option<&'a str>,
    /// Author, document or the like; none, or an empty one, is no group.
    pub group: Option<&'a str>,
}

impl GroupedText<'_> {
    /// The text as [`folded`] has it; both of a pair in one order.
    fn key(&self) -> (String, Option<String>) {
        let first = folded(self.text);
        match self.second.map(folded) {
            Some(second) if second < first => (second, Some(first)),
            second => (first, second),
        }
    }
}

/// Group of each example: the index of its first member. Examples belong together if their texts are
/// equal but for Unicode's normal form, case and white space, those of a pair in either order, or if
/// they have the same [group](GroupedText::group); and so do those that others join.
#[must_use]
pub fn groups<'a>(examples: impl IntoIterator<Item = GroupedText<'a>>) -> Vec<usize> {
    let mut parents: Vec<usize> = vec![];
    let (mut by_text, mut by_group) = (HashMap::new(), HashMap::new());
    for (index, example) in examples.into_iter().enumerate() {
        parents.push(index);
        join(&mut parents, &mut by_text, example.key(), index);
        if let Some(group) = example.group.filter(|group| !group.is_empty()) {
            join(&mut parents, &mut by_group, group, index);
        }
    }
    (0..parents.len()).map(|index| root(&parents, index)).collect()
}

/// Puts an example to the others of this key.
fn join<K: Eq + Hash>(
    parents: &mut [usize],
    first_of_key: &mut HashMap<K, usize>,
    key: K,
    index: usize,
) {
    let other = *first_of_key.entry(key).or_insert(index);
    let (a, b) = (root(parents, index), root(parents, other));
    // The smaller index stays the root, and paths stay short.
    parents[a.max(b)] = a.min(b);
    parents[index] = a.min(b);
}

fn root(parents: &[usize], mut index: usize) -> usize {
    while parents[index] != index {
        index = parents[index];
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[(&str, Option<&str>, Option<&str>)]) -> Vec<usize> {
        groups(rows.iter().map(|&(text, second, group)| GroupedText { text, second, group }))
    }

    fn of_texts(texts: &[&str]) -> Vec<usize> {
        of(&texts.iter().map(|text| (*text, None, None)).collect::<Vec<_>>())
    }

    #[test]
    fn equal_texts_are_one_group() {
        for (a, b, same) in [
            ("It rains", "it  RAINS ", true),
            ("caf\u{e9}", "cafe\u{301}", true),
            ("Straße", "STRASSE", true),
            ("ΟΔΟΣ", "οδος", true),
            ("ｆｕｌｌ １", "full 1", true),
            ("a\u{a0}b", "a b", true),
            ("ﬁne", "fine", true),
            ("It rains.", "It rains", false),
            ("cafe", "café", false),
            ("a b", "ab", false),
            ("", " \t", true),
        ] {
            assert_eq!(of_texts(&[a, b]) == [0, 0], same, "{a} {b}");
        }
        assert!(of_texts(&[]).is_empty());
    }

    /// 0 and 2 have one text, 2 and 3 one author, 3 and 5 one text; 1 and 4 an empty author each.
    #[test]
    fn groups_are_joined() {
        let rows = [
            ("a", None, Some("x")),
            ("b", None, Some("")),
            ("A", None, Some("y")),
            ("c", None, Some("y")),
            ("d", None, Some("")),
            ("C", None, None),
        ];
        assert_eq!(of(&rows), [0, 1, 0, 0, 4, 0]);
    }

    /// Pairs in either order; one text alone does not join them, nor do the same words otherwise cut.
    #[test]
    fn pairs_are_equal_in_either_order() {
        let rows = [
            ("a", Some("b"), None),
            ("B", Some("a"), None),
            ("a", Some("c"), None),
            ("a b", Some(""), None),
            ("a", None, None),
        ];
        assert_eq!(of(&rows), [0, 0, 2, 3, 4]);
    }
}
