//! Replacements for values.
use std::borrow::Cow;
use std::collections::HashMap;

use cloze_core::{Entity, Span, split_at_entities};
use cloze_store::checksum::hex;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::canonical::canonical;
use crate::pseudonym::pseudonym;
use crate::{Action, Key, Policy};

/// Hexadecimal digits of a hash that are shown.
const HASH_DIGITS: usize = 12;
/// Letters and digits of a value that `partial` shows at most.
const SHOWN: usize = 4;
/// Invented values that are tried, so that two values seldom get the same.
const ATTEMPTS: u64 = 100;

/// Replacements by a policy: the same for the same value, whatever its case and white space.
#[derive(Clone, Debug)]
pub struct Replacer {
    policy: Policy,
    key: Key,
    /// Values that pseudonyms stand for.
    pseudonyms: HashMap<String, String>,
    /// Numbers of full names of people, by their first and their last word.
    names: HashMap<String, Vec<u64>>,
}

/// Labels of whole names of people, of which one word may stand for all.
const PERSON_LABELS: [&str; 3] = ["PERSON", "PER", "NAME"];

impl Replacer {
    /// Replacements that follow `policy`, and go on with the numbers of `key`.
    #[must_use]
    pub fn new(policy: Policy, key: Key) -> Self {
        let mut names = HashMap::new();
        for label in PERSON_LABELS {
            for (value, number) in key.numbers.get(label).into_iter().flatten() {
                add_name(&mut names, label, value, *number);
            }
        }
        Self { policy, key, pseudonyms: HashMap::new(), names }
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The key, with the numbers given out so far.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Text to stand in place of a value.
    pub fn replacement<'v>(&mut self, label: &str, value: &'v str) -> Cow<'v, str> {
        match self.policy.action(label) {
            Action::Keep => Cow::Borrowed(value),
            Action::Mask(mask) => Cow::Owned(mask.replace("{label}", label)),
            Action::Number => {
                let number = self.number(label, canonical(value));
                Cow::Owned(format!("[{label}_{number}]"))
            }
            Action::Hash => {
                let mut hash = self.keyed("hash", label, &canonical(value), 0);
                hash.truncate(HASH_DIGITS / 2);
                Cow::Owned(format!("[{label}_{}]", hex(&hash)))
            }
            Action::Partial => Cow::Owned(partial(value)),
            Action::Pseudonym => Cow::Owned(self.pseudonym(label, value)),
        }
    }

    /// The text with the values of its entities replaced.
    pub fn redact(&mut self, text: &str, entities: &[Entity]) -> String {
        let mut redacted = String::with_capacity(text.len());
        for (piece, entity) in split_at_entities(text, entities) {
            match entity {
                Some(entity) => redacted.push_str(&self.replacement(&entity.label, piece)),
                None => redacted.push_str(piece),
            }
        }
        redacted
    }

    /// The span of each value that changes and its replacement, as [`redact`](Self::redact) has them.
    pub fn redactions(&mut self, text: &str, entities: &[Entity]) -> Vec<(Span, String)> {
        let mut offset = 0;
        let mut redactions = vec![];
        for (piece, entity) in split_at_entities(text, entities) {
            let span = Span::new(offset, offset + piece.len());
            offset = span.end;
            let Some(entity) = entity else { continue };
            if *self.policy.action(&entity.label) != Action::Keep {
                let replacement = self.replacement(&entity.label, piece).into_owned();
                redactions.push((span, replacement));
            }
        }
        redactions
    }

    /// Number of a value in canonical form. A part of one person's name alone has that person's; one that
    /// two people have, or that comes before the full name, is a value of its own.
    fn number(&mut self, label: &str, value: String) -> u64 {
        if !PERSON_LABELS.contains(&label) {
            return self.key.number(label, value);
        }
        let is_known = self.key.numbers.get(label).is_some_and(|known| known.contains_key(&value));
        if !is_known
            && let Some([number]) = self.names.get(&name_key(label, &value)).map(Vec::as_slice)
        {
            return *number;
        }
        let number = self.key.number(label, value.clone());
        add_name(&mut self.names, label, &value, number);
        number
    }

    fn pseudonym(&mut self, label: &str, value: &str) -> String {
        let canonical = canonical(value);
        let owner = format!("{label}\0{canonical}");
        let mut invented = String::new();
        for attempt in 0..ATTEMPTS {
            let seed = self.keyed("pseudonym", label, &canonical, attempt);
            invented = pseudonym(label, value, &seed);
            let taken = self.pseudonyms.entry(crate::canonical::canonical(&invented));
            if taken.or_insert_with(|| owner.clone()) == &owner && invented != value {
                break;
            }
        }
        invented
    }

    /// HMAC-SHA-256 of a value, by purpose and label.
    fn keyed(&self, purpose: &str, label: &str, value: &str, attempt: u64) -> Vec<u8> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key.secret).expect("a key of HMAC has any length");
        for part in [purpose, label, value] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part.as_bytes());
        }
        mac.update(&attempt.to_le_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

/// Adds a full name of a person by its first and its last word.
fn add_name(names: &mut HashMap<String, Vec<u64>>, label: &str, value: &str, number: u64) {
    let Some((first, rest)) = value.split_once(' ') else { return };
    let last = rest.rsplit(' ').next().unwrap_or(rest);
    for word in [first, last] {
        let numbers = names.entry(name_key(label, word)).or_default();
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
}

fn name_key(label: &str, word: &str) -> String {
    format!("{label}\0{word}")
}

/// Letters and digits but for the last become `*`.
fn partial(value: &str) -> String {
    let all = value.chars().filter(|c| c.is_alphanumeric()).count();
    let hidden = all - SHOWN.min(all / 2);
    let mut seen = 0;
    let hide = |c: char| {
        seen += usize::from(c.is_alphanumeric());
        if c.is_alphanumeric() && seen <= hidden { '*' } else { c }
    };
    value.chars().map(hide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replacer(policy: Policy) -> Replacer {
        Replacer::new(policy, Key::with_secret([7; 32]))
    }

    #[test]
    fn partial_shows_the_last_four_or_half() {
        assert_eq!(partial("4111 1111-1111 1234"), "**** ****-**** 1234");
        assert_eq!(partial("1234567"), "****567");
        assert_eq!(partial("12"), "*2");
        assert_eq!(partial("1"), "*");
        assert_eq!(partial("§"), "§");
        assert_eq!(partial("Żółć-ab"), "***ć-ab");
    }

    #[test]
    fn numbers_are_by_label_and_value() {
        let mut replacer = replacer(Policy::new(Action::Number));
        let values = ["Ann", "Bob", "ANN", "Ann's", "bob "];
        let given: Vec<_> =
            values.iter().map(|value| replacer.replacement("P", value).into_owned()).collect();
        assert_eq!(given, ["[P_1]", "[P_2]", "[P_1]", "[P_1]", "[P_2]"]);
        assert_eq!(replacer.replacement("Q", "Ann"), "[Q_1]");
        // A later run goes on.
        let mut later = Replacer::new(Policy::new(Action::Number), replacer.key().clone());
        assert_eq!(later.replacement("P", "Cyd"), "[P_3]");
        assert_eq!(later.replacement("P", "bob"), "[P_2]");
    }

    #[test]
    fn a_part_of_one_persons_name_has_its_number() {
        let mut replacer = replacer(Policy::new(Action::Number));
        let values = ["Jane Roe", "JANE ROE", "Roe's", "Jane", "Ann", "John Roe", "Roe", "John"];
        let given: Vec<_> =
            values.iter().map(|v| replacer.replacement("PERSON", v).into_owned()).collect();
        // "Roe" is two people's by then, and so nobody's that is known.
        let numbers = [1, 1, 1, 1, 2, 3, 4, 3];
        assert_eq!(given, numbers.map(|number| format!("[PERSON_{number}]")));
        assert_eq!(replacer.replacement("EMAIL", "Roe"), "[EMAIL_1]");
        let mut later = Replacer::new(Policy::new(Action::Number), replacer.key().clone());
        assert_eq!(later.replacement("PERSON", "Jane's"), "[PERSON_1]");
    }

    // Python 3.11's hmac.new(b"\x07" * 32, message, "sha256").hexdigest()[:12], with the message
    // b"".join(len(p).to_bytes(8, "little") + p for p in [b"hash", b"EMAIL", b"a@example.com"]) + bytes(8).
    #[test]
    fn hashes_are_hmac_of_the_canonical_value() {
        let mut replacer = replacer(Policy::new(Action::Hash));
        assert_eq!(replacer.replacement("EMAIL", "A@example.com"), "[EMAIL_6f03cb415c2a]");
    }

    #[test]
    fn redactions_are_the_changes_of_the_text() {
        let entity = |label: &str, start, end| Entity {
            label: label.into(),
            span: Span::new(start, end),
            score: 1.0,
            tag: None,
        };
        let text = "é Ann, Kiel, ann";
        let entities = [entity("P", 3, 6), entity("CITY", 8, 12), entity("P", 14, 17)];
        let policy = Policy::new(Action::Number).label("CITY", Action::Keep);
        let changes = replacer(policy.clone()).redactions(text, &entities);
        let [first, last] = [Span::new(3, 6), Span::new(14, 17)];
        assert_eq!(changes, [(first, "[P_1]".to_owned()), (last, "[P_1]".to_owned())]);
        assert_eq!(replacer(policy).redact(text, &entities), "é [P_1], Kiel, [P_1]");
    }

    #[test]
    fn masks_name_the_label_or_say_what_they_are_told() {
        let policy = Policy::default().label("B", Action::Mask("<{label}>".into()));
        let mut replacer = replacer(policy.label("C", Action::Keep));
        assert_eq!(replacer.replacement("A", "x"), "[A]");
        assert_eq!(replacer.replacement("B", "x"), "<B>");
        assert_eq!(replacer.replacement("C", "x"), "x");
    }
}
