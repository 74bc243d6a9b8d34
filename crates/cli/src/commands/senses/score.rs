//! How many senses are told right.
use std::collections::BTreeMap;

use cloze::heads::senses::Word;
use cloze_corpus::senses::SenseWord;
use serde::Serialize;

/// How many were right, of how many.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Tally {
    pub(super) right: u64,
    pub(super) of: u64,
    /// `None` of none.
    pub(super) accuracy: Option<f64>,
}

impl Tally {
    #[expect(clippy::cast_precision_loss, reason = "counts are below 2⁵³")]
    pub(super) fn add(&mut self, right: bool) {
        self.right += u64::from(right);
        self.of += 1;
        self.accuracy = Some(self.right as f64 / self.of as f64);
    }
}

/// What a way of telling comes to.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Score {
    pub(super) method: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) correction: Option<&'static str>,
    pub(super) all: Tally,
    /// Of words that have more than one sense in training.
    pub(super) ambiguous: Tally,
    /// Of these by part of speech.
    pub(super) ambiguous_by_pos: BTreeMap<String, Tally>,
}

impl Score {
    pub(super) fn new(method: &str, correction: Option<&'static str>) -> Self {
        Self { method: method.to_owned(), correction, ..Self::default() }
    }

    /// Counts what was told of an occurrence; nothing where nothing is known of its word, which is wrong.
    pub(super) fn add(&mut self, gold: &SenseWord, words: &[Word], told: Option<&str>) {
        let right = told == Some(&*gold.sense);
        self.all.add(right);
        if is_ambiguous(gold, words) {
            self.ambiguous.add(right);
            self.ambiguous_by_pos.entry(gold.pos.clone()).or_default().add(right);
        }
    }
}

/// Whether the very word, and not only its lemma, was there with several senses.
fn is_ambiguous(gold: &SenseWord, words: &[Word]) -> bool {
    matches!(words, [word] if word.pos == gold.pos && word.senses.len() > 1)
}

#[cfg(test)]
mod tests {
    use cloze::Span;
    use cloze::heads::senses::Sense;

    use super::*;

    /// bank NOUN has two senses, bank VERB one. Four occurrences: the noun right and wrong, which count
    /// as ambiguous; the verb right; and bank as an adjective, of which the lemma's senses are told: it
    /// was not there with several senses itself. Nothing told is wrong. 2 of 5, and 1 of 2.
    #[test]
    fn a_word_is_ambiguous_by_its_own_senses() {
        let word = |pos: &str, senses: &[&str]| {
            let sense = |name: &&str| Sense { name: (*name).into(), count: 1 };
            Word::new("bank".into(), pos.into(), senses.iter().map(sense).collect(), [].into())
        };
        let words = [word("NOUN", &["a", "b"]), word("VERB", &["c"])];
        let gold = |pos: &str, sense: &str| SenseWord {
            line: 1,
            span: Span::new(0, 4),
            lemma: "bank".into(),
            pos: pos.into(),
            sense: sense.into(),
        };
        let mut score = Score::new("by hand", None);
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
