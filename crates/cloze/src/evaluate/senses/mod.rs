//! Senses of words against gold senses: how often the right one is predicted, beside the most frequent
//! one.
//!
//! - [`split_documents`]: documents to train on and to evaluate on;
//! - [`SenseReport`]: accuracy by method.
mod score;
mod split;

use cloze_corpus::{SenseText, SenseWord};
use cloze_embed::Level;
use cloze_heads::senses::{FittedSenses, Lexicon, LexiconWord, most_frequent};
use serde::Serialize;

use super::EvaluateError;
use crate::SentenceEncoder;

pub use score::{SenseScore, SenseTally};
pub use split::{DocumentPart, split_documents};

/// Report of an evaluation of senses.
#[derive(Clone, Debug, Serialize)]
pub struct SenseReport {
    /// Name of the model.
    pub model: String,
    /// Layers.
    pub layers: String,
    /// Weight of how frequent senses are.
    pub prior: f64,
    /// Text that is encoded at once: `sentence` or `document`.
    pub unit: &'static str,
    /// Split of the documents, where some were held out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<SenseSplit>,
    /// Number of texts.
    pub texts: usize,
    /// Number of occurrences.
    pub occurrences: u64,
    /// Number of those whose word has several senses in training.
    pub ambiguous: u64,
    /// Number of those whose lemma is not in training, which have no prediction.
    pub unseen: u64,
    /// Number of words in training.
    pub words: usize,
    /// Number of senses in training.
    pub senses: usize,
    /// Accuracy by method, that of the most frequent sense first.
    pub scores: Vec<SenseScore>,
}

/// Split of documents.
#[derive(Clone, Debug, Serialize)]
pub struct SenseSplit {
    /// Part that is evaluated: `test` or `dev`.
    pub on: &'static str,
    /// Share of documents held out for the test.
    pub hold_out: f64,
    /// Seed of the split.
    pub seed: u64,
    /// Number of documents.
    pub documents: usize,
    /// Number of documents in training.
    pub train_documents: usize,
    /// Number of documents evaluated.
    pub judged_documents: usize,
    /// Number of occurrences in training.
    pub train_occurrences: usize,
}

impl SenseReport {
    /// A report with the accuracy of the most frequent sense in `senses`, on gold `texts`.
    ///
    /// # Errors
    /// As [`SentenceEncoder::provenance`].
    pub fn new<'t>(
        encoder: &SentenceEncoder,
        senses: &FittedSenses,
        texts: impl IntoIterator<Item = &'t SenseText>,
        unit: &'static str,
    ) -> Result<Self, EvaluateError> {
        let lexicon = senses.lexicon();
        let provenance = encoder.provenance(Level::Word)?;
        let mut score = SenseScore::new("most frequent sense", None);
        let (mut unseen, mut count) = (0, 0);
        for text in texts {
            count += 1;
            for word in &text.words {
                let words = lookup(lexicon, word);
                unseen += u64::from(words.is_empty());
                let predicted = most_frequent(words).map(|(_, sense)| &*sense.name);
                score.add(word, words, predicted);
            }
        }
        Ok(Self {
            model: provenance.model,
            layers: provenance.layers.to_string(),
            prior: senses.prior(),
            unit,
            split: None,
            texts: count,
            occurrences: score.all.of,
            ambiguous: score.ambiguous.of,
            unseen,
            words: lexicon.words().len(),
            senses: lexicon.senses(),
            scores: vec![score],
        })
    }
}

/// Trained senses, several of which are evaluated on the same vectors.
#[derive(Debug)]
pub struct SenseTrials<'s> {
    trials: Vec<(&'s FittedSenses, SenseScore)>,
}

impl<'s> SenseTrials<'s> {
    /// No occurrences yet; `method` names all of `senses`, and their corrections tell them apart.
    #[must_use]
    pub fn new(method: &str, senses: &'s [FittedSenses]) -> Self {
        let trial = |senses: &'s FittedSenses| {
            let correction = senses.correction().map_or("none", |correction| correction.name());
            (senses, SenseScore::new(method, Some(correction)))
        };
        Self { trials: senses.iter().map(trial).collect() }
    }

    /// Adds an occurrence with its vector.
    ///
    /// # Errors
    /// [`EvaluateError::Head`] for a vector that is not finite or of another width.
    pub fn add(&mut self, word: &SenseWord, vector: &[f32]) -> Result<(), EvaluateError> {
        for (senses, score) in &mut self.trials {
            let words = lookup(senses.lexicon(), word);
            let predicted = senses.predict(words, vector)?;
            score.add(word, words, predicted.first().map(|first| &*first.sense.name));
        }
        Ok(())
    }

    /// Accuracy of each of the senses, in order.
    #[must_use]
    pub fn into_scores(self) -> Vec<SenseScore> {
        self.trials.into_iter().map(|(_, score)| score).collect()
    }
}

/// Words of the lexicon whose senses an occurrence may have.
fn lookup<'l>(lexicon: &'l Lexicon, word: &SenseWord) -> &'l [LexiconWord] {
    lexicon.lookup(&word.lemma, Some(&word.pos))
}
