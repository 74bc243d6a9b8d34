//! Redaction against gold: items hidden whole, partly or not at all, and text hidden without need.
//!
//! Labels do not matter for whether an item is hidden: a name that is masked as a place is masked. Only
//! letters and digits count, so a name is hidden whole though the space in it is left.
use std::collections::BTreeMap;
use std::ops::AddAssign;

use cloze_core::Span;
use serde::Serialize;

use crate::counts::ratio;

/// Item that has to be hidden, or may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoldItem<'a> {
    /// Label: `EMAIL`.
    pub label: &'a str,
    /// Bytes of the text.
    pub span: Span,
    /// Whether hiding it is neither right nor wrong.
    pub optional: bool,
}

/// Gold items by what became of them, and their letters and digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ItemCounts {
    /// Gold items.
    pub gold: u64,
    /// Items with every letter and digit hidden.
    pub whole: u64,
    /// Items with some of them hidden.
    pub partly: u64,
    /// Items with none of them hidden.
    pub missed: u64,
    /// Letters and digits of gold items.
    pub characters: u64,
    /// Letters and digits of gold items that are hidden.
    pub hidden_characters: u64,
}

impl AddAssign for ItemCounts {
    fn add_assign(&mut self, other: Self) {
        self.gold += other.gold;
        self.whole += other.whole;
        self.partly += other.partly;
        self.missed += other.missed;
        self.characters += other.characters;
        self.hidden_characters += other.hidden_characters;
    }
}

impl ItemCounts {
    /// Share of items that are hidden whole, 0 to 1; 0 without items.
    #[must_use]
    pub fn whole_rate(self) -> f64 {
        ratio(self.whole, self.gold)
    }

    /// Share of letters and digits that can still be read, 0 to 1; 0 without items.
    #[must_use]
    pub fn leak_rate(self) -> f64 {
        ratio(self.characters - self.hidden_characters, self.characters)
    }
}

/// Hidden spans, and those of them that hide nothing that is to be hidden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HiddenCounts {
    /// Hidden spans.
    pub spans: u64,
    /// Spans without a letter or digit of an item, optional or not.
    pub wrong: u64,
}

impl AddAssign for HiddenCounts {
    fn add_assign(&mut self, other: Self) {
        self.spans += other.spans;
        self.wrong += other.wrong;
    }
}

impl HiddenCounts {
    /// Share of hidden spans that are wrong, 0 to 1; 0 without spans.
    #[must_use]
    pub fn wrong_rate(self) -> f64 {
        ratio(self.wrong, self.spans)
    }
}

/// Figures of redaction. Reports of parts add up by [`merge`](Self::merge).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RedactionReport {
    /// Texts.
    pub texts: u64,
    /// All items.
    pub items: ItemCounts,
    /// Items by gold label.
    pub labels: BTreeMap<String, ItemCounts>,
    /// All hidden spans.
    pub hidden: HiddenCounts,
    /// Hidden spans by their own label.
    pub hidden_labels: BTreeMap<String, HiddenCounts>,
    /// Letters and digits hidden outside items.
    pub extra_characters: u64,
    /// Letters and digits of all texts.
    pub text_characters: u64,
}

