//! Counts of one tagger, in all and by sentence.
use std::collections::BTreeSet;

use crate::entity::{ByMatch, Convention, EntityReport, EntityScorer, PartialScores, TagScheme};
use crate::{Counts, MetricsError};
use cloze_core::Span;

/// Outcomes of one tagger.
#[derive(Clone, Debug)]
pub struct TagOutcomes {
    all: EntityScorer,
    /// Empty scorer with the same settings.
    empty: EntityScorer,
    /// Counts of each sentence, all labels together, which resampled sentences add up to.
    by_sentence: Vec<Counts>,
    gold: BTreeSet<String>,
    predicted: BTreeSet<String>,
}

impl TagOutcomes {
    /// No outcomes yet, in a convention; `only` restricts the labels.
    #[must_use]
    pub fn new(convention: Convention, only: Option<&[String]>) -> Self {
        let mut empty = EntityScorer::new(convention);
        if let Some(only) = only {
            empty = empty.restrict_to(only);
        }
        let (gold, predicted) = (BTreeSet::new(), BTreeSet::new());
        Self { all: empty.clone(), empty, by_sentence: vec![], gold, predicted }
    }

    /// Adds the entities of a sentence, whose spans are of words.
    ///
    /// # Errors
    /// [`MetricsError`] for entities that the convention refuses.
    pub fn add(
        &mut self,
        gold: &[(&str, Span)],
        predicted: &[(&str, Span)],
    ) -> Result<(), MetricsError> {
        let mut sentence = self.empty.clone();
        sentence.add_spans(gold.iter().copied(), predicted.iter().copied())?;
        let mut counts = Counts::default();
        for of_label in sentence.labels().values() {
            counts += *of_label;
        }
        self.by_sentence.push(counts);
        self.all.merge(sentence)?;
        for (labels, entities) in [(&mut self.gold, gold), (&mut self.predicted, predicted)] {
            for (label, _) in entities {
                if !labels.contains(*label) {
                    labels.insert((*label).to_owned());
                }
            }
        }
        Ok(())
    }

    /// Number of sentences.
    #[must_use]
    pub fn sentences(&self) -> u64 {
        self.all.sentences()
    }

    /// Counts of each sentence, all labels together.
    #[must_use]
    pub fn by_sentence(&self) -> &[Counts] {
        &self.by_sentence
    }

    /// Labels of gold and of predicted entities.
    #[must_use]
    pub fn labels(&self) -> (Vec<&str>, Vec<&str>) {
        let [gold, predicted] =
            [&self.gold, &self.predicted].map(|labels| labels.iter().map(String::as_str).collect());
        (gold, predicted)
    }

    /// Figures, which name the scheme of the gold tags.
    #[must_use]
    pub fn report(&self, scheme: Option<TagScheme>) -> (EntityReport, ByMatch<PartialScores>) {
        let scorer = match scheme {
            Some(scheme) => self.all.clone().named_scheme(scheme),
            None => self.all.clone(),
        };
        (scorer.report(), scorer.partial_report())
    }
}

/// F1 over all entities of these sentences.
#[must_use]
pub fn micro_f1(by_sentence: &[Counts], order: &[usize]) -> f64 {
    let mut counts = Counts::default();
    for &i in order {
        counts += by_sentence[i];
    }
    counts.scores().f1
}
