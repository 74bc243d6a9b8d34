//! Figures of entities: scores by label, and the most frequent errors.
use std::collections::BTreeMap;

use cloze_core::Span;
use cloze_metrics::Scores;
use cloze_metrics::entity::EntityReport;
use serde::Serialize;

use super::Figures;
use crate::card::markdown::{self, escaped};
use crate::page::table::{Numbers, Words, number, row, table, words};
use crate::text::scores_row;

/// Most kinds of errors on a page and in a card.
const SHOWN: usize = 30;
const ON_CARD: usize = 10;
/// Most texts of each kind.
const TEXTS: usize = 5;

/// Scores of entities by label, and their most frequent errors.
#[derive(Clone, Debug, Serialize)]
pub struct EntityFigures {
    #[serde(flatten)]
    report: EntityReport,
    /// Errors, the most frequent kind first.
    mistakes: Vec<Mistake>,
    /// Recognisers that run beside the model, and did not here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    without_recognizers: Vec<String>,
}

/// Kind of error. With the same label twice, the boundaries of the entity differ.
#[derive(Clone, Debug, Serialize)]
struct Mistake {
    /// Gold label; `None` if there is no gold entity.
    gold: Option<String>,
    /// Predicted label; `None` if no entity was predicted.
    predicted: Option<String>,
    entities: u64,
    /// Texts of the error, the most frequent first; left out with `--no-texts`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    texts: Vec<String>,
}

impl Mistake {
    fn predicted(&self) -> String {
        match (&self.gold, &self.predicted) {
            (Some(gold), Some(predicted)) if gold == predicted => {
                format!("{gold}, other boundaries")
            }
            (_, Some(predicted)) => predicted.clone(),
            (_, None) => "–".to_owned(),
        }
    }

    fn gold(&self) -> &str {
        self.gold.as_deref().unwrap_or("–")
    }
}

/// Gold and predicted label.
type Kind = (Option<String>, Option<String>);

/// Counter of errors by gold and predicted label, sentence by sentence.
#[derive(Clone, Debug, Default)]
pub struct EntityMistakes(BTreeMap<Kind, (u64, BTreeMap<String, u64>)>);

impl EntityMistakes {
    /// Adds a sentence. `text` returns the text of an entity. Each gold entity that was not predicted is
    /// paired with the wrong prediction that shares most words with it, if there is one that is not paired
    /// yet.
    pub fn add<'t>(
        &mut self,
        gold: &[(&str, Span)],
        predicted: &[(&str, Span)],
        text: impl Fn(Span) -> &'t str,
    ) {
        let mut wrong: Vec<_> = predicted.iter().filter(|p| !gold.contains(p)).collect();
        for &(label, span) in gold.iter().filter(|g| !predicted.contains(g)) {
            let shared = |p: &Span| p.end.min(span.end).saturating_sub(p.start.max(span.start));
            let nearest = (0..wrong.len()).max_by_key(|&i| shared(&wrong[i].1));
            let nearest = nearest.filter(|&i| shared(&wrong[i].1) > 0);
            let taken = nearest.map(|i| wrong.swap_remove(i).0);
            self.count(Some(label), taken, text(span));
        }
        for (label, span) in wrong {
            self.count(None, Some(label), text(*span));
        }
    }

    fn count(&mut self, gold: Option<&str>, predicted: Option<&str>, text: &str) {
        let kind = (gold.map(str::to_owned), predicted.map(str::to_owned));
        let (n, texts) = self.0.entry(kind).or_default();
        *n += 1;
        *texts.entry(text.to_owned()).or_default() += 1;
    }
}

impl EntityFigures {
    /// Returns the figures, without the texts of errors if `texts` is false.
    #[must_use]
    pub fn new(report: EntityReport, mistakes: EntityMistakes, texts: bool) -> Self {
        let most = if texts { TEXTS } else { 0 };
        let mut ranked = Vec::with_capacity(mistakes.0.len());
        for ((gold, predicted), (entities, text_counts)) in mistakes.0 {
            let mut text_counts: Vec<_> = text_counts.into_iter().collect();
            // Stable, so that of equals the first by name stay.
            text_counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
            let texts = text_counts.into_iter().take(most).map(|(text, _)| text).collect();
            ranked.push(Mistake { gold, predicted, entities, texts });
        }
        ranked.sort_by_key(|mistake| std::cmp::Reverse(mistake.entities));
        Self { report, mistakes: ranked, without_recognizers: vec![] }
    }

