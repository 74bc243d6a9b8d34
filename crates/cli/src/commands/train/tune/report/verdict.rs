//! What judging has found, for a task.
use cloze::metrics::Scores;
use serde::Serialize;

/// What judging has found, as reports show it.
pub(crate) trait Verdict: Serialize {
    /// What training is steered by: `micro F1`.
    const METRIC: &'static str;
    /// What Hugging Face calls the task: `token-classification`.
    const PIPELINE: &'static str;
    /// What it calls the metrics: `f1`.
    const METRICS: &'static [&'static str];

    /// How it was judged, on one line: `convention conlleval`.
    fn note(&self) -> String;

    /// What heads the columns of [`rows`](Self::rows): first what a row is about, then its figures.
    fn head(&self) -> Vec<&'static str>;

    /// The table of figures, as plain text.
    fn rows(&self) -> Vec<Vec<String>>;

    /// How good it is at each label; nothing where there are no labels.
    fn by_label(&self) -> Vec<(&str, &Scores)> {
        vec![]
    }

    /// A figure of each label, drawn as bars, and what it is called; none where there is none.
    fn bars(&self) -> (&'static str, Vec<(&str, f64)>) {
        ("F1", self.by_label().into_iter().map(|(label, s)| (label, s.f1)).collect())
    }

    /// What the page shows below the table, as HTML.
    fn extra_html(&self) -> String {
        String::new()
    }

    /// What the card shows below the table, as Markdown.
    fn extra_markdown(&self) -> String {
        String::new()
    }
}
