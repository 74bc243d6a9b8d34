//! Fields in the objects and arrays of a line, by their path.
use crate::fields::{Field, Object};
use crate::names::{NameError, Names};
use crate::{CorpusError, jsonl};

/// Whether a field of an object, with dots between names and numbers of items, is `outer` or stands in it:
/// so `users.0.name` in `users`, and, as the numbers of items need not be named, in `users.name`.
pub(crate) fn is_within(name: &str, outer: &str) -> bool {
    let mut outer = outer.split('.').peekable();
    for part in name.split('.') {
        match outer.peek() {
            None => return true,
            Some(wanted) if *wanted == part => {
                outer.next();
            }
            Some(_) if part.bytes().all(|byte| byte.is_ascii_digit()) => {}
            Some(_) => return false,
        }
    }
    outer.peek().is_none()
}

impl<'a> Object<'a> {
    /// The fields that are asked for, each a text of its own: strings and numbers of this name, those in an
    /// object or array of this name, and those that have it but for the numbers of items. An error if the
    /// object has none of the names.
    pub(crate) fn each(&self, names: &Names) -> Result<Vec<Field<'a>>, CorpusError> {
        let (mut chosen, mut any) = (vec![], false);
        for name in names.asked() {
            if let Some(value) = self.named(name)? {
                any = true;
                match jsonl::type_of(value) {
                    jsonl::OBJECT | jsonl::ARRAY => self.leaves(name, value, 0, &mut chosen)?,
                    _ => chosen.push((name.clone(), value)),
                }
            } else {
                let within = self.all_leaves(&[])?;
                let within = within.into_iter().filter(|(leaf, _)| is_within(leaf, name));
                let before = chosen.len();
                chosen.extend(within);
                any |= chosen.len() > before;
            }
        }
        match names.asked().first() {
            Some(name) if !any => Err(self.not_chosen(NameError::Missing(name.clone()))),
            _ => Ok(chosen),
        }
    }

    /// Whether there is a field of this name, or one within it.
    pub(crate) fn has(&self, name: &str) -> Result<bool, CorpusError> {
        if self.named(name)?.is_some() {
            return Ok(true);
        }
        Ok(self.all_leaves(&[])?.iter().any(|(leaf, _)| is_within(leaf, name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_items_need_not_be_named() {
        for (name, outer) in [
            ("a", "a"),
            ("a.b", "a"),
            ("a.b", "a.b"),
            ("a.0.b", "a.b"),
            ("a.0.b", "a.0"),
            ("a.0.1", "a"),
            ("a.0.b.2.c", "a.b.c"),
        ] {
            assert!(is_within(name, outer), "{name} in {outer}");
        }
        for (name, outer) in
            [("ab", "a"), ("a", "a.b"), ("a.c", "a.b"), ("a.0", "a.b"), ("b.a", "a")]
        {
            assert!(!is_within(name, outer), "{name} in {outer}");
        }
    }
}
