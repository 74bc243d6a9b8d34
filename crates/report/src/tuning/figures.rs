//! Figures of an evaluation, for any task.
use cloze_metrics::Scores;
use serde::Serialize;

/// Figures of an evaluation, as reports show them.
pub trait Figures: Serialize {
    /// Metric that selects the best step: `micro F1`.
    const METRIC: &'static str;
    /// Hugging Face's name of the task: `token-classification`.
    const PIPELINE: &'static str;
    /// Hugging Face's names of the metrics: `f1`.
    const METRICS: &'static [&'static str];

    /// Note on the evaluation, on one line: `convention conlleval`.
    fn note(&self) -> String;

    /// Headings of the columns of [`rows`](Self::rows): first the subject of a row, then its figures.
    fn head(&self) -> Vec<&'static str>;

    /// Cells of the table of figures, as plain text.
    fn rows(&self) -> Vec<Vec<String>>;

    /// Scores by label; none where there are no labels.
    fn by_label(&self) -> Vec<(&str, &Scores)> {
        vec![]
    }

    /// Name of a figure that is drawn as bars, and its value for each label.
    fn bars(&self) -> (&'static str, Vec<(&str, f64)>) {
        ("F1", self.by_label().into_iter().map(|(label, s)| (label, s.f1)).collect())
    }

    /// Part of the page below the table, as HTML.
    fn extra_html(&self) -> String {
        String::new()
    }

    /// Part of the card below the table, as Markdown.
    fn extra_markdown(&self) -> String {
        String::new()
    }
}