    /// Says that the figures are of the model without these recognisers, which run beside it in prediction.
    #[must_use]
    pub fn without_recognizers(self, names: Vec<String>) -> Self {
        Self { without_recognizers: names, ..self }
    }
}

impl Figures for EntityFigures {
    const METRIC: &'static str = "micro F1";
    const PIPELINE: &'static str = "token-classification";
    const METRICS: &'static [&'static str] = &["precision", "recall", "f1"];

    fn note(&self) -> String {
        let note = format!("convention {}", self.report.convention);
        match &self.without_recognizers[..] {
            [] => note,
            names => format!(
                "{note}; of the model alone, without the recognisers beside it: {}",
                names.join(", ")
            ),
        }
    }

    fn head(&self) -> Vec<&'static str> {
        vec!["label", "precision", "recall", "F1", "entities"]
    }

    /// Returns the rows of each label, then the row over all.
    fn rows(&self) -> Vec<Vec<String>> {
        let labels = self.report.labels.iter();
        let labels = labels.map(|(label, scores)| scores_row(label.clone(), scores));
        let micro = scores_row("micro average".to_owned(), &self.report.averages.micro);
        labels.chain([micro]).collect()
    }

    fn by_label(&self) -> Vec<(&str, &Scores)> {
        self.report.labels.iter().map(|(label, s)| (label.as_str(), s)).collect()
    }

    fn extra_html(&self) -> String {
        let mut rows = vec![];
        for mistake in self.mistakes.iter().take(SHOWN) {
            rows.push(row(&[
                words(mistake.gold()),
                words(&mistake.predicted()),
                number(mistake.entities),
                words(&mistake.texts.join(", ")),
            ]));
        }
        let head = [Words("gold"), Words("predicted"), Numbers("entities"), Words("examples")];
        if rows.is_empty() { String::new() } else { table("Most frequent errors", &head, &rows) }
    }

    fn extra_markdown(&self) -> String {
        let mistake_row =
            |m: &Mistake| vec![escaped(m.gold()), escaped(&m.predicted()), m.entities.to_string()];
        let rows: Vec<Vec<String>> = self.mistakes.iter().take(ON_CARD).map(mistake_row).collect();
        let head = ["gold", "predicted", "errors"];
        if rows.is_empty() { String::new() } else { markdown::table(&head, 2, &rows) + "\n" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words `a b c d e f g`. Gold: PER a–b, LOC d, ORG f, MISC g; predicted: PER a, ORG d, ORG f, LOC
    /// e. PER has other boundaries, LOC is predicted as ORG, ORG is correct, MISC is missed, and e is
    /// spurious.
    #[test]
    fn a_mistake_is_what_is_taken_for_what() {
        let text = "a b c d e f g";
        let span = |from: usize, to: usize| Span::new(from, to);
        let gold =
            [("PER", span(0, 2)), ("LOC", span(3, 4)), ("ORG", span(5, 6)), ("MISC", span(6, 7))];
        let predicted =
            [("PER", span(0, 1)), ("ORG", span(3, 4)), ("ORG", span(5, 6)), ("LOC", span(4, 5))];
        let mut mistakes = EntityMistakes::default();
        for _ in 0..2 {
            mistakes.add(&gold, &predicted, |span| &text[2 * span.start..2 * span.end - 1]);
        }
        mistakes.add(&gold[3..], &[], |_| "g");
        let mut scorer =
            cloze_metrics::entity::EntityScorer::new(cloze_metrics::entity::Convention::Conlleval);
        scorer.add(&["B-PER"], &["O"]).unwrap();
        let entities = EntityFigures::new(scorer.report(), mistakes.clone(), true);
        let actual: Vec<_> = entities
            .mistakes
            .iter()
            .map(|m| (m.gold().to_owned(), m.predicted(), m.entities, m.texts.join("; ")))
            .collect();
        let expected = [
            ("MISC", "–", 3, "g"),
            ("–", "LOC", 2, "e"),
            ("LOC", "ORG", 2, "d"),
            ("PER", "PER, other boundaries", 2, "a b"),
        ];
        let expected = expected.map(|(g, p, n, t)| (g.to_owned(), p.to_owned(), n, t.to_owned()));
        assert_eq!(actual, expected);
        let silent = EntityFigures::new(scorer.report(), mistakes, false);
        assert!(silent.mistakes.iter().all(|m| m.texts.is_empty()));
    }
}
