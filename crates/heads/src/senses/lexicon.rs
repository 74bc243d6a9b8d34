//! Words and the senses they have in training.
use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::HeadError;

/// A lemma with a part of speech.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LexiconWord {
    /// The word as a dictionary has it.
    pub lemma: String,
    /// The part of speech; empty where none is said.
    #[serde(default)]
    pub pos: String,
    /// Senses of the word, the most frequent first; of equal ones by name. At least one.
    pub senses: Vec<Sense>,
    /// The forms it had in texts, as they were written, and how often.
    #[serde(default)]
    pub forms: BTreeMap<String, u64>,
    /// The row of its first sense among all.
    #[serde(skip)]
    pub(super) first: usize,
}

impl LexiconWord {
    /// A word with its senses and forms.
    #[must_use]
    pub fn new(
        lemma: String,
        pos: String,
        senses: Vec<Sense>,
        forms: BTreeMap<String, u64>,
    ) -> Self {
        Self { lemma, pos, senses, forms, first: 0 }
    }
}

/// A sense of a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sense {
    /// Name, as the corpus has it.
    pub name: String,
    /// Number of occurrences.
    pub count: u64,
    /// Meaning of the sense, where the corpus says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gloss: Option<String>,
}

/// Words, by lemma and part of speech.
#[derive(Clone, Debug, PartialEq)]
pub struct Lexicon {
    words: Vec<LexiconWord>,
    senses: usize,
    /// The places of the words that had a form, by it in lower case.
    by_form: HashMap<String, Vec<usize>>,
}

impl Lexicon {
    /// Of words in the order of lemma and part of speech.
    ///
    /// # Errors
    /// [`HeadError::Lexicon`] for another order, a word that occurs twice or has no sense, and senses
    /// in another order than by frequency and name.
    pub fn new(mut words: Vec<LexiconWord>) -> Result<Self, HeadError> {
        let wrong = |word: &LexiconWord, expected| {
            let (lemma, pos) = (word.lemma.clone(), word.pos.clone());
            Err(HeadError::Lexicon { lemma, pos, expected })
        };
        for pair in words.windows(2) {
            if (&pair[0].lemma, &pair[0].pos) >= (&pair[1].lemma, &pair[1].pos) {
                return wrong(
                    &pair[1],
                    "words in the order of lemma and part of speech, each once",
                );
            }
        }
        let (mut senses, mut by_form) = (0, HashMap::<String, Vec<usize>>::new());
        for (index, word) in words.iter_mut().enumerate() {
            let key = |sense: &Sense| (std::cmp::Reverse(sense.count), sense.name.clone());
            if word.senses.is_empty() || !word.senses.is_sorted_by(|a, b| key(a) < key(b)) {
                return wrong(word, "senses by frequency and name, at least one");
            }
            word.first = senses;
            senses += word.senses.len();
            for form in word.forms.keys().chain([&word.lemma]) {
                let places = by_form.entry(form.to_lowercase()).or_default();
                if places.last() != Some(&index) {
                    places.push(index);
                }
            }
        }
        Ok(Self { words, senses, by_form })
    }

    /// All words, by lemma and part of speech.
    #[must_use]
    pub fn words(&self) -> &[LexiconWord] {
        &self.words
    }

    /// Number of senses of all words together.
    #[must_use]
    pub fn senses(&self) -> usize {
        self.senses
    }

    /// The word of this lemma and part of speech; without one, or where the lemma is not known with it,
    /// all of the lemma. None for a lemma that is not known.
    #[must_use]
    pub fn lookup(&self, lemma: &str, pos: Option<&str>) -> &[LexiconWord] {
        let from = self.words.partition_point(|word| word.lemma.as_str() < lemma);
        let of_lemma = &self.words[from..];
        let of_lemma = &of_lemma[..of_lemma.partition_point(|word| word.lemma == lemma)];
        match pos.and_then(|pos| of_lemma.iter().position(|word| word.pos == pos)) {
            Some(index) => &of_lemma[index..=index],
            None => of_lemma,
        }
    }

    /// The words that `name` may mean: those of the lemma; else those of a lemma or form that is the
    /// same in lower case.
    #[must_use]
    pub fn named(&self, name: &str) -> Vec<&LexiconWord> {
        let words = self.lookup(name, None);
        if !words.is_empty() {
            return words.iter().collect();
        }
        let places = self.by_form.get(&name.to_lowercase());
        places.into_iter().flatten().map(|&index| &self.words[index]).collect()
    }
}

/// The most frequent sense of some words, and the word it is of; of equal ones the first. `None` of no
/// words.
#[must_use]
pub fn most_frequent<'w>(
    words: impl IntoIterator<Item = &'w LexiconWord>,
) -> Option<(&'w LexiconWord, &'w Sense)> {
    let mut best: Option<(&LexiconWord, &Sense)> = None;
    for word in words {
        if let Some(sense) = word.senses.first()
            && best.is_none_or(|(_, best)| sense.count > best.count)
        {
            best = Some((word, sense));
        }
    }
    best
}
