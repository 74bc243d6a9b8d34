//! Counts of one tagger, in all and by sentence.
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::compare::{Interval, ValidBootstrapParams};
use crate::entity::{ByMatch, Convention, EntityReport, EntityScorer, PartialScores, TagScheme};
use crate::{Counts, MetricsError};
use cloze_core::Span;

/// Counts of one label in one sentence.
#[derive(Clone, Copy, Debug)]
struct SentenceCounts {
    sentence: usize,
    counts: Counts,
}

/// F1 with its bootstrap intervals over sentences.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct F1Intervals {
    /// F1 over all entities.
    pub micro: Interval,
    /// F1 of each label that was met.
    pub labels: BTreeMap<String, Interval>,
}

/// Outcomes of one tagger.
#[derive(Clone, Debug)]
pub struct TagOutcomes {
    all: EntityScorer,
    /// Empty scorer with the same settings.
    empty: EntityScorer,
    /// Counts of each sentence, all labels together, which resampled sentences add up to.
    by_sentence: Vec<Counts>,
    /// Counts of each label in the sentences that have it, gold or predicted.
    by_label: BTreeMap<String, Vec<SentenceCounts>>,
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
        let by_label = BTreeMap::new();
        Self { all: empty.clone(), empty, by_sentence: vec![], by_label, gold, predicted }
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
        for (label, of_label) in sentence.labels() {
            counts += *of_label;
            let of_label = SentenceCounts { sentence: self.by_sentence.len(), counts: *of_label };
            match self.by_label.get_mut(label) {
                Some(sentences) => sentences.push(of_label),
                None => {
                    self.by_label.insert(label.clone(), vec![of_label]);
                }
            }
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

    /// F1 of all entities and of each label, with percentile intervals over resampled sentences.
    ///
    /// # Errors
    /// [`MetricsError::TooFewExamples`] without a sentence.
    pub fn f1_intervals(
        &self,
        bootstrap: &ValidBootstrapParams,
    ) -> Result<F1Intervals, MetricsError> {
        let sentences = self.by_sentence.len();
        let micro = bootstrap.interval(sentences, |order| micro_f1(&self.by_sentence, order))?;
        let of_label = |counts: &[SentenceCounts]| {
            bootstrap.interval(sentences, |order| label_f1(counts, order))
        };
        let labels = self.by_label.iter();
        let labels = labels.map(|(label, counts)| Ok((label.clone(), of_label(counts)?)));
        Ok(F1Intervals { micro, labels: labels.collect::<Result<_, MetricsError>>()? })
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

/// F1 of a label over these sentences; NaN where they have none of it.
fn label_f1(counts: &[SentenceCounts], order: &[usize]) -> f64 {
    let mut drawn = vec![0_u64; order.len()];
    for &sentence in order {
        drawn[sentence] += 1;
    }
    let mut sum = Counts::default();
    for SentenceCounts { sentence, counts: Counts { correct, gold, predicted } } in counts {
        let times = drawn[*sentence];
        sum +=
            Counts { correct: correct * times, gold: gold * times, predicted: predicted * times };
    }
    if sum.gold + sum.predicted == 0 { f64::NAN } else { sum.scores().f1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::BootstrapParams;

    fn outcomes() -> TagOutcomes {
        let mut outcomes = TagOutcomes::new(Convention::Conlleval, None);
        let (first, second) = (Span::new(0, 1), Span::new(2, 4));
        let sentences: [(&[_], &[_]); 3] = [
            (&[("PER", first), ("LOC", second)], &[("PER", first)]),
            (&[("PER", first)], &[("LOC", first)]),
            (&[("PER", second)], &[("PER", second)]),
        ];
        for (gold, predicted) in sentences {
            outcomes.add(gold, predicted).unwrap();
        }
        outcomes
    }

    /// PER: 2 of 3 gold ones and 2 of 2 predicted ones are right, 2 · 2 / (3 + 2); LOC: none of 1 and 1.
    /// All: 2 · 2 / (4 + 3). A resample of the second sentence alone has F1 0, of the third alone 1.
    #[test]
    fn f1_has_an_interval_by_label() {
        let bootstrap = BootstrapParams::new().level(0.999_999).check().unwrap();
        let found = outcomes().f1_intervals(&bootstrap).unwrap();
        assert_eq!(found.micro.estimate.to_bits(), (4.0_f64 / 7.0).to_bits());
        assert_eq!(found.labels["PER"].estimate.to_bits(), 0.8_f64.to_bits());
        assert_eq!(found.labels["LOC"].estimate.to_bits(), 0.0_f64.to_bits());
        assert_eq!(found.labels.len(), 2);
        let person = &found.labels["PER"];
        assert!(person.low.abs() < 1e-6 && (person.high - 1.0).abs() < 1e-6, "{person:?}");
        // Resamples of the third sentence alone have no LOC: about one of 27.
        assert!((10..100).contains(&found.labels["LOC"].undefined), "{found:?}");
    }

    /// Sentences 0, 0 and 1 by hand: PER has 2 right of 3 gold and 2 predicted; LOC 0 of 2 gold, 1 predicted.
    #[test]
    fn a_sentence_drawn_twice_counts_twice() {
        let outcomes = outcomes();
        let f1 = |label: &str, order: &[usize]| label_f1(&outcomes.by_label[label], order);
        assert_eq!(f1("PER", &[0, 0, 1]).to_bits(), (4.0_f64 / 5.0).to_bits());
        assert_eq!(f1("LOC", &[0, 0, 1]).to_bits(), 0.0_f64.to_bits());
        assert!(f1("LOC", &[2, 2, 2]).is_nan());
    }
}
