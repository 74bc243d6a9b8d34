//! Counts of rightly predicted senses.
use std::collections::BTreeMap;

use cloze_corpus::SenseWord;
use cloze_heads::senses::LexiconWord;
use serde::Serialize;

/// Accuracy with its counts.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct SenseTally {
    /// Number of right predictions.
    pub right: u64,
    /// Number of occurrences.
    pub of: u64,
    /// Share of right predictions; `None` of no occurrence.
    pub accuracy: Option<f64>,
}

impl SenseTally {
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    pub(super) fn add(&mut self, right: bool) {
        self.right += u64::from(right);
        self.of += 1;
        self.accuracy = Some(self.right as f64 / self.of as f64);
    }
}

/// Accuracy of one method.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SenseScore {
    /// Name of the method.
    pub method: String,
    /// Name of the correction, of methods that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correction: Option<&'static str>,
    /// Accuracy over all occurrences.
    pub all: SenseTally,
    /// Accuracy over words that have more than one sense in training.
    pub ambiguous: SenseTally,
    /// The same by part of speech.
    pub ambiguous_by_pos: BTreeMap<String, SenseTally>,
}

impl SenseScore {
    /// No occurrences yet.
    #[must_use]
    pub fn new(method: &str, correction: Option<&'static str>) -> Self {
        Self { method: method.to_owned(), correction, ..Self::default() }
    }

    /// Adds an occurrence. `words` are those of the lexicon that it may be of; no prediction is wrong.
    pub fn add(&mut self, gold: &SenseWord, words: &[LexiconWord], predicted: Option<&str>) {
        let right = predicted == Some(&*gold.sense);
        self.all.add(right);
        if is_ambiguous(gold, words) {
            self.ambiguous.add(right);
            self.ambiguous_by_pos.entry(gold.pos.clone()).or_default().add(right);
        }
    }
}

/// Returns whether the word itself, and not only its lemma, has several senses.
fn is_ambiguous(gold: &SenseWord, words: &[LexiconWord]) -> bool {
    matches!(words, [word] if word.pos == gold.pos && word.senses.len() > 1)
}

#[cfg(test)]
mod tests {
    use cloze_core::Span;
    use cloze_heads::senses::Sense;

    use super::*;

    /// The lemma bank with these senses.
    fn word(pos: &str, senses: &[&str]) -> LexiconWord {
        let senses =
            senses.iter().map(|name| Sense { name: (*name).into(), count: 1, gloss: None });
        LexiconWord::new("bank".into(), pos.into(), senses.collect(), [].into())
    }

    /// An occurrence of the lemma bank.
    fn gold(pos: &str, sense: &str) -> SenseWord {
        SenseWord {
            line: 1,
            span: Span::new(0, 4),
            lemma: "bank".into(),
            pos: pos.into(),
            sense: sense.into(),
            gloss: None,
        }
    }

    /// bank NOUN has two senses, bank VERB one. Four occurrences: the noun right and wrong, which count
    /// as ambiguous; the verb right; and bank as an adjective, of which the lemma's senses are told: it
    /// was not there with several senses itself. Nothing told is wrong. 2 of 5, and 1 of 2.
    #[test]
    fn a_word_is_ambiguous_by_its_own_senses() {
        let words = [word("NOUN", &["a", "b"]), word("VERB", &["c"])];
        let mut score = SenseScore::new("by hand", None);
        score.add(&gold("NOUN", "a"), &words[..1], Some("a"));
        score.add(&gold("NOUN", "a"), &words[..1], Some("b"));
        score.add(&gold("VERB", "c"), &words[1..], Some("c"));
        score.add(&gold("ADJ", "d"), &words, Some("a"));
        score.add(&gold("ADV", "e"), &[], None);
        assert_eq!((score.all.right, score.all.of, score.all.accuracy), (2, 5, Some(0.4)));
        assert_eq!((score.ambiguous.right, score.ambiguous.of), (1, 2));
        assert_eq!(score.ambiguous_by_pos.keys().collect::<Vec<_>>(), ["NOUN"]);
    }
}
