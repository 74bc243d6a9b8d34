//! Recognisers beside a tagger's model.
use std::collections::BTreeMap;

use cloze_core::Entity;
use cloze_recognize::{Patterns, RecognizeError, RecognizerParams, Recognizers, catalogue};

use super::merge::{Finding, merge};

/// Settings of the recognisers beside a model.
#[derive(Clone, Debug, Default)]
pub(super) struct RecognitionParams {
    /// Names and groups; `None` for those of the card.
    pub(super) names: Option<Vec<String>>,
    pub(super) patterns: Option<Patterns>,
}

/// Recognisers, and the labels and scores that are wanted of them.
#[derive(Clone, Debug)]
pub(super) struct Recognition {
    recognizers: Recognizers,
    labels: Option<Vec<String>>,
    min_score: f32,
    min_scores: BTreeMap<String, f32>,
}

/// Entities of a text, and beside each the recogniser that found it, if one did.
pub(super) type Recognized = (Vec<Entity>, Vec<Option<String>>);

impl RecognitionParams {
    /// The recognisers that were asked for, or else those of a card. `None` where there are none.
    pub(super) fn open(
        &self,
        of_card: Option<&[String]>,
    ) -> Result<Option<Recognition>, RecognizeError> {
        let names = self.names.as_deref().or(of_card).unwrap_or_default();
        let params = RecognizerParams::new().recognizers(names.iter().cloned());
        let params = params.patterns(self.patterns.clone().unwrap_or_default()).check()?;
        let recognizers = Recognizers::new(params);
        if recognizers.names().next().is_none() && self.patterns.is_none() {
            return Ok(None);
        }
        let (labels, min_score, min_scores) = (None, 0.0, BTreeMap::new());
        Ok(Some(Recognition { recognizers, labels, min_score, min_scores }))
    }
}

impl Recognition {
    /// Chooses among entities as the model's decoder does: by labels and scores.
    pub(super) fn wanting(
        self,
        labels: Option<Vec<String>>,
        min_score: f32,
        min_scores: &[(String, f32)],
    ) -> Self {
        let min_scores = min_scores.iter().cloned().collect();
        Self { labels, min_score, min_scores, ..self }
    }

    /// The recognisers.
    pub(super) fn recognizers(&self) -> &Recognizers {
        &self.recognizers
    }

    /// Whether matches may have this label.
    pub(super) fn has_label(&self, label: &str) -> bool {
        self.recognizers.labels().contains(&label)
    }

    /// Entities of the model merged with the matches in a text, which is the value of a field, if it is
    /// one of a table or an object.
    pub(super) fn merged(
        &self,
        field: Option<&str>,
        text: &str,
        entities: Vec<Entity>,
    ) -> Recognized {
        let matches = self.recognizers.find_in(field.unwrap_or_default(), text);
        let allowed = self.recognizers.allowed(text);
        let entities = entities.into_iter().map(Finding::from).collect();
        let matches = matches.into_iter().map(Finding::from).collect();
        let findings = merge(text, entities, matches, &allowed, is_structured);
        findings.into_iter().filter(|finding| self.wants(finding)).map(entity).unzip()
    }

    /// Whether a finding has a label and score that are wanted; the model's have been chosen already.
    fn wants(&self, finding: &Finding) -> bool {
        let least = self.min_scores.get(&finding.label).unwrap_or(&self.min_score);
        let has_label = self.labels.as_ref().is_none_or(|labels| labels.contains(&finding.label));
        finding.recognizer.is_none() || has_label && finding.score >= *least
    }
}

/// Whether a label is one of numbers and addresses, which recognisers find.
fn is_structured(label: &str) -> bool {
    catalogue().any(|info| info.label == label)
}

fn entity(finding: Finding) -> (Entity, Option<String>) {
    let Finding { label, span, score, recognizer, .. } = finding;
    (Entity { label, span, score, tag: None }, recognizer)
}
