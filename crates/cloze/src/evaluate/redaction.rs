//! Redaction against texts with items marked by hand: items hidden whole, partly or not at all, by label
//! and by kind of text.
use std::collections::BTreeMap;

use cloze_core::Span;
use cloze_corpus::{MarkedItem, MarkedText, OPTIONAL_LABEL};
use cloze_metrics::redaction::{GoldItem, RedactionPoint, RedactionReport};
use serde::Serialize;

use super::EvaluateError;
use crate::{Error, Tagger};

/// Evaluation of redaction, of which the counts alone are kept.
///
/// ```
/// use cloze::corpus::{MarkedItem, MarkedText};
/// use cloze::Span;
/// use cloze::evaluate::redaction::RedactionEvaluation;
///
/// let name = MarkedItem { label: "PERSON".into(), span: Span::new(0, 7) };
/// let gold = MarkedText {
///     line: 1, id: None, kind: None, text: "Ann Lee rang.".into(), items: vec![name],
/// };
/// let mut evaluation = RedactionEvaluation::default();
/// evaluation.add(&gold, &[("GIVEN_NAME", Span::new(0, 3))]);
/// assert_eq!(evaluation.total().items.partly, 1);
/// ```
#[derive(Clone, Debug, Default)]
pub struct RedactionEvaluation {
    total: RedactionReport,
    kinds: BTreeMap<String, RedactionReport>,
}

impl RedactionEvaluation {
    /// Adds a text with the labelled spans that are hidden in it, in bytes. Items labelled
    /// [`OPTIONAL_LABEL`] may be hidden or not.
    pub fn add(&mut self, gold: &MarkedText, hidden: &[(&str, Span)]) {
        let items: Vec<GoldItem<'_>> = gold.items.iter().map(gold_item).collect();
        self.total.add(&gold.text, &items, hidden);
        if let Some(kind) = &gold.kind {
            self.kinds.entry(kind.clone()).or_default().add(&gold.text, &items, hidden);
        }
    }

    /// Tags the texts and adds each with its entities hidden. A text that cannot be tagged does not count:
    /// it is returned by its index.
    ///
    /// # Errors
    /// As [`Tagger::tag_batch`], for errors that are not of one text.
    pub fn tag(
        &mut self,
        tagger: &Tagger,
        texts: &[MarkedText],
    ) -> Result<Vec<(usize, Error)>, EvaluateError> {
        let contents: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
        let mut errors = vec![];
        for (index, result) in tagger.tag_batch(&contents)?.into_iter().enumerate() {
            match result {
                Ok(entities) => {
                    let hidden: Vec<(&str, Span)> =
                        entities.iter().map(|e| (e.shown_label(), e.span)).collect();
                    self.add(&texts[index], &hidden);
                }
                Err(error) => errors.push((index, error)),
            }
        }
        Ok(errors)
    }

    /// Adds texts with the items that another program found in them, in the same order.
    ///
    /// # Errors
    /// [`EvaluateError::OtherText`] for the first text that is not the gold one, or that one side lacks;
    /// nothing is added then.
    pub fn add_predicted(
        &mut self,
        gold: &[MarkedText],
        predicted: &[MarkedText],
    ) -> Result<(), EvaluateError> {
        let same = gold.iter().zip(predicted).take_while(|(gold, found)| gold.text == found.text);
        let same = same.count();
        if same < gold.len().max(predicted.len()) {
            return Err(EvaluateError::OtherText { text: same });
        }
        for (gold, found) in gold.iter().zip(predicted) {
            let hidden: Vec<(&str, Span)> =
                found.items.iter().map(|item| (item.label.as_str(), item.span)).collect();
            self.add(gold, &hidden);
        }
        Ok(())
    }

    /// Counts so far.
    #[must_use]
    pub fn total(&self) -> &RedactionReport {
        &self.total
    }

    /// Report on all texts of `data`, hidden by `predicted`: a model, or a file.
    ///
    /// # Errors
    /// [`EvaluateError::NoRecords`] without texts.
    pub fn report(
        self,
        data: &str,
        predicted: &str,
        model_sha256: Option<String>,
    ) -> Result<RedactionEvaluationReport, EvaluateError> {
        if self.total.texts == 0 {
            return Err(EvaluateError::NoRecords);
        }
        let rates = RedactionRates::of(&self.total);
        let (data, predicted) = (data.to_owned(), predicted.to_owned());
        let Self { total, kinds } = self;
        Ok(RedactionEvaluationReport { data, predicted, model_sha256, rates, total, kinds })
    }
}

/// Evaluation of redaction at several recall biases, of which each text is encoded once.
#[derive(Clone, Debug)]
pub struct RedactionSweep {
    biases: Vec<f32>,
    reports: Vec<RedactionReport>,
}

impl RedactionSweep {
    /// A sweep over these biases, in logits taken off `O`.
    #[must_use]
    pub fn new(biases: Vec<f32>) -> Self {
        let reports = vec![RedactionReport::default(); biases.len()];
        Self { biases, reports }
    }

