//! One model's counts, in all and by sentence.
use std::collections::BTreeSet;

use cloze::metrics::entity::{ByMatch, PartialScores};
use cloze::metrics::{Convention, Counts, EntityReport, EntityScorer, MetricsError, TagScheme};
use cloze_core::Span;

/// How good a model's entities are.
pub(super) struct Score {
    all: EntityScorer,
    /// A scorer that has seen nothing, with the same settings.
    empty: EntityScorer,
    /// Of each sentence, all labels together: what sentences drawn again add up to.
    by_sentence: Vec<Counts>,
    gold: BTreeSet<String>,
    predicted: BTreeSet<String>,
}

impl Score {
    pub(super) fn new(convention: Convention, only: Option<&[String]>) -> Self {
        let mut empty = EntityScorer::new(convention);
        if let Some(only) = only {
            empty = empty.restrict_to(only);
        }
        let (gold, predicted) = (BTreeSet::new(), BTreeSet::new());
        Self { all: empty.clone(), empty, by_sentence: vec![], gold, predicted }
    }

    /// Adds a sentence's entities, whose places are words.
    pub(super) fn add(
        &mut self,
        gold: &[(&str, Span)],
        predicted: &[(&str, Span)],
    ) -> Result<(), MetricsError> {
        let mut one = self.empty.clone();
        one.add_spans(gold.iter().copied(), predicted.iter().copied())?;
        let mut counts = Counts::default();
        for of_label in one.labels().values() {
            counts += *of_label;
        }
        self.by_sentence.push(counts);
        self.all.merge(one)?;
        for (labels, entities) in [(&mut self.gold, gold), (&mut self.predicted, predicted)] {
            for (label, _) in entities {
                if !labels.contains(*label) {
                    labels.insert((*label).to_owned());
                }
            }
        }
        Ok(())
    }

    pub(super) fn sentences(&self) -> u64 {
        self.all.sentences()
    }

    pub(super) fn by_sentence(&self) -> &[Counts] {
        &self.by_sentence
    }

    /// The labels that were met in gold and in predictions.
    pub(super) fn labels(&self) -> (Vec<&str>, Vec<&str>) {
        let [gold, predicted] =
            [&self.gold, &self.predicted].map(|labels| labels.iter().map(String::as_str).collect());
        (gold, predicted)
    }

    /// The figures, which name the scheme that the gold tags were read in.
    pub(super) fn report(
        &self,
        scheme: Option<TagScheme>,
    ) -> (EntityReport, ByMatch<PartialScores>) {
        let scorer = match scheme {
            Some(scheme) => self.all.clone().named_scheme(scheme),
            None => self.all.clone(),
        };
        (scorer.report(), scorer.partial_report())
    }
}

/// F1 over all entities of these sentences.
pub(super) fn micro_f1(by_sentence: &[Counts], order: &[usize]) -> f64 {
    let mut counts = Counts::default();
    for &i in order {
        counts += by_sentence[i];
    }
    counts.scores().f1
}