impl RedactionReport {
    /// Adds a text with its gold items, and the labelled spans that are hidden in it. Spans are bytes
    /// of the text; what lies outside it or within a character is not counted.
    pub fn add(&mut self, text: &str, gold: &[GoldItem<'_>], hidden: &[(&str, Span)]) {
        let covered = Cover::new(text, hidden.iter().map(|(_, span)| *span));
        let wanted = Cover::new(text, gold.iter().map(|item| item.span));
        self.texts += 1;
        for (offset, _) in counted(text, Span::new(0, text.len())) {
            self.text_characters += 1;
            self.extra_characters += u64::from(covered.at(offset) && !wanted.at(offset));
        }
        for item in gold.iter().filter(|item| !item.optional) {
            let characters = counted(text, item.span).count() as u64;
            let offsets = counted(text, item.span).map(|(offset, _)| offset);
            let hidden_characters = offsets.filter(|offset| covered.at(*offset)).count() as u64;
            let (whole, none) = (hidden_characters == characters, hidden_characters == 0);
            let counts = ItemCounts {
                gold: 1,
                whole: u64::from(whole),
                partly: u64::from(!whole && !none),
                missed: u64::from(!whole && none),
                characters,
                hidden_characters,
            };
            self.items += counts;
            *self.labels.entry(item.label.to_owned()).or_default() += counts;
        }
        for (label, span) in hidden {
            let right = counted(text, *span).any(|(offset, _)| wanted.at(offset));
            let counts = HiddenCounts { spans: 1, wrong: u64::from(!right) };
            self.hidden += counts;
            *self.hidden_labels.entry((*label).to_owned()).or_default() += counts;
        }
    }

    /// Adds the counts of another report.
    pub fn merge(&mut self, other: &Self) {
        self.texts += other.texts;
        self.items += other.items;
        self.hidden += other.hidden;
        self.extra_characters += other.extra_characters;
        self.text_characters += other.text_characters;
        for (label, counts) in &other.labels {
            *self.labels.entry(label.clone()).or_default() += *counts;
        }
        for (label, counts) in &other.hidden_labels {
            *self.hidden_labels.entry(label.clone()).or_default() += *counts;
        }
    }
}

/// Figures of redaction with one choice of settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RedactionPoint {
    /// Most tokens of a window; `None` for the model's limit.
    pub window: Option<usize>,
    /// Logits taken off `O`.
    pub recall_bias: f32,
    /// Texts.
    pub texts: u64,
    /// All items.
    pub items: ItemCounts,
    /// All hidden spans.
    pub hidden: HiddenCounts,
    /// Share of items that are hidden whole.
    pub whole_rate: f64,
    /// Share of letters and digits of items that can still be read.
    pub leak_rate: f64,
    /// Share of hidden spans that are wrong.
    pub wrong_rate: f64,
}

impl RedactionPoint {
    /// Figures of a report with these settings.
    #[must_use]
    pub fn new(window: Option<usize>, recall_bias: f32, report: &RedactionReport) -> Self {
        Self {
            window,
            recall_bias,
            texts: report.texts,
            items: report.items,
            hidden: report.hidden,
            whole_rate: report.items.whole_rate(),
            leak_rate: report.items.leak_rate(),
            wrong_rate: report.hidden.wrong_rate(),
        }
    }

    /// Index of the point with the lowest leak rate among those with at most this share of wrong spans; of
    /// equal ones that with the lowest share of these. `None` where all have more.
    #[must_use]
    pub fn best(points: &[Self], max_wrong_rate: f64) -> Option<usize> {
        let allowed = points.iter().enumerate().filter(|(_, p)| p.wrong_rate <= max_wrong_rate);
        let best = allowed.min_by(|(_, a), (_, b)| {
            let by_leak = a.leak_rate.total_cmp(&b.leak_rate);
            by_leak.then(a.wrong_rate.total_cmp(&b.wrong_rate))
        });
        best.map(|(index, _)| index)
    }
}

/// Letters and digits of a part of a text, with their offsets; all characters where it has neither.
fn counted(text: &str, span: Span) -> impl Iterator<Item = (usize, char)> {
    let part = text.get(span.start..span.end).unwrap_or_default();
    let any = !part.contains(char::is_alphanumeric);
    let characters = part.char_indices().filter(move |(_, c)| any || c.is_alphanumeric());
    characters.map(move |(offset, c)| (span.start + offset, c))
}

/// Bytes of a text that spans cover.
struct Cover(Vec<bool>);

impl Cover {
    fn new(text: &str, spans: impl Iterator<Item = Span>) -> Self {
        let mut covered = vec![false; text.len()];
        for span in spans {
            let end = span.end.min(text.len());
            if let Some(part) = covered.get_mut(span.start..end) {
                part.fill(true);
            }
        }
        Self(covered)
    }

    fn at(&self, offset: usize) -> bool {
        self.0[offset]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(label: &str, start: usize, end: usize) -> GoldItem<'_> {
        GoldItem { label, span: Span::new(start, end), optional: false }
    }