    /// Tags the texts with each bias. A text that cannot be tagged does not count: it is returned by its
    /// index.
    ///
    /// # Errors
    /// As [`Tagger::tag_sweep`], for errors that are not of one text.
    pub fn tag(
        &mut self,
        tagger: &Tagger,
        texts: &[MarkedText],
    ) -> Result<Vec<(usize, Error)>, EvaluateError> {
        let contents: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
        let mut errors = vec![];
        let results = tagger.tag_sweep(&contents, &self.biases)?;
        for (index, (gold, result)) in texts.iter().zip(results).enumerate() {
            let items: Vec<GoldItem<'_>> = gold.items.iter().map(gold_item).collect();
            match result {
                Ok(by_bias) => {
                    for (report, entities) in self.reports.iter_mut().zip(by_bias) {
                        let hidden: Vec<(&str, Span)> =
                            entities.iter().map(|e| (e.shown_label(), e.span)).collect();
                        report.add(&gold.text, &items, &hidden);
                    }
                }
                Err(error) => errors.push((index, error)),
            }
        }
        Ok(errors)
    }

    /// Figures at each bias, in windows of this size.
    #[must_use]
    pub fn points(self, window: Option<usize>) -> Vec<RedactionPoint> {
        let points = self.biases.into_iter().zip(&self.reports);
        points.map(|(bias, report)| RedactionPoint::new(window, bias, report)).collect()
    }
}

fn gold_item(MarkedItem { label, span }: &MarkedItem) -> GoldItem<'_> {
    GoldItem { label, span: *span, optional: label == OPTIONAL_LABEL }
}

/// Figures of redaction on a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RedactionEvaluationReport {
    /// Gold file.
    pub data: String,
    /// Model, or file of predictions.
    pub predicted: String,
    /// SHA-256 of the model's files, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_sha256: Option<String>,
    /// Rates of all texts.
    #[serde(flatten)]
    pub rates: RedactionRates,
    /// Counts of all texts.
    #[serde(flatten)]
    pub total: RedactionReport,
    /// Counts by kind of text, where the gold file has kinds.
    pub kinds: BTreeMap<String, RedactionReport>,
}

/// Rates of redaction, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RedactionRates {
    /// Share of items that are hidden whole.
    pub whole_rate: f64,
    /// Share of letters and digits of items that can still be read.
    pub leak_rate: f64,
    /// Share of hidden spans that are wrong.
    pub wrong_rate: f64,
}

impl RedactionRates {
    /// Rates of counts.
    #[must_use]
    pub fn of(report: &RedactionReport) -> Self {
        Self {
            whole_rate: report.items.whole_rate(),
            leak_rate: report.items.leak_rate(),
            wrong_rate: report.hidden.wrong_rate(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: Option<&str>, text: &str, items: &[(&str, usize, usize)]) -> MarkedText {
        let item = |&(label, start, end): &(&str, usize, usize)| MarkedItem {
            label: label.to_owned(),
            span: Span::new(start, end),
        };
        let items = items.iter().map(item).collect();
        MarkedText { line: 1, id: None, kind: kind.map(str::to_owned), text: text.into(), items }
    }

    // "Ann of Kiel": the name is hidden, the town may be. "Ring Bob": "Ring" is hidden without need, and
    // "Bob" can be read: 3 of 6 letters leak, 1 of 3 spans is wrong.
    #[test]
    fn optional_items_count_neither_way_and_kinds_apart() {
        let gold = [
            text(Some("chat"), "Ann of Kiel", &[("PERSON", 0, 3), (OPTIONAL_LABEL, 7, 11)]),
            text(None, "Ring Bob", &[("PERSON", 5, 8)]),
        ];
        let found = [
            text(None, "Ann of Kiel", &[("NAME", 0, 3), ("CITY", 7, 11)]),
            text(None, "Ring Bob", &[("NAME", 0, 4)]),
        ];
        let mut evaluation = RedactionEvaluation::default();
        evaluation.add_predicted(&gold, &found).unwrap();
        let report = evaluation.report("gold", "found", None).unwrap();
        let expected = RedactionRates { whole_rate: 0.5, leak_rate: 0.5, wrong_rate: 1.0 / 3.0 };
        assert_eq!(report.rates, expected);
        assert_eq!(report.total.labels.keys().collect::<Vec<_>>(), ["PERSON"]);
        assert_eq!(report.kinds.keys().collect::<Vec<_>>(), ["chat"]);
        assert_eq!((report.kinds["chat"].items.whole, report.kinds["chat"].hidden.wrong), (1, 0));
    }

    #[test]
    fn other_texts_are_refused() {
        let gold = [text(None, "a", &[]), text(None, "b", &[])];
        for (found, index) in [
            (&[text(None, "a", &[])][..], 1),
            (&[text(None, "b", &[]), text(None, "b", &[])], 0),
            (&[text(None, "a", &[]), text(None, "b", &[]), text(None, "c", &[])], 2),
        ] {
            let mut evaluation = RedactionEvaluation::default();
            match evaluation.add_predicted(&gold, found) {
                Err(EvaluateError::OtherText { text }) => assert_eq!(text, index),
                other => panic!("{other:?}"),
            }
            assert!(matches!(evaluation.report("", "", None), Err(EvaluateError::NoRecords)));
        }
    }
}