    // 0         1         2         3
    // 0123456789012345678901234567890123
    // Ann Lee, a@b.de, Kiel, call 12-34.
    const TEXT: &str = "Ann Lee, a@b.de, Kiel, call 12-34.";

    #[test]
    fn items_are_hidden_whole_partly_or_not() {
        let town = GoldItem { optional: true, ..item("?", 17, 21) };
        let gold = [item("PERSON", 0, 7), item("EMAIL", 9, 15), town, item("PHONE", 28, 33)];
        let hidden = [
            ("GIVEN", Span::new(0, 3)), // both words of the name: whole, though the space is left
            ("SURNAME", Span::new(4, 7)),
            ("EMAIL", Span::new(11, 15)), // "b.de" of "a@b.de": 3 of 4 letters
            ("CITY", Span::new(17, 21)),  // optional: not wrong
            ("VERB", Span::new(23, 27)),  // "call": wrong
        ];
        let mut report = RedactionReport::default();
        report.add(TEXT, &gold, &hidden);
        let counts = |gold, whole, partly, missed, characters, hidden_characters| ItemCounts {
            gold,
            whole,
            partly,
            missed,
            characters,
            hidden_characters,
        };
        assert_eq!(report.labels["PERSON"], counts(1, 1, 0, 0, 6, 6));
        assert_eq!(report.labels["EMAIL"], counts(1, 0, 1, 0, 4, 3));
        assert_eq!(report.labels["PHONE"], counts(1, 0, 0, 1, 4, 0));
        assert_eq!(report.items, counts(3, 1, 1, 1, 14, 9));
        assert_eq!(report.hidden, HiddenCounts { spans: 5, wrong: 1 });
        assert_eq!(report.hidden_labels["VERB"], HiddenCounts { spans: 1, wrong: 1 });
        // Hidden outside items: "call". Letters and digits: 6 + 4 + 4 + 4 + 4.
        assert_eq!((report.extra_characters, report.text_characters), (4, 22));
        assert!((report.items.leak_rate() - 5.0 / 14.0).abs() < 1e-12);
        assert!((report.items.whole_rate() - 1.0 / 3.0).abs() < 1e-12);
        assert!((report.hidden.wrong_rate() - 0.2).abs() < 1e-12);

        let mut twice = report.clone();
        twice.merge(&report);
        assert_eq!(twice.items, counts(6, 2, 2, 2, 28, 18));
        assert_eq!((twice.texts, twice.hidden.spans), (2, 10));
    }

    #[test]
    fn the_best_point_leaks_least_within_the_bound() {
        let point = |leak_rate, wrong_rate| {
            let point = RedactionPoint::new(None, 0.0, &RedactionReport::default());
            RedactionPoint { leak_rate, wrong_rate, ..point }
        };
        let points = [point(0.3, 0.01), point(0.2, 0.05), point(0.2, 0.04), point(0.1, 0.06)];
        assert_eq!(RedactionPoint::best(&points, 0.05), Some(2));
        assert_eq!(RedactionPoint::best(&points, 0.06), Some(3));
        assert_eq!(RedactionPoint::best(&points, 0.02), Some(0));
        assert_eq!(RedactionPoint::best(&points, 0.0), None);
    }

    #[test]
    fn odd_spans_count_for_nothing_and_signs_for_themselves() {
        let mut report = RedactionReport::default();
        // "é" has two bytes; an item of signs alone is hidden if the signs are.
        let text = "é ***";
        let beyond = [("X", Span::new(1, 2)), ("X", Span::new(90, 99)), ("X", Span::new(3, 6))];
        report.add(text, &[item("SECRET", 3, 6), item("NONE", 50, 60)], &beyond);
        assert_eq!(report.labels["SECRET"].whole, 1);
        assert_eq!(report.hidden, HiddenCounts { spans: 3, wrong: 2 });
        assert_eq!(RedactionReport::default().items.leak_rate().to_bits(), 0_f64.to_bits());
    }
}
